"""Writers for what no library writes: .xlsb and .xls files record by record, .ods files tag by tag."""

import struct
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.campaigns.spreadsheet.files import CONTENT_TYPES, PACKAGE_RELS, RELS

Cell = tuple[int, bytes]  # number of the record, what it holds

# ---- .xlsb ([MS-XLSB]) ----


def record(kind: int, data: bytes = b"") -> bytes:
    header = bytes([kind]) if kind < 0x80 else bytes([kind & 0x7F | 0x80, kind >> 7])
    size, length = len(data), b""
    while size >= 0x80:
        length += bytes([size & 0x7F | 0x80])
        size >>= 7
    return header + length + bytes([size]) + data


def wide(text: str) -> bytes:
    encoded = text.encode("utf-16-le")
    return struct.pack("<I", len(encoded) // 2) + encoded


def cell(kind: int, column: int, value: bytes = b"", style: int = 0) -> bytes:
    return record(kind, struct.pack("<II", column, style) + value)


def row(number: int, *cells: bytes, hidden: bool = False) -> bytes:
    """``number`` counts from 1."""
    return record(0, struct.pack("<IIHBBB", number - 1, 0, 300, 0, 0x10 if hidden else 0, 0)) + b"".join(cells)


def text(column: int, value: str, style: int = 0) -> bytes:
    return cell(6, column, wide(value), style)


def real(column: int, value: float, style: int = 0) -> bytes:
    return cell(5, column, struct.pack("<d", value), style)


def sheet_data(*rows: bytes, before: bytes = b"") -> bytes:
    dimension = record(148, struct.pack("<IIII", 0, 99, 0, 9))
    return record(129) + dimension + before + record(145) + b"".join(rows) + record(146) + record(130)


def xlsb(
    path: Path,
    sheets: dict[str, bytes],
    *,
    hidden: Sequence[str] = (),
    formats: Sequence[str | int] = ("General",),
    strings: Sequence[str] = (),
    date1904: bool = False,
) -> Path:
    """A workbook; cell style n shows by ``formats[n]``: a code, or the number of a built-in one."""
    book = record(131) + record(153, struct.pack("<III", int(date1904), 0, 0)) + record(143)
    relations = ""
    for number, name in enumerate(sheets, 1):
        state = 1 if name in hidden else 0
        book += record(156, struct.pack("<II", state, number) + wide(f"rId{number}") + wide(name))
        relations += f'<Relationship Id="rId{number}" Type="{RELS}/worksheet" Target="worksheets/sheet{number}.bin"/>'
    codes = [(164 + place, code) for place, code in enumerate(formats) if isinstance(code, str)]
    numbers = [code if isinstance(code, int) else 164 + place for place, code in enumerate(formats)]
    styles = record(615, struct.pack("<I", len(codes)))
    styles += b"".join(record(44, struct.pack("<H", number) + wide(code)) for number, code in codes) + record(616)
    styles += (
        record(626)
        + record(47, struct.pack("<HH12x", 0xFFFF, 9))
        + record(627)
        + record(617, struct.pack("<I", len(numbers)))
    )
    styles += b"".join(record(47, struct.pack("<HH12x", 0, number)) for number in numbers) + record(618)
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": CONTENT_TYPES,
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE_RELS}">'
        f'<Relationship Id="a" Type="{RELS}/officeDocument" Target="xl/workbook.bin"/></Relationships>',
        "xl/workbook.bin": book + record(144) + record(132),
        "xl/_rels/workbook.bin.rels": f'<Relationships xmlns="{PACKAGE_RELS}">{relations}'
        f'<Relationship Id="t" Type="{RELS}/sharedStrings" Target="sharedStrings.bin"/>'
        f'<Relationship Id="f" Type="{RELS}/styles" Target="styles.bin"/></Relationships>',
        "xl/styles.bin": record(278) + styles + record(279),
        "xl/sharedStrings.bin": record(159, struct.pack("<II", len(strings), len(strings)))
        + b"".join(record(19, b"\0" + wide(one)) for one in strings)
        + record(160),
    }
    parts |= {f"xl/worksheets/sheet{number}.bin": data for number, data in enumerate(sheets.values(), 1)}
    return zipped(path, parts)


# ---- .xls ([MS-XLS]), a bare workbook stream ----


def biff(kind: int, data: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def biff_text(value: str) -> bytes:
    return struct.pack("<HB", len(value.encode("utf-16-le")) // 2, 1) + value.encode("utf-16-le")


def label(row_number: int, column: int, value: str, style: int = 0) -> bytes:
    return biff(0x0204, struct.pack("<HHH", row_number - 1, column, style) + biff_text(value))


def number(row_number: int, column: int, value: float, style: int = 0) -> bytes:
    return biff(0x0203, struct.pack("<HHHd", row_number - 1, column, style, value))


def bool_or_error(row_number: int, column: int, value: int, *, error: bool = False) -> bytes:
    return biff(0x0205, struct.pack("<HHHBB", row_number - 1, column, 0, value, error))


def hidden_row(row_number: int) -> bytes:
    return biff(0x0208, struct.pack("<HHHHHHI", row_number - 1, 0, 0, 300, 0, 0, 0x0120))


def hidden_columns(first: int, last: int) -> bytes:
    return biff(0x007D, struct.pack("<HHHHHH", first, last, 2000, 0, 1, 0))


def xls(
    path: Path,
    sheets: dict[str, bytes],
    *,
    hidden: Sequence[str] = (),
    formats: Sequence[str | int] = ("General",),
    date1904: bool = False,
    more: bytes = b"",
) -> Path:
    """A workbook; cell style n shows by ``formats[n]``; ``more`` are further records of the book."""
    begin = struct.pack("<HHHHII", 0x0600, 0x0005, 0x0DBB, 0x07CC, 0, 6)
    book = biff(0x0809, begin) + more + biff(0x0042, b"\xb0\x04") + biff(0x0022, struct.pack("<H", date1904))
    for place, code in enumerate(formats):
        if isinstance(code, str):
            book += biff(0x041E, struct.pack("<H", 164 + place) + biff_text(code))
    for place, code in enumerate(formats):
        book += biff(0x00E0, struct.pack("<HH16x", 0, code if isinstance(code, int) else 164 + place))
    size = len(book) + sum(12 + 2 * len(name) for name in sheets) + 4
    streams = b""
    for name, data in sheets.items():
        about = struct.pack("<IBBBB", size + len(streams), name in hidden, 0, len(name), 1)
        book += biff(0x0085, about + name.encode("utf-16-le"))
        begin = struct.pack("<HHHHII", 0x0600, 0x0010, 0x0DBB, 0x07CC, 0, 6)
        streams += biff(0x0809, begin) + data + biff(0x000A)
    path.write_bytes(book + biff(0x000A) + streams)
    return path


def ole(path: Path, streams: dict[str, bytes], *, in_a_circle: bool = False) -> Path:
    """Streams of less than 4,096 bytes each in an OLE file ([MS-CFB]); ``in_a_circle`` no chain of theirs ends."""
    end, table, free = 0xFFFFFFFE, 0xFFFFFFFD, 0xFFFFFFFF
    short, entries = b"", [_entry("Root Entry", 5, 3, 0)]
    short_table: list[int] = []
    for name, data in streams.items():
        first, count = len(short_table), -(-len(data) // 64)
        entries.append(_entry(name, 2, first, len(data)))
        short_table += [*range(first + 1, first + count), first if in_a_circle else end]
        short += data.ljust(count * 64, b"\0")
    sectors = -(-len(short) // 512)
    chain = [table, end, end, *range(4, 3 + sectors), end]
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + struct.pack("<16x5H6x", 62, 3, 0xFFFE, 9, 6)
    header += struct.pack("<III4xIIIIII", 0, 1, 1, 4096, 2, 1, end, 0, 0)
    parts = [
        header.ljust(512, b"\xff"),
        struct.pack("<128I", *(chain + [free] * (128 - len(chain)))),
        b"".join(entries).ljust(512, b"\0"),
        struct.pack("<128I", *(short_table + [free] * (128 - len(short_table)))),
        short.ljust(sectors * 512, b"\0"),
    ]
    path.write_bytes(b"".join(parts))
    return path


def _entry(name: str, kind: int, first: int, size: int) -> bytes:
    encoded = name.encode("utf-16-le")
    start = encoded.ljust(64, b"\0") + struct.pack("<HBB", len(encoded) + 2, kind, 1)
    return start + struct.pack("<III", *(0xFFFFFFFF,) * 3) + bytes(36) + struct.pack("<III", first, size, 0)


# ---- .ods ----

OASIS = "urn:oasis:names:tc:opendocument:xmlns:"
NAMESPACES = " ".join(f'xmlns:{name}="{OASIS}{name}:1.0"' for name in ("office", "table", "text", "style", "drawing"))
CALCEXT = 'xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'


def ods(path: Path, tables: str, *, styles: str = "", before: str = "") -> Path:
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?>{before}<office:document-content {NAMESPACES} {CALCEXT}>'
        f"<office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body></office:document-content>"
    )
    return zipped(
        path,
        {
            "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
            "content.xml": content,
            "META-INF/manifest.xml": "<manifest/>",
        },
    )


def table(rows: str, name: str = "People", style: str = "") -> str:
    return f'<table:table table:name="{name}" table:style-name="{style}">{rows}</table:table>'


def table_row(*cells: str, attributes: str = "") -> str:
    return f"<table:table-row {attributes}>{''.join(cells)}</table:table-row>"


def table_cell(*paragraphs: str, attributes: str = "") -> str:
    content = "".join(f"<text:p>{paragraph}</text:p>" for paragraph in paragraphs)
    return f"<table:table-cell {attributes}>{content}</table:table-cell>"


def unzipped(path: Path, part: str) -> bytes:
    with zipfile.ZipFile(path) as archive:
        return archive.read(part)


def zipped(path: Path, parts: Mapping[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path

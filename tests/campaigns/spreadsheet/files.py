"""Small files made for tests: the usual ones, and those nobody should ever upload."""

import struct
import zipfile
from collections.abc import Sequence
from pathlib import Path

import xlsxwriter

CONTENT_TYPES = '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'
RELS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
PACKAGE_RELS = "http://schemas.openxmlformats.org/package/2006/relationships"


def book(path: Path, rows: Sequence[Sequence[object]], **options: object) -> Path:
    """An xlsx file with one sheet “People”; a cell may be (value, number format)."""
    with xlsxwriter.Workbook(
        str(path), {"strings_to_formulas": False, "strings_to_urls": False, **options}
    ) as workbook:
        sheet = workbook.add_worksheet("People")
        for number, row in enumerate(rows):
            for column, value in enumerate(row):
                if isinstance(value, tuple):
                    sheet.write(number, column, value[0], workbook.add_format({"num_format": value[1]}))
                else:
                    sheet.write(number, column, value)
    return path


def text(path: Path, content: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(content.encode(encoding))
    return path


def raw_book(
    path: Path,
    sheet: str | bytes,
    *,
    strings: str | bytes = "",
    styles: str = "",
    workbook: str = "",
    date1904: bool = False,
) -> Path:
    """An xlsx file around hand-written XML parts."""
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": CONTENT_TYPES,
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE_RELS}">'
        f'<Relationship Id="a" Type="{RELS}/officeDocument" Target="/xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": workbook
        or f'<workbook xmlns="{MAIN}" xmlns:r="{RELS}"><workbookPr date1904="{int(date1904)}"/>'
        '<sheets><sheet name="People" sheetId="1" r:id="s"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE_RELS}">'
        f'<Relationship Id="s" Type="{RELS}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="t" Type="{RELS}/sharedStrings" Target="sharedStrings.xml"/>'
        f'<Relationship Id="f" Type="{RELS}/styles" Target="styles.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": sheet,
    }
    if strings:
        parts["xl/sharedStrings.xml"] = strings
    if styles:
        parts["xl/styles.xml"] = styles
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def worksheet(rows: str, root: str = "") -> str:
    declaration = '<?xml version="1.0" encoding="UTF-8"?>'
    return f'{declaration}\n<worksheet xmlns="{MAIN}"{root}><sheetData>{rows}</sheetData></worksheet>'


def inline(row: int, *texts: str) -> str:
    cells = "".join(_cell(chr(65 + place), row, value) for place, value in enumerate(texts))
    return f'<row r="{row}">{cells}</row>'


def large_book_with_merged_cells(path: Path) -> Path:
    """91 people, each with a very long text, the last three of one company."""
    rows = [inline(1, "Company", "Email", "Life")]
    rows += [inline(row, "Other and Sons", f"p{row}@contoso.example", "x" * 100_000) for row in range(2, 90)]
    rows.append(inline(90, "Contoso", "p90@contoso.example"))
    rows += [f'<row r="{row}">{_cell("B", row, f"p{row}@contoso.example")}</row>' for row in (91, 92)]
    merged = '</sheetData><mergeCells count="1"><mergeCell ref="A90:A92"/></mergeCells>'
    return raw_book(path, worksheet("".join(rows)).replace("</sheetData>", merged))


def _cell(column: str, row: int, value: str) -> str:
    return f'<c r="{column}{row}" t="inlineStr"><is><t>{value}</t></is></c>'


PEOPLE = (
    inline(1, "Email", "Name") + inline(2, "ben@contoso.example", "Ben") + inline(3, "cleo@fabrikam.example", "Cleo")
)


def password_protected(path: Path) -> Path:
    """What Excel puts around a workbook with a password: an OLE file with a stream EncryptedPackage."""
    return _ole(path, "EncryptedPackage")


def _ole(path: Path, stream: str) -> Path:
    name = stream.encode("utf-16-le").ljust(64, b"\0")
    entry = name + struct.pack("<HBB", len(stream) * 2 + 2, 2, 1) + bytes(60)
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + entry * 4 + bytes(4096))
    return path


def word_document(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", CONTENT_TYPES)
        archive.writestr("word/document.xml", "<document/>")
    return path


def open_document(path: Path, rows: Sequence[Sequence[str]]) -> Path:
    """A small .ods file of texts."""
    cells = "".join(
        "<table:table-row>"
        + "".join(
            f'<table:table-cell office:value-type="string"><text:p>{value}</text:p></table:table-cell>' for value in row
        )
        + "</table:table-row>"
        for row in rows
    )
    content = (
        '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
        'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>'
        f'<table:table table:name="People">{cells}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
    return path

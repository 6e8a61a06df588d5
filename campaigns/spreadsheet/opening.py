"""From a file to its sheet: what kind of file is it really, whatever its name says, and which reader takes
it.
"""

import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from importlib import import_module
from pathlib import Path

from campaigns.spreadsheet.delimited import DelimitedSource
from campaigns.spreadsheet.errors import Damaged, Locked, NotASpreadsheet, Remark, TooLarge
from campaigns.spreadsheet.limits import LIMITS, MEGABYTE, Limits
from campaigns.spreadsheet.locales import Locale, locale_named
from campaigns.spreadsheet.options import FIND_OUT, Options
from campaigns.spreadsheet.package import BROKEN, Package
from campaigns.spreadsheet.sheet import Row, Sheet, Source, arrange
from campaigns.spreadsheet.xlsx import XlsxSource

TEXT_SUFFIXES = (".csv", ".tsv", ".tab", ".txt")
BOOK_SUFFIXES = (".xlsx", ".xlsm", ".xltx", ".xltm", ".xls", ".xlsb", ".ods", ".ots")
ZIP, EMPTY_ZIP, OLE = b"PK\x03\x04", b"PK\x05\x06", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ENCRYPTED_STREAM = "EncryptedPackage".encode("utf-16-le")
# The first record of a workbook that nobody put into an OLE file: Excel 4 and older, and web pages that write "Excel".
BARE_XLS = (b"\x09\x00\x04\x00", b"\x09\x02\x06\x00", b"\x09\x04\x06\x00", b"\x09\x08\x08\x00", b"\x09\x08\x10\x00")
XLS_STREAMS = tuple(name.encode("utf-16-le") for name in ("Workbook", "Book", "WORKBOOK", "BOOK"))
OTHER_KINDS = (
    b"%PDF",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"{\\rtf",
    b"\x1f\x8b",
    b"7z\xbc\xaf",
    b"Rar!",
    b"\x7fELF",
    b"MZ",
)
# Formats that few files have, and where their source is: imported when there is one to read, since a child process
# starts for each file and imports all it needs.
RARER = {
    "xls": ("campaigns.spreadsheet.xls", "XlsSource"),
    "xlsb": ("campaigns.spreadsheet.xlsb", "XlsbSource"),
    "ods": ("campaigns.spreadsheet.ods", "OdsSource"),
}
LONGEST_BINARY_RUN = 0.02  # share of control characters that no text has


@contextmanager
def opened(
    path: Path,
    name: str,
    options: Options = FIND_OUT,
    *,
    limits: Limits = LIMITS,
) -> Iterator[Sheet]:
    """The sheet of ``path``, called ``name`` by its owner, for as long as the ``with`` block lasts.

    Raises SpreadsheetError, also while the rows are walked.
    """
    kind = kind_of(path, name, limits)
    locale = locale_named(options.locale)
    if kind == "xlsx":
        with Package(path, name, limits) as package:
            yield arrange(_remarked(XlsxSource(package, options.sheet, locale), name, kind), kind, options, limits)
    elif kind in RARER:
        source = _rarer(kind)(path, name, options.sheet, locale, limits)
        yield arrange(_remarked(source, name, kind), kind, options, limits)
    else:
        text = DelimitedSource(path, name, options, limits)
        sheet = arrange(_remarked(text, name, kind), kind, options, limits)
        sheet.delimiter, sheet.encoding = text.delimiter, text.encoding
        yield sheet


def read(
    path: Path,
    name: str,
    options: Options = FIND_OUT,
    *,
    limits: Limits = LIMITS,
) -> Sheet:
    """The sheet of ``path``, read in this process: for files we trust (tests, our own exports). See
    ``opened``.

    The file is closed when ``rows`` has been walked to its end. For uploads there is
    ``child.read_in_child``.
    """
    stack = ExitStack()
    found = stack.enter_context(opened(path, name, options, limits=limits))
    found.rows = _then_close(found.rows, stack)
    return found


def _rarer(kind: str) -> Callable[[Path, str, str | None, Locale, Limits], Source]:
    module, source = RARER[kind]
    found: Callable[[Path, str, str | None, Locale, Limits], Source] = getattr(import_module(module), source)
    return found


def _then_close(rows: Iterator[Row], stack: ExitStack) -> Iterator[Row]:
    with stack:
        yield from rows


def _remarked(source: Source, name: str, kind: str) -> Source:
    suffix = Path(name).suffix.lower()
    if kind == "text" and suffix in BOOK_SUFFIXES:
        source.remarks.append(Remark("read_as_text", suffix=suffix))
    if kind == "xlsx" and suffix in (*TEXT_SUFFIXES, ".xls", ".xlsb", ".ods"):
        source.remarks.append(Remark("read_as_workbook", suffix=suffix))
    return source


def kind_of(path: Path, name: str, limits: Limits = LIMITS) -> str:
    """``xlsx``, ``xlsb``, ``xls``, ``ods`` or ``text``, by the file's content. Raises SpreadsheetError for anything
    else.
    """
    size = path.stat().st_size
    if size > limits.file_bytes:
        raise TooLarge("file_too_large", name=name, megabytes=size // MEGABYTE, limit=limits.file_bytes // MEGABYTE)
    with path.open("rb") as stream:
        start = stream.read(65_536)
    if not start.strip(b"\0 \t\r\n\xef\xbb\xbf"):
        raise NotASpreadsheet("empty_file" if not start else "not_a_spreadsheet", name=name)
    if start.startswith((ZIP, EMPTY_ZIP)):
        return _kind_of_zip(path, name)
    if start.startswith(OLE):
        return _kind_of_ole(path, name)
    if start.startswith(BARE_XLS):
        return "xls"
    return _kind_of_text(start, name)


def _kind_of_zip(path: Path, name: str) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            parts = {part.replace("\\", "/").lower() for part in archive.namelist()}
            if "encrypted-package" in parts:  # all of an OpenDocument file in one, since 1.4
                raise Locked("password_protected", name=name)
            if "content.xml" in parts and "mimetype" in parts:
                mimetype = archive.read("mimetype")[:100] if archive.getinfo("mimetype").file_size < 200 else b""
                if b"spreadsheet" not in mimetype:
                    raise NotASpreadsheet("not_a_spreadsheet", name=name)
                manifest = archive.getinfo("META-INF/manifest.xml") if "meta-inf/manifest.xml" in parts else None
                if manifest and manifest.file_size < MEGABYTE and b"encryption-data" in archive.read(manifest):
                    raise Locked("password_protected", name=name)
                return "ods"
    except (*BROKEN, KeyError):
        raise Damaged("damaged", name=name) from None
    if "xl/workbook.bin" in parts:
        return "xlsb"
    if "xl/workbook.xml" in parts or any(part.startswith("xl/") for part in parts):
        return "xlsx"
    raise NotASpreadsheet("not_a_spreadsheet", name=name)


def _kind_of_ole(path: Path, name: str) -> str:
    """An old .xls, or the envelope Excel puts around a workbook with a password ([MS-OFFCRYPTO] 2.3.4.4)."""
    content = path.read_bytes()
    if ENCRYPTED_STREAM in content:
        raise Locked("password_protected", name=name)
    if any(stream in content for stream in XLS_STREAMS):
        return "xls"
    raise NotASpreadsheet("not_a_spreadsheet", name=name)


def _kind_of_text(start: bytes, name: str) -> str:
    if start.startswith(OTHER_KINDS):
        raise NotASpreadsheet("not_a_spreadsheet", name=name)
    head = start.lstrip(b"\xef\xbb\xbf \t\r\n")[:4096].lower()
    if b"urn:schemas-microsoft-com:office:spreadsheet" in head and head.startswith(b"<?xml"):
        raise NotASpreadsheet("excel_2003_xml", name=name)
    if head.startswith((b"<!doctype html", b"<html", b"<table", b"<head", b"<meta", b"<style")) or b"<html" in head:
        raise NotASpreadsheet("web_page", name=name)
    if head.startswith((b"<?xml", b"<", b"{")) or Path(name).suffix.lower() not in (
        *TEXT_SUFFIXES,
        *BOOK_SUFFIXES,
        "",
    ):
        raise NotASpreadsheet("not_a_spreadsheet", name=name)
    wide = start.startswith((b"\xff\xfe", b"\xfe\xff")) or start[:4096].count(0) > len(start[:4096]) * 0.3
    control = sum(byte < 32 and byte not in b"\t\n\r\f\x1a\x0b" for byte in start)
    if not wide and (control > len(start) * LONGEST_BINARY_RUN or 0 in start):
        raise NotASpreadsheet("not_a_spreadsheet", name=name)
    return "text"

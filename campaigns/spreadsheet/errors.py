"""What can be wrong with an uploaded file, and what is worth telling about one that could be read.

The reading happens in a child process that knows no language, so an error or a remark is a code with
parameters; its text is made, in the reader's language, when somebody looks at it.
"""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

Value = str | int
Params = Mapping[str, Value]


class SpreadsheetError(Exception):
    """The file can't be used. ``str()`` says which file, what was wrong and what to do, in the active
    language.

    ``code`` is one of ``MESSAGES``; ``params`` fills its text and always has ``name``, the file's name as
    the user knows it.
    """

    def __init__(self, code: str, **params: Value) -> None:
        super().__init__(code, params)
        self.code = code
        self.params = params

    def __str__(self) -> str:
        return str(MESSAGES[self.code]) % {"name": "", **self.params}


class NotASpreadsheet(SpreadsheetError):
    """The content is of another kind, or of a kind we don't read: the user must save it as a spreadsheet."""


class NothingInIt(SpreadsheetError):
    """Read well, but there is no row or no address column to send to."""


class Locked(SpreadsheetError):
    """Password-protected."""


class Damaged(SpreadsheetError):
    """Cut off, changed on the way, or made to harm."""


class TooLarge(SpreadsheetError):
    """More than the limits allow: bytes, rows, columns, memory or time."""


class ReadingCancelled(SpreadsheetError):
    """The user said stop."""


class SheetMissing(SpreadsheetError):
    """The sheet or header row that was asked for is not there."""


MESSAGES: dict[str, Promise] = {
    "not_a_spreadsheet": _("%(name)s is not a spreadsheet. Upload an .xlsx, .xls, .ods or .csv file."),
    "web_page": _(
        "%(name)s is a web page with the name of a spreadsheet. Open it in Excel, save it as .xlsx "
        "and upload that file."
    ),
    "excel_2003_xml": _(
        "%(name)s is in the XML format of Excel 2003. Open it in Excel, save it as .xlsx and upload that file."
    ),
    "wrong_encoding": _(
        "%(name)s has characters that can't be read, first near row %(row)s. Save it again as “CSV "
        "UTF-8” or as .xlsx and upload that file."
    ),
    "empty_file": _("%(name)s is empty: it has no bytes at all. Check that it was saved, and upload it again."),
    "no_rows": _(
        "%(name)s has no rows below its header on the sheet “%(sheet)s”. Add at least one row, or choose another sheet."
    ),
    "no_address_column": _(
        "No column on the sheet “%(sheet)s” of %(name)s holds email addresses. Name the column "
        "“Email”, or choose the column yourself."
    ),
    "password_protected": _("%(name)s is protected with a password. Save it without a password and upload it again."),
    "damaged": _(
        "%(name)s is damaged and can't be read. Open it in your spreadsheet program, save it again "
        "and upload that file."
    ),
    "damaged_row": _(
        "%(name)s can't be read past row %(row)s: a quotation mark is opened there and never closed, "
        "or a cell is far too long. "
        "Mend that row, or save the file as .xlsx."
    ),
    "file_too_large": _(
        "%(name)s is %(megabytes)s MB; at most %(limit)s MB can be uploaded. Remove pictures and "
        "other sheets, or split the list."
    ),
    "unpacks_too_large": _(
        "%(name)s unpacks to more than %(limit)s MB. Save only the sheet you need as a new file and upload that."
    ),
    "too_many_rows": _("%(name)s has more than %(limit)s rows. Split the list into several files."),
    "too_many_columns": _(
        "%(name)s has %(columns)s columns on the sheet “%(sheet)s”; at most %(limit)s can be used. "
        "Delete the columns the mail does not need."
    ),
    "out_of_memory": _(
        "%(name)s needs more memory than one upload may use. Save only the sheet and columns you "
        "need as a new file and upload that."
    ),
    "took_too_long": _(
        "Reading %(name)s took too long and was stopped. Save only the sheet and columns you need as "
        "a new file and upload that."
    ),
    "reader_died": _(
        "Reading %(name)s failed because the file asks for more than it should. Save it again as "
        ".xlsx or .csv and upload that file."
    ),
    "file_gone": _("%(name)s is no longer on the server, so it could not be read. Upload it again."),
    "launched_meanwhile": _(
        "The campaign was launched before %(name)s had been read. It goes on with the data it was launched with."
    ),
    "cancelled": _("Reading %(name)s was cancelled."),
    "no_such_sheet": _("%(name)s has no sheet named “%(sheet)s”. Choose one of its sheets."),
    "no_such_row": _("The sheet “%(sheet)s” of %(name)s has nothing in row %(row)s. Choose another header row."),
    "no_such_column": _("The sheet “%(sheet)s” of %(name)s has no column number %(column)s. Choose another column."),
}


CLASSES: dict[str, type[SpreadsheetError]] = {
    **dict.fromkeys(
        ("not_a_spreadsheet", "web_page", "excel_2003_xml", "wrong_encoding", "empty_file"), NotASpreadsheet
    ),
    **dict.fromkeys(("no_rows", "no_address_column"), NothingInIt),
    "password_protected": Locked,
    **dict.fromkeys(("damaged", "damaged_row", "reader_died", "file_gone"), Damaged),
    **dict.fromkeys(
        (
            "file_too_large",
            "unpacks_too_large",
            "too_many_rows",
            "too_many_columns",
            "out_of_memory",
            "took_too_long",
        ),
        TooLarge,
    ),
    **dict.fromkeys(("cancelled", "launched_meanwhile"), ReadingCancelled),
    **dict.fromkeys(("no_such_sheet", "no_such_row", "no_such_column"), SheetMissing),
}


class Remark:
    """Something the user should know about a sheet that was read. ``str()`` is its text in the active
    language.
    """

    def __init__(self, code: str, **params: Value) -> None:
        self.code = code
        self.params = params

    def __repr__(self) -> str:
        return f"Remark({self.code!r}, {self.params!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Remark) and (self.code, self.params) == (other.code, other.params)

    __hash__ = None  # type: ignore[assignment]

    def __str__(self) -> str:
        params = self.params
        count = params.get("count")
        if isinstance(count, int) and self.code in COUNTED:
            return _counted(self.code, count) % params
        return str(REMARKS[self.code]) % params


REMARKS: dict[str, Promise] = {
    "hidden_sheets": _("Hidden sheets were left out: %(sheets)s."),
    "other_sheets": _("The file has more sheets; this is “%(sheet)s”. The others: %(sheets)s."),
    "rows_above_header": _("The rows above the header (row %(row)s) are not sent to."),
    "no_header": _(
        "No header row was found: the first row is already data, so the columns are named by their letters."
    ),
    "renamed_header": _("Column %(column)s has the same name as another; it is called “%(name)s” here."),
    "named_header": _("Column %(column)s has no name; it is called “%(name)s” here."),
    "encoding": _("The text was read as %(encoding)s."),
    "delimiter": _("The columns are parted by %(delimiter)s."),
    "read_as_text": _("The file's name says %(suffix)s, but its content is plain text; it was read as CSV."),
    "read_as_workbook": _("The file's name says %(suffix)s, but it is an Excel workbook; it was read as one."),
    "values_not_formats": _(
        "In this file format dates and numbers may look plainer than in your program. Save it as "
        ".xlsx to see them alike."
    ),
}

COUNTED = ("empty_rows", "hidden_rows", "hidden_columns", "stray_cells")


def _counted(code: str, count: int) -> str:
    """The text of a remark that counts things; written out so that the translators' tool finds each one."""
    texts = {
        "empty_rows": ngettext(
            "%(count)s empty row was skipped (row %(row)s).",
            "%(count)s empty rows were skipped (the first is row %(row)s).",
            count,
        ),
        "hidden_rows": ngettext(
            "%(count)s hidden row is included (row %(row)s).",
            "%(count)s hidden or filtered rows are included (the first is row %(row)s).",
            count,
        ),
        "hidden_columns": ngettext(
            "%(count)s hidden column is included: %(columns)s.",
            "%(count)s hidden columns are included: %(columns)s.",
            count,
        ),
        "stray_cells": ngettext(
            "%(count)s cell lies outside the table and was left out: %(cell)s.",
            "%(count)s cells lie outside the table and were left out; the first is %(cell)s.",
            count,
        ),
    }
    return texts[code]

"""The texts of errors and remarks, by their codes, in the active language."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from campaigns.spreadsheet.errors import Params

MESSAGES: dict[str, Promise] = {
    "not_a_spreadsheet": _("%(name)s is not a spreadsheet. Upload an .xlsx, .xls, .xlsb, .ods or .csv file."),
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
    "other_columns": _(
        "%(name)s lacks columns of this campaign’s data: %(columns)s. Name its columns as there, and add it again."
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
    "begin_anew": _("%(name)s has merged cells and must be read once more. Upload it again."),
    "launched_meanwhile": _(
        "The campaign was launched before %(name)s had been read. It goes on with the data it was launched with."
    ),
    "cancelled": _("Reading %(name)s was cancelled."),
    "no_such_sheet": _("%(name)s has no sheet named “%(sheet)s”. Choose one of its sheets."),
    "no_such_row": _("The sheet “%(sheet)s” of %(name)s has nothing in row %(row)s. Choose another header row."),
    "no_such_column": _("The sheet “%(sheet)s” of %(name)s has no column number %(column)s. Choose another column."),
}


def message(code: str, params: Params) -> str:
    """The text of an error, in the active language."""
    return str(MESSAGES[code]) % {"name": "", **params}


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
    "links": _("Column %(column)s has links that its texts do not show; where they lead is in the column “%(name)s”."),
    "values_not_formats": _(
        "The formats in this file could not be read: dates and numbers may look plainer than in your program, and "
        "hidden rows and columns are not known. Save it as .xlsx to see them alike."
    ),
}

COUNTED = (
    "empty_rows",
    "hidden_rows",
    "hidden_rows_out",
    "hidden_columns",
    "hidden_columns_out",
    "stray_cells",
    "rows_below_table",
    "merged_cells",
    "formulas_without_results",
)


def remark(code: str, params: Params) -> str:
    """The text of a remark, in the active language."""
    count = params.get("count")
    if isinstance(count, int) and code in COUNTED:
        return _counted(code, count) % params
    return str(REMARKS[code]) % params


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
        "hidden_rows_out": ngettext(
            "%(count)s hidden row was left out (row %(row)s).",
            "%(count)s hidden or filtered rows were left out (the first is row %(row)s).",
            count,
        ),
        "hidden_columns_out": ngettext(
            "%(count)s hidden column was left out: %(columns)s.",
            "%(count)s hidden columns were left out: %(columns)s.",
            count,
        ),
        "merged_cells": ngettext(
            "Merged cells show their value in each of their rows: %(ranges)s.",
            "%(count)s groups of merged cells show their value in each of their rows: %(ranges)s.",
            count,
        ),
        "formulas_without_results": ngettext(
            "%(count)s formula has no stored result and is empty here (column %(columns)s). Open the file in Excel, "
            "save it and upload it again.",
            "%(count)s formulas have no stored results and are empty here (columns %(columns)s). Open the file in "
            "Excel, save it and upload it again.",
            count,
        ),
        "rows_below_table": ngettext(
            "%(count)s row below the table is a total or a note and is not sent to: row %(rows)s.",
            "%(count)s rows below the table are totals or notes and are not sent to: rows %(rows)s.",
            count,
        ),
        "stray_cells": ngettext(
            "%(count)s cell lies outside the table and was left out: %(cell)s.",
            "%(count)s cells lie outside the table and were left out; the first is %(cell)s.",
            count,
        ),
    }
    return texts[code]

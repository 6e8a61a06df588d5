"""Why results can't be put into a file: codes with parameters, as in ``campaigns.spreadsheet.errors``, whose own
errors (damaged, password-protected, too large) may come up here as well.
"""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaigns.spreadsheet.errors import CLASSES, SpreadsheetError, Value


class WorkbookError(SpreadsheetError):
    """Nothing was added to the file. ``str()`` says why and what to do, in the active language.

    ``code`` is one of ``MESSAGES``; ``params`` fills its text and always has ``name``, the file's name.
    """

    def __str__(self) -> str:
        return str(MESSAGES[self.code]) % {"name": "", **self.params}


class NotWritable(WorkbookError):
    """A file that can't be added to with everything else kept: the user saves it in another form."""


class NotTheSameTable(WorkbookError):
    """Another file, or one that was rearranged: the user looks for the right one."""


class FillingStopped(WorkbookError):
    """More than the limits allow: memory, time, size."""


MESSAGES: dict[str, Promise] = {
    "kind_not_writable": _(
        "Results can't be put into %(name)s with everything in it kept; they can into .xlsx, .xlsm, .csv and .tsv "
        "files. Open it in your spreadsheet program, save it as .xlsx and choose that file."
    ),
    "another_kind": _(
        "%(name)s is not the file the campaign's data came from: that one was of another format. "
        "Choose the file you uploaded then."
    ),
    "sheet_gone": _(
        "%(name)s has no sheet named “%(sheet)s”, where the campaign's data came from. Choose the file you uploaded "
        "then, or give the sheet its old name."
    ),
    "header_differs": _(
        "%(name)s is not the table the campaign's data came from: row %(row)s, column %(column)s says “%(found)s”, "
        "it was “%(expected)s”. Choose the file you uploaded then, or put the header back as it was."
    ),
    "no_row_fits": _(
        "In %(name)s no row has the address it had when the campaign's data were read. If the rows were sorted or "
        "moved, choose the file as you uploaded it."
    ),
    "no_room": _(
        "The sheet “%(sheet)s” of %(name)s is used up to its last column, so nothing can be added at its right. "
        "Delete what is far to the right of the table, and choose the file again."
    ),
    "cannot_be_added_to": _(
        "%(name)s was written in a way that nothing can be added to it safely. Open it in your spreadsheet program, "
        "save it again, and choose that file."
    ),
    "too_much_memory": _(
        "%(name)s needs more memory than may be used for it. Take the Excel file with the results instead."
    ),
    "took_too_long": _(
        "Putting the results into %(name)s took too long and was stopped. Take the Excel file with the results instead."
    ),
    "result_too_large": _(
        "With the results in it, %(name)s would be larger than %(limit)s MB. Take the Excel file with the results "
        "instead."
    ),
    "filler_died": _(
        "Putting the results into %(name)s failed because the file asks for more than it should. Take the Excel file "
        "with the results instead."
    ),
    "busy": _("Other people's files are being filled just now. Nothing was lost: try again in a minute."),
    "no_file": _("The campaign's data did not come from a file. Take the Excel file with the results instead."),
}

OWN: dict[str, type[WorkbookError]] = {
    **dict.fromkeys(("kind_not_writable", "no_room", "cannot_be_added_to", "no_file"), NotWritable),
    **dict.fromkeys(("another_kind", "sheet_gone", "header_differs", "no_row_fits"), NotTheSameTable),
    **dict.fromkeys(("too_much_memory", "took_too_long", "result_too_large", "filler_died", "busy"), FillingStopped),
}


def error_of(code: str, params: dict[str, Value]) -> SpreadsheetError:
    """The exception for what the child process told."""
    return (OWN.get(code) or CLASSES[code])(code, **params)

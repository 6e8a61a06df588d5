"""What can be wrong with an uploaded file, and what is worth telling about one that could be read.

The reading happens in a child process that knows no language, so an error or a remark is a code with
parameters; its text is made, in the reader's language, when somebody looks at it: then ``texts`` is imported,
and Django with it, which the child has no use for and no time to load.
"""

from collections.abc import Mapping
from importlib import import_module

TEXTS = "campaigns.spreadsheet.texts"

Value = str | int
Params = Mapping[str, Value]


class SpreadsheetError(Exception):
    """The file can't be used. ``str()`` says which file, what was wrong and what to do, in the active
    language.

    ``code`` is one of ``texts.MESSAGES``; ``params`` fills its text and always has ``name``, the file's name as
    the user knows it.
    """

    def __init__(self, code: str, **params: Value) -> None:
        super().__init__(code, params)
        self.code = code
        self.params = params

    def __str__(self) -> str:
        text: str = import_module(TEXTS).message(self.code, self.params)
        return text


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


class BeginAnew(SpreadsheetError):
    """A large sheet turned out at its end to have merged cells: what was read of it is wrong. Read it again with
    ``look_behind``.
    """


class SheetMissing(SpreadsheetError):
    """The sheet or header row that was asked for is not there."""


CLASSES: dict[str, type[SpreadsheetError]] = {
    **dict.fromkeys(
        ("not_a_spreadsheet", "web_page", "excel_2003_xml", "wrong_encoding", "empty_file"), NotASpreadsheet
    ),
    **dict.fromkeys(("no_rows", "no_address_column", "other_columns"), NothingInIt),
    "password_protected": Locked,
    "begin_anew": BeginAnew,
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


def error_of(code: str, params: Params) -> SpreadsheetError:
    """The exception for what the child process told."""
    return CLASSES[code](code, **params)


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
        text: str = import_module(TEXTS).remark(self.code, self.params)
        return text

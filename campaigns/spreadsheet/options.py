"""How a file is to be read where it leaves a choice. None: find out."""

from dataclasses import asdict, dataclass, fields
from typing import Any, Final, Self


@dataclass(frozen=True, slots=True)
class Options:
    """The user's choices, as they travel from the form to the child process. Nothing here is believed: a sheet or
    a column that is not in the file ends in SheetMissing.
    """

    sheet: str | None = None  # its name; None: the first that is not hidden
    header_row: int | None = None  # as the spreadsheet program counts; 0: there is none
    delimiter: str | None = None  # of a text file: one character
    encoding: str | None = None  # of a text file: a key of delimited.ENCODINGS
    locale: str = "en"  # a language tag: decides what number formats leave open
    hidden_rows: bool = True  # also those that a filter hides
    hidden_columns: bool = True
    address_column: int | None = None  # a place in the header

    def told(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)

    @classmethod
    def of(cls, told: dict[str, Any]) -> Self:
        """From JSON, also from an earlier version's: what is not known any more is passed over."""
        known = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in told.items() if name in known})


FIND_OUT: Final = Options()

"""Rows as lines of PostgreSQL's COPY text format (https://www.postgresql.org/docs/current/sql-copy.html)."""

import re
from collections.abc import Sequence

COPY_COLUMNS = ("row_number", "address", "fields", "problems")

# Inside a COPY column that is an array: first the array's own escape for " and \, then COPY's for every
# backslash.
_ELEMENT = str.maketrans(
    {
        "\\": "\\\\\\\\",
        '"': '\\\\"',
        "\n": "\\n",
        "\r": "\\r",
        "\t": "\\t",
        "\0": None,
        "\b": "\\b",
        "\f": "\\f",
        "\v": "\\v",
    }
)
_COLUMN = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\0": None})
_SPECIAL = re.compile('[\\\\"\n\r\t\0\b\f\v]')


def array(values: Sequence[str]) -> str:
    """``text[]`` as it stands in a COPY line. Characters PostgreSQL can't store (zero, lone surrogates) are
    left out.
    """
    if not values:
        return "{}"
    if _SPECIAL.search("".join(values)) is None:
        return '{"' + '","'.join(values) + '"}'
    return '{"' + '","'.join([value.translate(_ELEMENT) for value in values]) + '"}'


def column(text: str) -> str:
    """A text column as it stands in a COPY line."""
    return text.translate(_COLUMN)

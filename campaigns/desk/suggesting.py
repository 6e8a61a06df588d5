"""An address cell as it was probably meant."""

import re

from campaigns.addresses import InvalidAddress, parse_addresses
from campaigns.spreadsheet import problems, typos

# What may be one of the addresses of a cell: between what parts them from each other, and from their names.
ONE = re.compile(r"[^\s;,<>:\"]+")


def suggestion(cell: str) -> str:
    """The cell with its addresses as they were probably meant, or "" when nothing is likely to be mistyped."""
    try:
        found = parse_addresses(cell)
    except InvalidAddress:
        return ""
    meant = {one.address.lower(): better for one in found if (better := typos.suggestion(one.address))}
    if not meant:
        return ""
    bare = problems.INVISIBLE.sub("", cell)
    better = ONE.sub(lambda part: meant.get(part.group().lower(), part.group()), bare)
    return problems.trimmed(better) if better != bare else ""

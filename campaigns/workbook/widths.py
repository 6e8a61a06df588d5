"""The widths of added columns, put among the ``<col>`` ranges of a sheet, which must not overlap
(ECMA-376 part 1, 18.3.1.13).
"""

import re
from collections.abc import Sequence

NARROWEST, WIDEST = 12, 50  # characters
ATTRIBUTE = re.compile(rb"\s([\w:.-]+)\s*=\s*(?:\"([^\"<]*)\"|'([^'<]*)')")
DROPPED = (b"min", b"max", b"hidden", b"collapsed", b"outlineLevel", b"width", b"customWidth")


def with_widths(head: bytes, prefix: bytes, first: int, longest: Sequence[int]) -> bytes:
    """``head``, which ends with ``<sheetData>``, with a ``<col>`` for each column from index ``first`` on that has
    none. ``longest``: characters in each. A hidden range is taken apart, so that what is added can be seen.
    """
    p = re.escape(prefix)
    found = re.search(rb"<" + p + rb"cols\b[^<>]*>(.*?)</" + p + rb"cols>", head, re.DOTALL)
    ranges = re.findall(rb"<" + p + rb"col\b([^<>]*?)\s*/?>", found[1]) if found else []
    pieces = _pieces(ranges, first + 1, longest)
    if pieces is None:
        return head
    content = b"".join(b"<%bcol%b/>" % (prefix, piece) for piece in pieces)
    if found:
        return head[: found.start(1)] + content + head[found.end(1) :]
    place = head.rindex(b"<" + prefix + b"sheetData")
    return head[:place] + b"<%bcols>%b</%bcols>" % (prefix, content, prefix) + head[place:]


def _pieces(ranges: Sequence[bytes], first: int, longest: Sequence[int]) -> list[bytes] | None:
    """The attributes of every ``<col>`` in order, or None if nothing is to change."""
    wanted = {first + place: min(max(length + 2, NARROWEST), WIDEST) for place, length in enumerate(longest)}
    pieces: list[tuple[int, bytes]] = []
    for attributes in ranges:
        known = {name: double or single for name, double, single in ATTRIBUTE.findall(attributes)}
        try:
            low, high = int(known[b"min"]), int(known[b"max"])
        except (KeyError, ValueError):
            return None
        covered = [column for column in wanted if low <= column <= high]
        if covered and known.get(b"hidden") in (b"1", b"true"):
            rest = b"".join(
                b' %b="%b"' % (name, value) for name, value in known.items() if name not in (b"min", b"max")
            )
            style = b"".join(b' %b="%b"' % (name, value) for name, value in known.items() if name not in DROPPED)
            pieces += [
                (start, b' min="%d" max="%d"%b' % (start, end, rest))
                for start, end in ((low, covered[0] - 1), (covered[-1] + 1, high))
                if start <= end
            ]
            pieces += [(column, _piece(column, wanted.pop(column), style)) for column in covered]
        else:
            pieces.append((low, attributes))
            for column in covered:
                del wanted[column]
    if not wanted and len(pieces) == len(ranges):
        return None
    pieces += [(column, _piece(column, width, b"")) for column, width in wanted.items()]
    return [piece for _, piece in sorted(pieces)]


def _piece(column: int, width: int, style: bytes) -> bytes:
    return b' min="%d" max="%d" width="%d" customWidth="1"%b' % (column, column, width, style)

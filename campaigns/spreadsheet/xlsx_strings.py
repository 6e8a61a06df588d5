"""The table of texts that an xlsx file keeps apart from its sheets."""

import re
from collections.abc import Iterator
from itertools import chain
from xml.parsers import expat

from campaigns.spreadsheet.errors import Damaged, TooLarge
from campaigns.spreadsheet.limits import MEGABYTE, Limits
from campaigns.spreadsheet.package import Attributes, ForbiddenXml, local, strict_parser
from campaigns.spreadsheet.xlsx_cells import plain, unescaped

SIMPLE = re.compile(r'<si><t(?: xml:space="preserve")?>([^<]*)</t></si>|<si><t ?/></si>|<si ?/>')
ANY = re.compile(r"<si[ />]")  # the start of every text, whatever its shape


def shared_strings(blocks: Iterator[bytes], name: str, limits: Limits) -> list[str]:
    """Every text in order. Rich text is joined; the readings above Asian characters are left out.

    The usual shape is taken by a regular expression; a block that holds anything else goes to a strict
    parser.
    """
    first = next(blocks, b"")
    start = first.find(b"<sst")
    declaration = first[:200].lower()
    if start < 0 or b"<!" in first[:start] or (b"encoding=" in declaration and b"utf-8" not in declaration):
        return _strict(chain([first], blocks), name, limits)
    end = first.find(b">", start) + 1
    if not end:
        raise Damaged("damaged", name=name)
    root, pending = first[start:end], first[end:]
    if root.endswith(b"/>"):
        return []
    texts: list[str] = []
    while True:
        # Up to here every <si> is whole, even where <si/> stands for an empty text.
        cut = pending.rfind(b"</si>") + len(b"</si>")
        if cut >= len(b"</si>"):
            texts += _texts(pending[:cut], root, name, limits)
            pending = pending[cut:]
        if len(pending) > limits.row_bytes:
            raise TooLarge("unpacks_too_large", name=name, limit=limits.row_bytes // MEGABYTE)
        block = next(blocks, b"")
        if not block:
            break
        pending += block
    rest, closing, _ = pending.partition(b"</sst>")
    if not closing:
        raise Damaged("damaged", name=name)
    return texts + _texts(rest, root, name, limits)


def _texts(block: bytes, root: bytes, name: str, limits: Limits) -> list[str]:
    try:
        text = block.decode()
    except UnicodeDecodeError:
        raise Damaged("damaged", name=name) from None
    found = SIMPLE.findall(text)
    if len(found) != len(ANY.findall(text)) or "<!" in text or "<?" in text:
        return _strict(iter([root, block, b"</sst>"]), name, limits)
    if found and max(map(len, found)) > limits.cell_characters:
        raise TooLarge("unpacks_too_large", name=name, limit=limits.row_bytes // MEGABYTE)
    return [plain(one) for one in found] if "&" in text or "_x" in text or "\r" in text else found


class _Strings:
    """Expat handlers that collect the texts."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.text: list[str] = []
        self.inside = False
        self.phonetic = 0

    def started(self, tag: str, attributes: Attributes) -> None:
        match local(tag):
            case "si":
                self.text = []
            case "t":
                self.inside = not self.phonetic
            case "rPh":
                self.phonetic += 1

    def ended(self, tag: str) -> None:
        match local(tag):
            case "si":
                self.done.append(unescaped("".join(self.text)))
            case "t":
                self.inside = False
            case "rPh":
                self.phonetic -= 1

    def characters(self, text: str) -> None:
        if self.inside:
            self.text.append(text)


def _strict(blocks: Iterator[bytes], name: str, limits: Limits) -> list[str]:
    strings = _Strings()
    parser = strict_parser()
    parser.StartElementHandler = strings.started
    parser.EndElementHandler = strings.ended
    parser.CharacterDataHandler = strings.characters
    try:
        for block in blocks:
            parser.Parse(block, False)
        parser.Parse(b"", True)
    except (expat.ExpatError, ForbiddenXml, LookupError):
        raise Damaged("damaged", name=name) from None
    if strings.done and max(map(len, strings.done)) > limits.cell_characters:
        raise TooLarge("unpacks_too_large", name=name, limit=limits.row_bytes // MEGABYTE)
    return strings.done

"""A zip of parts (xlsx, xlsb, ods), unpacked in blocks, never more than the limits allow, never believing its
own figures.
"""

import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from xml.parsers import expat

from campaigns.spreadsheet.errors import Damaged, Locked, TooLarge
from campaigns.spreadsheet.limits import MEGABYTE, Limits

BLOCK = MEGABYTE // 4  # larger ones are slower: they don't fit into the processor's cache
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, RuntimeError, ValueError)

Attributes = dict[str, str]


class Package:
    """The parts of one file by name. Use as a context manager."""

    def __init__(self, path: Path, name: str, limits: Limits) -> None:
        self.name = name
        self.limits = limits
        self._unpacked = 0
        self._streams = ExitStack()
        try:
            self._zip = zipfile.ZipFile(path)
            # Names are compared without case and with / only: some writers use \ or Xl/.
            self._parts = {info.filename.replace("\\", "/").lstrip("/").lower(): info for info in self._zip.infolist()}
        except BROKEN:
            raise Damaged("damaged", name=name) from None

    def __enter__(self) -> "Package":
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._streams.close()  # a part read only half way would hold the file open
        self._zip.close()

    def __contains__(self, part: str) -> bool:
        return part.lower() in self._parts

    def size(self, part: str) -> int:
        """Unpacked bytes of a part by the file's own word."""
        info = self._parts.get(part.lower())
        return info.file_size if info is not None else 0

    def blocks(self, part: str, *, counted: bool = True) -> Iterator[bytes]:
        """The part's content in blocks. Raises Damaged, Locked or TooLarge; what is not ``counted`` may be as large
        as all parts together, once more.
        """
        info = self._parts.get(part.lower())
        if info is None:
            raise Damaged("damaged", name=self.name)
        if info.flag_bits & 0x1:
            raise Locked("password_protected", name=self.name)
        try:
            stream = self._streams.enter_context(self._zip.open(info))
            unpacked = 0
            while block := stream.read(BLOCK):
                if counted:
                    self._unpacked += len(block)
                unpacked += len(block)
                if max(self._unpacked, unpacked) > self.limits.unpacked_bytes:
                    raise TooLarge("unpacks_too_large", name=self.name, limit=self.limits.unpacked_bytes // MEGABYTE)
                yield block
        except BROKEN:
            raise Damaged("damaged", name=self.name) from None

    def read_elements(self, part: str, started: Callable[[str, Attributes], None]) -> None:
        """Call ``started(local name, attributes)`` for each element of a small part, in order."""
        parser = strict_parser()
        parser.StartElementHandler = lambda tag, attributes: started(local(tag), attributes)
        seen = 0
        try:
            for block in self.blocks(part):
                seen += len(block)
                if seen > self.limits.small_part_bytes:
                    raise TooLarge("unpacks_too_large", name=self.name, limit=self.limits.small_part_bytes // MEGABYTE)
                parser.Parse(block, False)
            parser.Parse(b"", True)
        except (expat.ExpatError, ForbiddenXml, LookupError):
            raise Damaged("damaged", name=self.name) from None


class ForbiddenXml(Exception):
    """A document type declaration: office files have none, attacks do (entities that grow, files that are
    fetched).
    """


def strict_parser(*, namespaces: bool = False) -> expat.XMLParserType:
    """An expat parser that refuses any document type declaration, and with it every entity.

    With ``namespaces``, tags and attributes are named ``<address of the namespace> <local name>``.
    """
    parser = expat.ParserCreate(namespace_separator=" ") if namespaces else expat.ParserCreate()
    parser.buffer_text = True
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)

    def refuse(*arguments: object) -> None:
        raise ForbiddenXml

    parser.StartDoctypeDeclHandler = refuse
    return parser


def local(tag: str) -> str:
    """The tag without its namespace prefix."""
    return tag.rpartition(":")[2]


def attribute(attributes: Attributes, name: str) -> str:
    """The attribute called ``name`` under whatever prefix, or an empty text."""
    for key, value in attributes.items():
        if local(key) == name:
            return value
    return ""

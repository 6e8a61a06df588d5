"""The envelope of an .xls file: a file system in a file ([MS-CFB]), from which one stream is taken.

https://learn.microsoft.com/en-us/openspecs/windows_protocols/ms-cfb/
"""

import struct
import sys
from array import array
from collections.abc import Iterator

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
HEADER = 512  # bytes, whatever the size of a sector
LAST_SECTOR = 0xFFFFFFFA  # what is above are marks: end of chain, free, table
ENTRY = 128  # bytes of a directory entry
STREAM, ROOT = 2, 5


class NoStream(Exception):
    """The file is not such an envelope, or is damaged so that a chain of sectors can't be followed to its end."""


class OleFile:
    """The streams of ``content`` by name. Raises NoStream, also where a figure points outside or in a circle."""

    def __init__(self, content: bytes) -> None:
        if not content.startswith(MAGIC) or len(content) < HEADER:
            raise NoStream
        self._content = content
        sector_shift, short_shift = struct.unpack_from("<HH", content, 30)
        if sector_shift not in (9, 12) or short_shift != 6:
            raise NoStream
        self._size, self._short_size = 1 << sector_shift, 1 << short_shift
        first_directory, self._short_below, first_short = struct.unpack_from("<I4xII", content, 48)
        self._table = self._read_table()
        self._root = LAST_SECTOR  # where the short streams begin
        self._entries = self._read_entries(first_directory)
        self._short_table = _numbers(self._chain(first_short))
        self._short_stream: bytes | None = None

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._entries

    def stream(self, name: str) -> bytes:
        """The stream called ``name``, in large or small letters."""
        if name not in self:
            raise NoStream
        kind, first, size = self._entries[name.lower()]
        if kind != STREAM:
            raise NoStream
        if size >= self._short_below:
            data = self._chain(first)
        else:
            if self._short_stream is None:
                self._short_stream = self._chain(self._root)
            data = b"".join(
                self._short_stream[place * self._short_size : (place + 1) * self._short_size]
                for place in _places(first, self._short_table, len(self._short_table))
            )
        if len(data) < size:
            raise NoStream
        return data[:size]

    def _sector(self, number: int) -> bytes:
        start = (number + 1) * self._size  # a header of 512 bytes is padded to a sector
        data = self._content[start : start + self._size]
        if not data:
            raise NoStream
        return data

    def _read_table(self) -> "array[int]":
        """Sector → the sector after it. The sectors of the table itself stand in the header, then in a chain."""
        places = list(struct.unpack_from("<109I", self._content, 76))
        (following,) = struct.unpack_from("<I", self._content, 68)
        visited: set[int] = set()
        while following < LAST_SECTOR:
            if following in visited:
                raise NoStream
            visited.add(following)
            *more, following = _numbers(self._sector(following)) or (LAST_SECTOR,)
            places += more
        used = [place for place in places if place < LAST_SECTOR]
        if len(used) > len(set(used)):
            raise NoStream
        return _numbers(b"".join(self._sector(place) for place in used))

    def _read_entries(self, first: int) -> dict[str, tuple[int, int, int]]:
        """Name in small letters → kind, first sector, size; of several of one name the first."""
        entries: dict[str, tuple[int, int, int]] = {}
        directory = self._chain(first)
        for start in range(0, len(directory) - ENTRY + 1, ENTRY):
            length, kind = struct.unpack_from("<HB", directory, start + 64)
            place, size = struct.unpack_from("<II", directory, start + 116)
            if kind == ROOT:
                self._root = place
            elif kind and 2 <= length <= 64:
                name = directory[start : start + length - 2].decode("utf-16-le", "replace").lower()
                entries.setdefault(name, (kind, place, size))
        return entries

    def _chain(self, first: int) -> bytes:
        sectors = len(self._content) // self._size
        return b"".join(self._sector(place) for place in _places(first, self._table, sectors))


def _places(first: int, table: "array[int]", most: int) -> Iterator[int]:
    """The sectors of a chain. Raises NoStream if it leads outside the table, or on and on."""
    place, count = first, 0
    while place < LAST_SECTOR:
        count += 1
        if place >= len(table) or count > most:
            raise NoStream
        yield place
        place = table[place]


def _numbers(data: bytes) -> "array[int]":
    """The 32-bit numbers of a whole sector or several; what a sector cut short has at its end is left out."""
    numbers = array("I", data[: len(data) // 4 * 4])
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers

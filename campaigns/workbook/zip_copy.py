"""A zip file written anew with one part replaced; every other part goes over as the bytes it is.

``zipfile`` can't copy a compressed part, and its output must be a file that can be turned back in; ours is a pipe.
The format: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
"""

import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from campaigns.spreadsheet.errors import Damaged, TooLarge
from campaigns.spreadsheet.limits import MEGABYTE
from campaigns.spreadsheet.package import BROKEN

LOCAL = struct.Struct("<4s5H3I2H")  # 4.3.7
DESCRIPTOR = struct.Struct("<4s3I")  # 4.3.9
CENTRAL = struct.Struct("<4s6H3I5H2I")  # 4.3.12
END = struct.Struct("<4s4H2IH")  # 4.3.16
SIZES_FOLLOW, UTF8 = 0x8, 0x800  # general purpose flags, 4.4.4
ZIP64_EXTRA, ZIP64_VERSION = 1, 45
MOST_ENTRIES, MOST_BYTES = 0xFFFE, 0xFFFFFFFE
BLOCK = MEGABYTE


def copy_with(path: Path, name: str, part: str, content: Iterable[bytes], target: BinaryIO) -> None:
    """Write the zip at ``path`` to ``target``, with ``content`` in place of ``part`` (its name, without case).

    Raises Damaged, and TooLarge for what would need the 64-bit form of the format.
    """
    try:
        with zipfile.ZipFile(path) as archive, path.open("rb") as source:
            infos = archive.infolist()
            names = {info.filename.replace("\\", "/").lstrip("/").lower(): info for info in infos}
            replaced = names[part.lower()]
            _check(infos, name)
            writer = _Writer(target, name)
            for info in sorted(infos, key=lambda info: info.header_offset):
                if info is replaced:
                    writer.add(info, content)
                else:
                    writer.copy(info, source)
            places = {id(info): place for place, info in enumerate(infos)}
            writer.close([places[id(info)] for info in writer.written], archive.comment)
    except (*BROKEN, KeyError, struct.error):
        raise Damaged("damaged", name=name) from None


def _check(infos: list[zipfile.ZipInfo], name: str) -> None:
    """Parts that share bytes make a bomb of a small file (https://www.bamsoftware.com/hacks/zipbomb/)."""
    end = 0
    for info in sorted(infos, key=lambda info: info.header_offset):
        if info.header_offset < end:
            raise Damaged("damaged", name=name)
        end = info.header_offset + LOCAL.size + info.compress_size
    if len(infos) > MOST_ENTRIES:
        raise Damaged("damaged", name=name)


class _Writer:
    def __init__(self, target: BinaryIO, name: str) -> None:
        self._target = target
        self._name = name
        self._at = 0
        self._central: list[bytes] = []
        self.written: list[zipfile.ZipInfo] = []

    def copy(self, info: zipfile.ZipInfo, source: BinaryIO) -> None:
        source.seek(info.header_offset)
        head = LOCAL.unpack(source.read(LOCAL.size))
        if head[0] != b"PK\x03\x04":
            raise Damaged("damaged", name=self._name)
        source.seek(head[9] + head[10], 1)
        sizes = info.CRC, info.compress_size, info.file_size
        self._begin(info, info.flag_bits & ~SIZES_FOLLOW, info.compress_type, sizes)
        left = info.compress_size
        while left:
            block = source.read(min(left, BLOCK))
            if not block:
                raise Damaged("damaged", name=self._name)
            self._write(block)
            left -= len(block)
        self._end(info, info.flag_bits & ~SIZES_FOLLOW, info.compress_type, sizes)

    def add(self, info: zipfile.ZipInfo, content: Iterable[bytes]) -> None:
        """A part whose sizes are known only when it is written."""
        flags = info.flag_bits & UTF8 | SIZES_FOLLOW
        self._begin(info, flags, zipfile.ZIP_DEFLATED, (0, 0, 0))
        start, size, crc = self._at, 0, 0
        packer = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
        for block in content:
            size += len(block)
            crc = zlib.crc32(block, crc)
            self._write(packer.compress(block))
        self._write(packer.flush())
        sizes = crc, self._at - start, size
        if size > MOST_BYTES:
            raise self._too_large()
        self._write(DESCRIPTOR.pack(b"PK\x07\x08", *sizes))
        self._end(info, flags, zipfile.ZIP_DEFLATED, sizes)

    def close(self, places: list[int], comment: bytes) -> None:
        """The directory, in the order the parts had in the old one."""
        directory = b"".join(entry for _, entry in sorted(zip(places, self._central, strict=True)))
        count, start = len(self._central), self._at
        self._write(directory)
        self._write(END.pack(b"PK\x05\x06", 0, 0, count, count, len(directory), start, len(comment)))
        self._write(comment)

    def _begin(self, info: zipfile.ZipInfo, flags: int, method: int, sizes: tuple[int, int, int]) -> None:
        self.written.append(info)
        self._offset = self._at
        name = _encoded(info)
        self._write(LOCAL.pack(b"PK\x03\x04", _version(info), flags, method, *_moment(info), *sizes, len(name), 0))
        self._write(name)

    def _end(self, info: zipfile.ZipInfo, flags: int, method: int, sizes: tuple[int, int, int]) -> None:
        name, extra = _encoded(info), b"".join(_extras(info))
        made_by = info.create_system << 8 | info.create_version
        attributes = info.internal_attr, info.external_attr, self._offset
        head = (b"PK\x01\x02", made_by, _version(info), flags, method, *_moment(info), *sizes)
        lengths = len(name), len(extra), len(info.comment), 0
        self._central.append(CENTRAL.pack(*head, *lengths, *attributes) + name + extra + info.comment)

    def _write(self, block: bytes) -> None:
        self._target.write(block)
        self._at += len(block)
        if self._at > MOST_BYTES:
            raise self._too_large()

    def _too_large(self) -> TooLarge:
        return TooLarge("unpacks_too_large", name=self._name, limit=MOST_BYTES // MEGABYTE)


def _version(info: zipfile.ZipInfo) -> int:
    """What a reader must know; not the 64-bit form any more."""
    return 20 if info.extract_version == ZIP64_VERSION else info.extract_version


def _encoded(info: zipfile.ZipInfo) -> bytes:
    """The name as it stood in the file (4.4.4: UTF-8 if the flag says so, else the old code page)."""
    return info.orig_filename.encode("utf-8" if info.flag_bits & UTF8 else "cp437")


def _moment(info: zipfile.ZipInfo) -> tuple[int, int]:
    """Time and date of MS-DOS."""
    year, month, day, hour, minute, second = info.date_time
    return hour << 11 | minute << 5 | second // 2, (year - 1980) << 9 | month << 5 | day


def _extras(info: zipfile.ZipInfo) -> Iterator[bytes]:
    """The extra fields but those of the 64-bit form, which say where things were in the old file."""
    rest = info.extra
    while len(rest) >= 4:
        kind, length = struct.unpack("<HH", rest[:4])
        if kind != ZIP64_EXTRA:
            yield rest[: 4 + length]
        rest = rest[4 + length :]

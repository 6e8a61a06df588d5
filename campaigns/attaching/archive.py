"""A dropped zip: its files under limits, so that a small one that grows beyond all measure is refused in time."""

import os
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import IO

from django.utils.translation import gettext as _

_CHUNK = 256 * 1024
_LONGEST_END = 22 + 65_535 + 76  # the end record with the longest comment, and the two of Zip64 before it
_LONGEST_ENTRY = 1_000  # bytes in the list for one file with a long path
_UTF8_NAMES = 0x800
_ENCRYPTED = 0x1
_LITTER = ("thumbs.db", "desktop.ini")  # what Windows and macOS add by themselves; names that begin with a dot, too


class ArchiveRefused(Exception):
    """Nothing was taken out of it. The text says why, for the sender."""


@dataclass(frozen=True, slots=True)
class Limits:
    """`ratio` is how many bytes may come out of one that went in: papers shrink to a tenth, a bomb to a thousandth."""

    files: int
    file_bytes: int
    total_bytes: int
    ratio: int = 200


@dataclass(frozen=True, slots=True)
class Unpacked:
    """One file. `folder` is where it lay, with "/" between parts, or "". `content` None: larger than a file may be."""

    folder: str
    name: str
    size: int
    content: bytes | None


def unpack(file: IO[bytes], limits: Limits) -> Iterator[Unpacked]:
    """Its files, one at a time. What is an archive inside stays as it is. Raises ArchiveRefused before the first one,
    or while reading a file that is not what it said.

    Nothing is written anywhere, so a name that climbs out ("../../etc") climbs nowhere; only its last part is used.
    """
    _refuse_endless_lists(file, limits)
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        raise ArchiveRefused(_("It is damaged, or no zip archive.")) from None
    with archive:
        entries = [entry for entry in archive.infolist() if _is_file(entry)]
        _refuse_bombs(entries, limits)
        for entry in entries:
            folder, name = _place(entry)
            content = _read(archive, entry) if entry.file_size <= limits.file_bytes else None
            yield Unpacked(folder, name, entry.file_size, content)


def _is_file(entry: zipfile.ZipInfo) -> bool:
    folder, name = _place(entry)
    mode = entry.external_attr >> 16
    if entry.is_dir() or not name or (mode and stat.S_ISLNK(mode)):
        return False
    return not (name.startswith(".") or name.lower() in _LITTER or folder.split("/")[0] == "__MACOSX")


def _refuse_endless_lists(file: IO[bytes], limits: Limits) -> None:
    """zipfile reads the list of all files into memory at once, so its length is looked at first
    (https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, 4.3.14 and 4.3.16)."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _LONGEST_END))
    tail = file.read()
    end = tail.rfind(b"PK\5\6")
    length = int.from_bytes(tail[end + 12 : end + 16], "little") if end >= 0 else 0
    if end >= 76 and tail[end - 20 : end - 16] == b"PK\6\7":
        length = max(length, int.from_bytes(tail[end - 36 : end - 28], "little"))
    file.seek(0)
    if length > (limits.files + 100) * _LONGEST_ENTRY:
        raise ArchiveRefused(_("It holds too many files; at most %(limit)d can be taken.") % {"limit": limits.files})


def _refuse_bombs(entries: list[zipfile.ZipInfo], limits: Limits) -> None:
    """By what the directory says; reading never yields more than that."""
    if not entries:
        raise ArchiveRefused(_("There is no file in it."))
    if len(entries) > limits.files:
        text = _("It holds %(count)d files; at most %(limit)d can be taken at once.")
        raise ArchiveRefused(text % {"count": len(entries), "limit": limits.files})
    total = sum(entry.file_size for entry in entries)
    if total > limits.total_bytes:
        text = _("Unpacked it would take %(size)d MB; at most %(limit)d MB can be taken.")
        raise ArchiveRefused(text % {"size": total // 2**20, "limit": limits.total_bytes // 2**20})
    packed = sum(entry.compress_size for entry in entries)
    if total > max(packed, 1) * limits.ratio and total > 2**20:
        raise ArchiveRefused(_("It would grow so much that it looks like an attack. Drop its files one by one."))
    if any(entry.flag_bits & _ENCRYPTED for entry in entries):
        raise ArchiveRefused(_("It is protected with a password. Unpack it and drop its files."))


def _place(entry: zipfile.ZipInfo) -> tuple[str, str]:
    """(folder, name)."""
    name = entry.filename
    if not entry.flag_bits & _UTF8_NAMES:  # older programs write UTF-8 without saying so, or the code page of DOS
        with suppress(UnicodeEncodeError, UnicodeDecodeError):
            name = name.encode("cp437").decode()
    parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".", "..")]
    return ("/".join(parts[:-1])[:255], parts[-1]) if parts else ("", "")


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    content = bytearray()
    try:
        with archive.open(entry) as stream:
            while chunk := stream.read(_CHUNK):
                content += chunk
                if len(content) > entry.file_size:
                    raise zipfile.BadZipFile
    except (zipfile.BadZipFile, EOFError, OSError, ValueError, NotImplementedError, RuntimeError, zlib.error) as error:
        raise ArchiveRefused(_("“%(name)s” in it is damaged.") % {"name": _place(entry)[1]}) from error
    return bytes(content)

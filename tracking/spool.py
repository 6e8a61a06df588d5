"""The spool: hits in files, between the edge that answers them and the shipper that stores them.

A segment is one file, `<uuid4 hex>.hits`, appended to by one edge worker, one line per hit:

    kind o|c|u, microseconds since 1970, campaign id, message id, link number or -, method, user agent,
    target or -

parted by tabs. There is no column for an address of the network, and there must never be one.

Whoever writes a segment holds its lock (flock) from before the file has its name. A segment whose lock can be
taken is therefore finished: closed by its worker, or left by one that died. A hit's place, (segment, offset),
is its key for ever, so shipping a segment twice stores it once.

A line is with the kernel before the visitor is answered, so a killed process loses nothing. A power cut may
cost the segment being written, about the last second: a finished segment is forced to disk.
"""

import contextlib
import errno
import fcntl
import os
import re
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

ENDING = ".hits"
NEW_ENDING = ".new"  # created, not yet locked and named: no reader looks at it
ROTATE_SECONDS = 1.0
ROTATE_BYTES = 8 * 1024 * 1024
USER_AGENT_LENGTH = 400
MICROSECONDS = 1_000_000
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_LARGEST_ID = 2**63 - 1  # PostgreSQL's bigint
_LATEST = 4_102_444_800 * MICROSECONDS  # the year 2100


class Kind(StrEnum):
    """What a visitor's program asked for."""

    OPEN = "o"  # the pixel
    CLICK = "c"  # a tracked link
    UNSUBSCRIBE = "u"  # the button of the unsubscribe page, or the mail program's own


@dataclass(frozen=True, slots=True)
class Hit:
    """One line of a segment. `at` is in microseconds since 1970, UTC."""

    kind: Kind
    at: int
    campaign_id: int
    message_id: int
    link_number: int | None
    method: str
    user_agent: str
    target: str | None


class MalformedLine(ValueError):
    """A line that no edge of ours wrote; the reader skips and counts it."""


def encode(
    kind: str,
    at: int,
    campaign_id: int,
    message_id: int,
    link_number: int | None,
    method: str,
    user_agent: str,
    target: str | None,
) -> bytes:
    """The line of a hit, newline included. Controls in the user agent and the target become spaces."""
    number = "-" if link_number is None else link_number
    agent = user_agent[:USER_AGENT_LENGTH]
    if not agent.isprintable():
        agent = _CONTROLS.sub(" ", agent)
    where = target or "-"
    if not where.isprintable():
        where = _CONTROLS.sub(" ", where)
    line = f"{kind}\t{at}\t{campaign_id}\t{message_id}\t{number}\t{method}\t{agent}\t{where}\n"
    return line.encode()


def parse(line: bytes) -> Hit:
    """The hit of one line, given with or without its newline. Raises MalformedLine."""
    try:
        kind, at, campaign, message, link, method, agent, target = line.decode().rstrip("\n").split("\t")
        hit = Hit(
            kind=Kind(kind),
            at=int(at),
            campaign_id=int(campaign),
            message_id=int(message),
            link_number=None if link == "-" else int(link),
            method=method,
            user_agent=agent,
            target=None if target == "-" else target,
        )
    except ValueError as error:
        raise MalformedLine(str(error)) from None
    if not all(0 <= number <= _LARGEST_ID for number in (hit.campaign_id, hit.message_id)):
        raise MalformedLine("an id is out of range")
    if not 0 <= hit.at <= _LATEST or not 0 <= (hit.link_number or 0) <= 0xFFFF:
        raise MalformedLine("a number is out of range")
    if b"\x00" in line:  # PostgreSQL's text cannot hold it
        raise MalformedLine("the line holds a NUL")
    return hit


class SegmentWriter:
    """Appends hits to one segment after another; used by all threads of one process.

    A segment is begun with its first hit and finished about ROTATE_SECONDS later by a thread of the writer's
    own, so that the last hit before a quiet night is shipped too.
    """

    def __init__(
        self, directory: Path, rotate_seconds: float = ROTATE_SECONDS, rotate_bytes: int = ROTATE_BYTES
    ) -> None:
        self.directory = directory
        self._rotate_seconds = rotate_seconds
        self._rotate_bytes = rotate_bytes
        self._lock = threading.Lock()
        self._fd: int | None = None
        self._size = 0
        self._clock: threading.Thread | None = None
        self._closed = threading.Event()

    def append(self, line: bytes) -> None:
        """Write one line. When this returns, the hit outlives our process. OSError: it was not kept."""
        finished = None
        with self._lock:
            if self._fd is None:
                self._fd = self._begin()
            written = os.write(self._fd, line)
            self._size += written
            if written < len(line) or self._size >= self._rotate_bytes:
                finished = self._take()
        if finished is not None:
            _finish(finished)
        if written < len(line):
            # The disk is full. The torn line is the last of its segment, where every reader expects one.
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def rotate(self) -> None:
        """Finish the open segment, if there is one; the next hit begins another."""
        with self._lock:
            finished = self._take()
        if finished is not None:
            _finish(finished)

    def close(self) -> None:
        """Finish the open segment; when this returns, all segments are finished."""
        self._closed.set()
        if self._clock is not None:
            self._clock.join()
        self.rotate()

    def _begin(self) -> int:
        """A new segment, locked before it has its name, so that nobody takes it for a finished one."""
        name = uuid.uuid4().hex
        unnamed = self.directory / (name + NEW_ENDING)
        fd = os.open(unnamed, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            unnamed.rename(self.directory / (name + ENDING))
        except OSError:
            os.close(fd)
            raise
        if self._clock is None:
            self._clock = threading.Thread(target=self._rotate_for_ever, name="spool-rotation", daemon=True)
            self._clock.start()
        return fd

    def _take(self) -> int | None:
        fd, self._fd, self._size = self._fd, None, 0
        return fd

    def _rotate_for_ever(self) -> None:
        while not self._closed.wait(self._rotate_seconds):
            self.rotate()


def _finish(fd: int) -> None:
    """Force to disk and let go of the lock. An error here loses nothing that a killed process would keep."""
    with contextlib.suppress(OSError):
        os.fdatasync(fd)
    os.close(fd)


class FinishedSegment:
    """A segment nobody writes any more, locked by us until `release` or `delete`."""

    def __init__(self, path: Path, fd: int) -> None:
        self.path = path
        self.id = uuid.UUID(hex=path.stem)
        self.size = os.fstat(fd).st_size
        self.malformed = 0
        self._fd = fd

    def hits(self) -> Iterator[tuple[int, Hit]]:
        """(offset in bytes, hit) of every whole line; a torn last line was never answered and is left out."""
        self.malformed = 0
        offset = 0
        with open(self._fd, "rb", closefd=False) as lines:
            lines.seek(0)
            for line in lines:
                if line.endswith(b"\n"):
                    try:
                        yield offset, parse(line)
                    except MalformedLine:
                        self.malformed += 1
                offset += len(line)

    def delete(self) -> None:
        """Its hits are stored: away with it."""
        self.path.unlink(missing_ok=True)
        self.release()

    def set_aside(self) -> Path:
        """Keep it for a person to look at, out of the shipper's way."""
        aside = self.path.with_suffix(".bad")
        self.path.rename(aside)
        self.release()
        return aside

    def release(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def claim_finished(directory: Path, at_most_bytes: int = 4 * 1024 * 1024) -> list[FinishedSegment]:
    """Finished segments, oldest first, locked for us: one if there is any, more up to `at_most_bytes`."""
    claimed: list[FinishedSegment] = []
    total = 0
    for path in _oldest_first(directory):
        segment = _claim(path)
        if segment is None:
            continue
        if claimed and total + segment.size > at_most_bytes:
            segment.release()
            break
        claimed.append(segment)
        total += segment.size
    return claimed


def sweep_unnamed(directory: Path, older_than_seconds: float = 3600) -> None:
    """Remove the empty files of workers that died between making a segment and naming it."""
    for path in directory.glob("*" + NEW_ENDING):
        with contextlib.suppress(FileNotFoundError):
            stat = path.stat()
            if stat.st_size == 0 and time.time() - stat.st_mtime > older_than_seconds:
                path.unlink()


def _oldest_first(directory: Path) -> list[Path]:
    found: list[tuple[int, Path]] = []
    for path in directory.glob("*" + ENDING):
        if len(path.stem) == 32 and not set(path.stem) - set("0123456789abcdef"):
            with contextlib.suppress(FileNotFoundError):  # another shipper was quicker
                found.append((path.stat().st_mtime_ns, path))
    return [path for _, path in sorted(found)]


def _claim(path: Path) -> FinishedSegment | None:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:  # still being written, or another shipper has it
        os.close(fd)
        return None
    if os.fstat(fd).st_nlink == 0:  # another shipper stored and deleted it while we opened it
        os.close(fd)
        return None
    return FinishedSegment(path, fd)

"""Asks the process that lays out PDFs, starts it when there is none, and ends it when it takes too long."""

import atexit
import json
import os
import select
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

from django.utils.translation import gettext as _

from campaigns.pdf.frames import FRAME, LENGTH, MAX_PAGES

PROJECT = Path(__file__).resolve().parents[2]
MAX_HTML_BYTES = 4_000_000  # with the pictures in it
MAX_PDF_BYTES = 25_000_000
DEADLINE_SECONDS = 15.0
CHUNK = 64 * 1024


class PdfProblem(ValueError):
    """No PDF could be made. The text says why, for the sender."""


class _Ended(Exception):
    """The process ended in the middle."""


class Renderer:
    """One process that makes PDFs, one at a time. Safe to use from several threads, and after a fork."""

    def __init__(self, deadline_seconds: float = DEADLINE_SECONDS) -> None:
        self._deadline_seconds = deadline_seconds
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0

    def render(self, html: str, paper: str = "a4", title: str = "") -> bytes:
        """The PDF; the same for the same arguments, byte for byte. `paper` is "a4" or "letter". Raises PdfProblem."""
        job = json.dumps({"html": html.replace("\0", ""), "paper": paper, "title": title}).encode()
        if len(job) > MAX_HTML_BYTES:
            raise PdfProblem(_("The text of the PDF is too long, or its pictures are too large."))
        with self._lock:
            was_waiting = self._is_running()
            try:
                kind, content = self._asked(job)
            except _Ended:
                if not was_waiting:
                    raise PdfProblem(_took_too_much()) from None
                try:  # it may have gone for a rest just now
                    kind, content = self._asked(job)
                except _Ended:
                    raise PdfProblem(_took_too_much()) from None
        if kind != b"P":
            raise PdfProblem(_reason(content.decode()))
        return content

    @property
    def pid(self) -> int | None:
        """The process's id, while there is one."""
        return self._process.pid if self._process else None

    def close(self) -> None:
        """End the process; the next PDF starts another one."""
        process, self._process = self._process, None
        if process is None:
            return
        if self._owner == os.getpid():
            process.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        if self._owner == os.getpid():
            process.wait()
        else:
            process.returncode = 0  # after a fork: the parent's child, not ours

    def _is_running(self) -> bool:
        return self._process is not None and self._owner == os.getpid() and self._process.poll() is None

    def _asked(self, job: bytes) -> tuple[bytes, bytes]:
        if not self._is_running():
            self.close()
            self._start()
        deadline = time.monotonic() + self._deadline_seconds
        try:
            self._send(LENGTH.pack(len(job)) + job, deadline)
            kind, length = FRAME.unpack(self._received(FRAME.size, deadline))
            if length > MAX_PDF_BYTES:
                raise PdfProblem(_("The PDF becomes too large. Use smaller pictures."))
            return kind, self._received(length, deadline)
        except BaseException:
            self.close()  # what it still says would be taken for the next answer
            raise

    def _start(self) -> None:
        self._owner = os.getpid()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "campaigns.pdf.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=PROJECT,
            env={"PATH": os.defpath, "LANG": "C.UTF-8"},  # none of our secrets
        )

    def _send(self, content: bytes, deadline: float) -> None:
        assert self._process is not None  # noqa: S101  # for the type checker
        assert self._process.stdin is not None  # noqa: S101  # asked for by PIPE
        pipe, left = self._process.stdin.fileno(), memoryview(content)
        os.set_blocking(pipe, False)
        while left:
            self._wait([], [pipe], deadline)
            try:
                left = left[os.write(pipe, left) :]
            except BlockingIOError:
                continue
            except BrokenPipeError:
                raise _Ended from None

    def _received(self, count: int, deadline: float) -> bytes:
        assert self._process is not None  # noqa: S101  # for the type checker
        assert self._process.stdout is not None  # noqa: S101  # asked for by PIPE
        pipe, content = self._process.stdout.fileno(), bytearray()
        while len(content) < count:
            self._wait([pipe], [], deadline)
            block = os.read(pipe, min(CHUNK, count - len(content)))
            if not block:
                raise _Ended
            content += block
        return bytes(content)

    def _wait(self, reading: list[int], writing: list[int], deadline: float) -> None:
        left = deadline - time.monotonic()
        if left <= 0 or not any(select.select(reading, writing, [], left)):
            raise PdfProblem(_took_too_much())


def _took_too_much() -> str:
    return _("Making the PDF took too long or too much memory. Make its template simpler.")


def _reason(code: str) -> str:
    if code == "too_many_pages":
        return _("The PDF would have more than %(limit)d pages.") % {"limit": MAX_PAGES}
    if code == "blank":
        return _("The PDF would be blank.")
    return _("The PDF could not be laid out. Make its template simpler.")


RENDERER = Renderer()
"""One process for all PDFs of this process; it starts with the first one and ends when it has nothing to do."""

atexit.register(RENDERER.close)

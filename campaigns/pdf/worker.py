"""The process that lays out PDFs: ``python -m campaigns.pdf.worker``, started by ``renderer``.

Jobs come in on standard input, each as its length (4 bytes) and JSON: {"html", "paper", "title"}. For each goes out
one letter, the length of the rest (4 bytes), the rest:

    P  the PDF
    E  why there is none: too_many_pages, blank or not_laid_out

Before the first job it gives up the right to open anything, so no template can make it read a file or reach a
network, whatever the library tries. It ends when nobody has asked for IDLE_SECONDS, and with its parent.
"""

import io
import json
import os
import resource
import select
from typing import Any

import pymupdf

from campaigns.pdf.frames import FRAME, LENGTH, MAX_PAGES

library: Any = pymupdf  # its functions carry no types

JOB_CPU_SECONDS = 10
MEMORY_BYTES = 1024 * 1024 * 1024
IDLE_SECONDS = 60
MARGIN = 57  # points: 20 mm

STYLE = """
body { font-family: sans-serif; font-size: 11pt; line-height: 1.4; }
table { border-collapse: collapse; width: 100%; }
td, th { padding: 3pt 6pt; text-align: left; vertical-align: top; }
"""


class NotMade(Exception):
    """There is no PDF. The text is the reason's code."""


def main() -> None:
    for limit, value in ((resource.RLIMIT_AS, MEMORY_BYTES), (resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_CORE, 0)):
        _limit(limit, value)
    out = os.dup(1)
    os.dup2(2, 1)  # nothing a library prints may get between the frames
    library.TOOLS.mupdf_display_errors(False)
    library.TOOLS.mupdf_display_warnings(False)
    made("<p>Ready</p>", "a4", "")  # loads what is loaded at first use
    _limit(resource.RLIMIT_NOFILE, out + 1)  # from now on every open and every socket fails
    while (job := _next_job()) is not None:
        _bound_time()
        try:
            kind, content = b"P", made(job["html"], job["paper"], job["title"])
        except NotMade as reason:
            kind, content = b"E", str(reason).encode()
        except (RuntimeError, ValueError, MemoryError):  # the library's own errors are RuntimeErrors
            kind, content = b"E", b"not_laid_out"
        _write(out, FRAME.pack(kind, len(content)) + content)


def made(html: str, paper: str, title: str) -> bytes:
    """The PDF; the same for the same arguments, byte for byte. Raises NotMade."""
    pages = _laid_out(html, paper)
    with library.open("pdf", pages) as document:
        if not any(_shows_something(page) for page in document):
            raise NotMade("blank")
        document.subset_fonts()
        document.set_metadata({"title": title})
        result: bytes = document.tobytes(garbage=3, deflate=True, no_new_id=True)
    return result


def _laid_out(html: str, paper: str) -> bytes:
    """Without an archive there is nowhere to load anything from."""
    out = io.BytesIO()
    story = library.Story(html=html, user_css=STYLE, em=11)
    sheet = library.paper_rect(paper)
    inside = (MARGIN, MARGIN, sheet.width - MARGIN, sheet.height - MARGIN)
    writer = library.DocumentWriter(out)
    pages, more = 0, 1
    while more:
        if pages == MAX_PAGES:
            raise NotMade("too_many_pages")
        device = writer.begin_page(sheet)
        more, _filled = story.place(inside)
        story.draw(device)
        writer.end_page()
        pages += 1
    writer.close()
    return out.getvalue()


def _shows_something(page: Any) -> bool:
    return bool(page.get_text().strip() or page.get_images() or page.get_drawings())


def _limit(limit: int, value: int) -> None:
    hard = resource.getrlimit(limit)[1]
    allowed = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(limit, (allowed, allowed))


def _bound_time() -> None:
    """The kernel ends a job that takes too long, even if the parent is gone."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    soft = int(used.ru_utime + used.ru_stime) + 1 + JOB_CPU_SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))


def _next_job() -> dict[str, str] | None:
    if not select.select([0], [], [], IDLE_SECONDS)[0]:
        return None
    head = _read(LENGTH.size)
    content = _read(LENGTH.unpack(head)[0]) if head else b""
    if not content:
        return None
    job: dict[str, str] = json.loads(content)
    return job


def _read(count: int) -> bytes:
    """So many bytes from standard input; none when it has ended."""
    content = bytearray()
    while len(content) < count:
        block = os.read(0, count - len(content))
        if not block:
            return b""
        content += block
    return bytes(content)


def _write(out: int, content: bytes) -> None:
    left = memoryview(content)
    while left:
        left = left[os.write(out, left) :]


if __name__ == "__main__":
    main()

"""The public tracking endpoint: the pixel, tracked links and unsubscribing. A process of its own.

    python -m tracking.edge --port 8001 --spool DIR         TRACKING_KEYS in the environment

    GET /o/<message>.gif             the pixel
    GET /c/<message>/<link>          302 to the link's target
    GET /u/<message>/<link>          a page with a button; changes nothing
    POST /u/<message>/<link>         unsubscribes (also as one click: https://www.rfc-editor.org/rfc/rfc8058#section-3.2)
    GET /healthz

No Django, no database, no Redis: the tokens are signed and carry all that an answer needs, and each hit is a
line in the spool before it is answered. The visitor's address is neither read, kept nor logged. No cookies.
"""

import argparse
import errno
import logging
import os
import re
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

from granian import Granian
from granian.constants import Interfaces

from campaigns.tracked_links import read_link_token, read_message_token
from tracking import pages, spool

logger = logging.getLogger("tracking.edge")

Environ = dict[str, Any]
StartResponse = Callable[[str, list[tuple[str, str]]], Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]

PIXEL = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c000000000100010000020144003b")
BLOCKING_THREADS = 8
LONGEST_PATH = 16 * 1024  # no link of ours is longer; the spool line stays small

_COMMON_HEADERS = [
    ("Cache-Control", "no-store"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
]
_PIXEL_HEADERS = [("Content-Type", "image/gif"), ("Content-Length", str(len(PIXEL))), *_COMMON_HEADERS]
_REDIRECT_HEADERS = [("Content-Length", "0"), ("X-Robots-Tag", "noindex"), *_COMMON_HEADERS]
_TEXT_HEADERS = [("Content-Type", "text/plain; charset=utf-8"), *_COMMON_HEADERS]
_PLAIN_URL = re.compile(r"https?://[!-~]+", re.IGNORECASE)


class Edge:
    """The WSGI callable, over the keys that sign our tokens and a spool to write hits to."""

    def __init__(self, keys: Sequence[bytes], writer: spool.SegmentWriter) -> None:
        self._keys = keys
        self._writer = writer

    def __call__(self, environ: Environ, start_response: StartResponse) -> list[bytes]:
        path: str = environ["PATH_INFO"]
        if len(path) <= LONGEST_PATH:
            match path.split("/"):
                case ["", "o", name] if name.endswith(".gif"):
                    return self._open(name[:-4], environ, start_response)
                case ["", "c", message, link]:
                    return self._click(message, link, environ, start_response)
                case ["", "u", message, link]:
                    return self._unsubscribe(message, link, environ, start_response)
                case ["", "healthz"]:
                    return self._health(start_response)
        return _answer(pages.not_found(_language(environ)), start_response)

    def _open(self, token: str, environ: Environ, start_response: StartResponse) -> list[bytes]:
        message = read_message_token(self._keys, token)
        if message is None:
            return _answer(pages.not_found(_language(environ)), start_response)
        if environ["REQUEST_METHOD"] not in {"GET", "HEAD"}:
            return _refuse_method("GET, HEAD", environ, start_response)
        if not self._record(spool.Kind.OPEN, message, None, environ, None):
            return _answer(pages.unavailable(_language(environ)), start_response)
        start_response("200 OK", _PIXEL_HEADERS)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [PIXEL]

    def _click(self, token: str, link: str, environ: Environ, start_response: StartResponse) -> list[bytes]:
        found = self._read_tokens(token, link)
        location = None if found is None else ascii_url(found[2])
        if found is None or location is None:
            return _answer(pages.not_found(_language(environ)), start_response)
        if environ["REQUEST_METHOD"] not in {"GET", "HEAD"}:
            return _refuse_method("GET, HEAD", environ, start_response)
        message, number, target = found
        # A reader who clicked gets there, even when our disk is full and the click is lost.
        self._record(spool.Kind.CLICK, message, number, environ, target)
        start_response("302 Found", [("Location", location), *_REDIRECT_HEADERS])
        return []

    def _unsubscribe(self, token: str, link: str, environ: Environ, start_response: StartResponse) -> list[bytes]:
        found = self._read_tokens(token, link)
        language = _language(environ)
        if found is None:
            return _answer(pages.not_found(language), start_response)
        message, number, sender = found
        method = environ["REQUEST_METHOD"]
        if method in {"GET", "HEAD"}:  # scanners follow every link: looking must change nothing
            return _answer(pages.unsubscribe(language, sender), start_response, bodiless=method == "HEAD")
        if method != "POST":
            return _refuse_method("GET, HEAD, POST", environ, start_response)
        if not self._record(spool.Kind.UNSUBSCRIBE, message, number, environ, None):
            return _answer(pages.not_unsubscribed(language), start_response)
        return _answer(pages.unsubscribed(language, sender), start_response)

    def _health(self, start_response: StartResponse) -> list[bytes]:
        if os.access(self._writer.directory, os.W_OK):
            start_response("200 OK", _TEXT_HEADERS)
            return [b"ok\n"]
        start_response("503 Service Unavailable", _TEXT_HEADERS)
        return [b"the spool directory is missing or cannot be written\n"]

    def _read_tokens(self, token: str, link: str) -> tuple[tuple[int, int], int, str] | None:
        """((campaign id, message id), link number, target), if both tokens are ours and of one campaign."""
        message = read_message_token(self._keys, token)
        if message is None:
            return None
        found = read_link_token(self._keys, link)
        if found is None or found[0] != message[0]:
            return None
        return message, found[1], found[2]

    def _record(
        self,
        kind: spool.Kind,
        message: tuple[int, int],
        link: int | None,
        environ: Environ,
        target: str | None,
    ) -> bool:
        """Write the hit to the spool; True if it is kept. The log gets the error, nothing of the hit."""
        at = time.time_ns() // 1000
        agent = environ.get("HTTP_USER_AGENT", "")
        line = spool.encode(kind, at, *message, link, environ["REQUEST_METHOD"], agent, target)
        try:
            self._writer.append(line)
        except OSError as error:
            logger.error("A hit could not be written to the spool: %s", error.strerror)
            return False
        return True


def ascii_url(target: str) -> str | None:
    """The target as a Location header may carry it, or None if it is not a web address.

    ASCII passes untouched; an IRI becomes a URI (host as IDNA, the rest percent-encoded):
    https://www.rfc-editor.org/rfc/rfc3987#section-3.1
    """
    if _PLAIN_URL.fullmatch(target):
        return target
    try:
        parts = urlsplit(target)
        host = parts.hostname or ""
        netloc = parts.netloc if host.isascii() else host.encode("idna").decode() + _port(parts.port)
        # `%` is safe: what is encoded already stays as it is.
        safe = "!#$%&'()*+,/:;=?@[]~"
        netloc, path, query, fragment = (quote(part, safe=safe) for part in (netloc, *parts[2:]))
    except ValueError:  # also what no UTF-8 can carry
        return None
    location = urlunsplit((parts.scheme, netloc, path, query, fragment))
    return location if host and _PLAIN_URL.fullmatch(location) else None


def _port(number: int | None) -> str:
    return "" if number is None else f":{number}"


def _language(environ: Environ) -> str:
    return pages.preferred_language(environ.get("HTTP_ACCEPT_LANGUAGE", ""))


def _answer(
    page: pages.Page, start_response: StartResponse, *extra: tuple[str, str], bodiless: bool = False
) -> list[bytes]:
    headers = [
        ("Content-Type", "text/html; charset=utf-8"),
        ("Content-Length", str(len(page.html))),
        ("Content-Language", page.language),
        ("Vary", "Accept-Language"),
        ("Content-Security-Policy", pages.CONTENT_SECURITY_POLICY),
        *_COMMON_HEADERS,
        *extra,
    ]
    start_response(page.status, headers)
    return [] if bodiless else [page.html]


def _refuse_method(allowed: str, environ: Environ, start_response: StartResponse) -> list[bytes]:
    return _answer(pages.not_allowed(_language(environ)), start_response, ("Allow", allowed))


def keys_from(text: str) -> list[bytes]:
    """The keys of TRACKING_KEYS: hexadecimal, at least 16 bytes each, parted by commas. Raises ValueError."""
    keys = [bytes.fromhex(key) for key in text.split(",") if key.strip()]
    if not keys or min(map(len, keys)) < 16:
        raise ValueError("every key must have at least 16 bytes")
    return keys


@cache
def _edge() -> Edge:
    """The edge of this process, from TRACKING_KEYS and SPOOL_DIR."""
    directory = Path(os.environ["SPOOL_DIR"])
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Edge(keys_from(os.environ.get("TRACKING_KEYS", "")), spool.SegmentWriter(directory))


def application(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """The WSGI entry for any server: SPOOL_DIR and TRACKING_KEYS come from the environment."""
    return _edge()(environ, start_response)


def _worker() -> Application:
    """What granian loads in each worker: the edge, which ends with the process that started it."""
    threading.Thread(target=_leave_with, args=(os.getppid(),), daemon=True).start()
    return _edge()


def _leave_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os.kill(os.getpid(), signal.SIGTERM)


def _is_taken(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error.errno == errno.EADDRINUSE
    return False


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser("python -m tracking.edge", description="The public tracking endpoint.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=int(os.environ.get("TRACKING_PORT", "8001")))
    parser.add_argument("--spool", type=Path, default=Path(os.environ.get("SPOOL_DIR", ".demo/spool")))
    parser.add_argument("--workers", type=int, default=1, help="processes; one per core")
    options = parser.parse_args(arguments)
    os.environ["SPOOL_DIR"] = str(options.spool.resolve())
    try:
        _edge()  # fail here and now, not in a worker
    except ValueError as error:
        parser.error(f"TRACKING_KEYS must be hexadecimal keys, parted by commas ({error}). See .env.example.")
    except OSError as error:
        parser.error(f"The spool directory {options.spool} cannot be made: {error.strerror}.")
    if _is_taken(options.host, options.port):
        parser.error(f"Port {options.port} is taken. Stop what uses it, or choose another with --port.")
    server = Granian(
        "tracking.edge:_worker",
        factory=True,
        address=options.host,
        port=options.port,
        interface=Interfaces.WSGI,
        workers=options.workers,
        blocking_threads=BLOCKING_THREADS,
        respawn_failed_workers=True,
        websockets=False,
        log_access=False,  # its lines would hold addresses and tokens
    )
    server.serve()


if __name__ == "__main__":
    main()

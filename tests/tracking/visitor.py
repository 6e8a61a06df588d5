"""Somebody who opens, clicks and unsubscribes, against the edge in this process and a spool of its own."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from campaigns.tracked_links import UNSUBSCRIBE_NUMBER, link_token, message_token
from tracking.edge import Edge
from tracking.spool import Hit, SegmentWriter, claim_finished

KEYS = [bytes.fromhex("00112233445566778899aabbccddeeff")]
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
ANA = "Ana Albrecht <ana@contoso.example>"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass
class Visitor:
    """Asks the edge for things; `hits` is what it left in the spool."""

    directory: Path
    keys: Sequence[bytes] = field(default_factory=lambda: KEYS)

    def __post_init__(self) -> None:
        self.writer = SegmentWriter(self.directory, rotate_seconds=3600)
        self.edge = Edge(self.keys, self.writer)

    def ask(self, method: str, path: str, **headers: str) -> Answer:
        environ = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "QUERY_STRING": "",
            "REMOTE_ADDR": "203.0.113.77",
            "HTTP_X_FORWARDED_FOR": "198.51.100.23",
            "HTTP_USER_AGENT": FIREFOX,
            **headers,
        }
        answers: list[tuple[str, list[tuple[str, str]]]] = []
        body = b"".join(self.edge(environ, lambda status, fields: answers.append((status, fields))))
        ((status, fields),) = answers
        return Answer(int(status.split()[0]), dict(fields), body)

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, **headers)

    def post(self, path: str, **headers: str) -> Answer:
        return self.ask("POST", path, **headers)

    def hits(self) -> list[Hit]:
        self.writer.rotate()
        segments = claim_finished(self.directory)
        found = [hit for segment in segments for _offset, hit in segment.hits()]
        for segment in segments:
            segment.release()
        return found

    def spooled(self) -> bytes:
        """All bytes on disk, file names included."""
        self.writer.rotate()
        return b"".join(path.name.encode() + path.read_bytes() for path in self.directory.iterdir())


def pixel(campaign: int = 7, message: int = 12, keys: Sequence[bytes] = KEYS) -> str:
    return f"/o/{message_token(keys, campaign, message)}.gif"


def link(target: str, campaign: int = 7, message: int = 12, number: int = 3, keys: Sequence[bytes] = KEYS) -> str:
    return f"/c/{message_token(keys, campaign, message)}/{link_token(keys, campaign, number, target)}"


def way_out(campaign: int = 7, message: int = 12, sender: str = ANA) -> str:
    label = link_token(KEYS, campaign, UNSUBSCRIBE_NUMBER, sender)
    return f"/u/{message_token(KEYS, campaign, message)}/{label}"

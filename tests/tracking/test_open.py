"""The pixel."""

import errno
import os
import time

import pytest

from campaigns.tracked_links import message_token
from tests.tracking.visitor import FIREFOX, KEYS, Visitor, pixel
from tracking.edge import PIXEL
from tracking.spool import Kind


def test_the_pixel_is_a_gif_that_nobody_caches(visitor: Visitor) -> None:
    answer = visitor.get(pixel())
    assert answer.status == 200
    assert answer.body == PIXEL
    assert answer.body.startswith(b"GIF89a\x01\x00\x01\x00")
    assert answer.headers["Content-Type"] == "image/gif"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "Set-Cookie" not in answer.headers


def test_an_open_is_in_the_spool_with_message_time_and_program(visitor: Visitor) -> None:
    before = time.time_ns() // 1000
    visitor.get(pixel(campaign=7, message=12))
    (hit,) = visitor.hits()
    assert (hit.kind, hit.campaign_id, hit.message_id) == (Kind.OPEN, 7, 12)
    assert (hit.link_number, hit.target) == (None, None)
    assert (hit.method, hit.user_agent) == ("GET", FIREFOX)
    assert before <= hit.at <= time.time_ns() // 1000


def test_head_is_recorded_as_head_and_has_no_body(visitor: Visitor) -> None:
    answer = visitor.ask("HEAD", pixel())
    assert (answer.status, answer.body) == (200, b"")
    assert [hit.method for hit in visitor.hits()] == ["HEAD"]


def test_no_address_of_the_visitor_is_kept(visitor: Visitor, caplog: pytest.LogCaptureFixture) -> None:
    visitor.get(pixel())
    assert b"203.0.113.77" not in visitor.spooled()
    assert b"198.51.100.23" not in visitor.spooled()
    assert not caplog.records


@pytest.mark.parametrize(
    "agent",
    ["a\tb\nc\rd", "\x00\x1b[2J", "x" * 4000, "Mozilla/5.0 \xe4\xf6\xfc", "o\t1\t1\t1\t-\tGET\tx\t-\n"],
)
def test_a_hostile_user_agent_stays_within_its_field(visitor: Visitor, agent: str) -> None:
    visitor.get(pixel(), HTTP_USER_AGENT=agent)
    (hit,) = visitor.hits()
    assert len(hit.user_agent) <= 400
    assert not set(hit.user_agent) & set("\t\n\r\x00\x1b")


@pytest.mark.parametrize("flip", range(0, 38, 3))
def test_a_tampered_token_gets_a_plain_404_and_nothing_is_recorded(visitor: Visitor, flip: int) -> None:
    token = message_token(KEYS, 7, 12)
    wrong = token[:flip] + ("A" if token[flip] != "A" else "B") + token[flip + 1 :]
    answer = visitor.get(f"/o/{wrong}.gif")
    assert answer.status == 404
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert visitor.hits() == []


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "",
        "/o/",
        "/o/.gif",
        "/o/a/b.gif",
        "/c/x",
        "/u/x",
        "/admin/",
        "/o/" + "A" * 100_000 + ".gif",
        "/%00",
    ],
)
def test_any_other_path_is_a_404(visitor: Visitor, path: str) -> None:
    assert visitor.get(path).status == 404
    assert visitor.hits() == []


def test_a_token_of_a_retired_key_still_counts(tmp_path: object, visitor: Visitor) -> None:
    old, new = b"o" * 16, b"n" * 16
    rotated = Visitor(visitor.directory, [new, old])
    assert rotated.get(pixel(keys=[old])).status == 200
    assert rotated.get(pixel(keys=[b"s" * 16])).status == 404
    assert len(rotated.hits()) == 1
    rotated.writer.close()


def test_other_methods_are_refused_and_not_recorded(visitor: Visitor) -> None:
    answer = visitor.post(pixel())
    assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD")
    assert visitor.hits() == []


def test_a_full_disk_is_a_503_and_the_log_tells_nothing_of_the_hit(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(fd: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        answer = visitor.get(pixel(message=4711))
    assert answer.status == 503
    assert caplog.messages == ["A hit could not be written to the spool: No space left on device"]
    assert visitor.hits() == []

"""The spool's files."""

import fcntl
import os
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking.spool import (
    Hit,
    Kind,
    MalformedLine,
    SegmentWriter,
    claim_finished,
    encode,
    parse,
    sweep_unnamed,
)

LINE = encode("o", 1_790_000_000_000_000, 7, 12, None, "GET", "Mozilla/5.0 (X11)", None)


def finished(directory: Path) -> list[Hit]:
    segments = claim_finished(directory)
    hits = [hit for segment in segments for _offset, hit in segment.hits()]
    for segment in segments:
        segment.release()
    return hits


@given(
    kind=st.sampled_from(list(Kind)),
    ids=st.tuples(st.integers(0, 2**63 - 1), st.integers(0, 2**63 - 1)),
    number=st.none() | st.integers(0, 65535),
    agent=st.text(),
    target=st.none() | st.text(min_size=1).map("https://x.example/".__add__),
)
def test_a_hit_survives_the_line_and_is_one_line(
    kind: Kind, ids: tuple[int, int], number: int | None, agent: str, target: str | None
) -> None:
    line = encode(kind, 1_790_000_000_123_456, *ids, number, "GET", agent, target)
    assert line.count(b"\n") == 1
    hit = parse(line)
    assert (hit.kind, hit.at, hit.campaign_id, hit.message_id) == (kind, 1_790_000_000_123_456, *ids)
    assert (hit.link_number, hit.method, hit.target is None) == (number, "GET", target is None)
    if agent.isprintable():
        assert hit.user_agent == agent[:400]


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\n",
        b"o\t1\t2\n",
        LINE + LINE,
        LINE.replace(b"o\t", b"x\t", 1),
        LINE.replace(b"\t7\t", b"\t99999999999999999999\t"),
        LINE.replace(b"\t7\t", b"\t-7\t"),
        LINE.replace(b"\t-\tGET", b"\t70000\tGET"),
        LINE.replace(b"1790000000000000", b"99999999999999999"),
        LINE.replace(b"X11", b"\xff"),
        LINE.replace(b"X11", b"\x00"),
    ],
)
def test_a_line_no_edge_wrote_is_malformed(line: bytes) -> None:
    with pytest.raises(MalformedLine):
        parse(line)


def test_a_segment_being_written_is_left_alone_until_it_is_rotated(tmp_path: Path) -> None:
    writer = SegmentWriter(tmp_path, rotate_seconds=3600)
    writer.append(LINE)
    assert finished(tmp_path) == []
    writer.rotate()
    assert finished(tmp_path) == [parse(LINE)]
    writer.close()


def test_a_quiet_writer_rotates_by_itself_and_leaves_no_empty_segments(tmp_path: Path) -> None:
    writer = SegmentWriter(tmp_path, rotate_seconds=0.05)
    writer.append(LINE)
    deadline = time.monotonic() + 5
    while not finished(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.2)
    assert len(list(tmp_path.iterdir())) == 1
    writer.close()


def test_a_large_segment_is_finished_early(tmp_path: Path) -> None:
    writer = SegmentWriter(tmp_path, rotate_seconds=3600, rotate_bytes=3 * len(LINE))
    for _ in range(7):
        writer.append(LINE)
    assert len(finished(tmp_path)) == 6
    writer.close()


def test_a_torn_last_line_is_ignored_and_malformed_lines_are_counted(tmp_path: Path) -> None:
    path = tmp_path / ("0" * 32 + ".hits")
    path.write_bytes(LINE + b"garbage\n" + LINE + LINE[:20])
    (segment,) = claim_finished(tmp_path)
    assert [offset for offset, _hit in segment.hits()] == [0, len(LINE) + len(b"garbage\n")]
    assert segment.malformed == 1
    segment.release()


def test_a_short_write_is_an_error_and_ends_the_segment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = SegmentWriter(tmp_path, rotate_seconds=3600)
    writer.append(LINE)
    whole = os.write
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", lambda fd, data: whole(fd, data[:10]))
        with pytest.raises(OSError, match="No space"):
            writer.append(LINE)
    writer.append(LINE)
    writer.close()
    assert finished(tmp_path) == [parse(LINE), parse(LINE)]


def test_threads_share_a_writer_while_it_rotates_and_no_line_is_lost(tmp_path: Path) -> None:
    writer = SegmentWriter(tmp_path, rotate_seconds=0.002)

    def write(number: int) -> None:
        for one in range(500):
            writer.append(encode("o", 1, number, one, None, "GET", "x" * 300, None))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    writer.close()
    hits = finished(tmp_path)
    assert sorted((hit.campaign_id, hit.message_id) for hit in hits) == [(n, o) for n in range(8) for o in range(500)]


def test_a_claimed_segment_is_nobody_elses(tmp_path: Path) -> None:
    writer = SegmentWriter(tmp_path)
    writer.append(LINE)
    writer.close()
    (mine,) = claim_finished(tmp_path)
    assert claim_finished(tmp_path) == []
    mine.release()
    (again,) = claim_finished(tmp_path)
    again.delete()
    assert list(tmp_path.iterdir()) == []


def test_segments_come_oldest_first_and_within_the_limit(tmp_path: Path) -> None:
    for number in range(4):
        path = tmp_path / f"{number:032x}.hits"
        path.write_bytes(LINE)
        os.utime(path, (1000 - number, 1000 - number))
    segments = claim_finished(tmp_path, at_most_bytes=2 * len(LINE))
    assert [segment.id.int for segment in segments] == [3, 2]
    for segment in segments:
        segment.release()
    assert len(claim_finished(tmp_path, at_most_bytes=0)) == 1


def test_other_files_in_the_directory_are_left_alone(tmp_path: Path) -> None:
    for name in ("notes.txt", "short.hits", "0" * 32 + ".new", "0" * 32 + ".bad"):
        (tmp_path / name).write_bytes(LINE)
    assert claim_finished(tmp_path) == []


def test_a_segment_has_its_name_only_when_it_is_locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[str]] = []
    lock = fcntl.flock

    def look_then_lock(fd: int, how: int) -> None:
        seen.append([path.suffix for path in tmp_path.iterdir()])
        lock(fd, how)

    writer = SegmentWriter(tmp_path, rotate_seconds=3600)
    with monkeypatch.context() as patch:
        patch.setattr(fcntl, "flock", look_then_lock)
        writer.append(LINE)
    assert seen == [[".new"]]
    assert [path.suffix for path in tmp_path.iterdir()] == [".hits"]
    writer.close()


def test_what_a_dead_worker_left_unnamed_is_swept(tmp_path: Path) -> None:
    for name, content in (("a.new", b""), ("b.new", LINE)):
        (tmp_path / name).write_bytes(content)
        os.utime(tmp_path / name, (0, 0))
    (tmp_path / "c.new").touch()
    sweep_unnamed(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.new", "c.new"]

"""From the spool into PostgreSQL."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import OperationalError, connection, connections

from campaigns.models import Message, Recipient, Suppression
from tests.tracking.mailing import LATER, SENT, line, mailing, messages_of, spool
from tests.tracking.visitor import FIREFOX, Visitor, link, pixel, way_out
from tracking import shipper as shipper_module
from tracking.models import Click, Open, Unsubscribe
from tracking.shipper import Shipper
from tracking.spool import claim_finished

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "spool"


@contextmanager
def postgresql_away() -> Iterator[None]:
    """Nobody answers at the database's address."""
    settings = connections.databases["default"]
    before = {name: settings[name] for name in ("HOST", "PORT")}
    connection.close()
    settings.update(HOST="127.0.0.1", PORT="1")
    try:
        yield
    finally:
        settings.update(before)


def wait_until_empty(directory: Path, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while list(directory.iterdir()):
        assert time.monotonic() < deadline, "segments were left in the spool"
        time.sleep(0.02)


def test_what_the_edge_wrote_is_stored_and_noted_on_the_message(visitor: Visitor) -> None:
    campaign = mailing()
    first, second, third = messages_of(campaign)
    visitor.get(pixel(campaign.pk, first.pk))
    visitor.get(link("https://fabrikam.example/Käse?a=1&b=2", campaign.pk, second.pk, number=4))
    visitor.post(way_out(campaign.pk, third.pk))
    visitor.writer.rotate()

    shipped = Shipper(visitor.directory).ship()

    assert (shipped.segments, shipped.stored, shipped.known, shipped.dropped) == (1, 3, 0, 0)
    opened, clicked, left = Open.objects.get(), Click.objects.get(), Unsubscribe.objects.get()
    assert (opened.message_id, opened.method, opened.user_agent) == (first.pk, "GET", FIREFOX)
    assert (clicked.message_id, clicked.link_number) == (second.pk, 4)
    assert clicked.target == "https://fabrikam.example/Käse?a=1&b=2"
    assert left.message_id == third.pk
    first, second, third = messages_of(campaign)
    assert (first.opened_at, first.clicked_at) == (opened.at, None)
    assert (second.opened_at, second.clicked_at) == (None, clicked.at)
    assert third.unsubscribed_at == left.at
    assert Suppression.objects.get().address == "guest4@fabrikam.example"
    assert list(visitor.directory.iterdir()) == []


def test_an_unsubscribe_from_an_endless_cell_holds_up_nobody_elses(directory: Path) -> None:
    campaign = mailing()
    one, two, _three = messages_of(campaign)
    Recipient.objects.filter(pk=one.recipient_id).update(address="a@fabrikam.example " * 100)
    spool(directory, [line("u", one, method="POST"), line("u", two, method="POST")])

    assert Shipper(directory).ship().stored == 2

    assert list(directory.iterdir()) == []
    assert Suppression.objects.filter(address="guest3@fabrikam.example").exists()


def test_a_segment_shipped_twice_is_stored_once(directory: Path) -> None:
    """Killed between the commit and the deletion: the file is still there."""
    campaign = mailing()
    one, two, three = messages_of(campaign)
    spool(directory, [line("o", one), line("c", two), line("u", three, method="POST"), line("o", one)])
    (path,) = directory.iterdir()
    content = path.read_bytes()
    assert Shipper(directory).ship().stored == 4
    path.write_bytes(content)
    again = Shipper(directory).ship()
    assert (again.stored, again.known) == (0, 4)
    assert (Open.objects.count(), Click.objects.count(), Unsubscribe.objects.count()) == (2, 1, 1)
    assert list(directory.iterdir()) == []


def test_a_failed_batch_leaves_the_segments_and_stores_nothing(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (message,) = messages_of(mailing(1))
    spool(directory, [line("o", message)])

    def break_off(*words: object) -> None:
        raise OperationalError("the connection was lost")

    with monkeypatch.context() as patch:
        patch.setattr(shipper_module, "note_first", break_off)
        with pytest.raises(OperationalError):
            Shipper(directory).ship()
    assert Open.objects.count() == 0
    assert Shipper(directory).ship().stored == 1


def test_two_shippers_at_once_store_every_hit_once(directory: Path) -> None:
    messages = messages_of(mailing(20))
    for number in range(40):
        spool(directory, [line("o", message, LATER + number) for message in messages])
        spool(directory, [line("c", message, LATER + 60 * number) for message in messages])
    totals = []

    def ship_all() -> None:
        try:
            while (shipped := Shipper(directory).ship()).segments or claim_and_release(directory):
                totals.append(shipped.stored)
        finally:
            connection.close()

    threads = [threading.Thread(target=ship_all) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(totals) == 1600
    assert (Open.objects.count(), Click.objects.count()) == (800, 800)
    assert list(directory.iterdir()) == []


def claim_and_release(directory: Path) -> bool:
    segments = claim_finished(directory, at_most_bytes=0)
    for segment in segments:
        segment.release()
    return bool(segments)


def test_while_postgresql_is_away_hits_wait_on_disk_and_are_shipped_after(
    directory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (message,) = messages_of(mailing(1))
    spool(directory, [line("o", message)])
    stop = threading.Event()

    def ship() -> None:
        try:
            Shipper(directory, pause_seconds=0.05).run(stop)
        finally:
            connection.close()

    thread = threading.Thread(target=ship)
    with postgresql_away():
        thread.start()
        time.sleep(0.6)
        assert len(list(directory.iterdir())) == 1
    wait_until_empty(directory)
    stop.set()
    thread.join()
    assert Open.objects.count() == 1
    assert [record.levelname for record in caplog.records] == ["WARNING"]  # once, not at each try


def test_hits_of_a_deleted_campaign_of_tests_and_of_a_wrong_campaign_are_dropped(directory: Path) -> None:
    campaign = mailing(4)
    gone, test, wrong, good = messages_of(campaign)
    Message.objects.filter(pk=test.pk).update(is_test=True)
    lines = [line(kind, one) for kind in "ocu" for one in (gone, test, good)]
    spool(directory, [*lines, line("o", wrong, campaign_id=campaign.pk + 1)])
    gone.delete()
    shipped = Shipper(directory).ship()
    assert (shipped.stored, shipped.dropped) == (3, 7)
    assert [hit.message_id for hit in (Open.objects.get(), Click.objects.get())] == [good.pk, good.pk]
    assert Suppression.objects.count() == 1
    assert list(directory.iterdir()) == []


def test_a_torn_or_malformed_line_does_not_hold_up_the_others(
    directory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (message,) = messages_of(mailing(1))
    spool(directory, [line("o", message), b"not ours\n", line("o", message), line("o", message)[:15]])
    shipped = Shipper(directory).ship()
    assert (shipped.stored, shipped.malformed) == (2, 1)
    assert caplog.messages == ["1 lines of the spool were malformed and left out"]


def test_a_segment_postgresql_refuses_is_kept_aside_and_the_others_are_stored(
    directory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    good, bad = messages_of(mailing(2))
    spool(directory, [line("o", good)])
    spool(directory, [line("o", bad, method="TOO-LONG-FOR-ITS-COLUMN")])
    spool(directory, [line("c", good)])
    shipped = Shipper(directory).ship()
    assert (shipped.segments, shipped.stored) == (2, 2)
    assert [path.suffix for path in directory.iterdir()] == [".bad"]
    assert len(caplog.records) == 1


def test_the_first_hit_that_is_not_a_machines_is_the_fact(directory: Path) -> None:
    (message,) = messages_of(mailing(1))
    spool(
        directory,
        [line("o", message, 100, agent="Mozilla/5.0"), line("o", message, 300), line("o", message, 200)],
    )
    spool(directory, [line("c", message, 400, method="HEAD"), line("c", message, 500)])
    Shipper(directory).ship()
    message.refresh_from_db()
    assert message.opened_at == SENT + timedelta(seconds=200)
    assert message.clicked_at == SENT + timedelta(seconds=500)
    spool(directory, [line("o", message, 150), line("c", message, 900)])  # one came late, through another worker
    Shipper(directory).ship()
    message.refresh_from_db()
    assert message.opened_at == SENT + timedelta(seconds=150)
    assert message.clicked_at == SENT + timedelta(seconds=500)


def test_only_machines_leave_no_fact(directory: Path) -> None:
    (message,) = messages_of(mailing(1))
    spool(directory, [line("o", message, agent="Mozilla/5.0"), line("c", message, agent="")])
    assert Shipper(directory).ship().stored == 2
    message.refresh_from_db()
    assert (message.opened_at, message.clicked_at) == (None, None)


def test_a_scanner_is_found_out_by_its_third_link_even_in_a_later_batch(directory: Path) -> None:
    (message,) = messages_of(mailing(1))

    def clicked_after(*lines: bytes) -> datetime | None:
        spool(directory, lines)
        Shipper(directory).ship()
        return Message.objects.get(pk=message.pk).clicked_at

    two = [line("c", message, LATER, link=0), line("c", message, LATER + 3, link=1)]
    assert clicked_after(*two) == SENT + timedelta(seconds=LATER)
    assert clicked_after(line("c", message, LATER + 6, link=2)) is None
    assert set(Click.objects.values_list("verdict", "reason")) == {("machine", "all links")}
    person = line("c", message, LATER + 600, link=1)
    assert clicked_after(person) == SENT + timedelta(seconds=LATER + 600)


def test_a_click_right_after_the_images_is_a_person(directory: Path) -> None:
    reader, scanner = messages_of(mailing(2))
    spool(directory, [line("o", reader, 20), line("c", reader, 30), line("c", scanner, 30)])
    Shipper(directory).ship()
    assert Click.objects.get(message=reader).verdict == "human"
    assert Click.objects.get(message=scanner).verdict == "unknown"


def test_the_command_ships_what_is_there_and_ends(directory: Path) -> None:
    (message,) = messages_of(mailing(1))
    spool(directory, [line("o", message)])
    call_command("ship_hits", "--once", "--spool", str(directory))
    assert Open.objects.count() == 1

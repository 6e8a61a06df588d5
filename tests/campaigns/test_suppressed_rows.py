"""Rows to addresses that must not be mailed: at the launch, on the pages, and with several addresses in a cell."""

import pytest
from django.conf import LazySettings
from django.test import Client

from campaigns.addresses import addresses_in
from campaigns.models import Campaign, Message, Suppression
from campaigns.models.suppression import fingerprint
from tests.people import People, make_campaign

GONE = "gone@northwind.example"
ROWS = (
    ("Alone", "Gone@northwind.example", ""),
    ("Named", f"Doe, Jane <{GONE}>", ""),
    ("Both", f"{GONE}; zoe@northwind.example", ""),
    ("Other", "zoe@northwind.example", ""),
)


def campaign_of(people: People) -> Campaign:
    return make_campaign(people.ana, rows=ROWS)


def suppress(people: People, *addresses: str) -> None:
    assert people.ana.workspace is not None
    Suppression.objects.add(people.ana.workspace, addresses, Suppression.Reason.BY_HAND)


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("Ana@X.example", ["ana@x.example"]),
        ("a@x.example; B <b@x.example>", ["a@x.example", "b@x.example"]),
        (" Nonsense ", ["nonsense"]),
        ("", []),
    ],
)
def test_the_addresses_in_a_cell(cell: str, found: list[str]) -> None:
    assert addresses_in(cell) == found


def test_a_launch_holds_back_the_rows_that_nobody_may_get(people: People) -> None:
    campaign = campaign_of(people)
    suppress(people, GONE)

    campaign.launch(people.ana, people.ana.mailbox)

    held_back = campaign.messages.filter(status=Message.Status.SUPPRESSED)
    assert list(held_back.order_by("pk").values_list("recipient__row_number", flat=True)) == [2, 3]


def test_the_pages_say_who_gets_nothing_and_who_gets_it_alone(people: People, ana: Client) -> None:
    campaign = campaign_of(people)
    suppress(people, GONE)

    rows = ana.get(f"/campaigns/{campaign.pk}/data/", {"show": "suppressed"}).context["rows"]
    assert {one.number: one.problem_text for one in rows} == {
        2: "This address must not be mailed; it gets nothing.",
        3: "This address must not be mailed; it gets nothing.",
        4: "The mail goes to zoe@northwind.example only: the rest must not be mailed.",
    }
    shown = ana.get(f"/campaigns/{campaign.pk}/send/").context
    assert shown["forecast"].count == 2
    assert [one["rows"] for one in shown["left_out"]] == [2]


def test_who_unsubscribes_from_a_mail_to_several_suppresses_each_of_them(people: People) -> None:
    campaign = make_campaign(people.ana, rows=ROWS, status="finished")
    message = campaign.messages.get(recipient__row_number=4)

    Suppression.objects.suppress_messages([message.pk], message.created_at)

    assert set(Suppression.objects.values_list("address", flat=True)) == {GONE, "zoe@northwind.example"}


def test_a_cell_longer_than_any_address_is_suppressed_too(people: People) -> None:
    endless = "x" * 1000

    suppress(people, endless)

    suppression = Suppression.objects.get()
    assert suppression.address == "x" * 320
    assert people.ana.workspace_id is not None
    assert Suppression.objects.among(people.ana.workspace_id, [endless, "x" * 320]) == {endless}


def test_a_new_secret_key_lifts_no_suppression(settings: LazySettings) -> None:
    before = fingerprint(GONE)
    settings.SECRET_KEY = "another " * 10
    assert fingerprint(GONE) == before
    settings.SUPPRESSION_KEY = "another " * 10
    assert fingerprint(GONE) != before

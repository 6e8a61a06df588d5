"""Test mails: real data, to oneself or typed addresses, counted nowhere."""

import pytest
from django.test import Client

from accounts.models import Mailbox
from campaigns import desk
from campaigns.models import Campaign, Message
from tests.people import HEADER, People, make_campaign

ME = "ana@contoso.example"
MANY = [(f"Person {number}", f"p{number}@northwind.example", "x" * number) for number in range(1, 16)]


def send(ana: Client, campaign: Campaign, **form: str) -> str:
    """What is said about it."""
    return ana.post(f"/campaigns/{campaign.pk}/test/", {"address": ME, **form}, follow=True).content.decode()


def queued() -> list[tuple[int, str]]:
    """(row, address) of each test that waits."""
    return list(Message.objects.filter(is_test=True).order_by("pk").values_list("recipient__row_number", "test_to"))


def test_a_test_of_the_chosen_row_is_queued(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana)
    said = send(ana, campaign, row="3")
    assert queued() == [(3, ME)]
    assert "row 3 is on its way" in said
    assert campaign.counts()["total"] == 0


def test_one_comes_back_to_the_row_one_looked_at(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana)
    answer = ana.post(f"/campaigns/{campaign.pk}/test/", {"address": ME, "row": "3", "which": "first"})
    assert answer["Location"] == f"/campaigns/{campaign.pk}/check/?row=3"


@pytest.mark.parametrize(
    ("which", "typed", "rows"),
    [
        ("shown", "", [4]),
        ("first", "", [2]),
        ("longest", "", [16]),
        ("typed", "5", [5]),
        ("typed", " 9-11; 3, 3 ", [3, 9, 10, 11]),
    ],
)
def test_the_rows_can_be_chosen(people: People, ana: Client, which: str, typed: str, rows: list[int]) -> None:
    send(ana, make_campaign(people.ana, rows=MANY), row="4", which=which, rows=typed)
    assert [row for row, _to in queued()] == rows


def test_three_rows_at_random_are_three_different_ones(people: People, ana: Client) -> None:
    send(ana, make_campaign(people.ana, rows=MANY), which="random")
    assert len({row for row, _to in queued()}) == 3


def test_rows_left_out_are_not_chosen_by_chance(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana)
    desk.leave_out(campaign, [campaign.recipients()[0].pk, campaign.recipients()[2].pk])
    send(ana, campaign, which="random")
    assert queued() == [(3, ME)]


def test_of_a_group_the_whole_mail_is_tested(people: People, ana: Client) -> None:
    rows = [("Jürgen", "j@northwind.example", "Köln"), ("Jürgen", "j@northwind.example", "Bonn")]
    campaign = make_campaign(people.ana, rows=rows)
    desk.choose_grouping(campaign, True)
    send(ana, campaign, which="typed", rows="2, 3")
    assert queued() == [(2, ME)]


def test_a_test_goes_to_several_addresses(people: People, ana: Client) -> None:
    send(ana, make_campaign(people.ana), row="3", address=f"{ME}; Ben <ben@contoso.example>; {ME}")
    assert queued() == [(3, ME), (3, "ben@contoso.example")]


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"address": "nobody"}, "“nobody” is not an address"),
        ({"address": "; ;"}, "one address, or to at most 5"),
        ({"address": "; ".join(f"a{n}@x.example" for n in range(6))}, "one address, or to at most 5"),
        ({"row": "99"}, "no such row"),
        ({"which": "typed", "rows": "2, 99"}, "no such row: 99"),
        ({"which": "typed", "rows": ""}, "no such row"),
        ({"which": "typed", "rows": "two"}, "row numbers such as"),
        ({"which": "typed", "rows": "2-12"}, "at most 10 rows"),
        ({"which": "typed", "rows": "1-999999999"}, "at most 10 rows"),
    ],
)
def test_what_cannot_be_sent_says_why(people: People, ana: Client, form: dict[str, str], said: str) -> None:
    campaign = make_campaign(people.ana)
    assert said in send(ana, campaign, **{"row": "3", **form})
    assert not Message.objects.exists()


def test_a_row_that_becomes_no_mail_is_told_and_the_others_go(people: People, ana: Client) -> None:
    rows = [("Jürgen", "j@northwind.example", "Köln"), ("Zoë", "nobody", "Paris")]
    said = send(ana, make_campaign(people.ana, header=HEADER, rows=rows), which="typed", rows="2,3")
    assert "No test of row 3: " in said
    assert queued() == [(2, ME)]


def test_a_disconnected_mailbox_sends_no_test(people: People, ana: Client) -> None:
    Mailbox.objects.get(owner=people.ana).mark_disconnected("Sign in again")
    send(ana, make_campaign(people.ana), row="3")
    assert not Message.objects.exists()

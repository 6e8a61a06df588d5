"""What the preflight says about the sender, about copies, and about a way out for readers."""

import pytest

from campaigns import checking
from campaigns.preflight.sender import MANY_OUTSIDE, Chosen, about_sender, about_way_out
from tests.people import People, make_campaign

EVENTS = "events@contoso.example"


@pytest.mark.parametrize(
    ("chosen", "codes"),
    [
        (None, []),
        (Chosen(EVENTS, is_checked=True), []),
        (Chosen(EVENTS), ["sender_unchecked"]),
        (Chosen(EVENTS, refusal="No right."), ["sender_refused"]),
        (Chosen(EVENTS, is_checked=True, refusal="No right any more."), ["sender_refused"]),
        (Chosen(EVENTS, is_checked=True, lacks_consent=True), ["sender_consent"]),
    ],
)
def test_only_a_tested_address_is_sent_from(chosen: Chosen | None, codes: list[str]) -> None:
    found = list(about_sender(chosen))
    assert [one.code for one in found] == codes
    assert all(one.level == "blocker" and one.step == "send" and EVENTS in one.message for one in found)


def test_without_copies_a_lost_answer_cannot_be_looked_up() -> None:
    (found,) = about_sender(None, save_to_sent=False, can_look_up=True)
    assert (found.level, found.code) == ("warning", "sender_no_copy")
    assert not list(about_sender(None, save_to_sent=False, can_look_up=False))  # it never could be


@pytest.mark.parametrize(
    ("outside", "html", "unsubscribe", "is_told"),
    [
        (MANY_OUTSIDE + 1, "<p>Our spring offers</p>", False, True),
        (MANY_OUTSIDE, "<p>Our spring offers</p>", False, False),
        (MANY_OUTSIDE + 1, "<p>Our spring offers</p>", True, False),
        (MANY_OUTSIDE + 1, '<p>Offers</p><a href="https://x.example">Unsubscribe</a>', False, False),
        (
            MANY_OUTSIDE + 1,
            '<p>Angebote</p><p><a href="https://x.example">Newsletter abbestellen</a></p>',
            False,
            False,
        ),
        (MANY_OUTSIDE + 1, "<p>Offres</p><p>Pour vous désabonner, écrivez-nous.</p>", False, False),
    ],
)
def test_news_to_many_people_outside_need_a_way_out(outside: int, html: str, unsubscribe: bool, is_told: bool) -> None:
    found = list(about_way_out(outside, html, unsubscribe=unsubscribe))
    assert [one.code for one in found] == (["no_way_out"] if is_told else [])
    assert all(one.level == "warning" and str(outside) in one.message for one in found)


def test_people_of_ones_own_house_are_not_outside(people: People) -> None:
    outside = [("A", f"p{n}@northwind.example", "x") for n in range(MANY_OUTSIDE + 1)]
    inside = [("A", f"p{n}@contoso.example", "x") for n in range(MANY_OUTSIDE + 1)]
    for rows, told in ((outside, True), (inside, False)):
        campaign = make_campaign(people.ana, rows=rows)
        assert ("no_way_out" in [one.code for one in checking.findings(campaign)]) is told

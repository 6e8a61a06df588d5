"""The preview: any row exactly as it will go, in a frame that can do nothing."""

import pytest
from django.test import Client

from campaigns import desk
from campaigns.views.check import DARK_STYLE
from tests.people import People, make_campaign

PIXEL = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"


def test_the_fragment_shows_the_row(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana)
    answer = ana.get(f"/campaigns/{campaign.pk}/preview/?row=3", headers={"HX-Request": "true"})
    shown = answer.context["preview"]
    assert (shown.row, shown.position, shown.total, shown.previous, shown.next) == (3, 2, 3, 2, 4)
    assert shown.subject == "News for Zoë"
    assert shown.to == "zoe@northwind.example"
    assert shown.sender == "Ana Albrecht <ana@contoso.example>"
    assert answer.content.decode().lstrip().startswith('<section id="preview"')


def test_the_frame_may_run_nothing_and_load_nothing(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana, html="<p>Dear {{ First name }}</p>")
    answer = ana.get(f"/campaigns/{campaign.pk}/preview/frame/?row=2")
    assert "Dear Jürgen" in answer.content.decode()
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "img-src data:;" in policy
    assert policy.endswith("; sandbox")
    assert answer["X-Frame-Options"] == "SAMEORIGIN"


def test_pictures_from_the_web_are_loaded_only_when_asked_for(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana, html='<img src="https://x.example/logo.png" alt="">')
    page = ana.get(f"/campaigns/{campaign.pk}/preview/?row=2")
    assert page.context["preview"].has_web_pictures
    assert "Load pictures from the web" in page.content.decode()
    assert "Load pictures" not in ana.get(f"/campaigns/{campaign.pk}/preview/?row=2&pictures=1").content.decode()
    policy = ana.get(f"/campaigns/{campaign.pk}/preview/frame/?row=2&pictures=1")["Content-Security-Policy"]
    assert "img-src https: data:;" in policy
    assert "default-src 'none'" in policy


def test_a_mail_without_pictures_from_the_web_asks_nothing(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana, html="<p>https://x.example/logo.png</p><a href='https://x.example'>x</a>")
    assert not ana.get(f"/campaigns/{campaign.pk}/preview/?row=2").context["preview"].has_web_pictures


def test_a_picture_that_the_mail_carries_is_shown(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana, html=f'<img src="{PIXEL}" alt="">')
    assert f'src="{PIXEL}"' in ana.get(f"/campaigns/{campaign.pk}/preview/frame/?row=2").content.decode()


def test_on_a_dark_background_the_mail_itself_stays_the_same(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana)
    light = ana.get(f"/campaigns/{campaign.pk}/preview/frame/?row=2").content.decode()
    dark = ana.get(f"/campaigns/{campaign.pk}/preview/frame/?row=2&dark=1").content.decode()
    assert "color-scheme:dark" not in light
    assert dark.replace(DARK_STYLE, "") == light


def test_how_it_is_looked_at_stays_from_row_to_row(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana)
    shown = ana.get(f"/campaigns/{campaign.pk}/preview/?row=2&width=phone&dark=1&pictures=1").content.decode()
    assert 'name="width" value="phone"' in shown
    assert 'name="dark" value="1"' in shown
    assert "frame/?row=2&amp;dark=1&amp;pictures=1" in shown


@pytest.mark.parametrize(("typed", "row"), [("3", 3), ("1", 2), ("99", 4), ("x", 2)])
def test_a_typed_number_leads_to_the_row_or_the_next_there_is(
    people: People, ana: Client, typed: str, row: int
) -> None:
    campaign = make_campaign(people.ana)
    assert ana.get(f"/campaigns/{campaign.pk}/preview/?near={typed}").context["preview"].row == row


def test_a_broken_message_is_told_once_with_its_place(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana, subject="{{ Frist name }}")
    page = ana.get(f"/campaigns/{campaign.pk}/check/").content.decode()
    assert page.count("no column “Frist name”") == 1
    assert page.count(f'href="/campaigns/{campaign.pk}/message/">Mend the message</a>') == 2
    assert "There is no mail to look at yet" in page
    assert "<iframe" not in page
    assert 'class="mail-subject"' not in page


def test_without_a_message_it_says_what_is_missing(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana, subject=None)
    shown = ana.get(f"/campaigns/{campaign.pk}/preview/?row=2").context["preview"]
    assert "needs data with an address column, and a message" in shown.problems[0]
    assert (shown.is_broken, shown.mend_url) == (False, f"/campaigns/{campaign.pk}/message/")


def test_a_rows_problem_leads_to_its_like_in_the_data(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana, rows=[["Jürgen", "nobody", "Köln"]])
    shown = ana.get(f"/campaigns/{campaign.pk}/preview/?row=2").context["preview"]
    assert shown.mend_url == f"/campaigns/{campaign.pk}/data/?show=invalid_address"


def test_the_way_out_is_told_when_there_is_one(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana, unsubscribe=True)
    assert "List-Unsubscribe" in ana.get(f"/campaigns/{campaign.pk}/preview/?row=2").content.decode()


def test_a_finding_leads_to_where_it_is_mended(people: People, ana: Client) -> None:
    rows = [["Jürgen", "juergen@northwind.example", ""], ["Zoë", "", "Paris"]]
    page = ana.get(f"/campaigns/{make_campaign(people.ana, rows=rows, subject='XXX').pk}/check/")
    found = {one.message: one.mend_url for one in page.context["blockers"] + page.context["warnings"]}
    assert [url.partition("/data/")[2] for url in found.values() if "/data/" in url] == [
        "?show=missing_address",
        "?show=empty_used",
    ]
    assert [url for url in found.values() if url.endswith("/message/")]


def test_with_many_rows_the_page_comes_first_and_the_findings_follow(
    people: People, ana: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("campaigns.views.check.ROWS_AT_ONCE", 2)
    campaign = make_campaign(people.ana)
    page = ana.get(f"/campaigns/{campaign.pk}/check/")
    assert "blockers" not in page.context
    assert "Looking at 3 rows" in page.content.decode()
    assert "On to sending" not in page.content.decode()
    found = ana.get(f"/campaigns/{campaign.pk}/check/findings/").content.decode()
    assert "Everything is in order" in found
    assert "On to sending" in found
    without_script = ana.get(f"/campaigns/{campaign.pk}/check/?findings=now").content.decode()
    assert "Everything is in order" in without_script


def test_nothing_is_said_of_the_domain_when_nobody_is_asked(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana)
    answer = ana.get(f"/campaigns/{campaign.pk}/check/domain/").content.decode()
    assert answer.strip() == '<div id="sender-domain" hidden></div>'


def test_an_embedded_picture_is_shown_although_the_mail_carries_it(people: People, ana: Client) -> None:
    picture = "data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA="
    campaign = make_campaign(people.ana, html=f'<p>Dear {{{{ First name }}}} <img src="{picture}"></p>')
    assert f'<img src="{picture}">' in ana.get(f"/campaigns/{campaign.pk}/preview/frame/?row=2").content.decode()


def test_other_pages_may_not_be_framed(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana)
    assert ana.get(f"/campaigns/{campaign.pk}/check/")["X-Frame-Options"] == "DENY"


def test_a_row_that_becomes_no_mail_says_why(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana, rows=[["<b>Jürgen</b>", "<b>nobody", "Köln"]])
    shown = ana.get(f"/campaigns/{campaign.pk}/preview/?row=2").context["preview"]
    assert "nobody" in shown.problems[0]
    frame = ana.get(f"/campaigns/{campaign.pk}/preview/frame/?row=2").content.decode()
    assert "<b>" not in frame


def test_a_row_left_out_is_shown_and_said_to_get_no_mail(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana)
    desk.leave_out(campaign, [campaign.recipients()[1].pk])
    shown = ana.get(f"/campaigns/{campaign.pk}/preview/?row=3").context["preview"]
    assert "left out" in shown.unsent


def test_a_row_that_is_not_there_is_not_found(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana)
    for row in ("99", "x", "-1", "²", "9" * 30):
        assert ana.get(f"/campaigns/{campaign.pk}/preview/", {"row": row}).status_code == 404


def test_the_next_problem_is_one_click_away(people: People, ana: Client) -> None:
    rows = [
        ["A", "a@northwind.example", ""],
        ["B", "b@northwind.example", ""],
        ["A", "a@northwind.example", ""],
    ]
    campaign = make_campaign(people.ana, rows=rows)
    assert ana.get(f"/campaigns/{campaign.pk}/preview/?row=2").context["preview"].problem_row == 4

"""The preview: any row exactly as it will go, in a frame that can do nothing."""

from django.test import Client

from tests.people import People, make_campaign


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
    assert policy.endswith("; sandbox")
    assert answer["X-Frame-Options"] == "SAMEORIGIN"


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
    campaign.set_left_out(campaign.recipients()[1], True)
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

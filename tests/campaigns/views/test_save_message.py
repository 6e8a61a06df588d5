"""Saving the message: by the editor as JSON, by a plain form, and never over somebody else's text."""

from django.test import Client

from campaigns.models import Campaign, Template
from tests.people import People, make_campaign

JSON = {"Accept": "application/json"}


def form(campaign: Campaign, **more: str) -> dict[str, str]:
    return {"subject": "Hello {{ First name }}", "html": "<p>Hello</p>", "version": "1", **more}


def url(campaign: Campaign) -> str:
    return f"/campaigns/{campaign.pk}/message/save/"


def test_the_editor_gets_the_new_version_and_no_problems(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana)
    answer = ana.post(url(campaign), form(campaign, track_opens="1", cc_field="2"), headers=JSON)
    assert answer.status_code == 200
    assert answer.json() == {"version": 2, "problems": []}
    campaign.refresh_from_db()
    assert campaign.template.subject == "Hello {{ First name }}"
    assert (campaign.track_opens, campaign.track_clicks, campaign.unsubscribe_link) == (True, False, False)
    assert campaign.spreadsheet is not None
    assert campaign.spreadsheet.cc_column == 2


def test_a_mistake_is_told_and_saved_all_the_same(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana)
    answer = ana.post(url(campaign), form(campaign, subject="{{ Frist name }}"), headers=JSON)
    assert answer.status_code == 200
    [problem] = answer.json()["problems"]
    assert "First name" in problem["message"]
    assert Template.objects.get(campaign=campaign).subject == "{{ Frist name }}"


def test_before_there_are_data_no_field_is_called_unknown(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana, rows=None)
    answer = ana.post(url(campaign), form(campaign), headers=JSON)
    assert answer.json()["problems"] == []


def test_an_older_version_does_not_overwrite_a_newer_text(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana)
    campaign.save_template("The other tab", "<p>won</p>")
    answer = ana.post(url(campaign), form(campaign, track_opens="1"), headers=JSON)
    assert answer.status_code == 409
    assert answer.json() == {"version": 2}
    campaign.refresh_from_db()
    assert campaign.template.subject == "The other tab"
    assert not campaign.track_opens


def test_overwrite_takes_this_text(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana)
    campaign.save_template("The other tab", "<p>lost</p>")
    answer = ana.post(url(campaign), form(campaign, overwrite="1"), headers=JSON)
    assert answer.json()["version"] == 3
    assert Template.objects.get(campaign=campaign).html == "<p>Hello</p>"


def test_a_launched_campaign_refuses(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana, status="sending")
    answer = ana.post(url(campaign), form(campaign), headers=JSON)
    assert answer.status_code == 422
    assert "launched" in answer.json()["error"]


def test_half_a_form_or_a_column_that_is_not_there_is_refused(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana)
    for bad in ({"subject": "only"}, form(campaign, version="x"), form(campaign, cc_field="9")):
        answer = ana.post(url(campaign), bad, headers=JSON)
        assert answer.status_code == 422
        assert answer.json()["error"]
    assert Template.objects.get(campaign=campaign).version == 1


def test_a_plain_form_goes_on_to_the_check(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana)
    answer = ana.post(url(campaign), form(campaign))
    assert answer["Location"] == f"/campaigns/{campaign.pk}/check/"


def test_a_plain_form_in_conflict_keeps_what_was_written(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana)
    campaign.save_template("The other tab", "<p>won</p>")
    answer = ana.post(url(campaign), form(campaign, subject="My words"))
    assert answer.status_code == 422
    page = answer.content.decode()
    assert 'value="My words"' in page
    assert "changed in another window" in page
    assert Template.objects.get(campaign=campaign).subject == "The other tab"

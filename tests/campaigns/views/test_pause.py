"""Pausing: nothing is begun after it."""

from django.test import Client

from campaigns.models import Campaign
from tests.people import People, make_campaign


def test_a_campaign_being_sent_pauses(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana, status="sending")
    answer = ana.post(f"/campaigns/{campaign.pk}/pause/")
    assert answer["Location"] == f"/campaigns/{campaign.pk}/send/"
    campaign.refresh_from_db()
    assert campaign.status == Campaign.Status.PAUSED
    assert campaign.counts()["pending"] == 3


def test_for_htmx_it_answers_with_the_panel(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana, status="sending")
    answer = ana.post(f"/campaigns/{campaign.pk}/pause/", headers={"HX-Request": "true"})
    assert answer.status_code == 200
    panel = answer.content.decode()
    assert panel.lstrip().startswith('<section id="sending"')
    assert f"/campaigns/{campaign.pk}/resume/" in panel
    assert 'data-status="paused"' in panel


def test_a_finished_campaign_stays_finished_and_says_so(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana, status="finished")
    answer = ana.post(f"/campaigns/{campaign.pk}/pause/", headers={"HX-Request": "true"})
    assert answer.status_code == 422
    assert "That is not possible now" in answer.content.decode()
    campaign.refresh_from_db()
    assert campaign.status == Campaign.Status.FINISHED
    page = ana.post(f"/campaigns/{campaign.pk}/pause/", follow=True)
    assert "That is not possible now" in page.content.decode()

"""The list of campaigns: one's own, filtered, searched, counted; and making, naming and deleting one."""

from django.test import Client

from campaigns.models import Campaign, Message
from tests.people import People, make_campaign


def names(browser: Client, **query: str) -> set[str]:
    return {one.name for one in browser.get("/campaigns/", query).context["page"].object_list}


def test_one_sees_ones_own_and_nobody_elses(people: People, ana: Client, ben: Client) -> None:
    make_campaign(people.ana, name="Of Ana")
    make_campaign(people.ben, name="Of Ben")
    assert names(ana) == {"Of Ana"}
    assert names(ben) == {"Of Ben"}


def test_the_first_visit_says_what_to_do(ana: Client) -> None:
    assert "Your first campaign" in ana.get("/campaigns/").content.decode()


def test_filters_and_search(people: People, ana: Client) -> None:
    make_campaign(people.ana, name="Spring")
    make_campaign(people.ana, name="Summer", status="paused")
    make_campaign(people.ana, name="Autumn", status="stopped")
    assert names(ana, status="draft") == {"Spring"}
    assert names(ana, status="sending") == {"Summer"}
    assert names(ana, status="finished") == {"Autumn"}
    assert names(ana, search="UMM") == {"Summer"}
    assert "No campaign like that" in ana.get("/campaigns/?search=winter").content.decode()


def test_numbers_of_a_draft_and_of_a_sent_one(people: People, ana: Client) -> None:
    make_campaign(people.ana, name="Draft")
    sent = make_campaign(people.ana, name="Sent", status="finished")
    first = sent.messages.order_by("pk")[0]
    Message.objects.filter(pk=first.pk).update(status="failed")
    shown = {one.name: one for one in ana.get("/campaigns/").context["page"].object_list}
    assert (shown["Draft"].total, shown["Draft"].sent) == (3, 0)
    assert (shown["Sent"].total, shown["Sent"].sent, shown["Sent"].failed) == (3, 2, 1)


def test_a_new_campaign_begins_with_its_data(people: People, ana: Client) -> None:
    answer = ana.post("/campaigns/new/")
    campaign = Campaign.objects.get(owner=people.ana)
    assert answer["Location"] == f"/campaigns/{campaign.pk}/data/"
    assert campaign.name


def test_renaming(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana, status="sending")
    ana.post(f"/campaigns/{campaign.pk}/rename/", {"name": " Autumn "})
    campaign.refresh_from_db()
    assert campaign.name == "Autumn"
    ana.post(f"/campaigns/{campaign.pk}/rename/", {"name": "  "})
    campaign.refresh_from_db()
    assert campaign.name == "Autumn"


def test_deleting_takes_everything_along(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana, status="finished")
    answer = ana.post(f"/campaigns/{campaign.pk}/delete/", follow=True)
    assert "is deleted" in answer.content.decode()
    assert not Campaign.objects.exists()
    assert not Message.objects.exists()


def test_a_campaign_being_sent_is_not_deleted(people: People, ana: Client) -> None:
    campaign = make_campaign(people.ana, status="sending")
    answer = ana.post(f"/campaigns/{campaign.pk}/delete/", follow=True)
    assert "Stop it first" in answer.content.decode()
    assert Campaign.objects.filter(pk=campaign.pk).exists()


def test_the_campaigns_own_address_leads_to_the_step_that_needs_its_owner(people: People, ana: Client) -> None:
    made = {
        "data": make_campaign(people.ana, rows=None),
        "message": make_campaign(people.ana, subject=None),
        "check": make_campaign(people.ana),
        "send": make_campaign(people.ana, status="paused"),
        "results": make_campaign(people.ana, status="stopped"),
    }
    for step, campaign in made.items():
        answer = ana.get(f"/campaigns/{campaign.pk}/")
        assert answer["Location"] == f"/campaigns/{campaign.pk}/{step}/"

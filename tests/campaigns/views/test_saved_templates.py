"""Templates of a workspace: anybody in it uses them, whoever saved one and admins change it, strangers see none."""

import pytest
from django.test import Client

from campaigns.models import Campaign, SavedTemplate
from tests.people import HTML, SUBJECT, People, make_campaign

LOOKING = ("", "frame/")
CHANGING = ("start-campaign/", "rename/", "delete/")


@pytest.fixture
def template(people: People) -> SavedTemplate:
    """Ben's."""
    return SavedTemplate.objects.keep(people.ben, "Invitation", SUBJECT, HTML)


def test_saving_keeps_subject_and_message_under_a_name(people: People, ben: Client) -> None:
    answer = ben.post("/templates/save/", {"name": " Invitation ", "subject": SUBJECT, "html": HTML})
    assert answer.status_code == 200
    assert "Invitation" in answer.json()["said"]
    saved = SavedTemplate.objects.get()
    assert (saved.name, saved.subject, saved.html) == ("Invitation", SUBJECT, HTML)
    assert (saved.owner, saved.workspace) == (people.ben, people.ben.workspace)


@pytest.mark.parametrize("given", [{"subject": SUBJECT, "html": HTML}, {"name": "Empty", "subject": " ", "html": ""}])
def test_without_a_name_or_a_message_nothing_is_saved(people: People, ben: Client, given: dict[str, str]) -> None:
    answer = ben.post("/templates/save/", given)
    assert answer.status_code == 422
    assert "Nothing was saved" in answer.json()["error"]
    assert not SavedTemplate.objects.exists()


def test_everybody_in_the_workspace_sees_and_uses_it(ana: Client, template: SavedTemplate) -> None:
    for page in ("/templates/", "/templates/cards/"):
        assert "Invitation" in ana.get(page).content.decode()
    assert ana.get(f"/templates/{template.pk}/").json() == {"name": "Invitation", "subject": SUBJECT, "html": HTML}
    frame = ana.get(f"/templates/{template.pk}/frame/")
    assert HTML in frame.content.decode()
    assert "default-src 'none'" in frame["Content-Security-Policy"]
    assert frame["X-Frame-Options"] == "SAMEORIGIN"
    answer = ana.post(f"/templates/{template.pk}/start-campaign/")
    campaign = Campaign.objects.get()
    assert answer["Location"] == f"/campaigns/{campaign.pk}/data/"
    assert (campaign.owner.email, campaign.template.html) == ("ana@contoso.example", HTML)


def test_its_owner_and_an_admin_may_rename_and_delete_it(ana: Client, ben: Client, template: SavedTemplate) -> None:
    assert ben.post(f"/templates/{template.pk}/rename/", {"name": "Party"}).status_code == 302
    assert ana.post(f"/templates/{template.pk}/rename/", {"name": "Summer party"}).status_code == 302
    template.refresh_from_db()
    assert template.name == "Summer party"
    assert ana.post(f"/templates/{template.pk}/delete/").status_code == 302
    assert not SavedTemplate.objects.exists()


def test_a_teammate_may_neither_rename_nor_delete_it(people: People, ben: Client) -> None:
    template = SavedTemplate.objects.keep(people.ana, "Ana's", SUBJECT, HTML)
    page = ben.get("/templates/").content.decode()
    assert f"/templates/{template.pk}/start-campaign/" in page
    assert f"/templates/{template.pk}/delete/" not in page
    for verb in ("rename", "delete"):
        assert ben.post(f"/templates/{template.pk}/{verb}/", {"name": "Mine"}).status_code == 403
    template.refresh_from_db()
    assert template.name == "Ana's"


@pytest.mark.parametrize("verb", LOOKING + CHANGING)
def test_a_stranger_does_not_learn_that_it_exists(cleo: Client, template: SavedTemplate, verb: str) -> None:
    url = f"/templates/{template.pk}/{verb}"
    answer = cleo.post(url, {"name": "Mine"}) if verb in CHANGING else cleo.get(url)
    assert answer.status_code == 404
    assert "Invitation" not in cleo.get("/templates/").content.decode()
    template.refresh_from_db()
    assert template.name == "Invitation"
    assert not Campaign.objects.exists()


def test_a_launched_message_is_shown_as_it_looks(people: People, ana: Client, ben: Client) -> None:
    campaign = make_campaign(people.ana, status="sending")
    page = ana.get(f"/campaigns/{campaign.pk}/message/").content.decode()
    assert f'src="/campaigns/{campaign.pk}/message/frame/"' in page
    assert "<textarea" not in page
    assert HTML in ana.get(f"/campaigns/{campaign.pk}/message/frame/").content.decode()
    assert ben.get(f"/campaigns/{campaign.pk}/message/frame/").status_code == 404

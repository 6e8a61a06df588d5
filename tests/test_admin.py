"""The operator's view: states and counts, never a row, a body, an address or a token; pause and stop as actions."""

import pytest
from django.apps import apps
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from accounts.models import ApiToken, Mailbox, User
from campaigns.models import Campaign
from tests.people import make_campaign, make_people

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("operator", "a long break-glass password"))
    return client


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign(make_people().ana, status=Campaign.Status.SENDING)


def models() -> list[type]:
    return [model for model in admin.site._registry if model._meta.app_label not in {"auth", "contenttypes"}]


def test_every_model_of_ours_is_there() -> None:
    ours = {"accounts", "campaigns", "tracking", "postmark"}
    registered = {model._meta.label for model in models()}
    of_our_apps = {model._meta.label for model in apps.get_models() if model._meta.app_label in ours}
    assert of_our_apps <= registered


def test_no_page_of_the_admin_shows_a_row_a_body_an_address_of_a_recipient_or_a_token(
    operator: Client, campaign: Campaign
) -> None:
    token, text = ApiToken.objects.issue(campaign.owner, "script")
    Mailbox.objects.update(token_cache=b"sealed secret")
    secret = [text, token.digest, "sealed secret", campaign.template.html, campaign.name]
    secret += [recipient.address for recipient in campaign.recipients()]
    secret += [recipient.fields[0] for recipient in campaign.recipients()]

    for model in models():
        base = f"admin:{model._meta.app_label}_{model._meta.model_name}"  # type: ignore[attr-defined]
        pages = [reverse(f"{base}_changelist")]
        pages += [reverse(f"{base}_change", args=[one.pk]) for one in model.objects.all()[:3]]  # type: ignore[attr-defined]
        for page in pages:
            answer = operator.get(page)
            assert answer.status_code == 200, page
            shown = answer.content.decode()
            assert not [word for word in secret if word in shown], page


def test_an_operator_pauses_and_stops(operator: Client, campaign: Campaign) -> None:
    page = reverse("admin:campaigns_campaign_changelist")

    operator.post(page, {"action": "pause", "_selected_action": [campaign.pk]})
    campaign.refresh_from_db()
    assert campaign.status == Campaign.Status.PAUSED

    operator.post(page, {"action": "stop", "_selected_action": [campaign.pk]})
    campaign.refresh_from_db()
    assert campaign.status == Campaign.Status.STOPPED


def test_an_operator_has_no_campaigns_and_no_pages_of_the_product(operator: Client, campaign: Campaign) -> None:
    assert operator.get("/campaigns/").status_code == 302
    assert operator.get(f"/campaigns/{campaign.pk}/results/").status_code == 302


def test_a_sender_does_not_get_in(campaign: Campaign) -> None:
    client = Client()
    client.force_login(campaign.owner)

    assert client.get(reverse("admin:index")).status_code == 302

"""The operator's view: states and counts, never a row, a body, an address or a token; pause and stop as actions."""

import uuid
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import ApiToken, AuditEntry, LedgerEntry, Mailbox, SenderAddress, TenantUse, User
from campaigns.models import (
    Attachment,
    AttachmentContent,
    AttachmentFile,
    Campaign,
    Edit,
    Heartbeat,
    SavedTemplate,
    Suppression,
)
from postmark.models import Notice
from tests.people import ROWS, make_campaign, make_people
from tracking.models import Click, Open, Unsubscribe

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("operator", "a long break-glass password"))
    return client


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign(make_people().ana, status=Campaign.Status.SENDING)


OURS = {"accounts", "campaigns", "tracking", "postmark"}


def models() -> list[Any]:
    return [model for model in admin.site._registry if model._meta.app_label in OURS]


def pages_of(model: Any) -> list[str]:
    """The list, and the pages of some."""
    base = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    return [
        reverse(f"{base}_changelist"),
        *(reverse(f"{base}_change", args=[one.pk]) for one in model.objects.all()[:3]),
    ]


def fill_every_table(campaign: Campaign) -> None:
    """One row at least of everything, with an address wherever one may come to stand."""
    mailbox, message = campaign.owner.mailbox, campaign.messages.earliest("pk")
    said = f"Microsoft says: the mailbox {mailbox.address} (<{mailbox.address}>) is full."
    Mailbox.objects.update(token_cache=b"sealed secret", state_reason=said)
    Campaign.objects.filter(pk=campaign.pk).update(pause_reason=said)
    Notice.objects.create(campaign=campaign, kind=Notice.Kind.RESULT, occasion="end", reason=said)
    LedgerEntry.objects.create(mailbox=mailbox, messages=1, recipients=1)
    TenantUse.objects.create(workspace=campaign.workspace, minute=timezone.now(), recipients=1)
    SenderAddress.objects.create(mailbox=mailbox, address=mailbox.address, name="Dear", kind="alias", refusal=said)
    Heartbeat.objects.create(at=timezone.now())
    AuditEntry.note(campaign.owner, "signed in")
    Suppression.objects.add(campaign.workspace, [ROWS[0][1]], Suppression.Reason.BY_HAND)
    hit = {"message": message, "at": timezone.now(), "method": "GET", "segment": uuid.uuid4(), "offset": 0}
    Open.objects.create(**hit, verdict="person", reason="")
    Click.objects.create(**hit, verdict="person", reason="", link_number=0, target=f"https://a.example/?q={ROWS[0][1]}")
    Unsubscribe.objects.create(**hit)
    row = campaign.recipients()[0]
    Edit.objects.create(campaign=campaign, recipient=row, kind="set", column="City", before=ROWS[0][2], after="Bonn")
    attached = Attachment.objects.create(campaign=campaign, kind="all", name="Dear {{ City }}")
    content = AttachmentContent.objects.create(campaign=campaign, sha256="0" * 64, size=4, content=b"Dear")
    AttachmentFile.objects.create(attachment=attached, name=f"{ROWS[0][0]}.pdf", size=4, content=content)
    SavedTemplate.objects.create(workspace=campaign.workspace, owner=campaign.owner, name="Dear", html="Dear")


def test_every_model_of_ours_is_there() -> None:
    registered = {model._meta.label for model in models()}
    of_our_apps = {model._meta.label for model in apps.get_models() if model._meta.app_label in OURS}
    assert of_our_apps <= registered


def test_no_page_of_the_admin_shows_a_name_a_row_a_body_an_address_or_a_token(
    operator: Client, campaign: Campaign
) -> None:
    token, text = ApiToken.objects.issue(campaign.owner, "script")
    fill_every_table(campaign)
    secret = [text, token.digest, "sealed secret", campaign.name, "people.xlsx"]
    secret += [campaign.template.subject, campaign.template.html, "Dear"]
    secret += [value for row in ROWS for value in row]
    secret += Mailbox.objects.values_list("address", flat=True)

    for model in models():
        pages = pages_of(model)
        assert len(pages) > 1, f"no {model._meta.label} to look at"
        for page in pages:
            answer = operator.get(page)
            assert answer.status_code == 200, page
            shown = answer.content.decode()
            assert not [word for word in secret if word in shown], page


def test_an_operator_adds_and_deletes_nothing(operator: Client, campaign: Campaign) -> None:
    ApiToken.objects.issue(campaign.owner, "script")
    fill_every_table(campaign)

    for model in models():
        base = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        one, before = model.objects.earliest("pk"), model.objects.count()
        assert operator.get(reverse(f"{base}_add")).status_code == 403, model
        assert operator.post(reverse(f"{base}_delete", args=[one.pk]), {"post": "yes"}).status_code == 403, model
        chosen = {"action": "delete_selected", "_selected_action": [one.pk], "post": "yes"}
        operator.post(reverse(f"{base}_changelist"), chosen)
        assert model.objects.count() == before, model


@pytest.fixture
def staff(campaign: Campaign) -> Client:
    """Somebody who may look after accounts, and is no superuser."""
    helper = User.objects.create(username="helper", is_staff=True)
    helper.user_permissions.set(Permission.objects.filter(content_type__app_label="accounts"))
    client = Client()
    client.force_login(helper)
    return client


CHANGES = {"role": "sender", "is_active": "on", "is_staff": "on", "is_superuser": "on"}


def test_only_a_superuser_makes_operators(operator: Client, staff: Client, campaign: Campaign) -> None:
    page = reverse("admin:accounts_user_change", args=[campaign.owner.pk])
    ana = User.objects.filter(pk=campaign.owner.pk)

    assert staff.post(page, CHANGES).status_code == 302
    assert ana.values_list("role", "is_staff", "is_superuser").get() == ("sender", False, False)

    assert operator.post(page, CHANGES).status_code == 302
    assert ana.values_list("is_staff", "is_superuser").get() == (True, True)


def test_nobody_but_a_superuser_changes_a_superuser(operator: Client, staff: Client) -> None:
    superuser = User.objects.get(username="operator")

    page = reverse("admin:accounts_user_change", args=[superuser.pk])
    assert staff.post(page, {"role": "sender"}).status_code == 403
    superuser.refresh_from_db()
    assert superuser.is_active


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

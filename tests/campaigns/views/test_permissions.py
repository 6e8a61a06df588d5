"""Every address of the application: strangers are sent away, and looking never changes anything."""

from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from campaigns.models import Campaign, Message, SavedTemplate, Suppression
from tests.people import People, make_campaign

PUBLIC = {"home", "sign-in", "sign-in-start", "sign-in-callback", "sign-out", "admin-consent"}
PUBLIC |= {"admin-consent-callback"}
ELSEWHERE = ("admin/", "api/")  # these guard themselves, and have tests of their own

VERBS = tuple(
    f"{verb}/"
    for verb in (
        *(
            "new",
            "rename",
            "delete",
            "spreadsheet",
            "cancel",
            "reuse",
            "paste",
            "type",
            "columns",
            "grouping",
            "workbook",
        ),
        *(
            "cell",
            "accept",
            "mend",
            "undo",
            "redo",
            "take-in",
            "leave-out",
            "save",
            "test",
            "launch",
            "pause",
            "resume",
            "stop",
            "retry",
            "settle",
        ),
        *("add", "remove", "create", "sign-out", "start-campaign", "approve", "decline", "withdraw", "take-back"),
        *("sender", "sender/check", "schedule"),
    )
)


def patterns(resolver: URLResolver | None = None, before: str = "") -> Iterator[tuple[str, URLPattern]]:
    for one in (resolver or get_resolver()).url_patterns:
        route = before + str(one.pattern)
        if route.startswith(ELSEWHERE):
            continue
        if isinstance(one, URLResolver):
            yield from patterns(one, route)
        else:
            yield route, one


ALL = {pattern.name or route: route for route, pattern in patterns()}
POSTS = [name for name, route in ALL.items() if route.endswith(VERBS)]
GUARDED = sorted(set(ALL) - PUBLIC - {"healthz"})
OF_CAMPAIGN = sorted(name for name, route in ALL.items() if "<int:campaign_id>" in route)


def address(name: str, campaign: Campaign) -> str:
    """The address of this view for this campaign, with a recipient, a message and a token that exist."""
    ids = {
        "<int:campaign_id>": campaign.pk,
        "<int:recipient_id>": getattr(campaign.recipients().first(), "pk", 1),
        "<int:message_id>": getattr(Message.objects.filter(campaign=campaign).first(), "pk", 1),
        "<int:suppression_id>": getattr(Suppression.objects.first(), "pk", 1),
        "<int:template_id>": getattr(SavedTemplate.objects.first(), "pk", 1),
        "<int:token_id>": 1,
    }
    route = "/" + ALL[name]
    for part, value in ids.items():
        route = route.replace(part, str(value))
    assert "<" not in route, f"{name} has a part this test does not know"
    return route


def test_every_view_states_who_may_see_it() -> None:
    unstated = [route for route, pattern in patterns() if not hasattr(pattern.callback, "allowed_for")]
    assert not unstated


@pytest.mark.parametrize("name", GUARDED)
def test_a_visitor_who_is_not_signed_in_is_sent_to_the_sign_in(people: People, name: str) -> None:
    url = address(name, make_campaign(people.ana, status="finished"))
    for answer in (Client().get(url), Client().post(url)):
        assert answer.status_code == 302
        assert answer["Location"].startswith("/sign-in/?next=")


def test_a_fragment_leads_the_whole_page_to_the_sign_in(people: People) -> None:
    campaign = make_campaign(people.ana, status="sending")
    answer = Client().get(address("progress", campaign), headers={"HX-Request": "true"})
    assert answer.status_code == 204
    assert answer["HX-Redirect"].startswith("/sign-in/?next=")


@pytest.mark.parametrize("who", ["ben", "cleo"])
@pytest.mark.parametrize("name", OF_CAMPAIGN)
def test_nobody_else_learns_that_the_campaign_exists(
    people: People, name: str, who: str, request: pytest.FixtureRequest
) -> None:
    browser: Client = request.getfixturevalue(who)
    campaign = make_campaign(people.ana, status="finished")
    url = address(name, campaign)
    before = state(campaign)
    answer = browser.post(url) if name in POSTS else browser.get(url)
    assert answer.status_code == 404
    assert state(campaign) == before


@pytest.mark.parametrize("name", sorted(POSTS))
def test_looking_at_a_verb_changes_nothing(people: People, ana: Client, name: str) -> None:
    campaign = make_campaign(people.ana)
    Suppression.objects.add(campaign.workspace, ["gone@northwind.example"], Suppression.Reason.BY_HAND)
    before = state(campaign)
    assert ana.get(address(name, campaign)).status_code == 405
    assert state(campaign) == before


@pytest.mark.parametrize("name", sorted(set(OF_CAMPAIGN) - set(POSTS)))
@pytest.mark.parametrize("status", ["importing", "ready", "scheduled", "sending", "paused", "stopped", "finished"])
def test_every_page_and_fragment_shows_in_every_status(people: People, ana: Client, name: str, status: str) -> None:
    campaign = make_campaign(people.ana, status=status, tracking=True)
    answer = ana.get(address(name, campaign))
    assert answer.status_code in {200, 204, 302}
    assert b"".join(answer) or answer.status_code != 200  # read to its end: a file is closed then


@pytest.mark.parametrize("name", sorted(set(OF_CAMPAIGN) - set(POSTS) - {"preview", "preview-frame"}))
def test_every_page_shows_for_a_campaign_of_a_minute_ago(people: People, ana: Client, name: str) -> None:
    answer = ana.get(address(name, make_campaign(people.ana, rows=None, subject=None)))
    assert answer.status_code in {200, 204, 302}
    assert b"".join(answer) or answer.status_code != 200


def state(campaign: Campaign) -> object:
    """All that a verb could have changed."""
    rows = campaign.recipients().values_list("address", "left_out")
    messages = Message.objects.filter(campaign=campaign).order_by("pk").values_list("status", "is_test")
    return (
        list(Campaign.objects.order_by("pk").values_list("pk", "status", "name", "spreadsheet_id")),
        list(rows),
        list(messages),
        Suppression.objects.count(),
    )

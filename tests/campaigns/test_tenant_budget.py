"""The tenant's external recipients: shared by its mailboxes, never more than the limit in any 24 hours."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from accounts.models import TenantUse, Workspace
from campaigns import tenant_budget
from campaigns.pacing.tenant import HELD, TenantDay
from tests.people import People

NOON = datetime(2026, 11, 23, 12, 0, 20, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def limit_to(people: People, recipients: int) -> int:
    workspace = people.ana.workspace
    assert workspace is not None
    Workspace.objects.filter(pk=workspace.pk).update(external_recipients_per_day=recipients)
    return int(workspace.pk)


def test_reservations_end_at_the_limit_and_the_last_gets_what_is_left(people: People) -> None:
    contoso = limit_to(people, 100)
    granted = [tenant_budget.reserve(contoso, 40, NOON + each * MINUTE) for each in range(4)]
    assert granted == [40, 40, 20, 0]


def test_another_workspace_has_its_own(people: People) -> None:
    contoso = limit_to(people, 10)
    assert tenant_budget.reserve(contoso, 10, NOON) == 10
    assert people.cleo.workspace_id is not None
    assert tenant_budget.reserve(people.cleo.workspace_id, 10, NOON) == 10


def test_what_is_given_back_may_be_reserved_again(people: People) -> None:
    contoso = limit_to(people, 10)
    tenant_budget.reserve(contoso, 10, NOON)
    tenant_budget.give_back(contoso, tenant_budget.minute_of(NOON), 4)
    assert tenant_budget.reserve(contoso, 10, NOON + MINUTE) == 4


def test_giving_back_more_than_was_reserved_gives_nothing_back(people: People) -> None:
    contoso = limit_to(people, 10)
    tenant_budget.reserve(contoso, 10, NOON)
    tenant_budget.give_back(contoso, tenant_budget.minute_of(NOON), 11)
    assert tenant_budget.reserve(contoso, 1, NOON) == 0


def test_room_comes_back_after_a_day_its_minute_and_the_slack(people: People) -> None:
    contoso = limit_to(people, 10)
    tenant_budget.reserve(contoso, 6, NOON)
    tenant_budget.reserve(contoso, 4, NOON + 30 * MINUTE)
    back = tenant_budget.next_room(contoso, NOON + 60 * MINUTE)
    assert back == tenant_budget.minute_of(NOON) + timedelta(days=1) + 6 * MINUTE
    assert tenant_budget.reserve(contoso, 10, back - timedelta(seconds=1)) == 0
    assert tenant_budget.reserve(contoso, 10, back) == 6


def test_there_is_room_now_while_something_is_left_or_nothing_is_limited(people: People) -> None:
    contoso = limit_to(people, 10)
    tenant_budget.reserve(contoso, 9, NOON)
    assert tenant_budget.next_room(contoso, NOON) == NOON
    assert tenant_budget.next_room(contoso, NOON, wanted=2) > NOON
    limit_to(people, 0)
    assert tenant_budget.next_room(contoso, NOON, wanted=2) == NOON


def test_more_than_a_day_ever_allows_is_asked_for_again_a_day_later(people: People) -> None:
    contoso = limit_to(people, 10)
    assert tenant_budget.next_room(contoso, NOON, wanted=11) == NOON + timedelta(seconds=HELD)


def test_a_limit_that_is_set_later_knows_of_today(people: People) -> None:
    contoso = limit_to(people, 0)
    assert tenant_budget.reserve(contoso, 500, NOON) == 500
    limit_to(people, 600)
    assert tenant_budget.reserve(contoso, 500, NOON + MINUTE) == 100


def test_what_counts_no_more_is_pruned(people: People) -> None:
    contoso = limit_to(people, 10)
    tenant_budget.reserve(contoso, 3, NOON)
    tenant_budget.reserve(contoso, 3, NOON + 30 * MINUTE)
    tenant_budget.prune(NOON + timedelta(seconds=HELD))
    assert list(TenantUse.objects.values_list("recipients", flat=True)) == [3]


@pytest.mark.django_db(transaction=True)
def test_twenty_workers_at_once_never_get_more_than_the_limit(people: People) -> None:
    contoso = limit_to(people, 100)

    def worker(number: int) -> int:
        try:
            now = NOON + timedelta(seconds=number)  # in one minute and the next
            return sum(tenant_budget.reserve(contoso, 3, now) for _ in range(4))
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as workers:
        granted = sum(workers.map(worker, range(30, 50)))
    assert granted == 100
    assert sum(TenantUse.objects.values_list("recipients", flat=True)) == 100


def test_own_domains_are_those_of_the_workspaces_mailboxes(people: People) -> None:
    contoso = limit_to(people, 10)
    own = tenant_budget.own_domains(contoso)
    assert own == {"contoso.example"}
    outside = ["zoe@northwind.example", "Ben@CONTOSO.example", "x@sub.contoso.example"]
    assert tenant_budget.external(outside, own) == 2


@pytest.mark.parametrize("seconds_into_the_minute", [0, 59.9])
@pytest.mark.parametrize("seconds_until_counted", [0, 120, 299])
def test_no_24_hours_of_microsofts_hold_more_than_the_limit(
    seconds_into_the_minute: float, seconds_until_counted: float
) -> None:
    start = NOON.timestamp() // 60 * 60
    counted = start + seconds_into_the_minute + seconds_until_counted
    day = TenantDay([(start, 10)])
    again = day.ready_at(start + 90, 10)
    assert again > counted + 24 * 3600

"""Four eyes, and rows added later, over the real processes: what is approved goes once, and the rest goes once."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from devserver.stack import Stack
from tests.api_client import Api
from tests.sandbox_process import SandboxProcess
from tests.stack_people import connect

pytestmark = pytest.mark.stack

SHEET = "Name,Email\n" + "".join(f"Guest {n},guest{n:02}@northwind.example\n" for n in range(20))
POLICY = "from accounts.models import Workspace; Workspace.objects.update(approval_above=10)"
PACE = 600


@pytest.fixture(scope="module")
def microsoft(stack: Stack) -> Iterator[SandboxProcess]:
    sandbox = SandboxProcess(port=stack.ports.sandbox, app_url=stack.app_url)
    yield sandbox
    sandbox.client.close()


@pytest.fixture(scope="module")
def ana(stack: Stack, microsoft: SandboxProcess) -> Iterator[Api]:
    with Api(stack.app_url, connect(stack, microsoft, "ana@contoso.example", messages_per_minute=PACE)) as api:
        yield api


@pytest.fixture(scope="module")
def ben(stack: Stack, microsoft: SandboxProcess) -> Iterator[Api]:
    with Api(stack.app_url, connect(stack, microsoft, "ben@contoso.example", messages_per_minute=PACE)) as api:
        yield api


def got(microsoft: SandboxProcess, count: int) -> Counter[str]:
    """How many mails everybody outside has got, once so many are there."""
    microsoft.wait_for_messages(count)
    return Counter(
        address for mail in microsoft.messages() for address in mail["to"] if address.endswith("@northwind.example")
    )


def ended(told: dict[str, Any]) -> bool:
    return bool(told["status"] == "finished")


def test_nothing_goes_before_the_second_person_says_so_and_nobody_gets_it_twice(
    stack: Stack, microsoft: SandboxProcess, ana: Api, ben: Api
) -> None:
    stack.manage("shell", "--no-imports", "-c", POLICY)
    small = ana.campaign(
        "Few", ("few.csv", b"Name,Email\nZo,zo@northwind.example\n"), "Hello", "<p>Dear {{ Name }}</p>"
    )
    campaign = ana.campaign("Many", ("guests.csv", SHEET.encode()), "Hello", "<p>Dear {{ Name }}</p>")
    ana.launch(campaign)
    ana.launch(small)
    ana.wait(small, ended, 60)  # the clock has ticked, and sent what needs nobody
    assert ana.told(campaign)["status"] == "waiting"
    assert got(microsoft, 1) == {"zo@northwind.example": 1}

    [asked] = ben.call("GET", "approvals")
    assert asked["mails"] == 20
    ben.call("POST", f"approvals/{campaign}/approve", json={"seen": asked["seen"]})
    ana.wait(campaign, ended, 60)
    everybody = {f"guest{n:02}@northwind.example": 1 for n in range(20)} | {"zo@northwind.example": 1}
    assert got(microsoft, 21) == everybody

    rows = [["Guest 0", "guest00@northwind.example"], ["Ida", "ida@northwind.example"]]
    added = ana.call("POST", f"campaigns/{campaign}/added-rows", json={"rows": rows})
    assert (len(added["ready"]), len(added["left_out"])) == (1, 1)
    ana.call("POST", f"campaigns/{campaign}/added-rows/launch")
    ana.wait(campaign, lambda told: ended(told) and told["counts"]["sent"] == 21, 60)
    assert got(microsoft, 22) == everybody | {"ida@northwind.example": 1}

"""Plugs pulled in the middle of two hundred mails, over the real stack: none twice, none missing."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from devserver.stack import Stack
from tests.api_client import Api
from tests.sandbox_process import SandboxProcess
from tests.stack_people import connect

pytestmark = pytest.mark.stack
COUNT = 200


@pytest.fixture(scope="module")
def sandbox_of_stack(stack: Stack) -> Iterator[SandboxProcess]:
    sandbox = SandboxProcess(port=stack.ports.sandbox, app_url=stack.app_url)
    yield sandbox
    sandbox.client.close()


@pytest.fixture(scope="module")
def api(stack: Stack, sandbox_of_stack: SandboxProcess) -> Iterator[Api]:
    token = connect(stack, sandbox_of_stack, "ana@contoso.example", messages_per_minute=1200)
    with Api(stack.app_url, token) as ana:
        yield ana


def kill_worker(stack: Stack) -> None:
    stack.kill("worker")
    time.sleep(1)
    stack.start_one("worker")


def restart_redis(stack: Stack) -> None:
    stack.redis.stop()
    time.sleep(2)
    stack.redis.start()


def restart_postgres(stack: Stack) -> None:
    stack.postgres.restart()


def kill_everything_but_the_databases(stack: Stack) -> None:
    for name in ("worker", "beat", "web"):
        stack.kill(name)
    for name in ("web", "beat", "worker"):
        stack.start_one(name)


PLUGS = [kill_worker, restart_redis, restart_postgres, kill_everything_but_the_databases]


@pytest.mark.parametrize("pull", PLUGS, ids=lambda pull: pull.__name__)
def test_every_recipient_gets_exactly_one_mail(
    stack: Stack, api: Api, sandbox_of_stack: SandboxProcess, pull: Callable[[Stack], None]
) -> None:
    domain = f"{pull.__name__.replace('_', '-')}.example"
    rows = "".join(f"Name {number},n{number:03}@{domain}\n" for number in range(COUNT))
    campaign = api.campaign(
        pull.__name__, ("rows.csv", f"Name,Email\n{rows}".encode()), "For {{ Name }}", "<p>Dear {{ Name }}</p>"
    )
    api.launch(campaign)
    api.wait(campaign, lambda told: told["counts"]["sent"] >= COUNT // 10, 60)

    pull(stack)

    assert api_answers(api, campaign)["counts"]["sent"] < COUNT, "it was over before the plug was pulled"
    try:
        told = api.wait(campaign, lambda told: told["status"] == "finished", 120)
    except AssertionError:
        print(stack.logs("worker")[-5000:], stack.logs("beat")[-2000:])  # noqa: T201  shown with the failure
        raise
    assert told["counts"]["sent"] == COUNT
    time.sleep(2)  # a second copy would come late
    everything = sandbox_of_stack.messages(author="ana@contoso.example", limit=10_000)
    mails = [mail for mail in everything if mail["to"][0].endswith(domain)]
    received = Counter(mail["to"][0] for mail in mails)
    assert len(received) == COUNT
    assert set(received.values()) == {1}
    assert all(mail["subject"] == f"For Name {int(mail['to'][0][1:4])}" for mail in mails)


def api_answers(api: Api, campaign: int) -> dict[str, Any]:
    """The API may need a moment after its database went away."""
    for _ in range(50):
        answer = api.client.get(f"campaigns/{campaign}")
        if answer.is_success:
            told: dict[str, Any] = answer.json()
            return told
        time.sleep(0.2)
    raise AssertionError(answer.text)

"""What we do next for each way in which Microsoft Graph may fail us."""

import base64
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime

import httpx
import pytest

from microsoft_graph import failures
from microsoft_graph.errors import (
    Disconnected,
    GraphError,
    MailboxRefused,
    NotDone,
    Rejected,
    Throttled,
    Unclear,
)
from microsoft_graph.failures import Effect
from microsoft_graph.wire import RETRY_SECONDS
from tests.microsoft_graph.samples import sample

NOW = datetime(2026, 11, 2, 9, 15, tzinfo=UTC).timestamp()
CLAIMS = '{"access_token":{"nbf":{"essential":true,"value":"1604106651"}}}'


@dataclass
class Answer:
    status: int
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    on_draft: type[GraphError] | None = None
    on_send: type[GraphError] | None = None
    on_look: type[GraphError] | None = None

    def read(self, effect: Effect) -> GraphError:
        headers = httpx.Headers(self.headers)
        return failures.read_error(self.status, headers, sample(self.body) if self.body else b"", effect, NOW)


def refused_everywhere(status: int, body: str, error: type[GraphError], **headers: str) -> Answer:
    return Answer(status, body, headers, error, error, error)


def throttled() -> Answer:
    return refused_everywhere(429, "over_concurrency", Throttled)


def throttled_without_a_body() -> Answer:
    return Answer(429, "", {}, Throttled, Throttled, Throttled)


def busy() -> Answer:
    return Answer(503, "server_busy", {}, NotDone, Unclear, NotDone)


def internal_error() -> Answer:
    return Answer(500, "internal_error", {}, Unclear, Unclear, NotDone)


def bad_gateway_page() -> Answer:
    return Answer(502, "gateway_page.html", {}, Unclear, Unclear, NotDone)


def gateway_timeout() -> Answer:
    return Answer(504, "", {}, Unclear, Unclear, NotDone)


def request_timeout() -> Answer:
    return Answer(408, "", {}, NotDone, Unclear, NotDone)


def redirect() -> Answer:
    return Answer(302, "", {"location": "https://login.example/"}, NotDone, Unclear, NotDone)


def expired_token() -> Answer:
    return refused_everywhere(401, "token_expired", Disconnected)


def invalid_recipient() -> Answer:
    return refused_everywhere(400, "invalid_recipient", Rejected)


def forbidden_header() -> Answer:
    return refused_everywhere(400, "header_not_x", Rejected)


def too_large() -> Answer:
    return refused_everywhere(413, "too_large", Rejected)


def send_as_denied() -> Answer:
    return refused_everywhere(403, "send_as_denied", MailboxRefused)


def scope_missing() -> Answer:
    return refused_everywhere(403, "access_denied", MailboxRefused)


def no_mailbox() -> Answer:
    return refused_everywhere(404, "no_mailbox", MailboxRefused)


def mailbox_full() -> Answer:
    return refused_everywhere(507, "mailbox_full", MailboxRefused)


def daily_limit_whatever_the_status() -> Answer:
    return refused_everywhere(500, "daily_limit", MailboxRefused)


def draft_gone() -> Answer:
    return Answer(404, "item_not_found", {}, NotDone, Unclear, Rejected)


@pytest.mark.parametrize(
    "scenario",
    [
        throttled,
        throttled_without_a_body,
        busy,
        internal_error,
        bad_gateway_page,
        gateway_timeout,
        request_timeout,
        redirect,
        expired_token,
        invalid_recipient,
        forbidden_header,
        too_large,
        send_as_denied,
        scope_missing,
        no_mailbox,
        mailbox_full,
        daily_limit_whatever_the_status,
        draft_gone,
    ],
)
def test_an_error_says_what_to_do_next(scenario: Callable[[], Answer]) -> None:
    answer = scenario()
    assert type(answer.read(Effect.MAKES)) is answer.on_draft
    assert type(answer.read(Effect.SENDS)) is answer.on_send
    assert type(answer.read(Effect.NONE)) is answer.on_look


def test_no_5xx_of_a_send_is_ever_taken_for_not_sent() -> None:
    for status in range(500, 600):
        if status != 507:
            assert isinstance(Answer(status).read(Effect.SENDS), Unclear)


def test_reason_code_and_request_id_are_microsofts() -> None:
    error = Answer(400, "invalid_recipient", {"request-id": "abc"}).read(Effect.SENDS)
    assert error.code == "ErrorInvalidRecipients"
    assert "'nobody' is not resolved" in error.reason
    assert str(error) == error.reason
    assert error.request_id == "abc"


def test_an_answer_without_a_body_gets_a_reason_all_the_same() -> None:
    assert Answer(504).read(Effect.NONE).reason == "Microsoft answered 504."


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7.0),
        ("2.128", 2.128),
        (" 0 ", 0.0),
        ("-5", 0.0),
        (format_datetime(datetime(2026, 11, 2, 9, 15, 30, tzinfo=UTC), usegmt=True), 30.0),
        (format_datetime(datetime(2026, 11, 2, 9, 0, 0, tzinfo=UTC), usegmt=True), 0.0),
        ("99999999", 86_400.0),
        ("inf", 86_400.0),
        ("nan", None),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after_is_seconds_a_fraction_a_date_or_nothing(text: str, seconds: float | None) -> None:
    assert failures.retry_after(httpx.Headers({"Retry-After": text}), NOW) == seconds
    assert failures.retry_after(httpx.Headers(), NOW) is None


def test_a_throttled_call_knows_whether_the_time_is_microsofts_or_ours() -> None:
    told = Answer(429, "over_concurrency", {"Retry-After": "2.128"}).read(Effect.SENDS)
    guessed = Answer(429, "over_concurrency").read(Effect.SENDS)
    assert isinstance(told, Throttled) and isinstance(guessed, Throttled)  # noqa: PT018
    assert (told.seconds, told.told) == (2.128, True)
    assert (guessed.seconds, guessed.told) == (RETRY_SECONDS, False)


def test_without_advice_the_wait_doubles_up_to_five_minutes() -> None:
    waits = [failures.wait_without_advice(number) for number in range(8)]
    assert waits == [5, 10, 20, 40, 80, 160, 300, 300]
    assert math.isfinite(failures.wait_without_advice(10_000))


@pytest.mark.parametrize("padding", ["=", ""])
def test_a_claims_challenge_is_decoded_for_the_next_sign_in(padding: str) -> None:
    claims = base64.b64encode(CLAIMS.encode()).decode().rstrip("=") + padding * 2
    header = f'Bearer realm="", error="insufficient_claims", claims="{claims}"'
    error = Answer(401, "token_challenged", {"WWW-Authenticate": header}).read(Effect.SENDS)
    assert isinstance(error, Disconnected)
    assert error.claims == CLAIMS


@pytest.mark.parametrize("header", ["Bearer", 'Bearer claims="%%%"', 'Bearer claims="/w=="', ""])
def test_a_challenge_without_readable_claims_is_none(header: str) -> None:
    error = Answer(401, "token_expired", {"WWW-Authenticate": header}).read(Effect.NONE)
    assert isinstance(error, Disconnected)
    assert error.claims is None


def test_no_answer_is_a_doubt_only_when_something_may_have_been_done() -> None:
    assert isinstance(failures.no_answer("", Effect.SENDS, may_have_left=True), Unclear)
    assert isinstance(failures.no_answer("", Effect.SENDS, may_have_left=False), NotDone)
    assert isinstance(failures.no_answer("", Effect.MAKES, may_have_left=True), Unclear)
    assert isinstance(failures.no_answer("", Effect.NONE, may_have_left=True), NotDone)

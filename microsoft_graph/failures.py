"""Why a call to Microsoft Graph failed: read from its answer, or from there being none. No I/O."""

import base64
import binascii
import math
import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from enum import Enum

from microsoft_graph.errors import (
    Disconnected,
    GraphError,
    MailboxRefused,
    NotDone,
    Rejected,
    Throttled,
    Unclear,
)
from microsoft_graph.wire import RETRY_SECONDS, read_json

LONGEST_WAIT = 24 * 3600.0


class Effect(Enum):
    """What a call leaves behind, and so what a lost answer means."""

    SENDS = "an email leaves"  # Unclear: an email may be on its way
    MAKES = "a draft stays in the mailbox"  # Unclear: look for it by its key rather than leave a second one
    NONE = "nothing, or the same again"  # NotDone: simply ask again


# Codes that decide by themselves, whatever the HTTP status they come with: refusals that concern the mailbox.
# (https://learn.microsoft.com/graph/outlook-send-mail-from-other-user#errors and error codes people report)
OF_THE_MAILBOX = {
    "ErrorAccessDenied",
    "ErrorSendAsDenied",
    "ErrorSendOnBehalfDenied",
    "MailboxNotEnabledForRESTAPI",
    "MailboxNotSupportedForRESTAPI",
    "ResourceNotFound",
    "ErrorNonExistentMailbox",
    "ErrorQuotaExceeded",
    "ErrorExceededMessageLimit",
    "ErrorMessageSubmissionBlocked",
    "ErrorAccountSuspend",
    "Authorization_RequestDenied",
}
THROTTLES = {"ApplicationThrottled", "TooManyRequests"}
_REFUSED_FOR_NOW = {408, 409, 412, 423, 425}


def read_error(
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    effect: Effect,
    now: float,
    wait: float = RETRY_SECONDS,
) -> GraphError:
    """Why a call failed, as the exception to raise.

    `headers` must be case-insensitive; `now` is in seconds since 1970 (Retry-After may be a date); `wait` is
    how long to wait where Microsoft names no time. The statuses:
    https://learn.microsoft.com/graph/errors#http-status-codes.

    A 429 was refused before anything was done (https://learn.microsoft.com/graph/throttling). A 5xx proves
    nothing: mail sent in spite of one has been seen (https://learn.microsoft.com/answers/questions/5629476,
    …/2286986), so for a send each of them is a doubt. For a draft a 503 is a refusal: were it wrong, an
    unsent draft is all that is left.
    """
    error = read_json(body).get("error")
    error = error if isinstance(error, dict) else {}
    code = str(error.get("code") or "")
    reason = str(error.get("message") or f"Microsoft answered {status}.")
    request_id = headers.get("request-id") or ""
    told = retry_after(headers, now)
    seconds = wait if told is None else told

    if status == 401:
        return Disconnected(reason, claims_challenge(headers), code, request_id)
    if status == 429 or code in THROTTLES:
        return Throttled(seconds, told is not None, reason, code, request_id)
    if code in OF_THE_MAILBOX or status == 507:
        return MailboxRefused(reason, code, request_id)
    if status == 404 and effect is Effect.SENDS:
        # The draft went meanwhile: sent by an earlier try, or deleted by its owner. Only a look-up can tell.
        return Unclear(reason, seconds, code, request_id)
    if status == 404 and effect is Effect.MAKES:
        return NotDone(reason, seconds, code, request_id)  # the draft it was to be added to is gone
    if 400 <= status < 500 and status not in _REFUSED_FOR_NOW:
        return MailboxRefused(reason, code, request_id) if status == 403 else Rejected(reason, code, request_id)
    if effect is Effect.NONE or (effect is Effect.MAKES and (status == 503 or status < 500)):
        return NotDone(reason, seconds, code, request_id)
    return Unclear(reason, seconds, code, request_id)


def no_answer(reason: str, effect: Effect, may_have_left: bool, wait: float = RETRY_SECONDS) -> GraphError:
    """Why a call failed that got no answer: a doubt if the request may have left and would leave something
    behind."""
    if may_have_left and effect is not Effect.NONE:
        return Unclear(reason, wait)
    return NotDone(reason, wait)


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds to wait: from a number, also a fraction, or a date (RFC 9110, 10.2.3); None when absent or
    nonsense."""
    text = (headers.get("retry-after") or "").strip()
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(text).timestamp() - now
        except ValueError:
            return None
    if math.isnan(seconds):
        return None
    return min(max(seconds, 0.0), LONGEST_WAIT)


def wait_without_advice(throttled_in_a_row: int) -> float:
    """How long to wait when Microsoft does not say: 5 s, doubled each time, up to 5 minutes."""
    return min(RETRY_SECONDS * 2.0 ** min(throttled_in_a_row, 16), 300.0)


def claims_challenge(headers: Mapping[str, str]) -> str | None:
    """The JSON a 401 asks the next sign-in to carry
    (https://learn.microsoft.com/entra/identity-platform/claims-challenge), or None."""
    found = re.search(r'claims="([^"]+)"', headers.get("www-authenticate") or "")
    return decode_claims(found.group(1)) if found else None


def decode_claims(text: str) -> str | None:
    """The claims of a challenge as JSON text; None when they are not readable."""
    try:
        claims = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_")
    except binascii.Error:
        return None
    return claims.decode() if read_json(claims) else None

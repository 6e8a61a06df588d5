"""Planned trouble: which requests it hits, and what they are answered instead.

A fault is planned through the control surface (`POST /_control/faults`). Its `action`:

- `status`: nothing is done; the answer is `status` with `body` and `headers`
- `expired`, `challenge`: nothing is done; 401 as for an old token, or with a claims challenge; the token stays good
- `reset`: nothing is done; the connection is cut
- `delay`: done after `seconds`
- `add_headers`: done, and the answer bears `headers` besides its own (202 with Retry-After)
- `accept_then_fail`: done; the answer is `status` all the same
- `accept_then_hang`, `accept_then_reset`: done; the connection is cut, after `seconds` or at once

A header's value `http-date+30` becomes the date of thirty seconds later, as Retry-After may be written.
"""

import random
import re
from datetime import UTC, datetime
from email.utils import format_datetime

from starlette.responses import JSONResponse, Response

from sandbox.graph_errors import error_response, invalid_token
from sandbox.state import Fault, State
from sandbox.tokens import challenge

ACTIONS = (
    "status",
    "expired",
    "challenge",
    "reset",
    "delay",
    "add_headers",
    "accept_then_fail",
    "accept_then_hang",
    "accept_then_reset",
)
PLANNED = {"error": {"code": "ServiceUnavailable", "message": "The service is unavailable (planned by a test)."}}


def next_fault(state: State, method: str, path: str, mailbox: str) -> Fault | None:
    """The first planned fault that hits this request, counted as used."""
    for fault in state.faults:
        if is_meant(fault, method, path, mailbox) and hits(fault):
            if fault.times > 0:
                fault.times -= 1
            if fault.times == 0:
                state.faults.remove(fault)
            state.fault_hits[f"{fault.action} {fault.status}" if fault.action == "status" else fault.action] += 1
            return fault
    return None


def is_meant(fault: Fault, method: str, path: str, mailbox: str) -> bool:
    match = fault.match
    return (
        match.get("method", method).upper() == method
        and re.search(match.get("path", ""), path) is not None
        and match.get("mailbox", mailbox).lower() == mailbox
    )


def hits(fault: Fault) -> bool:
    """By chance. With a seed the draws are numbered, so they come out the same in the next run."""
    if fault.probability >= 1:
        return True
    fault.drawn += 1
    drawn = random.random() if fault.seed is None else random.Random(f"{fault.seed}/{fault.drawn}").random()
    return drawn < fault.probability


def answer(state: State, fault: Fault) -> Response:
    """What a request is answered in place of what its endpoint would say."""
    if fault.action == "challenge":
        return error_response(challenge(state))
    if fault.action == "expired":
        return error_response(invalid_token("Lifetime validation failed, the token is expired."))
    body = PLANNED if fault.body is None else fault.body
    headers = dated(fault.headers, state.now())
    if isinstance(body, str):
        return Response(body, fault.status, headers)
    return JSONResponse(body, fault.status, headers)


def dated(headers: dict[str, str], now: float) -> dict[str, str]:
    return {name: http_date(str(value), now) for name, value in headers.items()}


def http_date(value: str, now: float) -> str:
    found = re.fullmatch(r"http-date\+(\d+(?:\.\d+)?)", value)
    if not found:
        return value
    return format_datetime(datetime.fromtimestamp(now + float(found[1]), UTC), usegmt=True)

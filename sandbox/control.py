"""The control surface under /_control/: what tests and the demo use to look behind the scenes and to make
things go wrong. JSON in, JSON out; wrong input answers 400 {"error": …}.
"""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import asdict, fields
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox import tokens, transport
from sandbox.control_reports import count_messages, messages, requests, stats
from sandbox.entra import GRAPH_SCOPES
from sandbox.faults import ACTIONS
from sandbox.people import CLIENT_ID, Person, Tenant
from sandbox.state import Delivered, Fault, State

RIGHTS = ("send_as", "on_behalf", "alias", "none")


class Wrong(Exception):
    """The request to the control surface makes no sense; the text says why."""


Body = dict[str, Any]
Action = Callable[[State, Any], Any]


def endpoint(action: Action) -> Callable[[Request], Awaitable[Response]]:
    """An action on (state, JSON body) — or query parameters for GET — as an ASGI endpoint."""

    async def answer(request: Request) -> Response:
        state: State = request.app.state.sandbox
        try:
            body = (
                dict(request.query_params)
                if request.method == "GET"
                else await request.json()
                if await request.body()
                else {}
            )
            result = action(state, body)
        except (Wrong, KeyError, TypeError, ValueError) as problem:
            return JSONResponse({"error": f"{type(problem).__name__}: {problem}"}, 400)
        if request.method != "GET":
            state.dirty = True
        return JSONResponse(result if result is not None else {"ok": True})

    return answer


def health(state: State, _: Body) -> Body:
    return {"status": "ok", "people": len(state.people), "delivered": len(state.delivered)}


def reset(state: State, _: Body) -> None:
    state.reset()


def person_of(state: State, body: Body) -> Person:
    person = state.person(str(body.get("person", "")))
    if person is None:
        raise Wrong(f"nobody is called {body.get('person')!r}")
    return person


def person_json(state: State, person: Person) -> Body:
    return asdict(person) | {
        "tenant": state.tenants[person.tenant_id].name,
        "scopes": sorted(state.granted(person)),
    }


def people(state: State, _: Body) -> list[Body]:
    return [person_json(state, person) for person in state.people.values()]


def seed(state: State, body: Body) -> list[Body]:
    """{people: [{address, name, tenant_id?, oid?, admin?, job_title?, has_mailbox?, disabled?}]}: added or replaced.

    A tenant is made for a domain that has none. Ids that are not given follow from the address.
    """
    added = []
    for one in body.get("people", []):
        address = str(one["address"]).lower()
        domain = address.rpartition("@")[2]
        tenant = state.tenant(str(one.get("tenant_id") or domain))
        if tenant is None:
            tenant_id = str(one.get("tenant_id") or guid(domain))
            tenant = Tenant(tenant_id, domain.split(".")[0].capitalize(), domain)
            state.tenants[tenant.id] = tenant
            state.tenant_domains[tenant.id] = {domain}
        known = state.person(address)
        person = Person(
            oid=str(one.get("oid") or (known.oid if known else guid(address))),
            tenant_id=tenant.id,
            name=str(one.get("name") or address.partition("@")[0].capitalize()),
            address=address,
            job_title=str(one.get("job_title", "")),
            admin=bool(one.get("admin", False)),
            disabled=bool(one.get("disabled", False)),
            has_mailbox=bool(one.get("has_mailbox", True)),
        )
        state.add_person(person)
        added.append(person_json(state, person))
    return added


def guid(text: str) -> str:
    digest = hashlib.sha256(text.encode()).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-8{digest[17:20]}-{digest[20:32]}"


def faults(state: State, body: list[Body] | Body) -> Body:
    """Plan faults, besides those planned before; {"clear": true} forgets them all. See `sandbox.faults`."""
    if isinstance(body, dict) and body.get("clear"):
        state.faults.clear()
        return {"planned": 0}
    for one in body if isinstance(body, list) else body.get("faults", [body]):
        fault = Fault(**{"match": {}, **one})
        if fault.action not in ACTIONS:
            raise Wrong(f"action must be one of {', '.join(ACTIONS)}")
        if unknown := fault.match.keys() - {"method", "path", "mailbox"}:
            raise Wrong(f"can't match by {', '.join(unknown)}")
        if not 0 <= fault.probability <= 1 or fault.times < -1:
            raise Wrong("probability lies between 0 and 1, and times is -1 for ever or not negative")
        if fault.action == "accept_then_fail" and "status" not in one:
            fault.status = 504
        if fault.times:
            state.faults.append(fault)
    return {"planned": len(state.faults)}


def planned_faults(state: State, _: Body) -> list[Body]:
    return [asdict(fault) for fault in state.faults]


def settings(state: State, body: Body) -> Body:
    """Change settings; those of `limits` may stand in an object of that name or beside the others."""
    limits = {**body.pop("limits", {})}
    for name, value in body.items():
        if name in {f.name for f in fields(state.limits)}:
            limits[name] = value
        elif name in {f.name for f in fields(state.settings)}:
            setattr(state.settings, name, value)
        else:
            raise Wrong(f"there is no setting {name!r}")
    for name, value in limits.items():
        if name not in {f.name for f in fields(state.limits)}:
            raise Wrong(f"there is no limit {name!r}")
        setattr(state.limits, name, value)
    return shown_settings(state, {})


def shown_settings(state: State, _: Body) -> Body:
    return asdict(state.settings) | {"limits": asdict(state.limits)}


def clock(state: State, body: Body) -> Body:
    """{advance: seconds}: everything that falls due in between happens at once."""
    state.clock_offset += float(body.get("advance", 0))
    return {"now": datetime.fromtimestamp(state.now(), UTC).isoformat()}


def expire_tokens(state: State, _: Body) -> None:
    """Every access token is expired; refresh tokens still work."""
    state.token_generation += 1


def revoke_tokens(state: State, body: Body) -> Body:
    """The person's refresh tokens are revoked (as by a changed password)."""
    person = person_of(state, body)
    mine = [one for one in state.refresh_tokens.values() if one.oid == person.oid and not one.revoked]
    for one in mine:
        one.revoked = True
    return {"revoked": len(mine)}


def challenge_tokens(state: State, body: Body) -> None:
    """The person's access tokens are answered with a claims challenge until they are got anew."""
    state.challenge_number += 1
    state.challenged[person_of(state, body).oid] = state.challenge_number


def rotate_key(state: State, body: Body) -> Body:
    """Sign with a new key from now on; {"forget_old": true} takes the old ones out of the key list."""
    for key in state.keys if body.get("forget_old") else []:
        key.published = False
    state.keys.append(tokens.new_key())
    return {"kid": state.keys[-1].kid}


def scopes_in(body: Body) -> set[str]:
    found = set()
    for scope in body.get("scopes", []):
        short = scope.removeprefix(f"{tokens.GRAPH}/").lower()
        if short not in GRAPH_SCOPES:
            raise Wrong(f"there is no scope {scope!r}")
        found.add(GRAPH_SCOPES[short])
    return found


def grant_consent(state: State, body: Body) -> Body:
    """{person, scopes, whole_tenant?}: as if the person, or an administrator for all, had consented."""
    person, scopes = person_of(state, body), scopes_in(body)
    if body.get("whole_tenant"):
        state.admin_consents.setdefault((person.tenant_id, CLIENT_ID), set()).update(scopes)
    else:
        state.user_consents.setdefault((person.tenant_id, person.oid, CLIENT_ID), set()).update(scopes)
    return person_json(state, person)


def revoke_consent(state: State, body: Body) -> Body:
    """{person, scopes?}: the person's consent and the tenant's, for these scopes or all."""
    person, scopes = person_of(state, body), scopes_in(body)
    own = state.user_consents.get((person.tenant_id, person.oid, CLIENT_ID), set())
    whole = state.admin_consents.get((person.tenant_id, CLIENT_ID), set())
    for granted in (own, whole):
        granted.difference_update(scopes or set(granted))
    return person_json(state, person)


def disable(state: State, body: Body) -> Body:
    """{person, disabled?: true}"""
    person = person_of(state, body)
    person.disabled = bool(body.get("disabled", True))
    return person_json(state, person)


def allow_send_as(state: State, body: Body) -> None:
    """{person, mailbox, allowed?: true}: the Exchange right to send as another mailbox, and to open it."""
    right = "send_as" if body.get("allowed", True) else "none"
    give_right(state, {**body, "address": body["mailbox"], "right": right, "open": right == "send_as"})


def give_right(state: State, body: Body) -> Body:
    """{person, address, right: send_as|on_behalf|alias|none, open?: false}: what the person may send as `address`.

    The right takes the place of what was there before. `open` is Full Access to the mailbox, which its own
    sendMail needs besides. An `alias` is one more address of the person's own mailbox.
    """
    person, address, right = person_of(state, body), str(body["address"]).lower(), body["right"]
    if right not in RIGHTS:
        raise Wrong(f"right must be one of {', '.join(RIGHTS)}")
    own = person.address.lower()
    if right == "alias" and (state.person(address) or state.aliases.get(address, own) != own):
        raise Wrong(f"{address} is somebody else's")
    pair = (person.oid, address)
    wanted = {"send_as": right == "send_as", "send_on_behalf": right == "on_behalf", "full_access": body.get("open")}
    for name, given in wanted.items():
        pairs: set[tuple[str, str]] = getattr(state, name)
        if given:
            pairs.add(pair)
        else:
            pairs.discard(pair)
    if right == "alias":
        state.aliases[address] = own
    else:
        state.aliases.pop(address, None)
    return {"right": right, "open": pair in state.full_access}


def delivered_one(state: State, body: Body) -> Delivered:
    """By `message`: a record's number, or an internet message id (then `from` says which recipient)."""
    wanted, owner = body["message"], str(body.get("from", "")).lower()
    if isinstance(wanted, int):
        if not 0 < wanted <= len(state.delivered):
            raise Wrong(f"there is no message {wanted}")
        return state.delivered[wanted - 1]
    for record in state.delivered_ids.get(str(wanted), []):
        if owner in ("", record.owner):
            return record
    raise Wrong(f"there is no message {wanted!r}")


def reply(state: State, body: Body) -> Body:
    """{message, text, from?}: the recipient answers a message that arrived."""
    record = delivered_one(state, body)
    answer = transport.answer(state, record.owner, record.mail, str(body.get("text", "")))
    return {"internet_message_id": answer.internet_id, "to": [a.address for a in answer.to]}


def out_of_office(state: State, body: Body) -> None:
    """{address, text}: answer everything automatically from now on; an empty text ends it."""
    address, text = str(body["address"]).lower(), str(body.get("text", ""))
    if text:
        state.out_of_office[address] = text
    else:
        state.out_of_office.pop(address, None)


def reactivate(state: State, body: Body) -> None:
    """{address?}: Postmark sends to an inactive recipient again, or to all of them."""
    if "address" in body:
        state.postmark_inactive.discard(str(body["address"]).lower())
    else:
        state.postmark_inactive.clear()


POSTS: dict[str, Action] = {
    "reset": reset,
    "seed": seed,
    "faults": faults,
    "settings": settings,
    "clock": clock,
    "tokens/expire": expire_tokens,
    "tokens/revoke": revoke_tokens,
    "tokens/challenge": challenge_tokens,
    "keys/rotate": rotate_key,
    "consent/grant": grant_consent,
    "consent/revoke": revoke_consent,
    "people/disable": disable,
    "send_as": allow_send_as,
    "rights": give_right,
    "reply": reply,
    "out_of_office": out_of_office,
    "postmark/reactivate": reactivate,
}
GETS: dict[str, Action] = {
    "health": health,
    "people": people,
    "messages": messages,
    "messages/count": count_messages,
    "requests": requests,
    "stats": stats,
    "settings": shown_settings,
    "faults": planned_faults,
}
ROUTES = [
    *(Route(f"/_control/{name}", endpoint(action), methods=["POST"]) for name, action in POSTS.items()),
    *(Route(f"/_control/{name}", endpoint(action), methods=["GET"]) for name, action in GETS.items()),
]

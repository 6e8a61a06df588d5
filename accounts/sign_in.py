"""Signing in: start at Microsoft, check the answer, remember the tokens of the mailbox."""

import logging
from collections.abc import Mapping
from typing import Any

import msal
import requests
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from msal.exceptions import MsalServiceError

from accounts import id_token, microsoft, secrets, tokens
from accounts.models import Mailbox, User

log = logging.getLogger(__name__)

Flow = dict[str, Any]  # msal's: state, nonce, code_verifier, …; kept in the session until the answer comes


class SignInRefused(Exception):
    """The text is for the visitor: what happened and what to do."""


class NotStartedHere(SignInRefused):
    """A forged or a replayed answer."""

    def __str__(self) -> str:
        return _("This sign-in was not started here, or it was used before. Please sign in again.")


def begin(redirect_uri: str, scopes: list[str], login_hint: str | None = None) -> Flow:
    """A new flow; its `auth_uri` is where the browser goes. Raises SignInRefused."""
    try:
        flow: Flow = microsoft.client().initiate_auth_code_flow(
            scopes, redirect_uri=redirect_uri, login_hint=login_hint, prompt=None if login_hint else "select_account"
        )
    except (requests.RequestException, MsalServiceError, ValueError) as problem:
        log.warning("sign-in could not start: %s", type(problem).__name__)
        raise SignInRefused(
            _("Microsoft's sign-in does not answer at the moment. Nothing is lost; please try again in a minute.")
        ) from None
    return flow


def finish(flow: Flow, answer: Mapping[str, str]) -> User:
    """The person behind Microsoft's answer; the mailbox is connected on the way. Raises SignInRefused.

    A forged answer fails at the state, a replayed one at the flow, which the view takes out of the session
    at its first use.
    """
    cache = msal.SerializableTokenCache()
    try:
        result = microsoft.client(cache).acquire_token_by_auth_code_flow(flow, dict(answer))
    except (ValueError, RuntimeError) as problem:  # state or nonce is not ours
        log.warning("sign-in refused: %s", type(problem).__name__)
        raise NotStartedHere from None
    except (requests.RequestException, MsalServiceError):
        raise SignInRefused(_("Microsoft's sign-in does not answer at the moment. Please try again.")) from None
    if "error" in result:
        raise SignInRefused(_explain(result))
    try:
        person = id_token.verify(str(result.get("id_token", "")), str(flow["nonce"]))
    except id_token.NotVouchedFor as problem:
        log.warning("sign-in refused: %s", problem)
        raise SignInRefused(_("Microsoft's answer could not be verified. Please sign in again.")) from None
    user = User.objects.from_microsoft(
        tenant_id=person.tenant_id, object_id=person.object_id, email=person.email, name=person.name
    )
    if not user.is_active:
        raise SignInRefused(_("This account has been closed here. Please ask whoever runs this service."))
    connect_mailbox(user, cache, str(result.get("scope", "")))
    return user


def connect_mailbox(user: User, cache: msal.SerializableTokenCache, scopes: str) -> Mailbox:
    """Store the tokens of a fresh sign-in, encrypted; a lapsed mailbox is connected again."""
    account_key = next(iter(cache.search(msal.TokenCache.CredentialType.ACCOUNT)))["home_account_id"]
    with transaction.atomic():
        mailbox, _made = Mailbox.objects.select_for_update().update_or_create(
            owner=user,
            workspace=user.workspace,
            defaults={
                "address": user.email,
                "tier": microsoft.granted_tier(scopes),
                "sends_as_others": microsoft.sends_as_others(scopes),
                "state": Mailbox.State.CONNECTED,
                "state_reason": "",
                "signed_in_at": timezone.now(),
                "account_key": account_key,
                "token_cache": secrets.seal(cache.serialize()),
            },
        )
    tokens.forget(mailbox.pk)
    return mailbox


def _explain(result: Mapping[str, Any]) -> str:
    """Entra's refusal in our words. Only `error` and `suberror` are for branching on; the numbers are for people."""
    error, codes = result.get("error"), set(result.get("error_codes") or [])
    words = str(result.get("error_description") or "")
    if error == "access_denied" or codes & {65004, 90094} or "AADSTS65004" in words or "AADSTS90094" in words:
        return _(
            "The permission was not given, so nothing was connected. Where an administrator has to approve it, "
            "ask them; the page “Mailbox” has the link to send."
        )
    if error == "invalid_client":
        return _("This service's own registration at Microsoft has lapsed. Please tell whoever runs it.")
    if error == "invalid_grant":
        return _("This sign-in took too long or was used before. Please sign in again.")
    return _("Microsoft refused the sign-in: %(reason)s") % {"reason": words.split(" Trace ID:")[0] or error}

"""A mailbox's door to Microsoft Graph: its client, its tokens, its limits."""

from datetime import datetime

from django.conf import settings
from django.db import DatabaseError, connection

from accounts import tokens
from accounts.models import Mailbox, Workspace
from campaigns.pacing import Limits
from microsoft_graph.client import MailboxClient
from microsoft_graph.errors import Disconnected
from microsoft_graph.mailbox_clients import MailboxClients


def _open(mailbox_id: int) -> MailboxClient:
    def get_token(claims: str | None) -> str:
        try:
            return tokens.access_token(mailbox_id, claims)
        except tokens.SignInNeeded as lapsed:
            raise Disconnected(str(lapsed)) from None
        except DatabaseError:
            raise OSError("The database is away.") from None  # nothing was called: try again
        finally:
            connection.close()  # a thread of the client's, for this one question

    mailbox = Mailbox.objects.select_related("workspace").get(pk=mailbox_id)
    return MailboxClient(settings.GRAPH_URL, get_token, concurrent=mailbox.workspace.concurrent_requests)


_clients = MailboxClients(_open)  # one small HTTP client per mailbox, in this process


_signed_in: dict[int, datetime] = {}  # the sign-in whose tokens this process knows, by mailbox


def client_for(mailbox: Mailbox) -> MailboxClient:
    """Its owner may have signed in anew, with another tier, in another process: then old tokens are forgotten."""
    if _signed_in.get(mailbox.pk) != mailbox.signed_in_at:
        tokens.forget(mailbox.pk)
        _clients.forget(mailbox.pk)
        _signed_in[mailbox.pk] = mailbox.signed_in_at
    return _clients[mailbox.pk]


def close() -> None:
    """Close every client of this process; the next use opens them anew."""
    _clients.close()


# Kept for what is asked beside sending: doubts, reports of Exchange's, drafts of stopped campaigns. At most a tenth.
REQUESTS_BESIDE = 250


def limits_of(workspace: Workspace) -> Limits:
    """What mails may use up of what Microsoft allows."""
    beside = min(REQUESTS_BESIDE, workspace.requests_per_10min // 10)
    return Limits(
        messages_per_minute=workspace.messages_per_minute,
        recipients_per_day=workspace.recipients_per_day,
        concurrent=workspace.concurrent_requests,
        upload_bytes_per_5min=workspace.upload_bytes_per_5min,
        requests_per_10min=workspace.requests_per_10min - beside,
    )

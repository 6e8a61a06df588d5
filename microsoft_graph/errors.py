"""What a call to Microsoft Graph may end in, other than well: each exception says what the caller does next.

    Throttled       wait `seconds`, then the same call again; nothing was done
    NotDone         the same call again after `seconds`; surely nothing was done
    Unclear         it may have been done: look it up, never repeat it blindly
    Rejected        give up this message
    MailboxRefused  stop sending from this mailbox and tell its owner
    Disconnected    the sign-in has lapsed: bring the owner back (with `claims` if Microsoft asks for more)

Reasons are Microsoft's or our own English words. They may name a recipient: show them to the sender, keep
them out of logs. Pages translate by `code`, which Microsoft promises to keep, never by the text
(https://learn.microsoft.com/graph/errors#code-property).
"""


class GraphError(Exception):
    """Any of the below. `request_id` is what Microsoft's support asks for; empty when there was no answer."""

    def __init__(self, reason: str, code: str = "", request_id: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code
        self.request_id = request_id


class Throttled(GraphError):
    """Too fast for this mailbox. Wait `seconds`; `told` is False where Microsoft named no time and we chose
    one."""

    def __init__(
        self,
        seconds: float,
        told: bool = True,
        reason: str = "Microsoft asks for a pause.",
        code: str = "",
        request_id: str = "",
    ) -> None:
        super().__init__(reason, code, request_id)
        self.seconds = seconds
        self.told = told


class NotDone(GraphError):
    """Surely without effect, and likely to work later: again after `seconds`."""

    def __init__(self, reason: str, seconds: float, code: str = "", request_id: str = "") -> None:
        super().__init__(reason, code, request_id)
        self.seconds = seconds


class Unclear(GraphError):
    """The request may have been acted upon. Look it up; leave the mailbox alone for `seconds`."""

    def __init__(self, reason: str, seconds: float = 0.0, code: str = "", request_id: str = "") -> None:
        super().__init__(reason, code, request_id)
        self.seconds = seconds


class Rejected(GraphError):
    """This message will never go: a bad address, too large, a header Microsoft does not take."""


class MailboxRefused(GraphError):
    """Nothing will go from this mailbox as things stand: no right to send as, no mailbox, a quota used up."""


class Disconnected(GraphError):
    """No valid token. `claims` is the JSON of a claims challenge, to be passed to the sign-in, or None."""

    def __init__(self, reason: str, claims: str | None = None, code: str = "", request_id: str = "") -> None:
        super().__init__(reason, code, request_id)
        self.claims = claims

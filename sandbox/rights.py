"""Who may send as whom: aliases, Send As, Send on Behalf and Full Access, as Exchange decides when a message is
submitted (https://learn.microsoft.com/graph/outlook-send-mail-from-other-user).
"""

from collections.abc import Collection

from sandbox.graph_errors import GraphError
from sandbox.mailboxes import Address, Mail
from sandbox.people import Person
from sandbox.state import State

SHARED = "Mail.Send.Shared"
DENIED = (
    "The user account which was used to submit this request does not have the right to send mail on behalf of the"
    " specified sending account. Cannot submit message."
)


def settle_sender(state: State, person: Person, scopes: Collection[str], mail: Mail) -> None:
    """Set From and Sender of a message as `person` submits it; GraphError 403 ErrorSendAsDenied without a right.

    One's own aliases need nothing. Another mailbox needs Mail.Send.Shared and a right: with Send As the Sender
    is that mailbox too, with Send on Behalf it is the person. Who has both rights sends as.
    """
    own = Address(person.name, person.address)
    author = mail.author or own
    address = author.address.lower()
    if state.main_address(address) == person.address.lower():
        mail.author = mail.sender = named(state, author) if is_kept(state, address, person) else own
        return
    sends_as = (person.oid, address) in state.send_as
    if SHARED not in scopes or not (sends_as or (person.oid, address) in state.send_on_behalf):
        raise GraphError(403, "ErrorSendAsDenied", DENIED)
    mail.author = named(state, author)
    mail.sender = mail.author if sends_as else own


def is_kept(state: State, address: str, person: Person) -> bool:
    """Whether the From stays as asked: an alias does only where the tenant has switched that on
    (https://learn.microsoft.com/exchange/recipients-in-exchange-online/manage-user-mailboxes/send-emails-from-proxy-address).
    """
    return address == person.address.lower() or state.settings.send_from_alias


def named(state: State, author: Address) -> Address:
    """With the directory's name: Exchange does not take a display name from the caller."""
    known = state.person(state.main_address(author.address))
    return author._replace(name=known.name) if known and state.settings.directory_names else author


def may_open(state: State, person: Person, mailbox: str) -> bool:
    """Full Access, which sending through another mailbox's own address needs besides a right to send."""
    return (person.oid, mailbox.lower()) in state.full_access

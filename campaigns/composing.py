"""A campaign's one composer, and the mail of each of its messages: preview, test and sending all come here."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import cast

from django.conf import settings
from django.db.models import Q
from django.utils import translation
from django.utils.translation import gettext as _

from campaigns.addresses import Address
from campaigns.attached import Files
from campaigns.compose import AddressColumns, ComposeProblem, Composer, Email, Importance, Tracking, Unsubscribe
from campaigns.languages import languages_of
from campaigns.merge import Languages, TemplateProblems
from campaigns.models import Campaign, Message, Recipient, Spreadsheet, Template
from microsoft_graph.wire import Attachment, OutgoingEmail
from microsoft_graph.wire import Recipient as To

Groups = Mapping[int, Sequence[Sequence[str]]]
"""By the recipient's id: the cells of all rows of its mail, its own row first. Those of one row may be missing."""

NO_MESSAGE = 0  # previews and tests are no message: nothing that comes back from them is counted


class Composers:
    """The composers of several messages: what a launched campaign's mails are made with never changes, and is kept.

    `at_most` campaigns are remembered; then all are forgotten and made again as they come.
    """

    def __init__(self, at_most: int = 2000) -> None:
        self._at_most = at_most
        self._kept: dict[tuple[int, bool], Composer] = {}

    def of(self, campaign: Campaign, *, tracked: bool) -> Composer:
        """Raises TemplateProblems, CannotCompose."""
        key = (campaign.pk, tracked)
        composer = self._kept.get(key)
        if composer is None:
            composer = composer_of(campaign, tracked=tracked)
            if campaign.is_launched:
                if len(self._kept) >= self._at_most:
                    self._kept.clear()
                self._kept[key] = composer
        return composer


class CannotCompose(ValueError):
    """This row becomes no mail; the text says why, for the sender."""


@dataclass(frozen=True)
class Outgoing:
    message: Message
    email: OutgoingEmail

    def without(self, unwanted: Collection[str]) -> "Outgoing":
        """The same mail to the rest of its recipients; itself when none of them is unwanted."""
        email = self.email
        to, cc, bcc = (
            [one for one in recipients if one.address not in unwanted] for recipients in (email.to, email.cc, email.bcc)
        )
        if (to, cc, bcc) == (email.to, email.cc, email.bcc):
            return self
        return Outgoing(self.message, replace(email, to=to, cc=cc, bcc=bcc))


def preview(
    campaign: Campaign, recipient: Recipient, groups: Groups | None = None, files: Files | None = None
) -> Email:
    """This row's mail exactly as it will go, less what tracks it. `groups` and `files` as in `outgoing`.

    Raises CannotCompose.
    """
    return _compose(campaign, recipient, NO_MESSAGE, groups, files, tracked=False)


def groups_of(messages: Sequence[Message]) -> Groups:
    """The rows of these messages' mails, in one query for all of them; in none when no campaign is grouped."""
    return _groups([message.recipient for message in messages if message.campaign.grouped])


def outgoing(
    message: Message, groups: Groups | None = None, files: Files | None = None, composers: Composers | None = None
) -> Outgoing:
    """The mail of this message, ready for Microsoft Graph. Raises CannotCompose.

    A test goes to one typed address, is marked as a test, and is not tracked. `groups` has the rows of several
    messages; None: they are fetched. `files` and `composers` remember what several messages have in common.
    """
    if message.is_test:
        email = preview(message.campaign, message.recipient, groups, files)
        with translation.override(message.campaign.language):
            subject = _("[Test] %(subject)s") % {"subject": email.subject}
        email = replace(email, to=[Address(message.test_to)], cc=[], bcc=[], subject=subject)
    else:
        email = _compose(message.campaign, message.recipient, message.pk, groups, files, composers, tracked=True)
    try:
        return Outgoing(message, for_graph(email))
    except ComposeProblem as problem:
        raise CannotCompose(str(problem)) from None


def for_graph(email: Email) -> OutgoingEmail:
    """The same for the wire, with the bytes of its files. Raises ComposeProblem when one is gone."""
    return OutgoingEmail(
        subject=email.subject,
        html=email.html,
        to=[To(one.address, one.name) for one in email.to],
        cc=[To(one.address, one.name) for one in email.cc],
        bcc=[To(one.address, one.name) for one in email.bcc],
        reply_to=[To(one.address, one.name) for one in email.reply_to],
        attachments=[
            Attachment(one.name, one.media_type, one.read(), one.inline_id or None) for one in email.attachments
        ],
        list_unsubscribe=f"<{email.list_unsubscribe}>" if email.list_unsubscribe else "",
        from_address=To(email.sender.address, email.sender.name) if email.sender else None,
        importance=email.importance,
    )


def composer_of(campaign: Campaign, *, tracked: bool) -> Composer:
    """Compiled once per version of the template and options, in the language that is active now.

    Raises TemplateProblems, CannotCompose.
    """
    template = Template.objects.filter(campaign=campaign).first()
    sheet = campaign.spreadsheet
    columns = address_columns(sheet) if sheet is not None else None
    if sheet is None or columns is None or template is None:
        raise CannotCompose(_("The campaign needs data with an address column, and a message."))
    return _compiled(
        campaign.pk,
        template.subject,
        template.html,
        tuple(sheet.header),
        columns,
        tracked and campaign.track_opens,
        tracked and campaign.track_clicks,
        (campaign.from_address or campaign.owner.label) if campaign.unsubscribe_link else None,
        languages_of(campaign),
        translation.get_language(),
    )


def address_columns(sheet: Spreadsheet) -> AddressColumns | None:
    """Where the sheet's addresses stand; None while no column for To is chosen."""
    if sheet.address_column is None:
        return None
    return AddressColumns(sheet.address_column, sheet.cc_column, sheet.bcc_column, sheet.reply_to_column)


def _compose(
    campaign: Campaign,
    recipient: Recipient,
    message_id: int,
    groups: Groups | None,
    files: Files | None,
    composers: Composers | None = None,
    *,
    tracked: bool,
) -> Email:
    if groups is None:
        groups = _groups([recipient] if campaign.grouped else [])
    try:
        with translation.override(campaign.language):
            composer = (composers or Composers()).of(campaign, tracked=tracked)
            email = composer.compose(recipient.fields, message_id, groups.get(recipient.pk))
            attached = (files or Files()).of_mail(campaign, groups.get(recipient.pk) or [recipient.fields])
            if attached:
                email = replace(email, attachments=[*email.attachments, *attached])
            return _as_chosen(campaign, email)
    except ComposeProblem as problem:
        raise CannotCompose(str(problem)) from None
    except TemplateProblems as problems:
        raise CannotCompose("; ".join(str(one.message) for one in problems.problems)) from None


def _as_chosen(campaign: Campaign, email: Email) -> Email:
    """With the campaign's From, importance and Reply-To; what a row says about Reply-To goes before."""
    if not campaign.from_address and not campaign.reply_to and campaign.importance == Campaign.Importance.NORMAL:
        return email
    sender = Address(campaign.from_address, campaign.from_name) if campaign.from_address else None
    answers = [Address(campaign.reply_to)] if campaign.reply_to else []
    importance = cast(Importance, campaign.importance)
    return replace(email, sender=sender, reply_to=email.reply_to or answers, importance=importance)


def _groups(leading: Sequence[Recipient]) -> Groups:
    numbers: defaultdict[int, list[int]] = defaultdict(list)
    for recipient in leading:
        numbers[recipient.spreadsheet_id].append(recipient.row_number)
    if not numbers:
        return {}
    theirs = Q()
    for sheet, of_sheet in numbers.items():
        theirs |= Q(spreadsheet=sheet, grouped_into__in=of_sheet)
    others: defaultdict[tuple[int, int | None], list[list[str]]] = defaultdict(list)
    rows = Recipient.objects.included().filter(theirs).order_by("row_number")
    for sheet, leader, fields in rows.values_list("spreadsheet_id", "grouped_into", "fields"):
        others[sheet, leader].append(fields)
    return {one.pk: [one.fields, *others[one.spreadsheet_id, one.row_number]] for one in leading}


@lru_cache(maxsize=64)
def _compiled(
    campaign_id: int,
    subject: str,
    html: str,
    header: tuple[str, ...],
    columns: AddressColumns,
    opens: bool,
    clicks: bool,
    unsubscribe_label: str | None,
    languages: Languages,
    _language: str | None,  # of the words we add; a part of the cache's key
) -> Composer:
    base, keys = settings.TRACKING_URL, settings.TRACKING_KEYS
    return Composer(
        subject,
        html,
        header,
        campaign_id,
        address_columns=columns,
        tracking=Tracking(base, keys, opens, clicks) if opens or clicks else None,
        unsubscribe=Unsubscribe(base, keys, unsubscribe_label) if unsubscribe_label is not None else None,
        languages=languages,
    )

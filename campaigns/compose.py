"""The one way to compose a mail: preview, test and sending all call `Composer.compose`.

A Composer is made once per campaign; making it reads and compiles the template, so that a message costs
little.
"""

import html as html_entities
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from django.utils.translation import gettext as _

from campaigns.addresses import Address, InvalidAddress, parse_addresses
from campaigns.attaching import Attached
from campaigns.inline_images import extract
from campaigns.merge.filters import ENGLISH, Languages
from campaigns.merge.links import check_link, filled_in
from campaigns.merge.problems import Place, Problem, RenderProblem, TemplateProblems
from campaigns.merge.source import body_end
from campaigns.merge.template import Draft, compile_draft, read_template
from campaigns.tracked_links import (
    UNSUBSCRIBE_NUMBER,
    click_url,
    link_token,
    message_token,
    open_url,
    pixel,
    trackable,
    unsubscribe_url,
)

Importance = Literal["low", "normal", "high"]


@dataclass(frozen=True, slots=True)
class Tracking:
    """What to track and where hits go; `keys` as in tracked_links, the first signs."""

    base_url: str
    keys: Sequence[bytes] = field(repr=False)
    opens: bool = True
    clicks: bool = True


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """A way out for recipients. `label` names the sender on the unsubscribe page: "Ana Albrecht
    <ana@contoso.example>".

    `text` and `link_text` make the line added below a mail that has no `{{ unsubscribe_link }}` of its own;
    empty means our own words.
    """

    base_url: str
    keys: Sequence[bytes] = field(repr=False)
    label: str = ""
    text: str = ""
    link_text: str = ""


@dataclass(frozen=True, slots=True)
class AddressColumns:
    """The columns, counted from 0, that hold addresses."""

    to: int
    cc: int | None = None
    bcc: int | None = None
    reply_to: int | None = None


@dataclass(frozen=True, slots=True)
class Email:
    """One mail to one recipient, ready to be handed over. `list_unsubscribe` is the bare https address.

    `sender` None is the mailbox's own address. `plain` writes the mail's plain text: for those who ask for it.
    """

    to: list[Address]
    cc: list[Address]
    bcc: list[Address]
    reply_to: list[Address]
    subject: str
    html: str
    plain: Callable[[], str] = field(repr=False, compare=False)
    list_unsubscribe: str | None = None
    attachments: list[Attached] = field(default_factory=list)
    sender: Address | None = None
    importance: Importance = "normal"

    @property
    def text(self) -> str:
        return self.plain()


class ComposeProblem(Exception):
    """This row cannot become a mail; the message says why, in words for the sender."""


class Composer:
    """A campaign's template, made ready for its rows."""

    def __init__(
        self,
        subject: str,
        html: str,
        fields: Sequence[str],
        campaign_id: int,
        *,
        address_columns: AddressColumns,
        tracking: Tracking | None = None,
        unsubscribe: Unsubscribe | None = None,
        languages: Languages = ENGLISH,
    ) -> None:
        """Compile the template for a spreadsheet with the header `fields`. Raises TemplateProblems.

        With `tracking` None, or with both kinds off, no tracking address appears in any mail.
        """
        html, images = extract(html)
        self._inline = [
            Attached(one.name, one.media_type, len(one.content), one.content, one.inline_id) for one in images
        ]
        draft = read_template(subject, html, fields, languages)
        if draft.names_unsubscribe_link and unsubscribe is None:
            message = _("The message uses {{ unsubscribe_link }}, but unsubscribe links are off for this campaign.")
            raise TemplateProblems([Problem(Place("body", 1, ""), message, code="unsubscribe_off")])
        self._campaign_id = campaign_id
        self._columns = address_columns
        self._keys = tracking.keys if tracking else unsubscribe.keys if unsubscribe else ()
        self._unsubscribe = unsubscribe
        self._label = ""
        source = draft.html
        if unsubscribe is not None:
            self._label = link_token(unsubscribe.keys, campaign_id, UNSUBSCRIBE_NUMBER, unsubscribe.label)
            if not draft.names_unsubscribe_link:
                source = _with_way_out(source, unsubscribe, draft)
        links = _Links(tracking, campaign_id, draft.layout.message)
        opens = tracking is not None and tracking.opens
        self._compiled = compile_draft(
            draft,
            source,
            links.write if links.clicks else check_link,
            constant=links.constant if links.clicks else None,
            end=pixel(open_url(links.base_url, f"{{{{ _f{draft.layout.message} | _verbatim }}}}")) if opens else "",
        )
        self._tracked = opens or links.clicks
        self.used_fields = self._compiled.used_fields
        self.fields_without_fallback = self._compiled.fields_without_fallback

    def compose(self, values: Sequence[str], message_id: int, rows: Sequence[Sequence[str]] | None = None) -> Email:
        """The mail for one row: its cells in the order of the header. Raises ComposeProblem.

        `rows` are all rows of the mail, this one first; None means that it is alone. All addresses are those
        of `values`. The same rows and message id give the same mail, byte for byte.
        """
        columns = self._columns
        to = _addresses(values, columns.to)
        if not to:
            raise ComposeProblem(_("The row has no address to send to."))
        token = list_unsubscribe = ""
        if self._tracked or self._unsubscribe is not None:
            token = message_token(self._keys, self._campaign_id, message_id)
        if self._unsubscribe is not None:
            list_unsubscribe = unsubscribe_url(self._unsubscribe.base_url, token, self._label)
        try:
            texts = self._compiled.render(values, list_unsubscribe, token, rows)
        except RenderProblem as problem:
            raise ComposeProblem(str(problem)) from problem
        return Email(
            to,
            _addresses(values, columns.cc),
            _addresses(values, columns.bcc),
            _addresses(values, columns.reply_to),
            texts.subject,
            texts.html,
            texts.plain,
            list_unsubscribe or None,
            list(self._inline),
        )


def _addresses(values: Sequence[str], column: int | None) -> list[Address]:
    if column is None or column >= len(values) or not values[column]:
        return []
    try:
        return parse_addresses(values[column])
    except InvalidAddress as error:
        raise ComposeProblem(str(error)) from error


class _Links:
    """Puts tracked addresses into a template (constant ones) and into a mail (those with fields)."""

    def __init__(self, tracking: Tracking | None, campaign_id: int, message: int) -> None:
        self.clicks = tracking is not None and tracking.clicks
        self.base_url = tracking.base_url if tracking else ""
        self._keys = tracking.keys if tracking else ()
        self._campaign_id = campaign_id
        self._message = f"{{{{ _f{message} | _verbatim }}}}"

    def constant(self, number: int, target: str) -> str:
        token = link_token(self._keys, self._campaign_id, number, target)
        return click_url(self.base_url, self._message, token)

    def write(self, number: int, rendered: str, message: str) -> str:
        address, target = filled_in(rendered)
        if number < 0 or not trackable(target):
            return address
        return click_url(self.base_url, message, link_token(self._keys, self._campaign_id, number, target))


def _with_way_out(source: str, unsubscribe: Unsubscribe, draft: Draft) -> str:
    """Liquid source with a line at its end that leads out of the mailing."""
    text = unsubscribe.text or _("You do not want these mails any more?")
    link_text = unsubscribe.link_text or _("Unsubscribe")
    line = (
        '<p style="margin:24px 0 0;font-size:12px;line-height:18px;color:#595959">'
        f"{html_entities.escape(text)} "
        f'<a href="{{{{ _f{draft.layout.unsubscribe} | _verbatim }}}}" style="color:#595959" data-no-track>'
        f"{html_entities.escape(link_text)}</a></p>"
    )
    place = body_end(source)
    return source[:place] + line + source[place:]

"""Step 3, Check: any row exactly as it will go, what stands in the way, and a test to oneself."""

from html import escape

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_GET, require_POST

from accounts.permissions import SignedInRequest, signed_in
from campaigns import checking
from campaigns.addresses import InvalidAddress, parse_addresses
from campaigns.framing import BASE_STYLE, with_base_style
from campaigns.inline_images import embedded
from campaigns.models import Campaign, Recipient
from campaigns.pages import check as page
from campaigns.rows_for_tests import CannotTest, rows_for_test
from campaigns.sender_domain import domain_findings
from campaigns.views.base import find, mailbox_of, refuse, step_page

MOST_TEST_ADDRESSES = 5
ROWS_AT_ONCE = 2000  # with more, the page comes first and what was found follows: 100,000 rows take some seconds
# A previewed mail shows its own words and embedded pictures: no script, no form, and nothing from outside but the
# pictures that somebody asked for.
PREVIEW_POLICY = "default-src 'none'; img-src {pictures}; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox"
DARK_STYLE = "<style>html{color-scheme:dark;background:#1f1f1f;color:#f2f2f2}</style>"


@signed_in
@require_GET
def check(request: SignedInRequest, campaign_id: int) -> HttpResponse:
    campaign = find(request, campaign_id)
    recipient = wanted_row(request, campaign)
    rows = campaign.recipients().included().count()
    later = rows > ROWS_AT_ONCE and "findings" not in request.GET
    context = {
        "preview": page.preview_of(campaign, recipient) if recipient else None,
        "view": page.View.of(request.GET),
        "test_address": request.user.email,
        **({"checking": rows} if later else page.findings_of(campaign)),
    }
    return step_page(request, campaign, "check", context)


@signed_in
@require_GET
def findings(request: SignedInRequest, campaign_id: int) -> HttpResponse:
    """Fragment: what was found over all rows, and the way on."""
    campaign = find(request, campaign_id)
    context = {
        "campaign": campaign,
        "editable": campaign.is_editable,
        "mailbox": mailbox_of(request),
        "late": True,
        **page.findings_of(campaign),
    }
    return render(request, "campaigns/parts/found_late.html", context)


@signed_in
@require_GET
def preview(request: SignedInRequest, campaign_id: int) -> HttpResponse:
    """Fragment: one row, `?row=` by its number in the sheet, or `?near=` one that need not be there."""
    campaign, recipient = _find_row(request, campaign_id)
    context = {
        "campaign": campaign,
        "preview": page.preview_of(campaign, recipient),
        "view": page.View.of(request.GET),
    }
    return render(request, "campaigns/parts/preview.html", context)


@signed_in
@require_GET
@xframe_options_sameorigin
def preview_frame(request: SignedInRequest, campaign_id: int) -> HttpResponse:
    """The mail itself, for the frame: it can run nothing, and load nothing but pictures with `?pictures=1`."""
    campaign, recipient = _find_row(request, campaign_id)
    return framed(campaign, recipient, page.View.of(request.GET))


def framed(campaign: Campaign, recipient: Recipient, view: page.View) -> HttpResponse:
    """The mail of this row, with a policy of its own."""
    try:
        html = with_base_style(_self_contained(campaign, recipient))
    except ValueError as problem:
        html = with_base_style(f"<p>{escape(str(problem))}</p>")
    if view.is_dark:
        html = html.replace(BASE_STYLE, BASE_STYLE + DARK_STYLE, 1)
    policy = PREVIEW_POLICY.format(pictures="https: data:" if view.pictures else "data:")
    return HttpResponse(html, headers={"Content-Security-Policy": policy, "Referrer-Policy": "no-referrer"})


def _self_contained(campaign: Campaign, recipient: Recipient) -> str:
    """The mail's HTML with the pictures that it carries in it. Raises CannotCompose."""
    email = checking.preview(campaign, recipient)
    carried = {one.inline_id: (one.media_type, one.read()) for one in email.attachments if one.inline_id}
    return embedded(email.html, carried)


@signed_in
@require_GET
def sender_domain(request: SignedInRequest, campaign_id: int) -> HttpResponse:
    """Fragment: what DNS says about the domain that the mails are from; nothing to be seen when nobody answers."""
    campaign, mailbox = find(request, campaign_id), mailbox_of(request)
    address = campaign.from_address or (mailbox.address if mailbox is not None else "")
    found = domain_findings(address)
    context = {
        "campaign": campaign,
        "is_known": found is not None,
        "domain": address.rpartition("@")[2],
        "warnings": [page.told(campaign, one) for one in found or []],
    }
    return render(request, "campaigns/parts/sender_domain.html", context)


def wanted_row(request: SignedInRequest, campaign: Campaign) -> Recipient | None:
    """By `?row=`, its number in the sheet, or `?near=` one that need not be there; else the first to be sent."""
    near = request.GET.get("near", "")
    return page.recipient_near(campaign, near) if near else page.recipient_at(campaign, request.GET.get("row", ""))


def _find_row(request: SignedInRequest, campaign_id: int) -> tuple[Campaign, Recipient]:
    campaign = find(request, campaign_id)
    recipient = wanted_row(request, campaign)
    if recipient is None:
        raise Http404
    return campaign, recipient


@signed_in
@require_POST
def send_test(request: SignedInRequest, campaign_id: int) -> HttpResponse:
    """Queue tests of some rows, to oneself or typed addresses. What becomes no mail is told row by row."""
    campaign, mailbox, form = find(request, campaign_id), mailbox_of(request), request.POST
    shown = page.recipient_at(campaign, form.get("row", ""))
    try:
        to = _test_addresses(form.get("address", "").strip() or request.user.email)
        rows = rows_for_test(campaign, form.get("which", "shown"), shown, form.get("rows", ""))
    except CannotTest as problem:
        return refuse(request, campaign, "check", str(problem))
    if mailbox is None or not mailbox.is_connected:
        return refuse(request, campaign, "check", _("The mailbox is not connected: sign in with Microsoft again."))
    good = [row for row in rows if _becomes_a_mail(request, campaign, row)]
    if good:
        for address in to:
            campaign.send_test(mailbox, good, address)
        messages.success(request, _on_their_way([row.row_number for row in good], to))
    where = reverse("campaign-check", args=[campaign.pk])
    return redirect(f"{where}?row={shown.row_number}" if shown is not None else where)


def _test_addresses(typed: str) -> list[str]:
    """Raises CannotTest."""
    try:
        to = [one.address for one in parse_addresses(typed)]
    except InvalidAddress as problem:
        text = _("“%(to)s” is not an address. No test was sent.")
        raise CannotTest(text % {"to": problem.text}) from None
    if not 0 < len(to) <= MOST_TEST_ADDRESSES:
        text = _("A test goes to one address, or to at most %(most)d. No test was sent.")
        raise CannotTest(text % {"most": MOST_TEST_ADDRESSES})
    return to


def _becomes_a_mail(request: SignedInRequest, campaign: Campaign, row: Recipient) -> bool:
    try:
        checking.preview(campaign, row)
    except ValueError as problem:
        text = _("No test of row %(row)d: %(reason)s")
        messages.error(request, text % {"row": row.row_number, "reason": problem})
        return False
    return True


def _on_their_way(rows: list[int], to: list[str]) -> str:
    text = ngettext(
        "A test with the data of row %(rows)s is on its way to %(to)s.",
        "Tests with the data of the rows %(rows)s are on their way to %(to)s.",
        len(rows),
    )
    return text % {"rows": ", ".join(map(str, rows)), "to": ", ".join(to)}

"""What a person does with files that are made for each row. Once the campaign is launched, none of it is possible.

Taking one off is `attachments.remove`.
"""

import re
from dataclasses import asdict
from zoneinfo import available_timezones

from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from campaigns.attaching import Attached
from campaigns.attachments import LONGEST_NAME, AttachmentRefused
from campaigns.generated import Generated, InvitationRecipe, PdfRecipe, generated
from campaigns.html_spans import attribute_text, scan
from campaigns.models import Attachment, Campaign, Recipient
from campaigns.models.not_now import NotNow

LONGEST_TEXT = 10_000  # characters of a description
LONGEST_HTML = 3_000_000
MOST_OF_A_KIND = 5
_DATA = re.compile(r"\s*data:image/", re.IGNORECASE)


def save_invitation(campaign: Campaign, recipe: InvitationRecipe, name: str, attachment_id: int = 0) -> Attachment:
    """A new one, or the changed one of this id. Raises NotNow, AttachmentRefused."""
    if not recipe.start:
        raise AttachmentRefused(_("Choose the column that says when it begins."))
    if not recipe.title.strip():
        raise AttachmentRefused(_("An invitation needs a title."))
    if max(len(recipe.title), len(recipe.place), len(recipe.description)) > LONGEST_TEXT:
        raise AttachmentRefused(_("The texts of the invitation are too long."))
    if recipe.zone not in available_timezones():
        raise AttachmentRefused(_("There is no time zone “%(zone)s”.") % {"zone": recipe.zone})
    if not 1 <= recipe.minutes <= 14 * 24 * 60:
        raise AttachmentRefused(_("An appointment lasts at least a minute and at most two weeks."))
    return _save(campaign, Attachment.Kind.INVITATION, name or "Invitation.ics", asdict(recipe), attachment_id)


def save_pdf(campaign: Campaign, recipe: PdfRecipe, name: str, attachment_id: int = 0) -> Attachment:
    """A new one, or the changed one of this id. Raises NotNow, AttachmentRefused."""
    if not recipe.html.strip():
        raise AttachmentRefused(_("The PDF needs a text."))
    if len(recipe.html) > LONGEST_HTML:
        raise AttachmentRefused(_("The text of the PDF is too long, or its pictures are too large."))
    if recipe.paper not in ("a4", "letter"):
        raise AttachmentRefused(_("Choose the size of the paper."))
    _refuse_pictures_from_outside(recipe.html)
    return _save(campaign, Attachment.Kind.PDF, name or "Letter.pdf", asdict(recipe), attachment_id)


def _refuse_pictures_from_outside(html: str) -> None:
    for span in scan(html):
        if span.name == "img":
            written = next((html[one.start : one.end] for one in span.attributes if one.name == "src"), "")
            source = attribute_text(written)
            if not _DATA.match(source):
                text = _("The picture “%(source)s” would be missing: a PDF shows only pictures that are part of it.")
                raise AttachmentRefused(text % {"source": source[:60]})


def _save(campaign: Campaign, kind: str, name: str, recipe: dict[str, object], attachment_id: int) -> Attachment:
    name = " ".join(name.split())
    if len(name) > LONGEST_NAME:
        raise AttachmentRefused(_("This name is too long."))
    with transaction.atomic():
        campaign.lock_editable()
        ours = campaign.attachments.filter(kind=kind)
        if attachment_id:
            attachment = ours.filter(pk=attachment_id).first()
            if attachment is None:
                raise NotNow(_("This attachment is not there any more. Nothing has changed."))
        elif ours.count() >= MOST_OF_A_KIND:
            raise AttachmentRefused(_("%(count)d of a kind are the limit.") % {"count": MOST_OF_A_KIND})
        else:
            attachment = Attachment(campaign=campaign, kind=kind)
        attachment.name, attachment.recipe, attachment.made_at = name, recipe, timezone.now()
        made = generated(attachment, campaign)
        if isinstance(made, Generated) and made.problem:
            raise AttachmentRefused(made.problem)
        attachment.save()
    return attachment


def made_for(campaign: Campaign, attachment_id: int, recipient: Recipient) -> Attached | None:
    """The file of this row as it will go, to look at; None when the row gets none. Raises ValueError, in words."""
    attachment = campaign.attachments.filter(pk=attachment_id).first()
    making = generated(attachment, campaign) if attachment else None
    if making is None:
        raise ValueError(_("This attachment is not there any more. Nothing has changed."))
    others = campaign.recipients().included().filter(grouped_into=recipient.row_number)
    rows = [recipient.fields, *(others.values_list("fields", flat=True) if campaign.grouped else [])]
    with translation.override(campaign.language):
        return making.make(rows)

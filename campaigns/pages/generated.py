"""The part of the attachments' card that is about files made for each row."""

from dataclasses import dataclass, field
from html import escape
from typing import Generic, TypeAlias, TypeVar
from zoneinfo import available_timezones

from django.utils.translation import gettext as _

from campaigns.generated import Invitation, InvitationRecipe, Pdf, PdfRecipe
from campaigns.generated_check import MadeReport
from campaigns.languages import languages_of
from campaigns.merge.dates import read_date
from campaigns.models import Campaign

# Where a language's country has one time zone. Others choose theirs.
_ZONES = {
    "en-gb": "Europe/London",
    "en-ie": "Europe/Dublin",
    "de": "Europe/Berlin",
    "de-at": "Europe/Vienna",
    "de-ch": "Europe/Zurich",
    "fr": "Europe/Paris",
    "fr-ch": "Europe/Zurich",
    "es": "Europe/Madrid",
    "it": "Europe/Rome",
    "nl": "Europe/Amsterdam",
    "nl-be": "Europe/Brussels",
    "pt": "Europe/Lisbon",
    "pl": "Europe/Warsaw",
    "sv": "Europe/Stockholm",
    "da": "Europe/Copenhagen",
    "nb": "Europe/Oslo",
}
_LETTER_PAPER = ("en-us", "en-ca")

Recipe = TypeVar("Recipe", InvitationRecipe, PdfRecipe)


@dataclass(frozen=True)
class Form(Generic[Recipe]):
    """What a form holds. `id` is 0 for a new one; `is_open` when what was typed was refused."""

    recipe: Recipe
    name: str
    id: int = 0
    is_open: bool = False


AnyForm: TypeAlias = Form[InvitationRecipe] | Form[PdfRecipe]


@dataclass(frozen=True)
class MadeShown:
    """One that is attached. `count` mails get a file, `failing` can't, `without` have nothing to make one of."""

    id: int
    name: str
    is_pdf: bool
    problem: str
    count: int
    failing: int
    failing_row: int
    reason: str
    without: int
    form: AnyForm


@dataclass(frozen=True)
class MadeCard:
    """`invitation` and `pdf` are the forms for new ones."""

    shown: list[MadeShown]
    invitation: Form[InvitationRecipe]
    pdf: Form[PdfRecipe]
    zones: list[str] = field(default_factory=list)


def made_card(campaign: Campaign, reports: list[MadeReport], typed: AnyForm | None = None) -> MadeCard:
    """`typed` is what was refused just now: it stands in its form again."""
    invitation = Form(_first_invitation(campaign), _("Invitation") + ".ics")
    pdf = Form(_first_letter(campaign), _("Letter") + ".pdf")
    if typed is not None and not typed.id:
        if isinstance(typed.recipe, PdfRecipe):
            pdf = Form(typed.recipe, typed.name, is_open=True)
        else:
            invitation = Form(typed.recipe, typed.name, is_open=True)
    return MadeCard([_shown(report, typed) for report in reports], invitation, pdf, sorted(available_timezones()))


def _shown(report: MadeReport, typed: AnyForm | None) -> MadeShown:
    made = report.made
    attachment = made.attachment
    form: AnyForm
    if typed is not None and typed.id == attachment.pk:
        form = typed
    elif isinstance(made, Invitation):
        form = Form(made.recipe, attachment.name, attachment.pk)
    else:
        form = Form(PdfRecipe(**attachment.recipe), attachment.name, attachment.pk)
    return MadeShown(
        id=attachment.pk,
        name=attachment.name,
        is_pdf=isinstance(made, Pdf),
        problem=made.problem,
        count=report.count,
        failing=report.failing.count,
        failing_row=report.failing.first[0] if report.failing.first else 0,
        reason=report.first_reason,
        without=report.without.count,
        form=form,
    )


def _first_invitation(campaign: Campaign) -> InvitationRecipe:
    """With the first column that holds a date."""
    header = campaign.spreadsheet.header if campaign.spreadsheet else []
    row = campaign.recipients().included().values_list("fields", flat=True).first() or []
    locale = languages_of(campaign).cells
    start = next((name for name, cell in zip(header, row, strict=False) if read_date(cell, locale)), "")
    return InvitationRecipe(start=start, zone=_ZONES.get(locale.lower(), ""))


def _first_letter(campaign: Campaign) -> PdfRecipe:
    sheet = campaign.spreadsheet
    names = [name for at, name in enumerate(sheet.header) if at != sheet.address_column] if sheet else []
    greeting = _("Dear %(name)s,") % {"name": f"{{{{ {names[0]} }}}}" if names else "…"}
    lines = [
        f'<p style="text-align: right">{escape(campaign.owner.display_name)}</p>',
        f"<p>{greeting}</p>",
        "<p>…</p>",
        f"<p>{escape(_('Kind regards'))}<br>\n{escape(campaign.owner.display_name)}</p>",
    ]
    return PdfRecipe("\n".join(lines), "letter" if campaign.number_locale.lower() in _LETTER_PAPER else "a4")

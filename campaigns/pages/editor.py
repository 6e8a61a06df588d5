"""What the editor says, and the ways it offers to show a field."""

from typing import TypedDict

from django.utils.translation import gettext as _

from campaigns.merge.filters import Languages, filters_in

SAMPLE_DAY = "2026-12-31"


class Format(TypedDict):
    """`code` is what stands behind the field's name: {{ Name | upper }}."""

    label: str
    code: str


def words() -> dict[str, str]:
    """Texts by name, as static/js/editor_language.js and its kin use them; {field} and the like are filled in there."""
    return {
        "unknown": _("No column has this name."),
        "meant": _("Did you mean “{field}”?"),
        "otherwise": _("Otherwise"),
        "end": _("End of “only if”"),
        "rows": _("For every row of the person"),
        "endRows": _("End of “for every row”"),
        "if ==": _("Only if {field} is “{value}”"),
        "if !=": _("Only if {field} is not “{value}”"),
        "if contains": _("Only if {field} contains “{value}”"),
        "if filled": _("Only if {field} is not empty"),
        "if empty": _("Only if {field} is empty"),
        "if >": _("Only if {field} is greater than {value}"),
        "if <": _("Only if {field} is less than {value}"),
        "if >=": _("Only if {field} is at least {value}"),
        "if <=": _("Only if {field} is at most {value}"),
        "inserted": _("Field inserted"),
        "fields": _("Fields"),
        "pictureInserted": _("Picture inserted"),
        "noPicture": _("{name} is no picture that a mail can show, or it is too large. Nothing was inserted."),
        "noPictureDropped": _("Only pictures can be dropped into the message. Attach other files below it."),
        "tooManyPictures": _("With this picture the message would be too large for a mail. It was not inserted."),
        "lostPictures": _(
            "Pictures that lie on your computer or in another mail could not come along ({count}). "
            "Put them in with the picture button, or copy and paste them one by one."
        ),
        "rowRepeats": _("The row is repeated for every row of the person"),
        "rowOnce": _("The row is shown once"),
        "templateUsed": _("The template “{name}” is in."),
        "templateUndone": _("Your message is back"),
        "undo": _("Undo"),
    }


def field_formats(language: str) -> list[Format]:
    """Ways to show a field in a mail in this language, each with what it makes of an example."""
    filters = filters_in(Languages("en", language))
    as_date, as_number, as_amount = (_("as a date: %s"), _("as a number: %s"), _("as an amount: %s"))
    offered = [
        *((as_date % filters["date"](SAMPLE_DAY, form), f'date: "{form}"') for form in ("long", "short", "full")),
        *((as_number % filters["number"]("1234.5", digits), f"number: {digits}") for digits in (2, 0)),
        (as_amount % filters["money"]("1234.5"), "money"),
        (_("UPPER CASE"), "upper"),
        (_("lower case"), "lower"),
        (_("Title Case"), "title"),
        (_("first word only"), "first_word"),
        (_("last word only"), "last_word"),
    ]
    return [Format(label=label, code=code) for label, code in offered]

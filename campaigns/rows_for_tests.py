"""Which rows a test is sent of: the one that is looked at, the first, some by chance, the longest, or typed ones."""

import re
from random import sample

from django.db.models import TextField
from django.db.models.functions import Cast, Length
from django.utils.translation import gettext as _

from campaigns.models import Campaign, Recipient
from campaigns.models.spreadsheet import RecipientQuerySet

AT_RANDOM = 3
MOST_ROWS = 10
_RANGE = re.compile(r"(\d{1,9})(?:\s*[-–]\s*(\d{1,9}))?")  # people type a dash, too


class CannotTest(ValueError):
    """No test can be sent this way; the text is for the sender."""


def rows_for_test(campaign: Campaign, which: str, shown: Recipient | None, typed: str) -> list[Recipient]:
    """The rows meant by `which`: "shown", "first", "random", "longest", or "typed", such as "2, 5, 9-12".

    Of a group it is the leading row. Raises CannotTest.
    """
    leading = campaign.recipients().leading()
    if which == "typed":
        found = _typed(campaign, typed)
    elif which == "first":
        found = list(leading[:1])
    elif which == "random":
        ids = list(leading.values_list("pk", flat=True))
        found = list(leading.filter(pk__in=sample(ids, min(AT_RANDOM, len(ids)))))
    elif which == "longest":
        found = list(_by_length(leading)[:1])
    else:
        found = [shown] if shown is not None else []
    if not found:
        raise CannotTest(_("There is no such row. No test was sent."))
    return found


def _by_length(rows: RecipientQuerySet) -> RecipientQuerySet:
    return rows.order_by(Length(Cast("fields", TextField())).desc(), "row_number")


def _typed(campaign: Campaign, typed: str) -> list[Recipient]:
    numbers: dict[int, None] = {}
    for part in filter(None, (part.strip() for part in re.split(r"[,;]", typed))):
        match = _RANGE.fullmatch(part)
        if match is None:
            raise CannotTest(_("Type row numbers such as 2, 5, 9-12. No test was sent."))
        first, last = int(match[1]), int(match[2] or match[1])
        if last - first >= MOST_ROWS:
            raise CannotTest(_too_many())
        numbers.update(dict.fromkeys(range(first, last + 1)))
    if len(numbers) > MOST_ROWS:
        raise CannotTest(_too_many())
    by_number = {row.row_number: row for row in campaign.recipients().filter(row_number__in=numbers)}
    unknown = [str(number) for number in numbers if number not in by_number]
    if unknown:
        text = _("There is no such row: %(rows)s. No test was sent.")
        raise CannotTest(text % {"rows": ", ".join(unknown)})
    wanted = dict.fromkeys(by_number[number].grouped_into or number for number in numbers)
    return list(campaign.recipients().filter(row_number__in=wanted))


def _too_many() -> str:
    return _("A test is of at most %(most)d rows. No test was sent.") % {"most": MOST_ROWS}

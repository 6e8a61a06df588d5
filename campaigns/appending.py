"""Rows added to a campaign that has been sent: appended to its data, judged, and made ready for a mail of their own.

Nobody who has got a mail of this campaign gets another: a row with the address of an earlier one is left out, and says
so. What is wrong with an added row leaves it out, too: there is no data desk any more; it is taken back and added anew.
"""

import uuid
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from django.db import transaction
from django.db.models import Exists, F, Max, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from campaigns.desk.grouping import regroup
from campaigns.desk.judging import judge
from campaigns.models import Campaign, Edit, Recipient, Spreadsheet
from campaigns.models.not_now import NotNow
from campaigns.spreadsheet.errors import NothingInIt, TooLarge
from campaigns.spreadsheet.limits import LIMITS
from campaigns.spreadsheet.problems import NO_MAIL, Problem

AT_A_TIME = 5000


def lock_finished(campaign: Campaign) -> Spreadsheet:
    """Its data, with the campaign held until the transaction around this ends. Raises NotNow."""
    locked = Campaign.objects.select_for_update(of=("self",)).select_related("spreadsheet").get(pk=campaign.pk)
    if locked.status != Campaign.Status.FINISHED or locked.spreadsheet is None:
        raise NotNow(_("Rows can be added once the campaign is finished. Nothing was added."))
    return locked.spreadsheet


def append_upload(upload: Spreadsheet) -> None:
    """Take the rows of a file that has been read into the campaign's data, and forget the file.

    Inside the transaction that ends the reading. Raises NotNow, NothingInIt, TooLarge.
    """
    sheet = lock_finished(upload.campaign)
    places = _places(upload, sheet)
    rows = upload.recipients.order_by("row_number").values_list("fields", flat=True)
    append(
        upload.campaign,
        sheet,
        (["" if at is None else fields[at] for at in places] for fields in rows.iterator(chunk_size=AT_A_TIME)),
        name=upload.name,
    )
    upload.delete()


def _places(upload: Spreadsheet, sheet: Spreadsheet) -> list[int | None]:
    """For each column of the campaign where it stands in the upload. Without a header they stand as they do there."""
    if upload.header_row == 0:
        if len(upload.header) > len(sheet.header):
            raise NothingInIt("other_columns", name=upload.name, columns=", ".join(sheet.header))
        return [at if at < len(upload.header) else None for at in range(len(sheet.header))]
    there = {_plain(name): at for at, name in reversed(list(enumerate(upload.header)))}
    if missing := [name for name in sheet.header if _plain(name) not in there]:
        raise NothingInIt("other_columns", name=upload.name, columns=", ".join(missing))
    return [there[_plain(name)] for name in sheet.header]


def _plain(name: str) -> str:
    return " ".join(name.split()).casefold()


def append(campaign: Campaign, sheet: Spreadsheet, rows: Iterable[Sequence[str]], *, name: str = "") -> int:
    """Add these rows, each with a cell for every column, at the end; returns how many.

    The caller holds the campaign (`lock_finished`). Raises TooLarge.
    """
    last = sheet.recipients.aggregate(last=Max("row_number"))["last"] or max(sheet.header_row, 1)
    first_new = last + 1
    for made in _batches(sheet, rows, first_new):
        last += len(made)
        if last > LIMITS.rows:
            raise TooLarge("too_many_rows", name=name, limit=LIMITS.rows)
        Recipient.objects.bulk_create(made)
        act = uuid.uuid4()
        Edit.objects.bulk_create(
            [Edit(campaign=campaign, recipient=row, kind=Edit.Kind.ADD, batch=act) for row in made]
        )
    if last >= first_new:
        campaign.refresh_from_db(fields=["spreadsheet", "grouped"])
        regroup(campaign)
        _leave_out(campaign, sheet, first_new)
        Spreadsheet.objects.filter(pk=sheet.pk).update(row_count=F("row_count") + last + 1 - first_new)
    return last + 1 - first_new


def _batches(sheet: Spreadsheet, rows: Iterable[Sequence[str]], number: int) -> Iterator[list[Recipient]]:
    numbered = enumerate(rows, start=number)
    while chunk := list(islice(numbered, AT_A_TIME)):
        made = [Recipient(spreadsheet=sheet, row_number=at, fields=list(fields)) for at, fields in chunk]
        for row in made:
            judge(sheet, row)
        yield made


def _leave_out(campaign: Campaign, sheet: Spreadsheet, first_new: int) -> None:
    """Those that no mail can go to, and those whose address an earlier row has. In a grouped campaign new rows of one
    new address stay together, also in being left out.
    """
    unfit = Q(bits__gt=0)
    together = Q(grouped_into__gte=first_new) if campaign.grouped else Q(pk=None)
    repeating = Q(twice__gt=0) & ~together
    added = sheet.recipients.filter(row_number__gte=first_new).annotate(
        bits=F("problems").bitand(int(NO_MAIL)), twice=F("problems").bitand(int(Problem.DUPLICATE_ADDRESS))
    )
    out = dict(added.filter(unfit | repeating).values_list("pk", "row_number"))
    theirs = sheet.recipients.filter(row_number__gte=first_new, grouped_into__in=out.values())
    ids = [*out, *theirs.values_list("pk", flat=True)]
    Recipient.objects.filter(pk__in=ids).update(left_out=True, grouped_into=None)


# --- what is there to be sent ---------------------------------------------------------------------------------------


def ready(campaign: Campaign) -> QuerySet[Recipient]:
    """Rows that a mail would go to, and that have none yet: they were added since it was finished."""
    mailed = campaign.messages.real().filter(recipient=OuterRef("pk"))
    return campaign.recipients().leading().filter(~Exists(mailed))


def left_out(campaign: Campaign) -> QuerySet[Recipient]:
    """Rows added since it was finished that no mail will go to."""
    since = campaign.finished_at
    edits = (
        Edit.objects.filter(campaign=campaign, kind=Edit.Kind.ADD, made_at__gte=since) if since else Edit.objects.none()
    )
    return campaign.recipients().filter(left_out=True, pk__in=edits.values("recipient_id"))


def take_back(campaign: Campaign) -> int:
    """Remove what was added and not sent to, as if it had never been; returns how many rows. Raises NotNow."""
    with transaction.atomic():
        sheet = lock_finished(campaign)
        campaign.refresh_from_db(fields=["finished_at", "spreadsheet", "grouped"])
        leading = list(ready(campaign).values_list("row_number", flat=True))
        gone = Q(pk__in=left_out(campaign).values("pk")) | Q(row_number__in=leading) | Q(grouped_into__in=leading)
        ids = list(sheet.recipients.filter(gone).values_list("pk", flat=True))
        Recipient.objects.filter(pk__in=ids).delete()
        Spreadsheet.objects.filter(pk=sheet.pk).update(row_count=F("row_count") - len(ids))
    return len(ids)

"""What is to be told of data beside what the reader of the file has remarked: codes with counts → texts."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns.spreadsheet.errors import Remark


def text_of(code: str, params: dict[str, Any]) -> str:
    """A remark of Spreadsheet.remarks in the active language."""
    own = _own(code, int(params.get("count", 0)))
    return own % params if own else str(Remark(code, **params))


def _own(code: str, count: int) -> str:
    """Written out so that the translators' tool finds each one. "" for a code of the reader's."""
    match code:
        case "reuse_without":
            return ngettext(
                "%(count)s row of the earlier campaign was not taken over, as you asked.",
                "%(count)s rows of the earlier campaign were not taken over, as you asked.",
                count,
            )
        case "edits_again":
            return ngettext(
                "%(count)s row that you had changed by hand is changed again.",
                "%(count)s rows that you had changed by hand are changed again.",
                count,
            )
        case "edits_without_row":
            return ngettext(
                "%(count)s row that you had changed by hand was not found in the new sheet: %(first)s.",
                "%(count)s rows that you had changed by hand were not found in the new sheet, the first is %(first)s.",
                count,
            )
        case "edits_overtaken":
            return ngettext(
                "%(count)s cell that you had changed by hand says something new in the new sheet, which is kept: "
                "%(first)s.",
                "%(count)s cells that you had changed by hand say something new in the new sheet, which is kept; "
                "the first is %(first)s.",
                count,
            )
        case "edits_without_column":
            return ngettext(
                "%(count)s cell that you had changed by hand has no column in the new sheet: “%(first)s”.",
                "%(count)s cells that you had changed by hand have no column in the new sheet, the first is in "
                "“%(first)s”.",
                count,
            )
        case "added_rows_there":
            return ngettext(
                "%(count)s row that you had added is in the new sheet, so it was not added again: %(first)s.",
                "%(count)s rows that you had added are in the new sheet, so they were not added again; the first "
                "is %(first)s.",
                count,
            )
        case "left_out_without_twin":
            return ngettext(
                "%(count)s row stays left out or removed, though its address gets no other mail any more: the row that "
                "was to get it is not in the new sheet. Look at %(first)s.",
                "%(count)s rows stay left out or removed, though their addresses get no other mail any more: the rows "
                "that were to get it are not in the new sheet. The first is %(first)s.",
                count,
            )
    return _of_columns(code)


def _of_columns(code: str) -> str:
    match code:
        case "key_column_gone":
            return _("The column “%(first)s” that tells rows apart is not in the new sheet; their address does now.")
        case "address_column_gone":
            return _(
                "The column “%(first)s” with the addresses is not in the new sheet. Choose the column for To; until "
                "then nothing can be sent."
            )
        case "address_column_other":
            return _(
                "The column “%(first)s” with the addresses is not in the new sheet; they are taken from “%(now)s” now."
            )
        case "cc_column_gone":
            return _("The column “%(first)s” for CC is not in the new sheet. See which one is chosen for CC now.")
        case "bcc_column_gone":
            return _("The column “%(first)s” for BCC is not in the new sheet. See which one is chosen for BCC now.")
        case "reply_to_column_gone":
            return _(
                "The column “%(first)s” for Reply-To is not in the new sheet. See which one is chosen for Reply-To now."
            )
    return ""

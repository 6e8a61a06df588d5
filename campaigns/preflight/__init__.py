"""What stands in the way of sending, and what the sender may want to look at first.

`check` goes over all mails once, holding only addresses and the first row numbers of each finding, so 100,000
rows take a few seconds. Blockers prevent the launch; warnings do not. Pure: it takes data and returns data.
"""

from collections.abc import Iterable, Sequence

from django.utils.translation import gettext as _

from campaigns.compose import AddressColumns
from campaigns.inline_images import extract
from campaigns.merge import Compiled, Languages, TemplateProblems, compile_template
from campaigns.merge.filters import ENGLISH
from campaigns.preflight.finding import FIRST_ROWS, Finding, Level, Mail, Row, Step, worst_first
from campaigns.preflight.rows import MailPass
from campaigns.preflight.written import greeting_columns, written

__all__ = ["FIRST_ROWS", "Finding", "Level", "Mail", "Row", "Step", "check", "worst_first"]


def check(
    subject: str,
    html: str,
    fields: Sequence[str],
    rows: Iterable[Row],
    *,
    mails: Iterable[Mail] | None = None,
    skip_bad_rows: bool = False,
    unsubscribe: bool = True,
    address_columns: AddressColumns | None = None,
    languages: Languages = ENGLISH,
) -> list[Finding]:
    """All findings, blockers first. `fields` is the header. Of a grouped campaign `mails` are looked at instead of
    `rows`, of which each becomes a mail of its own.

    With `skip_bad_rows` rows without a valid address are left out of the sending, and only warned about.
    `unsubscribe` says whether the campaign has unsubscribe links. With `address_columns`, CC,
    BCC and Reply-To are checked. `languages`: how cells and mail show dates and numbers.
    """
    compiled: Compiled | None = None
    findings = list(written(subject, html, fields))
    try:
        html, _pictures = extract(html)
        compiled = compile_template(subject, html, fields, languages)
    except TemplateProblems as found:
        findings += [Finding("blocker", problem.code, str(problem), "message") for problem in found.problems]
    if compiled is not None and compiled.names_unsubscribe_link and not unsubscribe:
        message = _("The message uses {{ unsubscribe_link }}, but unsubscribe links are off for this campaign.")
        findings.append(Finding("blocker", "unsubscribe_off", message, "message"))
    if compiled is not None and compiled.repeats_rows and mails is None:
        message = _(
            "The message repeats something for each row of a mail, but rows are not grouped: each mail has one row."
        )
        findings.append(Finding("warning", "not_grouped", message, "data"))
    each = ((row,) for row in rows) if mails is None else mails
    greeting = greeting_columns(html, fields) if compiled is not None else ()
    findings += MailPass(fields, compiled, skip_bad_rows, address_columns, greeting).findings(each)
    return worst_first(findings)

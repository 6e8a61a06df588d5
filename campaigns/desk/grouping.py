"""Rows of one address: which of them repeats an earlier one, and, where the campaign asks for it, which of them are
part of the mail of another.

Of the rows with the same addresses, however their cells are written (names, blanks, order, capitals), the first that
is not left out leads: it is no duplicate, and in a grouped campaign the mail goes to it. When it is left out, the next
one leads. A row that has only some of its addresses in common with an earlier one is a duplicate too, for somebody
gets two mails, but never part of its mail.
"""

from collections.abc import Collection

from django.db import connection

from campaigns.addresses import addresses_in
from campaigns.models import Campaign
from campaigns.spreadsheet.problems import NO_MAIL, Problem

MOST_ADDRESSES = 1000  # with more of them it is quicker to look at every row

# One text for the same addresses, made of a cell that is known to be valid as campaigns.addresses reads it: characters
# nobody sees, quoted names and names before an angle bracket go. Nearly all cells are one bare address.
SAME = r"""
CASE WHEN address ~ '^[!#-+.-9=?-~-]+$' THEN lower(address)
ELSE coalesce((
    SELECT string_agg(DISTINCT part[1] COLLATE "C", ';' ORDER BY part[1] COLLATE "C") FROM regexp_matches(
        regexp_replace(regexp_replace(regexp_replace(lower(address),
            '[\u0001-\u0009\u000b-\u001f\u007f\u0085\u200b-\u200f\u2028-\u202e\u2060\ufeff]', '', 'g'),
            '"([^"\\]|\\.)*"', '', 'g'),
            '[^<>;,\n]*<', ' ', 'g'),
        '[^\s<>;,:"\u00a0\u2007\u202f\u3000]+@[^\s<>;,:"\u00a0\u2007\u202f\u3000]+', 'g'
    ) AS part
), lower(address)) END
"""

# Only what changes is written: looking at 100,000 rows is quick, writing them is not. Looked at are the rows with one
# of these addresses (NULL: all rows), and those that have to do with a cell of several addresses, which are few. Joins,
# not IN: how many parts a text has PostgreSQL can't know, and takes for so many that it would search them row by row.
LEAD = f"""
WITH seen AS MATERIALIZED (
    SELECT id, row_number, problems, grouped_into, left_out, problems & %(several)s > 0 AS has_several,
        {SAME} AS same
    FROM campaigns_recipient
    WHERE spreadsheet_id = %(sheet)s AND NOT removed AND problems & %(no_mail)s = 0 AND address <> ''
), shared AS MATERIALIZED (
    SELECT DISTINCT part FROM seen, string_to_table(same, ';') AS part WHERE has_several
), near AS MATERIALIZED (
    SELECT seen.* FROM seen LEFT JOIN shared ON shared.part = seen.same
    WHERE %(addresses)s::text[] IS NULL OR has_several OR shared.part IS NOT NULL OR same = ANY(%(addresses)s::text[])
), repeating AS MATERIALIZED (
    SELECT DISTINCT id FROM (
        SELECT id, row_number() OVER (PARTITION BY part ORDER BY left_out, row_number) AS place
        FROM near CROSS JOIN LATERAL string_to_table(same, ';') AS part JOIN shared USING (part)
    ) AS each WHERE place > 1
), ranked AS (
    SELECT near.id, problems, grouped_into, left_out, repeating.id IS NOT NULL AS repeats,
        row_number() OVER alike AS place, first_value(row_number) OVER alike AS leader
    FROM near LEFT JOIN repeating ON repeating.id = near.id
    WINDOW alike AS (PARTITION BY same ORDER BY left_out, row_number)
), found AS (
    SELECT id, problems AS had, grouped_into AS was_in,
        (CASE WHEN place > 1 OR repeats THEN problems | %(duplicate)s ELSE problems & ~%(duplicate)s END)::smallint
            AS has,
        CASE WHEN %(grouped)s AND place > 1 AND NOT left_out THEN leader END AS is_in
    FROM ranked
)
UPDATE campaigns_recipient AS recipient SET problems = found.has, grouped_into = found.is_in
FROM found
WHERE recipient.id = found.id AND (found.had, found.was_in) IS DISTINCT FROM (found.has, found.is_in)
"""  # noqa: S608  no word of a user's

DIFFERING = """
SELECT place, count(*) FROM (
    SELECT coalesce(grouped_into, row_number) AS leader, place
    FROM campaigns_recipient, unnest(fields) WITH ORDINALITY AS cell (value, place)
    WHERE spreadsheet_id = %(sheet)s AND NOT removed AND NOT left_out AND coalesce(grouped_into, row_number) IN (
        SELECT grouped_into FROM campaigns_recipient WHERE spreadsheet_id = %(sheet)s AND grouped_into IS NOT NULL
    )
    GROUP BY 1, 2 HAVING count(DISTINCT value) > 1
) AS differing GROUP BY place ORDER BY place
"""


def regroup(campaign: Campaign, addresses: Collection[str] | None = None) -> None:
    """Mark duplicates and groups anew, after rows with these addresses were changed; None: all rows."""
    if addresses is not None and len(addresses) > MOST_ADDRESSES:
        addresses = None
    if addresses is not None and not any(addresses):
        return
    values = {
        "sheet": campaign.spreadsheet_id,
        "addresses": _named(addresses) if addresses is not None else None,
        "no_mail": int(NO_MAIL),
        "several": int(Problem.SEVERAL_ADDRESSES),
        "duplicate": int(Problem.DUPLICATE_ADDRESS),
        "grouped": campaign.grouped,
    }
    with connection.cursor() as cursor:
        cursor.execute(LEAD, values)


def _named(cells: Collection[str]) -> list[str]:
    """What rows may be known by that have to do with these cells: rows of several addresses are looked at anyway."""
    return sorted({address for cell in cells for address in addresses_in(cell)})


def columns_that_differ(campaign: Campaign) -> list[tuple[str, int]]:
    """The columns whose cells are not alike within a group, and in how many groups; nothing when not grouped.

    A mail to a group shows the leading row's cell unless it goes through its `rows`.
    """
    sheet = campaign.spreadsheet
    if sheet is None or not campaign.grouped:
        return []
    with connection.cursor() as cursor:
        cursor.execute(DIFFERING, {"sheet": sheet.pk})
        return [(sheet.header[place - 1], count) for place, count in cursor.fetchall() if place <= len(sheet.header)]

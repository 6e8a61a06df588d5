"""Uploading a sheet again, and looking at what has become of its rows."""

from collections.abc import Sequence

from campaigns import importing
from campaigns.models import Campaign

HEADER = "Name,Email,City,Id"
ROWS = ("Ana,ana@northwind.example,Köln,1", "Bo,bo@northwind.example,Paris,2", "Cy,cy@northwind.example,Rome,3")


def upload(campaign: Campaign, rows: Sequence[str], header: str = HEADER) -> list[str]:
    """Upload these lines; returns what is told of the edits."""
    content = "\n".join([header, *rows]).encode()
    sheet = importing.accept(campaign, "guests.csv", [content], len(content))
    importing.read(sheet)
    sheet.refresh_from_db()
    campaign.refresh_from_db()
    assert sheet.error == ""
    return [note for note in sheet.notes if any(word in note for word in ("you", "“", "stays"))]


def pk(campaign: Campaign, name: str) -> int:
    return campaign.recipients().get(fields__0=name).pk


def cells(campaign: Campaign, column: int) -> list[str]:
    return [row.fields[column] for row in campaign.recipients()]

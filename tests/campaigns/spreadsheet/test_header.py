"""Which row is the header, and which columns hold addresses."""

from pathlib import Path

import pytest

from campaigns.spreadsheet import Remark, read
from campaigns.spreadsheet.header import Roles, column_names, find_roles
from campaigns.spreadsheet.options import Options
from tests.campaigns.spreadsheet import files

BEN = "ben@contoso.example"


@pytest.mark.parametrize(
    ("content", "header_row", "header"),
    [
        (f"Email,Name\n{BEN},Ben\n", 1, ["Email", "Name"]),
        (f"Guests of 2025\n\nEmail,Name\n{BEN},Ben\ncleo@fabrikam.example,Cleo\n", 3, ["Email", "Name"]),
        (
            f"Questions: ask {BEN}\nName,Contact,City\nBen,{BEN},Oslo\nCleo,cleo@fabrikam.example,Rome\n",
            2,
            ["Name", "Contact", "City"],
        ),
        (f"{BEN},Ben\ncleo@fabrikam.example,Cleo\n", 0, ["Column A", "Column B"]),
        (f"Name,,Email\nBen,x,{BEN}\n", 1, ["Name", "Column B", "Email"]),
        (f"Name,Email,name,Name (2)\na,{BEN},b,c\n", 1, ["Name", "Email", "name (3)", "Name (2)"]),
        (f'"First\nname",Email\nBen,{BEN}\n', 1, ["First name", "Email"]),
        (f",,\n,Email,Name\n,{BEN},Ben\n", 2, ["Email", "Name"]),
        ("Name,City\nBen,Oslo\nCleo,Rome\n", 1, ["Name", "City"]),
        (f"Name,Parent email\nAna,\nBen,{BEN}\nCleo,{BEN}\n", 1, ["Name", "Parent email"]),
        (f"Name;E-Mail der Eltern\nAna;ana(at)x\nBen;{BEN}\n", 1, ["Name", "E-Mail der Eltern"]),
        (f"Name,Parent email\nAna,ana(at)x,late\nBen,{BEN}\nBo,{BEN}\n", 1, ["Name", "Parent email", "Column C"]),
        (f"Name,Class,Contact\nAna,3a,\nBen,3b,{BEN}\n", 1, ["Name", "Class", "Contact"]),
        (f"First,Last,Contact\nMel,Cole,\nBen,Berg,{BEN}\nBo,Berg,{BEN}\n", 1, ["First", "Last", "Contact"]),
        (f"Email sent,2025,,\nName,Mel,City,Note\nBen,{BEN},Oslo,x\n", 2, ["Name", "Mel", "City", "Note"]),
        (f"List,2025,,\nName,City,Note,Contact\nBen,Oslo,x,{BEN}\n", 2, ["Name", "City", "Note", "Contact"]),
        (f"Guest,Guest,Guest\nName,City,Email\nBen,Oslo,\nBen,Oslo,{BEN}\n", 2, ["Name", "City", "Email"]),
    ],
)
def test_the_header_row_is_found(tmp_path: Path, content: str, header_row: int, header: list[str]) -> None:
    sheet = read(files.text(tmp_path / "a.csv", content), "a.csv")
    assert (sheet.header_row, sheet.header) == (header_row, header)


def test_the_header_row_can_be_given(tmp_path: Path) -> None:
    path = files.text(tmp_path / "a.csv", f"Email,Name\nMail,First\n{BEN},Ben\n")
    assert read(path, "a.csv", Options(header_row=2)).header == ["Mail", "First"]
    without = read(path, "a.csv", Options(header_row=0))
    assert (without.header, without.header_row, next(without.rows).number) == (["Column A", "Column B"], 0, 1)


def test_names_that_were_changed_are_told() -> None:
    remarks: list[Remark] = []
    assert column_names(["Name", "", "NAME"], ["A", "B", "C"], remarks, named=True) == [
        "Name",
        "Column B",
        "NAME (2)",
    ]
    assert [str(remark) for remark in remarks] == [
        "Column B has no name; it is called “Column B” here.",
        "Column C has the same name as another; it is called “NAME (2)” here.",
    ]


@pytest.mark.parametrize(
    ("header", "row", "roles"),
    [
        (["Name", "Email"], ["Ben", BEN], Roles(1, None, None, None)),
        (["An", "E-Mail-Adresse", "Kopie"], ["x", BEN, BEN], Roles(1, 2, None, None)),
        (["To", "CC", "BCC", "Reply-To"], [BEN, BEN, BEN, BEN], Roles(0, 1, 2, 3)),
        (
            ["Nom", "Adresse électronique", "Cc", "Cci", "Répondre à"],
            ["x", BEN, BEN, BEN, BEN],
            Roles(1, 2, 3, 4),
        ),
        (["Nombre", "Correo electrónico"], ["x", BEN], Roles(1, None, None, None)),
        (["Kontakt", "Ort"], [BEN, "Oslo"], Roles(0, None, None, None)),
        (["Email sent", "Contact"], ["yes", BEN], Roles(1, None, None, None)),
        (["To", "Email"], ["Oslo", BEN], Roles(1, None, None, None)),
        (["CC", "Email"], [BEN, BEN], Roles(1, 0, None, None)),
        (["Email", "Name"], ["not yet known", "Ben"], Roles(0, None, None, None)),
        (["Email", "Name"], ["", "Ben"], Roles(0, None, None, None)),
        (["Name", "City"], ["Ben", "Oslo"], Roles(None, None, None, None)),
        (["Empfänger"], [f"{BEN}; cleo@fabrikam.example"], Roles(0, None, None, None)),
    ],
)
def test_the_columns_with_addresses_are_found(header: list[str], row: list[str], roles: Roles) -> None:
    assert find_roles(header, [row, row]) == roles

"""A sheet as people really keep it goes from drop to clean in the browser: everything real, by hand and keyboard."""

import datetime as dt
import time
from pathlib import Path

import openpyxl
import pytest
from openpyxl.styles import Font
from playwright.sync_api import Locator, Page, expect

from devserver.stack import Stack
from tests.browser import assert_accessible, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.stack]

TWO_MINUTES = 120
PEOPLE = 24
HEADER = ["Vorname", "Nachname", "E-Mail", "Eintritt", "Beitrag", "Bemerkung"]


def member(number: int) -> list[str | dt.date | float]:
    """Row `number` of the list, a whole and right one."""
    day = dt.date(2021, 3, 28) + dt.timedelta(days=17 * number)
    return [f"Jürgen {number}", "Weiß", f"mitglied{number:02}@northwind.example", day, 1000 + number * 12.5, ""]


def members() -> list[list[str | dt.date | float]]:
    """What is wrong with them: two broken addresses, one missing, one mistyped, two twice, blanks nobody sees."""
    rows = [member(number) for number in range(PEOPLE)]
    rows[3][2] = "mitglied03@northwind"
    rows[8][2] = "mitglied08(at)northwind.example"
    rows[11][2] = ""
    rows[14][2] = "mitglied14@gmial.com"
    rows[17][2], rows[20][2] = rows[5][2], str(rows[6][2]).upper()
    rows[22][1] = "Weiß  "
    return rows


def workbook(folder: Path) -> Path:
    """Title rows, a merged header above the header, dates and amounts by format, a total below."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(["Mitgliederliste Ruderverein 1907"])
    sheet.merge_cells("A1:F1")
    sheet["A1"].font = Font(size=18, bold=True)
    sheet.append(["Stand: 12.11.2026, gepflegt von Frau Öztürk"])
    sheet.append([])
    sheet.append(["Person", None, "Kontakt", "Verein"])
    sheet.merge_cells("A4:B4")
    sheet.merge_cells("D4:F4")
    sheet.append(HEADER)
    for row in members():
        sheet.append(row)
        sheet.cell(sheet.max_row, 4).number_format = "dd\\.mm\\.yyyy"
        sheet.cell(sheet.max_row, 5).number_format = '[$-407]#,##0.00 "€"'
    sheet.append([])
    sheet.append(["Summe", None, None, None, f"=SUM(E6:E{sheet.max_row - 1})"])
    path = folder / "Mitglieder.xlsx"
    book.save(path)
    return path


def german_csv(folder: Path) -> Path:
    """As a German Excel saves it: semicolons, Windows-1252, decimal commas, the title rows as they stood."""

    def shown(value: str | dt.date | float) -> str:
        if isinstance(value, dt.date):
            return value.strftime("%d.%m.%Y")
        if isinstance(value, float):
            return f"{value:_.2f}".replace(".", ",").replace("_", ".") + " €"
        return f'"{value}"' if value != value.strip() else value

    lines = ["Mitgliederliste Ruderverein 1907;;;;;", "Stand: 12.11.2026;;;;;", ";;;;;", ";".join(HEADER)]
    lines += [";".join(shown(value) for value in row) for row in members()]
    lines += [";;;;;", "Summe;;;;27.450,00 €;"]
    path = folder / "Mitglieder.csv"
    path.write_bytes("\r\n".join(lines).encode("cp1252") + b"\r\n")
    return path


@pytest.mark.parametrize("write", [workbook, german_csv], ids=["xlsx", "csv"])
def test_a_messy_sheet_is_clean_within_two_minutes(stack: Stack, page: Page, tmp_path: Path, write) -> None:  # type: ignore[no-untyped-def]
    file = write(tmp_path)
    sign_in(page, stack.app_url, "Ana Albrecht")
    page.get_by_role("button", name="New campaign").click()

    began = time.monotonic()
    page.locator("#file").set_input_files(file)
    expect(page.get_by_role("heading", name=file.name)).to_be_visible(timeout=30_000)
    what_was_found(page)
    if file.suffix == ".xlsx":
        read_it_as_in_germany(page)
    expect(line_of(page, "mitglied01@northwind.example")).to_contain_text("1.012,50 €")
    mend_by_hand(page)
    mend_at_once(page)
    expect(page.get_by_role("heading", name="Every row is ready")).to_be_visible()
    expect(page.locator("#problems")).to_contain_text(f"{PEOPLE - 2} mails")
    assert time.monotonic() - began < TWO_MINUTES
    assert_accessible(page)
    the_edits_survive_another_upload(page, file)


def what_was_found(page: Page) -> None:
    """The table in the middle of the sheet, and what its cells show."""
    expect(page.get_by_text(f"{PEOPLE} rows, 6 columns")).to_be_visible()
    expect(page.get_by_text("Summe")).to_have_count(0)
    first = line_of(page, "mitglied00@northwind.example")
    for shown in ("Jürgen 0", "Weiß", "28.03.2021"):
        expect(first).to_contain_text(shown)
    for said in (
        "1 row has no address",
        "2 addresses are not valid",
        "2 rows have the address of an earlier row",
        "1 address looks mistyped",
        "1 row has stray blanks",
    ):
        expect(page.locator("#problems")).to_contain_text(said)


def read_it_as_in_germany(page: Page) -> None:
    """A workbook leaves the decimal sign to the reader's country; the browser sends the file again by itself."""
    expect(line_of(page, "mitglied01@northwind.example")).to_contain_text("1,012.50 €")
    page.get_by_text("How the file was read").click()
    expect(page.get_by_text("this browser still has")).to_be_visible()
    page.get_by_label("Numbers and dates as in").select_option("de")
    page.get_by_role("button", name="Read it again").click()
    expect(line_of(page, "mitglied01@northwind.example")).to_contain_text("1.012,50 €", timeout=30_000)


def line_of(page: Page, text: str) -> Locator:
    return page.get_by_role("grid").get_by_role("row").filter(has_text=text).first


def mend_by_hand(page: Page) -> None:
    """Each button leads to the cell; Enter saves what was typed."""
    for kind, address, left in (
        ("missing_address", "mitglied11@northwind.example", 0),
        ("invalid_address", "mitglied03@northwind.example", 1),
        ("invalid_address", "mitglied08@northwind.example", 0),
    ):
        page.locator(f"#mend-{kind}").click()
        editor = page.get_by_role("grid").locator("input, textarea").first
        expect(editor).to_be_focused()
        editor.fill(address)
        page.keyboard.press("Enter")
        if left:
            expect(page.locator("#problems")).to_contain_text("1 address is not valid")
        else:
            expect(page.locator(f"#mend-{kind}")).to_have_count(0)


def mend_at_once(page: Page) -> None:
    page.locator("#mend-spaces").click()
    expect(page.locator("#mend-spaces")).to_have_count(0)
    page.locator("#mend-likely_typo").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("mitglied14@gmail.com")
    dialog.get_by_role("button", name="all").click()
    expect(page.locator("#mend-likely_typo")).to_have_count(0)
    page.locator("#leave-out-duplicate_address").click()
    expect(page.locator("#leave-out-duplicate_address")).to_have_count(0)


def the_edits_survive_another_upload(page: Page, file: Path) -> None:
    """The same sheet once more: nothing has to be mended twice."""
    page.get_by_text("Use other data").click()
    page.locator("#file").set_input_files(file)
    expect(page.get_by_role("heading", name="Every row is ready")).to_be_visible(timeout=30_000)
    expect(line_of(page, "mitglied03@northwind.example")).to_be_visible()
    expect(page.locator("#problems")).to_contain_text(f"{PEOPLE - 2} mails")

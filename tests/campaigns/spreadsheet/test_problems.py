"""Which rows can't be sent to, and why."""

import time

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import assume, given
from hypothesis import strategies as st

from campaigns.addresses import CERTAIN, are_addresses, is_address, parse_addresses
from campaigns.spreadsheet.problems import (
    NO_MAIL,
    Checker,
    Problem,
    address_problems,
    cell_problems,
    looks_like_address,
    tidied,
    trimmed,
)
from campaigns.spreadsheet.typos import suggestion


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("ben@contoso.example", ""),
        ("Ben.O'Neil+news@mail.contoso.example", ""),
        ("jorg@müller.example", ""),
        ("jörg@müller.example", "invalid_address"),  # Exchange Online sends to no such local part
        ("Doe, Jane <jane@contoso.example>", ""),
        ('"Doe, Jane" <jane@contoso.example>, ben@contoso.example', ""),
        ("jane\u200b@contoso.example", ""),
        ("Doe, Jane <jane@contoso>", "invalid_address"),
        ("ben@contoso.invalid", "invalid_address"),
        ("ben@contoso.example; cleo@fabrikam.example", ""),
        ("ben@contoso.example, cleo@fabrikam.example", ""),
        ("", "missing_address"),
        (";", "invalid_address"),
        ("ben", "invalid_address"),
        ("ben@", "invalid_address"),
        ("ben@contoso", "invalid_address"),
        ("ben@@contoso.example", "invalid_address"),
        ("ben@contoso..example", "invalid_address"),
        ("ben@-contoso.example", "invalid_address"),
        ("ben @contoso.example", "invalid_address"),
        ("ben@localhost", "invalid_address"),
        ("ben@contoso.example; cleo", "invalid_address"),
        ("#N/A", "invalid_address"),
        ("a" * 65 + "@contoso.example", "invalid_address"),
        ("ben@contoso.example\nbcc:cleo@fabrikam.example", "invalid_address"),
        ("Ana\tana@contoso.example", "invalid_address"),
        ("Ana\vana@contoso.example", "invalid_address"),
        ("ana@\0contoso.example", "invalid_address"),
        ("ana@contoso.example\rben@contoso.example", "invalid_address"),
        ("<\x7f ana@contoso.example\t>", ""),
    ],
)
def test_an_address_is_judged(address: str, problem: str) -> None:
    worst = Checker().problems(address, ["Ben"]) & ~Problem.SEVERAL_ADDRESSES
    assert worst.code == problem


def test_the_first_of_two_is_kept_and_case_does_not_matter() -> None:
    checker = Checker()
    found = [
        checker.problems(address, [])
        for address in ("Ben@Contoso.example", "ben@contoso.example", "cleo@fabrikam.example")
    ]
    assert found == [0, Problem.DUPLICATE_ADDRESS, 0]


def test_a_row_may_have_several_problems() -> None:
    found = Checker().problems("", ["#N/A", "", " Ben"], (0,))
    assert found == Problem.MISSING_ADDRESS | Problem.ERROR_CELL | Problem.SPACES
    assert found.code == "missing_address"


@pytest.mark.parametrize("cell", ["a  b", " a", "a ", "a\u200bb", "a\tb", "a\n ", "\u00a0a", "a \u00a0b", "a\u00adb"])
def test_blanks_nobody_sees_are_found_and_can_be_tidied(cell: str) -> None:
    assert cell_problems(["x", cell, "y"]) == Problem.SPACES
    assert cell_problems(["x", tidied(cell), "y"]) == 0


@pytest.mark.parametrize("cell", ["", "a b", "two\nlines", "1\u00a0234,50\u00a0€", "a-b", "Ærø"])
def test_blanks_that_are_meant_are_left_alone(cell: str) -> None:
    assert cell_problems(["x", cell, "y"]) == 0
    assert tidied(cell) == cell.replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("ana@gmial.com", "ana@gmail.com"),
        ("ana@gmail.con", "ana@gmail.com"),
        ("ana@hotmial.com", "ana@hotmail.com"),
        ("ana@outlok.com", "ana@outlook.com"),
        ("ana@yahooo.com", "ana@yahoo.com"),
        ("ana@t-onlin.de", "ana@t-online.de"),
        ("ana@web.ed", "ana@web.de"),
        ("ana@contoso.con", "ana@contoso.com"),
        ("Ana <ana@gmial.com>", "ana@gmail.com"),
    ],
)
def test_a_slip_in_a_domain_is_suggested(typed: str, meant: str) -> None:
    bare = parse_addresses(typed)[0].address
    assert suggestion(bare) == meant
    assert Checker().problems(typed, []) == Problem.LIKELY_TYPO


@pytest.mark.parametrize(
    "domain",
    [
        "gmail.com",
        "gmx.de",
        "live.be",
        "hotmail.nl",
        "contoso.example",
        "mail.com",
        "home.com",
        "yahoo.in",
        "yahoo.gr",
        "yahoo.ie",
        "yahoo.dk",
        "yahoo.ca",
        "outlook.ie",
        "outlook.in",
        "hotmail.gr",
        "hotmail.ie",
        "vodafone.ie",
        "online.ee",
        "planet.pl",
        "libero.at",
        "posteo.net",
        "gmail.co",
        "icloud.co",
    ],
)
def test_real_domains_are_not_doubted(domain: str) -> None:
    assert suggestion(f"ana@{domain}") == ""


@pytest.mark.parametrize("cell", ["#N/A", "#BUSY!", "#PYTHON!", "#ЗНАЧ!", "#¿NOMBRE?", "Err:502"])
def test_what_a_formula_shows_instead_of_its_value_is_an_error(cell: str) -> None:
    assert cell_problems(["x", cell]) == Problem.ERROR_CELL


@pytest.mark.parametrize("cell", ["#1", "#100!", "#Team", "#TEAM", "#Team!", "#sale?", "BUSY!", "#!", "# A!", "", "#"])
def test_what_people_write_is_no_error(cell: str) -> None:
    assert cell_problems(["x", cell]) == 0


def test_blanks_and_invisible_characters_around_an_address_go() -> None:
    assert trimmed("\u00a0\ufeff ben@contoso.example\u200b\n") == "ben@contoso.example"


@pytest.mark.parametrize(
    "cell", ["Doe, Jane <j@x.example>", " a@x.example ;; b@x.example, c@x.example;", "jörg@x.example"]
)
def test_a_column_of_such_cells_is_taken_for_addresses(cell: str) -> None:
    assert looks_like_address(cell)


ALMOST = st.from_regex(CERTAIN, fullmatch=True) | st.from_regex(
    r"[a-zA-Z0-9.+_-]{1,70}@[a-z0-9.-]{1,80}\.[a-z]{2,10}", fullmatch=True
)


@given(ALMOST)
def test_what_is_taken_for_an_address_is_one_to_the_library_and_the_other_way_round(address: str) -> None:
    assume("--" not in address)  # of domains in Punycode the library knows more than we need
    try:
        validate_email(address, check_deliverability=False, strict=True)
        valid = True
    except EmailNotValidError:
        valid = False
    assert is_address(address) == valid


CELLS = (
    st.text(alphabet='aé@.,;<> "\\\n\u200b-1', max_size=40)
    | ALMOST.map(lambda address: f"Doe, Jane <{address}>")
    | ALMOST
)


@given(CELLS)
def test_the_sheet_and_the_composer_agree_on_every_cell(cell: str) -> None:
    assert are_addresses(cell) == (not address_problems(cell) & NO_MAIL)


def test_no_cell_takes_long() -> None:
    began = time.monotonic()
    for cell in ("," * 32_000 + "@", '"\\' * 16_000, "<a" * 16_000):
        are_addresses(cell)
    assert time.monotonic() - began < 2

"""Which rows can't be sent to, and why."""

import time

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import assume, given
from hypothesis import strategies as st

from campaigns.addresses import InvalidAddress, are_addresses, is_address, parse_addresses
from campaigns.spreadsheet.problems import CERTAIN, Checker, is_sendable, looks_like_address, trimmed


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
    ],
)
def test_an_address_is_judged(address: str, problem: str) -> None:
    assert Checker().problem(address, ()) == problem


def test_the_first_of_two_is_kept_and_case_does_not_matter() -> None:
    checker = Checker()
    found = [
        checker.problem(address, ())
        for address in ("Ben@Contoso.example", "ben@contoso.example", "cleo@fabrikam.example")
    ]
    assert found == ["", "duplicate_address", ""]


def test_an_error_cell_is_a_problem_of_a_good_row_only() -> None:
    checker = Checker()
    assert checker.problem("ben@contoso.example", (2,)) == "error_cell"
    assert checker.problem("", (2,)) == "missing_address"


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
    try:
        composed = bool(parse_addresses(cell))
    except InvalidAddress:
        composed = False
    assert is_sendable(cell) == composed


def test_no_cell_takes_long() -> None:
    began = time.monotonic()
    for cell in ("," * 32_000 + "@", '"\\' * 16_000, "<a" * 16_000):
        are_addresses(cell)
    assert time.monotonic() - began < 2

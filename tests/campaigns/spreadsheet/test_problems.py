"""Which rows can't be sent to, and why."""

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given
from hypothesis import strategies as st

from campaigns.spreadsheet.problems import CERTAIN, Checker, is_valid_address, split_addresses, trimmed


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("ben@contoso.example", ""),
        ("Ben.O'Neil+news@mail.contoso.example", ""),
        ("jörg@müller.example", ""),
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
    assert split_addresses(" a@x.example ;; b@x.example, c@x.example;") == [
        "a@x.example",
        "b@x.example",
        "c@x.example",
    ]


ALMOST = st.from_regex(CERTAIN, fullmatch=True) | st.from_regex(
    r"[a-zA-Z0-9.+_-]{1,70}@[a-z0-9.-]{1,80}\.[a-z]{2,10}", fullmatch=True
)


@given(ALMOST)
def test_the_quick_way_accepts_only_what_the_library_accepts(address: str) -> None:
    try:
        validate_email(address, check_deliverability=False, strict=True)
        valid = True
    except EmailNotValidError:
        valid = False
    assert is_valid_address(address) == valid

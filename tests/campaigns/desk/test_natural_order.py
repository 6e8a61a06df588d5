"""Columns are sorted as people expect."""

import pytest

from campaigns.desk.natural_order import sort_keys


@pytest.mark.parametrize(
    ("decimal", "ordered"),
    [
        (".", ["", "-3", "1.5", "9", "10", "1,234.50", "20000"]),
        (",", ["", "−3", "1,5", "9", "10", "1.234,50", "20000"]),
        (",", ["1.25", "1.5", "9"]),  # a file from elsewhere
        (".", ["5 %", "12.5%", "100%"]),
        (".", ["", "Row 9", "row 10", "Row 10a", "Row 100"]),
        (".", ["Ecole", "École b", "Edam", "Zebra", "Ærø"]),
        (".", ["1.2.3", "1.10.1", "9.9.9"]),
        (".", ["12345678901234567890", "22345678901234567890 a"]),
        (".", ["", " "]),
    ],
)
def test_in_this_order(decimal: str, ordered: list[str]) -> None:
    keys = sort_keys(ordered, decimal)
    assert sorted(keys) == keys

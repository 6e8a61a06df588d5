"""An address cell as it was probably meant."""

import pytest

from campaigns.desk.suggesting import suggestion


@pytest.mark.parametrize(
    ("cell", "meant"),
    [
        ("ana@gmial.com", "ana@gmail.com"),
        ("bo@gmai.com, jo-bo@gmai.community", "bo@gmail.com, jo-bo@gmai.community"),
        ("ana@gmial.com; ana@gmial.com.example", "ana@gmail.com; ana@gmial.com.example"),
        ("Ana <ana@gmial.com>; Bo <bo@hotmial.com>", "Ana <ana@gmail.com>; Bo <bo@hotmail.com>"),
        ("mailto:ana@gmial.com", "mailto:ana@gmail.com"),
        ("ana@contoso.example", ""),
        ("nonsense", ""),
    ],
)
def test_only_the_mistyped_addresses_of_a_cell_are_mended(cell: str, meant: str) -> None:
    assert suggestion(cell) == meant

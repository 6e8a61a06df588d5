"""What a cell shows, format by format."""

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.spreadsheet.locales import locale_named
from campaigns.spreadsheet.number_format import built_in_code, compile_format

ACCOUNTING = '_("$"* #,##0.00_);_("$"* (#,##0.00);_("$"* "-"??_);_(@_)'
EURO_ACCOUNTING = '_-* #,##0.00\\ "€"_-;\\-* #,##0.00\\ "€"_-;_-* "-"??\\ "€"_-;_-@_-'

SHOWN = [
    # General
    ("42", "General", "en", "42"),
    ("42.0", "General", "en", "42"),
    ("-0.5", "General", "en", "-0.5"),
    ("0.5", "General", "de", "0,5"),
    ("0.30000000000000004", "General", "en", "0.3"),
    ("0.3333333333333333", "General", "en", "0.333333333"),
    ("1234567.891234", "General", "en", "1234567.891"),
    ("491701234567", "General", "en", "491701234567"),
    ("1234567890123456", "General", "en", "1234567890123456"),
    ("1.2345678901E-5", "General", "en", "1.23457E-05"),
    ("1E-10", "General", "en", "1E-10"),
    ("1.5E+300", "General", "en", "1.5E+300"),
    ("1E+3", "General", "en", "1000"),
    ("12", '"No. "General', "en", "No. 12"),
    ("12", "@", "en", "12"),
    ("12", '"Dear "@', "en", "12"),
    # digits
    ("1234.5", "0", "en", "1235"),
    ("2.5", "0", "en", "3"),
    ("-2.5", "0", "en", "-3"),
    ("1234.5", "0.00", "en", "1234.50"),
    ("1234.5", "0.00", "de", "1234,50"),
    ("1.005", "0.00", "en", "1.01"),
    ("1.0049999999999999", "0.00", "en", "1.01"),
    ("1234567", "#,##0", "en", "1,234,567"),
    ("1234567", "#,##0", "de", "1.234.567"),
    ("1234567", "#,##0", "fr", "1\u202f234\u202f567"),
    ("1234567.5", "#,##0.00", "de-CH", "1’234’567.50"),
    ("-1234.5", "#,##0.00", "en", "-1,234.50"),
    ("0", "#,###", "en", ""),
    ("0.5", "#.##", "en", ".5"),
    ("5", "#.##", "en", "5."),
    ("1234567", "0.0,,", "en", "1.2"),
    ("1234567", '#,##0,"k"', "en", "1,235k"),
    ("1.5", "0.0?", "en", "1.5"),
    ("1", ".00", "en", "1.00"),
    ("1234567", "0,x", "en", "1235x"),
    ("1234567", "0x,", "en", "1234567x,"),
    ("-0.001", "0.00", "en", "0.00"),
    ("-0", "0.00", "en", "0.00"),
    ("-0.001", "0.00;-0.00", "en", "-0.00"),
    ("-499", "0,", "en", "0"),
    # percent
    ("0.25", "0%", "en", "25%"),
    ("0.0725", "0.0%", "en", "7.3%"),
    ("0.075", "0.00 %", "de", "7,50 %"),
    ("-0.5", "0%", "en", "-50%"),
    # currency, accounting
    ("1234.5", "[$€-407]#,##0.00", "en", "€1,234.50"),
    ("1234.5", '#,##0.00\\ "€"', "de", "1.234,50 €"),
    ("1234.5", "#,##0.00\\ [$€-407]", "de", "1.234,50 €"),
    ("1234.5", "#,##0.00 [$€-de-DE]", "de", "1.234,50 €"),
    ("-1234.5", '"$"#,##0.00', "en", "-$1,234.50"),
    ("-1234.5", '"$"#,##0.00_);[Red]("$"#,##0.00)', "en", "($1,234.50)"),
    ("1234.5", '"$"#,##0.00_);[Red]("$"#,##0.00)', "en", "$1,234.50"),
    ("1234.5", EURO_ACCOUNTING, "de", "1.234,50 €"),
    ("-1234.5", EURO_ACCOUNTING, "de", "-1.234,50 €"),
    ("1234.5", ACCOUNTING, "en", "$1,234.50"),
    ("-1234.5", ACCOUNTING, "en", "$(1,234.50)"),
    ("0", ACCOUNTING, "en", "$-"),
    # masks
    ("1234", "00000", "en", "01234"),
    ("1067", "00000", "de", "01067"),
    ("5551234567", "(000) 000-0000", "en", "(555) 123-4567"),
    ("123456789", "000-00-0000", "en", "123-45-6789"),
    ("5551234", "[<=9999999]###-####;(###) ###-####", "en", "555-1234"),
    ("5551234567", "[<=9999999]###-####;(###) ###-####", "en", "(555) 123-4567"),
    ("7", '"R-"0000', "en", "R-0007"),
    ("1234567", "#\\ ##0", "en", "1234 567"),
    # sections and conditions
    ("0", '0.00;-0.00;"none"', "en", "none"),
    ("0", "0;;;", "en", ""),
    ("-5", "0;", "en", ""),
    ("1", '[=1]"yes";[=0]"no";0', "en", "yes"),
    ("0", '[=1]"yes";[=0]"no";0', "en", "no"),
    ("7", '[=1]"yes";[=0]"no";0', "en", "7"),
    ("-5", "[<100]0.0;0", "en", "-5.0"),
    ("150", '[>100]"many";0', "en", "many"),
    ("-3", '0" up";0" down"', "en", "3 down"),
    ("5", '[<=0]"low "0', "en", "5"),
    ("-3", '[<-2]0" low";0', "en", "3 low"),
    ("-1", '[<-2]0" low";0', "en", "1"),
    ("-1", '[=5]0;0" not"', "en", "-1 not"),
    ("-3", '[>100]0.0;0" less";0" more"', "en", "3 less"),
    ("5", '0;[=5]"five";"other"', "en", "5"),
    ("0", '0;[=5]"five";"other"', "en", "other"),
    # scientific, fractions
    ("12345.678", "0.00E+00", "en", "1.23E+04"),
    ("0.00012", "0.0E+00", "en", "1.2E-04"),
    ("9.99", "0.0E+00", "en", "1.0E+01"),
    ("12345.678", "##0.0E+0", "en", "12.3E+3"),
    ("0.375", "# ?/?", "en", "3/8"),
    ("1.5", "# ?/?", "en", "1 1/2"),
    ("2", "# ?/?", "en", "2"),
    ("3.3125", "# ??/??", "en", "3 5/16"),
    ("0.5", "# ?/8", "en", "4/8"),
    ("12.3", "# ?/?", "en", "12 1/3"),
    ("2", "0 0/100", "en", "2 0/100"),
    ("1234.5", "#,##0 ?/?", "en", "1,234 1/2"),
    ("0.75", "# ?? / ??", "en", "3/4"),
    # dates
    ("45725", "dd.mm.yyyy", "en", "09.03.2025"),
    ("45725", "d/m/yy", "en", "9/3/25"),
    ("45725", "yyyy-mm-dd", "en", "2025-03-09"),
    ("45725", "m/d/yyyy", "en", "3/9/2025"),
    ("45725", "mmmm d, yyyy", "en", "March 9, 2025"),
    ("45725", "d. mmmm yyyy", "de", "9. März 2025"),
    ("45725", "[$-407]dddd, d. mmmm yyyy", "en", "Sonntag, 9. März 2025"),
    ("45725", "[$-de-DE]d. mmm yy", "en", "9. Mrz 25"),
    ("45725", "[$-40C]d mmmm yyyy;@", "en", "9 mars 2025"),
    ("45725", "ddd dd mmm", "en", "Sun 09 Mar"),
    ("45725", "mmmmm", "en", "M"),
    ("45725", "[$-F800]dddd, mmmm dd, yyyy", "en", "Sunday, March 9, 2025"),
    ("45725", "[$-F800]dddd, mmmm dd, yyyy", "de", "Sonntag, 9. März 2025"),
    ("45725", 'd "de" mmmm', "es", "9 de marzo"),
    ("45725", "d/m/yyyy", "de", "9.3.2025"),
    ("45725", "d\\/m\\/yyyy", "de", "9/3/2025"),
    ("45725", "[$-409]m/d/yyyy", "de", "3/9/2025"),
    ("45725", "d mmmm yyyy", "pl", "9 marca 2025"),
    ("45725", "mmmm yyyy", "pl", "marzec 2025"),
    ("45678", "d. mmmm yyyy", "de-AT", "21. Jänner 2025"),
    ("1", "d/m/yyyy", "en", "1/1/1900"),
    ("59", "d/m/yyyy", "en", "28/2/1900"),
    ("60", "d/m/yyyy", "en", "29/2/1900"),
    ("61", "d/m/yyyy", "en", "1/3/1900"),
    ("2958465", "dd/mm/yyyy", "en", "31/12/9999"),
    ("-1", "dd/mm/yyyy", "en", "-1"),
    # times
    ("0.586805555555556", "h:mm AM/PM", "en", "2:05 PM"),
    ("0.586805555555556", "hh:mm", "en", "14:05"),
    ("0", "h:mm AM/PM", "en", "12:00 AM"),
    ("45725.75", "dd.mm.yyyy hh:mm:ss", "en", "09.03.2025 18:00:00"),
    ("45725.99999999", "dd.mm.yyyy hh:mm:ss", "en", "10.03.2025 00:00:00"),
    ("0.5000086", "h:mm:ss", "en", "12:00:01"),
    ("0.50068287", "h:mm", "en", "12:00"),
    ("0.5000001", "mm:ss.000", "en", "00:00.009"),
    ("0.000011574", "mm:ss.0", "de", "00:01,0"),
    ("0.5416662", "h:mm", "en", "13:00"),
    ("45725.9999999", "dd.mm.yyyy", "en", "09.03.2025"),
    ("0.5", "h:mm am/pm", "en", "12:00 PM"),
    ("-0.25", "[h]:mm", "en", "-6:00"),
    ("1.5", "[h]:mm", "en", "36:00"),
    ("1.5", "[mm]", "en", "2160"),
    ("0.0625", "[ss]", "en", "5400"),
    ("0.5", "h\\hmm", "fr", "12h00"),
]  # fmt: skip

TEXTS = [
    ("Ana", "General", "Ana"),
    ("Ana", '"Dear "@', "Dear Ana"),
    ("Ana", '@" and "@', "Ana and Ana"),
    ("Ana", ACCOUNTING, "Ana"),
    ("Ana", ";;;", ""),
    ("Ana", '0;-0;0;"Text: "@', "Text: Ana"),
    ("00123", "0.00", "00123"),
]

MONEY = [
    (7, "-1234.5", "en-US", "($1,234.50)"),
    (7, "-1234.5", "en-GB", "-£1,234.50"),
    (7, "-1234.5", "de", "-1.234,50 €"),
    (7, "-1234.5", "nl", "€ -1.234,50"),
    (44, "0", "de", "- €"),
    (44, "1234.5", "de-CH", "CHF 1’234.50"),
    (38, "-1234.5", "de", "-1.235"),
]


@pytest.mark.parametrize(("raw", "code", "locale", "shown"), SHOWN)
def test_a_number_shows_as_in_the_spreadsheet_program(raw: str, code: str, locale: str, shown: str) -> None:
    assert compile_format(code, locale_named(locale)).number(raw) == shown


@pytest.mark.parametrize(("text", "code", "shown"), TEXTS)
def test_a_text_shows_as_in_the_spreadsheet_program(text: str, code: str, shown: str) -> None:
    assert compile_format(code).text(text) == shown


@pytest.mark.parametrize(
    ("locale", "shown"),
    [
        ("en", "3/9/2025"),
        ("en-GB", "09/03/2025"),
        ("de", "09.03.2025"),
        ("sv", "2025-03-09"),
        ("xx", "3/9/2025"),
    ],
)
def test_the_short_date_follows_the_language(locale: str, shown: str) -> None:
    language = locale_named(locale)
    assert compile_format(built_in_code(14, language), language).number("45725") == shown


@pytest.mark.parametrize(("number", "raw", "locale", "shown"), MONEY)
def test_money_in_a_built_in_format_follows_the_country(number: int, raw: str, locale: str, shown: str) -> None:
    language = locale_named(locale)
    assert compile_format(built_in_code(number, language), language).number(raw) == shown


@pytest.mark.parametrize(
    ("number", "shown"), [(15, "09. Mrz 25"), (16, "09. Mrz"), (17, "Mrz 25"), (22, "09.03.2025 18:00")]
)
def test_a_date_in_a_built_in_format_follows_the_language(number: int, shown: str) -> None:
    german = locale_named("de")
    assert compile_format(built_in_code(number, german), german).number("45725.75") == shown


@given(
    st.decimals(min_value=-(10**8), max_value=10**8, allow_nan=False, places=6),
    st.integers(min_value=0, max_value=4),
    st.booleans(),
)
def test_halves_are_rounded_away_from_zero_however_many_digits_there_are(
    value: Decimal, places: int, percent: bool
) -> None:
    code = "#,##0" + ("." + "0" * places if places else "") + ("%" if percent else "")
    rounded = (value * 100 if percent else value).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    expected = f"{rounded if rounded else abs(rounded):,f}" + ("%" if percent else "")  # nothing has no minus
    assert compile_format(code).number(f"{value:f}") == expected


def test_the_1904_date_system_counts_from_another_day() -> None:
    assert compile_format("dd.mm.yyyy", date1904=True).number("0") == "01.01.1904"
    assert compile_format("dd.mm.yyyy", date1904=True).number("44263") == "09.03.2025"
    assert compile_format("[h]:mm", date1904=True).number("1.5") == "36:00"
    assert compile_format("h:mm", date1904=True).number("-0.25") == "-6:00"


@pytest.mark.parametrize(
    "code", ["[", '"', "\\", "0.0.0", "E+", "/", "[$", "[h", "0/0/0", ";;;;;;", "#" * 5000, "[<x]0", "_", "*"]
)
@pytest.mark.parametrize("raw", ["1.5", "-2", "0", "1E+308", "nan", "inf", "", "abc", "9" * 400])
def test_a_broken_format_or_number_never_raises(code: str, raw: str) -> None:
    assert isinstance(compile_format(code).number(raw), str)

"""Which files a cell means."""

import unicodedata

import pytest

from campaigns.attaching import File, Matcher, best_column


def files(*paths: str, contents: list[int] | None = None) -> list[File]:
    made = []
    for at, path in enumerate(paths):
        folder, _slash, name = path.rpartition("/")
        made.append(File(at, contents[at] if contents else at, folder, name, 1, "application/pdf"))
    return made


def found(cell: str, *paths: str) -> tuple[list[str], list[str], list[str]]:
    result = Matcher(files(*paths)).find(cell)
    return [file.path for file in result.files], result.missing, result.ambiguous


@pytest.mark.parametrize(
    "cell",
    [
        "Rechnung Müller.pdf",
        "rechnung müller.PDF",
        "RECHNUNG MÜLLER",
        "  Rechnung  Müller.pdf ",
        unicodedata.normalize("NFD", "Rechnung Müller.pdf"),
        "C:\\Users\\Ana\\Rechnung Müller.pdf",
        "../invoices/Rechnung Müller",
        "Rechnung\u00a0Müller.pdf",
    ],
)
def test_a_name_is_found_however_it_is_written(cell: str) -> None:
    assert found(cell, "Rechnung Müller.pdf", "Rechnung Meier.pdf") == (["Rechnung Müller.pdf"], [], [])


def test_a_file_with_decomposed_accents_is_found_by_a_composed_name() -> None:
    name = unicodedata.normalize("NFD", "Łódź Café.pdf")
    assert found("Łódź Café.pdf", name)[0] == [name]


@pytest.mark.parametrize("separator", ["; ", ",", "\n", "\r\n", " ;"])
def test_several_names_are_parted_by_semicolon_comma_or_line_break(separator: str) -> None:
    assert found(f"a.pdf{separator}b.pdf", "b.pdf", "a.pdf", "c.pdf") == (["a.pdf", "b.pdf"], [], [])


def test_a_comma_may_belong_to_a_name() -> None:
    paths = ("Smith, Jane.pdf", "Doe, John; Jr.pdf", "c.pdf")
    assert found("Smith, Jane.pdf, Doe, John; Jr, c", *paths)[0] == list(paths)


def test_what_no_file_has_is_missing_and_the_others_are_found() -> None:
    assert found("a.pdf; x.pdf; b.pdf; x.pdf", "a.pdf", "b.pdf") == (["a.pdf", "b.pdf"], ["x.pdf"], [])


def test_another_extension_is_another_file() -> None:
    assert found("a.pdf", "a.docx") == ([], ["a.pdf"], [])


def test_a_file_without_an_extension_is_found_by_a_name_with_one() -> None:
    assert found("a.pdf", "a")[0] == ["a"]


def test_a_name_without_an_extension_that_two_files_have_is_ambiguous() -> None:
    assert found("a", "a.pdf", "a.docx") == ([], [], ["a"])


def test_files_of_one_name_in_two_folders_are_told_apart_by_the_path_in_the_cell() -> None:
    paths = ("2025/a.pdf", "2026/a.pdf")
    assert found("a.pdf", *paths) == ([], [], ["a.pdf"])
    assert found("2026\\A.pdf", *paths) == (["2026/a.pdf"], [], [])


def test_files_of_one_name_with_the_same_bytes_are_one() -> None:
    result = Matcher(files("x/a.pdf", "y/a.pdf", contents=[7, 7])).find("a.pdf")
    assert [file.path for file in result.files] == ["x/a.pdf"]


@pytest.mark.parametrize("cell", ["", "  ", " ; , \n"])
def test_an_empty_cell_names_nothing(cell: str) -> None:
    assert Matcher(files("a.pdf")).find(cell).is_empty


def test_the_column_is_found_by_the_files() -> None:
    matcher = Matcher(files("7.pdf", "8.pdf"))
    rows = [("7", "x@y.example", "7.pdf"), ("1", "z@y.example", "8.pdf"), ("2", "", "")]
    assert best_column(rows, 3, matcher) == 2
    assert best_column(rows, 2, Matcher(files("nobody.pdf"))) is None

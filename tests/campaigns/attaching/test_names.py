"""File names and kinds of files."""

import pytest

from campaigns.attaching import forbidden_type, has_double_extension, media_type, safe_name, with_extension_of

NAMES = {
    "Letter Müller.pdf": "Letter Müller.pdf",
    "../../etc/passwd": "etc-passwd",
    "C:\\x\\y.pdf": "C-x-y.pdf",
    "a\r\nBcc: x@y.example.pdf": "a Bcc- x@y.example.pdf",
    'a<b>|"c"?*.pdf': "a-b-c-.pdf",
    "invoice\u202efdp.exe": "invoice fdp.exe",
    "  a\u0000b .pdf. ": "a b .pdf",
    "...": "file",
    "": "file",
}


@pytest.mark.parametrize(("given", "safe"), NAMES.items(), ids=[*map(repr, NAMES)])
def test_a_name_is_one_line_without_a_path(given: str, safe: str) -> None:
    assert safe_name(given) == safe


def test_a_long_name_keeps_its_extension() -> None:
    name = safe_name("x" * 500 + ".pdf")
    assert len(name) == 150
    assert name.endswith("x.pdf")


def test_a_name_gets_the_extension_of_its_file() -> None:
    assert with_extension_of("Letter Müller", "a.pdf") == "Letter Müller.pdf"
    assert with_extension_of("Letter.PDF", "a.pdf") == "Letter.PDF"
    assert with_extension_of("run.exe", "a.pdf") == "run.exe.pdf"
    assert with_extension_of("Letter", "a") == "Letter"


@pytest.mark.parametrize("name", ["a.exe", "A.EXE", "a.pdf.exe", "a.js", "a.vbs", "a.ps1", "a.bat", "a.exe. ", "a.lnk"])
def test_what_outlook_withholds_is_forbidden(name: str) -> None:
    assert forbidden_type(name) == "." + name.rstrip(". ").rpartition(".")[2].lower()


@pytest.mark.parametrize("name", ["a.pdf", "a.docx", "exe", "a.zip", "js.pdf", ""])
def test_other_files_are_not(name: str) -> None:
    assert forbidden_type(name) == ""


def test_a_second_extension_that_pretends_is_seen() -> None:
    odd = ["a.pdf.zip", "Photo.JPG.docm", "a.docx.pdf"]
    fine = ["a.pdf", "a.tar.gz", "v1.2.pdf", "Invoice No. 12.pdf", "pdf", "a"]
    assert [name for name in odd + fine if has_double_extension(name)] == odd


def test_the_kind_of_file_is_known_by_its_extension() -> None:
    kinds = [media_type(name) for name in ("a.PDF", "a.docx", "a.png", "a.xyzzy", "a")]
    word = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    assert kinds == ["application/pdf", word, "image/png", *["application/octet-stream"] * 2]

"""Zip archives: unpacked under limits."""

import io
import struct
import zipfile

import pytest

from campaigns.attaching import ArchiveRefused, Limits, unpack

LIMITS = Limits(files=10, file_bytes=1_000_000, total_bytes=3_000_000)


def zipped(files: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> io.BytesIO:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return target


def names(archive: io.BytesIO, limits: Limits = LIMITS) -> list[str]:
    return [f"{file.folder}/{file.name}" for file in unpack(archive, limits)]


def test_files_come_out_byte_for_byte_with_their_folders() -> None:
    inner = zipped({"x.txt": b"x"}).getvalue()
    archive = zipped({"a.pdf": b"A" * 70_000, "Sub/Jürgen.pdf": b"B", "inner.zip": inner, "empty/": b""})
    taken = [(file.folder, file.name, file.content) for file in unpack(archive, LIMITS)]
    assert taken == [("", "a.pdf", b"A" * 70_000), ("Sub", "Jürgen.pdf", b"B"), ("", "inner.zip", inner)]


def test_what_systems_add_by_themselves_is_left_aside() -> None:
    litter = {"__MACOSX/._a.pdf": b"x", ".DS_Store": b"x", "Thumbs.db": b"x", "a.pdf": b"A"}
    assert names(zipped(litter)) == ["/a.pdf"]


def test_a_name_cannot_climb_out() -> None:
    assert names(zipped({"../../etc/passwd": b"x", "/root/a.pdf": b"A", "C:\\b.pdf": b"B"})) == [
        "etc/passwd",
        "root/a.pdf",
        "C:/b.pdf",
    ]


def test_a_link_is_no_file() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        link = zipfile.ZipInfo("link.pdf")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("a.pdf", b"A")
    assert names(target) == ["/a.pdf"]


def test_umlauts_of_older_programs_are_read() -> None:
    content = zipped({"J_rgen.pdf": b"x"}).getvalue().replace(b"J_rgen", b"J\x81rgen")  # code page 437
    assert names(io.BytesIO(content)) == ["/Jürgen.pdf"]


REFUSED = {
    "too many files": (zipped({f"{at}.pdf": b"x" for at in range(11)}), "11 files"),
    "too much in all": (zipped({f"{at}.bin": b"%d" % at * 900_000 for at in range(4)}, zipfile.ZIP_STORED), "MB"),
    "a bomb": (zipped({"bomb.pdf": bytes(2_500_000)}), "grow so much"),
    "no archive": (io.BytesIO(b"PK\3\4 not really"), "damaged"),
    "nothing in it": (zipped({"folder/": b""}), "no file"),
}


@pytest.mark.parametrize(("archive", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_an_archive_beyond_the_limits_is_refused(archive: io.BytesIO, reason: str) -> None:
    with pytest.raises(ArchiveRefused, match=reason):
        list(unpack(archive, LIMITS))


def test_an_archive_that_lies_about_a_size_yields_no_more_than_it_said() -> None:
    content = bytearray(zipped({"a.bin": bytes(500_000)}).getvalue())
    listed = content.rfind(b"PK\1\2")
    content[listed + 24 : listed + 28] = struct.pack("<I", 1_000)
    with pytest.raises(ArchiveRefused, match="damaged"):
        list(unpack(io.BytesIO(bytes(content)), LIMITS))


def test_an_archive_with_a_password_says_so() -> None:
    content = bytearray(zipped({"a.pdf": b"A"}).getvalue())
    content[content.rfind(b"PK\1\2") + 8] |= 1
    with pytest.raises(ArchiveRefused, match="password"):
        list(unpack(io.BytesIO(bytes(content)), LIMITS))


def test_an_endless_list_is_not_even_read() -> None:
    archive = zipped({f"{at:05}.pdf": b"" for at in range(3_000)})
    with pytest.raises(ArchiveRefused, match="too many"):
        list(unpack(archive, Limits(files=0, file_bytes=1, total_bytes=1)))


def test_a_file_larger_than_one_may_be_is_named_without_its_bytes() -> None:
    limits = Limits(files=10, file_bytes=10, total_bytes=10_000)
    [large, small] = unpack(zipped({"large.pdf": b"x" * 11, "small.pdf": b"x"}), limits)
    assert (large.name, large.size, large.content) == ("large.pdf", 11, None)
    assert small.content == b"x"

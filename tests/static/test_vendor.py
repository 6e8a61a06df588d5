"""Third-party scripts are what static/vendor/README.md says they are, and nothing else lies there."""

import hashlib
import re
from pathlib import Path

import pytest

VENDOR = Path(__file__).resolve().parents[2] / "static" / "vendor"
LINE = re.compile(r"^\|.*\| (?P<file>\S+) \| (?P<sha256>[0-9a-f]{64}) \|$", re.MULTILINE)
LISTED = {match["file"]: match["sha256"] for match in LINE.finditer((VENDOR / "README.md").read_text())}


@pytest.mark.parametrize("file", LISTED)
def test_a_vendored_script_has_the_hash_it_is_listed_with(file: str) -> None:
    assert hashlib.sha256((VENDOR / file).read_bytes()).hexdigest() == LISTED[file]


def test_every_vendored_script_is_listed() -> None:
    scripts = {path.relative_to(VENDOR).as_posix() for path in VENDOR.rglob("*.*js")}
    assert scripts == set(LISTED)


@pytest.mark.parametrize("file", LISTED)
def test_every_vendored_script_comes_with_its_licence(file: str) -> None:
    assert (VENDOR / file).with_name("LICENSE").read_text().strip()


def test_no_page_script_or_stylesheet_names_another_host() -> None:
    ours = VENDOR.parent
    project = ours.parent
    files = [*project.glob("templates/**/*.html"), *ours.glob("css/*.css"), *ours.glob("js/*.js")]
    loading = re.compile(r"""(?:src=|<link[^>]+href=|@import|url\(|import .* from |fetch\()\s*["']?(?:https?:)?//""")
    assert [file for file in files if loading.search(file.read_text())] == []

"""Translations are compiled without GNU gettext."""

import gettext
import os
from pathlib import Path

from devserver.messages import compile_messages

PO = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\nmsgid "Send"\nmsgstr "Abschicken"\n'


def test_a_changed_translation_is_compiled_and_an_unchanged_one_left(tmp_path: Path) -> None:
    source = tmp_path / "de" / "LC_MESSAGES" / "django.po"
    source.parent.mkdir(parents=True)
    source.write_text(PO, "utf-8")
    assert compile_messages(tmp_path) == [source.with_suffix(".mo")]
    assert gettext.translation("django", tmp_path, ["de"]).gettext("Send") == "Abschicken"
    assert compile_messages(tmp_path) == []
    newer = source.with_suffix(".mo").stat().st_mtime + 1
    os.utime(source, (newer, newer))
    assert compile_messages(tmp_path) == [source.with_suffix(".mo")]

"""Texts to translate are collected without GNU gettext."""

from pathlib import Path

import polib
import pytest

from devserver.catalogues import key_of, renew_all

PO = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n'


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Says `Send`, and `Go away` on the edge; German knows `Send` and a text that is long gone."""
    write(tmp_path / "accounts" / "views.py", 'TITLE = _("Send")\n')
    write(tmp_path / "tracking" / "pages.py", 'say("Go away")\n')
    write(tmp_path / "templates" / "page.html", "<p>A page</p>")
    known = 'msgid "Gone"\nmsgstr "Weg"\n\nmsgid "Send"\nmsgstr "Abschicken"\n'
    write(tmp_path / "locale" / "de" / "LC_MESSAGES" / "django.po", PO + known)
    write(tmp_path / "locale" / "de" / "LC_MESSAGES" / "edge.po", PO)
    return tmp_path


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def german(project: Path, name: str = "django") -> dict[str, str]:
    entries = polib.pofile(str(project / "locale" / "de" / "LC_MESSAGES" / f"{name}.po"))
    return {entry.msgid: entry.msgstr for entry in entries}


def test_new_texts_arrive_untranslated_and_old_translations_stay(project: Path) -> None:
    write(project / "accounts" / "models.py", 'raise NotNow(_now("Later"))\n')
    assert renew_all(project) == [
        "locale/de/LC_MESSAGES/django.po: 1 to translate",
        "locale/de/LC_MESSAGES/edge.po: 1 to translate",
    ]
    assert german(project) == {"Later": "", "Send": "Abschicken"}
    assert german(project, "edge") == {"Go away": ""}


def test_a_second_run_changes_nothing(project: Path) -> None:
    catalogue = project / "locale" / "de" / "LC_MESSAGES" / "django.po"
    renew_all(project)
    once = catalogue.read_bytes()
    renew_all(project)
    assert catalogue.read_bytes() == once


@pytest.mark.parametrize(
    ("template", "key"),
    [
        ("""{% load i18n %}\n    <b title="{% translate 'Save it' %}">""", ("", "Save it", "")),
        ('{% translate "May" context "month" as month %}', ("month", "May", "")),
        (
            "{% blocktranslate trimmed %}\n  Dear {{ name }},\n  hello\n{% endblocktranslate %}",
            ("", "Dear %(name)s, hello", ""),
        ),
        (
            "{% blocktranslate count n=n %}{{ n }} mail{% plural %}{{ n }} mails{% endblocktranslate %}",
            ("", "%(n)s mail", "%(n)s mails"),
        ),
        ('{{ title|default:_("No title") }}', ("", "No title", "")),
    ],
)
def test_the_tags_of_templates_are_read(project: Path, template: str, key: tuple[str, str, str]) -> None:
    write(project / "templates" / "page.html", template)
    renew_all(project)
    catalogue = polib.pofile(str(project / "locale" / "de" / "LC_MESSAGES" / "django.po"))
    assert [key_of(entry) for entry in catalogue] == [("", "Send", ""), key]

"""What the editor offers, the merge language has."""

import pytest

from campaigns.merge import compile_template
from campaigns.pages.editor import field_formats


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_offered_format_is_understood_and_does_what_its_label_shows(language: str) -> None:
    examples = {"date": "2026-12-31", "number": "1234.5", "money": "1234.5"}
    for offered in field_formats(language):
        value = examples.get(offered["code"].split(":")[0], "anna o'neill")
        shown = compile_template("", f"{{{{ Cell | {offered['code']} }}}}", ["Cell"]).render([value]).text.strip()
        assert shown
        if value in examples.values() and language == "en":
            assert offered["label"].endswith(shown)

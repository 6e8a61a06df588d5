"""Fields broken by editors are understood, and all else in the mail stays as it was, byte for byte."""

import pytest

from campaigns.compose import AddressColumns, Composer
from campaigns.merge import compile_template
from tests.campaigns.merge.samples import SAMPLES, Sample

FIELDS = ["Email", "First name"]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_only_the_field_changes(sample: Sample) -> None:
    html = sample.before + sample.field + sample.after
    composer = Composer("s", html, FIELDS, 1, address_columns=AddressColumns(to=0))
    email = composer.compose(["ben@contoso.example", "Ana"], 1)
    assert email.html == sample.before + "Ana" + sample.kept + sample.after


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_a_mail_without_fields_is_not_touched(sample: Sample) -> None:
    html = sample.before + sample.after
    assert compile_template("s", html, FIELDS).render(["", ""]).html == html


@pytest.mark.parametrize(
    "written",
    [
        "{% if City == “Paris” %}yes{% else %}no{% endif %}",
        "{% If City = ‘Paris’ %}yes{% Else %}no{% End if %}",
        "{%&nbsp;if <b>City</b> == &quot;Paris&quot;%}yes{%else%}no{%<i></i>endif %}",
        "{% if city contains 'ari' %}yes{% elseif City %}no{% endif %}",
        "{% if Amount ≥ 5 %}yes{% endif %}",
        "{% if Amount &gt;= 5 %}yes{% endif %}",
        "{% if Amount > 4 and City <> “Rom” %}yes{% endif %}",
    ],
)
def test_conditions_are_healed_too(written: str) -> None:
    html = compile_template("s", written, ["City", "Amount"]).render(["Paris", "5"]).html
    assert html.replace("<b></b>", "").replace("<i></i>", "") == "yes"


@pytest.mark.parametrize(
    ("column", "written"),
    [
        ("Straße / Nr.", "{{ straße / nr. }}"),
        ("Größe", "{{ Gro\u0308ße }}"),
        ("Gro\u0308ße", "{{ GRÖßE }}"),
        ("E-Mail", "{{ E–Mail }}"),
        ("Manager's name", "{{ Manager’s name }}"),
        ("Terms and conditions", "{{ terms and conditions }}"),
        ("Date", '{{ Date | default: "x" }}'),
        ("Default", "{{ default | Default: 'x' }}"),
        ("2024", '{{ ["2024"] }}'),
        ("and", "{{ ['and'] }}"),
        ("2024", "{{ 2024 }}"),
        ("Empty", "{{ Empty | default: 'x' }}"),
        ("Price in 2024", "{{ Price in 2024 }}"),
        ("  First\n name ", "{{ First name }}"),
        ("Price (EUR)", "{{ Price (EUR) }}"),
        ("Name | short", '{{ ["Name | short"] }}'),
    ],
)
def test_a_column_is_found_by_its_name(column: str, written: str) -> None:
    assert compile_template(written, "x", ["Other", column]).render(["no", "yes"]).subject == "yes"


def test_of_two_names_the_longer_one_is_meant() -> None:
    compiled = compile_template("{{ Name 2 }} {{ Name }}", "x", ["Name", "Name 2"])
    assert compiled.render(["a", "b"]).subject == "b a"


def test_raw_text_and_remarks_are_kept_out_of_the_language() -> None:
    html = "{% raw %}{{ x }}{% endraw %}|{% comment %}{{ y }}{% endcomment %}|{% # note %}{{ First name }}"
    assert compile_template("s", html, FIELDS).render(["", "Ana"]).html == "{{ x }}||Ana"


@pytest.mark.parametrize("scheme", ["x-webdoc", "X-WebDoc", "APPLEWEBDATA", "AppleWebData"])
def test_apple_mails_name_for_no_address_is_known_however_it_is_written(scheme: str) -> None:
    html = f'<a href="{scheme}://7D0C1F2A-93B1-4C55-8B0E-1A2B3C4D5E6F/%7b%7BFirst%20name%7D%7d">Reply</a>'
    email = compile_template("s", html, FIELDS).render(["", "https://contoso.example/"])
    assert email.html == '<a href="https://contoso.example/">Reply</a>'

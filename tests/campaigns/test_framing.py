"""What a mail leaves open looks in every frame as in the editor, and the mail's own words win."""

from campaigns.framing import BASE_STYLE, with_base_style


def test_the_base_style_comes_first_but_behind_the_doctype() -> None:
    assert with_base_style("<p>Hello</p>") == BASE_STYLE + "<p>Hello</p>"
    whole = "\n<!DOCTYPE html PUBLIC 'x'><html><head><style>body{margin:0}</style></head>"
    doctype = "\n<!DOCTYPE html PUBLIC 'x'>"
    assert with_base_style(whole) == doctype + BASE_STYLE + whole[len(doctype) :]

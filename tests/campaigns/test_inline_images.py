"""data: pictures of a message become parts of the mail; nothing else of its HTML changes."""

import base64

import pytest

from campaigns.compose import AddressColumns, Composer
from campaigns.inline_images import MAX_IMAGES, embedded, extract
from campaigns.merge import TemplateProblems

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(40))
GIF = b"GIF89a" + bytes(20)


def address(content: bytes = PNG, media_type: str = "image/png") -> str:
    return f"data:{media_type};base64,{base64.b64encode(content).decode()}"


def test_html_without_pictures_is_the_same_object() -> None:
    html = '<p>{{ Name }} <img src="https://x.example/a.png"> data: is a word</p>'
    assert extract(html) == (html, [])


def test_the_same_picture_goes_once_and_all_else_stays_byte_for_byte() -> None:
    html = (
        f"<!--[if mso]><v:imagedata src='{address()}'/><![endif]--><P Class=MsoNormal>a &nbsp;<IMG width=40 "
        f'src="{address()}" alt="&quot;x&quot;">{{{{ Name }}}}<img src={address(GIF, "image/gif")}></P>'
    )
    changed, images = extract(html)
    png, gif = images
    assert (png.media_type, png.content, png.name[-4:]) == ("image/png", PNG, ".png")
    assert (gif.media_type, gif.content) == ("image/gif", GIF)
    assert changed == (
        f"<!--[if mso]><v:imagedata src='cid:{png.inline_id}'/><![endif]--><P Class=MsoNormal>a &nbsp;<IMG width=40 "
        f'src="cid:{png.inline_id}" alt="&quot;x&quot;">{{{{ Name }}}}<img src="cid:{gif.inline_id}"></P>'
    )


def test_ids_are_stable_and_depend_on_the_bytes_alone() -> None:
    first = extract(f'<img src="{address()}">')[1][0].inline_id
    wrapped = address().replace("base64,", "base64,\n ").replace("data:", "DATA:")
    assert extract(f'<p><img alt="" src="{wrapped}"></p>')[1][0].inline_id == first
    assert extract(f'<img src="{address(PNG + b"x")}">')[1][0].inline_id != first


def test_pictures_in_comments_styles_and_texts_are_none() -> None:
    html = (
        f'<!-- <img src="{address()}"> --><style>p {{ background: url({address()}) }}</style>&lt;img src="{address()}"'
    )
    assert extract(html) == (html, [])


@pytest.mark.parametrize(
    ("source", "word"),
    [
        ("data:image/png;base64,@@@@", "broken"),
        ("data:image/png;base64,aGVsbG8=", "broken"),  # no PNG
        ("data:image/png", "broken"),
        ("data:image/svg+xml,<svg/>".replace("<", "%3C"), "svg+xml"),
        ("data:text/html;base64,aGVsbG8=", "text/html"),
        ("data:,hello", "unknown"),
    ],
)
def test_a_broken_picture_is_a_problem_with_its_line(source: str, word: str) -> None:
    with pytest.raises(TemplateProblems) as found:
        extract(f'<p>one</p>\n<img src="{source}">')
    [problem] = found.value.problems
    assert word in problem.message
    assert problem.place.line == 2


def test_every_mail_carries_the_pictures_of_the_message() -> None:
    html = f'<p>Dear {{{{ Name }}}} <img src="{address()}" alt="Logo"></p>'
    composer = Composer("News", html, ["Name", "Email"], 1, address_columns=AddressColumns(1))
    mails = [composer.compose([name, "x@northwind.example"], 0) for name in ("Zoë", "Jürgen")]
    for mail in mails:
        [image] = mail.attachments
        assert f'<img src="cid:{image.inline_id}" alt="Logo">' in mail.html
        assert (image.media_type, image.size, image.read()) == ("image/png", len(PNG), PNG)


def test_too_many_pictures_are_refused() -> None:
    html = "".join(f'<img src="{address(PNG + bytes([at]))}">' for at in range(MAX_IMAGES + 1))
    with pytest.raises(TemplateProblems) as found:
        extract(html)
    assert found.value.problems[0].code == "too_large"


def test_for_showing_the_pictures_go_back_in() -> None:
    html = (
        f'<p>{{{{ Name }}}}<img src="{address()}"><img src=cid:other><td background="{address(GIF, "image/gif")}"></p>'
    )
    changed, images = extract(html)
    assert "data:" not in changed
    assert embedded(changed, {one.inline_id: (one.media_type, one.content) for one in images}) == html

"""PDFs: what they show, that they are the same twice, and that no template reaches beyond its own text."""

import io
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from pypdf import PdfReader

from campaigns.pdf.renderer import PdfProblem, Renderer

RED_DOT = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAoAAAAKCAYAAACNMs+9"
    "AAAAFUlEQVR42mP8z8BQz0AEYBxVSF+FABJADveWkH6oAAAAAElFTkSuQmCC"
)


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    renderer = Renderer()
    yield renderer
    renderer.close()


def text_of(pdf: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


def test_text_of_many_scripts_tables_and_pictures_are_shown(renderer: Renderer) -> None:
    rows = "".join(f"<tr><td>Posten {n}</td><td>{n},50 €</td></tr>" for n in range(3))
    pdf = renderer.render(
        f"<h1>Grüße an Łukasz</h1><p>Привет, Ελλάδα, 你好</p><table>{rows}</table><img src='{RED_DOT}'>"
    )
    text = text_of(pdf)
    for part in ("Grüße an Łukasz", "Привет, Ελλάδα, 你好", "Posten 2", "2,50 €"):
        assert part in text
    assert len(PdfReader(io.BytesIO(pdf)).pages[0].images) == 1
    assert len(pdf) < 100_000  # of the fonts only the signs in use are in it


def test_the_same_text_gives_the_same_bytes_from_another_process_too(renderer: Renderer) -> None:
    html = "<p>Dear Zoë</p>"
    first = renderer.render(html, "letter", "Letter Zoë")
    assert renderer.render("<p>Someone else</p>") != first
    another = Renderer()
    assert another.render(html, "letter", "Letter Zoë") == first
    another.close()
    reader = PdfReader(io.BytesIO(first))
    assert reader.metadata is not None
    assert reader.metadata.title == "Letter Zoë"
    assert [round(float(n)) for n in reader.pages[0].mediabox] == [0, 0, 612, 792]


def test_no_file_is_read_and_no_address_asked(renderer: Renderer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.3)
        address = f"http://127.0.0.1:{server.getsockname()[1]}"
        html = f"""<head><link rel="stylesheet" href="file:///etc/passwd"><link rel="stylesheet" href="{address}/a.css">
        <style>@import url("{address}/b.css"); @import url("/etc/passwd");
        @font-face {{ font-family: x; src: url("file:///etc/passwd") }}
        p {{ font-family: x; background-image: url("{address}/c.png") }}</style></head>
        <p>Kept</p><img src="file:///etc/passwd"><img src="/etc/passwd"><img src="../../../../etc/passwd">
        <img src="{address}/d.png"><object data="file:///etc/passwd"></object><iframe src="{address}/e"></iframe>
        <svg><image href="file:///etc/passwd"/></svg>"""
        text = text_of(renderer.render(html))
        assert "Kept" in text
        assert "root:" not in text
        with pytest.raises(TimeoutError):
            server.accept()


def test_its_process_may_open_nothing(renderer: Renderer) -> None:
    renderer.render("<p>Started</p>")
    assert renderer.pid is not None
    process = Path(f"/proc/{renderer.pid}")
    [line] = [line for line in (process / "limits").read_text().splitlines() if line.startswith("Max open files")]
    taken = sorted(int(one.name) for one in (process / "fd").iterdir())
    assert taken == list(range(int(line.split()[3])))
    assert b"SECRET" not in (process / "environ").read_bytes()


@pytest.mark.parametrize(
    ("html", "reason"),
    [
        ("<p>x</p>" * 3000, "more than 20 pages"),
        ("<p style='page-break-after: always'>x</p>" * 21, "more than 20 pages"),
        ("<p> </p>", "blank"),
        ("x" * 5_000_000, "too long"),
    ],
)
def test_what_can_not_become_a_pdf_is_said(renderer: Renderer, html: str, reason: str) -> None:
    with pytest.raises(PdfProblem, match=reason):
        renderer.render(html)
    assert "Fine" in text_of(renderer.render("<p>Fine</p>"))


@pytest.mark.parametrize(
    "html",
    [
        "x" * 1_000_000,  # one word: the library's time grows with the square of its length
        "<div>" * 100_000 + "x",
        "<table><tr><td>" * 20_000 + "x",
        "<p style='font-size: 1e9px; margin: -1e9px'>x</p>",
        "<style>" + "a b c {color: red}" * 20_000 + "</style>" + "<p>x" * 5_000,
    ],
    ids=["word", "deep", "tables", "sizes", "styles"],
)
def test_a_hostile_template_is_ended_and_the_next_one_is_made(html: str) -> None:
    renderer = Renderer(deadline_seconds=2)
    start = time.monotonic()
    with suppress(PdfProblem):
        renderer.render(html)
    assert time.monotonic() - start < 12  # two tries at most, and starting
    patient = Renderer()
    assert "Fine" in text_of(patient.render("<p>Fine</p>"))
    for one in (renderer, patient):
        one.close()


def test_several_threads_each_get_their_own(renderer: Renderer) -> None:
    got: dict[int, str] = {}

    def ask(number: int) -> None:
        got[number] = text_of(renderer.render(f"<p>Number {number}.</p>"))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {number: text.strip() for number, text in got.items()} == {n: f"Number {n}." for n in range(8)}


def test_a_process_that_has_ended_is_started_again(renderer: Renderer) -> None:
    renderer.render("<p>One</p>")
    assert renderer.pid is not None
    os.kill(renderer.pid, 9)
    assert "Two" in text_of(renderer.render("<p>Two</p>"))

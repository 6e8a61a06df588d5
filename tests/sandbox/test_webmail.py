"""The webmail and sign-in pages in a browser: readable, accessible, and pictures only when asked for."""

import base64
import re

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser import PHONE, assert_accessible, assert_fits
from tests.sandbox.mail import message
from tests.sandbox.test_sign_in import authorize_url
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.browser


@pytest.fixture
def inbox(sandbox: SandboxProcess, ana: httpx.Client) -> str:
    """Kim's inbox with one mail that has a link, a remote picture, a script and a file."""
    html = (
        f'<h1>Hello Kim</h1><a href="{sandbox.url}/mail/">Our page</a><script>document.title = "no"</script>'
        f'<img alt="pixel" src="{sandbox.url}/pixel.gif?1">'
        f'<p style="background:url({sandbox.url}/pixel.gif?2)">x</p>'
    )
    kind = "#microsoft.graph.fileAttachment"
    file = {"@odata.type": kind, "name": "notes.txt", "contentBytes": base64.b64encode(b"Notes").decode()}
    body = message(body={"contentType": "html", "content": html}, attachments=[file])
    ana.post("me/sendMail", json={"message": body})
    sandbox.wait_for_messages(to="kim@fabrikam.example")
    return f"{sandbox.url}/mail/kim@fabrikam.example/"


def pictures(sandbox: SandboxProcess) -> int:
    return len(sandbox.control("GET", "requests?path=/pixel.gif"))


def test_a_mail_is_read_and_its_pictures_are_shown_only_on_demand(
    sandbox: SandboxProcess, inbox: str, page: Page
) -> None:
    page.goto(inbox)
    page.get_by_role("link", name="Meet for lunch?").click()
    body = page.frame_locator("iframe")
    expect(body.get_by_role("heading", name="Hello Kim")).to_be_visible()
    expect(page).to_have_title("Meet for lunch?")
    assert pictures(sandbox) == 0
    page.get_by_role("button", name="Show images").click()
    expect(page.get_by_role("button", name="Show images")).to_have_count(0)
    expect(body.get_by_role("heading", name="Hello Kim")).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert pictures(sandbox) == 2
    with page.context.expect_page() as opened:
        body.get_by_role("link", name="Our page").click()
    expect(opened.value.get_by_role("heading", name="Local mail")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_accessible_and_fits_a_phone(
    sandbox: SandboxProcess, inbox: str, page: Page, scheme: str
) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_viewport_size(PHONE)

    def look() -> None:
        assert_accessible(page)
        assert_fits(page)

    page.goto(f"{sandbox.url}/mail/")
    look()
    page.goto(inbox)
    look()
    page.get_by_role("link", name="Meet for lunch?").click()
    look()
    page.goto(f"{inbox}?folder=drafts")
    look()
    page.goto(authorize_url(sandbox, scope="openid Mail.ReadWrite"))
    look()
    page.get_by_role("button", name=re.compile("Ben Bauer")).click()
    expect(page.get_by_role("heading", name="Need admin approval")).to_be_visible()
    look()
    page.goto(authorize_url(sandbox))
    page.get_by_role("button", name=re.compile("Ben Bauer")).click()
    expect(page.get_by_role("heading", name="Permissions requested")).to_be_visible()
    look()
    page.goto(authorize_url(sandbox, redirect_uri="http://wrong.example/"))
    look()
    page.goto(f"{sandbox.url}/organizations/oauth2/v2.0/logout")
    look()


def test_a_hostile_mail_can_do_nothing(sandbox: SandboxProcess, ana: httpx.Client, page: Page) -> None:
    html = (
        "<img src=x onerror=\"parent.document.title='taken'\"><svg onload=\"top.location='/mail/'\"></svg>"
        f'<form action="{sandbox.url}/_control/reset" method="post"><button>Win</button></form>'
        f'<meta http-equiv="refresh" content="0;url={sandbox.url}/mail/">"></iframe><h1>Out</h1>'
    )
    ana.post("me/sendMail", json={"message": message(body={"contentType": "html", "content": html})})
    [mail] = sandbox.wait_for_messages(to="kim@fabrikam.example")
    page.goto(f"{sandbox.url}/mail/kim@fabrikam.example/{mail['id']}?images=1")
    expect(page.frame_locator("iframe").get_by_role("heading", name="Out")).to_be_visible()
    expect(page.get_by_role("heading", name="Out")).to_have_count(0)
    expect(page).to_have_title("Meet for lunch?")
    expect(page.frame_locator("iframe").get_by_role("button", name="Win")).to_have_count(0)


def test_attachments_and_source_are_downloaded_not_shown(sandbox: SandboxProcess, inbox: str) -> None:
    [mail] = sandbox.messages(to="kim@fabrikam.example")
    html = sandbox.client.get(f"{inbox}{mail['id']}").text
    link = re.search(r'href="([^"]+/attachments/[^"]+)"', html)
    assert link
    file = sandbox.client.get(link[1])
    assert (file.content, file.headers["content-disposition"]) == (
        b"Notes",
        'attachment; filename="notes.txt"',
    )
    source = sandbox.client.get(f"{inbox}{mail['id']}/source")
    assert source.headers["content-type"] == "text/plain; charset=utf-8"
    assert "Message-ID: <" in source.text

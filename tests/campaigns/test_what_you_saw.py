"""What you saw is what went: the sent mail is the previewed one, byte for byte, less what tracks it; and after the
launch nothing that it is made of can be changed."""

import hashlib
import html
import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.conf import LazySettings
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import User
from campaigns import attachments, desk, fresh_data, importing
from campaigns.composing import preview
from campaigns.models import Campaign, Recipient
from campaigns.models.not_now import NotNow
from campaigns.tracked_links import read_link_token
from tests.campaigns.attachments import a_file
from tests.campaigns.test_deliver import mailbox_of, pump_until_done
from tests.people import People, make_campaign
from tests.sandbox_process import SandboxProcess
from tests.signing_in import SignIn

pytestmark = pytest.mark.django_db(transaction=True)

ROWS = (
    "Name;Email;Stadt;Kurs\n"
    "Jürgen & Söhne;juergen@northwind.example;Köln;Töpfern\n"
    "Zoë <3;zoe@northwind.example;Paris;\n"
    "Jürgen & Söhne;juergen@northwind.example;Bonn;Chor\n"
    "Łukasz;lukasz@northwind.example;Łódź;Schach\n"
)
SUBJECT = "Für {{ Name }}: {{ Stadt }}"
EXCHANGE_ADDS = '\r\n<meta http-equiv="Content-Type" content="text/html; charset=utf-8">'
PIXEL = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
HTML = """<!DOCTYPE html><html><head><style>p{margin:0}</style></head><body lang=DE>
<!--[if mso]><v:rect href="https://contoso.example/mso?a=1&amp;b=2"/><![endif]-->
<p class=MsoNormal>Liebe{{ Name }},<o:p>&nbsp;</o:p></p>
<table>{% for row in rows %}<tr><td>{{ row.Stadt }}</td><td>{{ row.Kurs | default: "–" }}</td></tr>{% endfor %}</table>
<p><a href='https://contoso.example/x?a=1&amp;name={{ Name }}'>Mehr</a> <A HREF=https://contoso.example/plain>hier</A>
<a href="mailto:ana@contoso.example">Mail</a> <img src="PIXEL" alt=""></p></body></html>""".replace("PIXEL", PIXEL)


@dataclass(frozen=True)
class Fingerprint:
    subject: str
    body: str
    files: tuple[tuple[str, str], ...]


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def prepared(owner: User, *, tracking: bool) -> Campaign:
    campaign = Campaign.objects.new(owner, "Test")
    data = ROWS.encode()
    importing.read(importing.accept(campaign, "gäste.csv", [data], len(data)))
    campaign.refresh_from_db()
    campaign.save_template(SUBJECT, HTML)
    campaign.set_options(track_opens=tracking, track_clicks=tracking, unsubscribe_link=False)
    desk.choose_grouping(campaign, True)
    attachments.add_for_all(campaign, [SimpleUploadedFile("Plan für {{ Name }}.pdf", b"%PDF-1.7 plan")])
    campaign.refresh_from_db()
    return campaign


def seen(campaign: Campaign) -> dict[str, Fingerprint]:
    """By address: what the preview shows of each mail."""
    found = {}
    for row in campaign.recipients().leading():
        email = preview(campaign, row)
        files = tuple(sorted((one.name, sha256(one.read())) for one in email.attachments))
        found[row.address] = Fingerprint(email.subject, sha256(email.html.encode()), files)
    return found


def went(sandbox: SandboxProcess, settings: LazySettings, count: int) -> dict[str, Fingerprint]:
    """By address: what lies in the inboxes, less what tracks it."""
    found = {}
    for mail in sandbox.wait_for_messages(count, author="ana@contoso.example"):
        files = tuple(sorted((file["name"], file["sha256"]) for file in mail["attachments"]))
        body = untracked(mail["html"], settings)
        found[mail["to"][0]] = Fingerprint(mail["subject"], sha256(body.encode()), files)
    return found


def untracked(body: str, settings: LazySettings) -> str:
    """Without the pixel, with every tracked link as it was written, and without what Exchange puts in front."""
    base = re.escape(settings.TRACKING_URL)
    assert body.count(EXCHANGE_ADDS) == 1
    body = body.replace(EXCHANGE_ADDS, "")
    body = re.sub(rf'<img src="{base}/o/[^"]+\.gif"[^>]*>', "", body)
    return re.sub(rf"{base}/c/[\w-]+/([\w-]+)", lambda link: _target(link[1], settings), body)


def _target(token: str, settings: LazySettings) -> str:
    found = read_link_token(settings.TRACKING_KEYS, token)
    assert found is not None
    return html.escape(found[2], quote=False)


@pytest.mark.parametrize("tier", ["basic", "full"])
@pytest.mark.parametrize("tracking", [False, True], ids=["untracked", "tracked"])
def test_what_the_preview_showed_is_what_arrived(
    sandbox: SandboxProcess, sign_in: SignIn, settings: LazySettings, tier: str, tracking: bool
) -> None:
    mailbox = mailbox_of(sandbox, sign_in, "ana@contoso.example", tier)
    campaign = prepared(mailbox.owner, tracking=tracking)
    before = seen(campaign)
    assert len(before) == 3
    campaign.launch(mailbox.owner, mailbox)
    assert Campaign.objects.start_due() == 1
    pump_until_done(campaign)
    raw = sandbox.wait_for_messages(3, author="ana@contoso.example")
    assert all((settings.TRACKING_URL in mail["html"]) is tracking for mail in raw)
    assert went(sandbox, settings, 3) == before


# --- frozen ---------------------------------------------------------------------------------------------------------


def first(campaign: Campaign) -> Recipient:
    row = campaign.recipients().first()
    assert row is not None
    return row


def upload(campaign: Campaign) -> None:
    importing.accept(campaign, "other.csv", [b"Email\nx@x.example\n"], 18)


CHANGES: dict[str, Callable[[Campaign], object]] = {
    "write the message": lambda campaign: campaign.save_template("Other", "<p>Other</p>"),
    "choose what is tracked": lambda campaign: campaign.set_options(
        track_opens=True, track_clicks=True, unsubscribe_link=True
    ),
    "upload": upload,
    "paste": lambda campaign: fresh_data.paste(campaign, "Email\nx@x.example"),
    "type by hand": lambda campaign: fresh_data.type_by_hand(campaign, "Email"),
    "take an earlier campaign's rows": lambda campaign: fresh_data.reuse(
        campaign, make_campaign(campaign.owner, name="Earlier")
    ),
    "change a cell": lambda campaign: desk.set_cell(campaign, first(campaign).pk, 0, "Other"),
    "add a row": desk.add_row,
    "remove a row": lambda campaign: desk.remove_rows(campaign, [first(campaign).pk]),
    "leave a row out": lambda campaign: desk.leave_out(campaign, [first(campaign).pk]),
    "take a row in": lambda campaign: desk.take_in(campaign, [first(campaign).pk]),
    "leave a problem's rows out": lambda campaign: desk.leave_out_problem(campaign, "spaces"),
    "call a problem fine": lambda campaign: desk.accept_problem(campaign, "spaces"),
    "mend a problem": lambda campaign: desk.mend_problem(campaign, "spaces"),
    "choose columns": lambda campaign: desk.choose_columns(campaign, {"cc": 0}),
    "group rows": lambda campaign: desk.choose_grouping(campaign, True),
    "undo": desk.undo,
    "redo": desk.redo,
    "attach": lambda campaign: attachments.add_for_all(campaign, [a_file("x.pdf")]),
    "attach by column": lambda campaign: attachments.add_for_column(campaign, [a_file("x.pdf")]),
    "rename an attachment": lambda campaign: attachments.rename(campaign, one_attachment(campaign), "other.pdf"),
    "remove an attachment": lambda campaign: attachments.remove(campaign, one_attachment(campaign)),
}


def one_attachment(campaign: Campaign) -> int:
    return campaign.attachments.values_list("pk", flat=True)[0]


@pytest.mark.parametrize("status", ["scheduled", "sending", "paused", "stopped", "finished"])
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_after_the_launch_nothing_that_a_mail_is_made_of_changes(
    people: People, change: Callable[[Campaign], object], status: str
) -> None:
    campaign = make_campaign(people.ana)
    attachments.add_for_all(campaign, [a_file("terms.pdf")])
    before = seen(campaign)
    campaign.launch(people.ana, people.ana.mailbox)
    Campaign.objects.filter(pk=campaign.pk).update(status=status)
    with pytest.raises(NotNow):
        change(Campaign.objects.get(pk=campaign.pk))
    assert seen(Campaign.objects.get(pk=campaign.pk)) == before

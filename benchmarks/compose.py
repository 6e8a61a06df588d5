"""Composing a mail from a row: subject, 30 KB of Outlook HTML, 12 fields, 2 conditions, 15 signed links,
pixel, plain text.

Peers, in turn with ours in the same run: Jinja2's sandbox with the template compiled once, links rewritten
and signed by lxml (no plain text); and the command-line tool `mailmerge` doing a dry run (no tracking, no
plain text). All on one core.
"""

import base64
import hashlib
import hmac
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import lxml.html
from jinja2.sandbox import SandboxedEnvironment

from benchmarks.figure import Figure
from campaigns.compose import AddressColumns, Composer, Tracking

KEY = bytes(range(32))
TRACKING_URL = "https://t.contoso.example"
FIELDS = [
    "Email",
    "First name",
    "Last name",
    "Company",
    "City",
    "Street",
    "Zip",
    "Amount",
    "Due date",
    "Seat",
    "Table",
    "Hotel",
    "Room",
]
ROOT = Path(__file__).parent.parent
PEERS = ROOT / "requirements" / "peers.txt"

_PARAGRAPH = (
    "<p class=MsoNormal style='margin-bottom:12.0pt;line-height:150%'><span lang=DE style='font-size:11.0pt;"
    'font-family:"Calibri",sans-serif;color:#1F3864\'>Lorem ipsum dolor sit amet, '
    "consetetur sadipscing elitr, sed diam nonumy eirmod tempor invidunt ut labore et dolore "
    "magna aliquyam erat, sed diam voluptua.<o:p></o:p></span></p>\n"
)
_FIELD = "<td style='padding:0cm 5.4pt 0cm 5.4pt'><b><span style='color:#2E74B5'>{{ %s }}</span></b></td>\n"
_LINK = '<p class=MsoNormal><a href="https://www.contoso.example/page%d?a=1&amp;b=2%s">Seite %d</a></p>\n'


def template() -> str:
    """The body in our language: 12 fields in 17 places, 2 conditions, 15 links of which 3 hold a field."""
    fields = FIELDS[1:] + FIELDS[1:6]
    parts = ["<html><head><style><!-- p.MsoNormal {margin:0cm} --></style></head><body lang=DE>\n"]
    parts.append("<p>{% if Amount != '' %}Summe {{ Amount }}{% else %}frei{% endif %}</p>\n")
    parts.append(
        '<p>{% if City == "Paris" %}Bonjour{% else %}Hallo{% endif %} {{ First name | default: "friend" }}</p>\n'
    )
    parts.append("<table class=MsoTableGrid border=1 cellspacing=0><tr>\n")
    parts += [_FIELD % name for name in fields]
    parts.append("</tr></table>\n")
    parts += [_LINK % (n, "&amp;city={{ City }}" if n < 3 else "", n) for n in range(15)]
    while sum(map(len, parts)) < 30_000:
        parts.append(_PARAGRAPH)
    return "".join([*parts, "</body></html>"])


def rows(count: int) -> list[list[str]]:
    """Made-up guests."""
    cities = ["Paris", "Köln", "Gdańsk & Umland", "São Paulo"]
    return [
        [
            f"guest{n}@contoso.example",
            f"Anna {n}",
            "Müller <b>",
            "Contoso & Co",
            cities[n % 4],
            f"Hauptstraße {n}",
            f"{n:05d}",
            f"{n},50 €" if n % 3 else "",
            "24.12.2026",
            f"{n % 30}A",
            str(n % 12),
            "Zur Post",
            str(n % 400),
        ]
        for n in range(count)
    ]


def _ours() -> Callable[[list[str], int], object]:
    composer = Composer(
        "{{ First name }}, your seat {{ Seat }}",
        template(),
        FIELDS,
        7,
        address_columns=AddressColumns(to=0),
        tracking=Tracking(TRACKING_URL, [KEY]),
    )
    return composer.compose


def _sign(target: str, message_id: int) -> str:
    payload = f"{message_id}|{target}".encode()
    return base64.urlsafe_b64encode(payload + hmac.digest(KEY, payload, hashlib.sha256)[:12]).decode().rstrip("=")


def jinja_text(text: str) -> str:
    """Our template in Jinja's words."""
    for name in FIELDS:
        text = text.replace(name, name.lower().replace(" ", "_"))
    return text.replace('default: "friend"', 'default("friend", true)')


def _jinja_and_lxml() -> Callable[[list[str], int], object]:
    environment = SandboxedEnvironment(autoescape=True)
    subject = environment.from_string("{{ first_name }}, your seat {{ seat }}")
    body = environment.from_string(jinja_text(template()))
    names = [name.lower().replace(" ", "_") for name in FIELDS]

    def compose(values: list[str], message_id: int) -> object:
        row = dict(zip(names, values, strict=True))
        tree = lxml.html.fromstring(body.render(row))
        for link in tree.iter("a"):
            target = link.get("href", "")
            if target.startswith(("http://", "https://")):
                link.set("href", f"{TRACKING_URL}/c/{_sign(target, message_id)}")
        pixel = f'<img src="{TRACKING_URL}/o/{_sign("", message_id)}.gif" width="1" height="1" alt="">'
        end = tree.find("body")
        assert end is not None
        end.append(lxml.html.fromstring(pixel))
        return subject.render(row), lxml.html.tostring(tree, encoding="unicode")

    return compose


def _rate(compose: Callable[[list[str], int], object], several: list[list[str]]) -> float:
    """Mails per second of processor time."""
    begin = time.process_time()
    for number, row in enumerate(several):
        compose(row, number)
    return len(several) / (time.process_time() - begin)


class MailmergeTool:
    """The command-line tool in an environment of its own: its module is called as our project is."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.command = ROOT / ".venv-peers" / "bin" / "mailmerge"
        if not self.command.exists():
            self.command = self._install(folder / "venv")
        body = jinja_text(template())
        head = "TO: {{email}}\nSUBJECT: {{first_name}}, your seat {{seat}}\nFROM: ana@contoso.example\n"
        (folder / "template.txt").write_text(f"{head}Content-Type: text/html\n\n{body}", encoding="utf-8")
        (folder / "server.conf").write_text("[smtp_server]\nhost = 127.0.0.1\nport = 25\n", encoding="utf-8")

    @staticmethod
    def _install(venv: Path) -> Path:
        subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True, capture_output=True, timeout=120)
        install = [str(venv / "bin" / "pip"), "install", "--quiet", "--require-hashes", "-r", str(PEERS)]
        subprocess.run(install, check=True, capture_output=True, timeout=300)
        return venv / "bin" / "mailmerge"

    def seconds(self, several: list[list[str]]) -> float:
        """Processor seconds of a dry run over the rows, start of the program included."""
        names = [name.lower().replace(" ", "_") for name in FIELDS]
        cells = [",".join(f'"{cell}"' for cell in row) for row in [names, *several]]
        (self.folder / "database.csv").write_text("\n".join(cells), encoding="utf-8")
        before = os.times()
        command = [
            str(self.command),
            "--dry-run",
            "--no-limit",
            "--template",
            "template.txt",
            "--database",
            "database.csv",
            "--config",
            "server.conf",
            "--output-format",
            "text",
        ]
        subprocess.run(command, cwd=self.folder, check=True, stdout=subprocess.DEVNULL, timeout=300)
        after = os.times()
        return after.children_user + after.children_system - before.children_user - before.children_system


def _figure(name: str, pairs: list[tuple[float, float]], goal: str) -> Figure:
    ours, peer = median(first for first, _ in pairs), median(second for _, second in pairs)
    ratio = median(first / second for first, second in pairs)
    return Figure(name, f"{ours:,.0f}/s", f"{peer:,.0f}/s", ratio, goal)


def figures(quick: bool = False) -> list[Figure]:
    """Mails per second of one core, ours and theirs; higher ratios are better."""
    rounds, count = (2, 300) if quick else (7, 3_000)
    ours, jinja = _ours(), _jinja_and_lxml()
    several = rows(count)
    fewer = several[: count // 10]
    _rate(ours, fewer), _rate(jinja, fewer)
    pairs = [(_rate(ours, several), _rate(jinja, fewer)) for _ in range(rounds)]
    found = [_figure("compose / Jinja2 sandbox + lxml", pairs, ">= 5 (aim 20)")]
    folder = Path(tempfile.mkdtemp(prefix="compose-"))
    try:
        tool = MailmergeTool(folder)
        many = rows(1_000)
        pairs = []
        for _ in range(min(3, rounds)):
            rate = _rate(ours, several)
            start = tool.seconds(many[:1])
            pairs.append((rate, len(many) / (tool.seconds(many) - start)))
        found.append(_figure("compose / mailmerge dry run (its start not counted)", pairs, ">= 5"))
    except (OSError, subprocess.SubprocessError) as error:
        print(f"compose / mailmerge: skipped, the tool could not be installed or run ({error})", file=sys.stderr)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return found

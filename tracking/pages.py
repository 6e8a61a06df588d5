"""The few pages the edge shows: unsubscribe, done, and what went wrong. No Django, no script, nothing loaded.

Translations are the `edge` catalogue in locale/<language>/LC_MESSAGES, read by the standard library. After a
change of the English: `make messages`, then translate what arrived in edge.po.
"""

import base64
import gettext
import hashlib
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path

LOCALE_DIR = Path(__file__).resolve().parent.parent / "locale"
LANGUAGES = ("en", "de")

STYLE = """
:root {
  color-scheme: light dark;
  --page: #f8f6f1; --card: #fff; --text: #1c2326; --quiet: #565d61; --line: #e0dbd0;
  --accent: #0b5a60; --hover: #08454a; --on-accent: #fff;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #101618; --card: #182022; --text: #e7ecea; --quiet: #a4b0b1; --line: #2d393c;
    --accent: #6bc9c0; --hover: #93ddd6; --on-accent: #06211f;
  }
}
* { box-sizing: border-box }
body {
  margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 16px;
  background: var(--page); color: var(--text);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
}
main {
  width: 100%; max-width: 30rem; padding: 32px;
  background: var(--card); border: 1px solid var(--line); border-radius: 12px;
}
h1 { margin: 0 0 12px; font-size: 1.375rem; line-height: 1.25 }
p { margin: 0 0 16px; overflow-wrap: anywhere }
p:last-child { margin-bottom: 0 }
.quiet { color: var(--quiet); font-size: .875rem }
form { margin: 24px 0 }
form:last-child { margin-bottom: 0 }
button {
  width: 100%; min-height: 48px; padding: 8px 24px; border: 0; border-radius: 8px;
  background: var(--accent); color: var(--on-accent); font: inherit; font-weight: 600; cursor: pointer;
}
button:hover { background: var(--hover) }
button:focus-visible { outline: 3px solid var(--accent); outline-offset: 3px }
"""
_STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
CONTENT_SECURITY_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


@dataclass(frozen=True)
class Page:
    """A status line, HTML in utf-8, and its language."""

    status: str
    html: bytes
    language: str


def unsubscribe(language: str, sender: str) -> Page:
    """What an unsubscribe link opens. Looking at it changes nothing; the button's POST does."""
    say = _catalogue(language).gettext
    return _page(
        "200 OK",
        language,
        say("Stop these emails?"),
        [say("You will get no more emails of this kind from {sender}.").format(sender=sender)],
        button=say("Unsubscribe"),
        note=say("Nothing has changed yet. Close this page to keep getting them."),
    )


def unsubscribed(language: str, sender: str) -> Page:
    say = _catalogue(language).gettext
    return _page(
        "200 OK",
        language,
        say("You are unsubscribed"),
        [
            say("No more emails of this kind will come from {sender}.").format(sender=sender),
            say("One that is on its way already may still arrive. You can close this page."),
        ],
    )


def not_unsubscribed(language: str) -> Page:
    """The request could not be kept, so we must not say that it was."""
    say = _catalogue(language).gettext
    return _page(
        "503 Service Unavailable",
        language,
        say("That did not work just now"),
        [say("Your request could not be saved, so nothing has changed. Please try again in a minute.")],
        button=say("Try again"),
    )


def unavailable(language: str) -> Page:
    say = _catalogue(language).gettext
    return _page(
        "503 Service Unavailable",
        language,
        say("That did not work just now"),
        [say("Please try again in a minute.")],
    )


def not_found(language: str) -> Page:
    say = _catalogue(language).gettext
    return _page(
        "404 Not Found",
        language,
        say("This link does not work"),
        [
            say("It may have been cut off or changed on its way. Nothing was recorded."),
            say("Please open it once more from the email. If it still fails, tell the email's sender."),
        ],
    )


def not_allowed(language: str) -> Page:
    say = _catalogue(language).gettext
    return _page(
        "405 Method Not Allowed",
        language,
        say("This link can only be opened"),
        [say("Please open it from the email, in a browser. Nothing was recorded.")],
    )


def preferred_language(accept_language: str) -> str:
    """The language of LANGUAGES that an Accept-Language header likes best; English if it names none."""
    best, best_weight = LANGUAGES[0], 0.0
    for wish in accept_language[:200].split(","):
        tag, _, weight_text = wish.partition(";q=")
        try:
            weight = float(weight_text or 1)
        except ValueError:
            continue
        name = tag.strip().lower().partition("-")[0]
        if name in LANGUAGES and weight > best_weight:
            best, best_weight = name, weight
    return best


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    return gettext.translation("edge", LOCALE_DIR, [language], fallback=True)


def _page(status: str, language: str, title: str, paragraphs: list[str], button: str = "", note: str = "") -> Page:
    body = [f"<h1>{escape(title)}</h1>", *(f"<p>{escape(text)}</p>" for text in paragraphs)]
    if button:  # no action: the form posts to the very link that was opened
        body.append(f'<form method="post"><button type="submit">{escape(button)}</button></form>')
    if note:
        body.append(f'<p class="quiet">{escape(note)}</p>')
    html = (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="robots" content="noindex">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>"
        f"<body><main>{''.join(body)}</main></body></html>"
    )
    return Page(status, html.encode(), language)

"""A webmail page: read anyone's mail and follow its links, as in Outlook, pictures only when asked for."""

import base64
import hashlib
import re
from datetime import UTC, datetime

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox import mime
from sandbox.mailboxes import Attachment, Mail, Mailbox
from sandbox.pages import page
from sandbox.state import State

TABS = {"inbox": "Inbox", "sentitems": "Sent", "drafts": "Drafts", "deleteditems": "Deleted"}
PAGE = 50
PICTURE = re.compile(r"""(\s(?:src|srcset|background|poster)\s*=\s*)("[^"]*"|'[^']*'|[^\s>]+)""", re.I)
STYLE_PICTURE = re.compile(r"url\(\s*['\"]?https?:[^)]*\)", re.I)
ACTIVE = re.compile(
    r"<(script|object|iframe|form)\b.*?</\1\s*>|<(?:script|object|iframe|embed|base|meta)\b[^>]*>",
    re.I | re.S,
)
FRAME_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:{images}"


def state_of(request: Request) -> State:
    state: State = request.app.state.sandbox
    return state


def when(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%d %b %Y %H:%M:%S UTC")


def shortly(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%d %b %H:%M")


def framed(mail: Mail, *, images: bool) -> str:
    """The HTML body as a document for a sandboxed frame: no scripts, links in a new tab, remote pictures only
    when `images`. Blocked twice over: the addresses are taken out, and the frame's policy forbids loading."""
    html = ACTIVE.sub("", mail.body)
    for file in mail.attachments:
        if file.content_id:
            html = html.replace(f"cid:{file.content_id}", data_url(file))
    if not images:
        html = STYLE_PICTURE.sub("none", PICTURE.sub(blocked, html))
    policy = FRAME_POLICY.format(images=" http: https:" if images else "")
    head = (
        f'<meta http-equiv="Content-Security-Policy" content="{policy}"><base target="_blank">'
        "<style>body{font:15px/1.5 system-ui,sans-serif;margin:16px}</style>"
        '<meta name="referrer" content="no-referrer"><meta name="color-scheme" content="light">'
    )
    return f'<!doctype html><html lang="en"><head><title>Message</title>{head}</head><body>{html}</body></html>'


def blocked(found: re.Match[str]) -> str:
    value = found[2].strip("\"'")
    return found[0] if value.startswith("data:") else f'{found[1]}""'


def data_url(file: Attachment) -> str:
    return f"data:{file.content_type};base64,{base64.b64encode(file.content).decode()}"


def has_remote_pictures(mail: Mail) -> bool:
    return bool(re.search(r"""(?:src|background)\s*=\s*["']?https?:|url\(\s*['"]?https?:""", mail.body, re.I))


async def home(request: Request) -> Response:
    """Seeded people first, then every other inbox that got mail."""
    state = state_of(request)
    people = [(person, state.mailbox(person.address)) for person in state.people.values()]
    own = {person.address.lower() for person in state.people.values()}
    wanted = request.query_params.get("search", "").lower()
    others = sorted((box for name, box in state.mailboxes.items() if name not in own and wanted in name), key=newest)
    shown = [(box, len(box.folders["inbox"])) for box in others if box.folders["inbox"]]
    return page("mail_home.html", people=people, others=shown[:200], all_others=len(shown), search=wanted)


def newest(mailbox: Mailbox) -> float:
    return -next(reversed(mailbox.folders["inbox"].values())).received if mailbox.folders["inbox"] else 0.0


def mailbox_of(request: Request) -> Mailbox:
    state = state_of(request)
    mailbox = state.mailboxes.get(state.main_address(request.path_params["address"]))
    if mailbox is None:
        raise HTTPException(404)
    return mailbox


async def listing(request: Request) -> Response:
    mailbox = mailbox_of(request)
    folder = request.query_params.get("folder", "inbox")
    if folder not in TABS:
        raise HTTPException(404)
    number = request.query_params.get("page", "1")
    at = max(1, int(number)) if number.isdigit() else 1
    mails = list(reversed(mailbox.folders[folder].values()))
    return page(
        "mail_list.html",
        mailbox=mailbox,
        person=state_of(request).person(mailbox.address),
        tabs=[(name, title, len(mailbox.folders[name])) for name, title in TABS.items()],
        folder=folder,
        mails=mails[(at - 1) * PAGE : at * PAGE],
        at=at,
        pages=max(1, -(-len(mails) // PAGE)),
        when=shortly,
    )


async def reading(request: Request) -> Response:
    mailbox = mailbox_of(request)
    mail = mailbox.by_id.get(request.path_params["id"])
    if mail is None:
        raise HTTPException(404)
    mail.is_read = True
    images = request.query_params.get("images") == "1"
    return page(
        "mail_read.html",
        images="http: https:" if images else "",
        mailbox=mailbox,
        mail=mail,
        text=mime.text_of(mail),
        frame=framed(mail, images=images) if mail.body_type == "html" else "",
        show_images=images,
        remote=has_remote_pictures(mail),
        when=when,
        folder_title=TABS.get(mail.folder, mail.folder),
        files=[(file, hashlib.sha256(file.content).hexdigest()[:12]) for file in mail.attachments],
    )


async def source(request: Request) -> Response:
    mail = mailbox_of(request).by_id.get(request.path_params["id"])
    if mail is None:
        raise HTTPException(404)
    return Response(
        mime.source(mail),
        media_type="text/plain; charset=utf-8",
        headers={"X-Content-Type-Options": "nosniff"},
    )


async def download(request: Request) -> Response:
    mail = mailbox_of(request).by_id.get(request.path_params["id"])
    for file in mail.attachments if mail else []:
        if file.id == request.path_params["attachment"]:
            name = re.sub(r"[^\w.\- ]", "_", file.name, flags=re.ASCII)
            headers = {
                "Content-Disposition": f'attachment; filename="{name}"',
                "X-Content-Type-Options": "nosniff",
            }
            return Response(file.content, media_type="application/octet-stream", headers=headers)
    raise HTTPException(404)


ROUTES = [
    Route("/mail/", home),
    Route("/mail/{address}/", listing),
    Route("/mail/{address}/{id}", reading),
    Route("/mail/{address}/{id}/source", source),
    Route("/mail/{address}/{id}/attachments/{attachment}", download),
]

"""Puts the parts together: one ASGI application over one `State`."""

from starlette.applications import Starlette
from starlette.responses import RedirectResponse
from starlette.routing import Route

from sandbox import (
    control,
    entra,
    entra_pages,
    graph,
    graph_attachments,
    graph_mail,
    graph_more,
    postmark,
    tokens,
    webmail,
)
from sandbox.gateway import Gateway
from sandbox.state import State


async def home(_: object) -> RedirectResponse:
    return RedirectResponse("/mail/")


def make_app(state: State) -> Gateway:
    """The sandbox for a state; the state's signing key is made if it has none."""
    if not state.keys:
        state.keys.append(tokens.new_key())
    routes = [
        Route("/", home),
        *graph.ROUTES,
        *graph_mail.ROUTES,
        *graph_attachments.ROUTES,
        *graph_more.ROUTES,
        *control.ROUTES,
        *postmark.ROUTES,
        *webmail.ROUTES,
        *entra.ROUTES,
        *entra_pages.ROUTES,
    ]
    app = Starlette(routes=routes)
    app.router.redirect_slashes = False
    app.state.sandbox = state
    app.state.gateway = gateway = Gateway(app, state)
    return gateway

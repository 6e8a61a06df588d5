"""Watching a campaign being sent: the figures, every second, for everybody who has them on the screen."""

import hashlib
import time

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.template.loader import render_to_string
from django.views.decorators.http import require_GET

from accounts.permissions import SignedInRequest, signed_in
from campaigns.models import Campaign
from campaigns.pages.send import sending_panel
from campaigns.progress import watched
from campaigns.views.base import find
from campaigns.views.sending import panel

WATCHES_FOR = 15.0  # seconds until it is asked again whether this person may
MOST_WATCHERS = 10_000

_watchers: dict[tuple[bytes, int], float] = {}
"""A cache of this process: which session was found to be the owner's, of which campaign, and until when that counts."""


def progress(request: HttpRequest, campaign_id: int) -> HttpResponseBase:
    """Fragment: the figures alone, which ask for themselves again until the campaign has ended.

    Whoever was let in a moment ago is let in without a question to the database.
    """
    watcher = _watcher(request, campaign_id)
    if request.method == "GET" and watcher is not None and _watchers.get(watcher, 0.0) > time.monotonic():
        return _figures(request, campaign_id)
    return _progress(request, campaign_id)


progress.allowed_for = "signed in"  # type: ignore[attr-defined]


@signed_in
@require_GET
def _progress(request: SignedInRequest, campaign_id: int) -> HttpResponse:
    find(request, campaign_id)  # 404 unless it is theirs
    watcher = _watcher(request, campaign_id)
    if watcher is not None:
        if len(_watchers) >= MOST_WATCHERS:
            _watchers.clear()
        _watchers[watcher] = time.monotonic() + WATCHES_FOR
    return _figures(request, campaign_id)


def _figures(request: HttpRequest, campaign_id: int) -> HttpResponse:
    try:
        campaign = watched(campaign_id)
    except Campaign.DoesNotExist:  # deleted this moment
        raise Http404 from None
    if not campaign.is_launched or campaign.status == Campaign.Status.WAITING:
        return panel(request, campaign, "progress")
    # Without the request: nothing in it is about the person, whom one would have to ask the database for.
    return HttpResponse(render_to_string("campaigns/parts/progress.html", sending_panel(campaign)))


def _watcher(request: HttpRequest, campaign_id: int) -> tuple[bytes, int] | None:
    """Who asks, by the session's cookie, which nobody else has; it is not kept as it is."""
    session = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
    return (hashlib.sha256(session.encode()).digest(), campaign_id) if session else None


def forget() -> None:
    """Everybody is asked anew."""
    _watchers.clear()

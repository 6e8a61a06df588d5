"""The peer of the tracking edge: the pixel as a plain Django view, default middleware, one INSERT for each
hit.

Kinder than most: under granian rather than gunicorn, and with a database connection that is kept.
"""

import os

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path

from mailmerge.env import database
from tracking.edge import PIXEL

settings.configure(
    SECRET_KEY="naive " * 10,
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    DATABASES={"default": database(os.environ["DATABASE_URL"])},
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions"],
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
    ],
)


INSERT = """
INSERT INTO naive_open (campaign_id, message_id, at, method, user_agent) VALUES (%s, %s, now(), %s, %s)
"""


def signed(campaign_id: int, message_id: int) -> str:
    return Signer().sign(f"{campaign_id}.{message_id}")


def pixel(request: HttpRequest, token: str) -> HttpResponse:
    try:
        campaign_id, message_id = Signer().unsign(token).split(".")
    except (BadSignature, ValueError):
        raise Http404 from None
    agent = request.headers.get("User-Agent", "")
    with connection.cursor() as cursor:
        cursor.execute(INSERT, [campaign_id, message_id, request.method, agent])
    return HttpResponse(PIXEL, content_type="image/gif", headers={"Cache-Control": "no-store"})


urlpatterns = [path("o/<str:token>.gif", pixel)]
application = get_wsgi_application()

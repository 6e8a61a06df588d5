"""No log holds an address, or the query of a request."""

import json
import logging
import re
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.db import IntegrityError
from django.test import Client

from campaigns.models import Suppression
from devserver.environment import Ports
from devserver.stack import Stack
from tests.people import make_people

PROJECT = Path(__file__).resolve().parent.parent
PERSON = "zoë.o'neill+news@northwind.example"


@pytest.fixture
def log() -> Iterator[StringIO]:
    """What the console of the settings is told."""
    (console,) = [one for one in logging.getLogger().handlers if one.name == "console"]
    assert isinstance(console, logging.StreamHandler)
    written = StringIO()
    before = console.setStream(written)
    yield written
    console.setStream(before)


@pytest.mark.django_db
def test_a_failed_request_is_told_without_its_query(log: StringIO) -> None:
    client = Client()
    client.force_login(make_people().ana)

    for path in ("/campaigns/7/results/", "/nothing/here/", f"/nothing/{PERSON}/"):
        assert client.get(path, {"q": PERSON}).status_code == 404

    assert "/campaigns/7/results/" in log.getvalue()
    assert "q=" not in log.getvalue()
    assert "northwind" not in log.getvalue()


@pytest.mark.django_db
def test_a_traceback_does_not_quote_an_address(log: StringIO) -> None:
    ana = make_people().ana
    same = [Suppression(workspace=ana.workspace, address=PERSON, digest=PERSON, reason="by_hand") for _ in range(2)]
    try:
        Suppression.objects.bulk_create(same)
    except IntegrityError:
        logging.getLogger("campaigns").exception("it broke")

    assert "IntegrityError" in log.getvalue()
    assert "already exists" in log.getvalue()
    assert "northwind" not in log.getvalue()


TOLD = {
    "an encoded address": "not found: /u/zoe%40northwind.example",
    "a retry of urllib3": "Retrying (Retry(total=2)): /v1.0/me/messages?$filter=startswith(x,%20'northwind')",
    "a whole address": "301 https://mail.contoso.example/sign-in/callback/?code=northwind&state=s",
}


@pytest.mark.parametrize("line", TOLD.values(), ids=TOLD.keys())
def test_lines_of_libraries_are_cleaned(log: StringIO, line: str) -> None:
    logging.getLogger("library").warning("%s", line)

    assert "northwind" not in log.getvalue()
    assert line[:8] in log.getvalue()


def test_the_web_server_writes_no_access_log(tmp_path: Path) -> None:
    (command,) = re.findall(r"^CMD (\[.*\])$", (PROJECT / "Dockerfile").read_text(), re.MULTILINE)
    ours = Stack(tmp_path, Ports.free()).children["web"].command

    for words in (json.loads(command), ours):
        assert "--no-access-log" in words
        assert "--access-log" not in words

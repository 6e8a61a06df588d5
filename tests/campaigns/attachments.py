"""Files as a browser drops them, for tests."""

import io
import zipfile
from collections.abc import Sequence

from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import User
from campaigns.models import Campaign
from tests.people import make_campaign

HEADER = ("First name", "Email", "File")
ROWS = (
    ("Jürgen", "juergen@northwind.example", "juergen.pdf"),
    ("Zoë", "zoe@northwind.example", "zoe.pdf; extra"),
    ("Łukasz", "lukasz@northwind.example", ""),
)


def dropped(**contents: bytes) -> list[SimpleUploadedFile]:
    """Files by name; a double underscore stands for the dot: juergen__pdf=b"…"."""
    return [SimpleUploadedFile(name.replace("__", "."), content) for name, content in contents.items()]


def a_file(name: str, content: bytes = b"content") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def a_zip(name: str, **contents: bytes) -> SimpleUploadedFile:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for inside, content in contents.items():
            archive.writestr(inside.replace("__", "."), content)
    return SimpleUploadedFile(name, target.getvalue())


def campaign_with_files(owner: User, rows: Sequence[Sequence[str]] = ROWS, status: str = "ready") -> Campaign:
    return make_campaign(owner, header=HEADER, rows=rows, html="<p>Dear {{ First name }}</p>", status=status)

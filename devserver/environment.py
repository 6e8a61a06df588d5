"""The environment our processes run in: addresses, folders, and secrets made once and kept."""

import os
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from pathlib import Path

from devserver.processes import free_port

SANDBOX_CLIENT_ID = "11111111-2222-3333-4444-555555555555"
SANDBOX_CLIENT_SECRET = "sandbox-secret"
# Without compiled Python every start takes twice as long.
NOT_PASSED_ON = ("PYTHONDONTWRITEBYTECODE",)


@dataclass(frozen=True)
class Ports:
    """Where the three listeners of the demo are, all on 127.0.0.1."""

    web: int
    sandbox: int
    tracking: int

    @classmethod
    def free(cls) -> "Ports":
        return cls(free_port(), free_port(), free_port())

    @property
    def app_url(self) -> str:
        return f"http://127.0.0.1:{self.web}"

    @property
    def sandbox_url(self) -> str:
        return f"http://127.0.0.1:{self.sandbox}"

    @property
    def tracking_url(self) -> str:
        return f"http://127.0.0.1:{self.tracking}"


def make_secrets() -> dict[str, str]:
    """Fresh keys, in the form mailmerge/settings.py wants them."""
    return {
        "SECRET_KEY": secrets.token_urlsafe(48),
        "ENCRYPTION_KEYS": urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "TRACKING_KEYS": secrets.token_hex(32),
        "SUPPRESSION_KEY": secrets.token_hex(32),
    }


def kept_secrets(path: Path) -> dict[str, str]:
    """The keys in the file `path` (NAME=value lines, mode 600), made there the first time.

    A file of an earlier version gets the keys it lacks, and keeps those it has.
    """
    lines = path.read_text().splitlines() if path.exists() else []
    kept = dict(line.split("=", 1) for line in lines if "=" in line)
    made = {name: value for name, value in make_secrets().items() if name not in kept}
    if made:
        with open(os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600), "a") as file:  # noqa: PTH123
            file.write("".join(f"{name}={value}\n" for name, value in made.items()))
    return kept | made


def app_environment(keys: dict[str, str], ports: Ports, folder: Path, database: str, redis: str) -> dict[str, str]:
    """What mailmerge/settings.py reads, for an app that talks to the sandbox; files go below `folder`."""
    return {
        **keys,
        "DATABASE_URL": database,
        "REDIS_URL": redis,
        "PORT": str(ports.web),
        "SANDBOX_PORT": str(ports.sandbox),
        "TRACKING_PORT": str(ports.tracking),
        "APP_URL": ports.app_url,
        "TRACKING_URL": ports.tracking_url,
        "SPOOL_DIR": str(folder / "spool"),
        "UPLOAD_DIR": str(folder / "uploads"),
        "MICROSOFT_CLIENT_ID": SANDBOX_CLIENT_ID,
        "MICROSOFT_CLIENT_SECRET": SANDBOX_CLIENT_SECRET,
        # msal takes https addresses only; our HTTP client rewrites this one loopback host to http.
        "MICROSOFT_AUTHORITY": f"https://127.0.0.1:{ports.sandbox}",
        "GRAPH_URL": f"{ports.sandbox_url}/v1.0",
        "POSTMARK_URL": f"{ports.sandbox_url}/",
        "POSTMARK_SERVER_TOKEN": "sandbox-postmark-token",
        "POSTMARK_FROM": "Mailmerge <notices@mailmerge.example>",
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
    }


def inherited() -> dict[str, str]:
    """Our own environment without what would trouble the processes we start."""
    return {name: value for name, value in os.environ.items() if name not in NOT_PASSED_ON}

"""Production refuses to start with a missing, placeholder or malformed secret, and is clean under check --deploy."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PRODUCTION = {
    "APP_URL": "https://mail.contoso.example",
    "TRACKING_URL": "https://links.contoso.example",
    "ALLOWED_HOSTS": "mail.contoso.example",
    "BEHIND_TLS_PROXY": "1",
}


def check(**changes: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, **PRODUCTION, **changes}
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)


def test_check_deploy_is_clean_under_production_settings() -> None:
    answer = check()

    assert answer.returncode == 0, answer.stderr
    assert "no issues" in answer.stdout


REFUSED = {
    "no secret key": ({"SECRET_KEY": ""}, "SECRET_KEY is not set"),
    "a placeholder": ({"SECRET_KEY": "change-me-change-me-change-me-change-me-change-me"}, "placeholder"),
    "a short secret key": ({"SECRET_KEY": "short"}, "too short"),
    "no encryption key": ({"ENCRYPTION_KEYS": ""}, "ENCRYPTION_KEYS is not set"),
    "no key at all": ({"ENCRYPTION_KEYS": "x" * 50}, "Fernet"),
    "no tracking key": ({"TRACKING_KEYS": ""}, "TRACKING_KEYS is not set"),
    "no suppression key": ({"SUPPRESSION_KEY": ""}, "SUPPRESSION_KEY is not set"),
    "a short suppression key": ({"SUPPRESSION_KEY": "0123456789"}, "SUPPRESSION_KEY is a placeholder or too short"),
    "no database": ({"DATABASE_URL": ""}, "DATABASE_URL is not set"),
    "another database": ({"DATABASE_URL": "sqlite:///x.db"}, "postgresql://"),
    "no client secret": ({"MICROSOFT_CLIENT_SECRET": ""}, "MICROSOFT_CLIENT_SECRET is not set"),
    "plain http": ({"APP_URL": "http://mail.contoso.example"}, "https://"),
}


@pytest.mark.parametrize(("changes", "said"), REFUSED.values(), ids=REFUSED.keys())
def test_it_does_not_start_with(changes: dict[str, str], said: str) -> None:
    answer = check(**changes)

    assert answer.returncode != 0
    assert said in answer.stderr

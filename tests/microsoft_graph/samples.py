"""Answers of Microsoft Graph, kept as small files; the ids and addresses are made up."""

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "samples"


def sample(name: str) -> bytes:
    """The body of an answer."""
    path = FOLDER / name if "." in name else FOLDER / f"{name}.json"
    return path.read_bytes()


def sample_json(name: str) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(sample(name))
    return body

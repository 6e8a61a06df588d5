"""The page of a workspace's sending policy."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from accounts.models import Workspace
from campaigns.sending_policy import CARE, EXTERNAL, LIMITS, Field


@dataclass(frozen=True)
class Shown:
    """A field with what stands in it. `microsoft` is Microsoft's own limit, None where it has none; `is_above` says
    that more is set than Microsoft takes.
    """

    field: Field
    value: str
    error: str
    microsoft: int | None
    is_above: bool


def policy_page(
    workspace: Workspace, typed: Mapping[str, str] | None = None, problems: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Context of campaigns/sending_policy.html: limits, external, care, licences; as typed when it was refused."""
    problems = problems or {}

    def shown(field: Field) -> Shown:
        stored: int | None = getattr(workspace, field.name)
        value = "" if stored is None else str(stored // field.unit)
        above = field.microsoft is not None and stored is not None and stored > field.microsoft * field.unit
        value = typed.get(field.name, "") if typed is not None else value
        return Shown(field, value, problems.get(field.name, ""), field.microsoft, above)

    return {
        "limits": [shown(field) for field in LIMITS],
        "external": shown(EXTERNAL),
        "licences": {"value": typed.get("licences", "") if typed else "", "error": problems.get("licences", "")},
        "care": [shown(field) for field in CARE],
    }

"""What can be wrong with a template, and where."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

Part = Literal["subject", "body"]

_PARTS = {"subject": gettext_lazy("Subject"), "body": gettext_lazy("Message")}
EXCERPT_CHARACTERS = 80


def shorten(text: str) -> str:
    """`text` on one line, short enough to be quoted in a message."""
    text = " ".join(text.split())
    return text if len(text) <= EXCERPT_CHARACTERS else text[: EXCERPT_CHARACTERS - 1] + "…"


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a template: `line` counts from 1 in the source of the part, `excerpt` is what stands
    there."""

    part: Part
    line: int
    excerpt: str

    def __str__(self) -> str:
        name = str(_PARTS[self.part])
        if self.part == "subject":
            return f"{name}: {self.excerpt}" if self.excerpt else name
        where = _("%(part)s, line %(line)d") % {"part": name, "line": self.line}
        return f"{where}: {self.excerpt}" if self.excerpt else where


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend. `code` is "syntax", "unknown_field", "not_available" or "too_large".

    `suggestion` is a field name as it stands in the header (or a filter) where one is close to what was
    written.
    """

    place: Place
    message: str
    suggestion: str | None = None
    code: str = "syntax"

    def __str__(self) -> str:
        return f"{self.place} – {self.message}"


class TemplateProblems(Exception):
    """The template cannot be used. `problems` has at least one entry, in the order of the text."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(str(problem) for problem in problems))
        self.problems = list(problems)


class RenderProblem(Exception):
    """One row cannot be merged into the template: the message says why, in words for the sender."""

"""docs/message-states.md explains every state there is, and no other."""

import re
from pathlib import Path

import pytest
from django.db.models import TextChoices

from campaigns.models import Campaign, Message

TEXT = (Path(__file__).resolve().parent.parent / "docs" / "message-states.md").read_text()
OF_MESSAGES, OF_CAMPAIGNS = TEXT.split("## A campaign", 1)
STATE_ROW = re.compile(r"^\| `(\w+)` \| ([A-Z][^|]*) \|", re.MULTILINE)


def test_every_state_of_a_message_is_explained_by_the_word_people_see() -> None:
    explained = dict(STATE_ROW.findall(OF_MESSAGES))
    assert explained == {status.value: str(status.label) for status in Message.Status}


def test_every_state_of_a_campaign_is_explained_by_the_word_people_see() -> None:
    explained = dict(STATE_ROW.findall(OF_CAMPAIGNS))
    assert explained == {status.value: str(status.label) for status in Campaign.Status}


@pytest.mark.parametrize(("part", "states"), [(OF_MESSAGES, Message.Status), (OF_CAMPAIGNS, Campaign.Status)])
def test_every_state_is_drawn_and_has_a_way_in(part: str, states: type[TextChoices]) -> None:
    drawing = part.split("```")[1]
    ways_in = {name for row in re.findall(r"^\| [^|]+ \| ([^|]+) \|", part, re.MULTILINE) for name in _names(row)}
    for state in states:
        assert re.search(rf"\b{state.value}\b", drawing), state
        assert state.value in ways_in | {"draft"}, state  # a campaign begins as a draft


def _names(cell: str) -> list[str]:
    return re.findall(r"`(\w+)`", cell) or (["importing"] if "importing" in cell else [])


def test_the_settings_named_there_are_as_they_are_named() -> None:
    settings = (Path(__file__).resolve().parent.parent / "mailmerge" / "settings.py").read_text()
    for name, value in (
        ("DOUBT_GRACE_SECONDS", "150"),
        ("DOUBT_LOOKUPS", "4"),
        ("MAILBOX_LEASE_SECONDS", "15"),
        ("PUMP_SLICE_SECONDS", "600"),
    ):
        assert name in TEXT
        assert re.search(rf'^{name} = (env\.number\("{name}", )?{value}\b', settings, re.MULTILINE), name

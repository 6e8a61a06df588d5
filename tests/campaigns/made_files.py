"""What files made for a row hold, read by libraries that did not write them, where there are such."""

import io
from typing import Any

from icalendar import Calendar
from pypdf import PdfReader


def event_of(content: bytes) -> Any:
    """The one event of an .ics file."""
    [event] = Calendar.from_ical(content.decode()).walk("VEVENT")
    return event


def pdf_text(content: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)

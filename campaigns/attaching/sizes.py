"""How large a mail becomes, and what that means for the way it can go. All sizes are in bytes."""

from collections.abc import Iterable

from microsoft_graph.wire import room_for_files

HEADERS = 8_000  # of a message, about


def encoded_size(size: int) -> int:
    """What so many bytes take up in a message: base64, in lines of 76 characters (RFC 2045, 6.8)."""
    text = (size + 2) // 3 * 4
    return text + -(-text // 76) * 2


def message_size(html_size: int, files: Iterable[int]) -> int:
    """About what Exchange weighs: its limit counts the encoded message
    (https://learn.microsoft.com/office365/servicedescriptions/exchange-online-service-description/exchange-online-limits#message-limits)."""
    return HEADERS + encoded_size(html_size) + sum(map(encoded_size, files))


def fits_one_request(html_size: int, files: Iterable[int]) -> bool:
    """Whether a mail can go without a draft to add files to, which takes the right to read and write mail."""
    return sum((size + 2) // 3 * 4 for size in files) <= room_for_files(html_size)

"""What Exchange Online and Graph allow per mailbox and tenant, as pure counters over a clock that the caller reads.

Figures: Graph https://learn.microsoft.com/graph/throttling-limits (Outlook service limits);
Exchange https://learn.microsoft.com/office365/servicedescriptions/exchange-online-service-description/exchange-online-limits
"""

from collections import Counter, deque
from dataclasses import dataclass, field

MINUTE, DAY = 60, 86_400


@dataclass(slots=True)
class Limits:
    """Every limit, changeable through the control surface. Seconds and bytes."""

    requests: int = 10_000
    requests_seconds: float = 600
    concurrent: int = 4
    upload_bytes: int = 150 * 1024 * 1024
    upload_seconds: float = 300
    messages_per_minute: int = 30
    recipients_per_day: int = 10_000
    recipients_per_message: int = 500
    external_recipients_per_day: int = 10_000
    request_bytes: int = 4 * 1024 * 1024
    attachment_bytes: int = 3 * 1024 * 1024
    chunk_bytes: int = 4 * 1024 * 1024
    session_bytes: int = 150 * 1024 * 1024
    message_bytes: int = 35 * 1024 * 1024


@dataclass(slots=True)
class Window:
    """An amount used up over the last so many seconds, and the most there ever was in one such window.

    Two events exactly `seconds` apart are not in one window.
    """

    used: int = 0
    most: int = 0
    entries: deque[tuple[float, int]] = field(default_factory=deque)

    def forget(self, now: float, seconds: float) -> None:
        while self.entries and self.entries[0][0] + seconds <= now:
            self.used -= self.entries.popleft()[1]

    def add(self, now: float, amount: int, seconds: float) -> None:
        """Note an amount, whether there is room for it or not."""
        self.forget(now, seconds)
        self.used += amount
        self.most = max(self.most, self.used)
        self.entries.append((now, amount))

    def take(self, now: float, amount: int, limit: int, seconds: float) -> float:
        """Use `amount`; 0 when it fits, else the seconds to wait (and nothing is used)."""
        self.forget(now, seconds)
        if self.used + amount > limit:
            return max(1.0, self.entries[0][0] + seconds - now) if self.entries else seconds
        self.add(now, amount, seconds)
        return 0.0


@dataclass(slots=True)
class Seen:
    """All that arrived for one mailbox, allowed or not: what the most in any one window is told from."""

    messages: Window = field(default_factory=Window)
    recipients: Window = field(default_factory=Window)
    requests: Window = field(default_factory=Window)
    upload: Window = field(default_factory=Window)
    concurrent: int = 0


@dataclass(slots=True)
class MailboxLimits:
    """One mailbox's use of its limits, and how often each was overstepped."""

    requests: Window = field(default_factory=Window)
    upload: Window = field(default_factory=Window)
    recipients: Window = field(default_factory=Window)
    departures: deque[float] = field(default_factory=deque)
    in_flight: int = 0
    seen: Seen = field(default_factory=Seen)
    overstepped: Counter[str] = field(default_factory=Counter)

    def enter(self, now: float, upload: int, limits: Limits) -> tuple[str, float] | None:
        """Count a request that arrives: None when allowed, else (limit's name, seconds to wait).

        An allowed request must be given back by `leave`.
        """
        self.seen.concurrent = max(self.seen.concurrent, self.in_flight + 1)
        self.seen.requests.add(now, 1, limits.requests_seconds)
        if upload:
            self.seen.upload.add(now, upload, limits.upload_seconds)
        if self.in_flight >= limits.concurrent:
            self.overstepped["MailboxConcurrency"] += 1
            return "MailboxConcurrency", 1.0
        wait = self.requests.take(now, 1, limits.requests, limits.requests_seconds)
        if wait:
            self.overstepped["MailboxRequests"] += 1
            return "MailboxRequests", wait
        wait = self.upload.take(now, upload, limits.upload_bytes, limits.upload_seconds) if upload else 0.0
        if wait:
            self.overstepped["MailboxUpload"] += 1
            return "MailboxUpload", wait
        self.in_flight += 1
        return None

    def leave(self) -> None:
        self.in_flight -= 1

    def uploaded(self, now: float, size: int, limits: Limits) -> None:
        """Count a body whose size was not told beforehand; it is too late to refuse it."""
        self.seen.upload.add(now, size, limits.upload_seconds)
        self.upload.add(now, size, limits.upload_seconds)

    def submit(self, now: float, recipients: int) -> None:
        """Note a message with so many recipients."""
        self.seen.messages.add(now, 1, MINUTE)
        self.seen.recipients.add(now, recipients, DAY)

    def departure(self, now: float, limits: Limits) -> float:
        """When transport takes the next message: at once, or when the minute's allowance has room again.

        Exchange does not refuse what is over the message rate, it carries it over to the following minutes.
        """
        allowed = max(1, limits.messages_per_minute)
        while len(self.departures) > allowed:
            self.departures.popleft()
        leaves = now
        if len(self.departures) == allowed and self.departures[0] + MINUTE > now:
            leaves = self.departures[0] + MINUTE
            self.overstepped["MessageRate"] += 1
        self.departures.append(leaves)
        return leaves

    def take_recipients(self, now: float, count: int, limits: Limits) -> bool:
        """Count recipients against the rolling day; False when the day's allowance is used up."""
        if self.recipients.take(now, count, limits.recipients_per_day, DAY):
            self.overstepped["RecipientRate"] += 1
            return False
        return True

    def peaks(self) -> dict[str, int]:
        """The most that ever arrived in one window of each limit."""
        return {
            "messages_per_minute": self.seen.messages.most,
            "recipients_per_day": self.seen.recipients.most,
            "requests": self.seen.requests.most,
            "upload_bytes": self.seen.upload.most,
            "concurrent": self.seen.concurrent,
        }


@dataclass(slots=True)
class TenantLimits:
    """A tenant's external recipients over the rolling day: used, and all that were tried."""

    external: Window = field(default_factory=Window)
    seen: Window = field(default_factory=Window)
    overstepped: int = 0

    def take_external(self, now: float, count: int, limits: Limits) -> bool:
        """Count external recipients; False when the tenant's day is used up (TERRL)."""
        self.seen.add(now, count, DAY)
        if self.external.take(now, count, limits.external_recipients_per_day, DAY):
            self.overstepped += 1
            return False
        return True

"""When everything will have left: the rules of sending, played forward in handfuls of messages. Pure.

A campaign of 100,000 is played in about 600 handfuls, so the finish is right to about a five-hundredth, and quick.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence

from campaigns.pacing.flows import SMALL, Flow, Line
from campaigns.pacing.limits import Limits, Rule
from campaigns.pacing.situation import Forecast, Leg, Queue, Situation, Use
from campaigns.pacing.slowdown import STEP
from campaigns.pacing.tenant import HELD
from campaigns.pacing.windows import DAY, MINUTE

HANDFULS = 600  # about so many steps
FINE = 20  # a handful is at most this part of a limit
MANY = 30  # beyond so many times what a short window holds, only its mean rate counts
LONGEST_JUMP = 10 * MINUTE  # while other mailboxes use the tenant's allowance, too
MOST_STEPS = 20_000
PATIENCE = 60  # what comes back within this part of its window is waited for together
GAP = 15 * MINUTE  # a longer rest ends a leg
PACE: Rule = "pace"


def forecast(now: float, ours: Queue, situation: Situation, others: Sequence[Queue] = ()) -> Forecast:
    """When this campaign's mails will have gone, taking turns with the `others` of the same mailbox."""
    return _Play(now, ours, situation, others).run()


class _Play:
    def __init__(self, now: float, ours: Queue, situation: Situation, others: Sequence[Queue]) -> None:
        self.now, self.situation, self.limits = now, situation, situation.limits
        self.time = max(now, situation.told_until)
        self.lines = [Line(queue) for queue in (ours, *others) if queue.messages > 0 or queue is ours]
        self.ours = self.lines[0]
        self.windows = list(_windows(now, situation, self.lines))
        self.tenant = _shared(situation, self.lines)
        self.others_left = situation.tenant.others_waiting if self.tenant and situation.tenant else 0.0
        self.handful = self._handful()
        self.spent: defaultdict[Rule, float] = defaultdict(float)
        self.legs: list[Leg] = []
        self.sent = 0.0
        self.ahead = 0.0  # messages that could have gone while we waited for room
        self.held_by: Rule | None = None
        if self.time > now:
            self.held_by = "microsoft"
            self.spent["microsoft"] += self.time - now

    def run(self) -> Forecast:
        self._rest_credit()
        for _step in range(MOST_STEPS):
            if self.ours.is_empty:
                break
            self._step()
        last = self.legs[-1].ends_at if self.legs else self.time
        finish = last + self.situation.seconds_each if self.legs else last
        rule = max(self.spent, key=self.spent.__getitem__, default=PACE)
        begins = self.legs[0].begins_at if self.legs else self.time
        return Forecast(
            _steady(self.limits, self.situation, self.ours.use), begins, finish, rule, self.held_by, tuple(self.legs)
        )

    def _step(self) -> None:
        for line in self.lines:
            line.turn_to(self.time)
        open_lines = [line for line in self.lines if line.open > SMALL]
        if not open_lines:
            self._wait_until(self._next_event(), "schedule")
            self.ahead = float(self.limits.burst)
            return
        use = _mean([line.use for line in open_lines])
        rate, rule = self._rate(use)
        wanted = self._wanted(open_lines, rate)
        for window in (*self.windows, *([self.tenant] if self.tenant else [])):
            room, each = window.room(self.time), window.each(use)
            if each and room < min(each, wanted * each) - SMALL:
                self.ahead = 0.0
                patience = max(wanted / rate * MINUTE, window.seconds / PATIENCE)
                self._wait_until(min(window.ready_at(each, wanted * each, patience), self._next_event()), window.rule)
                self.ahead = wanted
                return
            if each:
                wanted = min(wanted, room / each)
        self._send(open_lines, use, wanted, rate, rule)

    def _wanted(self, open_lines: Sequence["Line"], rate: float) -> float:
        """How many go in this step: fewer when something changes before they have gone."""
        all_open = sum(line.open for line in open_lines)
        ending = len(open_lines) * min(line.open for line in open_lines)
        wanted = min(all_open, max(ending, SMALL), self.handful)
        until = self._next_event()
        if self.situation.slowdown.level(self.time):
            until = min(until, self.time + STEP / 3)
        return max(SMALL * 10, min(wanted, (until - self.time) / MINUTE * rate + self.ahead))

    def _send(self, lines: Sequence["Line"], use: Use, wanted: float, rate: float, rule: Rule) -> None:
        free = min(self.ahead, wanted)
        self.ahead -= free
        seconds = (wanted - free) / rate * MINUTE
        if self.tenant is not None:
            theirs = self._theirs(seconds)
            together = wanted * use.external + theirs
            room = self.tenant.room(self.time)
            if together > room > 0:
                wanted, seconds, theirs = (amount * room / together for amount in (wanted, seconds, theirs))
            self.others_left -= theirs
            self.tenant.add(self.time + seconds, wanted * use.external + theirs)
        begins, self.time = self.time, self.time + seconds
        for window in self.windows:
            window.add(self.time, wanted * window.each(use))
        self.sent += wanted
        for line in lines:
            line.open -= wanted / len(lines)
        if lines[0] is self.ours:
            self._note_leg(begins, wanted / len(lines))
        self.spent[rule] += seconds

    def _note_leg(self, begins: float, messages: float) -> None:
        last = self.legs[-1] if self.legs else None
        if last is not None and begins - last.ends_at < GAP:
            self.legs[-1] = Leg(last.begins_at, self.time, last.messages + messages)
        else:
            self.legs.append(Leg(begins, self.time, messages))

    def _wait_until(self, at: float, rule: Rule) -> None:
        """At least a moment, and in short jumps while others use the tenant's allowance."""
        begins = self.time
        if self.tenant is not None and self.others_left > 0:
            at = min(at, begins + LONGEST_JUMP)
        self.time = max(at, begins + 0.01)
        if self.tenant is not None:
            theirs = min(self._theirs(self.time - begins), self.tenant.room(self.time))
            if rule != "tenant" and theirs > 0:
                self.others_left -= theirs
                self.tenant.add(self.time, theirs)
        if not self.legs:
            self.held_by = rule
        if self.legs or rule != "schedule":  # its start is what was asked for
            self.spent[rule] += self.time - begins

    def _theirs(self, seconds: float) -> float:
        """What other mailboxes want of the tenant's allowance in so many seconds."""
        tenant = self.situation.tenant
        return min(self.others_left, tenant.others_per_minute * seconds / MINUTE) if tenant else 0.0

    def _next_event(self) -> float:
        return min(line.next_change() for line in self.lines)

    def _rate(self, use: Use) -> tuple[float, Rule]:
        """Messages a minute now, and the rule that says so."""
        level = self.situation.slowdown.level(self.time)
        slowed = self.situation.slowdown.apply(self.limits, self.time)
        rate, rule = _pace(slowed, self.situation.seconds_each)
        if level:
            rule = "slow"
        for window in self.windows:
            each = window.each(use)
            if window.only_rate and each and self.sent >= window.limit / each:
                whole = max(1, math.floor(window.limit / each + SMALL))
                rate, rule = min((rate, rule), (whole / window.seconds * MINUTE, window.rule))
        return rate, rule

    def _handful(self) -> float:
        """The smaller the more exact; a whole number where that is enough."""
        most = sum(line.left for line in self.lines)
        fine = [
            window.limit / FINE / max(window.each(line.use), SMALL) for window in self.windows for line in self.lines
        ]
        return max(1.0, math.floor(min([most / HANDFULS, *fine])))

    def _rest_credit(self) -> None:
        """A mailbox that has rested begins with a few together."""
        times = [row[0] for row in self.situation.rows]
        if self.time - max(times, default=0.0) > self.limits.burst * self.limits.interval:
            self.ahead = float(self.limits.burst)


def _windows(now: float, situation: Situation, lines: Sequence[Line]) -> Iterator[Flow]:
    """Those of the mailbox that may bind."""
    limits, rows = situation.limits, sorted(situation.rows)
    rate, _rule = _pace(limits, situation.seconds_each)
    wide: list[tuple[Rule, int, float, list[tuple[float, float]]]] = [
        ("recipients", limits.recipients_per_day, DAY, [(row[0], row[2]) for row in rows]),
        ("requests", limits.requests_per_10min, 10 * MINUTE, [(row[0], row[3]) for row in rows]),
        ("upload", limits.upload_bytes_per_5min, 5 * MINUTE, [(row[0], row[4]) for row in rows]),
    ]
    for rule, limit, seconds, events in wide:
        flow = Flow(rule, limit, seconds, [event for event in events if event[0] + seconds > now])
        most = sum(line.left * flow.each(line.use) for line in lines)
        in_one = max(flow.each(line.use) for line in lines) * rate * seconds / MINUTE
        if min(most, in_one) > flow.room(now):
            flow.only_rate = rule != "recipients" and most > MANY * limit
            yield flow


def _shared(situation: Situation, lines: Sequence[Line]) -> Flow | None:
    """The tenant's window, if it may bind."""
    tenant = situation.tenant
    if tenant is None or not tenant.limit:
        return None
    flow = Flow("tenant", tenant.limit, HELD, sorted(tenant.uses))
    wanted = sum(line.left * line.use.external for line in lines) + tenant.others_waiting
    return flow if wanted > flow.room(0.0) else None


def _pace(limits: Limits, seconds_each: float) -> tuple[float, Rule]:
    """Messages a minute, as the ledger allows them: a minute's room comes back only with the answers."""
    at_once = limits.concurrent * MINUTE / max(seconds_each, 0.001)
    even = MINUTE / limits.interval
    by_answers = limits.messages_per_minute * MINUTE / (MINUTE + seconds_each)
    pace = min(even, by_answers)
    return (at_once, "concurrent") if at_once < pace else (pace, "pace")


def _steady(limits: Limits, situation: Situation, use: Use) -> float:
    """Messages a minute over a long time, but for the limits of a day."""
    rates = [_pace(limits, situation.seconds_each)[0]]
    rates += [limits.requests_per_10min / use.requests / 10] if use.requests else []
    rates += [limits.upload_bytes_per_5min / use.bytes / 5] if use.bytes else []
    return min(rates)


def _mean(uses: Sequence[Use]) -> Use:
    if len(uses) == 1:
        return uses[0]
    count = len(uses)
    return Use(
        sum(use.recipients for use in uses) / count,
        sum(use.requests for use in uses) / count,
        sum(use.bytes for use in uses) / count,
        sum(use.external for use in uses) / count,
    )

"""What a plug can reach when it is pulled, and what it left to be done later."""

import heapq
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Protocol

from devserver.stack import Stack
from tests.chaos.owner import Owner
from tests.sandbox_process import SandboxProcess

Action = Callable[[], object]


@dataclass
class Scene:
    """The stack and the people of one seed."""

    stack: Stack
    sandbox: SandboxProcess
    owners: dict[str, Owner]
    _agenda: list[tuple[float, int, Action]] = field(default_factory=list)
    _number: "count[int]" = field(default_factory=count)

    def later(self, seconds: float, action: Action) -> None:
        """Do this so many seconds from now, while other plugs are pulled."""
        heapq.heappush(self._agenda, (time.monotonic() + seconds, next(self._number), action))

    def do_due(self) -> None:
        while self._agenda and self._agenda[0][0] <= time.monotonic():
            heapq.heappop(self._agenda)[2]()

    @property
    def is_quiet(self) -> bool:
        """Nothing is left to be put back."""
        return not self._agenda

    def start(self, *names: str) -> None:
        """Start processes that are down, without waiting until they are at work."""
        for name in names:
            if not self.stack.children[name].running:
                self.stack.children[name].start()

    def fault(self, **planned: object) -> None:
        self.sandbox.control("POST", "faults", planned)


class Plug(Protocol):
    """Something that goes wrong. Its repr is what logs and tables show of it."""

    def pull(self, scene: Scene) -> None: ...

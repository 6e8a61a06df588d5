"""The external recipients all mailboxes of a tenant share: taken in blocks, so that few transactions ask for them."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from campaigns import tenant_budget

if TYPE_CHECKING:
    from campaigns.sending.engine import Engine

BLOCK = 20  # recipients at a time
HELD_SECONDS = 60.0  # then what is left of a block is given back (tenant_budget reckons with two minutes)


@dataclass(slots=True)
class Block:
    reserved_at: datetime
    left: int


class Tenants:
    """The blocks of one process. The questions of a workspace are answered one after another."""

    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self._blocks: dict[int, Block] = {}
        self._locks: dict[int, asyncio.Lock] = {}

    async def take(self, workspace_id: int, wanted: int) -> datetime | float:
        """So many may be written to now, and are charged as reserved then: a time. Or when to ask again: seconds."""
        if not wanted:
            return self._engine.now()
        async with self._locks.setdefault(workspace_id, asyncio.Lock()):
            now = self._engine.now()
            block = self._blocks.pop(workspace_id, None)
            if block is not None and (block.left < wanted or (now - block.reserved_at).total_seconds() > HELD_SECONDS):
                await self.give_back(workspace_id, block.reserved_at, block.left)
                block = None
            if block is None:
                asked = max(wanted, BLOCK)
                granted = await self._engine.write(tenant_budget.reserve, workspace_id, asked, now)
                block = Block(now, granted)
            if block.left < wanted:
                await self.give_back(workspace_id, block.reserved_at, block.left)
                at = await self._engine.write(tenant_budget.next_room, workspace_id, now, wanted)
                return at.timestamp()
            block.left -= wanted
            self._blocks[workspace_id] = block
            return block.reserved_at

    async def close(self) -> None:
        """Give back what is left of every block."""
        blocks, self._blocks = self._blocks, {}
        for workspace_id, block in blocks.items():
            await self.give_back(workspace_id, block.reserved_at, block.left)

    async def give_back(self, workspace_id: int, reserved_at: datetime, recipients: int) -> None:
        """Tried once, since it must not be done twice: what is not given back is free again in a day."""
        if recipients:
            minute = tenant_budget.minute_of(reserved_at)
            await self._engine.try_to_write(tenant_budget.give_back, workspace_id, minute, recipients)

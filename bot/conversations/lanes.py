"""One after the other within a name, side by side between names; costs nothing while nobody uses it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class _Lane:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    users: int = 0


class Lanes:
    """Locks by name, each alive only while somebody holds or awaits it. First come, first served."""

    def __init__(self) -> None:
        self._lanes: dict[str, _Lane] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._lanes

    def __len__(self) -> int:
        """How many hold or await a lane."""
        return sum(lane.users for lane in self._lanes.values())

    @asynccontextmanager
    async def hold(self, name: str) -> AsyncIterator[None]:
        """Be the only one in the lane while the block runs."""
        lane = self._lanes.setdefault(name, _Lane())
        lane.users += 1
        try:
            async with lane.lock:
                yield
        finally:
            lane.users -= 1
            if not lane.users:
                del self._lanes[name]

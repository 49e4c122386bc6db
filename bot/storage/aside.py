"""Large units of work beside the event loop: in a thread with its own loop and its own connections.

On PostgreSQL a unit runs on the loop that awaits it; reading or writing tens of thousands of rows would hold up
every answer for as long as it takes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from bot.storage.database import Database

T = TypeVar("T")


async def aside(url: str, work: Callable[[Database], Awaitable[T]]) -> T:
    """Run ``work`` with a database of its own, in a thread; returns what it returns."""

    async def connected() -> T:
        database = Database(url)
        try:
            return await work(database)
        finally:
            await database.close()

    return await asyncio.get_running_loop().run_in_executor(None, lambda: asyncio.run(connected()))

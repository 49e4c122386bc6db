"""A database of this process alone, in a temporary folder: under the stock Rasa commands appointments can be tried out,
and real data is never touched."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Any

from bot.appointments.calendar import load_rules
from bot.appointments.history import SYSTEM, Step
from bot.appointments.rules_file import read_rules
from bot.clock import Clock
from bot.settings import load_settings
from bot.storage.database import Database
from bot.storage.migrate import migrate


class PrivateDatabase:
    """Made at its first use, with the booking rules in it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._folder = tempfile.TemporaryDirectory(prefix="sportello-")
        self._database = Database(f"sqlite+aiosqlite:///{Path(self._folder.name) / 'prova.db'}")
        self._making = asyncio.Lock()
        self._is_made = False

    async def read(self, unit: Any) -> Any:
        """Run a unit that only reads."""
        await self._make()
        return await self._database.read(unit)

    async def write(self, unit: Any) -> Any:
        """Run a unit that writes."""
        await self._make()
        return await self._database.write(unit)

    async def _make(self) -> None:
        async with self._making:
            if not self._is_made:
                await migrate(self._database)
                rules = read_rules(load_settings().booking_rules)
                await self._database.write(
                    load_rules, rules, Step.at(self._clock, "stock", who=SYSTEM)
                )
                self._is_made = True

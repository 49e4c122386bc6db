"""Open live connections of the console, closed soon after their session ends, and what they tell of the events."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from bot.clock import Clock
from bot.errors import StorageUnavailable
from bot.limits import LIVE_CHECK_INTERVAL_S, LIVE_STREAMS_PER_PERSON, TYPING_SHOWN_S
from bot.settings import Settings
from bot.storage import staff_sessions
from bot.storage.database import Database
from bot.storage.events import TYPING, Event

log = structlog.get_logger("sportello.console")


class Pulse:
    """What a process hears of the events of all: how much has changed, and which citizens are writing now."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.changes = 0
        self._monotonic = monotonic
        self._writing_until: dict[str, float] = {}

    def hear(self, event: Event) -> None:
        """Take note of an event."""
        if event.kind != TYPING:
            self.changes += 1
        elif event.payload["author"] == "citizen":
            now = self._monotonic()
            self._writing_until = {
                one: until for one, until in self._writing_until.items() if until > now
            }
            self._writing_until[event.payload["conversation"]] = now + TYPING_SHOWN_S

    def is_writing(self, conversation: str) -> bool:
        """Whether the citizen of a conversation is writing."""
        return self._writing_until.get(conversation, 0.0) > self._monotonic()


@dataclass(eq=False)
class LiveConnection:
    """One open stream. ``ended`` is set when it must close."""

    session_id: int
    staff_id: int
    ended: asyncio.Event = field(default_factory=asyncio.Event)


class LiveConnections:
    """The streams of this process; `watch` compares them with the sessions in the database."""

    def __init__(self) -> None:
        self._open: set[LiveConnection] = set()

    def __len__(self) -> int:
        return len(self._open)

    @contextmanager
    def connected(self, session_id: int, staff_id: int) -> Iterator[LiveConnection | None]:
        """Register a stream while it is open; None when this person has too many."""
        held = Counter(connection.staff_id for connection in self._open)[staff_id]
        if held >= LIVE_STREAMS_PER_PERSON:
            yield None
            return
        connection = LiveConnection(session_id, staff_id)
        self._open.add(connection)
        try:
            yield connection
        finally:
            self._open.discard(connection)

    def close_all(self) -> None:
        """The server stops: every stream ends."""
        for connection in self._open:
            connection.ended.set()

    async def check(self, database: Database, clock: Clock, settings: Settings) -> None:
        """End the streams whose session is over: one query for all of them."""
        # Streams that open while the database is asked are not judged by its answer.
        asked = set(self._open)
        if not asked:
            return
        now = clock.utc()
        alive = await database.read(
            staff_sessions.alive,
            {connection.session_id for connection in asked},
            seen_after=now - timedelta(minutes=settings.staff_session_idle_minutes),
            created_after=now - timedelta(hours=settings.staff_session_hours),
        )
        for connection in asked:
            if connection.session_id not in alive:
                connection.ended.set()

    async def watch(self, database: Database, clock: Clock, settings: Settings) -> None:
        """Check every `LIVE_CHECK_INTERVAL_S`, until cancelled."""
        while True:
            await asyncio.sleep(LIVE_CHECK_INTERVAL_S)
            try:
                await self.check(database, clock, settings)
            except StorageUnavailable as error:
                log.warning("storage.unavailable", reason=str(error))

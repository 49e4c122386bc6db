"""Follows the events of every process and wakes whoever listens: sockets, senders, the console.

What counts is the table, read by id: on SQLite every 200 ms while somebody listens (0.3 ms each), on PostgreSQL once
a second, where NOTIFY wakes at once and a lost connection costs that second and nothing else. Changes of this process
wake at once through `changed`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import asyncpg
import structlog

from bot.errors import StorageUnavailable
from bot.limits import EVENT_GAP_WAIT_S, EVENT_POLL_S, EVENT_POLL_WITH_NOTIFY_S
from bot.storage.database import Database
from bot.storage.events import NOTIFY_CHANNEL, Event, events_after, newest_event
from bot.tasks import stop, wait_for_event

log = structlog.get_logger("sportello.events")

EVERYTHING: Final = "*"
_MAX_GAPS: Final = 1_000


def about_conversation(conversation_id: str) -> str:
    """Topic of what happens in one conversation."""
    return f"conversation:{conversation_id}"


def about_channel(channel: str) -> str:
    """Topic of what happens on one channel."""
    return f"channel:{channel}"


class Listener:
    """Woken by events of one topic; many events before it looks are one waking."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    async def wait(self, timeout_s: float | None = None) -> bool:
        """Wait for the next event; False if the time passed without one."""
        woken = await wait_for_event(self._event, timeout_s)
        self._event.clear()
        return woken

    def wake(self) -> None:
        """Let `wait` return."""
        self._event.set()


class Notifier:
    """Tells listeners of this process what any process has changed."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._listeners: dict[str, set[Listener]] = {}
        self._handlers: list[Callable[[Event], None]] = []
        self._last: int | None = None
        self._gaps: dict[int, float] = {}
        self._look = asyncio.Event()
        self._poll_s = EVENT_POLL_S if database.is_sqlite else EVENT_POLL_WITH_NOTIFY_S

    def handle(self, handler: Callable[[Event], None]) -> None:
        """Call ``handler`` with every event; it must not block."""
        self._handlers.append(handler)

    @contextmanager
    def listening(self, topic: str) -> Iterator[Listener]:
        """A listener for a topic (`about_conversation`, `about_channel`, `EVERYTHING`) while the block runs."""
        listener = Listener()
        self._listeners.setdefault(topic, set()).add(listener)
        # Whoever has just begun to listen must not wait for the slow rhythm of an empty room.
        self._look.set()
        try:
            yield listener
        finally:
            listeners = self._listeners[topic]
            listeners.discard(listener)
            if not listeners:
                del self._listeners[topic]

    def changed(self) -> None:
        """This process has committed a change: look at once."""
        self._look.set()

    async def begin(self) -> int:
        """Take the newest event, which is returned, as known; from here on none is missed. To be done before anybody is let in."""
        self._last = newest = await self._database.read(newest_event)
        # What happened before anybody could listen: everybody looks once.
        for listener in self._everybody():
            listener.wake()
        return newest

    async def follow(self) -> None:
        """Follow the events until cancelled; survives a database that comes and goes."""
        waking = None if self._database.is_sqlite else asyncio.create_task(self._be_notified())
        try:
            while True:
                try:
                    await self._read_new()
                except StorageUnavailable as error:
                    log.warning("storage.unavailable", reason=str(error))
                except Exception as error:
                    log.error("events.failed", error=type(error).__name__)
                poll_s = self._poll_s if self._listeners else EVENT_POLL_WITH_NOTIFY_S
                await wait_for_event(self._look, poll_s)
                self._look.clear()
        finally:
            if waking is not None:
                await stop([waking])

    async def _read_new(self) -> None:
        last = await self.begin() if self._last is None else self._last
        found = await self._database.read(events_after, last, tuple(self._gaps))
        now = time.monotonic()
        for event in found:
            if event.id > last:
                missed = range(last + 1, event.id)
                self._gaps.update(dict.fromkeys(missed[-_MAX_GAPS:], now + EVENT_GAP_WAIT_S))
                self._last = last = event.id
            else:
                self._gaps.pop(event.id, None)
            self._tell(event)
        self._gaps = {gap: until for gap, until in self._gaps.items() if until > now}

    def _tell(self, event: Event) -> None:
        for handler in self._handlers:
            handler(event)
        topics = [EVERYTHING]
        if "conversation" in event.payload:
            topics.append(about_conversation(event.payload["conversation"]))
        if "channel" in event.payload:
            topics.append(about_channel(event.payload["channel"]))
        for topic in topics:
            for listener in self._listeners.get(topic, ()):
                listener.wake()

    def _everybody(self) -> list[Listener]:
        return [listener for listeners in self._listeners.values() for listener in listeners]

    async def _be_notified(self) -> None:
        """Keep a connection that PostgreSQL wakes; without it the poll goes on alone."""
        dsn = self._database.url.set(drivername="postgresql").render_as_string(hide_password=False)
        while True:
            connection: Any = None
            try:
                connection = await asyncpg.connect(dsn, timeout=EVENT_GAP_WAIT_S)
                lost = asyncio.Event()
                connection.add_termination_listener(lambda *_, lost=lost: lost.set())
                await connection.add_listener(NOTIFY_CHANNEL, lambda *_: self._look.set())
                await lost.wait()
            except (OSError, asyncio.TimeoutError, asyncpg.PostgresError) as error:
                log.info("events.not_notified", error=type(error).__name__)
            finally:
                if connection is not None:
                    connection.terminate()
            await asyncio.sleep(EVENT_POLL_WITH_NOTIFY_S)

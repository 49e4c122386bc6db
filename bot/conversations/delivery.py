"""Carries queued messages to a channel that is called (Telegram): in order per conversation, tried again, never for ever.

The channel gives one coroutine that sends a message and says how it went; this module does the rest. Channels whose
clients fetch their messages (widget, REST) use `outbox.hand_over` and `transcript.messages` instead.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

import structlog

from bot.clock import Clock
from bot.conversations.notifier import Notifier, about_channel
from bot.errors import StorageUnavailable
from bot.limits import (
    OUTBOX_AT_ONCE,
    OUTBOX_ATTEMPTS,
    OUTBOX_FIRST_RETRY_S,
    OUTBOX_LEASE_S,
    OUTBOX_LONGEST_RETRY_S,
    OUTBOX_POLL_S,
)
from bot.storage import outbox
from bot.storage.database import Database
from bot.storage.outbox import Delivery

log = structlog.get_logger("sportello.outbox")


@dataclass(frozen=True)
class Sent:
    """The channel has taken the message; ``ref`` is its own id of it."""

    ref: str | None = None


@dataclass(frozen=True)
class TryAgain:
    """It may go later: after ``after_s`` seconds, or after a growing pause. ``error`` is a short kind, no text.

    With ``after_s`` the channel has asked for patience: the try does not count.
    """

    error: str
    after_s: float | None = None


@dataclass(frozen=True)
class Refused:
    """This message will never be taken."""

    error: str


@dataclass(frozen=True)
class Gone:
    """Whoever is at the other end has blocked us or is not there any more."""


Outcome = Sent | TryAgain | Refused | Gone
Send = Callable[[Delivery], Awaitable[Outcome]]


def retry_pause_s(attempt: int) -> float:
    """Seconds before the next try: 1, 2, 4, … up to the longest."""
    return min(OUTBOX_FIRST_RETRY_S * 2.0 ** (attempt - 1), OUTBOX_LONGEST_RETRY_S)


class Courier:
    """Delivers the messages of one channel until cancelled. Several processes may run one each.

    Args:
        at_once: messages on their way at the same time; a quarter of them is kept free for what somebody waits for.
        recorded: called when it is on record how a delivery went, or cannot be recorded.
    """

    def __init__(
        self,
        channel: str,
        send: Send,
        database: Database,
        clock: Clock,
        notifier: Notifier,
        *,
        at_once: int = OUTBOX_AT_ONCE,
        lease_s: float = OUTBOX_LEASE_S,
        attempts: int = OUTBOX_ATTEMPTS,
        recorded: Callable[[Delivery], None] = lambda delivery: None,
    ) -> None:
        self._channel = channel
        self._send = send
        self._database = database
        self._clock = clock
        self._notifier = notifier
        self._at_once = at_once
        self._lease_s = lease_s
        self._attempts = attempts
        self._recorded = recorded
        self._running: dict[asyncio.Task[None], bool] = {}
        self._ended = asyncio.Event()

    async def run(self) -> None:
        """Deliver until cancelled; what is on its way is waited for."""
        with self._notifier.listening(about_channel(self._channel)) as listener:
            try:
                while True:
                    wait_s = OUTBOX_POLL_S
                    # Whatever ends from here on may have changed what is due.
                    self._ended.clear()
                    try:
                        await self._begin()
                        wait_s = await self._pause_s()
                    except StorageUnavailable as error:
                        log.warning("storage.unavailable", reason=str(error))
                    await self._woken(listener.wait(wait_s))
            finally:
                if self._running:
                    await asyncio.wait(set(self._running), timeout=self._lease_s)

    async def _woken(self, listening: Awaitable[bool]) -> None:
        """Wait until something new is queued or something running has gone."""
        waiting = {asyncio.ensure_future(listening), asyncio.ensure_future(self._ended.wait())}
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waiting:
                one.cancel()

    async def _begin(self) -> None:
        free = self._at_once - len(self._running)
        if free <= 0:
            return
        notices = sum(not is_awaited for is_awaited in self._running.values())
        deliveries = await self._database.write(
            outbox.claim_deliveries,
            self._channel,
            self._clock.utc(),
            limit=free,
            lease_s=self._lease_s,
            notices=max(0, self._at_once - self._at_once // 4 - notices),
        )
        for delivery in deliveries:
            task = asyncio.create_task(self._deliver(delivery))
            self._running[task] = delivery.is_awaited
            task.add_done_callback(self._end)

    def _end(self, task: asyncio.Task[None]) -> None:
        del self._running[task]
        self._ended.set()

    async def _pause_s(self) -> float:
        due = await self._database.read(outbox.next_due, self._channel)
        if due is None:
            return OUTBOX_POLL_S
        # With many on their way what is due has perhaps no place yet: whoever ends wakes us.
        least_s = 0.01 if len(self._running) < self._at_once // 2 else 0.25
        return min(max((due - self._clock.utc()).total_seconds(), least_s), OUTBOX_POLL_S)

    async def _deliver(self, delivery: Delivery) -> None:
        try:
            outcome = await asyncio.wait_for(self._send(delivery), self._lease_s / 2)
        except asyncio.TimeoutError:
            outcome = TryAgain("timeout")
        except Exception as error:
            outcome = TryAgain(type(error).__name__)
        try:
            await self._record(delivery, outcome)
        except StorageUnavailable as error:
            # It stays "sending" until its time is over, and is then sent once more.
            log.warning("delivery.not_recorded", id=delivery.id, reason=str(error))
        finally:
            self._recorded(delivery)

    async def _record(self, delivery: Delivery, outcome: Outcome) -> None:
        now, write = self._clock.utc(), self._database.write
        if isinstance(outcome, Sent):
            await write(outbox.mark_sent, delivery, now, channel_ref=outcome.ref)
        elif isinstance(outcome, Gone):
            await write(outbox.mark_unreachable, delivery.conversation_id, now)
        elif isinstance(outcome, TryAgain) and outcome.after_s is not None:
            due = now + timedelta(seconds=outcome.after_s)
            await write(outbox.mark_retry, delivery, outcome.error, due, counts=False)
        elif isinstance(outcome, TryAgain) and delivery.attempt < self._attempts:
            due = now + timedelta(seconds=retry_pause_s(delivery.attempt))
            await write(outbox.mark_retry, delivery, outcome.error, due)
        else:
            await write(outbox.mark_failed, delivery, outcome.error, now)
            log.error("delivery.given_up", id=delivery.id, error=outcome.error)

"""How fast we may send: so many messages a second in all, one a second to a chat; answers before everything else.

A place is kept from before the call until one second after its end. Whenever Telegram counts a second, all calls that
fall into it hold a place at the same moment: there are never more of them than places, however long each call took.
A third of the places is kept for answers, so that a broadcast does not make anybody wait who has asked.

And one after the other: a call begins when the one before is on record, or is slow. A process that is killed repeats
what it had sent and not recorded: so that is one message, not a whole burst (docs/decisions/0026).
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

ANSWER: Final = 0
NOTICE: Final = 2
"""Urgencies: who has asked waits for an answer, notices and broadcasts can wait."""

_MOST_CHATS: Final = 10_000
"""Chats remembered before those whose second is over are forgotten."""


class NoTurn(Exception):
    """Others were before us for too long."""


@dataclass(order=True)
class _Waiting:
    urgency: int
    number: int
    chat: int = field(compare=False)
    turn: asyncio.Future[None] = field(compare=False)


class Pacer:
    """Gives turns to calls.

    Args:
        places: calls a second in all.
        chat_pause_s: seconds between two calls to one chat.
        overlap_s: a call that is not on record after so many seconds is slow, and others go on.
    """

    def __init__(self, places: int, chat_pause_s: float, overlap_s: float) -> None:
        self._free = places
        self._kept = places // 3
        self._chat_pause_s = chat_pause_s
        self._overlap_s = overlap_s
        self._unrecorded: dict[int, float] = {}
        self._numbers = itertools.count()
        self._waiting: list[_Waiting] = []
        self._ready_at: dict[int, float] = {}
        self._busy: set[int] = set()
        self._timer: asyncio.TimerHandle | None = None

    @asynccontextmanager
    async def turn(
        self, chat: int, urgency: int, patience_s: float | None = None
    ) -> AsyncIterator[None]:
        """Wait for a turn to call ``chat``; the lower ``urgency``, the sooner. Afterwards tell `recorded`.

        Raises:
            NoTurn: none came within ``patience_s``.
        """
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting = _Waiting(urgency, next(self._numbers), chat, turn)
        self._waiting.append(waiting)
        self._give_turns()
        try:
            await asyncio.wait({turn}, timeout=patience_s)
            if not turn.done() or turn.cancelled():
                raise NoTurn
            yield
        finally:
            if not turn.done():
                self._waiting.remove(waiting)
            elif not turn.cancelled():
                self._end(chat)

    def hold(self, chat: int, pause_s: float) -> None:
        """Telegram asks for patience with a chat (429): no turn for it so long."""
        until = time.monotonic() + pause_s
        self._ready_at[chat] = max(self._ready_at.get(chat, 0.0), until)

    def recorded(self, chat: int) -> None:
        """What the last call to a chat has done is on record, or does not matter."""
        if self._unrecorded.pop(chat, None) is not None:
            self._give_turns()

    def send_away(self) -> None:
        """Whoever waits gets no turn: we stop."""
        waiting, self._waiting = self._waiting, []
        for one in waiting:
            one.turn.cancel()

    def _end(self, chat: int) -> None:
        self._busy.discard(chat)
        self.hold(chat, self._chat_pause_s)
        asyncio.get_running_loop().call_later(1.0, self._free_place)
        self._give_turns()

    def _free_place(self) -> None:
        self._free += 1
        self._give_turns()

    def _give_turns(self) -> None:
        now = time.monotonic()
        if len(self._ready_at) > _MOST_CHATS:
            self._ready_at = {chat: at for chat, at in self._ready_at.items() if at > now}
        times: list[float] = []
        for waiting in sorted(self._waiting):
            ready_at = max(self._ready_at.get(waiting.chat, 0.0), self._alone_at())
            kept = 0 if waiting.urgency == ANSWER else self._kept
            if self._free > kept and ready_at <= now and waiting.chat not in self._busy:
                self._free -= 1
                self._busy.add(waiting.chat)
                self._unrecorded[waiting.chat] = now
                self._waiting.remove(waiting)
                waiting.turn.set_result(None)
            elif ready_at > now:
                times.append(ready_at)
        self._wake_at(min(times, default=None), now)

    def _alone_at(self) -> float:
        """When every call that is not on record counts as slow."""
        return max(self._unrecorded.values(), default=-self._overlap_s) + self._overlap_s

    def _wake_at(self, moment: float | None, now: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if moment is not None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(moment - now + 0.001, self._give_turns)

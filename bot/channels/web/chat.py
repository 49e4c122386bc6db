"""What a frame of the client does, whichever way it came: the WebSocket and its HTTP fallback share this."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
import structlog

from bot.channels.incoming_text import cleaned
from bot.channels.web import frames, outgoing
from bot.channels.web.outgoing import OutFrame
from bot.channels.web.rates import RateLimit
from bot.channels.web.visitors import CHANNEL, Visitor, Visitors
from bot.conversations import personal_data
from bot.conversations.turns import Incoming
from bot.conversations.typing import citizen_types
from bot.errors import ChatOff, DuplicateMismatch, StorageUnavailable, UnknownConversation
from bot.limits import WEB_PAGE
from bot.masking import mask
from bot.storage import outbox, ownership, reports, transcript, web_sessions
from bot.storage.inbox import Stored

if TYPE_CHECKING:
    from bot.runtime import Runtime

_RETRY_S: Final = 5

log = structlog.get_logger("sportello.web")


class WebChat:
    """Does what visitors ask for."""

    def __init__(self, runtime: Runtime, visitors: Visitors) -> None:
        settings = runtime.settings
        self._runtime = runtime
        self._visitors = visitors
        self._database = runtime.database
        self._clock = runtime.clock
        self._max_chars = settings.message_max_chars
        self._own_address = settings.base_url
        self._messages = RateLimit(settings.web_messages_per_minute, 60)
        self._answering: set[asyncio.Task[None]] = set()
        self._do: Final[dict[type, Callable[[Visitor, Any], Any]]] = {
            frames.Message: self._message,
            frames.History: self._history,
            frames.Seen: self._seen,
            frames.Rating: self._rating,
            frames.Report: self._report,
        }

    async def handle(self, visitor: Visitor, frame: frames.Frame) -> list[OutFrame]:
        """Do what a frame asks for; the answers to messages come later, as news."""
        if isinstance(frame, frames.Plain):
            return await self._plain(visitor, frame.type)
        return list(await self._do[type(frame)](visitor, frame))

    async def _plain(self, visitor: Visitor, kind: str) -> list[OutFrame]:
        if kind == "ping":
            return [{"type": "pong"}]
        if kind == "typing":
            await self._typing(visitor)
            return []
        if kind == "bye":
            await self._visitors.end(visitor, "left")
            return [outgoing.ended("left")]
        if kind == "erase":
            await self._erase(visitor)
            return [outgoing.ended("erased")]
        return [{"type": "export", "data": await self._copy_of_data(visitor)}]

    async def _typing(self, visitor: Visitor) -> None:
        if visitor.conversation_id is None:
            return
        now = self._clock.utc()
        if await self._database.write(citizen_types, visitor.conversation_id, now):
            self._runtime.notifier.changed()

    async def _message(self, visitor: Visitor, frame: frames.Message) -> list[OutFrame]:
        words = cleaned(frame.text)
        if not words:
            return [outgoing.error("empty", message_id=frame.id)]
        if len(words) > self._max_chars:
            shown = f"{self._max_chars:,}".replace(",", ".")
            return [outgoing.error("too_long", message_id=frame.id, max_chars=shown)]
        wait_s = self._messages.take(visitor.session.digest, time.monotonic())
        if wait_s:
            return [outgoing.rate_limited(wait_s, message_id=frame.id)]
        try:
            stored = await self._runtime.turns.receive(
                Incoming(CHANNEL, visitor.session.sender, words, frame.id)
            )
        except ChatOff:
            return [outgoing.error("off", message_id=frame.id)]
        except DuplicateMismatch:
            return [outgoing.error("conflict", message_id=frame.id)]
        except StorageUnavailable:
            refusal = outgoing.error("unavailable", message_id=frame.id)
            return [{**refusal, "retry_after_s": _RETRY_S}]
        visitor.session = replace(visitor.session, conversation_id=stored.conversation_id)
        await self._visitors.touch(visitor)
        self._answer_later(stored)
        now = self._clock.utc()
        acknowledged = outgoing.ack(frame.id, stored.seq, now, duplicate=not stored.is_new)
        if not stored.is_new or visitor.owner == ownership.STAFF:
            return [acknowledged]
        return [acknowledged, outgoing.typing("assistant", on=True)]

    def _answer_later(self, stored: Stored) -> None:
        task = asyncio.create_task(self._answer(stored))
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)

    async def _answer(self, stored: Stored) -> None:
        try:
            await self._runtime.turns.answer(stored)
        except Exception as error:
            # The message is safe: the recovery answers it.
            log.warning("web.answer_later", inbound=stored.inbound_id, error=type(error).__name__)

    async def _history(self, visitor: Visitor, frame: frames.History) -> list[OutFrame]:
        if visitor.conversation_id is None or frame.before <= 1:
            return [{"type": "history", "messages": [], "more": False}]
        first = max(1, frame.before - WEB_PAGE)
        found = await self._database.read(
            transcript.messages, visitor.conversation_id, after=first - 1, limit=WEB_PAGE
        )
        shown = [
            outgoing.message(m, m.seq - 1, self._own_address)
            for m in found
            if m.seq < frame.before and m.text
        ]
        return [{"type": "history", "messages": shown, "more": first > 1 and bool(shown)}]

    async def _seen(self, visitor: Visitor, frame: frames.Seen) -> list[OutFrame]:
        if visitor.conversation_id is not None:
            await self._database.write(
                _note_seen,
                visitor.session.digest,
                visitor.conversation_id,
                frame.seq,
                self._clock.utc(),
            )
        return []

    async def _rating(self, visitor: Visitor, frame: frames.Rating) -> list[OutFrame]:
        if visitor.conversation_id is not None:
            await self._database.write(
                web_sessions.rate,
                visitor.conversation_id,
                frame.score,
                mask(cleaned(frame.comment)),
                self._clock.utc(),
            )
        return [{"type": "rated"}]

    async def _report(self, visitor: Visitor, frame: frames.Report) -> list[OutFrame]:
        if visitor.conversation_id is not None:
            await self._database.write(
                reports.report_answer,
                visitor.conversation_id,
                frame.seq,
                mask(cleaned(frame.comment)),
                self._clock.utc(),
            )
        return [{"type": "reported", "seq": frame.seq}]

    async def _copy_of_data(self, visitor: Visitor) -> dict[str, Any]:
        if visitor.conversation_id is None:
            return {}
        now = self._clock.utc()
        try:
            return await self._database.read(personal_data.export, visitor.conversation_id, now)
        except UnknownConversation:
            return {}

    async def _erase(self, visitor: Visitor) -> None:
        if visitor.conversation_id is not None:
            now = self._clock.utc()
            await self._database.write(personal_data.erase, visitor.conversation_id, now)
        await self._visitors.end(visitor, "erased")


def _note_seen(
    connection: sa.Connection, digest: str, conversation_id: str, seq: int, now: datetime
) -> None:
    web_sessions.note_seen(connection, digest, seq)
    outbox.mark_read(connection, conversation_id, seq, now)

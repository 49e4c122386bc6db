"""What a frame of the client does, whichever way it came: the WebSocket and its HTTP fallback share this."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

import structlog

from actions.handoff import somebody_reads
from bot.channels.incoming_text import cleaned
from bot.channels.web import frames, outgoing
from bot.channels.web.config import notice_of
from bot.channels.web.outgoing import OutFrame
from bot.channels.web.rates import RateLimit
from bot.channels.web.texts import text
from bot.conversations import personal_data
from bot.conversations.masking import mask
from bot.conversations.turns import Incoming
from bot.errors import DuplicateMismatch, StorageUnavailable, UnknownConversation
from bot.limits import WEB_PAGE, WEB_REPLAY, WEB_TOUCH_S
from bot.storage import events, outbox, ownership, reports, transcript, web_sessions
from bot.storage.inbox import Stored
from bot.storage.web_sessions import WebSession

if TYPE_CHECKING:
    from bot.runtime import Runtime

CHANNEL: Final = "web"
SESSION_ENDED: Final = "web.ended"
"""Event: a browser's secret is over; carries the sender and the reason."""

_RETRY_S: Final = 5

log = structlog.get_logger("sportello.web")


@dataclass
class Visitor:
    """A browser that has shown its secret."""

    session: WebSession
    owner: str = ownership.ASSISTANT

    @property
    def conversation_id(self) -> str | None:
        """None until the first message."""
        return self.session.conversation_id


@dataclass(frozen=True)
class News:
    """Frames of what came after a number, and the number up to which the client then knows everything."""

    frames: list[OutFrame]
    upto: int
    more: bool = False


class WebChat:
    """The web channel of one process."""

    def __init__(self, runtime: Runtime) -> None:
        settings = runtime.settings
        self._runtime = runtime
        self._database = runtime.database
        self._clock = runtime.clock
        self._notice = notice_of(settings)
        self._max_chars = settings.message_max_chars
        self._life = timedelta(hours=settings.web_session_hours)
        self._messages = RateLimit(settings.web_messages_per_minute, 60)
        self._openings = RateLimit(settings.web_conversations_per_hour, 3_600)
        self._wrong_secrets = RateLimit(settings.web_wrong_secrets_per_minute, 60)
        self._answering: set[asyncio.Task[None]] = set()
        self._do: Final[dict[type, Callable[[Visitor, Any], Any]]] = {
            frames.Message: self._message,
            frames.History: self._history,
            frames.Seen: self._seen,
            frames.Rating: self._rating,
            frames.Report: self._report,
        }

    async def welcome(
        self, hello: frames.Hello, address: str
    ) -> tuple[Visitor | None, list[OutFrame]]:
        """Let a browser in, with its old conversation or a new one; None and a refusal otherwise."""
        if not hello.secret:
            return await self._newcomer(hello.notice, address)
        session = await self.session_of(hello.secret, address)
        if isinstance(session, dict):
            return None, [session]
        notice = hello.notice if hello.notice == self._notice.version else ""
        await self._database.write(
            web_sessions.touch_session, session.digest, self._clock.utc(), notice=notice
        )
        visitor = Visitor(replace(session, notice=notice or session.notice))
        return visitor, [await self._welcome_frame(visitor, hello.after)]

    async def session_of(self, secret: str, address: str) -> WebSession | OutFrame:
        """The session of a secret, or the frame that refuses it."""
        now = time.monotonic()
        session = await self._database.read(
            web_sessions.find_session,
            digest_of(secret),
            CHANNEL,
            active_since=self._clock.utc() - self._life,
        )
        if session is not None:
            return session
        wait_s = self._wrong_secrets.take(address, now)
        return outgoing.rate_limited(wait_s) if wait_s else outgoing.ended("expired")

    async def _newcomer(self, notice: str, address: str) -> tuple[Visitor | None, list[OutFrame]]:
        if notice != self._notice.version:
            return None, [outgoing.error("notice_required")]
        wait_s = self._openings.take(address, time.monotonic())
        if wait_s:
            return None, [outgoing.rate_limited(wait_s)]
        visitor, secret = await self._new_visitor(notice)
        return visitor, [{**await self._welcome_frame(visitor, 0), "secret": secret}]

    async def _new_visitor(self, notice: str) -> tuple[Visitor, str]:
        secret = secrets.token_urlsafe(32)
        session = await self._database.write(
            web_sessions.add_session,
            digest=digest_of(secret),
            sender=uuid4().hex,
            notice=notice,
            now=self._clock.utc(),
        )
        return Visitor(session), secret

    async def _welcome_frame(self, visitor: Visitor, after: int) -> OutFrame:
        session = visitor.session
        return {
            "type": "welcome",
            "protocol": 1,
            "resumed": session.last_seq > 0,
            "last_seq": session.last_seq,
            "from": first_to_send(after, session.last_seq),
            "seen": session.seen_seq,
            "notice": session.notice,
            "state": await self.state(visitor),
        }

    async def restart(self, visitor: Visitor) -> tuple[Visitor, list[OutFrame]]:
        """A new conversation for the same browser. Its other tabs learn the new secret from the browser."""
        await self._end(visitor, "", withdraw=True)
        successor, secret = await self._new_visitor(visitor.session.notice)
        return successor, [{**await self._welcome_frame(successor, 0), "secret": secret}]

    async def find_conversation(self, visitor: Visitor) -> str | None:
        """The visitor's conversation, which another tab may have begun since the secret was looked up."""
        return await self._database.read(
            transcript.find_conversation, CHANNEL, visitor.session.sender
        )

    async def accept_notice(self, visitor: Visitor, notice: str) -> None:
        """The citizen has accepted a newer notice during the conversation."""
        if notice == self._notice.version != visitor.session.notice:
            visitor.session = replace(visitor.session, notice=notice)
            now = self._clock.utc()
            await self._database.write(
                web_sessions.touch_session, visitor.session.digest, now, notice=notice
            )

    async def handle(self, visitor: Visitor, frame: frames.Frame) -> list[OutFrame]:
        """Do what a frame asks for; the answers to messages come later, as news."""
        if isinstance(frame, frames.Plain):
            return await self._plain(visitor, frame.type)
        return list(await self._do[type(frame)](visitor, frame))

    async def _plain(self, visitor: Visitor, kind: str) -> list[OutFrame]:
        if kind == "ping":
            return [{"type": "pong"}]
        if kind == "bye":
            await self._end(visitor, "left")
            return [outgoing.ended("left")]
        if kind == "erase":
            await self._erase(visitor)
            return [outgoing.ended("erased")]
        return [{"type": "export", "data": await self._copy_of_data(visitor)}]

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
        except DuplicateMismatch:
            return [outgoing.error("conflict", message_id=frame.id)]
        except StorageUnavailable:
            refusal = outgoing.error("unavailable", message_id=frame.id)
            return [{**refusal, "retry_after_s": _RETRY_S}]
        visitor.session = replace(visitor.session, conversation_id=stored.conversation_id)
        await self.touch(visitor)
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
        shown = [outgoing.message(m, m.seq - 1) for m in found if m.seq < frame.before and m.text]
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
        await self._end(visitor, "erased")

    async def _end(self, visitor: Visitor, reason: str, *, withdraw: bool = False) -> None:
        await self._database.write(
            _end_session, visitor.session, reason, withdraw, self._clock.utc()
        )
        self._runtime.notifier.changed()

    async def touch(self, visitor: Visitor) -> None:
        """Note a sign of the citizen, not more often than is worth a write."""
        now = self._clock.utc()
        if (now - visitor.session.last_seen_at).total_seconds() >= WEB_TOUCH_S:
            visitor.session = replace(visitor.session, last_seen_at=now)
            await self._database.write(web_sessions.touch_session, visitor.session.digest, now)

    def is_expired(self, visitor: Visitor) -> bool:
        """Whether the citizen has been silent for too long."""
        return self._clock.utc() - visitor.session.last_seen_at > self._life

    async def prune(self) -> None:
        """Forget secrets that are over."""
        await self._database.write(web_sessions.prune_sessions, self._clock.utc() - self._life)

    async def news(self, visitor: Visitor, after: int, *, fresh: bool = False) -> News:
        """What came after a number, at most a page. What is returned counts as delivered.

        Args:
            fresh: the client knows nothing yet, so that nothing before the first message is missing.
        """
        if visitor.conversation_id is None:
            return News([], after)
        page = await self._database.write(
            _take_news, visitor.conversation_id, after, self._clock.utc()
        )
        found: list[OutFrame] = []
        known = after
        for message in page:
            if message.seq > known + 1 and not fresh:
                found.append(outgoing.gap(known + 1, message.seq - 1))
            if message.status != outbox.WITHDRAWN and message.text:
                found.append(outgoing.message(message, 0 if fresh else after))
                after = message.seq
            fresh = fresh and not found
            known = message.seq
        return News(found, known, more=len(page) == WEB_PAGE)

    async def state(self, visitor: Visitor) -> OutFrame:
        """Who answers now, in a frame of the type ``state``."""
        frame: OutFrame = {"type": "state", "owner": ownership.ASSISTANT}
        if visitor.conversation_id is None:
            return frame
        found = await self._database.read(_owner_and_place, visitor.conversation_id)
        if found is None:
            return frame
        conversation, place = found
        visitor.owner = frame["owner"] = conversation.owner
        if conversation.owner == ownership.WAITING:
            when = somebody_reads(self._runtime.knowledge.hours, self._clock.now())
            frame |= {"place": place, "text": text("state_waiting", place=place, when=when)}
        elif conversation.owner == ownership.STAFF and conversation.staff:
            name = conversation.staff
            frame |= {"staff": name, "text": text("state_staff", name=name)}
        elif conversation.owner == ownership.CLOSED:
            frame["text"] = text("state_closed")
        return frame


def first_to_send(after: int, last_seq: int) -> int:
    """Number of the first message that a client gets: all that it missed; the last ones if it knows none."""
    if 0 < after <= last_seq:
        return after + 1
    return max(1, last_seq - WEB_REPLAY + 1)


def digest_of(secret: str) -> str:
    """What is kept of a secret. It is 256 random bits: there is nothing to slow a guesser down for."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _take_news(
    connection: Any, conversation_id: str, after: int, now: datetime
) -> list[transcript.Message]:
    # In one transaction: what is handed over can no longer be withdrawn, and only that is shown.
    outbox.hand_over(connection, conversation_id, now)
    return transcript.messages(
        connection, conversation_id, after=after, limit=WEB_PAGE, with_withdrawn=True
    )


def _owner_and_place(
    connection: Any, conversation_id: str
) -> tuple[transcript.Conversation, int] | None:
    try:
        found = transcript.conversation(connection, conversation_id)
    except UnknownConversation:
        return None
    waits = found.owner == ownership.WAITING
    return found, ownership.place_in_queue(connection, conversation_id) if waits else 0


def _note_seen(connection: Any, digest: str, conversation_id: str, seq: int, now: datetime) -> None:
    web_sessions.note_seen(connection, digest, seq)
    outbox.mark_read(connection, conversation_id, seq, now)


def _end_session(
    connection: Any, session: WebSession, reason: str, withdraw: bool, now: datetime
) -> None:
    web_sessions.end_session(connection, session.digest)
    if withdraw and session.conversation_id is not None:
        ownership.withdraw_request(connection, session.conversation_id, now)
    if reason:
        payload = {"sender": session.sender, "reason": reason}
        events.publish(connection, SESSION_ENDED, payload, now)

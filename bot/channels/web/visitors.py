"""Browsers and their secrets: who is let in, with which conversation, and until when."""

from __future__ import annotations

import hashlib
import secrets
import time
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final
from uuid import uuid4

import sqlalchemy as sa

from bot.channels.web import frames, outgoing
from bot.channels.web.config import notice_of
from bot.channels.web.outgoing import OutFrame
from bot.channels.web.rates import RateLimit
from bot.limits import WEB_REPLAY, WEB_TOUCH_S
from bot.storage import events, ownership, transcript, web_sessions
from bot.storage.web_sessions import WebSession

if TYPE_CHECKING:
    from bot.runtime import Runtime

CHANNEL: Final = "web"
SESSION_ENDED: Final = "web.ended"
"""Event: a browser's secret is over; carries the sender and the reason."""


@dataclass
class Visitor:
    """A browser that has shown its secret."""

    session: WebSession
    owner: str = ownership.ASSISTANT

    @property
    def conversation_id(self) -> str | None:
        """None until the first message."""
        return self.session.conversation_id


class Visitors:
    """Lets browsers in and shows them out."""

    def __init__(self, runtime: Runtime) -> None:
        settings = runtime.settings
        self._database = runtime.database
        self._clock = runtime.clock
        self._notifier = runtime.notifier
        self._notice = notice_of(settings)
        self._life = timedelta(hours=settings.web_session_hours)
        self._openings = RateLimit(settings.web_conversations_per_hour, 3_600)
        self._wrong_secrets = RateLimit(settings.web_wrong_secrets_per_minute, 60)

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
        return visitor, [_welcome_frame(visitor, hello.after)]

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
        return visitor, [{**_welcome_frame(visitor, 0), "secret": secret}]

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

    async def restart(self, visitor: Visitor) -> tuple[Visitor, list[OutFrame]]:
        """A new conversation for the same browser. Its other tabs learn the new secret from the browser."""
        await self.end(visitor, "", withdraw=True)
        successor, secret = await self._new_visitor(visitor.session.notice)
        return successor, [{**_welcome_frame(successor, 0), "secret": secret}]

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

    async def end(self, visitor: Visitor, reason: str, *, withdraw: bool = False) -> None:
        """End a secret; with a reason, its other tabs are told."""
        await self._database.write(
            _end_session, visitor.session, reason, withdraw, self._clock.utc()
        )
        self._notifier.changed()

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


def first_to_send(after: int, last_seq: int) -> int:
    """Number of the first message that a client gets: all that it missed; the last ones if it knows none."""
    if 0 < after <= last_seq:
        return after + 1
    return max(1, last_seq - WEB_REPLAY + 1)


def digest_of(secret: str) -> str:
    """What is kept of a secret. It is 256 random bits: there is nothing to slow a guesser down for."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _welcome_frame(visitor: Visitor, after: int) -> OutFrame:
    session = visitor.session
    return {
        "type": "welcome",
        "protocol": 1,
        "resumed": session.last_seq > 0,
        "last_seq": session.last_seq,
        "from": first_to_send(after, session.last_seq),
        "seen": session.seen_seq,
        "notice": session.notice,
    }


def _end_session(
    connection: sa.Connection, session: WebSession, reason: str, withdraw: bool, now: datetime
) -> None:
    web_sessions.end_session(connection, session.digest)
    if withdraw and session.conversation_id is not None:
        ownership.withdraw_request(connection, session.conversation_id, now)
    if reason:
        payload = {"sender": session.sender, "reason": reason}
        events.publish(connection, SESSION_ENDED, payload, now)

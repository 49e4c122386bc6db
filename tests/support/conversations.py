"""Conversations of a runtime for tests: who says what, who owns it, what the citizen may see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import Any

import sqlalchemy as sa

from bot.conversations import desk
from bot.conversations.turns import Incoming
from bot.runtime import Runtime
from bot.storage import transcript
from bot.storage.database import Database
from bot.storage.tables import ownership_changes
from bot.storage.transcript import Conversation, Message

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=timezone.utc)
"""A Tuesday, 10.30 in Rome: the office is open."""

LIMIT = 1_000


@dataclass
class Talk:
    """One citizen's conversation with a running assistant."""

    runtime: Runtime
    sender: str
    channel: str = "rest"
    id: str = ""

    @property
    def database(self) -> Database:
        return self.runtime.database

    async def say(self, text: str, key: str | None = None) -> list[dict[str, Any]]:
        """Write a message and wait for its answers."""
        stored = await self.runtime.turns.receive(Incoming(self.channel, self.sender, text, key))
        self.id = stored.conversation_id
        return await self.runtime.turns.answer(stored)

    async def claim(self, staff: str = "anna") -> None:
        await self.database.write(desk.claim, self.id, staff, self.runtime.clock.utc())

    async def reply(self, words: str, staff: str = "anna") -> None:
        await self.database.write(desk.reply, self.id, staff, words, self.runtime.clock.utc())

    async def release(self, staff: str = "anna") -> None:
        await self.database.write(desk.release, self.id, staff, self.runtime.clock.utc())

    async def close(self, staff: str = "anna") -> None:
        await self.database.write(desk.close, self.id, staff, self.runtime.clock.utc())

    async def seen(self, after: int = 0) -> list[Message]:
        """What the citizen can see."""
        return await messages_of(self.database, self.id, after=after)

    async def now(self) -> Conversation:
        return await self.database.read(transcript.conversation, self.id)

    async def owners(self) -> list[tuple[str, str | None, int]]:
        """History of owners: owner, staff, number of the newest message at that moment."""
        return await self.database.read(partial(_owners, conversation_id=self.id))


def _owners(
    connection: sa.Connection, *, conversation_id: str
) -> list[tuple[str, str | None, int]]:
    c = ownership_changes.c
    rows = connection.execute(
        sa.select(c.owner, c.staff, c.at_seq)
        .where(c.conversation_id == conversation_id)
        .order_by(c.id)
    )
    return [(row.owner, row.staff, row.at_seq) for row in rows]


async def messages_of(
    database: Database, conversation_id: str, *, after: int = 0, with_withdrawn: bool = False
) -> list[Message]:
    return await database.read(
        partial(
            transcript.messages,
            conversation_id=conversation_id,
            after=after,
            limit=LIMIT,
            with_withdrawn=with_withdrawn,
        )
    )


def authors(messages: list[Message]) -> list[str]:
    return [message.author for message in messages]


def later(**amount: float) -> datetime:
    """NOW and some more."""
    return NOW + timedelta(**amount)

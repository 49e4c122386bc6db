"""What the database holds after the fact: messages, their answers, the order in which they were given."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from bot.storage.database import Database
from bot.storage.tables import conversations, inbound, outbound


@dataclass(frozen=True)
class StoredMessage:
    """A received message with all answers stored for it, by position."""

    inbound_id: int
    key: str | None
    text: str
    status: str
    answers: tuple[dict[str, Any], ...]
    positions: tuple[int, ...]


@dataclass(frozen=True)
class StoredConversation:
    """A conversation: messages in order of arrival, and the messages in order of their answers."""

    sender: str
    version: int
    state: str | None
    messages: tuple[StoredMessage, ...]
    answered: tuple[int, ...]

    def assert_answered_once_in_order(self, expected: int) -> None:
        """Every message is done, has one whole set of answers, and the oldest was answered first."""
        self.assert_answered_once(expected)
        assert list(self.answered) == [message.inbound_id for message in self.messages]

    def assert_answered_once(self, expected: int) -> None:
        """The same without the order, for messages that reach two replicas at once."""
        assert len(self.messages) == expected
        assert {message.status for message in self.messages} == {"done"}
        for message in self.messages:
            assert message.positions, message.text
            assert message.positions == tuple(range(len(message.positions))), message.text
        assert self.version == expected, "one turn for each message"


async def stored_conversations(database: Database | str) -> dict[str, StoredConversation]:
    """All conversations by sender. A URL is opened for this read only (a fork must not inherit SQLite files)."""
    if isinstance(database, Database):
        return await database.read(_read)
    opened = Database(database)
    try:
        return await opened.read(_read)
    finally:
        await opened.close()


def _read(connection: sa.Connection) -> dict[str, StoredConversation]:
    found = connection.execute(sa.select(conversations)).all()
    return {row.sender: _conversation(connection, row) for row in found}


def _conversation(connection: sa.Connection, row: Any) -> StoredConversation:
    received = connection.execute(
        sa.select(inbound).where(inbound.c.conversation_id == row.id).order_by(inbound.c.id)
    ).all()
    given = connection.execute(
        sa.select(outbound).where(outbound.c.conversation_id == row.id).order_by(outbound.c.id)
    ).all()
    messages = tuple(_message(message, given) for message in received)
    answered = tuple(dict.fromkeys(int(answer.inbound_id) for answer in given))
    return StoredConversation(row.sender, row.version, row.state, messages, answered)


def _message(message: Any, given: Any) -> StoredMessage:
    own = sorted((a for a in given if a.inbound_id == message.id), key=lambda a: int(a.position))
    return StoredMessage(
        int(message.id),
        message.channel_key,
        message.text,
        message.status,
        tuple(json.loads(answer.payload) for answer in own),
        tuple(int(answer.position) for answer in own),
    )

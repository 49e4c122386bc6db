"""The transaction that stores an update: its id, the message it brought, and what is said before its answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot.channels.telegram.notice import Notice
from bot.storage import inbox, outbox, telegram, transcript
from bot.storage.inbox import Stored


class NothingNew(Exception):
    """The update had come before, or changes nothing: the transaction is undone."""


@dataclass(frozen=True)
class StoreUpdate:
    """Stores one update; called as `bot.storage.inbox.store_message`.

    Attributes:
        say: said before the answer, or instead of it.
        settles: nothing answers the message but ``say``.
        corrects: the message takes the place of an earlier version of it.
    """

    update_id: int
    message_id: int
    notice: Notice
    say: Mapping[str, Any] | None = None
    settles: bool = False
    corrects: bool = False

    @property
    def key(self) -> str:
        """Key of the message in the inbox. Numbers of updates may come again after weeks, together with that of the
        message they cannot."""
        return f"{self.update_id}.{self.message_id}"

    def __call__(self, connection: sa.Connection, **message: Any) -> Stored:
        """Store it. Raises NothingNew."""
        now: datetime = message["now"]
        if not telegram.take_update(connection, self.update_id, now):
            raise NothingNew
        if self.corrects:
            before = telegram.digest_of_message(connection, message["sender"], self.message_id)
            if before == message["digest"]:
                raise NothingNew
        stored = inbox.store_message(connection, **message)
        if not stored.is_new:
            raise NothingNew
        telegram.link_message(connection, self.update_id, self.message_id, stored.inbound_id)
        self._greet(connection, stored, now)
        if self.settles:
            inbox.settle(connection, stored.inbound_id, message["text"], now)
        if self.say is not None:
            _say(connection, stored.conversation_id, self.say, now)
        return stored

    def _greet(self, connection: sa.Connection, stored: Stored, now: datetime) -> None:
        key = self.notice.once_key(stored.conversation_id)
        _say(connection, stored.conversation_id, self.notice.message, now, once_key=key)


def let_go(
    connection: sa.Connection,
    update_id: int,
    sender: str,
    message: Mapping[str, Any],
    now: datetime,
) -> None:
    """Take an update and say, once a minute, why it is not read. Raises NothingNew."""
    if not telegram.take_update(connection, update_id, now):
        raise NothingNew
    conversation_id = transcript.find_conversation(connection, telegram.CHANNEL, sender)
    if conversation_id is not None:
        key = f"too_fast:{conversation_id}:{now:%Y%m%d%H%M}"
        _say(connection, conversation_id, message, now, once_key=key)


def _say(
    connection: sa.Connection,
    conversation_id: str,
    message: Mapping[str, Any],
    now: datetime,
    *,
    once_key: str | None = None,
) -> None:
    outbox.send(
        connection,
        conversation_id=conversation_id,
        author=outbox.SYSTEM,
        message=message,
        now=now,
        once_key=once_key,
    )

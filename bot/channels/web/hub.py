"""The open sockets of this process: who is told what when something changes anywhere."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine, Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

import structlog

from bot.channels.web import outgoing
from bot.channels.web.visitors import CHANNEL, SESSION_ENDED, Visitors
from bot.conversations.notifier import Listener, Notifier, about_channel
from bot.errors import StorageUnavailable
from bot.limits import WEB_SWEEP_S
from bot.storage import outbox, ownership, web_sessions
from bot.storage.database import Database
from bot.storage.events import (
    CONVERSATION_CHANGED,
    CONVERSATION_ERASED,
    MESSAGE_ADDED,
    TYPING,
    Event,
)

if TYPE_CHECKING:
    from bot.channels.web.connection import Connection

log = structlog.get_logger("sportello.web")


class Hub:
    """Connections by whom they belong to and by conversation."""

    def __init__(self, visitors: Visitors, database: Database, notifier: Notifier) -> None:
        self._visitors = visitors
        self._database = database
        self._notifier = notifier
        self._by_sender: dict[str, set[Connection]] = {}
        self._senders: dict[str, str] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._polls: set[asyncio.Future[bool]] = set()
        self._listening: AbstractContextManager[Listener] | None = None
        notifier.handle(self._on_event)

    def add(self, connection: Connection) -> None:
        """A browser has connected."""
        session = connection.visitor.session
        self._by_sender.setdefault(session.sender, set()).add(connection)
        if session.conversation_id is not None:
            self._senders[session.conversation_id] = session.sender
        if self._listening is None:
            # Only while somebody is here are the changes of other processes looked for often.
            self._listening = self._notifier.listening(about_channel(CHANNEL))
            self._listening.__enter__()

    def remove(self, connection: Connection) -> None:
        """A connection is gone."""
        session = connection.visitor.session
        siblings = self._by_sender.get(session.sender, set())
        siblings.discard(connection)
        if not siblings:
            self._by_sender.pop(session.sender, None)
            if session.conversation_id is not None:
                self._senders.pop(session.conversation_id, None)
        if not self._by_sender and self._listening is not None:
            self._listening.__exit__(None, None, None)
            self._listening = None

    def learn(self, sender: str, conversation_id: str) -> None:
        """The first message of a browser has made a conversation."""
        self._senders[conversation_id] = sender
        for connection in list(self._by_sender.get(sender, ())):
            connection.belongs_to(conversation_id)

    def count(self, sender: str) -> int:
        """How many connections a browser has."""
        return len(self._by_sender.get(sender, ()))

    def everybody(self) -> list[Connection]:
        """All connections."""
        return [one for connections in self._by_sender.values() for one in connections]

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something that must not hold up who asks for it."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def sweep(self) -> None:
        """Close sockets whose secret has expired, and forget such secrets, until cancelled."""
        while True:
            await asyncio.sleep(WEB_SWEEP_S)
            for connection in self.everybody():
                if self._visitors.is_expired(connection.visitor):
                    self.start(connection.end("expired"))
            try:
                await self._visitors.prune()
            except StorageUnavailable as error:
                log.warning("storage.unavailable", reason=str(error))

    async def waited(self, waiting: Awaitable[bool]) -> bool:
        """What is waited for, or False when the server stops: a long poll must not hold it up."""
        task = asyncio.ensure_future(waiting)
        self._polls.add(task)
        try:
            await asyncio.wait({task})
        finally:
            self._polls.discard(task)
            task.cancel()
        return not task.cancelled() and task.result()

    async def close(self) -> None:
        """Tell everybody that the server stops: they come back to the next one."""
        for poll in list(self._polls):
            poll.cancel()
        await asyncio.gather(*(one.go_away() for one in self.everybody()), return_exceptions=True)
        for task in list(self._tasks):
            task.cancel()

    def _on_event(self, event: Event) -> None:
        payload = event.payload
        if event.kind == SESSION_ENDED:
            for connection in list(self._by_sender.get(payload["sender"], ())):
                self.start(connection.end(payload["reason"]))
        elif event.kind == CONVERSATION_ERASED:
            for connection in self._of(payload["conversation"]):
                connection.forget()
        elif event.kind == CONVERSATION_CHANGED:
            self._on_owner(payload)
        elif event.kind == TYPING and payload["author"] == outbox.STAFF:
            for connection in self._of(payload["conversation"]):
                self.start(connection.tell(outgoing.typing(outbox.STAFF, on=True)))
        elif event.kind == MESSAGE_ADDED and payload["channel"] == CHANNEL:
            self._on_message(payload["conversation"])

    def _on_owner(self, payload: dict[str, Any]) -> None:
        for connection in self._of(payload["conversation"]):
            connection.owner_changed()
        if ownership.WAITING in (payload["owner"], payload["was"]):
            # The others in the queue move up or down.
            for connection in self.everybody():
                if connection.visitor.owner == ownership.WAITING:
                    connection.owner_changed()

    def _on_message(self, conversation_id: str) -> None:
        if conversation_id in self._senders:
            for connection in self._of(conversation_id):
                connection.belongs_to(conversation_id)
                connection.wake()
        elif any(one.visitor.conversation_id is None for one in self.everybody()):
            # Perhaps a first message that another process received from another tab.
            self.start(self._look_up(conversation_id))

    async def _look_up(self, conversation_id: str) -> None:
        sender = await self._database.read(web_sessions.sender_of, conversation_id)
        if sender in self._by_sender:
            self.learn(sender, conversation_id)

    def _of(self, conversation_id: str) -> Iterator[Connection]:
        sender = self._senders.get(conversation_id, "")
        return iter(list(self._by_sender.get(sender, ())))

"""Conversations without a server: with the shared assistant alone, or with the whole runtime on a database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid4

from actions.context import ActionContext
from actions.private_database import PrivateDatabase
from bot.assistant.assistant import Assistant
from bot.clock import Clock
from bot.runtime import Runtime
from bot.settings import Settings
from bot.storage.database import Database
from knowledge.base import KnowledgeBase

WORKING_TUESDAY = datetime(2026, 11, 24, 10, 30)

Messages = list[dict[str, Any]]


@dataclass
class Chat:
    """One conversation with an assistant, kept in memory; ``now`` is what the clock shows."""

    assistant: Assistant
    knowledge: KnowledgeBase
    now: datetime = WORKING_TUESDAY
    _id: str = field(default_factory=lambda: uuid4().hex)
    _dialogue: Any = None
    _database: Any = None

    async def say(self, message: str) -> Messages:
        """Answer one message."""
        dialogue = self._dialogue or self.assistant.restore(self._id, None)
        clock = Clock(self.now)
        database = self._database = self._database or PrivateDatabase(clock)
        context = ActionContext(
            self.knowledge, clock, lambda _, unit: database.write(unit), database.read
        )
        answered = await self.assistant.answer(dialogue, message, message, context)
        self._dialogue = answered.dialogue
        return answered.messages


@asynccontextmanager
async def running(settings: Settings, assistant: Assistant) -> AsyncIterator[Runtime]:
    """The runtime of the terminal and of the server, with a model that is loaded already."""
    runtime = Runtime(settings, Database(settings.effective_database_url))
    runtime.assistants.use(assistant)
    try:
        await runtime.prepare()
        await runtime.load_knowledge()
        yield runtime
    finally:
        await runtime.database.close()


def texts(messages: Messages) -> str:
    """All texts of an answer."""
    return "\n".join(message["text"] for message in messages)


def topics(messages: Messages) -> set[str]:
    """Topics of all messages of an answer."""
    return {message["custom"]["topic"] for message in messages}

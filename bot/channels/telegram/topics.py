"""Deep links: ``https://t.me/<bot>?start=<payload>`` opens the chat on a topic (pure)."""

from __future__ import annotations

from bot.conversations.commands import COMMANDS
from knowledge.base import KnowledgeBase


def question_of(payload: str, knowledge: KnowledgeBase | None) -> str | None:
    """What the payload of a deep link asks: a command by its name, a record by its id; None if it names nothing.

    Telegram allows letters, digits, ``_`` and ``-``, as record ids do.
    """
    command = f"/{payload.lower()}"
    if command in COMMANDS:
        return COMMANDS[command]
    record = knowledge.record(payload.lower()) if knowledge is not None else None
    return record.names[0] if record is not None else None

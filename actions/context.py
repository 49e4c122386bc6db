"""What an action may use besides the tracker: the knowledge, the clock, and effects that happen once.

The application sets the context for each turn; under the stock `rasa run actions` there is none, and one is
made from the content files and a private database that ends with the process.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from actions.private_database import PrivateDatabase
from bot.clock import Clock
from bot.settings import load_settings
from knowledge.base import KnowledgeBase

Unit = Callable[[sa.Connection], Any]
"""A unit of work of `bot.storage`; the result of an effect must be JSON."""


def _nothing_to_erase(_: sa.Connection) -> None:
    """Without a database there is nothing."""


def _no_link(_: str) -> str:
    """Without a server there is no page."""
    return ""


async def _no_database(*_: Any) -> Any:
    raise RuntimeError("this action needs the application's database")


@dataclass(frozen=True)
class ActionContext:
    """Everything an action needs from the application.

    ``once(effect, unit)`` runs ``unit`` and stores its result in one transaction, once for the message being
    answered; when the turn is replayed the stored result comes back. ``read(unit)`` only reads.
    What belongs to the answer itself, such as a change of owner, is appended to ``at_commit``: it is done in the
    transaction that stores the answer, or not at all. ``erase`` is the unit that erases all of the person's data but
    the message at hand. What an action finds to be private in the message (a name that was asked for) it appends to
    ``private`` with what stands for it in the text that is kept. ``appointment_link`` gives the page of an appointment.
    """

    knowledge: KnowledgeBase
    clock: Clock
    once: Callable[[str, Unit], Awaitable[Any]] = _no_database
    read: Callable[[Unit], Awaitable[Any]] = _no_database
    channel: str = ""
    conversation_id: str = ""
    inbound_id: int = 0
    owner: str = "assistant"
    at_commit: list[Unit] = field(default_factory=list)
    erase: Unit = _nothing_to_erase
    private: list[tuple[str, str]] = field(default_factory=list)
    appointment_link: Callable[[str], str] = _no_link

    @property
    def has_database(self) -> bool:
        """Whether there is a conversation to act on; the stock Rasa commands have none."""
        return bool(self.conversation_id)

    def without_private(self, text: str) -> str:
        """A text that is kept, without what the actions found to be private in it."""
        for said, label in self.private:
            text = text.replace(said, label)
        return text


_CURRENT: ContextVar[ActionContext] = ContextVar("sportello_action_context")


def set_context(context: ActionContext) -> None:
    """Use ``context`` for the actions of the current task."""
    _CURRENT.set(context)


def current_context() -> ActionContext:
    """The context of the turn, or one made from the content files."""
    try:
        return _CURRENT.get()
    except LookupError:
        return _standalone()


@lru_cache(maxsize=1)
def _standalone() -> ActionContext:
    clock = Clock(load_settings().clock)
    database = PrivateDatabase(clock)
    return ActionContext(
        KnowledgeBase.from_files(clock.now().date()),
        clock,
        lambda _, unit: database.write(unit),
        database.read,
        channel="stock",
    )

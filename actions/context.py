"""What an action may use besides the tracker: the knowledge, the clock, and effects that happen once.

The application sets the context for each turn; under the stock `rasa run actions` there is none, and one is
made from the content files.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache

from bot.clock import Clock
from bot.settings import load_settings
from knowledge.base import KnowledgeBase

EffectWork = Callable[[], Awaitable[str]]


async def _run_without_record(_effect: str, work: EffectWork) -> str:
    return await work()


@dataclass(frozen=True)
class ActionContext:
    """Everything an action needs from the application.

    ``once(effect, work)`` runs ``work`` once for the message being answered and returns its stored result when
    the turn is replayed.
    """

    knowledge: KnowledgeBase
    clock: Clock
    once: Callable[[str, EffectWork], Awaitable[str]] = _run_without_record


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
    return ActionContext(KnowledgeBase.from_files(), Clock(load_settings().clock))

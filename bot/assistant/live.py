"""Dialogues in memory and the outcome of a turn: what the rest of the program handles without importing Rasa."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from actions.texts import text
from bot.limits import LIVE_TRACKERS

if TYPE_CHECKING:
    from bot.assistant.snapshots import LiveDialogue


@dataclass(frozen=True)
class Answered:
    """Outcome of a turn: messages in the shape of every channel, the state to store, the dialogue to keep."""

    messages: list[dict[str, Any]]
    snapshot: str
    dialogue: LiveDialogue


class LiveDialogues:
    """The most recent dialogues in memory, valid for one version of the conversation and one model."""

    def __init__(self, capacity: int = LIVE_TRACKERS) -> None:
        self._capacity = capacity
        self._kept: OrderedDict[str, tuple[int, str, LiveDialogue]] = OrderedDict()

    def take(self, conversation_id: str, version: int, model_id: str) -> LiveDialogue | None:
        """Take a dialogue out; it comes back through `keep` only if its turn is committed."""
        entry = self._kept.pop(conversation_id, None)
        if entry is None or entry[:2] != (version, model_id):
            return None
        return entry[2]

    def keep(
        self, conversation_id: str, version: int, model_id: str, dialogue: LiveDialogue
    ) -> None:
        """Keep a dialogue whose state is stored as ``version``."""
        self._kept[conversation_id] = (version, model_id, dialogue)
        self._kept.move_to_end(conversation_id)
        while len(self._kept) > self._capacity:
            self._kept.popitem(last=False)

    def drop(self, conversation_id: str) -> None:
        """Forget one."""
        self._kept.pop(conversation_id, None)

    def clear(self) -> None:
        """Forget all: they are rebuilt from their snapshots."""
        self._kept.clear()


def fault_message() -> dict[str, Any]:
    """What the citizen reads when something failed on our side."""
    return {"text": text("fault"), "custom": {"status": "fault", "topic": "", "records": []}}

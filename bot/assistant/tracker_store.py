"""The tracker store that Rasa sees: it hands over the tracker of the turn that is open, and nothing else.

Reading and writing belong to the turn (`bot.conversations.turns`), which commits dialogue state, answers and
"done" together. Rasa would wrap a store in ``FailSafeTrackerStore``, which hides a failed save and turns a failed
read into a new conversation; `bot.assistant.assistant` gives the processor this store bare.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker


class TurnTrackerStore(TrackerStore):
    """Trackers of the turns that are running, by conversation id."""

    def __init__(self, domain: Domain) -> None:
        super().__init__(domain)
        self._open: dict[str, DialogueStateTracker] = {}

    @contextmanager
    def opened(self, tracker: DialogueStateTracker) -> Iterator[None]:
        """Let Rasa find ``tracker`` while the block runs. One turn of a conversation at a time."""
        if tracker.sender_id in self._open:
            raise RuntimeError("two turns of one conversation at once")
        self._open[tracker.sender_id] = tracker
        try:
            yield
        finally:
            del self._open[tracker.sender_id]

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        """The open tracker; a conversation without one is an error, never a new conversation."""
        return self._open[sender_id]

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Nothing to do here: the turn commits the state with its answers."""

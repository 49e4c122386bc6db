"""How much one citizen may write in a minute. Counted in memory: a restart forgets."""

from __future__ import annotations

from collections import Counter
from typing import Final

_WINDOW_S: Final = 60.0


class Throttle:
    """Counts messages of chats in one minute after the other; what is over is forgotten with its minute."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._minute = 0
        self._counts: Counter[int] = Counter()

    def is_over(self, chat: int, now: float) -> bool:
        """Whether a chat has used up its minute; ``now`` in monotonic seconds."""
        self._turn(now)
        return self._counts[chat] >= self._per_minute

    def count(self, chat: int, now: float) -> None:
        """Count a message that was stored: what Telegram repeats is not the citizen's doing."""
        self._turn(now)
        self._counts[chat] += 1

    def _turn(self, now: float) -> None:
        minute = int(now // _WINDOW_S)
        if minute != self._minute:
            self._minute = minute
            self._counts.clear()

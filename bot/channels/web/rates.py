"""Counting what one visitor or one address does. Counts live in memory: each process has its own, a restart forgets them."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

_MOST_KEYS: Final = 50_000
"""Who has not been seen for longest is forgotten: a flood of addresses must not fill the memory."""


@dataclass
class _Window:
    begins: float
    before: int = 0
    now: int = 0


class RateLimit:
    """At most ``limit`` takes of a key in any ``per_s`` seconds, with two counters for each key.

    The window that is over counts by the share of it that still lies within ``per_s`` seconds.
    """

    def __init__(self, limit: int, per_s: float) -> None:
        self._limit = limit
        self._per_s = per_s
        self._windows: OrderedDict[str, _Window] = OrderedDict()

    def take(self, key: str, now: float) -> int:
        """Count one; 0 if it is within the limit, else whole seconds until it may be tried again (nothing is counted).

        Args:
            now: monotonic seconds.
        """
        window = self._window(key, now)
        share = 1 - (now - window.begins) / self._per_s
        if window.before * share + window.now < self._limit:
            window.now += 1
            return 0
        return max(1, int(self._per_s - (now - window.begins)) + 1)

    def _window(self, key: str, now: float) -> _Window:
        window = self._windows.setdefault(key, _Window(now))
        self._windows.move_to_end(key)
        if len(self._windows) > _MOST_KEYS:
            self._windows.popitem(last=False)
        passed = int((now - window.begins) // self._per_s)
        if passed:
            window.before = window.now if passed == 1 else 0
            window.now = 0
            window.begins += passed * self._per_s
        return window


class Places:
    """How many connections of a key are open at once."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._taken: dict[str, int] = {}

    def taken(self, key: str) -> int:
        """How many are open."""
        return self._taken.get(key, 0)

    def take(self, key: str) -> bool:
        """Take a place; False if none is free."""
        taken = self._taken.get(key, 0)
        if taken >= self._limit:
            return False
        self._taken[key] = taken + 1
        return True

    def give_back(self, key: str) -> None:
        """Give a place back."""
        self._taken[key] -= 1
        if not self._taken[key]:
            del self._taken[key]

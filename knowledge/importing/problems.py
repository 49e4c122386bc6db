"""Gathering what is wrong with a file, so that it is mended in one go."""

from __future__ import annotations

from typing import Final

from bot.errors import ContentError, raise_problems

_MAX_KEPT: Final = 1_000
"""A file wrong in every line is told as such by its first thousand problems."""


class Problems:
    """Problems of one file."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.found: list[ContentError] = []
        self.count = 0

    def add(self, problem: str, remedy: str, *, line: int | None = None, field: str = "") -> None:
        """Note a problem."""
        self.count += 1
        if len(self.found) < _MAX_KEPT:
            self.found.append(ContentError(self.path, problem, remedy, line=line, field=field))

    def raise_if_any(self) -> None:
        """Raise what was noted.

        Raises:
            ContentError: when something was.
        """
        raise_problems(self.found)

"""Streams and sessions: only what was asked about is ended."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from bot.console.live import LiveConnections
from bot.settings import Settings
from bot.storage.database import Database
from tests.support.console import MovableClock


class _Slow:
    """A database that somebody connects to while it is being asked: it knows of no living session."""

    def __init__(self, meanwhile: Callable[[], Any]) -> None:
        self._meanwhile = meanwhile

    async def read(self, *_: Any, **__: Any) -> set[int]:
        """Nobody is alive; meanwhile a page opens."""
        self._meanwhile()
        return set()


async def test_a_stream_that_opens_during_the_check_is_not_ended(
    make_settings: Callable[..., Settings],
) -> None:
    live = LiveConnections()
    with live.connected(1, 1) as old:
        opened = []
        newcomer = live.connected(2, 2)
        database = _Slow(lambda: opened.append(newcomer.__enter__()))
        await live.check(cast(Database, database), MovableClock(), make_settings())
        assert old is not None
        assert old.ended.is_set()
        assert not opened[0].ended.is_set()
        newcomer.__exit__(None, None, None)

"""The parts of the web channel that hang on the application, and their life."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from aiohttp import web

from bot.channels.web.chat import WebChat
from bot.channels.web.feed import Feed
from bot.channels.web.hub import Hub
from bot.channels.web.rates import Places, RateLimit
from bot.channels.web.visitors import Visitors

if TYPE_CHECKING:
    from bot.runtime import Runtime

_EVERYBODY: Final = "*"


@dataclass(frozen=True)
class WebParts:
    """What the handlers share. ``frames`` counts frames of a visitor; ``here`` and ``all`` open connections."""

    visitors: Visitors
    chat: WebChat
    feed: Feed
    hub: Hub
    frames: RateLimit
    here: Places
    all: Places
    per_visitor: int

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return self.all.taken(_EVERYBODY)

    @contextmanager
    def place(self, address: str) -> Iterator[bool]:
        """Take a place for a connection; False if there is none."""
        has_place = self.all.take(_EVERYBODY)
        if has_place and not self.here.take(address):
            self.all.give_back(_EVERYBODY)
            has_place = False
        try:
            yield has_place
        finally:
            if has_place:
                self.here.give_back(address)
                self.all.give_back(_EVERYBODY)


WEB: Final = web.AppKey("web", WebParts)


def web_parts(runtime: Runtime) -> WebParts:
    """The parts of the web channel of one process."""
    settings = runtime.settings
    visitors = Visitors(runtime)
    hub = Hub(visitors, runtime.database, runtime.notifier)
    return WebParts(
        visitors,
        WebChat(runtime, visitors),
        Feed(runtime),
        hub,
        RateLimit(settings.web_frames_per_minute, 60),
        Places(settings.web_sockets_per_address),
        Places(settings.web_sockets),
        settings.web_sockets_per_visitor,
    )


async def web_life(app: web.Application) -> AsyncIterator[None]:
    """Look for expired secrets while the application runs."""
    sweeping = asyncio.create_task(app[WEB].hub.sweep())
    yield
    sweeping.cancel()
    await asyncio.gather(sweeping, return_exceptions=True)


async def say_goodbye(app: web.Application) -> None:
    """Signal handler: sockets are closed before the server waits for its handlers."""
    await app[WEB].hub.close()

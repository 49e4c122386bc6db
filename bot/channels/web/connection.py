"""One open socket: sending with an end to every wait, and pushing what is new."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Final

import structlog
from aiohttp import WSCloseCode, WSMsgType, web

from bot.channels.web import outgoing
from bot.channels.web.feed import Feed
from bot.channels.web.hub import Hub
from bot.channels.web.outgoing import OutFrame
from bot.channels.web.visitors import Visitor, first_to_send
from bot.errors import StorageUnavailable
from bot.limits import WEB_SEND_TIMEOUT_S

log = structlog.get_logger("sportello.web")

_PAUSE_S: Final = 1.0
"""Between two looks at a database that does not answer."""


class Wire:
    """Sending and receiving on a socket, with an end to every wait."""

    def __init__(self, request: web.Request, socket: web.WebSocketResponse) -> None:
        self._request = request
        self._socket = socket

    async def receive(self, timeout_s: float | None = None) -> str | None:
        """The next frame, None when there are no more."""
        message = await self._socket.receive(timeout_s)
        if message.type is WSMsgType.TEXT:
            return str(message.data)
        if message.type is WSMsgType.BINARY:
            await self.close(WSCloseCode.UNSUPPORTED_DATA)
        return None

    async def send(self, frame: OutFrame) -> None:
        """Send a frame.

        Raises:
            ConnectionError: the other side is gone.
            asyncio.TimeoutError: it does not read.
        """
        data = json.dumps(frame, ensure_ascii=False, separators=(",", ":"))
        await asyncio.wait_for(self._socket.send_str(data), WEB_SEND_TIMEOUT_S)

    async def close(self, code: int) -> None:
        """Say goodbye, waiting for the answer a moment at most."""
        await self._socket.close(code=code)

    def abort(self) -> None:
        """Drop the connection."""
        if self._request.transport is not None:
            self._request.transport.abort()


class Connection:
    """The socket of a browser that was let in."""

    def __init__(self, hub: Hub, feed: Feed, wire: Wire, visitor: Visitor) -> None:
        self.visitor = visitor
        self._hub = hub
        self._feed = feed
        self._wire = wire
        self._pushing = asyncio.Lock()
        self._known = 0
        self._is_fresh = True
        self._is_woken = False
        self._is_forgotten = False
        self._has_new_owner = False

    async def replay(self, after: int) -> None:
        """Send what the client has missed, then say that all is told."""
        last_seq = self.visitor.session.last_seq
        async with self._pushing:
            if after > last_seq:
                await self._wire.send({"type": "reset"})
            self._known = first_to_send(after, last_seq) - 1
            self._is_fresh = not 0 < after <= last_seq
            self._is_woken = self._has_new_owner = True
            await self._push()
            await self._wire.send({"type": "live"})
        self._push_rest()

    async def resume(self, after: int) -> None:
        """Send again what came after a number."""
        async with self._pushing:
            self._known, self._is_fresh = after, False
            self._is_woken = True
            await self._push()
        self._push_rest()

    def wake(self) -> None:
        """There may be new messages."""
        self._is_woken = True
        self._push_soon()

    def owner_changed(self) -> None:
        """Somebody else answers now, or the queue has moved."""
        self._has_new_owner = True
        self._push_soon()

    def forget(self) -> None:
        """What the client knows is no longer so: it begins anew."""
        self._is_forgotten = self._is_woken = True
        self._push_soon()

    def belongs_to(self, conversation_id: str) -> None:
        """The conversation of this browser has begun, perhaps in another tab."""
        before = self.visitor.conversation_id
        self.visitor.session = replace(self.visitor.session, conversation_id=conversation_id)
        if before not in (None, conversation_id):
            self.forget()

    async def tell(self, frame: OutFrame) -> None:
        """Send something that is worth nothing later."""
        try:
            async with self._pushing:
                await self._wire.send(frame)
        except (ConnectionError, asyncio.TimeoutError):
            self._wire.abort()
        self._push_rest()

    async def end(self, reason: str) -> None:
        """The secret is over."""
        try:
            await self._wire.send(outgoing.ended(reason))
            await self._wire.close(WSCloseCode.OK)
        except (ConnectionError, asyncio.TimeoutError):
            self._wire.abort()

    async def go_away(self) -> None:
        """The server stops."""
        await self._wire.close(WSCloseCode.GOING_AWAY)

    def _push_rest(self) -> None:
        # What came between the last look and the end of the lock woke nobody.
        if self._is_woken or self._has_new_owner or self._is_forgotten:
            self._push_soon()

    def _push_soon(self) -> None:
        # Who pushes now looks again before it stops.
        if not self._pushing.locked():
            self._hub.start(self._push_alone())

    async def _push_alone(self) -> None:
        try:
            async with self._pushing:
                await self._push()
        except (ConnectionError, asyncio.TimeoutError):
            self._wire.abort()
        except Exception as error:
            # The client comes back and asks again: better than a silent one.
            log.error("web.push_failed", error=type(error).__name__)
            self._wire.abort()

    async def _push(self) -> None:
        while self._is_woken or self._has_new_owner or self._is_forgotten:
            try:
                await self._push_once()
            except StorageUnavailable:
                self._is_woken = self._has_new_owner = True
                await asyncio.sleep(_PAUSE_S)

    async def _push_once(self) -> None:
        if self._is_forgotten:
            self._is_forgotten, self._known, self._is_fresh = False, 0, True
            await self._wire.send({"type": "reset"})
        if self._has_new_owner:
            self._has_new_owner = False
            await self._wire.send(await self._feed.state(self.visitor))
        if self._is_woken:
            self._is_woken = False
            news = await self._feed.news(self.visitor, self._known, fresh=self._is_fresh)
            for frame in news.frames:
                await self._wire.send(frame)
            self._known = news.upto
            self._is_fresh = self._is_fresh and not news.frames
            self._is_woken = self._is_woken or news.more

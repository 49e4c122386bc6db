"""``GET /ws/chat``: one reader for each socket; what is new is pushed by a task that lives only while there is something."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import replace
from typing import Final

import structlog
from aiohttp import WSCloseCode, WSMsgType, web

from bot.channels.http_errors import BadRequest, error_response
from bot.channels.web import frames, outgoing
from bot.channels.web.addresses import client_address
from bot.channels.web.chat import Visitor, first_to_send
from bot.channels.web.origins import is_allowed_origin
from bot.channels.web.outgoing import OutFrame
from bot.channels.web.parts import WEB, WebParts
from bot.channels.web.texts import text
from bot.errors import StorageUnavailable
from bot.keys import SETTINGS
from bot.limits import (
    WEB_FRAME_MAX_BYTES,
    WEB_FRAMES_FLOOD,
    WEB_HEARTBEAT_S,
    WEB_HELLO_TIMEOUT_S,
    WEB_SEND_TIMEOUT_S,
)

log = structlog.get_logger("sportello.web")

_HELLOS: Final = 5
"""Tries to introduce oneself on one socket."""

_PAUSE_S: Final = 1.0
"""Between two looks at a database that does not answer."""

routes = web.RouteTableDef()


@routes.get("/ws/chat")
async def chat_socket(request: web.Request) -> web.StreamResponse:
    """A browser's connection, until either side ends it."""
    settings, parts = request.app[SETTINGS], request.app[WEB]
    if not is_allowed_origin(request, settings):
        log.info("web.refused", why="origin")
        return error_response(403, "this site may not use the chat: see SPORTELLO_WEB_ORIGINS")
    address = client_address(request, settings.proxy_networks)
    with parts.place(address) as has_place:
        if not has_place:
            log.info("web.refused", why="places")
            return error_response(503, "too many connections", message=text("busy"))
        socket = web.WebSocketResponse(
            heartbeat=WEB_HEARTBEAT_S,
            max_msg_size=WEB_FRAME_MAX_BYTES,
            compress=False,
            timeout=WEB_SEND_TIMEOUT_S,
        )
        await socket.prepare(request)
        wire = Wire(request, socket)
        try:
            await _talk(parts, wire, address)
        except (ConnectionError, asyncio.TimeoutError):
            # The other side is gone or does not read; it will come back and ask for what it missed.
            wire.abort()
        return socket


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

    def __init__(self, parts: WebParts, wire: Wire, visitor: Visitor) -> None:
        self.visitor = visitor
        self._parts = parts
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
            self._is_woken = True
            await self._push()
            await self._wire.send({"type": "live"})

    async def resume(self, after: int) -> None:
        """Send again what came after a number."""
        async with self._pushing:
            self._known, self._is_fresh = after, False
            self._is_woken = True
            await self._push()

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

    def _push_soon(self) -> None:
        # Who pushes now looks again before it stops.
        if not self._pushing.locked():
            self._parts.hub.start(self._push_alone())

    async def _push_alone(self) -> None:
        try:
            async with self._pushing:
                await self._push()
        except (ConnectionError, asyncio.TimeoutError):
            self._wire.abort()

    async def _push(self) -> None:
        while self._is_woken or self._has_new_owner or self._is_forgotten:
            try:
                await self._push_once()
            except StorageUnavailable:
                self._is_woken = self._has_new_owner = True
                await asyncio.sleep(_PAUSE_S)

    async def _push_once(self) -> None:
        chat = self._parts.chat
        if self._is_forgotten:
            self._is_forgotten, self._known, self._is_fresh = False, 0, True
            await self._wire.send({"type": "reset"})
        if self._has_new_owner:
            self._has_new_owner = False
            await self._wire.send(await chat.state(self.visitor))
        if self._is_woken:
            self._is_woken = False
            news = await chat.news(self.visitor, self._known, fresh=self._is_fresh)
            for frame in news.frames:
                await self._wire.send(frame)
            self._known = news.upto
            self._is_fresh = self._is_fresh and not news.frames
            self._is_woken = self._is_woken or news.more


async def _talk(parts: WebParts, wire: Wire, address: str) -> None:
    """Let a browser in and serve it."""
    for _ in range(_HELLOS):
        try:
            raw = await wire.receive(WEB_HELLO_TIMEOUT_S)
        except asyncio.TimeoutError:
            break
        if raw is None:
            return
        hello = _parsed(raw)
        if not isinstance(hello, frames.Hello):
            break
        visitor, answers = await _welcomed(parts, hello, address)
        for frame in answers:
            await wire.send(frame)
        if visitor is not None:
            if parts.hub.count(visitor.session.sender) >= parts.per_visitor:
                await wire.send(outgoing.error("busy"))
                await wire.close(WSCloseCode.TRY_AGAIN_LATER)
                return
            await _Service(parts, wire, visitor).serve(hello.after)
            return
    await wire.close(WSCloseCode.POLICY_VIOLATION)


async def _welcomed(
    parts: WebParts, hello: frames.Hello, address: str
) -> tuple[Visitor | None, list[OutFrame]]:
    try:
        return await parts.chat.welcome(hello, address)
    except StorageUnavailable:
        return None, [outgoing.error("unavailable")]


class _Service:
    """Serves one connection: its frames in their order, within its limits."""

    def __init__(self, parts: WebParts, wire: Wire, visitor: Visitor) -> None:
        self._parts = parts
        self._wire = wire
        self._connection = Connection(parts, wire, visitor)
        self._refused = 0

    async def serve(self, after: int) -> None:
        hub, visitor = self._parts.hub, self._connection.visitor
        hub.add(self._connection)
        try:
            if visitor.conversation_id is None:
                # Begun by another tab between the look at the secret and now? From here on events tell.
                found = await self._parts.chat.find_conversation(visitor)
                if found is not None:
                    hub.learn(visitor.session.sender, found)
            await self._connection.replay(after)
            while (raw := await self._wire.receive()) is not None:
                await self._serve_one(raw)
                if self._refused > WEB_FRAMES_FLOOD:
                    log.info("web.refused", why="flood")
                    await self._wire.close(WSCloseCode.POLICY_VIOLATION)
                    return
        finally:
            hub.remove(self._connection)

    async def _serve_one(self, raw: str) -> None:
        frame = _parsed(raw)
        message_id = frame.id if isinstance(frame, frames.Message) else ""
        digest = self._connection.visitor.session.digest
        wait_s = self._parts.frames.take(digest, time.monotonic())
        if wait_s or frame is None:
            self._refused += 1
            refusal = outgoing.error("bad_frame")
            if wait_s:
                refusal = outgoing.rate_limited(wait_s, message_id=message_id)
            await self._wire.send(refusal)
            return
        try:
            answers = await self._answers(frame)
        except StorageUnavailable:
            answers = [outgoing.error("unavailable", message_id=message_id)]
        self._refused = self._refused + 1 if _is_refusal(answers) else 0
        for answer in answers:
            await self._wire.send(answer)

    async def _answers(self, frame: frames.Frame) -> list[OutFrame]:
        connection, chat = self._connection, self._parts.chat
        if isinstance(frame, frames.Resume):
            await connection.resume(frame.after)
            return []
        if isinstance(frame, frames.Hello):
            await chat.accept_notice(connection.visitor, frame.notice)
            return []
        if isinstance(frame, frames.Poll):
            return [outgoing.error("bad_frame")]
        if isinstance(frame, frames.Plain) and frame.type == "restart":
            return await self._restart()
        before = connection.visitor.conversation_id
        answers = await chat.handle(connection.visitor, frame)
        now = connection.visitor.conversation_id
        if now is not None and now != before:
            self._parts.hub.learn(connection.visitor.session.sender, now)
        return answers

    async def _restart(self) -> list[OutFrame]:
        hub, old = self._parts.hub, self._connection
        visitor, answers = await self._parts.chat.restart(old.visitor)
        hub.remove(old)
        self._connection = Connection(self._parts, self._wire, visitor)
        hub.add(self._connection)
        return answers


def _is_refusal(answers: list[OutFrame]) -> bool:
    return any(frame["type"] == "error" for frame in answers)


def _parsed(raw: str) -> frames.Frame | None:
    try:
        return frames.parse_frame(raw)
    except BadRequest:
        return None

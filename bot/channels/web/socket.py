"""``GET /ws/chat``: who is let in, and the one reader of each socket."""

from __future__ import annotations

import asyncio
import time
from typing import Final

import structlog
from aiohttp import WSCloseCode, web

from bot.channels.http_errors import BadRequest, error_response
from bot.channels.web import frames, outgoing
from bot.channels.web.addresses import client_address
from bot.channels.web.connection import Connection, Wire
from bot.channels.web.origins import is_allowed_origin
from bot.channels.web.outgoing import OutFrame
from bot.channels.web.parts import WEB, WebParts
from bot.channels.web.texts import text
from bot.channels.web.visitors import Visitor
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
        return await parts.visitors.welcome(hello, address)
    except StorageUnavailable:
        return None, [outgoing.error("unavailable")]


class _Service:
    """Serves one connection: its frames in their order, within its limits."""

    def __init__(self, parts: WebParts, wire: Wire, visitor: Visitor) -> None:
        self._parts = parts
        self._wire = wire
        self._connection = Connection(parts.hub, parts.feed, wire, visitor)
        self._refused = 0

    async def serve(self, after: int) -> None:
        hub, visitor = self._parts.hub, self._connection.visitor
        hub.add(self._connection)
        try:
            if visitor.conversation_id is None:
                # Begun by another tab between the look at the secret and now? From here on events tell.
                found = await self._parts.visitors.find_conversation(visitor)
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
            await self._parts.visitors.accept_notice(connection.visitor, frame.notice)
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
        visitor, answers = await self._parts.visitors.restart(old.visitor)
        hub.remove(old)
        self._connection = Connection(hub, self._parts.feed, self._wire, visitor)
        hub.add(self._connection)
        return answers


def _is_refusal(answers: list[OutFrame]) -> bool:
    return any(frame["type"] == "error" for frame in answers)


def _parsed(raw: str) -> frames.Frame | None:
    try:
        return frames.parse_frame(raw)
    except BadRequest:
        return None

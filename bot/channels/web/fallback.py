"""``POST /chat/frames``: the same frames by plain requests, where WebSockets do not get through."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

from aiohttp import web

from bot.channels.http_errors import BadRequest, error_response
from bot.channels.json_body import read_text
from bot.channels.web import frames, outgoing
from bot.channels.web.addresses import client_address
from bot.channels.web.origins import cors_headers, is_allowed_origin
from bot.channels.web.outgoing import OutFrame
from bot.channels.web.parts import WEB, WebParts
from bot.channels.web.texts import text
from bot.channels.web.visitors import Visitor, first_to_send
from bot.conversations.notifier import about_conversation
from bot.errors import StorageUnavailable
from bot.keys import RUNTIME, SETTINGS
from bot.limits import WEB_SECRET_MAX_CHARS

if TYPE_CHECKING:
    from bot.runtime import Runtime

_BEARER: Final = "Bearer "
_BEFORE_FIRST_S: Final = 2.0

routes = web.RouteTableDef()


@routes.options("/chat/frames")
@routes.options("/chat/config")
async def preflight(request: web.Request) -> web.Response:
    """Which sites may ask; the others get no permission."""
    return web.Response(status=204, headers=cors_headers(request, request.app[SETTINGS]))


@routes.post("/chat/frames")
async def chat_frames(request: web.Request) -> web.Response:
    """One frame of the client; the answer is a list of frames."""
    settings, parts = request.app[SETTINGS], request.app[WEB]
    if "Origin" in request.headers and not is_allowed_origin(request, settings):
        return error_response(403, "this site may not use the chat: see SPORTELLO_WEB_ORIGINS")
    address = client_address(request, settings.proxy_networks)
    with parts.place(address) as has_place:
        if not has_place:
            return error_response(503, "too many connections", message=text("busy"))
        try:
            frame = frames.parse_frame(await read_text(request))
            answers = await _Exchange(parts, request.app[RUNTIME], address).of(
                frame, _secret(request)
            )
        except BadRequest:
            answers = [outgoing.error("bad_frame")]
        except StorageUnavailable:
            answers = [outgoing.error("unavailable")]
    waits = [answer["retry_after_s"] for answer in answers if "retry_after_s" in answer]
    headers = cors_headers(request, settings)
    if waits:
        headers["Retry-After"] = str(waits[0])
    return web.json_response({"frames": answers}, status=429 if waits else 200, headers=headers)


class _Exchange:
    """What a frame that came by itself is answered with."""

    def __init__(self, parts: WebParts, runtime: Runtime, address: str) -> None:
        self._parts = parts
        self._runtime = runtime
        self._address = address

    async def of(self, frame: frames.Frame, secret: str) -> list[OutFrame]:
        """The frames of the server."""
        if isinstance(frame, frames.Hello):
            return await self._welcome(frame)
        session = await self._parts.visitors.session_of(secret, self._address)
        if isinstance(session, dict):
            return [session]
        wait_s = self._parts.frames.take(session.digest, time.monotonic())
        if wait_s:
            message_id = frame.id if isinstance(frame, frames.Message) else ""
            return [outgoing.rate_limited(wait_s, message_id=message_id)]
        visitor = Visitor(session)
        if isinstance(frame, frames.Poll):
            return await self._poll(visitor, frame)
        if isinstance(frame, frames.Resume):
            return (await self._parts.feed.news(visitor, frame.after)).frames
        if isinstance(frame, frames.Plain) and frame.type == "restart":
            return (await self._parts.visitors.restart(visitor))[1]
        return await self._parts.chat.handle(visitor, frame)

    async def _welcome(self, hello: frames.Hello) -> list[OutFrame]:
        visitor, answers = await self._parts.visitors.welcome(hello, self._address)
        if visitor is None:
            return answers
        last_seq = visitor.session.last_seq
        known = first_to_send(hello.after, last_seq) - 1
        is_fresh = not 0 < hello.after <= last_seq
        reset: list[OutFrame] = [{"type": "reset"}] if hello.after > last_seq else []
        news = await self._parts.feed.news(visitor, known, fresh=is_fresh)
        state = await self._parts.feed.state(visitor)
        return [*answers, *reset, state, *news.frames, {"type": "live"}]

    async def _poll(self, visitor: Visitor, poll: frames.Poll) -> list[OutFrame]:
        feed = self._parts.feed
        if visitor.conversation_id is None:
            # Nothing comes before the first message, which another request brings.
            await asyncio.sleep(min(poll.wait_s, _BEFORE_FIRST_S))
            return []
        if poll.after > visitor.session.last_seq:
            return [{"type": "reset"}, *(await feed.news(visitor, 0, fresh=True)).frames]
        with self._runtime.notifier.listening(
            about_conversation(visitor.conversation_id)
        ) as listener:
            news = await feed.news(visitor, poll.after)
            if not news.frames and await self._parts.hub.waited(listener.wait(poll.wait_s)):
                news = await feed.news(visitor, poll.after)
        return [*news.frames, await feed.state(visitor)]


def _secret(request: web.Request) -> str:
    header = request.headers.get("Authorization", "")
    return header.removeprefix(_BEARER)[:WEB_SECRET_MAX_CHARS] if header.startswith(_BEARER) else ""

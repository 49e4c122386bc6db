"""The first page of the console and the stream of live news."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from aiohttp import web

from bot.console.guard import add_page_headers
from bot.console.keys import CONSOLE
from bot.console.pages import render
from bot.console.permissions import Permission
from bot.console.routing import ConsoleRoutes
from bot.console.sessions import session_of

routes = ConsoleRoutes()

_HEARTBEAT_S = 15.0


@routes.get("/", Permission.SIGNED_IN)
async def home(request: web.Request) -> web.StreamResponse:
    """Where everybody begins."""
    return render(request, "home.html")


@routes.get("/novita", Permission.SIGNED_IN, counts_as_use=False)
async def news(request: web.Request) -> web.StreamResponse:
    """Server-sent events until the session ends: the page asks again for what has changed."""
    session = session_of(request)
    live = request.app[CONSOLE].live
    with live.connected(session.id, session.account.id) as connection:
        if connection is None:
            raise web.HTTPTooManyRequests
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        response.headers["Cache-Control"] = "no-store"
        add_page_headers(response)
        await response.prepare(request)
        await response.write(b"retry: 2000\n\n")
        while not connection.ended.is_set():
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(connection.ended.wait(), _HEARTBEAT_S)
                break
            await response.write(b": still here\n\n")
        await response.write(b"event: over\ndata: {}\n\n")
    return response

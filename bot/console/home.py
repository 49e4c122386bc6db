"""The first page of the console, one's presence, and the stream of live news."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from dataclasses import asdict

from aiohttp import web

from bot.console import accounts
from bot.console.forms import field
from bot.console.guard import add_page_headers
from bot.console.keys import CONSOLE, PREFIX
from bot.console.pages import render, see_other
from bot.console.permissions import Permission, allows
from bot.console.routing import ConsoleRoutes
from bot.console.sessions import local_path, session_of
from bot.conversations.notifier import EVERYTHING
from bot.errors import StorageUnavailable
from bot.limits import NEWS_HEARTBEAT_S, NEWS_PAUSE_S
from bot.storage import staff_desk
from bot.storage.events import newest_event
from bot.storage.staff import Account

routes = ConsoleRoutes()

_BACK_MAX_CHARS = 200
_PRESENCES = (staff_desk.AVAILABLE, staff_desk.BUSY, staff_desk.AWAY)


@routes.get("/", Permission.SIGNED_IN)
async def home(request: web.Request) -> web.StreamResponse:
    """Where everybody begins: those who answer citizens at the queue."""
    if allows(session_of(request).account.role, Permission.READ_CONVERSATIONS):
        return see_other(f"{PREFIX}/conversazioni/elenco/{staff_desk.WAITING}")
    return render(request, "home.html")


@routes.post("/presenza", Permission.SIGNED_IN)
async def set_presence(request: web.Request) -> web.StreamResponse:
    """Available, busy (with a reason) or away: nobody who is away is given conversations."""
    console = request.app[CONSOLE]
    presence = await field(request, "presence")
    if presence not in _PRESENCES:
        raise web.HTTPBadRequest
    reason = await field(request, "reason", max_chars=100)
    await console.database.write(
        accounts.set_presence,
        session_of(request).account,
        presence,
        reason,
        console.clock.utc(),
    )
    back = await field(request, "back", max_chars=_BACK_MAX_CHARS)
    return see_other(local_path(back) if back else f"{PREFIX}/profilo", "done_presence")


@routes.get("/novita", Permission.SIGNED_IN, counts_as_use=False)
async def news(request: web.Request) -> web.StreamResponse:
    """Server-sent events until the session ends: the counts now, and again whenever something has changed.

    The page asks for what it shows; an event carries no more than counts. Its id is the newest row of the
    ``events`` table, so that a browser that was away knows whether it has missed something. The page of a
    conversation names it and is told, too, while its citizen is writing.
    """
    console = request.app[CONSOLE]
    session = session_of(request)
    conversation = request.query.get("conversazione", "")[:32]
    with (
        console.live.connected(session.id, session.account.id) as connection,
        console.notifier.listening(EVERYTHING) as listener,
    ):
        if connection is None:
            raise web.HTTPTooManyRequests
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        response.headers["Cache-Control"] = "no-store"
        add_page_headers(response)
        await response.prepare(request)
        await response.write(b"retry: 2000\n\n")
        ended = asyncio.create_task(connection.ended.wait())
        told = -1
        try:
            while not connection.ended.is_set():
                if console.pulse.is_writing(conversation):
                    await response.write(b"event: writing\ndata: {}\n\n")
                if told != console.pulse.changes:
                    told = console.pulse.changes
                    await response.write(await _news(request, session.account))
                woken = asyncio.create_task(listener.wait())
                # A burst of events is one piece of news.
                await asyncio.wait({ended}, timeout=NEWS_PAUSE_S)
                while not connection.ended.is_set() and not woken.done():
                    await asyncio.wait(
                        {ended, woken},
                        timeout=NEWS_HEARTBEAT_S,
                        return_when=asyncio.FIRST_COMPLETED,
                    )
                    if not woken.done() and not ended.done():
                        await response.write(b": still here\n\n")
                woken.cancel()
            await response.write(b"event: over\ndata: {}\n\n")
        except ConnectionResetError:
            pass  # The page was closed or left: what it waited for is of no interest any more.
        finally:
            ended.cancel()
    return response


async def _news(request: web.Request, account: Account) -> bytes:
    database = request.app[CONSOLE].database
    if not allows(account.role, Permission.READ_CONVERSATIONS):
        return b": nothing for this role\n\n"
    with suppress(StorageUnavailable):
        newest = await database.read(newest_event)
        counts = asdict(await database.read(staff_desk.counts, account.name))
        return f"id: {newest}\nevent: news\ndata: {json.dumps(counts)}\n\n".encode()
    return b": the database is away\n\n"

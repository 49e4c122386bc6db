"""The off switch of the chat, and what is past its term."""

from __future__ import annotations

from aiohttp import web

from bot.console.forms import field
from bot.console.keys import CONSOLE, PREFIX
from bot.console.pages import render, see_other
from bot.console.permissions import Permission
from bot.console.routing import ConsoleRoutes
from bot.console.sessions import session_of
from bot.console.upkeep import delete_what_is_due
from bot.conversations import retention
from bot.conversations.switch import ChatSwitch, read_switch, turn_switch

routes = ConsoleRoutes()

_PAGE = f"{PREFIX}/servizio"


@routes.get("/servizio", Permission.SWITCH_CHAT)
async def service(request: web.Request) -> web.StreamResponse:
    """Whether the chat is on."""
    switch = await request.app[CONSOLE].database.read(read_switch)
    return render(request, "service.html", switch=switch)


@routes.post("/servizio/chat", Permission.SWITCH_CHAT)
async def switch_chat(request: web.Request) -> web.StreamResponse:
    """Switch the chat off or on, on every channel."""
    console = request.app[CONSOLE]
    off = await field(request, "off") == "yes"
    switch = ChatSwitch(off, await field(request, "reason", max_chars=200))
    by, now = session_of(request).account.id, console.clock.utc()
    await console.database.write(turn_switch, switch, by=by, now=now)
    console.changed()
    return see_other(_PAGE, "done_chat_off" if off else "done_chat_on")


@routes.get("/conservazione", Permission.MANAGE_RETENTION)
async def what_is_due(request: web.Request) -> web.StreamResponse:
    """What the next nightly run will delete."""
    console = request.app[CONSOLE]
    due = await console.database.read(retention.due, console.settings, console.clock.utc())
    return render(
        request, "retention.html", due=due, kinds=retention.KINDS, settings=console.settings
    )


@routes.post("/conservazione/esegui", Permission.MANAGE_RETENTION)
async def delete_now(request: web.Request) -> web.StreamResponse:
    """Delete it now instead of tonight."""
    console = request.app[CONSOLE]
    by = session_of(request).account.id
    await delete_what_is_due(console.database, console.settings, console.clock.utc(), by=by)
    return see_other(f"{PREFIX}/conservazione", "done_retention")

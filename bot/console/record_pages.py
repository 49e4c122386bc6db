"""A record of the knowledge as staff read it: every statement with its source, its dates and whether it is confirmed."""

from __future__ import annotations

from aiohttp import web

from actions.replies import source_date
from bot.console.keys import CONSOLE
from bot.console.pages import render
from bot.console.permissions import Permission
from bot.console.routing import ConsoleRoutes

routes = ConsoleRoutes()


@routes.get("/schede/{record}", Permission.SIGNED_IN)
async def record(request: web.Request) -> web.StreamResponse:
    """One record; where answers and reports lead. ``#fact`` in the address shows the statement."""
    knowledge = request.app[CONSOLE].knowledge()
    found = knowledge.content.records.get(request.match_info["record"]) if knowledge else None
    if knowledge is None or found is None:
        raise web.HTTPNotFound
    today = request.app[CONSOLE].clock.now().date()
    return render(
        request,
        "record.html",
        record=found,
        statements=[("", found.summary), *((fact.id, fact) for fact in found.facts)],
        sources=knowledge.content.sources,
        today=today,
        source_date=source_date,
    )

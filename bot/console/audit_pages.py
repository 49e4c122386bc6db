"""The audit log, for the responsabile."""

from __future__ import annotations

from aiohttp import web

from bot.console.forms import query_number
from bot.console.keys import CONSOLE
from bot.console.pages import render
from bot.console.permissions import Permission
from bot.console.routing import ConsoleRoutes
from bot.storage import audit, staff

routes = ConsoleRoutes()


@routes.get("/registro", Permission.READ_AUDIT)
async def audit_log(request: web.Request) -> web.StreamResponse:
    """Who did what, the newest first, by person and kind."""
    database = request.app[CONSOLE].database
    person = query_number(request, "persona")
    action = request.query.get("azione", "")
    rows = await database.read(
        audit.page, before_id=query_number(request, "prima"), staff_id=person, action=action
    )
    people = await database.read(staff.everybody)
    return render(
        request,
        "audit.html",
        rows=rows,
        people=people,
        person=person,
        action=action,
        older=rows[-1].id if len(rows) == audit.PAGE_ROWS else None,
    )

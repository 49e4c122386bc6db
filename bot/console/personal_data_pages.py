"""Export and erasure of everything that is kept about one citizen."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from aiohttp import web

from bot.console.conversation_pages import conversation_with_error
from bot.console.forms import field
from bot.console.keys import CONSOLE, PREFIX
from bot.console.pages import see_other, text
from bot.console.permissions import Permission
from bot.console.routing import ConsoleRoutes
from bot.console.sessions import session_of
from bot.conversations import personal_data
from bot.errors import UnknownConversation
from bot.storage import audit

routes = ConsoleRoutes()

_SURE = "CANCELLA"


@routes.post("/conversazioni/{conversation}/esporta", Permission.PERSONAL_DATA)
async def export(request: web.Request) -> web.StreamResponse:
    """A copy of the person's data, as a file."""
    console = request.app[CONSOLE]
    by, now = session_of(request).account.id, console.clock.utc()
    conversation = request.match_info["conversation"]

    def unit(connection: sa.Connection) -> dict[str, Any]:
        _audit(connection, by, "person_exported", conversation, now)
        return personal_data.export(connection, conversation, now)

    try:
        copy = await console.database.write(unit)
    except UnknownConversation:
        raise web.HTTPNotFound from None
    body = json.dumps(copy, ensure_ascii=False, indent=2)
    headers = {"Content-Disposition": 'attachment; filename="dati.json"'}
    return web.Response(text=body, content_type="application/json", headers=headers)


@routes.post("/conversazioni/{conversation}/cancella", Permission.PERSONAL_DATA)
async def erase(request: web.Request) -> web.StreamResponse:
    """Erase the person's data everywhere; the log keeps that it was done, without the data."""
    console = request.app[CONSOLE]
    conversation = request.match_info["conversation"]
    if await field(request, "sure", max_chars=20) != _SURE:
        return await conversation_with_error(request, text("erase_not_confirmed"))
    by, now = session_of(request).account.id, console.clock.utc()

    def unit(connection: sa.Connection) -> bool:
        erased = personal_data.erase(connection, conversation, now)
        if erased:
            _audit(connection, by, "person_erased", conversation, now)
        return erased

    if not await console.database.write(unit):
        raise web.HTTPNotFound
    await console.database.scrub()
    console.changed()
    return see_other(f"{PREFIX}/conversazioni/elenco/attesa", "done_erased")


def _audit(
    connection: sa.Connection, by: int, action: str, conversation: str, now: datetime
) -> None:
    audit.record(
        connection,
        now=now,
        staff_id=by,
        action=action,
        subject_kind="conversation",
        subject_id=conversation,
    )

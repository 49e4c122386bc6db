"""Saved replies: texts that are often needed, each with a shortcut."""

from __future__ import annotations

import re
from typing import Final

from aiohttp import web

from bot.console.forms import field, path_number
from bot.console.keys import CONSOLE, PREFIX
from bot.console.pages import render, see_other, text
from bot.console.permissions import Permission
from bot.console.routing import ConsoleRoutes
from bot.console.sessions import session_of
from bot.storage import saved_replies, staff_desk

routes = ConsoleRoutes()

_PAGE: Final = f"{PREFIX}/risposte"
_SHORTCUT: Final = re.compile(r"[a-z0-9-]{2,32}")


@routes.get("/risposte", Permission.EDIT_SAVED_REPLIES)
async def replies(request: web.Request) -> web.StreamResponse:
    """All of them, and the form for a new one."""
    return await _page(request)


@routes.post("/risposte/aggiungi", Permission.EDIT_SAVED_REPLIES)
async def add(request: web.Request) -> web.StreamResponse:
    """A new reply."""
    console = request.app[CONSOLE]
    shortcut = (await field(request, "shortcut", max_chars=40)).lower()
    title, words = await _title_and_text(request)
    if not (_SHORTCUT.fullmatch(shortcut) and title and words):
        return await _page(request, 422, text("saved_reply_wrong"))
    added = await console.database.write(
        saved_replies.add,
        shortcut=shortcut,
        title=title,
        text=words,
        by=session_of(request).account.id,
        now=console.clock.utc(),
    )
    if not added:
        return await _page(request, 409, text("saved_reply_wrong"))
    return see_other(_PAGE, "done_reply_saved")


@routes.post("/risposte/{reply}/cambia", Permission.EDIT_SAVED_REPLIES)
async def change(request: web.Request) -> web.StreamResponse:
    """New words for a reply."""
    console = request.app[CONSOLE]
    title, words = await _title_and_text(request)
    if not (title and words):
        return await _page(request, 422, text("saved_reply_wrong"))
    changed = await console.database.write(
        saved_replies.change,
        path_number(request, "reply"),
        title=title,
        text=words,
        by=session_of(request).account.id,
        now=console.clock.utc(),
    )
    if not changed:
        raise web.HTTPNotFound
    return see_other(_PAGE, "done_reply_saved")


@routes.post("/risposte/{reply}/cancella", Permission.EDIT_SAVED_REPLIES)
async def delete(request: web.Request) -> web.StreamResponse:
    """Take a reply away."""
    console = request.app[CONSOLE]
    deleted = await console.database.write(
        saved_replies.delete,
        path_number(request, "reply"),
        by=session_of(request).account.id,
        now=console.clock.utc(),
    )
    if not deleted:
        raise web.HTTPNotFound
    return see_other(_PAGE, "done_reply_deleted")


async def _title_and_text(request: web.Request) -> tuple[str, str]:
    title = await field(request, "title", max_chars=100)
    return title, await field(request, "text", max_chars=4_000)


async def _page(request: web.Request, status: int = 200, error: str = "") -> web.StreamResponse:
    saved = await request.app[CONSOLE].database.read(staff_desk.replies)
    return render(request, "saved_replies.html", status, saved=saved, error=error)

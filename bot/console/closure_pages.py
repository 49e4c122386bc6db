"""Closures of an office, those who are booked meanwhile and a message to them, and the address of the calendar feed."""

from __future__ import annotations

from aiohttp import web

from bot.appointments import calendar
from bot.appointments.calendar import UnknownChoice
from bot.console import agenda_entries, agenda_work
from bot.console.agenda_entries import Entry
from bot.console.agenda_pages import PAGE
from bot.console.forms import field, fields, local_start, path_number
from bot.console.keys import CONSOLE
from bot.console.pages import render, see_other, text
from bot.console.permissions import Permission
from bot.console.routing import ConsoleRoutes
from bot.console.sessions import new_token, session_of

routes = ConsoleRoutes()

_MESSAGE_MAX_CHARS = 2_000


@routes.get("/agenda/chiusure", Permission.CLOSE_AGENDA)
async def closures(request: web.Request) -> web.StreamResponse:
    """Closures to come, and who is booked while the office is closed."""
    return await _page(request)


@routes.post("/agenda/chiusure/aggiungi", Permission.CLOSE_AGENDA)
async def close(request: web.Request) -> web.StreamResponse:
    """Close an office for a period."""
    console = request.app[CONSOLE]
    account = session_of(request).account
    starts = local_start(await field(request, "start"))
    ends = local_start(await field(request, "end"))
    reason = await field(request, "reason", max_chars=120)
    if starts is None or ends is None or ends <= starts or not reason:
        return await _page(request, 422, text("closure_wrong"))
    try:
        await console.database.write(
            agenda_work.close,
            agenda_work.step_of(console.clock, account),
            account,
            office=await field(request, "office", max_chars=60),
            starts_at=starts,
            ends_at=ends,
            reason=reason,
        )
    except UnknownChoice:
        raise web.HTTPBadRequest from None
    return see_other(f"{PAGE}/chiusure", "done_closed_period")


@routes.post("/agenda/chiusure/avvisa", Permission.CLOSE_AGENDA)
async def tell_affected(request: web.Request) -> web.StreamResponse:
    """Write to those who are booked while the office is closed; who can only be called is listed."""
    console = request.app[CONSOLE]
    account = session_of(request).account
    words = await field(request, "text", max_chars=_MESSAGE_MAX_CHARS)
    chosen = await fields(request, "appointment", max_chars=32)
    if not words or not chosen:
        return await _page(request, 422, text("closure_message_wrong"))
    unreachable = await console.database.write(
        agenda_work.tell_affected,
        agenda_work.step_of(console.clock, account),
        account,
        chosen=set(chosen),
        subject=text("closure_subject"),
        words=words,
        key=await field(request, "key", max_chars=64),
    )
    console.changed()
    told = len(set(chosen)) - len(unreachable)
    return await _page(request, told=told, unreachable=unreachable)


@routes.post("/agenda/chiusure/{closure}/togli", Permission.CLOSE_AGENDA)
async def reopen(request: web.Request) -> web.StreamResponse:
    """Take a closure back."""
    console = request.app[CONSOLE]
    account = session_of(request).account
    reopened = await console.database.write(
        agenda_work.reopen,
        agenda_work.step_of(console.clock, account),
        account,
        path_number(request, "closure"),
    )
    if not reopened:
        raise web.HTTPNotFound
    return see_other(f"{PAGE}/chiusure", "done_reopened")


@routes.post("/agenda/indirizzo", Permission.CLOSE_AGENDA)
async def feed(request: web.Request) -> web.StreamResponse:
    """A new secret address of the calendar feed, shown once."""
    console = request.app[CONSOLE]
    account = session_of(request).account
    secret = await console.database.write(
        agenda_work.make_feed, agenda_work.step_of(console.clock, account), account
    )
    return await _page(request, secret=secret)


async def _page(
    request: web.Request,
    status: int = 200,
    error: str = "",
    *,
    secret: str = "",
    told: int | None = None,
    unreachable: list[Entry] | None = None,
) -> web.StreamResponse:
    console = request.app[CONSOLE]
    step = agenda_work.step_of(console.clock, session_of(request).account)
    base = console.settings.base_url
    return render(
        request,
        "closures.html",
        status,
        rules=await console.database.read(calendar.stored_rules),
        closures=await console.database.read(calendar.closures, step),
        affected=await console.database.read(agenda_entries.affected, step),
        error=error,
        told=told,
        unreachable=unreachable or [],
        key=new_token(),
        feed=f"{base}/agenda/{secret}.ics" if secret else "",
    )

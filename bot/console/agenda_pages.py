"""The agenda: a day or a week of an office, and one appointment with what can be done about it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from aiohttp import web

from bot.appointments import booking, calendar
from bot.console import agenda_work
from bot.console.forms import field, iso_day, local_start
from bot.console.keys import CONSOLE, PREFIX
from bot.console.pages import render, see_other, text
from bot.console.permissions import Permission
from bot.console.routing import ConsoleRoutes
from bot.console.sessions import session_of
from bot.storage import staff

routes = ConsoleRoutes()

PAGE: Final = f"{PREFIX}/agenda"
_VIEWS: Final = {"giorno": 1, "settimana": 7}


@routes.get("/agenda", Permission.USE_AGENDA)
async def agenda(request: web.Request) -> web.StreamResponse:
    """A day by desks, or the week that it is in; with ``sposta`` the free slots take an appointment."""
    console = request.app[CONSOLE]
    view = request.query.get("vista", "giorno")
    count = _VIEWS.get(view, 1)
    today = console.clock.now().date()
    day = iso_day(request.query.get("giorno", "")) or today
    first = day - timedelta(days=day.weekday()) if count == 7 else day
    desk = request.query.get("sportello", "")[:60]
    shown = await console.database.read(
        agenda_work.view,
        agenda_work.step_of(console.clock, session_of(request).account),
        office=request.query.get("ufficio", "")[:60],
        desk=desk,
        first=first,
        count=count,
        moving=request.query.get("sposta", "")[:32],
    )
    step = timedelta(days=count)
    return render(
        request,
        "agenda.html",
        agenda=shown,
        view=view if view in _VIEWS else "giorno",
        desk=desk,
        day=day,
        first=first,
        today=today,
        before=first - step,
        after=first + step,
    )


@routes.get("/agenda/{appointment}", Permission.USE_AGENDA)
async def appointment(request: web.Request) -> web.StreamResponse:
    """One appointment, with what was done to it."""
    return await _appointment_page(request)


@routes.post("/agenda/{appointment}/sposta", Permission.USE_AGENDA)
async def move(request: web.Request) -> web.StreamResponse:
    """Give it another time; the code stays, the citizen is told."""
    start = local_start(await field(request, "start"))
    if start is None:
        return await _appointment_page(request, 422, text("agenda_no_slot"))
    console = request.app[CONSOLE]
    account = session_of(request).account
    outcome, is_told = await console.database.write(
        agenda_work.move,
        agenda_work.step_of(console.clock, account),
        account,
        _id(request),
        start,
    )
    return await _done(request, outcome, "done_moved" if is_told else "done_moved_call")


@routes.post("/agenda/{appointment}/annulla", Permission.USE_AGENDA)
async def cancel(request: web.Request) -> web.StreamResponse:
    """Cancel it; the citizen is told."""
    console = request.app[CONSOLE]
    account = session_of(request).account
    outcome, is_told = await console.database.write(
        agenda_work.cancel, agenda_work.step_of(console.clock, account), account, _id(request)
    )
    return await _done(request, outcome, "done_cancelled" if is_told else "done_cancelled_call")


@routes.post("/agenda/{appointment}/visita", Permission.USE_AGENDA)
async def visit(request: web.Request) -> web.StreamResponse:
    """The citizen came, or did not."""
    console = request.app[CONSOLE]
    account = session_of(request).account
    came = await field(request, "came") == "yes"
    outcome = await console.database.write(
        agenda_work.audited,
        agenda_work.step_of(console.clock, account),
        account,
        "appointment_visit",
        booking.record_visit,
        _id(request),
        "completed" if came else "no_show",
    )
    return await _done(request, outcome, "done_visit")


@routes.post("/agenda/{appointment}/contatto", Permission.REVEAL_CONTACTS)
async def reveal_contact(request: web.Request) -> web.StreamResponse:
    """Show the whole contact; it goes into the log."""
    console = request.app[CONSOLE]
    account = session_of(request).account
    step = agenda_work.step_of(console.clock, account)
    contact = await console.database.write(agenda_work.reveal_contact, step, account, _id(request))
    if contact is None:
        raise web.HTTPNotFound
    return await _appointment_page(request, contact=contact)


async def _done(request: web.Request, outcome: booking.Outcome, done: str) -> web.StreamResponse:
    if outcome["outcome"] == "gone" and "appointment" not in outcome:
        return await _appointment_page(request, 409, text("agenda_gone"))
    if outcome["outcome"] in ("taken", "not_offered", "over"):
        return await _appointment_page(request, 409, text("agenda_taken"))
    request.app[CONSOLE].changed()
    return see_other(f"{PAGE}/{_id(request)}", done)


async def _appointment_page(
    request: web.Request, status: int = 200, error: str = "", contact: str | None = None
) -> web.StreamResponse:
    console = request.app[CONSOLE]
    account = session_of(request).account
    step = agenda_work.step_of(console.clock, account)
    opened = await console.database.write(agenda_work.opened, step, account, _id(request))
    if opened is None:
        raise web.HTTPNotFound
    entry, history = opened
    names = {f"operator:{one.id}": one.name for one in await console.database.read(staff.everybody)}
    rules = await console.database.read(calendar.stored_rules)
    office = rules.office(entry.office)
    service = office.service(entry.service) if office else None
    return render(
        request,
        "appointment.html",
        status,
        entry=entry,
        office_name=office.name if office else entry.office,
        service_name=service.name if service else entry.service,
        history=[_told(line, names) for line in history],
        error=error,
        contact=contact,
        begun=entry.start <= console.clock.utc(),
    )


def _told(line: dict[str, Any], names: dict[str, str]) -> dict[str, str]:
    """A line of the history in words."""
    who = str(line["who"])
    fallback = text("who_citizen") if who.startswith("citizen") else text("who_system")
    return {"at": line["at"], "what": str(line["what"]), "who": names.get(who, fallback)}


def _id(request: web.Request) -> str:
    return request.match_info["appointment"]

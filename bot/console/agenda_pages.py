"""The agenda: a day or a week of an office, one appointment, booking for somebody, closures."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final

from aiohttp import web

from bot.appointments import booking, calendar
from bot.appointments.calendar import UnknownChoice
from bot.appointments.codes import shown as shown_code
from bot.appointments.contacts import Invalid, parsed_contact, parsed_name, parsed_reason
from bot.appointments.texts import spoken_start
from bot.clock import ROME
from bot.console import agenda_work, desk_work
from bot.console.forms import field, path_number
from bot.console.keys import CONSOLE, PREFIX
from bot.console.pages import render, see_other, text
from bot.console.permissions import Permission
from bot.console.routing import ConsoleRoutes
from bot.console.sessions import new_token, session_of
from bot.errors import NotInCharge, UnknownConversation

routes = ConsoleRoutes()

_PAGE: Final = f"{PREFIX}/agenda"
_VIEWS: Final = {"giorno": 1, "settimana": 7}


@routes.get("/agenda", Permission.USE_AGENDA)
async def agenda(request: web.Request) -> web.StreamResponse:
    """A day, or the week that it is in."""
    console = request.app[CONSOLE]
    view = request.query.get("vista", "giorno")
    count = _VIEWS.get(view, 1)
    today = console.clock.now().date()
    day = _day(request.query.get("giorno", "")) or today
    first = day - timedelta(days=day.weekday()) if count == 7 else day
    shown = await console.database.read(
        agenda_work.days,
        agenda_work.step_of(console.clock, session_of(request).account),
        office=request.query.get("ufficio", ""),
        first=first,
        count=count,
    )
    step = timedelta(days=count)
    return render(
        request,
        "agenda.html",
        agenda=shown,
        view=view if view in _VIEWS else "giorno",
        day=day,
        today=today,
        before=first - step,
        after=first + step,
    )


@routes.get("/agenda/nuovo", Permission.USE_AGENDA)
async def new_appointment(request: web.Request) -> web.StreamResponse:
    """The form to book for somebody at the desk, on the telephone, or in a conversation."""
    return await _new_page(request, request.query.get("conversazione", "")[:32])


@routes.post("/agenda/prenota", Permission.USE_AGENDA)
async def book(request: web.Request) -> web.StreamResponse:
    """Book; in a conversation the citizen is told at once."""
    console = request.app[CONSOLE]
    account = session_of(request).account
    conversation = await field(request, "conversation", max_chars=32)
    start = _start(await field(request, "start"))
    try:
        name = parsed_name(await field(request, "name", max_chars=120))
        contact = parsed_contact(await field(request, "contact", max_chars=254)).value
        reason = parsed_reason(await field(request, "reason", max_chars=200))
    except Invalid:
        return await _new_page(request, conversation, 422, text("agenda_wrong"))
    if start is None:
        return await _new_page(request, conversation, 422, text("agenda_no_slot"))
    try:
        outcome = await console.database.write(
            agenda_work.audited,
            agenda_work.step_of(console.clock, account, conversation),
            account,
            "appointment_booked",
            booking.book,
            start,
            name=name,
            contact=contact,
            reason=reason,
            office=await field(request, "office", max_chars=60),
            service=await field(request, "service", max_chars=60),
            beyond_limits=True,
        )
    except UnknownChoice:
        raise web.HTTPBadRequest from None
    found = outcome.get("appointment")
    if outcome["outcome"] != "confirmed" or found is None:
        return await _new_page(request, conversation, 409, text("agenda_taken"))
    if not conversation:
        return see_other(f"{_PAGE}/{found['id']}", "done_booked")
    words = text(
        "agenda_booked_for_you",
        service=found["service_name"],
        when=spoken_start(found["start"]),
        office=found["office_name"],
        address=found["address"],
        code=shown_code(found["code"]),
    )
    await _tell(request, conversation, words)
    return see_other(f"{PREFIX}/conversazioni/{conversation}", "done_booked")


@routes.get("/agenda/chiusure", Permission.CLOSE_AGENDA)
async def closures(request: web.Request) -> web.StreamResponse:
    """Closures to come, and who is booked while the office is closed."""
    return await _closures_page(request)


@routes.post("/agenda/chiusure/aggiungi", Permission.CLOSE_AGENDA)
async def close(request: web.Request) -> web.StreamResponse:
    """Close an office for a period."""
    console = request.app[CONSOLE]
    account = session_of(request).account
    starts, ends = _start(await field(request, "start")), _start(await field(request, "end"))
    reason = await field(request, "reason", max_chars=200)
    if starts is None or ends is None or ends <= starts or not reason:
        return await _closures_page(request, 422, text("closure_wrong"))
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
    return see_other(f"{_PAGE}/chiusure", "done_closed_period")


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
    return see_other(f"{_PAGE}/chiusure", "done_reopened")


@routes.post("/agenda/indirizzo", Permission.CLOSE_AGENDA)
async def feed(request: web.Request) -> web.StreamResponse:
    """A new secret address of the calendar feed, shown once."""
    console = request.app[CONSOLE]
    account = session_of(request).account
    secret = await console.database.write(
        agenda_work.make_feed, agenda_work.step_of(console.clock, account), account
    )
    return await _closures_page(request, secret=secret)


@routes.get("/agenda/{appointment}", Permission.USE_AGENDA)
async def appointment(request: web.Request) -> web.StreamResponse:
    """One appointment, with what was done to it."""
    return await _appointment_page(request)


@routes.post("/agenda/{appointment}/sposta", Permission.USE_AGENDA)
async def move(request: web.Request) -> web.StreamResponse:
    """Give it another time; the code stays, the citizen is told."""
    start = _start(await field(request, "start"))
    if start is None:
        return await _appointment_page(request, 422, text("agenda_no_slot"))
    console = request.app[CONSOLE]
    account = session_of(request).account
    outcome = await console.database.write(
        agenda_work.audited,
        agenda_work.step_of(console.clock, account),
        account,
        "appointment_moved",
        booking.move,
        _id(request),
        start,
    )
    return await _done(request, outcome, "done_moved")


@routes.post("/agenda/{appointment}/annulla", Permission.USE_AGENDA)
async def cancel(request: web.Request) -> web.StreamResponse:
    """Cancel it; the citizen is told."""
    console = request.app[CONSOLE]
    account = session_of(request).account
    outcome = await console.database.write(
        agenda_work.audited,
        agenda_work.step_of(console.clock, account),
        account,
        "appointment_cancelled",
        booking.cancel,
        _id(request),
    )
    return await _done(request, outcome, "done_cancelled")


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
    return see_other(f"{_PAGE}/{_id(request)}", done)


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
    slots = await console.database.read(
        calendar.free_slots, step, office=entry.office, service=entry.service
    )
    return render(
        request,
        "appointment.html",
        status,
        entry=entry,
        history=history,
        slots=slots[:200],
        error=error,
        contact=contact,
        begun=entry.start <= console.clock.utc(),
    )


async def _new_page(
    request: web.Request, conversation: str, status: int = 200, error: str = ""
) -> web.StreamResponse:
    console = request.app[CONSOLE]
    step = agenda_work.step_of(console.clock, session_of(request).account)
    rules = await console.database.read(calendar.stored_rules)
    office = rules.office(request.query.get("ufficio", "")) or rules.offices[0]
    chosen = request.query.get("servizio", "")
    service = next((one for one in office.services if one.id == chosen), office.services[0])
    slots = await console.database.read(
        calendar.free_slots, step, office=office.id, service=service.id
    )
    typed = {
        name: await field(request, name) if request.method == "POST" else ""
        for name in ("name", "contact", "reason", "start")
    }
    return render(
        request,
        "new_appointment.html",
        status,
        rules=rules,
        office=office,
        service=service,
        slots=slots[:300],
        conversation=conversation,
        typed=typed,
        error=error,
    )


async def _closures_page(
    request: web.Request, status: int = 200, error: str = "", secret: str = ""
) -> web.StreamResponse:
    console = request.app[CONSOLE]
    step = agenda_work.step_of(console.clock, session_of(request).account)
    rules = await console.database.read(calendar.stored_rules)
    return render(
        request,
        "closures.html",
        status,
        rules=rules,
        closures=await console.database.read(calendar.closures, step),
        affected=await console.database.read(agenda_work.affected, step),
        error=error,
        feed=f"{request.scheme}://{request.host}/agenda/{secret}.ics" if secret else "",
    )


async def _tell(request: web.Request, conversation: str, words: str) -> None:
    """Tell the citizen of a conversation, if it is still this person's."""
    console = request.app[CONSOLE]
    account = session_of(request).account
    try:
        await console.database.write(
            desk_work.reply,
            conversation,
            account,
            words,
            console.clock.utc(),
            key=new_token(),
            shown_as=console.settings.shown_name(account.name),
            corrects=None,
            keeps_draft=True,
        )
    except (NotInCharge, UnknownConversation):
        return
    console.changed()


def _day(offered: str) -> date | None:
    try:
        return date.fromisoformat(offered)
    except ValueError:
        return None


def _start(offered: str) -> datetime | None:
    """A local ISO moment of a form, in Europe/Rome."""
    try:
        return datetime.fromisoformat(offered).replace(tzinfo=ROME)
    except ValueError:
        return None


def _id(request: web.Request) -> str:
    return request.match_info["appointment"]

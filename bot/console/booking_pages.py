"""Booking for somebody: at the desk, on the telephone, or in a conversation."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from aiohttp import web

from bot.appointments import booking, calendar
from bot.appointments.calendar import UnknownChoice
from bot.appointments.codes import shown as shown_code
from bot.appointments.contacts import Invalid, parsed_contact, parsed_name, parsed_reason
from bot.appointments.texts import spoken_start
from bot.appointments.views import AppointmentView
from bot.console import agenda_work, desk_work
from bot.console.agenda_pages import PAGE
from bot.console.forms import field, iso_day, local_start
from bot.console.keys import CONSOLE, PREFIX
from bot.console.pages import render, see_other, text
from bot.console.permissions import Permission
from bot.console.routing import ConsoleRoutes
from bot.console.sessions import new_token, session_of
from bot.errors import NotInCharge, UnknownConversation
from bot.storage import transcript

routes = ConsoleRoutes()

_DESK: Final = "desk"
_PHONE: Final = "phone"
_SLOTS_SHOWN: Final = 400


@routes.get("/agenda/nuovo", Permission.USE_AGENDA)
async def new_appointment(request: web.Request) -> web.StreamResponse:
    """The form."""
    return await _new_page(request, request.query.get("conversazione", "")[:32])


@routes.post("/agenda/prenota", Permission.USE_AGENDA)
async def book(request: web.Request) -> web.StreamResponse:
    """Book; in a conversation the citizen is told at once."""
    console = request.app[CONSOLE]
    account = session_of(request).account
    conversation = await field(request, "conversation", max_chars=32)
    try:
        channel = await _channel(request, conversation)
        name = parsed_name(await field(request, "name", max_chars=120))
        contact = await _contact(request, channel)
        reason = parsed_reason(await field(request, "reason", max_chars=200))
    except Invalid:
        return await _new_page(request, conversation, 422, text("agenda_wrong"))
    start = local_start(await field(request, "start"))
    if start is None:
        return await _new_page(request, conversation, 422, text("agenda_no_slot"))
    try:
        outcome = await console.database.write(
            agenda_work.audited,
            agenda_work.step_of(console.clock, account, conversation, channel),
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
            at_the_desk=True,
        )
    except UnknownChoice:
        raise web.HTTPBadRequest from None
    found = outcome.get("appointment")
    if outcome["outcome"] != "confirmed" or found is None:
        return await _new_page(request, conversation, 409, text("agenda_taken"))
    if not conversation:
        return see_other(f"{PAGE}/{found['id']}", "done_booked")
    await _tell(request, conversation, found)
    return see_other(f"{PREFIX}/conversazioni/{conversation}", "done_booked")


async def _channel(request: web.Request, conversation: str) -> str:
    """How the citizen came: the channel of the conversation, whose reminders find the way back, or desk or telephone."""
    if not conversation:
        return _PHONE if await field(request, "how") == _PHONE else _DESK
    try:
        found = await request.app[CONSOLE].database.read(transcript.conversation, conversation)
    except UnknownConversation:
        raise web.HTTPNotFound from None
    return found.channel


async def _contact(request: web.Request, channel: str) -> str:
    """The contact of the form; who stands at the desk, or is in a conversation, need not leave one."""
    offered = await field(request, "contact", max_chars=254)
    if not offered and channel != _PHONE:
        return ""
    return parsed_contact(offered).value


async def _new_page(
    request: web.Request, conversation: str, status: int = 200, error: str = ""
) -> web.StreamResponse:
    console = request.app[CONSOLE]
    step = agenda_work.step_of(console.clock, session_of(request).account)
    typed = {
        name: await field(request, name) if request.method == "POST" else ""
        for name in ("office", "service", "name", "contact", "reason", "start", "how")
    }
    typed["start"] = typed["start"] or request.query.get("orario", "")[:16]
    rules = await console.database.read(calendar.stored_rules)
    office = rules.office(typed["office"] or request.query.get("ufficio", "")) or rules.offices[0]
    service = office.service(typed["service"] or request.query.get("servizio", ""))
    chosen = service or office.services[0]
    slots = await console.database.read(
        calendar.free_slots, step, office=office.id, service=chosen.id, at_the_desk=True
    )
    day = iso_day(typed["start"][:10])
    return render(
        request,
        "new_appointment.html",
        status,
        rules=rules,
        office=office,
        service=chosen,
        slots=_near(slots, typed["start"]),
        day=day,
        conversation=conversation,
        typed=typed,
        error=error,
    )


def _near(slots: list[datetime], wished: str) -> list[datetime]:
    """As many slots as a list can hold, the wished one among them."""
    if local_start(wished) in slots[_SLOTS_SHOWN:]:
        return [slot for slot in slots if slot.isoformat() >= wished][:_SLOTS_SHOWN]
    return slots[:_SLOTS_SHOWN]


async def _tell(request: web.Request, conversation: str, booked: AppointmentView) -> None:
    """Tell the citizen of a conversation, if it is still this person's."""
    console = request.app[CONSOLE]
    account = session_of(request).account
    words = text(
        "agenda_booked_for_you",
        service=booked["service_name"],
        when=spoken_start(booked["start"]),
        office=booked["office_name"],
        address=booked["address"],
        code=shown_code(booked["code"]),
    )
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

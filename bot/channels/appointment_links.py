"""Pages behind the links in mails: opening one changes nothing (mail scanners do), a button does.

Plain HTML without scripts; the address itself, signed, is what opens the page.
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import jinja2
from aiohttp import web

from bot.appointments import access, booking
from bot.appointments.calendar import CONFIRMED, free_slots, local_iso
from bot.appointments.calendar_files import calendar_file
from bot.appointments.codes import shown
from bot.appointments.history import Step
from bot.appointments.links import PATH
from bot.appointments.texts import spoken_day, spoken_hour, spoken_start, text
from bot.appointments.views import AppointmentView
from bot.clock import ROME
from bot.keys import DATABASE, RUNTIME, SETTINGS

_PAGES: Final = Path(__file__).with_name("pages")
_CHANNEL: Final = "link"
_SLOTS_SHOWN: Final = 40
_DONE: Final = {"annullato": "page_just_cancelled", "spostato": "page_just_moved"}

routes = web.RouteTableDef()


@routes.get(PATH + "pagina.css")
async def style(request: web.Request) -> web.FileResponse:
    """The style of the pages."""
    return web.FileResponse(_PAGES / "appointments.css", headers={"Cache-Control": "no-cache"})


@routes.get(PATH + "{token}")
async def show(request: web.Request) -> web.Response:
    """The appointment, with what can be done."""
    view = await _opened(request)
    if view is None:
        return _unknown()
    done = _DONE.get(request.query.get("fatto", ""))
    return _appointment_page(request, view, text(done) if done else _state(request, view))


@routes.get(PATH + "{token}/calendario.ics")
async def download(request: web.Request) -> web.Response:
    """The calendar file."""
    view = await _opened(request)
    if view is None:
        return _unknown()
    now = request.app[RUNTIME].clock.utc()
    body = calendar_file(view, now, request.app[SETTINGS].mail_from)
    headers = {"Content-Disposition": 'attachment; filename="appuntamento.ics"'}
    return web.Response(body=body, content_type="text/calendar", charset="utf-8", headers=headers)


@routes.get(PATH + "{token}/sposta")
async def choose(request: web.Request) -> web.Response:
    """The free slots."""
    view = await _opened(request)
    if view is None:
        return _unknown()
    return await _move_page(request, view, "page_choose")


@routes.post(PATH + "{token}/annulla")
async def cancel(request: web.Request) -> web.Response:
    """Cancel."""
    view = await _opened(request)
    if view is None:
        return _unknown()
    outcome = await request.app[DATABASE].write(booking.cancel, _step(request), view["id"])
    return _see_other(request, "annullato" if outcome["outcome"] == "cancelled" else "")


@routes.post(PATH + "{token}/sposta")
async def move(request: web.Request) -> web.Response:
    """Move to the chosen slot."""
    view = await _opened(request)
    if view is None:
        return _unknown()
    start = _start((await request.post()).get("start"))
    if start is None:
        return await _move_page(request, view, "page_choose", status=400)
    outcome = await request.app[DATABASE].write(booking.move, _step(request), view["id"], start)
    if outcome["outcome"] in ("taken", "not_offered"):
        return await _move_page(request, view, "page_taken", status=409)
    return _see_other(request, "spostato" if outcome["outcome"] == "moved" else "")


async def _opened(request: web.Request) -> AppointmentView | None:
    appointment_id = request.app[RUNTIME].links.appointment_id(request.match_info["token"])
    if appointment_id is None:
        return None
    return await request.app[DATABASE].read(access.find_by_id, _step(request), appointment_id)


def _state(request: web.Request, view: AppointmentView) -> str:
    if view["status"] == booking.CANCELLED:
        return text("page_status_cancelled")
    return text("page_status_confirmed" if _is_open(request, view) else "page_status_over")


def _is_open(request: web.Request, view: AppointmentView) -> bool:
    start = datetime.fromisoformat(view["start"]).replace(tzinfo=ROME)
    return view["status"] == CONFIRMED and start > request.app[RUNTIME].clock.utc()


def _appointment_page(request: web.Request, view: AppointmentView, message: str) -> web.Response:
    return _page(
        "appointment.html",
        a=view,
        when=spoken_start(view["start"]),
        code=shown(view["code"]),
        message=message,
        path=_path(request),
        is_open=_is_open(request, view),
    )


async def _move_page(
    request: web.Request, view: AppointmentView, message: str, *, status: int = 200
) -> web.Response:
    if not _is_open(request, view):
        return _appointment_page(request, view, _state(request, view))
    slots = await request.app[DATABASE].read(
        free_slots, _step(request), office=view["office"], service=view["service"]
    )
    days = [
        (spoken_day(day), [(local_iso(slot), spoken_hour(slot)) for slot in of_day])
        for day, of_day in groupby(slots[:_SLOTS_SHOWN], key=datetime.date)
    ]
    words = text(message if days else "page_no_slots")
    return _page("move.html", days=days, message=words, path=_path(request), status=status)


def _start(value: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return moment.replace(tzinfo=ROME) if moment.tzinfo is None else None


def _step(request: web.Request) -> Step:
    return Step.at(request.app[RUNTIME].clock, _CHANNEL)


def _path(request: web.Request) -> str:
    return PATH + request.match_info["token"]


def _see_other(request: web.Request, done: str) -> web.Response:
    where = _path(request) + (f"?fatto={done}" if done else "")
    return web.Response(status=303, headers={"Location": where})


def _unknown() -> web.Response:
    return _page("unknown.html", status=404)


def _page(name: str, *, status: int = 200, **values: Any) -> web.Response:
    html = _templates().get_template(name).render(t=text, **values)
    return web.Response(text=html, status=status, content_type="text/html", charset="utf-8")


@lru_cache(maxsize=1)
def _templates() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(_PAGES), autoescape=True, undefined=jinja2.StrictUndefined
    )

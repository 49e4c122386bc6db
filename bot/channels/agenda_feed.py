"""The agenda of the office as a calendar to subscribe to, behind a secret address that can be revoked."""

from __future__ import annotations

from aiohttp import web

from bot.appointments.agenda import feed
from bot.appointments.history import SYSTEM, Step
from bot.keys import DATABASE, RUNTIME, SETTINGS

routes = web.RouteTableDef()


@routes.get("/agenda/{secret}.ics")
async def agenda(request: web.Request) -> web.Response:
    """The calendar, or 404 for any other secret."""
    step = Step.at(request.app[RUNTIME].clock, "feed", who=SYSTEM)
    secret = request.match_info["secret"]
    sender = request.app[SETTINGS].mail_from
    calendar = await request.app[DATABASE].read(feed, step, secret, sender)
    if calendar is None:
        raise web.HTTPNotFound
    return web.Response(body=calendar, content_type="text/calendar", charset="utf-8")

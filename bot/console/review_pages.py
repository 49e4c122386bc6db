"""The start of the review: conversations that went badly, and citizens' reports of wrong information."""

from __future__ import annotations

import sqlalchemy as sa
from aiohttp import web

from bot.console import desk_work
from bot.console.forms import field, path_number
from bot.console.keys import CONSOLE, PREFIX
from bot.console.pages import render, see_other
from bot.console.permissions import Permission
from bot.console.routing import ConsoleRoutes
from bot.console.sessions import session_of
from bot.console.suggestions import record_titles
from bot.storage import audit, reports, reviews, transcript, web_sessions
from bot.storage.reviews import Review
from bot.storage.transcript import Message
from bot.storage.web_sessions import Rating

routes = ConsoleRoutes()

_PAGE = f"{PREFIX}/revisione"
_REPORTS = 100
_MESSAGES = 100


@routes.get("/revisione", Permission.REVIEW)
async def review_list(request: web.Request) -> web.StreamResponse:
    """Conversations that went badly, to do or done, and the open reports."""
    database = request.app[CONSOLE].database
    status = reviews.DONE if request.query.get("stato") == reviews.DONE else reviews.TO_DO
    return render(
        request,
        "reviews.html",
        view=status,
        rows=await database.read(reviews.listed, status),
        reports=await database.read(reports.list_reports, reports.OPEN, _REPORTS),
        record_title=record_titles(request.app[CONSOLE].knowledge()),
    )


@routes.get("/revisione/{conversation}", Permission.REVIEW)
async def review(request: web.Request) -> web.StreamResponse:
    """What was said, masked, without who it was; reading it goes into the log."""
    console = request.app[CONSOLE]
    conversation = request.match_info["conversation"]
    by, now = session_of(request).account.id, console.clock.utc()

    def unit(connection: sa.Connection) -> tuple[Review, list[Message], Rating | None] | None:
        found = reviews.find(connection, conversation)
        if found is None:
            return None
        audit.record(
            connection,
            now=now,
            staff_id=by,
            action="conversation_read",
            subject_kind="conversation",
            subject_id=conversation,
        )
        said = transcript.messages(connection, conversation, limit=_MESSAGES)
        return found, said, web_sessions.rating_of(connection, conversation)

    opened = await console.database.write(unit)
    if opened is None:
        raise web.HTTPNotFound
    found, messages, rating = opened
    return render(
        request,
        "review.html",
        review=found,
        messages=messages,
        rating=rating,
        shown_text=desk_work.shown_text,
    )


@routes.post("/revisione/{conversation}/segna", Permission.REVIEW)
async def mark(request: web.Request) -> web.StreamResponse:
    """To do or done, with a note."""
    console = request.app[CONSOLE]
    status = await field(request, "status")
    if status not in (reviews.TO_DO, reviews.DONE):
        raise web.HTTPBadRequest
    marked = await console.database.write(
        reviews.mark,
        request.match_info["conversation"],
        status=status,
        note=await field(request, "note", max_chars=2_000),
        by=session_of(request).account.id,
        now=console.clock.utc(),
    )
    if not marked:
        raise web.HTTPNotFound
    return see_other(_PAGE, "done_marked")


@routes.post("/segnalazioni/{report}/chiudi", Permission.REVIEW)
async def close_report(request: web.Request) -> web.StreamResponse:
    """The information was checked."""
    console = request.app[CONSOLE]
    report = path_number(request, "report")
    by, now = session_of(request).account.id, console.clock.utc()

    def unit(connection: sa.Connection) -> bool:
        closed = reports.close_report(connection, report)
        if closed:
            audit.record(
                connection,
                now=now,
                staff_id=by,
                action="report_closed",
                subject_kind="report",
                subject_id=report,
            )
        return closed

    if not await console.database.write(unit):
        raise web.HTTPNotFound
    return see_other(_PAGE, "done_report")

"""The lists of conversations: who waits, mine, colleagues', with the assistant, closed; search and filters."""

from __future__ import annotations

from datetime import datetime, timezone

from aiohttp import web

from bot.console.forms import query_number
from bot.console.keys import CONSOLE, PREFIX
from bot.console.pages import render, see_other
from bot.console.permissions import Permission
from bot.console.routing import ConsoleRoutes
from bot.console.sessions import session_of
from bot.console.suggestions import record_titles, topics_named
from bot.storage import staff_desk
from bot.storage.search_words import folded_words
from bot.storage.staff_desk import Filter

routes = ConsoleRoutes()

_MAX_WORDS = 5


@routes.get("/conversazioni", Permission.READ_CONVERSATIONS)
async def first_list(request: web.Request) -> web.StreamResponse:
    """The queue comes first."""
    return see_other(f"{PREFIX}/conversazioni/elenco/{staff_desk.WAITING}")


@routes.get("/conversazioni/elenco/{view}", Permission.READ_CONVERSATIONS)
async def conversation_list(request: web.Request) -> web.StreamResponse:
    """One list, as a page."""
    return await _render_list(request, "queue.html")


@routes.get("/conversazioni/righe/{view}", Permission.READ_CONVERSATIONS, counts_as_use=False)
async def conversation_rows(request: web.Request) -> web.StreamResponse:
    """The same list without the page around it: what is fetched again when something has changed."""
    return await _render_list(request, "queue_rows.html")


async def _render_list(request: web.Request, template: str) -> web.StreamResponse:
    console = request.app[CONSOLE]
    view = request.match_info["view"]
    if view not in staff_desk.VIEWS:
        raise web.HTTPNotFound
    me = session_of(request).account.name
    query = request.query.get("q", "")[:200]
    topic = request.query.get("argomento", "")[:128].strip()
    before = query_number(request, "prima")
    narrowed = Filter(
        channel=request.query.get("canale", "")[:16],
        topics=topics_named(console.knowledge(), topic) if topic else None,
        office=request.query.get("ufficio", "")[:64],
        words=folded_words(query)[:_MAX_WORDS],
        before=_moment(before) if before else None,
    )
    rows = await console.database.read(staff_desk.listed, view, me, narrowed)
    counts = await console.database.read(staff_desk.counts, me)
    more = len(rows) == staff_desk.PAGE_ROWS and view != staff_desk.WAITING
    older = int(rows[-1].last_message_at.timestamp() * 1_000_000) if more else None
    return render(
        request,
        template,
        view=view,
        rows=rows,
        counts=counts,
        narrowed=narrowed,
        query=query,
        topic=topic,
        older=older,
        offices=console.settings.office_names,
        record_title=record_titles(console.knowledge()),
    )


def _moment(microseconds: int) -> datetime | None:
    try:
        return datetime.fromtimestamp(microseconds / 1_000_000, tz=timezone.utc)
    except (OverflowError, ValueError, OSError):
        return None

"""One conversation: reading it, taking it over, answering, passing it on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Concatenate, ParamSpec, TypeVar

import sqlalchemy as sa
from aiohttp import web

from bot.console import agenda_entries, desk_work
from bot.console.forms import field, query_number
from bot.console.handoff_card import handoff_card
from bot.console.keys import CONSOLE, PREFIX, Console
from bot.console.pages import day, render, see_other, text
from bot.console.permissions import Permission
from bot.console.routing import ConsoleRoutes
from bot.console.sessions import new_token, session_of
from bot.console.suggestions import record_titles, suggestions
from bot.conversations.typing import staff_type
from bot.errors import AlreadyClaimed, NotInCharge, UnknownConversation
from bot.storage import ownership, staff_desk
from bot.storage.staff_desk import SavedReply

P = ParamSpec("P")
T = TypeVar("T")

routes = ConsoleRoutes()

CLOSING_REASONS = ("answered", "appointment", "other_body", "no_reply", "improper")
_REPLY_MAX_CHARS = 4_000
_NOTE_MAX_CHARS = 2_000


@routes.get("/conversazioni/{conversation}", Permission.READ_CONVERSATIONS)
async def conversation_page(request: web.Request) -> web.StreamResponse:
    """The whole page."""
    return await _page(request)


@routes.get(
    "/conversazioni/{conversation}/messaggi", Permission.READ_CONVERSATIONS, counts_as_use=False
)
async def messages(request: web.Request) -> web.StreamResponse:
    """Messages and state without the page around them: what is fetched again when something has changed."""
    return render(request, "messages.html", **await _view(request, records_access=False))


@routes.get("/conversazioni/{conversation}/suggerimenti", Permission.HANDLE_CONVERSATIONS)
async def suggested(request: web.Request) -> web.StreamResponse:
    """Records and answers of the knowledge for a question."""
    question = request.query.get("q", "")[:300]
    console = request.app[CONSOLE]
    found = suggestions(console.knowledge(), question) if question.strip() else []
    return render(request, "suggestions.html", found=found, question=question)


@routes.post("/conversazioni/{conversation}/prendi", Permission.HANDLE_CONVERSATIONS)
async def claim(request: web.Request) -> web.StreamResponse:
    """Take it over: exactly one colleague wins, the others are told who."""
    account = session_of(request).account
    return await _changed(
        request, desk_work.claim, _id(request), account, request.app[CONSOLE].clock.utc()
    )


@routes.post("/conversazioni/{conversation}/rispondi", Permission.HANDLE_CONVERSATIONS)
async def reply(request: web.Request) -> web.StreamResponse:
    """Send a reply; if somebody else is in charge now, the words stay as a draft."""
    console = request.app[CONSOLE]
    account = session_of(request).account
    words = await field(request, "text", max_chars=_REPLY_MAX_CHARS)
    key = await field(request, "key", max_chars=64)
    corrects = await field(request, "corrects", max_chars=9)
    if not words or not key:
        return await _page(request, 422, text("reply_empty"))
    now = console.clock.utc()
    try:
        await console.database.write(
            desk_work.reply,
            _id(request),
            account,
            words,
            now,
            key=key,
            shown_as=console.settings.shown_name(account.name),
            corrects=int(corrects) if corrects.isascii() and corrects.isdigit() else None,
        )
    except NotInCharge as error:
        await console.database.write(desk_work.save_draft, _id(request), account, words, now)
        return await _page(request, 409, _in_charge(error.staff))
    except UnknownConversation:
        raise web.HTTPNotFound from None
    console.changed()
    return see_other(f"{PREFIX}/conversazioni/{_id(request)}#risposta")


@routes.post(
    "/conversazioni/{conversation}/bozza", Permission.HANDLE_CONVERSATIONS, counts_as_use=True
)
async def save_draft(request: web.Request) -> web.StreamResponse:
    """Keep what was typed and not sent."""
    console = request.app[CONSOLE]
    words = await field(request, "text", max_chars=_REPLY_MAX_CHARS, strip=False)
    account = session_of(request).account
    try:
        await console.database.write(
            desk_work.save_draft, _id(request), account, words, console.clock.utc()
        )
    except UnknownConversation:
        raise web.HTTPNotFound from None
    return web.Response(status=204)


@routes.post("/conversazioni/{conversation}/scrive", Permission.HANDLE_CONVERSATIONS)
async def typing(request: web.Request) -> web.StreamResponse:
    """The person in charge is writing: the citizen sees it."""
    console = request.app[CONSOLE]
    account = session_of(request).account
    if not await console.database.write(
        staff_type, _id(request), account.name, console.clock.utc()
    ):
        raise web.HTTPNotFound
    console.changed()
    return web.Response(status=204)


@routes.post("/conversazioni/{conversation}/nota", Permission.HANDLE_CONVERSATIONS)
async def add_note(request: web.Request) -> web.StreamResponse:
    """Keep a private note."""
    words = await field(request, "text", max_chars=_NOTE_MAX_CHARS)
    key = await field(request, "key", max_chars=64)
    if not words or not key:
        return await _page(request, 422, text("note_empty"))
    account = session_of(request).account
    now = request.app[CONSOLE].clock.utc()
    return await _changed(request, desk_work.add_note, _id(request), account, words, key, now)


@routes.post("/conversazioni/{conversation}/restituisci", Permission.HANDLE_CONVERSATIONS)
async def release(request: web.Request) -> web.StreamResponse:
    """Give it back to the assistant."""
    account = session_of(request).account
    now = request.app[CONSOLE].clock.utc()
    return await _changed(request, desk_work.release, _id(request), account, now)


@routes.post("/conversazioni/{conversation}/passa", Permission.HANDLE_CONVERSATIONS)
async def pass_on(request: web.Request) -> web.StreamResponse:
    """Hand it to a colleague who is there, or to an office."""
    console = request.app[CONSOLE]
    account = session_of(request).account
    target = await field(request, "to", max_chars=120)
    now = console.clock.utc()
    kind, _, name = target.partition(":")
    if kind == "office" and name in console.settings.office_names:
        return await _changed(request, desk_work.pass_to_office, _id(request), account, name, now)
    online = await console.database.read(
        staff_desk.colleagues_online, seen_after=now - console.idle
    )
    if kind != "person" or name not in [colleague.name for colleague in online]:
        return await _page(request, 409, text("colleague_gone"))
    return await _changed(request, desk_work.pass_to_colleague, _id(request), account, name, now)


@routes.post("/conversazioni/{conversation}/chiudi", Permission.HANDLE_CONVERSATIONS)
async def close(request: web.Request) -> web.StreamResponse:
    """End it with a reason."""
    reason = await field(request, "reason")
    if reason not in CLOSING_REASONS:
        return await _page(request, 422, text("reason_missing"))
    account = session_of(request).account
    now = request.app[CONSOLE].clock.utc()
    return await _changed(request, desk_work.close, _id(request), account, reason, now)


@routes.post("/conversazioni/{conversation}/contatto", Permission.REVEAL_CONTACTS)
async def reveal_contact(request: web.Request) -> web.StreamResponse:
    """Show the contact that the citizen left; it goes into the log."""
    console = request.app[CONSOLE]
    account = session_of(request).account
    try:
        contact = await console.database.write(
            desk_work.reveal_contact, _id(request), account, console.clock.utc()
        )
    except UnknownConversation:
        raise web.HTTPNotFound from None
    return await _page(request, contact=contact)


async def conversation_with_error(request: web.Request, error: str) -> web.StreamResponse:
    """The page again, with what is missing in a form."""
    return await _page(request, 422, error)


async def _changed(
    request: web.Request,
    unit: Callable[Concatenate[sa.Connection, P], T],
    *args: P.args,
    **kwargs: P.kwargs,
) -> web.StreamResponse:
    """Run a change and show the page again, or say who was faster."""
    console = request.app[CONSOLE]
    try:
        await console.database.write(unit, *args, **kwargs)
    except UnknownConversation:
        raise web.HTTPNotFound from None
    except (AlreadyClaimed, NotInCharge) as error:
        return await _page(request, 409, _in_charge(error.staff))
    console.changed()
    return see_other(f"{PREFIX}/conversazioni/{_id(request)}")


async def _page(
    request: web.Request, status: int = 200, error: str = "", contact: str | None = None
) -> web.StreamResponse:
    console = request.app[CONSOLE]
    view = await _view(request, records_access=request.method == "GET")
    online = await console.database.read(
        staff_desk.colleagues_online, seen_after=console.clock.utc() - console.idle
    )
    saved = await console.database.read(staff_desk.replies)
    me = session_of(request).account
    return render(
        request,
        "conversation.html",
        status,
        **view,
        error=error,
        contact=contact,
        colleagues=[colleague for colleague in online if colleague.name != me.name],
        saved=[_filled(one, _variables(console, me.name)) for one in saved],
        key=new_token(),
        note_key=new_token(),
        reasons=CLOSING_REASONS,
        offices=console.settings.office_names,
        appointments=await console.database.read(agenda_entries.of_conversation, _id(request)),
    )


async def _view(request: web.Request, *, records_access: bool) -> dict[str, Any]:
    console = request.app[CONSOLE]
    account = session_of(request).account
    run = console.database.write if records_access else console.database.read
    try:
        desk = await run(
            desk_work.look,
            _id(request),
            account,
            console.clock.utc(),
            records_access=records_access,
            before=query_number(request, "prima"),
        )
    except UnknownConversation:
        raise web.HTTPNotFound from None
    mine = desk.conversation.owner == ownership.STAFF and desk.conversation.staff == account.name
    return {
        "desk": desk,
        "mine": mine,
        "card": handoff_card(desk.state, desk.messages),
        "shown_text": desk_work.shown_text,
        "record_title": record_titles(console.knowledge()),
    }


def _variables(console: Console, name: str) -> dict[str, str]:
    """What saved replies may name: who writes, the office, today's date."""
    return {
        "{nome}": name.split()[0] if name.split() else name,
        "{ufficio}": console.settings.office_name,
        "{oggi}": day(console.clock.now()),
    }


def _filled(saved: SavedReply, variables: dict[str, str]) -> SavedReply:
    """A saved reply with its variables filled in."""
    words = saved.text
    for variable, value in variables.items():
        words = words.replace(variable, value)
    return replace(saved, text=words)


def _in_charge(name: str) -> str:
    return text("in_charge", name=name) if name else text("nobody_in_charge")


def _id(request: web.Request) -> str:
    return request.match_info["conversation"]

"""The people of the office: invite, change role, disable, reset."""

from __future__ import annotations

from datetime import timedelta

from aiohttp import web
from email_validator import EmailNotValidError, validate_email

from bot.console import accounts
from bot.console.forms import field, path_number
from bot.console.keys import CONSOLE, PREFIX, Console
from bot.console.pages import render, see_other, text
from bot.console.permissions import Permission, Role
from bot.console.routing import ConsoleRoutes
from bot.console.sessions import digest, expected_origin, new_token, session_of
from bot.storage import staff
from bot.storage.staff import Account

routes = ConsoleRoutes()

_PAGE = f"{PREFIX}/persone"
_NAME_MAX_CHARS = 100


@routes.get("/persone", Permission.MANAGE_STAFF)
async def people(request: web.Request) -> web.StreamResponse:
    """Everybody, and the form to add somebody."""
    return await _people_page(request)


@routes.post("/persone/invita", Permission.MANAGE_STAFF)
async def invite(request: web.Request) -> web.StreamResponse:
    """Add a person; the invitation link is shown once."""
    console = request.app[CONSOLE]
    name = await field(request, "name", max_chars=_NAME_MAX_CHARS)
    role = await field(request, "role")
    email = normal_email(await field(request, "email"))
    if not name or email is None or role not in set(Role):
        return await _people_page(request, 422, error=text("person_wrong"))
    token = new_token()
    now = console.clock.utc()
    added = await console.database.write(
        accounts.invite,
        email=email,
        name=name,
        role=role,
        token_digest=digest(token),
        expires_at=now + _invitation_life(console),
        by=session_of(request).account.id,
        now=now,
    )
    if added is None:
        return await _people_page(request, 409, error=text("person_taken"))
    return _invitation_page(request, name, token)


@routes.post("/persone/{person}/reimposta", Permission.MANAGE_STAFF)
async def reset(request: web.Request) -> web.StreamResponse:
    """Take password and second factor away; a new invitation link is shown once."""
    console = request.app[CONSOLE]
    person = await _other_person(request)
    token = new_token()
    now = console.clock.utc()
    await console.database.write(
        accounts.reset,
        person.id,
        token_digest=digest(token),
        expires_at=now + _invitation_life(console),
        by=session_of(request).account.id,
        now=now,
    )
    return _invitation_page(request, person.name, token)


@routes.post("/persone/{person}/ruolo", Permission.MANAGE_STAFF)
async def change_role(request: web.Request) -> web.StreamResponse:
    """Give another role; nobody changes their own."""
    console = request.app[CONSOLE]
    person = await _other_person(request)
    role = await field(request, "role")
    if role not in set(Role):
        raise web.HTTPBadRequest
    by = session_of(request).account.id
    now = console.clock.utc()
    await console.database.write(accounts.set_role, person.id, role, by=by, now=now)
    return see_other(_PAGE, "done_role")


@routes.post("/persone/{person}/disattiva", Permission.MANAGE_STAFF)
async def disable(request: web.Request) -> web.StreamResponse:
    """Shut a person out everywhere."""
    console = request.app[CONSOLE]
    person = await _other_person(request)
    by = session_of(request).account.id
    await console.database.write(accounts.disable, person.id, by=by, now=console.clock.utc())
    return see_other(_PAGE, "done_disabled")


@routes.post("/persone/{person}/riattiva", Permission.MANAGE_STAFF)
async def enable(request: web.Request) -> web.StreamResponse:
    """Let a person in again."""
    console = request.app[CONSOLE]
    person = await _other_person(request)
    by = session_of(request).account.id
    await console.database.write(accounts.enable, person.id, by=by, now=console.clock.utc())
    return see_other(_PAGE, "done_enabled")


def normal_email(offered: str) -> str | None:
    """An address in the form in which it is stored, None if it is not one. No name server is asked."""
    try:
        found = validate_email(offered, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return None
    return found.normalized.lower()


def invitation_path(token: str) -> str:
    """Where an invitation is accepted."""
    return f"{PREFIX}/invito/{token}"


def _invitation_life(console: Console) -> timedelta:
    return timedelta(hours=console.settings.staff_invitation_hours)


async def _other_person(request: web.Request) -> Account:
    """The person of the path; oneself is refused, so that an office never locks its last administrator out."""
    person = await request.app[CONSOLE].database.read(staff.by_id, path_number(request, "person"))
    if person is None:
        raise web.HTTPNotFound
    if person.id == session_of(request).account.id:
        raise web.HTTPConflict
    return person


async def _people_page(
    request: web.Request, status: int = 200, error: str = ""
) -> web.StreamResponse:
    everybody = await request.app[CONSOLE].database.read(staff.everybody)
    return render(request, "people.html", status, people=everybody, error=error)


def _invitation_page(request: web.Request, name: str, token: str) -> web.StreamResponse:
    link = f"{expected_origin(request)}{invitation_path(token)}"
    hours = request.app[CONSOLE].settings.staff_invitation_hours
    return render(request, "invited.html", name=name, link=link, hours=hours)

"""Reading a form: named text fields only, bounded, without characters that a database cannot keep."""

from __future__ import annotations

from datetime import date, datetime

from aiohttp import web

from bot.clock import ROME


async def field(
    request: web.Request, name: str, *, max_chars: int = 500, strip: bool = True
) -> str:
    """A text field of the form, "" when it is missing.

    Raises:
        web.HTTPBadRequest: it is a file, too long, or holds characters that cannot be stored.
    """
    value = _storable((await request.post()).get(name, ""), max_chars)
    return value.strip() if strip else value


async def fields(request: web.Request, name: str, *, max_chars: int = 500) -> list[str]:
    """All values of a field that may be there several times. Raises web.HTTPBadRequest as `field` does."""
    offered = (await request.post()).getall(name, [])
    return [_storable(value, max_chars).strip() for value in offered]


def _storable(value: object, max_chars: int) -> str:
    if not isinstance(value, str) or len(value) > max_chars:
        raise web.HTTPBadRequest
    if "\x00" in value or any(0xD800 <= ord(char) <= 0xDFFF for char in value):
        raise web.HTTPBadRequest
    return value.replace("\r\n", "\n")


def local_start(offered: str) -> datetime | None:
    """A local ISO moment ("2026-11-26T10:30") in Europe/Rome, None for anything else."""
    try:
        moment = datetime.fromisoformat(offered)
    except ValueError:
        return None
    return moment.replace(tzinfo=ROME) if moment.tzinfo is None and "T" in offered else None


def iso_day(offered: str) -> date | None:
    """A day ("2026-11-26"), None for anything else; days at the ends of the calendar are nobody's."""
    try:
        day = date.fromisoformat(offered)
    except ValueError:
        return None
    return day if 2000 <= day.year <= 2200 else None


async def number(request: web.Request, name: str) -> int:
    """A whole number of the form.

    Raises:
        web.HTTPBadRequest: it is not one.
    """
    return _number(await field(request, name, max_chars=18))


def path_number(request: web.Request, name: str) -> int:
    """A number in the path; anything else is a page that does not exist."""
    try:
        return _number(request.match_info[name])
    except web.HTTPBadRequest:
        raise web.HTTPNotFound from None


def query_number(request: web.Request, name: str) -> int | None:
    """A number in the query, None when it is missing or not one."""
    try:
        return _number(request.query.get(name, ""))
    except web.HTTPBadRequest:
        return None


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise web.HTTPBadRequest
    return int(text)

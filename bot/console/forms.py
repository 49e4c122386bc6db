"""Reading a form: named text fields only, bounded, without characters that a database cannot keep."""

from __future__ import annotations

from aiohttp import web


async def field(
    request: web.Request, name: str, *, max_chars: int = 500, strip: bool = True
) -> str:
    """A text field of the form, "" when it is missing.

    Raises:
        web.HTTPBadRequest: it is a file, too long, or holds characters that cannot be stored.
    """
    value = (await request.post()).get(name, "")
    if not isinstance(value, str) or len(value) > max_chars:
        raise web.HTTPBadRequest
    if "\x00" in value or any(0xD800 <= ord(char) <= 0xDFFF for char in value):
        raise web.HTTPBadRequest
    value = value.replace("\r\n", "\n")
    return value.strip() if strip else value


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

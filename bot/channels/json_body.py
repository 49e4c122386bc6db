"""Reading a JSON body from outside: content type, size, depth and shape are checked before anything walks it."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from typing import Any, Final

from aiohttp import web

from bot.channels.http_errors import BadRequest
from bot.limits import BODY_TIMEOUT_S, METADATA_MAX_DEPTH

_STRINGS: Final = re.compile(r'"(?:[^"\\]|\\.)*"')
_JSON_TYPES: Final = frozenset({"application/json", "text/json"})


async def read_json_object(request: web.Request) -> dict[str, Any]:
    """The body as a JSON object.

    Raises:
        BadRequest: it is not one, or nested too deeply, or a field appears twice.
        web.HTTPUnsupportedMediaType: it is not announced as JSON in UTF-8.
        web.HTTPRequestEntityTooLarge: it is larger than the application accepts.
        web.HTTPRequestTimeout: it does not arrive.
    """
    return json_object(await read_text(request))


async def read_text(request: web.Request) -> str:
    """The body of a request that announces JSON. Raises as `read_json_object`."""
    if request.content_type not in _JSON_TYPES and not request.content_type.endswith("+json"):
        raise web.HTTPUnsupportedMediaType(reason="send Content-Type: application/json")
    if (request.charset or "utf-8").lower().replace("_", "-") not in ("utf-8", "utf8"):
        raise web.HTTPUnsupportedMediaType(reason="send UTF-8")
    try:
        raw = await asyncio.wait_for(request.read(), BODY_TIMEOUT_S)
    except asyncio.TimeoutError:
        raise web.HTTPRequestTimeout(reason="the body did not arrive") from None
    except web.RequestPayloadError:
        raise BadRequest("the body cannot be unpacked") from None
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise BadRequest("the body is not UTF-8") from None


def json_object(body: str) -> dict[str, Any]:
    """A JSON object from outside.

    Raises:
        BadRequest: it is not one, or nested too deeply, or a field appears twice.
    """
    if _depth(_STRINGS.sub("", body)) > METADATA_MAX_DEPTH:
        raise BadRequest(f"the body is nested deeper than {METADATA_MAX_DEPTH} levels")
    try:
        data = json.loads(body, object_pairs_hook=_unique, parse_constant=_no_constant)
    except BadRequest:
        raise
    except (ValueError, RecursionError):
        raise BadRequest("the body is not valid JSON") from None
    if not isinstance(data, dict):
        raise BadRequest("the body must be a JSON object")
    return data


def text_field(data: Mapping[str, Any], name: str, *, max_chars: int) -> str:
    """A required text field, not empty, without NUL or lone surrogates."""
    value = data.get(name)
    if name not in data or value is None:
        raise BadRequest(f"field '{name}' is missing")
    if not isinstance(value, str):
        raise BadRequest(f"field '{name}' must be text")
    if len(value) > max_chars:
        raise BadRequest(f"field '{name}' is longer than {max_chars} characters")
    if not value.strip():
        raise BadRequest(f"field '{name}' is empty")
    if not is_storable(value):
        raise BadRequest(f"field '{name}' holds characters that are not allowed")
    return value


def is_storable(value: str) -> bool:
    """Whether both databases can keep a text: no NUL, no lone surrogate."""
    return "\x00" not in value and not any(0xD800 <= ord(char) <= 0xDFFF for char in value)


def _depth(body: str) -> int:
    deepest = depth = 0
    for char in body:
        if char in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif char in "]}":
            depth -= 1
    return deepest


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise BadRequest("a field appears twice")
    return result


def _no_constant(name: str) -> Any:
    raise BadRequest(f"{name} is not JSON")

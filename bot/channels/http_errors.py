"""Errors and headers of every HTTP answer: one JSON shape, never a stack trace, strict security headers."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Final
from uuid import uuid4

import structlog
from aiohttp import web

from actions.texts import text
from bot.errors import (
    AccessDenied,
    ChatOff,
    DuplicateMismatch,
    NotReady,
    StorageUnavailable,
)
from bot.keys import SETTINGS

log = structlog.get_logger("sportello.http")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

SECURITY_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "base-uri 'none'; object-src 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Server": "Sportello",
}
_RETRY_AFTER_S: Final = "5"
_OFF_RETRY_AFTER_S: Final = "300"
_ONE_YEAR: Final = "max-age=31536000; includeSubDomains"


class BadRequest(Exception):
    """The request cannot be understood; the text says why."""


def error_response(status: int, reason: str, *, message: str = "") -> web.Response:
    """The one error shape: ``ok``, ``error``, ``status``, ``request_id`` and, for citizens, ``message``."""
    body = {"ok": False, "error": reason, "status": status, "request_id": uuid4().hex}
    if message:
        body["message"] = message
    return web.json_response(body, status=status, dumps=_dumps)


@web.middleware
async def errors_middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn every error into the one shape."""
    try:
        response = await handler(request)
    except BadRequest as error:
        response = error_response(400, str(error))
    except AccessDenied as error:
        response = error_response(401, str(error))
        response.headers["WWW-Authenticate"] = "Bearer"
    except DuplicateMismatch as error:
        response = error_response(409, str(error))
    except ChatOff:
        response = error_response(503, "the chat is switched off", message=text("chat_off"))
        response.headers["Retry-After"] = _OFF_RETRY_AFTER_S
    except (NotReady, StorageUnavailable) as error:
        log.warning("http.unavailable", path=_route(request), reason=type(error).__name__)
        response = error_response(503, "temporarily unavailable", message=text("fault"))
        response.headers["Retry-After"] = _RETRY_AFTER_S
    except web.HTTPException as error:
        if error.status < 400:
            raise
        limit = f"{request.app[SETTINGS].message_max_chars:,}".replace(",", ".")
        too_long = text("message_too_long", max_chars=limit) if error.status == 413 else ""
        response = error_response(error.status, error.reason, message=too_long)
        if "Allow" in error.headers:
            response.headers["Allow"] = error.headers["Allow"]
    except Exception as error:
        log.error("http.failed", path=_route(request), error=type(error).__name__)
        response = error_response(500, "internal error", message=text("fault"))
    return response


async def add_security_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Signal handler: headers on every response, errors included."""
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers["Server"] = SECURITY_HEADERS["Server"]
    response.headers.setdefault("Cache-Control", "no-store")
    # The console is an application inside this one.
    if request.config_dict[SETTINGS].public_url.startswith("https://"):
        response.headers["Strict-Transport-Security"] = _ONE_YEAR


def _route(request: web.Request) -> str:
    # The route's pattern, not the path: a path may hold anything a person typed.
    resource = request.match_info.route.resource
    return resource.canonical if resource else "unknown"


def _dumps(value: object) -> str:
    return json.dumps(value, ensure_ascii=True)

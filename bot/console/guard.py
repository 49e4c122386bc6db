"""The gate of the console: every request passes here, and what is not allowed gets a plain page that says so."""

from __future__ import annotations

import hmac
from typing import Final

import structlog
from aiohttp import web
from yarl import URL

from bot.console import pages
from bot.console.keys import CONSOLE, PREFIX, Console
from bot.console.passwords import TooManySignIns
from bot.console.permissions import Permission, allows
from bot.console.routing import DECLARED, Handler, Needs
from bot.console.sessions import SESSION, expected_origin, find_session, form_token
from bot.console.sign_in import STAGE_PAGES
from bot.console.static_files import missing_packages
from bot.errors import NotReady, StorageUnavailable
from bot.storage import audit, staff_sessions
from bot.storage.staff_sessions import Session

log = structlog.get_logger("sportello.console")

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; object-src 'none'; form-action 'self'; frame-ancestors 'none'"
)
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_FORM_TYPES: Final = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})
_TOUCH_AFTER_S: Final = 30
"""A session's last use is written at most this often: not at every click."""


def add_page_headers(response: web.StreamResponse) -> None:
    """Headers of a console answer. Forms need their origin: "no-referrer" would make it "null"."""
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let in what is allowed; turn every failure into a page."""
    try:
        response = await _guarded(request, handler)
    except web.HTTPException as answer:
        if answer.status < 400:
            response = answer
        else:
            response = _error_page(request, answer.status)
            if "Allow" in answer.headers:
                response.headers["Allow"] = answer.headers["Allow"]
    except TooManySignIns:
        response = _error_page(request, 429)
        response.headers["Retry-After"] = "5"
    except (StorageUnavailable, NotReady) as error:
        log.warning("console.unavailable", reason=type(error).__name__)
        response = _error_page(request, 503)
        response.headers["Retry-After"] = "5"
    except Exception as error:
        log.error("console.failed", path=_pattern(request), error=type(error).__name__)
        response = _error_page(request, 500)
    if not response.prepared:
        add_page_headers(response)
    return response


async def _guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
    needs = request.app[DECLARED].get(request.match_info.handler)
    if needs is None:
        # No such page, or not with this method: the handler says which.
        return await handler(request)
    if needs.permission is Permission.PUBLIC and not needs.counts_as_use:
        return await handler(request)
    if missing_packages():
        return pages.render(request, "no_packages.html", status=503)
    origin = expected_origin(request)
    if origin is None:
        return pages.render(request, "no_tls.html", status=403)
    unsafe = request.method not in _SAFE
    if unsafe and not _is_from_us(request, origin):
        raise web.HTTPForbidden
    session = await find_session(request)
    if session is not None:
        request[SESSION] = session
    stranger = session is None and needs.permission is not Permission.PUBLIC
    if unsafe and not stranger and not await _has_form_token(request):
        raise web.HTTPForbidden
    refusal = await _refusal(request, needs, session)
    if refusal is not None:
        return refusal
    if session is not None and needs.counts_as_use:
        await _touch(request.app[CONSOLE], session)
    return await handler(request)


async def _refusal(
    request: web.Request, needs: Needs, session: Session | None
) -> web.StreamResponse | None:
    """The answer to somebody who may not have this page, or None."""
    if needs.permission is Permission.PUBLIC:
        return None
    if session is None:
        return _sign_in_first(request)
    if session.stage not in needs.stages:
        return web.HTTPSeeOther(location=STAGE_PAGES.get(session.stage, f"{PREFIX}/"))
    if allows(session.account.role, needs.permission):
        return None
    console = request.app[CONSOLE]
    await console.database.write(
        audit.record,
        now=console.clock.utc(),
        staff_id=session.account.id,
        action="refused",
        detail={"page": _pattern(request), "method": request.method},
    )
    return _error_page(request, 403)


def _sign_in_first(request: web.Request) -> web.StreamResponse:
    sign_in = f"{PREFIX}/accesso"
    if request.headers.get("HX-Request") == "true":
        return web.Response(status=401, headers={"HX-Redirect": sign_in})
    if request.method != "GET" or "text/event-stream" in request.headers.get("Accept", ""):
        return _error_page(request, 401)
    if request.path == f"{PREFIX}/":
        return web.HTTPSeeOther(location=sign_in)
    return web.HTTPSeeOther(location=URL(sign_in).with_query(poi=request.path))


def _is_from_us(request: web.Request, origin: str) -> bool:
    """Fetch metadata first, then Origin; a browser that sends neither is refused."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None and site != "same-origin":
        return False
    offered = request.headers.get("Origin")
    if offered is not None and offered.lower() != origin:
        return False
    if site is None and offered is None:
        return False
    return request.content_type in _FORM_TYPES


async def _has_form_token(request: web.Request) -> bool:
    offered = request.headers.get("X-CSRF-Token")
    if offered is None:
        field = (await request.post()).get("csrf", "")
        offered = field if isinstance(field, str) else ""
    expected = form_token(request)
    return bool(expected) and hmac.compare_digest(
        offered.encode("utf-8", "replace"), expected.encode()
    )


async def _touch(console: Console, session: Session) -> None:
    now = console.clock.utc()
    if (now - session.last_seen_at).total_seconds() >= _TOUCH_AFTER_S:
        await console.database.write(staff_sessions.touch, session.id, now)


def _error_page(request: web.Request, status: int) -> web.Response:
    if status not in pages.ERROR_STATUSES:
        status = 400 if status < 500 else 500
    return pages.render(request, "error.html", status=status, status_code=status)


def _pattern(request: web.Request) -> str:
    # The route's pattern, not the path: a path may hold anything a person typed.
    resource = request.match_info.route.resource
    return resource.canonical if resource else "unknown"

"""Tokens and cookies of the console: the session, the device that signed in before, the token of forms."""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import secrets
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web

from bot.console.keys import CONSOLE, PREFIX, Console
from bot.limits import HALF_SESSION_MINUTES
from bot.storage import staff_sessions
from bot.storage.staff_sessions import FULL, Session

_TOKEN_BYTES: Final = 32
_DEVICE_DAYS: Final = 180
SESSION: Final = web.RequestKey("session", Session)
"""The session that the guard has found for a request."""
NEW_FORM: Final = web.RequestKey("new_form", str)
"""Key of a form cookie that this answer will set."""


def new_token() -> str:
    """256 random bits, for sessions, invitations and forms."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def digest(token: str) -> str:
    """What is stored of a token: whoever reads the database cannot sign in with it."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def keyed(console: Console, purpose: str, value: str) -> str:
    """A keyed digest of a value, different for each purpose."""
    text = f"{purpose}:{value}".encode("utf-8", "replace")
    return hmac.new(console.secret, text, hashlib.sha256).hexdigest()


def cookie_name(console: Console, name: str) -> str:
    """``__Host-`` ties a cookie to this host and to TLS; without TLS (loopback only) browsers refuse that prefix."""
    return f"__Host-sportello-{name}" if console.uses_tls else f"sportello-{name}"


def set_cookie(
    console: Console, response: web.StreamResponse, name: str, value: str, *, max_age: int | None
) -> None:
    """Set a cookie that scripts and other sites cannot read."""
    response.set_cookie(
        cookie_name(console, name),
        value,
        path="/",
        httponly=True,
        secure=console.uses_tls,
        # "Lax" lets a link in an e-mail to the staff arrive signed in; changes are guarded on their own.
        samesite="Lax",
        max_age=max_age,
    )


def drop_cookie(console: Console, response: web.StreamResponse, name: str) -> None:
    """Take a cookie back."""
    response.del_cookie(
        cookie_name(console, name),
        path="/",
        httponly=True,
        secure=console.uses_tls,
        samesite="Lax",
    )


async def find_session(request: web.Request) -> Session | None:
    """The session of the cookie, if it is good; nothing else in a request can carry one."""
    console = request.app[CONSOLE]
    token = request.cookies.get(cookie_name(console, "session"), "")
    if not token:
        return None
    now = console.clock.utc()
    found = await console.database.read(
        staff_sessions.find_session,
        digest(token),
        seen_after=now - console.idle,
        created_after=now - console.longest,
    )
    half = timedelta(minutes=HALF_SESSION_MINUTES)
    if found is not None and found.stage != FULL and found.created_at <= now - half:
        return None
    return found


def session_of(request: web.Request) -> Session:
    """The session that the guard has found for this request."""
    session: Session | None = request.get(SESSION)
    if session is None:
        raise web.HTTPForbidden
    return session


def form_token(request: web.Request) -> str:
    """What every form of this browser must send back: bound to its session or, before sign-in, to a cookie."""
    console = request.app[CONSOLE]
    name = "session" if SESSION in request else "form"
    token = request.get(NEW_FORM) or request.cookies.get(cookie_name(console, name))
    return keyed(console, "form", token) if token else ""


def begin_form(request: web.Request) -> str | None:
    """Before sign-in: the value of the cookie that forms are bound to, if this browser has none yet."""
    console = request.app[CONSOLE]
    if SESSION in request or request.cookies.get(cookie_name(console, "form")):
        return None
    request[NEW_FORM] = new_token()
    return request[NEW_FORM]


def remember_device(console: Console, response: web.StreamResponse, email: str) -> None:
    """Mark this browser as one where this person has signed in: others' wrong guesses do not lock it out."""
    nonce = secrets.token_urlsafe(16)
    value = f"{nonce}.{keyed(console, 'device', f'{email}:{nonce}')}"
    set_cookie(console, response, "device", value, max_age=_DEVICE_DAYS * 86_400)


def known_device(request: web.Request, email: str) -> str | None:
    """The mark of a browser where this person has signed in before."""
    console = request.app[CONSOLE]
    nonce, _, signature = request.cookies.get(cookie_name(console, "device"), "").partition(".")
    good = keyed(console, "device", f"{email}:{nonce}")
    return nonce if hmac.compare_digest(signature.encode(), good.encode()) else None


def local_path(offered: str) -> str:
    """A path of the console to go on to after sign-in; anything else becomes its first page."""
    home = f"{PREFIX}/"
    if not offered.startswith(home) or len(offered) > 500 or not offered.isprintable():
        return home
    if "\\" in offered or "//" in offered or ".." in offered or not offered.isascii():
        return home
    parts = urlsplit(offered)
    return home if parts.scheme or parts.netloc else offered


def expected_origin(request: web.Request) -> str | None:
    """The origin of our own pages; None when they are reached in a way that is not safe enough."""
    settings = request.app[CONSOLE].settings
    if settings.public_url.startswith("https://"):
        parts = urlsplit(settings.public_url)
        return f"{parts.scheme}://{parts.netloc}".lower()
    if settings.public_url or not settings.binds_to_loopback:
        return None
    host = request.host.lower()
    return f"http://{host}" if _is_loopback(urlsplit(f"//{host}").hostname or "") else None


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def recovery_code() -> str:
    """80 random bits, easy to copy from paper: four groups of four."""
    text = base64.b32encode(secrets.token_bytes(10)).decode().lower()
    return "-".join(text[start : start + 4] for start in range(0, 16, 4))

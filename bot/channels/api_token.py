"""Who may use the doors for programs: the holder of the API token."""

from __future__ import annotations

import hmac

from aiohttp import web

from bot.errors import AccessDenied
from bot.keys import SETTINGS
from bot.settings import Settings


def authorise(request: web.Request, *, open_on_loopback: bool) -> None:
    """Let in who has the token; without a configured token only local, not public installations are open."""
    settings: Settings = request.app[SETTINGS]
    if settings.api_token is not None:
        offered = request.headers.get("Authorization", "")
        expected = f"Bearer {settings.api_token.get_secret_value()}"
        if not hmac.compare_digest(offered.encode("utf-8", "surrogateescape"), expected.encode()):
            raise AccessDenied("this door needs the API token")
        return
    if not open_on_loopback:
        raise web.HTTPNotFound(reason="off: set SPORTELLO_API_TOKEN to open it")
    if settings.public_url or not settings.binds_to_loopback:
        raise AccessDenied("this door is closed: set SPORTELLO_API_TOKEN to open it")

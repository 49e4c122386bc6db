"""Which sites may use the chat: the installation's own address and those that the settings name, letter by letter."""

from __future__ import annotations

import hmac
from urllib.parse import urlsplit

from aiohttp import web

from bot.settings import Settings


def is_allowed_origin(request: web.Request, settings: Settings) -> bool:
    """Whether the page that asks belongs to an allowed site; a program without ``Origin`` needs the API token."""
    origins = request.headers.getall("Origin", [])
    if not origins:
        return _has_token(request, settings)
    if len(origins) != 1:
        return False
    origin = origins[0].lower()
    return origin in settings.allowed_origins or _is_own_host(request, origin, settings)


def cors_headers(request: web.Request, settings: Settings) -> dict[str, str]:
    """What lets an allowed site read an answer; nothing for the others."""
    if "Origin" not in request.headers or not is_allowed_origin(request, settings):
        return {"Vary": "Origin"}
    return {
        "Access-Control-Allow-Origin": request.headers["Origin"],
        "Access-Control-Allow-Headers": "authorization, content-type",
        "Access-Control-Allow-Methods": "GET, POST",
        "Access-Control-Max-Age": "600",
        "Vary": "Origin",
    }


def _is_own_host(request: web.Request, origin: str, settings: Settings) -> bool:
    # Without a public address the installation goes by whatever name it is called.
    return not settings.public_url and urlsplit(origin).netloc == request.host.lower()


def _has_token(request: web.Request, settings: Settings) -> bool:
    if settings.api_token is None:
        return False
    offered = request.headers.get("Authorization", "").encode("utf-8", "surrogateescape")
    return hmac.compare_digest(offered, f"Bearer {settings.api_token.get_secret_value()}".encode())

"""What the widget needs to know before anybody has agreed to anything: public, the same for all, no personal data."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from bot.channels.web.origins import cors_headers
from bot.channels.web.texts import all_texts, text
from bot.keys import SETTINGS
from bot.settings import Settings

_VERSION_CHARS: Final = 12

routes = web.RouteTableDef()


@dataclass(frozen=True)
class PrivacyNotice:
    """The notice before the first message. ``version`` changes with every change of it: then it is shown again."""

    text: str
    url: str
    version: str


def notice_of(settings: Settings) -> PrivacyNotice:
    """The notice of this installation: the settings', or our own."""
    hours = f"{settings.web_session_hours:g}"
    words = "\n".join(settings.privacy_points) or text("notice", hours=hours)
    digest = hashlib.sha256(f"{words}\n{settings.privacy_url}".encode()).hexdigest()
    return PrivacyNotice(words, settings.privacy_url, digest[:_VERSION_CHARS])


@routes.get("/chat/config")
async def config(request: web.Request) -> web.Response:
    """Notice, greeting, suggested questions, limits."""
    settings = request.app[SETTINGS]
    notice = notice_of(settings)
    body = {
        "protocol": 1,
        "notice": {"version": notice.version, "text": notice.text, "url": notice.url},
        "greeting": {
            language: {"text": words["text"], "buttons": _buttons(words["suggestions"])}
            for language, words in all_texts()["greeting"].items()
        },
        "message_max_chars": settings.message_max_chars,
    }
    return web.json_response(body, headers=cors_headers(request, settings))


def _buttons(suggestions: list[list[str]]) -> list[dict[str, Any]]:
    return [{"title": title, "payload": payload} for title, payload in suggestions]

"""Rasa's REST channel contract, for trusted clients: ``POST /webhooks/rest/webhook`` and ``POST /model/parse``."""

from __future__ import annotations

import hmac
import json
from typing import Any, Final

from aiohttp import web

from bot.channels.http_errors import BadRequest
from bot.channels.incoming_text import cleaned
from bot.channels.json_body import read_json_object, text_field
from bot.conversations.turns import Incoming, refusal
from bot.errors import AccessDenied
from bot.keys import RUNTIME, SETTINGS
from bot.limits import MESSAGE_ID_MAX_CHARS, SENDER_MAX_CHARS
from bot.settings import Settings

CHANNEL: Final = "rest"
routes = web.RouteTableDef()


@routes.post("/webhooks/rest/webhook")
async def webhook(request: web.Request) -> web.Response:
    """Answer one message: a list of messages in Rasa's shape."""
    _authorise(request, open_on_loopback=True)
    body = await read_json_object(request)
    sender = text_field(body, "sender", max_chars=SENDER_MAX_CHARS)
    message = body.get("message")
    if message is None:
        raise BadRequest("field 'message' is missing")
    if not isinstance(message, str):
        raise BadRequest("field 'message' must be text")
    key = _message_id(body.get("metadata"))
    text = cleaned(message)
    refused = refusal(text, request.app[SETTINGS].message_max_chars)
    if refused is not None:
        return _rendered(sender, [refused])
    turns = request.app[RUNTIME].turns
    stored = await turns.receive(Incoming(CHANNEL, sender, text, key))
    return _rendered(sender, await turns.answer(stored))


@routes.post("/model/parse")
async def parse(request: web.Request) -> web.Response:
    """Rasa's parse result of a text; needs the token."""
    _authorise(request, open_on_loopback=False)
    body = await read_json_object(request)
    message = text_field(body, "text", max_chars=request.app[SETTINGS].message_max_chars)
    assistant = await request.app[RUNTIME].assistants.get()
    return web.json_response(await assistant.parse(cleaned(message)))


def _message_id(metadata: Any) -> str | None:
    if metadata is None:
        return None
    if not isinstance(metadata, dict):
        raise BadRequest("field 'metadata' must be an object")
    if metadata.get("message_id") is None:
        return None
    return text_field(metadata, "message_id", max_chars=MESSAGE_ID_MAX_CHARS)


def _rendered(sender: str, messages: list[dict[str, Any]]) -> web.Response:
    body = [{"recipient_id": sender, **message} for message in messages]
    return web.json_response(body, dumps=_readable)


def _readable(body: Any) -> str:
    # Accents stay accents: people read this with curl.
    return json.dumps(body, ensure_ascii=False)


def _authorise(request: web.Request, *, open_on_loopback: bool) -> None:
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

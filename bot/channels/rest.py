"""Rasa's REST channel contract, for trusted clients: ``POST /webhooks/rest/webhook`` and ``POST /model/parse``."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from aiohttp import web

from bot.channels.api_token import authorise
from bot.channels.http_errors import BadRequest
from bot.channels.json_body import is_storable, read_json_object, text_field
from bot.conversations.turns import Incoming, refusal
from bot.keys import RUNTIME, SETTINGS
from bot.limits import MESSAGE_ID_MAX_CHARS, SENDER_MAX_CHARS

CHANNEL: Final = "rest"
_UNSAFE: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\U000e0000-\U000e007f]"
)
"""Control, zero-width, direction-changing and hidden tag characters: they say nothing and can disguise."""

routes = web.RouteTableDef()


@routes.post("/webhooks/rest/webhook")
async def webhook(request: web.Request) -> web.Response:
    """Answer one message: a list of messages in Rasa's shape."""
    authorise(request, open_on_loopback=True)
    body = await read_json_object(request)
    sender = text_field(body, "sender", max_chars=SENDER_MAX_CHARS)
    message = body.get("message")
    if message is None:
        raise BadRequest("field 'message' is missing")
    if not isinstance(message, str):
        raise BadRequest("field 'message' must be text")
    key = _message_id(body.get("metadata"))
    cleaned = _cleaned(message)
    refused = refusal(cleaned, request.app[SETTINGS].message_max_chars)
    if refused is not None:
        return _rendered(sender, [refused])
    turns = request.app[RUNTIME].turns
    stored = await turns.receive(Incoming(CHANNEL, sender, cleaned, key))
    return _rendered(sender, await turns.answer(stored))


@routes.post("/model/parse")
async def parse(request: web.Request) -> web.Response:
    """Rasa's parse result of a text; needs the token."""
    authorise(request, open_on_loopback=False)
    body = await read_json_object(request)
    message = text_field(body, "text", max_chars=request.app[SETTINGS].message_max_chars)
    assistant = await request.app[RUNTIME].assistants.get()
    return web.json_response(await assistant.parse(_cleaned(message)))


def _message_id(metadata: Any) -> str | None:
    if metadata is None:
        return None
    if not isinstance(metadata, dict):
        raise BadRequest("field 'metadata' must be an object")
    if metadata.get("message_id") is None:
        return None
    return text_field(metadata, "message_id", max_chars=MESSAGE_ID_MAX_CHARS)


def _cleaned(message: str) -> str:
    cleaned = _UNSAFE.sub("", message)
    if not is_storable(cleaned):
        cleaned = cleaned.encode("utf-8", "replace").decode("utf-8")
    return cleaned.strip()


def _rendered(sender: str, messages: list[dict[str, Any]]) -> web.Response:
    body = [{"recipient_id": sender, **message} for message in messages]
    return web.json_response(body, dumps=_readable)


def _readable(body: Any) -> str:
    # Accents stay accents: people read this with curl.
    return json.dumps(body, ensure_ascii=False)

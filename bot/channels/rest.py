"""Doors for trusted clients: Rasa's REST channel contract, a poll for what comes later, and ``POST /model/parse``."""

from __future__ import annotations

import json
from functools import partial
from typing import Any, Final

from aiohttp import web

from bot.channels.api_token import authorise
from bot.channels.http_errors import BadRequest
from bot.channels.incoming_text import cleaned
from bot.channels.json_body import read_json_object, text_field
from bot.conversations.personal_data import export, is_export, with_copy
from bot.conversations.turns import Incoming, refusal
from bot.errors import UnknownConversation
from bot.keys import RUNTIME, SETTINGS
from bot.limits import MESSAGE_ID_MAX_CHARS, SENDER_MAX_CHARS
from bot.masking import mask
from bot.storage import outbox, transcript
from bot.storage.transcript import Message

CHANNEL: Final = "rest"
_STATUS_HEADER: Final = "Sportello-Status"
_POLL_LIMIT: Final = 100
_MAX_SEQ: Final = 2**31 - 1

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
    text = cleaned(message)
    refused = refusal(text, request.app[SETTINGS].message_max_chars)
    if refused is not None:
        return _rendered(sender, [refused])
    runtime = request.app[RUNTIME]
    stored = await runtime.turns.receive(Incoming(CHANNEL, sender, text, key))
    answers = await runtime.turns.answer(stored)
    if any(is_export(answer) for answer in answers):
        copy = await runtime.database.read(export, stored.conversation_id, runtime.clock.utc())
        answers = [with_copy(answer, copy) for answer in answers]
    response = _rendered(sender, answers)
    if not answers:
        # A person is in charge: nobody is answered by silence without being told why.
        response.headers[_STATUS_HEADER] = "with_staff"
    return response


@routes.post("/webhooks/rest/messages")
async def messages(request: web.Request) -> web.Response:
    """What was said in a sender's conversation after a number: replies of staff and notices arrive here."""
    authorise(request, open_on_loopback=True)
    body = await read_json_object(request)
    sender = text_field(body, "sender", max_chars=SENDER_MAX_CHARS)
    after = body.get("after", 0)
    if isinstance(after, bool) or not isinstance(after, int) or not 0 <= after <= _MAX_SEQ:
        raise BadRequest("field 'after' must be a whole number, 0 or greater")
    runtime = request.app[RUNTIME]
    conversation_id = await runtime.database.read(
        transcript.find_conversation, channel=CHANNEL, sender=sender
    )
    if conversation_id is None:
        return web.json_response({"owner": "assistant", "messages": []})
    await runtime.database.write(outbox.hand_over, conversation_id, runtime.clock.utc())
    try:
        found = await runtime.database.read(transcript.conversation, conversation_id)
    except UnknownConversation:
        return web.json_response({"owner": "assistant", "messages": []})
    said = await runtime.database.read(
        partial(
            transcript.messages, conversation_id=conversation_id, after=after, limit=_POLL_LIMIT
        )
    )
    listed = [_listed(message) for message in said]
    return web.json_response({"owner": found.owner, "messages": listed}, dumps=_readable)


@routes.post("/model/parse")
async def parse(request: web.Request) -> web.Response:
    """Rasa's parse result of a text; needs the token."""
    authorise(request, open_on_loopback=False)
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


def _listed(message: Message) -> dict[str, Any]:
    """A message as the poll shows it; text of a citizen never unmasked."""
    own = message.author == transcript.CITIZEN
    shown = {"text": mask(message.text)} if own else message.payload
    return {
        "seq": message.seq,
        "author": message.author,
        "status": message.status,
        "at": message.at.isoformat(),
        **shown,
    }


def _rendered(sender: str, messages: list[dict[str, Any]]) -> web.Response:
    body = [{"recipient_id": sender, **message} for message in messages]
    return web.json_response(body, dumps=_readable)


def _readable(body: Any) -> str:
    # Accents stay accents: people read this with curl.
    return json.dumps(body, ensure_ascii=False)

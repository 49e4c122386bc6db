"""Requests that no well-behaved client would send, and the one shape in which they are refused."""

from __future__ import annotations

import asyncio
import json
from typing import Any, Final

from tests.support.servers import WEBHOOK, Client

JSON: Final = "application/json"
GOOD: Final = b'{"sender": "a", "message": "ciao"}'

_INSIDES: Final = ("Traceback", 'File "', ".py", "Error:", "Exception", "aiohttp", "bot.", "line ")


async def post_bytes(
    client: Client, body: Any, content_type: str | None = JSON, **headers: str
) -> tuple[int, str]:
    """Post a body as it is to the REST door; returns status and text. ``X_Name`` sets the header X-Name."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if content_type is not None:
        sent["Content-Type"] = content_type
    async with client.session.post(
        client.base + WEBHOOK, data=body, headers=sent, skip_auto_headers=["Content-Type"]
    ) as response:
        return response.status, await response.text()


async def send_raw(client: Client, request: bytes) -> tuple[int, dict[str, str], str]:
    """Write bytes to the socket; returns status, headers and body of the answer."""
    port = int(client.base.rsplit(":", 1)[1])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1))
        answer = await asyncio.wait_for(reader.read(), 5)
    finally:
        writer.close()
    head, _, body = answer.decode("utf-8", "replace").partition("\r\n\r\n")
    first, *lines = head.split("\r\n")
    pairs = (line.split(": ", 1) for line in lines)
    return int(first.split()[1]), {name.title(): value for name, value in pairs}, body


def message_body(**fields: Any) -> bytes:
    """A good message with some fields replaced or added."""
    return json.dumps({"sender": "a", "message": "ciao", **fields}).encode()


def assert_error_shape(status: int, text: str) -> dict[str, Any]:
    """The documented body of a refusal, with nothing of the server's inside; returns it."""
    assert 400 <= status < 500, (status, text)
    body: dict[str, Any] = json.loads(text)
    assert {"ok", "error", "status", "request_id"} <= set(body)
    assert set(body) <= {"ok", "error", "status", "request_id", "message"}
    assert body["ok"] is False
    assert body["status"] == status
    assert body["error"]
    assert len(body["request_id"]) == 32
    assert not [inside for inside in _INSIDES if inside in text]
    return body

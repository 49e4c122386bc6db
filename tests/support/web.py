"""A client of the web channel that is not a browser: sockets, plain requests, and a client that never loses anything."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import aiohttp

from tests.support.servers import Client

Frame = dict[str, Any]

OFFICE = ("assistant", "staff", "system")


class WebClient:
    """One socket to the chat, with every frame that came on it."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.frames: list[Frame] = []
        self.secret = ""
        self._new = asyncio.Event()
        self._reader = asyncio.create_task(self._read())

    async def _read(self) -> None:
        async for message in self.socket:
            if message.type is aiohttp.WSMsgType.TEXT:
                self.frames.append(json.loads(message.data))
                self._new.set()
        self._new.set()

    async def send(self, **frame: Any) -> None:
        """Send a frame."""
        await self.socket.send_json(frame)

    async def wait(self, wanted: Callable[[Frame], bool], seconds: float = 10.0) -> Frame:
        """The first frame that is wanted, whether or not it has come already."""

        async def look() -> Frame:
            while True:
                for frame in self.frames:
                    if wanted(frame):
                        return frame
                if self.socket.closed:
                    raise AssertionError(f"closed with {self.socket.close_code}: {self.frames}")
                self._new.clear()
                await self._new.wait()

        try:
            return await asyncio.wait_for(look(), seconds)
        except asyncio.TimeoutError:
            raise AssertionError(f"did not come: {self.frames}") from None

    async def of(self, kind: str, **fields: Any) -> Frame:
        """The first frame of a type with these fields."""
        return await self.wait(
            lambda frame: (
                frame["type"] == kind
                and all(frame.get(name) == value for name, value in fields.items())
            )
        )

    async def answer_to(self, seq: int) -> Frame:
        """The first message of the office after a number."""
        return await self.wait(
            lambda frame: (
                frame["type"] == "message" and frame["seq"] > seq and frame["author"] in OFFICE
            )
        )

    async def say(self, text: str) -> Frame:
        """Write a message and wait for its answer."""
        message_id = uuid4().hex
        await self.send(type="message", id=message_id, text=text)
        ack = await self.of("ack", id=message_id)
        return await self.answer_to(ack["seq"])

    async def closed(self, seconds: float = 10.0) -> int:
        """Wait until the server has closed the socket; the close code."""
        await asyncio.wait_for(asyncio.shield(self._reader), seconds)
        return int(self.socket.close_code or 0)

    @property
    def messages(self) -> list[Frame]:
        """All messages that came, in the order of their coming."""
        return [frame for frame in self.frames if frame["type"] == "message"]

    async def close(self) -> None:
        """Hang up."""
        await self.socket.close()
        self._reader.cancel()


async def notice_version(client: Client) -> str:
    """Version of the notice that a citizen would accept."""
    async with client.session.get(client.base + "/chat/config") as response:
        return str((await response.json())["notice"]["version"])


@asynccontextmanager
async def connected(
    client: Client, *, origin: str | None = None, headers: dict[str, str] | None = None
) -> AsyncIterator[WebClient]:
    """A socket on which nothing has been said yet."""
    socket = await client.session.ws_connect(
        client.base + "/ws/chat", origin=origin or client.base, headers=headers
    )
    web = WebClient(socket)
    try:
        yield web
    finally:
        await web.close()


@asynccontextmanager
async def visiting(client: Client, secret: str = "", after: int = 0) -> AsyncIterator[WebClient]:
    """A browser that has been let in: a new one, or one that shows its secret."""
    async with connected(client) as web:
        hello: Frame = {"type": "hello", "protocol": 1, "after": after}
        hello |= {"secret": secret} if secret else {"notice": await notice_version(client)}
        await web.send(**hello)
        welcome = await web.of("welcome")
        web.secret = secret or welcome["secret"]
        await web.of("live")
        yield web


async def post_frame(
    client: Client, secret: str = "", headers: dict[str, str] | None = None, **frame: Any
) -> tuple[int, list[Frame]]:
    """Send a frame by a plain request; status and the frames of the answer."""
    sent = {"Origin": client.base, **(headers or {})}
    if secret:
        sent["Authorization"] = f"Bearer {secret}"
    async with client.session.post(
        client.base + "/chat/frames", json=frame, headers=sent
    ) as response:
        body = await response.json()
        return response.status, body.get("frames", [])

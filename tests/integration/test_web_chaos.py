"""The network is cut at any step: the client shows each message once, in order, equal to the server's transcript (T59)."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
import sqlalchemy as sa

from bot.channels.web.visitors import digest_of
from bot.storage import transcript
from bot.storage.tables import conversations, web_sessions
from tests.support.counts import count
from tests.support.servers import Client, eventually
from tests.support.shared import quickly_serving
from tests.support.web import Frame, notice_version

pytestmark = pytest.mark.model

SCHEDULES = count(15, 200)
MESSAGES = 6


@pytest.fixture
async def client(make_settings: Any, assistant: Any, database_url: str) -> AsyncIterator[Client]:
    """The real server on each database, with patience for retries."""
    settings = make_settings(
        database_url=database_url,
        web_messages_per_minute=1_000,
        web_frames_per_minute=10_000,
        web_sockets_per_visitor=100,
    )
    async with quickly_serving(settings, assistant) as running:
        yield running


class CuttingProxy:
    """Passes bytes on to the server until a number of them has gone by in one direction, then cuts both."""

    def __init__(self, port: int, random_: random.Random) -> None:
        self._target = port
        self._random = random_
        self._server: asyncio.Server | None = None
        self.cuts = 0
        self.is_calm = False

    async def __aenter__(self) -> str:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", self._target)
        # From the middle of the handshake to some messages, each way.
        lifetimes = [self._random.randint(150, 1_500) for _ in range(2)]
        if self.is_calm:
            lifetimes = [10**9, 10**9]
        pipes = [
            asyncio.create_task(self._pass(reader, inner_writer, lifetimes[0])),
            asyncio.create_task(self._pass(inner_reader, writer, lifetimes[1])),
        ]
        await asyncio.wait(pipes, return_when=asyncio.FIRST_COMPLETED)
        self.cuts += 1
        for pipe in pipes:
            pipe.cancel()
        for end in (writer, inner_writer):
            end.transport.abort()

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, allowed: int
    ) -> None:
        with suppress(ConnectionError):
            while allowed > 0 and (data := await reader.read(allowed)):
                allowed -= len(data)
                writer.write(data)
                await writer.drain()


@dataclass
class FaithfulClient:
    """Follows docs/websocket.md as the widget does: keeps its secret, its place, and what is not acknowledged."""

    base: str
    notice: str
    secret: str = ""
    last: int = 0
    shown: list[tuple[int, str, str]] = field(default_factory=list)
    waiting: dict[str, str] = field(default_factory=dict)
    connections: int = 0

    async def live(self, done: asyncio.Event) -> None:
        """Connect again and again until told that it is enough."""
        async with aiohttp.ClientSession() as session:
            while not done.is_set():
                with suppress(aiohttp.ClientError, ConnectionError, asyncio.TimeoutError):
                    async with session.ws_connect(
                        self.base + "/ws/chat", origin=self.base, max_msg_size=0
                    ) as socket:
                        self.connections += 1
                        await self._talk(socket, done)
                await asyncio.sleep(0.01)

    async def _talk(self, socket: aiohttp.ClientWebSocketResponse, done: asyncio.Event) -> None:
        hello: Frame = {"type": "hello", "protocol": 1, "notice": self.notice, "after": self.last}
        await socket.send_json(hello | ({"secret": self.secret} if self.secret else {}))
        while not done.is_set():
            message = await socket.receive(1)
            if message.type is not aiohttp.WSMsgType.TEXT:
                return
            await self._take(socket, json.loads(message.data))

    async def _take(self, socket: aiohttp.ClientWebSocketResponse, frame: Frame) -> None:
        if frame["type"] == "welcome":
            self.secret = frame.get("secret", self.secret)
            for message_id, text in list(self.waiting.items()):
                await socket.send_json({"type": "message", "id": message_id, "text": text})
        elif frame["type"] == "ack":
            self.waiting.pop(frame["id"], None)
        elif frame["type"] == "message" and frame["seq"] > self.last:
            if frame["prev"] > self.last:
                await socket.send_json({"type": "resume", "after": self.last})
                return
            self.last = frame["seq"]
            self.shown.append((frame["seq"], frame["author"], frame["text"]))
        else:
            assert frame["type"] not in ("gap", "reset", "ended"), frame


async def test_each_message_is_shown_once_in_order_whatever_is_cut(client: Client) -> None:
    """T59: before, during and after the acknowledgement, in the middle of an answer, in the middle of a frame."""
    notice = await notice_version(client)
    gate = asyncio.Semaphore(8)

    async def schedule(seed: int) -> int:
        async with gate:
            return await _one_schedule(client, notice, seed)

    cuts = await asyncio.gather(*(schedule(seed) for seed in range(SCHEDULES)))
    assert sum(cuts) > 4 * SCHEDULES


async def _one_schedule(client: Client, notice: str, seed: int) -> int:
    """One visitor on a bad line; how often it was cut."""
    assert client.runtime is not None
    port = int(client.base.rsplit(":", 1)[1])
    proxy = CuttingProxy(port, random.Random(seed))
    questions = [f"in che zona è Rho? {seed}-{number}" for number in range(MESSAGES)]
    async with proxy as base:
        citizen = FaithfulClient(base, notice)
        citizen.waiting = {f"{seed}-{number}": text for number, text in enumerate(questions)}
        done = asyncio.Event()
        living = asyncio.create_task(citizen.live(done))

        async def all_told() -> bool:
            if living.done():
                living.result()
            # Lines that are always cut would never end: after some cuts the line is good.
            proxy.is_calm = proxy.cuts > 12
            asked = [text for _, author, text in citizen.shown if author == "citizen"]
            answers = [text for _, author, text in citizen.shown if author == "assistant"]
            return len(asked) == MESSAGES and len(answers) >= MESSAGES and not citizen.waiting

        await eventually(all_told, 90)
        done.set()
        await living
    asked = [text for _, author, text in citizen.shown if author == "citizen"]
    assert asked == questions
    conversation = await client.runtime.database.read(_conversation_of, citizen.secret)
    said = await client.runtime.database.read(
        transcript.messages, conversation_id=conversation, limit=100
    )
    assert citizen.shown == [(message.seq, message.author, message.text) for message in said]
    return proxy.cuts


def _conversation_of(link: Any, secret: str) -> str:
    statement = (
        sa.select(conversations.c.id)
        .join(web_sessions, web_sessions.c.sender == conversations.c.sender)
        .where(web_sessions.c.secret_digest == digest_of(secret))
    )
    return str(link.execute(statement).scalar_one())

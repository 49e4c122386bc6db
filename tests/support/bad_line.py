"""A line that is cut at any byte, and a client of the web channel that loses nothing on it."""

from __future__ import annotations

import asyncio
import json
import os
import random
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

import aiohttp

from tests.support.web import Frame

_SILENCE_S = 30.0
"""Who hears nothing for so long connects again."""
_FIRST_DELAY_S = 0.1
_LONGEST_DELAY_S = 5.0
"""Who cannot connect waits longer and longer: three hundred at once would keep a starting server from starting."""


class BadLine:
    """Passes bytes on to a server until a number of them has gone by in one direction, then cuts both.

    Attributes:
        target: port of the server; another one when it is started again.
        cuts: how often a connection was cut.
        is_calm: nothing is cut from now on.
    """

    def __init__(self, target: int, seed: int, lifetimes: tuple[int, int] = (150, 1_500)) -> None:
        self.target = target
        self.cuts = 0
        self.is_calm = False
        self._lifetimes = lifetimes
        self._random = random.Random(seed)
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> str:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=1_000)
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            _hang_up(writer)
            return
        # From the middle of the handshake to some messages, each way.
        there, back = (
            10**9 if self.is_calm else self._random.randint(*self._lifetimes) for _ in "ab"
        )
        pipes = [
            asyncio.create_task(self._pass(reader, inner_writer, there)),
            asyncio.create_task(self._pass(inner_reader, writer, back)),
        ]
        await asyncio.wait(pipes, return_when=asyncio.FIRST_COMPLETED)
        self.cuts += 1
        for pipe in pipes:
            pipe.cancel()
        for end in (writer, inner_writer):
            _hang_up(end)

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, allowed: int
    ) -> None:
        with suppress(OSError):
            while allowed > 0 and (data := await reader.read(allowed)):
                allowed -= len(data)
                writer.write(data)
                await writer.drain()


def _hang_up(end: asyncio.StreamWriter) -> None:
    """Cut for both sides, even while a forked server holds copies of our sockets."""
    with (
        suppress(OSError),
        socket.socket(fileno=os.dup(end.get_extra_info("socket").fileno())) as copy,
    ):
        copy.shutdown(socket.SHUT_RDWR)
    end.transport.abort()


@dataclass
class FaithfulClient:
    """Follows docs/websocket.md as the widget does: keeps its secret, its place, and what is not acknowledged.

    Attributes:
        base: address of the chat, the way the client reaches it.
        notice: the version of the notice that it accepts.
        last: the highest number shown.
        shown: number, author and text of every message, in the order in which they were shown.
        waiting: what was written and not acknowledged, by id.
    """

    base: str
    notice: str
    secret: str = ""
    last: int = 0
    shown: list[tuple[int, str, str]] = field(default_factory=list)
    waiting: dict[str, str] = field(default_factory=dict)
    _welcomes: int = 0
    _delay_s: float = _FIRST_DELAY_S
    _socket: aiohttp.ClientWebSocketResponse | None = None
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def said_by(self, author: str) -> list[str]:
        """The texts of one side, as shown."""
        return [text for _, by, text in self.shown if by == author]

    async def live(self, session: aiohttp.ClientSession) -> None:
        """Connect again and again, until cancelled."""
        while True:
            welcomes = self._welcomes
            with suppress(aiohttp.ClientError, OSError, asyncio.TimeoutError):
                async with session.ws_connect(
                    self.base + "/ws/chat", origin=self.base, max_msg_size=0
                ) as socket:
                    await self._talk(socket)
            self._socket = None
            has_been_in = self._welcomes > welcomes
            self._delay_s = (
                _FIRST_DELAY_S if has_been_in else min(2 * self._delay_s, _LONGEST_DELAY_S)
            )
            await asyncio.sleep(random.uniform(0.5, 1) * self._delay_s)

    async def write(self, message_id: str, text: str) -> None:
        """Write a message: it leaves now or when there is a connection."""
        self.waiting[message_id] = text
        await self.send_again(message_id, text)

    async def send_again(self, message_id: str, text: str) -> None:
        """Send a message as it is, whether or not it has arrived before."""
        if self._socket is not None:
            with suppress(aiohttp.ClientError, OSError):
                await self._socket.send_json({"type": "message", "id": message_id, "text": text})

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Wait until something holds of what was shown."""
        while not is_so():
            self._changed.clear()
            await self._changed.wait()

    async def answered(self, count: int) -> None:
        """Wait until the assistant has said so many things."""
        await self.until(lambda: len(self.said_by("assistant")) >= count)

    async def _talk(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        hello: Frame = {"type": "hello", "protocol": 1, "notice": self.notice, "after": self.last}
        await socket.send_json(hello | ({"secret": self.secret} if self.secret else {}))
        while True:
            message = await socket.receive(_SILENCE_S)
            if message.type is not aiohttp.WSMsgType.TEXT:
                return
            await self._take(socket, json.loads(message.data))
            self._changed.set()

    async def _take(self, socket: aiohttp.ClientWebSocketResponse, frame: Frame) -> None:
        kind = frame["type"]
        assert kind not in ("gap", "reset", "ended"), frame
        if kind == "welcome":
            self.secret = frame.get("secret", self.secret)
            self._welcomes += 1
            self._socket = socket
            for message_id, text in list(self.waiting.items()):
                await self.send_again(message_id, text)
        elif kind == "ack":
            self.waiting.pop(frame["id"], None)
        elif kind == "message" and frame["seq"] > self.last:
            if frame["prev"] > self.last:
                await socket.send_json({"type": "resume", "after": self.last})
                return
            self.last = frame["seq"]
            self.shown.append((frame["seq"], frame["author"], frame["text"]))

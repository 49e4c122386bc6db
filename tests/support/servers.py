"""Real servers for tests: the application in this process, or in a forked child that can be killed."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiohttp import web

from bot.app import create_app
from bot.assistant.assistant import Assistant
from bot.http_server import Runner
from bot.runtime import Runtime
from bot.settings import Settings
from bot.storage.database import Database

WEBHOOK = "/webhooks/rest/webhook"


@dataclass
class Client:
    """Talks to one running server."""

    base: str
    session: aiohttp.ClientSession
    runtime: Runtime | None = None
    application: web.Application | None = None

    async def say(
        self, message: str, sender: str = "cittadino", message_id: str | None = None
    ) -> list[dict[str, Any]]:
        """Send a message through the REST door and expect an answer."""
        status, body = await self.post(message, sender, message_id)
        assert status == 200, (status, body)
        assert body, "no answer"
        return list(body)

    async def post(
        self, message: Any, sender: Any = "cittadino", message_id: str | None = None
    ) -> Any:
        """Send a message; returns status and decoded body."""
        data: dict[str, Any] = {"sender": sender, "message": message}
        if message_id is not None:
            data["metadata"] = {"message_id": message_id}
        async with self.session.post(self.base + WEBHOOK, json=data) as response:
            return response.status, await response.json()


@asynccontextmanager
async def serving(settings: Settings, assistant: Assistant | None) -> AsyncIterator[Client]:
    """The application on a free port of 127.0.0.1; ``assistant`` spares loading a model."""
    runtime = Runtime(settings, Database(settings.effective_database_url))
    if assistant is not None:
        runtime.assistants.use(assistant)
    application = create_app(settings, runtime=runtime)
    runner = Runner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    try:
        async with aiohttp.ClientSession() as session:
            yield Client(f"http://127.0.0.1:{port}", session, runtime, application)
    finally:
        await runner.cleanup()


class ForkedServer:
    """The application in a child of this process, which has Rasa and the model loaded already."""

    def __init__(
        self, settings: Settings, assistant: Assistant, prepare: Callable[[], None] | None = None
    ) -> None:
        self._settings = settings
        self._assistant = assistant
        self._prepare = prepare
        self._process: Any = None
        self.base = ""

    def start(self) -> str:
        """Fork and wait until the port answers; returns the base URL."""
        context = multiprocessing.get_context("fork")
        receiver, sender = context.Pipe(duplex=False)
        self._process = context.Process(target=self._run, args=(sender,), daemon=True)
        self._process.start()
        if not receiver.poll(30):
            raise RuntimeError("the forked server did not start")
        self.base = f"http://127.0.0.1:{receiver.recv()}"
        return self.base

    @property
    def pid(self) -> int:
        """Process id of the child."""
        return int(self._process.pid)

    def kill(self) -> None:
        """SIGKILL: nothing in the child gets to clean up."""
        if self._process is not None and self._process.is_alive():
            os.kill(self._process.pid, signal.SIGKILL)
            self._process.join(10)

    def terminate(self) -> int:
        """SIGTERM; returns the exit code."""
        self._process.terminate()
        self._process.join(20)
        return int(self._process.exitcode)

    def _run(self, sender: Any) -> None:
        if self._prepare is not None:
            self._prepare()
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        with suppress(KeyboardInterrupt):
            loop.run_until_complete(self._serve(sender))
        os._exit(0)

    async def _serve(self, sender: Any) -> None:
        stop = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
        async with serving(self._settings, self._assistant) as client:
            sender.send(int(client.base.rsplit(":", 1)[1]))
            await stop.wait()


async def eventually(check: Callable[[], Any], seconds: float = 20.0) -> Any:
    """Poll an async check until it returns something true; fails with its last value."""
    deadline = time.monotonic() + seconds
    while True:
        value = await check()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"did not happen within {seconds} s: {value!r}")
        await asyncio.sleep(0.05)

"""A thousand idle sockets cost little memory and no measurable CPU, and leave nothing behind (T2, must-hold 2)."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import aiohttp
import psutil
import pytest

from tests.support.counts import count
from tests.support.servers import Client, ForkedServer, eventually
from tests.support.web import notice_version, visiting

pytestmark = [pytest.mark.model, pytest.mark.load]

SOCKETS = 1_000
IDLE_S = count(30, 600)
ALONE_S = 20
"""What the process does by itself, for comparison."""


async def test_a_thousand_idle_sockets(make_settings: Any, assistant: Any, sqlite_url: str) -> None:
    server = ForkedServer(make_settings(database_url=sqlite_url), assistant)
    base = server.start()
    try:
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector) as session:
            await _measure(Client(base, session), psutil.Process(server.pid))
    finally:
        server.kill()


async def _measure(client: Client, process: psutil.Process) -> None:
    async with visiting(client) as web:
        # The first answer loads what is loaded once.
        await web.say("in che zona è Rho?")
    notice = await notice_version(client)
    before, handles = process.memory_info().rss, process.num_fds()
    alone = await _load(process, ALONE_S)
    idle = await asyncio.gather(*(_idle(client, notice) for _ in range(SOCKETS)))
    taken = process.memory_info().rss - before
    load = await _load(process, IDLE_S) - alone
    waits = []
    for _ in range(50):
        async with visiting(client) as web:
            began = time.monotonic()
            await web.say("in che zona è Rho?")
            waits.append(time.monotonic() - began)
    for socket in idle:
        await socket.close()

    async def all_gone() -> bool:
        return process.num_fds() <= handles + 5

    await eventually(all_gone, 20)
    p95 = sorted(waits)[int(len(waits) * 0.95)]
    print(
        f"\n{SOCKETS} idle sockets: {taken / 1e6:.1f} MB ({taken / SOCKETS / 1e3:.0f} kB each), "
        f"CPU {load:.2%} of a core more than none ({alone:.2%}), answers beside them p95 {p95 * 1e3:.0f} ms"
    )
    assert taken < 60e6
    assert load < 0.02
    assert p95 < 1


async def _load(process: psutil.Process, seconds: float) -> float:
    """Share of a core that a process takes."""
    spent = sum(process.cpu_times()[:2])
    await asyncio.sleep(seconds)
    return (sum(process.cpu_times()[:2]) - spent) / seconds


async def _idle(client: Client, notice: str) -> aiohttp.ClientWebSocketResponse:
    socket = await client.session.ws_connect(client.base + "/ws/chat", origin=client.base)
    await socket.send_json({"type": "hello", "protocol": 1, "notice": notice})
    while (await socket.receive_json())["type"] != "live":
        pass
    # Somebody has to answer the pings.
    asyncio.ensure_future(_listen(socket))  # noqa: RUF006
    return socket


async def _listen(socket: aiohttp.ClientWebSocketResponse) -> None:
    async for _ in socket:
        pass

"""Many people on the web at once: a steady five minutes (T1), and three hundred first messages in a second (T3)."""

from __future__ import annotations

import asyncio
import random
import re
import time
from statistics import median, quantiles
from typing import Any

import aiohttp
import psutil
import pytest

from tests.support.counts import count
from tests.support.dialogue import talk
from tests.support.servers import Client, ForkedServer
from tests.support.web import visiting

pytestmark = [pytest.mark.model, pytest.mark.load]

PEOPLE = count(50, 200)
MINUTES = count(1, 5)
PACE_S = 3.0
FIRST_MESSAGES = 300
TOKEN = "prova-di-carico-0123456789"


async def test_people_who_write_every_three_seconds(
    make_settings: Any, assistant: Any, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """T1: answers under a second, nobody left without one, and memory that does not grow after the first minute."""
    settings = make_settings(database_url=database_url, web_messages_per_minute=1_000)
    server = ForkedServer(settings, assistant)
    base = server.start()
    process = psutil.Process(server.pid)
    try:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
            client = Client(base, session)
            end = time.monotonic() + MINUTES * 60
            people = [asyncio.create_task(_person(client, end, n)) for n in range(PEOPLE)]
            await asyncio.sleep(min(60, MINUTES * 30))
            early = process.memory_info().rss
            waits = [wait for person in people for wait in await person]
            late = process.memory_info().rss
    finally:
        server.kill()
    cuts = quantiles(waits, n=100)
    with capsys.disabled():
        print(
            f"\n{settings.effective_database_url.split('+')[0]}: {PEOPLE} people, {len(waits)} messages, p50 {median(waits) * 1e3:.0f} ms, "
            f"p95 {cuts[94] * 1e3:.0f}, p99 {cuts[98] * 1e3:.0f}; {early / 1e6:.0f} MB, at the end {late / 1e6:.0f} MB"
        )
    assert cuts[94] < 1
    assert cuts[98] < 2
    assert late < early * 1.05


async def _person(client: Client, end: float, number: int) -> list[float]:
    chance = random.Random(number)
    waits = []
    questions = talk(int(MINUTES * 60 / PACE_S) + 1)
    await asyncio.sleep(chance.uniform(0, PACE_S))
    async with visiting(client) as web:
        for question in questions:
            began = time.monotonic()
            if began >= end:
                break
            await web.say(question)
            waits.append(time.monotonic() - began)
            await asyncio.sleep(max(0.0, PACE_S - waits[-1]))
    return waits


async def test_three_hundred_first_messages_in_a_second(
    make_settings: Any, assistant: Any, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """T3: everybody is answered within 15 s, and the queue can be watched."""
    settings = make_settings(database_url=database_url, api_token=TOKEN)
    server = ForkedServer(settings, assistant)
    base = server.start()
    try:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
            client = Client(base, session)
            lengths: list[int] = []
            watching = asyncio.create_task(_watch(client, lengths))
            waits = await asyncio.gather(*(_first(client, n) for n in range(FIRST_MESSAGES)))
            watching.cancel()
    finally:
        server.kill()
    with capsys.disabled():
        print(
            f"\n{settings.effective_database_url.split('+')[0]}: {FIRST_MESSAGES} first messages in a second, the last answer after "
            f"{max(waits):.1f} s, longest queue seen {max(lengths)}"
        )
    assert max(waits) < 15
    assert max(lengths) > 0


async def _first(client: Client, number: int) -> float:
    await asyncio.sleep(number / FIRST_MESSAGES)
    began = time.monotonic()
    async with visiting(client) as web:
        await web.say(f"in che zona è Rho? {number}")
    return time.monotonic() - began


async def _watch(client: Client, lengths: list[int]) -> None:
    """The length of the queue as Prometheus sees it."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    while True:
        async with client.session.get(client.base + "/metrics", headers=headers) as answer:
            found = re.search(r"^sportello_turns_waiting (\S+)$", await answer.text(), re.MULTILINE)
            assert found
            lengths.append(int(float(found.group(1))))
        await asyncio.sleep(0.1)

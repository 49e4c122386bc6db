"""Thirty-two people who chat at the same time wait hardly longer than one alone (must-hold 2)."""

from __future__ import annotations

import asyncio
import random
import time
from statistics import median, quantiles
from typing import Any

import aiohttp
import pytest

from tests.support.counts import count
from tests.support.dialogue import talk
from tests.support.servers import Client, ForkedServer
from tests.support.web import WebClient, visiting

pytestmark = [pytest.mark.model, pytest.mark.load]

PEOPLE = 32
MESSAGES = count(10, 40)
PACE_S = 2.0
"""From one message of a person to the next, on average: faster than anybody reads and types."""


async def test_thirty_two_active_conversations(
    make_settings: Any, assistant: Any, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = make_settings(database_url=database_url, web_messages_per_minute=1_000)
    server = ForkedServer(settings, assistant)
    base = server.start()
    try:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
            client = Client(base, session)
            await _person(client, random.Random(0), PACE_S / 8)
            alone = await _person(client, random.Random(1), PACE_S / 8)
            people = [_person(client, random.Random(n), PACE_S) for n in range(PEOPLE)]
            together = [wait for waits in await asyncio.gather(*people) for wait in waits]
    finally:
        server.kill()
    p50, p95 = median(alone), quantiles(together, n=20)[-1]
    with capsys.disabled():
        print(
            f"\n{settings.effective_database_url.split('+')[0]}: one conversation p50 {p50 * 1e3:.1f} ms; {PEOPLE} conversations "
            f"p50 {median(together) * 1e3:.1f}, p95 {p95 * 1e3:.1f} ms ({p95 / p50:.1f} times)"
        )
    assert p95 < 3 * p50


async def _person(client: Client, chance: random.Random, pace_s: float) -> list[float]:
    """One person's waits, from sending to the answer on the screen."""
    waits = []
    async with visiting(client) as web:
        for question in talk(MESSAGES):
            await asyncio.sleep(chance.uniform(0, 2 * pace_s))
            waits.append(await _wait(web, question))
    return waits


async def _wait(web: WebClient, question: str) -> float:
    began = time.perf_counter()
    await web.say(question)
    return time.perf_counter() - began

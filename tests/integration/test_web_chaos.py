"""The network is cut at any step and the server killed: each message is shown once, in order, equal to the server's transcript (T59)."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
import sqlalchemy as sa
from rich.console import Console
from rich.table import Table

from bot.channels.web.visitors import digest_of
from bot.storage import transcript
from bot.storage.database import Database
from bot.storage.tables import conversations, web_sessions
from tests.support.bad_line import BadLine, FaithfulClient
from tests.support.counts import count
from tests.support.dialogue import assert_remembers, share_knowledge, talk
from tests.support.servers import Client, ForkedServer
from tests.support.shared import quickly_serving
from tests.support.stored import StoredConversation, stored_conversations
from tests.support.web import notice_version

pytestmark = [pytest.mark.model, pytest.mark.alone]

SCHEDULES = count(15, 200)
MESSAGES = 4
CUTS_OF_ONE = 12
"""A line that is always cut would never end: after so many cuts it is good."""

CROWD = count(12, 300)
CROWD_MESSAGES = count(8, 20)
KILLS = count(2, 5)
PATIENT = {
    "web_messages_per_minute": 10_000,
    "web_frames_per_minute": 100_000,
    "web_sockets_per_visitor": 100,
    "web_conversations_per_hour": 100_000,
}


@pytest.fixture
async def client(make_settings: Any, assistant: Any, database_url: str) -> AsyncIterator[Client]:
    """The real server on each database, with patience for retries."""
    settings = make_settings(database_url=database_url, **PATIENT)
    async with quickly_serving(settings, assistant) as running:
        yield running


@pytest.fixture
def server(
    make_settings: Any, assistant: Any, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ForkedServer]:
    """The same in a process of its own, that can be killed."""
    share_knowledge(monkeypatch)
    server = ForkedServer(make_settings(database_url=database_url, **PATIENT), assistant)
    yield server
    server.kill()


@asynccontextmanager
async def living(clients: list[FaithfulClient]) -> AsyncIterator[None]:
    """The clients connect and connect again; what one of them finds wrong fails the test."""
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:
        lives = [asyncio.create_task(client.live(session)) for client in clients]
        try:
            yield
        finally:
            for life in lives:
                life.cancel()
            for outcome in await asyncio.gather(*lives, return_exceptions=True):
                if isinstance(outcome, Exception):
                    raise outcome


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
    line = BadLine(int(client.base.rsplit(":", 1)[1]), seed)
    questions = [f"in che zona è Rho? {seed}-{number}" for number in range(MESSAGES)]
    async with line as base:
        citizen = FaithfulClient(base, notice)
        citizen.waiting = {f"{seed}-{number}": text for number, text in enumerate(questions)}

        def all_told() -> bool:
            line.is_calm = line.cuts > CUTS_OF_ONE
            return len(citizen.said_by("assistant")) == MESSAGES and not citizen.waiting

        async with living([citizen]):
            await asyncio.wait_for(citizen.until(all_told), 90)
    assert citizen.said_by("citizen") == questions
    assert citizen.shown == await _transcript(client.runtime.database, citizen.secret)
    return line.cuts


async def test_killed_servers_and_cut_lines_lose_and_double_nothing(
    server: ForkedServer, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Must-hold 1: SIGKILL under load, cut lines, messages sent again late; one answer each, in order, as shown."""
    began = time.monotonic()
    line = BadLine(_port_of(server.start()), seed=5, lifetimes=(300, 12_000))
    async with aiohttp.ClientSession() as session:
        notice = await notice_version(Client(server.base, session))
    async with line as base:
        crowd = [FaithfulClient(base, notice) for _ in range(CROWD)]
        async with living(crowd):
            talking = [_converse(citizen, random.Random(n)) for n, citizen in enumerate(crowd)]
            killing = _kill_again_and_again(server, line, crowd)
            all_said = asyncio.gather(killing, *talking)
            _, *again = await asyncio.wait_for(all_said, count(180, 3_600))
    server.kill()
    stored = await stored_conversations(database_url)
    database = Database(database_url)
    try:
        for citizen in crowd:
            sender = await database.read(_sender_of, citizen.secret)
            _assert_answered_as_shown(stored.pop(sender), citizen)
            assert citizen.shown == await _transcript(database, citizen.secret)
    finally:
        await database.close()
    assert stored == {}
    assert line.cuts > CROWD
    figures = {
        "database": database_url.split("+")[0],
        "conversations": CROWD,
        "messages of each": CROWD_MESSAGES,
        "SIGKILL": KILLS,
        "connections cut": line.cuts,
        "sent again late": sum(again),
        "answered once, in order": CROWD * CROWD_MESSAGES,
        "shown = transcript": CROWD,
        "seconds": round(time.monotonic() - began),
    }
    with capsys.disabled():
        _print(figures)


async def _converse(citizen: FaithfulClient, chance: random.Random) -> int:
    """Write in bursts, now and then something that has long arrived; how often that was."""
    again, written = 0, 0
    questions = talk(CROWD_MESSAGES)
    while written < len(questions):
        burst = questions[written : written + chance.randint(1, 3)]
        for text in burst:
            await citizen.write(f"m{written}", text)
            written += 1
        if chance.random() < 0.5:
            old = chance.randrange(written)
            await citizen.send_again(f"m{old}", questions[old])
            again += 1
        await citizen.answered(written)
    await citizen.until(lambda: not citizen.waiting)
    return again


async def _kill_again_and_again(
    server: ForkedServer, line: BadLine, crowd: list[FaithfulClient]
) -> None:
    """SIGKILL in the middle, spread over the conversations; the line leads to the next server."""
    for number in range(KILLS):
        share = (number + 0.5) / KILLS
        while sum(len(c.said_by("assistant")) for c in crowd) < share * CROWD * CROWD_MESSAGES:
            await asyncio.sleep(0.01)
        server.kill()
        line.target = _port_of(server.start())


def _assert_answered_as_shown(stored: StoredConversation, citizen: FaithfulClient) -> None:
    stored.assert_answered_once_in_order(CROWD_MESSAGES)
    questions = talk(CROWD_MESSAGES)
    for number, message in enumerate(stored.messages):
        assert message.key == f"m{number}"
        assert_remembers(questions[number], list(message.answers))
    told = [answer["text"] for message in stored.messages for answer in message.answers]
    assert citizen.said_by("assistant") == told
    assert citizen.said_by("citizen") == questions


def _port_of(base: str) -> int:
    return int(base.rsplit(":", 1)[1])


def _sender_of(link: sa.Connection, secret: str) -> str:
    wanted = web_sessions.c.secret_digest == digest_of(secret)
    return str(link.execute(sa.select(web_sessions.c.sender).where(wanted)).scalar_one())


async def _transcript(database: Database, secret: str) -> list[tuple[int, str, str]]:
    """The whole conversation as the server has it."""

    def read(link: sa.Connection) -> list[transcript.Message]:
        wanted = conversations.c.sender == _sender_of(link, secret)
        found = link.execute(sa.select(conversations.c.id).where(wanted)).scalar_one()
        return transcript.messages(link, str(found), limit=1_000)

    said = await database.read(read)
    return [(message.seq, message.author, message.text) for message in said]


def _print(figures: dict[str, Any]) -> None:
    table = Table(title="Web channel: cut lines and killed servers", title_justify="left")
    for name in figures:
        table.add_column(name, overflow="fold")
    table.add_row(*(str(value) for value in figures.values()))
    Console(width=150).print(table)

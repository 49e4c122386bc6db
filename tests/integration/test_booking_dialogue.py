"""Booking through the REST door: the same slot wanted by two hundred, processes killed, walks nobody planned."""

from __future__ import annotations

import asyncio
import json
import random
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

import aiohttp
import pytest

from bot.appointments.agenda import listed
from bot.appointments.history import Step
from bot.clock import Clock
from bot.settings import PROJECT_ROOT
from bot.storage.database import Database
from tests.support.booking import assert_consistent
from tests.support.chat import running, texts
from tests.support.conversations import Talk
from tests.support.counts import count
from tests.support.dialogue import share_knowledge
from tests.support.servers import Client, ForkedServer

pytestmark = [pytest.mark.model, pytest.mark.alone]

CLOCK = "2026-11-20T10:30"
"""A Friday: no booked slot is so near that its reminder would be over."""
STARTS = [
    f"2026-{day}T{hour}"
    for day in ("11-24", "11-26", "12-01", "12-03", "12-10")
    for hour in ("10:00", "10:30", "11:00", "14:00", "15:00")
]
CROWD = 200
BY_COMMAND = 2
BOOKED = "è confermato"
TAKEN = ("appena stato preso", "già occupato", "è tutto occupato")


@pytest.fixture(autouse=True)
def _fast_start(monkeypatch: pytest.MonkeyPatch) -> None:
    share_knowledge(monkeypatch)


@pytest.fixture
def settings(make_settings: Any, tmp_path: Any) -> Any:
    def build(url: str) -> Any:
        return make_settings(database_url=url, clock=CLOCK, data_dir=tmp_path, action_timeout_s=60)

    return build


async def agenda(url: str) -> list[dict[str, Any]]:
    database = Database(url)
    step = Step.at(Clock(None), "test", who="staff:test")
    try:
        await database.read(assert_consistent)
        return [row for row in await database.read(listed, step) if row["status"] != "held"]
    finally:
        await database.close()


def wish(start: str, number: int) -> str:
    _, month, day = start[:10].split("-")
    return (
        f"prenota il {day}/{month}/2026 alle {start[11:].replace(':', '.')} per informazioni, "
        f"sono Anna Rossi, persona{number}@esempio.it"
    )


def change(start: str) -> str:
    """Move to a time that nobody else wants, or only look."""
    _, month, day = start[:10].split("-")
    hour = {"11:00": "11.30", "14:00": "14.30", "15:00": "15.30"}.get(start[11:])
    return (
        f"sposta l'appuntamento al {day}/{month} alle {hour}"
        if hour
        else "quando ho l'appuntamento?"
    )


async def attempt(client: Client, start: str, number: int, round_number: int) -> str:
    """Everything at once, then yes while it is offered; what the citizen read last."""
    sender = f"r{round_number}p{number}"
    said = texts(await client.say(wish(start, number), sender, "a"))
    if "Confermi?" in said:
        said = texts(await client.say("sì", sender, "b"))
    return said


async def by_command(url: str, start: str, number: int) -> str:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "appointments", "book", "--start", start, "--json"),
        *("--name", "Ugo Neri", "--contact", f"ugo{number}@esempio.it"),
        cwd=PROJECT_ROOT,
        env={"SPORTELLO_DATABASE_URL": url, "SPORTELLO_CLOCK": CLOCK, "PATH": "/usr/bin:/bin"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, error = await asyncio.wait_for(process.communicate(), 120)
    return BOOKED if process.returncode == 0 and json.loads(out) else error.decode()


async def race(url: str, bases: list[str], *, commands: int) -> None:
    """Must hold 1: one booking in each round, everybody else told so with other times."""
    connector = aiohttp.TCPConnector(limit=CROWD)
    timeout = aiohttp.ClientTimeout(total=120)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        clients = [Client(base, session) for base in bases]
        for number, start in enumerate(STARTS[: count(1, 20)]):
            told = await asyncio.gather(
                *(
                    attempt(clients[person % len(clients)], start, person, number)
                    for person in range(CROWD - commands)
                ),
                *(by_command(url, start, person) for person in range(commands)),
            )
            winners = [said for said in told if BOOKED in said]
            assert len(winners) == 1, Counter(said[:60] for said in told)
            others = [said for said in told[: CROWD - commands] if BOOKED not in said]
            assert all(any(word in said for word in TAKEN) for said in others), set(others)
            assert all("più vicini sono" in said for said in others)
            booked = [row for row in await agenda(url) if row["start"] == start]
            assert [row["status"] for row in booked] == ["confirmed"]


async def test_two_hundred_want_one_slot_of_a_server_and_a_command_line(
    settings: Any, assistant: Any, sqlite_url: str
) -> None:
    server = ForkedServer(settings(sqlite_url), assistant)
    try:
        await race(sqlite_url, [server.start()], commands=BY_COMMAND)
    finally:
        server.kill()


@pytest.mark.postgres
async def test_two_hundred_want_one_slot_of_four_servers(
    settings: Any, assistant: Any, postgres_url: str
) -> None:
    servers = [ForkedServer(settings(postgres_url), assistant) for _ in range(4)]
    try:
        await race(postgres_url, [server.start() for server in servers], commands=0)
    finally:
        for server in servers:
            server.kill()


@pytest.fixture
def server(settings: Any, assistant: Any, database_url: str) -> Iterator[ForkedServer]:
    server = ForkedServer(settings(database_url), assistant)
    yield server
    server.kill()


async def insistent(server: ForkedServer, session: Any, sender: str, said: list[str]) -> list[str]:
    """Say everything, each message until it is answered; the answers."""
    answers = []
    for number, message in enumerate(said):
        while True:
            try:
                status, body = await Client(server.base, session).post(
                    message, sender, f"m{number}"
                )
            except (aiohttp.ClientError, OSError):
                status, body = 0, None
            if status == 200:
                answers.append(texts(body))
                break
            await asyncio.sleep(0.02)
    return answers


async def test_killing_the_process_while_people_book_loses_and_doubles_nothing(
    server: ForkedServer, database_url: str
) -> None:
    """Must hold 2, T60: no confirmed citizen without a slot, no slot without one, one booking for each yes."""
    moments = random.Random(4)
    dialogues = count(20, 500)
    server.start()
    async with aiohttp.ClientSession() as session:
        for batch in range(0, dialogues, len(STARTS)):
            people = [
                insistent(
                    server,
                    session,
                    f"persona-{batch + n}",
                    [wish(start, batch + n), "sì", change(start), "disdici l'appuntamento", "sì"],
                )
                for n, start in enumerate(STARTS[: min(len(STARTS), dialogues - batch)])
            ]
            talking = asyncio.gather(*people)
            for _ in range(count(3, 6)):
                await asyncio.sleep(moments.uniform(0.2, 1.0))
                server.kill()
                server.start()
            for answers in await talking:
                assert BOOKED in answers[1], answers
                assert "Codice" in answers[2] or "spostato" in answers[2], answers
                assert "annullato" in answers[-1], answers
    rows = await agenda(database_url)
    assert len(rows) == dialogues
    assert {row["status"] for row in rows} == {"cancelled"}
    assert len({row["contact"] for row in rows}) == dialogues


UTTERANCES = (
    *("vorrei un appuntamento", "giovedì alle 10", "martedì", "il secondo", "sì", "no", "boh", "alle 15"),
    *("Mario Rossi", "mario@esempio.it", "333 1234567", "accesso agli atti", "lascia stare", "un altro orario"),
    *("disdici l'appuntamento", "sposta l'appuntamento a martedì", "quando ho l'appuntamento?", "K7M4-XR29"),
    *("che orari fate?", "in che zona è Rho?", "perché vi serve la mail?", "ho sbagliato mail", "ricominciamo"),
    *("un operatore", "no anzi giovedì", "il prima possibile", "cancella i miei dati", "ciao", "grazie", "🙂"),
    *("Nome: Ada Neri, tel 02 77401234", "31/02", "25:00", "mai", "cambia il nome", "qwrtp zzk", "e il pomeriggio?"),
)  # fmt: skip


async def test_random_walks_never_fail_and_never_break_the_agenda(
    make_settings: Any, assistant: Any
) -> None:
    """T67: whatever is said, in whatever order, gets an answer, and the tables stay whole."""
    walks, walk = count(12, 150), random.Random(7)
    async with running(make_settings(clock=CLOCK), assistant) as runtime:
        for number in range(walks):
            person = Talk(runtime, f"camminatore-{number}")
            said = ["vorrei un appuntamento", *walk.choices(UTTERANCES, k=18)]
            for message in said:
                answers = await person.say(message)
                assert answers, said
                statuses = {answer["custom"]["status"] for answer in answers}
                assert "fault" not in statuses, (message, said)
        await runtime.database.read(assert_consistent)

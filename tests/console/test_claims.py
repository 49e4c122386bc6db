"""Many colleagues, one queue: each conversation gets exactly one owner, and the others are told who (T18, T19)."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import aiohttp
import pytest
import sqlalchemy as sa

from bot.settings import Settings
from bot.storage import inbox, ownership
from bot.storage.console_tables import audit_log
from bot.storage.database import Database
from bot.storage.tables import conversations, outbound, ownership_changes
from tests.console.conftest import Office, office_of
from tests.support.console import Browser, add_person
from tests.support.counts import count
from tests.support.servers import ForkedServer

COLLEAGUES = count(5, 20)
CONVERSATIONS = count(15, 200)


async def queue_of(office: Office, how_many: int) -> list[str]:
    """So many citizens who wait for a person."""
    ids = []
    for number in range(how_many):
        stored = await office.database.write(
            inbox.store_message,
            channel="web",
            sender=f"{number}-{uuid4().hex}",
            text="voglio parlare con una persona",
            key=None,
            digest=None,
            now=office.clock.utc(),
        )
        ids.append(stored.conversation_id)
        await office.database.write(
            ownership.request_person, stored.conversation_id, reason="asked", now=office.clock.utc()
        )
    return ids


async def colleagues(office: Office, bases: list[str]) -> list[Browser]:
    """Signed-in colleagues, spread over the servers."""
    browsers = []
    for number in range(COLLEAGUES):
        email = f"collega{number}@urp.example.it"
        await add_person(office.database, "operatore", email=email, name=f"Collega {number}")
        browser = Browser(bases[number % len(bases)], office.session)
        assert (await browser.sign_in(email)).status == 200
        browsers.append(browser)
    return browsers


async def claim_everything(browser: Browser, ids: list[str], seed: int) -> Counter[int]:
    """Try to take every conversation, in an order of one's own."""
    mine = list(ids)
    random.Random(seed).shuffle(mine)
    outcomes: Counter[int] = Counter()
    for conversation in mine:
        path = f"/console/conversazioni/{conversation}/prendi"
        answer = await browser.submit(path, {"csrf": browser.token})
        outcomes[answer.status] += 1
        if answer.status == 409:
            assert "Questa conversazione ora è di Collega" in answer.text
    return outcomes


async def check_owners(database: Database, ids: list[str], wins: int) -> None:
    """Owner and audit agree: one claim for each conversation, by the person who has it."""

    def unit(connection: sa.Connection) -> tuple[Any, Any]:
        owners = connection.execute(
            sa.select(conversations.c.id, conversations.c.owner, conversations.c.staff)
        ).all()
        claims = connection.execute(
            sa.select(audit_log.c.subject_id).where(audit_log.c.action == "conversation_claimed")
        ).scalars()
        return owners, Counter(claims)

    owners, claims = await database.read(unit)
    assert {row.id for row in owners if row.owner == "staff" and row.staff} == set(ids)
    assert claims == Counter(ids)
    assert wins == len(ids)


async def test_colleagues_who_claim_at_the_same_time_on_sqlite(office: Office) -> None:
    """T19, must-hold 1."""
    ids = await queue_of(office, CONVERSATIONS)
    browsers = await colleagues(office, [office.base])
    outcomes = await asyncio.gather(
        *(claim_everything(browser, ids, seed) for seed, browser in enumerate(browsers))
    )
    total = sum(outcomes, Counter[int]())
    assert set(total) <= {303, 409}
    await check_owners(office.database, ids, total[303])


@pytest.mark.postgres
async def test_colleagues_on_three_processes_on_postgresql(
    make_settings: Callable[..., Settings], postgres_url: str, assistant: Any
) -> None:
    """T19, must-hold 1: the replicas share nothing but the database."""
    settings = make_settings(database_url=postgres_url, clock="2026-11-24T10:00")
    servers = [ForkedServer(settings, assistant) for _ in range(3)]
    try:
        bases = [server.start() for server in servers]
        async with office_of(make_settings(database_url=postgres_url), assistant) as office:
            ids = await queue_of(office, CONVERSATIONS)
            browsers = await colleagues(office, bases)
            outcomes = await asyncio.gather(
                *(claim_everything(browser, ids, seed) for seed, browser in enumerate(browsers))
            )
            total = sum(outcomes, Counter[int]())
            assert set(total) <= {303, 409}
            await check_owners(office.database, ids, total[303])
    finally:
        for server in servers:
            server.kill()


async def test_a_claim_in_the_middle_of_an_answer_silences_the_assistant(
    office_on_both: Office,
) -> None:
    """T18, must-hold 1, through the console: whichever is faster, nothing automatic follows the claim."""
    office = office_on_both
    browser = await office.signed_in("operatore")
    await browser.get("/console/profilo")
    for number in range(count(10, 1_000)):
        sender = f"c{number}"
        await _say(office.session, office.base, sender, "voglio parlare con una persona")
        conversation = await office.database.read(_id_of, sender)

        async def claim(path: str = f"/console/conversazioni/{conversation}/prendi") -> int:
            await asyncio.sleep(random.Random(path).random() * 0.02)
            return (await browser.submit(path, {"csrf": browser.token})).status

        asked = asyncio.create_task(_say(office.session, office.base, sender, "che orari fate?"))
        assert await claim() == 303
        await asked
        await _say(office.session, office.base, sender, "c'è qualcuno?")
        assert await office.database.read(_automatic_after_claim, conversation) == 0


async def _say(session: aiohttp.ClientSession, base: str, sender: str, message: str) -> None:
    body = {"sender": sender, "message": message}
    async with session.post(base + "/webhooks/rest/webhook", json=body) as response:
        assert response.status == 200


def _id_of(connection: sa.Connection, sender: str) -> str:
    query = sa.select(conversations.c.id).where(conversations.c.sender == sender)
    return str(connection.execute(query).scalar_one())


def _automatic_after_claim(connection: sa.Connection, conversation: str) -> int:
    """Messages of the assistant numbered after the claim that were not withdrawn."""

    claimed = connection.execute(
        sa.select(sa.func.max(ownership_changes.c.at_seq)).where(
            ownership_changes.c.conversation_id == conversation,
            ownership_changes.c.owner == "staff",
        )
    ).scalar_one()
    return int(
        connection.execute(
            sa.select(sa.func.count()).where(
                outbound.c.conversation_id == conversation,
                outbound.c.author == "assistant",
                outbound.c.seq > claimed,
                outbound.c.status != "withdrawn",
            )
        ).scalar_one()
    )

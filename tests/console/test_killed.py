"""The server is killed while colleagues write: what was accepted is there, what is sent again is there once (must-hold 2)."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable
from typing import Any

import aiohttp
import sqlalchemy as sa

from bot.settings import Settings
from bot.storage.console_tables import notes
from bot.storage.tables import outbound
from tests.console.conftest import office_of
from tests.console.test_claims import queue_of
from tests.support.console import Browser
from tests.support.counts import count
from tests.support.servers import ForkedServer


async def test_a_killed_server_loses_no_reply_and_no_note(
    make_settings: Callable[..., Settings], database_url: str, assistant: Any
) -> None:
    """SIGKILL at random moments; the browser sends again what was not answered, with the same key."""
    settings = make_settings(database_url=database_url, clock="2026-11-24T10:00")
    async with office_of(make_settings(database_url=database_url), assistant) as office:
        (conversation,) = await queue_of(office, 1)
        server = ForkedServer(settings, assistant)
        browser = Browser(server.start(), office.session)
        await browser.sign_in("operatore@urp.example.it")
        await browser.get("/console/profilo")
        path = f"/console/conversazioni/{conversation}"
        await browser.submit(f"{path}/prendi", {"csrf": browser.token})
        kinds = [("rispondi", "risposta"), ("nota", "nota")]
        wanted = [(kind, f"{word} {n}") for n in range(count(6, 100)) for kind, word in kinds]
        moments = random.Random(2)
        try:
            for number, (kind, words) in enumerate(wanted):
                if number % 8 == 3:
                    asyncio.get_running_loop().call_later(moments.random() * 0.02, server.kill)
                while not await _accepted(browser, f"{path}/{kind}", words):
                    server.kill()
                    browser.base = server.start()
        finally:
            server.kill()
        texts = await office.database.read(_texts, conversation)
        assert sorted(texts) == sorted(words for _, words in wanted)


async def _accepted(browser: Browser, path: str, words: str) -> bool:
    form = {"csrf": browser.token, "text": words, "key": words}
    try:
        return (await browser.submit(path, form)).status == 303
    except aiohttp.ClientError:
        return False


def _texts(connection: sa.Connection, conversation: str) -> list[str]:
    replies = connection.execute(
        sa.select(outbound.c.payload).where(
            outbound.c.conversation_id == conversation, outbound.c.author == "staff"
        )
    ).scalars()
    written = connection.execute(sa.select(notes.c.text)).scalars()
    return [*(_text(payload) for payload in replies), *written]


def _text(payload: str) -> str:
    return str(json.loads(payload)["text"])

"""`sportello conversations`: staff work from the command line beside a running service, with stable fields."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest
from typer.testing import CliRunner

from bot.__main__ import app
from bot.channels.rest import CHANNEL
from bot.storage import outbox
from tests.support.dialogue import share_knowledge
from tests.support.servers import WEBHOOK, Client, serving

pytestmark = pytest.mark.model

SUMMARY = [
    "id",
    "channel",
    "owner",
    "staff",
    "topic",
    "reason",
    "priority",
    "alert",
    "waiting_since",
    "last_message_at",
]


@pytest.fixture
async def client(
    make_settings: Any, assistant: Any, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Client]:
    share_knowledge(monkeypatch)
    monkeypatch.setenv("SPORTELLO_DATABASE_URL", database_url)
    monkeypatch.setenv("SPORTELLO_CLOCK", "2026-11-24T10:31")
    settings = make_settings(database_url=database_url, clock="2026-11-24T10:30")
    async with serving(settings, assistant) as client:
        yield client


async def command(*words: str, code: int = 0, group: str = "conversations") -> Any:
    """Run a command in a thread, beside the server of the test; its JSON or its error."""
    result = await asyncio.to_thread(CliRunner().invoke, app, [group, *words, "--json"])
    assert result.exit_code == code, (result.output, result.exception)
    return json.loads(result.output) if code == 0 else str(result.exception)


async def test_staff_claim_answer_and_give_back_from_the_command_line(client: Client) -> None:
    await client.say("in che zona è Rho?")
    await client.say("vorrei parlare con una persona")
    (waiting,) = await command("list", "--owner", "waiting")
    assert list(waiting) == SUMMARY
    assert waiting["topic"] == "zona-del-comune"
    assert (waiting["owner"], waiting["channel"]) == ("waiting", CHANNEL)
    assert waiting["waiting_since"].startswith("2026-11-24T10:3")
    claimed = await command("claim", waiting["id"], "--staff", "anna")
    assert (claimed["owner"], claimed["staff"]) == ("staff", "anna")
    told = await command("claim", waiting["id"][:8], "--staff", "bruno", code=1)
    assert "anna" in told
    assert await client.post("ci siete?") == (200, [])
    await command("reply", waiting["id"], "Sì: via Vivaio 1.")
    shown = await command("show", waiting["id"])
    assert list(shown) == [*SUMMARY, "request", "messages"]
    last = shown["messages"][-1]
    assert list(last) == ["seq", "author", "staff", "text", "status", "at"]
    assert (last["author"], last["text"], last["status"]) == (
        "staff",
        "Sì: via Vivaio 1.",
        "queued",
    )
    assert [m["seq"] for m in shown["messages"]] == list(range(1, len(shown["messages"]) + 1))
    assert (await command("release", waiting["id"]))["owner"] == "assistant"
    assert await client.say("e Legnano?")
    assert (await command("close", waiting["id"]))["owner"] == "closed"
    assert await command("list", "--owner", "waiting") == []


async def test_the_poll_brings_what_staff_have_written(client: Client) -> None:
    """REST: nothing while a person answers, with the reason in a header; the words come by the poll."""
    await client.say("ciao")
    (conversation,) = await command("list")
    await command("claim", conversation["id"])
    data = {"sender": "cittadino", "message": "ci siete?"}
    async with client.session.post(client.base + WEBHOOK, json=data) as response:
        assert await response.json() == []
        assert response.headers["Sportello-Status"] == "with_staff"
    await command("reply", conversation["id"], "Eccomi.")
    url = client.base + "/webhooks/rest/messages"
    for body, expected in (
        ({"sender": "cittadino"}, [1, 2, 3, 4]),
        ({"sender": "cittadino", "after": 3}, [4]),
        ({"sender": "nessuno"}, []),
    ):
        async with client.session.post(url, json=body) as response:
            found = await response.json()
        assert [m["seq"] for m in found["messages"]] == expected
    assert (await command("show", conversation["id"]))["messages"][-1]["status"] == "sent"
    for wrong in (-1, "3", True, 2.5, 2**40):
        async with client.session.post(url, json={"sender": "a", "after": wrong}) as response:
            assert response.status == 400


async def test_what_does_not_exist_is_said_in_one_sentence(client: Client) -> None:
    assert "non esiste" in await command("show", "ffff", code=1)
    await client.say("ciao")
    (conversation,) = await command("list")
    assert "claim" in await command("reply", conversation["id"], "ciao", code=1)
    assert "vuota" in await command("reply", conversation["id"], "  ", code=1)
    await command("list", "--owner", "chiunque", code=1)


async def test_dead_letters_and_erasure(client: Client) -> None:
    await client.say("ciao")
    (conversation,) = await command("list")
    database, now = client.runtime.database, client.runtime.clock.utc()
    await database.write(outbox.mark_unreachable, conversation["id"], now)
    await database.write(
        lambda c: outbox.send(
            c, conversation_id=conversation["id"], author="system", message={"text": "x"}, now=now
        )
    )
    (letter,) = await command("list", "--dead")
    assert (letter["id"], letter["error"]) == (conversation["id"], "unreachable")
    erased = await asyncio.to_thread(
        CliRunner().invoke, app, ["conversations", "erase", conversation["id"], "--yes"]
    )
    assert erased.exit_code == 0
    assert await command("list") == []


async def test_the_installed_command_says_it_in_italian(client: Client, database_url: str) -> None:
    """The real process: exit code 1 and one sentence on standard error."""
    environment = {**os.environ, "SPORTELLO_DATABASE_URL": database_url}
    result = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "bot", "conversations", "claim", "abc", "--staff", "anna"],
        capture_output=True,
        text=True,
        env=environment,
        timeout=60,
    )
    assert result.returncode == 1
    assert result.stderr.strip() == "Errore: la conversazione «abc» non esiste"


async def test_reports_are_listed(client: Client) -> None:
    await client.say("in che zona è Rho?")
    await client.say("questa informazione è sbagliata")
    (listed,) = await command("reports", group="knowledge")
    assert (listed["id"], listed["topic"], listed["status"]) == (1, "zona-del-comune", "open")
    assert listed["records"]
    assert await command("reports", "--done", "1", group="knowledge") == []
    assert len(await command("reports", "--status", "done", group="knowledge")) == 1
    assert "7 non esiste" in await command("reports", "--done", "7", group="knowledge", code=1)

"""The dialogue state costs the same at message 2 and at message 200."""

from __future__ import annotations

import time
from statistics import median
from typing import Any

import pytest
import sqlalchemy as sa

from bot.storage.tables import conversations
from tests.support.dialogue import assert_remembers, share_knowledge, talk
from tests.support.servers import Client, serving

pytestmark = pytest.mark.model

MESSAGES = 200
SLACK_BYTES = 64
"""Numbers and time stamps of different lengths."""

OTHER_QUESTIONS = (
    "in che zona è Rho?",
    "quali comuni ci sono nella zona Alto Milanese?",
    "a che ora apre l'urp il venerdì?",
    "come contatto l'urp?",
    "non ho capito, ripeti",
    "asdf qwerty",
    "buongiorno",
    "in che zona è Legnano e quali sono gli orari dell'URP?",
    "grazie",
)


def _state_bytes(connection: sa.Connection, sender: str) -> int:
    statement = sa.select(conversations.c.state).where(conversations.c.sender == sender)
    return len(str(connection.execute(statement).scalar_one()).encode())


async def cost_of_each(
    client: Client, questions: list[str], *, forgetful: bool
) -> tuple[list[float], list[int]]:
    """Processor seconds and bytes of state for each message; ``forgetful`` rebuilds the dialogue each time."""
    seconds, sizes = [], []
    for question in questions:
        if forgetful:
            client.runtime.turns.forget_live()
        started = time.process_time()
        answer = await client.say(question)
        seconds.append(time.process_time() - started)
        if question.startswith("e "):
            assert_remembers(question, answer)
        sizes.append(await client.runtime.database.read(_state_bytes, "cittadino"))
    return seconds, sizes


@pytest.mark.parametrize("forgetful", [False, True], ids=["live", "rebuilt at each message"])
async def test_message_200_costs_what_message_2_cost(
    make_settings: Any,
    assistant: Any,
    sqlite_url: str,
    monkeypatch: pytest.MonkeyPatch,
    forgetful: bool,
) -> None:
    """T6: the state does not grow at all; the work (processor time, server and client together) neither."""
    share_knowledge(monkeypatch)
    async with serving(make_settings(database_url=sqlite_url), assistant) as client:
        await client.say("buongiorno", sender="altro")
        seconds, sizes = await cost_of_each(client, talk(MESSAGES), forgetful=forgetful)
    assert max(sizes[20:]) <= max(sizes[:20]) + SLACK_BYTES
    ratio = median(seconds[-11:]) / median(seconds[1:11])
    assert ratio < 2, f"message 190 to 200 took {ratio:.2f} times as long as message 2 to 11"


async def test_state_stays_small_whatever_is_talked_about(
    make_settings: Any, assistant: Any, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T6: what is kept is bounded by what one turn can say, not by how many there were."""
    share_knowledge(monkeypatch)
    questions = list(OTHER_QUESTIONS)
    async with serving(make_settings(database_url=sqlite_url), assistant) as client:
        await cost_of_each(client, questions, forgetful=False)
        _, first = await cost_of_each(client, questions, forgetful=False)
        for _ in range(6):
            _, last = await cost_of_each(client, questions, forgetful=False)
    assert max(last) <= max(first) + SLACK_BYTES
    assert max(last) < 32_000

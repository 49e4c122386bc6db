"""What time brings: sessions end, danger that nobody reads, persons who do not answer; once among replicas."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.clock import ROME
from bot.conversations.upkeep import Upkeep
from bot.runtime import Runtime
from bot.storage.database import Database
from tests.support.chat import running
from tests.support.conversations import Talk, authors
from tests.support.dialogue import assert_remembers, share_knowledge, talk

pytestmark = pytest.mark.model


class MovedClock:
    """The clock of a runtime, some time ahead."""

    def __init__(self, runtime: Runtime) -> None:
        self._clock = runtime.clock
        self.ahead = timedelta()

    def utc(self) -> datetime:
        return self._clock.utc() + self.ahead

    def now(self) -> datetime:
        return self.utc().astimezone(ROME)


@pytest.fixture
async def runtime(
    make_settings: Any, assistant: Any, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Runtime]:
    share_knowledge(monkeypatch)
    settings = make_settings(database_url=database_url, clock="2026-11-24T10:30")
    async with running(settings, assistant) as runtime:
        yield runtime


@pytest.fixture
def after(runtime: Runtime) -> Callable[..., Any]:
    """Let time pass: ``await after(minutes=61)``; two replicas keep up at once."""
    clock = MovedClock(runtime)

    async def keep_up(**amount: float) -> None:
        clock.ahead = timedelta(**amount)
        other = Database(runtime.settings.effective_database_url)
        try:
            await asyncio.gather(
                *(
                    Upkeep(
                        runtime.settings,
                        database,
                        clock,  # type: ignore[arg-type]
                        runtime.notifier,
                        lambda: runtime.knowledge.hours,
                    ).once()
                    for database in (runtime.database, other)
                )
            )
        finally:
            await other.close()

    return keep_up


async def test_a_session_ends_after_silence_and_who_returns_begins_anew(
    runtime: Runtime, after: Callable[..., Any]
) -> None:
    opening, follow_up = talk(2)
    person = Talk(runtime, "uno", "web")
    assert_remembers(opening, await person.say(opening))
    await after(minutes=59)
    assert authors(await person.seen()) == ["citizen", "assistant"]
    await after(minutes=61)
    await after(minutes=62)
    assert authors(await person.seen()) == ["citizen", "assistant", "system"]
    assert (await person.now()).owner == "closed"
    (answer,) = await person.say(follow_up)
    assert answer["custom"]["topic"] != "comune-dati"
    assert (await person.now()).owner == "assistant"


async def test_who_waits_for_a_person_is_not_sent_away(
    runtime: Runtime, after: Callable[..., Any]
) -> None:
    """T66: an idle citizen stays in the queue, over a weekend too."""
    person = Talk(runtime, "uno")
    await person.say("vorrei parlare con un operatore")
    await after(days=3)
    assert (await person.now()).owner == "waiting"
    assert authors(await person.seen()) == ["citizen", "assistant"]


async def test_danger_told_to_a_person_alerts_and_after_a_minute_unread_gives_the_numbers(
    runtime: Runtime, after: Callable[..., Any]
) -> None:
    """Design decision 6: nobody is left alone because somebody is at lunch."""
    person = Talk(runtime, "uno")
    await person.say("ciao")
    await person.claim()
    assert await person.say("mio marito mi picchia") == []
    assert (await person.now()).alert_kind == "violenza-donne"
    await after(seconds=50)
    assert authors(await person.seen())[-1] == "citizen"
    await after(seconds=61)
    await after(seconds=70)
    last = (await person.seen())[-1]
    assert "1522" in last.text
    assert last.payload["custom"]["status"] == "crisis"
    assert authors(await person.seen()).count("system") == 1
    assert (await person.now()).owner == "staff"


async def test_a_person_who_reads_in_time_answers_alone(
    runtime: Runtime, after: Callable[..., Any]
) -> None:
    person = Talk(runtime, "uno")
    await person.say("ciao")
    await person.claim()
    await person.say("mi voglio ammazzare")
    await person.reply("Sono qui con lei.")
    await after(minutes=5)
    assert authors(await person.seen())[-1] == "staff"


async def test_danger_told_to_the_assistant_gives_the_numbers_at_once_also_while_waiting(
    runtime: Runtime,
) -> None:
    person = Talk(runtime, "uno")
    await person.say("vorrei parlare con un operatore")
    (answer,) = await person.say("mio marito mi picchia")
    assert "1522" in answer["text"]
    assert (await person.now()).priority == 1


async def test_a_person_who_does_not_answer_gives_the_conversation_back(
    runtime: Runtime, after: Callable[..., Any]
) -> None:
    """T66: the citizen waits half an hour, is queued in front and told so; a reply in time stops that."""
    waiting, answered = Talk(runtime, "uno"), Talk(runtime, "due")
    for person in (waiting, answered):
        await person.say("ciao")
        await person.claim()
        await person.say("ci siete?")
    await answered.reply("Sì, eccomi.")
    await after(minutes=31)
    assert [(await person.now()).owner for person in (waiting, answered)] == ["waiting", "staff"]
    assert (await waiting.seen())[-1].payload["custom"]["status"] == "handed_off"
    await after(hours=25)
    assert [(await person.now()).owner for person in (waiting, answered)] == ["waiting", "closed"]

"""Who speaks: one owner at any moment, changed in one place, read again when a turn commits."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from bot.assistant.assistant import Assistant
from bot.conversations import desk
from bot.errors import AlreadyClaimed, NotInCharge, UnknownConversation
from bot.runtime import Runtime
from bot.storage import ownership
from bot.storage.database import Database
from tests.support.chat import running
from tests.support.conversations import Talk, authors
from tests.support.counts import count
from tests.support.dialogue import assert_remembers, share_knowledge, talk

pytestmark = [pytest.mark.model, pytest.mark.alone]

CHANNELS = ("rest", "web")
"""One whose caller takes the answers along, one that fetches them."""


@pytest.fixture
async def runtime(
    make_settings: Any, assistant: Any, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Runtime]:
    share_knowledge(monkeypatch)
    settings = make_settings(database_url=database_url, clock="2026-11-24T10:30")
    async with running(settings, assistant) as runtime:
        yield runtime


@pytest.fixture
def citizen(runtime: Runtime) -> Callable[..., Talk]:
    numbers = iter(range(10_000))
    return lambda channel="rest": Talk(runtime, f"cittadino-{next(numbers)}", channel)


# T18


async def test_whoever_takes_over_in_the_middle_of_an_answer_one_of_the_two_speaks(
    citizen: Callable[..., Talk],
) -> None:
    """T18: 1,000 random interleavings of a turn and a claim; after the claim no answer of the assistant is seen."""
    moments = random.Random(18)
    outcomes = {"assistant": 0, "staff": 0}

    async def one(number: int) -> None:
        person = citizen(CHANNELS[number % 2])
        await person.say("ciao")
        before = (await person.now()).last_seq
        speaking = asyncio.create_task(person.say("che orari fate?"))
        # Some claims at once, some when the answer is there, most in between.
        if number % 10 == 9:
            await asyncio.wait({speaking})
        elif number % 10:
            await asyncio.sleep(moments.uniform(0, 0.06))
        await person.claim()
        await person.reply("Buongiorno, sono Anna.")
        answers = await speaking
        (_, staff, claimed_at) = (await person.owners())[-1]
        assert staff == "anna"
        seen = await person.seen(after=before)
        by_assistant = [message.seq for message in seen if message.author == "assistant"]
        assert all(seq <= claimed_at for seq in by_assistant)
        assert authors(seen).count("staff") == 1
        if person.channel == "rest":
            assert bool(answers) == bool(by_assistant), "what the caller got is what is stored"
        else:
            assert not by_assistant, "what was not handed over at the claim is withdrawn"
        outcomes["assistant" if answers else "staff"] += 1
        # The same without the race: silence.
        assert await person.say("e il venerdì?") == []

    for begin in range(0, count(120, 1_000), 8):
        await asyncio.gather(*(one(number) for number in range(begin, begin + 8)))
    assert min(outcomes.values()) > 0, outcomes


async def test_a_claim_before_the_commit_wins(
    citizen: Callable[..., Talk], monkeypatch: pytest.MonkeyPatch
) -> None:
    """T18, forced: the answer is computed and held until the claim is committed; it is never stored."""
    person = citizen()
    await person.say("ciao")
    made, go = asyncio.Event(), asyncio.Event()
    answer = Assistant.answer

    async def held(self: Assistant, *args: Any) -> Any:
        result = await answer(self, *args)
        made.set()
        await go.wait()
        return result

    monkeypatch.setattr(Assistant, "answer", held)
    speaking = asyncio.create_task(person.say("che orari fate?"))
    await asyncio.wait_for(made.wait(), 10)
    await person.claim()
    go.set()
    assert await speaking == []
    assert authors(await person.seen()) == ["citizen", "assistant", "citizen"]
    assert (await person.now()).unanswered_since is not None


async def test_a_claim_after_the_commit_withdraws_what_was_not_sent(
    citizen: Callable[..., Talk],
) -> None:
    """T18, forced: the answer is stored and waits for its channel; the citizen never sees it, staff do."""
    person = citizen("web")
    await person.say("che orari fate?")
    await person.claim()
    await person.reply("Oggi fino alle 12.")
    assert authors(await person.seen()) == ["citizen", "staff"]
    assert [m.seq for m in await person.seen()] == [1, 3]


async def test_only_the_oldest_claim_wins_and_the_others_are_told_who(
    citizen: Callable[..., Talk], runtime: Runtime, database_url: str
) -> None:
    """T19: colleagues in this process and in another one, all at once; owner and history agree."""
    other = Database(database_url)
    try:
        for _ in range(count(5, 50)):
            person = citizen()
            await person.say("vorrei parlare con un operatore")
            names = [f"collega-{number}" for number in range(8)]
            results = await asyncio.gather(
                *(
                    (other if number % 2 else runtime.database).write(
                        desk.claim, person.id, name, runtime.clock.utc()
                    )
                    for number, name in enumerate(names)
                ),
                return_exceptions=True,
            )
            (winner,) = [r.staff for r in results if isinstance(r, ownership.Ownership)]
            losers = [r for r in results if isinstance(r, AlreadyClaimed)]
            assert len(losers) == 7
            assert {error.staff for error in losers} == {winner}
            assert (await person.now()).staff == winner
            assert [change[:2] for change in await person.owners()] == [
                ("waiting", None),
                ("staff", winner),
            ]
    finally:
        await other.close()


# T65


async def test_the_assistant_is_silent_while_a_person_answers_and_then_knows_what_it_knew(
    citizen: Callable[..., Talk],
) -> None:
    """T65: 100 messages without a word, then the thread goes on."""
    opening, follow_up = talk(2)
    person = citizen()
    assert_remembers(opening, await person.say(opening))
    await person.claim()
    for number in range(100):
        assert await person.say(f"messaggio {number}") == []
    assert "assistant" not in authors(await person.seen(after=2))
    await person.release()
    assert_remembers(follow_up, await person.say(follow_up))
    assert authors(await person.seen())[-3:] == ["system", "citizen", "assistant"]


async def test_what_only_the_person_in_charge_may_do_is_refused_to_others(
    citizen: Callable[..., Talk],
) -> None:
    person = citizen()
    await person.say("ciao")
    with pytest.raises(NotInCharge):
        await person.reply("ciao")
    await person.claim("anna")
    for forbidden in (person.reply("ciao", "bruno"), person.release("bruno")):
        with pytest.raises(NotInCharge) as refused:
            await forbidden
        assert refused.value.staff == "anna"
    for forbidden in (person.close("bruno"), person.claim("bruno")):
        with pytest.raises(AlreadyClaimed):
            await forbidden
    with pytest.raises(UnknownConversation):
        await Talk(person.runtime, "nessuno", id="0" * 32).claim()
    assert authors(await person.seen()) == ["citizen", "assistant"]


async def test_a_closed_conversation_begins_anew_with_its_transcript(
    citizen: Callable[..., Talk],
) -> None:
    """T66: staff close; the next message reopens it, the dialogue does not go on where it was."""
    opening, follow_up = talk(2)
    person = citizen()
    await person.say(opening)
    await person.claim()
    await person.close()
    assert (await person.now()).owner == "closed"
    (answer,) = await person.say(follow_up)
    assert answer["custom"]["topic"] != "comune-dati", "it should have forgotten"
    assert (await person.now()).owner == "assistant"
    assert len(await person.seen()) == 5


async def test_a_person_who_leaves_gives_the_conversations_back_to_the_queue(
    citizen: Callable[..., Talk], runtime: Runtime
) -> None:
    """T66: staff log out with open cases: first in the queue again, and the citizens are told."""
    mine = [citizen() for _ in range(3)]
    for person in mine:
        await person.say("vorrei parlare con un operatore")
        await person.claim()
    newcomer = citizen()
    await newcomer.say("vorrei parlare con un operatore")
    gone = await runtime.database.write(desk.leave, "anna", runtime.clock.utc())
    assert sorted(gone) == sorted(person.id for person in mine)
    for place, person in enumerate(mine, 1):
        found = await runtime.database.read(ownership.place_in_queue, person.id)
        assert found == place
        assert (await person.now()).owner == "waiting"
        assert (await person.seen())[-1].payload["custom"]["status"] == "handed_off"
    assert await runtime.database.read(ownership.place_in_queue, newcomer.id) == 4


async def test_numbers_of_messages_have_no_gaps_whoever_writes(
    citizen: Callable[..., Talk],
) -> None:
    """Citizen, repeated messages, assistant and staff at once."""
    person = citizen()
    await person.say("ciao", "m0")
    await person.claim()
    await asyncio.gather(
        *(person.say(f"messaggio {n}", f"m{n % 5}k") for n in range(5)),
        *(person.say(f"messaggio {n}", f"m{n % 5}k") for n in range(5)),
        *(person.reply(f"risposta {n}") for n in range(5)),
    )
    assert [m.seq for m in await person.seen()] == list(range(1, 13))

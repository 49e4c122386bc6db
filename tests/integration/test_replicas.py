"""Two replicas on one PostgreSQL: whoever gets a message, it is answered once and the dialogue has one thread."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.assistant.assistant import Assistant
from bot.assistant.processor import InProcessActions
from bot.channels.rest import CHANNEL
from bot.conversations.turns import Incoming
from tests.support.counts import count
from tests.support.crowd import Crowd
from tests.support.dialogue import TOWNS, assert_remembers, share_knowledge, talk
from tests.support.servers import Client, ForkedServer, eventually, serving
from tests.support.stored import stored_conversations

pytestmark = [pytest.mark.model, pytest.mark.postgres]

MESSAGES = 30


@pytest.fixture(scope="module")
def other_assistant(model_file: Path) -> Assistant:
    """The assistant of the second replica, as another process would have it."""
    return Assistant(model_file, InProcessActions())


@pytest.fixture
async def replicas(
    make_settings: Any,
    assistant: Assistant,
    other_assistant: Assistant,
    postgres_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[tuple[Client, Client]]:
    """Two servers on one database."""
    share_knowledge(monkeypatch)
    settings = make_settings(database_url=postgres_url)
    async with serving(settings, assistant) as one, serving(settings, other_assistant) as two:
        yield one, two


@pytest.mark.parametrize("attempt", range(count(2, 20)))
async def test_messages_that_alternate_between_replicas_are_answered_once(
    replicas: tuple[Client, Client], attempt: int
) -> None:
    """T21: 30 messages of one conversation at once, every second one at the other replica."""
    questions = [f"in che zona è {TOWNS[number % len(TOWNS)]}?" for number in range(MESSAGES)]
    answers = await asyncio.gather(
        *(
            replicas[number % 2].post(question, message_id=f"m{number}")
            for number, question in enumerate(questions)
        )
    )
    stored = (await stored_conversations(replicas[0].runtime.database))["cittadino"]
    assert [status for status, _ in answers] == [200] * MESSAGES
    for question, (_, answer) in zip(questions, answers, strict=True):
        assert question.removeprefix("in che zona è ").removesuffix("?") in answer[0]["text"]
    stored.assert_answered_once(MESSAGES)


async def test_a_dialogue_that_alternates_between_replicas_has_one_thread(
    replicas: tuple[Client, Client],
) -> None:
    """T21: what one replica keeps in memory never hides what the other has stored since."""
    for number, question in enumerate(talk(12)):
        answer = await replicas[number % 2].say(question, message_id=f"m{number}")
        assert_remembers(question, answer)
    stored = (await stored_conversations(replicas[0].runtime.database))["cittadino"]
    stored.assert_answered_once_in_order(12)


async def test_many_conversations_on_two_replicas_neither_mix_nor_fail(
    replicas: tuple[Client, Client],
) -> None:
    """Each of 20 people writes one message after the other, to whichever replica the balancer picks."""

    async def person(who: int) -> None:
        for number, question in enumerate(talk(5)):
            client = replicas[(who + number) % 2]
            assert_remembers(question, await client.say(question, f"persona-{who}", f"m{number}"))

    await asyncio.gather(*(person(who) for who in range(20)))
    stored = await stored_conversations(replicas[0].runtime.database)
    assert len(stored) == 20
    for conversation in stored.values():
        conversation.assert_answered_once_in_order(5)


async def test_one_id_sent_to_both_replicas_at_once_is_one_message(
    replicas: tuple[Client, Client],
) -> None:
    """T50, T60: one row, one turn, the same answer from both."""
    for number, question in enumerate(talk(6)):
        one, two = await asyncio.gather(
            *(client.say(question, message_id=f"m{number}") for client in replicas)
        )
        assert one == two
        assert_remembers(question, one)
    stored = (await stored_conversations(replicas[0].runtime.database))["cittadino"]
    stored.assert_answered_once_in_order(6)


async def test_the_slower_of_two_turns_changes_nothing(
    replicas: tuple[Client, Client], monkeypatch: pytest.MonkeyPatch, assistant: Assistant
) -> None:
    """The race forced: the first replica has its answer and is held until the second one has committed."""
    made, go = asyncio.Event(), asyncio.Event()
    answer = Assistant.answer

    async def held(self: Assistant, *args: Any) -> Any:
        result = await answer(self, *args)
        if self is assistant and not made.is_set():
            made.set()
            await go.wait()
            return replace(result, messages=[{"text": "una risposta che nessuno deve avere"}])
        return result

    monkeypatch.setattr(Assistant, "answer", held)
    opening, follow_up = talk(2)
    slow = asyncio.create_task(replicas[0].say(opening, message_id="m0"))
    await asyncio.wait_for(made.wait(), 10)
    faster = await replicas[1].say(opening, message_id="m0")
    go.set()
    assert await slow == faster
    for client in replicas:
        assert_remembers(follow_up, await client.say(follow_up, message_id="m1"))
    stored = (await stored_conversations(replicas[0].runtime.database))["cittadino"]
    stored.assert_answered_once_in_order(2)


async def test_what_a_replica_leaves_unanswered_the_other_answers(
    replicas: tuple[Client, Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    """T21: a message stored by a replica that then died is found by the one that lives."""
    for number, question in enumerate(talk(3)):
        await replicas[0].runtime.turns.receive(
            Incoming(CHANNEL, "cittadino", question, f"m{number}")
        )

    async def answered() -> bool:
        await replicas[1].runtime.turns.recover()
        stored = await stored_conversations(replicas[1].runtime.database)
        return all(message.status == "done" for message in stored["cittadino"].messages)

    await eventually(answered)
    stored = (await stored_conversations(replicas[0].runtime.database))["cittadino"]
    stored.assert_answered_once_in_order(3)
    for message in stored.messages:
        assert_remembers(message.text, list(message.answers))


@pytest.fixture
def processes(
    make_settings: Any, assistant: Assistant, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[ForkedServer, ForkedServer]]:
    """Two servers on one database, each in a process of its own."""
    share_knowledge(monkeypatch)
    settings = make_settings(database_url=postgres_url)
    servers = ForkedServer(settings, assistant), ForkedServer(settings, assistant)
    for server in servers:
        server.start()
    yield servers
    for server in servers:
        server.kill()


@pytest.mark.parametrize("attempt", range(count(3, 30)))
async def test_two_processes_that_race_for_one_conversation_answer_every_message_once(
    processes: tuple[ForkedServer, ForkedServer], postgres_url: str, attempt: int
) -> None:
    """T21: nobody is sent away because the other process was faster."""
    async with aiohttp.ClientSession() as session:
        clients = [Client(server.base, session) for server in processes]
        answers = await asyncio.gather(
            *(
                clients[number % 2].post(f"in che zona è {town}?", message_id=f"m{number}")
                for number, town in enumerate(islice(cycle(TOWNS), MESSAGES))
            )
        )
    assert [status for status, _ in answers] == [200] * MESSAGES
    stored = (await stored_conversations(postgres_url))["cittadino"]
    stored.assert_answered_once(MESSAGES)


async def test_conversations_of_a_killed_replica_go_on_at_the_other(
    processes: tuple[ForkedServer, ForkedServer], postgres_url: str
) -> None:
    """T21: within 10 s, in order, without a second answer."""
    dying, living = processes
    server = dying
    crowd = Crowd(lambda: server.base, 8, 6)
    talking = asyncio.create_task(crowd.talk())
    await crowd.answered(16)
    dying.kill()
    server = living
    await asyncio.wait_for(talking, 10)
    assert crowd.resent, "the kill met no message on its way"
    await crowd.assert_same_answers_again()
    stored = await stored_conversations(postgres_url)
    assert len(stored) == 8
    for conversation in stored.values():
        conversation.assert_answered_once_in_order(6)

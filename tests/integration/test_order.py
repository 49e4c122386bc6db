"""One person's messages are answered one at a time, in the order of their arrival, and hanging up changes nothing."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from typing import Any
from urllib.parse import urlsplit

import pytest

from bot.assistant.assistant import Assistant
from bot.channels.rest import CHANNEL
from bot.conversations.turns import Incoming
from tests.support.dialogue import TOWNS, assert_remembers, share_knowledge, talk
from tests.support.servers import WEBHOOK, Client, eventually, serving
from tests.support.stored import stored_conversations

pytestmark = pytest.mark.model


@pytest.fixture(autouse=True)
def _fast_start(monkeypatch: pytest.MonkeyPatch) -> None:
    share_knowledge(monkeypatch)


@pytest.fixture
def most_at_once(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Largest number of turns that ran at the same time, by conversation."""
    running: Counter[str] = Counter()
    most: Counter[str] = Counter()
    answer = Assistant.answer

    async def counted(self: Assistant, dialogue: Any, *args: Any) -> Any:
        who = dialogue.tracker.sender_id
        running[who] += 1
        most[who] = max(most[who], running[who])
        try:
            await asyncio.sleep(0)  # a second turn, if nothing kept it out, would start now
            return await answer(self, dialogue, *args)
        finally:
            running[who] -= 1

    monkeypatch.setattr(Assistant, "answer", counted)
    return most


async def pipelined(client: Client, sender: str, messages: list[str]) -> list[list[dict[str, Any]]]:
    """All messages written to one connection before the first answer is read."""
    address = urlsplit(client.base)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    for number, message in enumerate(messages):
        body = {"sender": sender, "message": message, "metadata": {"message_id": f"m{number}"}}
        data = json.dumps(body).encode()
        head = f"POST {WEBHOOK} HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Type: application/json\r\n"
        writer.write(head.encode() + f"Content-Length: {len(data)}\r\n\r\n".encode() + data)
    answers = []
    for _ in messages:
        head_of_answer = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        assert head_of_answer.startswith("http/1.1 200"), head_of_answer
        length = int(head_of_answer.partition("content-length:")[2].split()[0])
        answers.append(json.loads(await reader.readexactly(length)))
    writer.close()
    return answers


async def test_ten_messages_at_once_are_answered_one_at_a_time(
    make_settings: Any, assistant: Any, database_url: str, most_at_once: Counter[str]
) -> None:
    """T4: no lock is polled (A4): ten answers take ten times one answer, not nine seconds more."""
    questions = [f"in che zona è {town}?" for town in (*TOWNS, "Rho")]
    async with serving(make_settings(database_url=database_url), assistant) as client:
        await client.say(questions[0], sender="altro")
        started = time.monotonic()
        await client.say(questions[0], sender="altro")
        one = time.monotonic() - started
        started = time.monotonic()
        answers = await asyncio.gather(*(client.say(question) for question in questions))
        took = time.monotonic() - started
        stored = (await stored_conversations(client.runtime.database))["cittadino"]
    for question, answer in zip(questions, answers, strict=True):
        assert question.removeprefix("in che zona è ").removesuffix("?") in answer[0]["text"]
    stored.assert_answered_once_in_order(len(questions))
    assert set(most_at_once.values()) == {1}
    assert took < 10 * one + 2


async def test_messages_stored_first_are_answered_in_order_of_arrival(
    make_settings: Any, assistant: Any, database_url: str, most_at_once: Counter[str]
) -> None:
    """T4: the order is that of the stored rows, whichever answer is asked for first."""
    questions = talk(10)
    async with serving(make_settings(database_url=database_url), assistant) as client:
        turns = client.runtime.turns
        stored = [
            await turns.receive(Incoming(CHANNEL, "cittadino", text, str(number)))
            for number, text in enumerate(questions)
        ]
        answers = await asyncio.gather(*(turns.answer(one) for one in reversed(stored)))
        kept = (await stored_conversations(client.runtime.database))["cittadino"]
    for question, answer in zip(questions, reversed(answers), strict=True):
        assert_remembers(question, answer)
    assert [message.key for message in kept.messages] == [str(n) for n in range(10)]
    kept.assert_answered_once_in_order(10)
    assert set(most_at_once.values()) == {1}


@pytest.mark.parametrize("known", [False, True], ids=["new person", "known person"])
async def test_messages_that_arrive_together_are_stored_in_order_of_arrival(
    make_settings: Any, assistant: Any, database_url: str, known: bool
) -> None:
    """T4: ten messages of one person within a few milliseconds keep their order, whatever the database does."""
    async with serving(make_settings(database_url=database_url), assistant) as client:
        turns = client.runtime.turns
        for attempt in range(5):
            who = f"persona-{attempt}"
            if known:
                await turns.receive(Incoming(CHANNEL, who, "buongiorno", "m"))
            arriving = [Incoming(CHANNEL, who, text, f"m{n}") for n, text in enumerate(talk(10))]
            stored = await asyncio.gather(*(turns.receive(one) for one in arriving))
            ids = [one.inbound_id for one in stored]
            assert ids == sorted(ids), f"attempt {attempt}"


async def test_pipelined_messages_are_answered_in_the_order_in_which_they_were_written(
    make_settings: Any, assistant: Any, database_url: str
) -> None:
    """T4: each answer builds on the one before."""
    questions = talk(10)
    async with serving(make_settings(database_url=database_url), assistant) as client:
        answers = await pipelined(client, "cittadino", questions)
        stored = (await stored_conversations(client.runtime.database))["cittadino"]
    for question, answer in zip(questions, answers, strict=True):
        assert_remembers(question, answer)
    assert [message.key for message in stored.messages] == [f"m{n}" for n in range(10)]
    stored.assert_answered_once_in_order(10)


async def test_twenty_messages_in_a_row_keep_the_thread(
    make_settings: Any, assistant: Any, database_url: str
) -> None:
    questions = talk(20)
    async with serving(make_settings(database_url=database_url), assistant) as client:
        for question in questions:
            assert_remembers(question, await client.say(question))
        stored = (await stored_conversations(client.runtime.database))["cittadino"]
    stored.assert_answered_once_in_order(20)


async def test_fifty_conversations_at_once_do_not_mix(
    make_settings: Any, assistant: Any, database_url: str, most_at_once: Counter[str]
) -> None:
    """Each of 50 people writes 4 messages without waiting; everybody gets their own thread, in order."""
    people = [f"persona-{number}" for number in range(50)]
    questions = {
        who: [talk(1)[0], *(f"e {TOWNS[(n + k) % len(TOWNS)]}?" for k in range(3))]
        for n, who in enumerate(people)
    }
    async with serving(make_settings(database_url=database_url), assistant) as client:
        answers = await asyncio.gather(*(pipelined(client, who, questions[who]) for who in people))
        stored = await stored_conversations(client.runtime.database)
    for who, given in zip(people, answers, strict=True):
        for question, answer in zip(questions[who], given, strict=True):
            assert_remembers(question, answer)
            assert answer[0]["recipient_id"] == who
        stored[who].assert_answered_once_in_order(4)
    assert len(most_at_once) == 50
    assert set(most_at_once.values()) == {1}


class _HeldAction:
    """Stands in for an action: says that it has begun and goes on when told."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.may_finish = asyncio.Event()

    async def __call__(self, dispatcher: Any, tracker: Any, domain: Any) -> list[Any]:
        self.begun.set()
        await self.may_finish.wait()
        dispatcher.utter_message(text="risposta trattenuta", json_message={"status": "answered"})
        return []


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch, assistant: Any) -> _HeldAction:
    """The answer about a municipality's zone is held back."""
    action = _HeldAction()
    endpoint = assistant._processor.action_endpoint
    monkeypatch.setitem(endpoint.executor.actions, "action_zone_of_comune", action)
    return action


async def test_a_client_that_hangs_up_does_not_cancel_its_turn(
    make_settings: Any, assistant: Any, database_url: str, held: _HeldAction
) -> None:
    """A7: the answer is stored although nobody was there to take it, and is given when asked for again."""
    async with serving(make_settings(database_url=database_url), assistant) as client:
        request = asyncio.create_task(client.say("in che zona è Rho?", message_id="m1"))
        await asyncio.wait_for(held.begun.wait(), 10)
        request.cancel()
        with pytest.raises(asyncio.CancelledError):
            await request
        held.may_finish.set()

        async def answered() -> bool:
            stored = await stored_conversations(client.runtime.database)
            return stored["cittadino"].messages[0].status == "done"

        await eventually(answered)
        again = await client.say("in che zona è Rho?", message_id="m1")
        stored = (await stored_conversations(client.runtime.database))["cittadino"]
    assert [message["text"] for message in again] == ["risposta trattenuta"]
    stored.assert_answered_once_in_order(1)


async def test_a_cancelled_handler_leaves_its_turn_running(
    make_settings: Any, assistant: Any, database_url: str, held: _HeldAction
) -> None:
    """A7: even where the server cancels the handler of a client that left."""
    async with serving(make_settings(database_url=database_url), assistant) as client:
        turns = client.runtime.turns
        message = await turns.receive(Incoming(CHANNEL, "cittadino", "in che zona è Rho?"))
        handler = asyncio.create_task(turns.answer(message))
        await asyncio.wait_for(held.begun.wait(), 10)
        handler.cancel()
        with pytest.raises(asyncio.CancelledError):
            await handler
        held.may_finish.set()
        await turns.settle()
        stored = (await stored_conversations(client.runtime.database))["cittadino"]
    stored.assert_answered_once_in_order(1)
    assert stored.messages[0].answers[0]["text"] == "risposta trattenuta"

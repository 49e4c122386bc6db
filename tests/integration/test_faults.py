"""A failing database, action or model costs one answer at most: never the message, the memory, or an empty list."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from actions.texts import text as sentence
from bot.assistant.assistant import Assistant
from bot.assistant.processor import InProcessActions
from bot.channels.rest import CHANNEL
from bot.conversations.turns import Incoming
from bot.errors import StorageUnavailable
from bot.storage import inbox
from tests.support.dialogue import OPENING, assert_remembers, share_knowledge
from tests.support.servers import Client, eventually, serving
from tests.support.stored import stored_conversations

pytestmark = pytest.mark.model

FOLLOW_UP = "e Legnano?"
ACTION = "action_comune_data"
"""What answers OPENING; the follow-up is answered by another action."""

NO_DISK = sa.exc.OperationalError("statement", {}, Exception("disk I/O error"))


@pytest.fixture(scope="module")
def actions() -> InProcessActions:
    """Actions that a test may break; they may take 0.3 s."""
    return InProcessActions(timeout_s=0.3)


@pytest.fixture(scope="module")
def breakable(model_file: Path, actions: InProcessActions) -> Assistant:
    """An assistant with these actions."""
    return Assistant(model_file, actions)


@pytest.fixture
async def client(
    make_settings: Any, breakable: Assistant, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Client]:
    """A server on each database."""
    share_knowledge(monkeypatch)
    async with serving(make_settings(database_url=database_url), breakable) as client:
        yield client


@pytest.fixture
async def sqlite_client(
    make_settings: Any, breakable: Assistant, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Client]:
    """A server for faults that have nothing to do with the database."""
    share_knowledge(monkeypatch)
    async with serving(make_settings(database_url=sqlite_url), breakable) as client:
        yield client


def failing_once(unit: Callable[..., Any], error: Exception, *, late: bool = False) -> Any:
    """The unit of work, which raises at its first call, ``late`` after having done its work."""
    calls = 0

    def failing(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 1:
            if late:
                unit(*args, **kwargs)
            raise error
        return unit(*args, **kwargs)

    return failing


def assert_refused(status: int, body: Any) -> None:
    """The citizen reads the Italian sentence, not something that looks like an answer."""
    assert status == 503
    assert body["message"] == sentence("fault")
    assert body["ok"] is False


def assert_fault(messages: list[dict[str, Any]]) -> None:
    """The answer says that something failed."""
    assert messages, "an empty list"
    assert messages[-1]["text"] == sentence("fault")
    assert messages[-1]["custom"]["status"] == "fault"


@pytest.mark.parametrize("error", [StorageUnavailable("gone"), NO_DISK], ids=["ours", "driver's"])
@pytest.mark.parametrize("late", [False, True], ids=["before", "after writing"])
async def test_a_turn_that_is_not_stored_is_not_answered(
    client: Client, monkeypatch: pytest.MonkeyPatch, error: Exception, late: bool
) -> None:
    """T13, A1: an answer that was not saved is not given; the retry finds the turn once, and the thread goes on."""
    with monkeypatch.context() as broken:
        broken.setattr(inbox, "commit_turn", failing_once(inbox.commit_turn, error, late=late))
        assert_refused(*await client.post(OPENING, message_id="m1"))
        kept = (await stored_conversations(client.runtime.database))["cittadino"]
        assert [(m.status, m.answers) for m in kept.messages] == [("received", ())]
        assert kept.version == 0
        assert_remembers(OPENING, await client.say(OPENING, message_id="m1"))
    assert_remembers(FOLLOW_UP, await client.say(FOLLOW_UP, message_id="m2"))
    stored = (await stored_conversations(client.runtime.database))["cittadino"]
    stored.assert_answered_once_in_order(2)


async def test_a_turn_that_was_not_stored_is_redone_without_the_citizen(
    make_settings: Any, assistant: Any, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T13: one look for unanswered messages later the turn is there, once."""
    share_knowledge(monkeypatch)
    monkeypatch.setattr("bot.runtime.RECOVERY_INTERVAL_S", 0.05)
    monkeypatch.setattr(inbox, "commit_turn", failing_once(inbox.commit_turn, NO_DISK))
    async with serving(make_settings(database_url=database_url), assistant) as client:
        assert_refused(*await client.post(OPENING))

        async def answered() -> bool:
            stored = await stored_conversations(client.runtime.database)
            return stored["cittadino"].messages[0].status == "done"

        await eventually(answered)
        assert_remembers(FOLLOW_UP, await client.say(FOLLOW_UP))
        stored = (await stored_conversations(client.runtime.database))["cittadino"]
    stored.assert_answered_once_in_order(2)


@pytest.mark.parametrize("unit", ["open_conversation", "commit_turn"])
async def test_a_database_that_fails_in_mid_conversation_costs_no_memory(
    client: Client, monkeypatch: pytest.MonkeyPatch, unit: str
) -> None:
    """T14: a failed reading is never taken for a new conversation (A2), though nothing is left in memory."""
    assert_remembers(OPENING, await client.say(OPENING, message_id="m1"))
    client.runtime.turns.forget_live()
    with monkeypatch.context() as broken:
        broken.setattr(inbox, unit, failing_once(getattr(inbox, unit), NO_DISK))
        assert_refused(*await client.post(FOLLOW_UP, message_id="m2"))
        assert_remembers(FOLLOW_UP, await client.say(FOLLOW_UP, message_id="m2"))
    stored = (await stored_conversations(client.runtime.database))["cittadino"]
    stored.assert_answered_once_in_order(2)


async def test_a_message_that_cannot_be_stored_is_refused_and_can_be_sent_again(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of a refused message stays; the conversation before it is untouched."""
    assert_remembers(OPENING, await client.say(OPENING, message_id="m1"))
    with monkeypatch.context() as broken:
        store = failing_once(inbox.store_message, NO_DISK, late=True)
        broken.setattr(inbox, "store_message", store)
        assert_refused(*await client.post(FOLLOW_UP, message_id="m2"))
        stored = (await stored_conversations(client.runtime.database))["cittadino"]
        assert [message.key for message in stored.messages] == ["m1"]
        assert_remembers(FOLLOW_UP, await client.say(FOLLOW_UP, message_id="m2"))
    stored = (await stored_conversations(client.runtime.database))["cittadino"]
    stored.assert_answered_once_in_order(2)


async def _raises(_dispatcher: Any, _tracker: Any, _domain: Any) -> Any:
    raise ValueError("prova")


async def _hangs(_dispatcher: Any, _tracker: Any, _domain: Any) -> Any:
    await asyncio.sleep(60)


async def _says_nothing(_dispatcher: Any, _tracker: Any, _domain: Any) -> Any:
    return None


async def _speaks_then_raises(dispatcher: Any, _tracker: Any, _domain: Any) -> Any:
    dispatcher.utter_message(text="metà di una risposta")
    raise KeyError("prova")


async def _returns_a_number(dispatcher: Any, _tracker: Any, _domain: Any) -> Any:
    dispatcher.utter_message(text="risposta")
    return 42


async def _returns_no_event(dispatcher: Any, _tracker: Any, _domain: Any) -> Any:
    return [{"event": "non esiste"}, "testo", None, {}]


async def _remembers_what_cannot_be_stored(dispatcher: Any, _tracker: Any, _domain: Any) -> Any:
    dispatcher.utter_message(text="risposta")
    return [{"event": "slot", "name": "context", "value": {"quando": datetime.now()}}]


async def _answers_what_cannot_be_stored(dispatcher: Any, _tracker: Any, _domain: Any) -> Any:
    dispatcher.utter_message(text="risposta", json_message={"status": {"insieme"}})
    return []


async def _answers_a_number(dispatcher: Any, _tracker: Any, _domain: Any) -> Any:
    dispatcher.messages.append({"text": 42})
    return []


@pytest.mark.parametrize(
    "broken_action",
    [
        _raises,
        _hangs,
        _says_nothing,
        _speaks_then_raises,
        _returns_a_number,
        _returns_no_event,
        _remembers_what_cannot_be_stored,
        _answers_what_cannot_be_stored,
        _answers_a_number,
    ],
)
async def test_an_action_that_fails_gives_the_fault_sentence_and_the_conversation_goes_on(
    sqlite_client: Client,
    actions: InProcessActions,
    monkeypatch: pytest.MonkeyPatch,
    broken_action: Any,
) -> None:
    """T15: never an empty list (A3), never a message that blocks those behind it."""
    assert_remembers(OPENING, await sqlite_client.say(OPENING))
    with monkeypatch.context() as broken:
        broken.setitem(actions.executor.actions, "action_follow_up", broken_action)
        assert_fault(await asyncio.wait_for(sqlite_client.say("e Melegnano?", message_id="m2"), 5))
    assert_remembers(FOLLOW_UP, await sqlite_client.say(FOLLOW_UP))
    stored = (await stored_conversations(sqlite_client.runtime.database))["cittadino"]
    stored.assert_answered_once_in_order(3)


async def test_a_hanging_action_delays_nobody_else(
    sqlite_client: Client, actions: InProcessActions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T5, T15: others are answered before the action is given up."""
    monkeypatch.setattr(actions, "_timeout_s", 30)
    begun = asyncio.Event()

    async def hangs(*_: Any) -> None:
        begun.set()
        await asyncio.Event().wait()

    monkeypatch.setitem(actions.executor.actions, ACTION, hangs)
    stuck = asyncio.create_task(sqlite_client.say(OPENING, sender="bloccato"))
    await asyncio.wait_for(begun.wait(), 10)
    answer = await asyncio.wait_for(sqlite_client.say("in che zona è Rho?", sender="altro"), 5)
    assert answer[0]["custom"]["status"] == "answered"
    assert not stuck.done()
    monkeypatch.undo()
    stuck.cancel()
    for task in sqlite_client.runtime.turns._tasks:
        task.cancel()


async def test_a_model_that_fails_gives_the_fault_sentence_and_keeps_the_memory(
    sqlite_client: Client, monkeypatch: pytest.MonkeyPatch, breakable: Assistant
) -> None:
    """T15: the message is done with, the state before it stays."""

    async def fails(*_: Any, **__: Any) -> Any:
        raise RuntimeError("prova")

    assert_remembers(OPENING, await sqlite_client.say(OPENING))
    with monkeypatch.context() as broken:
        broken.setattr(breakable._processor, "parse_message", fails)
        assert_fault(await sqlite_client.say("e Melegnano?", message_id="m2"))
    assert_fault(await sqlite_client.say("e Melegnano?", message_id="m2"))
    assert_remembers(FOLLOW_UP, await sqlite_client.say(FOLLOW_UP))
    stored = (await stored_conversations(sqlite_client.runtime.database))["cittadino"]
    stored.assert_answered_once_in_order(3)


async def test_one_persons_broken_message_does_not_keep_others_waiting(
    sqlite_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A turn that fails each time stays alone: the look for unanswered messages reaches the next conversation."""
    commit = inbox.commit_turn
    poisoned = ""

    def refuses_one(connection: Any, *, conversation_id: str, **values: Any) -> bool:
        if conversation_id == poisoned or not poisoned:
            raise ValueError("prova")
        return bool(commit(connection, conversation_id=conversation_id, **values))

    monkeypatch.setattr(inbox, "commit_turn", refuses_one)
    first = await sqlite_client.runtime.turns.receive(Incoming(CHANNEL, "primo", OPENING))
    poisoned = first.conversation_id
    second = await sqlite_client.runtime.turns.receive(Incoming(CHANNEL, "secondo", OPENING))
    with pytest.raises(ValueError, match="prova"):
        await sqlite_client.runtime.turns.answer(first)
    with suppress(ValueError):
        await sqlite_client.runtime.turns.recover()
    answers = await sqlite_client.runtime.database.read(inbox.stored_answers, second.inbound_id)
    assert answers is not None, "the second conversation waits behind the first"

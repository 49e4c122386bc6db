"""The process may die at any moment: every stored message gets its answer, once, and every dialogue goes on."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from rich.console import Console

from bot.channels.rest import CHANNEL
from bot.conversations.turns import Incoming
from bot.runtime import Runtime
from bot.settings import Settings
from bot.storage.database import Database
from tests.support.counts import count
from tests.support.crowd import Crowd
from tests.support.dialogue import assert_remembers, share_knowledge, talk
from tests.support.servers import Client, ForkedServer, eventually
from tests.support.stored import stored_conversations

pytestmark = pytest.mark.model

PEOPLE = 12
MESSAGES = 6
LAST = "e Legnano?"


@pytest.fixture(autouse=True)
def _fast_start(monkeypatch: pytest.MonkeyPatch) -> None:
    share_knowledge(monkeypatch)


@pytest.fixture
def server(make_settings: Any, assistant: Any, database_url: str) -> Iterator[ForkedServer]:
    """A server in a process of its own."""
    server = ForkedServer(make_settings(database_url=database_url), assistant)
    yield server
    server.kill()


async def say_once(base: str, message: str, sender: str) -> list[dict[str, Any]]:
    async with aiohttp.ClientSession() as session:
        return await Client(base, session).say(message, sender)


async def assert_nothing_lost_or_doubled(crowd: Crowd, database_url: str) -> None:
    """One whole set of answers per message, and it is the one that the client got."""
    stored = await stored_conversations(database_url)
    assert sorted(stored) == sorted(crowd.names)
    for name in crowd.names:
        stored[name].assert_answered_once_in_order(crowd.messages)
        for number, message in enumerate(stored[name].messages):
            assert message.key == f"m{number}"
            got = [
                {k: v for k, v in a.items() if k != "recipient_id"}
                for a in crowd.answers[name, number]
            ]
            assert list(message.answers) == got, (name, number)


async def test_killing_the_process_at_random_moments_loses_and_doubles_nothing(
    server: ForkedServer, database_url: str
) -> None:
    """T10: SIGKILL under load, restart on the same database, clients send again what was not answered."""
    kills = count(3, 20)
    moments = random.Random(10)
    server.start()
    crowd = Crowd(lambda: server.base, PEOPLE, MESSAGES)
    talking = asyncio.create_task(crowd.talk())
    for number in range(kills):
        await crowd.answered(number * PEOPLE * MESSAGES // kills)
        await asyncio.sleep(moments.uniform(0, 0.03))
        server.kill()
        server.start()
    await talking
    assert crowd.resent, "no kill met a message on its way"
    await crowd.assert_same_answers_again()
    await assert_nothing_lost_or_doubled(crowd, database_url)
    server.kill()
    base = server.start()
    for name in crowd.names:
        assert_remembers(LAST, await say_once(base, LAST, name))


async def test_what_was_received_and_not_answered_is_answered_at_start(
    server: ForkedServer, database_url: str
) -> None:
    """T10: nobody needs to send again; the process had died right after storing the messages."""
    server.start()
    server.kill()
    database = Database(database_url)
    runtime = Runtime(Settings(_env_file=None, database_url=database_url), database)
    await runtime.prepare()
    for number, message in enumerate(talk(4)):
        for name in ("uno", "due", "tre"):
            await runtime.turns.receive(Incoming(CHANNEL, name, message, f"m{number}"))
    await database.close()
    base = server.start()

    async def all_answered() -> bool:
        stored = await stored_conversations(database_url)
        return all(m.status == "done" for c in stored.values() for m in c.messages)

    await eventually(all_answered)
    stored = await stored_conversations(database_url)
    assert sorted(stored) == ["due", "tre", "uno"]
    for name, conversation in stored.items():
        conversation.assert_answered_once_in_order(4)
        for message in conversation.messages:
            assert_remembers(message.text, list(message.answers))
        assert_remembers(LAST, await say_once(base, LAST, name))


@pytest.mark.parametrize("moment", ["before the turn is stored", "after the turn is stored"])
async def test_dying_around_the_commit_of_a_turn_gives_one_answer(
    make_settings: Any, assistant: Any, database_url: str, moment: str
) -> None:
    """T10: the two crash points that matter, forced: the second message kills its process."""

    def dies_at_second_turn() -> None:
        from bot.storage import inbox

        commit = inbox.commit_turn
        write = Database.write

        async def dying(self: Database, unit: Any, *args: Any, **values: Any) -> Any:
            last = unit is commit and values["read_version"] == 1
            if last and moment.startswith("before"):
                os.kill(os.getpid(), signal.SIGKILL)
            result = await write(self, unit, *args, **values)
            if last:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        Database.write = dying  # type: ignore[method-assign]

    settings = make_settings(database_url=database_url)
    dying, heir = (
        ForkedServer(settings, assistant, dies_at_second_turn),
        ForkedServer(settings, assistant),
    )
    first, second = talk(2)
    try:
        async with aiohttp.ClientSession() as session:
            client = Client(dying.start(), session)
            assert_remembers(first, await client.say(first, message_id="m0"))
            with pytest.raises(aiohttp.ClientError):
                await client.say(second, message_id="m1")
            status = (await stored_conversations(database_url))["cittadino"].messages[1].status
            assert status == ("received" if moment.startswith("before") else "done")
            client.base = heir.start()
            assert_remembers(second, await client.say(second, message_id="m1"))
            assert_remembers(LAST, await client.say(LAST, message_id="m2"))
    finally:
        dying.kill()
        heir.kill()
    (await stored_conversations(database_url))["cittadino"].assert_answered_once_in_order(3)


async def test_sigterm_under_load_loses_nothing(server: ForkedServer, database_url: str) -> None:
    """T20: running turns finish, the process ends by itself with 0, the next one goes on."""
    server.start()
    crowd = Crowd(lambda: server.base, PEOPLE, MESSAGES)
    talking = asyncio.create_task(crowd.talk())
    await crowd.answered(PEOPLE * MESSAGES // 3)
    code = await asyncio.get_running_loop().run_in_executor(None, server.terminate)
    answered_before = len(crowd.answers)
    server.start()
    await talking
    assert code == 0
    assert answered_before < PEOPLE * MESSAGES, "the load was over before the signal"
    await assert_nothing_lost_or_doubled(crowd, database_url)


class _RealServer(ForkedServer):
    """What `sportello serve` runs, with its own handling of signals and its own loading of the model."""

    async def _serve(self, sender: Any) -> None:
        raise NotImplementedError

    def _run(self, sender: Any) -> None:
        from bot import server

        address = server._address

        def announced(runner: Any) -> str:
            sender.send(int(runner.addresses[0][1]))
            return address(runner)

        server._address = announced
        with open(os.devnull, "w") as nowhere:
            os._exit(server.run_server(self._settings, Console(file=nowhere)))


async def test_the_real_server_stops_on_sigterm_with_zero(
    make_settings: Any,
    assistant: Any,
    model_file: Path,
    sqlite_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """T20: `sportello serve` finishes what runs and ends within its time, with open connections too."""
    model = tmp_path / "modello.tar.gz"
    model.symlink_to(model_file)
    monkeypatch.setattr("bot.runtime.ensure_model", lambda folder: model)
    server = _RealServer(
        make_settings(database_url=sqlite_url, port=0, models_dir=tmp_path), assistant
    )
    server.start()
    crowd = Crowd(lambda: server.base, 4, 10)
    talking = asyncio.create_task(crowd.talk())
    try:
        await crowd.answered(8)
        started = asyncio.get_running_loop().time()
        code = await asyncio.get_running_loop().run_in_executor(None, server.terminate)
        took = asyncio.get_running_loop().time() - started
    finally:
        talking.cancel()
        server.kill()
    await asyncio.gather(talking, return_exceptions=True)
    assert code == 0
    assert took < 15
    stored = await stored_conversations(sqlite_url)
    for (name, number), answer in crowd.answers.items():
        kept = stored[name].messages[number]
        assert kept.status == "done"
        assert kept.answers[0]["text"] == answer[0]["text"]

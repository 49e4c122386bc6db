"""A model is replaced while people talk; one that cannot be used changes nothing and is named."""

from __future__ import annotations

import asyncio
import gc
import os
import weakref
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.assistant import service
from bot.assistant.assistant import Assistant
from bot.assistant.service import announce
from bot.errors import ModelError
from tests.support.broken_models import UNUSABLE, copied, damaged_inside
from tests.support.dialogue import assert_remembers, share_knowledge, talk
from tests.support.servers import Client, eventually, serving
from tests.support.stored import stored_conversations

pytestmark = pytest.mark.model

SWAPS = 3


@pytest.fixture
async def client(
    make_settings: Any, assistant: Assistant, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Client]:
    share_knowledge(monkeypatch)
    async with serving(make_settings(database_url=sqlite_url), assistant) as client:
        yield client


async def ready(client: Client) -> tuple[int, dict[str, Any]]:
    async with client.session.get(client.base + "/readyz") as response:
        return response.status, await response.json()


async def test_swapping_the_model_fails_no_request_and_forgets_nobody(
    make_settings: Any,
    assistant: Assistant,
    model_file: Path,
    sqlite_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """T9: eight people talk while the model is loaded again three times."""
    share_knowledge(monkeypatch)
    swapped = asyncio.Event()
    said = dict.fromkeys(range(8), 0)

    async def person(client: Client, who: int) -> None:
        after_the_last_swap = 0
        for question in talk(1_000):
            after_the_last_swap += swapped.is_set()
            assert_remembers(question, await client.say(question, sender=f"persona-{who}"))
            said[who] += 1
            if after_the_last_swap == 3:
                return
            await asyncio.sleep(0.02)  # the loading thread needs the interpreter too

    async with serving(make_settings(database_url=sqlite_url), assistant) as client:
        people = [asyncio.create_task(person(client, who)) for who in said]
        in_charge = []
        for _ in range(SWAPS):
            await client.runtime.assistants.load(model_file)
            in_charge.append(client.runtime.assistants.current)
        swapped.set()
        await asyncio.gather(*people)
        stored = await stored_conversations(client.runtime.database)
    assert len({id(one) for one in (assistant, *in_charge)}) == SWAPS + 1
    for who, messages in said.items():
        assert messages > 3, "nobody talked during the swaps"
        stored[f"persona-{who}"].assert_answered_once_in_order(messages)


async def test_a_turn_that_is_running_ends_on_the_model_it_began_with(
    client: Client, model_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T9: every answer comes from one model, and the thread goes on at the next."""
    opening, follow_up = talk(2)
    begun, go = asyncio.Event(), asyncio.Event()
    answer = Assistant.answer
    used: list[Assistant] = []

    async def held(self: Assistant, *args: Any) -> Any:
        used.append(self)
        begun.set()
        await go.wait()
        return await answer(self, *args)

    monkeypatch.setattr(Assistant, "answer", held)
    before = client.runtime.assistants.current
    running = asyncio.create_task(client.say(opening))
    await asyncio.wait_for(begun.wait(), 10)
    await client.runtime.assistants.load(model_file)
    go.set()
    assert_remembers(opening, await running)
    assert_remembers(follow_up, await client.say(follow_up))
    assert used == [before, client.runtime.assistants.current]
    assert used[0] is not used[1]


async def test_the_replaced_model_is_freed(client: Client, model_file: Path) -> None:
    """T9: otherwise each training would cost the memory of a model for ever."""
    await client.runtime.assistants.load(model_file)
    replaced = weakref.ref(client.runtime.assistants.current)
    for question in talk(3):
        await client.say(question)
    await client.runtime.assistants.load(model_file)
    await client.say("buongiorno")

    async def freed() -> bool:
        gc.collect()
        return replaced() is None

    await eventually(freed, seconds=5)


@pytest.mark.parametrize("kind", UNUSABLE)
async def test_a_model_that_cannot_be_used_is_named_and_the_previous_one_stays(
    client: Client, model_file: Path, tmp_path: Path, kind: str
) -> None:
    """T16: a clear line, and nobody notices."""
    opening, follow_up = talk(2)
    path = tmp_path / "rotto.tar.gz"
    UNUSABLE[kind](model_file, path)
    before = client.runtime.assistants.current
    assert_remembers(opening, await client.say(opening))
    with pytest.raises(ModelError) as refused:
        await client.runtime.assistants.load(path)
    assert "rotto.tar.gz" in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1
    assert client.runtime.assistants.current is before
    assert await ready(client) == (200, {"ok": True, "model": model_file.name, "problem": ""})
    assert_remembers(follow_up, await client.say(follow_up))


async def test_without_a_model_readiness_says_why_and_messages_wait(
    make_settings: Any,
    assistant: Assistant,
    sqlite_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """T16: alive but not ready; what was received meanwhile is answered when a model is there, without being sent again."""
    share_knowledge(monkeypatch)
    monkeypatch.setattr(service, "READY_WAIT_S", 0.05)
    monkeypatch.setattr("bot.runtime.RECOVERY_INTERVAL_S", 0.05)

    def cannot_train(_folder: Path) -> Path:
        raise ModelError("training failed (exit 1):\nout of memory")

    monkeypatch.setattr("bot.runtime.ensure_model", cannot_train)
    settings = make_settings(database_url=sqlite_url, models_dir=tmp_path)
    async with serving(settings, None) as client:
        await eventually(lambda: _problem_is(client, "training failed (exit 1):"))
        async with client.session.get(client.base + "/healthz") as response:
            assert response.status == 200
        status, body = await client.post("in che zona è Rho?")
        assert (status, body["ok"]) == (503, False)
        client.runtime.assistants.use(assistant)
        assert await ready(client) == (
            200,
            {"ok": True, "model": assistant.model_name, "problem": ""},
        )

        async def answered() -> bool:
            stored = await stored_conversations(client.runtime.database)
            return stored["cittadino"].messages[0].status == "done"

        await eventually(answered, seconds=3)


async def _problem_is(client: Client, problem: str) -> bool:
    return await ready(client) == (503, {"ok": False, "model": None, "problem": problem})


@pytest.mark.parametrize("kind", ["garbage", "damaged inside", "of another version"])
async def test_a_damaged_model_is_set_aside_at_start_and_trained_again(
    make_settings: Any,
    model_file: Path,
    sqlite_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    """T16: start heals by itself; the damaged file is kept for whoever wants to know."""
    share_knowledge(monkeypatch)
    monkeypatch.setattr(service, "READY_WAIT_S", 5)
    path = tmp_path / "modello.tar.gz"
    UNUSABLE[kind](model_file, path)

    def trained(_folder: Path) -> Path:
        if not path.exists():
            copied(model_file, path)
        return path

    monkeypatch.setattr("bot.runtime.ensure_model", trained)
    settings = make_settings(database_url=sqlite_url, models_dir=tmp_path)
    async with serving(settings, None) as client:
        answer = await client.say("in che zona è Rho?")
        status, body = await ready(client)
    assert answer[0]["custom"]["status"] == "answered"
    assert (status, body["model"]) == (200, "modello.tar.gz")
    assert sorted(os.listdir(tmp_path))[:2] == ["current", "modello.tar.damaged"]
    assert (tmp_path / "current").read_text() == "modello.tar.gz"


async def test_an_announced_model_is_taken_over_and_a_damaged_one_is_not(
    make_settings: Any,
    assistant: Assistant,
    model_file: Path,
    sqlite_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """T9, T16: what `sportello train` leaves is noticed, also after one that could not be used."""
    share_knowledge(monkeypatch)
    monkeypatch.setattr(service, "MODEL_WATCH_INTERVAL_S", 0.02)
    settings = make_settings(database_url=sqlite_url, models_dir=tmp_path, watch_model=True)
    refused: list[str] = []
    load = service.AssistantService.load

    async def watched(self: service.AssistantService, path: Path) -> None:
        try:
            await load(self, path)
        except BaseException:
            refused.append(path.name)
            raise

    monkeypatch.setattr(service.AssistantService, "load", watched)
    opening, follow_up = talk(2)
    async with serving(settings, assistant) as client:
        assert_remembers(opening, await client.say(opening))
        for name, make in (
            ("uno.tar.gz", copied),
            ("rotto.tar.gz", damaged_inside),
            ("due.tar.gz", copied),
        ):
            make(model_file, tmp_path / name)
            announce(tmp_path / name)
            if make is copied:
                await eventually(lambda name=name: _model_is(client, name), seconds=8)
            else:
                await eventually(lambda name=name: _is_in(refused, name))
                assert await _model_is(client, "uno.tar.gz")
            assert_remembers(follow_up, await client.say(follow_up))


async def _model_is(client: Client, name: str) -> bool:
    return await ready(client) == (200, {"ok": True, "model": name, "problem": ""})


async def _is_in(names: list[str], name: str) -> bool:
    return name in names

"""Who may come in: the token's doors, the open ones, and what every answer says about itself (A8, T33, T79)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bot.assistant import service
from bot.assistant.service import AssistantService
from bot.errors import ContentError, ModelError, StorageUnavailable
from bot.runtime import Runtime
from bot.storage.database import Database
from tests.support.http import GOOD, JSON, assert_error_shape, send_raw
from tests.support.servers import WEBHOOK, Client, eventually
from tests.support.shared import quickly_serving, settings_in

pytestmark = [pytest.mark.model, pytest.mark.asyncio(loop_scope="module")]

_TOKEN = "una-chiave-di-prova-0123456789"
_PARSE = "/model/parse"
_WRONG = [None, "", "Bearer", "Bearer ", _TOKEN, f"Basic {_TOKEN}", f"Bearer {_TOKEN}x", f"Bearer {_TOKEN[:-1]}",
          f"Bearer {_TOKEN.upper()}", f"Bearer  {_TOKEN}", "Bearer \u00e8\u00e8", "Bearer " + "a" * 5_000]  # fmt: skip


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def local(assistant: Any, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Client]:
    """An installation for this machine only, without a token."""
    async with quickly_serving(settings_in(tmp_path_factory.mktemp("local")), assistant) as client:
        yield client


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def guarded(
    assistant: Any, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Client]:
    """A public installation with a token."""
    settings = settings_in(
        tmp_path_factory.mktemp("guarded"),
        api_token=_TOKEN,
        public_url="https://urp.example",
        host="0.0.0.0",
    )
    async with quickly_serving(settings, assistant) as client:
        yield client


async def _post(client: Client, path: str, token: str | None, data: Any) -> tuple[int, Any, Any]:
    headers = {} if token is None else {"Authorization": token}
    async with client.session.post(client.base + path, json=data, headers=headers) as response:
        return response.status, await response.json(), response.headers


@pytest.mark.parametrize("path", [WEBHOOK, _PARSE])
async def test_right_token_opens(guarded: Client, path: str) -> None:
    data = {"sender": "a", "message": "ciao", "text": "ciao"}
    assert (await _post(guarded, path, f"Bearer {_TOKEN}", data))[0] == 200


@pytest.mark.parametrize("path", [WEBHOOK, _PARSE])
@pytest.mark.parametrize("token", _WRONG)
async def test_wrong_and_missing_token_are_refused_alike(
    guarded: Client, path: str, token: str | None
) -> None:
    """A8: and no answer tells how near a guess was."""
    data = {"sender": "a", "message": "ciao", "text": "ciao"}
    status, body, headers = await _post(guarded, path, token, data)
    _, missing, missing_headers = await _post(guarded, path, None, data)
    assert status == 401
    assert headers["WWW-Authenticate"] == "Bearer"
    for answer in (body, missing):
        assert len(answer.pop("request_id")) == 32
    assert body == missing
    assert _TOKEN not in str(body)
    assert {*headers} == {*missing_headers}


@pytest.mark.parametrize("path", [WEBHOOK, _PARSE])
async def test_bytes_that_are_no_text_are_a_wrong_token(guarded: Client, path: str) -> None:
    head = f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Type: {JSON}\r\nContent-Length: {len(GOOD)}\r\n"
    request = head.encode() + b"Authorization: Bearer \xff\xfe\r\n\r\n" + GOOD
    status, _, text = await send_raw(guarded, request)
    assert status == 401
    assert_error_shape(status, text)


async def test_token_counts_in_its_header_only(guarded: Client) -> None:
    """A8: a token in the address ends up in logs, so it opens nothing."""
    data = {"sender": "a", "message": "ciao", "token": _TOKEN, "metadata": {"token": _TOKEN}}
    for query in (f"?token={_TOKEN}", f"?auth={_TOKEN}"):
        assert (await _post(guarded, WEBHOOK + query, None, data))[0] == 401
        assert (await _post(guarded, _PARSE + query, None, {"text": "ciao"}))[0] == 401


async def test_token_is_asked_before_the_body_is_looked_at(guarded: Client) -> None:
    async with guarded.session.post(guarded.base + WEBHOOK, data=b"{") as response:
        assert response.status == 401


async def test_door_without_token_opens_on_loopback_only(
    assistant: Any, local: Client, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A8: local installations are open; one that is reachable or public is closed until a token is set."""
    data = {"sender": "a", "message": "ciao"}
    assert (await _post(local, WEBHOOK, None, data))[0] == 200
    for number, values in enumerate(
        ({"public_url": "https://urp.example"}, {"host": "0.0.0.0"}, {"host": "::"})
    ):
        settings = settings_in(tmp_path_factory.mktemp(f"closed{number}"), **values)
        async with quickly_serving(settings, assistant) as client:
            for token in (None, "Bearer ", "Bearer None", f"Bearer {_TOKEN}"):
                status, body, _ = await _post(client, WEBHOOK, token, data)
                assert (status, body["ok"]) == (401, False)
            assert (await _post(client, _PARSE, None, {"text": "ciao"}))[0] == 404
            await _assert_open(client, "/healthz", "/readyz", "/")


async def _assert_open(client: Client, *paths: str) -> None:
    for path in paths:
        async with client.session.get(client.base + path) as response:
            assert response.status == 200, path


async def test_parse_is_absent_without_a_token_setting(local: Client) -> None:
    """T79: 404 even on loopback, whatever is offered."""
    for token in (None, "Bearer ", f"Bearer {_TOKEN}"):
        status, body, _ = await _post(local, _PARSE, token, {"text": "ciao"})
        assert (status, body["status"]) == (404, 404)


@pytest.mark.parametrize("text", ["in che zona è Rho?", "/greet", '/ask_zone_of_comune{"a":"b"}'])
async def test_parse_has_rasas_shape(guarded: Client, text: str) -> None:
    """A10: a slash is no way to name an intent here either."""
    status, parsed, _ = await _post(guarded, _PARSE, f"Bearer {_TOKEN}", {"text": text})
    assert status == 200
    assert parsed["text"] == text
    assert set(parsed["intent"]) == {"name", "confidence"}
    assert 0 <= parsed["intent"]["confidence"] < 1 or not text.startswith("/")
    assert parsed["intent_ranking"][0] == parsed["intent"]
    confidences = [ranked["confidence"] for ranked in parsed["intent_ranking"]]
    assert confidences == sorted(confidences, reverse=True)
    for entity in parsed["entities"]:
        assert {"entity", "value", "start", "end", "extractor"} <= set(entity)
        assert 0 <= entity["start"] < entity["end"] <= len(text)
    if "Rho" in text:
        assert parsed["intent"]["name"] == "ask_zone_of_comune"
        assert [(e["entity"], text[e["start"] : e["end"]]) for e in parsed["entities"]] == [
            ("comune", "Rho")
        ]


@pytest.mark.parametrize("text", [None, "", " ", 1, [], {}, "x" * 2_001])
async def test_parse_refuses_what_is_no_text(guarded: Client, text: Any) -> None:
    status, body, _ = await _post(guarded, _PARSE, f"Bearer {_TOKEN}", {"text": text})
    assert (status, body["ok"]) == (400, False)


async def test_health_and_page_need_no_token(guarded: Client) -> None:
    await _assert_open(guarded, "/healthz", "/readyz", "/", "/widget/sportello-chat.js")


@pytest.mark.parametrize("path", ["/metrics", "/status", "/domain", "/model", "/conversations/a/tracker",
                                  "/.git/config", "/.env", "/var/sportello.db", "/debug", "/docs"])  # fmt: skip
async def test_nothing_else_is_open(local: Client, guarded: Client, path: str) -> None:
    """T79, T33: what Rasa's server shows, and what lies about in a folder, is not there."""
    for client in (local, guarded):
        async with client.session.get(client.base + path) as response:
            assert response.status in (401, 404)
            assert_error_shape(response.status, await response.text())


@pytest_asyncio.fixture(loop_scope="module")
async def loading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[Client, AssistantService]]:
    """A server whose model never comes by itself."""
    reached = asyncio.Event()

    async def endless(_runtime: Runtime) -> None:
        reached.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(Runtime, "load_model", endless)
    async with quickly_serving(settings_in(tmp_path), None) as client:
        assert client.runtime is not None
        await asyncio.wait_for(reached.wait(), 10)
        yield client, client.runtime.assistants


async def test_readiness_names_the_reason_until_a_model_is_loaded(
    loading: tuple[Client, AssistantService], assistant: Any
) -> None:
    """A message that comes meanwhile waits, and is answered by the model that comes."""
    client, assistants = loading
    status, body = await _ready(client)
    assert (status, body["ok"], body["model"]) == (503, False, None)
    assert "modello" in body["problem"]
    await _assert_open(client, "/healthz", "/")
    waiting = asyncio.ensure_future(client.say("in che zona è Rho?"))
    assistants.use(assistant)
    assert "Rho" in (await waiting)[0]["text"]
    ready = {"ok": True, "model": assistant.model_name, "problem": ""}
    assert await _ready(client) == (200, ready)


async def test_message_without_a_model_is_kept_and_the_citizen_told(
    loading: tuple[Client, AssistantService], assistant: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, assistants = loading
    monkeypatch.setattr(service, "READY_WAIT_S", 0.05)
    data = {"sender": "a", "message": "in che zona è Rho?", "metadata": {"message_id": "1"}}
    status, body, headers = await _post(client, WEBHOOK, None, data)
    assert (status, body["ok"], int(headers["Retry-After"]) > 0) == (503, False, True)
    assert "800.88.33.11" in body["message"]
    assistants.use(assistant)
    status, answers, _ = await _post(client, WEBHOOK, None, data)
    assert status == 200
    assert "Rho" in answers[0]["text"]


@pytest.mark.parametrize(
    ("step", "error", "reason"),
    [
        ("load_model", ModelError("training failed (exit 1):\nTraceback …"), "training failed"),
        ("load_knowledge", ContentError("offices/prova.yml", "field 'id' is missing"), "prova.yml"),
    ],
)
async def test_readiness_names_what_went_wrong_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, error: Exception, reason: str
) -> None:
    """T16: the process lives and says why it does not answer."""

    async def broken(_runtime: Runtime) -> None:
        raise error

    monkeypatch.setattr(Runtime, step, broken)
    async with quickly_serving(settings_in(tmp_path), None) as client:

        async def told() -> bool:
            return reason in (await _ready(client))[1]["problem"]

        await eventually(told, 3)
        status, body = await _ready(client)
        assert (status, "Traceback" in str(body)) == (503, False)
        await _assert_open(client, "/healthz", "/")


async def test_readiness_follows_the_database(
    local: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T11: 503 while it is away, alive all the while, ready again by itself."""

    async def away(*_args: Any, **_kwargs: Any) -> None:
        raise StorageUnavailable("OperationalError: disk I/O error")

    with monkeypatch.context() as fault:
        fault.setattr(Database, "read", away)
        status, body = await _ready(local)
        assert (status, body["ok"]) == (503, False)
        assert "database" in body["problem"]
        assert "disk" not in str(body)
        await _assert_open(local, "/healthz")
    assert (await _ready(local))[0] == 200


async def _ready(client: Client) -> tuple[int, dict[str, Any]]:
    async with client.session.get(client.base + "/readyz") as response:
        return response.status, await response.json()

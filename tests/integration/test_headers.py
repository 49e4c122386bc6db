"""What every HTTP answer says about itself, errors included, on every route there is (T31, T33)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
import pytest_asyncio

from bot.app import create_app
from bot.runtime import Runtime
from tests.support.servers import WEBHOOK, Client
from tests.support.shared import quickly_serving, settings_in

pytestmark = [pytest.mark.model, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(assistant: Any, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Client]:
    """One server for all answers of this module."""
    async with quickly_serving(
        settings_in(tmp_path_factory.mktemp("headers")), assistant
    ) as running:
        yield running


def _paths(client: Client) -> list[str]:
    """Every path that the application knows, so that a new one is looked at too."""
    runtime = client.runtime
    assert runtime is not None
    resources = create_app(runtime.settings, runtime=runtime).router.resources()
    # The console has cookies, forms and its own policy: tests/console/test_gate.py crawls it.
    paths = (resource.canonical for resource in resources)
    return sorted(path for path in paths if not path.startswith("/console"))


def _assert_safe(headers: Mapping[str, str]) -> None:
    policy = dict(
        part.strip().partition(" ")[::2] for part in headers["Content-Security-Policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["object-src"] == policy["base-uri"] == "'none'"
    assert "unsafe" not in str(policy)
    assert "*" not in str(policy)
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] in ("no-store", "no-cache")
    assert not [letter for letter in headers["Server"] if letter.isdigit()]
    assert "aiohttp" not in headers["Server"].lower()
    assert "Set-Cookie" not in headers
    assert "X-Powered-By" not in headers


@pytest.mark.parametrize("method", ["GET", "POST", "HEAD", "OPTIONS", "TRACE", "DELETE"])
async def test_every_route_answers_with_safe_headers(client: Client, method: str) -> None:
    """T33: with 200, 400, 404, 405 and 415 alike."""
    paths = _paths(client)
    assert {
        WEBHOOK,
        "/model/parse",
        "/healthz",
        "/readyz",
        "/",
        "/widget/sportello-chat.js",
    } <= set(paths)
    for path in (*paths, "/nulla", "/.git/config"):
        async with client.session.request(method, client.base + path, data=b"{") as response:
            _assert_safe(response.headers)


async def test_answers_and_refusals_are_not_kept_by_caches(client: Client) -> None:
    for data in ({"sender": "a", "message": "ciao"}, {"sender": "", "message": "ciao"}):
        async with client.session.post(client.base + WEBHOOK, json=data) as response:
            _assert_safe(response.headers)
            assert response.headers["Cache-Control"] == "no-store"


async def test_server_errors_have_the_shape_and_headers_too(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_runtime: Runtime) -> None:
        raise ValueError("RSSMRA85M01H501Z in an exception's text")

    monkeypatch.setattr(Runtime, "turns", property(broken))
    data = {"sender": "a", "message": "ciao"}
    async with client.session.post(client.base + WEBHOOK, json=data) as response:
        assert response.status == 500
        _assert_safe(response.headers)
        body = await response.json()
    assert set(body) == {"ok", "error", "status", "request_id", "message"}
    assert "800.88.33.11" in body["message"]
    assert "RSSMRA" not in str(body)
    assert "ValueError" not in str(body)


@pytest.mark.parametrize("origin", ["https://cattivo.example", "null", "http://127.0.0.1:1"])
async def test_other_sites_may_not_read_answers(client: Client, origin: str) -> None:
    """T31: no permission for a foreign origin, neither asked before nor given with the answer."""
    asking = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    async with client.session.options(client.base + WEBHOOK, headers=asking) as response:
        assert not [name for name in response.headers if name.startswith("Access-Control")]
    data = {"sender": "a", "message": "ciao"}
    async with client.session.post(
        client.base + WEBHOOK, json=data, headers={"Origin": origin}
    ) as response:
        assert not [name for name in response.headers if name.startswith("Access-Control")]

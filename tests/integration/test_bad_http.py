"""Unknown paths, other methods and what is no HTTP at all: refused in the one shape, without a word about us (T43)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.support.http import assert_error_shape, send_raw
from tests.support.servers import WEBHOOK, Client
from tests.support.shared import quickly_serving, settings_in

pytestmark = [pytest.mark.model, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(assistant: Any, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Client]:
    """One server for all refusals of this module."""
    async with quickly_serving(settings_in(tmp_path_factory.mktemp("http")), assistant) as running:
        yield running


_PATHS = [
    "/nulla", "/.git/config", "/.env", "/static/", "/static/../settings.py", "/static/..%2fsettings.py",
    "/static/%2e%2e/settings.py", "/%00", "/%ff", "/webhooks/rest", "/webhooks/rest/webhook/",
    "//webhooks/rest/webhook", "/conversations/a/tracker", "/" + "a" * 5_000, "/<script>",
]  # fmt: skip


@pytest.mark.parametrize("path", _PATHS)
async def test_unknown_paths_are_not_found(client: Client, path: str) -> None:
    status, _, text = await send_raw(client, f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    assert status == 404
    body = assert_error_shape(status, text)
    assert path not in str(body) or path == "/"


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    ("path", "allowed"), [(WEBHOOK, "POST"), ("/model/parse", "POST"), ("/healthz", "GET,HEAD")]
)
async def test_other_methods_are_told_the_right_one(
    client: Client, method: str, path: str, allowed: str
) -> None:
    async with client.session.request(method, client.base + path) as response:
        if method in allowed.split(","):
            assert response.status == 200
            return
        assert response.status == 405
        assert response.headers["Allow"] == allowed
        text = await response.text()
    if method == "HEAD":
        assert text == ""
    else:
        assert_error_shape(405, text)


_NO_HTTP = {
    "unknown-method": b"FOO / HTTP/1.1\r\nHost: a\r\n\r\n",
    "no-http": b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
    "bad-header": b"GET / HTTP/1.1\r\nHost: a\r\nBad Header\r\n\r\n",
    "long-path": b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    "long-header": b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 20_000 + b"\r\n\r\n",
    "bad-chunk": b"POST /webhooks/rest/webhook HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
    b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    "negative-length": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n{}",
    "two-lengths": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
}


@pytest.mark.parametrize("request_bytes", _NO_HTTP.values(), ids=_NO_HTTP.keys())
async def test_what_is_no_http_is_refused_in_the_same_shape(
    client: Client, request_bytes: bytes
) -> None:
    """Nothing is quoted back, and no version of a library is told."""
    status, head, text = await send_raw(client, request_bytes)
    assert status in (400, 405, 414, 431)
    assert "aiohttp" not in head
    assert "Python" not in head
    assert_error_shape(status, text)

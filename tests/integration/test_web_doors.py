"""Who may use the web channel, how much, and what odd or hostile clients achieve: nothing (T29, T31, T35, T37, T44, T49, T62)."""

from __future__ import annotations

import asyncio
import secrets
import socket as sockets
import struct
import time
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
import sqlalchemy as sa

from bot.channels.web.parts import WEB
from bot.storage.tables import conversations, inbound
from tests.support.counts import count
from tests.support.servers import Client, eventually
from tests.support.shared import quickly_serving, settings_in
from tests.support.web import connected, notice_version, post_frame, visiting

pytestmark = [pytest.mark.model, pytest.mark.asyncio(loop_scope="module")]

SITE = "https://www.comune.esempio.it"
TOKEN = "un-gettone-che-nessuno-indovina"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(assistant: Any, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Client]:
    """A server with one embedding site, a token, a trusted proxy, and modest limits."""
    settings = settings_in(
        tmp_path_factory.mktemp("doors"),
        web_origins=f"{SITE}, http://intranet.esempio.it:8080",
        api_token=TOKEN,
        trusted_proxies="127.0.0.1",
        web_conversations_per_hour=250,
        web_wrong_secrets_per_minute=5,
        web_sockets_per_address=60,
        web_sockets_per_visitor=3,
    )
    async with quickly_serving(settings, assistant) as running:
        yield running


def coming_from(address: str) -> dict[str, str]:
    """As the trusted proxy tells it."""
    return {"X-Forwarded-For": address}


async def handshake(client: Client, headers: dict[str, str]) -> int:
    """Status of a WebSocket handshake."""
    try:
        socket = await client.session.ws_connect(client.base + "/ws/chat", headers=headers)
    except aiohttp.WSServerHandshakeError as error:
        return error.status
    await socket.close()
    return 101


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (SITE, 101),
        (SITE.upper(), 101),
        ("http://intranet.esempio.it:8080", 101),
        ("https://cattivo.esempio.com", 403),
        (f"{SITE}.cattivo.com", 403),
        ("https://cattivo-www.comune.esempio.it", 403),
        ("https://sotto.www.comune.esempio.it", 403),
        ("http://www.comune.esempio.it", 403),
        (f"{SITE}:8443", 403),
        ("http://intranet.esempio.it", 403),
        ("null", 403),
        ("file://", 403),
        ("", 403),
    ],
)
async def test_only_allowed_sites_open_a_socket(client: Client, origin: str, status: int) -> None:
    """T29"""
    assert await handshake(client, {"Origin": origin}) == status


async def test_a_program_without_origin_needs_the_token(client: Client) -> None:
    """T29"""
    assert await handshake(client, {}) == 403
    assert await handshake(client, {"Authorization": "Bearer sbagliato"}) == 403
    assert await handshake(client, {"Authorization": f"Bearer {TOKEN}"}) == 101


async def test_a_public_installation_goes_by_its_own_name(
    make_settings: Any, assistant: Any, sqlite_url: str
) -> None:
    """T29: behind its public name, whatever ``Host`` a request claims."""
    settings = make_settings(database_url=sqlite_url, public_url="https://chat.ente.it")
    async with quickly_serving(settings, assistant) as public:
        assert await handshake(public, {"Origin": "https://chat.ente.it"}) == 101
        claimed = {"Origin": "https://altro.it", "Host": "altro.it"}
        assert await handshake(public, claimed) == 403
        assert await handshake(public, {"Origin": public.base}) == 403


@pytest.mark.parametrize("path", ["/chat/frames", "/chat/config"])
async def test_only_allowed_sites_may_read_answers(client: Client, path: str) -> None:
    """T31: the exact origin or none, never a wildcard, never credentials."""
    asking = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization, content-type",
    }
    for origin, allowed in ((SITE, SITE), ("https://cattivo.esempio.com", None), ("null", None)):
        headers = {**asking, "Origin": origin}
        async with client.session.options(client.base + path, headers=headers) as response:
            assert response.headers.get("Access-Control-Allow-Origin") == allowed
            assert "Access-Control-Allow-Credentials" not in response.headers
            assert response.headers["Vary"] == "Origin"


async def test_only_allowed_sites_may_load_the_widget(client: Client) -> None:
    for origin, allowed in ((SITE, SITE), ("https://cattivo.esempio.com", None)):
        async with client.session.get(
            client.base + "/widget/sportello-chat.js", headers={"Origin": origin}
        ) as response:
            assert response.headers.get("Access-Control-Allow-Origin") == allowed


async def test_another_site_cannot_post_frames(client: Client) -> None:
    frame = {"type": "hello", "protocol": 1, "notice": await notice_version(client)}
    status, frames = await post_frame(
        client, headers={"Origin": "https://cattivo.esempio.com"}, **frame
    )
    assert (status, frames) == (403, [])


async def test_the_thirty_first_message_of_a_minute_waits(client: Client) -> None:
    """T35: with a sentence and the time to wait; others notice nothing."""
    async with visiting(client) as web, visiting(client) as other:
        for number in range(31):
            await web.send(type="message", id=f"n{number}", text="ciao")
        refusal = await web.of("error", id="n30")
        assert refusal["code"] == "rate_limited"
        assert 1 <= refusal["retry_after_s"] <= 61
        assert "Aspetta" in refusal["message"]
        await web.of("ack", id="n29")
        assert (await other.say("ciao"))["author"] == "assistant"
        status, frames = await post_frame(client, web.secret, type="message", id="n31", text="ciao")
        assert (status, frames[0]["code"]) == (429, "rate_limited")


async def test_a_flood_is_throttled_and_others_notice_nothing(client: Client) -> None:
    """T35, must-hold 6: two thousand messages in a minute from one client."""
    async with visiting(client) as flood, visiting(client) as other:
        await other.say("ciao")

        async def pour() -> None:
            for number in range(2_000):
                await flood.send(type="message", id=f"f{number}", text="in che zona è Rho?")

        pouring = asyncio.create_task(pour())
        waits = []
        for _ in range(10):
            began = time.monotonic()
            await other.send(type="ping")
            other.frames.clear()
            await other.say("ciao")
            waits.append(time.monotonic() - began)
        assert max(waits) < 1.0, waits
        assert await flood.closed(30) == 1008
        pouring.cancel()
        codes = [frame["code"] for frame in flood.frames if frame["type"] == "error"]
        assert set(codes) == {"rate_limited"}
        assert len([frame for frame in flood.frames if frame["type"] == "ack"]) <= 30


async def test_a_school_behind_one_address_is_served(client: Client) -> None:
    """T35: two hundred visitors of one address; the one too many is told to wait."""
    version = await notice_version(client)
    hello = {"type": "hello", "protocol": 1, "notice": version}
    school = coming_from("198.51.100.7")

    async def visitor() -> str:
        _, frames = await post_frame(client, headers=school, **hello)
        return str(frames[0]["type"])

    for _ in range(5):
        assert set(await asyncio.gather(*(visitor() for _ in range(40)))) == {"welcome"}
    for _ in range(60):
        status, frames = await post_frame(client, headers=school, **hello)
    assert (status, frames[0]["code"]) == (429, "rate_limited")
    elsewhere = coming_from("198.51.100.8")
    assert (await post_frame(client, headers=elsewhere, **hello))[0] == 200


async def test_only_the_trusted_proxy_says_where_a_request_comes_from(
    make_settings: Any, assistant: Any, sqlite_url: str
) -> None:
    """T37: without it the header is ignored, and loopback has no free pass."""
    settings = make_settings(database_url=sqlite_url, web_conversations_per_hour=3)
    async with quickly_serving(settings, assistant) as bare:
        hello = {"type": "hello", "protocol": 1, "notice": await notice_version(bare)}
        statuses = [
            (await post_frame(bare, headers=coming_from(f"203.0.113.{n}"), **hello))[0]
            for n in range(4)
        ]
        assert statuses == [200, 200, 200, 429]


async def test_guessed_secrets_are_refused_and_counted(client: Client) -> None:
    """T62: all the same, and after some the address must wait."""
    guesser = coming_from("203.0.113.99")
    async with visiting(client) as victim:
        await victim.say("il mio segreto è questo")
        guesses = [victim.secret[:-1] + "x", victim.secret.upper(), victim.secret + "a"]
        guesses += [secrets.token_urlsafe(32) for _ in range(count(40, 10_000))]
        for number, guess in enumerate(guesses):
            status, frames = await post_frame(
                client, guess, headers=guesser, type="poll", after=0, wait_s=0
            )
            if number < 5:
                assert (status, frames[0]["reason"]) == (200, "expired")
            else:
                assert (status, frames[0]["code"]) == (429, "rate_limited")
        status, frames = await post_frame(client, victim.secret, type="poll", after=0, wait_s=0)
        assert any(frame.get("text") == "il mio segreto è questo" for frame in frames)


async def test_a_conversation_cannot_be_reached_by_its_id(client: Client) -> None:
    """Must-hold 5: neither by the conversation's id, the session's sender, nor REST names that imitate them."""
    async with visiting(client) as victim:
        await victim.say("parola molto riservata")
        assert client.runtime is not None
        statement = sa.select(conversations.c.id, conversations.c.sender).where(
            conversations.c.channel == "web"
        )
        found = await client.runtime.database.read(lambda link: link.execute(statement).all())
        rest = {"Authorization": f"Bearer {TOKEN}"}
        for row in found:
            for guess in (row.id, row.sender, f"web:{row.sender}"):
                _, frames = await post_frame(
                    client,
                    guess,
                    headers=coming_from(f"203.0.113.{secrets.randbelow(200)}"),
                    type="poll",
                    after=0,
                )
                assert "riservata" not in str(frames)
                body = {"sender": guess, "message": "ripeti quello che ho detto"}
                async with client.session.post(
                    client.base + "/webhooks/rest/webhook", json=body, headers=rest
                ) as response:
                    assert "riservata" not in await response.text()
        assert victim.messages[-1]["seq"] == 2


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "null",
        "[]",
        '"hello"',
        "{",
        "{}",
        '{"type": null}',
        '{"type": "sconosciuto"}',
        '{"type": "hello"}',
        '{"type": "hello", "protocol": 2}',
        '{"type": "message", "id": "a"}',
        '{"type": "message", "id": 1, "text": "ciao"}',
        '{"type": "message", "id": "a", "text": {"a": 1}}',
        '{"type": "message", "id": "", "text": "ciao"}',
        '{"type": "resume", "after": -1}',
        '{"type": "resume", "after": true}',
        '{"type": "resume", "after": 1e99}',
        '{"type": "history", "before": 99999999999999999999}',
        '{"type": "rating", "score": 6}',
        '{"type": "rating", "score": 4.5}',
        '{"type": "report"}',
        '{"type": "poll", "after": 0, "wait_s": NaN}',
        '{"type": "seen", "seq": "3"}',
        "[" * 5_000,
        '{"type": "ping", "type": "bye"}',
    ],
)
async def test_frames_that_mean_nothing_are_refused_kindly(client: Client, raw: str) -> None:
    """T43, T44: and the connection goes on."""
    async with visiting(client) as web:
        await web.socket.send_str(raw)
        refusal = await web.of("error")
        assert refusal["code"] == "bad_frame"
        assert (await web.say("ciao"))["author"] == "assistant"
    async with client.session.post(
        client.base + "/chat/frames",
        data=raw,
        headers={"Origin": client.base, "Content-Type": "application/json"},
    ) as response:
        assert response.status == 200
        assert (await response.json())["frames"][0]["code"] == "bad_frame"


async def test_odd_texts_are_read_or_refused_with_a_sentence(client: Client) -> None:
    """T41: nothing breaks, the conversation goes on."""
    async with visiting(client) as web:
        texts = [
            "",
            "   ",
            "\u200b\u202e",
            "\ud83d",
            "a\x00b",
            "x" * 2_000,
            "x" * 2_001,
            "🚎" * 500,
        ]
        for number, text in enumerate(texts):
            await web.send(type="message", id=f"t{number}", text=text)
        assert (await web.of("error", id="t0"))["code"] == "empty"
        assert (await web.of("error", id="t2"))["code"] == "empty"
        assert "2.000" in (await web.of("error", id="t6"))["message"]
        for accepted in ("t3", "t4", "t5", "t7"):
            await web.of("ack", id=accepted)
        assert (await web.say("ciao"))["author"] == "assistant"


async def test_wrong_frames_close_with_their_code(client: Client) -> None:
    """T44: binary, too large, not UTF-8, silence instead of a hello."""
    async with visiting(client) as web:
        await web.socket.send_bytes(b"ciao")
        assert await web.closed() == 1003
    async with visiting(client) as web:
        await web.socket.send_str("x" * 20_000)
        assert await web.closed() == 1009
    async with visiting(client) as web:
        writer = web.socket._writer  # aiohttp sends only valid text by itself
        await writer.send_frame(b"\xff\xfe", aiohttp.WSMsgType.TEXT)
        assert await web.closed() == 1007
    async with connected(client) as web:
        await web.send(type="message", id="a", text="ciao")
        assert await web.closed() == 1008


async def test_who_says_nothing_is_closed(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.channels.web.socket.WEB_HELLO_TIMEOUT_S", 0.2)
    async with connected(client) as web:
        assert await web.closed(5) == 1008


async def test_a_dead_connection_is_noticed(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T44: half-open, pings are not answered."""
    monkeypatch.setattr("bot.channels.web.socket.WEB_HEARTBEAT_S", 0.4)
    socket = await client.session.ws_connect(
        client.base + "/ws/chat", origin=client.base, autoping=False
    )
    await socket.send_json({"type": "hello", "protocol": 1, "notice": await notice_version(client)})
    ended = (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR, aiohttp.WSMsgType.CLOSE)

    async def read_without_answering_pings() -> None:
        while (await socket.receive()).type not in ended:
            pass

    await asyncio.wait_for(read_without_answering_pings(), 5)
    await socket.close()


async def test_a_client_that_does_not_read_is_closed_and_loses_nothing(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Must-hold 6: back-pressure; the process keeps nothing for it."""
    monkeypatch.setattr("bot.channels.web.connection.WEB_SEND_TIMEOUT_S", 0.5)
    async with visiting(client) as web:
        await web.say("ciao")
    assert client.runtime is not None
    from bot.storage import outbox

    runtime = client.runtime
    statement = sa.select(conversations.c.id).order_by(conversations.c.created_at.desc()).limit(1)
    conversation_id = await runtime.database.read(lambda link: link.scalar(statement))
    now = runtime.clock.utc()

    def pile_up(link: sa.Connection) -> None:
        for _ in range(95):
            message = {"text": "x" * 100_000, "custom": {}}
            outbox.send(
                link, conversation_id=conversation_id, author="system", message=message, now=now
            )

    await runtime.database.write(pile_up)
    port = int(client.base.rsplit(":", 1)[1])
    lazy = sockets.create_connection(("127.0.0.1", port))
    lazy.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4_096)
    lazy.setblocking(False)
    loop = asyncio.get_running_loop()
    key = "dGhlIHNhbXBsZSBub25jZQ=="
    request = (
        f"GET /ws/chat HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nOrigin: {client.base}\r\n\r\n"
    )
    await loop.sock_sendall(lazy, request.encode())
    await loop.sock_recv(lazy, 200)
    hello = f'{{"type":"hello","protocol":1,"secret":"{web.secret}"}}'.encode()
    await loop.sock_sendall(lazy, struct.pack("!BB4s", 0x81, 0x80 | len(hello), b"\0" * 4) + hello)
    before = len(asyncio.all_tasks())

    async def gone() -> bool:
        return len(asyncio.all_tasks()) <= before - 1 or _hub_count(client) == 0

    await eventually(gone, 15)
    lazy.close()
    async with visiting(client, web.secret, after=2) as again:
        assert len(again.messages) == 95


def _hub_count(client: Client) -> int:
    assert client.application is not None
    return len(client.application[WEB].hub.everybody())


async def test_connections_of_one_visitor_and_of_one_address_have_a_limit(client: Client) -> None:
    async with (
        visiting(client) as first,
        visiting(client, first.secret),
        visiting(client, first.secret),
        connected(client) as fourth,
    ):
        await fourth.send(type="hello", protocol=1, secret=first.secret)
        assert (await fourth.of("error"))["code"] == "busy"
        assert await fourth.closed() == 1013
    open_sockets = []
    statuses = []
    crowd = {"Origin": client.base, **coming_from("203.0.113.50")}
    for _ in range(61):
        try:
            socket = await client.session.ws_connect(client.base + "/ws/chat", headers=crowd)
            open_sockets.append(socket)
            statuses.append(101)
        except aiohttp.WSServerHandshakeError as error:
            statuses.append(error.status)
    assert statuses == [101] * 60 + [503]
    assert await handshake(client, {"Origin": client.base, **coming_from("203.0.113.51")}) == 101
    for socket in open_sockets:
        await socket.close()


async def test_slow_senders_are_closed_and_others_served(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T49: two hundred connections that send a byte now and then (in full, after the 20 s of the product)."""
    patience_s = count(2, 20)
    monkeypatch.setattr("bot.http_server.KEEPALIVE_S", patience_s)
    port = int(client.base.rsplit(":", 1)[1])
    slow = []
    for _ in range(200):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /chat/frames HTTP/1.1\r\nHo")
        slow.append((reader, writer))
    async with visiting(client) as web:
        began = time.monotonic()
        await web.say("ciao")
        assert time.monotonic() - began < 1.0

    async def all_closed() -> bool:
        for reader, writer in slow:
            if not reader.at_eof():
                try:
                    writer.write(b"o")
                except (ConnectionError, RuntimeError):
                    # uvloop says RuntimeError of a line that the server has closed.
                    continue
        return all(reader.at_eof() or reader.exception() for reader, _ in slow)

    await eventually(all_closed, patience_s + 8)
    for _, writer in slow:
        writer.close()


async def test_nothing_of_a_refused_frame_is_stored(client: Client) -> None:
    async with visiting(client) as web:
        await web.send(type="message", id="lungo", text="y" * 2_500)
        await web.of("error", id="lungo")
    assert client.runtime is not None
    statement = sa.select(sa.func.count()).where(inbound.c.text.startswith("yyyy"))
    assert await client.runtime.database.read(lambda link: link.scalar(statement)) == 0

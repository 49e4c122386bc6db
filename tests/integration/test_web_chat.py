"""The web channel over real sockets: who writes is answered, who comes back misses nothing, who leaves is forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from bot.conversations import desk
from bot.masking import mask
from bot.runtime import Runtime
from bot.storage import ownership, transcript
from bot.storage.tables import conversations, inbound, outbound, ratings, reports, web_sessions
from tests.support.servers import Client, eventually
from tests.support.shared import quickly_serving
from tests.support.web import Frame, WebClient, connected, notice_version, visiting

pytestmark = pytest.mark.model

HOURS = "a che ora apre l'URP il venerdì?"
STAFF = "Anna"


@pytest.fixture
async def client(make_settings: Any, assistant: Any, database_url: str) -> AsyncIterator[Client]:
    """The real server on each database."""
    settings = make_settings(database_url=database_url, clock="2026-11-24T10:30")
    async with quickly_serving(settings, assistant) as running:
        yield running


def runtime_of(client: Client) -> Runtime:
    assert client.runtime is not None
    return client.runtime


async def rows(client: Client, statement: Any) -> list[Any]:
    database = runtime_of(client).database
    return list(await database.read(lambda link: link.execute(statement).all()))


async def only_conversation(client: Client) -> str:
    (row,) = await rows(client, sa.select(conversations.c.id))
    return str(row.id)


async def test_a_question_is_acknowledged_and_answered_with_its_source(client: Client) -> None:
    async with visiting(client) as web:
        message_id = uuid4().hex
        await web.send(type="message", id=message_id, text=HOURS)
        ack = await web.of("ack", id=message_id)
        assert (ack["seq"], ack["duplicate"]) == (1, False)
        answer = await web.answer_to(1)
        assert "10.00-12.00" in answer["text"]
        assert "Fonte:" in answer["text"]
        assert answer["custom"]["status"] == "answered"
        assert (answer["author"], answer["seq"], answer["prev"]) == ("assistant", 2, 1)
        kinds = [frame["type"] for frame in web.frames]
        assert kinds.index("ack") < kinds.index("typing") < kinds.index("message")


async def test_without_the_notice_nothing_is_stored(client: Client) -> None:
    """T75: neither with an old version of it nor without any."""
    for notice in ("", "000000000000"):
        async with connected(client) as web:
            await web.send(type="hello", protocol=1, notice=notice)
            assert (await web.of("error"))["code"] == "notice_required"
    assert await rows(client, sa.select(web_sessions)) == []
    async with visiting(client):
        assert len(await rows(client, sa.select(web_sessions))) == 1
    assert await rows(client, sa.select(conversations)) == []


async def test_only_a_digest_of_the_secret_is_stored(client: Client) -> None:
    async with visiting(client) as web:
        await web.say("ciao")
        assert len(web.secret) >= 43
        for table in (web_sessions, conversations, inbound, outbound):
            assert web.secret not in str(await rows(client, sa.select(table)))


async def test_a_message_sent_twice_is_answered_once(client: Client) -> None:
    """T60: one after the other, at once, on two sockets; the same id with another text is refused."""
    async with visiting(client) as web, visiting(client, web.secret) as tab:
        await asyncio.gather(
            *(one.send(type="message", id="m1", text=HOURS) for one in (web, tab, web, tab))
        )
        acks = [await one.of("ack", id="m1") for one in (web, tab)]
        assert {ack["seq"] for ack in acks} == {1}
        await web.answer_to(1)
        await web.send(type="message", id="m1", text="in che zona è Rho?")
        assert (await web.of("error", id="m1"))["code"] == "conflict"
        await web.say("ciao")
    found = await rows(client, sa.select(inbound.c.channel_key).order_by(inbound.c.id))
    assert found[0].channel_key == "m1"
    assert len(found) == 2


async def test_who_comes_back_gets_what_was_missed_and_nothing_twice(client: Client) -> None:
    """T61: with a memory, and without."""
    async with visiting(client) as web:
        await web.say(HOURS)
        await web.say("in che zona è Rho?")
        everything = sorted(message["seq"] for message in web.messages)
    assert everything == list(range(1, 1 + len(everything)))
    async with visiting(client, web.secret, after=2) as again:
        assert [message["seq"] for message in again.messages] == everything[2:]
        assert again.messages[0]["prev"] == 2
    async with visiting(client, web.secret) as fresh:
        assert [message["seq"] for message in fresh.messages] == everything
        assert fresh.messages[0]["prev"] == 0
        assert not [frame for frame in fresh.frames if frame["type"] == "gap"]


async def test_messages_of_one_tab_appear_in_the_other(client: Client) -> None:
    """T61: even when the conversation begins after both have connected."""
    async with visiting(client) as web, visiting(client, web.secret) as tab:
        await web.send(type="message", id="a", text=HOURS)
        mine = await tab.of("message", id="a")
        assert (mine["author"], mine["text"]) == ("citizen", HOURS)
        assert (await tab.answer_to(1))["text"] == (await web.answer_to(1))["text"]


async def test_staff_replies_arrive_and_the_assistant_is_silent(client: Client) -> None:
    async with visiting(client) as web:
        await web.say("ciao")
        await staff_does(client, desk.claim, STAFF)
        assert (await web.of("state", owner="staff"))["staff"] == STAFF
        await web.send(type="message", id="x", text=HOURS)
        await web.of("ack", id="x")
        await staff_does(client, desk.reply, STAFF, "Buongiorno, la aiuto io.")
        reply = await web.of("message", author="staff")
        assert (reply["text"], reply["name"]) == ("Buongiorno, la aiuto io.", STAFF)
        assert not [m for m in web.messages if m["author"] == "assistant" and m["seq"] > 3]
        await staff_does(client, desk.release, STAFF)
        await web.of("state", owner="assistant")


async def staff_does(client: Client, unit: Any, *arguments: Any) -> None:
    """A unit of `desk`, committed, without telling this process: it follows the events."""
    runtime = runtime_of(client)
    conversation_id = await only_conversation(client)
    await runtime.database.write(unit, conversation_id, *arguments, runtime.clock.utc())


async def test_a_staff_reply_waits_for_who_was_away(client: Client) -> None:
    """T61: written while no tab was open, by another process."""
    async with visiting(client) as web:
        await web.say("ciao")
        last = web.messages[-1]["seq"]
    await staff_does(client, desk.claim, STAFF)
    await staff_does(client, desk.reply, STAFF, "Eccomi.")
    async with visiting(client, web.secret, after=last) as again:
        assert [message["text"] for message in again.messages] == ["Eccomi."]
        assert (await again.of("state"))["owner"] == "staff"


async def test_an_answer_that_was_withdrawn_is_never_shown_and_no_gap(client: Client) -> None:
    async with visiting(client) as web:
        await web.say("ciao")
    conversation_id = await only_conversation(client)
    database = runtime_of(client).database

    def withdraw(link: sa.Connection) -> None:
        from bot.storage import outbox

        now = runtime_of(client).clock.utc()
        for author, words in (("assistant", "ritirato"), ("system", "avviso")):
            outbox.send(
                link,
                conversation_id=conversation_id,
                author=author,
                message={"text": words, "custom": {}},
                now=now,
            )
        outbox.withdraw_answers(link, conversation_id)

    await database.write(withdraw)
    async with visiting(client, web.secret, after=2) as again:
        assert [message["text"] for message in again.messages] == ["avviso"]
        assert again.messages[0]["prev"] == 2
        assert not [frame for frame in again.frames if frame["type"] == "gap"]


async def test_place_in_the_queue_is_told_and_moves_up(client: Client) -> None:
    async with visiting(client) as first, visiting(client) as second:
        ids = []
        for web in (first, second):
            await web.say("ciao")
        found = await rows(
            client, sa.select(conversations.c.id).order_by(conversations.c.created_at)
        )
        ids = [str(row.id) for row in found]
        runtime = runtime_of(client)
        for conversation_id in ids:
            now = runtime.clock.utc()
            await runtime.database.write(
                partial(ownership.request_person, reason="asked", now=now), conversation_id
            )
        assert (await first.of("state", owner="waiting"))["place"] == 1
        told = await second.of("state", owner="waiting", place=2)
        assert "numero 2" in told["text"]
        await runtime.database.write(desk.claim, ids[0], STAFF, runtime.clock.utc())
        await second.of("state", owner="waiting", place=1)


async def test_history_is_given_in_pages(client: Client) -> None:
    async with visiting(client) as web:
        await web.say("ciao")
        last = web.messages[-1]["seq"]
        await web.send(type="history", before=last)
        page = await web.of("history")
        assert [message["seq"] for message in page["messages"]] == list(range(1, last))
        assert page["more"] is False


async def test_a_page_without_memory_gets_the_last_hundred(client: Client) -> None:
    async with visiting(client) as web:
        await web.say("ciao")
    conversation_id = await only_conversation(client)
    await add_notices(client, conversation_id, 118)
    async with visiting(client, web.secret) as fresh:
        welcome = await fresh.of("welcome")
        seqs = [message["seq"] for message in fresh.messages]
        assert welcome["from"] == seqs[0] == welcome["last_seq"] - 99
        assert len(seqs) == 100
        await fresh.send(type="history", before=seqs[0])
        page = await fresh.of("history")
        assert [message["seq"] for message in page["messages"]] == list(range(1, seqs[0]))
    async with visiting(client, web.secret, after=2) as missed:
        assert [message["seq"] for message in missed.messages] == list(range(3, 121))


async def add_notices(client: Client, conversation_id: str, count: int) -> None:
    from bot.storage import outbox

    now = runtime_of(client).clock.utc()

    def add(link: sa.Connection) -> None:
        for number in range(count):
            message = {"text": f"avviso {number}", "custom": {}}
            outbox.send(
                link, conversation_id=conversation_id, author="system", message=message, now=now
            )

    await runtime_of(client).database.write(add)


async def test_trimmed_messages_are_announced(client: Client) -> None:
    """T63: what the server no longer has is never silently missing."""
    async with visiting(client) as web:
        await web.say("ciao")
    conversation_id = await only_conversation(client)
    await add_notices(client, conversation_id, 6)
    database = runtime_of(client).database
    await database.write(
        lambda link: link.execute(sa.delete(outbound).where(outbound.c.seq.in_([4, 5])))
    )
    async with visiting(client, web.secret, after=2) as again:
        assert (await again.of("gap"))["from"] == 4
        assert (await again.of("gap"))["to"] == 5
        assert [message["seq"] for message in again.messages] == [3, 6, 7, 8]


async def test_a_conversation_that_began_anew_is_announced(client: Client) -> None:
    """T63: the client knows more than there is."""
    async with visiting(client) as web:
        await web.say("ciao")
    async with visiting(client, web.secret, after=500) as again:
        kinds = [frame["type"] for frame in again.frames if frame["type"] in ("reset", "message")]
        assert kinds[0] == "reset"
        assert [message["seq"] for message in again.messages] == [1, 2]


async def test_start_over_opens_another_conversation(client: Client) -> None:
    async with visiting(client) as web:
        await web.say("in che zona è Rho?")
        await web.send(type="restart")
        welcome = await web.wait(lambda f: f["type"] == "welcome" and f.get("secret") != web.secret)
        assert welcome["last_seq"] == 0
        await web.send(type="message", id="n", text="ciao")
        assert (await web.of("ack", id="n"))["seq"] == 1
        async with connected(client) as old:
            await old.send(type="hello", protocol=1, secret=web.secret)
            assert (await old.of("ended"))["reason"] == "expired"
    assert len(await rows(client, sa.select(conversations))) == 2


async def test_leaving_ends_the_secret_on_every_tab(client: Client) -> None:
    async with visiting(client) as web, visiting(client, web.secret) as tab:
        await web.say("ciao")
        await web.send(type="bye")
        assert (await tab.of("ended"))["reason"] == "left"
        assert await tab.closed() == 1000
        async with connected(client) as again:
            await again.send(type="hello", protocol=1, secret=web.secret)
            assert (await again.of("ended"))["reason"] == "expired"


async def test_erasing_leaves_nothing(client: Client) -> None:
    """T71: by the widget's menu."""
    async with visiting(client) as web:
        await web.say("abito a Cernusco sul Naviglio")
        await web.send(type="rating", score=2, comment="male")
        await web.of("rated")
        await web.send(type="erase")
        assert (await web.of("ended"))["reason"] == "erased"
    for table in (conversations, inbound, outbound, ratings, web_sessions):
        assert await rows(client, sa.select(table)) == []


async def test_the_copy_of_the_data_is_the_citizens_own(client: Client) -> None:
    """T72"""
    async with visiting(client) as other:
        await other.say("in che zona è Bubbiano?")
    async with visiting(client) as web:
        await web.say("in che zona è Rho?")
        await web.send(type="export")
        copy = str((await web.of("export"))["data"])
    assert "Rho" in copy
    assert "Bubbiano" not in copy


async def test_rating_and_report_are_kept(client: Client) -> None:
    async with visiting(client) as web:
        answer = await web.say(HOURS)
        for score, comment in ((2, "così così"), (5, "mi chiami al 333 1234567")):
            await web.send(type="rating", score=score, comment=comment)
        await web.send(type="report", seq=answer["seq"], comment="apre alle 9")
        await web.of("reported", seq=answer["seq"])
    (kept,) = await rows(client, sa.select(ratings))
    assert (kept.score, kept.comment) == (5, mask("mi chiami al 333 1234567"))
    assert "1234567" not in kept.comment
    (report,) = await rows(client, sa.select(reports))
    assert report.comment == "apre alle 9"
    assert "urp" in report.records


async def test_what_was_seen_is_noted(client: Client) -> None:
    async with visiting(client) as web:
        answer = await web.say("ciao")
        await web.send(type="seen", seq=answer["seq"])
        await web.send(type="ping")
        await web.of("pong")
    async with visiting(client, web.secret) as again:
        assert (await again.of("welcome"))["seen"] == answer["seq"]
    found = await runtime_of(client).database.read(
        transcript.messages, await only_conversation(client), limit=10
    )
    assert [message.status for message in found] == ["done", "read"]


async def test_a_newer_notice_is_accepted_in_the_conversation(client: Client) -> None:
    async with visiting(client) as web:
        database = runtime_of(client).database
        await database.write(
            lambda link: link.execute(sa.update(web_sessions).values(notice="old"))
        )
    async with visiting(client, web.secret) as again:
        assert (await again.of("welcome"))["notice"] == "old"
        version = await notice_version(client)
        await again.send(type="hello", protocol=1, secret=web.secret, notice=version)
        await again.send(type="ping")
        await again.of("pong")
    async with visiting(client, web.secret) as third:
        assert (await third.of("welcome"))["notice"] == version


async def test_a_burst_is_answered_in_order(client: Client) -> None:
    """T4: ten messages at once."""
    async with visiting(client) as web:
        for number in range(10):
            await web.send(type="message", id=f"b{number}", text=f"in che zona è Rho? {number}")
        for number in range(10):
            await web.of("ack", id=f"b{number}")
        await eventually(lambda: _answered(web, 10))
        texts = [m["text"] for m in web.messages if m["author"] == "citizen"]
        assert texts == [f"in che zona è Rho? {number}" for number in range(10)]
        seqs = [message["seq"] for message in web.messages]
        assert seqs == sorted(seqs)


async def _answered(web: WebClient, count: int) -> bool:
    return len([m for m in web.messages if m["author"] == "assistant"]) >= count


async def test_silence_of_a_day_ends_the_secret(
    make_settings: Any, assistant: Any, sqlite_url: str
) -> None:
    """The open socket too, though nobody closed the page of the library's computer."""
    async with (
        quickly_serving(
            make_settings(database_url=sqlite_url, clock="2026-11-24T10:30"), assistant
        ) as before,
        visiting(before) as web,
    ):
        await web.say("ciao")
    later = make_settings(database_url=sqlite_url, clock="2026-11-25T10:20")
    async with quickly_serving(later, assistant) as next_day, visiting(next_day, web.secret):
        pass
    too_late = make_settings(database_url=sqlite_url, clock="2026-11-26T10:31")
    async with quickly_serving(too_late, assistant) as client, connected(client) as again:
        await again.send(type="hello", protocol=1, secret=web.secret)
        ended: Frame = await again.of("ended")
        assert ended["reason"] == "expired"

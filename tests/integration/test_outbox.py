"""Delivery: in order, once where the channel allows it, tried again, given up in the open."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa

from bot.clock import Clock
from bot.conversations.delivery import (
    Courier,
    Gone,
    Outcome,
    Refused,
    Sent,
    TryAgain,
    retry_pause_s,
)
from bot.conversations.notifier import Notifier
from bot.storage import inbox, outbox, ownership
from bot.storage.database import Database
from bot.storage.migrate import migrate
from bot.storage.outbox import Delivery
from bot.storage.tables import outbound
from bot.tasks import stop
from tests.support.conversations import NOW, later, messages_of
from tests.support.counts import count
from tests.support.servers import eventually

CHANNEL = "telegram"
Send = Callable[[Delivery], Awaitable[Outcome]]


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url)
    await migrate(database)
    yield database
    await database.close()


async def conversation(database: Database, sender: str = "uno") -> str:
    stored = await database.write(
        inbox.store_message,
        channel=CHANNEL,
        sender=sender,
        text="ciao",
        key=None,
        digest=None,
        now=NOW,
    )
    return stored.conversation_id


async def queue(
    database: Database, conversation_id: str, *texts: str, author: str = "system"
) -> None:
    for text in texts:
        await database.write(
            lambda c, text=text: outbox.send(
                c, conversation_id=conversation_id, author=author, message={"text": text}, now=NOW
            )
        )


async def claim(database: Database, now: datetime = NOW, limit: int = 10) -> list[Delivery]:
    return await database.write(
        lambda c: outbox.claim_deliveries(c, CHANNEL, now, limit=limit, lease_s=60)
    )


async def statuses(database: Database, conversation_id: str) -> list[str]:
    said = await messages_of(database, conversation_id, with_withdrawn=True)
    return [message.status for message in said if message.author != "citizen"]


async def test_one_message_of_a_conversation_is_on_its_way_and_the_next_follows(
    database: Database,
) -> None:
    one, two = await conversation(database), await conversation(database, "due")
    await queue(database, one, "a", "b")
    await queue(database, two, "c")
    first = await claim(database)
    assert [d.message["text"] for d in first] == ["a", "c"]
    assert await claim(database) == []
    assert await database.write(outbox.mark_sent, first[0], NOW)
    (second,) = await claim(database)
    assert second.message["text"] == "b"
    assert await statuses(database, one) == ["sent", "sending"]


async def test_a_lost_sender_makes_one_repeat_and_its_late_report_changes_nothing(
    database: Database,
) -> None:
    """T10: "sending" is recorded before, "sent" after; whoever died in between is replaced when its time is over."""
    one = await conversation(database)
    await queue(database, one, "a")
    (lost,) = await claim(database)
    assert await claim(database, later(seconds=59)) == []
    (again,) = await claim(database, later(seconds=61))
    assert (again.id, again.attempt) == (lost.id, 2)
    assert not await database.write(outbox.mark_sent, lost, later(seconds=62))
    assert await database.write(outbox.mark_sent, again, later(seconds=62))
    assert await statuses(database, one) == ["sent"]


async def test_answers_go_before_notices(database: Database) -> None:
    """T57: somebody waits for them."""
    one, two = await conversation(database), await conversation(database, "due")
    await queue(database, one, "avviso")
    await queue(database, two, "risposta", author="assistant")
    (first,) = await claim(database, limit=1)
    assert first.message["text"] == "risposta"


async def test_what_stands_before_an_answer_is_awaited_too(database: Database) -> None:
    """A new citizen's notice goes before other people's news, or the answer behind it would wait as well."""
    one, two = await conversation(database), await conversation(database, "due")
    await queue(database, one, "avviso a tutti")
    await queue(database, two, "informativa")
    await queue(database, two, "risposta", author="assistant")
    (first,) = await claim(database, limit=1)
    assert (first.message["text"], first.is_awaited) == ("informativa", True)
    (second,) = await claim(database, limit=1)
    assert (second.message["text"], second.is_awaited) == ("avviso a tutti", False)


async def test_looking_for_what_is_due_does_not_read_what_was_sent(sqlite_url: str) -> None:
    """T7: the cost must not grow with the history."""
    database = Database(sqlite_url)
    await migrate(database)

    def plan(connection: sa.Connection) -> list[str]:
        wanted = sa.select(outbound.c.id).where(outbox._is_next_on(CHANNEL))
        compiled = wanted.compile(connection, compile_kwargs={"render_postcompile": True})
        values = tuple(compiled.params[name] for name in compiled.positiontup or ())
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}", values)
        return [str(row.detail) for row in rows]

    steps = await database.read(plan)
    await database.close()
    searches = [step for step in steps if "outbound" in step or "earlier" in step]
    assert len(searches) == 2
    assert all("ix_outbound_undelivered" in step for step in searches), steps


async def test_two_senders_never_get_the_same_message(
    database: Database, database_url: str
) -> None:
    other = Database(database_url)
    try:
        for number in range(20):
            await queue(database, await conversation(database, f"s{number}"), "a")
        handed = await asyncio.gather(*(claim(db, limit=3) for db in (database, other) * 6))
    finally:
        await other.close()
    ids = [delivery.id for deliveries in handed for delivery in deliveries]
    assert len(ids) == len(set(ids))
    assert len(ids) + len(await claim(database, limit=50)) == 20


async def test_a_message_with_a_key_is_sent_once(database: Database) -> None:
    one = await conversation(database)

    def remind(connection: Any) -> int | None:
        return outbox.send(
            connection,
            conversation_id=one,
            author="system",
            message={"text": "promemoria"},
            now=NOW,
            once_key="reminder:K7M4",
        )

    assert await database.write(remind) == 2
    assert await database.write(remind) is None
    assert await statuses(database, one) == ["queued"]


async def test_an_answer_that_is_on_its_way_is_not_withdrawn_the_others_are(
    database: Database,
) -> None:
    one = await conversation(database)
    await queue(database, one, "a", "b", author="assistant")
    await claim(database)
    await database.write(ownership.claim, one, "anna", NOW)
    assert await statuses(database, one) == ["sending", "withdrawn"]


# The courier


@asynccontextmanager
async def delivering(database: Database, send: Send, **values: Any) -> AsyncIterator[Notifier]:
    notifier = Notifier(database)
    clock = Clock(datetime(2026, 11, 24, 10, 31))
    courier = Courier(CHANNEL, send, database, clock, notifier, **values)
    tasks = [asyncio.create_task(job) for job in (notifier.follow(), courier.run())]
    try:
        yield notifier
    finally:
        await stop(tasks)


async def drained(database: Database) -> bool:
    return await database.read(outbox.next_due, CHANNEL) is None


async def test_a_channel_that_fails_often_gets_everything_in_order_and_once(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T17: every third call fails; others go on; the outbox drains to zero."""
    monkeypatch.setattr("bot.conversations.delivery.OUTBOX_FIRST_RETRY_S", 0.01)
    arrived: dict[str, list[str]] = defaultdict(list)
    calls = 0

    async def send(delivery: Delivery) -> Outcome:
        nonlocal calls
        calls += 1
        if calls % 3 == 0:
            raise ConnectionResetError
        arrived[delivery.sender].append(delivery.message["text"])
        return Sent(ref=str(delivery.id))

    people, messages = count(10, 100), 5
    for who in range(people):
        one = await conversation(database, f"s{who}")
        await queue(database, one, *(f"m{n}" for n in range(messages)))
    async with delivering(database, send):
        await eventually(lambda: drained(database))
    assert arrived == {f"s{who}": [f"m{n}" for n in range(messages)] for who in range(people)}


async def test_patience_asked_for_by_the_channel_is_given_and_delays_nobody_else(
    database: Database,
) -> None:
    """T17: a 429 with its seconds; it does not count as a try."""
    times: dict[str, list[float]] = defaultdict(list)

    async def send(delivery: Delivery) -> Outcome:
        times[delivery.sender].append(asyncio.get_running_loop().time())
        if delivery.sender == "lento" and len(times["lento"]) == 1:
            return TryAgain("429", after_s=0.6)
        return Sent()

    slow, quick = await conversation(database, "lento"), await conversation(database, "svelto")
    await queue(database, slow, "a")
    await queue(database, quick, "b")
    async with delivering(database, send, attempts=1):
        await eventually(lambda: drained(database))
    first, second = times["lento"]
    assert 0.6 <= second - first <= 1.1
    assert times["svelto"][0] - first < 0.3
    assert await statuses(database, slow) == ["sent"]


async def test_who_has_blocked_us_is_left_alone_until_writing_again(database: Database) -> None:
    """T17, T58: what is queued becomes a dead letter; the next message of the person opens the way."""
    calls = 0

    async def send(delivery: Delivery) -> Outcome:
        nonlocal calls
        calls += 1
        return Gone()

    one = await conversation(database)
    await queue(database, one, "a", "b")
    async with delivering(database, send):
        await eventually(lambda: drained(database))
        await queue(database, one, "c")
    assert calls == 1
    assert await statuses(database, one) == ["failed"] * 3
    letters = await database.read(outbox.dead_letters, 10)
    assert {(letter.conversation_id, letter.error) for letter in letters} == {(one, "unreachable")}
    await conversation(database)
    await queue(database, one, "d")
    assert await statuses(database, one) == ["failed"] * 3 + ["queued"]


async def test_what_cannot_be_sent_becomes_a_dead_letter_and_what_follows_goes_on(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.conversations.delivery.OUTBOX_FIRST_RETRY_S", 0.01)

    async def send(delivery: Delivery) -> Outcome:
        text = delivery.message["text"]
        if text == "troppo lungo":
            return Refused("too_long")
        return TryAgain("500") if text == "mai" else Sent()

    one = await conversation(database)
    await queue(database, one, "troppo lungo", "mai", "bene")
    async with delivering(database, send, attempts=3):
        await eventually(lambda: drained(database))
    assert await statuses(database, one) == ["failed", "failed", "sent"]
    letters = await database.read(outbox.dead_letters, 10)
    assert [(letter.error, letter.attempts) for letter in letters] == [("500", 3), ("too_long", 1)]
    assert await database.write(outbox.revive, one, NOW) == 2


async def test_a_new_message_is_delivered_at_once(database: Database) -> None:
    """Woken, not found at the next look."""
    arrived = asyncio.Event()

    async def send(delivery: Delivery) -> Outcome:
        arrived.set()
        return Sent()

    one = await conversation(database)
    async with delivering(database, send) as notifier:
        await asyncio.sleep(0.3)
        await queue(database, one, "a")
        notifier.changed()
        await asyncio.wait_for(arrived.wait(), 1)


def test_pauses_grow_up_to_a_bound() -> None:
    assert [retry_pause_s(n) for n in (1, 2, 3, 9, 10, 50)] == [1, 2, 4, 256, 300, 300]

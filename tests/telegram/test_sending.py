"""Messages out: pacing, patience with Telegram's errors, long answers, replicas."""

from __future__ import annotations

import asyncio
import json
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Any

import pytest
import sqlalchemy as sa

from bot.channels.telegram.channel import TelegramChannel
from bot.clock import Clock
from bot.conversations.notifier import Notifier
from bot.storage import inbox, outbox
from bot.storage.database import Database
from bot.storage.migrate import migrate
from bot.storage.tables import outbound
from bot.tasks import stop
from tests.support.conversations import messages_of
from tests.support.counts import count
from tests.support.servers import eventually
from tests.support.telegram_server import TOKEN, Call, Fault, TelegramServer

CHATS = 300
RETRY_AFTER = 3


class Office:
    """The sending half of the application: a database and the channel, without a model."""

    def __init__(self, settings: Any, database: Database) -> None:
        self.settings = settings
        self.database = database
        self.clock = Clock()
        self.notifier = Notifier(database)

    async def conversation(self, chat: int) -> str:
        stored = await self.database.write(
            inbox.store_message,
            channel="telegram",
            sender=str(chat),
            text="ciao",
            key=None,
            digest=None,
            now=self.clock.utc(),
        )
        return str(stored.conversation_id)

    async def send(self, conversation: str, *texts: str, author: str = "staff") -> None:
        now = self.clock.utc()

        def queue(connection: sa.Connection) -> None:
            for text in texts:
                outbox.send(
                    connection,
                    conversation_id=conversation,
                    author=author,
                    message={"text": text},
                    now=now,
                )

        await self.database.write(queue)
        self.notifier.changed()

    async def statuses(self) -> dict[str, int]:
        query = sa.select(outbound.c.status, sa.func.count()).group_by(outbound.c.status)
        rows = await self.database.read(lambda c: c.execute(query).all())
        return {str(status): int(number) for status, number in rows}

    async def drained(self) -> bool:
        return not {"queued", "sending"} & set(await self.statuses())


@pytest.fixture
def run(make_settings: Any, telegram: TelegramServer) -> Callable[..., Any]:
    @asynccontextmanager
    async def running(database_url: str, **values: Any) -> AsyncIterator[Office]:
        settings = make_settings(
            telegram_token=TOKEN, telegram_api_url=telegram.url, database_url=database_url, **values
        )
        database = Database(database_url)
        await migrate(database)
        office = Office(settings, database)
        channel = TelegramChannel(office)  # type: ignore[arg-type]
        following = asyncio.create_task(office.notifier.follow())
        await channel.start()
        try:
            yield office
        finally:
            await channel.close()
            await stop([following])
            await database.close()

    return running


def sends(telegram: TelegramServer, *, code: int = 200) -> list[Call]:
    return [c for c in telegram.calls if c.method == "sendMessage" and c.code == code]


def most_in_a_second(calls: list[Call]) -> int:
    times = sorted(call.at for call in calls)
    return max(sum(1 for t in times if start <= t < start + 1.0) for start in times)


def smallest_gap(calls: list[Call]) -> float:
    by_chat: dict[Any, list[float]] = defaultdict(list)
    for call in calls:
        by_chat[call.params["chat_id"]].append(call.at)
    gaps = [b - a for times in by_chat.values() for a, b in pairwise(sorted(times))]
    return min(gaps, default=999.0)


async def test_a_broadcast_keeps_the_limits_and_answers_go_first(
    telegram: TelegramServer, run: Callable[..., Any], database_url: str
) -> None:
    """T57: 300 messages of staff to 300 chats, at most 30 a second, at most one a second to a chat."""
    async with run(database_url) as office:
        chats = range(1, count(60, CHATS) + 1)
        conversations = {}
        for chat in chats:
            telegram.chat(chat)
            conversations[chat] = await office.conversation(chat)
            await office.send(conversations[chat], "Avviso a tutti")
        telegram.chat(9_999)
        asks = await office.conversation(9_999)
        await office.send(asks, "La risposta", author="assistant")
        asked_at = time.monotonic()
        await office.send(conversations[1], "Secondo avviso")
        await eventually(office.drained, 40)
        made = sends(telegram)
    assert len(made) == len(chats) + 2
    assert most_in_a_second(made) <= 30
    assert smallest_gap(made) >= 1.0
    place = [c.params["chat_id"] for c in made].index("9999")
    late = made[place].at - asked_at
    assert late < 1.0


async def test_an_answer_overtakes_a_broadcast_under_way(
    telegram: TelegramServer, run: Callable[..., Any], sqlite_url: str
) -> None:
    """T57: what comes in the middle waits for no broadcast."""
    async with run(sqlite_url) as office:
        for chat in range(1, 121):
            telegram.chat(chat)
            await office.send(await office.conversation(chat), "Avviso a tutti")
        telegram.chat(9_999)
        asks = await office.conversation(9_999)

        async def under_way() -> bool:
            return len(sends(telegram)) >= 20

        await eventually(under_way)
        before = len(sends(telegram))
        await office.send(asks, "La risposta", author="assistant")

        async def answered() -> bool:
            return bool(telegram.chat(9_999).texts())

        await eventually(answered)
        overtaken_by = len(sends(telegram)) - before
    assert overtaken_by <= 21


async def test_long_answers_go_out_in_parts_a_second_apart(
    telegram: TelegramServer, run: Callable[..., Any], sqlite_url: str
) -> None:
    """T55."""
    text = "".join(f"• **Voce {n}** 😀 con la sua spiegazione, perché serve.\n" for n in range(230))
    async with run(sqlite_url) as office:
        telegram.chat(5)
        await office.send(await office.conversation(5), text, author="assistant")
        await eventually(office.drained)
        made = sends(telegram)
        received = telegram.chat(5).from_bot
    assert len(made) == 3
    assert smallest_gap(made) >= 1.0
    assert "".join("".join(m["text"].split()) for m in received) == "".join(
        text.replace("**", "").split()
    )
    bold = [e for m in received for e in m["entities"]]
    assert len(bold) == 230


async def test_a_failure_in_the_middle_of_a_long_answer_repeats_nothing(
    telegram: TelegramServer, run: Callable[..., Any], sqlite_url: str
) -> None:
    """T10: only what is missing is sent again."""
    text = "\n".join(f"Riga {number}: " + "parole " * 60 for number in range(28))
    failed: list[str] = []

    def fault(method: str, params: dict[str, Any]) -> Fault | None:
        if method == "sendMessage" and "Riga 15:" in params["text"] and len(failed) < 2:
            failed.append(method)
            return Fault(500)
        return None

    telegram.fault = fault
    async with run(sqlite_url, telegram_chat_pause_s=0.01) as office:
        telegram.chat(5)
        await office.send(await office.conversation(5), text, author="assistant")
        await eventually(office.drained)
    assert len(failed) == 2
    assert "".join("".join(t.split()) for t in telegram.chat(5).texts()) == "".join(text.split())


@pytest.mark.parametrize("kind", ["500", "429", "reset", "timeout", "403", "400"])
async def test_one_chats_trouble_is_its_own(
    telegram: TelegramServer,
    run: Callable[..., Any],
    database_url: str,
    kind: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """T17: others are not delayed, retry_after is kept, dead chats stop, the outbox drains."""
    monkeypatch.setattr("bot.channels.telegram.api.TELEGRAM_CALL_TIMEOUT_S", 0.5)
    troubled, others = 1, range(2, 7)
    faults = {
        "500": Fault(500),
        "429": Fault(429, retry_after=RETRY_AFTER),
        "reset": Fault(cut=True),
        "timeout": Fault(slow_s=1.5, cut=True),
        "403": Fault(),
        "400": Fault(),
    }
    times = 2

    def fault(method: str, params: dict[str, Any]) -> Fault | None:
        nonlocal times
        if method == "sendMessage" and params["chat_id"] == str(troubled) and times:
            times -= 1
            return faults[kind]
        return None

    telegram.fault = fault
    if kind == "403":
        telegram.chat(troubled).blocked = True
    elif kind != "400":
        telegram.chat(troubled)
    async with run(database_url, telegram_chat_pause_s=0.05) as office:
        hit = await office.conversation(troubled)
        await office.send(hit, "uno", "due", author="assistant")
        queued_at = {}
        for chat in others:
            telegram.chat(chat)
            await office.send(await office.conversation(chat), "altro", author="assistant")
            queued_at[chat] = time.monotonic()
        await eventually(office.drained, 30)
        made = sends(telegram)
        stored = await messages_of(office.database, hit)
    for chat in others:
        (call,) = [c for c in made if c.params["chat_id"] == str(chat)]
        assert call.at - queued_at[chat] < 2.5
    mine = [
        c
        for c in telegram.calls
        if c.method == "sendMessage" and c.params["chat_id"] == str(troubled)
    ]
    outcome = [m.status for m in stored if m.author == "assistant"]
    if kind in ("403", "400"):
        assert outcome == ["failed", "failed"]
        assert len(mine) == 1
    else:
        assert outcome == ["sent", "sent"]
        assert telegram.chat(troubled).texts() == ["uno", "due"]
    if kind == "429":
        waits = [b.at - a.at for a, b in pairwise(mine) if a.code == 429]
        assert len(waits) == 2
        assert all(RETRY_AFTER <= wait <= RETRY_AFTER + 0.5 for wait in waits), waits


async def test_a_network_that_is_gone_for_long_makes_no_dead_letters(
    make_settings: Any,
    run: Callable[..., Any],
    telegram: TelegramServer,
    sqlite_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Tries that cannot have left do not count."""
    monkeypatch.setattr("bot.channels.telegram.api.TELEGRAM_NO_NETWORK_RETRY_S", 0.02)
    nowhere = "http://127.0.0.1:9"
    real = telegram.url
    telegram.url = nowhere
    async with run(sqlite_url) as office:
        conversation = await office.conversation(5)
        await office.send(conversation, "uno", author="assistant")

        async def tried_often() -> bool:
            query = sa.select(outbound.c.error)
            return await office.database.read(lambda c: c.execute(query).scalar()) == "no_network"

        await eventually(tried_often)
        await asyncio.sleep(1.0)
        assert await office.statuses() in ({"queued": 1}, {"sending": 1})
    telegram.url = real
    telegram.chat(5)
    async with run(sqlite_url) as office:
        await eventually(office.drained)
    assert telegram.chat(5).texts() == ["uno"]


async def test_one_of_two_replicas_sends_and_polls_and_the_other_takes_over(
    telegram: TelegramServer,
    run: Callable[..., Any],
    postgres_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """T21: within ten seconds of a death that releases nothing; nobody is told to stop polling."""
    from bot.storage.leases import Lease

    async def keep(self: Lease) -> None:
        """A process that dies releases nothing."""

    monkeypatch.setattr(Lease, "release", keep)
    async with run(postgres_url) as second_life:
        telegram.chat(5)
        conversation = await second_life.conversation(5)
        async with run(postgres_url) as other:
            await second_life.send(conversation, "uno")
            await other.send(conversation, "due")
            await eventually(second_life.drained)
        await second_life.send(conversation, "tre")
        await eventually(second_life.drained, 12)
    async with run(postgres_url) as third:
        await third.send(conversation, "quattro")
        await eventually(third.drained, 10)
    assert telegram.chat(5).texts() == ["uno", "due", "tre", "quattro"]
    assert not [c for c in telegram.calls if c.code == 409]


async def test_a_stop_cuts_no_call_off(
    telegram: TelegramServer, run: Callable[..., Any], sqlite_url: str
) -> None:
    """T20: what is under way ends, what waits for its turn stays queued: nothing is sent twice."""

    def slow(method: str, params: dict[str, Any]) -> Fault | None:
        return Fault(slow_s=1.2) if method == "sendMessage" else None

    telegram.fault = slow
    async with run(sqlite_url, telegram_per_second=10) as office:
        for chat in range(1, 16):
            telegram.chat(chat)
            await office.send(await office.conversation(chat), "uno", author="assistant")
        await asyncio.sleep(0.7)
    telegram.fault = lambda method, params: None
    assert 1 <= len(sends(telegram)) < 15
    async with run(sqlite_url) as office:
        await eventually(office.drained)
    assert len(sends(telegram)) == 15
    assert [telegram.chat(chat).texts() for chat in range(1, 16)] == [["uno"]] * 15


async def test_hostile_words_go_out_as_words(
    telegram: TelegramServer, run: Callable[..., Any], sqlite_url: str
) -> None:
    """Must-hold 4: markup of any kind is sent as text, without a parse mode."""
    words = (
        "<b>x</b> <script>alert(1)</script> [a](javascript:alert(1)) _*`~ \u202etxt.exe "
        + "w" * 2_000
    )
    async with run(sqlite_url) as office:
        telegram.chat(5)
        await office.send(await office.conversation(5), words)
        await eventually(office.drained)
    (sent,) = sends(telegram)
    assert "parse_mode" not in sent.params
    assert json.loads(sent.params.get("entities", "[]")) == []
    assert telegram.chat(5).texts() == [words.replace("\u202e", "")]

"""Must-hold 1 for Telegram: a Bot API that fails a fifth of all calls, and an application that is killed again and again.

T10, T17, T54: what was acknowledged is answered after the restart, once, in order; sends that were repeated are counted.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any
from urllib.parse import urlsplit

import pytest

from bot.storage.database import Database
from tests.support.conversations import messages_of
from tests.support.counts import FULL, count
from tests.support.dialogue import TOWNS
from tests.support.servers import ForkedServer, eventually
from tests.support.telegram_server import TOKEN, Fault, TelegramServer
from tests.telegram.conftest import PUBLIC

pytestmark = [pytest.mark.alone, pytest.mark.model, *([pytest.mark.load] if FULL else [])]

PEOPLE = count(12, 300)
MESSAGES = count(6, 20)
KILLS = count(2, 5)
AT_ONCE = 3
"""Messages that a citizen writes before the answers are there."""

TIMEOUT_S = 1.0
SHARE = 0.2


@dataclass
class Weather:
    """Decides what goes wrong, and counts it."""

    dice: random.Random
    calls: int = 0
    wrong: Counter[str] = field(default_factory=Counter)
    doubtful: int = 0

    def fault(self, method: str, params: dict[str, Any]) -> Fault | None:
        self.calls += 1
        if self.dice.random() >= SHARE:
            return None
        kind = self.dice.choice(("500", "429", "cut before", "cut after", "timeout after"))
        self.wrong[kind] += 1
        if method == "sendMessage" and kind.endswith("after"):
            self.doubtful += 1
        return {
            "500": Fault(500),
            "429": Fault(429, retry_after=1),
            "cut before": Fault(cut=True),
            "cut after": Fault(cut=True, after=True),
            "timeout after": Fault(slow_s=TIMEOUT_S * 1.5, cut=True, after=True),
        }[kind]


@pytest.fixture
def server(
    make_settings: Any,
    assistant: Any,
    telegram: TelegramServer,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[ForkedServer]:
    """The application in a process of its own; PostgreSQL with a webhook, SQLite with long polling."""
    monkeypatch.setattr("bot.channels.telegram.api.TELEGRAM_CALL_TIMEOUT_S", TIMEOUT_S)
    # A machine under load takes long for a commit: that is not what may count as a slow Telegram here.
    monkeypatch.setattr("bot.channels.telegram.channel.TELEGRAM_OVERLAP_S", TIMEOUT_S)
    values: dict[str, Any] = {"database_url": database_url}
    if database_url.startswith("postgresql"):
        values["public_url"] = PUBLIC
        telegram.repeat = 2
    if not FULL:
        values |= {"telegram_chat_pause_s": 0.1, "telegram_per_second": 300}
    settings = make_settings(telegram_token=TOKEN, telegram_api_url=telegram.url, **values)
    server = ForkedServer(settings, assistant)
    telegram.route = lambda url: server.base + urlsplit(url).path
    yield server
    server.kill()


def town_of(number: int) -> str:
    return TOWNS[number % len(TOWNS)]


async def citizen(telegram: TelegramServer, chat: int, dice: random.Random) -> None:
    """Writes everything, a few messages ahead of the answers."""
    for number in range(MESSAGES):

        async def has_few_open(number: int = number) -> bool:
            answered = len([1 for _ in groupby(telegram.chat(chat).texts())]) - 1
            return number - max(answered, 0) < AT_ONCE

        while not await has_few_open():
            await asyncio.sleep(0.3)
        await telegram.say(chat, f"quanti abitanti ha {town_of(number)}?")
        await asyncio.sleep(dice.uniform(0, 0.2))


async def test_every_message_has_one_answer_in_order(
    telegram: TelegramServer, server: ForkedServer, database_url: str
) -> None:
    dice = random.Random(1)
    weather = Weather(dice)
    telegram.fault = weather.fault
    begun = time.monotonic()
    server.start()
    chats = range(1, PEOPLE + 1)
    talking = asyncio.gather(*(citizen(telegram, chat, dice) for chat in chats))
    total = PEOPLE * (MESSAGES + 1)

    def received() -> int:
        return sum(len([1 for _ in groupby(telegram.chat(chat).texts())]) for chat in chats)

    async def has_received(number: int) -> bool:
        return received() >= number

    for kill in range(KILLS):
        await eventually(lambda kill=kill: has_received(total * (kill + 1) // (KILLS + 2)), 3_000)
        await asyncio.sleep(dice.uniform(0, 0.05))
        server.kill()
        # Telegram goes on while our process starts.
        await asyncio.get_running_loop().run_in_executor(None, server.start)
    await talking
    await eventually(lambda: has_received(total), 3_000)
    took = time.monotonic() - begun
    telegram.fault = lambda method, params: None
    repeats = await check(telegram, database_url, chats)
    wrong = sum(weather.wrong.values())
    doubtful = weather.doubtful + telegram.unheard
    rows = {
        "conversations": PEOPLE,
        "messages of citizens": PEOPLE * MESSAGES,
        "calls of the Bot API": weather.calls,
        "of which failed": f"{wrong} ({wrong / weather.calls:.0%}): {dict(weather.wrong)}",
        "SIGKILL": KILLS,
        "sent, but the answer was lost": doubtful,
        "repeated sends": f"{repeats} (at most {KILLS + doubtful})",
        "answers missing, doubled or out of order": 0,
        "took": f"{took:.0f} s",
    }
    print("\n" + "\n".join(f"{name:42} {value}" for name, value in rows.items()))
    assert repeats <= KILLS + doubtful


async def check(telegram: TelegramServer, database_url: str, chats: range) -> int:
    """Transcripts are whole, equal what was sent, in order; returns how many sends were repeated."""
    from bot.storage import transcript

    database = Database(database_url)
    repeats = 0
    try:
        for chat in chats:
            conversation = await database.read(transcript.find_conversation, "telegram", str(chat))
            stored = await messages_of(database, str(conversation))
            asked = [m.text for m in stored if m.author == "citizen"]
            answered = [m.text for m in stored if m.author == "assistant"]
            assert sorted(asked) == sorted(
                f"quanti abitanti ha {town_of(number)}?" for number in range(MESSAGES)
            )
            if database_url.startswith("sqlite"):
                assert asked == [f"quanti abitanti ha {town_of(n)}?" for n in range(MESSAGES)]
            assert len(answered) == MESSAGES
            for question, answer in zip(asked, answered, strict=True):
                town = question.removeprefix("quanti abitanti ha ").removesuffix("?")
                assert answer.startswith(f"{town} ha "), (question, answer)
            sent = telegram.chat(chat).texts()
            once = [text for text, _ in groupby(sent)]
            made = [m.text.replace("**", "") for m in stored if m.author != "citizen"]
            assert once == made, chat
            repeats += len(sent) - len(once)
    finally:
        await database.close()
    return repeats

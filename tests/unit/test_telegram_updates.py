"""What an update means, how fast we may send, what a door lets in: without a database and a network."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from telegram import Update

from bot.channels.telegram.pacing import ANSWER, NOTICE, NoTurn, Pacer
from bot.channels.telegram.throttle import Throttle
from bot.channels.telegram.topics import question_of
from bot.channels.telegram.updates import (
    Corrected,
    InGroup,
    Pressed,
    Reach,
    Said,
    Showed,
    read_update,
    words_of,
)
from bot.channels.telegram.webhook import Door
from bot.conversations.commands import COMMANDS

CHAT = 7
PERSON = {"id": CHAT, "is_bot": False, "first_name": "Prova"}
PRIVATE = {"id": CHAT, "type": "private"}


def read(**content: Any) -> Any:
    return read_update(Update.de_json({"update_id": 1, **content}, None))


def message(**content: Any) -> dict[str, Any]:
    return {"message_id": 3, "date": 1, "chat": PRIVATE, "from": PERSON, **content}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({"message": message(text="ciao")}, Said(CHAT, 3, "ciao")),
        ({"message": message(text=" ci\u202eao\u200b\x00 ")}, Said(CHAT, 3, "ciao")),
        ({"message": message(text="/start")}, Said(CHAT, 3, "/start")),
        ({"message": message(text="/start@Bot urp-orari")}, Said(CHAT, 3, "/start", payload="urp-orari")),
        ({"message": message(text="\u200b")}, Showed(CHAT, 3, "other")),
        ({"message": message(caption="x", document={"file_id": "a", "file_unique_id": "a"})}, Said(CHAT, 3, "x", "document")),
        ({"message": message(location={"latitude": 1.0, "longitude": 1.0})}, Showed(CHAT, 3, "location")),
        ({"message": message(**{"from": {**PERSON, "is_bot": True}}, text="ciao")}, None),
        ({"message": message(chat={"id": -5, "type": "group"}, text="ciao")}, InGroup(-5, added=False, addressed=False)),
        ({"message": message(chat={"id": -5, "type": "group"}, text="/x", entities=[{"type": "bot_command", "offset": 0, "length": 2}])}, InGroup(-5, added=False, addressed=True)),
        ({"edited_message": message(text="nuovo", edit_date=2)}, Corrected(CHAT, 3, "nuovo")),
        ({"edited_message": message(location={"latitude": 1.0, "longitude": 1.0}, edit_date=2)}, None),
        ({"edited_message": message(chat={"id": -5, "type": "group"}, text="x", edit_date=2)}, None),
        ({"callback_query": {"id": "9", "from": PERSON, "chat_instance": "1", "data": "b1.0", "message": message(text="x")}}, Pressed(CHAT, "9", 3, "b1.0")),
        ({"callback_query": {"id": "9", "from": PERSON, "chat_instance": "1", "data": "b1.0", "inline_message_id": "4"}}, None),
        ({"channel_post": message(chat={"id": -5, "type": "channel"}, text="x")}, None),
    ],
)  # fmt: skip
def test_what_an_update_means(content: dict[str, Any], expected: Any) -> None:
    """T58."""
    assert read(**content) == expected


@pytest.mark.parametrize(("status", "reachable"), [("kicked", False), ("member", True)])
def test_who_blocks_and_comes_back(status: str, reachable: bool) -> None:
    member = {"user": {**PERSON, "is_bot": True}, "status": status, "until_date": 0}
    change = {
        "chat": PRIVATE,
        "from": PERSON,
        "date": 1,
        "old_chat_member": member,
        "new_chat_member": member,
    }
    assert read(my_chat_member=change) == Reach(CHAT, reachable=reachable)


def test_commands_take_words_and_the_name_of_the_bot() -> None:
    assert words_of("/aiuto@SportelloBot") == "/aiuto"
    assert words_of("/PRENOTA giovedì alle 10") == f"{COMMANDS['/prenota']} giovedì alle 10"
    assert words_of("/intent{}") == "/intent{}"
    assert words_of("un / in mezzo") == "un / in mezzo"


def test_links_open_commands_and_records() -> None:
    assert question_of("Prenota", None) == COMMANDS["/prenota"]
    assert question_of("urp-orari", None) is None


def test_the_door_differs_for_every_bot_and_installation() -> None:
    doors = {Door.of(secret, token) for secret in ("a", "b") for token in ("1:x", "2:x")}
    assert len({door.id for door in doors}) == len({door.secret for door in doors}) == 4
    assert all(20 <= len(door.secret) <= 256 and door.secret.isalnum() for door in doors)


def test_a_throttled_minute_ends() -> None:
    throttle = Throttle(2)
    for _ in range(2):
        assert not throttle.is_over(CHAT, 61.0)
        throttle.count(CHAT, 61.0)
    assert throttle.is_over(CHAT, 119.0)
    assert not throttle.is_over(CHAT + 1, 119.0)
    assert not throttle.is_over(CHAT, 120.0)


async def test_answers_overtake_notices_and_a_chat_rests() -> None:
    """T57."""
    pacer = Pacer(places=9, chat_pause_s=0.2, overlap_s=0.0)
    begun: list[tuple[int, float]] = []

    async def call(chat: int, urgency: int) -> None:
        async with pacer.turn(chat, urgency):
            begun.append((chat, time.monotonic()))
        pacer.recorded(chat)

    notices = [call(chat, NOTICE) for chat in range(1, 13)]
    await asyncio.gather(*notices, call(50, ANSWER), call(50, ANSWER))
    order = [chat for chat, _ in begun]
    assert order.index(50) <= 6
    first, second = (at for chat, at in begun if chat == 50)
    assert second - first >= 0.2
    times = sorted(at for _, at in begun)
    assert max(sum(1 for t in times if s <= t < s + 1.0) for s in times) <= 9


async def test_one_call_at_a_time_unless_it_is_slow() -> None:
    """T10: what a kill may repeat."""
    pacer = Pacer(places=30, chat_pause_s=0.0, overlap_s=0.1)
    order: list[int] = []

    async def call(chat: int, takes_s: float) -> None:
        async with pacer.turn(chat, ANSWER):
            order.append(chat)
            await asyncio.sleep(takes_s)
            order.append(-chat)
        pacer.recorded(chat)

    await asyncio.gather(call(1, 0.02), call(2, 0.02), call(3, 0.4), call(4, 0.02))
    assert order == [1, -1, 2, -2, 3, 4, -4, -3]


async def test_who_gets_no_turn_is_told() -> None:
    pacer = Pacer(places=30, chat_pause_s=5.0, overlap_s=0.0)
    async with pacer.turn(1, ANSWER):
        pass
    with pytest.raises(NoTurn):
        async with pacer.turn(1, ANSWER, patience_s=0.01):
            pass
    waiting = asyncio.ensure_future(_take(pacer))
    await asyncio.sleep(0)
    pacer.send_away()
    with pytest.raises(NoTurn):
        await waiting
    cancelled = asyncio.ensure_future(_take(pacer))
    await asyncio.sleep(0)
    cancelled.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cancelled
    async with pacer.turn(2, ANSWER):
        pass


async def _take(pacer: Pacer) -> None:
    async with pacer.turn(1, ANSWER):
        pass

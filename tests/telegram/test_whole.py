"""The whole way: an update, the inbox, a turn, the outbox, a message; by long polling and by webhook."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from bot.conversations import desk
from bot.conversations.switch import ChatSwitch, turn_switch
from bot.conversations.typing import staff_type
from bot.storage import transcript
from bot.storage.transcript import Message
from tests.support.conversations import messages_of
from tests.support.servers import Client, eventually, serving
from tests.support.telegram_server import TelegramServer
from tests.telegram.conftest import Office, calls, texts

pytestmark = pytest.mark.model

CITIZEN = 4_242
QUESTION = "In che zona è Rho?"
ANSWER = "Rho è nella Zona omogenea"


def database_of(client: Client) -> Any:
    assert client.runtime is not None
    return client.runtime.database


async def conversation_of(client: Client, chat: int = CITIZEN) -> str | None:
    found: str | None = await database_of(client).read(
        transcript.find_conversation, "telegram", str(chat)
    )
    return found


async def all_sent(client: Client, conversation: str) -> list[Message] | None:
    """The messages of a conversation, once what we have said is noted as sent."""
    stored = await messages_of(database_of(client), conversation)
    return stored if {m.status for m in stored if m.author != "citizen"} == {"sent"} else None


async def test_a_question_is_answered_with_the_notice_before(
    telegram: TelegramServer, office: Office, database_url: str
) -> None:
    """T75: the notice comes with the first contact, once."""
    async with office(database_url=database_url) as client:
        await telegram.say(CITIZEN, QUESTION)
        notice, answer = await texts(telegram, CITIZEN, 2)
        await telegram.say(CITIZEN, "e Legnano?")
        written = await texts(telegram, CITIZEN, 3)
        conversation = str(await conversation_of(client))
        stored = await eventually(lambda: all_sent(client, conversation))
    assert notice.startswith("Prima di cominciare")
    assert "/cancella" in notice
    assert ANSWER in answer
    assert "Legnano" in written[2]
    assert [m.text for m in stored if m.author != "citizen"][1:] == written[1:]


async def test_by_webhook_too(telegram: TelegramServer, office: Office, database_url: str) -> None:
    async with office(webhook=True, database_url=database_url):
        await telegram.say(CITIZEN, QUESTION)
        _, answer = await texts(telegram, CITIZEN, 2)
    assert ANSWER in answer
    assert [status for _, status in telegram.deliveries] == [200]
    (params,) = [c.params for c in telegram.calls if c.method == "setWebhook"]
    assert json.loads(params["allowed_updates"]) == [
        "message",
        "edited_message",
        "callback_query",
        "my_chat_member",
    ]
    assert "drop_pending_updates" not in params


async def test_what_waited_at_telegram_while_we_were_away_is_answered(
    telegram: TelegramServer, office: Office, sqlite_url: str
) -> None:
    """Nothing is dropped at a start, and a webhook of before is taken away."""
    telegram.webhook = {"url": ""}
    await telegram.say(CITIZEN, QUESTION)
    telegram.webhook = {"url": "https://altrove.invalid", "secret": ""}
    async with office(database_url=sqlite_url):
        _, answer = await texts(telegram, CITIZEN, 2)
    assert ANSWER in answer


async def test_commands_are_in_telegrams_menu_and_do_what_they_say(
    telegram: TelegramServer, office: Office, sqlite_url: str
) -> None:
    async with office(database_url=sqlite_url) as client:
        await calls(telegram, "setMyCommands", 1)
        assert [command["command"] for command in telegram.commands] == [
            "start", "aiuto", "prenota", "appuntamenti", "operatore", "privacy", "esporta", "cancella",
        ]  # fmt: skip
        await telegram.say(CITIZEN, "/start")
        await texts(telegram, CITIZEN, 2)
        await telegram.say(CITIZEN, "/aiuto@SportelloProvaBot")
        assert "posso" in (await texts(telegram, CITIZEN, 3))[2].lower()
        await telegram.say(CITIZEN, "/prenota")
        assert "Quando vuoi venire?" in (await texts(telegram, CITIZEN, 4))[3]
        await telegram.say(CITIZEN, "lascia stare")
        await texts(telegram, CITIZEN, 5)
        await telegram.say(CITIZEN, "/appuntamenti")
        await texts(telegram, CITIZEN, 6)
        await telegram.say(CITIZEN, "/operatore")
        await texts(telegram, CITIZEN, 7)
        found = await database_of(client).read(
            transcript.conversation, str(await conversation_of(client))
        )
        assert found.owner == "waiting"


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ("prenota", "Quando vuoi venire?"),
        ("urp-orari", "Numero Verde"),
        ("Zone-Omogenee", "zon"),
        ("che-cosa-e-questo", "URP"),
    ],
)
async def test_a_deep_link_opens_its_topic(
    telegram: TelegramServer, office: Office, sqlite_url: str, payload: str, expected: str
) -> None:
    """T58: an unknown one greets."""
    async with office(database_url=sqlite_url):
        await telegram.say(CITIZEN, f"/start {payload}")
        written = await texts(telegram, CITIZEN, 2)
    assert expected.lower() in written[1].lower()


async def test_staff_answer_and_are_named(
    telegram: TelegramServer, office: Office, database_url: str
) -> None:
    async with office(database_url=database_url) as client:
        await telegram.say(CITIZEN, "/operatore")
        before = len(await texts(telegram, CITIZEN, 2))
        database, conversation = database_of(client), str(await conversation_of(client))
        assert client.runtime is not None
        now = client.runtime.clock.utc()
        await database.write(desk.claim, conversation, "anna", now)
        await database.write(
            desk.reply, conversation, "anna", "Buongiorno <b>1 < 2</b> & ciao", now
        )
        reply = (await texts(telegram, CITIZEN, before + 1))[-1]
    assert reply == "anna (URP)\nBuongiorno <b>1 < 2</b> & ciao"


async def test_a_burst_is_answered_in_order(
    telegram: TelegramServer, office: Office, database_url: str
) -> None:
    towns = ("Rho", "Legnano", "Melegnano", "Corsico", "Bollate")
    async with office(database_url=database_url):
        await asyncio.gather(*(telegram.say(CITIZEN, f"In che zona è {town}?") for town in towns))
        written = await texts(telegram, CITIZEN, len(towns) + 1)
    for town, answer in zip(towns, written[1:], strict=True):
        assert town in answer


async def test_export_is_a_document_and_erasure_leaves_nothing(
    telegram: TelegramServer, office: Office, database_url: str
) -> None:
    """T71, T72."""
    async with office(database_url=database_url) as client:
        await telegram.say(CITIZEN, QUESTION)
        await texts(telegram, CITIZEN, 2)
        await telegram.say(CITIZEN, "/esporta")
        await calls(telegram, "sendDocument", 1)
        (document,) = [m for m in telegram.chat(CITIZEN).from_bot if "document" in m]
        copy = json.loads(document["content"])
        assert document["document"]["file_name"] == "i-miei-dati.json"
        assert QUESTION in [m["text"] for m in copy["messages"]]
        await telegram.say(CITIZEN, "/cancella")
        await texts(telegram, CITIZEN, 4)
        await telegram.say(CITIZEN, "sì")
        await texts(telegram, CITIZEN, 5)

        async def only_the_farewell() -> bool:
            kept = await messages_of(database_of(client), str(await conversation_of(client)))
            return len(kept) <= 2 and QUESTION not in [m.text for m in kept]

        await eventually(only_the_farewell)
        # Whoever writes again is a new acquaintance.
        await telegram.say(CITIZEN, QUESTION)
        written = await texts(telegram, CITIZEN, 7)
        assert written[5].startswith("Prima di cominciare")
        assert ANSWER in written[6]


async def test_without_a_token_there_is_no_channel(
    make_settings: Any, assistant: Any, sqlite_url: str
) -> None:
    async with serving(make_settings(database_url=sqlite_url), assistant) as client:
        url = client.base + "/webhooks/telegram/x"
        async with client.session.post(url, json={}) as response:
            assert response.status == 404


async def test_the_off_switch_is_told_and_staff_finish_their_cases(
    telegram: TelegramServer, office: Office, database_url: str
) -> None:
    """T84 on Telegram: a sentence within five seconds, no row, whom a person answers goes on."""
    served = CITIZEN + 1
    async with office(database_url=database_url) as client:
        assert client.runtime is not None
        database, now = database_of(client), client.runtime.clock.utc()
        await telegram.say(served, "/operatore")
        await texts(telegram, served, 2)
        conversation = str(await conversation_of(client, served))
        await database.write(desk.claim, conversation, "anna", now)
        await database.write(turn_switch, ChatSwitch(is_off=True, reason="prova"), by=None, now=now)

        async def is_off() -> bool:
            return bool(client.runtime and client.runtime.chat_is_off)

        await eventually(is_off, 5)
        await telegram.say(CITIZEN, QUESTION)
        assert (await texts(telegram, CITIZEN, 1))[0].startswith(
            "In questo momento la chat è spenta"
        )
        assert await conversation_of(client) is None
        await telegram.say(served, "ci siete?")
        await eventually(lambda: says_to_staff(client, conversation, "ci siete?"))
        await database.write(turn_switch, ChatSwitch(), by=None, now=now)

        async def is_on() -> bool:
            return not await is_off()

        await eventually(is_on, 5)
        await telegram.say(CITIZEN, QUESTION)
        assert ANSWER in (await texts(telegram, CITIZEN, 3))[2]


async def says_to_staff(client: Client, conversation: str, words: str) -> bool:
    return words in [m.text for m in await messages_of(database_of(client), conversation)]


async def test_a_slow_answer_and_a_writing_person_are_shown_as_typing(
    telegram: TelegramServer, office: Office, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with office(database_url=sqlite_url) as client:
        assert client.runtime is not None
        turns = client.runtime.turns
        answer = turns.answer

        async def slowly(stored: Any) -> Any:
            await asyncio.sleep(1.0)
            return await answer(stored)

        monkeypatch.setattr(turns, "answer", slowly)
        await telegram.say(CITIZEN, "/operatore")
        await calls(telegram, "sendChatAction", 1)
        await texts(telegram, CITIZEN, 2)
        database, now = database_of(client), client.runtime.clock.utc()
        conversation = str(await conversation_of(client))
        await database.write(desk.claim, conversation, "anna", now)
        before = len(await calls(telegram, "sendChatAction", 1))
        assert await database.write(staff_type, conversation, "anna", now)
        await calls(telegram, "sendChatAction", before + 1)

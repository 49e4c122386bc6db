"""What Telegram may hand over: repeated, reversed, jumping, corrected, unreadable, from groups, to a database that is away."""

from __future__ import annotations

import asyncio
import json
import logging
import statistics
import time
from typing import Any

import pytest
import sqlalchemy as sa

from bot.storage import transcript
from bot.storage.tables import conversations, inbound, outbound
from bot.storage.telegram_tables import telegram_updates
from tests.support.conversations import messages_of
from tests.support.servers import Client, eventually
from tests.support.telegram_server import TelegramServer
from tests.telegram.conftest import Office, calls, texts
from tests.telegram.test_whole import ANSWER, QUESTION, conversation_of, database_of

pytestmark = pytest.mark.model

CITIZEN = 777
GROUP = -100_200_300
_COUNTED = {"conversations": conversations, "inbound": inbound, "outbound": outbound}


async def rows(client: Client) -> dict[str, int]:
    """How many rows the tables of conversations hold."""

    def count(connection: sa.Connection) -> dict[str, int]:
        return {
            name: int(
                connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
            )
            for name, table in _COUNTED.items()
        }

    found: dict[str, int] = await database_of(client).read(count)
    return found


def update_of(text: str, update_id: int, message_id: int = 1) -> dict[str, Any]:
    person = {"id": CITIZEN, "is_bot": False, "first_name": "Prova"}
    message = {
        "message_id": message_id,
        "date": 1_700_000_000,
        "chat": {"id": CITIZEN, "type": "private"},
        "from": person,
        "text": text,
    }
    return {"update_id": update_id, "message": message}


async def deliver(
    client: Client, telegram: TelegramServer, update: Any, **headers: str
) -> tuple[int, str]:
    """Hand an update over as Telegram does; returns status and body."""
    secret = {"X-Telegram-Bot-Api-Secret-Token": telegram.webhook["secret"]}
    data = update if isinstance(update, bytes) else json.dumps(update).encode()
    async with client.session.post(
        telegram.route(telegram.webhook["url"]),
        data=data,
        headers={"Content-Type": "application/json", **secret, **headers},
    ) as response:
        return response.status, await response.text()


async def answers(client: Client) -> list[str]:
    """What was answered to the citizen, the notice aside."""
    conversation = await conversation_of(client, CITIZEN)
    if conversation is None:
        return []
    stored = await messages_of(database_of(client), conversation)
    return [m.text for m in stored if m.author == "assistant"]


async def test_the_same_update_five_times_in_parallel_on_two_replicas(
    telegram: TelegramServer, office: Office, database_url: str
) -> None:
    """T50: one row, one answer, 200 each time."""
    telegram.chat(CITIZEN)
    async with office(webhook=True, database_url=database_url) as one:
        first = telegram.route
        async with office(webhook=True, database_url=database_url) as two:
            update = update_of(QUESTION, 31)
            replies = await asyncio.gather(
                *(deliver(client, telegram, update) for client in (one, two, one, two, one))
            )
            assert [status for status, _ in replies] == [200] * 5
            await texts(telegram, CITIZEN, 2)
            assert await deliver(one, telegram, update) == replies[0]
            assert await rows(one) == {"conversations": 1, "inbound": 1, "outbound": 2}
            assert len(await answers(one)) == 1
        telegram.route = first
    assert len(telegram.chat(CITIZEN).texts()) == 2


async def test_a_later_update_before_an_earlier_one(
    telegram: TelegramServer, office: Office, database_url: str
) -> None:
    """T51: there is no high-water mark."""
    telegram.chat(CITIZEN)
    async with office(webhook=True, database_url=database_url) as client:
        for number, town in ((51, "Rho"), (50, "Legnano"), (49, "Corsico")):
            assert (await deliver(client, telegram, update_of(f"In che zona è {town}?", number)))[
                0
            ] == 200
        await texts(telegram, CITIZEN, 4)
        given = await answers(client)
    assert ["Rho" in given[0], "Legnano" in given[1], "Corsico" in given[2]] == [True] * 3


async def test_numbers_that_jump_back_when_polling(
    telegram: TelegramServer, office: Office, sqlite_url: str
) -> None:
    """T52: after a week of silence Telegram begins at another number."""
    async with office(database_url=sqlite_url) as client:
        await telegram.say(CITIZEN, QUESTION)
        await texts(telegram, CITIZEN, 2)

        async def nothing_left() -> bool:
            return telegram.undelivered == 0 and telegram.calls[-1].method != "getUpdates"

        await eventually(nothing_left)
        # The request that confirmed has returned empty, as it does long before a week is over.
        await telegram.say(CITIZEN, "e Legnano?")
        await texts(telegram, CITIZEN, 3)
        await asyncio.wait_for(empty_poll(telegram), 20)
        telegram.jump_back(17)
        await telegram.say(CITIZEN, "e Corsico?")
        written = await texts(telegram, CITIZEN, 4)
        assert len(await answers(client)) == 3
    assert "Corsico" in written[3]


async def empty_poll(telegram: TelegramServer) -> None:
    """End the running request for updates without any, as its time-out does."""
    before = len([c for c in telegram.calls if c.method == "getUpdates"])
    await telegram.end_poll()
    while len([c for c in telegram.calls if c.method == "getUpdates"]) == before:
        await asyncio.sleep(0.01)


async def test_the_secret(
    telegram: TelegramServer,
    office: Office,
    sqlite_url: str,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """T53: missing, wrong, of another length, right; never in a log; another path is nowhere."""
    telegram.chat(CITIZEN)
    caplog.set_level(logging.DEBUG)
    async with office(webhook=True, database_url=sqlite_url, log_level="debug") as client:
        secret = telegram.webhook["secret"]
        wrong = [
            "",
            secret[:-1] + ("0" if secret[-1] != "0" else "1"),
            secret[:10],
            secret * 3,
            "è",
        ]
        url = telegram.route(telegram.webhook["url"])
        for offered in wrong:
            headers = {"X-Telegram-Bot-Api-Secret-Token": offered} if offered else {}
            async with client.session.post(
                url, json=update_of("ciao", 1), headers=headers
            ) as reply:
                assert reply.status == 403
                assert offered == "" or offered not in await reply.text()
        assert await rows(client) == {"conversations": 0, "inbound": 0, "outbound": 0}
        elsewhere = url[:-1] + ("0" if url[-1] != "0" else "1")
        headers = {"X-Telegram-Bot-Api-Secret-Token": secret}
        async with client.session.post(elsewhere, json=update_of("ciao", 1), headers=headers) as r:
            assert r.status == 404
        assert (await deliver(client, telegram, update_of(QUESTION, 1)))[0] == 200
        await texts(telegram, CITIZEN, 2)
    logged = caplog.text + "".join(capsys.readouterr())
    assert secret not in logged
    assert "prova-senza-valore" not in logged
    assert QUESTION not in logged


async def test_the_time_to_refuse_does_not_depend_on_the_common_beginning() -> None:
    """T53: what is compared are digests of one length."""
    from bot.channels.telegram.webhook import Door

    door = Door.of("segreto dell'installazione", "1:abc")
    offered = {"far": "0" * 64, "near": door.secret[:-1] + "_"}
    took: dict[str, list[float]] = {"far": [], "near": []}
    for _ in range(3_000):
        for name, value in offered.items():
            begun = time.perf_counter()
            assert not door.is_telegram(value)
            took[name].append(time.perf_counter() - begun)
    medians = [statistics.median(values) for values in took.values()]
    assert max(medians) < 1.5 * min(medians)
    assert door.is_telegram(door.secret)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'{"update_id": 5}',
        b'{"update_id": "x", "message": 7}',
        b'{"update_id": 6, "message": {"message_id": 1}}',
        b'{"update_id": 7, "channel_post": {"message_id": 1, "date": 1, "chat": {"id": -1, "type": "channel"}, "text": "x"}}',
        b'{"update_id": 8, "poll_answer": {"poll_id": "1", "option_ids": []}}',
        b'{"update_id": 9, "novelty_of_2027": {"a": [1, 2, {"b": null}]}}',
    ],
)
async def test_what_we_cannot_read_does_no_harm(
    telegram: TelegramServer, office: Office, sqlite_url: str, body: bytes
) -> None:
    """T58: channel posts and novelties are let go in silence."""
    telegram.chat(CITIZEN)
    async with office(webhook=True, database_url=sqlite_url) as client:
        status, _ = await deliver(client, telegram, body)
        assert status in (200, 400)
        assert await rows(client) == {"conversations": 0, "inbound": 0, "outbound": 0}
        assert (await deliver(client, telegram, update_of(QUESTION, 99)))[0] == 200
        await texts(telegram, CITIZEN, 2)


async def test_what_we_cannot_read_keeps_no_polled_update_away(
    telegram: TelegramServer, office: Office, sqlite_url: str
) -> None:
    """T58 for long polling: before and after it everything is read."""
    await telegram.say(CITIZEN, QUESTION)
    await telegram.push(message={"message_id": 1})
    await telegram.push(message={"message_id": 2, "date": "ieri", "chat": 7})
    await telegram.say(CITIZEN, "e Legnano?")
    async with office(database_url=sqlite_url):
        assert "Legnano" in (await texts(telegram, CITIZEN, 3))[2]

        async def confirmed() -> bool:
            return telegram.undelivered == 0

        await eventually(confirmed)


async def test_while_the_database_is_away_telegram_is_asked_to_repeat(
    telegram: TelegramServer, office: Office, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T54: 503, and nothing is lost."""
    from bot.errors import StorageUnavailable
    from bot.storage.database import Database

    telegram.chat(CITIZEN)
    async with office(webhook=True, database_url=sqlite_url):
        real = Database.write

        async def away(self: Database, *args: Any, **kwargs: Any) -> Any:
            raise StorageUnavailable("away")

        monkeypatch.setattr(Database, "write", away)
        await telegram.say(CITIZEN, QUESTION)

        async def refused() -> bool:
            return [status for _, status in telegram.deliveries][:1] == [503]

        await eventually(refused)
        monkeypatch.setattr(Database, "write", real)
        written = await texts(telegram, CITIZEN, 2)
    assert ANSWER in written[1]
    assert telegram.deliveries[-1][1] == 200


async def test_an_update_that_we_cannot_bear_is_repeated_and_then_let_go(
    telegram: TelegramServer, office: Office, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault of ours loses nothing that passes at the next try, and keeps nobody else away."""
    from bot.conversations.turns import Turns

    real, broken = Turns.receive, {CITIZEN: 2, CITIZEN + 1: 99}

    async def faulty(self: Turns, incoming: Any, **values: Any) -> Any:
        if broken.get(int(incoming.sender), 0):
            broken[int(incoming.sender)] -= 1
            raise KeyError("a fault of ours")
        return await real(self, incoming, **values)

    monkeypatch.setattr(Turns, "receive", faulty)
    async with office(webhook=True, database_url=sqlite_url):
        for chat in (CITIZEN, CITIZEN + 1, CITIZEN + 2):
            await telegram.say(chat, QUESTION)
        assert ANSWER in (await texts(telegram, CITIZEN, 2))[1]
        assert ANSWER in (await texts(telegram, CITIZEN + 2, 2))[1]
        assert "Riprova fra poco" in (await texts(telegram, CITIZEN + 1, 1))[0]


async def test_polling_confirms_nothing_that_is_not_stored(
    telegram: TelegramServer, office: Office, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T54 for long polling."""
    from bot.errors import StorageUnavailable
    from bot.storage.database import Database

    async with office(database_url=sqlite_url):
        await telegram.say(CITIZEN, QUESTION)
        await texts(telegram, CITIZEN, 2)
        real = Database.write

        async def away(self: Database, *args: Any, **kwargs: Any) -> Any:
            raise StorageUnavailable("away")

        monkeypatch.setattr(Database, "write", away)
        await telegram.say(CITIZEN, "e Legnano?")
        await asyncio.sleep(0.3)
        assert telegram.undelivered >= 1
        monkeypatch.setattr(Database, "write", real)
        written = await texts(telegram, CITIZEN, 3)
    assert "Legnano" in written[2]


async def test_a_correction_is_answered_and_the_history_stays(
    telegram: TelegramServer, office: Office, database_url: str
) -> None:
    """T58: an edit that changes nothing (a preview, a reaction) says nothing."""
    async with office(database_url=database_url) as client:
        asked = await telegram.say(CITIZEN, "In che zona è Rho?")
        await texts(telegram, CITIZEN, 2)
        number = asked["message"]["message_id"]
        await telegram.edit(CITIZEN, number, "In che zona è Rho?")
        await telegram.edit(CITIZEN, number, "In che zona è Legnano?")
        written = await texts(telegram, CITIZEN, 4)
        await telegram.edit(CITIZEN, number, "In che zona è Legnano?")
        await telegram.say(CITIZEN, "grazie")
        await texts(telegram, CITIZEN, 5)
        stored = await messages_of(database_of(client), str(await conversation_of(client, CITIZEN)))
    assert "corretto" in written[2]
    assert "Legnano" in written[3]
    assert [m.text for m in stored if m.author == "citizen"] == [
        "In che zona è Rho?",
        "In che zona è Legnano?",
        "grazie",
    ]


PHOTO = [{"file_id": "a", "file_unique_id": "a", "width": 1, "height": 1}]
FILE = {"file_id": "a", "file_unique_id": "a"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"photo": PHOTO}, "Le foto"),
        ({"voice": {**FILE, "duration": 3}}, "vocali"),
        ({"sticker": {**FILE, "type": "regular", "width": 1, "height": 1, "is_animated": False, "is_video": False}}, "adesivi"),
        ({"video": {**FILE, "width": 1, "height": 1, "duration": 1}}, "video"),
        ({"document": FILE}, "documenti"),
        ({"location": {"latitude": 45.5, "longitude": 9.0}}, "nome del tuo Comune"),
        ({"contact": {"phone_number": "+39333", "first_name": "X"}}, "contatti"),
        ({"dice": {"emoji": "🎲", "value": 3}}, "adesivi"),
        ({"novelty": {"x": 1}}, "Questo contenuto"),
    ],
)  # fmt: skip
async def test_what_is_no_text_gets_a_kind_sentence(
    telegram: TelegramServer, office: Office, sqlite_url: str, content: dict[str, Any], said: str
) -> None:
    """T58; nothing of the content is kept."""
    async with office(database_url=sqlite_url) as client:
        await telegram.show(CITIZEN, **content)
        written = await texts(telegram, CITIZEN, 2)
        assert said in written[1]
        stored = await messages_of(database_of(client), str(await conversation_of(client, CITIZEN)))
        assert stored[0].text.startswith("[")
        await telegram.say(CITIZEN, "Rho")
        assert "Rho" in (await texts(telegram, CITIZEN, 3))[2]


async def test_a_photo_with_words_is_answered_by_its_words(
    telegram: TelegramServer, office: Office, sqlite_url: str
) -> None:
    async with office(database_url=sqlite_url):
        await telegram.show(CITIZEN, photo=PHOTO, caption=QUESTION)
        written = await texts(telegram, CITIZEN, 3)
    assert "la foto" in written[1]
    assert ANSWER in written[2]


async def test_too_long_a_text_is_refused_kindly(
    telegram: TelegramServer, office: Office, sqlite_url: str
) -> None:
    async with office(database_url=sqlite_url):
        await telegram.say(CITIZEN, "parola " * 500)
        written = await texts(telegram, CITIZEN, 2)
    assert "troppo lungo" in written[1]


async def test_groups_are_declined_and_left_and_nothing_of_them_is_stored(
    telegram: TelegramServer, office: Office, database_url: str
) -> None:
    """T58."""
    async with office(database_url=database_url) as client:
        await calls(telegram, "setMyCommands", 1)
        telegram.chat(GROUP, "supergroup")
        await telegram.say(GROUP, "segreto di famiglia")
        await telegram.add_to_group(GROUP)
        (words,) = await texts(telegram, GROUP, 1)
        await calls(telegram, "leaveChat", 1)
        await telegram.say(GROUP, "/start")
        await telegram.say(CITIZEN, QUESTION)
        await texts(telegram, CITIZEN, 2)
        assert await conversation_of(client, GROUP) is None
        assert await rows(client) == {"conversations": 1, "inbound": 1, "outbound": 2}
    assert "https://t.me/SportelloProvaBot" in words
    assert len(telegram.chat(GROUP).texts()) == 1


async def test_who_blocks_us_is_left_alone_until_they_are_back(
    telegram: TelegramServer, office: Office, database_url: str
) -> None:
    """T58: by the update, or by the 403 that a message gets."""
    async with office(database_url=database_url) as client:
        database = database_of(client)
        await telegram.say(CITIZEN, QUESTION)
        await texts(telegram, CITIZEN, 2)
        conversation = str(await conversation_of(client, CITIZEN))

        async def unreachable() -> bool:
            column = conversations.c.unreachable_since
            query = sa.select(column).where(conversations.c.id == conversation)
            return await database.read(lambda c: c.execute(query).scalar()) is not None

        async def reachable() -> bool:
            return not await unreachable()

        await telegram.block(CITIZEN)
        await eventually(unreachable)
        await telegram.block(CITIZEN, back=True)
        await eventually(reachable)
        telegram.chat(CITIZEN).blocked = True
        await telegram.say(CITIZEN, "e Legnano?")
        await eventually(unreachable)
        found = await database.read(transcript.conversation, conversation)
        assert found.owner == "assistant"
        telegram.chat(CITIZEN).blocked = False
        await telegram.say(CITIZEN, "e Corsico?")
        assert "Corsico" in (await texts(telegram, CITIZEN, 3))[-1]


async def test_ids_of_updates_are_forgotten_after_days(
    telegram: TelegramServer, office: Office, sqlite_url: str
) -> None:
    from datetime import timedelta

    from bot.storage.telegram import forget_updates

    async with office(database_url=sqlite_url) as client:
        await telegram.say(CITIZEN, QUESTION)
        await texts(telegram, CITIZEN, 2)
        assert client.runtime is not None
        now, database = client.runtime.clock.utc(), database_of(client)
        assert await database.write(forget_updates, now - timedelta(hours=1)) == 0
        assert await database.write(forget_updates, now + timedelta(hours=1)) == 1
        left = await database.read(
            lambda c: c.execute(sa.select(sa.func.count()).select_from(telegram_updates)).scalar()
        )
    assert left == 0


async def test_senders_of_other_doors_cannot_imitate_a_chat(
    telegram: TelegramServer, office: Office, sqlite_url: str
) -> None:
    """Must-hold 5: "telegram:777" on the REST door is somebody else."""
    async with office(database_url=sqlite_url) as client:
        await telegram.say(CITIZEN, "quanti abitanti ha Rho?")
        await texts(telegram, CITIZEN, 2)
        for sender in (f"telegram:{CITIZEN}", str(CITIZEN)):
            answer = await client.say("/esporta", sender)
            assert "Rho" not in json.dumps(answer)
        assert len(telegram.chat(CITIZEN).texts()) == 2


async def test_an_oversized_body_is_refused(
    telegram: TelegramServer, office: Office, sqlite_url: str
) -> None:
    telegram.chat(CITIZEN)
    async with office(webhook=True, database_url=sqlite_url) as client:
        big = update_of("x" * 600_000, 3)
        assert (await deliver(client, telegram, big))[0] == 413
        # A whole update of Telegram is larger than a request of a citizen's browser may be.
        long = update_of("😀" * 2_000, 4)
        long["message"]["reply_to_message"] = update_of("😀" * 2_000, 4, 2)["message"]
        assert len(json.dumps(long)) > client.runtime.settings.request_max_bytes * 0.7
        assert (await deliver(client, telegram, long))[0] == 200


async def test_who_writes_too_much_is_told_once_and_others_notice_nothing(
    telegram: TelegramServer, office: Office, database_url: str
) -> None:
    """Must-hold 6 on Telegram."""
    async with office(database_url=database_url, telegram_messages_per_minute=5) as client:
        await asyncio.gather(*(telegram.say(CITIZEN, f"ciao {n}") for n in range(60)))
        await telegram.say(CITIZEN + 1, QUESTION)
        assert ANSWER in (await texts(telegram, CITIZEN + 1, 2))[1]

        async def all_read() -> bool:
            return telegram.undelivered == 0

        await eventually(all_read)
        written = await texts(telegram, CITIZEN, 7)
        stored = await rows(client)
    assert stored["inbound"] <= 11
    told = [words for words in written if "troppi messaggi" in words]
    assert 1 <= len(told) <= 2

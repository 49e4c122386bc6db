"""Every process follows what any process has changed; NOTIFY only makes it faster."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import asyncpg
import pytest
import sqlalchemy as sa

from bot.conversations.notifier import EVERYTHING, Notifier, about_conversation
from bot.storage.database import Database
from bot.storage.events import Event, events_after, newest_event, prune_events, publish
from bot.storage.migrate import migrate
from bot.tasks import stop
from tests.support.conversations import NOW
from tests.support.servers import eventually

KIND = "message.added"


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url)
    await migrate(database)
    yield database
    await database.close()


@asynccontextmanager
async def following(database: Database) -> AsyncIterator[tuple[Notifier, list[Event]]]:
    """A notifier that has begun to follow, and what it was told."""
    told: list[Event] = []
    notifier = Notifier(database)
    notifier.handle(told.append)
    task = asyncio.create_task(notifier.follow())
    try:

        async def begun() -> bool:
            return notifier._last is not None

        await eventually(begun)
        yield notifier, told
    finally:
        await stop([task])


async def tell(database: Database, conversation: str) -> None:
    await database.write(publish, KIND, {"conversation": conversation}, NOW)


async def test_a_listener_of_another_process_is_woken_at_once(
    database: Database, database_url: str
) -> None:
    other = Database(database_url)
    try:
        async with following(database) as (notifier, _):
            with notifier.listening(about_conversation("una")) as listener:
                assert not await listener.wait(0.05)
                await tell(other, "altra")
                assert not await listener.wait(0.5)
                await tell(other, "una")
                assert await listener.wait(2)
                assert not await listener.wait(0.05), "one change wakes once"
    finally:
        await other.close()


async def test_nobody_is_told_of_what_happened_before(database: Database) -> None:
    await tell(database, "vecchia")
    async with following(database) as (notifier, told):
        await tell(database, "nuova")
        notifier.changed()

        async def new_one() -> bool:
            return bool(told)

        await eventually(new_one)
    assert [event.payload["conversation"] for event in told] == ["nuova"]


@pytest.mark.postgres
async def test_an_event_that_commits_late_is_not_missed(postgres_url: str) -> None:
    """Two transactions take their ids in one order and commit in the other."""
    database, slow = Database(postgres_url), Database(postgres_url)
    await migrate(database)
    taken, go = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    async def commits_late() -> None:
        engine = slow._backend._engine  # type: ignore[attr-defined]
        async with engine.begin() as connection:
            await connection.run_sync(publish, KIND, {"conversation": "lenta"}, NOW)
            taken.set()
            await go.wait()

    async with following(database) as (notifier, told):
        late = loop.create_task(commits_late())
        await taken.wait()
        await tell(database, "svelta")

        async def heard(number: int) -> bool:
            notifier.changed()
            return len(told) == number

        await eventually(lambda: heard(1))
        go.set()
        await late
        await eventually(lambda: heard(2))
    assert [event.payload["conversation"] for event in told] == ["svelta", "lenta"]
    await database.close()
    await slow.close()


@pytest.mark.postgres
async def test_events_are_caught_up_when_the_waking_connection_is_cut(postgres_url: str) -> None:
    """T21: LISTEN is lost; what was committed meanwhile comes from the table."""
    database = Database(postgres_url)
    await migrate(database)
    plain = postgres_url.replace("+asyncpg", "")
    administrator = await asyncpg.connect(plain)
    async with following(database) as (notifier, _):
        with notifier.listening(EVERYTHING) as listener:
            listens = (
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'"
            )

            async def cut() -> bool:
                return bool(await administrator.fetch(listens))

            await eventually(cut)
            for _ in range(3):
                await tell(database, "una")
                assert await listener.wait(3)
                await administrator.fetch(listens)
    await administrator.close()
    await database.close()


async def test_old_events_are_forgotten_the_newest_stays(database: Database) -> None:
    for _ in range(3):
        await tell(database, "una")
    newest = await database.read(newest_event)
    assert await database.write(prune_events, NOW) == 0
    assert await database.write(prune_events, NOW + timedelta(hours=1)) == 2
    assert await database.read(newest_event) == newest
    assert [e.id for e in await database.read(events_after, 0, ())] == [newest]


async def test_an_undone_change_tells_nobody(database: Database) -> None:
    def undone(connection: sa.Connection) -> None:
        publish(connection, KIND, {"conversation": "una"}, NOW)
        raise LookupError

    async with following(database) as (notifier, told):
        with pytest.raises(LookupError):
            await database.write(undone)
        await tell(database, "due")
        notifier.changed()

        async def heard() -> bool:
            return bool(told)

        await eventually(heard)
    assert [event.payload["conversation"] for event in told] == ["due"]

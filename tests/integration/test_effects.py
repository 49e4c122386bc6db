"""Decision 4: an effect and its record are one transaction, and a replayed turn gets the stored result."""

from __future__ import annotations

import asyncio
from datetime import datetime, timezone
from typing import Any

import pytest
import sqlalchemy as sa

from bot.storage import inbox
from bot.storage.app_state import installation_secret
from bot.storage.database import Database
from bot.storage.migrate import migrate
from bot.storage.tables import app_state, effects

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=timezone.utc)


@pytest.fixture
async def message(database_url: str) -> Any:
    database = Database(database_url)
    await migrate(database)
    stored = await database.write(
        inbox.store_message,
        channel="rest",
        sender="a",
        text="prenota",
        key=None,
        digest=None,
        now=NOW,
    )
    yield database, stored.inbound_id
    await database.close()


def _count(connection: sa.Connection) -> dict[str, int]:
    found = connection.execute(sa.select(app_state.c.value).where(app_state.c.key == "n")).scalar()
    if found is None:
        connection.execute(sa.insert(app_state).values(key="n", value="1"))
        return {"n": 1}
    number = int(found) + 1
    connection.execute(sa.update(app_state).where(app_state.c.key == "n").values(value=str(number)))
    return {"n": number}


async def test_a_replayed_effect_gives_the_stored_result(message: Any) -> None:
    database, inbound_id = message
    first = await database.write(inbox.run_effect, inbound_id, "book", _count, NOW)
    again = await database.write(inbox.run_effect, inbound_id, "book", _count, NOW)
    assert first == again == {"n": 1}


async def test_parallel_replays_happen_once(message: Any) -> None:
    database, inbound_id = message
    other = Database(database.url.render_as_string(hide_password=False))
    results = await asyncio.gather(
        *(
            where.write(inbox.run_effect, inbound_id, "book", _count, NOW)
            for where in (database, other) * 10
        )
    )
    await other.close()
    assert results == [{"n": 1}] * 20


async def test_an_effect_that_fails_leaves_no_record(message: Any) -> None:
    database, inbound_id = message

    def failing(connection: sa.Connection) -> None:
        _count(connection)
        raise ValueError("the desk burned down")

    with pytest.raises(ValueError, match="desk"):
        await database.write(inbox.run_effect, inbound_id, "book", failing, NOW)
    rows = await database.read(lambda c: c.execute(sa.select(effects)).all())
    assert rows == []
    assert await database.write(inbox.run_effect, inbound_id, "book", _count, NOW) == {"n": 1}


async def test_two_effects_of_one_message_are_two(message: Any) -> None:
    database, inbound_id = message
    await database.write(installation_secret)
    await database.write(inbox.run_effect, inbound_id, "hold", _count, NOW)
    assert await database.write(inbox.run_effect, inbound_id, "book", _count, NOW) == {"n": 2}

"""The database does whole units of work or none, on SQLite and PostgreSQL, and says so when it cannot."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from bot.errors import StorageUnavailable
from bot.storage.app_state import installation_secret, read_state, write_state
from bot.storage.database import Database
from bot.storage.inbox import store_message
from bot.storage.migrate import migrate
from bot.storage.sqlite import SQLiteThreads
from bot.storage.tables import conversations, effects, inbound, metadata, outbound

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=timezone.utc)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A database without any table."""
    database = Database(database_url)
    yield database
    await database.close()


def tables(connection: sa.Connection) -> set[str]:
    return set(sa.inspect(connection).get_table_names())


def schema_differences(connection: sa.Connection) -> list[Any]:
    return list(compare_metadata(MigrationContext.configure(connection), metadata))


def add_message(connection: sa.Connection, **values: Any) -> Any:
    message = {
        "channel": "rest",
        "sender": "cittadino",
        "text": "ciao",
        "key": None,
        "digest": None,
    }
    return store_message(connection, **{**message, "now": NOW, **values})


def how_many(connection: sa.Connection, table: sa.Table) -> int:
    return int(connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())


# Migrations


async def test_migrating_twice_changes_nothing_and_gives_the_tables_of_the_code(
    database: Database,
) -> None:
    await migrate(database)
    await database.write(write_state, "prova", "resta")
    await migrate(database)
    assert await database.read(read_state, "prova") == "resta"
    assert await database.read(schema_differences) == []
    assert set(metadata.tables) <= await database.read(tables)


async def test_replicas_that_start_together_migrate_once(database_url: str) -> None:
    """Each waits for the other; both find one schema and one secret."""
    replicas = [Database(database_url) for _ in range(4)]
    try:
        await asyncio.gather(*(migrate(replica) for replica in replicas))
        secrets = await asyncio.gather(*(r.write(installation_secret) for r in replicas))
        assert await replicas[0].read(schema_differences) == []
    finally:
        for replica in replicas:
            await replica.close()
    assert len(set(secrets)) == 1


async def test_a_migration_that_breaks_off_leaves_the_old_schema(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T81: never a schema in between; the next start migrates."""
    upgrade = command.upgrade

    def breaks_off(*args: Any) -> None:
        upgrade(*args)
        raise RuntimeError("prova")

    with monkeypatch.context() as broken:
        broken.setattr(command, "upgrade", breaks_off)
        with pytest.raises(RuntimeError, match="prova"):
            await migrate(database)
    assert await database.read(tables) == set()
    await migrate(database)
    assert await database.read(schema_differences) == []


def _filled(connection: sa.Connection) -> None:
    """Two conversations of the first released schema, one message unanswered."""
    rows = {
        "conversations": [
            {"id": name, "channel": "rest", "sender": name, "owner": "assistant", "version": 2}
            | {"created_at": NOW, "last_message_at": NOW}
            for name in ("a", "b")
        ],
        "inbound": [
            {"id": n, "conversation_id": who, "text": "x", "status": status, "received_at": NOW}
            for n, who, status in ((1, "a", "done"), (2, "b", "done"), (3, "a", "done"), (4, "a", "received"))
        ],
        "outbound": [
            {"id": n, "conversation_id": who, "inbound_id": m, "position": p, "payload": "{}"}
            | {"created_at": NOW}
            for n, who, m, p in ((1, "a", 1, 0), (2, "b", 2, 0), (3, "a", 1, 1), (4, "a", 3, 0))
        ],
        "effects": [{"inbound_id": 3, "effect": "book", "result": "1", "created_at": NOW}],
    }  # fmt: skip
    for name, values in rows.items():
        table = sa.Table(name, sa.MetaData(), autoload_with=connection)
        connection.execute(sa.insert(table), values)


async def test_messages_of_the_first_schema_are_numbered_in_their_order(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T81: an upgrade loses no row, not even where a table is rebuilt, and the old answers count as sent."""
    upgrade = command.upgrade
    with monkeypatch.context() as first:
        first.setattr(command, "upgrade", lambda config, _: upgrade(config, "0001"))
        await migrate(database)
    await database.write(_filled)
    await migrate(database)
    assert await database.read(schema_differences) == []
    seqs = await database.read(
        lambda c: (
            [
                tuple(r)
                for r in c.execute(sa.select(inbound.c.id, inbound.c.seq).order_by(inbound.c.id))
            ],
            [
                tuple(r)
                for r in c.execute(
                    sa.select(
                        outbound.c.id, outbound.c.seq, outbound.c.status, outbound.c.channel
                    ).order_by(outbound.c.id)
                )
            ],
            [
                tuple(r)
                for r in c.execute(
                    sa.select(conversations.c.id, conversations.c.last_seq).order_by(
                        conversations.c.id
                    )
                )
            ],
            how_many(c, effects),
        )
    )
    assert seqs == (
        [(1, 1), (2, 1), (3, 4), (4, 6)],
        [
            (1, 2, "sent", "rest"),
            (2, 2, "sent", "rest"),
            (3, 3, "sent", "rest"),
            (4, 5, "sent", "rest"),
        ],
        [("a", 6), ("b", 2)],
        1,
    )


# Units of work


async def test_a_unit_that_raises_is_undone_and_its_error_arrives(database: Database) -> None:
    await migrate(database)

    def fails(connection: sa.Connection) -> None:
        write_state(connection, "prova", "mai")
        raise LookupError("prova")

    with pytest.raises(LookupError, match="prova"):
        await database.write(fails)
    assert await database.read(read_state, "prova") is None


async def test_a_unit_that_raises_undoes_only_itself_in_a_shared_commit(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite commits waiting units together: the second of three fails, the others stay."""
    batches: list[int] = []
    write_batch = SQLiteThreads._write_batch
    monkeypatch.setattr(
        SQLiteThreads,
        "_write_batch",
        lambda self, b: (batches.append(len(b)), write_batch(self, b)),
    )
    database = Database(sqlite_url)
    await migrate(database)
    release = threading.Event()
    held = asyncio.create_task(database.write(lambda connection: release.wait(10)))
    await asyncio.sleep(0.05)

    def fails(connection: sa.Connection) -> None:
        write_state(connection, "due", "mai")
        connection.execute(sa.text("SELECT * FROM non_esiste"))

    waiting = [
        asyncio.create_task(database.write(write_state, "uno", "resta")),
        asyncio.create_task(database.write(fails)),
        asyncio.create_task(database.write(write_state, "tre", "resta")),
    ]
    await asyncio.sleep(0)
    release.set()
    await held
    results = await asyncio.gather(*waiting, return_exceptions=True)
    kept = [await database.read(read_state, key) for key in ("uno", "due", "tre")]
    await database.close()
    assert batches[-1] == 3, "the three did not share a commit"
    assert [type(result).__name__ for result in results] == [
        "NoneType",
        "StorageUnavailable",
        "NoneType",
    ]
    assert kept == ["resta", None, "resta"]


async def test_a_commit_that_fails_is_reported_to_its_units(sqlite_url: str) -> None:
    """Nobody believes stored what was not; the next write works."""
    database = Database(sqlite_url)
    await migrate(database)

    def refuse_at_commit(connection: sa.Connection) -> None:
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        row = {"conversation_id": "nessuna", "text": "x", "status": "received", "received_at": NOW}
        connection.execute(sa.insert(inbound), row)

    with pytest.raises(sa.exc.IntegrityError):
        await database.write(refuse_at_commit)
    await database.write(write_state, "prova", "dopo")
    kept = await database.read(read_state, "prova"), await database.read(how_many, inbound)
    await database.close()
    assert kept == ("dopo", 0)


async def test_a_caller_that_goes_away_disturbs_nobody(database: Database) -> None:
    """Twenty writers, half of them cancelled: the others are stored."""
    await migrate(database)
    writers = [asyncio.create_task(database.write(write_state, f"k{n}", "v")) for n in range(20)]
    await asyncio.sleep(0)
    for writer in writers[::2]:
        writer.cancel()
    results = await asyncio.gather(*writers, return_exceptions=True)
    kept = [await database.read(read_state, f"k{n}") for n in range(1, 20, 2)]
    assert results[1::2] == [None] * 10
    assert kept == ["v"] * 10


async def test_after_closing_work_is_refused_and_does_not_hang(sqlite_url: str) -> None:
    """A turn that outlives the database ends: its message stays received."""
    database = Database(sqlite_url)
    await migrate(database)
    await database.write(write_state, "prova", "prima")
    await database.close()
    for work in (database.read(read_state, "prova"), database.write(write_state, "prova", "poi")):
        with pytest.raises((StorageUnavailable, RuntimeError)):
            await asyncio.wait_for(work, 2)


# Constraints


async def test_naive_date_times_are_refused_and_aware_ones_come_back_as_utc(
    database: Database,
) -> None:
    await migrate(database)
    with pytest.raises(sa.exc.StatementError, match="naive"):
        await database.write(add_message, now=datetime(2026, 11, 24, 10, 0))
    assert await database.read(how_many, inbound) == 0
    rome = timezone(timedelta(hours=1))
    await database.write(add_message, now=datetime(2026, 11, 24, 10, 0, tzinfo=rome))
    stored = await database.read(lambda c: c.execute(sa.select(inbound.c.received_at)).scalar_one())
    assert (stored, stored.tzinfo) == (NOW, timezone.utc)


async def test_foreign_keys_are_enforced(database: Database) -> None:
    """No answer without its message; a conversation takes its messages with it."""
    await migrate(database)
    stored = await database.write(add_message)
    orphan = {"conversation_id": stored.conversation_id, "inbound_id": 10_000, "position": 0}
    orphan |= {"payload": "{}", "created_at": NOW}
    with pytest.raises(sa.exc.IntegrityError):
        await database.write(lambda c: c.execute(sa.insert(outbound), orphan) and None)
    await database.write(lambda c: c.execute(sa.delete(conversations)) and None)
    assert await database.read(how_many, inbound) == 0


async def test_ids_are_never_used_again(database: Database) -> None:
    """A client that follows by id must not mistake a new message for one that was erased."""
    await migrate(database)
    first = await database.write(add_message)
    await database.write(lambda c: c.execute(sa.delete(conversations)) and None)
    second = await database.write(add_message)
    assert second.inbound_id > first.inbound_id

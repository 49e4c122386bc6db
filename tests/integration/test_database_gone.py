"""A database that is gone, full, locked or not one is always the same clear error, without what people wrote."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import pwd
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import sqlalchemy as sa

from bot.errors import StorageUnavailable
from bot.storage import database as database_module
from bot.storage import sqlite as sqlite_module
from bot.storage.app_state import read_state, write_state
from bot.storage.database import Database
from bot.storage.migrate import migrate
from tests.support.postgres import _free_port
from tests.support.servers import eventually

_OTHERS = "FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()"
CUT_ALL_OTHERS = f"SELECT pg_terminate_backend(pid) {_OTHERS}"
IS_SLEEPING = f"SELECT count(*) {_OTHERS} AND state = 'active' AND query LIKE '%pg_sleep%'"


async def assert_unavailable(database: Database, *, reads: bool = True) -> None:
    """Both kinds of work say that the storage is unavailable, in one line, without the parameters."""
    work = [database.write(write_state, "chiave", "RSSMRA80A01F205X")]
    if reads:
        work.append(database.read(read_state, "RSSMRA80A01F205X"))
    for one in work:
        with pytest.raises(StorageUnavailable) as refused:
            await asyncio.wait_for(one, 20)
        assert "RSSMRA80A01F205X" not in str(refused.value)
        assert len(str(refused.value).splitlines()) == 1


@pytest.fixture
async def sqlite(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Database]:
    """A SQLite database that waits 0.1 s for a lock."""
    monkeypatch.setattr(sqlite_module, "_BUSY_TIMEOUT_MS", 100)
    database = Database(sqlite_url)
    await migrate(database)
    yield database
    await database.close()


@pytest.fixture
async def postgres(postgres_url: str) -> AsyncIterator[Database]:
    database = Database(postgres_url)
    await migrate(database)
    yield database
    await database.close()


async def test_a_locked_file_is_unavailable_and_heals(sqlite: Database) -> None:
    """T11: another process holds the file; when it lets go, work goes on without a restart."""
    other = sqlite3.connect(str(sqlite.url.database), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    await assert_unavailable(sqlite, reads=False)
    assert await sqlite.read(read_state, "chiave") is None
    other.execute("ROLLBACK")
    other.close()
    await sqlite.write(write_state, "chiave", "valore")
    assert await sqlite.read(read_state, "chiave") == "valore"


async def test_a_full_disk_is_unavailable_and_corrupts_nothing(sqlite: Database) -> None:
    """T12: the file may not grow any more; what was stored stays, small things work when there is room again."""
    await sqlite.write(write_state, "chiave", "prima")

    def no_room(connection: sa.Connection) -> None:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

    def room(connection: sa.Connection) -> None:
        connection.exec_driver_sql("PRAGMA max_page_count = 1000000")

    await sqlite.write(no_room)
    with pytest.raises(StorageUnavailable):
        await sqlite.write(write_state, "grande", "x" * 500_000)
    assert await sqlite.read(read_state, "chiave") == "prima"
    await sqlite.write(room)
    await sqlite.write(write_state, "grande", "x" * 500_000)
    check = await sqlite.read(lambda c: c.exec_driver_sql("PRAGMA integrity_check").scalar_one())
    assert check == "ok"


@pytest.mark.parametrize("place", ["a folder", "something else"])
async def test_a_file_that_is_no_database_is_unavailable(tmp_path: Path, place: str) -> None:
    path = tmp_path / "sportello.db"
    if place == "a folder":
        path.mkdir()
    else:
        path.write_bytes(b"questo non e' un database" * 1_000)
    database = Database(f"sqlite+aiosqlite:///{path}")
    try:
        await assert_unavailable(database)
    finally:
        await database.close()


@pytest.fixture(params=["with a database", "empty"])
def closed_folder(request: pytest.FixtureRequest) -> Iterator[Path]:
    """A folder in which an unprivileged user may read and not write."""
    with tempfile.TemporaryDirectory(prefix="sportello-chiuso-") as name:
        folder = Path(name)
        if request.param == "with a database":
            sqlite3.connect(folder / "sportello.db").execute("PRAGMA journal_mode=WAL").close()
            (folder / "sportello.db").chmod(0o444)
        folder.chmod(0o555)
        yield folder
        folder.chmod(0o755)


def _create_table(connection: sa.Connection) -> None:
    connection.exec_driver_sql("CREATE TABLE prova (numero INTEGER)")


def _outcome_without_privileges(url: str) -> str:
    """What a write ends with in a process that may not do what root may."""
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)

    def child() -> None:
        if os.geteuid() == 0:
            os.setuid(pwd.getpwnam("nobody").pw_uid)
        try:
            asyncio.run(Database(url).write(_create_table))
            sender.send("stored")
        except Exception as error:
            sender.send(type(error).__name__)
        os._exit(0)

    process = context.Process(target=child, daemon=True)
    process.start()
    try:
        return str(receiver.recv()) if receiver.poll(20) else "silence"
    finally:
        process.kill()
        process.join()


async def test_a_folder_that_may_not_be_written_is_unavailable(closed_folder: Path) -> None:
    url = f"sqlite+aiosqlite:///{closed_folder / 'sportello.db'}"
    assert _outcome_without_privileges(url) == "StorageUnavailable"


@pytest.mark.postgres
async def test_a_postgres_that_is_not_there_is_unavailable() -> None:
    database = Database(f"postgresql+asyncpg://sportello@127.0.0.1:{_free_port()}/nessuno")
    await assert_unavailable(database)
    await database.close()


@pytest.mark.postgres
async def test_a_postgres_that_does_not_answer_is_unavailable_in_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """T11: something accepts the connection and says nothing, as a frozen machine does."""
    monkeypatch.setattr(database_module, "_CONNECT_TIMEOUT_S", 0.2)
    server = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    database = Database(f"postgresql+asyncpg://sportello@127.0.0.1:{port}/nessuno")
    try:
        await assert_unavailable(database)
    finally:
        await database.close()
        server.close()


@pytest.mark.postgres
async def test_a_statement_that_never_ends_is_unavailable_in_time(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T11: as when another session holds a lock for ever."""
    monkeypatch.setattr(database_module, "_STATEMENT_TIMEOUT_S", 0.2)
    database = Database(postgres_url)
    try:
        with pytest.raises(StorageUnavailable):
            await database.read(lambda c: c.execute(sa.text("SELECT pg_sleep(20)")) and None)
        assert await database.read(lambda c: c.execute(sa.text("SELECT 1")).scalar_one()) == 1
    finally:
        await database.close()


@pytest.mark.postgres
async def test_a_postgres_without_a_free_connection_is_unavailable_and_heals(
    postgres_url: str,
) -> None:
    plain = postgres_url.replace("+asyncpg", "")
    database = Database(postgres_url)
    taken: list[Any] = []
    try:
        with suppress(asyncpg.TooManyConnectionsError):
            for _ in range(200):
                taken.append(await asyncpg.connect(plain))
        with pytest.raises(StorageUnavailable):
            await database.read(lambda c: c.execute(sa.text("SELECT 1")).scalar_one())
    finally:
        await asyncio.gather(*(connection.close() for connection in taken))
    assert await database.read(lambda c: c.execute(sa.text("SELECT 1")).scalar_one()) == 1
    await database.close()


@pytest.mark.postgres
@pytest.mark.parametrize("while_working", [True, False], ids=["while working", "while idle"])
async def test_a_connection_that_is_cut_costs_at_most_one_error(
    postgres: Database, postgres_url: str, while_working: bool
) -> None:
    """T11: PostgreSQL is restarted; the next work goes through without a restart of ours."""
    administrator = await asyncpg.connect(postgres_url.replace("+asyncpg", ""))
    await asyncio.gather(*(postgres.write(write_state, f"k{n}", "v") for n in range(5)))
    if while_working:
        working = asyncio.create_task(
            postgres.write(lambda c: c.execute(sa.text("SELECT pg_sleep(20)")) and None)
        )
        await eventually(lambda: administrator.fetchval(IS_SLEEPING))
    await administrator.execute(CUT_ALL_OTHERS)
    if while_working:
        with pytest.raises(StorageUnavailable):
            await asyncio.wait_for(working, 10)
    await postgres.write(write_state, "chiave", "dopo")
    assert await postgres.read(read_state, "chiave") == "dopo"
    await administrator.close()

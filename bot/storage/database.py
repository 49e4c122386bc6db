"""The database: SQLite for one process, PostgreSQL for many, behind one small interface.

A unit of work is a plain function that takes a SQLAlchemy connection. PostgreSQL runs it on asyncpg.
SQLite runs it on threads of our own, one hop for the whole unit instead of one per statement, and all
units that are waiting share one commit (docs/decisions/0004).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, Concatenate, Final, ParamSpec, Protocol, TypeVar

import sqlalchemy as sa
from asyncpg import PostgresError
from sqlalchemy.exc import DatabaseError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import create_async_engine

from bot.errors import StorageUnavailable
from bot.storage.sqlite import SQLiteThreads

P = ParamSpec("P")
T = TypeVar("T")

_UNREACHABLE: Final = (
    OperationalError,
    InterfaceError,
    PoolTimeout,
    OSError,
    asyncio.TimeoutError,
    StorageUnavailable,
)
_SERVER_TROUBLE: Final = frozenset({"08", "53", "57"})
"""SQLSTATE classes: connection lost, resources exhausted, stopped by an operator."""

_CONFLICTS: Final = frozenset({"40001", "40P01"})
"""SQLSTATE of a serialization failure and of a deadlock."""

_CONFLICT_ATTEMPTS: Final = 4
_POOL_TIMEOUT_S: Final = 10
_CONNECT_TIMEOUT_S: Final = 5
_STATEMENT_TIMEOUT_S: Final = 30


class _Backend(Protocol):
    async def read(self, unit: Callable[[sa.Connection], T]) -> T: ...

    async def write(self, unit: Callable[[sa.Connection], T]) -> T: ...

    async def close(self) -> None: ...


class Database:
    """Runs units of work; turns "the database is not there or refuses" into ``StorageUnavailable``."""

    def __init__(self, url: str) -> None:
        self.url = sa.make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._backend: _Backend
        if self.is_sqlite:
            path = Path(self.url.database or "")
            path.parent.mkdir(parents=True, exist_ok=True)
            self._backend = SQLiteThreads(path)
        else:
            self._backend = _Postgres(self.url)

    async def read(
        self,
        unit: Callable[Concatenate[sa.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run ``unit(connection, …)`` in a transaction that only reads."""
        try:
            return await self._backend.read(lambda connection: unit(connection, *args, **kwargs))
        except Exception as error:
            raise _translated(error) from error

    async def write(
        self,
        unit: Callable[Concatenate[sa.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run ``unit(connection, …)`` in one transaction: committed on return, undone if it raises.

        The unit may run in another thread, and again after a deadlock: it must touch nothing but its arguments.
        """
        try:
            return await self._backend.write(lambda connection: unit(connection, *args, **kwargs))
        except Exception as error:
            raise _translated(error) from error

    async def scrub(self) -> None:
        """Leave no trace of what was erased in files of ours: SQLite's write-ahead log is emptied.

        Deleted pages are overwritten at once (``secure_delete``); PostgreSQL's own files are its administrator's.
        """
        if isinstance(self._backend, SQLiteThreads):
            try:
                await self._backend.truncate_log()
            except Exception as error:
                raise _translated(error) from error

    async def close(self) -> None:
        """Give all connections back."""
        await self._backend.close()


class _Postgres:
    def __init__(self, url: sa.URL) -> None:
        self._engine = create_async_engine(
            url,
            pool_size=10,
            max_overflow=10,
            pool_timeout=_POOL_TIMEOUT_S,
            pool_pre_ping=True,
            connect_args={"timeout": _CONNECT_TIMEOUT_S, "command_timeout": _STATEMENT_TIMEOUT_S},
        )

    async def read(self, unit: Callable[[sa.Connection], T]) -> T:
        async with self._engine.connect() as connection:
            return await connection.run_sync(unit)

    async def write(self, unit: Callable[[sa.Connection], T]) -> T:
        for attempt in range(1, _CONFLICT_ATTEMPTS + 1):
            try:
                async with self._engine.begin() as connection:
                    return await connection.run_sync(unit)
            except DBAPIError as error:
                # Two transactions that waited for each other: the one that was undone begins again.
                state = getattr(error.orig, "sqlstate", None)
                if state not in _CONFLICTS or attempt == _CONFLICT_ATTEMPTS:
                    raise
        raise AssertionError("unreachable")

    async def close(self) -> None:
        await asyncio.shield(self._engine.dispose())


def _translated(error: Exception) -> Exception:
    unreachable = (
        isinstance(error, _UNREACHABLE)
        # SQLite says only "database error" of a file that is no database.
        or type(error) is DatabaseError
        or (isinstance(error, DBAPIError) and error.connection_invalidated)
        or (isinstance(error, PostgresError) and str(error.sqlstate)[:2] in _SERVER_TROUBLE)
    )
    return StorageUnavailable(f"{type(error).__name__}: {_reason(error)}") if unreachable else error


def _reason(error: Exception) -> str:
    # The driver's own words, without the statement and its parameters (they hold personal data).
    original: Any = getattr(error, "orig", None) or error
    return str(original).splitlines()[0][:200] if str(original) else type(original).__name__

"""A job for one process at a time, without trusting anybody's clock.

The holder counts a beat up; who sees the same beat for longer than the term, by its own monotonic clock, takes over.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from uuid import uuid4

import sqlalchemy as sa

from bot.storage.database import Database
from bot.storage.tables_knowledge import leases
from bot.storage.upsert import insert


class Lease:
    """One process's part in the game for a named job.

    Args:
        term_s: seconds without a beat after which a holder counts as gone; beat well within it.
    """

    def __init__(
        self,
        database: Database,
        name: str,
        term_s: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._name = name
        self._term_s = term_s
        self._monotonic = monotonic
        self._me = uuid4().hex
        self._seen: tuple[str, int] | None = None
        self._seen_at = 0.0

    async def beat(self) -> bool:
        """Hold on, or take over from a holder that is gone; tells whether the job is ours until the next beat."""
        now = self._monotonic()
        gone = self._seen is not None and now - self._seen_at > self._term_s
        holder, beat = await self._database.write(self._play, self._seen if gone else None)
        if (holder, beat) != self._seen:
            self._seen, self._seen_at = (holder, beat), now
        return holder == self._me

    async def release(self) -> None:
        """Let another process take over at once."""
        await self._database.write(self._leave)

    def _play(self, connection: sa.Connection, overdue: tuple[str, int] | None) -> tuple[str, int]:
        free = insert(connection, leases).values(name=self._name, holder=self._me, beat=0)
        connection.execute(free.on_conflict_do_nothing(index_elements=["name"]))
        mine = leases.c.holder == self._me
        if overdue is not None:
            mine |= (leases.c.holder == overdue[0]) & (leases.c.beat == overdue[1])
        connection.execute(
            sa.update(leases)
            .where(leases.c.name == self._name, mine)
            .values(holder=self._me, beat=leases.c.beat + 1)
        )
        row = connection.execute(
            sa.select(leases.c.holder, leases.c.beat).where(leases.c.name == self._name)
        ).one()
        return str(row.holder), int(row.beat)

    def _leave(self, connection: sa.Connection) -> None:
        connection.execute(
            sa.delete(leases).where(leases.c.name == self._name, leases.c.holder == self._me)
        )

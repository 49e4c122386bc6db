"""Taking desk time: the only place that writes ``slot_claims``, whose primary key is what forbids double booking."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from bot.appointments.calendar import LONGEST_HOLD
from bot.appointments.history import Step
from bot.appointments.rules import CELL_MINUTES
from bot.appointments.slots import cells
from bot.storage.appointment_tables import slot_claims
from bot.storage.tables import UTCDateTime

_HAS_RUN_OUT: Final = sa.and_(
    slot_claims.c.expires_at.is_not(None),
    sa.not_(slot_claims.c.expires_at.between(sa.bindparam("timer"), sa.bindparam("latest"))),
)
_TAKEN: Final = (
    sa.select(slot_claims.c.desk)
    .where(
        slot_claims.c.office == sa.bindparam("of_office"),
        slot_claims.c.cell.between(sa.bindparam("first"), sa.bindparam("last")),
        slot_claims.c.appointment_id != sa.bindparam("mine"),
        sa.not_(_HAS_RUN_OUT),
    )
    .distinct()
)
_TAKE: Final = (
    sa.text(
        """
        WITH RECURSIVE wanted(cell) AS (
            SELECT :first UNION ALL SELECT cell + 1 FROM wanted WHERE cell < :last
        )
        INSERT INTO slot_claims (office, desk, cell, appointment_id, expires_at)
        SELECT :of_office, :on_desk, cell, :mine, :until FROM wanted WHERE true ORDER BY cell
        ON CONFLICT (office, desk, cell) DO UPDATE
        SET appointment_id = excluded.appointment_id, expires_at = excluded.expires_at
        WHERE slot_claims.appointment_id = excluded.appointment_id
           OR (slot_claims.expires_at IS NOT NULL
               AND NOT slot_claims.expires_at BETWEEN :timer AND :latest)
        RETURNING cell
        """
    )
    .bindparams(
        sa.bindparam("first", type_=sa.Integer),
        sa.bindparam("last", type_=sa.Integer),
        sa.bindparam("of_office", type_=slot_claims.c.office.type),
        sa.bindparam("on_desk", type_=slot_claims.c.desk.type),
        sa.bindparam("mine", type_=slot_claims.c.appointment_id.type),
        sa.bindparam("until", type_=UTCDateTime),
        sa.bindparam("timer", type_=UTCDateTime),
        sa.bindparam("latest", type_=UTCDateTime),
    )
    .columns(cell=sa.Integer)
)
"""In the words of both databases, because SQLAlchemy compiles ON CONFLICT anew each time: half the cost of a booking.

In order of cells, so that two who want overlapping times wait for each other in one direction only. Without ``WHERE
true`` SQLite takes ON CONFLICT for part of the query.
"""

_KEEP: Final = (
    sa.update(slot_claims)
    .where(slot_claims.c.appointment_id == sa.bindparam("mine"))
    .values(expires_at=sa.bindparam("until"))
)
_GIVE_BACK: Final = sa.delete(slot_claims).where(
    slot_claims.c.appointment_id == sa.bindparam("mine")
)
_GIVE_BACK_OTHERS: Final = _GIVE_BACK.where(
    sa.or_(
        slot_claims.c.desk != sa.bindparam("on_desk"),
        sa.not_(slot_claims.c.cell.between(sa.bindparam("first"), sa.bindparam("last"))),
    )
)


def free_places(
    connection: sa.Connection,
    step: Step,
    *,
    office: str,
    places: Sequence[str],
    start: datetime,
    minutes: int,
    appointment_id: str = "",
) -> list[str]:
    """Those of some places where nobody (else than this appointment) has any of the time."""
    wanted = cells(start, minutes)
    rows = connection.execute(
        _TAKEN,
        {
            "of_office": office,
            "first": wanted[0],
            "last": wanted[-1],
            "mine": appointment_id,
            **_times(step),
        },
    )
    taken = {row.desk for row in rows}
    return [place for place in places if place not in taken]


def take(
    connection: sa.Connection,
    step: Step,
    *,
    appointment_id: str,
    office: str,
    place: str,
    start: datetime,
    minutes: int,
    expires_at: datetime | None = None,
) -> bool:
    """Take the time of a place, or nothing of it if another transaction was faster.

    What the appointment had elsewhere it keeps until `give_back`. A claim of somebody that has run out is taken
    over, whoever forgot to clean up.

    Args:
        expires_at: when a hold runs out; None is for good.
    """
    wanted = cells(start, minutes)
    savepoint = connection.begin_nested()
    got = connection.execute(
        _TAKE,
        {
            "of_office": office,
            "on_desk": place,
            "mine": appointment_id,
            "until": expires_at,
            "first": wanted[0],
            "last": wanted[-1],
            **_times(step),
        },
    ).all()
    if len(got) == len(wanted):
        savepoint.commit()
        return True
    savepoint.rollback()
    return False


def keep(
    connection: sa.Connection, appointment_id: str, minutes: int, expires_at: datetime | None
) -> bool:
    """Give the claims of an appointment another end (None: for good); False if it has lost any of them."""
    kept = connection.execute(_KEEP, {"mine": appointment_id, "until": expires_at})
    return bool(kept.rowcount == minutes // CELL_MINUTES)


def give_back(connection: sa.Connection, appointment_id: str) -> None:
    """Give back all desk time of an appointment."""
    connection.execute(_GIVE_BACK, {"mine": appointment_id})


def give_back_others(
    connection: sa.Connection, appointment_id: str, place: str, start: datetime, minutes: int
) -> None:
    """Give back what an appointment has besides this time at this place."""
    wanted = cells(start, minutes)
    connection.execute(
        _GIVE_BACK_OTHERS,
        {"mine": appointment_id, "on_desk": place, "first": wanted[0], "last": wanted[-1]},
    )


def expiry(step: Step, hold_minutes: int) -> datetime:
    """When a hold made now runs out."""
    return step.timer + timedelta(minutes=hold_minutes)


def _times(step: Step) -> dict[str, datetime]:
    return {"timer": step.timer, "latest": step.timer + LONGEST_HOLD}

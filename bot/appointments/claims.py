"""Taking desk time: the only place that writes ``slot_claims``, whose primary key is what forbids double booking."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from bot.appointments.calendar import LONGEST_HOLD
from bot.appointments.history import Step
from bot.appointments.slots import cells
from bot.storage.appointment_tables import slot_claims
from bot.storage.upsert import insert


def claim(
    connection: sa.Connection,
    step: Step,
    *,
    appointment_id: str,
    office: str,
    places: Sequence[str],
    start: datetime,
    minutes: int,
    expires_at: datetime | None,
) -> str | None:
    """Take the time of the first place that is free for all of it; what the appointment had elsewhere is given back.

    A claim that has run out is taken over, whoever forgot to clean up. Nothing changes when no place is free.

    Returns:
        The place, or None.
    """
    wanted = list(cells(start, minutes))
    taken = _taken(connection, step, appointment_id, office, wanted)
    for place in places:
        if place in taken:
            continue
        if _take(connection, step, appointment_id, office, place, wanted, expires_at):
            return place
    return None


def release(connection: sa.Connection, appointment_id: str) -> None:
    """Give back all desk time of an appointment."""
    connection.execute(sa.delete(slot_claims).where(slot_claims.c.appointment_id == appointment_id))


def _taken(
    connection: sa.Connection, step: Step, appointment_id: str, office: str, wanted: list[int]
) -> set[str]:
    rows = connection.execute(
        sa.select(slot_claims.c.desk)
        .where(
            slot_claims.c.office == office,
            slot_claims.c.cell.between(wanted[0], wanted[-1]),
            slot_claims.c.appointment_id != appointment_id,
            sa.not_(_has_run_out(step)),
        )
        .distinct()
    )
    return {row.desk for row in rows}


def _take(
    connection: sa.Connection,
    step: Step,
    appointment_id: str,
    office: str,
    place: str,
    wanted: list[int],
    expires_at: datetime | None,
) -> bool:
    before = set(
        connection.execute(
            sa.select(slot_claims.c.desk, slot_claims.c.cell).where(
                slot_claims.c.appointment_id == appointment_id
            )
        ).tuples()
    )
    statement = insert(connection, slot_claims)
    # In order of cells, so that two who want overlapping times wait for each other in one direction only.
    statement = statement.values(
        [
            {
                "office": office,
                "desk": place,
                "cell": cell,
                "appointment_id": appointment_id,
                "expires_at": expires_at,
            }
            for cell in wanted
        ]
    )
    statement = statement.on_conflict_do_update(
        index_elements=["office", "desk", "cell"],
        set_={
            "appointment_id": statement.excluded.appointment_id,
            "expires_at": statement.excluded.expires_at,
        },
        where=sa.or_(slot_claims.c.appointment_id == appointment_id, _has_run_out(step)),
    ).returning(slot_claims.c.cell)
    got = {(place, cell) for cell in connection.execute(statement).scalars()}
    complete = len(got) == len(wanted)
    gone = before - got if complete else got - before
    for desk in {desk for desk, _ in gone}:
        connection.execute(
            sa.delete(slot_claims).where(
                slot_claims.c.appointment_id == appointment_id,
                slot_claims.c.desk == desk,
                slot_claims.c.cell.in_([cell for d, cell in gone if d == desk]),
            )
        )
    return complete


def _has_run_out(step: Step) -> sa.ColumnElement[bool]:
    return sa.and_(
        slot_claims.c.expires_at.is_not(None),
        sa.not_(slot_claims.c.expires_at.between(step.timer, step.timer + LONGEST_HOLD)),
    )


def expiry(step: Step, hold_minutes: int) -> datetime:
    """When a hold made now runs out."""
    return step.timer + timedelta(minutes=hold_minutes)

"""Rows of ``appointments`` and the desk time that goes with them: made, kept, moved, dropped. Rules are decided by others."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import uuid4

import sqlalchemy as sa

from bot.appointments import claims
from bot.appointments.calendar import HELD
from bot.appointments.codes import new_code
from bot.appointments.history import Step, record
from bot.appointments.rules import Service
from bot.appointments.slots import Agenda
from bot.storage.appointment_tables import appointments

_TIDY_MAX: Final = 500
_INSERT: Final = sa.insert(appointments).returning(appointments)
_CODE_IN_USE: Final = sa.select(appointments.c.id).where(
    appointments.c.code == sa.bindparam("wanted")
)


def new(
    connection: sa.Connection,
    step: Step,
    agenda: Agenda,
    service: Service,
    start: datetime,
    values: dict[str, Any],
) -> Any:
    """A new row that has its desk time, or None if there is none left."""
    office = agenda.office
    free = claims.free_places(
        connection,
        step,
        office=office.id,
        places=office.places(service),
        start=start,
        minutes=service.minutes,
    )
    if not free:
        return None
    row = connection.execute(
        _INSERT,
        {
            "id": uuid4().hex,
            "code": _free_code(connection),
            "office": office.id,
            "desk": free[0],
            "service": service.id,
            "starts_at": start,
            "minutes": service.minutes,
            "channel": step.channel,
            "conversation": step.conversation or None,
            "created_at": step.now,
            "changed_at": step.now,
            **values,
        },
    ).one()
    place = _take_first(connection, step, row, free)
    if place is None:
        connection.execute(sa.delete(appointments).where(appointments.c.id == row.id))
        return None
    return row if place == row.desk else update(connection, row.id, {"desk": place})


def _take_first(connection: sa.Connection, step: Step, row: Any, places: list[str]) -> str | None:
    for place in places:
        if claims.take(
            connection,
            step,
            appointment_id=row.id,
            office=row.office,
            place=place,
            start=row.starts_at,
            minutes=row.minutes,
            expires_at=row.expires_at,
        ):
            return place
    return None


def take_any(
    connection: sa.Connection,
    step: Step,
    agenda: Agenda,
    service: Service,
    appointment_id: str,
    start: datetime,
    before: str,
) -> str:
    """Take a time for good, at the desk it was ``before`` if that can be; "" if all are taken."""
    places = sorted(agenda.office.places(service), key=lambda place: place != before)
    free = claims.free_places(
        connection,
        step,
        office=agenda.office.id,
        places=places,
        start=start,
        minutes=service.minutes,
        appointment_id=appointment_id,
    )
    for place in free:
        if claims.take(
            connection,
            step,
            appointment_id=appointment_id,
            office=agenda.office.id,
            place=place,
            start=start,
            minutes=service.minutes,
        ):
            return place
    return ""


def held_longer(connection: sa.Connection, step: Step, agenda: Agenda, row: Any) -> bool:
    """Keep the slot that the conversation holds already for another while."""
    expires_at = claims.expiry(step, agenda.limits.hold_minutes)
    if not claims.keep(connection, row.id, row.minutes, expires_at):
        return False
    update(connection, row.id, {"expires_at": expires_at})
    return True


def drop_hold(connection: sa.Connection, step: Step, appointment_id: str) -> None:
    """Delete a hold; anything that was ever confirmed stays."""
    # The claims go with the row.
    gone = connection.execute(
        sa.delete(appointments).where(
            appointments.c.id == appointment_id, appointments.c.status == HELD
        )
    )
    if gone.rowcount:
        record(connection, step, "released", appointment_id)


def drop_expired_holds(connection: sa.Connection, step: Step) -> int:
    """Tidy up holds that ran out; they block nobody even before. Returns how many."""
    expired = connection.execute(
        sa.select(appointments.c.id)
        .where(appointments.c.status == HELD, appointments.c.expires_at < step.timer)
        .order_by(appointments.c.id)
        .limit(_TIDY_MAX)
        .with_for_update(skip_locked=True)
    ).scalars()
    ids = list(expired)
    for appointment_id in ids:
        drop_hold(connection, step, appointment_id)
    return len(ids)


def held_by(connection: sa.Connection, conversation: str) -> Any:
    """The hold of a conversation under lock, or None."""
    return connection.execute(
        sa.select(appointments)
        .where(appointments.c.conversation == conversation, appointments.c.status == HELD)
        .with_for_update()
    ).one_or_none()


def locked(connection: sa.Connection, appointment_id: str) -> Any:
    """A row under lock until the transaction ends, or None."""
    return connection.execute(
        sa.select(appointments).where(appointments.c.id == appointment_id).with_for_update()
    ).one_or_none()


def _free_code(connection: sa.Connection) -> str:
    while True:
        code = new_code()
        if connection.execute(_CODE_IN_USE, {"wanted": code}).scalar() is None:
            return code


def update(connection: sa.Connection, appointment_id: str, values: dict[str, Any]) -> Any:
    """Change a row; returns it as it is then."""
    return connection.execute(
        sa.update(appointments)
        .where(appointments.c.id == appointment_id)
        .values(**values)
        .returning(appointments)
    ).one()

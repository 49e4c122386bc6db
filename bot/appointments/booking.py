"""Booking: hold, confirm, cancel, move, outcome. Each function is one unit of work, whole or not at all.

Results are plain JSON (``Outcome``), so that they can be kept with the message that caused them. A refusal is a
result, never an exception; what is raised is a mistake of the caller (`UnknownChoice`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, Literal, TypedDict
from uuid import uuid4

import sqlalchemy as sa

from bot.appointments import claims, notices
from bot.appointments.calendar import (
    CONFIRMED,
    HELD,
    UnknownChoice,
    agenda_of,
    explained,
    free_in,
    local_iso,
    service_of,
)
from bot.appointments.codes import new_code
from bot.appointments.contacts import masked, person_key
from bot.appointments.history import Step, record
from bot.appointments.rules import Limits, Office, Service
from bot.appointments.slots import Agenda, nearest, refusal
from bot.clock import ROME
from bot.storage.appointment_tables import OPEN, appointments
from bot.storage.locks import lock_names
from knowledge.hours import OpeningHours

CANCELLED: Final = "cancelled"
COMPLETED: Final = "completed"
NO_SHOW: Final = "no_show"
_OWN_MAX: Final = 20
_TIDY_MAX: Final = 500


_INSERT: Final = sa.insert(appointments).returning(appointments)
_CODE_IN_USE: Final = sa.select(appointments.c.id).where(
    appointments.c.code == sa.bindparam("wanted")
)


def _open_and(condition: sa.ColumnElement[bool]) -> sa.ScalarSelect[Any]:
    return (
        sa.select(sa.func.count())
        .select_from(appointments)
        .where(
            condition,
            OPEN,
            appointments.c.status == CONFIRMED,
            appointments.c.starts_at > sa.bindparam("now"),
        )
        .scalar_subquery()
    )


_MINE: Final = appointments.c.contact == sa.bindparam("contact")
_OPEN_OF: Final = sa.select(
    _open_and(sa.and_(_MINE, appointments.c.person == sa.bindparam("person"))),
    _open_and(_MINE),
    _open_and(
        sa.and_(appointments.c.conversation == sa.bindparam("sender"), sa.bindparam("sender") != "")
    ),
)
"""Confirmed appointments to come of a person, of a contact, of a conversation."""

LimitKind = Literal["person", "contact", "sender"]


class AppointmentView(TypedDict):
    """What may be shown to whom the appointment belongs; times are local ISO, the contact is masked."""

    id: str
    code: str
    office: str
    office_name: str
    address: str
    service: str
    service_name: str
    bring: list[str]
    start: str
    duration_minutes: int
    status: str
    sequence: int
    contact: str


class Outcome(TypedDict, total=False):
    """What came of a step.

    ``outcome``: "held", "confirmed", "moved", "cancelled", "recorded", "released" when done; "taken" (somebody was
    faster, ``alternatives`` has up to three local ISO starts), "not_offered" (the rules forbid it: ``refusal`` as
    `why_not` gives it, and ``alternatives``), "limit" (``limit`` says of what, ``most`` how many), "gone" (no such
    hold or appointment, or it is cancelled), "over" (its time has passed). ``again`` when it had been done before.
    """

    outcome: str
    appointment: AppointmentView
    alternatives: list[str]
    refusal: dict[str, Any]
    limit: LimitKind
    most: int
    again: bool


def hold(
    connection: sa.Connection, step: Step, start: datetime, *, office: str = "", service: str = ""
) -> Outcome:
    """Keep a slot for the conversation while its citizen answers; what it held before is released.

    Outcomes: held, taken, not_offered. Raises UnknownChoice.
    """
    agenda = agenda_of(connection, office, step)
    chosen = service_of(agenda.office, service)
    refused = _refused(connection, step, agenda, chosen, start)
    if refused is not None:
        return refused
    if step.conversation:
        lock_names(connection, [f"conversation:{step.conversation}"])
        row = _held_by(connection, step.conversation)
        if row is not None:
            if _is_same_slot(row, agenda.office, chosen, start) and _held_longer(
                connection, step, agenda, row
            ):
                return {"outcome": "held", "appointment": _view(row, agenda), "again": True}
            _drop_hold(connection, step, row.id)
    expires_at = claims.expiry(step, agenda.limits.hold_minutes)
    values = {"status": HELD, "expires_at": expires_at}
    row = _new(connection, step, agenda, chosen, start, values)
    if row is None:
        return _taken(connection, step, agenda, chosen, start)
    record(connection, step, "held", row.id, start=local_iso(start), desk=row.desk)
    return {"outcome": "held", "appointment": _view(row, agenda), "again": False}


def release_hold(connection: sa.Connection, step: Step) -> Outcome:
    """Let go of what the conversation holds. Outcomes: released, gone."""
    lock_names(connection, [f"conversation:{step.conversation}"])
    row = _held_by(connection, step.conversation)
    if row is None:
        return {"outcome": "gone"}
    _drop_hold(connection, step, row.id)
    return {"outcome": "released"}


def confirm(
    connection: sa.Connection,
    step: Step,
    appointment_id: str,
    *,
    name: str,
    contact: str,
    reason: str = "",
) -> Outcome:
    """Turn a hold of the conversation into an appointment, with its confirmation and reminder in the same transaction.

    A hold that ran out is confirmed all the same while nobody has taken its time.

    Args:
        name, contact, reason: as `contacts` returned them.

    Outcomes: confirmed (``again`` if it was), taken, limit, gone.
    """
    _lock_person(connection, step, contact)
    row = _locked(connection, appointment_id)
    if row is None or not _is_own(row, step) or row.status not in (HELD, CONFIRMED):
        return {"outcome": "gone"}
    agenda = _agenda_of_row(connection, step, row)
    if row.status == CONFIRMED:
        return {"outcome": "confirmed", "appointment": _view(row, agenda), "again": True}
    if row.starts_at <= step.now:
        return {"outcome": "gone"}
    reached = _limit_reached(connection, step, agenda.limits, name=name, contact=contact)
    if reached is not None:
        return reached
    service = _service(agenda, row)
    place = row.desk
    if not claims.keep(connection, row.id, row.minutes, None):
        claims.give_back(connection, row.id)
        place = _take_any(connection, step, agenda, service, row.id, row.starts_at, row.desk)
    if not place:
        _drop_hold(connection, step, row.id)
        return _taken(connection, step, agenda, service, row.starts_at)
    values = {"desk": place, **_confirmed(step, name=name, contact=contact, reason=reason)}
    row = _update(connection, row.id, values)
    return _now_confirmed(connection, step, agenda, row)


def book(
    connection: sa.Connection,
    step: Step,
    start: datetime,
    *,
    name: str,
    contact: str,
    reason: str = "",
    office: str = "",
    service: str = "",
    beyond_limits: bool = False,
    at_the_desk: bool = False,
) -> Outcome:
    """Book in one step, without a hold.

    Args:
        name, contact, reason: as `contacts` returned them; who stands at the desk may leave no contact.
        beyond_limits: staff may give one person more than the limits allow.
        at_the_desk: as staff book (`slots.Agenda`).

    Outcomes: confirmed, taken, not_offered, limit. Raises UnknownChoice.
    """
    agenda = agenda_of(connection, office, step, at_the_desk=at_the_desk)
    chosen = service_of(agenda.office, service)
    refused = _refused(connection, step, agenda, chosen, start)
    if refused is None and not beyond_limits:
        _lock_person(connection, step, contact)
        refused = _limit_reached(connection, step, agenda.limits, name=name, contact=contact)
    if refused is not None:
        return refused
    values = _confirmed(step, name=name, contact=contact, reason=reason)
    row = _new(connection, step, agenda, chosen, start, values)
    if row is None:
        return _taken(connection, step, agenda, chosen, start)
    return _now_confirmed(connection, step, agenda, row)


def cancel(connection: sa.Connection, step: Step, appointment_id: str) -> Outcome:
    """Cancel a confirmed appointment. Outcomes: cancelled (``again`` if it was), gone, over."""
    row = _locked(connection, appointment_id)
    if row is None or row.status not in (CONFIRMED, CANCELLED):
        return {"outcome": "gone"}
    agenda = _agenda_of_row(connection, step, row)
    if row.status == CANCELLED:
        return {"outcome": "cancelled", "appointment": _view(row, agenda), "again": True}
    if row.starts_at <= step.now:
        return {"outcome": "over", "appointment": _view(row, agenda)}
    claims.give_back(connection, row.id)
    values = {"status": CANCELLED, "sequence": row.sequence + 1, "changed_at": step.now}
    row = _update(connection, row.id, values)
    record(connection, step, "cancelled", row.id, start=local_iso(row.starts_at))
    notices.queue_cancelled(connection, step, row)
    return {"outcome": "cancelled", "appointment": _view(row, agenda), "again": False}


def move(
    connection: sa.Connection,
    step: Step,
    appointment_id: str,
    start: datetime,
    *,
    at_the_desk: bool = False,
) -> Outcome:
    """Give a confirmed appointment another time; until that succeeds it keeps the one it has, and its code for ever.

    ``at_the_desk``: as staff book (`slots.Agenda`).

    Outcomes: moved (``again`` if it is there already), taken, not_offered, gone, over.
    """
    row = _locked(connection, appointment_id)
    if row is None or row.status != CONFIRMED:
        return {"outcome": "gone"}
    agenda = _agenda_of_row(connection, step, row)
    if row.starts_at <= step.now:
        return {"outcome": "over", "appointment": _view(row, agenda)}
    if row.starts_at == start:
        return {"outcome": "moved", "appointment": _view(row, agenda), "again": True}
    service = _service(agenda, row)
    offering = replace(agenda, at_the_desk=at_the_desk)
    refused = _refused(connection, step, offering, service, start)
    if refused is not None:
        return refused
    place = _take_any(connection, step, agenda, service, row.id, start, row.desk)
    if not place:
        return _taken(connection, step, agenda, service, start)
    claims.give_back_others(connection, row.id, place, start, service.minutes)
    was = local_iso(row.starts_at)
    values = {
        "starts_at": start,
        "minutes": service.minutes,
        "desk": place,
        "sequence": row.sequence + 1,
        "changed_at": step.now,
    }
    row = _update(connection, row.id, values)
    record(connection, step, "moved", row.id, was=was, start=local_iso(start), desk=place)
    notices.queue_moved(connection, step, agenda, row)
    return {"outcome": "moved", "appointment": _view(row, agenda), "again": False}


def record_visit(
    connection: sa.Connection,
    step: Step,
    appointment_id: str,
    status: Literal["completed", "no_show"],
) -> Outcome:
    """Say whether the citizen of a past appointment came. Outcomes: recorded, gone (also: not begun yet)."""
    row = _locked(connection, appointment_id)
    known = row is not None and row.status in (CONFIRMED, COMPLETED, NO_SHOW)
    if row is None or not known or row.starts_at > step.now:
        return {"outcome": "gone"}
    if row.status != status:
        row = _update(connection, row.id, {"status": status, "changed_at": step.now})
        record(connection, step, status, row.id)
    return {"outcome": "recorded", "appointment": viewed(connection, step, row)}


def open_appointments(connection: sa.Connection, step: Step) -> list[AppointmentView]:
    """Confirmed appointments to come of the conversation, the next first."""
    rows = connection.execute(
        sa.select(appointments)
        .where(
            appointments.c.conversation == step.conversation,
            appointments.c.status == CONFIRMED,
            appointments.c.starts_at > step.now,
        )
        .order_by(appointments.c.starts_at)
        .limit(_OWN_MAX)
    ).all()
    return views(connection, step, rows)


def held_start(connection: sa.Connection, step: Step) -> datetime | None:
    """The start that the conversation holds: free to it, though to nobody else."""
    starts_at: datetime | None = connection.execute(
        sa.select(appointments.c.starts_at).where(
            appointments.c.conversation == step.conversation,
            appointments.c.status == HELD,
            appointments.c.starts_at > step.now,
        )
    ).scalar()
    return starts_at


def viewed(connection: sa.Connection, step: Step, row: Any) -> AppointmentView:
    """The view of a row of ``appointments``; the caller has checked whose it is."""
    return _view(row, _agenda_of_row(connection, step, row))


def views(connection: sa.Connection, step: Step, rows: Sequence[Any]) -> list[AppointmentView]:
    """The views of several rows, in their order; each office is read once."""
    by_office = {row.office: row for row in rows}
    agendas = {key: _agenda_of_row(connection, step, row) for key, row in by_office.items()}
    return [_view(row, agendas[row.office]) for row in rows]


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
        _drop_hold(connection, step, appointment_id)
    return len(ids)


# How a slot is taken


def _refused(
    connection: sa.Connection, step: Step, agenda: Agenda, service: Service, start: datetime
) -> Outcome | None:
    why = refusal(agenda, service, step.now, start)
    if why is None:
        return None
    return {
        "outcome": "not_offered",
        "refusal": explained(agenda, step, why, start.astimezone(ROME).date()),
        "alternatives": _alternatives(connection, step, agenda, service, start),
    }


def _new(
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
    return row if place == row.desk else _update(connection, row.id, {"desk": place})


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


def _take_any(
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


def _held_longer(connection: sa.Connection, step: Step, agenda: Agenda, row: Any) -> bool:
    """Keep the slot that the conversation holds already for another while."""
    expires_at = claims.expiry(step, agenda.limits.hold_minutes)
    if not claims.keep(connection, row.id, row.minutes, expires_at):
        return False
    _update(connection, row.id, {"expires_at": expires_at})
    return True


def _drop_hold(connection: sa.Connection, step: Step, appointment_id: str) -> None:
    # The claims go with the row. Only a hold is ever deleted: what was confirmed stays.
    gone = connection.execute(
        sa.delete(appointments).where(
            appointments.c.id == appointment_id, appointments.c.status == HELD
        )
    )
    if gone.rowcount:
        record(connection, step, "released", appointment_id)


def _held_by(connection: sa.Connection, conversation: str) -> Any:
    return connection.execute(
        sa.select(appointments)
        .where(appointments.c.conversation == conversation, appointments.c.status == HELD)
        .with_for_update()
    ).one_or_none()


def _is_own(row: Any, step: Step) -> bool:
    return bool(row.conversation == (step.conversation or None))


def _is_same_slot(row: Any, office: Office, service: Service, start: datetime) -> bool:
    wanted = (office.id, service.id, start, service.minutes)
    return bool((row.office, row.service, row.starts_at, row.minutes) == wanted)


def _confirmed(step: Step, *, name: str, contact: str, reason: str) -> dict[str, Any]:
    return {
        "status": CONFIRMED,
        "expires_at": None,
        "name": name,
        "person": person_key(name),
        "contact": contact,
        "reason": reason,
        "changed_at": step.now,
    }


def _now_confirmed(connection: sa.Connection, step: Step, agenda: Agenda, row: Any) -> Outcome:
    record(connection, step, "confirmed", row.id, start=local_iso(row.starts_at), desk=row.desk)
    notices.queue_confirmed(connection, step, agenda, row)
    return {"outcome": "confirmed", "appointment": _view(row, agenda), "again": False}


# Limits


def _lock_person(connection: sa.Connection, step: Step, contact: str) -> None:
    lock_names(connection, [f"contact:{contact}", f"conversation:{step.conversation}"])


def _limit_reached(
    connection: sa.Connection, step: Step, limits: Limits, *, name: str, contact: str
) -> Outcome | None:
    numbers = connection.execute(
        _OPEN_OF,
        {
            "contact": contact,
            "person": person_key(name),
            "sender": step.conversation,
            "now": step.now,
        },
    ).one()
    most: list[tuple[LimitKind, int]] = [
        ("person", limits.open_per_person),
        ("contact", limits.open_per_contact),
        ("sender", limits.open_per_sender),
    ]
    for number, (kind, allowed) in zip(numbers, most, strict=True):
        if number >= allowed:
            return {"outcome": "limit", "limit": kind, "most": allowed}
    return None


# Rows


def _locked(connection: sa.Connection, appointment_id: str) -> Any:
    return connection.execute(
        sa.select(appointments).where(appointments.c.id == appointment_id).with_for_update()
    ).one_or_none()


def _free_code(connection: sa.Connection) -> str:
    while True:
        code = new_code()
        if connection.execute(_CODE_IN_USE, {"wanted": code}).scalar() is None:
            return code


def _update(connection: sa.Connection, appointment_id: str, values: dict[str, Any]) -> Any:
    return connection.execute(
        sa.update(appointments)
        .where(appointments.c.id == appointment_id)
        .values(**values)
        .returning(appointments)
    ).one()


def _agenda_of_row(connection: sa.Connection, step: Step, row: Any) -> Agenda:
    """The agenda of the office of a row; an office that the rules no longer name is shown by its id."""
    try:
        return agenda_of(connection, row.office, step)
    except UnknownChoice:
        return Agenda(Office.unknown(row.office), OpeningHours.none())


def _service(agenda: Agenda, row: Any) -> Service:
    """The service of a row; one that the rules no longer name keeps its length and is shown by its id."""
    return agenda.office.service(row.service) or Service.unknown(row.service, row.minutes)


def _view(row: Any, agenda: Agenda) -> AppointmentView:
    service = _service(agenda, row)
    return {
        "id": row.id,
        "code": row.code,
        "office": row.office,
        "office_name": agenda.office.name,
        "address": agenda.office.address,
        "service": row.service,
        "service_name": service.name,
        "bring": list(service.bring),
        "start": local_iso(row.starts_at),
        "duration_minutes": row.minutes,
        "status": row.status,
        "sequence": row.sequence,
        "contact": masked(row.contact),
    }


def _taken(
    connection: sa.Connection, step: Step, agenda: Agenda, service: Service, start: datetime
) -> Outcome:
    return {
        "outcome": "taken",
        "alternatives": _alternatives(connection, step, agenda, service, start),
    }


def _alternatives(
    connection: sa.Connection, step: Step, agenda: Agenda, service: Service, start: datetime
) -> list[str]:
    return [local_iso(slot) for slot in nearest(free_in(connection, step, agenda, service), start)]

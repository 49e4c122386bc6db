"""Booking: hold, confirm, cancel, move, outcome. Each function is one unit of work, whole or not at all.

Results are plain JSON (``Outcome``), so that they can be kept with the message that caused them. A refusal is a
result, never an exception; what is raised is a mistake of the caller (`UnknownChoice`).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, Literal, TypedDict
from uuid import uuid4

import sqlalchemy as sa

from bot.appointments import claims, notices
from bot.appointments.calendar import (
    CONFIRMED,
    HELD,
    agenda_of,
    explained,
    free_slots,
    local_iso,
    service_of,
    stored_rules,
)
from bot.appointments.codes import new_code
from bot.appointments.contacts import masked, person_key
from bot.appointments.history import SYSTEM, Step, record
from bot.appointments.rules import Office, Service
from bot.appointments.slots import nearest, refusal
from bot.clock import ROME
from bot.storage.appointment_tables import OPEN, appointments
from bot.storage.locks import lock_names
from bot.storage.upsert import insert

CANCELLED: Final = "cancelled"
COMPLETED: Final = "completed"
NO_SHOW: Final = "no_show"
_CODE_TRIES: Final = 8
_OWN_MAX: Final = 20

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
    why = refusal(agenda, chosen, step.now, start)
    if why is not None:
        day = start.astimezone(ROME).date()
        return {
            "outcome": "not_offered",
            "refusal": explained(agenda, step, why, day),
            "alternatives": _alternatives(connection, step, agenda.office, chosen, start),
        }
    if step.conversation:
        lock_names(connection, [f"conversation:{step.conversation}"])
        row = _held_by(connection, step.conversation)
        if row is not None and _is_same_slot(row, agenda.office, chosen, start):
            return _held_again(connection, step, agenda.office, chosen, row)
        if row is not None:
            _drop_hold(connection, step, row.id)
    return _new_hold(connection, step, agenda.office, chosen, start)


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
    beyond_limits: bool = False,
) -> Outcome:
    """Turn a hold into an appointment, with its confirmation and reminder in the same transaction.

    A hold that ran out is confirmed all the same while nobody has taken its time.

    Args:
        name, contact, reason: as `contacts` returned them.
        beyond_limits: staff may give one person more than the limits allow.

    Outcomes: confirmed (``again`` if it was), taken, limit, gone, not_offered.
    """
    lock_names(connection, [f"contact:{contact}", f"conversation:{step.conversation}"])
    row = _locked(connection, appointment_id)
    if row is None or row.status not in (HELD, CONFIRMED) or not _is_own(row, step):
        return {"outcome": "gone"}
    office, service = _choices(connection, row)
    if row.status == CONFIRMED:
        return {"outcome": "confirmed", "appointment": _view(row, office, service), "again": True}
    if row.starts_at <= step.now:
        return {"outcome": "gone"}
    if not beyond_limits:
        reached = _limit_reached(connection, step, name=name, contact=contact)
        if reached is not None:
            return reached
    place = claims.claim(
        connection,
        step,
        appointment_id=row.id,
        office=row.office,
        places=[row.desk, *_other_places(office, service, row.desk)],
        start=row.starts_at,
        minutes=row.minutes,
        expires_at=None,
    )
    if place is None:
        _drop_hold(connection, step, row.id)
        return _taken(connection, step, office, service, row.starts_at)
    values = {
        "status": CONFIRMED,
        "desk": place,
        "expires_at": None,
        "name": name,
        "person": person_key(name),
        "contact": contact,
        "reason": reason,
        "changed_at": step.now,
    }
    row = _update(connection, row.id, values)
    record(connection, step, "confirmed", row.id, start=local_iso(row.starts_at), desk=place)
    notices.queue_confirmed(connection, step, row)
    return {"outcome": "confirmed", "appointment": _view(row, office, service), "again": False}


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
) -> Outcome:
    """Hold and confirm in one step. Outcomes: confirmed, taken, not_offered, limit. Raises UnknownChoice."""
    held = hold(connection, step, start, office=office, service=service)
    if held["outcome"] != "held":
        return held
    appointment_id = held["appointment"]["id"]
    outcome = confirm(
        connection,
        step,
        appointment_id,
        name=name,
        contact=contact,
        reason=reason,
        beyond_limits=beyond_limits,
    )
    if outcome["outcome"] == "limit":
        _drop_hold(connection, step, appointment_id)
    return outcome


def cancel(connection: sa.Connection, step: Step, appointment_id: str) -> Outcome:
    """Cancel a confirmed appointment. Outcomes: cancelled (``again`` if it was), gone, over."""
    row = _locked(connection, appointment_id)
    if row is None or row.status not in (CONFIRMED, CANCELLED):
        return {"outcome": "gone"}
    office, service = _choices(connection, row)
    if row.status == CANCELLED:
        return {"outcome": "cancelled", "appointment": _view(row, office, service), "again": True}
    if row.starts_at <= step.now:
        return {"outcome": "over", "appointment": _view(row, office, service)}
    claims.release(connection, row.id)
    values = {"status": CANCELLED, "sequence": row.sequence + 1, "changed_at": step.now}
    row = _update(connection, row.id, values)
    record(connection, step, "cancelled", row.id, start=local_iso(row.starts_at))
    notices.queue_cancelled(connection, step, row)
    return {"outcome": "cancelled", "appointment": _view(row, office, service), "again": False}


def move(connection: sa.Connection, step: Step, appointment_id: str, start: datetime) -> Outcome:
    """Give a confirmed appointment another time; until that succeeds it keeps the one it has, and its code for ever.

    Outcomes: moved (``again`` if it is there already), taken, not_offered, gone, over.
    """
    row = _locked(connection, appointment_id)
    if row is None or row.status != CONFIRMED:
        return {"outcome": "gone"}
    agenda = agenda_of(connection, row.office, step)
    office, service = _choices(connection, row)
    if row.starts_at <= step.now:
        return {"outcome": "over", "appointment": _view(row, office, service)}
    if row.starts_at == start:
        return {"outcome": "moved", "appointment": _view(row, office, service), "again": True}
    why = refusal(agenda, service, step.now, start)
    if why is not None:
        return {
            "outcome": "not_offered",
            "refusal": explained(agenda, step, why, start.astimezone(ROME).date()),
            "alternatives": _alternatives(connection, step, office, service, start),
        }
    place = claims.claim(
        connection,
        step,
        appointment_id=row.id,
        office=row.office,
        places=[*_same_place(office, service, row.desk), *_other_places(office, service, row.desk)],
        start=start,
        minutes=service.minutes,
        expires_at=None,
    )
    if place is None:
        return _taken(connection, step, office, service, start)
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
    notices.queue_moved(connection, step, row)
    return {"outcome": "moved", "appointment": _view(row, office, service), "again": False}


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
    office, service = _choices(connection, row)
    if row.status != status:
        row = _update(connection, row.id, {"status": status, "changed_at": step.now})
        record(connection, step, status, row.id)
    return {"outcome": "recorded", "appointment": _view(row, office, service)}


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
    return [_view(row, *_choices(connection, row)) for row in rows]


def viewed(connection: sa.Connection, row: Any) -> AppointmentView:
    """The view of a row of ``appointments``; the caller has checked whose it is."""
    return _view(row, *_choices(connection, row))


def drop_expired_holds(connection: sa.Connection, step: Step) -> int:
    """Tidy up holds that ran out; they block nobody even before. Returns how many."""
    rows = connection.execute(
        sa.select(appointments.c.id)
        .where(appointments.c.status == HELD, appointments.c.expires_at < step.timer)
        .order_by(appointments.c.id)
        .limit(500)
        .with_for_update(skip_locked=True)
    ).scalars()
    dropped = 0
    for appointment_id in rows.all():
        _drop_hold(connection, step.later(who=SYSTEM), appointment_id)
        dropped += 1
    return dropped


# How a slot is kept


def _new_hold(
    connection: sa.Connection, step: Step, office: Office, service: Service, start: datetime
) -> Outcome:
    expires_at = claims.expiry(step, stored_rules(connection).limits.hold_minutes)
    row = _insert(
        connection,
        {
            "id": uuid4().hex,
            "office": office.id,
            "desk": "",
            "service": service.id,
            "starts_at": start,
            "minutes": service.minutes,
            "status": HELD,
            "expires_at": expires_at,
            "channel": step.channel,
            "conversation": step.conversation or None,
            "created_at": step.now,
            "changed_at": step.now,
        },
    )
    place = claims.claim(
        connection,
        step,
        appointment_id=row.id,
        office=office.id,
        places=office.places(service),
        start=start,
        minutes=service.minutes,
        expires_at=expires_at,
    )
    if place is None:
        connection.execute(sa.delete(appointments).where(appointments.c.id == row.id))
        return _taken(connection, step, office, service, start)
    row = _update(connection, row.id, {"desk": place})
    record(connection, step, "held", row.id, start=local_iso(start), desk=place)
    return {"outcome": "held", "appointment": _view(row, office, service)}


def _held_again(
    connection: sa.Connection, step: Step, office: Office, service: Service, row: Any
) -> Outcome:
    """The slot that the conversation holds already: it is kept for another while."""
    expires_at = claims.expiry(step, stored_rules(connection).limits.hold_minutes)
    place = claims.claim(
        connection,
        step,
        appointment_id=row.id,
        office=office.id,
        places=[row.desk, *_other_places(office, service, row.desk)],
        start=row.starts_at,
        minutes=row.minutes,
        expires_at=expires_at,
    )
    if place is None:
        _drop_hold(connection, step, row.id)
        return _taken(connection, step, office, service, row.starts_at)
    row = _update(connection, row.id, {"desk": place, "expires_at": expires_at})
    return {"outcome": "held", "appointment": _view(row, office, service), "again": True}


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
    return bool(
        row.office == office.id
        and row.service == service.id
        and row.starts_at == start
        and row.minutes == service.minutes
    )


def _same_place(office: Office, service: Service, desk: str) -> list[str]:
    return [place for place in office.places(service) if place == desk]


def _other_places(office: Office, service: Service, desk: str) -> list[str]:
    return [place for place in office.places(service) if place != desk]


# Limits


def _limit_reached(
    connection: sa.Connection, step: Step, *, name: str, contact: str
) -> Outcome | None:
    limits = stored_rules(connection).limits
    mine = appointments.c.contact == contact
    counts: list[tuple[LimitKind, sa.ColumnElement[bool], int]] = [
        (
            "person",
            sa.and_(mine, appointments.c.person == person_key(name)),
            limits.open_per_person,
        ),
        ("contact", mine, limits.open_per_contact),
    ]
    if step.conversation:
        sender = appointments.c.conversation == step.conversation
        counts.append(("sender", sender, limits.open_per_sender))
    for kind, condition, most in counts:
        number = connection.execute(
            sa.select(sa.func.count())
            .select_from(appointments)
            .where(
                condition,
                OPEN,
                appointments.c.status == CONFIRMED,
                appointments.c.starts_at > step.now,
            )
        ).scalar_one()
        if number >= most:
            return {"outcome": "limit", "limit": kind, "most": most}
    return None


# Rows


def _locked(connection: sa.Connection, appointment_id: str) -> Any:
    return connection.execute(
        sa.select(appointments).where(appointments.c.id == appointment_id).with_for_update()
    ).one_or_none()


def _insert(connection: sa.Connection, values: dict[str, Any]) -> Any:
    for _ in range(_CODE_TRIES):
        row = connection.execute(
            insert(connection, appointments)
            .values(**values, code=new_code())
            .on_conflict_do_nothing(index_elements=["code"])
            .returning(appointments)
        ).one_or_none()
        if row is not None:
            return row
    raise RuntimeError("no free code found")


def _update(connection: sa.Connection, appointment_id: str, values: dict[str, Any]) -> Any:
    return connection.execute(
        sa.update(appointments)
        .where(appointments.c.id == appointment_id)
        .values(**values)
        .returning(appointments)
    ).one()


def _choices(connection: sa.Connection, row: Any) -> tuple[Office, Service]:
    """Office and service of a row; what the rules no longer name is shown by its id."""
    office = stored_rules(connection).office(row.office)
    if office is None:
        office = Office.model_construct(
            id=row.office, name=row.office, address="", contact="", hours="", desks=[], services=[]
        )
    service = office.service(row.service) if row.service else None
    if service is None:
        service = Service.model_construct(
            id=row.service, name=row.service, minutes=row.minutes, bring=[], desks=[]
        )
    return office, service


def _view(row: Any, office: Office, service: Service) -> AppointmentView:
    return {
        "id": row.id,
        "code": row.code,
        "office": row.office,
        "office_name": office.name,
        "address": office.address,
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
    connection: sa.Connection, step: Step, office: Office, service: Service, start: datetime
) -> Outcome:
    return {
        "outcome": "taken",
        "alternatives": _alternatives(connection, step, office, service, start),
    }


def _alternatives(
    connection: sa.Connection, step: Step, office: Office, service: Service, start: datetime
) -> list[str]:
    free = free_slots(connection, step, office=office.id, service=service.id)
    return [local_iso(slot) for slot in nearest(free, start)]

"""Booking: hold, confirm, cancel, move, outcome. Each function is one unit of work, whole or not at all.

Results are plain JSON (``Outcome``), so that they can be kept with the message that caused them. A refusal is a
result, never an exception; what is raised is a mistake of the caller (`UnknownChoice`).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any, Final, Literal, TypedDict

import sqlalchemy as sa

from bot.appointments import claims, notices, rows
from bot.appointments.calendar import (
    CONFIRMED,
    HELD,
    agenda_of,
    explained,
    free_in,
    local_iso,
    service_of,
)
from bot.appointments.contacts import person_key
from bot.appointments.history import Step, record
from bot.appointments.person_limits import LimitKind, limit_reached, lock_person
from bot.appointments.rules import Office, Service
from bot.appointments.slots import Agenda, nearest, refusal
from bot.appointments.views import AppointmentView, agenda_of_row, service_of_row, view_of, viewed
from bot.clock import ROME
from bot.storage.locks import lock_names

CANCELLED: Final = "cancelled"
COMPLETED: Final = "completed"
NO_SHOW: Final = "no_show"


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
        row = rows.held_by(connection, step.conversation)
        if row is not None:
            if _is_same_slot(row, agenda.office, chosen, start) and rows.held_longer(
                connection, step, agenda, row
            ):
                return {"outcome": "held", "appointment": view_of(row, agenda), "again": True}
            rows.drop_hold(connection, step, row.id)
    expires_at = claims.expiry(step, agenda.limits.hold_minutes)
    values = {"status": HELD, "expires_at": expires_at}
    row = rows.new(connection, step, agenda, chosen, start, values)
    if row is None:
        return _taken(connection, step, agenda, chosen, start)
    record(connection, step, "held", row.id, start=local_iso(start), desk=row.desk)
    return {"outcome": "held", "appointment": view_of(row, agenda), "again": False}


def release_hold(connection: sa.Connection, step: Step) -> Outcome:
    """Let go of what the conversation holds. Outcomes: released, gone."""
    lock_names(connection, [f"conversation:{step.conversation}"])
    row = rows.held_by(connection, step.conversation)
    if row is None:
        return {"outcome": "gone"}
    rows.drop_hold(connection, step, row.id)
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
    lock_person(connection, step, contact)
    row = rows.locked(connection, appointment_id)
    if row is None or not _is_own(row, step) or row.status not in (HELD, CONFIRMED):
        return {"outcome": "gone"}
    agenda = agenda_of_row(connection, step, row)
    if row.status == CONFIRMED:
        return {"outcome": "confirmed", "appointment": view_of(row, agenda), "again": True}
    if row.starts_at <= step.now:
        return {"outcome": "gone"}
    reached = limit_reached(connection, step, agenda.limits, name=name, contact=contact)
    if reached is not None:
        return _over_limit(*reached)
    service = service_of_row(agenda, row)
    place = row.desk
    if not claims.keep(connection, row.id, row.minutes, None):
        claims.give_back(connection, row.id)
        place = rows.take_any(connection, step, agenda, service, row.id, row.starts_at, row.desk)
    if not place:
        rows.drop_hold(connection, step, row.id)
        return _taken(connection, step, agenda, service, row.starts_at)
    values = {"desk": place, **_confirmed(step, name=name, contact=contact, reason=reason)}
    row = rows.update(connection, row.id, values)
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
        lock_person(connection, step, contact)
        reached = limit_reached(connection, step, agenda.limits, name=name, contact=contact)
        refused = _over_limit(*reached) if reached else None
    if refused is not None:
        return refused
    values = _confirmed(step, name=name, contact=contact, reason=reason)
    row = rows.new(connection, step, agenda, chosen, start, values)
    if row is None:
        return _taken(connection, step, agenda, chosen, start)
    return _now_confirmed(connection, step, agenda, row)


def cancel(connection: sa.Connection, step: Step, appointment_id: str) -> Outcome:
    """Cancel a confirmed appointment. Outcomes: cancelled (``again`` if it was), gone, over."""
    row = rows.locked(connection, appointment_id)
    if row is None or row.status not in (CONFIRMED, CANCELLED):
        return {"outcome": "gone"}
    agenda = agenda_of_row(connection, step, row)
    if row.status == CANCELLED:
        return {"outcome": "cancelled", "appointment": view_of(row, agenda), "again": True}
    if row.starts_at <= step.now:
        return {"outcome": "over", "appointment": view_of(row, agenda)}
    claims.give_back(connection, row.id)
    values = {"status": CANCELLED, "sequence": row.sequence + 1, "changed_at": step.now}
    row = rows.update(connection, row.id, values)
    record(connection, step, "cancelled", row.id, start=local_iso(row.starts_at))
    notices.queue_cancelled(connection, step, row)
    return {"outcome": "cancelled", "appointment": view_of(row, agenda), "again": False}


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
    row = rows.locked(connection, appointment_id)
    if row is None or row.status != CONFIRMED:
        return {"outcome": "gone"}
    agenda = agenda_of_row(connection, step, row)
    if row.starts_at <= step.now:
        return {"outcome": "over", "appointment": view_of(row, agenda)}
    if row.starts_at == start:
        return {"outcome": "moved", "appointment": view_of(row, agenda), "again": True}
    service = service_of_row(agenda, row)
    offering = replace(agenda, at_the_desk=at_the_desk)
    refused = _refused(connection, step, offering, service, start)
    if refused is not None:
        return refused
    place = rows.take_any(connection, step, agenda, service, row.id, start, row.desk)
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
    row = rows.update(connection, row.id, values)
    record(connection, step, "moved", row.id, was=was, start=local_iso(start), desk=place)
    notices.queue_moved(connection, step, agenda, row)
    return {"outcome": "moved", "appointment": view_of(row, agenda), "again": False}


def record_visit(
    connection: sa.Connection,
    step: Step,
    appointment_id: str,
    status: Literal["completed", "no_show"],
) -> Outcome:
    """Say whether the citizen of a past appointment came. Outcomes: recorded, gone (also: not begun yet)."""
    row = rows.locked(connection, appointment_id)
    known = row is not None and row.status in (CONFIRMED, COMPLETED, NO_SHOW)
    if row is None or not known or row.starts_at > step.now:
        return {"outcome": "gone"}
    if row.status != status:
        row = rows.update(connection, row.id, {"status": status, "changed_at": step.now})
        record(connection, step, status, row.id)
    return {"outcome": "recorded", "appointment": viewed(connection, step, row)}


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
    return {"outcome": "confirmed", "appointment": view_of(row, agenda), "again": False}


def _over_limit(kind: LimitKind, most: int) -> Outcome:
    return {"outcome": "limit", "limit": kind, "most": most}


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

"""Reading the agenda of an office: rules, closures and what is taken. Each function is one unit of work that reads."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, Final

import sqlalchemy as sa

from bot.appointments.history import Step, record
from bot.appointments.rules import HOLD_MAX_MINUTES, BookingRules, Office, Service
from bot.appointments.slots import (
    Agenda,
    Closing,
    Refusal,
    Taken,
    free_of,
    offered_slots,
    refusal,
    refusal_of_day,
    slots_of_day,
)
from bot.clock import ROME
from bot.storage.appointment_tables import OPEN, appointments, booking_closures, booking_rules
from bot.storage.tables_knowledge import knowledge_items
from bot.storage.upsert import insert
from knowledge.hours import OpeningHours
from knowledge.rows import HOURS_ITEM, rank
from knowledge.schema import HoursData

HELD: Final = "held"
CONFIRMED: Final = "confirmed"
_RULES: Final = "all"
_LONGEST: Final = timedelta(hours=8)
_CONFLICTS_MAX: Final = 1_000
_NO_HOURS: Final = '{"offices": []}'

LONGEST_HOLD: Final = timedelta(minutes=HOLD_MAX_MINUTES)
"""A hold that ends later than this from now was made before the clock was set back: it counts as expired."""

_STORED: Final = sa.union_all(
    sa.select(
        sa.literal("rules").label("kind"), sa.literal("").label("origin"), booking_rules.c.data
    ).where(booking_rules.c.id == _RULES),
    sa.select(sa.literal("hours"), knowledge_items.c.origin, knowledge_items.c.data).where(
        knowledge_items.c.id == HOURS_ITEM
    ),
)
_CLOSURES: Final = (
    sa.select(booking_closures)
    .where(
        booking_closures.c.office == sa.bindparam("office"),
        booking_closures.c.ends_at > sa.bindparam("today"),
    )
    .order_by(booking_closures.c.starts_at)
    .limit(_CONFLICTS_MAX)
)

_TAKEN: Final = (
    sa.select(
        appointments.c.starts_at,
        appointments.c.minutes,
        sa.func.aggregate_strings(appointments.c.desk, ",").label("desks"),
    )
    .where(
        appointments.c.office == sa.bindparam("office"),
        OPEN,
        appointments.c.starts_at > sa.bindparam("after"),
        appointments.c.starts_at < sa.bindparam("before"),
        sa.or_(
            appointments.c.expires_at.is_(None),
            appointments.c.expires_at.between(sa.bindparam("timer"), sa.bindparam("latest")),
        ),
    )
    .group_by(appointments.c.starts_at, appointments.c.minutes)
)


@dataclass(frozen=True)
class Booked:
    """A confirmed appointment that the present rules would not offer any more."""

    code: str
    office: str
    start: datetime
    end: datetime
    why: str


class UnknownChoice(LookupError):
    """No such office or service."""


def load_rules(connection: sa.Connection, rules: BookingRules, step: Step) -> bool:
    """Store the rules if they differ from the stored ones; returns whether they did. Appointments stay as they are."""
    data = rules.model_dump_json()
    digest = hashlib.sha256(data.encode()).hexdigest()
    stored = connection.execute(sa.select(booking_rules.c.digest)).scalar()
    if stored == digest:
        return False
    values = {"data": data, "digest": digest}
    statement = insert(connection, booking_rules).values(id=_RULES, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=values))
    record(connection, step, "rules_changed", digest=digest[:12])
    return True


def stored_rules(connection: sa.Connection) -> BookingRules:
    """The rules in force. Raises UnknownChoice if none were loaded yet."""
    return _rules_and_hours(connection)[0]


def agenda_of(
    connection: sa.Connection, office_id: str, step: Step, *, at_the_desk: bool = False
) -> Agenda:
    """An office with its rules, hours and closures from today on. Raises UnknownChoice."""
    rules, hours = _rules_and_hours(connection)
    office = rules.office(office_id)
    if office is None:
        raise UnknownChoice("office")
    agenda = _agenda(connection, rules, hours, office, step)
    return replace(agenda, at_the_desk=True) if at_the_desk else agenda


def service_of(office: Office, service_id: str) -> Service:
    """A service of an office. Raises UnknownChoice."""
    service = office.service(service_id)
    if service is None:
        raise UnknownChoice("service")
    return service


def free_slots(
    connection: sa.Connection,
    step: Step,
    *,
    office: str = "",
    service: str = "",
    first: date | None = None,
    last: date | None = None,
    at_the_desk: bool = False,
) -> list[datetime]:
    """Starts that can be booked now, in Europe/Rome, oldest first.

    Args:
        office: id; "" is the first office.
        service: id; "" is the first service of the office.
        first: earliest day; the notice may make it later.
        last: last day, included; the horizon may make it earlier.
        at_the_desk: as staff book (`slots.Agenda`).

    Raises:
        UnknownChoice: no such office or service.
    """
    agenda = agenda_of(connection, office, step, at_the_desk=at_the_desk)
    chosen = service_of(agenda.office, service)
    return free_in(connection, step, agenda, chosen, first=first, last=last)


def free_in(
    connection: sa.Connection,
    step: Step,
    agenda: Agenda,
    service: Service,
    *,
    first: date | None = None,
    last: date | None = None,
) -> list[datetime]:
    """`free_slots` of an agenda that has been read already."""
    offered = list(offered_slots(agenda, service, step.now, first=first, last=last))
    return _still_free(connection, step, agenda.office, service, offered)


def why_not(
    connection: sa.Connection,
    step: Step,
    start: datetime | date,
    *,
    office: str = "",
    service: str = "",
) -> dict[str, Any] | None:
    """Why a time, or a whole day, cannot be booked, or None if it can.

    Returns:
        ``{"why": Refusal, "closed_because": str, "first_day": ISO, "last_day": ISO}``; ``closed_because`` is the
        Italian name of the holiday or closure.
    """
    agenda = agenda_of(connection, office, step)
    chosen = service_of(agenda.office, service)
    why: Refusal | None
    if isinstance(start, datetime):
        day = start.astimezone(ROME).date()
        why = refusal(agenda, chosen, step.now, start)
        wanted = [start.astimezone(ROME)]
    else:
        day = start
        why = refusal_of_day(agenda, chosen, step.now, day)
        wanted = [] if why else [s for s in slots_of_day(agenda, chosen, day) if s > step.now]
    if why is None:
        if _still_free(connection, step, agenda.office, chosen, wanted):
            return None
        why = "full"
    return explained(agenda, step, why, day)


def explained(agenda: Agenda, step: Step, why: Refusal, day: date) -> dict[str, Any]:
    """A refusal with what is needed to tell it."""
    today = step.now.astimezone(ROME).date()
    return {
        "why": why,
        "closed_because": agenda.closed_because(day),
        "first_day": agenda.first_day(today).isoformat(),
        "last_day": agenda.last_day(today).isoformat(),
    }


def close_period(
    connection: sa.Connection,
    step: Step,
    starts_at: datetime,
    ends_at: datetime,
    reason: str,
    *,
    office: str = "",
) -> dict[str, Any]:
    """Close an office for a period; booked appointments stay, and those in conflict are listed.

    Returns:
        ``{"id": int, "conflicts": [codes]}``.
    """
    chosen = agenda_of(connection, office, step).office
    closure_id = connection.execute(
        sa.insert(booking_closures)
        .values(
            office=chosen.id,
            starts_at=starts_at,
            ends_at=ends_at,
            reason=reason,
            created_at=step.now,
        )
        .returning(booking_closures.c.id)
    ).scalar_one()
    record(
        connection,
        step,
        "closed",
        closure=closure_id,
        office=chosen.id,
        starts_at=starts_at.isoformat(),
        ends_at=ends_at.isoformat(),
        reason=reason,
    )
    booked = conflicts(connection, step, office=chosen.id)
    hit = [b.code for b in booked if b.start < ends_at and starts_at < b.end]
    return {"id": int(closure_id), "conflicts": hit}


def reopen(connection: sa.Connection, step: Step, closure_id: int) -> bool:
    """Take a closure back; False if there is none of that number."""
    gone = connection.execute(
        sa.delete(booking_closures).where(booking_closures.c.id == closure_id)
    )
    if gone.rowcount:
        record(connection, step, "reopened", closure=closure_id)
    return bool(gone.rowcount)


def closures(connection: sa.Connection, step: Step) -> list[dict[str, Any]]:
    """Closures that are not over: ``id, office, start, end, reason``, local ISO times."""
    rows = connection.execute(
        sa.select(booking_closures)
        .where(booking_closures.c.ends_at > step.now)
        .order_by(booking_closures.c.starts_at)
        .limit(_CONFLICTS_MAX)
    )
    return [
        {
            "id": row.id,
            "office": row.office,
            "start": local_iso(row.starts_at),
            "end": local_iso(row.ends_at),
            "reason": row.reason,
        }
        for row in rows
    ]


def conflicts(connection: sa.Connection, step: Step, *, office: str = "") -> list[Booked]:
    """Confirmed appointments to come that the present rules and closures would not offer, oldest first."""
    rules, hours = _rules_and_hours(connection)
    condition = [appointments.c.status == CONFIRMED, appointments.c.starts_at > step.now]
    if office:
        condition.append(appointments.c.office == office)
    rows = connection.execute(
        sa.select(appointments)
        .where(*condition)
        .order_by(appointments.c.starts_at)
        .limit(_CONFLICTS_MAX)
    ).all()
    agendas = {o.id: _agenda(connection, rules, hours, o, step) for o in rules.offices}
    found = []
    for row in rows:
        why = _conflict(agendas.get(row.office), row)
        if why:
            end = row.starts_at + timedelta(minutes=row.minutes)
            found.append(Booked(row.code, row.office, row.starts_at, end, why))
    return found


def local_iso(moment: datetime) -> str:
    """Local date and time as the command line shows and takes it: "2026-11-26T10:30"."""
    return moment.astimezone(ROME).strftime("%Y-%m-%dT%H:%M")


def _still_free(
    connection: sa.Connection,
    step: Step,
    office: Office,
    service: Service,
    slots: Sequence[datetime],
) -> list[datetime]:
    """Those of some slots, in order of time, that nobody has taken."""
    if not slots:
        return []
    taken = _taken(connection, step, office.id, slots[0], slots[-1] + _LONGEST)
    return free_of(slots, service.minutes, office.places(service), taken)


def _conflict(agenda: Agenda | None, row: Any) -> str:
    if agenda is None:
        return "office"
    service = agenda.office.service(row.service)
    if service is None:
        return "service"
    start = row.starts_at.astimezone(ROME)
    if row.desk not in agenda.office.places(service):
        return "desk"
    # What was booked keeps its length: only then can a changed service not move the end.
    booked = service.model_copy(update={"minutes": row.minutes})
    if start in slots_of_day(agenda, booked, start.date()):
        return ""
    if agenda.closed_because(start.date()):
        return "closed"
    begin, end = row.starts_at, row.starts_at + timedelta(minutes=row.minutes)
    covered = any(c.starts_at < end and begin < c.ends_at for c in agenda.closings)
    return "closed" if covered else "outside_hours"


def _agenda(
    connection: sa.Connection, rules: BookingRules, hours: OpeningHours, office: Office, step: Step
) -> Agenda:
    today = datetime.combine(step.now.astimezone(ROME).date(), time.min, ROME)
    rows = connection.execute(_CLOSURES, {"office": office.id, "today": today})
    closings = tuple(Closing(row.starts_at, row.ends_at, row.reason) for row in rows)
    return Agenda(office, hours, closings, rules.limits, rules.reminders)


def _rules_and_hours(connection: sa.Connection) -> tuple[BookingRules, OpeningHours]:
    rows = sorted(connection.execute(_STORED), key=lambda row: rank(row.origin))
    stored = {row.kind: row.data for row in rows}
    if "rules" not in stored:
        raise UnknownChoice("rules")
    return _parsed_rules(stored["rules"]), _parsed_hours(stored.get("hours", _NO_HOURS))


def _taken(
    connection: sa.Connection, step: Step, office: str, first: datetime, last: datetime
) -> list[Taken]:
    rows = connection.execute(
        _TAKEN,
        {
            "office": office,
            "after": first - _LONGEST,
            "before": last,
            "timer": step.timer,
            "latest": step.timer + LONGEST_HOLD,
        },
    )
    return [Taken(row.starts_at, row.minutes, frozenset(row.desks.split(","))) for row in rows]


@lru_cache(maxsize=4)
def _parsed_rules(data: str) -> BookingRules:
    return BookingRules.model_validate_json(data)


@lru_cache(maxsize=4)
def _parsed_hours(data: str) -> OpeningHours:
    return OpeningHours(HoursData.model_validate(json.loads(data)))

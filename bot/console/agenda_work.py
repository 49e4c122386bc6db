"""What staff do with appointments: the units of `bot.appointments`, each with its line in the audit log."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Concatenate, ParamSpec

import sqlalchemy as sa

from bot.appointments import agenda, booking, calendar, notices
from bot.appointments.codes import shown
from bot.appointments.history import Step, history_of
from bot.appointments.rules import BookingRules, Office
from bot.appointments.texts import spoken_start
from bot.clock import Clock
from bot.console import agenda_entries
from bot.console.agenda_entries import Entry
from bot.console.agenda_grid import Grid, day_grid, desk_of, week_grid
from bot.console.pages import text
from bot.storage import audit, office_mails, outbox
from bot.storage.appointment_tables import appointments
from bot.storage.staff import Account

P = ParamSpec("P")


@dataclass(frozen=True)
class Agenda:
    """What the page of a day or week shows; ``moving`` is the appointment that looks for another time."""

    rules: BookingRules
    office: Office
    grid: Grid
    closures: list[dict[str, Any]]
    moving: Entry | None


def step_of(clock: Clock, account: Account, conversation: str = "", channel: str = "desk") -> Step:
    """A step of this member of staff; ``channel`` says how the citizen came (desk, phone, or that of a conversation)."""
    return Step.at(clock, channel, who=f"operator:{account.id}", conversation=conversation)


def view(
    connection: sa.Connection,
    step: Step,
    *,
    office: str,
    desk: str,
    first: date,
    count: int,
    moving: str = "",
) -> Agenda:
    """The grid of some days of an office (an unknown one is the first), of one desk or of all.

    What can still be booked is shown for the first service, or for the service of the appointment that moves.
    """
    rules = calendar.stored_rules(connection)
    chosen = rules.office(office) or rules.offices[0]
    moved = agenda_entries.find(connection, moving) if moving else None
    if moved is not None and rules.office(moved.office) is not None:
        chosen = rules.office(moved.office) or chosen
    service = moved.service if moved and chosen.service(moved.service) else ""
    last = first + timedelta(days=count - 1)
    plan = calendar.agenda_of(connection, chosen.id, step, at_the_desk=True)
    free = calendar.free_in(
        connection, step, plan, calendar.service_of(chosen, service), first=first, last=last
    )
    entries = agenda_entries.between(connection, chosen.id, first, count)
    if desk:
        entries = [entry for entry in entries if desk_of(entry.desk) == desk]
    days = [first + timedelta(days=number) for number in range(count)]
    notes = {day: plan.closed_because(day) for day in days}
    if count == 1:
        grid = day_grid(chosen, first, entries, free, notes[first])
    else:
        grid = week_grid(days, entries, free, notes)
    return Agenda(rules, chosen, grid, calendar.closures(connection, step), moved)


def opened(
    connection: sa.Connection, step: Step, account: Account, appointment_id: str
) -> tuple[Entry, list[dict[str, Any]]] | None:
    """One appointment with its history; looking goes into the log."""
    entry = agenda_entries.find(connection, appointment_id)
    if entry is None:
        return None
    _audit(connection, account, "appointment_read", appointment_id, step.now)
    return entry, history_of(connection, appointment_id)


def reveal_contact(
    connection: sa.Connection, step: Step, account: Account, appointment_id: str
) -> str | None:
    """The whole contact; reading it goes into the log."""
    contact = connection.execute(
        sa.select(appointments.c.contact).where(appointments.c.id == appointment_id)
    ).scalar()
    if contact is None:
        return None
    _audit(connection, account, "contact_revealed", appointment_id, step.now)
    return str(contact)


def audited(
    connection: sa.Connection,
    step: Step,
    account: Account,
    action: str,
    unit: Callable[Concatenate[sa.Connection, Step, P], booking.Outcome],
    *args: P.args,
    **kwargs: P.kwargs,
) -> booking.Outcome:
    """Run a change of an appointment with its line in the log, if it changed something."""
    outcome = unit(connection, step, *args, **kwargs)
    found = outcome.get("appointment")
    if found is not None and not outcome.get("again"):
        _audit(connection, account, action, found["id"], step.now)
    return outcome


def move(
    connection: sa.Connection, step: Step, account: Account, appointment_id: str, start: datetime
) -> tuple[booking.Outcome, bool]:
    """Give an appointment another time; also returns whether the citizen is told without being called."""
    outcome = audited(
        connection,
        step,
        account,
        "appointment_moved",
        booking.move,
        appointment_id,
        start,
        at_the_desk=True,
    )
    return outcome, _told(connection, step, outcome, "moved")


def cancel(
    connection: sa.Connection, step: Step, account: Account, appointment_id: str
) -> tuple[booking.Outcome, bool]:
    """Cancel an appointment; also returns whether the citizen is told without being called."""
    outcome = audited(
        connection, step, account, "appointment_cancelled", booking.cancel, appointment_id
    )
    return outcome, _told(connection, step, outcome, "cancelled")


def _told(connection: sa.Connection, step: Step, outcome: booking.Outcome, kind: str) -> bool:
    """Tell the chat of a change, where that is the way to the citizen; mails are queued with the change itself."""
    found = outcome.get("appointment")
    if outcome["outcome"] != kind or found is None:
        return False
    row = connection.execute(sa.select(appointments).where(appointments.c.id == found["id"])).one()
    via = notices.way_to(row)
    if via == notices.CHAT and not outcome.get("again"):
        words = text(
            f"agenda_{kind}_for_you",
            when=spoken_start(found["start"]),
            office=found["office_name"],
            address=found["address"],
            code=shown(found["code"]),
        )
        _say(connection, step, row.conversation, words, f"{kind}:{row.id}:{row.sequence}")
    return bool(via)


def _say(
    connection: sa.Connection, step: Step, conversation: str, words: str, once_key: str
) -> None:
    custom = {"status": "staff", "topic": "appuntamenti", "records": []}
    outbox.send(
        connection,
        conversation_id=conversation,
        author=outbox.SYSTEM,
        message={"text": words, "custom": custom},
        now=step.now,
        once_key=once_key,
    )


def close(
    connection: sa.Connection,
    step: Step,
    account: Account,
    *,
    office: str,
    starts_at: datetime,
    ends_at: datetime,
    reason: str,
) -> list[str]:
    """Close an office for a period; returns the codes of those who are booked then."""
    closed = calendar.close_period(connection, step, starts_at, ends_at, reason, office=office)
    _audit(connection, account, "agenda_closed", closed["id"], step.now)
    return [shown(code) for code in closed["conflicts"]]


def reopen(connection: sa.Connection, step: Step, account: Account, closure: int) -> bool:
    """Take a closure back; False if it is not there."""
    if not calendar.reopen(connection, step, closure):
        return False
    _audit(connection, account, "agenda_reopened", closure, step.now)
    return True


def tell_affected(
    connection: sa.Connection,
    step: Step,
    account: Account,
    *,
    chosen: Collection[str],
    subject: str,
    words: str,
    key: str,
) -> list[Entry]:
    """Write to those of the affected who were chosen, by chat or mail; returns those who can only be called.

    The same form sent twice writes once.
    """
    unreachable = []
    for entry in agenda_entries.affected(connection, step):
        if entry.id not in chosen:
            continue
        row = connection.execute(sa.select(appointments).where(appointments.c.id == entry.id)).one()
        via, once_key = notices.way_to(row), f"closure:{key}:{entry.id}"
        if via == notices.CHAT:
            _say(connection, step, row.conversation, words, once_key)
        elif via == notices.EMAIL:
            office_mails.queue(
                connection,
                appointment_id=entry.id,
                subject=subject,
                body=words,
                once_key=once_key,
                now=step.now,
            )
        else:
            unreachable.append(entry)
            continue
        _audit(connection, account, "appointment_told", entry.id, step.now)
    return unreachable


def make_feed(connection: sa.Connection, step: Step, account: Account) -> str:
    """A new secret address of the calendar feed; the old one ends."""
    secret = agenda.make_feed(connection, step)
    _audit(connection, account, "agenda_feed", "", step.now)
    return secret


def _audit(
    connection: sa.Connection, account: Account, action: str, subject: object, now: datetime
) -> None:
    audit.record(
        connection,
        now=now,
        staff_id=account.id,
        action=action,
        subject_kind="appointment",
        subject_id=subject,
    )

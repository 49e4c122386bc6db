"""Effects of the appointment form: each happens once for a message, and its result is stored with it."""

from __future__ import annotations

import json
from datetime import datetime
from functools import partial
from typing import Any, Final

import sqlalchemy as sa

from actions.appointment_state import SERVICE, FormTurn
from bot.appointments import access, booking
from bot.appointments.booking import Outcome
from bot.appointments.calendar import local_iso, why_not
from bot.appointments.dialogue import planner
from bot.appointments.history import Step
from bot.storage.tables import outbound

REMINDER: Final = "reminder"
"""Status of the message that reminds of an appointment."""


async def hold(turn: FormTurn, start: datetime) -> Outcome:
    """Keep a slot for the citizen."""
    unit = partial(
        booking.hold,
        step=turn.step,
        start=start,
        office=turn.slots[planner.OFFICE] or "",
        service=turn.slots[SERVICE] or "",
    )
    outcome: Outcome = await turn.context.once(
        f"hold:{local_iso(start)}:{turn.slots[SERVICE] or ''}", unit
    )
    return outcome


async def release(turn: FormTurn) -> None:
    """Let go of what is held."""
    await turn.context.once("release", partial(booking.release_hold, step=turn.step))


async def confirm(turn: FormTurn) -> Outcome:
    """Turn the hold into an appointment; a hold that was tidied away meanwhile is taken again, if it can."""
    unit = partial(
        _confirm,
        step=turn.step,
        held=turn.talk["held"],
        start=turn.start,
        office=turn.slots[planner.OFFICE] or "",
        service=turn.slots[SERVICE] or "",
        person={
            "name": turn.slots[planner.NAME],
            "contact": turn.slots[planner.CONTACT],
            "reason": turn.slots[planner.REASON] or "",
        },
    )
    outcome: Outcome = await turn.context.once("confirm", unit)
    return outcome


def _confirm(
    connection: sa.Connection,
    step: Step,
    held: str,
    start: datetime | None,
    office: str,
    service: str,
    person: dict[str, str],
) -> Outcome:
    outcome = booking.confirm(connection, step, held, **person)
    if outcome["outcome"] != "gone" or start is None:
        return outcome
    again = booking.hold(connection, step, start, office=office, service=service)
    if again["outcome"] != "held":
        return again
    return booking.confirm(connection, step, again["appointment"]["id"], **person)


async def move(turn: FormTurn, appointment_id: str, start: datetime) -> Outcome:
    """Give an appointment another time."""
    unit = partial(booking.move, step=turn.step, appointment_id=appointment_id, start=start)
    outcome: Outcome = await turn.context.once("move", unit)
    return outcome


async def cancel(turn: FormTurn, appointment_id: str) -> Outcome:
    """Cancel an appointment."""
    unit = partial(booking.cancel, step=turn.step, appointment_id=appointment_id)
    outcome: Outcome = await turn.context.once("cancel", unit)
    return outcome


async def find(turn: FormTurn, code: str) -> access.Found:
    """The appointment of a code; wrong tries are counted."""
    unit = partial(access.find_by_code, step=turn.step, text=code)
    found: access.Found = await turn.context.once("code", unit)
    return found


async def refusal_of(turn: FormTurn, when: Any) -> dict[str, Any] | None:
    """Why a day (a date) or a moment cannot be had."""
    found: dict[str, Any] | None = await turn.context.read(
        partial(
            why_not,
            step=turn.step,
            start=when,
            office=turn.slots[planner.OFFICE] or "",
            service=turn.slots[SERVICE] or "",
        )
    )
    return found


async def reminded_of(turn: FormTurn) -> str:
    """Id of the appointment of which the last message to the citizen reminded, "" if it was another message."""
    if not turn.context.has_database:
        return ""
    unit = partial(_reminded, conversation_id=turn.context.conversation_id)
    return str(await turn.context.read(unit))


def _reminded(connection: sa.Connection, conversation_id: str) -> str:
    payload = connection.execute(
        sa.select(outbound.c.payload)
        .where(outbound.c.conversation_id == conversation_id)
        .order_by(outbound.c.seq.desc())
        .limit(1)
    ).scalar()
    custom = json.loads(payload).get("custom") or {} if payload else {}
    return str(custom.get("appointment", "")) if custom.get("status") == REMINDER else ""

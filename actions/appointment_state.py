"""What the appointment form knows: its slots, and one turn's view of them that collects what changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, Final

import sqlalchemy as sa
from rasa_sdk import Tracker
from rasa_sdk.events import SlotSet

from actions.context import ActionContext, current_context
from bot.appointments.calendar import UnknownChoice, agenda_of, free_in, service_of, stored_rules
from bot.appointments.dialogue import planner
from bot.appointments.history import Step
from bot.appointments.rules import Limits, Office, Service
from bot.appointments.views import AppointmentView, held_start, open_appointments
from bot.clock import ROME

FORM: Final = "appointment_form"
TOPIC: Final = "urp-appuntamento"
STATUS: Final = "appointment"
"""Status of what the booking dialogue says; what came of it has a status of its own."""

TASK: Final = "appointment_task"
SERVICE: Final = "appointment_service"
TALK: Final = "appointment_talk"
OUTCOME: Final = "appointment_outcome"
SLOTS: Final = (
    TASK,
    planner.WHICH,
    planner.OFFICE,
    SERVICE,
    planner.START,
    planner.REASON,
    planner.NAME,
    planner.CONTACT,
    planner.CONFIRMED,
    TALK,
    OUTCOME,
)


@dataclass(frozen=True)
class Overview:
    """What the database says at the beginning of a turn: one read."""

    offices: tuple[Office, ...]
    office: Office
    limits: Limits
    free: tuple[datetime, ...]
    own: tuple[AppointmentView, ...]

    @property
    def services(self) -> Sequence[Service]:
        """What one can come for."""
        return self.office.services


def overview(connection: sa.Connection, step: Step, office: str, service: str) -> Overview:
    """Offices, free slots of the chosen service, and the conversation's appointments. An unknown choice is the first."""
    rules = stored_rules(connection)
    try:
        agenda = agenda_of(connection, office, step)
        chosen = service_of(agenda.office, service)
    except UnknownChoice:
        agenda = agenda_of(connection, "", step)
        chosen = service_of(agenda.office, "")
    free = free_in(connection, step, agenda, chosen)
    held = held_start(connection, step)
    if held is not None and held not in free:
        # Also when the turn that held it is done again after a crash.
        free = sorted([*free, held.astimezone(ROME)])
    return Overview(
        tuple(rules.offices),
        agenda.office,
        rules.limits,
        tuple(free),
        tuple(open_appointments(connection, step)),
    )


@dataclass
class FormTurn:
    """The form's slots during one turn; ``notices`` are said before the next question."""

    context: ActionContext
    tracker: Tracker
    slots: dict[str, Any]
    changed: set[str] = field(default_factory=set)
    notices: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, tracker: Tracker) -> FormTurn:
        """The turn of a tracker; a form that begins knows nothing yet."""
        is_active = (tracker.active_loop or {}).get("name") == FORM
        slots = {name: tracker.get_slot(name) if is_active else None for name in SLOTS}
        turn = cls(current_context(), tracker, slots)
        if not is_active:
            turn.changed.update(SLOTS)
        return turn

    @property
    def asked(self) -> str:
        """The slot that was asked for, "" while the form begins."""
        return str(self.tracker.get_slot("requested_slot") or "")

    @property
    def task(self) -> str:
        """What is being done."""
        return str(self.slots[TASK] or planner.BOOK)

    @property
    def talk(self) -> dict[str, Any]:
        """What was proposed and held; see `remember_talk`."""
        return dict(self.slots[TALK] or {})

    @property
    def offered(self) -> list[datetime]:
        """The times that were proposed last."""
        return [local(start) for start in self.talk.get("offered", ())]

    @property
    def start(self) -> datetime | None:
        """The chosen time."""
        return local(self.slots[planner.START]) if self.slots[planner.START] else None

    @property
    def step(self) -> Step:
        """This turn's step, for units of work."""
        return step_of(self.context, self.tracker)

    def put(self, slot: str, value: Any) -> None:
        """Change a slot."""
        self.slots[slot] = value
        self.changed.add(slot)

    def remember_talk(self, **changes: Any) -> None:
        """Change what is remembered besides the answers.

        ``offered`` (local ISO times), ``mode`` (how they are proposed), ``wish``, ``held`` (id), ``tries`` (bad answers in
        a row), ``choices`` (ids of the appointments asked about).
        """
        self.put(TALK, {**self.talk, **changes})

    def finish(self, kind: str, **what: Any) -> None:
        """End the form with an outcome for `action_end_appointment`."""
        self.put(OUTCOME, {"kind": kind, **what})

    def forget(self) -> None:
        """Begin anew."""
        for slot in SLOTS:
            self.put(slot, None)

    async def overview(self) -> Overview:
        """Read what this turn needs."""
        office, service = self.slots[planner.OFFICE] or "", self.slots[SERVICE] or ""
        found: Overview = await self.context.read(
            partial(overview, step=self.step, office=office, service=service)
        )
        return found

    def events(self) -> list[Any]:
        """What the form is to take over: changed slots and the next question."""
        asked = None if self.slots[OUTCOME] else planner.next_question(self.task, self.slots)
        self.changed.add(TALK)
        return [
            *(SlotSet(slot, self.slots[slot]) for slot in SLOTS if slot in self.changed),
            SlotSet("requested_slot", asked),
        ]


def local(start: str) -> datetime:
    """A local ISO time of a slot as an aware moment."""
    return datetime.fromisoformat(start).replace(tzinfo=ROME)


def step_of(context: ActionContext, tracker: Tracker) -> Step:
    """A step of the citizen of this conversation."""
    conversation = context.conversation_id or str(tracker.sender_id)[:32]
    return Step.at(context.clock, context.channel, conversation=conversation)


def emptied_appointment() -> list[Any]:
    """Events that make the form forget everything."""
    return [SlotSet(name, None) for name in SLOTS]

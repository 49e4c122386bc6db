"""The booking rules of an office, as data: windows, desks, services, notice, horizon, limits.

The windows say when the assistant may offer a desk. They are not published opening hours and are never shown as such.
"""

from __future__ import annotations

from datetime import time
from itertools import pairwise
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from knowledge.schema import Span, Weekday
from knowledge.schema_base import Identifier, Item, Line

CELL_MINUTES: Final = 5
"""The grain of desk time: every start and duration is a multiple of it."""

HOLD_MAX_MINUTES: Final = 30
"""Under the hour by which a system clock may jump: a hold that seems to last longer has run out."""


def _on_grid(minutes: int) -> int:
    if minutes % CELL_MINUTES:
        raise ValueError(f"{minutes} non è un multiplo di {CELL_MINUTES} minuti")
    return minutes


def _span_on_grid(span: str) -> str:
    for part in span.split("-"):
        _on_grid(time.fromisoformat(part).minute)
    return span


Minutes = Annotated[int, Field(ge=CELL_MINUTES, le=480), AfterValidator(_on_grid)]
Window = Annotated[Span, AfterValidator(_span_on_grid)]
Sentence = Annotated[str, StringConstraints(min_length=3, max_length=300, strip_whitespace=True)]


class Desk(Item):
    """A place that receives; ``capacity`` people at the same time."""

    id: Identifier
    capacity: int = Field(1, ge=1, le=50)


class Service(Item):
    """What one comes for: how long it takes, what to bring, which desks do it (all, if none is named)."""

    id: Identifier
    name: Line
    minutes: Minutes
    bring: list[Sentence] = Field(default_factory=list)
    desks: list[Identifier] = Field(default_factory=list)

    @classmethod
    def unknown(cls, service_id: str, minutes: int) -> Service:
        """A service that was booked and is not offered any more."""
        return cls.model_construct(
            id=service_id, name=service_id, minutes=minutes, bring=[], desks=[]
        )


class Office(Item):
    """An office that can be booked. ``hours`` names the office of hours.yml whose closures hold here."""

    id: Identifier
    name: Line
    address: Line
    contact: Line
    hours: Identifier
    desks: list[Desk] = Field(min_length=1, max_length=200)
    weekly: dict[Weekday, list[Window]]
    slot_minutes: Minutes
    notice_working_days: int = Field(1, ge=0, le=30)
    horizon_days: int = Field(60, ge=1, le=366)
    services: list[Service] = Field(min_length=1)

    @model_validator(mode="after")
    def _fits_together(self) -> Office:
        for kind, ids in (
            ("desk", [desk.id for desk in self.desks]),
            ("service", [service.id for service in self.services]),
        ):
            if len(set(ids)) != len(ids):
                raise ValueError(f"un id è usato due volte ({kind})")
        desks = {desk.id for desk in self.desks}
        for service in self.services:
            if unknown := set(service.desks) - desks:
                raise ValueError(
                    f"il servizio «{service.id}» nomina uno sportello che non c'è: «{min(unknown)}»"
                )
        for day, windows in self.weekly.items():
            ordered = sorted(window.split("-") for window in windows)
            for (_, closes), (opens, _) in pairwise(ordered):
                if opens < closes:
                    raise ValueError(f"due fasce si sovrappongono ({day})")
        return self

    @classmethod
    def unknown(cls, office_id: str) -> Office:
        """An office where something was booked and that does not receive any more."""
        return cls.model_construct(
            id=office_id,
            name=office_id,
            address="",
            contact="",
            hours=office_id,
            desks=[],
            weekly={},
            slot_minutes=CELL_MINUTES,
            notice_working_days=0,
            horizon_days=0,
            services=[],
        )

    def service(self, service_id: str) -> Service | None:
        """The service of that id; "" means the first."""
        if not service_id and self.services:
            return self.services[0]
        return next((service for service in self.services if service.id == service_id), None)

    def places(self, service: Service) -> tuple[str, ...]:
        """Every seat that serves a service: desk ids, and "desk.2" and so on where more sit at a desk."""
        return tuple(
            desk.id if seat == 1 else f"{desk.id}.{seat}"
            for desk in self.desks
            if not service.desks or desk.id in service.desks
            for seat in range(1, desk.capacity + 1)
        )


class Limits(Item):
    """What one person may take, how long a chosen slot is kept, how often a code may be wrong."""

    open_per_person: int = Field(2, ge=1, le=100)
    open_per_contact: int = Field(4, ge=1, le=100)
    open_per_sender: int = Field(4, ge=1, le=100)
    hold_minutes: int = Field(10, ge=1, le=HOLD_MAX_MINUTES)
    wrong_codes_per_sender: int = Field(5, ge=1, le=100)
    wrong_codes_overall: int = Field(60, ge=1, le=100_000)
    wrong_codes_minutes: int = Field(15, ge=1, le=1_440)

    @classmethod
    def usual(cls) -> Limits:
        """The limits of who chooses none."""
        return cls.model_validate({})


class Reminders(Item):
    """When people are reminded: at ``at`` on the working day before, never outside ``between``."""

    at: Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] = "10:00"
    between: Span = "09:00-20:00"

    @model_validator(mode="after")
    def _allowed(self) -> Reminders:
        opens, closes = self.between.split("-")
        if not opens <= self.at < closes:
            raise ValueError(f"«at» ({self.at}) è fuori da «between» ({self.between})")
        return self

    @classmethod
    def usual(cls) -> Reminders:
        """The hours of who chooses none."""
        return cls.model_validate({})


class BookingRules(Item):
    """Everything that can be chosen about booking."""

    offices: list[Office] = Field(min_length=1)
    limits: Limits = Field(default_factory=Limits.usual)
    reminders: Reminders = Field(default_factory=Reminders.usual)

    @model_validator(mode="after")
    def _unique(self) -> BookingRules:
        ids = [office.id for office in self.offices]
        if len(set(ids)) != len(ids):
            raise ValueError("un id di ufficio è usato due volte")
        return self

    def office(self, office_id: str) -> Office | None:
        """The office of that id; "" means the first."""
        if not office_id:
            return self.offices[0]
        return next((office for office in self.offices if office.id == office_id), None)


Status = Literal["held", "confirmed", "cancelled", "completed", "no_show"]

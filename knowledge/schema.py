"""Shapes of the knowledge: what a record, a fact, a source, a municipality, a zone, an offer may hold.

Validated when content is loaded; a wrong field is reported with file, field and remedy (`ContentError`).
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

Facet = Literal[
    "what",
    "who",
    "audience",
    "how",
    "needed",
    "cost",
    "time",
    "contacts",
    "where",
    "hours",
    "law",
    "history",
    "numbers",
    "aims",
    "instruments",
    "office",
    "members",
]
Kind = Literal["service", "project", "office", "zone_topic", "work", "function", "referral"]
Status = Literal["confirmed", "to_confirm"]
Level = Literal["comunale", "provinciale", "metropolitano", "regionale", "statale", "altro"]

Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
Line = Annotated[str, StringConstraints(min_length=1, max_length=120, strip_whitespace=True)]
Sentence = Annotated[str, StringConstraints(min_length=10, max_length=420, strip_whitespace=True)]


Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
_HOUR = r"([01]\d|2[0-3]):[0-5]\d"


def _ordered(span: str) -> str:
    opens, closes = span.split("-")
    if opens >= closes:
        raise ValueError(f"'{span}' ends before it begins")
    return span


Span = Annotated[str, StringConstraints(pattern=rf"^{_HOUR}-{_HOUR}$"), AfterValidator(_ordered)]
MonthDay = Annotated[str, StringConstraints(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$")]


class Item(BaseModel):
    """Base of everything stored: unknown fields are errors, values cannot change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(Item):
    """Where a fact was read. ``date`` is as precise as the source: "2024-07-25", "2024-07", "2024" or none."""

    title: Line
    reference: str | None = None
    date: Annotated[str, StringConstraints(pattern=r"^\d{4}(-\d{2}(-\d{2})?)?$")] | None = None


class Statement(Item):
    """A text that an answer may give, with its source and whether somebody must still confirm it."""

    text: Sentence
    source: str
    status: Status = "confirmed"


class Fact(Statement):
    """One askable fact of a record.

    ``ask`` are ways in which citizens ask for exactly this fact; ``places`` are the municipalities (by name) or
    zones ("zona:nord-ovest", or "altri-comuni" for all but Milano) that the fact is about, if not about all.
    """

    id: Identifier
    facet: Facet
    ask: list[Line] = Field(min_length=1)
    places: list[Line] = Field(default_factory=list)


class Record(Item):
    """A topic: a service, an office, a project. Its id is the topic id used in the training data."""

    id: Identifier
    kind: Kind
    title: Annotated[str, StringConstraints(min_length=3, max_length=60)]
    names: list[Line] = Field(min_length=1)
    level: Level
    body: Line
    office: str | None = None
    summary: Statement
    facts: list[Fact] = Field(default_factory=list)
    next: list[Identifier] = Field(default_factory=list, max_length=3)
    verified_on: date | None = None
    verified_by: str | None = None

    @property
    def question(self) -> str:
        """What a button that leads here says in the citizen's place: a plain question."""
        return f"Parlami di: {self.title}"


class Comune(Item):
    """A municipality of the metropolitan city. ``zone`` is empty for Milano, which is outside the zones."""

    istat: str
    name: Line
    zone: str
    cap: str
    belfiore: str
    population: int
    variants: list[Line] = Field(default_factory=list)


class Zone(Item):
    """A zona omogenea with the sizes given by ``source`` (inhabitants and km² of 2016-2017)."""

    id: Identifier
    name: Line
    municipalities: int
    inhabitants: int
    km2: float
    source: str
    names: list[Line]


class OutsideTowns(Item):
    """Towns of one province outside the metropolitan city."""

    province: Line
    towns: list[Line]


class Term(Item):
    """A word of a gazetteer (a trade, a contract, a level of government) with the ways of saying it."""

    id: Identifier
    names: list[Line] = Field(min_length=1)


class Offer(Item):
    """A job offer. ``sample`` offers are made up, always announced as such, never shown in public."""

    codice: Line
    titolo: Line
    mestiere: Identifier
    comune: Line
    contratto: list[Identifier]
    orario: str = ""
    posti: int = 1
    descrizione: str = ""
    pubblicata: date
    scade: date
    come_candidarsi: str = ""
    azienda: str = ""
    sample: bool = False


class OfficeHours(Item):
    """Weekly hours of one office or contact. Days are English names; a span is "10:00-12:00"."""

    id: Identifier
    name: Line
    contact: Line
    source: str
    weekly: dict[Weekday, list[Span]] = Field(default_factory=dict)
    by_appointment: list[Weekday] = Field(default_factory=list)


class Closure(Item):
    """A period in which an office is closed, both days included."""

    first: date
    last: date
    reason: Line
    offices: list[Identifier] = Field(default_factory=list)

    @model_validator(mode="after")
    def _in_order(self) -> Closure:
        if self.first > self.last:
            raise ValueError(f"begins on {self.first}, after its end")
        return self


class HoursData(Item):
    """All opening hours, extraordinary closures, and days whose closure is only inferred ("MM-DD")."""

    offices: list[OfficeHours]
    closures: list[Closure] = Field(default_factory=list)
    unconfirmed_closures: list[MonthDay] = Field(default_factory=list)

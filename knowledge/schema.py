"""Shapes of the knowledge: what a record, a fact, a source, a municipality, a zone, an offer may hold.

Validated when content is loaded; a wrong field is reported with file, line, field and remedy (`ContentError`).
docs/knowledge-schema.md describes every field for editors.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from knowledge.schema_base import (
    LINE_MAX_CHARS,
    TITLE_MAX_CHARS,
    EmailAddress,
    Identifier,
    Item,
    Line,
    Sentence,
    WebAddress,
)
from knowledge.schema_kinds import (
    ContactPoint,
    FunctionDetails,
    JobCentreDetails,
    OfficeDetails,
    ProjectDetails,
    QuestionDetails,
    ServiceDetails,
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
Kind = Literal[
    "service",
    "project",
    "office",
    "job_centre",
    "zone_topic",
    "work",
    "function",
    "referral",
    "qa",
]
Confidence = Literal["high", "medium", "low"]
Status = Literal["confirmed", "to_confirm"]
Level = Literal["comunale", "provinciale", "metropolitano", "regionale", "statale", "altro"]

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
_HOUR = r"([01]\d|2[0-3]):[0-5]\d"


def _ordered(span: str) -> str:
    opens, closes = span.split("-")
    if opens >= closes:
        raise ValueError(f"«{span}» finisce prima di cominciare")
    return span


ShortText = Annotated[str, StringConstraints(max_length=300, strip_whitespace=True)]
LongText = Annotated[str, StringConstraints(max_length=5_000, strip_whitespace=True)]
Span = Annotated[str, StringConstraints(pattern=rf"^{_HOUR}-{_HOUR}$"), AfterValidator(_ordered)]
MonthDay = Annotated[str, StringConstraints(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$")]


class Source(Item):
    """Where a fact was read. ``date`` is as precise as the source: "2024-07-25", "2024-07", "2024" or none."""

    title: Line
    reference: str | None = None
    date: Annotated[str, StringConstraints(pattern=r"^\d{4}(-\d{2}(-\d{2})?)?$")] | None = None


Title = Annotated[
    str, StringConstraints(min_length=3, max_length=TITLE_MAX_CHARS, strip_whitespace=True)
]
DETAILS_OF_KIND: Final[dict[Kind, str]] = {
    "service": "service",
    "office": "office_details",
    "job_centre": "job_centre",
    "function": "function",
    "project": "project",
    "qa": "qa",
}
"""Field of a record that holds the typed details of its kind."""


class Statement(Item):
    """A text that an answer may give, with its source and whether somebody must still confirm it.

    Outside ``valid_from``–``valid_to`` (both included) it is told as past, or as still to come.
    """

    text: Sentence
    source: str
    status: Status = "confirmed"
    valid_from: date | None = None
    valid_to: date | None = None

    @model_validator(mode="after")
    def _valid_in_order(self) -> Statement:
        if self.valid_from and self.valid_to and self.valid_from > self.valid_to:
            raise ValueError("valid_to viene prima di valid_from")
        return self


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
    """A topic: a service, an office, a project. Its id is the topic id used in the training data.

    Outside ``valid_from``–``valid_to`` (both included) a record is not shown. After ``review_by``, or with a low
    ``confidence``, its facts are given with the advice to confirm them.
    """

    id: Identifier
    kind: Kind
    title: Title
    names: list[Line] = Field(min_length=1)
    level: Level
    body: Line
    office: str | None = None
    summary: Statement
    facts: list[Fact] = Field(default_factory=list)
    next: list[Identifier] = Field(default_factory=list, max_length=3)
    verified_on: date | None = None
    verified_by: Line | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    review_by: date | None = None
    confidence: Confidence = "high"
    contact_points: list[ContactPoint] = Field(default_factory=list)
    service: ServiceDetails | None = None
    office_details: OfficeDetails | None = None
    job_centre: JobCentreDetails | None = None
    function: FunctionDetails | None = None
    project: ProjectDetails | None = None
    qa: QuestionDetails | None = None

    @model_validator(mode="after")
    def _details_of_its_own_kind(self) -> Record:
        for kind, name in DETAILS_OF_KIND.items():
            if getattr(self, name) is not None and self.kind != kind:
                raise ValueError(f"«{name}» si usa solo con kind: {kind}")
        if self.valid_from and self.valid_to and self.valid_from > self.valid_to:
            raise ValueError("valid_to viene prima di valid_from")
        return self

    def is_valid(self, today: date) -> bool:
        """Whether the record may be shown on a day."""
        begun = self.valid_from is None or self.valid_from <= today
        return begun and (self.valid_to is None or today <= self.valid_to)

    def as_given_on(self, today: date) -> Record:
        """The record as answers give it on a day: past its review, or little trusted, nothing in it is certain."""
        overdue = self.review_by is not None and self.review_by < today
        if not overdue and self.confidence != "low":
            return self
        doubt: dict[str, Status] = {"status": "to_confirm"}
        return self.model_copy(
            update={
                "summary": self.summary.model_copy(update=doubt),
                "facts": [fact.model_copy(update=doubt) for fact in self.facts],
            }
        )

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
    """A job offer (schema.org ``JobPosting``). ``sample`` offers are made up, announced as such, never public.

    ``mestiere`` and ``altri_mestieri`` are ids of the gazetteer of trades, ``contratto`` of contracts; ``comune`` is
    an official name when the place is one of ours, else the name given by the source, or empty (remote work).
    """

    codice: Line
    titolo: Line
    mestiere: Identifier | None = None
    altri_mestieri: list[Identifier] = Field(default_factory=list)
    comune: Annotated[str, StringConstraints(max_length=LINE_MAX_CHARS)] = ""
    contratto: list[Identifier] = Field(default_factory=list)
    orario: ShortText = ""
    posti: int = Field(1, ge=1, le=9_999)
    descrizione: LongText = ""
    requisiti: LongText = ""
    retribuzione: ShortText = ""
    pubblicata: date
    scade: date
    come_candidarsi: LongText = ""
    url: WebAddress | None = None
    email: EmailAddress | None = None
    azienda: ShortText = ""
    centro_impiego: ShortText = ""
    fonte: ShortText = ""
    letto_il: date | None = None
    sample: bool = False

    @model_validator(mode="after")
    def _in_order(self) -> Offer:
        if self.scade < self.pubblicata:
            raise ValueError("scade prima di essere pubblicata")
        return self


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
            raise ValueError(f"comincia il {self.first}, dopo la sua fine")
        return self


class HoursData(Item):
    """All opening hours, extraordinary closures, and days whose closure is only inferred ("MM-DD")."""

    offices: list[OfficeHours]
    closures: list[Closure] = Field(default_factory=list)
    unconfirmed_closures: list[MonthDay] = Field(default_factory=list)

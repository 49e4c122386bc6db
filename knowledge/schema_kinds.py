"""What single kinds of record know beyond texts: typed fields of services, offices, job centres, functions, projects.

A citizen is answered from facts. These fields are for programs: catalogues, exports, the staff console.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from knowledge.schema_base import EmailAddress, Identifier, Item, Line, WebAddress

Channel = Literal[
    "sportello", "posta", "web", "telefono", "call-center", "fax", "pec", "email", "app", "video"
]
"""Ways of using a service, after the controlled vocabulary of channels of CPSV-AP_IT."""


class ContactPoint(Item):
    """Where an office is reached. ``hours`` is the id of its opening hours in hours.yml."""

    name: Line | None = None
    address: Line | None = None
    postal_code: Line | None = None
    comune: Line | None = None
    phones: list[Line] = Field(default_factory=list)
    emails: list[EmailAddress] = Field(default_factory=list)
    pec: list[EmailAddress] = Field(default_factory=list)
    web: WebAddress | None = None
    hours: Identifier | None = None


class ServiceDetails(Item):
    """Fields of CPSV-AP_IT that are not texts of the record.

    What, for whom, how, what is needed, cost, time, legal basis and contacts are facts, one facet each.
    """

    identifier: Line | None = None
    status: Literal["attivo", "sospeso", "cessato"] = "attivo"
    theme: Line | None = None
    output: Line | None = None
    channels: list[Channel] = Field(default_factory=list)
    processing_days: int | None = Field(None, ge=0, le=3_650)
    area: list[Line] = Field(default_factory=list)
    web: WebAddress | None = None


class OfficeDetails(Item):
    """Codes of an office in the register of public bodies (IndicePA)."""

    ipa_body: Line | None = None
    ipa_unit: Line | None = None
    parent_unit: Line | None = None


class JobCentreDetails(Item):
    """Municipalities that a job centre serves, by official name, and who runs it."""

    comuni: list[Line] = Field(default_factory=list)
    run_by: Line | None = None


class FunctionDetails(Item):
    """The matter ("chi fa cosa"), and the law that gives it to the body."""

    matter: Line | None = None
    law: Line | None = None


class ProjectDetails(Item):
    """A project of the strategic plan."""

    plan: Line | None = None
    axis: Line | None = None
    begins: date | None = None
    ends: date | None = None


class QuestionDetails(Item):
    """A question as citizens put it; the record's summary is its answer."""

    question: Line

"""What an editor must look at again: overdue reviews, expiring records, unconfirmed facts, old sources. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from knowledge.content import Content
from knowledge.schema import Record

REASONS: Final = {
    "overdue": "da rivedere entro il {when}: scaduto",
    "review_soon": "da rivedere entro il {when}",
    "ended": "non più valida dal {when}: non viene mostrata",
    "ends_soon": "valida fino al {when}",
    "low_confidence": "affidabilità bassa",
    "to_confirm": "{count} fatti da confermare: {facts}",
    "old_source": "fonte del {when}: {source}",
}
"""Codes of reasons and what an editor reads."""

_FACTS_NAMED: Final = 4
_DAYS_A_YEAR: Final = 365.25


@dataclass(frozen=True)
class Review:
    """One thing to look at. ``reason`` is a key of `REASONS`."""

    record: str
    title: str
    reason: str
    text: str


def reviews(
    content: Content, today: date, *, ahead_days: int = 30, source_years: int = 5
) -> list[Review]:
    """Everything to look at, by record.

    Args:
        ahead_days: also what falls due within so many days.
        source_years: age from which a source counts as old.
    """
    horizon = today + timedelta(days=ahead_days)
    oldest = today - timedelta(days=int(source_years * _DAYS_A_YEAR))
    return [
        Review(record.id, record.title, reason, REASONS[reason].format(**values))
        for _, record in sorted(content.records.items())
        for reason, values in (
            *_due(record, today, horizon),
            *_unconfirmed(record),
            *_old(record, content, oldest),
        )
    ]


def _due(record: Record, today: date, horizon: date) -> Iterator[tuple[str, dict[str, object]]]:
    if record.review_by and record.review_by <= horizon:
        yield ("overdue" if record.review_by < today else "review_soon"), {"when": record.review_by}
    if record.valid_to and record.valid_to <= horizon:
        yield ("ended" if record.valid_to < today else "ends_soon"), {"when": record.valid_to}
    if record.confidence == "low":
        yield "low_confidence", {}


def _unconfirmed(record: Record) -> Iterator[tuple[str, dict[str, object]]]:
    facts = [fact.id for fact in record.facts if fact.status == "to_confirm"]
    if record.summary.status == "to_confirm":
        facts.insert(0, "summary")
    if facts:
        named = ", ".join(facts[:_FACTS_NAMED]) + (" …" if len(facts) > _FACTS_NAMED else "")
        yield "to_confirm", {"count": len(facts), "facts": named}


def _old(record: Record, content: Content, oldest: date) -> Iterator[tuple[str, dict[str, object]]]:
    for key in dict.fromkeys(s.source for s in (record.summary, *record.facts)):
        source = content.sources[key]
        # "2019-07" sorts among whole dates; without a date nothing can be said.
        if source.date and source.date < oldest.isoformat():
            yield "old_source", {"when": source.date, "source": source.title}

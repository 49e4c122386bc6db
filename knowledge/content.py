"""The whole knowledge as one immutable value, and how an office's own layer lies over the bundled one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final, TypeVar

from knowledge.schema import (
    Comune,
    HoursData,
    Offer,
    OutsideTowns,
    Record,
    Source,
    Term,
    Zone,
)

OTHER_COMUNI: Final = "altri-comuni"
"""Place of facts that hold in every municipality but Milano."""

GAZETTEERS: Final = ("mestieri", "contratti", "livelli")

T = TypeVar("T")


@dataclass(frozen=True)
class Content:
    """Everything the office knows. ``offers`` may be decoded on demand."""

    sources: dict[str, Source] = field(default_factory=dict)
    records: dict[str, Record] = field(default_factory=dict)
    comuni: tuple[Comune, ...] = ()
    zones: tuple[Zone, ...] = ()
    outside: tuple[OutsideTowns, ...] = ()
    gazetteers: dict[str, tuple[Term, ...]] = field(default_factory=dict)
    offers: Sequence[Offer] = ()
    hours: HoursData = field(default_factory=lambda: HoursData(offices=[]))
    digest: str = field(default="", compare=False)

    def shown_on(self, today: date) -> dict[str, Record]:
        """Records within their validity on a day, in doubt where their review is overdue."""
        return {
            key: record.as_given_on(today)
            for key, record in self.records.items()
            if record.is_valid(today)
        }


def overlaid(base: Content, layer: Content) -> Content:
    """``base`` with the items of ``layer`` in the place of those with the same key, and its new ones."""
    return Content(
        sources={**base.sources, **layer.sources},
        records={**base.records, **layer.records},
        comuni=_merged(base.comuni, layer.comuni, lambda comune: comune.istat),
        zones=_merged(base.zones, layer.zones, lambda zone: zone.id),
        outside=layer.outside or base.outside,
        gazetteers={**base.gazetteers, **layer.gazetteers},
        offers=(*base.offers, *layer.offers),
        hours=layer.hours if layer.hours.offices else base.hours,
    )


def _merged(base: Iterable[T], layer: Iterable[T], key: Callable[[T], str]) -> tuple[T, ...]:
    return tuple(
        {**{key(item): item for item in base}, **{key(item): item for item in layer}}.values()
    )

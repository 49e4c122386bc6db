"""Job offers by trade, place and contract. Pure; expired offers are never returned.

Tens of thousands of offers stay as the text they are stored as; what they are searched by is in small arrays. An
offer is decoded when it is shown.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final, overload

import numpy as np
import numpy.typing as npt

from knowledge.schema import Comune, Offer, Term

_ELSEWHERE: Final = -1
_MAX_CONTRACTS: Final = 63
"""Kinds of contract are bits of a 64-bit number."""


@dataclass(frozen=True)
class OfferQuery:
    """What is wanted; empty fields do not restrict. ``comuni`` are official names."""

    trade: str = ""
    comuni: frozenset[str] = frozenset()
    contracts: frozenset[str] = frozenset()


class StoredOffers(Sequence[Offer]):
    """Offers as JSON texts, decoded when taken out."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.texts = texts

    def __len__(self) -> int:
        return len(self.texts)

    @overload
    def __getitem__(self, at: int) -> Offer: ...

    @overload
    def __getitem__(self, at: slice) -> StoredOffers: ...

    def __getitem__(self, at: int | slice) -> Offer | StoredOffers:
        if isinstance(at, slice):
            return StoredOffers(self.texts[at])
        return Offer.model_validate_json(self.texts[at])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence) or len(other) != len(self):
            return False
        return all(mine == theirs for mine, theirs in zip(self, other, strict=True))

    def __hash__(self) -> int:
        return hash(tuple(self.texts))


class Found(Sequence[Offer]):
    """Offers that match, newest first: counted at once, decoded when taken out."""

    def __init__(self, offers: Sequence[Offer], positions: npt.NDArray[np.int32]) -> None:
        self._offers = offers
        self._positions = positions

    def __len__(self) -> int:
        return len(self._positions)

    @overload
    def __getitem__(self, at: int) -> Offer: ...

    @overload
    def __getitem__(self, at: slice) -> Found: ...

    def __getitem__(self, at: int | slice) -> Offer | Found:
        if isinstance(at, slice):
            return Found(self._offers, self._positions[at])
        return self._offers[int(self._positions[at])]

    def __repr__(self) -> str:
        return f"Found({[offer.codice for offer in self[:20]]}, {len(self)} in all)"


class OfferSearch:
    """Offers of one content version.

    Args:
        samples: show made-up offers, as long as there are no real ones.
        as_of: when the oldest source of real offers was last known to be current; None without such a source.
        stale_after: age from which answers say that the list is old.
    """

    def __init__(
        self,
        offers: Sequence[Offer],
        comuni: Sequence[Comune],
        gazetteers: Mapping[str, Sequence[Term]],
        *,
        samples: bool = True,
        as_of: datetime | None = None,
        stale_after: timedelta = timedelta.max,
    ) -> None:
        self._offers = offers
        self._zone_of = {comune.name: comune.zone or "milano" for comune in comuni}
        self._labels = {
            term.id: term.names[0]
            for name in ("mestieri", "contratti")
            for term in gazetteers.get(name, ())
        }
        self._contract_bits = {
            term.id: np.uint64(1 << n)
            for n, term in enumerate(gazetteers.get("contratti", ())[:_MAX_CONTRACTS])
        }
        self.as_of = as_of
        self._stale_after = stale_after
        self._build(samples=samples and as_of is None)

    def __len__(self) -> int:
        return len(self._order)

    def is_old(self, now: datetime) -> bool:
        """Whether the list is so old that answers must say so."""
        return self.as_of is not None and now - self.as_of > self._stale_after

    def with_age(self, as_of: datetime | None) -> OfferSearch:
        """The same offers, last known to be current at another moment."""
        other = copy(self)
        other.as_of = as_of
        return other

    def label(self, term_id: str) -> str:
        """Italian name of a trade or contract."""
        return self._labels.get(term_id, term_id.replace("-", " "))

    def search(self, query: OfferQuery, today: date) -> Found:
        """Offers that match, newest first."""
        at: Any = slice(None)
        if query.trade:
            at = self._by_trade.get(query.trade, np.empty(0, np.int32))
        keep = self._expires[at] >= today.toordinal()
        if query.comuni:
            wanted = [self._comuni[name] for name in query.comuni if name in self._comuni]
            keep &= np.isin(self._comune[at], wanted)
        for contract in query.contracts:
            keep &= (self._contracts[at] & self._contract_bits.get(contract, np.uint64(0))) != 0
        positions = np.arange(len(self), dtype=np.int32)[at][keep]
        return Found(self._offers, self._order[positions])

    def nearby(self, comune: str) -> frozenset[str]:
        """Municipalities of the same zone."""
        zone = self._zone_of.get(comune)
        return frozenset(name for name, other in self._zone_of.items() if other == zone)

    def _build(self, *, samples: bool) -> None:
        rows = [
            (row["pubblicata"], row["codice"], n, row) for n, row in enumerate(_rows(self._offers))
        ]
        real = [entry for entry in rows if not entry[3].get("sample")]
        rows = real if real or not samples else rows
        rows.sort(key=lambda entry: entry[:3], reverse=True)
        self._order = np.array([n for _, _, n, _ in rows], dtype=np.int32)
        self._expires = np.array(
            [date.fromisoformat(row["scade"]).toordinal() for *_, row in rows], dtype=np.int32
        )
        self._comuni: dict[str, int] = {}
        self._comune = np.array(
            [self._comuni.setdefault(row.get("comune", ""), len(self._comuni)) for *_, row in rows],
            dtype=np.int32,
        )
        self._contracts = np.array(
            [
                sum(int(self._contract_bits.get(c, 0)) for c in set(row.get("contratto", ())))
                for *_, row in rows
            ],
            dtype=np.uint64,
        )
        trades: dict[str, list[int]] = {}
        for position, (*_, row) in enumerate(rows):
            for trade in {row.get("mestiere"), *row.get("altri_mestieri", ())} - {None}:
                trades.setdefault(trade, []).append(position)
        self._by_trade = {
            trade: np.array(positions, dtype=np.int32) for trade, positions in trades.items()
        }


def _rows(offers: Sequence[Offer]) -> Iterable[dict[str, Any]]:
    """What offers are searched by, without making an object of each."""
    if isinstance(offers, StoredOffers):
        return _decoded(offers.texts)
    return (offer.model_dump(mode="json", exclude_defaults=True) for offer in offers)


def _decoded(texts: Iterable[str]) -> Iterator[dict[str, Any]]:
    for text in texts:
        yield json.loads(text)

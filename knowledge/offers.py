"""Job offers by trade, place and contract. Pure; expired offers are never returned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from knowledge.schema import Comune, Offer, Term


@dataclass(frozen=True)
class OfferQuery:
    """What is wanted; empty fields do not restrict. ``comuni`` are official names."""

    trade: str = ""
    comuni: frozenset[str] = frozenset()
    contracts: frozenset[str] = frozenset()


class OfferSearch:
    """Offers of one content version."""

    def __init__(
        self,
        offers: Iterable[Offer],
        comuni: Sequence[Comune],
        gazetteers: Mapping[str, Sequence[Term]],
    ) -> None:
        self._offers = sorted(
            offers, key=lambda offer: (offer.pubblicata, offer.codice), reverse=True
        )
        self._zone_of = {comune.name: comune.zone or "milano" for comune in comuni}
        self._labels = {
            term.id: term.names[0]
            for name in ("mestieri", "contratti")
            for term in gazetteers.get(name, ())
        }

    def __len__(self) -> int:
        return len(self._offers)

    def label(self, term_id: str) -> str:
        """Italian name of a trade or contract."""
        return self._labels.get(term_id, term_id.replace("-", " "))

    def search(self, query: OfferQuery, today: date) -> list[Offer]:
        """Offers that match, newest first."""
        return [
            offer
            for offer in self._offers
            if offer.scade >= today
            and (not query.trade or offer.mestiere == query.trade)
            and (not query.comuni or offer.comune in query.comuni)
            and (not query.contracts or query.contracts <= set(offer.contratto))
        ]

    def nearby(self, comune: str) -> frozenset[str]:
        """Municipalities of the same zone."""
        zone = self._zone_of.get(comune)
        return frozenset(name for name, other in self._zone_of.items() if other == zone)


def widened(offers: OfferSearch, query: OfferQuery, today: date) -> tuple[str, list[Offer]]:
    """The nearest alternatives to a search without results: what was loosened, and the offers.

    The place is loosened first to the same zone, then the contract, then the place altogether, last the trade.
    """
    around = query.comuni.union(*(offers.nearby(name) for name in query.comuni))
    attempts = (
        ("place", replace(query, comuni=around)),
        ("contract", replace(query, contracts=frozenset())),
        ("contract", replace(query, comuni=around, contracts=frozenset())),
        ("anywhere", replace(query, comuni=frozenset())),
        ("anywhere", replace(query, comuni=frozenset(), contracts=frozenset())),
        ("trade", replace(query, trade="")),
        ("trade", replace(query, comuni=around, trade="", contracts=frozenset())),
    )
    for loosened, attempt in attempts:
        found = offers.search(attempt, today) if attempt != query else []
        if found:
            return loosened, found
    return "", []

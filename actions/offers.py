"""Job offers by conversation: trade, place, contract, and what was asked before ("e a Legnano?")."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.context import current_context
from actions.conversation_state import entities_of, remember, remembered
from actions.replies import Reply, day_number, send
from actions.texts import text
from bot.clock import ROME
from knowledge.base import KnowledgeBase
from knowledge.offers import OfferQuery
from knowledge.schema import Offer

TOPIC: Final = "offerte-lavoro"
_SHOWN: Final = 3
_BUTTONS: Final = (
    ("Centri per l'impiego", "Quali sono i centri per l'impiego?"),
    ("Che cosa fa AFOL", "Che cosa fa AFOL Metropolitana?"),
)


class ActionSearchOffers(Action):
    """Search the offers, or say honestly that there are none."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_search_offers"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[Any]:
        """Search with what this message names."""
        return answer_offers(dispatcher, tracker, refine=False)


def answer_offers(dispatcher: CollectingDispatcher, tracker: Tracker, *, refine: bool) -> list[Any]:
    """Answer a search; with ``refine`` what is not named now is kept from the last search."""
    context = current_context()
    knowledge = context.knowledge
    if not len(knowledge.offers):
        send(dispatcher, Reply(text("offers_no_feed"), "not_found", TOPIC, (TOPIC,), _BUTTONS))
        return remember(tracker, intent="search_job_offers", topic=TOPIC)
    wanted = _wanted(tracker, dict(remembered(tracker).get("offers") or {}) if refine else {})
    query = _query(knowledge, wanted)
    now = context.clock.now()
    today = now.date()
    found: Sequence[Offer] = knowledge.offers.search(query, today)
    labels = _labels(knowledge, wanted)
    if found:
        parts = [text("offers_found", count=_count(len(found)), **labels)]
    else:
        parts = [text("offers_none", **labels)]
        found = _alternatives(knowledge, query, wanted, today)
        if found:
            parts.append(text("offers_nearby"))
    if any(offer.sample for offer in found):
        parts.insert(0, text("offer_sample"))
    lines = [_line(knowledge, offer) for offer in found[:_SHOWN]]
    told = [text("offers_how"), *_provenance(knowledge, found[:_SHOWN], now)]
    answer = "\n".join([" ".join(parts), *lines, *told])
    status = "answered" if found else "not_found"
    ids = (TOPIC, *(f"{TOPIC}#{offer.codice}" for offer in found[:_SHOWN]))
    send(dispatcher, Reply(answer, status, TOPIC, ids, _BUTTONS))
    return remember(tracker, intent="search_job_offers", topic=TOPIC, offers=wanted)


def _wanted(tracker: Tracker, before: dict[str, Any]) -> dict[str, Any]:
    wanted = before
    trades = entities_of(tracker, "mestiere")
    places = entities_of(tracker, "comune") + entities_of(tracker, "zona_omogenea")
    contracts = entities_of(tracker, "contratto")
    if trades:
        wanted["trade"] = trades[0]["value"]
    if places:
        place = places[0]
        wanted["place"] = {"kind": place["kind"], "ids": place["ids"], "name": place["value"]}
    if contracts:
        wanted["contracts"] = sorted({entity["value"] for entity in contracts})
    return wanted


def _query(knowledge: KnowledgeBase, wanted: dict[str, Any]) -> OfferQuery:
    place = wanted.get("place")
    comuni: frozenset[str] = frozenset()
    if place and place["kind"] == "comune":
        comuni = frozenset(knowledge.comuni[istat].name for istat in place["ids"])
    elif place and place["kind"] == "zone":
        comuni = frozenset(comune.name for comune in knowledge.comuni_of(place["ids"][0]))
    elif place:
        comuni = frozenset({place["name"]})
    return OfferQuery(wanted.get("trade", ""), comuni, frozenset(wanted.get("contracts", ())))


def _alternatives(
    knowledge: KnowledgeBase, query: OfferQuery, wanted: dict[str, Any], today: Any
) -> Sequence[Offer]:
    place = wanted.get("place")
    if not place or place["kind"] != "comune":
        return []
    nearby = knowledge.offers.nearby(place["name"])
    return knowledge.offers.search(OfferQuery(query.trade, nearby, query.contracts), today)


def _labels(knowledge: KnowledgeBase, wanted: dict[str, Any]) -> dict[str, str]:
    what = (
        f" di lavoro come {knowledge.offers.label(wanted['trade'])}"
        if wanted.get("trade")
        else " di lavoro"
    )
    if wanted.get("contracts"):
        what += " (" + ", ".join(knowledge.offers.label(c) for c in wanted["contracts"]) + ")"
    place = wanted.get("place")
    where = ""
    if place:
        where = f" nella zona {place['name']}" if place["kind"] == "zone" else f" a {place['name']}"
    return {"what": what, "where": where}


def _provenance(knowledge: KnowledgeBase, shown: Sequence[Offer], now: datetime) -> list[str]:
    """Where the offers come from and when the list was last current; a warning when that is long ago."""
    as_of = knowledge.offers.as_of
    if as_of is None:
        return []
    date = day_number(as_of.astimezone(ROME))
    sources = ", ".join(dict.fromkeys(offer.fonte for offer in shown if offer.fonte))
    told = [text("offers_source", source=sources, date=date)] if sources else []
    return [*told, text("offers_old", date=date)] if knowledge.offers.is_old(now) else told


def _count(number: int) -> str:
    return "1 offerta" if number == 1 else f"{number} offerte"


def _line(knowledge: KnowledgeBase, offer: Offer) -> str:
    return text(
        "offer_line",
        title=offer.titolo,
        comune=offer.comune or text("offer_no_place"),
        contract=", ".join(knowledge.offers.label(c) for c in offer.contratto)
        or text("offer_no_contract"),
        places="1 posto" if offer.posti == 1 else f"{offer.posti} posti",
        deadline=day_number(offer.scade),
        code=offer.codice,
    )

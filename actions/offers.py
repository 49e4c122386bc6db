"""Job offers by conversation: trade, place, contract, what was asked before ("e a Legnano?"), more of them ("altre")."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any, Final

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.context import current_context
from actions.conversation_state import entities_of, remember, remembered, text_of, topics_of
from actions.findings import answer_finding
from actions.replies import Reply, day_number, send
from actions.texts import text
from bot.clock import ROME
from knowledge.base import KnowledgeBase
from knowledge.offers import Found, OfferQuery
from knowledge.schema import Offer
from knowledge.text import words

TOPIC: Final = "offerte-lavoro"
_INTENT: Final = "search_job_offers"
_SHOWN: Final = 3
_BUTTONS: Final = (
    ("Centri per l'impiego", "Quali sono i centri per l'impiego?"),
    ("Che cosa fa AFOL", "Che cosa fa AFOL Metropolitana?"),
)
_MORE: Final = re.compile(
    r"\b(?:altr[eiao]|ancora|successiv[eio]|prossim[eio]|continua|vai avanti|di piu|mostra(?:mi)?(?:ne)?|il resto)\b"
)
_APPLY: Final = re.compile(
    r"\b(?:candid\w+|curriculum|cv|mi propongo|rispond\w+ (?:a|all)|come faccio|come si fa|come mi (?:presento|iscrivo)|a chi (?:mando|scrivo|mi rivolgo)|dove mando|chi contatto|contatt\w+)\b"
)
_ABOUT_THE_LIST: Final = re.compile(
    r"\b(?:pubblic\w+|aggiorn\w+|funzion\w+ (?:la|le|il|questo)|da dove (?:prend\w+|vengono)|chi (?:mette|inserisce|pubblica)|affidabil\w+|canal[ei]|telegram|portale|sito|sono (?:vere|veri|reali))\b"
)
_NAMES_A_TRADE: Final = re.compile(
    r"\b(?:lavor\w*|impieg\w*|post[oi]|offert[ae]|annunci\w*|assum\w*|cerco|cercano)\b.*?\b(?:come|da|per fare (?:il|la|l)|per|di) ([a-z]{4,})"
)
_NO_TRADE: Final = frozenset(
    [
        "casa",
        "remoto",
        "part",
        "full",
        "tempo",
        "giovani",
        "donne",
        "uomini",
        "ragazzi",
        "studenti",
        "stranieri",
        "disabili",
        "invalidi",
        "persone",
        "chiunque",
        "principianti",
        "subito",
        "oggi",
        "domani",
        "lunedi",
        "natale",
        "estate",
        "lavoro",
        "lavorare",
        "qualsiasi",
        "qualunque",
        "tutti",
        "tutte",
        "zona",
        "provincia",
        "milano",
        "ufficio",
        "notte",
        "giorno",
        "mattina",
        "pomeriggio",
        "sera",
        "turni",
        "favore",
        "piacere",
        "adesso",
        "categorie",
        "agenzia",
        "apprendista",
        "apprendistato",
        "stage",
        "tirocinio",
        "neodiplomati",
        "neolaureati",
        "laureati",
        "diplomati",
        "over",
        "mesi",
        "anni",
        "ore",
        "qualche",
        "queste",
        "quelle",
        "questa",
        "quella",
        "fare",
        "trovare",
        "vedere",
    ]
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
    plain = " ".join(words(text_of(tracker)))
    before = dict(remembered(tracker).get("offers") or {})
    named = _named(tracker)
    if not entities_of(tracker, "mestiere") and _ABOUT_THE_LIST.search(plain):
        finding = knowledge.finder.find(text_of(tracker), topics_of(tracker), within=TOPIC)
        return answer_finding(dispatcher, tracker, knowledge, finding)
    if not len(knowledge.offers):
        send(dispatcher, Reply(text("offers_no_feed"), "not_found", TOPIC, (TOPIC,), _BUTTONS))
        return remember(tracker, intent=_INTENT, topic=TOPIC)
    if not named and before and _APPLY.search(plain):
        return _how_to_apply(dispatcher, tracker)
    wanted = {**(before if refine else {}), **named, "page": 0}
    if refine and not named and _MORE.search(plain):
        wanted["page"] = int(before.get("page", 0)) + 1
    unknown = not wanted.get("trade") and not refine and _unknown_trade(plain)
    return _show(dispatcher, tracker, wanted, unknown_trade=unknown)


def _show(
    dispatcher: CollectingDispatcher,
    tracker: Tracker,
    wanted: dict[str, Any],
    *,
    unknown_trade: bool,
) -> list[Any]:
    context = current_context()
    knowledge, today = context.knowledge, context.clock.now().date()
    query = _query(knowledge, wanted)
    found = knowledge.offers.search(query, today)
    first = int(wanted["page"]) * _SHOWN
    parts = _opening(knowledge, found, wanted, first, unknown_trade=unknown_trade)
    shown = list(found[first : first + _SHOWN])
    if not found and not first:
        note, shown = _nearest(knowledge, query, wanted, today)
        if note:
            parts.append(text(note))
    if any(offer.sample for offer in shown):
        parts.insert(0, text("offer_sample"))
    lines = [_line(knowledge, offer) for offer in shown]
    closing = [text("offers_more")] if found and len(found) > first + _SHOWN else []
    closing.append(text("offers_how") if shown else text("offers_where"))
    told = _provenance(knowledge, shown, context.clock.now())
    answer = "\n".join([" ".join(parts), *lines, " ".join(closing), *told])
    status = "answered" if shown else "not_found"
    ids = (TOPIC, *(f"{TOPIC}#{offer.codice}" for offer in shown))
    cards = [_card(knowledge, offer) for offer in shown]
    extras = {"cards": cards} if cards else {}
    send(dispatcher, Reply(answer, status, TOPIC, ids, _BUTTONS, extras))
    return remember(tracker, intent=_INTENT, topic=TOPIC, offers=wanted)


def _opening(
    knowledge: KnowledgeBase,
    found: Found,
    wanted: dict[str, Any],
    first: int,
    *,
    unknown_trade: bool,
) -> list[str]:
    parts = [text("offers_unknown_trade")] if unknown_trade else []
    if first and first >= len(found):
        return [text("offers_no_more")]
    labels = _labels(knowledge, wanted)
    if not found:
        return [*parts, text("offers_none", **labels)]
    if first:
        last = min(first + _SHOWN, len(found))
        return [text("offers_page", first=first + 1, last=last, count=len(found))]
    return [*parts, text("offers_found", count=_count(len(found)), **labels)]


def _how_to_apply(dispatcher: CollectingDispatcher, tracker: Tracker) -> list[Any]:
    send(dispatcher, Reply(text("offers_how_to_apply"), "answered", TOPIC, (TOPIC,), _BUTTONS))
    return remember(tracker, intent=_INTENT, topic=TOPIC)


def _unknown_trade(plain: str) -> bool:
    """Whether a question names a trade that the gazetteer does not know."""
    match = _NAMES_A_TRADE.search(plain)
    return match is not None and match[1] not in _NO_TRADE


def _named(tracker: Tracker) -> dict[str, Any]:
    """What the message itself restricts."""
    wanted: dict[str, Any] = {}
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


def _nearest(
    knowledge: KnowledgeBase, query: OfferQuery, wanted: dict[str, Any], today: date
) -> tuple[str, list[Offer]]:
    """The offers that come closest to a search without result, and the text that introduces them."""
    for note, other in _widened(knowledge, query, wanted):
        found = knowledge.offers.search(other, today)
        if found:
            return note, list(found[:_SHOWN])
    return "", []


def _widened(
    knowledge: KnowledgeBase, query: OfferQuery, wanted: dict[str, Any]
) -> Iterator[tuple[str, OfferQuery]]:
    """Wider and wider searches: the zone, the whole territory, any contract, any trade in the same place."""
    place = wanted.get("place")
    if place and place["kind"] == "comune":
        near = knowledge.offers.nearby(knowledge.comuni[place["ids"][0]].name)
        yield "offers_nearby", OfferQuery(query.trade, near, query.contracts)
    if place and (query.trade or query.contracts):
        yield "offers_elsewhere", OfferQuery(query.trade, frozenset(), query.contracts)
    if query.contracts and query.trade:
        yield "offers_other_contract", OfferQuery(query.trade, query.comuni)
        yield "offers_other_contract", OfferQuery(query.trade)
    if place and query.trade:
        yield "offers_other_trade", OfferQuery("", query.comuni, query.contracts)


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


def _count(number: int) -> str:
    return "1 offerta" if number == 1 else f"{number} offerte"


def _provenance(knowledge: KnowledgeBase, shown: Sequence[Offer], now: datetime) -> list[str]:
    """Where the offers come from and when the list was last current; a warning when that is long ago."""
    as_of = knowledge.offers.as_of
    if as_of is None:
        return []
    date = day_number(as_of.astimezone(ROME))
    sources = ", ".join(dict.fromkeys(offer.fonte for offer in shown if offer.fonte))
    told = [text("offers_source", source=sources, date=date)] if sources else []
    return [*told, text("offers_old", date=date)] if knowledge.offers.is_old(now) else told


def _line(knowledge: KnowledgeBase, offer: Offer) -> str:
    return text("offer_line", title=offer.titolo, **_details(knowledge, offer))


def _card(knowledge: KnowledgeBase, offer: Offer) -> dict[str, Any]:
    """The same for channels that can show a card instead of the line."""
    return {
        "title": offer.titolo,
        "text": text("offer_card", **_details(knowledge, offer)),
        "stands_for": _line(knowledge, offer),
    }


def _details(knowledge: KnowledgeBase, offer: Offer) -> dict[str, str]:
    return {
        "comune": offer.comune or text("offer_no_place"),
        "contract": ", ".join(knowledge.offers.label(c) for c in offer.contratto)
        or text("offer_no_contract"),
        "places": "1 posto" if offer.posti == 1 else f"{offer.posti} posti",
        "deadline": day_number(offer.scade),
        "code": offer.codice,
    }

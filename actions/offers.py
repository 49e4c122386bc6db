"""Job offers by conversation: trade, place, contract, what was asked before ("e a Legnano?"), and the next ones."""

from __future__ import annotations

import re
from datetime import date
from typing import Any, Final

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.context import current_context
from actions.conversation_state import entities_of, remember, remembered, text_of
from actions.replies import Reply, day_number, send
from actions.texts import text
from knowledge.base import KnowledgeBase
from knowledge.offers import OfferQuery, widened
from knowledge.schema import Offer
from knowledge.search.lexicon import STOP_WORDS
from knowledge.text import words

TOPIC: Final = "offerte-lavoro"
INTENT: Final = "search_job_offers"
_SHOWN: Final = 3
_BUTTONS: Final = (
    ("Centri per l'impiego", "Quali sono i centri per l'impiego?"),
    ("Che cosa fa AFOL", "Che cosa fa AFOL Metropolitana?"),
)
_MORE: Final = ("Altre offerte", "Altre offerte")
_ASKS_MORE: Final = re.compile(
    r"\b(?:altr[aeio]|ancora|prossim[aei]|successiv[aei]|avanti|continua|il resto|di piu)\b"
)
_FORGETS: Final = (
    (re.compile(r"\b(?:ovunque|dappertutto|qualsiasi (?:comune|posto|zona)|tutte le zone|dovunque)\b"), "place"),
    (re.compile(r"\b(?:qualsiasi|qualunque|ogni) (?:lavoro|mestiere)\b"), "trade"),
    (re.compile(r"\b(?:qualsiasi|qualunque|ogni) contratto\b"), "contracts"),
)  # fmt: skip
_SMALL_WORDS: Final = STOP_WORDS.union(
    [
        "solo",
        "soltanto",
        "invece",
        "anche",
        "vicino",
        "zona",
        "offerte",
        "offerta",
        "lavoro",
        "lavori",
        "annunci",
        "posti",
        "cerco",
        "mostra",
        "mostrami",
    ],
    [
        "vedere",
        "vedi",
        "fammi",
        "allora",
        "ok",
        "bene",
        "no",
        "magari",
        "meglio",
        "preferisco",
        "contratto",
        "ce",
        "trovi",
        "comune",
        "paese",
        "dintorni",
    ],
)


class ActionSearchOffers(Action):
    """Search the offers, or say honestly that there are none."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_search_offers"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[Any]:
        """Search with what this message names; a message that only narrows keeps the rest of the last search."""
        return answer_offers(dispatcher, tracker, refine=refines_offers(tracker))


def refines_offers(tracker: Tracker) -> bool:
    """Whether a message only narrows, widens or pages the search of before ("solo part time", "e a Legnano?", "altre")."""
    if remembered(tracker)["intent"] != INTENT:
        return False
    said = text_of(tracker)
    plain = " ".join(words(said))
    if _asks_more(plain):
        return True
    named = [
        entity
        for name in ("mestiere", "contratto", "comune", "zona_omogenea")
        for entity in entities_of(tracker, name)
    ]
    kept = list(said)
    for entity in named:
        kept[entity["start"] : entity["end"]] = " " * (entity["end"] - entity["start"])
    left = [word for word in words("".join(kept)) if word not in _SMALL_WORDS]
    forgets = any(pattern.search(plain) for pattern, _ in _FORGETS)
    return forgets or (bool(named) and not left)


def _asks_more(plain: str) -> bool:
    left = [word for word in _ASKS_MORE.sub(" ", plain).split() if word not in _SMALL_WORDS]
    return bool(_ASKS_MORE.search(plain)) and not left


def answer_offers(dispatcher: CollectingDispatcher, tracker: Tracker, *, refine: bool) -> list[Any]:
    """Answer a search; with ``refine`` what is not named now is kept from the last search."""
    context = current_context()
    knowledge = context.knowledge
    if not len(knowledge.offers):
        send(dispatcher, Reply(text("offers_no_feed"), "not_found", TOPIC, (TOPIC,), _BUTTONS))
        return remember(tracker, intent=INTENT, topic=TOPIC)
    before = dict(remembered(tracker).get("offers") or {}) if refine else {}
    more = refine and _asks_more(" ".join(words(text_of(tracker))))
    wanted = before if more else _wanted(tracker, before)
    first = int(before.get("shown", 0)) if more else 0
    today = context.clock.now().date()
    send(dispatcher, offers_reply(knowledge, wanted, today, first=first))
    return remember(tracker, intent=INTENT, topic=TOPIC, offers={**wanted, "shown": first + _SHOWN})


def offers_reply(
    knowledge: KnowledgeBase, wanted: dict[str, Any], today: date, *, first: int
) -> Reply:
    """Offers from the ``first`` on, newest first; the nearest alternatives when there are none."""
    query = _query(knowledge, wanted)
    found = knowledge.offers.search(query, today)
    labels = _labels(knowledge, wanted)
    status = "answered"
    if found and first >= len(found):
        parts, shown = [text("offers_no_more", **labels)], []
    elif found:
        key = "offers_more" if first else "offers_found"
        shown = found[first : first + _SHOWN]
        parts = [
            text(key, count=_count(len(found)), first=first + 1, last=first + len(shown), **labels)
        ]
    else:
        status = "not_found"
        parts = [text("offers_none", **labels)]
        why, found = widened(knowledge.offers, query, today)
        shown = found[:_SHOWN]
        if shown:
            parts.append(text(f"offers_instead_{why}"))
    if any(offer.sample for offer in shown):
        parts.insert(0, text("offer_sample"))
    lines = [_line(knowledge, offer) for offer in shown]
    answer = "\n".join([" ".join(parts), *lines, text("offers_how")])
    left = status == "answered" and first + len(shown) < len(found)
    ids = (TOPIC, *(f"{TOPIC}#{offer.codice}" for offer in shown))
    return Reply(answer, status, TOPIC, ids, (_MORE, *_BUTTONS) if left else _BUTTONS)


def _wanted(tracker: Tracker, before: dict[str, Any]) -> dict[str, Any]:
    wanted = {key: value for key, value in before.items() if key != "shown"}
    plain = " ".join(words(text_of(tracker)))
    for pattern, forgotten in _FORGETS:
        if pattern.search(plain):
            wanted.pop(forgotten, None)
    trades = entities_of(tracker, "mestiere")
    places = entities_of(tracker, "comune") + entities_of(tracker, "zona_omogenea")
    contracts = entities_of(tracker, "contratto")
    if trades:
        wanted["trade"] = trades[0]["value"]
    if places:
        place = places[0]
        wanted["place"] = {"kind": place["kind"], "ids": place["ids"], "name": place["value"]}
        wanted["near"] = bool(re.search(r"\b(?:vicino|vicinanze|dintorni|intorno)\b", plain))
    if contracts:
        wanted["contracts"] = sorted({entity["value"] for entity in contracts})
    return wanted


def _query(knowledge: KnowledgeBase, wanted: dict[str, Any]) -> OfferQuery:
    place = wanted.get("place")
    comuni: frozenset[str] = frozenset()
    if place and place["kind"] == "comune":
        comuni = frozenset(knowledge.comuni[istat].name for istat in place["ids"])
        if wanted.get("near"):
            comuni = comuni.union(*(knowledge.offers.nearby(name) for name in comuni))
    elif place and place["kind"] == "zone":
        comuni = frozenset(comune.name for comune in knowledge.comuni_of(place["ids"][0]))
    elif place:
        comuni = frozenset({place["name"]})
    return OfferQuery(wanted.get("trade", ""), comuni, frozenset(wanted.get("contracts", ())))


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
        if wanted.get("near"):
            where += " e nei Comuni vicini"
    return {"what": what, "where": where}


def _count(number: int) -> str:
    return "1 offerta" if number == 1 else f"{number} offerte"


def _line(knowledge: KnowledgeBase, offer: Offer) -> str:
    return text(
        "offer_line",
        title=offer.titolo,
        comune=offer.comune,
        contract=", ".join(knowledge.offers.label(c) for c in offer.contratto),
        places="1 posto" if offer.posti == 1 else f"{offer.posti} posti",
        deadline=day_number(offer.scade),
        code=offer.codice,
    )

"""What a message is about: a subject of its own, or what was spoken of before (pure).

The classifier reads a message alone. "mi dai il telefono?", "e a Legnano?", "lunedì va bene?" mean something only after
another message: such a message has no subject of its own, or only words of the topic that is open.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, Final

from actions.asked_days import asked_days, without_day_words
from actions.rejections import rejects_answer
from knowledge.danger import DANGERS
from knowledge.schema import Record
from knowledge.search.facets import asked_facets, without_facet_words
from knowledge.text import words

FOLLOW_UP: Final = "follow_up"
FALLBACK: Final = "nlu_fallback"
REPEAT: Final = "ask_repeat"
"""Looks back at the last answer: to say it again, or to take it back if it was not what was asked for."""

_OWN_MOVES: Final = frozenset(
    [
        "report_danger",
        "request_operator",
        "erase_my_data",
        "export_my_data",
        "book_appointment",
        "move_appointment",
        "cancel_appointment",
        "show_appointment",
        "ask_repeat",
        "ask_doubt",
        "ask_language",
    ]
)
"""Intents that need no topic and are never what is left of another question, when the classifier is sure."""

_BOOKING: Final = "book_appointment"
_ABOUT_BOOKING: Final = re.compile(
    r"\b(?:appuntament\w*|prenot\w*|fiss\w+|sportello|incontr\w+|venire|vengo|veniamo|passare|passo|ricev\w+|vederci|colloquio|di persona|"
    r"lunedi|martedi|mercoledi|giovedi|venerdi|domani|oggi|settimana|ore|alle)\b"
)
"""Words without which an unsure wish to book is more likely something else."""

_SMALL_TALK: Final = frozenset(
    [
        "affirm",
        "deny",
        "thank",
        "goodbye",
        "greet",
        "insult",
        "ask_capabilities",
        "ask_identity",
        "give_feedback",
        "ask_for_help",
    ]
)
_ANSWERS: Final = frozenset({"affirm", "deny", "goodbye"})
"""Small talk that never asks: with a question in it, it is a question."""

_NEVER_ASK: Final = frozenset({*_ANSWERS, "ask_identity", "ask_capabilities", "ask_for_help"})
"""Small talk that is never about a cost, a time, an address."""

_HARD_FACETS: Final = frozenset({"cost", "time", "contacts", "where", "hours"})
_SURE: Final = 0.6
_VERY_SURE: Final = 0.8
_MAX_WORDS: Final = 9
"""A longer message brings its own subject."""

_FEW_WORDS: Final = 4
_HEARD: Final = 0.3
"""Confidence in another topic that is enough when a place means nothing to the open one."""

_STANDS_OUT: Final = 0.5
_TAKES_UP: Final = re.compile(
    r"^(?:ok |va bene |scusa |senti )?(?:e|ed|ma|allora|invece|no|anzi|quindi|oppure|o)\b"
)
_REFERS_BACK: Final = re.compile(
    r"\b(?:ne|ci|quell[oaie]|li|la|le|lo|gli|questo|questa|su[oaie]|loro|mandarl\w|chiamarl\w|contattarl\w|farl\w|richiederl\w)\b"
)
_POINTS_BACK: Final = re.compile(
    r"\b(?:ne|quell[oaie]|l[iaoe] (?:contatt\w+|chiam\w+|mand\w+|dirig\w+|gestisc\w+|pag\w+|fa\w*|tien\w+|invi\w+|present\w+|consegn\w+|hanno|ha|rilasci\w+|decid\w+|approv\w+))\b"
)
"""A pronoun that stands for what was spoken of."""

_ONLY_PRONOUNS: Final = re.compile(
    r"^(?:e |ma |ok |allora )?(?:come|dove|quando|quanto|chi|cosa|perche|a chi|da chi|(?:che|quale) \w+)"
    r" (?:non )?(?:l[oaie]|ne|ci|si) (?:\w+)(?: \w+(?:re|to|ta))?$"
)
"""A question whose only noun is a pronoun: "come lo prendo", "chi la paga", "che legge lo dice"."""

_OF_THEM: Final = re.compile(r"\b(?:con|da|a|di) loro\b")
"""The office spoken of, not ours."""

_GIVES_UP: Final = re.compile(
    r"\b(?:lascia(?:mo)? (?:perdere|stare)|non (?:mi |ci )?(?:serve|importa|interessa) piu|non fa niente|fa lo stesso)\b"
)
_TO_US: Final = re.compile(
    r"\b(?:siete|vostr[oaie]|rispondete|ricevete|chiudete|aprite|riaprite|da voi|urp|numero verde|lo sportello(?! energia| unico| telematico)|orari (?:avete|fate)|(?:avete|fate) (?:orari\w*|orario continuato))\b"
)
"""The person speaks to the office: its own hours, address, contacts."""

_FILLERS: Final = frozenset(
    [
        "a",
        "abita",
        "abitano",
        "abito",
        "ad",
        "adesso",
        "agli",
        "ai",
        "al",
        "alla",
        "alle",
        "allo",
        "allora",
        "altra",
        "altre",
        "altri",
        "altro",
        "anche",
        "ancora",
        "anzi",
        "aspetta",
        "avere",
        "avete",
        "avra",
        "avrei",
        "bene",
        "boh",
        "c",
        "che",
        "chi",
        "ci",
        "ciao",
        "come",
        "con",
        "cosa",
        "cui",
        "da",
        "dai",
        "dal",
        "dalla",
        "dalle",
        "dammi",
        "davvero",
        "dei",
        "del",
        "della",
        "delle",
        "dello",
        "di",
        "dimmi",
        "dire",
        "dirmi",
        "do",
        "dopo",
        "dove",
        "dovrei",
        "devo",
        "e",
        "ecco",
        "ed",
        "era",
        "erano",
        "esiste",
        "essere",
        "fa",
        "faccio",
        "fai",
        "fanno",
        "far",
        "fare",
        "fate",
        "fino",
        "forse",
        "fosse",
        "fra",
        "gli",
        "grazie",
        "ha",
        "hai",
        "hanno",
        "ho",
        "i",
        "il",
        "in",
        "indicarmi",
        "informazione",
        "informazioni",
        "info",
        "intanto",
        "intendevo",
        "invece",
        "io",
        "l",
        "la",
        "le",
        "lei",
        "li",
        "lo",
        "loro",
        "ma",
        "magari",
        "mandarmi",
        "me",
        "mi",
        "mia",
        "mie",
        "miei",
        "mio",
        "ne",
        "negli",
        "nei",
        "nel",
        "nella",
        "nelle",
        "no",
        "noi",
        "non",
        "nostro",
        "o",
        "ok",
        "oppure",
        "ora",
        "ossia",
        "per",
        "perfetto",
        "pero",
        "piacere",
        "piu",
        "poi",
        "posso",
        "potete",
        "potrei",
        "potresti",
        "possibile",
        "possono",
        "prendere",
        "pure",
        "qual",
        "quale",
        "quali",
        "qualcosa",
        "qualcuno",
        "quando",
        "quanta",
        "quante",
        "quanti",
        "quanto",
        "quella",
        "quelle",
        "quelli",
        "quello",
        "questa",
        "queste",
        "questi",
        "questo",
        "qui",
        "quindi",
        "resto",
        "residente",
        "risiedo",
        "rispondono",
        "risponde",
        "sa",
        "sai",
        "sapere",
        "sapete",
        "sara",
        "saranno",
        "sarebbe",
        "scusa",
        "scusi",
        "scusate",
        "se",
        "sei",
        "senti",
        "serve",
        "servono",
        "si",
        "sia",
        "siamo",
        "sono",
        "soltanto",
        "solo",
        "sta",
        "stai",
        "stanno",
        "stesso",
        "stessa",
        "sto",
        "su",
        "sua",
        "sue",
        "sui",
        "sul",
        "sulla",
        "sulle",
        "suo",
        "suoi",
        "te",
        "ti",
        "tipo",
        "tra",
        "trovo",
        "trovano",
        "trova",
        "tu",
        "tua",
        "tuo",
        "tutti",
        "tutto",
        "un",
        "una",
        "uno",
        "va",
        "vabbe",
        "vale",
        "vanno",
        "vediamo",
        "vivo",
        "vi",
        "via",
        "voglio",
        "volevo",
        "vorrei",
        "dice",
        "dicono",
        "prevede",
        "stabilisce",
        "prendo",
        "prendi",
        "porto",
        "porta",
        "chiamo",
        "mando",
        "manda",
        "scrivo",
        "apro",
        "funzionava",
        "decide",
        "esatto",
        "giusto",
        "certo",
        "insomma",
        "cioe",
        "preciso",
        "precisa",
        "esattamente",
        "bisogna",
        "deve",
        "devono",
        "viene",
        "vengo",
        "andare",
        "vado",
        "vuole",
        "vogliono",
        "vuoi",
        "mette",
        "mettono",
        "mettete",
        "ci",
        "siamo",
        "aiuta",
        "aiuto",
        "puoi",
        "spiegami",
        "spiegare",
        "parlami",
        "parlarmi",
        "racconta",
        "raccontami",
        "dettagli",
        "funziona",
        "funzionano",
        "abbiamo",
        "avevo",
        "cercavo",
        "cerco",
        "chiedo",
        "chiedere",
        "mettiamo",
        "diciamo",
        "ipotesi",
        "esempio",
        "paese",
        "posto",
    ]
)
_QUESTION_WORDS: Final = frozenset(
    [
        "chi",
        "come",
        "cosa",
        "dove",
        "quando",
        "quanto",
        "quanta",
        "quanti",
        "quante",
        "quale",
        "quali",
        "qual",
        "perche",
        "che",
    ]
)
_PLACE_TOPICS: Final = frozenset({"ask_zone_of_comune", "ask_comuni_of_zone", "ask_comune"})
_OFFERS: Final = "search_job_offers"


@dataclass(frozen=True)
class Heard:
    """One message as the classifier read it."""

    text: str
    intent: str
    confidence: float
    topic: str
    topic_confidence: float
    entities: tuple[Mapping[str, Any], ...]
    today: date
    ranking: tuple[tuple[str, float], ...] = ()

    @classmethod
    def from_parse(cls, parsed: Mapping[str, Any], today: date) -> Heard:
        """From Rasa's parse result."""
        intent = parsed.get("intent") or {}
        topic = (parsed.get("topic_ranking") or [{}])[0]
        return cls(
            str(parsed.get("text") or ""),
            str(intent.get("name") or ""),
            float(intent.get("confidence") or 0.0),
            str(topic.get("name") or ""),
            float(topic.get("confidence") or 0.0),
            tuple(parsed.get("entities") or ()),
            today,
            tuple((r["name"], r["confidence"]) for r in parsed.get("intent_ranking") or ()),
        )

    @property
    def next_question(self) -> str:
        """The likeliest intent that is no small talk, if it stands out among those; else ""."""
        rest = [(name, p) for name, p in self.ranking if name not in (*_SMALL_TALK, FALLBACK)]
        total = sum(p for _, p in rest)
        return rest[0][0] if rest and rest[0][1] >= _STANDS_OUT * total else ""

    @cached_property
    def words(self) -> list[str]:
        """Folded words."""
        return words(self.text)

    @cached_property
    def plain(self) -> str:
        """Folded words in one string."""
        return " ".join(self.words)

    @cached_property
    def facets(self) -> list[str]:
        """Sides of a topic that the message asks for."""
        return asked_facets(self.words)

    @cached_property
    def names_days(self) -> bool:
        """Whether it names days or asks about this moment."""
        return bool(asked_days(self.text, self.today))

    def has(self, *entities: str) -> bool:
        """Whether it names something of these kinds."""
        return any(entity.get("entity") in entities for entity in self.entities)

    @cached_property
    def places(self) -> bool:
        """Whether it names a municipality or a zone."""
        return self.has("comune", "zona_omogenea")

    @property
    def only_pronouns(self) -> bool:
        """Whether its only noun is a pronoun: "come lo prendo", "chi la rilascia"."""
        return bool(_ONLY_PRONOUNS.search(self.plain))

    @cached_property
    def subject(self) -> list[str]:
        """Words that name a matter: neither grammar, nor courtesy, nor places, nor days, nor sides of a topic."""
        return self._subject_without("comune", "zona_omogenea", "contratto")

    @cached_property
    def subject_beside_trades(self) -> list[str]:
        """Words that name a matter other than a trade."""
        return self._subject_without("comune", "zona_omogenea", "contratto", "mestiere")

    def _subject_without(self, *entities: str) -> list[str]:
        kept = list(self.text)
        for entity in self.entities:
            if entity.get("entity") in entities:
                kept[entity["start"] : entity["end"]] = " " * (entity["end"] - entity["start"])
        plain = without_day_words(" ".join(words("".join(kept))))
        left = without_facet_words(plain).split()
        return [
            word for word in left if word not in _FILLERS and len(word) > 1 and not word.isdigit()
        ]


def read_in_context(
    parsed: Mapping[str, Any],
    memory: Mapping[str, Any],
    record: Record | None,
    others: Mapping[str, str],
    today: date,
) -> dict[str, Any]:
    """The parse result with the intent that it has in this conversation.

    Args:
        memory: what is remembered (`actions.conversation_state`).
        record: the record of the open topic, if it is one.
        others: folded names of records with the id of the record.
    """
    heard = Heard.from_parse(parsed, today)
    intent = _intent(heard, memory, record, others)
    if intent == heard.intent:
        return dict(parsed)
    return {**parsed, "intent": {"name": intent, "confidence": 1.0}}


def covers(record: Record | None, subject: Iterable[str]) -> bool:
    """Whether a record speaks of most of these words, inflected as they may be."""
    asked = list(subject)
    if record is None or not asked:
        return False
    known = _vocabulary(record)
    found = sum(1 for word in asked if _root(word) in known)
    return 2 * found > len(asked)


def _intent(
    heard: Heard, memory: Mapping[str, Any], record: Record | None, others: Mapping[str, str]
) -> str:
    if memory["topic"] and rejects_answer(heard.words):
        return REPEAT
    if (
        heard.intent in _OWN_MOVES
        and heard.confidence >= _SURE
        and not _OF_THEM.search(heard.plain)
    ):
        return heard.intent
    if (
        heard.intent == _BOOKING
        and heard.confidence < _SURE
        and not _ABOUT_BOOKING.search(heard.plain)
    ):
        return heard.next_question or FALLBACK
    if heard.intent == FALLBACK and _GIVES_UP.search(heard.plain):
        return "deny"
    if memory["topic"] in DANGERS:
        return FOLLOW_UP if _stays_with_danger(heard) else heard.intent
    if memory["topic"] and continues(heard, memory, record, others):
        return FOLLOW_UP
    if heard.intent in _SMALL_TALK and not _is_small_talk(heard):
        return heard.next_question or FALLBACK
    return heard.intent


def continues(
    heard: Heard, memory: Mapping[str, Any], record: Record | None, others: Mapping[str, str]
) -> bool:
    """Whether a message takes up the open topic."""
    if len(heard.words) > _MAX_WORDS or _TO_US.search(heard.plain):
        return False
    if heard.intent in _SMALL_TALK and _is_small_talk(heard):
        return False
    if _names_another(heard, memory["topic"], others):
        return False
    if memory["intent"] == _OFFERS and not heard.subject_beside_trades:
        return (
            bool(heard.places or heard.has("mestiere", "contratto") or heard.facets)
            or len(heard.words) < _FEW_WORDS
        )
    if heard.confidence < _SURE and heard.only_pronouns:
        return True
    if not heard.subject:
        return _asks_something(heard, memory) and not _placed_elsewhere(heard, memory, record)
    if heard.places and record is not None and any(fact.places for fact in record.facts):
        return bool(_TAKES_UP.search(heard.plain)) or heard.topic_confidence < _SURE
    if not covers(record, heard.subject):
        return False
    if len(heard.words) <= _FEW_WORDS:
        return True
    unsure = heard.topic_confidence < _VERY_SURE
    opens = bool(_TAKES_UP.search(heard.plain))
    points = _POINTS_BACK.search(heard.plain) or _OF_THEM.search(heard.plain)
    misread = heard.topic != memory["topic"] or heard.intent == FALLBACK
    return bool(points) or opens or (unsure and misread)


def _asks_something(heard: Heard, memory: Mapping[str, Any]) -> bool:
    """Whether a message without a subject asks about the open topic."""
    if memory["topic"].startswith("urp-") and not heard.names_days:
        # Questions about the URP itself need no antecedent: the classifier reads "dov'è?" and "e la PEC?" rightly.
        return heard.intent in _SMALL_TALK or heard.confidence < _SURE
    asking = _QUESTION_WORDS.intersection(heard.words) or "?" in heard.text
    return bool(
        heard.facets
        or heard.places
        or heard.names_days
        or heard.has("contratto")
        or asking
        or _TAKES_UP.search(heard.plain)
        or _REFERS_BACK.search(heard.plain)
    )


def _placed_elsewhere(heard: Heard, memory: Mapping[str, Any], record: Record | None) -> bool:
    """Whether a place is asked about that means nothing to the open topic, but something to the one heard."""
    if not heard.places or record is None or memory["intent"] in _PLACE_TOPICS:
        return False
    knows_places = any(fact.places for fact in record.facts)
    return not knows_places and heard.topic != record.id and heard.topic_confidence >= _HEARD


def _names_another(heard: Heard, topic: str, others: Mapping[str, str]) -> bool:
    """Whether the message calls another topic by its name."""
    spoken = set(heard.words)
    taken_up = heard.intent == FOLLOW_UP or bool(_TAKES_UP.search(heard.plain))
    for name, record_id in others.items():
        if record_id == topic or not spoken.issuperset(name.split()):
            continue
        if taken_up and (heard.topic != record_id or heard.topic_confidence < _SURE):
            continue
        if without_facet_words(name).split() and set(name.split()) & set(heard.subject):
            return True
    return False


def _is_small_talk(heard: Heard) -> bool:
    """Whether what sounds like small talk is no question."""
    asks = _HARD_FACETS.intersection(heard.facets)
    if heard.intent in _NEVER_ASK and asks:
        return False
    if heard.intent in _ANSWERS and ("?" in heard.text or heard.names_days or heard.places):
        return False
    plain_answer = heard.intent in _ANSWERS and heard.words[0] in ("no", "si", "ok")
    return heard.confidence >= _SURE or not heard.subject or plain_answer


def _stays_with_danger(heard: Heard) -> bool:
    """After a call for help only a question that stands on its own leaves it."""
    own = (
        heard.confidence >= _VERY_SURE
        and bool(heard.subject)
        and heard.intent.startswith(("ask_", "search_"))
    )
    polite = heard.intent in ("thank", "goodbye") and heard.confidence >= _SURE
    return not own and not polite


def _vocabulary(record: Record) -> frozenset[str]:
    texts = [record.title, *record.names, record.summary.text]
    for fact in record.facts:
        texts += [fact.text, *fact.ask]
    return frozenset(_root(word) for text in texts for word in words(text))


def _root(word: str) -> str:
    """The part of a word that inflection leaves alone, roughly."""
    return word[: max(3, min(5, len(word) - 1))]

"""Whether a message, while something about an appointment was asked, is a question to the assistant or another wish.

A form must not swallow questions (design decision 11), and must not take an answer for a question either: "accesso agli
atti" is a question elsewhere and a reason here.
"""

from __future__ import annotations

import re
from typing import Final, Literal

from bot.appointments.dialogue import planner
from bot.appointments.dialogue.reading import Said
from knowledge.text import words

_SURE: Final = 0.6
_SURE_WITH_MARK: Final = 0.4
"""Confidence from which a text is a question to the assistant, lower where it asks in its words."""

_LONG: Final = 14
"""A longer text is what the citizen comes for, even if it asks something."""

_ALWAYS: Final = frozenset(
    [
        "request_operator",
        "withdraw_person",
        "report_danger",
        "erase_my_data",
        "export_my_data",
        "ask_repeat",
        "ask_privacy",
        "ask_identity",
        "ask_capabilities",
        "report_wrong_information",
        "insult",
    ]
)
_QUESTIONS: Final = frozenset(
    [
        "ask_zones",
        "ask_metro_city",
        "ask_zone_of_comune",
        "ask_comuni_of_zone",
        "ask_comune",
        "ask_service",
        "ask_project",
        "ask_governance",
        "ask_other_body",
        "ask_urp_hours",
        "ask_urp_contacts",
        "ask_urp_reception",
        "ask_work",
        "search_job_offers",
        "follow_up",
        "off_topic",
        "make_complaint",
        "ask_for_help",
        "ask_doubt",
        "ask_language",
    ]
)
_ABOUT_HOURS: Final = re.compile(
    r"\b(?:apert[oaie]|aprite|apre|chiud\w+|chius[oaie]|orari (?:di|dell|fate|avete)|che orari|rispond\w+|ricevete)\b"
)
_APPOINTMENT: Final = re.compile(r"\b(?:appuntament\w*|prenotazion\w*|incontro|codice)\b")
_BRING: Final = re.compile(
    r"\b(?:port(?:o|are|armi|armelo|ar[el]\w*)|document[oi] (?:serv\w+|devo|occorr\w+|ci vogliono)|serve qualche documento)\b"
)
_LASTS: Final = re.compile(r"\bquanto (?:dura|tempo (?:dura|ci vuole|ci si mette)|tempo)\b")
_WHERE: Final = re.compile(
    r"\b(?:dove (?:si trova|siete|e|devo (?:venire|andare|presentarmi)|vengo|vado)|(?:che|quale|qual e l) indirizzo)\b"
)
_SHORT: Final = 9
"""A longer question is about something else than the appointment."""

_MINE: Final = re.compile(r"\b(?:mio|mia|miei|altro|gia|vecchi[oa]|ho|avevo|quello di|codice)\b")
_CANCEL: Final = re.compile(r"\b(?:disdi\w+|annull\w+|cancell\w+|toglil\w+|eliminal\w+)\b")
_MOVE: Final = re.compile(
    r"\b(?:spost\w+|rimand\w+|rinvi\w+|posticip\w+|anticip\w+|cambi\w+ (?:giorno|data|ora|orario))\b"
)
_LACKS_CODE: Final = re.compile(
    r"\b(?:senza (?:il )?codice|codice.{0,20}(?:pers\w+|smarrit\w+|cancellat\w+)|(?:pers\w+|smarrit\w+|dimenticat\w+|non (?:ho|trovo|ricordo|so|vedo|mi ricordo)) .{0,12}codice)\b"
)
_NEW: Final = re.compile(r"\b(?:nuovo|un altro appuntamento|prenot\w+|fissa\w*)\b")
_CHANGES_DAY: Final = re.compile(r"\b(?:anzi|facciamo|invece|meglio|piuttosto)\b")


def is_question(said: Said, asked: str, intent: str, confidence: float) -> bool:
    """Whether the rules should answer the message."""
    is_sure = confidence >= (_SURE_WITH_MARK if said.asks else _SURE)
    if not is_sure:
        return False
    plain = " ".join(words(said.text))
    if intent == "report_danger":
        return True
    if _answers(said, asked, plain, intent):
        return False
    if intent in _ALWAYS:
        return True
    if asked == planner.REASON:
        return said.asks and intent in _QUESTIONS and len(plain.split()) <= _LONG
    return intent in _QUESTIONS and (said.asks or confidence >= _SURE)


def asked_of_it(said: Said) -> Literal["bring", "lasts", "where", ""]:
    """What a short question wants to know of the appointment itself."""
    plain = " ".join(words(said.text))
    if not said.asks or len(plain.split()) > _SHORT:
        return ""
    if _BRING.search(plain):
        return "bring"
    if _LASTS.search(plain):
        return "lasts"
    return "where" if _WHERE.search(plain) else ""


def wanted_task(
    said: Said, task: str, asked: str, intent: str, confidence: float, *, has_own: bool
) -> str:
    """Another task that the message wants, "stop" if it wants none any more, "" to go on."""
    plain = " ".join(words(said.text))
    if _stops(said, task, asked, plain):
        return "stop"
    if task == planner.BOOK:
        return _out_of_booking(said, plain, intent, confidence, has_own=has_own)
    if task == planner.CANCEL and _MOVE.search(plain) and not _CANCEL.search(plain):
        return planner.MOVE
    if task == planner.MOVE and _CANCEL.search(plain) and not _MOVE.search(plain):
        return planner.CANCEL
    is_new = intent == "book_appointment" and confidence >= _SURE and _NEW.search(plain)
    if is_new and not said.code and not (asked == planner.START and said.when):
        return planner.BOOK
    return ""


def lacks_code(said: Said) -> bool:
    """Whether somebody tells that the code of the appointment is not at hand."""
    return not said.code and bool(_LACKS_CODE.search(" ".join(words(said.text))))


def _answers(said: Said, asked: str, plain: str, intent: str) -> bool:
    """Whether the message holds what was asked for, or anything personal: nobody asks questions with that."""
    if said.contact or (said.name is not None and not said.asks):
        return True
    if asked == planner.START:
        hours = intent == "ask_urp_hours" and _ABOUT_HOURS.search(plain)
        return said.pick is not None or (bool(said.when or said.wants_others) and not hours)
    if asked in (planner.NAME, planner.CONTACT):
        return False
    if asked == planner.WHICH:
        return bool(said.code or said.when) or said.pick is not None or lacks_code(said)
    tells = bool(said.corrects or said.service or said.reason) and not said.asks
    return said.says_yes or said.says_no or tells or said.is_about_when


def _stops(said: Said, task: str, asked: str, plain: str) -> bool:
    if asked == planner.REASON and said.says_no:
        return False
    if task == planner.CANCEL and asked == planner.CONFIRMED:
        return (said.says_no and not said.says_yes) or (said.stops and not said.says_yes)
    return said.stops and not (said.when and _CHANGES_DAY.search(plain))


def _out_of_booking(
    said: Said, plain: str, intent: str, confidence: float, *, has_own: bool
) -> str:
    task = planner.TASKS.get(intent, "")
    if confidence < _SURE or task in ("", planner.BOOK):
        return ""
    names_it = bool(_APPOINTMENT.search(plain))
    if said.code or (has_own and names_it and _MINE.search(plain)):
        return task
    if task == planner.CANCEL and _CANCEL.search(plain):
        return "stop"
    return planner.SHOW if task == planner.SHOW and names_it else ""

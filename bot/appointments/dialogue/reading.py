"""What a message says while an appointment is made: each part of it, whatever was asked (pure).

Names, contacts and codes are covered before days and hours are read: "Mario" is no month, a telephone number no date.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final, Literal

from bot.appointments.codes import found_code, normalised
from bot.appointments.contacts import REASON_MAX_CHARS, contact_span
from bot.appointments.dates import DaySpan, When, understand
from bot.appointments.dialogue import planner
from bot.appointments.dialogue.names import Found, bare_name, introduced_name
from bot.appointments.rules import Service
from knowledge.text import fold, words

_YES: Final = re.compile(
    r"^(?:(?:si|sisi|ok|okay|okei|va bene|vabene|va benissimo|perfetto|certo|certamente|confermo|conferma|confermato|"
    r"esatto|giusto|d accordo|ottimo|benissimo|bene|procedi|procediamo|assolutamente|volentieri|daccordo|yes|corretto|"
    r"tutto giusto|tutto ok|tutto bene|e giusto|e corretto|prenota|prenotalo|fissa|fissalo|prenotami|prenoti|vai|"
    r"annullalo|annulla|disdici|disdicilo|cancellalo|cancella|sicuro|sicura|sono sicur[oa]|mi va bene|per me va bene|"
    r"quello va bene|questo va bene|cosi va bene|va bene cosi|grazie|pure|quello|questo|lo|la prenotazione|"
    r"l appuntamento|appuntamento|per favore|tutto|prego|dai|continuiamo|continua|proseguiamo|prosegui|andiamo avanti|vai avanti|prendo|prendilo|grazie mille) ?)+$"
)
_NO: Final = re.compile(
    r"^(?:no|nn|nono|assolutamente no|no grazie|non va bene|non mi va bene|niente|nulla|non ora|neanche|nessuno|direi di no|"
    r"meglio di no|preferisco di no|salta|saltiamo|no no|nessuno di questi|nessuna|non serve|no non serve|va bene cosi)"
    r"(?: grazie| mi spiace| niente| cosi va bene| va bene cosi| no)*$"
)
_STOP: Final = re.compile(
    r"\b(?:lasci(?:a|amo|ate) (?:stare|perdere)|(?:no )?lasciamo stare|ci rinuncio|rinuncio|ci ripenso|ho cambiato idea|"
    r"non (?:lo |la )?voglio piu|non (?:mi )?(?:serve|interessa) piu(?! una persona)|non voglio prenotare|"
    r"non se ne fa (?:niente|nulla)|fa niente|fermati|fermiamoci|come non detto|interrompi|smettila|esci|"
    r"annulla (?:tutto|la richiesta|l operazione|la procedura)|voglio (?:uscire|smettere|interrompere)|non prenot\w+ piu|"
    r"ci penso (?:su|io|ancora|meglio|un po)|ci penso$|ne riparliamo|un altra volta|sara per un altra volta)\b"
    r"|^(?:no )?(?:basta(?: cosi| grazie)?|stop|annulla|annullare|fine|esci|cancella|niente(?: grazie| lascia)?|nulla)$"
)
_RESTART: Final = re.compile(
    r"\b(?:ricomincia\w*|da capo|dall inizio|ripartiamo|azzera\w*|resetta\w*)\b"
)
_CORRECTS: Final = re.compile(
    r"\b(?:ho sbagliat\w+|mi sono sbagliat\w+|sbagliat\w+|anzi|invece|cambi(?:a|o|are|amo|iamo)|modific\w+|corregg\w+|"
    r"correzione|meglio|preferi\w+|spost\w+|facciamo|posso cambiare|scus\w+|in realta|non e (?:quell|giust|corrett)\w*)\b|^no\b"
)
_FIELD_WORDS: Final[dict[str, re.Pattern[str]]] = {
    planner.CONTACT: re.compile(r"\b(?:e ?mail|mail|posta|indirizzo|contatto|telefono|numero|cellulare|recapito|tel)\b"),
    planner.NAME: re.compile(r"\b(?:nome|cognome|nominativo)\b"),
    planner.REASON: re.compile(r"\b(?:motivo|dettagli\w*|argomento|servizio|richiesta|descrizione)\b"),
    planner.START: re.compile(r"\b(?:giorno|orario|ora|data|quando|giornata)\b"),
}  # fmt: skip
_HOUR_WORD: Final = re.compile(r"\b(?:orario|ora)\b")
_DAY_WORD: Final = re.compile(r"\b(?:giorno|data|quando|giornata)\b")
_WHY: Final = re.compile(
    r"\b(?:perche|come mai|a (?:che )?cosa (?:vi |ti )?serve|a che (?:vi |ti )?serve|che ve ne fate|per forza|e obbligatori\w+|"
    r"obbligatori\w+|devo (?:proprio|per forza)|cosa (?:ve ne fate|ci fate|ne fate))\b"
)
_ORDINALS: Final = (
    re.compile(r"\b(?:prim[oa]|1|uno)\b"),
    re.compile(r"\b(?:second[oa]|2|due)\b"),
    re.compile(r"\b(?:terz[oa]|3|tre)\b"),
)
_ORDINAL_TALK: Final = re.compile(
    r"^(?:(?:si|ok|va bene|vabene|allora|direi|facciamo|prendo|prendiamo|scelgo|scegliamo|preferisco|voglio|vorrei|per me|"
    r"meglio|quello|quella|il|la|lo|l|opzione|numero|n|il numero|la numero|e|grazie|perfetto|prim[oa]|second[oa]|terz[oa]|"
    r"ultim[oa]|1|2|3|uno|due|tre|orario|data|proposta|che hai detto|della lista|dei tre|di questi|va|bene|mi|per favore) ?)+$"
)
_LAST: Final = re.compile(r"\bultim[oa]\b")
_OTHERS: Final = re.compile(
    r"\b(?:altr[oiae] (?:orari\w*|or[ae]|giorn\w+|date?|post[oi]|momento|opzion\w+|proposte?)|divers[oi]|nessun[oa]|"
    r"non (?:mi )?(?:va|vanno|vanno bene|va bene)|non (?:posso|riesco|ce la faccio)|(?:qualcos|un) altr\w+|altri|ce ne sono altri)\b"
)
_CODE_SHAPE: Final = re.compile(
    r"(?<![0-9A-Za-z@.])[0-9A-Za-z]{4}[ \-–—.]?[0-9A-Za-z]{4}(?![0-9A-Za-z@])"
)
_NOT_COMING: Final = re.compile(
    r"\b(?:non (?:posso|riesco a|potro|riusciro a|ce la faccio a) (?:venire|esserci|presentarmi)|non (?:vengo|verro|ci sono|ci saro))\b"
)
_ASKING: Final = re.compile(
    r"^(?:e |ma |scusa |scusi |senti |senta |per curiosita )*(?:che|chi|cosa|come|quando|dove|quale|quali|qual|quanto|quanta|quanti|"
    r"quante|perche|posso|si puo|potrei|avete|ce|c e|ci sono|siete|fate|in che|a che|a chi|da chi|di chi|in quale|mi (?:sai|puoi|dici|spieghi))\b"
)
_REASON_LEAD: Final = re.compile(
    r"\b(?:(?:il )?motivo\s*(?::|è|e'|=)|oggetto\s*:|riguarda|riguardo (?:a|al|alla|ai|alle)|"
    r"(?:devo|dovrei) (?!prenot|fiss|venire|prend|spost|disdi|annull|cancell|rimand|cambi)\w+(?:are|ere|ire|arvi|ervi)\b(?: di| del| della| con voi di)?|(?:vorrei|voglio) (?:parlare|discutere|chiedere|capire|sapere|consegnare|presentare|ritirare)\b(?: di| del| della| con voi di)?|"
    r"perch[eéè] (?:devo|vorrei|ho)|per)\s+",
    re.IGNORECASE,
)
_NO_REASON: Final = re.compile(
    r"^(?:favore|cortesia|piacere|me\b|il prossimo|la prossima|lo sportello|l'urp|urp|un appuntamento|appuntamento|domani|oggi|"
    r"caso|ora\b|adesso|prenotare|fissare|venire|lei|lui|mia? |mio |noi|due persone|carit|un altro giorno|un'altra)",
    re.IGNORECASE,
)
_REASON_END: Final = re.compile(
    r"[.;\n?!]|,\s*(?=(?:sono|mi chiamo|mail|e-?mail|tel|cell|nome|il mio|la mia|a nome|grazie|possibilmente|se possibile|meglio)\b)|"
    r"\s+(?=(?:mi chiamo|sono [A-ZÀ-Ý]|a nome|la mia mail|il mio (?:numero|nome|telefono)|se possibile|possibilmente|mi fissi|mi dai|quando)\b)"
)
_COVERAGE: Final = 0.55
"""Share of a message's letters from which days and hours are what it is about."""

_STEM: Final = 6
"""So many letters tell a word of a service's name: "segnalare" is "Segnalazioni"."""

Expecting = Literal["day", "time"] | None


@dataclass(frozen=True)
class Said:
    """What a message says. ``when_share``: how much of it days and hours are. ``without_data``: name and contact left out."""

    text: str
    when: When
    when_share: float = 0.0
    name: Found | None = None
    contact: str = ""
    code: str = ""
    reason: str = ""
    service: str = ""
    says_yes: bool = False
    says_no: bool = False
    stops: bool = False
    restarts: bool = False
    corrects: frozenset[str] = frozenset()
    asks_why: str = ""
    pick: int | None = None
    wants_others: bool = False
    not_coming: bool = False
    asks: bool = False
    without_data: str = ""

    @property
    def keeps_day(self) -> bool:
        """Whether a correction is about the hour alone: "posso cambiare orario?"."""
        plain = " ".join(words(self.text))
        return bool(_HOUR_WORD.search(plain)) and not _DAY_WORD.search(plain)

    @property
    def names_day(self) -> bool:
        """Whether days or hours are told in words: the figures of a telephone number are none."""
        return any(
            sum(char.isalpha() for char in self.text[m.start : m.end]) > 2
            for m in self.when.matched
        )

    @property
    def is_about_when(self) -> bool:
        """Whether days and hours are the point of the message."""
        return bool(self.when) and self.when_share >= _COVERAGE


def read(
    text: str,
    now: datetime,
    *,
    asked: str = "",
    task: str = planner.BOOK,
    reference: datetime | date | None = None,
    expecting: Expecting = None,
    offered: int = 0,
    within: DaySpan | None = None,
    services: Sequence[Service] = (),
) -> Said:
    """Read a message.

    Args:
        now: the moment in Rome.
        asked: the slot that was asked for, "" if this message begins.
        reference, expecting: as `dates.understand` takes them.
        offered: how many times were proposed, so that "il secondo" is one of them.
        within: the days spoken of ("la settimana prossima"): "martedì" is then one of them.
    """
    plain = " ".join(words(text))
    code, bare = _code(text, asked)
    contact, bare = _contact(bare, now, asked)
    name = introduced_name(bare) or (None if code else bare_name(bare, asked=asked == planner.NAME))
    if (
        name is not None
        and asked in (planner.START, "", planner.WHICH)
        and not _surely_name(name, bare, now)
    ):
        name = None
    without_name = _blanked(bare, name.start, name.end) if name else bare
    chooses = asked in (planner.START, planner.WHICH, planner.REASON)
    pick = _pick(plain, offered) if offered and chooses else None
    dated = without_name if task != planner.MOVE else _without_source(without_name)
    when = When()
    if pick is None:
        when = understand(dated, now, reference=reference, expecting=expecting)
        when = _placed(when, dated, within) if within else when
    return Said(
        text=text,
        when=when,
        when_share=_share(when, dated, text),
        name=name,
        contact=contact,
        code=code,
        reason=_reason(without_name, when),
        service=service_in(plain, services),
        says_yes=bool(_YES.match(plain)),
        says_no=bool(_NO.match(plain)),
        stops=bool(_STOP.search(plain)),
        restarts=bool(_RESTART.search(plain)),
        corrects=_corrected(plain),
        asks_why=_why(plain, asked),
        pick=pick,
        wants_others=bool(_OTHERS.search(plain)),
        not_coming=bool(_NOT_COMING.search(plain)),
        asks=text.rstrip().endswith("?") or bool(_ASKING.match(plain)),
        without_data=" ".join(without_name.split()),
    )


def _placed(when: When, text: str, within: DaySpan) -> When:
    """A weekday as it is said of the days spoken of, if it falls among them only so."""
    if not when.options or any(
        span.first in within for option in when.options for span in option.days
    ):
        return when
    eve = datetime.combine(within.first - timedelta(days=1), time.min)
    from_there = understand(text, eve)
    days = [span for option in from_there.options for span in option.days]
    return from_there if days and all(span.first in within for span in days) else when


def service_in(plain: str, services: Sequence[Service]) -> str:
    """The service that a folded text names by the telling words of its name, "" if none."""
    for service in services:
        telling = [word[:_STEM] for word in words(service.name) if len(word) > _STEM]
        if any(re.search(rf"\b{stem}", plain) for stem in telling):
            return service.id
    return ""


def tidy_reason(text: str) -> str:
    """The reason as it is kept: one line, at most so long."""
    return " ".join(text.split())[:REASON_MAX_CHARS].strip()


def source_in(text: str) -> str:
    """Of "sposta l'appuntamento di giovedì a martedì" the part that names the appointment; "" if there is none."""
    found = _SOURCE.search(text)
    return found.group("when") if found else ""


_SOURCE: Final = re.compile(
    r"\b(?:appuntamento|prenotazione|incontro|quell[oa]|visita)(?: che (?:ho|avevo)| fissat[oa]| prenotat[oa])?"
    r"(?: già)? (?P<when>(?:di|del|dell['’]|per|da) ?\S.*?)(?=\s+(?:a|al|alle|all['’]|in|su|per|e|con|verso|dopo|non|si|lo|posso|vorrei|devo|può)\b|[,.;?!]|$)",
    re.IGNORECASE,
)


def _without_source(text: str) -> str:
    found = _SOURCE.search(text)
    return _blanked(text, *found.span("when")) if found else text


def _code(text: str, asked: str) -> tuple[str, str]:
    """What looks like a code, right or wrong, in the stored form, and the text without it."""
    for shape in _CODE_SHAPE.finditer(text):
        typed = shape.group()
        has_figure = any(char.isdigit() for char in typed)
        has_letter = any(char.isalpha() for char in typed)
        if has_figure and (has_letter or asked == planner.WHICH):
            return normalised(typed), _blanked(text, *shape.span())
    code = found_code(text) if asked == planner.WHICH else None
    return code or "", text


def _contact(text: str, now: datetime, asked: str) -> tuple[str, str]:
    """The contact in a text, and the text without it. Figures that are a date are none."""
    span = contact_span(text)
    if span is None:
        return "", text
    found = text[slice(*span)]
    if "@" not in found and not re.search(r"\s(?:chiocciola|at)\s", found, re.IGNORECASE):
        digits = sum(char.isdigit() for char in found)
        dated = any(m.start < span[1] and span[0] < m.end for m in understand(text, now).matched)
        if asked != planner.CONTACT and (digits < 8 or dated):
            return "", text
    return found, _blanked(text, *span)


def _surely_name(name: Found, text: str, now: datetime) -> bool:
    """Whether what looks like a name is not days and hours with capitals ("Lunedì Mattina"); "Natale Rossi" is one."""
    written = text[name.start : name.end]
    return (
        _share(understand(written, now), written, written) < 1 or introduced_name(text) is not None
    )


def _blanked(text: str, start: int, end: int) -> str:
    return text[:start] + "," + " " * max(0, end - start - 1) + text[end:]


def _share(when: When, dated: str, text: str) -> float:
    letters = sum(char.isalnum() for char in text)
    covered = sum(char.isalnum() for m in when.matched for char in dated[m.start : m.end])
    return covered / letters if letters else 0.0


def _pick(plain: str, offered: int) -> int | None:
    if not _ORDINAL_TALK.match(plain):
        return None
    if _LAST.search(plain):
        return offered - 1
    found = [n for n, pattern in enumerate(_ORDINALS) if pattern.search(plain)]
    return found[0] if len(found) == 1 and found[0] < offered else None


def _corrected(plain: str) -> frozenset[str]:
    """The fields that a text wants to change, "" among them if it does not say which."""
    if not _CORRECTS.search(plain):
        return frozenset()
    fields = {slot for slot, pattern in _FIELD_WORDS.items() if pattern.search(plain)}
    return frozenset(fields or {""})


def _why(plain: str, asked: str) -> str:
    if not _WHY.search(plain):
        return ""
    named = [
        slot
        for slot in (planner.CONTACT, planner.NAME, planner.REASON)
        if _FIELD_WORDS[slot].search(plain)
    ]
    if named:
        return named[0]
    personal = asked in (planner.CONTACT, planner.NAME, planner.REASON)
    about_data = re.search(
        r"\b(?:serve|servono|chied\w+|vuoi|volete|dat[oi]|saper\w+|obbligatori\w+|dirtel\w+|darvel\w+|darl[oa])\b",
        plain,
    )
    return asked if personal and about_data else ""


def _reason(text: str, when: When) -> str:
    """What the text says the appointment is about ("per …", "motivo: …"), "" if it does not say."""
    for lead in _REASON_LEAD.finditer(text):
        rest = text[lead.end() :]
        if _NO_REASON.match(rest) or any(
            lead.end() - 1 <= m.start <= lead.end() + 6 for m in when.matched
        ):
            continue
        end = _REASON_END.search(rest)
        stop = end.start() if end else len(rest)
        dated = [m.start - lead.end() for m in when.matched if m.start > lead.end()]
        reason = rest[: min([stop, *dated])].strip(" ,.-")
        reason = re.sub(r"\s+(?:il|la|per|alle|di|a|e|al|nel|giorno)$", "", reason)
        if len(fold(reason)) > 3:
            whole = lead.group().split()[0].lower().rstrip(":=") not in (
                "per",
                "motivo",
                "oggetto",
                "riguarda",
                "riguardo",
                "il",
            )
            return tidy_reason(f"{lead.group().strip()} {reason}" if whole else reason)
    return ""

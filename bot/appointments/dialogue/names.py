"""A person's name inside a message: after "mi chiamo", as a piece between commas, or the whole of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from bot.appointments.contacts import Invalid, parsed_name
from knowledge.text import fold

_LEAD: Final = re.compile(
    r"\b(?:(?:mi|si) (?:chiam[oa])|di nome|il mio nome (?:è|e'|e)|(?:il )?nome(?: e cognome)?\s*(?::|=|è|e'|in|con)|intestat[oa] a|a nome(?: di)?|"
    r"nome|(?P<again>sempre)|(?P<weak>(?:io )?sono|(?:al|il) signor|(?:la |alla )?signora|sig\.?(?:ra)?))"
    r"\s*:?\s+(?:il |la )?(?:sig(?:nora?|\.ra|\.)? |dott(?:oressa|ore|or|\.ssa|\.)? )?",
    re.IGNORECASE,
)
_WORD: Final = re.compile(r"[^\W\d_][^\W\d_'’.-]*(?:['’-][^\W\d_]+)*\.?")
_PIECE: Final = re.compile(r"[^,;:!?\n()]+")
_PARTICLES: Final = frozenset(
    [
        "de",
        "di",
        "da",
        "del",
        "della",
        "dalla",
        "dello",
        "dei",
        "degli",
        "la",
        "lo",
        "li",
        "van",
        "von",
        "mc",
        "el",
        "al",
        "bin",
        "san",
        "d",
        "l",
    ]
)
_MAX_WORDS: Final = 5
_NOT_IN_NAMES: Final = frozenset(
    fold(word)
    for word in ["voglio", "vorrei", "volevo", "vuole", "non", "che", "cosa", "come", "perché", "quando", "dove", "chi", "quale", "quanto", "ho", "hai", "ha", "abbiamo", "avete", "hanno", "posso", "può", "potete", "possiamo", "potrei", "devo", "deve", "dobbiamo", "un", "una", "uno", "il", "i", "gli", "le", "per", "con", "mi", "ti", "ci", "si", "no", "sì", "ok", "va", "bene", "grazie", "ciao", "salve", "buongiorno", "buonasera", "boh", "forse", "appuntamento", "appuntamenti", "mail", "email", "e-mail", "posta", "numero", "telefono", "cell", "cellulare", "tel", "nome", "cognome", "giorno", "ora", "orario", "domani", "oggi", "dopodomani", "mattina", "pomeriggio", "sera", "settimana", "prossimo", "prossima", "e", "ed", "o", "oppure", "anzi", "invece", "scusa", "scusi", "scusate", "aspetta", "basta", "stop", "annulla", "lascia", "lasciamo", "stare", "perdere", "niente", "nulla", "nessuno", "tutto", "questo", "quello", "questa", "quella", "sono", "è", "era", "mio", "mia", "tuo", "suo", "nostro", "vostro", "anche", "ancora", "più", "meno", "prima", "dopo", "sbagliato", "cambia", "cambio", "cambiare", "correggi", "modifica", "sposta", "disdici", "conferma", "confermo", "prenota", "prenotare", "prenotazione", "fissare", "urp", "ufficio", "sportello", "informazioni", "informazione", "accesso", "atti", "segnalazione", "reclamo", "dimmi", "dammi", "fammi", "scrivi", "chiama", "chiamami", "sto", "sta", "stai", "vengo", "venire", "viene", "serve", "servono", "vi", "me", "te", "lui", "lei", "noi", "voi", "altro", "altra", "secondo", "terzo", "ultimo", "dell", "nell", "sull", "nel", "nella", "sul", "sulla", "al", "allo", "alla", "dal", "pratica", "documento", "certificato", "bolletta", "caldaia", "scuola", "lavoro", "casa", "strada", "se", "lunedì", "martedì", "mercoledì", "giovedì", "venerdì", "sabato", "su", "perfetto", "d'accordo", "certo", "esatto", "giusto", "benissimo", "ricominciamo", "capo", "uguale", "stesso", "stessa", "preferisco", "meglio", "dato", "dati", "privacy", "aiuto", "operatore", "persona", "umano", "qualcuno", "facciamo", "direi", "credo", "penso", "sai", "fai", "che", "so", "magari", "attimo", "un'altra", "cosa", "invalido", "invalida", "disoccupato", "disoccupata", "straniero", "straniera", "italiano", "italiana", "studente", "studentessa", "pensionato", "pensionata", "residente", "cittadino", "cittadina", "interessato", "interessata", "disponibile", "libero", "libera", "sicuro", "sicura", "qui", "qua", "rom", "nuovo", "nuova", "solo", "sola", "stato", "stata", "andato", "andata", "venuto", "venuta", "in", "a", "presso", "ricevo", "vediamo", "the", "i", "my", "is", "want", "hello", "please", "what", "yes", "not"]
)  # fmt: skip
_NOT_AFTER: Final = frozenset(
    fold(word)
    for word in ["e", "ed", "vorrei", "volevo", "ho", "abito", "mail", "email", "e-mail", "tel", "telefono", "cell", "cellulare", "la", "il", "mio", "mia", "per", "con", "via", "numero", "contatto", "motivo", "giorno", "alle", "ore", "domani", "oggi", "lunedì", "martedì", "mercoledì", "giovedì", "venerdì", "sabato", "ma", "anzi", "non", "grazie"]
)  # fmt: skip


@dataclass(frozen=True)
class Found:
    """A name, tidied, and where it stands in the text (with nothing around it)."""

    name: str
    start: int
    end: int


def introduced_name(text: str) -> Found | None:
    """A name that the text introduces ("mi chiamo …", "a nome di …"); "sono …" needs capitals or two plain words."""
    for lead in _LEAD.finditer(text):
        words = _words_from(text, lead.end())
        if not words or text[: lead.start()].lower().endswith("non "):
            continue
        capital = all(word[0].isupper() for word in words[0])
        if lead["again"] and not (capital and len(words[0]) > 1):
            continue
        if lead["weak"] and not (capital or len(words[0]) in (2, 3)):
            continue
        found = _checked(text[lead.end() : words[1]], lead.end())
        if found is not None:
            return found
    return None


def bare_name(text: str, *, asked: bool) -> Found | None:
    """A piece of the text that is a name and nothing else.

    Args:
        asked: a name was asked for: small letters and a single word will do.
    """
    for piece in _PIECE.finditer(text):
        stripped = piece.group().strip(" .-")
        words = _WORD.findall(stripped)
        if not words or " ".join(words) != " ".join(stripped.split()) or not _may_be_name(words):
            continue
        main = [word for word in words if fold(word) not in _PARTICLES]
        enough = len(main) >= (1 if asked else 2)
        if not enough or not (asked or all(word[0].isupper() for word in main)):
            continue
        start = piece.start() + piece.group().index(stripped)
        found = _checked(stripped, start)
        if found is not None:
            return found
    return None


def _words_from(text: str, start: int) -> tuple[list[str], int] | None:
    """The words of a name that begins at a place, and where it ends."""
    found: list[re.Match[str]] = []
    at = start
    for match in _WORD.finditer(text, start):
        follows = text[match.end() : match.end() + 1]
        if text[at : match.start()].strip(" ") or follows in ("@", "_") or follows.isdigit():
            break
        if fold(match.group()) in _NOT_AFTER or len(found) == _MAX_WORDS:
            break
        found.append(match)
        at = match.end()
    while found and fold(found[-1].group()) in _PARTICLES:
        found.pop()
    words = [match.group() for match in found]
    return (words, found[-1].end()) if words and _may_be_name(words) else None


def _may_be_name(words: list[str]) -> bool:
    if not 1 <= len(words) <= _MAX_WORDS:
        return False
    return all(len(word) <= 30 and fold(word) not in _NOT_IN_NAMES for word in words)


def _checked(written: str, start: int) -> Found | None:
    plain = written.rstrip(" .")
    try:
        return Found(parsed_name(plain), start, start + len(plain))
    except Invalid:
        return None

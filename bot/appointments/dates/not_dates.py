"""What looks like a date and is none: addresses, telephone numbers, codes, prices, ages, quantities."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from bot.appointments.dates import lexicon
from bot.appointments.dates.lexicon import word_set
from bot.appointments.dates.tokens import Token, token_at

_STREETS: Final = word_set(
    "via viale piazza piazzale piazzetta corso largo vicolo strada vle pza pzza scuola istituto biblioteca "
    "liceo palestra quartiere caserma stazione fermata"
)
_NUMBERED: Final = word_set(
    "numero n nr num pratica protocollo prot codice legge articolo art comma decreto fattura bando lotto delibera "
    "ordinanza stanza piano sportello linea bus tram autobus interno int civico scala modello sezione classe zona "
    "cap municipio fax tel telefono cell cellulare mod determina concorso ufficio turno metro versione euro eur"
)
_MOVES: Final = ("spost", "rinvi", "anticip", "posticip", "rimand")
_MOVED: Final = frozenset(("quello", "appuntamento", "prenotazione", "visita", "incontro"))
_OF: Final = frozenset(("di", "del", "dell", "delle", "per"))
_FROM: Final = frozenset(("da", "dal", "dall", "dalla", "dalle"))
_TARGET: Final = frozenset(("a", "al", "all", "alla"))
_SOURCE_WORDS: Final = 9
_GREETINGS: Final = frozenset(("buon", "buona", "buone"))
_PAPERS: Final = word_set(
    "pratica verbale lettera delibera bando multa mail raccomandata sentenza domanda fattura ordinanza legge "
    "decreto protocollo determina concorso avviso bolletta cartella nota comunicazione nato nata nati nascita"
)
"""A date after one of these is that of a paper or a birth."""

_UNITS: Final = word_set(
    "anni anno persone persona euro eur figli figlia figlio bambini bambino bambine minuti min minuto ore ora documenti "
    "copie copia metri mq km volte volta posti posto pratiche pagine mesi mese giorni giorno settimane settimana "
    "secondi ragazzi adulti appuntamenti messaggi mail carte cento mille piano turno municipio livello tram per "
    "cani gatti stanze locali kg litri cm gradi punti ottavi quinti chili"
)
"""Nouns that make the number before them a quantity (a wait like "tra 3 giorni" begins with its own word)."""

_WAIT: Final = frozenset(
    ("tra", "fra", "entro", "prossimi", "prossime", "dopo", "primi", "ultimi", "tipo", "fa")
)
_AFTER_COUNT: Final = frozenset(("dopo", "prima", "fa", "a", "da", "alle"))
_CLOCK: Final = frozenset(("ore", "h", "alle", "dalle", "le", "e", "meno"))
_LONG_NUMBER: Final = 5
_PHONE: Final = re.compile(r"\+\d[\d ./-]{6,}\d|(?<!\d)(?:0\d|3\d\d|800)(?:[ ./-]?\d){5,}(?!\d)")
_DATE_INSIDE: Final = re.compile(r"\d{1,2}([/.-])\d{1,2}\1\d{2,4}")
_LINK: Final = re.compile(r"@|://|www\.|\.(?:it|com|org|eu)\b", re.IGNORECASE)
_STREET_WORDS: Final = 4
_PAPER_WORDS: Final = 7


def without_non_dates(text: str, tokens: list[Token]) -> list[Token]:
    """The tokens with those that belong to no date marked ``off``."""
    off: set[int] = set()
    hidden = [*_hidden_stretches(text)]
    at = 0
    for index, token in enumerate(tokens):
        while at < len(hidden) and hidden[at][1] <= token.start:
            at += 1
        if (at < len(hidden) and hidden[at][0] <= token.start) or token_at(
            tokens, index - 1
        ).word in _GREETINGS:
            off.add(index)
        elif token.word in _STREETS:
            off.update(_address(tokens, index))
        elif token.word in _NUMBERED:
            off.update(_number_after(tokens, index))
        if token.word in _PAPERS:
            off.update(_paper_date(tokens, index))
        if token.number is not None or token.figures:
            off.update(_quantity(tokens, index))
    off.update(_source_of_move(tokens))
    return [replace(token, off=True) if i in off else token for i, token in enumerate(tokens)]


def _source_of_move(tokens: list[Token]) -> Iterator[int]:
    """In "spostare l'appuntamento di giovedì alle 10 a venerdì" all before "a": only the target is wished."""
    if not any(token.word.startswith(_MOVES) for token in tokens):
        return
    for index, token in enumerate(tokens):
        after_noun = token_at(tokens, index - 1).word in _MOVED and token.word in _OF
        if not after_noun and token.word not in _FROM:
            continue
        end = index + 1
        while end < index + _SOURCE_WORDS and token_at(tokens, end).word not in _TARGET | {
            "",
            ",",
            ".",
            "!",
            "?",
        }:
            if token.word == "dalle" and token_at(tokens, end).word == "alle":
                break
            end += 1
        reached = token_at(tokens, end).word
        if after_noun or reached in _TARGET or reached == "alle":
            yield from range(index, end)
            return


def _hidden_stretches(text: str) -> list[tuple[int, int]]:
    """Characters of telephone numbers, links and codes that mix letters and figures."""
    found = []
    for phone in _PHONE.finditer(text):
        if not _DATE_INSIDE.search(phone.group()):
            found.append(phone.span())
    for chunk in re.finditer(r"\S+", text):
        if _LINK.search(chunk.group()) or _is_code(chunk.group()):
            found.append(chunk.span())
    return sorted(found)


def _is_code(chunk: str) -> bool:
    """Whether letters and figures alternate, as in "K7M4-3Q10"."""
    plain = chunk.strip(".,;:!?()").lower()
    if plain[:1].isdigit() and len(plain) < 12:
        return False
    changes = sum(a.isalpha() and b.isdigit() for a, b in itertools.pairwise(plain))
    return changes > 1 and "ore" not in plain and not plain.startswith("h")


def _address(tokens: list[Token], index: int) -> Iterator[int]:
    """ "via 25 aprile 3", "piazza Duomo, 4": the name, and the house number if one follows."""
    at = index + 1
    if token_at(tokens, at).word in ("di", "del", "della", "dell", "de", "dei"):
        at += 1
    first = token_at(tokens, at)
    named_by_date = first.number is not None or first.word in ("xx", "xxv", "iv", "xxii")
    if named_by_date and token_at(tokens, at + 1).word in lexicon.FULL_MONTHS | {"marzo"}:
        yield from (at, at + 1)
        at += 2
    else:
        if first.word in lexicon.WEEKDAYS or first.word in lexicon.RELATIVE_DAYS or first.is_mark:
            return
        reach = at + _STREET_WORDS
        while (
            at < reach
            and token_at(tokens, at).word.isalpha()
            and not _starts_date(token_at(tokens, at))
        ):
            at += 1
    if token_at(tokens, at).word == ",":
        at += 1
    house = token_at(tokens, at)
    after = token_at(tokens, at + 1).word
    if (
        house.figures
        and after not in lexicon.MONTHS
        and after not in (":", "/")
        and not _is_range(tokens, at)
    ):
        yield at


def _starts_date(token: Token) -> bool:
    word = token.word
    return (
        word in lexicon.WEEKDAYS
        or word in lexicon.RELATIVE_DAYS
        or word in lexicon.MONTHS
        or token.number is not None
        or word in ("il", "alle", "ore", "h", "per", "e")
    )


def _is_range(tokens: list[Token], at: int) -> bool:
    return token_at(tokens, at + 1).word == "-" and token_at(tokens, at + 2).figures > 0


def _number_after(tokens: list[Token], index: int) -> Iterator[int]:
    """ "pratica n. 12/3", "sportello 3": the number and what a slash joins to it."""
    at = index + 1
    while (
        token_at(tokens, at).word in ("n", "nr", "numero", ".", ":", "la", "e") and at < index + 4
    ):
        at += 1
    if token_at(tokens, at - 1).word in ("la", "e") and token_at(tokens, at + 1).word not in (
        "/",
        "-",
    ):
        return
    if token_at(tokens, at).figures:
        yield at
        while token_at(tokens, at + 1).word in ("/", "-", ".") and token_at(tokens, at + 2).figures:
            yield from (at + 1, at + 2)
            at += 2


def _paper_date(tokens: list[Token], index: int) -> Iterator[int]:
    """The date of a paper or a birth: "il bando del 10 novembre", "nato il 3/5/1980"."""
    at = index + 1
    reach = at + _PAPER_WORDS
    while at < reach and (
        token_at(tokens, at).word
        in ("a", "milano", "di", "in", "data", "pubblicato", "n", "nr", "numero", ".", "/")
        or token_at(tokens, at).figures
    ):
        at += 1
    if (
        token_at(tokens, at).word not in ("del", "dell", "il", "l")
        or not token_at(tokens, at + 1).number
    ):
        return
    if token_at(tokens, at).word in ("il", "l") and not tokens[index].word.startswith("nat"):
        return
    at += 1
    yield at
    while True:
        following = token_at(tokens, at + 1)
        joins = following.word in ("/", "-", ".") and token_at(tokens, at + 2).figures > 0
        if not (
            joins
            or following.word in lexicon.MONTHS
            or following.figures == 4
            or following.word in lexicon.YEARS
        ):
            return
        at += 2 if joins else 1
        yield from ((at - 1, at) if joins else (at,))


def _quantity(tokens: list[Token], index: int) -> Iterator[int]:
    """Numbers too long for a date, and those that count something."""
    token = tokens[index]
    before, after = token_at(tokens, index - 1), token_at(tokens, index + 1)
    if token.figures >= _LONG_NUMBER or after.word in ("€", "%", "$") or before.word in ("€", "$"):
        yield index
    elif after.word == "," and token_at(tokens, index + 3).word in ("€", "euro", "eur"):
        yield from (index, index + 2)
    elif after.word in _UNITS and before.word not in _WAIT and before.word not in _CLOCK:
        beyond = token_at(tokens, index + 2).word
        if after.word == "ore" and token_at(tokens, index + 2).number is not None:
            return
        if after.word in ("per", "e") and beyond not in ("cento", "mille"):
            return
        if beyond not in _AFTER_COUNT:
            yield index
    elif (
        before.word == "in"
        and not after.number
        and after.word not in lexicon.MONTHS
        and token.number is not None
        and token.number < 20
        and after.word != "/"
    ):
        yield index

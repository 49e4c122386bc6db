"""Plain forms of Italian text for comparing: no capitals, no accents, no punctuation, SMS spelling undone."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

_APOSTROPHES: Final = str.maketrans({"’": "'", "‘": "'", "`": "'", "´": "'", "ʼ": "'"})
_MARKS: Final = re.compile(r"[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+")
_NOT_WORD: Final = re.compile(r"[^a-z0-9]+")
_WORDS: Final = re.compile(r"(?:[^\W\d_]\.){2,}(?:[^\W\d_](?![^\W_]))?|[^\W_]+")
_REPEATED: Final = re.compile(r"([a-z])\1{2,}")
_DOTTED_INITIALS: Final = re.compile(r"\b(?:[a-z]\.){2,}")

SMS_WORDS: Final[dict[str, str]] = {
    "nn": "non",
    "xke": "perche",
    "xche": "perche",
    "xk": "perche",
    "perke": "perche",
    "pk": "perche",
    "cmq": "comunque",
    "cm": "come",
    "qnd": "quando",
    "qndo": "quando",
    "qnt": "quanto",
    "qnto": "quanto",
    "qnti": "quanti",
    "qst": "questo",
    "qs": "questo",
    "qls": "qualcosa",
    "qlcs": "qualcosa",
    "qlcn": "qualcuno",
    "ke": "che",
    "k": "che",
    "ki": "chi",
    "kiama": "chiama",
    "kiamo": "chiamo",
    "kiedere": "chiedere",
    "x": "per",
    "xo": "pero",
    "dv": "dove",
    "dp": "dopo",
    "sn": "sono",
    "sl": "solo",
    "tt": "tutto",
    "tel": "telefono",
    "nr": "numero",
    "num": "numero",
    "app": "appuntamento",
    "appunt": "appuntamento",
    "appto": "appuntamento",
    "info": "informazioni",
    "grz": "grazie",
    "thx": "grazie",
    "ciaoo": "ciao",
    "msg": "messaggio",
    "doc": "documenti",
    "docs": "documenti",
    "gg": "giorni",
    "lun": "lunedi",
    "mar": "martedi",
    "mer": "mercoledi",
    "gio": "giovedi",
    "ven": "venerdi",
    "dom": "domenica",
    "prox": "prossimo",
    "pross": "prossimo",
    "ufic": "ufficio",
    "uff": "ufficio",
    "vrs": "verso",
    "anke": "anche",
    "poi": "poi",
    "fnz": "funziona",
    "indir": "indirizzo",
    "ztl": "ztl",
    "pls": "per favore",
    "pf": "per favore",
}


@lru_cache(maxsize=8_192)
def fold(text: str) -> str:
    """Lower case, without accents, typographic marks, punctuation; words separated by one space."""
    text = unicodedata.normalize("NFKD", text.translate(_APOSTROPHES))
    text = _MARKS.sub("", text).lower()
    text = _DOTTED_INITIALS.sub(lambda match: match.group().replace(".", ""), text)
    return _NOT_WORD.sub(" ", text).strip()


@dataclass(frozen=True)
class Token:
    """A folded word and where it stands in the original text."""

    word: str
    start: int
    end: int


def tokens(text: str) -> list[Token]:
    """Folded words with their place in ``text`` ("A.F.O.L." is one word)."""
    out = []
    for match in _WORDS.finditer(text):
        word = fold(match.group()).replace(" ", "")
        if word:
            out.append(Token(word, match.start(), match.end()))
    return out


def words(text: str) -> list[str]:
    """Folded words with SMS spelling undone and stretched letters shortened ("ciaoooo" is "ciaoo")."""
    return spelled_out(fold(text).split())


def spelled_out(folded: Iterable[str]) -> list[str]:
    """Undo SMS spelling and stretched letters in folded words."""
    return [plain for word in folded for plain in _spelled_out(word)]


@lru_cache(maxsize=65_536)
def _spelled_out(word: str) -> tuple[str, ...]:
    plain = _REPEATED.sub(r"\1\1", word)
    return tuple(SMS_WORDS.get(plain, plain).split())


def slug(name: str) -> str:
    """Identifier made from a name: "Cassina de' Pecchi" is "cassina-de-pecchi"."""
    return fold(name).replace(" ", "-")

"""The words of the grammar, folded (no accents, no capitals): what they are called and what they are worth."""

from __future__ import annotations

from typing import Final


def word_set(text: str) -> frozenset[str]:
    """The words of a text, for lists that read best in a row."""
    return frozenset(text.split())


WEEKDAYS: Final[dict[str, int]] = {
    name: number
    for number, names in enumerate(
        (
            ("lunedi", "lun", "lunedy"),
            ("martedi", "mar", "mart"),
            ("mercoledi", "mer", "merc"),
            ("giovedi", "gio", "giov"),
            ("venerdi", "ven", "vener"),
            ("sabato", "sab", "sabati"),
            ("domenica", "dom", "domeniche"),
        )
    )
    for name in names
}
MONTHS: Final[dict[str, int]] = {
    name: number
    for number, names in enumerate(
        (
            ("gennaio", "gen", "genn"),
            ("febbraio", "feb", "febb"),
            ("marzo", "mar"),
            ("aprile", "apr"),
            ("maggio", "mag"),
            ("giugno", "giu"),
            ("luglio", "lug"),
            ("agosto", "ago"),
            ("settembre", "set", "sett"),
            ("ottobre", "ott"),
            ("novembre", "nov"),
            ("dicembre", "dic"),
        ),
        1,
    )
    for name in names
}
FULL_MONTHS: Final = frozenset(name for name in MONTHS if len(name) > 4)
"""Month names that stand alone; the short ones need a number beside them."""

_UNITS: Final = [
    "zero",
    "uno",
    "due",
    "tre",
    "quattro",
    "cinque",
    "sei",
    "sette",
    "otto",
    "nove",
    "dieci",
    "undici",
    "dodici",
    "tredici",
    "quattordici",
    "quindici",
    "sedici",
    "diciassette",
    "diciotto",
    "diciannove",
]
_TENS: Final = (
    "venti",
    "trenta",
    "quaranta",
    "cinquanta",
    "sessanta",
    "settanta",
    "ottanta",
    "novanta",
)


def _number_words() -> dict[str, int]:
    numbers = {word: value for value, word in enumerate(_UNITS)}
    for ten, word in enumerate(_TENS, 2):
        numbers[word] = ten * 10
        for unit in range(1, 10):
            # The vowel goes before "uno" and "otto": ventuno, ventotto.
            stem = word[:-1] if unit in (1, 8) else word
            numbers[stem + _UNITS[unit]] = ten * 10 + unit
    return numbers


NUMBERS: Final[dict[str, int]] = _number_words()
YEARS: Final[dict[str, int]] = {
    "duemila": 2000,
    **{f"duemila{word}": 2000 + value for word, value in NUMBERS.items() if value},
}
ORDINALS: Final[dict[str, int]] = {
    "primo": 1, "prima": 1, "secondo": 2, "seconda": 2, "terzo": 3, "terza": 3,
    "quarto": 4, "quarta": 4, "quinto": 5, "quinta": 5, "penultimo": -2, "penultima": -2, "ultimo": -1, "ultima": -1,
}  # fmt: skip

PARTS: Final[dict[str, tuple[int, int]]] = {
    "mattina": (7 * 60, 13 * 60),
    "pranzo": (12 * 60, 14 * 60 + 30),
    "pomeriggio": (13 * 60, 19 * 60),
    "sera": (18 * 60, 24 * 60),
    "notte": (20 * 60, 24 * 60),
}
"""Parts of the day in minutes. Documented in docs/dates.md."""

EARLY_PARTS: Final[dict[str, tuple[int, int]]] = {
    "mattina": (7 * 60, 10 * 60),
    "pomeriggio": (13 * 60, 15 * 60 + 30),
    "sera": (18 * 60, 20 * 60),
    "notte": (20 * 60, 22 * 60),
}
MIDDLE_PARTS: Final[dict[str, tuple[int, int]]] = {
    "mattina": (9 * 60 + 30, 11 * 60 + 30),
    "pomeriggio": (15 * 60, 16 * 60 + 30),
}
LATE_PARTS: Final[dict[str, tuple[int, int]]] = {
    "mattina": (11 * 60, 13 * 60),
    "pomeriggio": (16 * 60, 19 * 60),
    "sera": (20 * 60, 24 * 60),
    "notte": (22 * 60, 24 * 60),
}
PART_WORDS: Final[dict[str, str]] = {
    "mattina": "mattina", "mattino": "mattina", "mattinata": "mattina", "mattine": "mattina", "matt": "mattina",
    "pomeriggio": "pomeriggio", "pomeriggi": "pomeriggio", "pom": "pomeriggio", "pome": "pomeriggio",
    "dopopranzo": "pomeriggio", "pranzo": "pranzo", "sera": "sera", "serata": "sera", "notte": "notte",
    "nottata": "notte",
}  # fmt: skip
TODAY_PARTS: Final[dict[str, str]] = {
    "stamattina": "mattina", "stamani": "mattina", "stamane": "mattina", "stasera": "sera", "stanotte": "notte",
}  # fmt: skip

RELATIVE_DAYS: Final[dict[str, int]] = {
    "oggi": 0, "domani": 1, "dopodomani": 2, "posdomani": 2, "indomani": 1, "domattina": 1, "ieri": -1, "altroieri": -2,
}  # fmt: skip

HOLIDAYS: Final[dict[str, tuple[int, int]]] = {
    "capodanno": (1, 1), "primo dell anno": (1, 1), "epifania": (1, 6), "befana": (1, 6),
    "festa della liberazione": (4, 25), "liberazione": (4, 25), "festa del papa": (3, 19),
    "festa dei lavoratori": (5, 1), "festa del lavoro": (5, 1), "festa della repubblica": (6, 2),
    "ferragosto": (8, 15), "assunta": (8, 15), "san francesco": (10, 4), "s francesco": (10, 4),
    "ognissanti": (11, 1), "tutti i santi": (11, 1), "i santi": (11, 1), "ai santi": (11, 1), "dei santi": (11, 1),
    "i morti": (11, 2), "giorno dei morti": (11, 2), "dei morti": (11, 2),
    "sant ambrogio": (12, 7), "santambrogio": (12, 7), "s ambrogio": (12, 7), "san ambrogio": (12, 7),
    "sant ambroeus": (12, 7), "santo patrono": (12, 7), "patrono": (12, 7), "immacolata": (12, 8), "immacolata concezione": (12, 8),
    "antivigilia di natale": (12, 23), "antivigilia": (12, 23), "vigilia": (12, 24), "vigilia di natale": (12, 24),
    "vigilia di capodanno": (12, 31), "natale": (12, 25), "santo stefano": (12, 26), "s stefano": (12, 26),
    "san silvestro": (12, 31), "s silvestro": (12, 31), "ultimo dell anno": (12, 31), "ultimo giorno dell anno": (12, 31),
}  # fmt: skip
EASTERS: Final[dict[str, int]] = {
    "pasqua": 0, "domenica di pasqua": 0, "pasquetta": 1, "lunedi dell angelo": 1, "lunedi di pasqua": 1,
    "lunedi dopo pasqua": 1, "venerdi santo": -2, "pentecoste": 49, "le ceneri": -46,
}  # fmt: skip
"""Days from Easter Sunday."""

SEASONS: Final[dict[str, tuple[tuple[int, int], tuple[int, int]]]] = {
    "primavera": ((3, 21), (6, 20)),
    "estate": ((6, 21), (9, 22)),
    "autunno": ((9, 23), (12, 20)),
    "inverno": ((12, 21), (3, 20)),
}

SHORTHAND: Final[dict[str, str]] = {
    "dmn": "domani", "dmni": "domani", "dopodmn": "dopodomani", "dpdomani": "dopodomani", "ogg": "oggi",
    "gg": "giorni", "g": "giorni", "prox": "prossimo", "pross": "prossimo", "x": "per", "dp": "dopo", "nn": "non",
    "qst": "questo", "qs": "questo", "stamatt": "stamattina", "pomer": "pomeriggio", "pomerig": "pomeriggio",
    "mattinat": "mattinata", "mezzogg": "mezzogiorno", "settim": "settimana", "sett": "settimana", "vrs": "verso",
    "d": "di", "wk": "weekend", "cmq": "comunque", "appunt": "appuntamento",
}  # fmt: skip
"""Spellings of text messages."""

ABBREVIATIONS: Final = frozenset(
    {name for name in (*WEEKDAYS, *MONTHS) if len(name) <= 4}
    | {"h", "ore", "pom", "matt", "prox", "sett", "gg"}
)
"""Words whose full stop is not the end of a sentence."""

PERSONS: Final = frozenset(
    {
        "agostino",
        "domenici",
        "domenico",
        "gennaro",
        "mario",
        "martina",
        "martino",
        "mattia",
        "pasquina",
        "sabatini",
        "sabatino",
    }
)
"""Names of people that are no mistyped month or weekday."""

CORRECTABLE: Final = tuple(
    sorted(
        {name for name in WEEKDAYS if len(name) > 5}
        | FULL_MONTHS
        | {name for name in PART_WORDS if len(name) > 5}
        | {word for word, value in NUMBERS.items() if len(word) > 5 and value < 32}
        | {
            "domani", "dopodomani", "stamattina", "stasera", "domattina", "prossimo", "prossima", "settimana",
            "settimane", "giorni", "mezzogiorno", "natale", "capodanno", "epifania", "befana", "pasqua", "pasquetta",
            "ferragosto", "ognissanti", "immacolata", "weekend", "dopo", "prima", "verso", "mezza", "quarto", "primo",
            "questo", "questa", "entro", "tranne", "alle", "dalle", "possibile",
        }
    )
)  # fmt: skip
"""Words recognised through a typing error."""

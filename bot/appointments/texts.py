"""The sentences of ``texts.yml``, filled in, and days as Italians write them."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Final

import yaml

from bot.clock import ROME

_WEEKDAYS: Final = ["lunedì", "martedì", "mercoledì", "giovedì", "venerdì", "sabato", "domenica"]
_MONTHS: Final = [
    "gennaio",
    "febbraio",
    "marzo",
    "aprile",
    "maggio",
    "giugno",
    "luglio",
    "agosto",
    "settembre",
    "ottobre",
    "novembre",
    "dicembre",
]


@lru_cache(maxsize=1)
def _texts() -> dict[str, str]:
    path = Path(__file__).with_name("texts.yml")
    texts: dict[str, str] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return texts


def text(key: str, **values: object) -> str:
    """The sentence named ``key`` with its gaps filled. Raises KeyError for an unknown key or an empty gap."""
    return _texts()[key].format(**values)


def spoken_day(day: date) -> str:
    """ "giovedì 26 novembre 2026"."""
    number = "1º" if day.day == 1 else str(day.day)
    return f"{_WEEKDAYS[day.weekday()]} {number} {_MONTHS[day.month - 1]} {day.year}"


def spoken_hour(moment: datetime) -> str:
    """ "10.30"."""
    return f"{moment.astimezone(ROME):%H.%M}"


def spoken_moment(moment: datetime) -> str:
    """ "giovedì 26 novembre 2026 alle 10.30"."""
    day = spoken_day(moment.astimezone(ROME).date())
    return text("when", day=day, hour=spoken_hour(moment))


def spoken_start(start: str) -> str:
    """The same for a local ISO time as views hold it."""
    return spoken_moment(datetime.fromisoformat(start).replace(tzinfo=ROME))

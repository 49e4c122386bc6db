"""Free slots against what was understood, and what is said back."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest

from bot.appointments.dates import When, understand
from bot.appointments.dates.matching import matching, nearest
from bot.appointments.dates.wording import describe

NOW = datetime(2026, 11, 24, 8, 0)
HOURS = (
    time(10),
    time(10, 30),
    time(11),
    time(11, 30),
    time(14),
    time(14, 30),
    time(15),
    time(15, 30),
)
SLOTS = [
    datetime.combine(day, hour)
    for day in (date(2026, 11, 24) + timedelta(days=offset) for offset in range(60))
    if day.weekday() in (1, 3)
    for hour in HOURS
]


def slots_for(text: str) -> list[str]:
    """The slots that suit a text, best first."""
    return [f"{slot:%m-%d %H:%M}" for slot in matching(understand(text, NOW), SLOTS)]


def test_a_vague_wish_gets_the_slots_of_its_days_and_hours() -> None:
    found = slots_for("uno dei primi giorni di dicembre, di pomeriggio")
    assert found == [
        f"12-{day} {hour}" for day in ("01", "03") for hour in ("14:00", "14:30", "15:00", "15:30")
    ]


def test_a_day_and_an_hour_get_that_slot() -> None:
    assert slots_for("giovedì prossimo alle dieci e mezza") == ["11-26 10:30"]


def test_around_an_hour_the_nearest_comes_first() -> None:
    assert slots_for("giovedì verso le undici") == ["11-26 11:00", "11-26 10:30"]


def test_what_is_excluded_is_left_out() -> None:
    assert slots_for("la settimana prossima tranne martedì e non di mattina") == [
        f"12-03 {hour}" for hour in ("14:00", "14:30", "15:00", "15:30")
    ]


def test_the_earliest_and_the_latest_are_an_order() -> None:
    assert slots_for("il prima possibile")[0] == "11-24 10:00"
    assert slots_for("la settimana prossima, il più tardi possibile")[0] == "12-03 15:30"


def test_nothing_said_suits_every_slot() -> None:
    assert matching(When(), SLOTS) == SLOTS


def test_a_day_said_inside_a_span_comes_first() -> None:
    assert slots_for("tra due settimane")[0] == "12-08 10:00"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mercoledì alle 10", ["11-24 10:00", "11-24 10:30", "11-26 10:00"]),
        ("giovedì alle 12", ["11-26 10:30", "11-26 11:00", "11-26 11:30"]),
        ("non giovedì", ["11-24 10:00", "11-24 10:30", "11-24 11:00"]),
    ],
)
def test_the_nearest_alternatives_when_nothing_suits(text: str, expected: list[str]) -> None:
    found = nearest(understand(text, NOW), SLOTS)
    assert [f"{slot:%m-%d %H:%M}" for slot in found] == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("gio 3 dic dopo le 15", "giovedì 3 dicembre, dopo le 15.00"),
        ("il 1 gennaio", "venerdì 1° gennaio 2027"),
        ("la settimana prox di mattina", "da lunedì 30 novembre a domenica 6 dicembre, di mattina"),
        ("dopo natale verso le 10", "da sabato 26 dicembre in poi, verso le 10.00"),
        ("ogni giovedì alle 10 e mezza", "i giovedì, alle 10.30"),
        ("un giovedì di dicembre", "i giovedì, da martedì 1° dicembre a giovedì 31 dicembre"),
        ("gio mattina o ven pomeriggio", "giovedì 26 novembre, di mattina, oppure venerdì 27 novembre, di pomeriggio"),
        ("domani ma non di mattina", "mercoledì 25 novembre, ma non di mattina"),
        ("la settimana prossima tranne martedì",
         "da lunedì 30 novembre a domenica 6 dicembre, tranne martedì 1° dicembre"),
        ("il prima possibile", "il prima possibile"),
        ("un giorno qualsiasi", "un giorno qualsiasi"),
        ("dalle 10 alle 12", "dalle 10.00 alle 12.00"),
        ("entro mezzogiorno", "prima delle 12.00"),
        ("ciao", ""),
    ],
)  # fmt: skip
def test_what_was_understood_is_said_back_in_italian(text: str, said: str) -> None:
    assert describe(understand(text, NOW), NOW.date()) == said

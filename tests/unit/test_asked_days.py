"""Days of a question about hours: several, stretches, months, after what the office opens again."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actions.asked_days import AskedDays, asked_days, asked_times, without_day_words
from tests.support.counts import count

TODAY = date(2026, 11, 24)
MONTHS = (
    "gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno",
    "luglio", "agosto", "settembre", "ottobre", "novembre", "dicembre",
)  # fmt: skip
DAYS = st.dates(date(2026, 1, 1), date(2027, 12, 31))
EXAMPLES = settings(max_examples=count(150, 3_000), deadline=None, derandomize=True)


@pytest.mark.parametrize(
    ("question", "days"),
    [
        ("il 24 e il 31 dicembre rispondete?", [date(2026, 12, 24), date(2026, 12, 31)]),
        ("il primo maggio e il due giugno siete chiusi?", [date(2027, 5, 1), date(2027, 6, 2)]),
        ("l'otto dicembre è festa anche per voi?", [date(2026, 12, 8)]),
        ("il ventiquattro dicembre", [date(2026, 12, 24)]),
        ("24/12 e 31/12 aperti?", [date(2026, 12, 24), date(2026, 12, 31)]),
        ("25 e 26 dicembre", [date(2026, 12, 25), date(2026, 12, 26)]),
        ("domani e dopodomani", [date(2026, 11, 25), date(2026, 11, 26)]),
        ("e l'8?", [date(2026, 12, 8)]),
        ("nel weekend", [date(2026, 11, 28), date(2026, 11, 29)]),
    ],
)
def test_every_day_that_is_named_is_found(question: str, days: list[date]) -> None:
    assert asked_days(question, TODAY) == AskedDays(tuple(days))


@pytest.mark.parametrize(
    ("question", "first", "last"),
    [
        ("dal 10 al 20 agosto siete chiusi?", date(2027, 8, 10), date(2027, 8, 20)),
        ("dal 23 dicembre al 7 gennaio", date(2026, 12, 23), date(2027, 1, 7)),
        ("tra il 24 dicembre e il 2 gennaio", date(2026, 12, 24), date(2027, 1, 2)),
        ("chiudete ad agosto?", date(2027, 8, 1), date(2027, 8, 31)),
        ("tra natale e capodanno aprite?", date(2026, 12, 27), date(2026, 12, 31)),
        ("la settimana prossima", date(2026, 11, 30), date(2026, 12, 6)),
    ],
)
def test_a_stretch_has_both_its_ends(question: str, first: date, last: date) -> None:
    assert asked_days(question, TODAY) == AskedDays(span=(first, last))


def test_opening_again_is_asked_after_the_day_that_is_named() -> None:
    assert asked_days("quando riaprite?", TODAY) == AskedDays(reopens=True)
    after = asked_days("quando riaprite dopo Natale?", TODAY)
    assert after == AskedDays((date(2026, 12, 25),), reopens=True)


def test_a_bare_number_stays_in_the_month_spoken_of() -> None:
    assert asked_days("e l'8?", TODAY, date(2027, 1, 7)) == AskedDays((date(2027, 1, 8),))


@pytest.mark.parametrize(
    "question",
    ["le zone sono sette", "che orari fate", "comuni tra 10 e 20 mila abitanti", "alle 10 e 15"],
)
def test_numbers_that_are_no_days_are_left_alone(question: str) -> None:
    assert not asked_days(question, TODAY)


@EXAMPLES
@given(DAYS, st.integers(0, 40))
def test_a_range_written_out_is_read_back(first: date, length: int) -> None:
    last = first + timedelta(days=length)
    if last.month == first.month and last.year == first.year:
        question = (
            f"dal {first.day} al {last.day} {MONTHS[last.month - 1]} {last.year} siete aperti?"
        )
    else:
        question = (
            f"dal {first.day} {MONTHS[first.month - 1]} {first.year} "
            f"al {last.day} {MONTHS[last.month - 1]} {last.year} siete aperti?"
        )
    assert asked_days(question, date(2026, 1, 1)).span == (first, last)


@EXAMPLES
@given(st.text(max_size=60))
def test_any_text_is_read_without_failing(text: str) -> None:
    asked_days(text, TODAY)
    assert isinstance(without_day_words(text), str)


@pytest.mark.parametrize(
    ("spoken", "begins", "ends"),
    [
        ("17:00", time(17), time(17, 0, 59)),
        ("13:00-19:00", time(13), time(19)),
        ("15:00-24:00", time(15), time.max),
        ("~10:30", time(10), time(11)),
        ("~00:15", time(0), time(0, 45)),
        ("~23:45", time(23, 15), time.max),
    ],
)
def test_hours_of_the_day_are_read_as_the_grammar_writes_them(
    spoken: str, begins: time, ends: time
) -> None:
    entity = {"entity": "quando", "value": {"options": [{"times": [spoken]}]}}
    assert asked_times([entity]) == ((begins, ends),)

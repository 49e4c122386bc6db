"""Days named in questions about opening hours; what is not a day is left alone."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.appointments.dates.questions import NamedDays, named_days
from tests.support.counts import count

TUESDAY = date(2026, 11, 24)
TODAYS = st.dates(date(2024, 1, 1), date(2040, 12, 31))
EXAMPLES = settings(max_examples=count(100, 2_000), deadline=None, derandomize=True)
MONTHS = [
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


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("siete aperti oggi?", date(2026, 11, 24)),
        ("stamattina rispondete?", date(2026, 11, 24)),
        ("domani a che ora aprite", date(2026, 11, 25)),
        ("DOMANI MATTINA", date(2026, 11, 25)),
        ("e dopodomani?", date(2026, 11, 26)),
        ("dopo domani siete aperti", date(2026, 11, 26)),
        ("siete aperti il 7 dicembre?", date(2026, 12, 7)),
        ("il 7/12 siete aperti", date(2026, 12, 7)),
        ("il 7/12/2026", date(2026, 12, 7)),
        ("il 7-12-26", date(2026, 12, 7)),
        ("il 7.12.2026", date(2026, 12, 7)),
        ("il primo dicembre", date(2026, 12, 1)),
        ("il 1° dicembre", date(2026, 12, 1)),
        ("il 1º dicembre", date(2026, 12, 1)),
        ("il 15 di dicembre", date(2026, 12, 15)),
        ("il 9 dic", date(2026, 12, 9)),
        ("il 3 mar siete aperti?", date(2027, 3, 3)),
        ("il 24 novembre", date(2026, 11, 24)),
        ("il 23 novembre", date(2027, 11, 23)),
        ("il 3 marzo 2028", date(2028, 3, 3)),
        ("il 3 marzo del 2028", date(2028, 3, 3)),
        ("venerdì 27 novembre", date(2026, 11, 27)),
        ("venerdì prossimo", date(2026, 11, 27)),
        ("il prossimo lunedì", date(2026, 11, 30)),
        ("questo giovedi", date(2026, 11, 26)),
    ],
)
def test_one_day_is_named(text: str, day: date) -> None:
    assert named_days(text, TUESDAY) == NamedDays((day,))


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("a Natale siete aperti?", date(2026, 12, 25)),
        ("la vigilia di Natale", date(2026, 12, 24)),
        ("la vigilia di capodanno", date(2026, 12, 31)),
        ("a santo stefano", date(2026, 12, 26)),
        ("a Sant'Ambrogio", date(2026, 12, 7)),
        ("a sant’ambrogio", date(2026, 12, 7)),
        ("per il patrono", date(2026, 12, 7)),
        ("all'Immacolata", date(2026, 12, 8)),
        ("l'ultimo dell'anno", date(2026, 12, 31)),
        ("a capodanno", date(2027, 1, 1)),
        ("alla Befana", date(2027, 1, 6)),
        ("a Pasqua", date(2027, 3, 28)),
        ("a pasquetta", date(2027, 3, 29)),
        ("il lunedì dell'Angelo", date(2027, 3, 29)),
        ("il lunedì di Pasqua", date(2027, 3, 29)),
        ("il 25 aprile", date(2027, 4, 25)),
        ("il primo maggio", date(2027, 5, 1)),
        ("a ferragosto", date(2027, 8, 15)),
        ("a san Francesco", date(2027, 10, 4)),
        ("a Ognissanti", date(2027, 11, 1)),
    ],
)
def test_holidays_are_named_by_their_usual_names(text: str, day: date) -> None:
    assert named_days(text, TUESDAY) == NamedDays((day,))


@pytest.mark.parametrize(
    ("text", "weekday"),
    [
        ("a che ora apre l urp il venerdi", 4),
        ("il venerdì pomeriggio", 4),
        ("ven", 4),
        ("di lunedì siete aperti", 0),
        ("la domenica", 6),
        ("siete aperti il fine settimana?", 5),
        ("e nel weekend?", 5),
    ],
)
def test_a_weekday_means_every_such_day(text: str, weekday: int) -> None:
    assert named_days(text, TUESDAY) == NamedDays(weekday=weekday)


@pytest.mark.parametrize(
    "text", ["siete aperti?", "adesso rispondete?", "c'è qualcuno in questo momento?"]
)
def test_this_moment_is_asked_for(text: str) -> None:
    assert named_days(text, TUESDAY) == NamedDays(now=True)


@pytest.mark.parametrize(
    "text",
    ["", "quando siete aperti?", "a che ora siete aperti", "orari urp", "dal lunedì al venerdì"],
)
def test_questions_in_general_name_no_day(text: str) -> None:
    assert named_days(text, TUESDAY) == NamedDays()


@pytest.mark.parametrize("text", ["il 31/11", "il 30 febbraio", "il 0 dicembre", "il 32/1/2027"])
def test_days_that_do_not_exist_are_not_guessed(text: str) -> None:
    assert named_days(text, TUESDAY).days == ()


@pytest.mark.parametrize(
    ("text", "weekday"),
    [
        ("il venerdì rispondete alle 10.00?", 4),
        ("il venerdì rispondete alle 11.10?", 4),
        ("il venerdì rispondete 10-12?", 4),
        ("il lunedì posso chiamare l'800.88.33.11?", 0),
    ],
)
def test_hours_and_telephone_numbers_are_not_dates(text: str, weekday: int) -> None:
    assert named_days(text, TUESDAY) == NamedDays(weekday=weekday)


def test_between_christmas_and_new_year_names_the_working_days() -> None:
    asked = named_days("siete aperti tra Natale e Capodanno?", TUESDAY)
    assert asked.days == tuple(date(2026, 12, day) for day in range(27, 32))


@pytest.mark.parametrize("today", [date(2027, 1, 15), date(2027, 2, 1)])
def test_after_new_year_the_days_between_are_those_to_come(today: date) -> None:
    asked = named_days("tra Natale e Capodanno siete chiusi?", today)
    assert asked.days[0] == date(2027, 12, 27)


@pytest.mark.parametrize(
    ("year", "easter"),
    [
        (2024, (3, 31)), (2025, (4, 20)), (2026, (4, 5)), (2027, (3, 28)), (2028, (4, 16)),
        (2029, (4, 1)), (2030, (4, 21)), (2035, (3, 25)), (2038, (4, 25)),
    ],
)  # fmt: skip
def test_easter_is_known(year: int, easter: tuple[int, int]) -> None:
    found = named_days("pasqua", date(year, 1, 1)).days
    assert found == (date(year, *easter),)
    assert named_days("pasquetta", date(year, 1, 1)).days == (found[0] + timedelta(days=1),)


@EXAMPLES
@given(TODAYS, TODAYS)
def test_a_date_with_its_year_is_found_in_every_spelling(today: date, day: date) -> None:
    spellings = (
        f"il {day.day} {MONTHS[day.month - 1]} {day.year}",
        f"{day.day}/{day.month}/{day.year}",
        f"{day:%d/%m/%y}",
        f"{day:%d-%m-%Y}",
    )
    assert {named_days(text, today).days for text in spellings} == {(day,)}


@EXAMPLES
@given(TODAYS, st.dates(date(2024, 1, 1), date(2024, 12, 31)))
@example(date(2028, 3, 1), date(2024, 2, 29))
def test_a_date_without_year_is_the_next_one_and_never_past(today: date, day: date) -> None:
    for text in (f"il {day.day} {MONTHS[day.month - 1]}", f"{day.day}/{day.month}"):
        for found in named_days(text, today).days:
            assert (found.month, found.day) == (day.month, day.day)
            assert found >= today


@EXAMPLES
@given(TODAYS, st.sampled_from(["natale", "capodanno", "pasqua", "pasquetta", "sant'ambrogio"]))
def test_a_holiday_is_the_next_one(today: date, name: str) -> None:
    (found,) = named_days(f"siete aperti a {name}?", today).days
    assert timedelta(0) <= found - today <= timedelta(days=400)


@EXAMPLES
@given(st.text(max_size=60) | st.from_regex(r"il \d{1,4}[ /.-]\d{1,4}([ /.-]\d{1,6})?"), TODAYS)
def test_no_text_is_too_strange(text: str, today: date) -> None:
    """T47: any text gives an answer, never an exception."""
    assert isinstance(named_days(text, today), NamedDays)

"""Italian days and hours: held-out expressions, doubts, references, and what is no date at all."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from bot.appointments.dates import Doubt, Preference, Trouble, understand
from bot.appointments.dates.data import as_data, option_data
from bot.commands.evaluate_dates import EXPRESSIONS, evaluate_dates_file

TUESDAY = datetime(2026, 11, 24, 10, 30)
THURSDAY = datetime(2026, 11, 26, 9, 0)

# Raise a floor when a change has earned it; never lower one to make a change pass.
DEV_FLOOR = 0.99
TEST_FLOOR = 0.97
MIN_EXPRESSIONS = 500


def said(text: str, now: datetime = TUESDAY, **more: Any) -> dict[str, Any]:
    """What a text means, as data."""
    return as_data(understand(text, now, **more))


@pytest.mark.parametrize(("split", "floor"), [("dev", DEV_FLOOR), ("test", TEST_FLOOR)])
def test_held_out_expressions_stay_above_their_floor(split: str, floor: float) -> None:
    report = evaluate_dates_file(EXPRESSIONS, split)
    assert report.asked >= MIN_EXPRESSIONS // 2
    assert report.share >= floor, report.wrong


@pytest.mark.parametrize(
    ("text", "now", "doubt", "alternatives"),
    [
        ("giovedì", THURSDAY, Doubt.TODAY_OR_NEXT_WEEK, ["2026-11-26", "2026-12-03"]),
        ("venerdì prossimo", THURSDAY, Doubt.NEXT_OR_FOLLOWING, ["2026-11-27", "2026-12-04"]),
        ("giovedì 4 dicembre", TUESDAY, Doubt.WEEKDAY_OR_DATE, ["2026-12-04", "2026-12-03"]),
    ],
)
def test_a_doubt_keeps_both_readings_to_ask_about(
    text: str, now: datetime, doubt: Doubt, alternatives: list[str]
) -> None:
    (ambiguity,) = understand(text, now).ambiguities
    assert ambiguity.doubt is doubt
    assert [option_data(one)["days"] for one in ambiguity.alternatives] == [
        [day] for day in alternatives
    ]


def test_two_figures_may_be_a_date_or_two_hours() -> None:
    (ambiguity,) = understand("10-12", TUESDAY).ambiguities
    assert ambiguity.doubt is Doubt.DATE_OR_HOURS
    readings = [option_data(one) for one in ambiguity.alternatives]
    assert readings == [{"days": ["2026-12-10"]}, {"times": ["10:00-12:00"]}]


def test_the_alternatives_of_a_doubt_carry_the_hour() -> None:
    (ambiguity,) = understand("giovedì alle 11", THURSDAY).ambiguities
    assert [option_data(one)["times"] for one in ambiguity.alternatives] == [["11:00"]] * 2


def test_a_weekday_whose_hour_is_over_is_the_one_of_next_week() -> None:
    assert said("giovedì alle 8", THURSDAY) == {
        "options": [{"days": ["2026-12-03"], "times": ["08:00"]}]
    }


def test_a_small_hour_is_of_the_afternoon_and_says_that_it_was_assumed() -> None:
    assumed, told = understand("alle 3", TUESDAY), understand("alle 3 del pomeriggio", TUESDAY)
    assert assumed.options == told.options
    assert (assumed.assumed_afternoon, told.assumed_afternoon) == (True, False)


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("il giorno dopo", [{"days": ["2026-12-04"]}]),
        ("lo stesso giorno alle 11", [{"days": ["2026-12-03"], "times": ["11:00"]}]),
        ("una settimana dopo", [{"days": ["2026-12-07..2026-12-13"], "preferred": "2026-12-10"}]),
        ("il giovedì dopo", [{"days": ["2026-12-10"]}]),
        ("il martedì successivo", [{"days": ["2026-12-08"]}]),
        ("più tardi", [{"days": ["2026-12-03"], "times": ["10:31-24:00"]}]),
        (
            "prima",
            [
                {"days": ["2026-12-03"], "times": ["00:00-10:30"]},
                {"days": ["2026-11-24..2026-12-02"]},
            ],
        ),
        ("stessa ora ma il giorno dopo", [{"days": ["2026-12-04"], "times": ["10:30"]}]),
        ("il giorno prima", [{"days": ["2026-12-02"]}]),
    ],
)
def test_words_that_rest_on_the_moment_on_the_table(text: str, options: list[Any]) -> None:
    table = datetime(2026, 12, 3, 10, 30)
    assert said(text, reference=table)["options"] == options


def test_another_day_excludes_the_one_on_the_table() -> None:
    found = understand("un altro giorno", TUESDAY, reference=date(2026, 12, 3))
    assert as_data(found) == {"excluded": [{"days": ["2026-12-03"]}]}


@pytest.mark.parametrize(
    ("expecting", "option"), [("day", {"days": ["2026-12-10"]}), ("time", {"times": ["10:00"]})]
)
def test_a_lone_number_answers_what_was_asked(expecting: Any, option: Any) -> None:
    assert said("10", expecting=expecting) == {"options": [option]}
    assert said("10") == {}


def test_the_words_understood_are_told_by_their_place() -> None:
    text = "Vorrei venire giovedì 3 dicembre, dopo le 15, grazie"
    places = [text[place.start : place.end] for place in understand(text, TUESDAY).matched]
    assert places == ["giovedì 3 dicembre", "dopo le 15"]


def test_a_past_day_is_named_with_its_trouble() -> None:
    (problem,) = understand("il 3 novembre 2026", TUESDAY).problems
    assert (problem.trouble, problem.day) == (Trouble.PAST, date(2026, 11, 3))


def test_the_earliest_is_a_preference_not_a_day() -> None:
    found = understand("il prima possibile", TUESDAY)
    assert (found.options, found.preference) == ((), Preference.EARLIEST)


@pytest.mark.parametrize(
    "text",
    [
        "abito in via 25 aprile 3",
        "piazza 4 novembre 12",
        "la scuola 4 novembre",
        "il mio numero è 02 7740 1234",
        "chiamatemi al 333 1234567",
        "+39 320 12 34 567",
        "pratica n. 12/3 del 3 dicembre 2024",
        "ho 25 anni e 3 figli",
        "sono 10 euro, anzi 12,50 €",
        "vorrei aprire una pratica",
        "il modello 730 e il comma 3",
        "codice K7M4-3Q10",
        "buona giornata e buona serata",
        "sono nata il 3 dicembre 1980",
        "siamo 2 persone",
        "IBAN IT60 X054 2811 1010 0000 0123 456",
        "https://esempio.it/2026/12/03",
        "marmo, mazzo, giungo, aprire, foglio, figlio, viaggio, raggio, statale, romani, sabbia",
    ],
)
def test_ordinary_words_and_numbers_are_no_dates(text: str) -> None:
    assert not understand(text, TUESDAY)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("govedì", "giovedì"), ("mercoldi", "mercoledì"), ("domni", "domani"), ("il 3 dicembe", "il 3 dicembre"),
     ("VENERDI'", "venerdì"), ("dmn pom", "domani pomeriggio"), ("sett prox", "settimana prossima"),
     ("giovedi’ mattina", "giovedì mattina"), ("lunedi’ prosimo", "lunedì prossimo")],
)  # fmt: skip
def test_slips_accents_and_text_message_spelling_change_nothing(typed: str, meant: str) -> None:
    assert said(typed) == said(meant) != {}


@pytest.mark.parametrize(
    "text", ["oggi", "domani", "giovedì alle 10", "la settimana prossima", "entro fine mese"]
)
def test_one_second_before_midnight_counts_as_the_old_day(text: str) -> None:
    """T47: the day is the one of Rome's wall clock at 23:59:59 and at 00:00:01."""
    late, early = datetime(2026, 11, 24, 23, 59, 59), datetime(2026, 11, 24, 0, 0, 1)
    assert said(text, late) == said(text, early)
    assert said(text, late) != said(text, datetime(2026, 12, 2, 0, 0, 1))

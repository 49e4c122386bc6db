"""Sentences about opening hours: right for every day, honest about what is not sure, in Italian."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actions.asked_days import AskedDays, asked_days, asked_times
from actions.opening_hours import hours_sentences, next_phone_opening
from bot.clock import ROME
from knowledge.content_files import Content
from knowledge.hours import OpeningHours
from knowledge.schema import Closure
from tests.support.counts import count

NUMBER = "800.88.33.11"
DESK = "Lo sportello riceve solo il martedì e il giovedì, su appuntamento."
TUESDAY = datetime(2026, 11, 24, 10, 30, tzinfo=ROME)
ENGLISH = ("Day", "Saint", "Epiphany", "Monday", "Conception", "Christmas")


@pytest.fixture(scope="module")
def hours(content: Content) -> OpeningHours:
    """The hours of the real content."""
    return OpeningHours(content.hours)


def with_closure(content: Content, first: date, last: date, reason: str) -> OpeningHours:
    closure = Closure(first=first, last=last, reason=reason)
    return OpeningHours(content.hours.model_copy(update={"closures": [closure]}))


def say(hours: OpeningHours, question: str, now: datetime = TUESDAY) -> str:
    """The answer to a question as one text."""
    return " ".join(hours_sentences(hours, asked_days(question, now.date()), now, question))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ROME)


def test_in_general_the_week_and_the_desk_are_told(hours: OpeningHours) -> None:
    answer = say(hours, "che orari fate?")
    assert "lunedì al giovedì 10.00-12.00 e 14.00-16.00, il venerdì 10.00-12.00" in answer
    assert answer.endswith(DESK)


def test_friday_question_tells_the_morning_only(hours: OpeningHours) -> None:
    answer = say(hours, "a che ora apre l urp il venerdi")
    assert answer == f"Il venerdì il numero verde dell'URP ({NUMBER}) risponde 10.00-12.00. {DESK}"


@pytest.mark.parametrize(
    ("question", "label"), [("il sabato", "Il sabato"), ("la domenica", "La domenica")]
)
def test_weekend_is_closed_and_the_week_is_told(
    hours: OpeningHours, question: str, label: str
) -> None:
    answer = say(hours, question)
    assert answer.startswith(f"{label} il numero verde dell'URP ({NUMBER}) non risponde.")
    assert "lunedì al giovedì" in answer


def test_today_tells_both_spans_and_that_the_desk_needs_an_appointment(
    hours: OpeningHours,
) -> None:
    assert say(hours, "siete aperti oggi?") == (
        f"Sì. Oggi il numero verde dell'URP ({NUMBER}) risponde 10.00-12.00 e 14.00-16.00. "
        "Lo sportello oggi riceve solo su appuntamento."
    )


def test_a_day_without_desk_tells_the_desks_days(hours: OpeningHours) -> None:
    answer = say(hours, "e domani?")
    assert answer.startswith("Domani ")
    assert answer.endswith(DESK)


def test_the_patron_saints_day_is_told_as_not_announced(hours: OpeningHours) -> None:
    answer = say(hours, "siete aperti il 7 dicembre?")
    assert answer.startswith("Lunedì 7 dicembre ")
    assert "dovrebbe essere chiuso" in answer
    assert "Non ho però un avviso ufficiale: conferma" in answer


def test_on_the_patron_saints_day_itself_the_closure_is_not_told_as_sure(
    hours: OpeningHours,
) -> None:
    answer = say(hours, "siete aperti adesso?", at("2026-12-07T10:30"))
    assert "dovrebbe" in answer or "avviso" in answer or "conferma" in answer


def test_a_holiday_is_closed_and_the_next_opening_is_told(hours: OpeningHours) -> None:
    answer = say(hours, "siete aperti l'8 dicembre?")
    assert answer.startswith("No. Martedì 8 dicembre ")
    assert "non risponde: è festa (" in answer
    assert "Risponde di nuovo mercoledì 9 dicembre, dalle 10.00 alle 12.00." in answer


@pytest.mark.parametrize(
    "question", ["8 dicembre", "natale", "capodanno", "befana", "pasquetta", "1 maggio", "2 giugno"]
)
def test_holidays_are_named_in_italian(hours: OpeningHours, question: str) -> None:
    answer = say(hours, question)
    assert "non risponde: è festa (" in answer
    assert [word for word in ENGLISH if word in answer] == []


def test_an_extraordinary_closure_is_not_called_a_holiday(content: Content) -> None:
    closed = with_closure(content, date(2026, 8, 10), date(2026, 8, 14), "chiusura estiva")
    answer = say(closed, "siete aperti il 12 agosto?", at("2026-08-03T09:00"))
    assert "non risponde" in answer
    assert "chiusura estiva" in answer
    assert "festa" not in answer
    assert "lunedì 17 agosto" in answer


@pytest.mark.parametrize(
    ("now", "begins", "following"),
    [
        ("2026-11-24T10:00", "Sì, adesso", "fino alle 12.00"),
        ("2026-11-24T11:59:59", "Sì, adesso", "fino alle 12.00"),
        ("2026-11-24T15:00", "Sì, adesso", "fino alle 16.00"),
        ("2026-11-24T12:00", "No, adesso", "di nuovo oggi, dalle 14.00 alle 16.00"),
        ("2026-11-24T16:00", "No, adesso", "di nuovo domani, dalle 10.00 alle 12.00"),
        ("2026-11-24T07:00", "No, adesso", "di nuovo oggi, dalle 10.00 alle 12.00"),
        ("2026-11-27T12:30", "No, adesso", "di nuovo lunedì 30 novembre, dalle 10.00 alle 12.00"),
        ("2026-11-28T10:30", "No, adesso", "di nuovo lunedì 30 novembre, dalle 10.00 alle 12.00"),
        ("2026-12-04T15:00", "No, adesso", "di nuovo mercoledì 9 dicembre, dalle 10.00"),
    ],
)
def test_right_now_tells_until_when_or_from_when(
    hours: OpeningHours, now: str, begins: str, following: str
) -> None:
    answer = say(hours, "siete aperti adesso?", at(now))
    assert answer.startswith(begins)
    assert following in answer
    assert answer.endswith(DESK)


def test_between_christmas_and_new_year_every_day_is_told(hours: OpeningHours) -> None:
    answer = say(hours, "siete aperti tra natale e capodanno?")
    assert "non ho avvisi di chiusura" in answer
    assert "lunedì 28 dicembre: 10.00-12.00 e 14.00-16.00" in answer
    assert "giovedì 31 dicembre: 10.00-12.00 e 14.00-16.00" in answer


def test_a_closure_of_months_promises_no_next_opening(content: Content) -> None:
    closed = with_closure(content, date(2026, 11, 1), date(2027, 6, 30), "trasloco")
    assert "Risponde di nuovo" not in say(closed, "siete aperti adesso?")
    assert next_phone_opening(closed, TUESDAY) is None


@pytest.mark.parametrize(
    ("now", "opening"),
    [
        ("2026-11-24T09:00", ("oggi", "10.00")),
        ("2026-11-24T17:00", ("domani", "10.00")),
        ("2026-11-27T17:00", ("lunedì 30 novembre", "10.00")),
    ],
)
def test_next_opening_of_the_telephone_in_words(
    hours: OpeningHours, now: str, opening: tuple[str, str]
) -> None:
    assert next_phone_opening(hours, at(now)) == opening


def test_answers_for_every_day_agree_with_the_hours(hours: OpeningHours) -> None:
    for n in range(365):
        day = date(2026, 12, 1) + timedelta(days=n)
        answer = " ".join(hours_sentences(hours, AskedDays((day,)), TUESDAY))
        spans = hours.day("urp-telefono", day).spans
        assert ("10.00-12.00" in answer) is bool(spans), day
        assert ("14.00-16.00" in answer) is (len(spans) == 2), day
        assert NUMBER in answer


@settings(max_examples=count(120, 2_000), deadline=None, derandomize=True)
@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 10, 1)),
    st.sampled_from(
        [
            "adesso",
            "oggi",
            "domani",
            "venerdì",
            "la domenica",
            "natale",
            "7 dicembre",
            "orari",
            "pasqua",
        ]
    ),
)
def test_every_answer_is_complete_sentences(
    hours: OpeningHours, moment: datetime, question: str
) -> None:
    now = moment.replace(tzinfo=ROME)
    sentences = hours_sentences(hours, asked_days(question, now.date()), now, question)
    assert sentences
    for sentence in sentences:
        assert sentence[0].isupper()
        assert sentence.endswith(".")
        assert not set("{}") & set(sentence)


def at_hours(hours: OpeningHours, question: str, *times: str) -> str:
    """The answer to a question that names hours of the day, as the entities `quando` bring them."""
    spoken = [{"entity": "quando", "value": {"options": [{"times": list(times)}]}}]
    asked = replace(asked_days(question, TUESDAY.date()), times=asked_times(spoken))
    return " ".join(hours_sentences(hours, asked, TUESDAY, question))


@pytest.mark.parametrize(
    ("question", "times", "begins"),
    [
        ("giovedì alle 17 rispondete?", ["17:00"], "No."),
        ("giovedì alle 11 c'è qualcuno?", ["11:00"], "Sì."),
        ("mercoledì alle 12 posso chiamare", ["12:00"], "No."),
        ("venerdì pomeriggio rispondete?", ["13:00-19:00"], "No."),
        ("venerdì mattina si può telefonare", ["07:00-13:00"], "Sì."),
        ("il 26 novembre dopo le 15 posso chiamare", ["15:00-24:00"], "Sì."),
        ("alle 13 c'è qualcuno al numero verde?", ["13:00"], "No."),
        ("alle 9.30 siete chiusi?", ["09:30"], "Sì."),
    ],
)
def test_an_hour_is_answered_with_yes_or_no(
    hours: OpeningHours, question: str, times: list[str], begins: str
) -> None:
    answer = at_hours(hours, question, *times)
    assert answer.startswith(begins)
    assert "10.00-12.00" in answer


def test_when_it_opens_is_no_yes_or_no(hours: OpeningHours) -> None:
    answer = at_hours(hours, "a che ora rispondete giovedì pomeriggio", "13:00-19:00")
    assert not answer.startswith(("Sì", "No"))


def test_reopening_says_who_reopens(hours: OpeningHours) -> None:
    assert say(hours, "quando riaprite?", at("2026-11-22T10:00")).startswith(
        f"Il numero verde dell'URP ({NUMBER}) risponde di nuovo domani"
    )

"""Properties of the grammar: dates read back from every spelling, no past day unasked, no text too strange."""

from __future__ import annotations

import random
import sys
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.appointments.dates import When, lexicon, understand
from bot.appointments.dates.wording import describe
from bot.clock import ROME
from tests.support.counts import count

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
WEEKDAYS = ["lunedì", "martedì", "mercoledì", "giovedì", "venerdì", "sabato", "domenica"]
NOWS = st.datetimes(datetime(2025, 6, 1), datetime(2027, 6, 30))
EXAMPLES = settings(max_examples=count(60, 2_000), deadline=None, derandomize=True)
SPANS = st.sampled_from(
    ["giovedì", "domani", "la settimana prossima", "questa settimana", "a fine mese", "entro natale", "dopo pasqua", "il 3", "il 31",
     "a metà dicembre", "nel weekend", "tra due settimane", "il primo giovedì del mese", "il mese prossimo", "a gennaio",
     "il ponte dell'immacolata", "tra natale e capodanno", "da lunedì a mercoledì", "prima di ferragosto", "in estate", "3/4", "29/2",
     "ogni martedì", "i primi giorni di marzo", "l'ultimo venerdì di luglio", "durante le feste", "l'anno prossimo", "lunedì prossimo"]
)  # fmt: skip
NOISE = [
    *lexicon.WEEKDAYS, *lexicon.FULL_MONTHS, *lexicon.NUMBERS, *lexicon.PART_WORDS, *lexicon.ORDINALS,
    *["il", "la", "l'", "dopo", "prima", "di", "del", "della", "alle", "dalle", "tra", "fra", "entro", "non", "tranne", "e", "o", ",", ".", ":", "/", "-", "3", "10", "31", "12", "2026", "99999999999", "giorno", "settimana", "mese", "anno", "prossimo", "scorso", "fa", "qualsiasi", "ogni", "questo", "natale", "pasqua", "ponte", "resto", "metà", "fine", "inizio", "giorni", "h", "ore", "mezza", "quarto", "un", "in", "poi", "da", "al", "fino", "più", "tardi", "anzi", "no", "quello", "pranzo", "mezzogiorno", "via", "piazza", "€", "%", "nato", "numero", "feste", "estate", "otto", "weekend", "subito"],
]  # fmt: skip


def only_days(when: When) -> list[tuple[date, date | None]]:
    """First and last day of every stretch understood."""
    return [(span.first, span.last) for option in when.options for span in option.days]


@EXAMPLES
@given(NOWS, st.integers(0, 700), st.integers(8 * 60, 18 * 60))
def test_a_date_is_read_back_from_every_spelling(now: datetime, ahead: int, minute: int) -> None:
    day = now.date() + timedelta(days=ahead)
    hour, minutes = divmod(minute, 60)
    month, weekday = MONTHS[day.month - 1], WEEKDAYS[day.weekday()]
    if ahead == 0:
        hour, minutes = 23, 59
    spelled = {
        f"{day:%d/%m/%Y} alle {hour}:{minutes:02}",
        f"il {day.day}/{day.month}/{day:%y} ore {hour}.{minutes:02}",
        f"{weekday} {day.day} {month} {day.year}, alle {hour} e {minutes}",
        f"alle {hour}:{minutes:02} del {day.day} {month} {day.year}",
        f"{day.isoformat()} {hour:02}:{minutes:02}",
        f"{weekday.upper()} {day.day} {month.upper()} {day.year} ORE {hour}:{minutes:02}",
        f"vorrei venire il {day.day} {month[:3]} {day.year} h {hour}:{minutes:02} se possibile",
    }
    for text in spelled:
        found = understand(text, now)
        if not found.problems:
            assert only_days(found) == [(day, day)], text
            assert [(t.start, t.end) for o in found.options for t in o.times] == [
                (hour * 60 + minutes,) * 2
            ], text
        else:
            assert ahead == 0, text


@EXAMPLES
@given(NOWS, SPANS)
def test_no_day_before_now_unless_the_words_say_so(now: datetime, text: str) -> None:
    for first, last in only_days(understand(text, now)):
        assert first >= now.date()
        assert last is None or last >= first


@EXAMPLES
@given(NOWS, SPANS, st.sampled_from(["", " alle 10", " di mattina", " dopo le 15", " verso le 11"]))
def test_what_is_said_back_means_the_same(now: datetime, text: str, hour: str) -> None:
    now = now.replace(hour=7, minute=0)
    found = understand(text + hour, now)
    if found.ambiguities or any(option.weekdays and option.days for option in found.options):
        return
    again = understand(describe(found, now.date()), now)
    assert only_days(again) == only_days(found), describe(found, now.date())
    assert [o.times for o in again.options] == [o.times for o in found.options]


@EXAMPLES
@given(st.text(max_size=80), NOWS)
def test_no_text_is_too_strange(text: str, now: datetime) -> None:
    assert isinstance(understand(text, now), When)


def test_ten_thousand_random_phrases_raise_nothing() -> None:
    """T47: phrases made of the grammar's own words, in any order, at any moment of two years."""
    chance = random.Random(47)
    for _ in range(count(1_500, 10_000)):
        now = datetime(2025, 6, 1) + timedelta(minutes=chance.randrange(2 * 365 * 1440))
        words = (chance.choice(NOISE) for _ in range(chance.choice((2, 4, 8, 20))))
        found = understand(
            " ".join(words), now, reference=chance.choice((None, now + timedelta(days=3)))
        )
        assert isinstance(found, When)


@pytest.mark.parametrize("day", [date(2026, 3, 29), date(2026, 10, 25), date(2027, 3, 28)])
@pytest.mark.parametrize("hour", [0, 1, 2, 3, 4, 23])
def test_the_nights_of_the_clock_change_are_nights_like_others(day: date, hour: int) -> None:
    now = datetime(day.year, day.month, day.day, hour, 30, tzinfo=ROME)
    tomorrow = day + timedelta(days=1)
    assert only_days(understand("domani alle 2 e mezza", now)) == [(tomorrow, tomorrow)]
    assert only_days(understand("oggi", now)) == [(day, day)]


@pytest.mark.parametrize(
    "piece",
    [
        "dopo ",
        "il giorno dopo ",
        "3 ",
        "1/",
        "tra il 3 e il ",
        "un mese e ",
        "x@",
        "02 ",
        "non ",
        "a",
        "lunedì o ",
    ],
)
def test_work_grows_with_the_text_not_faster(piece: str) -> None:
    """Twice the text takes about twice the calls: no pattern of it runs away. Calls, unlike seconds, are sure."""
    now = datetime(2026, 11, 24)

    def calls(length: int) -> int:
        counted = 0

        def count_call(_frame: object, event: str, _arg: object) -> None:
            nonlocal counted
            counted += event in ("call", "c_call")

        sys.setprofile(count_call)
        try:
            understand((piece * length)[:length], now)
        finally:
            sys.setprofile(None)
        return counted

    calls(200)
    assert calls(1_200) < 2.6 * calls(600) + 2_000

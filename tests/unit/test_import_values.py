"""Dates, numbers and texts as people and programs write them."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.importing.values import (
    clean,
    parsed_count,
    parsed_date,
    parsed_number,
    shortened,
    without_html,
)


@pytest.mark.parametrize(
    "written",
    ["2026-11-03", "3/11/2026", "03-11-2026", "3.11.2026", "3/11/26", "3 novembre 2026", "martedì 3 novembre 2026",
     "20261103", "2026-11-03T10:30", "2026-11-03T10:30:00+01:00", "2026-11-03T10:30:00.000Z", "2026-11-02T23:30:00Z",
     "03/11/2026 10:30"],
)  # fmt: skip
def test_a_day_is_read_however_it_is_written(written: str) -> None:
    assert parsed_date(written) == date(2026, 11, 3)


@pytest.mark.parametrize(
    "written",
    ["", "domani", "2026-13-01", "31/11/2026", "2026", "11/2026", "9999-99-99", "3 brumaio 2026", "0001-01-01"],
)  # fmt: skip
def test_what_is_no_day_is_none(written: str) -> None:
    assert parsed_date(written) is None


@pytest.mark.parametrize(
    ("written", "number"),
    [("12", 12), ("12,5", 12.5), ("12.5", 12.5), ("1.397.715", 1_397_715), ("1.234,56", 1234.56), ("1 234", 1234),
     ("dodici", None), ("", None), ("1.2.3", None), ("9" * 30, None)],
)  # fmt: skip
def test_numbers_are_read_the_italian_way(written: str, number: float | None) -> None:
    assert parsed_number(written) == number


@pytest.mark.parametrize(
    ("written", "number"), [("2", 2), ("n. 2", 2), ("2 posti", 2), ("da 2 a 3", None), ("due", None)]
)  # fmt: skip
def test_a_count_is_the_only_number_of_a_text(written: str, number: int | None) -> None:
    assert parsed_count(written) == number


def test_html_becomes_its_words() -> None:
    page = "<p>Vendita&nbsp;e <b>cassa</b></p><script>alert(1)</script><ul><li>sabato</li></ul>"
    assert without_html(page) == "Vendita e cassa sabato"


@given(st.text())
def test_any_text_becomes_one_line_or_nothing(text: str) -> None:
    line = clean(text)
    assert line == clean(line)
    assert line == line.strip()
    assert not any(ord(char) < 32 for char in line)
    assert parsed_date(text) is None or parsed_date(text).year >= 1900  # type: ignore[union-attr]


@given(st.text(max_size=300), st.integers(5, 100))
def test_a_shortened_text_fits(text: str, most: int) -> None:
    assert len(shortened(text, most)) <= most

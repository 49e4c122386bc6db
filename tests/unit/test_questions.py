"""One message with several questions: where each ends, and when the message stays whole."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.assistant.questions import split_questions
from tests.support.counts import count

WORDS = [
    "quando",
    "dove",
    "come",
    "chi",
    "quanto",
    "costa",
    "aprite",
    "siete",
    "e",
    "poi",
    "inoltre",
    "il",
    "bollino",
    "rho",
    "grazie",
    "che",
]
MARKS = ["? ", "?", ", ", " ", ". ", "! ", "; ", " e ", " e poi "]
SENTENCES = st.lists(
    st.tuples(st.sampled_from(WORDS), st.sampled_from(MARKS)), min_size=1, max_size=20
).map(lambda pairs: "".join(word + mark for word, mark in pairs))
EXAMPLES = settings(max_examples=count(100, 3_000), deadline=None, derandomize=True)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Quando aprite? Dove siete?", ["Quando aprite?", "Dove siete?"]),
        ("quando aprite e dove siete", ["quando aprite", "dove siete"]),
        ("Quando aprite e poi dove devo andare?", ["Quando aprite", "dove devo andare?"]),
        (
            "quanto costa il bollino, e ogni quanto va fatto?",
            ["quanto costa il bollino", "ogni quanto va fatto?"],
        ),
        ("chi fa le strade e chi le caldaie", ["chi fa le strade", "chi le caldaie"]),
        ("In che zona è Rho? E Legnano?", ["In che zona è Rho?", "E Legnano?"]),
        (
            "quando aprite? dove siete? quanto costa?",
            ["quando aprite?", "dove siete?", "quanto costa?"],
        ),
        ("Chi paga? Come? Quando aprite?", ["Chi paga?", "Quando aprite?"]),
        ("posso venire oggi; dove siete?", ["posso venire oggi", "dove siete?"]),
    ],
)
def test_questions_are_told_apart(text: str, parts: list[str]) -> None:
    assert split_questions(text) == parts


@pytest.mark.parametrize(
    "text",
    [
        "Quando aprite?",
        "Ciao! Quando aprite?",
        "Quando aprite? Grazie.",
        "orari e contatti",
        "voglio sapere dove e quando",
        "vorrei informazioni su caccia e pesca",
        "in che zona sono Rho e Legnano?",
        "documenti e costi per il trasporto eccezionale",
        "e quando",
        "?",
        "",
        "   ",
        "a?b?c?d?",
    ],
)
def test_one_question_stays_whole(text: str) -> None:
    assert split_questions(text) == [text]


def test_more_than_three_questions_stay_whole() -> None:
    text = "quando aprite? dove siete? quanto costa il bollino? chi lo paga?"
    assert split_questions(text) == [text]


@EXAMPLES
@given(SENTENCES | st.text(max_size=80))
def test_parts_are_pieces_of_the_message_in_order(text: str) -> None:
    parts = split_questions(text)
    assert 1 <= len(parts) <= 3
    plain, at = " ".join(text.split()), 0
    for part in [] if parts == [text] else parts:
        assert part in plain[at:]
        at = plain.index(part, at) + len(part)


@EXAMPLES
@given(SENTENCES)
def test_a_part_is_a_clean_question_of_two_words_or_more(text: str) -> None:
    parts = split_questions(text)
    if parts != [text]:
        assert all(len(part.split()) >= 2 and part == part.strip(" ,;.") for part in parts)


@EXAMPLES
@given(SENTENCES)
def test_a_part_that_is_split_off_is_not_split_again(text: str) -> None:
    parts = split_questions(text)
    if len(parts) > 1:
        assert [split_questions(part) for part in parts] == [[part] for part in parts]


def test_a_long_message_takes_no_long_time() -> None:
    """T41: the longest message with many possible cuts is split at once."""
    text = "e " * 1_000
    assert split_questions(text) == [text]
    text = ", e quando aprite" * 117
    assert split_questions(text) == [text]

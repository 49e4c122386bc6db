"""Codes notice typing errors, are read in any form, and do not repeat."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.appointments.codes import ALPHABET, found_code, is_plausible, new_code, normalised, shown

codes = st.builds(new_code)


def test_codes_are_short_without_ambiguous_characters_and_differ() -> None:
    made = {new_code() for _ in range(5_000)}
    assert len(made) == 5_000
    assert all(len(code) == 8 and is_plausible(code) for code in made)
    assert not set("".join(made)) & set("0O1ILBSZUAE")


@given(codes, st.integers(0, 7), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_noticed(code: str, place: int, other: str) -> None:
    wrong = code[:place] + other + code[place + 1 :]
    assert is_plausible(wrong) == (wrong == code)


@given(codes, st.integers(0, 6))
def test_two_swapped_characters_are_noticed(code: str, place: int) -> None:
    wrong = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
    assert is_plausible(wrong) == (wrong == code)


@given(codes)
def test_every_way_of_writing_a_code_is_understood(code: str) -> None:
    for typed in (
        shown(code),
        code.lower(),
        f" {shown(code).lower()} ",
        " ".join(code),
        shown(code).replace("-", " – "),
        code.replace("8", "B").replace("5", "s").replace("2", "Z").replace("V", "u"),
    ):
        assert normalised(typed) == code


@given(codes)
def test_a_code_is_found_in_a_sentence(code: str) -> None:
    assert found_code(f"ho l'appuntamento {shown(code).lower()} , posso spostarlo?") == code
    assert found_code(f"codice: {code}.") == code


@pytest.mark.parametrize(
    "text", ["", "vorrei prenotare", "K7M4", "giovedì 26 novembre alle 10.30", "🙂" * 9]
)
def test_other_texts_hold_no_code(text: str) -> None:
    assert found_code(text) is None


@given(st.text(max_size=300))
def test_no_text_makes_it_fail(text: str) -> None:
    found = found_code(text)
    assert found is None or is_plausible(found)

"""Plain forms of Italian text: folding, tokens with their place in the original, SMS spelling."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.text import SMS_WORDS, fold, slug, spelled_out, tokens, words
from tests.support.counts import count

ITALIAN = st.text(alphabet="abcdeilmnorstuvzABCEIRSU àèéìòù'’.,;!?-/_12369€@\n", max_size=80)
ANYTHING = st.text(max_size=60)
EXAMPLES = settings(max_examples=count(150, 2_000), deadline=None, derandomize=True)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Città", "citta"),
        ("PERCHÉ", "perche"),
        ("perche\u0301", "perche"),
        ("l’URP è aperto?", "l urp e aperto"),
        ("l'URP", "l urp"),
        ("Cassina de’ Pecchi", "cassina de pecchi"),
        ("A.F.O.L.", "afol"),
        ("ore 10.00-12.00", "ore 10 00 12 00"),
        ("  due\n\trighe  ", "due righe"),
        ("ﬁne", "fine"),
        ("!?…", ""),
        ("", ""),
    ],
)
def test_fold_leaves_plain_words(text: str, plain: str) -> None:
    assert fold(text) == plain


@EXAMPLES
@given(ANYTHING)
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@EXAMPLES
@given(ANYTHING)
def test_folded_text_is_ascii_words_with_single_spaces(text: str) -> None:
    plain = fold(text)
    assert plain.isascii()
    assert plain == " ".join(plain.split())
    assert all(char.isalnum() or char == " " for char in plain)


@EXAMPLES
@given(ITALIAN | ANYTHING)
def test_token_offsets_point_into_the_original(text: str) -> None:
    end_before = 0
    for token in tokens(text):
        assert end_before <= token.start < token.end <= len(text)
        assert fold(text[token.start : token.end]).replace(" ", "") == token.word
        end_before = token.end


@EXAMPLES
@given(ITALIAN)
def test_tokens_lose_no_letter(text: str) -> None:
    assert "".join(token.word for token in tokens(text)) == fold(text).replace(" ", "")


def test_tokens_of_a_sentence_with_an_accent_and_an_apostrophe() -> None:
    text = "Dov’è l'A.F.O.L. di Città Studi?"
    found = tokens(text)
    assert [token.word for token in found] == ["dov", "e", "l", "afol", "di", "citta", "studi"]
    assert text[found[3].start : found[3].end] == "A.F.O.L."


@pytest.mark.parametrize("text", ["A.F.O.L.", "A.F.O.L", "a.f.o.l.", "a.f.o.l", "Afol"])
def test_dotted_initials_are_one_word(text: str) -> None:
    assert words(f"orari {text} di Rho") == ["orari", "afol", "di", "rho"]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("xke nn rispondete", "perche non rispondete"),
        ("XKE' nn rispondete??", "perche non rispondete"),
        ("cm faccio x l'app", "come faccio per l appuntamento"),
        ("qnd siete aperti il ven", "quando siete aperti il venerdi"),
        ("info pls", "informazioni per favore"),
        ("ciaooooo", "ciao"),
        ("graziiiie", "graziie"),
        ("tel dell'uff", "telefono dell ufficio"),
    ],
)
def test_sms_spelling_is_undone(typed: str, meant: str) -> None:
    assert words(typed) == meant.split()


def test_plain_italian_passes_through_words_unchanged() -> None:
    text = "vorrei sapere quali documenti servono per il permesso dei trasporti eccezionali"
    assert words(text) == text.split()


def test_every_sms_form_is_undone_in_one_step() -> None:
    once = spelled_out(SMS_WORDS)
    assert spelled_out(once) == once


def test_every_sms_form_can_occur_in_a_text() -> None:
    assert [form for form in SMS_WORDS if fold(form) != form] == []


@EXAMPLES
@given(ITALIAN)
def test_undoing_sms_twice_changes_nothing(text: str) -> None:
    assert spelled_out(words(text)) == words(text)


@pytest.mark.parametrize(
    ("name", "identifier"),
    [("Cassina de' Pecchi", "cassina-de-pecchi"), ("Nord Ovest", "nord-ovest"), ("URP", "urp")],
)
def test_slug_makes_an_identifier(name: str, identifier: str) -> None:
    assert slug(name) == identifier

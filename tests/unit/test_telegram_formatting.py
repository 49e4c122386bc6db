"""Texts as Telegram takes them, buttons and their data: pure rules, also for what nobody thought of."""

from __future__ import annotations

import re

from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.channels.telegram import keyboards
from bot.channels.telegram.formatting import (
    BUTTON_CHARS,
    MESSAGE_UNITS,
    label,
    pieces,
    utf16_units,
    without_disguises,
)
from bot.channels.telegram.keyboards import DATA_BYTES, Press
from bot.channels.telegram.rendering import text_pieces, with_choice
from bot.channels.telegram.texts import all_texts

BIGGEST = 2**59
TEXTS = st.text(
    st.one_of(
        st.sampled_from("ab à.\n *😀👩🏽‍🦰é<>&_[]()"), st.characters(exclude_categories=["Cs"])
    ),
    max_size=400,
)


def squeezed(text: str) -> str:
    return "".join(text.split())


@settings(max_examples=100, deadline=None)
@given(TEXTS, st.integers(5, 60))
@example("**" + "grassetto lungo " * 20 + "**", 50)
@example("👩🏽‍🦰" * 40, 7)
def test_nothing_is_lost_and_every_piece_fits(text: str, limit: int) -> None:
    """T55: whole characters, in order, each piece within the limit, styles within their piece."""
    found = pieces(text, limit)
    whole = without_disguises(re.sub(r"\*\*(?=\S)(.+?)(?<=\S)\*\*", r"\1", without_disguises(text)))
    assert squeezed("".join(piece.text for piece in found)) == squeezed(whole)
    for piece in found:
        assert 0 < utf16_units(piece.text) <= limit
        assert piece.text == piece.text.strip()
        piece.text.encode("utf-8")
        raw = piece.text.encode("utf-16-le")
        for span in piece.spans:
            assert span.length > 0
            assert 0 <= span.offset <= span.offset + span.length <= utf16_units(piece.text)
            for edge in (span.offset, span.offset + span.length):
                assert not 0xDC <= (raw[edge * 2 + 1 : edge * 2 + 2] or b"\0")[0] <= 0xDF


def test_twelve_thousand_characters_are_three_messages() -> None:
    """T55: list, bold and emoji; cut between lines, never inside what is bold."""
    lines = [
        f"• **Voce {number}** 😀 con una spiegazione di media lunghezza, èàù."
        for number in range(1_000)
    ]
    text = ""
    for line in lines:
        if utf16_units(text) + utf16_units(line) > 12_150:
            break
        text += line + "\n"
    found = pieces(text)
    assert utf16_units("\n".join(p.text for p in found)) >= 11_000
    assert len(found) == 3
    for piece in found:
        assert utf16_units(piece.text) <= MESSAGE_UNITS
        assert piece.text.startswith("• Voce")
        assert piece.text.endswith("èàù.")
        raw = piece.text.encode("utf-16-le")
        for span in piece.spans:
            bold = raw[span.offset * 2 : (span.offset + span.length) * 2].decode("utf-16-le")
            assert re.fullmatch(r"Voce \d+", bold)


def test_a_cut_is_at_the_best_place_that_gives_the_fewest_messages() -> None:
    text = "uno due tre\n\nquattro cinque\nsei sette. Otto nove"
    assert [p.text for p in pieces(text, 30)] == [
        "uno due tre\n\nquattro cinque",
        "sei sette. Otto nove",
    ]
    assert [p.text for p in pieces("a" * 25, 10)] == ["a" * 10, "a" * 10, "a" * 5]


def test_markup_of_others_stays_text() -> None:
    """Must-hold 4: HTML, MarkdownV2 and links in words are words."""
    words = "<b>ciao</b> [clic](javascript:alert(1)) _x_ `y` & <script>"
    (piece,) = pieces(words)
    assert (piece.text, piece.spans) == (words, ())


def test_characters_that_turn_the_direction_are_taken_out() -> None:
    """Must-hold 4: "fdp.exe" must not look like "exe.pdf"."""
    (piece,) = pieces("a\u202efdp.exe\u202c \u2066b\u2069\x00")
    assert piece.text == "afdp.exe b"
    assert label("\u202eIndietro") == "Indietro"


def test_a_word_of_two_thousand_letters_goes_out_whole() -> None:
    """Must-hold 4."""
    (piece,) = pieces("x" * 2_000)
    assert piece.text == "x" * 2_000


def test_staff_are_named_in_bold_whatever_their_name() -> None:
    (piece,) = text_pieces({"text": "Buongiorno", "custom": {"staff": "**Anna** *R*"}})
    assert piece.text == "Anna R (URP)\nBuongiorno"
    assert [(s.kind, s.offset, s.length) for s in piece.spans] == [("bold", 0, 6)]


def test_the_choice_is_shown_under_the_text_if_there_is_room() -> None:
    piece = with_choice({"text": "**Quando** vuoi venire?"}, "Giovedì")
    assert piece is not None
    assert piece.text == "Quando vuoi venire?\n\n✓ Hai scelto: Giovedì"
    assert len(piece.spans) == 1
    assert with_choice({"text": "x" * MESSAGE_UNITS}, "Giovedì") is None


LABELS = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, BIGGEST),
    st.lists(st.tuples(LABELS, LABELS), max_size=3),
    st.lists(st.tuples(LABELS, st.lists(LABELS, max_size=30)), max_size=40),
)
def test_every_button_fits_and_leads_back(
    outbound_id: int, buttons: list[tuple[str, str]], days: list[tuple[str, list[str]]]
) -> None:
    """T56: labels and payloads of any length, at most 64 bytes of data, at most 100 buttons."""
    message = {
        "buttons": [{"title": title, "payload": payload} for title, payload in buttons],
        "custom": {
            "records": ["r"],
            "picker": {
                "kind": "slots",
                "days": [
                    {"label": day, "slots": [{"label": s, "payload": s} for s in slots]}
                    for day, slots in days
                ],
            },
        },
    }
    shown = [keyboards.keyboard(outbound_id, message)]
    shown += [keyboards.days(outbound_id, message, page) for page in range(5)]
    shown += [keyboards.hours(outbound_id, message, day) or [] for day in range(len(days))]
    for rows in shown:
        assert sum(len(row) for row in rows) <= 100
        for key in (key for row in rows for key in row):
            assert 1 <= len(key.data.encode()) <= DATA_BYTES
            assert 1 <= len(key.label) <= BUTTON_CHARS
            press = keyboards.parse(key.data)
            assert press is not None
            assert press.outbound_id == outbound_id
            if press.kind == "b":
                chosen = keyboards.chosen(press, message)
                assert chosen is not None
                assert chosen[0] == buttons[press.first][1]


@given(st.text(max_size=70))
def test_data_of_others_mean_nothing_or_something_harmless(data: str) -> None:
    press = keyboards.parse(data)
    if press is not None:
        assert keyboards.chosen(Press("b", press.outbound_id, press.first), {"text": ""}) is None
        assert keyboards.hours(press.outbound_id, {"text": ""}, press.first) is None


def test_what_telegram_limits_fits() -> None:
    texts = all_texts()
    for name, words in texts["commands"].items():
        assert re.fullmatch(r"[a-z0-9_]{1,32}", name)
        assert 1 <= len(words) <= 256
    for key in (
        "notice_too_late",
        "already_chosen",
        "stale",
        "expired",
        "unknown_button",
        "report_thanks",
    ):
        assert len(texts[key]) <= 200, key

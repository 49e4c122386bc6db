"""What a text means while a message or a contact was asked for (pure)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.handoff_form import contact_in, contact_move, message_move
from bot.conversations.commands import COMMANDS, in_words


@pytest.mark.parametrize(
    ("said", "intent", "confidence", "move"),
    [
        ("vorrei sapere quando riapre il bando per gli impianti", "ask_service", 0.9, "value"),
        ("che orari fate?", "ask_urp_hours", 0.95, "question"),
        ("che orari fate", "ask_urp_hours", 0.5, "value"),
        ("ho un problema", "nlu_fallback", 0.3, "value"),
        ("voglio un operatore", "request_operator", 0.9, "question"),
        ("no", "deny", 0.9, "declined"),
        ("niente", "nlu_fallback", 0.2, "declined"),
        ("va bene grazie, arrivederci", "goodbye", 0.9, "declined"),
        ("sì", "affirm", 0.9, "again"),
        ("il vostro ufficio mi ha trattato male", "make_complaint", 0.9, "value"),
    ],
)
def test_messages(said: str, intent: str, confidence: float, move: str) -> None:
    assert message_move(said, intent, confidence) == move


@pytest.mark.parametrize(
    ("said", "intent", "confidence", "move"),
    [
        ("rosa@esempio.it", "nlu_fallback", 0.2, "value"),
        ("no, chiamatemi al 347 1234567", "request_operator", 0.9, "value"),
        ("no", "deny", 0.9, "declined"),
        ("che orari fate?", "ask_urp_hours", 0.95, "question"),
        ("ok", "affirm", 0.9, "again"),
        ("boh", "nlu_fallback", 0.2, "value"),
        ("perché vi serve la mail?", "ask_urp_contacts", 0.5, "why"),
        ("ma a cosa vi serve il numero", "ask_capabilities", 0.4, "why"),
    ],
)
def test_contacts(said: str, intent: str, confidence: float, move: str) -> None:
    assert contact_move(said, intent, confidence) == move


@given(st.text(max_size=80))
def test_any_text_has_a_meaning(said: str) -> None:
    assert message_move(said, "nlu_fallback", 0.3) in ("value", "declined")
    assert contact_move(said, "nlu_fallback", 0.3) in ("value", "declined")
    assert contact_in(said) in said
    assert in_words(said) == said or said.strip().lower() in COMMANDS

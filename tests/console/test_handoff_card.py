"""The hand-off card is read from what is stored, whatever is missing."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.console.handoff_card import handoff_card
from bot.storage.transcript import Message

AT = datetime(2026, 11, 24, 9, 0, tzinfo=timezone.utc)


def said(seq: int, author: str, text: str, **custom: Any) -> Message:
    """A message with its custom data."""
    payload = {"text": text, "custom": custom} if custom else {"text": text}
    return Message(seq, author, text, "done", AT, payload=payload)


def state(**base: Any) -> str:
    """A stored dialogue state with one understood message."""
    user = {
        "event": "user",
        "parse_data": {"intent": {"name": "ask_service", "confidence": 0.82}},
    }
    slot = {"event": "slot", "name": "comune", "value": "Rho"}
    return json.dumps({"format": 1, "base": base, "events": [user, slot]})


def test_the_card_says_what_was_wanted_understood_answered_and_why_it_failed() -> None:
    messages = [
        said(1, "citizen", "quanto costa il bollino della caldaia?"),
        said(
            2,
            "assistant",
            "…",
            status="not_found",
            topic="impianti-termici",
            records=["impianti-termici"],
        ),
        said(3, "citizen", "voglio parlare con una persona"),
        said(4, "assistant", "…", status="handed_off", topic="persona", records=[]),
    ]
    slots = {
        "appointment_name": "Anna, RSSMRA85M01H501Z",
        "appointment_contact": "anna@example.it",
        "context": "{}",
    }
    card = handoff_card(state(slots=slots, loop={"name": "booking_form"}), messages)
    assert card.wanted == ("quanto costa il bollino della caldaia?",)
    assert (card.intent, card.confidence, card.form) == ("ask_service", 0.82, "booking_form")
    # Contacts are asked for, and that is noted; inner workings say nothing to a colleague.
    assert set(dict(card.slots)) == {"appointment_name", "comune"}
    assert "RSSMRA85M01H501Z" not in dict(card.slots)["appointment_name"]
    assert [(a.status, a.records, a.failed) for a in card.answers] == [
        ("not_found", ("impianti-termici",), True),
        ("handed_off", (), False),
    ]


def test_a_request_for_a_person_alone_is_what_was_wanted() -> None:
    messages = [
        said(1, "citizen", "operatore"),
        said(2, "assistant", "…", status="handed_off", topic="persona", records=[]),
    ]
    assert handoff_card(None, messages).wanted == ("operatore",)


def test_personal_data_in_a_message_that_still_waits_is_masked() -> None:
    """T70."""
    card = handoff_card(None, [said(1, "citizen", "sono RSSMRA85M01H501Z")])
    assert "RSSMRA85M01H501Z" not in str(card)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=50)
@given(
    st.dictionaries(
        st.sampled_from(["slots", "loop", "other"]),
        st.none()
        | st.dictionaries(st.text(max_size=5), st.none() | st.text(max_size=5) | st.integers()),
    ),
    st.lists(
        st.dictionaries(st.sampled_from(["event", "parse_data"]), st.none() | st.just("user"))
    ),
)
def test_any_stored_state_gives_a_card(base: dict[str, Any], events: list[dict[str, Any]]) -> None:
    events = [{**event, "parse_data": {}} for event in events]
    handoff_card(json.dumps({"base": base, "events": events}), [])

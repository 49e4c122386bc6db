"""Opening hours as told in conversation, at chosen moments: open, closed, lunch break, holidays, tomorrow."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from bot.terminal import say
from tests.support.chat import Chat, running, texts
from tests.support.dialogue import share_knowledge

pytestmark = pytest.mark.model

NOW = "siete aperti adesso?"
OPEN = r"^Sì, adesso .*800\.88\.33\.11"
CLOSED = r"^No, adesso .* non risponde"


@pytest.mark.parametrize(
    ("moment", "message", "told"),
    [
        pytest.param("2026-11-24T10:00", NOW, [OPEN, r"fino alle 12\.00"], id="opens"),
        pytest.param("2026-11-24T11:59", NOW, [OPEN, r"fino alle 12\.00"], id="last-minute"),
        pytest.param("2026-11-24T12:00", NOW, [CLOSED, r"oggi, dalle 14\.00"], id="lunch-begins"),
        pytest.param("2026-11-24T13:59", NOW, [CLOSED, r"oggi, dalle 14\.00"], id="lunch-ends"),
        pytest.param("2026-11-24T14:00", NOW, [OPEN, r"fino alle 16\.00"], id="afternoon"),
        pytest.param("2026-11-24T16:00", NOW, [CLOSED, r"domani, dalle 10\.00"], id="evening"),
        pytest.param(
            "2026-11-27T14:30", NOW, [CLOSED, "lunedì 30 novembre"], id="friday-afternoon"
        ),
        pytest.param("2026-11-29T11:00", NOW, [CLOSED, r"domani, dalle 10\.00"], id="sunday"),
        pytest.param("2026-12-08T10:30", NOW, [CLOSED, "Immacolata", "domani"], id="holiday"),
        pytest.param("2026-12-25T10:30", NOW, [CLOSED, "Natale", "lunedì 28"], id="christmas"),
    ],
)
async def test_right_now_is_told_by_the_clock(
    chat: Callable[..., Chat], moment: str, message: str, told: list[str]
) -> None:
    await _expect(chat(datetime.fromisoformat(moment)), message, told)


@pytest.mark.parametrize(
    ("moment", "message", "told"),
    [
        ("2026-11-24T09:00", "siete aperti oggi?", [r"^Sì. Oggi .*10\.00-12\.00 e 14\.00-16\.00"]),
        ("2026-11-24T09:00", "e domani a che ora aprite?", [r"^Domani .*10\.00-12\.00"]),
        ("2026-11-26T09:00", "domani a che ora rispondete", [r"^Domani .*10\.00-12\.00\."]),
        ("2026-11-27T09:00", "domani siete aperti?", ["^No. Domani .*non risponde", "lunedì 30"]),
        (
            "2026-11-28T09:00",
            "aperti lunedì prossimo?",
            [r"^Sì. Lunedì 30 novembre .*14\.00-16\.00"],
        ),
        ("2026-11-24T09:00", "il venerdì fino a che ora", [r"^Il venerdì .*10\.00-12\.00\."]),
        ("2026-11-24T09:00", "il sabato siete aperti?", ["^No. Il sabato .*non risponde"]),
        ("2026-11-24T09:00", "l'8 dicembre siete aperti?", ["8 dicembre .*non risponde"]),
        ("2026-11-24T09:00", "a natale siete aperti?", ["25 dicembre .*non risponde", "Natale"]),
        ("2026-11-24T09:00", "a capodanno rispondete?", ["1 gennaio .*non risponde", "Capodanno"]),
    ],
)
async def test_a_named_day_is_told_for_the_right_date(
    chat: Callable[..., Chat], moment: str, message: str, told: list[str]
) -> None:
    await _expect(chat(datetime.fromisoformat(moment)), message, told)


@pytest.mark.parametrize(
    ("moment", "message"),
    [
        ("2026-11-24T09:00", "il 7 dicembre siete aperti?"),
        ("2026-11-24T09:00", "a sant'ambrogio rispondete?"),
        ("2026-12-06T09:00", "domani a che ora rispondete al telefono?"),
        ("2026-12-07T10:30", "oggi siete aperti?"),
        ("2026-12-07T10:30", NOW),
    ],
)
async def test_the_patron_saints_day_is_given_as_to_be_confirmed(
    chat: Callable[..., Chat], moment: str, message: str
) -> None:
    """No notice announces 7 December: closed is what we think, not what we know."""
    await _expect(chat(datetime.fromisoformat(moment)), message, ["Sant'Ambrogio", "conferma"])


async def test_the_configured_clock_reaches_the_answer(
    make_settings: Any, assistant: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    share_knowledge(monkeypatch)
    for clock, told in (("2026-11-24T10:30", OPEN), ("2026-11-24T12:30", CLOSED)):
        async with running(make_settings(clock=clock), assistant) as runtime:
            assert re.search(told, texts(await say(runtime, clock, NOW)))


@pytest.mark.parametrize(
    ("moment", "told"),
    [
        ("2026-11-24T10:30", ["In questo momento rispondono", r"fino alle 12\.00"]),
        ("2026-11-24T12:30", ["oggi, dalle 14.00"]),
        ("2026-11-28T09:00", ["lunedì 30 novembre, dalle 10.00"]),
    ],
)
async def test_who_wants_a_person_hears_when_one_answers(
    chat: Callable[..., Chat], moment: str, told: list[str]
) -> None:
    messages = await chat(datetime.fromisoformat(moment)).say("passami un operatore")
    assert [p for p in told if not re.search(p, texts(messages))] == [], texts(messages)
    assert messages[0]["custom"]["status"] == "handed_off"


async def _expect(conversation: Chat, message: str, told: list[str]) -> None:
    """The answer is about hours, says each of the patterns, and names its source."""
    messages = await conversation.say(message)
    answer = texts(messages)
    assert [p for p in [*told, "Fonte:"] if not re.search(p, answer)] == [], answer
    assert messages[0]["custom"]["topic"] == "urp-orari"
    assert "sportello" in answer.lower()

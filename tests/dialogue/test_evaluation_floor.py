"""Understanding and answers on held-out questions never fall below what was reached."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.assistant.service import AssistantService
from bot.evaluation.answers import evaluate_file
from bot.settings import PROJECT_ROOT
from tests.support.dialogue import share_knowledge

pytestmark = pytest.mark.model

QUESTIONS = PROJECT_ROOT / "nlu_data" / "evaluation" / "questions.jsonl"

# Raise a floor when a change has earned it; never lower one to make a change pass.
TOPIC_FLOOR = 0.90
FACT_FLOOR = 0.88
OUTSIDE_FLOOR = 0.75
MIN_QUESTIONS = 500


async def test_the_evaluation_stays_above_its_floors(
    make_settings: Any, assistant: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def use_loaded(self: AssistantService, _path: Path) -> None:
        self.use(assistant)

    share_knowledge(monkeypatch)
    # Only spares loading the session's model a second time.
    monkeypatch.setattr(AssistantService, "load", use_loaded)
    settings = make_settings(clock="2026-11-24T10:30")
    report = await evaluate_file(settings, QUESTIONS, "all")
    figures = report.as_dict()
    print(figures)
    assert report.asked >= MIN_QUESTIONS
    assert "fault" not in figures["statuses"]
    reached = (figures["topic_right"], figures["fact_right"], figures["outside_told"])
    floors = (TOPIC_FLOOR, FACT_FLOOR, OUTSIDE_FLOOR)
    below = [(got, floor) for got, floor in zip(reached, floors, strict=True) if got < floor]
    assert below == [], report.wrong

"""Fits the numbers that the search weighs with: ``python -m bot.commands.calibrate`` rewrites ``weights.json``.

Only questions marked ``dev`` are used, so that the others measure. Two logistic regressions: which candidate is the right
record, and whether the first one is right *and* holds the answer.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
from rich.console import Console

from actions.conversation_state import places_in, topics_in
from bot.evaluation.cases import read_cases
from bot.runtime import Runtime
from bot.settings import PROJECT_ROOT, load_settings
from bot.terminal import started
from knowledge.search.finder import Candidate
from knowledge.search.weighing import WEIGHTS_FILE, linear, probability, weights

console = Console()
_FOLDER: Final = PROJECT_ROOT / "nlu_data" / "evaluation"
_ELSEWHERE: Final = frozenset(
    {"zona-del-comune", "comuni-della-zona", "comune-dati", "offerte-lavoro"}
)
"""Records whose questions have actions of their own: their confidence is never used."""

_ROUNDS: Final = 3
"""The confidence is fitted on the order that the ranking gives, so the two are fitted in turn."""


@dataclass(frozen=True)
class Example:
    """A question, the topics and places read in it, and the right records."""

    text: str
    topics: list[Any]
    places: frozenset[str]
    right: tuple[str, ...]


async def calibrate(answer_from: float) -> dict[str, Any]:
    """Fit and return the numbers, keeping the thresholds but ``answer_from``."""
    with TemporaryDirectory() as folder:
        settings = load_settings().model_copy(update={"data_dir": Path(folder)})
        async with started(settings) as runtime:
            examples = await _examples(runtime)
            for _ in range(_ROUNDS):
                numbers = _fitted(runtime, examples, answer_from)
                WEIGHTS_FILE.write_text(json.dumps(numbers, indent=1) + "\n", encoding="utf-8")
                weights.cache_clear()
    return numbers


async def _examples(runtime: Runtime) -> list[Example]:
    records = runtime.knowledge.content.records
    cases = [
        (case["text"], tuple(case["records"]))
        for case in read_cases(_FOLDER / "knowledge.jsonl", "dev")
    ]
    cases += [
        (case["text"], (case["topic"],))
        for case in read_cases(_FOLDER / "questions.jsonl", "dev")
        if case.get("topic") in records
    ]
    assistant = await runtime.assistants.get()
    examples = []
    for text, right in cases:
        parsed = await assistant.parse(text)
        places = places_in(parsed["entities"], runtime.knowledge)
        examples.append(Example(text, topics_in(parsed), places, right))
    return examples


def _fitted(runtime: Runtime, examples: list[Example], answer_from: float) -> dict[str, Any]:
    finder = runtime.knowledge.finder
    ranked = [finder.candidates_of(e.text, e.topics, places=e.places) for e in examples]
    pairs = [
        (candidate.features, candidate.record.id in example.right)
        for example, candidates in zip(examples, ranked, strict=True)
        if example.right
        for candidate in candidates
    ]
    ranking = _regression([features for features, _ in pairs], [right for _, right in pairs])
    rows, answered = [], []
    for example in examples:
        finding = finder.find(example.text, example.topics, places=example.places)
        if finding.features is None or (example.right and finding.ranked[0] in _ELSEWHERE):
            continue
        rows.append(finding.features)
        answered.append(finding.ranked[0] in example.right)
    confidence = _regression(rows, answered)
    kept = weights()
    _report(examples, ranked, ranking)
    return {
        "ranking": ranking,
        "confidence": confidence,
        "answer_from": answer_from,
        "topic_from": kept.topic_from,
        "ask_within": kept.ask_within,
        "ask_from": kept.ask_from,
    }


def _regression(rows: list[Any], right: list[bool]) -> dict[str, float]:
    from sklearn.linear_model import LogisticRegression

    names = sorted(rows[0])
    matrix = np.array([[row[name] for name in names] for row in rows])
    model = LogisticRegression(max_iter=5_000).fit(matrix, right)
    numbers = dict(zip(names, model.coef_[0], strict=True))
    return {
        "": round(float(model.intercept_[0]), 4),
        **{name: round(float(value), 4) for name, value in numbers.items()},
    }


def _report(
    examples: list[Example], ranked: list[list[Candidate]], ranking: dict[str, float]
) -> None:
    """How often the first is right, by its distance from the second: what ``ask_within`` is chosen from."""
    bands: dict[float, list[bool]] = {}
    for example, candidates in zip(examples, ranked, strict=True):
        if not example.right:
            continue
        scored = sorted(
            ((linear(ranking, c.features), c.record.id) for c in candidates), reverse=True
        )
        margin = scored[0][0] - scored[1][0] if len(scored) > 1 else 6.0
        band = min(int(margin / 0.25) * 0.25, 2.0)
        bands.setdefault(band, []).append(scored[0][1] in example.right)
    for band in sorted(bands):
        right = bands[band]
        console.print(f"margin {band:.2f}: {sum(right)} of {len(right)} right")
    first = [max(linear(ranking, c.features) for c in cs) for cs in ranked if cs]
    console.print(f"median support {probability(float(np.median(first))):.2f}")


if __name__ == "__main__":
    console.print_json(json.dumps(asyncio.run(calibrate(weights().answer_from))))

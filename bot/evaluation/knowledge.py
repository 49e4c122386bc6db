"""Measuring the search: is the right record first, is the unknown admitted, is the confidence honest?

Each question is searched as the product does it (with the model's topics), and asked to the whole assistant, whose
answer decides what was told. Plain BM25 over the same records is measured beside it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from rich.console import Console
from rich.table import Table

from actions.conversation_state import places_in, topics_in
from bot.evaluation.cases import read_cases, share
from bot.evaluation.plain_bm25 import plain_bm25
from bot.runtime import Runtime
from bot.settings import Settings
from bot.terminal import say, started
from knowledge.search.answer_types import admits_not_knowing
from knowledge.search.finder import Finding

_DECLINED: Final = frozenset({"out_of_scope", "not_found"})
_CERTAIN: Final = frozenset({"answered", "to_confirm"})
_BINS: Final = 10


@dataclass(frozen=True)
class Asked:
    """One question with what came of it. ``records`` are the right ones; none means that nobody can answer it."""

    text: str
    records: tuple[str, ...]
    ranked: tuple[str, ...]
    confidence: float
    statuses: frozenset[str]
    topics: tuple[str, ...]
    told: bool

    @property
    def rank(self) -> int:
        """Place of the first right record, 0 if it is not among the candidates."""
        for place, record_id in enumerate(self.ranked, 1):
            if record_id in self.records:
                return place
        return 0

    @property
    def answered_right(self) -> bool:
        """Whether the assistant spoke of a right record."""
        return bool(set(self.topics) & set(self.records))

    @property
    def doubted(self) -> bool:
        """Whether the answer was given as "perhaps not what you ask", or refused."""
        return "not_found" in self.statuses

    @property
    def wrong_with_confidence(self) -> bool:
        """Whether something was stated as an answer that is none."""
        stated = bool(self.statuses & _CERTAIN) and not self.told
        return stated and not self.answered_right


@dataclass
class KnowledgeReport:
    """Figures of one evaluation."""

    asked: list[Asked] = field(default_factory=list)
    plain: list[tuple[tuple[str, ...], list[str]]] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """All figures, with stable names."""
        known = [case for case in self.asked if case.records]
        unknown = [case for case in self.asked if not case.records]
        errors = sum(case.rank != 1 for case in known)
        figures: dict[str, Any] = {
            "answerable": len(known),
            "unanswerable": len(unknown),
            "accuracy_at_1": share(len(known) - errors, len(known)),
            "accuracy_at_3": share(sum(1 <= case.rank <= 3 for case in known), len(known)),
            "mrr": round(_mean(1 / case.rank if case.rank else 0.0 for case in known), 4),
            "answered_right": share(sum(case.answered_right for case in known), len(known)),
            "told_unanswerable": share(sum(case.told for case in unknown), len(unknown)),
            "needlessly_doubted": share(sum(case.doubted for case in known), len(known)),
            "wrong_with_confidence": share(
                sum(case.wrong_with_confidence for case in self.asked), len(self.asked)
            ),
            "calibration": self.calibration(),
        }
        if self.plain:
            plain_errors = sum(not ranked or ranked[0] not in right for right, ranked in self.plain)
            figures["plain_bm25"] = {
                "accuracy_at_1": share(len(self.plain) - plain_errors, len(self.plain)),
                "accuracy_at_3": share(
                    sum(bool(set(ranked[:3]) & set(right)) for right, ranked in self.plain),
                    len(self.plain),
                ),
                "mrr": round(_mean(_reciprocal(right, ranked) for right, ranked in self.plain), 4),
            }
            figures["first_place_errors_of_bm25"] = round(errors / max(1, plain_errors), 4)
        return figures

    def calibration(self) -> list[dict[str, float]]:
        """For each tenth of confidence: how many questions, mean confidence, share that was right."""
        rows = []
        for number in range(_BINS):
            inside = [
                case
                for case in self.asked
                if min(int(case.confidence * _BINS), _BINS - 1) == number
            ]
            if inside:
                rows.append(
                    {
                        "from": number / _BINS,
                        "questions": len(inside),
                        "confidence": round(_mean(case.confidence for case in inside), 3),
                        "right": share(sum(case.rank == 1 for case in inside), len(inside)),
                    }
                )
        return rows

    def show(self, console: Console, *, failures: bool) -> None:
        """Print the figures as tables."""
        figures = self.as_dict()
        if failures:
            for case in self.failed():
                console.print(
                    json.dumps(case, ensure_ascii=False),
                    markup=False,
                    highlight=False,
                    soft_wrap=True,
                )
        plain = figures.get("plain_bm25", {})
        table = Table("misura", "ricerca", "solo BM25", title="Ricerca nelle schede")
        for key, label in (
            ("accuracy_at_1", "scheda giusta al primo posto"),
            ("accuracy_at_3", "scheda giusta fra le prime tre"),
            ("mrr", "MRR"),
        ):
            other = f"{plain[key]:.1%}" if plain else "—"
            table.add_row(label, f"{figures[key]:.1%}", other)
        for key, label in (
            ("answered_right", "risposta dalla scheda giusta"),
            ("told_unanswerable", "«non lo so» detto quando è vero"),
            ("needlessly_doubted", "dubbio espresso senza bisogno"),
            ("wrong_with_confidence", "sbagliate con sicurezza"),
        ):
            table.add_row(label, f"{figures[key]:.1%}", "")
        if plain:
            table.add_row(
                "errori al primo posto rispetto a BM25",
                f"{figures['first_place_errors_of_bm25']:.0%}",
                "100%",
            )
        else:
            console.print("Per il confronto con BM25 installa le dipendenze di sviluppo.")
        console.print(
            f"{figures['answerable']} domande con risposta, {figures['unanswerable']} senza."
        )
        console.print(table)
        bins = Table("sicurezza da", "domande", "sicurezza media", "giuste", title="Calibrazione")
        for row in figures["calibration"]:
            bins.add_row(
                f"{row['from']:.0%}",
                str(row["questions"]),
                f"{row['confidence']:.0%}",
                f"{row['right']:.0%}",
            )
        console.print(bins)

    def failed(self) -> list[dict[str, Any]]:
        """Questions that went wrong, with what was found."""
        return [
            {
                "text": case.text,
                "wanted": list(case.records),
                "ranked": list(case.ranked[:3]),
                "confidence": round(case.confidence, 2),
                "status": sorted(case.statuses),
                "topics": list(case.topics),
            }
            for case in self.asked
            if (case.records and not (case.rank == 1 and case.answered_right))
            or (not case.records and not case.told)
        ]


async def evaluate_knowledge(settings: Settings, path: Path, split: str) -> KnowledgeReport:
    """Search and ask every question of a JSONL file (``text``, ``records``, ``split``)."""
    async with started(settings) as runtime:
        report = KnowledgeReport()
        for case in read_cases(path, split):
            report.asked.append(await _ask(runtime, case))
        yardstick = plain_bm25(runtime.knowledge.content.records)
        known = [case for case in report.asked if case.records]
        if yardstick is not None and known:
            ranked = yardstick.ranked([case.text for case in known])
            report.plain = [
                (case.records, found) for case, found in zip(known, ranked, strict=True)
            ]
        return report


async def searched(runtime: Runtime, text: str) -> Finding:
    """What the product's search finds for a question."""
    parsed = await (await runtime.assistants.get()).parse(text)
    knowledge = runtime.knowledge
    places = places_in(parsed["entities"], knowledge)
    return knowledge.finder.find(text, topics_in(parsed), places=places)


async def _ask(runtime: Runtime, case: dict[str, Any]) -> Asked:
    text = case["text"]
    finding = await searched(runtime, text)
    messages = await say(runtime, uuid4().hex, text)
    customs = [message["custom"] for message in messages]
    statuses = frozenset(custom["status"] for custom in customs)
    admitted = any(admits_not_knowing(message.get("text", "")) for message in messages)
    return Asked(
        text,
        tuple(case["records"]),
        finding.ranked,
        finding.confidence,
        statuses,
        tuple(custom["topic"] for custom in customs),
        bool(statuses & _DECLINED) or admitted,
    )


def _reciprocal(right: Sequence[str], ranked: Sequence[str]) -> float:
    places = [place for place, record_id in enumerate(ranked, 1) if record_id in right]
    return 1 / places[0] if places else 0.0


def _mean(values: Iterable[float]) -> float:
    numbers = list(values)
    return sum(numbers) / len(numbers) if numbers else 0.0

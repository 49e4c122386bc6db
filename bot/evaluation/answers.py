"""Measuring on held-out questions: topic, facts in the answer, out-of-scope, invented facts, latency."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from rich.console import Console
from rich.table import Table

from bot.evaluation.cases import read_cases, share
from bot.runtime import Runtime
from bot.settings import Settings
from bot.terminal import say, started

_DECLINED = frozenset({"out_of_scope", "not_found"})


@dataclass
class Report:
    """Counts of one evaluation."""

    asked: int = 0
    topic_asked: int = 0
    topic_right: int = 0
    fact_asked: int = 0
    fact_right: int = 0
    outside_asked: int = 0
    outside_right: int = 0
    milliseconds: list[float] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)
    wrong: list[dict[str, Any]] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Shares and counts."""
        times = sorted(self.milliseconds) or [0.0]
        return {
            "asked": self.asked,
            "topic_right": share(self.topic_right, self.topic_asked),
            "fact_right": share(self.fact_right, self.fact_asked),
            "outside_told": share(self.outside_right, self.outside_asked),
            "p50_ms": round(times[len(times) // 2], 1),
            "p95_ms": round(times[int(len(times) * 0.95)], 1),
            "statuses": dict(self.statuses),
        }

    def show(self, console: Console, *, failures: bool) -> None:
        """Print the report as a table."""
        table = Table("misura", "giuste", "su", "quota", title="Valutazione")
        for label, right, asked in (
            ("argomento", self.topic_right, self.topic_asked),
            ("fatto nella risposta", self.fact_right, self.fact_asked),
            ("fuori ambito detto", self.outside_right, self.outside_asked),
        ):
            table.add_row(label, str(right), str(asked), f"{share(right, asked):.1%}")
        if failures:
            for case in self.wrong:
                console.print(
                    json.dumps(case, ensure_ascii=False),
                    markup=False,
                    highlight=False,
                    soft_wrap=True,
                )
        console.print(table)


async def evaluate_file(settings: Settings, path: Path, split: str) -> Report:
    """Ask every question of a JSONL file, each in a conversation of its own."""
    async with started(settings) as runtime:
        report = Report()
        for case in read_cases(path, split):
            await _ask(runtime, case, report)
        return report


async def _ask(runtime: Runtime, case: dict[str, Any], report: Report) -> None:
    began = time.perf_counter()
    messages = await say(runtime, uuid4().hex, case["text"])
    report.milliseconds.append((time.perf_counter() - began) * 1000)
    report.asked += 1
    answer = " ".join(message.get("text", "") for message in messages)
    customs = [message["custom"] for message in messages]
    report.statuses.update(custom["status"] for custom in customs)
    topics = {custom["topic"] for custom in customs}
    facts_missing = [p for p in case.get("must", ()) if not re.search(p, answer, re.IGNORECASE)]
    problems = []
    if case.get("topic"):
        report.topic_asked += 1
        # Booking and hand-off answers name their topic by intent.
        if case["topic"] in topics:
            report.topic_right += 1
        else:
            problems.append("topic")
    if case.get("must"):
        report.fact_asked += 1
        if facts_missing:
            problems.append("fact")
        else:
            report.fact_right += 1
    if case.get("status") in _DECLINED:
        report.outside_asked += 1
        if any(custom["status"] in _DECLINED for custom in customs):
            report.outside_right += 1
        else:
            problems.append("outside")
    if problems:
        report.wrong.append(
            {
                "problems": problems,
                "text": case["text"],
                "wanted": case.get("topic") or case.get("status"),
                "got": sorted(topics),
                "missing": facts_missing,
                "answer": answer,
            }
        )

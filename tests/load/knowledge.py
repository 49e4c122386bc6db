"""How the search bears 50,000 records: ``python -m tests.load.knowledge [records]``.

Prints the seconds to build the index, the milliseconds of a search (median, 95th percentile) in one process, the
seconds to take in one changed record, and the memory.
"""

from __future__ import annotations

import json
import random
import sys
import time
from dataclasses import replace
from typing import Final

import psutil

from knowledge.base import KnowledgeBase
from knowledge.content_files import load_content
from knowledge.schema import Fact, Record, Statement

RECORDS: Final = 50_000
SEARCHES: Final = 2_000
BUILD_LIMIT_S: Final = 30.0
SEARCH_P95_LIMIT_MS: Final = 8.0


def synthetic_records(number: int, real: list[Record], seed: int = 1) -> dict[str, Record]:
    """Records whose sentences are mixed from real ones, each with a few words of its own."""
    chance = random.Random(seed)
    statements = [s.text for record in real for s in (record.summary, *record.facts)]
    asks = [ask for record in real for fact in record.facts for ask in fact.ask]
    made: dict[str, Record] = {}
    for at in range(number):
        own = _word(chance)
        facts = [
            Fact(
                id=f"fatto-{n}",
                facet="what",
                ask=[f"{chance.choice(asks)} {own}"[:120]],
                text=f"{chance.choice(statements)} {own}"[-400:],
                source="S",
            )
            for n in range(3)
        ]
        made[f"scheda-{at}"] = Record(
            id=f"scheda-{at}",
            kind="service",
            title=f"Servizio {own} {at}",
            names=[f"servizio {own}", f"{own} {_word(chance)}"],
            level="metropolitano",
            body="Ufficio di prova",
            summary=Statement(text=f"{chance.choice(statements)} {own}"[-400:], source="S"),
            facts=facts,
        )
    return made


def measured(number: int = RECORDS) -> dict[str, float]:
    """Figures of one run."""
    content = load_content()
    real = list(content.records.values())
    records = synthetic_records(number, real)
    process = psutil.Process()
    before = process.memory_info().rss
    began = time.perf_counter()
    knowledge = KnowledgeBase(replace(content, records=records))
    built = time.perf_counter() - began
    grown = process.memory_info().rss - before
    chance = random.Random(2)
    questions = [ask for record in real for fact in record.facts for ask in fact.ask]
    for question in questions[:50]:
        knowledge.finder.find(question, [])
    times = []
    for _ in range(SEARCHES):
        question = chance.choice(questions)
        began = time.perf_counter()
        knowledge.finder.find(question, [])
        times.append((time.perf_counter() - began) * 1000)
    times.sort()
    changed = records["scheda-1"].model_copy(update={"title": "Servizio cambiato"})
    began = time.perf_counter()
    knowledge.updated(replace(content, records={**records, "scheda-1": changed}))
    return {
        "records": number,
        "build_s": round(built, 2),
        "search_p50_ms": round(times[len(times) // 2], 2),
        "search_p95_ms": round(times[int(len(times) * 0.95)], 2),
        "update_one_s": round(time.perf_counter() - began, 2),
        "index_mb": round(grown / 1e6),
        "process_mb": round(process.memory_info().rss / 1e6),
    }


def _word(chance: random.Random) -> str:
    syllables = ("ba", "ce", "do", "fi", "gu", "la", "me", "no", "pi", "ru", "sta", "tre", "vo")
    return "".join(chance.choice(syllables) for _ in range(4))


if __name__ == "__main__":
    figures = measured(int(sys.argv[1]) if len(sys.argv) > 1 else RECORDS)
    print(json.dumps(figures, indent=2))
    held = figures["build_s"] < BUILD_LIMIT_S and figures["search_p95_ms"] < SEARCH_P95_LIMIT_MS
    sys.exit(0 if held else 1)

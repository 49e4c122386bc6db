"""`sportello evaluate dates`: the share of held-out Italian expressions whose days and hours are understood."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.appointments.dates import understand
from bot.appointments.dates.data import as_data
from bot.commands.common import console
from bot.errors import ContentError
from bot.settings import PROJECT_ROOT

EXPRESSIONS = PROJECT_ROOT / "nlu_data" / "evaluation" / "dates.jsonl"


@dataclass
class DatesReport:
    """How many expressions were asked and understood, and those that were not."""

    asked: int = 0
    right: int = 0
    wrong: list[dict[str, Any]] = field(default_factory=list)

    @property
    def share(self) -> float:
        """Share understood, 0 to 1."""
        return round(self.right / self.asked, 4) if self.asked else 1.0


def evaluate_dates_file(path: Path, split: str) -> DatesReport:
    """Read every expression of a split and compare it with what its author meant.

    Raises ContentError for a file that cannot be read.
    """
    report = DatesReport()
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        cases = [json.loads(line) for line in lines if line.strip()]
        chosen = [case for case in cases if split in ("all", case["split"])]
        for case in chosen:
            got = comparable(as_data(understand(case["text"], datetime.fromisoformat(case["now"]))))
            report.asked += 1
            if got == comparable(case["expected"]):
                report.right += 1
            else:
                report.wrong.append({**case, "got": got})
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = f"cannot be read ({type(error).__name__})"
        raise ContentError(
            str(path), reason, "name a JSONL file like evaluation/dates.jsonl"
        ) from None
    return report


def comparable(data: dict[str, Any]) -> dict[str, Any]:
    """A reading without order and without the preferred day, which only ranks."""
    options: dict[str, Any] = {
        name: sorted(
            json.dumps({**option, "preferred": None}, sort_keys=True) for option in data[name]
        )
        for name in ("options", "excluded")
        if name in data
    }
    others: dict[str, Any] = {
        name: sorted(set(data[name])) for name in ("ask", "problems") if name in data
    }
    return {**options, **others, "preference": data.get("preference", "")}


def evaluate_dates(
    split: Annotated[str, typer.Option(help="Quali espressioni: dev, test o all.")] = "all",
    file: Annotated[
        Path, typer.Option(help="File JSONL con text, now, expected, split.")
    ] = EXPRESSIONS,
    failures: Annotated[bool, typer.Option(help="Stampa ogni espressione capita male.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Stampa i risultati come JSON.")] = False,
) -> None:
    """Compare and print."""
    report = evaluate_dates_file(file, split)
    if as_json:
        print(
            json.dumps(
                {"asked": report.asked, "right": report.right, "share": report.share},
                ensure_ascii=False,
            )
        )
        return
    if failures:
        for case in report.wrong:
            console.print(
                json.dumps(case, ensure_ascii=False), markup=False, highlight=False, soft_wrap=True
            )
    console.print(
        f"Espressioni capite: {report.right} su {report.asked} ({report.share:.1%})",
        highlight=False,
    )

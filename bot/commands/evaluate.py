"""`sportello evaluate`: measuring on questions that the model has never seen."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Annotated, Final

import typer

from bot.commands.common import console, prepared_settings
from bot.commands.evaluate_dates import evaluate_dates
from bot.settings import PROJECT_ROOT

_FOLDER: Final = PROJECT_ROOT / "nlu_data" / "evaluation"

app = typer.Typer(
    name="evaluate",
    help="Misura comprensione e risposte su domande mai viste in allenamento.",
    invoke_without_command=True,
)

Split = Annotated[str, typer.Option(help="Quali domande: dev, test o all.")]
Failures = Annotated[bool, typer.Option(help="Stampa ogni domanda andata male.")]
AsJSON = Annotated[bool, typer.Option("--json", help="Stampa i risultati come JSON.")]


app.command("dates", help="Misura quante espressioni italiane di giorni e orari vengono capite.")(
    evaluate_dates
)


@app.callback()
def answers(
    context: typer.Context,
    split: Split = "all",
    file: Annotated[Path, typer.Option(help="File JSONL con text, topic, must, status.")] = _FOLDER
    / "questions.jsonl",
    failures: Failures = False,
    as_json: AsJSON = False,
) -> None:
    if context.invoked_subcommand is not None:
        return
    settings = prepared_settings()
    from bot.evaluation.answers import evaluate_file

    report = asyncio.run(evaluate_file(settings, file, split))
    if as_json:
        print(json.dumps(report.as_dict(), ensure_ascii=False, indent=2))
        return
    report.show(console, failures=failures)


@app.command(help="Misura la ricerca nelle schede, a confronto con BM25 senza aiuti.")
def knowledge(
    split: Split = "test",
    file: Annotated[Path, typer.Option(help="File JSONL con text, records, split.")] = _FOLDER
    / "knowledge.jsonl",
    failures: Failures = False,
    as_json: AsJSON = False,
) -> None:
    settings = prepared_settings()
    from bot.evaluation.knowledge import evaluate_knowledge

    report = asyncio.run(evaluate_knowledge(settings, file, split))
    if as_json:
        print(json.dumps(report.as_dict(), ensure_ascii=False, indent=2))
        return
    report.show(console, failures=failures)

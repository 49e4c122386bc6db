"""`sportello knowledge reports`: what citizens have reported as wrong."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated, Any

import typer

from bot.clock import ROME
from bot.commands.common import console, prepared_settings
from bot.errors import ConfigurationError
from bot.settings import Settings
from bot.storage.database import Database
from bot.storage.migrate import migrate
from bot.storage.reports import DONE, OPEN, Report, close_report, list_reports


def reports(
    status: Annotated[str, typer.Option(help="open, done o all.")] = OPEN,
    done: Annotated[
        int, typer.Option(help="Segna come risolta la segnalazione con questo numero.")
    ] = 0,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Quante al massimo.")] = 50,
    as_json: Annotated[
        bool, typer.Option("--json", help="Stampa JSON, con campi stabili.")
    ] = False,
) -> None:
    """Elenca le segnalazioni «Questa informazione è sbagliata?» dei cittadini."""
    if status not in (OPEN, DONE, "all"):
        raise ConfigurationError("--status: scegli fra open, done e all")
    found = asyncio.run(_reports(prepared_settings(), status, done, limit))
    rows = [_row(report) for report in found]
    if as_json:
        print(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for row in rows:
        line = f"{row['id']:>4}  {row['at'][:16]}  {', '.join(row['records'])}  {row['comment']}"
        console.print(line, markup=False, highlight=False)
    if not rows:
        console.print("Nessuna segnalazione.")


async def _reports(settings: Settings, status: str, done: int, limit: int) -> list[Report]:
    database = Database(settings.effective_database_url)
    try:
        await migrate(database)
        if done and not await database.write(close_report, done):
            raise ConfigurationError(f"--done: la segnalazione {done} non esiste")
        return await database.read(list_reports, None if status == "all" else status, limit)
    finally:
        await database.close()


def _row(report: Report) -> dict[str, Any]:
    return {
        "id": report.id,
        "conversation": report.conversation_id,
        "seq": report.seq,
        "topic": report.topic,
        "records": list(report.records),
        "comment": report.comment,
        "status": report.status,
        "at": report.created_at.astimezone(ROME).isoformat(timespec="seconds"),
    }

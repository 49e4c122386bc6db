"""`sportello demo …`: invented data, for demonstrations and measurements."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer
from rich.progress import Progress

from bot.clock import Clock
from bot.commands.common import console, prepared_settings
from bot.demo_data import fill as fill_database
from bot.errors import ConfigurationError
from bot.storage.database import Database
from bot.storage.migrate import migrate

app = typer.Typer(help="Dati inventati, per prove e misure.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """A group even while it has one command."""


@app.command(
    help="Riempi il database di conversazioni e appuntamenti inventati. Mai su un impianto pubblico."
)
def fill(
    conversations: Annotated[int, typer.Option(min=0, help="Quante conversazioni.")] = 20_000,
    messages: Annotated[int, typer.Option(min=0, help="Quanti messaggi in tutto.")] = 500_000,
    appointments: Annotated[int, typer.Option(min=0, help="Quanti appuntamenti passati.")] = 50_000,
) -> None:
    settings = prepared_settings()
    if settings.public_url:
        raise ConfigurationError(
            "dati inventati su un impianto pubblico: togli SPORTELLO_PUBLIC_URL"
        )

    async def go() -> None:
        database = Database(settings.effective_database_url)
        try:
            await migrate(database)
            with Progress(console=console) as progress:
                task = progress.add_task("Invento", total=conversations + appointments)
                await fill_database(
                    database,
                    Clock(settings.clock).utc(),
                    how_many_conversations=conversations,
                    how_many_messages=messages,
                    how_many_appointments=appointments,
                    progress=lambda count: progress.advance(task, count),
                )
        finally:
            await database.close()

    asyncio.run(go())
    console.print("Fatto.")

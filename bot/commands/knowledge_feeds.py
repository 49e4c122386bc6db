"""`sportello knowledge feeds`: how the feeds of offers are, and fetching them now."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.commands.common import console
from bot.commands.knowledge_work import Work, run_with_database
from bot.feeds.refresh import feeds_of, refresh_feed
from knowledge.offer_sources import count_open_offers, read_sources


def feeds(
    now: Annotated[bool, typer.Option("--now", help="Scarica adesso.")] = False,
    accept: Annotated[
        bool,
        typer.Option(
            "--accept", help="Con --now: credi anche a un elenco molto più corto di prima."
        ),
    ] = False,
) -> None:
    """Mostra quanto sono aggiornate le offerte dei siti configurati (SPORTELLO_OFFER_FEEDS)."""
    run_with_database(lambda work: _feeds(work, now=now, accept=accept))


async def _feeds(work: Work, *, now: bool, accept: bool) -> None:
    configured = feeds_of(work.settings)
    if not configured:
        console.print("Nessun sito configurato: scrivi gli indirizzi in SPORTELLO_OFFER_FEEDS.")
    for feed in configured:
        if now:
            console.print(f"Scarico {feed.name}", highlight=False)
            await refresh_feed(feed, work.settings, work.database, work.clock, accept_fewer=accept)
    names = {feed.origin: feed.name for feed in configured}
    today = work.clock.now().date()
    for source in await work.database.read(read_sources):
        count = await work.database.read(count_open_offers, source.origin, today)
        when = f"{source.refreshed_at:%d/%m/%Y %H:%M} UTC" if source.refreshed_at else "mai"
        line = (
            f"{names.get(source.origin, source.origin)}: {count} offerte aperte, aggiornate: {when}"
        )
        console.print(line, markup=False, highlight=False)
        if source.problem:
            console.print(f"  attenzione: {source.problem}", style="yellow", markup=False)

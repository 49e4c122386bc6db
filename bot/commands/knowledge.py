"""`sportello knowledge`: check, load, compare, export and review what the office knows."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from bot.commands import knowledge_feeds, knowledge_import, reports
from bot.commands.common import console, prepared_settings
from bot.commands.knowledge_work import (
    Work,
    base_content,
    progress,
    run_with_database,
    save,
    show_changes,
)
from bot.errors import ContentError
from knowledge.content import Content
from knowledge.content_files import CONTENT_DIR, load_content, load_layer
from knowledge.export import export_folder, export_offers
from knowledge.loading import EMPTY, drop_layer
from knowledge.review import reviews
from knowledge.rows import BUNDLED, OFFICE, layer_of
from knowledge.store import layer_changes, read_content, read_offers, read_origins

app = typer.Typer(
    help="Le conoscenze: controllale, caricale, confrontale, esportale.", no_args_is_help=True
)
app.add_typer(knowledge_import.app, name="import")
app.command("feeds")(knowledge_feeds.feeds)
app.command("reports")(reports.reports)

_DRY_RUN_HELP = "Mostra che cosa cambierebbe, senza salvare."
FolderArgument = Annotated[
    Path | None,
    typer.Argument(help="Cartella dell'ufficio; senza, i contenuti di serie.", show_default=False),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help=_DRY_RUN_HELP)]


@app.command(help="Controlla una cartella di contenuti e di' tutto quello che non va.")
def validate(folder: FolderArgument = None) -> None:
    if folder is None:
        prepared_settings()
        _show_counts(load_content())
        return
    run_with_database(lambda work: _validate(work, folder))


async def _validate(work: Work, folder: Path) -> None:
    _show_counts(await _read_folder(work, folder))


@app.command(
    help="Carica una cartella sopra i contenuti di serie: tutto o niente. Ripetuto non cambia nulla."
)
def load(folder: FolderArgument = None, dry_run: DryRun = False) -> None:
    run_with_database(lambda work: _load(work, folder, dry_run))


async def _load(work: Work, folder: Path | None, dry_run: bool) -> None:
    content = await _read_folder(work, folder)
    _show_counts(content)
    await save(work, _origin(folder), content, replace=True, dry_run=dry_run)


@app.command(help="Mostra in che cosa una cartella è diversa da ciò che è caricato.")
def diff(folder: FolderArgument = None) -> None:
    run_with_database(lambda work: _diff(work, folder))


async def _diff(work: Work, folder: Path | None) -> None:
    layer = layer_of(await _read_folder(work, folder))
    origin = _origin(folder)
    changes = await work.database.read(layer_changes, origin, layer)
    await show_changes(work, origin, layer, changes)


@app.command(help="Scrivi tutto ciò che è caricato in una cartella nuova, che «load» sa rileggere.")
def export(
    folder: Annotated[Path, typer.Argument(help="Cartella nuova.")],
) -> None:
    run_with_database(lambda work: _export(work, folder))


async def _export(work: Work, folder: Path) -> None:
    content = await work.database.read(read_content)
    with progress("Scrivo", len(content.records) + len(content.offers)) as counted:
        export_folder(content, folder, counted)
    console.print(f"Scritto in {folder}", highlight=False)


@app.command(
    "export-offers", help="Scrivi le offerte in un file CSV, che «import offers» sa rileggere."
)
def export_offers_command(
    file: Annotated[Path, typer.Argument(help="File CSV da scrivere.")],
) -> None:
    run_with_database(lambda work: _export_offers(work, file))


async def _export_offers(work: Work, file: Path) -> None:
    offers = await work.database.read(read_offers)
    try:
        export_offers(offers, file)
    except OSError as error:
        problem = f"non si scrive ({error.strerror})"
        raise ContentError(str(file), problem, "controlla spazio e permessi") from None
    console.print(f"{len(offers)} offerte scritte in {file}", highlight=False)


@app.command(help="Elenca le schede da rivedere: scadute, da confermare, con fonti vecchie.")
def stale(
    days: Annotated[int, typer.Option(help="Anche quelle che scadono entro tanti giorni.")] = 30,
    years: Annotated[int, typer.Option(help="Età in anni oltre cui una fonte è vecchia.")] = 5,
    as_json: Annotated[bool, typer.Option("--json", help="Stampa come JSON.")] = False,
) -> None:
    run_with_database(lambda work: _stale(work, days, years, as_json))


async def _stale(work: Work, days: int, years: int, as_json: bool) -> None:
    content = await base_content(work)
    today = work.clock.now().date()
    found = reviews(content, today, ahead_days=days, source_years=years)
    if as_json:
        print(json.dumps([asdict(review) for review in found], ensure_ascii=False, indent=2))
        return
    for review in found:
        console.print(f"{review.record}: {review.text}", markup=False, highlight=False)
    console.print(f"{len(found)} cose da rivedere in {len(content.records)} schede.")


@app.command(help="Elenca da dove vengono i dati caricati, con quante schede e offerte.")
def origins() -> None:
    run_with_database(_origins)


async def _origins(work: Work) -> None:
    for origin, (items, offers) in (await work.database.read(read_origins)).items():
        console.print(f"{origin}: {items} dati, {offers} offerte", markup=False, highlight=False)


@app.command(help="Togli tutto ciò che viene da un'origine (vedi «origins»).")
def drop(
    origin: Annotated[str, typer.Argument(help="Nome dell'origine.")], dry_run: DryRun = False
) -> None:
    run_with_database(lambda work: _drop(work, origin, dry_run))


async def _drop(work: Work, origin: str, dry_run: bool) -> None:
    known = await work.database.read(read_origins)
    if origin == BUNDLED or origin not in known:
        removable = ", ".join(sorted(known.keys() - {BUNDLED})) or "nessuna"
        raise ContentError(
            origin, "non è un'origine che si può togliere", f"scegli fra: {removable}"
        )
    changes = await work.database.read(layer_changes, origin, EMPTY)
    await show_changes(work, origin, EMPTY, changes)
    if dry_run:
        console.print("Prova: non ho tolto niente.")
        return
    await work.database.write(drop_layer, origin)
    console.print("Tolto.")


async def _read_folder(work: Work, folder: Path | None) -> Content:
    with progress("Leggo") as counted:
        if folder is None:
            return load_content(CONTENT_DIR)
        return load_layer(folder, await base_content(work, without=OFFICE), counted)


def _origin(folder: Path | None) -> str:
    return BUNDLED if folder is None else OFFICE


def _show_counts(content: Content) -> None:
    console.print(
        f"Tutto a posto: {len(content.records)} schede, {len(content.sources)} fonti, "
        f"{len(content.comuni)} Comuni, {len(content.offers)} offerte.",
        highlight=False,
    )

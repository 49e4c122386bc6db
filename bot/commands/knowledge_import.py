"""`sportello knowledge import`: services, offices, offers and municipalities from the files of others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final

import typer

from bot.commands.common import console
from bot.commands.knowledge_work import Work, base_content, progress, run_with_database, save
from bot.errors import ContentError, raise_problems
from knowledge.content import Content, overlaid
from knowledge.cross_checks import cross_problems
from knowledge.importing.comuni import read_comuni
from knowledge.importing.files import read_bytes
from knowledge.importing.offer_building import OfferBuilder
from knowledge.importing.offers import read_offers
from knowledge.importing.offices import read_offices
from knowledge.importing.services import read_services
from knowledge.text import slug

app = typer.Typer(
    help="Porta dentro i dati degli altri. Un file va dentro intero o per niente.",
    no_args_is_help=True,
)

SERVICES: Final = "import:services"
OFFICES: Final = "import:offices"
COMUNI: Final = "import:comuni"
OFFERS: Final = "import:offers"

FileArgument = Annotated[Path, typer.Argument(help="File da importare.")]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Mostra che cosa cambierebbe, senza salvare.")
]
Replace = Annotated[
    bool,
    typer.Option(
        "--replace", help="Il file è l'elenco completo: togli ciò che era importato e non c'è più."
    ),
]
Read = Callable[[bytes, Content, Callable[[int], None]], Content]


@app.command(help="Servizi pubblici da JSON-LD o RDF (CPSV-AP_IT) o dal modello CSV.")
def services(file: FileArgument, dry_run: DryRun = False, replace: Replace = False) -> None:
    def read(data: bytes, _base: Content, counted: Callable[[int], None]) -> Content:
        return read_services(data, str(file), counted)

    run_with_database(lambda work: _import(work, file, SERVICES, read, replace, dry_run))


@app.command(help="Uffici dal CSV delle unità organizzative di IndicePA.")
def offices(
    file: FileArgument,
    body: Annotated[
        str, typer.Option("--ente", help="Solo gli uffici di questo ente (Codice_IPA).")
    ] = "",
    dry_run: DryRun = False,
    replace: Replace = False,
) -> None:
    def read(data: bytes, base: Content, counted: Callable[[int], None]) -> Content:
        return read_offices(data, str(file), base, body_code=body, counted=counted)

    run_with_database(lambda work: _import(work, file, OFFICES, read, replace, dry_run))


@app.command(help="Comuni dalle tabelle ISTAT: ciò che la tabella non dice resta com'era.")
def comuni(
    file: FileArgument,
    province: Annotated[str, typer.Option("--provincia", help="Sigla della provincia.")] = "MI",
    dry_run: DryRun = False,
    replace: Replace = False,
) -> None:
    def read(data: bytes, base: Content, counted: Callable[[int], None]) -> Content:
        return read_comuni(data, str(file), base, province=province.upper(), counted=counted)

    run_with_database(lambda work: _import(work, file, COMUNI, read, replace, dry_run))


@app.command(help="Offerte di lavoro da CSV, da JSON-LD (JobPosting) o da una pagina web salvata.")
def offers(
    file: FileArgument,
    collection: Annotated[
        str, typer.Option("--raccolta", help="Nome della raccolta che il file sostituisce.")
    ] = "offerte",
    source: Annotated[
        str, typer.Option("--fonte", help="Da chi vengono, se il file non lo dice.")
    ] = "",
    keep: Annotated[
        bool, typer.Option("--keep", help="Aggiungi: tieni le offerte che nel file non ci sono.")
    ] = False,
    dry_run: DryRun = False,
) -> None:
    name = slug(collection)
    if not name or len(name) > 40:
        raise ContentError("--raccolta", "non è un nome", "usa lettere e cifre, al massimo 40")

    async def work_on(work: Work) -> None:
        def read(data: bytes, base: Content, counted: Callable[[int], None]) -> Content:
            builder = OfferBuilder(
                base,
                life_days=work.settings.offer_days,
                source=source or name,
                read_on=work.clock.now().date(),
            )
            result = read_offers(data, str(file), builder, counted)
            if not result.offers and not result.problems.count:
                result.problems.add("non ho trovato offerte", "guarda docs/importing.md")
            result.problems.raise_if_any()
            return Content(offers=result.offers)

        await _import(work, file, f"{OFFERS}:{name}", read, not keep, dry_run)

    run_with_database(work_on)


async def _import(
    work: Work, file: Path, origin: str, read: Read, replace: bool, dry_run: bool
) -> None:
    data = read_bytes(file, work.settings.import_max_bytes)
    # Without --replace a file also completes what this origin said before.
    base = await base_content(work, without=origin if replace else "")
    with progress("Leggo", data.count(b"\n")) as counted:
        layer = read(data, base, counted)
    raise_problems(cross_problems(overlaid(base, Content(**{**vars(layer), "offers": ()}))))
    others = await base_content(work, without=origin)
    shadowed = sorted(layer.records.keys() & others.records.keys())
    if shadowed:
        console.print(f"Prendono il posto di schede che c'erano: {', '.join(shadowed)}")
    await save(work, origin, layer, replace=replace, dry_run=dry_run)

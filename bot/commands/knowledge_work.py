"""What the commands of `sportello knowledge` share: an open database, progress, readable changes, one transaction."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from bot.clock import Clock
from bot.commands.common import console, prepared_settings
from bot.settings import Settings
from bot.storage.database import Database
from bot.storage.migrate import migrate
from knowledge.content import Content
from knowledge.content_files import load_content
from knowledge.loading import store_layer
from knowledge.rows import BUNDLED, Changes, Layer, Row, layer_of
from knowledge.store import (
    LayerChanges,
    layer_changes,
    read_items,
    read_rows,
    read_stamps,
    save_layer,
)

T = TypeVar("T")

_SHOWN: Final = 30
"""Lines of each kind of change; the rest is counted."""

_VALUE_CHARS: Final = 60
_DRAWN_EVERY: Final = 100


@dataclass(frozen=True)
class Work:
    """What a command works with."""

    settings: Settings
    database: Database
    clock: Clock


def run_with_database(command: Callable[[Work], Awaitable[T]]) -> T:
    """Run a command on the database of the settings, brought up to date and with the bundled content in it."""
    settings = prepared_settings()

    async def run() -> T:
        async with _opened(settings) as work:
            return await command(work)

    return asyncio.run(run())


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[Work]:
    database = Database(settings.effective_database_url)
    try:
        await migrate(database)
        if not (await database.read(read_stamps)).items:
            await database.write(save_layer, BUNDLED, layer_of(load_content()))
        yield Work(settings, database, Clock(settings.clock))
    finally:
        await database.close()


async def base_content(work: Work, *, without: str = "") -> Content:
    """The knowledge in charge, without offers and without one origin."""
    return await work.database.read(read_items, without=without)


@contextmanager
def progress(title: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """A progress bar; the value is called with how many more items are done."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as bar:
        task = bar.add_task(title, total=total)
        done = 0

        def count(more: int) -> None:
            nonlocal done
            done += more
            # Drawing costs more than reading an offer.
            if done % _DRAWN_EVERY == 0 or more >= _DRAWN_EVERY:
                bar.update(task, completed=done)

        yield count
        bar.update(task, completed=done, total=done)


async def save(work: Work, origin: str, content: Content, *, replace: bool, dry_run: bool) -> None:
    """Show what changes when ``origin`` says ``content``, and save it unless it is only a trial."""
    with progress("Preparo", len(content.offers)) as counted:
        layer = layer_of(content, counted)
    changes = await work.database.read(layer_changes, origin, layer, replace=replace)
    await show_changes(work, origin, layer, changes)
    if dry_run:
        console.print("Prova: non ho salvato niente.")
        return
    if not changes and not layer.offers:
        return
    size = sum(len(part.added) + len(part.changed) for part in (changes.items, changes.offers))
    with progress("Salvo", size) as counted:
        await work.database.write(
            store_layer, origin, layer, work.clock.utc(), replace=replace, counted=counted
        )
    if changes:
        console.print("Salvato. Un servizio già avviato prende le novità da solo.")


async def show_changes(work: Work, origin: str, layer: Layer, changes: LayerChanges) -> None:
    """Print what is added, changed (field by field) and removed."""
    if not changes:
        console.print("Niente da cambiare.")
        return
    parts: tuple[tuple[str, Mapping[str, Row], Changes, bool], ...] = (
        ("Schede e altri dati", layer.items, changes.items, False),
        ("Offerte", layer.offers, changes.offers, True),
    )
    for title, rows, part, of_offers in parts:
        if not part:
            continue
        counts = (
            f"{len(part.added)} in più, {len(part.changed)} cambiate, {len(part.removed)} in meno"
        )
        console.print(f"{title}: {counts}", style="bold", highlight=False)
        keys = [*part.changed[:_SHOWN], *part.removed[:_SHOWN]]
        before = await work.database.read(read_rows, origin, keys, of_offers=of_offers)
        _print_group("+", "green", part.added, lambda key, rows=rows: _title(rows[key]["data"]))  # type: ignore[misc]
        _print_group(
            "~", "yellow", part.changed, lambda key, rows=rows, before=before: _differences(before[key], rows[key]["data"])  # type: ignore[misc]
        )  # fmt: skip
        _print_group("-", "red", part.removed, lambda key, before=before: _title(before[key]))  # type: ignore[misc]


def _print_group(
    sign: str, style: str, keys: Sequence[str], described: Callable[[str], str]
) -> None:
    for key in keys[:_SHOWN]:
        console.print(
            f"  {sign} {key}  {described(key)}", style=style, markup=False, highlight=False
        )
    if len(keys) > _SHOWN:
        console.print(f"  {sign} … e altre {len(keys) - _SHOWN}", style=style, highlight=False)


def _title(data: str) -> str:
    values = json.loads(data)
    return str(values.get("title") or values.get("titolo") or values.get("name") or "")


def _differences(before: str, after: str) -> str:
    old, new = json.loads(before), json.loads(after)
    return (
        "; ".join(
            f"{name}: {_short(old.get(name))} → {_short(new.get(name))}"
            for name in dict.fromkeys([*old, *new])
            if old.get(name) != new.get(name)
        )
        or "cambia posto nell'elenco"
    )


def _short(value: Any) -> str:
    if value is None:
        return "(vuoto)"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _VALUE_CHARS else text[: _VALUE_CHARS - 1] + "…"

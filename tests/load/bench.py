"""`make bench`: Sportello and a stock Rasa server under the same load, in one run, with the ratios between them.

Both are real processes on this machine, asked through REST on 127.0.0.1 with the same held-out questions.
Sportello stores every message and state in SQLite; the stock server keeps its trackers in memory and runs no action.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from bot.settings import PROJECT_ROOT
from tests.load.measure import Server, free_port, plain_environment
from tests.load.stock import questions, write_project

MESSAGES: Final = 20
LOADS: Final = ((1, 5), (32, 1), (50, 1))
"""Conversations at once, and how often that is repeated: 20 messages alone say little."""

LONG_CONVERSATION: Final = 200
_BUSY: Final = 0.5

console = Console(width=110, highlight=False)


def main() -> None:
    """Measure both sides and print the table."""
    began = time.perf_counter()
    _describe_machine()
    with tempfile.TemporaryDirectory(prefix="sportello-bench-") as folder:
        ours, stock = _prepare(Path(folder))
        try:
            asyncio.run(_measure(ours, stock))
        finally:
            ours.stop()
            stock.stop()
    console.print(_table(ours, stock))
    console.print(f"The whole run took {time.perf_counter() - began:.0f} s.")


def _describe_machine() -> None:
    load = os.getloadavg()[0]
    console.print(f"{os.cpu_count()} processors, load before the run {load:.2f}.")
    if load > _BUSY:
        console.print("Something else is running: the figures are lower than they could be.")


def _prepare(folder: Path) -> tuple[Server, Server]:
    """Train both models (which also brings their libraries into the file cache); start nothing."""
    bin_folder = Path(sys.executable).parent
    console.print("Training Sportello's model, if it is not there …")
    _run([str(bin_folder / "sportello"), "train"], PROJECT_ROOT)
    project = write_project(folder / "stock")
    console.print("Training the stock model (DIET 5 epochs, TED 1 epoch) …")
    rasa = str(bin_folder / "rasa")
    _run([rasa, "train"], project)
    port, stock_port = free_port(), free_port()
    settings = {"SPORTELLO_DATA_DIR": str(folder / "data"), "SPORTELLO_PORT": str(port)}
    ours = Server(
        "Sportello",
        [str(bin_folder / "sportello"), "serve"],
        PROJECT_ROOT,
        plain_environment(**settings),
        port,
        folder / "sportello.log",
    )
    stock = Server(
        "stock Rasa",
        [rasa, "run", "-i", "127.0.0.1", "-p", str(stock_port)],
        project,
        plain_environment(),
        stock_port,
        folder / "stock.log",
    )
    return ours, stock


def _run(command: Sequence[str], folder: Path) -> None:
    done = subprocess.run(
        command, cwd=folder, env=plain_environment(), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}"[-3000:])


async def _measure(ours: Server, stock: Server) -> None:
    """The two sides take turns, so that a disturbance hits both."""
    texts = questions()
    sides = (ours, stock)
    for side in sides:
        console.print(f"Starting {side.name} …")
        side.launch()
        await side.first_answer()
        await side.load(1, MESSAGES, 1, texts)
    for conversations, rounds in LOADS:
        for side in sides:
            console.print(f"{side.name}: {conversations} conversations x {MESSAGES} messages …")
            side.speeds.append(await side.load(conversations, MESSAGES, rounds, texts))
    for side in sides:
        side.memory_loaded_mb = side.memory_mb()
        console.print(f"{side.name}: conversations of {LONG_CONVERSATION} messages …")
        await side.grow(LONG_CONVERSATION, texts)


def _table(ours: Server, stock: Server) -> Table:
    """Figures of both sides; a ratio above 1 is in favour of Sportello."""
    table = Table(
        title="Sportello (everything it knows, SQLite) and stock Rasa (15 intents, in memory)"
    )
    for heading in ("", "Sportello", "stock Rasa"):
        table.add_column(heading, justify="left" if not heading else "right")
    table.add_column("times better", justify="right")
    for mine, theirs in zip(ours.speeds, stock.speeds, strict=True):
        label = f"{mine.conversations} at once"
        _row(table, f"{label}: messages/s", mine.messages_per_s, theirs.messages_per_s, _more)
        _row(table, f"{label}: p50 ms", mine.p50_ms, theirs.p50_ms, _less)
        _row(table, f"{label}: p95 ms", mine.p95_ms, theirs.p95_ms, _less)
    _row(table, "start to first answer, s", ours.cold_start_s, stock.cold_start_s, _less)
    _row(table, "memory when ready, MB", ours.memory_ready_mb, stock.memory_ready_mb, _less)
    _row(table, "memory after the load, MB", ours.memory_loaded_mb, stock.memory_loaded_mb, _less)
    _row(table, "ms, messages 2-16 of a talk", ours.late_ms[0], stock.late_ms[0], _less)
    _row(table, "ms, messages 186-200", ours.late_ms[1], stock.late_ms[1], _less)
    _row(table, "T6: late / early", ours.late_ratio, stock.late_ratio, _less)
    return table


def _more(mine: float, theirs: float) -> float:
    return mine / theirs


def _less(mine: float, theirs: float) -> float:
    return theirs / mine


def _row(
    table: Table, label: str, mine: float, theirs: float, better: Callable[[float, float], float]
) -> None:
    digits = 2 if max(mine, theirs) < 10 else 1 if max(mine, theirs) < 100 else 0
    ratio = better(mine, theirs) if mine and theirs else 0.0
    table.add_row(label, f"{mine:,.{digits}f}", f"{theirs:,.{digits}f}", f"{ratio:.1f}")


if __name__ == "__main__":
    main()

"""`sportello knowledge` as an installer uses it: the commands of the documentation, beside a running service."""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bot.__main__ import app
from bot.errors import SportelloError
from bot.settings import PROJECT_ROOT
from bot.storage.database import Database
from knowledge.store import read_content, read_offers, read_origins
from tests.support.counts import count
from tests.support.servers import eventually
from tests.support.shared import quickly_serving

GUIDE = PROJECT_ROOT / "docs" / "importing.md"
COMMANDS = re.findall(r"^sportello (.+)$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE)
Command = Callable[..., str]


@pytest.fixture
def run(database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Command:
    """Runs a command of `sportello` in the tests' own database; returns what it prints."""
    monkeypatch.setenv("SPORTELLO_DATABASE_URL", database_url)
    monkeypatch.setenv("SPORTELLO_CLOCK", "2026-11-22T12:00")
    monkeypatch.setenv("COLUMNS", "400")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docs").symlink_to(PROJECT_ROOT / "docs")

    def command(line: str) -> str:
        result = CliRunner().invoke(app, shlex.split(line), catch_exceptions=True)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.output

    return command


def stored(database_url: str, unit: Any) -> Any:
    async def read() -> Any:
        database = Database(database_url)
        try:
            return await database.read(unit)
        finally:
            await database.close()

    return asyncio.run(read())


def test_the_commands_of_the_documentation_run_as_written(
    run: Command, database_url: str, tmp_path: Path
) -> None:
    assert len(COMMANDS) >= 15
    for command in COMMANDS:
        if "<" not in command:
            run(command)
    content = stored(database_url, read_content)
    assert {"orti-condivisi", "tessera-biblioteca", "orti-metropolitani"} <= content.records.keys()
    codes = {offer.codice for offer in content.offers}
    assert {"BACHECA-1", "RHO-2026-118", "STAGE-3"} <= codes
    assert "CUO-7" not in codes, "a dry run has saved"
    assert next(c.population for c in content.comuni if c.name == "Rho") == 50_246
    assert (tmp_path / "esportato" / "services" / "orti-condivisi.yml").exists()


def test_a_command_repeated_changes_nothing(run: Command, database_url: str) -> None:
    for command in (c for c in COMMANDS if c.startswith(("knowledge load", "knowledge import"))):
        run(command)
        before = stored(database_url, read_content)
        assert "Niente da cambiare" in run(command) or "Prova" in run(command)
        assert stored(database_url, read_content) == before


def test_a_wrong_file_loads_nothing_and_a_trial_saves_nothing(
    run: Command, database_url: str, tmp_path: Path
) -> None:
    run("knowledge origins")
    before = stored(database_url, read_origins)
    rows = ["codice,titolo,scade", *(f"A{n},Barista,2027-01-31" for n in range(300))]
    (tmp_path / "buone.csv").write_text("\n".join(rows), encoding="utf-8")
    (tmp_path / "cattive.csv").write_text("\n".join([*rows, "B,Cuoco,mai"]), encoding="utf-8")
    with pytest.raises(SportelloError, match=r"cattive\.csv, riga 302, campo «scade».*Rimedio"):
        run("knowledge import offers cattive.csv")
    assert "300 in più" in run("knowledge import offers buone.csv --dry-run")
    assert stored(database_url, read_origins) == before


def test_a_change_is_shown_field_by_field(run: Command, tmp_path: Path) -> None:
    text = (PROJECT_ROOT / "docs/examples/offerte.csv").read_text(encoding="utf-8")
    (tmp_path / "o.csv").write_text(text, encoding="utf-8")
    run("knowledge import offers o.csv")
    (tmp_path / "o.csv").write_text(text.replace("24 ore, mattina", "20 ore"), encoding="utf-8")
    shown = run("knowledge import offers o.csv --dry-run")
    assert "1 cambiate" in shown
    assert "24 ore, mattina → 20 ore" in shown


def test_what_must_be_reviewed_is_listed_for_programs(run: Command) -> None:
    run("knowledge load docs/examples/ufficio")
    found = json.loads(run("knowledge stale --json --days 400"))
    reasons = {entry["reason"] for entry in found if entry["record"] == "orti-condivisi"}
    assert reasons == {"review_soon", "to_confirm"}


def test_an_origin_can_be_taken_away_but_not_the_bundled_one(
    run: Command, database_url: str
) -> None:
    run("knowledge load docs/examples/ufficio")
    with pytest.raises(SportelloError):
        run("knowledge drop content")
    run("knowledge drop office")
    assert list(stored(database_url, read_origins)) == ["content"]


async def test_a_running_service_takes_over_what_a_command_imports_without_a_refusal(
    make_settings: Any, database_url: str, assistant: Any
) -> None:
    settings = make_settings(database_url=database_url, clock="2026-11-22T12:00")
    environment = {
        **os.environ,
        "SPORTELLO_DATABASE_URL": database_url,
        "SPORTELLO_CLOCK": "2026-11-22T12:00",
    }
    async with (
        quickly_serving(settings, assistant) as first,
        quickly_serving(settings, assistant) as second,
    ):
        assert "ESEMPIO" in (await first.say("offerte di lavoro a Rho"))[0]["text"]
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", "knowledge", "import", "offers", "docs/examples/offerte.csv",
            cwd=PROJECT_ROOT, env=environment, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        number = 0

        async def told() -> bool:
            nonlocal number
            number += 1
            answers = [
                (await client.say("offerte di lavoro a Rho", sender=f"c{number}"))[0]["text"]
                for client in (first, second)
            ]
            return all("RHO-2026-118" in text and "ESEMPIO" not in text for text in answers)

        await eventually(told, 60)
        assert await process.wait() == 0


@pytest.fixture(scope="module")
def large_files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two lists of many offers with the same codes and different titles."""
    folder = tmp_path_factory.mktemp("large")
    files = []
    for title in ("Barista", "Cuoco"):
        path = folder / f"{title}.csv"
        rows = [f"A{n};{title};Rho;2026-11-01;2027-01-31" for n in range(count(8_000, 50_000))]
        path.write_text("codice;titolo;comune;pubblicata;scade\n" + "\n".join(rows), "utf-8")
        files.append(path)
    return files


def test_a_load_killed_at_any_moment_leaves_the_old_or_the_new_offers(
    run: Command, database_url: str, large_files: list[Path]
) -> None:
    began = time.monotonic()
    run(f"knowledge import offers {large_files[0]}")
    whole = time.monotonic() - began
    environment = {**os.environ, "SPORTELLO_DATABASE_URL": database_url}
    chance = random.Random(7)
    for attempt in range(count(4, 25)):
        file = large_files[1 if attempt % 2 == 0 else 0]
        command = [sys.executable, "-m", "bot", "knowledge", "import", "offers", str(file)]
        process = subprocess.Popen(
            command, cwd=PROJECT_ROOT, env=environment, stdout=subprocess.DEVNULL
        )
        # The first seconds are Python starting: the kill falls where the work is.
        time.sleep(chance.uniform(0.5, 1.3) * whole)
        process.send_signal(signal.SIGKILL)
        process.wait()
        texts = stored(database_url, read_offers).texts
        titles = {json.loads(text)["titolo"] for text in texts if '"codice":"A' in text}
        assert len(titles) == 1, "a mixture of old and new"
        assert sum('"codice":"A' in text for text in texts) == count(8_000, 50_000)
    run(f"knowledge import offers {large_files[1]}")
    assert "Niente da cambiare" in run(f"knowledge import offers {large_files[1]}")


@pytest.mark.load
def test_fifty_thousand_offers_load_within_a_minute(
    run: Command, tmp_path: Path, database_url: str
) -> None:
    rows = [
        f"A{n};Addetta alle vendite con esperienza {n % 700};Rho;tempo indeterminato;Descrizione {n} di un lavoro"
        f" in negozio con orari diversi e altre parole;2026-11-{1 + n % 20:02};2027-01-31"
        for n in range(50_000)
    ]
    header = "codice;titolo;comune;contratto;descrizione;pubblicata;scade"
    (tmp_path / "tante.csv").write_text("\n".join([header, *rows]), encoding="utf-8")
    began = time.monotonic()
    shown = run("knowledge import offers tante.csv")
    seconds = time.monotonic() - began
    assert "50000/50000" in shown
    assert seconds < 60
    assert len(stored(database_url, read_offers)) >= 50_000

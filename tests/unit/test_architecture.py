"""Import directions: the contracts of pyproject.toml hold, cover every module, and notice a violation."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import tomli

from bot.settings import PROJECT_ROOT

LINT = (
    "import sys; sys.path.insert(0, '.'); from importlinter.cli import lint_imports; "
    "sys.exit(lint_imports(no_cache=True, no_logo=True))"
)
SHARED = {
    "bot.clock",
    "bot.errors",
    "bot.keys",
    "bot.limits",
    "bot.logs",
    "bot.masking",
    "bot.metrics",
    "bot.settings",
    "bot.tasks",
}
PACKAGES = ("bot", "actions", "knowledge")


def contracts() -> list[dict[str, Any]]:
    """The import contracts of the project."""
    settings = tomli.loads((PROJECT_ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = settings["tool"]["importlinter"]["contracts"]
    return found


def layers() -> list[str]:
    """Modules that belong to a layer, top first."""
    (lines,) = [contract["layers"] for contract in contracts() if contract["type"] == "layers"]
    return [name for line in lines for name in re.split(r"\s*[:|]\s*", line)]


def planned() -> set[str]:
    """Modules in brackets: they may be missing."""
    return {name.strip("()") for name in layers() if name.startswith("(")}


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """Check the packages of a folder."""
    return subprocess.run(
        [sys.executable, "-c", LINT],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the Python files of the packages."""
    folder: Path = tmp_path_factory.mktemp("sources")
    shutil.copy(PROJECT_ROOT / "pyproject.toml", folder)
    for package in PACKAGES:
        for path in (PROJECT_ROOT / package).rglob("*.py"):
            target = folder / path.relative_to(PROJECT_ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
    return folder


def test_every_import_goes_in_the_allowed_direction() -> None:
    result = lint(PROJECT_ROOT)
    assert result.returncode == 0, result.stdout
    assert "0 broken" in result.stdout


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("knowledge/hours.py", "import rasa", "Only bot.assistant and bot.nlu import Rasa"),
        ("bot/nlu/linear.py", "import rasa_sdk", "Only actions and bot.assistant import rasa_sdk"),
        ("bot/appointments/dates/calendar.py", "import aiohttp", "neither Rasa nor the web"),
        ("bot/storage/inbox.py", "import bot.channels.rest", "imports only those below it"),
        ("bot/limits.py", "import knowledge.hours", "shares imports no layer"),
    ],
)
def test_a_forbidden_import_is_noticed(
    sources: Path, module: str, line: str, contract: str
) -> None:
    path = sources / module
    text = path.read_text(encoding="utf-8")
    path.write_text(text + f"\n{line}\n", encoding="utf-8")
    try:
        result = lint(sources)
    finally:
        path.write_text(text, encoding="utf-8")
    assert result.returncode == 1
    assert re.search(rf"{re.escape(contract)} BROKEN", result.stdout)


def test_every_module_belongs_to_a_layer_or_is_shared() -> None:
    known = set(layers()) | planned() | SHARED
    children = {
        f"bot.{path.stem}"
        for path in (PROJECT_ROOT / "bot").iterdir()
        if (path.suffix == ".py" or (path / "__init__.py").exists()) and path.stem != "__init__"
    }
    assert (children | {"actions", "knowledge"}) - known == set()


def test_no_layer_names_a_module_that_is_gone() -> None:
    for name in {n for n in layers() if not n.startswith("(")} | SHARED:
        path = PROJECT_ROOT.joinpath(*name.split("."))
        assert path.with_suffix(".py").exists() or (path / "__init__.py").exists(), name

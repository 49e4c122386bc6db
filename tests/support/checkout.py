"""A clean copy of the project, as a fresh checkout would be, and the stock Rasa commands in it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path
from typing import Final

from bot.settings import PROJECT_ROOT

_ALWAYS_LEFT_OUT: Final = (".git",)


def copy_checkout(target: Path) -> Path:
    """Copy what is not ignored by git; links (``data``) stay links."""
    ignored = [*_ALWAYS_LEFT_OUT, *_ignored_names()]

    def leave_out(_folder: str, names: list[str]) -> set[str]:
        return {name for name in names if any(fnmatch(name, pattern) for pattern in ignored)}

    shutil.copytree(PROJECT_ROOT, target, symlinks=True, ignore=leave_out)
    return target


def _ignored_names() -> list[str]:
    lines = (PROJECT_ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    return [line.strip().strip("/") for line in lines if line.strip() and not line.startswith("#")]


def rasa_environment(checkout: Path) -> dict[str, str]:
    """Environment in which the copy's packages are imported, not the ones that are installed."""
    return {
        **os.environ,
        "PYTHONPATH": str(checkout),
        "RASA_TELEMETRY_ENABLED": "false",
        "SANIC_HOST": "127.0.0.1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }


def start_rasa(
    checkout: Path, *arguments: str, log: Path, typed: str = ""
) -> subprocess.Popen[bytes]:
    """Start a stock command in the copy; its output goes to ``log``, ``typed`` comes to it through a pipe."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(Path(sys.executable).with_name("rasa")), *arguments],
            cwd=checkout,
            env=rasa_environment(checkout),
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    if process.stdin is not None:
        process.stdin.write(typed.encode())
        process.stdin.close()
    return process

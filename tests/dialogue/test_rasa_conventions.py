"""T68: the stock Rasa commands work from a clean checkout with no other flags."""

from __future__ import annotations

import asyncio
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.checkout import copy_checkout, rasa_environment, start_rasa
from tests.support.servers import eventually

pytestmark = pytest.mark.model

COMMAND_TIMEOUT_S = 300
TRAINING_TIMEOUT_S = 900
ACTIONS_PORT = 5055
"""Written in endpoints.yml, so that the stock commands find each other."""

OURS = ("UserWarning", " WARNING ")
NOT_OURS = ("MultiProjectImporter", "rasa/utils/plotting.py", "No labels to evaluate")

Running = dict[str, tuple["subprocess.Popen[bytes]", Path]]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clean copy of the project."""
    return copy_checkout(tmp_path_factory.mktemp("fresh") / "checkout")


@pytest.fixture(scope="module")
def commands(checkout: Path, model_file: Path) -> Iterator[Running]:
    """Validation and test stories, side by side: each spends half a minute importing TensorFlow."""
    lines = {
        "validate": ["data", "validate", "--fail-on-warnings"],
        "stories": [
            *("test", "core", "--stories", "tests", "--fail-on-prediction-errors"),
            *("--model", str(model_file)),
        ],
    }
    running: Running = {}
    try:
        for name, arguments in lines.items():
            log = checkout.parent / f"{name}.log"
            running[name] = start_rasa(checkout, *arguments, log=log), log
        yield running
    finally:
        for process, _ in running.values():
            process.kill()
            process.wait()


def _finished(running: Running, name: str) -> str:
    """Output of a command that must end well."""
    process, log = running[name]
    code = process.wait(COMMAND_TIMEOUT_S)
    output = log.read_text(encoding="utf-8", errors="replace")
    assert code == 0, output[-3000:]
    return output


def _warnings(output: str) -> list[str]:
    """Warnings about our files; deprecations inside libraries are not about us."""
    return [
        line
        for line in output.splitlines()
        if any(mark in line for mark in OURS) and not any(known in line for known in NOT_OURS)
    ]


def test_the_copy_is_what_python_imports_in_it(checkout: Path) -> None:
    """Else the other tests of this file would prove nothing about the copy."""
    assert (checkout / "data").is_symlink()
    script = (
        "import actions, bot, knowledge; print(actions.__file__, bot.__file__, knowledge.__file__)"
    )
    shown = subprocess.run(
        [sys.executable, "-c", script],
        cwd=checkout,
        env=rasa_environment(checkout),
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert [Path(name).is_relative_to(checkout) for name in shown] == [True, True, True]


def test_training_data_is_valid_without_a_warning(commands: Running) -> None:
    output = _finished(commands, "validate")
    assert "No story structure conflicts found" in output
    assert _warnings(output) == []


def test_stories_run_with_the_model_of_today(commands: Running, checkout: Path) -> None:
    output = _finished(commands, "stories")
    failed = (checkout / "results" / "failed_test_stories.yml").read_text(encoding="utf-8")
    assert "None of the test stories failed" in failed
    assert _warnings(output) == []
    told = (checkout / "tests" / "dialogue" / "test_stories.yml").read_text(encoding="utf-8")
    count = len(re.findall(r"^  - story:", told, re.MULTILINE))
    assert f"Evaluating {count} stories" in output


def _run(checkout: Path, *arguments: str, typed: str = "", timeout: int = COMMAND_TIMEOUT_S) -> str:
    """Output of a command that is run to its good end."""
    log = checkout.parent / f"{arguments[0]}-{arguments[1] if len(arguments) > 1 else ''}.log"
    process = start_rasa(checkout, *arguments, log=log, typed=typed)
    try:
        code = process.wait(timeout)
    finally:
        process.kill()
        process.wait()
    output = log.read_text(encoding="utf-8", errors="replace")
    assert code == 0, output[-3000:]
    return output


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def _actions_server(checkout: Path) -> Iterator[None]:
    """`rasa run actions` on this machine only."""
    assert not _answers(ACTIONS_PORT), f"port {ACTIONS_PORT} is taken: stop what listens there"
    process = start_rasa(checkout, "run", "actions", log=checkout.parent / "actions.log")

    async def ready() -> bool:
        assert process.poll() is None, "`rasa run actions` ended"
        return _answers(ACTIONS_PORT)

    try:
        asyncio.run(eventually(ready, COMMAND_TIMEOUT_S))
        yield
    finally:
        process.terminate()
        process.wait(20)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.load
def test_a_fresh_checkout_trains_talks_splits_and_tests(checkout: Path) -> None:
    """Each command uses what the one before left, as a Rasa developer would go."""
    _run(checkout, "train", timeout=TRAINING_TIMEOUT_S)
    assert len(list((checkout / "models").glob("*.tar.gz"))) == 1
    with _actions_server(checkout):
        # Only the address is chosen: without it the shell's server listens on every interface.
        address = ("-i", "127.0.0.1", "-p", str(_free_port()))
        said = _run(checkout, "shell", *address, typed="orari del venerdì?\n/stop\n")
    assert "10.00-12.00" in said
    assert '"status": "answered"' in said
    _run(checkout, "data", "split", "nlu")
    held_out = checkout / "train_test_split" / "test_data.yml"
    assert held_out.exists()
    _run(checkout, "test", "nlu", "--nlu", str(held_out), timeout=TRAINING_TIMEOUT_S)
    assert (checkout / "results" / "intent_report.json").exists()

"""`sportello appointments`: documented fields, Italian errors with exit code 1, beside a running service."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from bot.__main__ import main
from bot.appointments.agenda import FIELDS
from bot.settings import PROJECT_ROOT

MARIO = (
    "--name",
    "mario rossi",
    "--contact",
    "Mario.Rossi@example.it",
    "--reason",
    "Accesso agli atti",
)


@pytest.fixture
def command(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> Any:
    """Runs a command; returns exit code, standard output, standard error."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SPORTELLO_DATABASE_URL", database_url)
    monkeypatch.setenv("SPORTELLO_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("SPORTELLO_CLOCK", "2026-11-24T09:30")

    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["sportello", "appointments", *words])
        code = 0
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        told = capsys.readouterr()
        return code, told.out, " ".join(told.err.split())

    return run


def asked(result: tuple[int, str, str]) -> Any:
    code, out, error = result
    assert code == 0, error
    return json.loads(out)


def test_the_life_of_an_appointment(command: Any) -> None:
    booked = asked(command("book", "--start", "2026-11-26T10:30", *MARIO, "--json"))
    code = booked.pop("code")
    assert booked == {
        "office": "urp",
        "service": "informazioni",
        "start": "2026-11-26T10:30",
        "duration_minutes": 30,
        "status": "confirmed",
        "name": "Mario Rossi",
        "contact": "mario.rossi@example.it",
        "reason": "Accesso agli atti",
        "channel": "cli",
        "conversation": "",
    }
    typed = f"{code[:4]}-{code[4:]}".lower()
    moved = asked(command("move", typed, "--start", "2026-12-01T15:00", "--json"))
    assert (moved["code"], moved["start"]) == (code, "2026-12-01T15:00")
    shown = asked(command("show", code, "--json"))
    assert [line["what"] for line in shown["history"]] == ["confirmed", "moved"]
    assert all(line["who"].startswith("operator:") for line in shown["history"])
    assert "2026-12-01T15:00" not in asked(command("free", "--json"))
    assert asked(command("cancel", code, "--json"))["status"] == "cancelled"
    assert "2026-12-01T15:00" in asked(command("free", "--json"))
    (listed,) = asked(command("list", "--json"))
    assert tuple(listed) == FIELDS
    assert asked(command("list", "--status", "confirmed", "--json")) == []
    assert asked(command("list", "--to", "2026-11-30", "--json")) == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("book", "--start", "2026-11-26T12:30", *MARIO), "a quell'ora non si riceve"),
        (("book", "--start", "2026-11-24T10:30", *MARIO), "si può prenotare dal 2026-11-25"),
        (("book", "--start", "2026-12-08T10:30", *MARIO), "Immacolata"),
        (("book", "--start", "2027-11-25T10:30", *MARIO), "fino al 2027-01-23"),
        (("book", "--start", "giovedì", *MARIO), "2026-11-26T10:30"),
        (
            ("book", "--start", "2026-11-26T10:30", "--name", "123", "--contact", "a@example.it"),
            "nome",
        ),
        (
            ("book", "--start", "2026-11-26T10:30", "--name", "Anna Bo", "--contact", "12"),
            "troppo corto",
        ),
        (("book", "--start", "2026-11-26T10:30", *MARIO, "--service", "x"), "servizio"),
        (("book", "--start", "2026-11-26T10:30", *MARIO, "--office", "x"), "ufficio"),
        (("show", "K7M4-XR29"), "nessun appuntamento"),
        (("move", "AAAA", "--start", "2026-11-26T10:30"), "nessun appuntamento"),
        (("cancel", "'; DROP TABLE appointments; --"), "nessun appuntamento"),
        (("list", "--from", "ieri"), "non è un giorno"),
        (("list", "--status", "perso"), "stato sconosciuto"),
        (
            ("close", "--from", "2026-12-03", "--to", "2026-12-01", "--reason", "x"),
            "prima dell'inizio",
        ),
        (("reopen", "77"), "nessuna chiusura numero 77"),
        (("feed",), "--new"),
    ],
)
def test_an_error_is_one_italian_sentence_and_exit_code_1(
    command: Any, words: tuple[str, ...], told: str
) -> None:
    code, out, error = command(*words)
    assert (code, out) == (1, "")
    assert error.startswith("Errore: ")
    assert told in error
    assert "Traceback" not in error


def test_a_taken_slot_is_refused_with_alternatives(command: Any) -> None:
    command("book", "--start", "2026-11-26T10:30", *MARIO)
    code, _, error = command(
        "book", "--start", "2026-11-26T10:30", "--name", "Anna Bo", "--contact", "a@example.it"
    )
    assert code == 1
    assert "già preso" in error
    assert "2026-11-26T11:00" in error


def test_staff_may_go_beyond_the_limits(command: Any) -> None:
    for hour in ("10:00", "10:30"):
        assert command("book", "--start", f"2026-11-26T{hour}", *MARIO)[0] == 0
    third = ("book", "--start", "2026-11-26T11:00", *MARIO)
    code, _, error = command(*third)
    assert code == 1
    assert "2 appuntamenti" in error
    assert command(*third, "--beyond-limits")[0] == 0


def test_closing_lists_who_is_booked_and_reopening_takes_it_back(command: Any) -> None:
    booked = asked(command("book", "--start", "2026-11-26T10:30", *MARIO, "--json"))
    closed = asked(command("close", "--from", "2026-11-26", "--reason", "Assemblea", "--json"))
    assert closed["conflicts"] == [booked["code"]]
    told = asked(command("rules", "--json"))
    assert [c["why"] for c in told["conflicts"]] == ["closed"]
    assert [c["reason"] for c in told["closures"]] == ["Assemblea"]
    assert command("reopen", str(closed["id"]))[0] == 0
    told = asked(command("rules", "--json"))
    assert (told["conflicts"], told["closures"]) == ([], [])


def test_rules_are_read_again_from_their_file(
    command: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked(command("book", "--start", "2026-11-26T10:30", *MARIO, "--json"))
    text = (PROJECT_ROOT / "knowledge/content/appointments.yml").read_text(encoding="utf-8")
    path = tmp_path / "regole.yml"
    path.write_text(text.replace("      thursday:", "      friday:"), encoding="utf-8")
    monkeypatch.setenv("SPORTELLO_BOOKING_RULES", str(path))
    told = asked(command("rules", "--load", "--json"))
    assert [c["why"] for c in told["conflicts"]] == ["outside_hours"]
    path.write_text(text.replace("slot_minutes: 30", "slot_minutes: x"), encoding="utf-8")
    code, _, error = command("rules", "--load")
    assert code == 1
    assert "riga 14" in error


def test_csv_and_visits(command: Any, tmp_path: Path) -> None:
    booked = asked(command("book", "--start", "2026-11-26T10:30", *MARIO, "--json"))
    code, _, _ = command("visit", booked["code"])
    assert code == 1, "it has not been yet"
    assert command("export", "--output", str(tmp_path / "agenda.csv"))[0] == 0
    with (tmp_path / "agenda.csv").open(encoding="utf-8-sig", newline="") as file:
        (line,) = csv.DictReader(file)
    assert (line["code"], line["name"]) == (booked["code"], "Mario Rossi")


def test_help_is_italian(command: Any) -> None:
    code, out, _ = command("--help")
    assert code == 0
    for name in (
        "list",
        "show",
        "free",
        "book",
        "move",
        "cancel",
        "visit",
        "close",
        "reopen",
        "rules",
        "feed",
        "export",
    ):
        assert f" {name} " in out
    assert "Prenota un appuntamento" in out

"""The rules file is checked; what is wrong is told with file, line, field and remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.appointments.rules_file import RULES_FILE, read_rules
from bot.errors import ContentError


def test_the_rules_of_the_urp() -> None:
    office = read_rules().offices[0]
    assert (office.id, office.slot_minutes, office.notice_working_days, office.horizon_days) == (
        "urp",
        30,
        1,
        60,
    )
    assert office.weekly == {key: ["10:00-12:00", "14:00-16:00"] for key in ("tuesday", "thursday")}
    assert office.places(office.services[0]) == ("sportello-1",)


def test_seats_of_a_desk_are_places() -> None:
    from tests.support.booking import rules_with

    office = rules_with(desks=[{"id": "a", "capacity": 2}, {"id": "b"}]).offices[0]
    assert office.places(office.services[0]) == ("a", "a.2", "b")


@pytest.mark.parametrize(
    ("find", "replace", "line_has", "told"),
    [
        ('"10:00-12:00", "14:00-16:00"]\n      thursday', '"10:00-15:00", "14:00-16:00"]\n      thursday', "- id: urp", "sovrappongono"),
        ("slot_minutes: 30", "slot_minutes: 31", "slot_minutes", "multiplo di 5"),
        ("slot_minutes: 30", "slot_minutes: mezz'ora", "slot_minutes", "campo «offices.0.slot_minutes»"),
        ("horizon_days: 60", "orizzonte: 60", "orizzonte", "campo «offices.0.orizzonte»"),
        ('tuesday: ["10:00-12:00"', 'tuesday: ["12:00-10:00"', "12:00-10:00", "finisce prima"),
        ("hold_minutes: 10", "hold_minutes: 100", "hold_minutes", "al massimo 30"),
        ('at: "10:00"', 'at: "22:00"', "reminders:", "è fuori da"),
        ("name: Accesso agli atti", "nome: Accesso agli atti", "- id: accesso-atti", "services.1.name"),
        ("offices:", "offices: [", "", "riga"),
    ],
)  # fmt: skip
def test_a_wrong_field_is_told_with_its_line(
    tmp_path: Path, find: str, replace: str, line_has: str, told: str
) -> None:
    text = RULES_FILE.read_text(encoding="utf-8")
    assert find in text
    path = tmp_path / "appointments.yml"
    path.write_text(text.replace(find, replace, 1), encoding="utf-8")
    with pytest.raises(ContentError) as caught:
        read_rules(path)
    message = str(caught.value)
    assert told in message
    assert caught.value.remedy
    if line_has:
        number = caught.value.line
        assert line_has in path.read_text(encoding="utf-8").splitlines()[number - 1]


@pytest.mark.parametrize("content", [b"\xff", b"", b"[]", b"- 1", b"offices: []"])
def test_a_file_that_holds_no_rules_is_an_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "appointments.yml"
    path.write_bytes(content)
    with pytest.raises(ContentError):
        read_rules(path)
    with pytest.raises(ContentError):
        read_rules(tmp_path / "missing.yml")

"""Names, contacts and reasons as people write them; wrong ones are refused with the kind of mistake."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.appointments.contacts import (
    Invalid,
    masked,
    parsed_contact,
    parsed_name,
    parsed_reason,
    person_key,
)


@pytest.mark.parametrize(
    ("typed", "kind", "value"),
    [
        ("Mario.Rossi@Example.IT", "email", "mario.rossi@example.it"),
        ("la mia mail? no: <mario@example.it>", None, "email"),
        ("mario @ example . it", "email", "mario@example.it"),
        ("mario chiocciola example punto it", "email", "mario@example.it"),
        ("335 123 4567", "phone", "+393351234567"),
        ("+39 335.123.45.67", "phone", "+393351234567"),
        ("02 7740 2222", "phone", "+390277402222"),
        ("0039 02 77402222", "phone", "+390277402222"),
        ("+41 44 668 18 00", "phone", "+41446681800"),
        ("", None, "empty"),
        ("   ", None, "empty"),
        ("mario.example.it", None, "email_without_at"),
        ("mario@example", None, "email_domain"),
        ("ma rio@exa mple.it", None, "email"),
        ("mario@@example.it", None, "email"),
        ("mario@example.it\r\nBcc: tutti@example.it", None, "email"),
        ("335 12", None, "phone_short"),
        ("335 123 4567 890 1234", None, "phone_long"),
    ],
)
def test_contacts(typed: str, kind: str | None, value: str) -> None:
    if kind is None:
        with pytest.raises(Invalid) as caught:
            parsed_contact(typed)
        assert caught.value.problem == value
        return
    contact = parsed_contact(typed)
    assert (contact.kind, contact.value) == (kind, value)


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("mario rossi", "Mario Rossi"),
        ("MARIO ROSSI", "Mario Rossi"),
        ("  Niccolò   D'Angelo ", "Niccolò D'Angelo"),
        ("Maria-Rosa De' Rossi", "Maria-Rosa De' Rossi"),
        ("José Ñañez", "José Ñañez"),
        ("Ольга", "Ольга"),
    ],
)
def test_names(typed: str, name: str) -> None:
    assert parsed_name(typed) == name


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("", "empty"),
        ("12345", "not_a_name"),
        ("<script>alert(1)</script>", "not_a_name"),
        ("=cmd()", "not_a_name"),
        ("x", "not_a_name"),
        ("a" * 81, "too_long"),
        ("vorrei sapere a che ora siete aperti il martedì grazie mille", "not_a_name"),
    ],
)
def test_what_is_no_name_is_refused(typed: str, problem: str) -> None:
    with pytest.raises(Invalid) as caught:
        parsed_name(typed)
    assert caught.value.problem == problem


def test_reasons_fit_in_two_hundred_characters() -> None:
    assert parsed_reason(" pratica \n 3/2024\x00 ") == "pratica 3/2024"
    assert parsed_reason("a" * 200) == "a" * 200
    with pytest.raises(Invalid):
        parsed_reason("a" * 201)


def test_the_same_person_is_recognised() -> None:
    assert person_key("Rossi MARIO") == person_key("Mario Rossi")
    assert person_key("Niccolò Dì") == person_key("niccolo di")
    assert person_key("Ольга") != person_key("Иван")


def test_a_masked_contact_is_of_no_use_to_others() -> None:
    assert masked("mario.rossi@example.it") == "m•••@example.it"
    assert masked("+393351234567") == "+39•••••••567"
    assert masked("") == ""


@given(st.text(max_size=300))
def test_no_text_makes_the_checks_fail(text: str) -> None:
    for check in (parsed_contact, parsed_name, parsed_reason):
        try:
            result = check(text)
        except Invalid:
            continue
        assert "\n" not in str(result)

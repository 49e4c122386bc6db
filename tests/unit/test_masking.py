"""Personal data is covered in kept texts; the office's contacts, laws, dates and amounts stay readable."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.masking import mask
from tests.support.counts import count

MARKERS = [
    ("RSSMRA80A01F205X", "[codice fiscale]"),
    ("rssmra80a01f205x", "[codice fiscale]"),
    ("RSSMRA 80A01 F205X", "[codice fiscale]"),
    ("RSS MRA 80A01 F205X", "[codice fiscale]"),
    ("IT60X0542811101000000123456", "[IBAN]"),
    ("IT60 X054 2811 1010 0000 0123 456", "[IBAN]"),
    ("it60x0542811101000000123456", "[IBAN]"),
    ("4111 1111 1111 1111", "[carta]"),
    ("4111-1111-1111-1111", "[carta]"),
    ("4111111111111111", "[carta]"),
    ("giulia.verdi@example.com", "[e-mail]"),
    ("g.verdi+urp@posta.example.it", "[e-mail]"),
    ("333 1234567", "[telefono]"),
    ("3331234567", "[telefono]"),
    ("333/1234567", "[telefono]"),
    ("333.123.45.67", "[telefono]"),
    ("333  1234567", "[telefono]"),
    ("+39 333 1234567", "[telefono]"),
    ("0039 333 1234567", "[telefono]"),
    ("02 99912345", "[telefono]"),
    ("02-99912345", "[telefono]"),
    ("(02) 99912345", "[telefono]"),
    ("AB123CD", "[targa]"),
    ("ab 123 cd", "[targa]"),
]
FRAMES = ["{}", "il mio è {}", "eccolo: {}.", "{}, grazie", "({})", "è {}? oppure no"]
PIECES = st.sampled_from(
    [marker for marker, _ in MARKERS]
    + ["mi chiamo", "sono", "Sono", "a nome", "il mio nome è", "Anna", "Rossi Neri", "vorrei", "e", "-", "."]
    + ["800.88.33.11", "protocollo@pec.cittametropolitana.mi.it", "17/09/2015", "20122", "12", "+39", "[nome]"]
)  # fmt: skip
COMPOSED = st.lists(PIECES, max_size=8).map(" ".join) | st.lists(PIECES, max_size=8).map(", ".join)
EXAMPLES = settings(max_examples=count(150, 5_000), deadline=None, derandomize=True)


@pytest.mark.parametrize(("marker", "label"), MARKERS)
def test_personal_data_is_covered_wherever_it_stands(marker: str, label: str) -> None:
    """T70: none of the planted markers stays in what is kept."""
    parts = [part.strip("()") for part in marker.split()]
    for frame in FRAMES:
        masked = mask(frame.format(marker))
        assert label in masked
        assert [part for part in parts if len(part) > 3 and part in masked] == []


@pytest.mark.parametrize(
    "text", ["tel.3331234567", "cell:3331234567", "n.3331234567", "tel 3331234567"]
)
def test_a_telephone_number_stuck_to_its_label_is_covered(text: str) -> None:
    """T70."""
    assert "3331234567" not in mask(text)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("mi chiamo Mario Rossi", "mi chiamo [nome]"),
        ("Mi chiamo Anna e vorrei prenotare", "Mi chiamo [nome] e vorrei prenotare"),
        ("mi chiamo anna vorrei prenotare", "mi chiamo [nome] vorrei prenotare"),
        ("il mio nome è Giulia Bianchi, abito a Rho", "il mio nome è [nome], abito a Rho"),
        ("prenota a nome di Luca D'Amico", "prenota a nome di [nome]"),
        ("sono la signora Bianchi", "sono la signora [nome]"),
        ("Sono Maria De Luca e abito a Rho", "Sono [nome] e abito a Rho"),
    ],
)
def test_names_that_people_introduce_themselves_with_are_covered(text: str, masked: str) -> None:
    """T70."""
    assert mask(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "800.88.33.11",
        "800 88 33 11",
        "800883311",
        "ho chiamato l'800.88.33.11 due volte",
        "protocollo@pec.cittametropolitana.mi.it",
        "protocollo@cittametropolitana.mi.it",
        "02 7740.1",
        "via Vivaio, 1 20122 Milano",
    ],
)
def test_the_offices_contacts_stay_readable(text: str) -> None:
    assert mask(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "L.R. 32/2015",
        "D.Lgs. 33/2013",
        "legge 7 aprile 2014, n. 56",
        "decreto 356/2025",
        "17/09/2015",
        "17-09-2015",
        "17.09.2015",
        "2015-09-17",
        "dal 17/09/2015 al 18/09/2015",
        "il 24/11/2026 alle 10.30",
        "2019-2021",
        "384.082",
        "3.249.821 abitanti",
        "16.123.456 euro",
        "20122",
        "20121-20162",
        "codice ISTAT 015002",
        "112, 1522 e 116117",
        "10.00-12.00 e 14.00-16.00",
        "10:00-12:00",
        "offerta ES-001",
        "abito a Cassina de' Pecchi",
        "sono di Sesto San Giovanni",
    ],
)
def test_laws_dates_hours_and_amounts_stay_readable(text: str) -> None:
    assert mask(text) == text
    assert mask(f"vale ancora ({text})?") == f"vale ancora ({text})?"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("il 17/09/2015 800.88.33.11 era occupato", "il 17/09/2015 800.88.33.11 era occupato"),
        ("20122 800.88.33.11", "20122 800.88.33.11"),
        ("800.88.33.11 3331234567", "800.88.33.11 [telefono]"),
        ("17/09/2015 3331234567", "17/09/2015 [telefono]"),
    ],
)
def test_figures_side_by_side_are_told_apart(text: str, masked: str) -> None:
    assert mask(text) == masked


def test_several_markers_in_one_message_are_all_covered() -> None:
    """T70."""
    text = "mi chiamo Anna Neri, CF RSSMRA80A01F205X, tel 3331234567 o anna@example.com; ho chiamato 800.88.33.11"
    assert mask(text) == (
        "mi chiamo [nome], CF [codice fiscale], tel [telefono] o [e-mail]; ho chiamato 800.88.33.11"
    )


@EXAMPLES
@given(COMPOSED | st.text(alphabet="abcXY àè0123456789@.-/+'()[]\n", max_size=60))
def test_masking_twice_changes_nothing(text: str) -> None:
    assert mask(mask(text)) == mask(text)


@EXAMPLES
@given(st.integers(0, 10**9 - 1), st.sampled_from(FRAMES))
def test_no_mobile_number_survives(number: int, frame: str) -> None:
    """T70."""
    assert not any(char.isdigit() for char in mask(frame.format(f"3{number:09}")))


@EXAMPLES
@given(
    st.text(
        alphabet=st.characters(blacklist_categories=("Nd", "Cs"), blacklist_characters="@"),
        max_size=80,
    )
)
def test_text_without_numbers_addresses_and_names_is_kept(text: str) -> None:
    if "chiamo" not in text.lower() and "nome" not in text.lower() and "ono" not in text.lower():
        assert mask(text) == text

"""Place names in a sentence: every municipality, former ones, towns outside, typing errors, ambiguous names."""

from __future__ import annotations

import random
import string
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.content_files import Content
from knowledge.places import Place, PlaceFinder, place_tokens
from knowledge.text import fold
from tests.support.counts import count

SPELLINGS: dict[str, Callable[[str], str]] = {
    "official": str,
    "lower": str.lower,
    "upper": str.upper,
    "plain": fold,
    "no_apostrophe": lambda name: name.replace("'", ""),
    "typographic": lambda name: name.replace("'", "’"),
    "spaced": lambda name: name.replace("'", "' "),
}
SENTENCES = ["{}", "in che zona è {}?", "abito a {} e vorrei sapere la zona"]
ERRORS_PER_NAME = count(8, 50)


def meant(found: list[Place]) -> list[str]:
    """Official names (of towns outside and zones, too) in order."""
    return [place.name for place in found]


@pytest.mark.parametrize("sentence", SENTENCES)
@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("expected", [False, True])
def test_every_municipality_is_found(
    places: PlaceFinder, content: Content, spelling: str, sentence: str, expected: bool
) -> None:
    wrong = {}
    for comune in content.comuni:
        typed = sentence.format(SPELLINGS[spelling](comune.name))
        ids = [place.ids for place in places.find(typed, place_expected=expected)]
        if ids != [(comune.istat,)]:
            wrong[typed] = ids
    assert len(content.comuni) == 133
    assert wrong == {}


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Settale", "Settala"),
        ("Locate Triulzi", "Locate di Triulzi"),
        ("Trezzo d'Adda", "Trezzo sull'Adda"),
        ("Trezzo d’Adda", "Trezzo sull'Adda"),
        ("Trucazzano", "Truccazzano"),
        ("Boffalora sopra Ticinio", "Boffalora sopra Ticino"),
        ("Sesto S. Giovanni", "Sesto San Giovanni"),
        ("sesto s.giovanni", "Sesto San Giovanni"),
        ("S. Donato M.se", "San Donato Milanese"),
        ("s.donato m.se", "San Donato Milanese"),
        ("s donato mil.se", "San Donato Milanese"),
        ("S. Giuliano M.se", "San Giuliano Milanese"),
        ("S. Stefano Ticino", "Santo Stefano Ticino"),
        ("Settimo M.se", "Settimo Milanese"),
        ("Vermezzo", "Vermezzo con Zelo"),
        ("Zelo Surrigone", "Vermezzo con Zelo"),
        ("vermezzo con zelo", "Vermezzo con Zelo"),
        ("la città di Milano", "Milano"),
    ],
)
def test_variants_and_former_municipalities_are_found(
    places: PlaceFinder, typed: str, name: str
) -> None:
    assert meant(places.find(f"abito a {typed}")) == [name]


@pytest.mark.parametrize(
    ("short", "name"),
    [
        ("Cernusco", "Cernusco sul Naviglio"),
        ("Cinisello", "Cinisello Balsamo"),
        ("Sesto", "Sesto San Giovanni"),
        ("Settimo", "Settimo Milanese"),
        ("Paderno", "Paderno Dugnano"),
        ("Cologno", "Cologno Monzese"),
        ("Garbagnate", "Garbagnate Milanese"),
        ("San Donato", "San Donato Milanese"),
        ("San Giuliano", "San Giuliano Milanese"),
        ("Cassano", "Cassano d'Adda"),
        ("Cassina", "Cassina de' Pecchi"),
        ("Peschiera", "Peschiera Borromeo"),
        ("Pieve", "Pieve Emanuele"),
        ("Busto", "Busto Garolfo"),
        ("Opera", "Opera"),
        ("Pero", "Pero"),
        ("Magenta", "Magenta"),
    ],
)
def test_short_names_mean_the_municipality(places: PlaceFinder, short: str, name: str) -> None:
    assert meant(places.find(f"abito a {short.lower()}")) == [name]


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("Cerro", {"Cerro al Lambro", "Cerro Maggiore"}),
        ("trezzano", {"Trezzano Rosa", "Trezzano sul Naviglio"}),
    ],
)
def test_ambiguous_names_give_every_candidate(
    places: PlaceFinder, typed: str, names: set[str]
) -> None:
    found = places.find(f"in che zona è {typed}?")
    assert len(found) == 1
    assert {places.comuni[istat].name for istat in found[0].ids} == names


def test_the_full_name_resolves_the_ambiguity(places: PlaceFinder) -> None:
    found = places.find("Cerro Maggiore è lontano da Cerro al Lambro e da Trezzano Rosa")
    assert meant(found) == ["Cerro Maggiore", "Cerro al Lambro", "Trezzano Rosa"]
    assert all(len(place.ids) == 1 for place in found)


@pytest.mark.parametrize(
    ("town", "province"),
    [
        ("Monza", "Monza e Brianza"),
        ("Brugherio", "Monza e Brianza"),
        ("Cesano Maderno", "Monza e Brianza"),
        ("Saronno", "Varese"),
        ("Busto Arsizio", "Varese"),
        ("Lodi", "Lodi"),
        ("Zelo Buon Persico", "Lodi"),
        ("Bellinzago Novarese", "Novara"),
        ("Roma", "Roma"),
    ],
)
def test_towns_outside_are_told_from_ours(places: PlaceFinder, town: str, province: str) -> None:
    (place,) = places.find(f"abito a {town.lower()}")
    assert (place.kind, place.name, place.ids) == ("outside", town, (province,))


def test_every_town_outside_is_found_and_never_taken_for_ours(
    places: PlaceFinder, content: Content
) -> None:
    ours = {fold(name) for comune in content.comuni for name in (comune.name, *comune.variants)}
    towns = [town for province in content.outside for town in province.towns]
    wrong = [town for town in towns if meant(places.find(f"abito a {town}")) != [town]]
    assert [town for town in wrong if fold(town) not in ours] == []


@pytest.mark.parametrize(
    ("typed", "zone"),
    [
        ("nord ovest", "nord-ovest"),
        ("la zona Nord-Ovest", "nord-ovest"),
        ("adda martesana", "adda-martesana"),
        ("in Martesana", "adda-martesana"),
        ("nel magentino", "magentino-e-abbiatense"),
        ("Alto Milanese", "alto-milanese"),
    ],
)
def test_zones_are_found(places: PlaceFinder, typed: str, zone: str) -> None:
    (place,) = places.find(typed)
    assert (place.kind, place.ids) == ("zone", (zone,))


@pytest.mark.parametrize(
    ("sentence", "if_place_expected"),
    [
        ("sono presso un amico", "Bresso"),
        ("le opere pubbliche", "Opera"),
        ("ma pero non so", "Pero"),
        ("un'opera di ingegneria", "Opera"),
        ("abito al sesto piano", "Sesto San Giovanni"),
        ("come faccio", "Como"),
    ],
)
def test_italian_words_are_places_only_when_a_place_is_expected(
    places: PlaceFinder, sentence: str, if_place_expected: str
) -> None:
    assert places.find(sentence) == []
    assert meant(places.find(sentence, place_expected=True)) == [if_place_expected]


@pytest.mark.parametrize(
    ("sentence", "names", "expected"),
    [
        ("abito a Rho e lavoro a Legnano", ["Rho", "Legnano"], False),
        ("abito a Rho e lavoro a Legnano", ["Rho", "Legnano"], True),
        ("da Cinisello a Sesto S. Giovanni", ["Cinisello Balsamo", "Sesto San Giovanni"], False),
        ("sto tra monza e cologno monzese", ["Monza", "Cologno Monzese"], False),
        ("da Bressso a Cinisllo", ["Bresso", "Cinisello Balsamo"], False),
        ("Opera e Pero", ["Opera", "Pero"], True),
    ],
)
def test_two_places_in_one_sentence(
    places: PlaceFinder, sentence: str, names: list[str], expected: bool
) -> None:
    assert meant(places.find(sentence, place_expected=expected)) == names


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("san girgio su legnano", "San Giorgio su Legnano"),
        ("pozuolo martesana", "Pozzuolo Martesana"),
        ("vermezo con zelo", "Vermezzo con Zelo"),
        ("trezano sul naviglio", "Trezzano sul Naviglio"),
    ],
)
@pytest.mark.parametrize("expected", [False, True])
def test_a_name_within_a_mistyped_name_is_not_a_second_place(
    places: PlaceFinder, typed: str, name: str, expected: bool
) -> None:
    assert meant(places.find(f"in che zona è {typed}?", place_expected=expected)) == [name]


def mistype(name: str, chance: random.Random) -> str:
    """The name with one letter dropped, inserted, replaced, or two swapped."""
    while True:
        at, letter = chance.randrange(len(name)), chance.choice(string.ascii_lowercase)
        typed = {
            "drop": name[:at] + name[at + 1 :],
            "insert": name[:at] + letter + name[at:],
            "replace": name[:at] + letter + name[at + 1 :],
            "swap": name[:at] + name[at + 1 : at + 2] + name[at] + name[at + 2 :],
        }[chance.choice(["drop", "insert", "replace", "swap"])]
        if typed != name:
            return typed


@pytest.fixture(scope="module")
def recognised(places: PlaceFinder, content: Content) -> dict[str, dict[str, bool]]:
    """For each municipality, mistyped forms of its name and whether exactly it was found."""
    chance = random.Random(20_261_124)
    results: dict[str, dict[str, bool]] = {}
    for comune in content.comuni:
        for _ in range(ERRORS_PER_NAME):
            typed = mistype(comune.name.lower(), chance)
            found = places.find(f"in che zona è {typed}?", place_expected=True)
            right = [place.ids for place in found] == [(comune.istat,)]
            results.setdefault(comune.name, {})[typed] = right
    return results


def test_97_of_100_mistyped_names_are_recognised(recognised: dict[str, dict[str, bool]]) -> None:
    outcomes = [right for forms in recognised.values() for right in forms.values()]
    failed = [typed for forms in recognised.values() for typed, right in forms.items() if not right]
    assert sum(outcomes) / len(outcomes) >= 0.97, failed


def test_every_single_name_survives_most_typing_errors(
    recognised: dict[str, dict[str, bool]],
) -> None:
    lost = {
        name: [typed for typed, right in forms.items() if not right]
        for name, forms in recognised.items()
        if sum(forms.values()) < len(forms) / 2
    }
    assert lost == {}


@settings(max_examples=count(150, 2_000), deadline=None, derandomize=True)
@given(st.text(max_size=60), st.booleans())
def test_any_text_gives_places_inside_it_without_overlap(
    places: PlaceFinder, text: str, expected: bool
) -> None:
    end_before = 0
    for place in places.find(text, place_expected=expected):
        first, end = place.words
        assert end_before <= first < end <= len(place_tokens(text))
        end_before = end

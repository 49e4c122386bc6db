"""Content files: the real ones load, and a wrong one is refused with file, problem and remedy."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.errors import ContentError, ContentErrors
from knowledge.content_files import CONTENT_DIR, Content, content_digest, load_content
from tests.support.content import RECORD, SMALL_CONTENT, write_small_content
from tests.support.counts import count

EXAMPLES = settings(
    max_examples=count(120, 2_000),
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
CHARACTERS = (
    st.sampled_from(list(":-#'\"{}[]&*!|>%@`,?\t\n\\ ~<=.0189azZàè\0\x85\ufeff")) | st.characters()
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small, right content folder."""
    return write_small_content(tmp_path / "content")


def refusal(folder: Path) -> ContentError:
    """The error with which a folder is refused."""
    with pytest.raises(ContentError) as caught:
        load_content(folder)
    return caught.value


def change(folder: Path, name: str, old: str, new: str) -> None:
    path = folder / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_the_real_content_loads(content: Content) -> None:
    assert len(content.records) > 50
    assert len(content.comuni) == 133
    assert len(content.zones) == 7
    assert all(content.gazetteers[name] for name in ("mestieri", "contratti", "livelli"))
    assert content.offers
    assert content.hours.offices


def test_the_map_of_zones_agrees_with_its_own_counts(content: Content) -> None:
    counts = {zone.id: zone.municipalities for zone in content.zones}
    owned = {zone_id: sum(c.zone == zone_id for c in content.comuni) for zone_id in counts}
    assert owned == counts
    assert [comune.name for comune in content.comuni if not comune.zone] == ["Milano"]
    assert len({comune.istat for comune in content.comuni}) == 133


def test_every_source_that_hours_and_zones_name_exists(content: Content) -> None:
    named = {office.source for office in content.hours.offices} | {z.source for z in content.zones}
    assert named <= content.sources.keys()


def test_the_small_content_of_these_tests_loads(folder: Path) -> None:
    small = load_content(folder)
    assert sorted(small.records) == ["caldaie", "orari"]
    assert small.records["caldaie"].facts[1].places == ["Rho", "zona:nord-ovest"]


@pytest.mark.parametrize(
    ("name", "old", "new", "problem"),
    [
        (RECORD, "kind: service", "kind: negozio", "kind"),
        (RECORD, "level: metropolitano", "level: cosmico", "level"),
        (RECORD, "title: Caldaie e bollino\n", "", "title"),
        (RECORD, "title: Caldaie e bollino", "titolo: Caldaie", "title"),
        (RECORD, "body: Città metropolitana di Milano", "body: ''", "body"),
        (RECORD, "facet: cost", "facet: prezzo", "facet"),
        (RECORD, "status: to_confirm", "status: forse", "status"),
        (RECORD, "ask: [dove si va a Rho]", "ask: []", "ask"),
        (RECORD, "ask: [dove si va a Rho]", "ask: dove", "ask"),
        (RECORD, "verified_on: 2026-11-02", "verified_on: ieri", "verified_on"),
        (RECORD, "verified_on: 2026-11-02", "verified_on: 2026-13-02", ""),
        (RECORD, "id: caldaie", "id: caldaia", "caldaia"),
        (RECORD, "id: a-legnano", "id: costo", "costo"),
        (RECORD, "next: [orari]", "next: [orario]", "orario"),
        (RECORD, "places: [Rho,", "places: [Roma,", "Roma"),
        (RECORD, "zona:nord-ovest", "zona:nordovest", "nordovest"),
        (RECORD, "source: SCHEDA", "source: SCHEDONE", "SCHEDONE"),
        (RECORD, "level: metropolitano", "kind: service", "kind"),
        (RECORD, "level: metropolitano", "  level: metropolitano", ""),
        (RECORD, 'text: "A Rho', 'text: A Rho"', ""),
        (RECORD, "level: metropolitano", "{a: b}: metropolitano", ""),
        (RECORD, "level: metropolitano", "level: !!python/name:os.system", ""),
        (RECORD, "level: metropolitano", "level: *altrove", ""),
        ("sources.yml", "date: '2024-07-25'", "date: '25/7/2024'", "date"),
        ("sources.yml", "  title: Scheda del servizio\n", "", "title"),
        ("comuni.yml", "zone: nord-ovest", "zone: nord", "Rho"),
        ("comuni.yml", "population: 49609", "population: tanti", "population"),
        ("comuni.yml", "name: Milano", "nome: Milano", "name"),
        ("comuni.yml", 'istat: "015182"', 'istat: "015146"', "015146"),
        ("zones.yml", "source: SCHEDA", "source: SCHEDONE", "SCHEDONE"),
        ("zones.yml", "municipalities: 16", "municipalities: molti", "municipalities"),
        ("offers/prova.yml", "comune: Rho", "comune: Roma", "Roma"),
        ("offers/prova.yml", "mestiere: barista", "mestiere: mago", "mago"),
        ("offers/prova.yml", "scade: 2027-01-15", "scade: 2027-01-35", ""),
        ("offers/prova.yml", "scade: 2027-01-15", "scade: presto", "scade"),
        ("hours.yml", "10:00-12:00", "10:00", "weekly"),
        ("hours.yml", "10:00-12:00", "25:00-26:00", "weekly"),
        ("hours.yml", "10:00-12:00", "12:00-10:00", "weekly"),
        ("hours.yml", "monday", "lunedi", "weekly"),
        ("hours.yml", "source: SCHEDA", "source: SCHEDONE", "SCHEDONE"),
        ("hours.yml", "first: 2026-12-24", "first: 2027-12-24", "closures"),
        ("hours.yml", "12-07", "7 dicembre", "unconfirmed_closures"),
        ("hours.yml", "reason: Chiusura natalizia", "reason: ''", "reason"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_refused_with_file_problem_and_remedy(
    folder: Path, name: str, old: str, new: str, problem: str
) -> None:
    change(folder, name, old, new)
    error = refusal(folder)
    assert Path(name).stem in error.path or Path(name).parent.name in error.path.split()
    assert problem in str(error)
    assert error.remedy
    assert error.remedy in str(error)


@pytest.mark.parametrize(
    "name", [name for name in SMALL_CONTENT if "/" not in name or name.startswith("gazetteers")]
)
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    error = refusal(folder)
    assert name in error.path
    assert error.problem
    assert error.remedy


@pytest.mark.parametrize("name", SMALL_CONTENT)
@pytest.mark.parametrize(
    "raw",
    [b"title: perch\xe9\n", b"\xff\xfe\x00", b"a: [1, 2\n", b"a:\n\t- b\n", b"a: b: c\n", b"just text", b"", b"{}"],
)  # fmt: skip
def test_a_file_that_is_not_what_it_should_be_is_named(folder: Path, name: str, raw: bytes) -> None:
    (folder / name).write_bytes(raw)
    error = refusal(folder)
    assert Path(name).stem in error.path or "SCHEDA" in error.problem
    assert error.remedy


def test_the_line_of_a_yaml_error_is_told(folder: Path) -> None:
    change(folder, RECORD, 'text: "A Rho', 'text: "A "Rho')
    error = refusal(folder)
    assert (error.path, error.line) == (RECORD, 21)
    assert "riga 21" in str(error)


def test_the_line_and_field_of_a_wrong_value_are_told(folder: Path) -> None:
    change(folder, RECORD, "facet: cost", "facet: prezzo")
    error = refusal(folder)
    assert (error.path, error.line, error.field) == (RECORD, 12, "facts.0.facet")


def test_every_problem_of_a_folder_is_told_at_once(folder: Path) -> None:
    change(folder, RECORD, "kind: service", "kind: negozio")
    change(folder, "comuni.yml", "population: 49609", "population: tanti")
    change(folder, "offers/prova.yml", "scade: 2027-01-15", "scade: presto")
    error = refusal(folder)
    assert isinstance(error, ContentErrors)
    assert [(p.path, p.line, p.field) for p in error.problems] == [
        (RECORD, 2, "kind"),
        ("comuni.yml", 3, "population"),
        ("offers/prova.yml", 7, "scade"),
    ]


def test_a_long_list_is_read_in_batches_with_right_lines(folder: Path) -> None:
    entry = SMALL_CONTENT["offers/prova.yml"]
    entries = [entry.replace("ES-001", f"ES-{n:05}") for n in range(1_300)]
    entries[1_200] = (
        entries[1_200].replace("part-time", "part-tine").replace("titolo: Barista", "titolo: ''")
    )
    (folder / "offers/prova.yml").write_text("# commento\n\n" + "".join(entries), encoding="utf-8")
    error = refusal(folder)
    assert (error.line, error.field) == (2 + 1_200 * 8 + 2, "titolo")


def test_a_bomb_of_aliases_is_refused_at_once(folder: Path) -> None:
    bomb = "a: &a [x, x]\n" + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [*{chr(97 + n)}, *{chr(97 + n)}]\n" for n in range(24)
    )
    (folder / RECORD).write_text(bomb, encoding="utf-8")
    (folder / "comuni.yml").write_text(bomb + "comuni: *y\n", encoding="utf-8")
    assert refusal(folder).remedy


def test_one_id_in_two_folders_is_refused(folder: Path) -> None:
    (folder / "work").mkdir()
    shutil.copy(folder / RECORD, folder / "work" / "caldaie.yml")
    error = refusal(folder)
    assert "caldaie.yml" in error.path
    assert "caldaie" in error.problem
    assert error.remedy


@pytest.mark.parametrize(
    "name", ["comuni.yml", "zones.yml", "gazetteers/mestieri.yml", "offers/prova.yml"]
)
def test_an_entry_that_stands_twice_is_refused(folder: Path, name: str) -> None:
    path = folder / name
    lines = path.read_text(encoding="utf-8").splitlines()
    entry = "\n".join(
        lines[next(n for n, line in enumerate(lines) if line.strip().startswith("-")) :]
    )
    path.write_text("\n".join(lines) + "\n" + entry + "\n", encoding="utf-8")
    error = refusal(folder)
    assert Path(name).stem in error.path or Path(name).parent.name in error.path
    assert error.remedy


@EXAMPLES
@given(st.data(), st.sampled_from([RECORD, "hours.yml", "offers/prova.yml", "comuni.yml"]))
def test_one_wrong_character_is_refused_or_harmless_but_never_a_crash(
    folder: Path, data: st.DataObject, name: str
) -> None:
    text = SMALL_CONTENT[name]
    at = data.draw(st.integers(0, len(text) - 1))
    char = data.draw(CHARACTERS | st.just(""))
    kept = data.draw(st.integers(0, 1))
    raw = (text[:at] + char + text[at + kept :]).encode("utf-8", "surrogatepass")
    (folder / name).write_bytes(raw)
    problem: ContentError | None = None
    try:
        load_content(folder)
    except ContentError as error:
        problem = error
    finally:
        (folder / name).write_text(text, encoding="utf-8")
    assert problem is None or all((problem.path, problem.problem, problem.remedy))


def test_the_digest_follows_text_and_names_of_the_files(folder: Path) -> None:
    before = content_digest(folder)
    assert content_digest(folder) == before
    change(folder, RECORD, "Caldaie e bollino", "Caldaie e Bollino")
    changed = content_digest(folder)
    change(folder, RECORD, "Caldaie e Bollino", "Caldaie e bollino")
    (folder / "zones.yml").rename(folder / "zone.yml")
    assert len({before, changed, content_digest(folder)}) == 3


def test_a_copy_of_the_real_content_has_its_digest(tmp_path: Path, content: Content) -> None:
    copy = shutil.copytree(CONTENT_DIR, tmp_path / "copy")
    assert content_digest(copy) == content.digest

"""Municipalities from the tables of ISTAT, or any CSV with their codes.

A table rarely has everything: what it does not say (the zone, other names, the population) stays as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from bot.errors import raise_problems
from knowledge.content import Content, overlaid
from knowledge.cross_checks import cross_problems
from knowledge.importing.files import decoded
from knowledge.importing.problems import Problems
from knowledge.importing.tables import TableRow, read_table
from knowledge.importing.values import parsed_number
from knowledge.schema import Comune
from knowledge.text import fold
from knowledge.validation import Invalid, checked

COMUNE_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "istat": ("Codice Comune formato alfanumerico", "CODICE_COMUNE", "pro_com_t", "codice istat", "codice", "Codice Comune", "PRO_COM_T"),
    "comune": ("Denominazione in italiano", "Denominazione (Italiana e straniera)", "LABEL_COMUNE_IT", "nome", "denominazione"),
    "provincia": ("Sigla automobilistica", "SIGLA_AUTOMOBILISTICA", "sigla"),
    "zona": ("zona omogenea",),
    "cap": ("codice postale",),
    "belfiore": ("Codice Catastale del comune", "codice catastale", "codiceCatastale"),
    "popolazione": ("abitanti", "pop_res_21", "Popolazione residente", "Popolazione legale"),
    "fine": ("DATA_FINE_VALIDITA",),
}  # fmt: skip
_REQUIRED: Final = ("istat",)
_OPEN_END: Final = "9999"
_CODE_CHARS: Final = 6


def read_comuni(
    data: bytes,
    path: str,
    content: Content,
    *,
    province: str = "MI",
    counted: Callable[[int], None] = lambda _rows: None,
) -> Content:
    """The municipalities of a file that are of our province, completed with what is known of them.

    Args:
        content: the knowledge that the file completes and corrects.
        province: plate code; rows of other provinces are passed over where the file names provinces, others by code.

    Raises:
        ContentError: anything in the file is wrong; nothing is returned then.
    """
    problems = Problems(path)
    known = {comune.istat: comune for comune in content.comuni}
    prefixes = {istat[:3] for istat in known}
    zones = {
        fold(name): zone.id
        for zone in content.zones
        for name in (zone.id.replace("-", " "), zone.name, *zone.names)
    }
    read: dict[str, Comune] = {}
    for row in read_table(decoded(data, path), path, COMUNE_COLUMNS, _REQUIRED, problems):
        counted(1)
        istat = row["istat"].zfill(_CODE_CHARS)
        ours = row["provincia"].upper() == province if row["provincia"] else istat[:3] in prefixes
        if not ours or (row["fine"] and _OPEN_END not in row["fine"]):
            continue
        try:
            comune = _comune(row, istat, known.get(istat), zones)
        except Invalid as invalid:
            for location, problem, remedy in invalid.flaws:
                name = ".".join(map(str, location))
                problems.add(problem, remedy, line=row.line, field=name)
            continue
        if istat in read and read[istat] != comune:
            problems.add(
                f"il codice {istat} c'è due volte, con dati diversi",
                "tieni la riga giusta",
                line=row.line,
                field="istat",
            )
        read[istat] = comune
    if not read and not problems.count:
        problems.add(
            f"nessun Comune della provincia {province}", "controlla i codici ISTAT del file"
        )
    problems.raise_if_any()
    layer = Content(comuni=tuple(read.values()))
    raise_problems(cross_problems(overlaid(content, layer)))
    return layer


def _comune(row: TableRow, istat: str, before: Comune | None, zones: Mapping[str, str]) -> Comune:
    if not (istat.isascii() and istat.isdecimal() and len(istat) == _CODE_CHARS):
        raise Invalid([(("istat",), f"«{istat[:20]}» non è un codice ISTAT", "scrivi sei cifre")])
    values: dict[str, Any] = before.model_dump() if before else {"istat": istat}
    if row["comune"]:
        values["name"] = _name(row["comune"], before)
    for field, column in (("cap", "cap"), ("belfiore", "belfiore")):
        if row[column]:
            values[field] = row[column].upper()
    if row["popolazione"]:
        people = parsed_number(row["popolazione"])
        if people is None or people != int(people):
            problem = f"«{row['popolazione'][:20]}» non è un numero intero"
            raise Invalid([(("popolazione",), problem, "scrivi solo cifre")])
        values["population"] = int(people)
    if row["zona"]:
        zone = zones.get(fold(row["zona"].replace("-", " ")))
        if zone is None and fold(row["zona"]) not in ("milano", "capoluogo"):
            problem = f"la zona «{row['zona'][:40]}» non esiste"
            raise Invalid([(("zona",), problem, "usa il nome di una delle zone omogenee")])
        values["zone"] = zone or ""
    missing = [
        (("zona" if name == "zone" else name,), "manca, e il Comune è nuovo", "aggiungi la colonna")
        for name in ("name", "zone", "cap", "belfiore")
        if name not in values
    ]
    if missing:
        raise Invalid([*missing])
    return checked(Comune, {"population": 0, **values})


def _name(written: str, before: Comune | None) -> str:
    """The name as written; tables in capitals do not change a name that differs in nothing else."""
    if before and fold(before.name) == fold(written):
        return before.name
    return written.title() if written.isupper() else written

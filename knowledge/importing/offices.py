"""Offices of the register of public bodies: the CSV of organisational units of IndicePA.

Names of people and their own addresses are not read: an office is reached through its own contacts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from knowledge.content import Content
from knowledge.importing.files import decoded
from knowledge.importing.problems import Problems
from knowledge.importing.service_building import level_of, record_id, sentences
from knowledge.importing.tables import TableRow, read_table
from knowledge.importing.texts import text, texts
from knowledge.importing.values import clean, parsed_date, shortened
from knowledge.schema import Record, Source
from knowledge.schema_base import LINE_MAX_CHARS, TITLE_MAX_CHARS
from knowledge.text import slug
from knowledge.validation import Invalid, checked

OFFICE_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "codice_ipa": ("Codice_IPA", "cod_amm"),
    "ente": ("Denominazione_ente", "des_amm"),
    "codice_uo": ("Codice_uni_uo", "cod_ou"),
    "codice_padre": ("Codice_uni_uo_padre",),
    "unita": ("Descrizione_uo", "des_ou"),
    "istat": ("Codice_comune_ISTAT",),
    "comune": ("Comune",),
    "cap": ("CAP",),
    "indirizzo": ("Indirizzo",),
    "telefono": ("Telefono", "tel"),
    "sito": ("Url", "Sito_istituzionale"),
    "aggiornato": ("Data_aggiornamento",),
    **{f"mail{n}": (f"Mail{n}",) for n in range(1, 6)},
    **{f"tipo_mail{n}": (f"Tipo_Mail{n}",) for n in range(1, 6)},
}
_REQUIRED: Final = ("ente",)


def read_offices(
    data: bytes,
    path: str,
    content: Content,
    *,
    body_code: str = "",
    counted: Callable[[int], None] = lambda _offices: None,
) -> Content:
    """Records of the offices of a file, with their sources.

    Args:
        content: names the municipality of an ISTAT code.
        body_code: read only the units of this body (``Codice_IPA``); empty reads all.

    Raises:
        ContentError: anything in the file is wrong; nothing is returned then.
    """
    problems = Problems(path)
    comuni = {comune.istat: comune.name for comune in content.comuni}
    records: dict[str, Record] = {}
    sources: dict[str, Source] = {}
    for row in read_table(decoded(data, path), path, OFFICE_COLUMNS, _REQUIRED, problems):
        counted(1)
        if body_code and row["codice_ipa"].lower() != body_code.lower():
            continue
        try:
            key, source = _source(row)
            record = _record(row, comuni, key)
        except Invalid as invalid:
            for location, problem, remedy in invalid.flaws:
                name = ".".join(map(str, location))
                problems.add(problem, remedy, line=row.line, field=name)
            continue
        if record.id in records and records[record.id] != record:
            problems.add(
                f"l'ufficio «{record.id}» c'è due volte, con dati diversi",
                "tieni la riga giusta",
                line=row.line,
            )
        records[record.id] = record
        sources[key] = source
    if not records and not problems.count:
        problems.add("non ho trovato uffici", "controlla il file e il codice dell'ente")
    problems.raise_if_any()
    return Content(records=records, sources=sources)


def _record(row: TableRow, comuni: Mapping[str, str], source: str) -> Record:
    body = shortened(row["ente"].strip(), LINE_MAX_CHARS)
    unit = shortened(row["unita"] or body, LINE_MAX_CHARS)
    if len(unit) < 3:
        raise Invalid([(("Descrizione_uo",), "manca", "scrivi il nome dell'ufficio")])
    contact = _contact(row, comuni)
    reached = _reached(contact)
    place = " ".join(
        part for part in (contact["address"], contact["postal_code"], contact["comune"]) if part
    )
    summary = text(
        "office_summary",
        unit=unit,
        body=body,
        place=text("office_place", address=place) if place else "",
        contacts=text("office_contacts", contacts=reached) if reached else "",
    )
    code = row["codice_uo"] or row["codice_ipa"]
    return checked(
        Record,
        {
            "id": record_id(f"ipa {code} {unit}" if code else f"ipa {body} {unit}"),
            "kind": "office",
            "title": shortened(unit, TITLE_MAX_CHARS),
            "names": list(dict.fromkeys([unit, shortened(f"{unit} {body}", LINE_MAX_CHARS)])),
            "level": level_of("", body),
            "body": body,
            "office": unit,
            "summary": {"text": sentences(summary, "")[0], "source": source},
            "facts": [
                *_fact("contatti", reached, unit, source),
                *_fact("dove", place, unit, source),
            ],
            "contact_points": [contact],
            "office_details": {
                "ipa_body": row["codice_ipa"] or None,
                "ipa_unit": row["codice_uo"] or None,
                "parent_unit": row["codice_padre"] or None,
            },
        },
    )


def _contact(row: TableRow, comuni: Mapping[str, str]) -> dict[str, Any]:
    mails: dict[str, list[str]] = {"pec": [], "altro": []}
    for number in range(1, 6):
        address = row[f"mail{number}"].lower()
        if "@" in address:
            certified = row[f"tipo_mail{number}"].lower() == "pec"
            mails["pec" if certified else "altro"].append(address)
    web = row["sito"]
    if web and "://" not in web:
        web = f"https://{web}"
    return {
        "address": row["indirizzo"] or None,
        "postal_code": row["cap"] or None,
        "comune": comuni.get(row["istat"].zfill(6)) or row["comune"] or None,
        "phones": [row["telefono"]] if row["telefono"] else [],
        "emails": mails["altro"],
        "pec": mails["pec"],
        "web": web or None,
    }


def _reached(contact: Mapping[str, Any]) -> str:
    said = [text("phone", value=phone) for phone in contact["phones"]]
    said += [text("email", value=address) for address in contact["emails"]]
    said += [text("pec", value=address) for address in contact["pec"]]
    said += [text("web", value=contact["web"])] if contact["web"] else []
    return ", ".join(said)


def _fact(column: str, value: str, unit: str, source: str) -> list[dict[str, Any]]:
    if not value:
        return []
    known = texts()["facets"][column]
    name = shortened(unit, 80)
    return [
        {
            "id": column,
            "facet": known["facet"],
            "ask": [ask.format(name=name) for ask in known["ask"]],
            "text": sentences(value, known["label"])[0],
            "source": source,
        }
    ]


def _source(row: TableRow) -> tuple[str, Source]:
    written = clean(row["aggiornato"])
    day = parsed_date(written) if written else None
    if written and day is None:
        problem = f"«{written[:40]}» non è una data"
        raise Invalid([(("Data_aggiornamento",), problem, "scrivila come 2026-11-30")])
    source = Source(
        title=text("ipa_source"),
        reference=text("ipa_reference"),
        date=day.isoformat() if day else None,
    )
    return slug(f"imp ipa {source.date or 'senza data'}"), source

"""Services of a file: the CSV model, or RDF of the public catalogues."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from knowledge.content import Content
from knowledge.importing.files import decoded
from knowledge.importing.html_page import linked_data
from knowledge.importing.problems import Problems
from knowledge.importing.rdf import rdf_services
from knowledge.importing.service_building import SERVICE_COLUMNS, service_record
from knowledge.importing.tables import read_table
from knowledge.schema import Record, Source
from knowledge.validation import Invalid

_REQUIRED = ("titolo", "ente", "descrizione")
_RDF_STARTS = ("{", "[", "<", "@prefix", "@base", "PREFIX", "BASE", "#", "_:")


def read_services(
    data: bytes, path: str, counted: Callable[[int], None] = lambda _services: None
) -> Content:
    """Records of the services of a file, with their sources.

    Raises:
        ContentError: anything in the file is wrong; nothing is returned then.
    """
    text = decoded(data, path)
    problems = Problems(path)
    records: dict[str, Record] = {}
    sources: dict[str, Source] = {}
    for line, fields in _services(text, path, problems):
        counted(1)
        try:
            record, key, source = service_record(fields, path)
        except Invalid as invalid:
            for location, problem, remedy in invalid.flaws:
                problems.add(problem, remedy, line=line, field=".".join(map(str, location)))
            continue
        if record.id in records and records[record.id] != record:
            problems.add(
                f"«{record.id}» è già di un altro servizio",
                "dai a ogni servizio un codice suo",
                line=line,
                field="codice",
            )
        records[record.id] = record
        sources[key] = source
    if not records and not problems.count:
        problems.add("non ho trovato servizi", "guarda docs/importing.md per le forme ammesse")
    problems.raise_if_any()
    return Content(records=records, sources=sources)


def _services(
    text: str, path: str, problems: Problems
) -> Iterator[tuple[int | None, Mapping[str, str]]]:
    start = text.lstrip("\ufeff \n\t")
    if start.lower().startswith(("<!doctype html", "<html")):
        for first_line, script in linked_data(text):
            for line, fields in rdf_services(script, path):
                yield (line or 1) + first_line - 1, fields
    elif start.startswith(_RDF_STARTS):
        yield from rdf_services(text, path)
    else:
        for row in read_table(text, path, SERVICE_COLUMNS, _REQUIRED, problems):
            yield row.line, row.values

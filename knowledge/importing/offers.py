"""Offers of a file or a fetched page: CSV, JSON-LD, JSON lines, or HTML with JSON-LD in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from bot.errors import ContentError
from knowledge.importing.files import decoded
from knowledge.importing.html_page import linked_data
from knowledge.importing.job_postings import job_postings, posting_fields
from knowledge.importing.json_text import JsonObject, line_of, parsed_json
from knowledge.importing.offer_building import Fields, OfferBuilder
from knowledge.importing.problems import Problems
from knowledge.importing.tables import read_table
from knowledge.schema import Offer
from knowledge.validation import Invalid

OFFER_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "codice": ("id", "codice offerta", "riferimento", "identifier"),
    "titolo": ("title", "offerta", "posizione", "figura", "profilo"),
    "mestiere": ("qualifica", "professione"),
    "azienda": ("company", "datore di lavoro", "ente"),
    "comune": ("città", "sede di lavoro", "luogo", "sede"),
    "istat": ("codice istat", "codice comune"),
    "cpi": ("centro per l'impiego", "centro impiego"),
    "contratto": ("tipo contratto", "tipologia contratto", "employmenttype"),
    "orario": ("orario di lavoro", "workhours"),
    "posti": ("numero posti", "n posti", "posizioni"),
    "descrizione": ("description", "mansioni"),
    "requisiti": ("requisiti richiesti", "qualifications"),
    "retribuzione": ("stipendio", "salario", "ral"),
    "pubblicata": ("data pubblicazione", "pubblicata il", "dateposted", "data"),
    "scade": ("data scadenza", "scadenza", "scade il", "validthrough"),
    "come_candidarsi": ("come candidarsi", "candidatura"),
    "url": ("link", "sito", "pagina"),
    "email": ("e-mail", "mail"),
    "fonte": ("source",),
    "letto_il": ("letto il",),
}
"""Columns of the CSV model and other headers under which they are understood."""

_REQUIRED: Final = ("titolo",)


@dataclass(frozen=True)
class Entry:
    """One offer of a file, not yet checked, and how to find its line if it is wrong."""

    fields: Fields
    line: Callable[[], int | None]


@dataclass(frozen=True)
class ReadOffers:
    """What a file holds. Offers are unique by code."""

    offers: tuple[Offer, ...]
    problems: Problems


def read_offers(
    data: bytes,
    path: str,
    builder: OfferBuilder,
    counted: Callable[[int], None] = lambda _offers: None,
) -> ReadOffers:
    """Offers of a file, with what is wrong with single ones.

    Args:
        path: name of the file or address, for the errors.
        counted: told how many more offers have been read.

    Raises:
        ContentError: the file as a whole cannot be read.
    """
    text = decoded(data, path)
    problems = Problems(path)
    offers: dict[str, Offer] = {}
    for entry in _entries(text, path, problems):
        try:
            offer = builder.build(entry.fields)
        except Invalid as invalid:
            line = entry.line()
            for location, problem, remedy in invalid.flaws:
                field = ".".join(map(str, location))
                problems.add(problem, remedy, line=line, field=field)
            continue
        finally:
            counted(1)
        known = offers.setdefault(offer.codice, offer)
        if known != offer:
            problems.add(
                f"il codice «{offer.codice}» è già di un'altra offerta",
                "dai a ogni offerta un codice suo",
                line=entry.line(),
                field="codice",
            )
    return ReadOffers(tuple(offers.values()), problems)


def _entries(text: str, path: str, problems: Problems) -> Iterator[Entry]:
    start = text.lstrip("\ufeff \n\t")
    if start.startswith(("{", "[")):
        yield from _postings(text, path, 1)
    elif start.startswith("<"):
        scripts = linked_data(text)
        if not scripts:
            raise ContentError(
                path,
                "la pagina non contiene offerte leggibili dalle macchine",
                "serve uno script application/ld+json con oggetti JobPosting",
            )
        for first_line, script in scripts:
            yield from _postings(script, path, first_line)
    else:
        for row in read_table(text, path, OFFER_COLUMNS, _REQUIRED, problems):
            yield Entry(row.values, lambda line=row.line: line)  # type: ignore[misc]


def _postings(text: str, path: str, first_line: int) -> Iterator[Entry]:
    for posting in job_postings(parsed_json(text, path, first_line)):

        def line(posting: JsonObject = posting) -> int | None:
            return line_of(text, posting, first_line)

        yield Entry(posting_fields(posting), line)

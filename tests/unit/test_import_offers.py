"""Offers from the files of others: every usual shape is read, every error names line, field and remedy."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from bot.errors import ContentError
from bot.settings import PROJECT_ROOT
from knowledge.content import Content
from knowledge.importing.offer_building import OfferBuilder
from knowledge.importing.offers import ReadOffers, read_offers
from knowledge.schema import Offer

EXAMPLES = PROJECT_ROOT / "docs" / "examples"
TODAY = date(2026, 11, 22)
HEADER = "codice;titolo;comune;contratto;posti;pubblicata;scade;url"
ROW = "A1;Barista;Rho;part time;2;03/11/2026;31/12/2026;"


@pytest.fixture
def builder(content: Content) -> OfferBuilder:
    """Builds offers with the real gazetteers."""
    return OfferBuilder(content, life_days=60, source="Prova", read_on=TODAY)


def read(builder: OfferBuilder, text: str | bytes) -> ReadOffers:
    data = text.encode() if isinstance(text, str) else text
    return read_offers(data, "offerte", builder)


def one(builder: OfferBuilder, text: str | bytes) -> Offer:
    result = read(builder, text)
    assert result.problems.found == []
    (offer,) = result.offers
    return offer


def posting(**changes: Any) -> dict[str, Any]:
    """A JobPosting as sites write it."""
    base = {
        "@context": "https://schema.org",
        "@type": "JobPosting",
        "identifier": "A1",
        "title": "Barista",
        "datePosted": "2026-11-03",
        "validThrough": "2026-12-31",
        "jobLocation": {"@type": "Place", "address": {"addressLocality": "Rho"}},
    }
    return {**base, **changes}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
def test_a_table_is_read_whatever_program_saved_it(
    builder: OfferBuilder, encoding: str, newline: str, delimiter: str
) -> None:
    rows = "\n".join([HEADER, ROW.replace("Barista", "Barista in città"), "", ""])
    text = rows.replace(";", delimiter).replace("\n", newline)
    offer = one(builder, text.encode(encoding))
    assert offer.titolo == "Barista in città"
    assert (offer.mestiere, offer.comune, offer.contratto) == ("barista", "Rho", ["part-time"])
    assert (offer.pubblicata, offer.scade) == (date(2026, 11, 3), date(2026, 12, 31))


def test_headers_of_others_are_understood(builder: OfferBuilder) -> None:
    offer = one(
        builder, "ID,Title,Città,Data scadenza,Numero posti\nX,Cuoca,milano,30 novembre 2026,n. 3\n"
    )
    assert (offer.codice, offer.mestiere, offer.comune, offer.posti) == ("X", "cuoco", "Milano", 3)


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("Barista", "", "titolo"),
        ("03/11/2026", "ieri", "pubblicata"),
        ("31/12/2026", "31/02/2026", "scade"),
        ("31/12/2026", "01/01/2020", ""),
        (";2;", ";alcuni;", "posti"),
        ("2026;", "2026;javascript:alert(1)", "url"),
    ],
)
def test_a_wrong_cell_is_told_with_line_field_and_remedy(
    builder: OfferBuilder, old: str, new: str, field: str
) -> None:
    wrong = new.join(ROW.rsplit(old, 1))
    result = read(builder, "\n".join([HEADER, ROW.replace("A1", "A0"), wrong]))
    assert [offer.codice for offer in result.offers] == ["A0"]
    (problem,) = result.problems.found
    assert (problem.line, problem.field) == (3, field)
    assert problem.remedy


@pytest.mark.parametrize(
    "text",
    ["", "   \n", "nome;cognome\na;b\n", "titolo;titolo\na;b", "\x00\x01\x02\x03", "{", "[1, 2", "<html></html>",
     '{"a": NaN}', "[" * 100_000, '"' * 10, "<" * 1_000],
)  # fmt: skip
def test_a_file_that_holds_no_offers_is_refused(builder: OfferBuilder, text: str) -> None:
    with pytest.raises(ContentError) as caught:
        read(builder, text)
    assert caught.value.remedy


def test_two_offers_with_one_code_are_refused(builder: OfferBuilder) -> None:
    result = read(builder, "\n".join([HEADER, ROW, ROW, ROW.replace("Rho", "Arese")]))
    (problem,) = result.problems.found
    assert (problem.line, problem.field) == (4, "codice")


@pytest.mark.parametrize(
    "wrapped",
    [
        lambda p: p,
        lambda p: [p],
        lambda p: {"@context": "https://schema.org", "@graph": [{"@type": "WebSite"}, p]},
        lambda p: {"@type": "ItemList", "itemListElement": [{"@type": "ListItem", "item": p}]},
        lambda p: {("schema:" + k if k[0] != "@" else k): v for k, v in p.items()} | {"@type": "schema:JobPosting"},
        lambda p: {("http://schema.org/" + k if k[0] != "@" else k): v for k, v in p.items()} | {"@type": ["http://schema.org/JobPosting"]},
    ],
)  # fmt: skip
def test_a_posting_is_found_wherever_it_stands(builder: OfferBuilder, wrapped: Any) -> None:
    offer = one(builder, json.dumps(wrapped(posting())))
    assert (offer.codice, offer.mestiere, offer.comune) == ("A1", "barista", "Rho")
    page = (
        f'<html><head><script type="application/ld+json">{json.dumps(wrapped(posting()))}</script>'
    )
    assert one(builder, page) == offer


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"employmentType": "PART_TIME"}, {"contratto": ["part-time"]}),
        ({"employmentType": ["FULL_TIME", "INTERN"]}, {"contratto": ["full-time", "stage"]}),
        ({"employmentType": "tempo indeterminato"}, {"contratto": ["tempo-indeterminato"]}),
        ({"jobLocationType": "TELECOMMUTE"}, {"contratto": ["smart-working"]}),
        ({"jobLocation": [{"address": "via Legnano 3, 20017 Rho (MI)"}]}, {"comune": "Rho"}),
        ({"jobLocation": {"address": {"addressLocality": "Monza"}}}, {"comune": "Monza"}),
        ({"jobLocation": None}, {"comune": ""}),
        ({"validThrough": None}, {"scade": date(2027, 1, 2)}),
        ({"validThrough": "2026-12-31T23:30:00Z"}, {"scade": date(2027, 1, 1)}),
        ({"totalJobOpenings": 4}, {"posti": 4}),
        ({"identifier": {"@type": "PropertyValue", "value": 77}}, {"codice": "77"}),
        ({"description": "<p>Colazioni</p><p>e aperitivi</p>"}, {"descrizione": "Colazioni e aperitivi"}),
        ({"hiringOrganization": {"name": "Bar Centrale"}}, {"azienda": "Bar Centrale"}),
        ({"title": "Cameriera/barista"}, {"mestiere": "cameriere", "altri_mestieri": ["barista"]}),
        ({"baseSalary": {"currency": "EUR", "value": {"minValue": 9, "maxValue": 11, "unitText": "HOUR"}}},
         {"retribuzione": "9-11 EUR all'ora"}),
    ],
)  # fmt: skip
def test_the_properties_of_schema_org_are_understood(
    builder: OfferBuilder, changes: dict[str, Any], expected: dict[str, Any]
) -> None:
    offer = one(builder, json.dumps(posting(**changes)))
    assert {name: getattr(offer, name) for name in expected} == expected


def test_a_wrong_posting_is_told_with_its_line(builder: OfferBuilder) -> None:
    good, bad = posting(), posting(identifier="A2", datePosted="presto")
    text = json.dumps([good, {"nested": {"a": "}{"}}, bad], indent=1)
    result = read(builder, text)
    (problem,) = result.problems.found
    start = text[: text.index('"A2"')].rindex("{")
    assert problem.line == text.count("\n", 0, start) + 1
    assert problem.field == "pubblicata"


def test_json_lines_are_read(builder: OfferBuilder) -> None:
    lines = [json.dumps(posting(identifier=f"L{n}")) for n in range(3)]
    assert [o.codice for o in read(builder, "\n".join(lines)).offers] == ["L0", "L1", "L2"]


def test_an_offer_without_a_code_gets_the_same_one_every_time(builder: OfferBuilder) -> None:
    text = json.dumps([posting(identifier=None), posting(identifier=None, title="Cuoco")])
    first, second = read(builder, text).offers
    assert first.codice != second.codice
    assert [o.codice for o in read(builder, text).offers] == [first.codice, second.codice]


@pytest.mark.parametrize("name", ["offerte.csv", "offerte.jsonld", "offerte.html"])
def test_the_documented_examples_are_read_without_a_problem(
    builder: OfferBuilder, name: str
) -> None:
    result = read(builder, Path(EXAMPLES / name).read_bytes())
    assert result.problems.found == []
    assert all(offer.mestiere and offer.comune and offer.contratto for offer in result.offers)
    assert result.offers

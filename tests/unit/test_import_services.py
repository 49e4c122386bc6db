"""Services, offices and municipalities from the files of others. Nothing is ever fetched."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from bot.errors import ContentError
from bot.settings import PROJECT_ROOT
from knowledge.content import Content, overlaid
from knowledge.importing.comuni import read_comuni
from knowledge.importing.offices import read_offices
from knowledge.importing.services import read_services
from knowledge.schema import Record

EXAMPLES = PROJECT_ROOT / "docs" / "examples"

TURTLE = """
@prefix cpsv: <https://w3id.org/italia/onto/CPSV/> .
@prefix l0: <https://w3id.org/italia/onto/l0/> .
<urn:x:urp> a cpsv:PublicService ;
  l0:identifier "sportello-prova" ;
  l0:name "Sportello di prova"@it, "Test desk"@en ;
  l0:description "Dà informazioni e orienta fra gli uffici."@it ;
  cpsv:hasCost [ l0:description "Gratuito" ] ;
  cpsv:hasProcessingTime "P30D" ;
  cpsv:isCompliantWithRule [ l0:name "Legge 150 del 2000" ] ;
  <https://w3id.org/italia/onto/RO/hasRiT> [ l0:name "Comune di Rho" ] ;
  cpsv:hasChannel [ a cpsv:PhoneChannel ; cpsv:hasPhoneCh "02 1234567" ] .
"""
RDF_XML = """<?xml version="1.0" encoding="ISO-8859-1"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:c="http://purl.org/vocab/cpsv#"
  xmlns:dct="http://purl.org/dc/terms/" xmlns:m="http://data.europa.eu/m8g/">
  <c:PublicService rdf:about="urn:x:1">
    <dct:identifier>sportello-prova</dct:identifier>
    <dct:title xml:lang="it">Sportello di prova</dct:title>
    <dct:description>Dà informazioni e orienta fra gli uffici.</dct:description>
    <m:hasCompetentAuthority rdf:resource="urn:x:2"/>
    <m:processingTime>P30D</m:processingTime>
  </c:PublicService>
  <rdf:Description rdf:about="urn:x:2"><dct:title>Comune di Rho</dct:title></rdf:Description>
</rdf:RDF>"""
MODELLO_COMUNI = {
    "name": "Sportello di prova",
    "description": "Dà informazioni e orienta fra gli uffici.",
    "serviceType": "P1Y",
    "serviceOperator": {"name": "Comune di Rho"},
    "audience": {"audienceType": "Cittadini"},
    "availableChannel": {
        "serviceUrl": "https://esempio.invalid/s",
        "serviceLocation": {
            "name": "Municipio",
            "address": {"streetAddress": "piazza Visconti 23"},
        },
    },
}


@pytest.fixture(autouse=True)
def no_names_are_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Even asking for the address of a host fails the test."""

    def refused(*_: Any, **__: Any) -> Any:
        raise AssertionError("an importer tried to reach the network")

    monkeypatch.setattr(socket, "getaddrinfo", refused)


def one(data: str | bytes, path: str) -> Record:
    content = read_services(data.encode() if isinstance(data, str) else data, path)
    (record,) = content.records.values()
    assert {s.source for s in (record.summary, *record.facts)} <= content.sources.keys()
    return record


def texts(record: Record) -> dict[str, str]:
    return {fact.id: fact.text for fact in record.facts}


def test_turtle_of_cpsv_ap_it_is_read() -> None:
    record = one(TURTLE, "a.ttl")
    assert (record.id, record.title, record.level) == (
        "sportello-prova",
        "Sportello di prova",
        "comunale",
    )
    assert record.body == "Comune di Rho"
    assert record.summary.text == "Dà informazioni e orienta fra gli uffici."
    said = texts(record)
    assert said["costo"] == "Quanto costa: Gratuito"
    assert "30 giorni" in said["tempi"]
    assert "Legge 150 del 2000" in said["legge"]
    assert "02 1234567" in said["contatti"]
    assert record.service is not None
    assert record.service.channels == ["telefono"]


def test_a_graph_says_the_same_at_every_reading() -> None:
    """Blank nodes have new names, and another order, each time."""
    data = Path(EXAMPLES / "servizi.jsonld").read_bytes()
    first = one(data, "servizi.jsonld")
    assert all(one(data, "servizi.jsonld") == first for _ in range(12))


def test_rdf_xml_of_the_european_profile_is_read() -> None:
    record = one(RDF_XML.encode("latin-1"), "a.rdf")
    assert (record.id, record.body) == ("sportello-prova", "Comune di Rho")
    assert "Dà informazioni" in record.summary.text


def test_metadata_of_the_modello_comuni_need_neither_context_nor_type() -> None:
    record = one(json.dumps(MODELLO_COMUNI), "a.json")
    assert (record.title, record.level) == ("Sportello di prova", "comunale")
    assert "piazza Visconti 23" in texts(record)["dove"]
    assert "Cittadini" in texts(record)["a-chi"]
    page = (
        f'<!doctype html><script type="application/ld+json">{json.dumps(MODELLO_COMUNI)}</script>'
    )
    assert texts(one(page, "a.html")) == texts(record)


@pytest.mark.parametrize("name", ["servizi.jsonld", "servizi.csv"])
def test_the_documented_examples_are_read(name: str) -> None:
    record = one(Path(EXAMPLES / name).read_bytes(), name)
    facets = {fact.facet for fact in record.facts}
    assert {"audience", "needed", "cost", "time", "contacts", "where", "law"} <= facets


def test_what_must_be_verified_is_a_fact_to_confirm() -> None:
    record = one(Path(EXAMPLES / "servizi.csv").read_bytes(), "servizi.csv")
    doubtful = [fact for fact in record.facts if fact.status == "to_confirm"]
    assert [fact.id for fact in doubtful] == ["costo"]
    assert "VERIFICARE" not in doubtful[0].text


def test_a_long_text_becomes_several_facts() -> None:
    rows = "titolo;ente;descrizione;costo\nPatrocinio;Comune di Rho;Una frase che dice che cos'è.;"
    record = one(rows + "Costa dieci euro al giorno. " * 60, "a.csv")
    costs = [fact for fact in record.facts if fact.facet == "cost"]
    assert len(costs) > 3
    assert all(len(fact.text) <= 420 for fact in costs)


@pytest.mark.parametrize(
    ("text", "path", "field"),
    [
        ('{"@context": "https://contesti.invalid/x.jsonld", "name": "x"}', "a.jsonld", "@context"),
        ('{"@context": [{}, "http://127.0.0.1:9/c"], "name": "x"}', "a.jsonld", "@context"),
        ('{"@context": {"@import": "https://schema.org"}, "name": "x"}', "a.jsonld", "@context"),
        ('{"@context": {"a": {"@id": "x:a", "@context": "file:///etc/passwd"}}}', "a.jsonld", "@context"),
        ('{"@graph": [{"@context": "https://contesti.invalid/y"}]}', "a.jsonld", "@context"),
        ("{", "a.jsonld", ""),
        ("@prefix x: <y", "a.ttl", ""),
        ("<rdf:RDF>", "a.rdf", ""),
        ('<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "b">]><r>&a;</r>', "a.rdf", ""),
        ('<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]><r>&a;</r>', "a.xml", ""),
        ('<?xml version="1.0"?><!DOCTYPE r SYSTEM "http://127.0.0.1:9/x.dtd"><r/>', "a.xml", ""),
        ("titolo;ente;descrizione\n;Comune di Rho;Che cos'è questo servizio\n", "a.csv", "titolo"),
        ("titolo;ente;descrizione;valido_al\nProva;Rho;Che cos'è questo;mai\n", "a.csv", "valido_al"),
        ("titolo;ente;descrizione;sito\nProva;Rho;Che cos'è questo;javascript:1\n", "a.csv", "service.web"),
    ],
)  # fmt: skip
def test_what_cannot_be_imported_is_told_with_field_and_remedy(
    text: str, path: str, field: str
) -> None:
    with pytest.raises(ContentError) as caught:
        read_services(text.encode(), path)
    assert (caught.value.path, caught.value.field) == (path, field)
    assert caught.value.remedy


def test_offices_of_the_register_have_contacts_and_no_people(content: Content) -> None:
    data = Path(EXAMPLES / "uffici-indicepa.csv").read_bytes()
    data = data.replace(b"da_indicare,da_indicare", b"Giuseppina,Colombo")
    layer = read_offices(data, "u.csv", content)
    library, gardens = layer.records.values()
    assert library.contact_points[0].pec == ["biblioteche@pec.esempio.invalid"]
    assert library.contact_points[0].web == "https://www.esempio.invalid"
    assert gardens.contact_points[0].comune == "Rho"
    assert layer.sources[library.summary.source].date == "2026-09-30"
    assert not any("Colombo" in record.model_dump_json() for record in layer.records.values())
    assert len(read_offices(data, "u.csv", content, body_code="ESEMPIO_CM").records) == 2
    with pytest.raises(ContentError, match="uffici"):
        read_offices(data, "u.csv", content, body_code="altro")


def test_municipalities_of_istat_complete_what_is_known(content: Content) -> None:
    before = {comune.istat: comune for comune in content.comuni}
    layer = read_comuni(Path(EXAMPLES / "comuni-istat.csv").read_bytes(), "c.csv", content)
    rho = next(comune for comune in layer.comuni if comune.name == "Rho")
    assert rho.population == 50_246
    assert (rho.zone, rho.cap) == (before[rho.istat].zone, before[rho.istat].cap)
    assert [comune.istat for comune in layer.comuni] == ["015146", "015182"]
    after = overlaid(content, layer)
    assert [c.istat for c in after.comuni] == [c.istat for c in content.comuni]


@pytest.mark.parametrize(
    ("rows", "field"),
    [
        ("codice istat;comune;zona\n015999;Comunenuovo;\n", "zona"),
        ("codice istat;comune;zona\n015182;Rho;Zona Lunare\n", "zona"),
        ("codice istat;popolazione\n015182;tanti\n", "popolazione"),
        ("codice istat;comune\n01518X;Rho\n", "istat"),
        ("codice istat;comune\n015182;Milano\n", ""),
    ],
)
def test_a_wrong_municipality_is_told(content: Content, rows: str, field: str) -> None:
    with pytest.raises(ContentError) as caught:
        read_comuni(rows.encode(), "c.csv", content)
    assert caught.value.field == field
    assert caught.value.remedy

"""Services in RDF (JSON-LD, Turtle, RDF/XML, N-Triples) as the columns of our CSV model.

Understood: CPSV-AP_IT, the European CPSV-AP, schema.org ``GovernmentService`` and the metadata of the Modello Comuni.
Properties are known by the last part of their name, so that prefixes and versions of the vocabularies do not matter.
What may be parsed at all is decided in `rdf_safety`.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from typing import Any, Final

from bot.errors import ContentError
from knowledge.importing.rdf_safety import RDF_FORMATS, prepared_rdf
from knowledge.importing.values import clean

_SERVICE_TYPES: Final = frozenset({"PublicService", "GovernmentService"})
_SAID_BY: Final = (
    "name",
    "title",
    "prefLabel",
    "label",
    "description",
    "value",
    "fullAddress",
    "identifier",
)
_MAX_DEPTH: Final = 4
_DURATION: Final = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T.*)?")
_CHANNELS: Final = {
    "OfflineChannel": "sportello",
    "PhoneChannel": "telefono",
    "EmailChannel": "email",
    "WebSiteChannel": "web",
}
_PROPERTIES: Final[dict[str, tuple[str, ...]]] = {
    "codice": ("identifier",),
    "titolo": ("name", "title", "prefLabel", "label"),
    "nomi": ("serviceKeyword", "keyword", "keywords", "alternateName"),
    "ente": ("hasRiT", "hasCompetentAuthority", "serviceOperator", "provider", "isProvidedBy"),
    "descrizione": ("description", "comment"),
    "a_chi": ("audience", "hasAudience", "audienceType", "isAddressedTo"),
    "come_fare": ("hasHowTo", "howTo", "termsOfService", "procedure"),
    "cosa_serve": ("hasInput", "hasRequirement", "holdsRequirement"),
    "cosa_si_ottiene": ("producesOutput", "produces", "serviceOutput"),
    "costo": ("hasCost", "offers"),
    "tempi": ("hasProcessingTime", "processingTime"),
    "contatti": ("hasOnlineContactPoint", "hasContactPoint", "contactPoint"),
    "dove": ("isPhysicallyAvailableAt", "serviceLocation", "location"),
    "legge": ("isCompliantWithRule", "follows", "hasLegalResource", "hasFormalFramework"),
    "tema": ("serviceTheme", "thematicArea", "sector", "serviceSector", "category"),
    "sito": ("url", "homepage", "page", "serviceUrl"),
    "data_fonte": ("modified", "dateModified", "issued"),
    "fonte": ("source",),
}
_CONTACT_PARTS: Final = (
    "telephoneNumber", "telephone", "hasTelephone", "hasPhoneCh", "servicePhone", "emailAddress", "email", "hasEmail",
    "hasEmailCh", "hasCertifiedEmail", "hasPEC", "URL", "hasWebSite", "hasWebSiteCh", "serviceUrl",
)  # fmt: skip
_ADDRESS_PARTS: Final = (
    "fullAddress",
    "streetAddress",
    "postalCode",
    "postCode",
    "addressLocality",
    "city",
)
_COST_PARTS: Final = (
    "name",
    "description",
    "value",
    "costValue",
    "price",
    "currency",
    "priceCurrency",
)


def rdf_services(text: str, path: str) -> Iterator[tuple[int | None, dict[str, str]]]:
    """(line, columns) of every service in an RDF text.

    Raises:
        ContentError: it cannot be read, names a context that is not bundled, or defines XML entities.
    """
    graph = _Graph(text, path)
    for service in graph.services():
        fields = graph.fields(service)
        yield _line(text, str(service), fields), fields


class _Graph:
    """A parsed text, asked by the last part of the names of properties."""

    def __init__(self, text: str, path: str) -> None:
        from rdflib import Graph

        # rdflib warns of odd literals in its own log, quoting them; our errors say what matters.
        logging.getLogger("rdflib").setLevel(logging.CRITICAL)
        self._graph = Graph()
        kind, prepared = prepared_rdf(text, path)
        try:
            self._graph.parse(data=prepared, format=kind, publicID="urn:sportello:import")
        except Exception as error:
            # The parsers of rdflib raise whatever their input makes them stumble over.
            line = getattr(error, "lines", None)
            raise ContentError(
                path,
                f"non si legge come {RDF_FORMATS[kind]}",
                "controlla il file con il programma che lo ha prodotto",
                line=line + 1 if isinstance(line, int) else None,
            ) from None

    def services(self) -> list[Any]:
        """Subjects that are services, in a stable order."""
        from rdflib import RDF

        found = {
            subject
            for subject, _, kind in self._graph.triples((None, RDF.type, None))
            if _last(kind) in _SERVICE_TYPES
        }
        return sorted(found, key=self._place)

    def fields(self, service: Any) -> dict[str, str]:
        """Columns of the CSV model."""
        fields = {
            column: " ".join(self._texts(service, names)) for column, names in _PROPERTIES.items()
        }
        for column in ("codice", "titolo", "sito", "data_fonte", "fonte", "tema"):
            fields[column] = self._first(service, _PROPERTIES[column])
        fields["nomi"] = ";".join(self._texts(service, _PROPERTIES["nomi"]))
        for column in ("cosa_serve", "legge", "cosa_si_ottiene", "a_chi"):
            fields[column] = "; ".join(self._texts(service, _PROPERTIES[column]))
        fields["ente"] = self._first(service, _PROPERTIES["ente"])
        fields["costo"] = "; ".join(self._compound(service, _PROPERTIES["costo"], _COST_PARTS))
        fields["tempi"] = "; ".join(map(_duration, self._texts(service, _PROPERTIES["tempi"])))
        channels = self._objects(service, ("hasChannel", "availableChannel", "hasContactPoint"))
        contacts = self._compound(
            service, (*_PROPERTIES["contatti"], "hasChannel", "availableChannel"), _CONTACT_PARTS
        )
        fields["contatti"] = ", ".join(dict.fromkeys(contacts))
        places = self._compound(service, _PROPERTIES["dove"], _ADDRESS_PARTS, named=True)
        for channel in channels:
            places += self._compound(channel, _PROPERTIES["dove"], _ADDRESS_PARTS, named=True)
        fields["dove"] = "; ".join(dict.fromkeys(places))
        fields["canali"] = ";".join(self._channels(channels))
        fields["valido_dal"] = self._first_of(
            service, "hasTemporalCoverage", ("startTime", "startDate", "validFrom")
        )
        fields["valido_al"] = self._first_of(
            service, "hasTemporalCoverage", ("endTime", "endDate", "validThrough")
        )
        return {column: clean(value) for column, value in fields.items() if clean(value)}

    def _objects(self, node: Any, names: tuple[str, ...]) -> list[Any]:
        pairs = list(self._graph.predicate_objects(node))
        return [
            value
            for name in names
            for value in sorted(
                (value for predicate, value in pairs if _last(predicate) == name),
                key=self._place,
            )
        ]

    def _place(self, value: Any) -> tuple[bool, bool, str]:
        """Order of values: Italian first, then by what they say; a graph has no order, and its ids change."""
        language = str(getattr(value, "language", None) or "")
        return not language.lower().startswith("it"), bool(language), self._signature(value)

    def _signature(self, node: Any, depth: int = 0) -> str:
        from rdflib import BNode

        if not isinstance(node, BNode) or depth > _MAX_DEPTH:
            return "" if isinstance(node, BNode) else str(node)
        inner = (
            self._signature(value, depth + 1) for _, value in self._graph.predicate_objects(node)
        )
        return " ".join(sorted(inner))

    def _texts(self, node: Any, names: tuple[str, ...]) -> list[str]:
        values = self._objects(node, names)
        spoken = [value for value in values if getattr(value, "language", None)]
        if any(value.language.lower().startswith("it") for value in spoken):
            values = [v for v in values if v not in spoken or v.language.lower().startswith("it")]
        return list(dict.fromkeys(filter(None, (self._said(value) for value in values))))

    def _first(self, node: Any, names: tuple[str, ...]) -> str:
        return next(iter(self._texts(node, names)), "")

    def _first_of(self, node: Any, name: str, names: tuple[str, ...]) -> str:
        return next((self._first(part, names) for part in self._objects(node, (name,))), "")

    def _said(self, node: Any, depth: int = 0) -> str:
        """What a value says: a literal itself, a thing its name."""
        from rdflib import Literal, URIRef

        if isinstance(node, Literal):
            return clean(node)
        if depth < _MAX_DEPTH:
            for name in (
                *_SAID_BY,
                "withAgent",
                "hasAgent",
                "agent",
                "audienceType",
                "hasAddress",
                "address",
            ):
                for value in self._objects(node, (name,)):
                    if value != node and (said := self._said(value, depth + 1)):
                        return said
        if isinstance(node, URIRef) and not str(node).startswith("urn:sportello"):
            return str(node) if str(node).startswith(("http", "mailto", "tel")) else _last(node)
        return ""

    def _compound(
        self, node: Any, names: tuple[str, ...], parts: tuple[str, ...], *, named: bool = False
    ) -> list[str]:
        """Each object as its parts in one line, or as what it says when it has none of them."""
        found = []
        for value in self._objects(node, names):
            said = list(self._parts(value, parts))
            name = self._first(value, ("name",)) if named else ""
            line = " ".join(dict.fromkeys(filter(None, (name, *said))))
            if line or not list(self._graph.predicate_objects(value)):
                found.append(line or self._said(value))
        return [line for line in found if line]

    def _parts(self, node: Any, parts: tuple[str, ...], depth: int = 0) -> Iterator[str]:
        for name in parts:
            for text in self._texts(node, (name,)):
                yield text.removeprefix("mailto:").removeprefix("tel:")
        if depth < _MAX_DEPTH:
            for inner in self._objects(node, ("hasAddress", "address", "serviceLocation")):
                if inner != node:
                    yield from self._parts(inner, parts, depth + 1)

    def _channels(self, nodes: list[Any]) -> Iterator[str]:
        from rdflib import RDF

        for node in nodes:
            for kind in self._graph.objects(node, RDF.type):
                if channel := _CHANNELS.get(_last(kind)):
                    yield channel


def _last(node: Any) -> str:
    return re.split(r"[#/:]", str(node).rstrip("/#"))[-1]


def _duration(text: str) -> str:
    match = _DURATION.fullmatch(text)
    if not match or not any(match.groups()):
        return text
    words = (("anno", "anni"), ("mese", "mesi"), ("settimana", "settimane"), ("giorno", "giorni"))
    return " e ".join(
        f"{number} {one if int(number) == 1 else many}"
        for number, (one, many) in zip(match.groups(), words, strict=True)
        if number
    )


def _line(text: str, subject: str, fields: dict[str, str]) -> int | None:
    for needle in (subject, fields.get("codice", ""), fields.get("titolo", "")):
        at = text.find(needle) if needle else -1
        if at >= 0:
            return text.count("\n", 0, at) + 1
    return None

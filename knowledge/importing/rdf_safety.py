"""What of an RDF file may reach the parser: nothing that makes it fetch an address or expand an entity.

Contexts of JSON-LD are replaced by the bundled copies of ``contexts.json``; XML may not define entities.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from pathlib import Path
from typing import Any, Final
from xml.parsers import expat

from bot.errors import ContentError
from knowledge.importing.json_text import parsed_json

RDF_FORMATS: Final = {"json-ld": "JSON-LD", "xml": "RDF/XML", "turtle": "Turtle", "nt": "N-Triples"}
"""Names of the formats for rdflib and for people."""

_DECLARATION: Final = re.compile(r"^<\?xml[^>]*\?>")


def prepared_rdf(text: str, path: str) -> tuple[str, str]:
    """Format of a text, and the text made safe to parse."""
    start = text.lstrip("\ufeff \n\t")
    if start.startswith(("{", "[")):
        values = [_with_own_contexts(value, path) for value in parsed_json(text, path)]
        return "json-ld", json.dumps(values if len(values) > 1 else values[0])
    if (
        start.startswith("<?xml")
        or start.startswith("<rdf:")
        or path.lower().endswith((".rdf", ".xml"))
    ):
        _refuse_entities(text, path)
        # The text is decoded already: its declaration may still name the encoding of the file.
        return "xml", _DECLARATION.sub("", start)
    return ("nt" if path.lower().endswith(".nt") else "turtle"), text


def _with_own_contexts(value: Any, path: str, depth: int = 0) -> Any:
    """A JSON-LD value in which every context is written out; a plain Modello Comuni object gets one."""
    if depth == 0 and isinstance(value, dict) and "@context" not in value and "@graph" not in value:
        value = {"@context": "https://schema.org", "@type": "GovernmentService", **value}
    if isinstance(value, list):
        return [_with_own_contexts(part, path, depth + 1 if depth else 0) for part in value]
    if not isinstance(value, dict):
        return value
    return {
        key: _own_context(part, path)
        if key == "@context"
        else _with_own_contexts(part, path, depth + 1)
        for key, part in value.items()
    }


def _own_context(context: Any, path: str) -> Any:
    if isinstance(context, str):
        known = _contexts().get(context.rstrip("/#").replace("http://", "https://"))
        if known is None:
            raise ContentError(
                path,
                f"il contesto «{context[:200]}» non è fra quelli di Sportello, e in rete non si va a prenderlo",
                "scrivi il contesto dentro il file",
                field="@context",
            )
        return known
    if isinstance(context, list):
        return [_own_context(part, path) for part in context]
    if isinstance(context, dict):
        if "@import" in context:
            raise ContentError(
                path, "@import non è ammesso", "scrivi il contesto dentro il file", field="@context"
            )
        return {
            key: {**term, "@context": _own_context(term["@context"], path)}
            if isinstance(term, dict) and "@context" in term
            else term
            for key, term in context.items()
        }
    return context


@lru_cache(maxsize=1)
def _contexts() -> dict[str, Any]:
    """Bundled contexts by the addresses under which files name them."""
    bundled = json.loads(Path(__file__).with_name("contexts.json").read_text(encoding="utf-8"))
    return {address: entry["@context"] for entry in bundled for address in entry["addresses"]}


def _refuse_entities(text: str, path: str) -> None:
    def refuse(*_: Any) -> Any:
        raise ContentError(path, "il file XML definisce entità", "togli le righe <!ENTITY …>")

    parser = expat.ParserCreate("utf-8")
    parser.EntityDeclHandler = refuse
    parser.ExternalEntityRefHandler = refuse
    try:
        parser.Parse(text.lstrip("\ufeff \n\t").encode("utf-8"), True)
    except expat.ExpatError as error:
        raise ContentError(
            path, "qui non è XML valido", "controlla i tag aperti e chiusi", line=error.lineno
        ) from None

"""A record of a service from named texts (the columns of the CSV model), whatever file they come from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any, Final, get_args

from knowledge.importing.texts import text, texts
from knowledge.importing.values import clean, parsed_count, parsed_date, shortened, without_html
from knowledge.schema import Kind, Level, Record, Source
from knowledge.schema_base import LINE_MAX_CHARS, SENTENCE_MAX_CHARS, TITLE_MAX_CHARS
from knowledge.schema_kinds import Channel
from knowledge.text import fold, slug
from knowledge.validation import Invalid, checked

SERVICE_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "codice": ("id", "identificativo", "codice servizio"),
    "tipo": ("kind",),
    "titolo": ("nome", "servizio", "denominazione", "titolo del servizio"),
    "nomi": ("parole chiave", "sinonimi", "altri nomi"),
    "livello": ("livello di governo",),
    "ente": ("amministrazione", "erogatore", "ente erogatore"),
    "ufficio": ("ufficio competente", "struttura", "unità organizzativa"),
    "descrizione": ("descrizione breve", "cos'è", "che cos'è"),
    "a_chi": ("a chi è rivolto", "a chi si rivolge", "destinatari"),
    "come_fare": ("come fare", "cosa fare", "come si fa"),
    "cosa_serve": ("cosa serve", "documenti", "requisiti", "che cosa serve"),
    "cosa_si_ottiene": ("cosa si ottiene", "output"),
    "costo": ("costi", "quanto costa"),
    "tempi": ("tempi e scadenze", "scadenze", "quanto tempo"),
    "giorni": ("giorni di procedimento", "durata giorni"),
    "contatti": ("contatto", "recapiti"),
    "dove": ("indirizzo", "sede"),
    "orari": ("orario",),
    "legge": ("normativa", "riferimenti normativi", "base giuridica"),
    "canali": ("canale", "modalità"),
    "tema": ("argomento", "categoria"),
    "sito": ("url", "pagina", "link"),
    "fonte": ("source",),
    "riferimento": ("riferimento fonte",),
    "data_fonte": ("data fonte", "aggiornato il", "ultimo aggiornamento"),
    "verificato_il": ("verificato il",),
    "verificato_da": ("verificato da",),
    "valido_dal": ("valido dal",),
    "valido_al": ("valido al",),
    "rivedere_entro": ("rivedere entro",),
    "confidenza": ("affidabilità",),
}
"""Columns of the CSV model and other headers under which they are understood."""

TO_VERIFY: Final = re.compile(r"[\[(]?\bda verificare\b[\])]?[.:]?", re.IGNORECASE)
_SENTENCE_END: Final = re.compile(r"(?<=[.;:!?])\s+")
_LEVEL_MARKS: Final[tuple[tuple[str, Level], ...]] = (
    ("citta metropolitana", "metropolitano"),
    ("regione", "regionale"),
    ("provincia", "provinciale"),
    ("comune", "comunale"),
    ("municipio", "comunale"),
    ("ministero", "statale"),
    ("agenzia delle entrate", "statale"),
    ("inps", "statale"),
    ("questura", "statale"),
    ("prefettura", "statale"),
)
_CONFIDENCE: Final = {"alta": "high", "media": "medium", "bassa": "low", "": "high"}
_MAX_FACTS: Final = 60

Fields = Mapping[str, str]
Flaw = tuple[tuple[str | int, ...], str, str]


def service_record(fields: Fields, path: str) -> tuple[Record, str, Source]:
    """The record that ``fields`` describe, with the key of its source and the source.

    Args:
        fields: by the names of `SERVICE_COLUMNS`; a text with "DA VERIFICARE" becomes a fact to be confirmed.
        path: the file, named as the source where the fields name none.

    Raises:
        Invalid: with every flaw; locations are names of columns.
    """
    flaws: list[Flaw] = []
    title = without_html(fields.get("titolo", ""))
    if len(title) < 3:
        flaws.append((("titolo",), "manca", "scrivi il nome del servizio"))
    body = shortened(clean(fields.get("ente", "")), LINE_MAX_CHARS)
    if not body:
        flaws.append((("ente",), "manca", "scrivi l'ente che dà il servizio"))
    if len(_stated(fields.get("descrizione", ""))[0]) < 10:
        flaws.append((("descrizione",), "manca o è troppo corta", "scrivi almeno una frase"))
    dates = {
        name: _day(fields, name, flaws)
        for name in ("data_fonte", "verificato_il", "valido_dal", "valido_al", "rivedere_entro")
    }
    days = clean(fields.get("giorni", ""))
    if days and parsed_count(days) is None:
        flaws.append((("giorni",), f"«{days[:40]}» non è un numero", "scrivi solo cifre"))
    confidence = _CONFIDENCE.get(clean(fields.get("confidenza", "")).lower())
    if confidence is None:
        flaws.append((("confidenza",), "non è fra quelle previste", "scrivi alta, media o bassa"))
    kind = clean(fields.get("tipo", "")) or "service"
    if kind not in get_args(Kind):
        flaws.append((("tipo",), "non è fra quelli previsti", "lascia vuoto o scrivi service"))
    if flaws:
        raise Invalid(flaws)
    source_key, source = _source(fields, path, dates["data_fonte"])
    statements = list(_statements(fields, title, source_key))
    data: dict[str, Any] = {
        "id": record_id(clean(fields.get("codice", "")) or title),
        "kind": kind,
        "title": shortened(title, TITLE_MAX_CHARS),
        "names": _names(fields.get("nomi", ""), title),
        "level": level_of(fields.get("livello", ""), body),
        "body": body,
        "office": shortened(clean(fields.get("ufficio", "")), LINE_MAX_CHARS) or None,
        "summary": {key: statements[0][key] for key in ("text", "source", "status")},
        "facts": statements[1:_MAX_FACTS],
        "verified_on": dates["verificato_il"],
        "verified_by": shortened(clean(fields.get("verificato_da", "")), LINE_MAX_CHARS) or None,
        "valid_from": dates["valido_dal"],
        "valid_to": dates["valido_al"],
        "review_by": dates["rivedere_entro"],
        "confidence": confidence,
    }
    if kind == "service":
        data["service"] = _details(fields, days)
    return checked(Record, data), source_key, source


def record_id(name: str) -> str:
    """Id of an imported record: its code, or its title, in small letters and hyphens."""
    return slug(name)[:60].strip("-") or "senza-nome"


def level_of(written: str, body: str) -> Level:
    """Level of government as written, or as the name of the body tells."""
    plain = fold(written)
    for level in get_args(Level):
        if plain == level:
            return level  # type: ignore[no-any-return]
    name = fold(f"{written} {body}")
    return next((level for mark, level in _LEVEL_MARKS if mark in name), "altro")


def sentences(value: str, label: str) -> list[str]:
    """A text cut into statements that fit, each beginning with the label."""
    room = SENTENCE_MAX_CHARS - len(label)
    parts: list[str] = [""]
    for sentence in _SENTENCE_END.split(value):
        for piece in _pieces(sentence, room):
            if len(parts[-1]) + len(piece) + 1 > room:
                parts.append(piece)
            else:
                parts[-1] = f"{parts[-1]} {piece}".strip()
    return [
        label + part if len(label + part) >= 10 else f"{label}{part} (nient'altro)"
        for part in parts
        if part
    ]


def _pieces(sentence: str, room: int) -> Iterator[str]:
    """A sentence, in pieces between words where it is longer than a statement may be."""
    while len(sentence) > room:
        cut = sentence.rfind(" ", 0, room)
        cut = cut if cut > 0 else room
        yield sentence[:cut].strip()
        sentence = sentence[cut:].strip()
    yield sentence


def _statements(fields: Fields, title: str, source: str) -> Iterator[dict[str, Any]]:
    name = (
        shortened(title[0].lower() + title[1:], 80)
        if title[1:2].islower()
        else shortened(title, 80)
    )
    for column, known in texts()["facets"].items():
        value, status = _stated(fields.get(column, ""))
        if not value:
            continue
        for number, statement in enumerate(sentences(value, known["label"])):
            fact_id = column.replace("_", "-") + (f"-{number + 1}" if number else "")
            yield {
                "id": fact_id,
                "facet": known["facet"],
                "ask": [ask.format(name=name) for ask in known["ask"]],
                "text": statement,
                "source": source,
                "status": status,
            }


def _stated(value: str) -> tuple[str, str]:
    """The text without the mark of what must still be verified, and the status that the mark gives."""
    plain = without_html(value)
    marked = TO_VERIFY.sub("", plain)
    return clean(marked), "to_confirm" if marked != plain else "confirmed"


def _names(written: str, title: str) -> list[str]:
    given = [clean(name) for name in re.split(r"[;|,]", written)]
    names = [shortened(name, LINE_MAX_CHARS) for name in (title, *given) if name]
    return list(dict.fromkeys(names))[:30]


def _details(fields: Fields, days: str) -> dict[str, Any]:
    channels = {fold(name) for name in re.split(r"[;|,]", fields.get("canali", ""))}
    web = clean(fields.get("sito", ""))
    return {
        "identifier": shortened(clean(fields.get("codice", "")), LINE_MAX_CHARS) or None,
        "theme": shortened(clean(fields.get("tema", "")), LINE_MAX_CHARS) or None,
        "output": shortened(without_html(fields.get("cosa_si_ottiene", "")), LINE_MAX_CHARS)
        or None,
        "channels": [channel for channel in get_args(Channel) if fold(channel) in channels],
        "processing_days": parsed_count(days) if days else None,
        "web": web or None,
    }


def _source(fields: Fields, path: str, day: Any) -> tuple[str, Source]:
    title = shortened(
        clean(fields.get("fonte", "")) or text("file_source", path=PurePath(path).name),
        LINE_MAX_CHARS,
    )
    reference = clean(fields.get("riferimento", "")) or clean(fields.get("sito", "")) or None
    source = Source(title=title, reference=reference, date=day.isoformat() if day else None)
    key = slug(f"imp {title} {reference or ''} {source.date or ''}")
    return key[:140], source


def _day(fields: Fields, name: str, flaws: list[Flaw]) -> Any:
    written = clean(fields.get(name, ""))
    day = parsed_date(written) if written else None
    if written and day is None:
        problem = f"«{written[:40]}» non è una data"
        flaws.append(((name,), problem, "scrivila come 2026-11-30 o 30/11/2026"))
    return day

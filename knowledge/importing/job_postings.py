"""``JobPosting`` of schema.org, in any shape that sites give it, as the columns of our own CSV.

Names are read without their context (a prefix or the schema.org address is dropped), so nothing is ever fetched.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from knowledge.importing.json_text import JsonObject
from knowledge.importing.values import clean

_MAX_DEPTH: Final = 12
_MARKS: Final = (
    "http://schema.org/",
    "https://schema.org/",
    "http://www.schema.org/",
    "https://www.schema.org/",
    "schema:",
    "sdo:",
)
_UNITS: Final = {
    "HOUR": "all'ora",
    "DAY": "al giorno",
    "WEEK": "alla settimana",
    "MONTH": "al mese",
    "YEAR": "all'anno",
}


def job_postings(value: Any, depth: int = 0) -> Iterator[JsonObject]:
    """Every ``JobPosting`` in a JSON value, wherever it stands (``@graph``, lists, other objects)."""
    if depth > _MAX_DEPTH:
        return
    if isinstance(value, list):
        for part in value:
            yield from job_postings(part, depth + 1)
    elif isinstance(value, JsonObject):
        if "JobPosting" in _types(value):
            yield value
            return
        for part in value.values():
            yield from job_postings(part, depth + 1)


def posting_fields(posting: JsonObject) -> dict[str, str]:
    """The columns of the CSV model that a posting fills."""
    get = _Properties(posting)
    contact = get.first("applicationContact")
    remote = "TELECOMMUTE" in get.text("jobLocationType").upper()
    return {
        "codice": _identifier(get.first("identifier")),
        "titolo": get.text("title") or get.text("name"),
        "azienda": get.text("hiringOrganization"),
        "comune": _place(get.all("jobLocation")),
        "contratto": " ".join(_text(value) for value in get.all("employmentType")),
        "orario": get.text("workHours"),
        "posti": get.text("totalJobOpenings"),
        "descrizione": get.text("description"),
        "requisiti": " ".join(
            part
            for name in (
                "qualifications",
                "experienceRequirements",
                "educationRequirements",
                "skills",
            )
            if (part := ". ".join(filter(None, (_text(value) for value in get.all(name)))))
        ),
        "retribuzione": _salary(get.first("baseSalary")),
        "pubblicata": get.text("datePosted"),
        "scade": get.text("validThrough"),
        "url": _address(get.text("url")),
        "email": _Properties(contact).text("email") if isinstance(contact, dict) else "",
        "come_candidarsi": _how_to_apply(contact),
        "mestiere": get.text("occupationalCategory"),
        "da_remoto": "sì" if remote else "",
    }


class _Properties:
    """Properties of an object by their schema.org name, whatever prefix they carry."""

    def __init__(self, found: dict[str, Any]) -> None:
        self._values = {_name(key): value for key, value in found.items()}

    def all(self, name: str) -> list[Any]:
        value = self._values.get(name)
        return value if isinstance(value, list) else [] if value is None else [value]

    def first(self, name: str) -> Any:
        return next(iter(self.all(name)), None)

    def text(self, name: str) -> str:
        return _text(self.first(name))


def _name(key: str) -> str:
    for mark in _MARKS:
        if key.startswith(mark):
            return key[len(mark) :]
    return key


def _types(found: JsonObject) -> set[str]:
    value = found.get("@type", found.get("type"))
    return {
        _name(kind)
        for kind in (value if isinstance(value, list) else [value])
        if isinstance(kind, str)
    }


def _text(value: Any, depth: int = 0) -> str:
    """What a value says: itself, or its ``@value``, name or description."""
    if isinstance(value, bool) or value is None or depth > _MAX_DEPTH:
        return ""
    if isinstance(value, (str, int, float)):
        return str(value).strip()
    if isinstance(value, list):
        return _text(next(iter(value), None), depth + 1)
    get = _Properties(value)
    for name in (
        "@value",
        "name",
        "legalName",
        "value",
        "description",
        "credentialCategory",
        "url",
        "@id",
    ):
        if said := _text(get.first(name), depth + 1):
            return said
    return ""


def _identifier(value: Any) -> str:
    if isinstance(value, dict):
        get = _Properties(value)
        return get.text("value") or get.text("@id") or get.text("name")
    return _text(value)


def _place(locations: list[Any]) -> str:
    """The municipality, or the whole address where it stands in one text."""
    for location in locations:
        if not isinstance(location, dict):
            if said := _text(location):
                return said
            continue
        get = _Properties(location)
        address = get.first("address")
        if not isinstance(address, dict):
            address = address or (location if get.text("addressLocality") else None)
        if isinstance(address, dict):
            parts = _Properties(address)
            said = (
                parts.text("addressLocality") or parts.text("name") or parts.text("streetAddress")
            )
        else:
            said = _text(address) or get.text("name")
        if said:
            return said
    return ""


def _salary(value: Any) -> str:
    if not isinstance(value, dict):
        return _text(value)
    get = _Properties(value)
    amount = get.first("value")
    currency = get.text("currency") or "EUR"
    if not isinstance(amount, dict):
        return f"{_text(amount)} {currency}" if _text(amount) else ""
    parts = _Properties(amount)
    figures = [said for name in ("value", "minValue", "maxValue") if (said := parts.text(name))]
    unit = _UNITS.get(parts.text("unitText").upper(), "")
    return clean(f"{'-'.join(figures)} {currency} {unit}") if figures else ""


def _address(text: str) -> str:
    return text if text.startswith(("http://", "https://")) else ""


def _how_to_apply(contact: Any) -> str:
    if not isinstance(contact, dict):
        return ""
    get = _Properties(contact)
    said = (get.text("name"), get.text("telephone"), get.text("email"))
    return ", ".join(part for part in said if part)

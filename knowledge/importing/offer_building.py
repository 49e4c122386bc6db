"""One offer from named texts, whatever file they come from: places, trades and contracts put in our words."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final

from knowledge.content import Content
from knowledge.importing.values import (
    clean,
    parsed_count,
    parsed_date,
    shortened,
    without_html,
)
from knowledge.importing.words import NameFinder
from knowledge.schema import Offer
from knowledge.schema_base import LINE_MAX_CHARS
from knowledge.text import fold
from knowledge.validation import Invalid, checked

_SHORT_CHARS: Final = 300
_LONG_CHARS: Final = 5_000
_HASH_CHARS: Final = 12
_EMPLOYMENT_TYPES: Final = {
    "FULL_TIME": "full-time",
    "PART_TIME": "part-time",
    "CONTRACTOR": "partita-iva",
    "TEMPORARY": "tempo-determinato",
    "INTERN": "stage",
    "PER_DIEM": "lavoro-a-chiamata",
}
"""Values of ``employmentType`` of schema.org that are kinds of contract; others say nothing certain."""

Fields = Mapping[str, str]


class OfferBuilder:
    """Builds offers with the municipalities and gazetteers of a content.

    Args:
        life_days: days after publication at which an offer without a deadline expires.
        source: title of the source where the file names none.
        read_on: the day on which the file is read.
    """

    def __init__(self, content: Content, *, life_days: int, source: str, read_on: date) -> None:
        self._life = timedelta(days=life_days)
        self._source = source
        self._read_on = read_on
        self._by_code = {comune.istat: comune.name for comune in content.comuni}
        self._by_code.update((comune.belfiore, comune.name) for comune in content.comuni)
        names = [(name, c.name) for c in content.comuni for name in (c.name, *c.variants)]
        self._comuni = NameFinder(names)
        self._trades = _finder(content, "mestieri")
        self._contracts = _finder(content, "contratti")
        self._known_contracts = {term.id for term in content.gazetteers.get("contratti", ())}

    def build(self, fields: Fields) -> Offer:
        """The offer that ``fields`` (columns of the CSV model) describe.

        Raises:
            Invalid: with every flaw; locations are names of columns.
        """
        flaws: list[tuple[tuple[str | int, ...], str, str]] = []
        title = shortened(without_html(fields.get("titolo", "")), LINE_MAX_CHARS)
        if not title:
            flaws.append((("titolo",), "manca", "scrivi il titolo dell'offerta"))
        published = self._day(fields, "pubblicata", self._read_on, flaws)
        expires = self._day(fields, "scade", published + self._life, flaws)
        places = fields.get("posti", "")
        count = parsed_count(places) if places else 1
        if count is None:
            flaws.append((("posti",), f"«{places[:40]}» non è un numero", "scrivi solo cifre"))
        if flaws:
            raise Invalid(flaws)
        trades = self._trade_ids(fields.get("mestiere", ""), title)
        contracts, said = self._contract_ids(fields)
        description = without_html(fields.get("descrizione", ""))
        data: dict[str, Any] = {
            "codice": self._code(fields, title),
            "titolo": title,
            "mestiere": trades[0] if trades else None,
            "altri_mestieri": trades[1:],
            "comune": self._comune(fields),
            "contratto": contracts,
            "orario": shortened(clean(fields.get("orario", "")) or said, _SHORT_CHARS),
            "posti": count or 1,
            "descrizione": shortened(description, _LONG_CHARS),
            "requisiti": shortened(without_html(fields.get("requisiti", "")), _LONG_CHARS),
            "retribuzione": shortened(clean(fields.get("retribuzione", "")), _SHORT_CHARS),
            "pubblicata": published,
            "scade": expires,
            "come_candidarsi": shortened(
                without_html(fields.get("come_candidarsi", "")), _LONG_CHARS
            ),
            "url": clean(fields.get("url", "")) or None,
            "email": clean(fields.get("email", "")).removeprefix("mailto:") or None,
            "azienda": shortened(clean(fields.get("azienda", "")), _SHORT_CHARS),
            "centro_impiego": shortened(clean(fields.get("cpi", "")), _SHORT_CHARS),
            "fonte": shortened(clean(fields.get("fonte", "")) or self._source, _SHORT_CHARS),
            "letto_il": parsed_date(fields.get("letto_il", "")),
        }
        return checked(Offer, data)

    def _day(
        self,
        fields: Fields,
        name: str,
        default: date,
        flaws: list[tuple[tuple[str | int, ...], str, str]],
    ) -> date:
        written = clean(fields.get(name, ""))
        day = parsed_date(written) if written else default
        if day is None:
            problem = f"«{written[:40]}» non è una data"
            flaws.append(((name,), problem, "scrivila come 2026-11-30 o 30/11/2026"))
        return day or default

    def _code(self, fields: Fields, title: str) -> str:
        """The code of the source, or one made from what tells the offer apart, the same at every import."""
        given = clean(fields.get("codice", ""))
        if given and len(given) <= LINE_MAX_CHARS:
            return given
        said = (
            given
            or fields.get("url")
            or "|".join(
                (
                    title,
                    fields.get("azienda", ""),
                    fields.get("comune", ""),
                    fields.get("pubblicata", ""),
                )
            )
        )
        return "x-" + hashlib.sha256(said.encode()).hexdigest()[:_HASH_CHARS]

    def _comune(self, fields: Fields) -> str:
        """Official name of one of our municipalities, or the place as the source gives it."""
        by_code = self._by_code.get(clean(fields.get("istat", "")).upper().zfill(4))
        if by_code:
            return by_code
        written = clean(fields.get("comune", ""))
        exact = self._comuni.exact(written.partition("(")[0])
        found = [exact] if exact else self._comuni.found(written)
        # In an address the municipality comes last: "via Legnano 3, Rho".
        return found[-1] if found else shortened(written, LINE_MAX_CHARS)

    def _trade_ids(self, named: str, title: str) -> list[str]:
        exact = self._trades.exact(named.replace("-", " ")) if named else None
        found = [*([exact] if exact else self._trades.found(named)), *self._trades.found(title)]
        return list(dict.fromkeys(found))[:5]

    def _contract_ids(self, fields: Fields) -> tuple[list[str], str]:
        """Contract ids, and the source's own words where these name none of ours."""
        written = clean(fields.get("contratto", ""))
        hours = clean(fields.get("orario", ""))
        coded = [_EMPLOYMENT_TYPES[w] for w in written.upper().split() if w in _EMPLOYMENT_TYPES]
        ids = [word.strip() for word in written.replace("|", ",").replace(";", ",").split(",")]
        named = [name for name in ids if name in self._known_contracts]
        texts = (written.replace("_", " "), hours, fields.get("titolo", ""))
        read = [contract for text in texts for contract in self._contracts.found(text)]
        found = list(dict.fromkeys([*coded, *named, *read]))
        if fold(fields.get("da_remoto", "")):
            found = list(dict.fromkeys([*found, "smart-working"]))
        kept = [contract for contract in found if contract in self._known_contracts]
        return kept, "" if kept else written


def _finder(content: Content, gazetteer: str) -> NameFinder:
    terms = content.gazetteers.get(gazetteer, ())
    return NameFinder(
        (name, term.id) for term in terms for name in (term.id.replace("-", " "), *term.names)
    )

"""What holds between items: names refer to things that exist, ids are unique."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from bot.errors import ContentError
from knowledge.content import OTHER_COMUNI, Content


def cross_problems(content: Content) -> list[ContentError]:
    """Everything that does not fit together, in the order of the kinds."""
    return [
        *_duplicates(content),
        *_zones(content),
        *_sources(content),
        *_records(content),
        *_places(content),
        *_offers(content),
    ]


def duplicates(where: str, keys: Iterable[str]) -> Iterator[ContentError]:
    """A problem for every key that is there twice."""
    for key, times in Counter(keys).items():
        if times > 1:
            yield ContentError(
                where, f"«{key}» c'è due volte", "toglilo o cambia nome a uno dei due"
            )


def _duplicates(content: Content) -> Iterator[ContentError]:
    yield from duplicates("comuni.yml", (comune.istat for comune in content.comuni))
    yield from duplicates("comuni.yml", (comune.name for comune in content.comuni))
    yield from duplicates("zones.yml", (zone.id for zone in content.zones))
    yield from duplicates("offers", (offer.codice for offer in content.offers))
    yield from duplicates("hours.yml", (office.id for office in content.hours.offices))
    for name, terms in content.gazetteers.items():
        yield from duplicates(f"{name}.yml", (term.id for term in terms))


def _zones(content: Content) -> Iterator[ContentError]:
    known = {zone.id for zone in content.zones}
    for comune in content.comuni:
        if comune.zone and comune.zone not in known:
            problem = f"{comune.name}: la zona «{comune.zone}» non esiste"
            yield ContentError("comuni.yml", problem, "usa un id di zones.yml")


def _sources(content: Content) -> Iterator[ContentError]:
    named = [("hours.yml", office.source) for office in content.hours.offices]
    named += [("zones.yml", zone.source) for zone in content.zones]
    for record in content.records.values():
        named += [(f"{record.id}.yml", s.source) for s in (record.summary, *record.facts)]
    for where, source in named:
        if source not in content.sources:
            yield ContentError(where, f"la fonte «{source}» non esiste", "aggiungila a sources.yml")


def _records(content: Content) -> Iterator[ContentError]:
    hours = {office.id for office in content.hours.offices}
    for record in content.records.values():
        where = f"{record.id}.yml"
        yield from duplicates(where, (fact.id for fact in record.facts))
        for following in record.next:
            if following not in content.records:
                yield ContentError(
                    where, f"«next» nomina «{following}», che non esiste", "correggi l'id"
                )
        for contact in record.contact_points:
            if contact.hours and contact.hours not in hours:
                yield ContentError(
                    where, f"gli orari «{contact.hours}» non esistono", "usa un id di hours.yml"
                )


def _places(content: Content) -> Iterator[ContentError]:
    comuni = {comune.name for comune in content.comuni}
    known = comuni | {f"zona:{zone.id}" for zone in content.zones} | {OTHER_COMUNI}
    for record in content.records.values():
        named = [place for fact in record.facts for place in fact.places]
        named += record.job_centre.comuni if record.job_centre else []
        named += record.service.area if record.service else []
        for place in named:
            if place not in known:
                yield ContentError(
                    f"{record.id}.yml", f"il luogo «{place}» non esiste", "usa il nome ufficiale"
                )


def _offers(content: Content) -> Iterator[ContentError]:
    comuni = {comune.name for comune in content.comuni}
    terms = {
        name: {term.id for term in content.gazetteers.get(name, ())}
        for name in ("mestieri", "contratti")
    }
    for offer in content.offers:
        trades = [*([offer.mestiere] if offer.mestiere else []), *offer.altri_mestieri]
        if offer.comune and offer.comune not in comuni:
            problem = f"{offer.codice}: il comune «{offer.comune}» non esiste"
            yield ContentError("offers", problem, "usa il nome ufficiale")
        for trade in trades:
            if trade not in terms["mestieri"]:
                problem = f"{offer.codice}: il mestiere «{trade}» non esiste"
                yield ContentError("offers", problem, "usa un id di gazetteers/mestieri.yml")
        for contract in offer.contratto:
            if contract not in terms["contratti"]:
                problem = f"{offer.codice}: il contratto «{contract}» non esiste"
                yield ContentError("offers", problem, "usa un id di gazetteers/contratti.yml")

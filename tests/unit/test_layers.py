"""Layers of the knowledge: who put what there, what is in charge, what a day changes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from functools import lru_cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.storage.database import Database
from bot.storage.leases import Lease
from bot.storage.migrate import migrate
from knowledge.base import KnowledgeBase
from knowledge.content import Content
from knowledge.content_files import load_content, load_layer
from knowledge.export import export_folder, export_offers
from knowledge.importing.offer_building import OfferBuilder
from knowledge.importing.offers import read_offers
from knowledge.loading import drop_layer, store_layer
from knowledge.offer_sources import oldest_refresh
from knowledge.offers import OfferQuery, OfferSearch, StoredOffers
from knowledge.review import reviews
from knowledge.rows import BUNDLED, OFFICE, layer_of, offer_row
from knowledge.schema import Offer, Record
from knowledge.store import (
    read_content,
    read_items,
    read_origins,
    read_stamps,
    save_content,
    save_layer,
)
from tests.support.content import write_small_content
from tests.support.counts import count

NOW = datetime(2026, 11, 22, 9, tzinfo=timezone.utc)
TODAY = date(2026, 11, 22)
IMPORT = "import:services"


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """An empty database with today's schema."""
    database = Database(database_url)
    await migrate(database)
    yield database
    await database.close()


@pytest.fixture
def small(tmp_path: Path) -> Content:
    """A small content."""
    return load_content(write_small_content(tmp_path / "content"))


def retitled(content: Content, title: str) -> Content:
    """A layer with another title for the boiler record."""
    record = content.records["caldaie"].model_copy(update={"title": title})
    return Content(records={record.id: record})


async def title(database: Database) -> str:
    return (await database.read(read_items)).records["caldaie"].title


async def test_what_was_imported_survives_the_load_of_the_bundled_files(
    database: Database, small: Content
) -> None:
    await database.write(save_content, small)
    await database.write(save_layer, IMPORT, layer_of(retitled(small, "Importato")))
    await database.write(save_content, small)
    assert await title(database) == "Importato"


async def test_the_office_goes_before_an_import_and_an_import_before_the_bundled(
    database: Database, small: Content
) -> None:
    await database.write(save_layer, OFFICE, layer_of(retitled(small, "Ufficio")))
    await database.write(save_layer, IMPORT, layer_of(retitled(small, "Importato")))
    await database.write(save_content, small)
    assert await title(database) == "Ufficio"
    await database.write(drop_layer, OFFICE)
    assert await title(database) == "Importato"
    await database.write(drop_layer, IMPORT)
    assert await title(database) == small.records["caldaie"].title
    assert list(await database.read(read_origins)) == [BUNDLED]


async def test_the_stamp_moves_only_with_what_changes(database: Database, small: Content) -> None:
    await database.write(save_content, small)
    first = await database.read(read_stamps)
    await database.write(save_content, small)
    assert await database.read(read_stamps) == first
    offers = tuple(offer.model_copy(update={"posti": 9}) for offer in small.offers)
    await database.write(save_content, replace(small, offers=offers))
    second = await database.read(read_stamps)
    assert (second.items == first.items, second.offers == first.offers) == (True, False)
    await database.write(save_layer, IMPORT, layer_of(retitled(small, "Importato")))
    third = await database.read(read_stamps)
    assert (third.items == second.items, third.offers == second.offers) == (False, True)


async def test_adding_keeps_and_replacing_removes(database: Database, small: Content) -> None:
    first, second = small.offers[0], small.offers[0].model_copy(update={"codice": "ES-2"})
    for offers, kept in (((first,), True), ((second,), True), ((second,), False)):
        layer = layer_of(Content(offers=offers))
        await database.write(store_layer, "import:offers:x", layer, NOW, replace=not kept)
        stored = (await database.read(read_content)).offers
        assert [o.codice for o in stored] == (
            ["ES-001", "ES-2"][: len(stored)] if kept else ["ES-2"]
        )


async def test_the_age_of_offers_is_that_of_their_oldest_source(
    database: Database, small: Content
) -> None:
    layer = layer_of(Content(offers=small.offers))
    assert await database.read(oldest_refresh) is None
    await database.write(store_layer, "import:offers:x", layer, NOW)
    await database.write(store_layer, "import:offers:y", layer, NOW - timedelta(days=3))
    assert await database.read(oldest_refresh) == NOW - timedelta(days=3)
    await database.write(drop_layer, "import:offers:y")
    assert await database.read(oldest_refresh) == NOW


async def test_an_export_can_be_loaded_again_and_changes_nothing(
    database: Database, content: Content, tmp_path: Path
) -> None:
    await database.write(save_content, content)
    await database.write(save_layer, IMPORT, layer_of(retitled_urp(content)))
    before = await database.read(read_content)
    export_folder(before, tmp_path / "esportato")
    layer = load_layer(tmp_path / "esportato", await database.read(read_items, without=OFFICE))
    await database.write(save_layer, OFFICE, layer_of(layer))
    after = await database.read(read_content)
    assert after.records == before.records
    assert after.sources == before.sources
    assert (after.comuni, after.zones, after.hours) == (before.comuni, before.zones, before.hours)
    assert sorted(map(str, layer.offers)) == sorted(map(str, before.offers))


def retitled_urp(content: Content) -> Content:
    record = content.records["urp-contatti"].model_copy(update={"title": "Contatti: nuovi"})
    return Content(records={record.id: record})


def test_exported_offers_come_back_and_run_in_no_spreadsheet(
    content: Content, tmp_path: Path
) -> None:
    offer = content.offers[0].model_copy(
        update={"titolo": "=HYPERLINK(1) barista", "azienda": "@SUM", "sample": False, "fonte": "x"}
    )
    export_offers([offer], tmp_path / "o.csv")
    raw = (tmp_path / "o.csv").read_bytes()
    assert b";=" not in raw
    assert b";@" not in raw
    builder = OfferBuilder(content, life_days=60, source="x", read_on=TODAY)
    (read,) = read_offers(raw, "o.csv", builder).offers
    assert (read.titolo, read.azienda) == (offer.titolo, offer.azienda)
    assert (read.comune, read.contratto, read.mestiere) == (
        offer.comune,
        offer.contratto,
        offer.mestiere,
    )


@lru_cache(maxsize=1)
def bundled() -> Content:
    return load_content()


def dated(record: Record, **dates: object) -> Record:
    return Record.model_validate({**record.model_dump(), **dates})


@pytest.mark.parametrize(
    ("dates", "shown", "certain"),
    [
        ({}, True, True),
        ({"review_by": TODAY}, True, True),
        ({"review_by": TODAY - timedelta(days=1)}, True, False),
        ({"confidence": "low"}, True, False),
        ({"confidence": "medium"}, True, True),
        ({"valid_from": TODAY, "valid_to": TODAY}, True, True),
        ({"valid_from": TODAY + timedelta(days=1)}, False, True),
        ({"valid_to": TODAY - timedelta(days=1)}, False, True),
    ],
)
def test_a_record_is_shown_within_its_validity_and_doubted_after_its_review(
    small: Content, dates: dict[str, object], shown: bool, certain: bool
) -> None:
    record = dated(small.records["orari"], **dates)
    knowledge = KnowledgeBase(replace(small, records={"orari": record}), today=TODAY)
    given = knowledge.record("orari")
    assert (given is not None) == shown
    if given is not None:
        assert (given.summary.status == "confirmed") == certain
    found = knowledge.finder.find("orari", [("orari", 0.9)])
    assert (found.outcome == "found") == shown


def test_a_review_names_each_reason(small: Content) -> None:
    record = dated(
        small.records["caldaie"],
        review_by=TODAY - timedelta(days=1),
        valid_to=TODAY + timedelta(days=5),
        confidence="low",
    )
    found = reviews(replace(small, records={"caldaie": record}), TODAY, source_years=1)
    assert [review.reason for review in found] == [
        "overdue",
        "ends_soon",
        "low_confidence",
        "to_confirm",
        "old_source",
    ]
    assert reviews(replace(small, records={"orari": small.records["orari"]}), TODAY) == []


TRADES, CONTRACTS, PLACES = (
    ("barista", "cuoco", "oss"),
    ("part-time", "stage"),
    ("Rho", "Milano", ""),
)
OFFERS = st.lists(
    st.builds(
        lambda trades, place, contracts, published, lasts: Offer(
            codice="x",
            titolo="Lavoro",
            mestiere=trades[0] if trades else None,
            altri_mestieri=trades[1:],
            comune=place,
            contratto=contracts,
            pubblicata=TODAY - timedelta(days=published),
            scade=TODAY - timedelta(days=published) + timedelta(days=lasts),
        ),
        st.lists(st.sampled_from(TRADES), unique=True, max_size=2),
        st.sampled_from(PLACES),
        st.lists(st.sampled_from(CONTRACTS), unique=True),
        st.integers(0, 30),
        st.integers(0, 60),
    ),
    max_size=25,
).map(lambda offers: [o.model_copy(update={"codice": f"{n:03}"}) for n, o in enumerate(offers)])


@settings(max_examples=count(150, 2_000), deadline=None)
@given(
    OFFERS,
    st.sampled_from(("", "idraulico", *TRADES)),
    st.sets(st.sampled_from((*PLACES, "Monza"))),
    st.sets(st.sampled_from(CONTRACTS)),
)
def test_the_arrays_find_what_looking_at_each_offer_finds(
    offers: list[Offer], trade: str, comuni: set[str], contracts: set[str]
) -> None:
    content = bundled()
    query = OfferQuery(trade, frozenset(comuni), frozenset(contracts))
    expected = [
        offer.codice
        for offer in sorted(offers, key=lambda o: (o.pubblicata, o.codice), reverse=True)
        if offer.scade >= TODAY
        and (not trade or trade in (offer.mestiere, *offer.altri_mestieri))
        and (not comuni or offer.comune in comuni)
        and contracts <= set(offer.contratto)
    ]
    stored = StoredOffers([offer_row(offer)["data"] for offer in offers])
    for kept in (offers, stored):
        search = OfferSearch(kept, content.comuni, content.gazetteers)
        found = search.search(query, TODAY)
        assert [offer.codice for offer in found] == expected
        assert [offer.codice for offer in found[:3]] == expected[:3]
        assert bool(found) == bool(expected)


def test_samples_give_way_to_real_offers(content: Content) -> None:
    real = content.offers[0].model_copy(update={"codice": "VERO", "sample": False})
    mixed = replace(content, offers=(*content.offers, real))
    assert [offer.codice for offer in KnowledgeBase(mixed).offers.search(OfferQuery(), TODAY)] == [
        "VERO"
    ]
    assert len(KnowledgeBase(content).offers) == len(content.offers)
    assert len(KnowledgeBase(content, sample_offers=False).offers) == 0
    assert len(KnowledgeBase(content, offers_as_of=NOW).offers) == 0


async def test_a_lease_is_held_by_one_and_taken_over_from_who_is_gone(database: Database) -> None:
    clock = [0.0]
    first, second = (Lease(database, "prova", 30, lambda: clock[0]) for _ in range(2))
    assert await first.beat()
    assert not await second.beat()
    clock[0] = 29
    assert await first.beat()
    assert not await second.beat()
    clock[0] = 58
    assert not await second.beat()
    clock[0] = 60
    assert await second.beat()
    assert not await first.beat()
    await second.release()
    assert await first.beat()

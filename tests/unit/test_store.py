"""The knowledge in the database: what is read is what was saved, and saving touches only what differs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.storage.database import Database
from bot.storage.migrate import migrate
from bot.storage.tables_knowledge import knowledge_items, offers
from knowledge.base import KnowledgeBase
from knowledge.content_files import Content, load_content
from knowledge.store import LoadResult, read_content, save_content
from tests.support.content import write_small_content

NOTHING = LoadResult(added=0, changed=0, removed=0)


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


def count_rows(connection: sa.Connection) -> int:
    counts = [
        connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
        for table in (knowledge_items, offers)
    ]
    return int(sum(counts))


def without_record(content: Content, record_id: str) -> Content:
    records = {key: record for key, record in content.records.items() if key != record_id}
    return replace(content, records=records)


def with_title(content: Content, record_id: str, title: str) -> Content:
    record = content.records[record_id].model_copy(update={"title": title})
    return replace(content, records={**content.records, record_id: record})


async def test_every_kind_of_item_comes_back_as_it_was_saved(
    database: Database, content: Content
) -> None:
    await database.write(save_content, content)
    stored = await database.read(read_content)
    assert stored.sources == content.sources
    assert stored.records == content.records
    assert stored.comuni == content.comuni
    assert stored.zones == content.zones
    assert stored.offers == content.offers
    assert stored.hours == content.hours
    assert sorted(stored.outside, key=str) == sorted(content.outside, key=str)
    assert stored.gazetteers.keys() == content.gazetteers.keys()
    for name, terms in content.gazetteers.items():
        assert sorted(stored.gazetteers[name], key=str) == sorted(terms, key=str)


async def test_the_stored_content_equals_the_files_order_included(
    database: Database, content: Content
) -> None:
    """Order has a meaning: a name that two terms share belongs to the first."""
    await database.write(save_content, content)
    assert await database.read(read_content) == content


async def test_stored_knowledge_answers_like_the_files(database: Database, small: Content) -> None:
    await database.write(save_content, small)
    stored, files = KnowledgeBase(await database.read(read_content)), KnowledgeBase(small)
    for question in ("quanto costa il bollino della caldaia", "dove si va a Rho", "orari"):
        assert stored.finder.find(question, []) == files.finder.find(question, [])
    assert stored.places.find("abito a Rho") == files.places.find("abito a Rho")


async def test_the_first_save_adds_every_item_once(database: Database, content: Content) -> None:
    items = [content.sources, content.records, content.comuni, content.zones, content.outside]
    total = sum(map(len, [*items, *content.gazetteers.values(), content.offers])) + 1
    assert await database.write(save_content, content) == LoadResult(total, 0, 0)
    assert await database.read(count_rows) == total


async def test_saving_twice_changes_nothing(database: Database, small: Content) -> None:
    await database.write(save_content, small)
    before = await database.read(read_content)
    assert await database.write(save_content, small) == NOTHING
    after = await database.read(read_content)
    assert after == before
    assert after.digest == before.digest


async def test_saving_what_was_read_changes_nothing(database: Database, content: Content) -> None:
    await database.write(save_content, content)
    stored = await database.read(read_content)
    assert (await database.write(save_content, stored)).added == 0
    assert (await database.read(read_content)).records == content.records


async def test_a_changed_record_counts_one_and_is_read_back(
    database: Database, small: Content
) -> None:
    await database.write(save_content, small)
    before = (await database.read(read_content)).digest
    changed = with_title(small, "caldaie", "Caldaie di casa")
    assert await database.write(save_content, changed) == LoadResult(0, 1, 0)
    stored = await database.read(read_content)
    assert stored == changed
    assert stored.digest != before


async def test_changing_back_gives_the_first_digest_again(
    database: Database, small: Content
) -> None:
    await database.write(save_content, small)
    before = (await database.read(read_content)).digest
    await database.write(save_content, with_title(small, "caldaie", "Caldaie di casa"))
    await database.write(save_content, small)
    assert (await database.read(read_content)).digest == before


async def test_a_removed_record_counts_one_and_is_gone(database: Database, small: Content) -> None:
    await database.write(save_content, small)
    fewer = without_record(small, "caldaie")
    assert await database.write(save_content, fewer) == LoadResult(0, 0, 1)
    assert await database.read(read_content) == fewer


async def test_an_added_record_counts_one(database: Database, small: Content) -> None:
    await database.write(save_content, without_record(small, "caldaie"))
    assert await database.write(save_content, small) == LoadResult(1, 0, 0)
    assert await database.read(read_content) == small


async def test_a_save_that_fails_leaves_the_old_knowledge(
    database: Database, small: Content
) -> None:
    await database.write(save_content, small)

    def save_and_fail(connection: sa.Connection, content: Content) -> None:
        save_content(connection, content)
        raise RuntimeError("after the save, before the commit")

    with pytest.raises(RuntimeError, match="before the commit"):
        await database.write(save_and_fail, without_record(small, "caldaie"))
    assert await database.read(read_content) == small


async def test_an_empty_database_gives_an_empty_knowledge_base(database: Database) -> None:
    empty = await database.read(read_content)
    assert (empty.records, empty.comuni, empty.offers) == ({}, (), ())
    assert KnowledgeBase(empty).finder.find("orari", []).outcome == "weak"

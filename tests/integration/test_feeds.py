"""Feeds of offers: what is good is stored, whatever is bad keeps the last good offers and raises an alert (T48)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from bot.clock import Clock
from bot.errors import ConfigurationError
from bot.feeds import fetch as fetching
from bot.feeds import schedule
from bot.feeds.addresses import is_public_address
from bot.feeds.refresh import Feed, Outcome, feeds_of, refresh_feed
from bot.feeds.schedule import Feeds
from bot.metrics import Metrics
from bot.settings import Settings, load_settings
from bot.storage.database import Database
from bot.storage.migrate import migrate
from knowledge.content import Content
from knowledge.content_files import load_content
from knowledge.offer_sources import OfferSource, read_sources
from knowledge.store import read_offers, save_content
from tests.support.feeds import (
    FeedSite,
    cut_short,
    endless,
    feed_site,
    postings,
    redirected,
    sent,
    validated,
)
from tests.support.servers import eventually
from tests.support.shared import quickly_serving

NOON = datetime(2026, 11, 22, 12)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tries follow each other without a wait."""
    monkeypatch.setattr(fetching, "FEED_BACKOFF_S", 0.0)


@pytest.fixture
async def site() -> AsyncIterator[FeedSite]:
    """A site with ten offers."""
    async with feed_site() as site:
        yield site


@lru_cache(maxsize=1)
def bundled() -> Content:
    return load_content()


class Office:
    """An installation that follows a feed."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.database = Database(settings.effective_database_url)
        self.clock = Clock(NOON)

    @property
    def feed(self) -> Feed:
        return feeds_of(self.settings)[0]

    async def refresh(self, **options: Any) -> Outcome:
        return await refresh_feed(self.feed, self.settings, self.database, self.clock, **options)

    async def codes(self) -> list[str]:
        stored = await self.database.read(read_offers, self.feed.origin)
        return sorted((offer.codice for offer in stored), key=lambda code: int(code[1:]))

    async def state(self) -> OfferSource:
        (state,) = await self.database.read(read_sources)
        return state


async def opened(make_settings: Any, database_url: str, url: str, **values: Any) -> Office:
    settings = make_settings(
        database_url=database_url,
        offer_feeds=url,
        feed_private_hosts=values.pop("feed_private_hosts", "127.0.0.1"),
        feed_timeout_s=values.pop("feed_timeout_s", 5),
        feed_max_bytes=1_000_000,
        **values,
    )
    office = Office(settings)
    await migrate(office.database)
    await office.database.write(save_content, bundled())
    return office


@pytest.fixture
async def office(make_settings: Any, database_url: str, site: FeedSite) -> AsyncIterator[Office]:
    """An installation that has fetched the ten offers once."""
    office = await opened(make_settings, database_url, site.url)
    assert await office.refresh() == Outcome("new", offers=10)
    yield office
    await office.database.close()


BAD = {
    "500": sent(b"", 500),
    "404": sent(b"", 404),
    "garbage": sent(bytes(range(1, 256)) * 40),
    "empty": sent(b""),
    "no offers": sent(b"[]"),
    "error page": sent(b"<html><body>Manutenzione</body></html>"),
    "1 GB announced": endless(1_000_000_000, announced=True),
    "1 GB streamed": endless(1_000_000_000, announced=False),
    "bomb": endless(50_000_000, announced=False, packed=True),
    "half": sent(postings(5)),
    "most of them expired": sent(postings(10, expires="2026-11-21")),
    "cut short": cut_short(postings(10)),
    "broken compression": sent(b"no gzip", **{"Content-Encoding": "gzip"}),
    "unknown compression": sent(postings(10), **{"Content-Encoding": "br"}),
    "redirect to a private address": redirected("http://10.0.0.1/offerte"),
    "redirect to metadata": redirected("http://169.254.169.254/latest"),
    "redirect to another host": redirected("http://example.invalid/"),
    "redirect to a file": redirected("file:///etc/passwd"),
    "redirect in a circle": redirected("/altro"),
    "redirect without a target": redirected(""),
}


@pytest.mark.parametrize("bad", BAD)
async def test_whatever_is_bad_keeps_the_last_good_offers_and_raises_an_alert(
    make_settings: Any,
    sqlite_url: str,
    site: FeedSite,
    bad: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    office = await opened(make_settings, sqlite_url, site.url)
    assert await office.refresh() == Outcome("new", offers=10)
    before, refreshed = await office.codes(), (await office.state()).refreshed_at
    site.answer = BAD[bad]
    outcome = await office.refresh()
    assert outcome.kind == "refused"
    assert await office.codes() == before
    state = await office.state()
    assert (state.problem, state.refreshed_at) == (outcome.problem, refreshed)
    assert "feed.alert" in capsys.readouterr().err
    site.answer = sent(postings(12))
    assert (await office.refresh()).kind == "new"
    assert (await office.state()).problem == ""
    await office.database.close()


async def test_a_feed_that_does_not_answer_is_given_up(
    make_settings: Any, sqlite_url: str, site: FeedSite
) -> None:
    async def silent(_request: Any) -> Any:
        await asyncio.sleep(60)

    site.answer = silent
    office = await opened(make_settings, sqlite_url, site.url, feed_timeout_s=0.2)
    assert "tempo" in (await office.refresh()).problem
    assert len(site.requests) == 3
    await office.database.close()


async def test_what_passes_by_itself_is_tried_again(office: Office, site: FeedSite) -> None:
    answers = [sent(b"", 503), sent(b"", 500), sent(postings(11))]

    async def improving(request: Any) -> Any:
        return await answers.pop(0)(request)

    site.answer = improving
    assert await office.refresh() == Outcome("new", offers=11)


async def test_nothing_new_costs_no_body_and_counts_as_current(
    office: Office, site: FeedSite
) -> None:
    site.answer = validated(postings(10), '"v1"')
    assert (await office.refresh()).kind == "new"
    first = (await office.state()).refreshed_at
    assert (await office.refresh()).kind == "unchanged"
    assert site.requests[-1].headers["If-None-Match"] == '"v1"'
    second = (await office.state()).refreshed_at
    assert first is not None
    assert second is not None
    assert second > first


async def test_a_shrunken_list_is_believed_when_an_operator_says_so(
    office: Office, site: FeedSite
) -> None:
    site.answer = sent(postings(3))
    assert (await office.refresh()).kind == "refused"
    assert (await office.refresh(accept_fewer=True)).offers == 3
    assert len(await office.codes()) == 3


async def test_a_list_that_changes_is_taken_over_whole(office: Office, site: FeedSite) -> None:
    site.answer = sent(postings(8, first=4))
    assert (await office.refresh()).kind == "new"
    assert await office.codes() == [f"F{n}" for n in range(4, 12)]


async def test_a_redirect_within_the_configured_host_is_followed(
    office: Office, site: FeedSite
) -> None:
    async def moved(request: Any) -> Any:
        here = request.path == "/offerte"
        return await (redirected("/nuovo") if here else sent(postings(11)))(request)

    site.answer = moved
    assert await office.refresh() == Outcome("new", offers=11)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0"]
)  # fmt: skip
async def test_an_address_inside_is_never_connected_to(
    make_settings: Any, sqlite_url: str, site: FeedSite, host: str
) -> None:
    url = site.url.replace("127.0.0.1", host)
    office = await opened(make_settings, sqlite_url, url, feed_private_hosts="")
    assert (await office.refresh()).kind == "refused"
    assert site.requests == []
    await office.database.close()


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True), ("2001:4860:4860::8888", True), ("127.0.0.1", False), ("10.1.2.3", False),
        ("172.16.0.1", False), ("192.168.1.1", False), ("169.254.169.254", False), ("100.64.0.1", False),
        ("0.0.0.0", False), ("255.255.255.255", False), ("224.0.0.1", False), ("192.0.0.8", False), ("198.18.0.1", False),
        ("::", False), ("::1", False), ("fe80::1%eth0", False), ("fc00::1", False), ("fec0::1", False), ("ff02::1", False),
        ("::ffff:10.0.0.1", False), ("::ffff:8.8.8.8", True), ("2002:7f00:1::", False), ("64:ff9b::7f00:1", False),
        ("64:ff9b::808:808", True), ("2001:db8::1", False), ("localhost", False), ("", False),
    ],
)  # fmt: skip
def test_public_addresses_are_told_from_those_inside(address: str, public: bool) -> None:
    assert is_public_address(address) == public


@pytest.mark.parametrize(
    "value", ["ftp://a.example/x", "a.example", "https://u:p@a.example/x", "file:///etc/passwd"]
)
def test_a_wrong_address_stops_the_start(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPORTELLO_OFFER_FEEDS", f"https://ok.example/x {value}")
    with pytest.raises(ConfigurationError, match="SPORTELLO_OFFER_FEEDS") as caught:
        load_settings()
    assert value not in str(caught.value)


async def test_the_application_fetches_answers_and_says_how_old_the_list_is(
    make_settings: Any, database_url: str, site: FeedSite, assistant: Any, tmp_path: Path
) -> None:
    settings = make_settings(
        database_url=database_url,
        offer_feeds=site.url,
        feed_private_hosts="127.0.0.1",
        clock=NOON,
        api_token="0123456789abcdef",
    )
    async with quickly_serving(settings, assistant) as client:
        client.session.headers["Authorization"] = "Bearer 0123456789abcdef"

        async def offered() -> str:
            (answer,) = await client.say("offerte di lavoro come barista a Rho")
            return answer["text"] if "Bar" in answer["text"] and "F9" in answer["text"] else ""

        text = await eventually(offered)
        assert "ESEMPIO" not in text
        assert "22/11/2026" in text
        async with client.session.get(client.base + "/metrics") as response:
            metrics = await response.text()
        name = feeds_of(settings)[0].name
        assert f'sportello_offer_feed_alert{{feed="{name}"}} 0.0' in metrics
        assert f'sportello_offer_feed_fetches_total{{feed="{name}",outcome="new"}} 1.0' in metrics
        del client.session.headers["Authorization"]
        async with client.session.get(client.base + "/metrics") as response:
            assert response.status == 401
    settings = settings.model_copy(
        update={"clock": datetime(2026, 11, 29, 12), "offer_feeds": site.url}
    )
    site.answer = sent(b"", 500)
    async with quickly_serving(settings, assistant) as client:
        client.session.headers["Authorization"] = "Bearer 0123456789abcdef"
        (answer,) = await client.say("offerte di lavoro come barista a Rho")
        assert "aggiornato al 22/11/2026" in answer["text"]


async def test_one_of_two_replicas_fetches_and_a_feed_taken_away_is_forgotten(
    make_settings: Any, database_url: str, site: FeedSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule, "FEED_LEASE_BEAT_S", 0.05)
    office = await opened(make_settings, database_url, site.url)
    replicas = [Feeds(office.settings, office.database, office.clock, Metrics()) for _ in range(2)]
    tasks = [asyncio.create_task(replica.run()) for replica in replicas]

    async def stored() -> bool:
        return len(await office.codes()) == 10

    await eventually(stored)
    await asyncio.sleep(0.3)
    assert len(site.requests) == 1
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    none = office.settings.model_copy(update={"offer_feeds": ""})
    task = asyncio.create_task(Feeds(none, office.database, office.clock, Metrics()).run())

    async def forgotten() -> bool:
        return not await office.database.read(read_sources)

    await eventually(forgotten)
    assert await office.codes() == []
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await office.database.close()


def test_a_name_shows_the_host_and_no_secret_of_the_address(make_settings: Any) -> None:
    (feed,) = feeds_of(make_settings(offer_feeds="https://offerte.example/x?chiave=segreta"))
    assert feed.name.startswith("offerte.example:")
    assert "segreta" not in feed.name

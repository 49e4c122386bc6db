"""Mutated files: an error that an operator can read, or a load; never a crash, never a part."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date
from functools import lru_cache
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.errors import ContentError
from bot.settings import PROJECT_ROOT
from knowledge.content import Content
from knowledge.content_files import load_content
from knowledge.importing.comuni import read_comuni
from knowledge.importing.offer_building import OfferBuilder
from knowledge.importing.offers import read_offers
from knowledge.importing.offices import read_offices
from knowledge.importing.services import read_services
from knowledge.rows import layer_of
from tests.support.counts import count
from tests.unit.test_import_services import RDF_XML, TURTLE

EXAMPLES = PROJECT_ROOT / "docs" / "examples"
SECONDS: Final = 5.0
SNIPPETS: Final = [
    b'"', b"'", b"{", b"}", b"[", b"]", b"<", b">", b"&", b";", b",", b"\t", b"\n", b"\r", b"\x00", b"\xff", b"\xef\xbb\xbf",
    b"\\", b"@context", b"@type", b"@graph", b"null", b"-1", b"1e999", b"9" * 400, b"31/02/2026", b"=cmd()", b"<!ENTITY a 'b'>",
    b"<script>", b"\xed\xa0\x80", b"http://127.0.0.1/", b"_:b0", b"^^", b"@it", b"\xe2\x80\xae", b"[" * 3_000, b"{\"a\":" * 3_000,
]  # fmt: skip


@lru_cache(maxsize=1)
def content() -> Content:
    return load_content()


def offers(data: bytes, path: str) -> Content:
    builder = OfferBuilder(content(), life_days=60, source="Prova", read_on=date(2026, 11, 22))
    result = read_offers(data, path, builder)
    result.problems.raise_if_any()
    return Content(offers=result.offers)


SEEDS: Final[dict[str, tuple[bytes, Callable[[bytes, str], Content]]]] = {
    **{
        name: ((EXAMPLES / name).read_bytes(), offers)
        for name in ("offerte.csv", "offerte.jsonld", "offerte.html")
    },
    **{
        name: ((EXAMPLES / name).read_bytes(), read_services)
        for name in ("servizi.csv", "servizi.jsonld")
    },
    "servizi.ttl": (TURTLE.encode(), read_services),
    "servizi.rdf": (RDF_XML.encode("latin-1"), read_services),
    "uffici-indicepa.csv": (
        (EXAMPLES / "uffici-indicepa.csv").read_bytes(),
        lambda data, path: read_offices(data, path, content()),
    ),
    "comuni-istat.csv": (
        (EXAMPLES / "comuni-istat.csv").read_bytes(),
        lambda data, path: read_comuni(data, path, content()),
    ),
}


def mutated(data: st.DataObject, seed: bytes) -> bytes:
    """A file with a few pieces put in, taken out, doubled or moved."""
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(seed)))
        end = min(len(seed), at + data.draw(st.integers(0, 60)))
        piece = data.draw(st.sampled_from(SNIPPETS) | st.binary(max_size=6))
        kind = data.draw(st.sampled_from(["put", "replace", "cut", "double", "truncate"]))
        if kind == "put":
            seed = seed[:at] + piece + seed[at:]
        elif kind == "replace":
            seed = seed[:at] + piece + seed[end:]
        elif kind == "cut":
            seed = seed[:at] + seed[end:]
        elif kind == "double":
            seed = seed[:end] + seed[at:]
        else:
            seed = seed[:at]
    return seed


@pytest.mark.parametrize("name", SEEDS)
def test_the_seed_itself_loads(name: str) -> None:
    seed, read = SEEDS[name]
    assert layer_of(read(seed, name))


@settings(
    max_examples=count(60, 1_200),
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(data=st.data())
@pytest.mark.parametrize("name", SEEDS)
def test_a_mutated_file_is_an_error_or_a_load(name: str, data: Any) -> None:
    seed, read = SEEDS[name]
    raw = mutated(data, seed)
    began = time.monotonic()
    problem: ContentError | None = None
    try:
        layer = layer_of(read(raw, name))
    except ContentError as error:
        problem = error
    else:
        assert layer.items or layer.offers or name.startswith("offerte")
    assert problem is None or all((problem.path, problem.problem, problem.remedy, str(problem)))
    assert time.monotonic() - began < SECONDS

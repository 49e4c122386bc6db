"""Knowledge shared by the unit tests: the real content, read once."""

from __future__ import annotations

import pytest

from knowledge.base import KnowledgeBase
from knowledge.content_files import Content, load_content
from knowledge.places import PlaceFinder
from knowledge.words import italian_words


@pytest.fixture(scope="session")
def content() -> Content:
    """The real content (immutable)."""
    return load_content()


@pytest.fixture(scope="session")
def knowledge(content: Content) -> KnowledgeBase:
    """The knowledge base of the real content."""
    return KnowledgeBase(content)


@pytest.fixture(scope="session")
def places(content: Content) -> PlaceFinder:
    """The finder of place names, with the table of Italian words."""
    return PlaceFinder(content.comuni, content.zones, content.outside, italian_words().__contains__)

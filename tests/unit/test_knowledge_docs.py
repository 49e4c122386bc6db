"""The guide for editors says of every field what the schema says, and every setting is described."""

from __future__ import annotations

import re
from typing import get_args

import pytest

from bot.settings import PROJECT_ROOT, Settings
from knowledge import schema, schema_kinds
from knowledge.content_files import RECORD_FOLDERS
from knowledge.schema_base import Item

GUIDE = (PROJECT_ROOT / "docs" / "knowledge-schema.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", GUIDE, re.MULTILINE | re.DOTALL))
SHAPES = [
    *(
        getattr(schema, name)
        for name in ("Record", "Statement", "Fact", "Source", "Offer", "Comune", "Zone")
    ),
    schema_kinds.ContactPoint,
    *(
        found
        for name, found in vars(schema_kinds).items()
        if name.endswith("Details") and issubclass(found, Item)
    ),
]


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_every_field_is_described_and_every_described_field_exists(shape: type[Item]) -> None:
    rows = re.findall(r"^\| `(\w+)` \| (yes)? ?\|", SECTIONS[shape.__name__], re.MULTILINE)
    described = {name: bool(required) for name, required in rows}
    assert described == {name: f.is_required() for name, f in shape.model_fields.items()}


@pytest.mark.parametrize(
    ("words", "section"),
    [
        (get_args(schema.Kind), "Record"),
        (get_args(schema.Level), "Record"),
        (get_args(schema.Confidence), "Record"),
        (get_args(schema.Facet), "Fact"),
        (get_args(schema.Status), "Statement"),
        (get_args(schema_kinds.Channel), "ServiceDetails"),
    ],
)
def test_every_word_of_a_closed_list_is_named(words: tuple[str, ...], section: str) -> None:
    assert [word for word in words if f"`{word}`" not in SECTIONS[section]] == []


def test_every_folder_is_named() -> None:
    assert [folder for folder in RECORD_FOLDERS if f"`{folder}/`" not in GUIDE] == []


def test_every_setting_is_described() -> None:
    text = (PROJECT_ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    described = set(re.findall(r"^\| `SPORTELLO_(\w+)`", text, re.MULTILINE))
    assert described == {name.upper() for name in Settings.model_fields}

"""Reading YAML files of the knowledge: safe, with the line of every value, and large lists a batch at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import yaml

from bot.errors import ContentError

FILE_MAX_BYTES: Final = 200_000_000
"""Nobody writes this by hand: 50,000 offers are 26 MB."""

_BATCH_ITEMS: Final = 500
"""A node tree takes thirty times the memory of its text: long lists are composed in pieces."""

_GUIDE: Final = "guarda docs/knowledge-schema.md"
_ITEM: Final = re.compile(r"^- ", re.MULTILINE)
_PREAMBLE: Final = re.compile(r"(?:[ \t]*(?:#[^\n]*)?\n)*")


@dataclass(frozen=True)
class YamlPart:
    """Parsed text of a file, or of a batch of the items of its list; knows on which line each value stands."""

    path: str
    text: str
    data: Any
    first_line: int = 1

    def line_of(self, location: Sequence[str | int]) -> int | None:
        """Line of the value at a path of keys and positions, or of the innermost part that exists."""
        node = yaml.compose(self.text, Loader=_Loader)
        if node is None:
            return None
        line = node.start_mark.line
        for step in location:
            found = _child(node, step)
            if found is None:
                break
            key, node = found
            line = key.start_mark.line
        return int(line) + self.first_line


def read_yaml(path: Path, shown: str) -> YamlPart:
    """The whole file as one part. ``shown`` is the path as the editor knows it.

    Raises:
        ContentError: the file is missing, too large, no UTF-8 text, or no YAML.
    """
    text = _text(path, shown)
    return YamlPart(shown, text, _parsed(text, shown))


def read_yaml_list(path: Path, shown: str) -> Iterator[YamlPart]:
    """The file as parts, whose data are lists, if its top is a plain list; else as one part."""
    text = _text(path, shown)
    parts = _split(text)
    try:
        # A line that only looks like the start of an item tears a text apart: then the whole is read.
        for first_line, part in parts:
            yield YamlPart(shown, part, yaml.load(part, Loader=_Loader), first_line)  # noqa: S506
    except (yaml.YAMLError, TypeError, ValueError, RecursionError):
        _parsed(text, shown)
        raise ContentError(
            shown, "non si legge a pezzi", "fai rientrare le righe dei testi lunghi"
        ) from None


def _text(path: Path, shown: str) -> str:
    try:
        if path.stat().st_size > FILE_MAX_BYTES:
            raise ContentError(shown, "il file è troppo grande", "dividilo in più file")
        return path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except FileNotFoundError:
        raise ContentError(shown, "il file manca", "rimettilo o controlla il nome") from None
    except UnicodeDecodeError:
        raise ContentError(shown, "non è testo UTF-8", "salvalo come UTF-8") from None
    except OSError as error:
        raise ContentError(
            shown, f"non si legge ({error.strerror})", "controlla i permessi"
        ) from None


def _split(text: str) -> list[tuple[int, str]]:
    """(first line, text) of batches of items; the whole text if its top is not a plain list."""
    preamble = _PREAMBLE.match(text)
    starts = [match.start() for match in _ITEM.finditer(text)]
    if len(starts) <= _BATCH_ITEMS or preamble is None or preamble.end() != starts[0]:
        return [(1, text)]
    cuts = [*starts[::_BATCH_ITEMS], len(text)]
    parts = []
    line = 1 + text.count("\n", 0, cuts[0])
    for begin, end in pairwise(cuts):
        parts.append((line, text[begin:end]))
        line += text.count("\n", begin, end)
    return parts


def _parsed(text: str, shown: str) -> Any:
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader, below
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise ContentError(
            shown,
            str(error.problem) if isinstance(error, _RepeatedField) else "qui non è YAML valido",
            "controlla rientri e virgolette",
            line=mark.line + 1 if mark else None,
        ) from None
    except (TypeError, ValueError, RecursionError) as error:
        raise ContentError(
            shown, f"non si legge ({error})", f"controlla date e rientri; {_GUIDE}"
        ) from None


def _child(node: Any, step: str | int) -> tuple[Any, Any] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(step):
                return key, value
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step], node.value[step]
    return None


class _RepeatedField(yaml.MarkedYAMLError):
    """A field stands twice in one mapping; the problem is in Italian."""


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Safe loader that refuses a field written twice."""


def _unique_mapping(loader: Any, node: Any) -> dict[Any, Any]:
    mapping: dict[Any, Any] = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if key in mapping:
            raise _RepeatedField(
                problem=f"il campo «{key}» c'è due volte", problem_mark=key_node.start_mark
            )
        mapping[key] = loader.construct_object(value_node, deep=True)
    return mapping


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _unique_mapping)

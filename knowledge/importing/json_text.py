"""JSON with the line of every object, and nothing that a hostile file could make expensive."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from bot.errors import ContentError

_MAX_DIGITS: Final = 20
_BRACES: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[{}]', re.DOTALL)


class JsonObject(dict[str, Any]):
    """An object that knows how many objects of its text ended before it."""

    order: int = 0


def parsed_json(text: str, path: str, first_line: int = 1) -> list[Any]:
    """The values of a JSON text, or of JSON lines.

    Raises:
        ContentError: it is no JSON, or is nested too deeply.
    """
    ended = 0

    def numbered(pairs: list[tuple[str, Any]]) -> JsonObject:
        nonlocal ended
        found = JsonObject(pairs)
        found.order = ended
        ended += 1
        return found

    decoder = json.JSONDecoder(
        object_pairs_hook=numbered, parse_int=_number, parse_float=_number, parse_constant=_refused
    )
    values: list[Any] = []
    at = 0
    try:
        while (at := _after_spaces(text, at)) < len(text):
            value, at = decoder.raw_decode(text, at)
            values.append(value)
    except json.JSONDecodeError as error:
        raise ContentError(
            path,
            "qui non è JSON valido",
            "controlla virgolette, virgole e parentesi",
            line=first_line + error.lineno - 1,
        ) from None
    except (ValueError, RecursionError):
        raise ContentError(
            path, "il JSON contiene valori non ammessi", "esportalo di nuovo", line=first_line
        ) from None
    return values


def line_of(text: str, found: JsonObject, first_line: int = 1) -> int | None:
    """Line on which an object of a text begins."""
    starts: list[int] = []
    for ended, begin in enumerate(_objects(text, starts)):
        if ended == found.order:
            return first_line + text.count("\n", 0, begin)
    return None


def _objects(text: str, starts: list[int]) -> Iterator[int]:
    """Where each object begins, in the order in which they end: the order of the decoder."""
    for match in _BRACES.finditer(text):
        if match.group() == "{":
            starts.append(match.start())
        elif match.group() == "}" and starts:
            yield starts.pop()


def _after_spaces(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def _number(digits: str) -> int | float | str:
    # Thousands of digits take seconds to become a number; nobody means them as one.
    if len(digits) > _MAX_DIGITS:
        return digits
    return float(digits) if not digits.lstrip("-").isdecimal() else int(digits)


def _refused(constant: str) -> Any:
    raise ValueError(constant)

"""Reads ``appointments.yml``; what is wrong is told with file, line, field and remedy."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import yaml

from bot.appointments.rules import BookingRules
from bot.errors import ContentError
from knowledge.content_files import CONTENT_DIR
from knowledge.validation import Invalid, checked

RULES_FILE: Final = CONTENT_DIR / "appointments.yml"
_GUIDE: Final = "guarda docs/appointments.md"


def read_rules(path: Path = RULES_FILE) -> BookingRules:
    """The booking rules of a file.

    Raises:
        ContentError: the file is missing, is not YAML, or a field is wrong.
    """
    try:
        text = path.read_text(encoding="utf-8")
        tree = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.safe_load(text)
    except (OSError, UnicodeDecodeError) as error:
        problem = f"non si può leggere ({type(error).__name__})"
        raise ContentError(str(path), problem, _GUIDE) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else None
        remedy = "controlla rientri, virgolette e parentesi"
        raise ContentError(str(path), "non è YAML valido", remedy, line=line) from None
    try:
        return checked(BookingRules, data)
    except Invalid as error:
        location, problem, remedy = error.flaws[0]
        field = ".".join(str(part) for part in location)
        line = _line_of(tree, location)
        raise ContentError(str(path), problem, remedy, line=line, field=field) from None


def _line_of(node: yaml.Node | None, location: Sequence[int | str]) -> int:
    """The line of the deepest part of the document that exists on the way to a field."""
    line = node.start_mark.line + 1 if node else 1
    for part in location:
        if isinstance(node, yaml.MappingNode):
            pair = next((pair for pair in node.value if pair[0].value == part), None)
            if pair is None:
                return line
            key, node = pair
            line = key.start_mark.line + 1
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            if part >= len(node.value):
                return line
            node = node.value[part]
            line = node.start_mark.line + 1
        else:
            return line
    return line

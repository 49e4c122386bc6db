"""CSV as spreadsheets write it: any usual delimiter, headers with capitals and accents, quotes, empty rows."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bot.errors import ContentError
from knowledge.importing.problems import Problems
from knowledge.importing.values import clean
from knowledge.text import fold

Columns = Mapping[str, Sequence[str]]
"""Our name of a column and the headers under which others have it."""

_DELIMITERS: Final = (",", ";", "\t", "|")
_FIELD_MAX_CHARS: Final = 131_072
_FOOTNOTE: Final = re.compile(r"\(\d+\)")
_FORMULA_STARTS: Final = ("'=", "'+", "'-", "'@")


@dataclass(frozen=True)
class TableRow:
    """Cleaned cells by our names; "" where a cell or its column is missing."""

    line: int
    values: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.values.get(column, "")


def read_table(
    text: str, path: str, columns: Columns, required: Sequence[str], problems: Problems
) -> Iterator[TableRow]:
    """Rows of a CSV text; broken rows are noted in ``problems``.

    Raises:
        ContentError: no header that we know, or a column of ``required`` is missing.
    """
    known = {
        fold(name): (ours, preference)
        for ours, names in columns.items()
        for preference, name in reversed(list(enumerate((ours, *names))))
    }
    delimiter = _delimiter(text, known)
    rows = _rows(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), path)
    cells = next((cells for _, cells in rows if any(cell.strip() for cell in cells)), [])
    header = _header([known.get(fold(_plain(cell))) for cell in cells], path)
    missing = [name for name in required if name not in header]
    if missing:
        raise ContentError(
            path,
            "mancano le colonne: " + ", ".join(missing),
            "usa le intestazioni del modello in docs/examples, separate da virgola o punto e virgola",
            line=1,
        )
    for line, cells in rows:
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) > len(header) and any(cell.strip() for cell in cells[len(header) :]):
            problems.add(
                f"la riga ha {len(cells)} celle, l'intestazione {len(header)}",
                "metti tra virgolette i testi che contengono il separatore",
                line=line,
            )
            continue
        yield TableRow(
            line,
            {
                name: _unquoted(cell)
                for name, cell in zip(header, cells, strict=False)
                if name is not None
            },
        )


def _header(found: Sequence[tuple[str, int] | None], path: str) -> list[str | None]:
    """Our name of each column; of several that mean the same the one that says it best counts."""
    best: dict[str, int] = {}
    for ours, preference in filter(None, found):
        best[ours] = min(best.get(ours, preference), preference)
    header = [entry[0] if entry and best[entry[0]] == entry[1] else None for entry in found]
    repeated = sorted({name for name in header if name and header.count(name) > 1})
    if repeated:
        raise ContentError(
            path, "queste colonne ci sono due volte: " + ", ".join(repeated), "tienine una", line=1
        )
    return header


def _rows(reader: Iterator[list[str]], path: str) -> Iterator[tuple[int, list[str]]]:
    # A row is told by its first line; the reader counts the last one it has read.
    csv.field_size_limit(_FIELD_MAX_CHARS)
    while True:
        line = int(getattr(reader, "line_num", 0)) + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            raise ContentError(
                path, "da qui non si legge come CSV", "controlla le virgolette", line=line
            ) from None
        yield line, cells


def _delimiter(text: str, known: Container[str]) -> str:
    """The delimiter with which most headers are known."""
    lines = text.lstrip("\n").split("\n", 40)[:40]

    def score(delimiter: str) -> int:
        try:
            header = next(csv.reader(lines, delimiter=delimiter), [])
        except csv.Error:
            return 0
        return sum(fold(_plain(cell)) in known for cell in header)

    return max(_DELIMITERS, key=score)


def _plain(header: str) -> str:
    """A header without footnotes like "(1)"."""
    return _FOOTNOTE.sub(" ", header)


def _unquoted(cell: str) -> str:
    # The apostrophe keeps a spreadsheet from running a cell as a formula: our own exports write it.
    text = clean(cell)
    return text[1:] if text.startswith(_FORMULA_STARTS) else text

"""The grid of the agenda: hours down, days or desks across. Pure: appointments, free slots and rules are arguments."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Final

from bot.appointments.rules import Office
from bot.console.agenda_entries import Entry

_SATURDAY: Final = 5


@dataclass
class Cell:
    """What is in one hour of one column: appointments, and the start that can still be booked there."""

    entries: list[Entry] = field(default_factory=list)
    free: datetime | None = None


@dataclass(frozen=True)
class Column:
    """A day or a desk. ``note`` says why it has no reception, "" if it has."""

    key: str
    day: date
    desk: str = ""
    note: str = ""


@dataclass(frozen=True)
class Grid:
    """Columns, and rows of one cell for each column."""

    columns: list[Column]
    rows: list[tuple[time, list[Cell]]]

    @property
    def is_empty(self) -> bool:
        """Whether nothing is booked and nothing can be."""
        return not self.rows


def desk_of(place: str) -> str:
    """The desk of a place: "sportello-1.2" is the second seat of "sportello-1"."""
    return place.partition(".")[0]


def day_grid(
    office: Office, day: date, entries: Iterable[Entry], free: Iterable[datetime], note: str
) -> Grid:
    """One day, a column for each desk; a free slot is shown at the first desk that has nobody then."""
    entries = list(entries)
    desks = [desk.id for desk in office.desks]
    gone = sorted({desk_of(entry.desk) for entry in entries} - set(desks))
    columns = [Column(desk, day, desk, note) for desk in [*desks, *gone]]
    cells = _cells(columns, entries, lambda entry: desk_of(entry.desk))
    for slot in free:
        row = cells.setdefault(slot.time(), [Cell() for _ in columns])
        seats = {desk.id: desk.capacity for desk in office.desks}
        for column, cell in zip(columns, row, strict=True):
            if len(cell.entries) < seats.get(column.desk, 0):
                cell.free = slot
                break
    return Grid(columns, sorted(cells.items()))


def week_grid(
    days: Sequence[date], entries: Iterable[Entry], free: Iterable[datetime], notes: dict[date, str]
) -> Grid:
    """Several days, a column for each; weekends only if there is something on them."""
    entries, free = list(entries), list(free)
    busy = {entry.start.date() for entry in entries} | {slot.date() for slot in free}
    days = [day for day in days if day.weekday() < _SATURDAY or day in busy]
    columns = [Column(day.isoformat(), day, note=notes.get(day, "")) for day in days]
    cells = _cells(columns, entries, lambda entry: entry.start.date().isoformat())
    places = {column.key: place for place, column in enumerate(columns)}
    for slot in free:
        place = places.get(slot.date().isoformat())
        if place is not None:
            cells.setdefault(slot.time(), [Cell() for _ in columns])[place].free = slot
    return Grid(columns, sorted(cells.items()))


def _cells(
    columns: Sequence[Column], entries: Iterable[Entry], key: Callable[[Entry], str]
) -> dict[time, list[Cell]]:
    places = {column.key: place for place, column in enumerate(columns)}
    cells: dict[time, list[Cell]] = {}
    for entry in entries:
        place = places.get(key(entry))
        if place is not None:
            row = cells.setdefault(entry.start.time(), [Cell() for _ in columns])
            row[place].entries.append(entry)
    return cells

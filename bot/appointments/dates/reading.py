"""The one door of the grammar: a text and the moment it is said at, to days and hours."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from bot.appointments.dates.clauses import when_of
from bot.appointments.dates.context import Context
from bot.appointments.dates.items import items_of
from bot.appointments.dates.model import When, minute_of
from bot.appointments.dates.not_dates import without_non_dates
from bot.appointments.dates.tokens import Token, tokens_of

MAX_CHARS = 2_000
"""Longer texts are read up to here: nobody tells a date after two pages."""


def understand(
    text: str,
    now: datetime,
    *,
    reference: datetime | date | None = None,
    expecting: Literal["day", "time"] | None = None,
) -> When:
    """What a text says about days and hours.

    Args:
        text: any text; whatever it holds, no exception is raised.
        now: the moment it is said, in Rome (the zone itself is not looked at).
        reference: the moment on the table ("il giorno dopo", "più tardi"), or only its day.
        expecting: what was asked, so that a lone "10" is a day or an hour.
    """
    tokens = without_non_dates(text[:MAX_CHARS], tokens_of(text[:MAX_CHARS]))
    tokens = _lone_number(tokens, expecting)
    moment = isinstance(reference, datetime)
    ctx = Context(
        now.date(),
        minute_of(now.time()),
        reference.date() if isinstance(reference, datetime) else reference,
        minute_of(reference.time()) if moment and isinstance(reference, datetime) else None,
    )
    return when_of(items_of(tokens, ctx), ctx)


def _lone_number(tokens: list[Token], expecting: Literal["day", "time"] | None) -> list[Token]:
    """A number alone, or nearly, as the day or the hour that was asked for."""
    if expecting is None or not tokens or tokens[0].number is None:
        return tokens
    first = tokens[0]
    lead = "giorno" if expecting == "day" else "alle"
    return [Token(lead, first.start, first.start), *tokens]

"""Asking for a person: the request is queued at once, and the truth is told about when somebody reads it."""

from __future__ import annotations

from datetime import datetime

from actions.opening_hours import PHONE, next_phone_opening
from actions.replies import clock_time
from actions.texts import text
from knowledge.hours import OpeningHours


def somebody_reads(hours: OpeningHours, now: datetime) -> str:
    """When a person of the office reads requests: now, or from the next opening on."""
    closes = hours.closes_at(PHONE, now)
    if closes is not None:
        return text("person_reads_now", closes=clock_time(closes))
    following = next_phone_opening(hours, now)
    if following is None:
        return text("person_reads_some_time")
    return text("person_reads_later", day=following[0], opens=following[1])


def queue_notice(hours: OpeningHours, now: datetime, place: int) -> str:
    """What the assistant adds to its answers while the citizen waits for a person."""
    return text("person_still_queued", place=place, when=somebody_reads(hours, now))

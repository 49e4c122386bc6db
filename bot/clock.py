"""The one source of wall-clock time, so that demonstrations and tests can choose it."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

ROME = ZoneInfo("Europe/Rome")


class Clock:
    """Wall clock that may start at a chosen local time and runs on from there.

    Args:
        start: local date-time (naive, Europe/Rome) believed at construction; ``None`` follows the system.
    """

    def __init__(self, start: datetime | None = None) -> None:
        self._started = time.monotonic()
        self._start = start.replace(tzinfo=ROME).astimezone(timezone.utc) if start else None

    def utc(self) -> datetime:
        """Current time, aware, in UTC: what the database stores."""
        if self._start is None:
            return datetime.now(timezone.utc)
        return self._start + timedelta(seconds=time.monotonic() - self._started)

    def now(self) -> datetime:
        """Current time, aware, in Europe/Rome: what citizens live by."""
        return self.utc().astimezone(ROME)

    def timer(self) -> datetime:
        """System time in UTC, whatever time is believed: measures holds, leases and retries between processes.

        A monotonic clock cannot be shared by replicas; who compares these times bounds both sides, so that a
        jump of the system clock never makes a wait longer.
        """
        return datetime.now(timezone.utc)

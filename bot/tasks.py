"""Waiting and stopping that a cancellation always ends.

`asyncio.wait_for` of Python 3.10 loses a cancellation that arrives together with the result, and drivers use it too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from contextlib import suppress
from typing import Any, Final

_AGAIN_S: Final = 0.5


async def wait_for_event(event: asyncio.Event, timeout_s: float | None = None) -> bool:
    """Wait until an event is set; False if the time passed without."""
    waiting = asyncio.ensure_future(event.wait())
    try:
        await asyncio.wait({waiting}, timeout=timeout_s)
    finally:
        waiting.cancel()
    return event.is_set()


async def stop(tasks: Collection[asyncio.Task[Any]]) -> None:
    """Cancel tasks until they have ended, however often it takes; their errors are theirs."""
    unfinished = {task for task in tasks if not task.done()}
    while unfinished:
        for task in unfinished:
            task.cancel()
        _, unfinished = await asyncio.wait(unfinished, timeout=_AGAIN_S)
    for task in tasks:
        with suppress(asyncio.CancelledError):
            task.exception()

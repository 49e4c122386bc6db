"""The off switch of the chat: citizens are told at once that it is closed; staff finish the cases that they have.

The state is a row, told to every process by an event, so that all channels of all replicas follow within a second.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from bot.storage import audit, events
from bot.storage.app_state import read_state, write_state

_KEY: Final = "chat_switch"
CHAT_SWITCHED: Final = "chat.switched"


@dataclass(frozen=True)
class ChatSwitch:
    """Whether the chat answers; ``reason`` is for colleagues, citizens read the sentence of every channel."""

    is_off: bool = False
    reason: str = ""


def read_switch(connection: sa.Connection) -> ChatSwitch:
    """The state that is stored; on, where nobody has ever switched."""
    stored = read_state(connection, _KEY)
    return ChatSwitch(**json.loads(stored)) if stored else ChatSwitch()


def turn_switch(
    connection: sa.Connection, to: ChatSwitch, *, by: int | None, now: datetime
) -> None:
    """Switch, tell every process, and note who did it."""
    write_state(connection, _KEY, json.dumps(asdict(to), ensure_ascii=False))
    events.publish(connection, CHAT_SWITCHED, {"off": to.is_off}, now)
    action = "chat_off" if to.is_off else "chat_on"
    audit.record(connection, now=now, staff_id=by, action=action, detail={"reason": to.reason})

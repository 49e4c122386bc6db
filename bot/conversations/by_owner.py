"""What becomes of a message depending on who owns the conversation."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final

import sqlalchemy as sa

from actions.context import ActionContext, Unit
from actions.handoff import queue_notice
from bot.storage import events, inbox, ownership
from bot.storage.tables import conversations
from knowledge.danger import danger_in

TAKES_ANSWERS_ALONG: Final = frozenset({"rest", "terminal"})
"""Channels whose caller gets the answers as the result of the call: nothing is left to deliver."""

_SPEAK_FOR_THEMSELVES: Final = frozenset({"handed_off", "crisis", "confirm"})
"""Status of answers under which a word about the queue would be out of place."""


def left_for_staff(
    conversation_id: str, message: str, masked: str, state: str | None, now: datetime
) -> inbox.Turn:
    """A person is in charge: the assistant says nothing, and danger alerts the person."""
    danger = danger_in(message)
    also = [partial(_alert, conversation_id=conversation_id, kind=danger, now=now)]
    return inbox.Turn(masked, state, (), also=also if danger else (), is_for_staff=True)


def _alert(connection: sa.Connection, *, conversation_id: str, kind: str, now: datetime) -> None:
    """Tell the person in charge at once; `upkeep` gives the numbers if nobody looks."""
    connection.execute(
        sa.update(conversations)
        .where(conversations.c.id == conversation_id)
        .values(
            alert_kind=kind,
            alert_at=sa.func.coalesce(conversations.c.alert_at, now),
            priority=ownership.URGENT,
        )
    )
    payload = {"conversation": conversation_id, "kind": kind}
    events.publish(connection, events.CONVERSATION_ALERT, payload, now)


async def with_queue_notice(
    messages: Sequence[dict[str, Any]], context: ActionContext
) -> list[dict[str, Any]]:
    """The answers, and that the request for a person is in the queue, unless they speak of it themselves."""
    speaks = any(_custom(message).get("status") in _SPEAK_FOR_THEMSELVES for message in messages)
    if speaks or context.at_commit:
        return list(messages)
    place = await context.read(
        lambda connection: ownership.place_in_queue(connection, context.conversation_id)
    )
    notice = {
        "text": queue_notice(context.knowledge.hours, context.clock.now(), place),
        "custom": {"status": "handed_off", "topic": "persona", "records": []},
    }
    return [*messages, notice]


def also_at_commit(context: ActionContext) -> list[Unit]:
    """Units of work for the commit of the turn: what the actions want, after reopening what was closed."""
    units = list(context.at_commit)
    if context.owner == ownership.CLOSED:
        reopen = partial(
            ownership.reopen, conversation_id=context.conversation_id, now=context.clock.utc()
        )
        units.insert(0, reopen)
    return units


def topic_of(messages: Sequence[dict[str, Any]]) -> str | None:
    """The topic of the last answer that rests on records."""
    for message in reversed(messages):
        if _custom(message).get("records"):
            return str(_custom(message)["topic"])
    return None


def _custom(message: dict[str, Any]) -> dict[str, Any]:
    return message.get("custom") or {}

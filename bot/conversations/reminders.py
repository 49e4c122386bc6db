"""Reminders of appointments, put into the conversations in which they were booked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import sqlalchemy as sa

from actions.appointment_effects import REMINDER
from actions.appointment_state import TOPIC
from bot.appointments.delivery import ChatReminder
from bot.storage import outbox


def remind_in_chat(
    connection: sa.Connection, reminder: ChatReminder, *, now: Callable[[], datetime]
) -> bool:
    """Queue a reminder as a message of the office; False if the conversation is gone.

    The message says which appointment it is about, so that "non posso venire" cancels that one.
    """
    view = reminder.appointment
    seq = outbox.send(
        connection,
        conversation_id=reminder.conversation,
        author="system",
        message={
            "text": reminder.text,
            "custom": {
                "status": REMINDER,
                "topic": TOPIC,
                "records": [],
                "appointment": view["id"],
            },
        },
        now=now(),
        once_key=f"reminder:{view['id']}:{view['sequence']}",
    )
    return seq is not None

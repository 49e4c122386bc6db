"""Pressed buttons: a choice is a message of the citizen, turning pages of days is not."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from bot.channels.telegram import keyboards
from bot.channels.telegram.direct import Direct
from bot.channels.telegram.formatting import Piece
from bot.channels.telegram.keyboards import Key, Press
from bot.channels.telegram.notice import Notice
from bot.channels.telegram.rendering import with_choice
from bot.channels.telegram.storing import NothingNew, StoreUpdate
from bot.channels.telegram.texts import text
from bot.channels.telegram.updates import Pressed
from bot.conversations import personal_data
from bot.storage import outbox, reports, telegram
from bot.storage.telegram import Shown

if TYPE_CHECKING:
    from bot.runtime import Runtime

Take = Callable[[int, str, StoreUpdate], Awaitable[None]]
"""Stores a text of a chat and has it answered."""

_CHOICES: Final = "bs"
_PAGES: Final = "dh"
_REPORT: Final = "r"
_REFUSAL: Final = "n"


class Presses:
    """Does what a pressed button says. The press is answered before anything else is done."""

    def __init__(self, runtime: Runtime, direct: Direct, notice: Notice, take: Take) -> None:
        self._database = runtime.database
        self._clock = runtime.clock
        self._changed = runtime.notifier.changed
        self._life = timedelta(hours=runtime.settings.telegram_button_hours)
        self._direct = direct
        self._notice = notice
        self._take = take

    async def press(self, update_id: int, event: Pressed) -> None:
        """Obey a press, or say kindly why not. Raises NothingNew, StorageUnavailable."""
        press = keyboards.parse(event.data)
        if press is None:
            used = event.data == keyboards.USED
            words = text("already_chosen" if used else "unknown_button")
            self._direct.answer_press(event.query_id, words, alert=not used)
            return
        shown = await self._database.read(_look, event.chat, press.outbound_id, update_id)
        obstacle = self._obstacle(press, shown)
        if obstacle or shown is None:
            self._direct.answer_press(event.query_id, text(obstacle), alert=True)
            if shown is not None and press.kind in _CHOICES + _PAGES:
                rows = keyboards.after_choice(shown.outbound_id, shown.message)
                self._direct.show_keyboard(event.chat, event.message_id, rows)
            return
        if press.kind in _PAGES:
            self._turn_page(event, press, shown)
        elif press.kind == _REPORT:
            await self._report(event, shown)
        elif press.kind == _REFUSAL:
            await self._refuse(update_id, event, shown)
        else:
            await self._choose(update_id, event, press, shown)

    def _obstacle(self, press: Press, shown: Shown | None) -> str:
        """Why a press is not obeyed, as the key of a sentence; "" if it is."""
        if shown is None:
            return "stale"
        if press.kind == _REPORT:
            return ""
        if press.kind == _REFUSAL:
            return "notice_too_late" if shown.answered else ""
        if self._clock.utc() - shown.created_at > self._life:
            return "expired"
        # A question of the assistant is answered once; what staff or a reminder offers stays open.
        if shown.answered and shown.author == outbox.ASSISTANT:
            return "stale"
        return "" if press.kind in _PAGES or keyboards.chosen(press, shown.message) else "stale"

    def _turn_page(self, event: Pressed, press: Press, shown: Shown) -> None:
        if press.kind == "h":
            rows = keyboards.hours(shown.outbound_id, shown.message, press.first)
        else:
            rows = keyboards.days(shown.outbound_id, shown.message, press.first)
        self._direct.answer_press(event.query_id)
        if rows:
            self._direct.show_keyboard(event.chat, event.message_id, rows)

    async def _choose(self, update_id: int, event: Pressed, press: Press, shown: Shown) -> None:
        choice = keyboards.chosen(press, shown.message)
        if choice is None:
            raise NothingNew
        payload, label = choice
        self._direct.answer_press(event.query_id)
        # A button has no message id of its own that could be corrected.
        await self._take(event.chat, payload, StoreUpdate(update_id, 0, self._notice))
        rows = keyboards.after_choice(shown.outbound_id, shown.message)
        piece = with_choice(shown.message, label)
        if piece is not None:
            self._direct.show_text(event.chat, event.message_id, piece, rows)
        else:
            done = [[Key(text("chosen", choice=label), keyboards.USED)]]
            self._direct.show_keyboard(event.chat, event.message_id, done + rows)

    async def _report(self, event: Pressed, shown: Shown) -> None:
        self._direct.answer_press(event.query_id, text("report_thanks"), alert=True)
        now = self._clock.utc()
        await self._database.write(reports.report_answer, shown.conversation_id, shown.seq, "", now)
        rows = keyboards.keyboard(shown.outbound_id, shown.message)[:-1]
        if shown.answered:
            rows = []
        rows.append([Key(text("report_done"), keyboards.USED)])
        self._direct.show_keyboard(event.chat, event.message_id, rows)

    async def _refuse(self, update_id: int, event: Pressed, shown: Shown) -> None:
        self._direct.answer_press(event.query_id)
        await self._database.write(_forget, update_id, shown.conversation_id, self._clock.utc())
        self._changed()
        self._direct.show_text(event.chat, event.message_id, Piece(text("notice_refused")), [])


def _look(connection: sa.Connection, chat: int, outbound_id: int, update_id: int) -> Shown | None:
    if telegram.has_update(connection, update_id):
        raise NothingNew
    return telegram.find_shown(connection, str(chat), outbound_id)


def _forget(connection: sa.Connection, update_id: int, conversation_id: str, now: datetime) -> None:
    telegram.take_update(connection, update_id, now)
    personal_data.erase(connection, conversation_id, now)

"""What an update of Telegram means for us (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from telegram import CallbackQuery, ChatMemberUpdated, Message, Update
from telegram.constants import ChatMemberStatus, ChatType

from bot.channels.incoming_text import cleaned
from bot.conversations.commands import COMMANDS

ALLOWED: Final = ("message", "edited_message", "callback_query", "my_chat_member")
"""Kinds of updates that we ask for."""

_KINDS: Final = {
    "photo": "photo",
    "voice": "voice",
    "audio": "voice",
    "video_note": "video",
    "video": "video",
    "animation": "video",
    "sticker": "sticker",
    "dice": "sticker",
    "document": "document",
    "location": "location",
    "venue": "location",
    "contact": "contact",
    "poll": "poll",
}
"""What a message may hold besides text, as we tell it apart; an animation also comes as a document."""

_SERVICE_FIELDS: Final = (
    "pinned_message",
    "message_auto_delete_timer_changed",
    "write_access_allowed",
    "chat_background_set",
    "boost_added",
)
_START: Final = "/start"


@dataclass(frozen=True)
class Said:
    """A text of a citizen. ``kind``: what it came with, such as "photo"; ``payload``: that of a deep link."""

    chat: int
    message_id: int
    text: str
    kind: str = ""
    payload: str = ""


@dataclass(frozen=True)
class Corrected:
    """A text that the citizen has changed."""

    chat: int
    message_id: int
    text: str


@dataclass(frozen=True)
class Showed:
    """Something without text: a photo, a voice message, a place."""

    chat: int
    message_id: int
    kind: str


@dataclass(frozen=True)
class Pressed:
    """A button under a message of ours."""

    chat: int
    query_id: str
    message_id: int
    data: str


@dataclass(frozen=True)
class Reach:
    """A citizen has blocked us, or has let us in again."""

    chat: int
    reachable: bool


@dataclass(frozen=True)
class InGroup:
    """We were added to a group or channel, or somebody writes there. Who and what is not looked at."""

    chat: int
    added: bool
    addressed: bool


Event = Said | Corrected | Showed | Pressed | Reach | InGroup


def read_update(update: Update) -> Event | None:
    """What an update means; None if it means nothing to us."""
    if update.message is not None:
        return _message(update.message)
    if update.edited_message is not None:
        return _edited(update.edited_message)
    if update.callback_query is not None:
        return _pressed(update.callback_query)
    if update.my_chat_member is not None:
        return _membership(update.my_chat_member)
    return None


def words_of(text: str) -> str:
    """The text of a command as every channel knows it: "/aiuto@NomeBot" is "/aiuto", what follows is added in words."""
    command, _, rest = text.partition(" ")
    name = command.partition("@")[0].lower()
    if name not in COMMANDS:
        return text
    return f"{COMMANDS[name]} {rest.strip()}" if rest.strip() else name


def _message(message: Message) -> Event | None:
    if message.chat.type != ChatType.PRIVATE:
        return InGroup(message.chat.id, added=False, addressed=_is_addressed(message))
    if message.from_user is not None and message.from_user.is_bot:
        return None
    kind = next((kind for name, kind in _KINDS.items() if getattr(message, name)), "")
    words = cleaned(message.text or message.caption or "")
    if not words:
        if not kind and any(getattr(message, name) for name in _SERVICE_FIELDS):
            return None
        return Showed(message.chat.id, message.message_id, kind or "other")
    command, _, payload = words.partition(" ")
    if command.partition("@")[0].lower() == _START:
        return Said(message.chat.id, message.message_id, _START, payload=payload.strip())
    return Said(message.chat.id, message.message_id, words_of(words), kind)


def _edited(message: Message) -> Event | None:
    words = cleaned(message.text or message.caption or "")
    if message.chat.type != ChatType.PRIVATE or not words:
        return None
    return Corrected(message.chat.id, message.message_id, words_of(words))


def _pressed(query: CallbackQuery) -> Event | None:
    message = query.message
    if message is None or message.chat.type != ChatType.PRIVATE:
        return None
    return Pressed(message.chat.id, query.id, message.message_id, query.data or "")


def _membership(change: ChatMemberUpdated) -> Event | None:
    status = change.new_chat_member.status
    gone = status in (ChatMemberStatus.BANNED, ChatMemberStatus.LEFT)
    if change.chat.type == ChatType.PRIVATE:
        return Reach(change.chat.id, reachable=not gone)
    return None if gone else InGroup(change.chat.id, added=True, addressed=True)


def _is_addressed(message: Message) -> bool:
    """Whether a message in a group is meant for a bot: a command, a mention, a reply to us."""
    if message.entities and any(e.type in ("bot_command", "mention") for e in message.entities):
        return True
    reply = message.reply_to_message
    return reply is not None and reply.from_user is not None and reply.from_user.is_bot

"""What the Bot API accepts and what it says when it does not (pure): sizes, entities, markup, keyboards, commands."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import Any, Final

TEXT_UNITS: Final = 4_096
CAPTION_UNITS: Final = 1_024
_ENTITY_TYPES: Final = frozenset(
    [
        "mention",
        "hashtag",
        "cashtag",
        "bot_command",
        "url",
        "email",
        "phone_number",
        "bold",
        "italic",
        "underline",
        "strikethrough",
        "spoiler",
        "blockquote",
        "expandable_blockquote",
        "code",
        "pre",
        "text_link",
        "text_mention",
        "custom_emoji",
    ]
)
_HTML_TAGS: Final = frozenset(
    [
        "b",
        "strong",
        "i",
        "em",
        "u",
        "ins",
        "s",
        "strike",
        "del",
        "span",
        "tg-spoiler",
        "a",
        "tg-emoji",
        "code",
        "pre",
        "blockquote",
    ]
)
_COMMAND: Final = re.compile(r"[a-z0-9_]{1,32}")
_SECRET: Final = re.compile(r"[A-Za-z0-9_-]{1,256}")
_MARKDOWN_RESERVED: Final = re.compile(r"(?<!\\)[#+\-=|{}.!]")
ACTIONS: Final = frozenset(
    [
        "typing",
        "upload_photo",
        "record_video",
        "upload_video",
        "record_voice",
        "upload_voice",
        "upload_document",
        "choose_sticker",
        "find_location",
        "record_video_note",
        "upload_video_note",
    ]
)


class Refusal(Exception):
    """An error of the Bot API."""

    def __init__(self, code: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters


def bad(description: str) -> Refusal:
    return Refusal(400, f"Bad Request: {description}")


def units(text: str) -> int:
    """Length in UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def checked_text(params: dict[str, Any]) -> tuple[str, list[dict[str, Any]]]:
    """Text and entities of a message, as a client would show them. Raises Refusal."""
    text = str(params.get("text") or "")
    mode = params.get("parse_mode")
    if mode == "HTML":
        text, entities = _parsed_html(text)
    else:
        if mode == "MarkdownV2" and (found := _MARKDOWN_RESERVED.search(text)):
            raise bad(
                f"can't parse entities: Character '{found[0]}' is reserved and must be escaped"
            )
        entities = decoded(params.get("entities")) or []
    if not text.strip():
        raise bad("message text is empty")
    if units(text) > TEXT_UNITS:
        raise bad("message is too long")
    for entity in entities:
        _check_entity(entity, text)
    return text, entities


def _check_entity(entity: dict[str, Any], text: str) -> None:
    if entity.get("type") not in _ENTITY_TYPES:
        raise bad("can't parse MessageEntity: unknown type")
    start, length = int(entity["offset"]), int(entity["length"])
    if start < 0 or length <= 0 or start + length > units(text):
        raise bad("entity is out of the text")
    raw = text.encode("utf-16-le", "surrogatepass")
    for edge in (start, start + length):
        first = raw[edge * 2 + 1 : edge * 2 + 2]
        if first and 0xDC <= first[0] <= 0xDF:
            raise bad("entity begins or ends in the middle of a character")


class _Html(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""
        self.open: list[tuple[str, int]] = []
        self.entities: list[dict[str, Any]] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag not in _HTML_TAGS:
            raise bad(f'can\'t parse entities: Unsupported start tag "{tag}"')
        self.open.append((tag, units(self.text)))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open[-1][0] != tag:
            raise bad(f"can't parse entities: Unmatched end tag </{tag}>")
        _, start = self.open.pop()
        length = units(self.text) - start
        if length:
            self.entities.append({"type": "bold", "offset": start, "length": length})

    def handle_data(self, data: str) -> None:
        self.text += data


def _parsed_html(source: str) -> tuple[str, list[dict[str, Any]]]:
    parser = _Html()
    parser.feed(source)
    parser.close()
    if parser.open:
        raise bad(f"can't parse entities: Can't find end tag for {parser.open[-1][0]}")
    return parser.text, parser.entities


def checked_keyboard(params: dict[str, Any]) -> list[list[dict[str, Any]]]:
    """The inline keyboard. Raises Refusal."""
    markup = decoded(params.get("reply_markup")) or {}
    rows: list[list[dict[str, Any]]] = markup.get("inline_keyboard") or []
    if sum(len(row) for row in rows) > 100:
        raise bad("REPLY_MARKUP_TOO_LONG")
    for button in (button for row in rows for button in row):
        if not str(button.get("text") or "").strip():
            raise bad("BUTTON_TEXT_EMPTY")
        data = button.get("callback_data")
        if data is not None and not 1 <= len(data.encode()) <= 64:
            raise bad("BUTTON_DATA_INVALID")
        if data is None and not button.get("url"):
            raise bad("BUTTON_TYPE_INVALID")
    return rows


def checked_commands(params: dict[str, Any]) -> list[dict[str, str]]:
    """The list of commands. Raises Refusal."""
    commands: list[dict[str, str]] = decoded(params.get("commands")) or []
    for command in commands:
        if not _COMMAND.fullmatch(command.get("command", "")):
            raise bad("BOT_COMMAND_INVALID")
        if not 1 <= len(command.get("description", "")) <= 256:
            raise bad("BOT_COMMAND_DESCRIPTION_INVALID")
    if len(commands) > 100:
        raise bad("BOT_COMMANDS_TOO_MUCH")
    return commands


def checked_webhook(params: dict[str, Any]) -> dict[str, Any]:
    """Where to deliver. Raises Refusal."""
    url = str(params.get("url") or "")
    if url and not url.startswith(("https://", "http://127.0.0.1:")):
        raise bad("bad webhook: An HTTPS URL must be provided for webhook")
    secret = str(params.get("secret_token") or "")
    if secret and not _SECRET.fullmatch(secret):
        raise bad("secret token contains unallowed characters")
    connections = int(params.get("max_connections") or 40)
    if not 1 <= connections <= 100:
        raise bad("max_connections must be between 1 and 100")
    return {
        "url": url,
        "secret": secret,
        "connections": connections,
        "allowed": decoded(params.get("allowed_updates")),
    }


def decoded(value: Any) -> Any:
    """A parameter that is JSON inside a form, or already decoded."""
    if isinstance(value, str):
        try:
            return json.loads(value)
        except ValueError:
            raise bad("can't parse JSON of a parameter") from None
    return value

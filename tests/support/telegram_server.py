"""A Bot API server of our own on loopback that behaves like Telegram's: for tests, and to try the bot without an account.

``python -m tests.support.telegram_server`` starts it alone, with a citizen at the keyboard (docs/telegram.md).
"""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp
from aiohttp import web

from tests.support.telegram_rules import (
    ACTIONS,
    CAPTION_UNITS,
    Refusal,
    bad,
    checked_commands,
    checked_keyboard,
    checked_text,
    checked_webhook,
    units,
)

TOKEN: Final = "123456789:prova-senza-valore-fuori-di-qui"
BOT: Final = {
    "id": 123456789,
    "is_bot": True,
    "first_name": "Sportello",
    "username": "SportelloProvaBot",
    "can_join_groups": True,
    "can_read_all_group_messages": False,
    "supports_inline_queries": False,
}
_RETRIES: Final = 60
_RETRY_PAUSE_S: Final = 0.2


@dataclass(frozen=True)
class Call:
    """A call of the bot, when it came, and how it was answered (0: not at all)."""

    method: str
    params: dict[str, Any]
    at: float
    code: int


@dataclass(frozen=True)
class Fault:
    """What goes wrong with a call.

    Attributes:
        code: an error of this number; 0 for none.
        retry_after: seconds, with code 429.
        slow_s: seconds before the answer.
        cut: the connection is reset instead of an answer.
        after: the call has its effect all the same: only its answer is lost.
    """

    code: int = 0
    retry_after: int = 0
    slow_s: float = 0.0
    cut: bool = False
    after: bool = False


@dataclass
class Chat:
    """A chat and all its messages, the citizen's and the bot's."""

    id: int
    type: str = "private"
    blocked: bool = False
    left: bool = False
    messages: list[dict[str, Any]] = field(default_factory=list)

    @property
    def from_bot(self) -> list[dict[str, Any]]:
        return [message for message in self.messages if message["from"]["is_bot"]]

    def texts(self) -> list[str]:
        """What the bot has written, as it was sent."""
        return [m["sent_text"] for m in self.from_bot if "text" in m]

    def message(self, message_id: int) -> dict[str, Any]:
        for message in self.messages:
            if message["message_id"] == message_id:
                return message
        raise bad("message to edit not found")


class TelegramServer:
    """The server; use `telegram_server` to run it.

    Attributes:
        fault: asked at every call what goes wrong with it, by method and parameters.
        repeat: how often each webhook delivery is made.
        unheard: messages that were taken while their sender was gone.
        route: where a webhook address leads (no test has a public address).
    """

    def __init__(self) -> None:
        self.url = ""
        self.calls: list[Call] = []
        self.chats: dict[int, Chat] = {}
        self.commands: list[dict[str, str]] = []
        self.webhook: dict[str, Any] = {"url": ""}
        self.answered_presses: dict[str, dict[str, Any]] = {}
        self.fault: Callable[[str, dict[str, Any]], Fault | None] = lambda method, params: None
        self.deliveries: list[tuple[int, int]] = []
        self.unheard = 0
        self.repeat = 1
        self.route: Callable[[str], str] = lambda url: url
        self._open_presses: set[str] = set()
        self._updates: list[dict[str, Any]] = []
        self._update_ids = itertools.count(870_000_001)
        self._numbers = itertools.count(1)
        self._message_ids: dict[int, Any] = defaultdict(lambda: itertools.count(1))
        self._news = asyncio.Condition()
        self._polls = itertools.count(1)
        self._poll = 0
        self._ends_poll = False
        self._tasks: set[asyncio.Task[Any]] = set()

    # What citizens do

    def chat(self, chat_id: int, kind: str = "private") -> Chat:
        """The chat of an id, new if there was none."""
        return self.chats.setdefault(chat_id, Chat(chat_id, kind))

    async def say(self, chat_id: int, text: str, **more: Any) -> dict[str, Any]:
        """A citizen writes; returns the update."""
        message = self._citizens(self.chat(chat_id), text=text, **more)
        return await self.push(message=_plain(message))

    async def show(self, chat_id: int, **content: Any) -> dict[str, Any]:
        """A citizen sends something else: ``photo=…``, ``voice=…``, ``location=…``."""
        return await self.push(message=_plain(self._citizens(self.chat(chat_id), **content)))

    async def edit(self, chat_id: int, message_id: int, text: str) -> dict[str, Any]:
        """A citizen corrects a message."""
        message = self.chat(chat_id).message(message_id)
        message |= {"text": text, "edit_date": int(time.time())}
        return await self.push(edited_message=_plain(message))

    async def press(self, chat_id: int, message_id: int, data: str) -> dict[str, Any]:
        """A citizen presses a button."""
        query_id = str(next(self._numbers))
        self._open_presses.add(query_id)
        chat = self.chat(chat_id)
        query = {
            "id": query_id,
            "from": _person(chat_id),
            "chat_instance": str(chat_id),
            "data": data,
            "message": _plain(chat.message(message_id)),
        }
        return await self.push(callback_query=query)

    async def press_label(self, chat_id: int, label: str) -> dict[str, Any]:
        """A citizen presses the newest button with a label, or the newest whose label begins so."""
        shown = [
            (message["message_id"], button)
            for message in reversed(self.chat(chat_id).from_bot)
            for row in message.get("keyboard", ())
            for button in row
        ]
        exact = [(m, b) for m, b in shown if b["text"] == label]
        for message_id, button in exact or [
            (m, b) for m, b in shown if b["text"].startswith(label)
        ]:
            return await self.press(chat_id, message_id, button["callback_data"])
        raise AssertionError(f"no button {label!r} in {[b['text'] for _, b in shown]}")

    async def block(self, chat_id: int, *, back: bool = False) -> dict[str, Any]:
        """A citizen blocks the bot, or lets it in again."""
        chat = self.chat(chat_id)
        chat.blocked = not back
        was, now = ("kicked", "member") if back else ("member", "kicked")
        return await self.push(my_chat_member=_membership(chat, was, now))

    async def add_to_group(self, chat_id: int) -> dict[str, Any]:
        """Somebody adds the bot to a group."""
        chat = self.chat(chat_id, "supergroup")
        return await self.push(my_chat_member=_membership(chat, "left", "member"))

    async def push(self, update_id: int | None = None, **content: Any) -> dict[str, Any]:
        """Hand an update over, by webhook or to who polls; returns it."""
        number = next(self._update_ids) if update_id is None else update_id
        update = json.loads(json.dumps({"update_id": number, **content}))
        await self.hand_over(update)
        return update

    async def hand_over(self, update: dict[str, Any]) -> None:
        """Hand an update over, perhaps once more."""
        if self.webhook["url"]:
            for _ in range(self.repeat):
                self._start(self._deliver(update))
            return
        async with self._news:
            self._updates.append(update)
            self._news.notify_all()

    async def end_poll(self) -> None:
        """Answer the open request for updates as if its time were over."""
        async with self._news:
            self._ends_poll = True
            self._news.notify_all()

    def jump_back(self, number: int) -> None:
        """Update ids begin anew at another number, as after a week of silence."""
        self._update_ids = itertools.count(number)

    @property
    def undelivered(self) -> int:
        """Updates that nobody has confirmed."""
        return len(self._updates)

    # The Bot API

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer a call."""
        at = time.monotonic()
        method = request.match_info["method"]
        try:
            params, files = await _params(request)
        except OSError:
            # Whoever called was killed in the middle of the request.
            return web.Response()
        fault = self.fault(method, params)
        if fault is not None and fault.slow_s:
            await asyncio.sleep(fault.slow_s)
        try:
            if fault is not None and not fault.after:
                _fail(fault)
            result = await self._do(request, method, params, files)
            if fault is not None and fault.after:
                _fail(fault)
            if method == "sendMessage":
                await self._count_unheard(request)
        except _Cut:
            self.calls.append(Call(method, params, at, 0))
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        except Refusal as refusal:
            is_gone = request.transport is None or request.transport.is_closing()
            self.calls.append(Call(method, params, at, 0 if is_gone else refusal.code))
            return _refused(refusal)
        self.calls.append(Call(method, params, at, 200))
        return web.json_response({"ok": True, "result": result})

    async def _count_unheard(self, request: web.Request) -> None:
        """Note that a message was taken whose sender has given up or died before it could hear so."""
        for _ in range(3):
            await asyncio.sleep(0)
        if request.transport is None or request.transport.is_closing():
            self.unheard += 1

    async def _do(
        self, request: web.Request, method: str, params: dict[str, Any], files: dict[str, Any]
    ) -> Any:
        if request.match_info["token"] != TOKEN:
            raise Refusal(401, "Unauthorized")
        do = getattr(self, f"_{method}", None)
        if do is None:
            raise Refusal(404, "Not Found: method not found")
        return await do(params, files)

    async def _getMe(self, params: dict[str, Any], files: Any) -> Any:
        return BOT

    async def _getUpdates(self, params: dict[str, Any], files: Any) -> Any:
        if self.webhook["url"]:
            raise Refusal(409, "Conflict: can't use getUpdates method while webhook is active")
        async with self._news:
            self._poll = mine = next(self._polls)
            self._news.notify_all()
            if params.get("offset") is not None:
                first = int(params["offset"])
                self._updates = [u for u in self._updates if u["update_id"] >= first]
            until = time.monotonic() + min(float(params.get("timeout") or 0), 50)
            self._ends_poll = False
            while not (self._updates or self._ends_poll) and self._poll == mine:
                try:
                    await asyncio.wait_for(self._news.wait(), until - time.monotonic())
                except asyncio.TimeoutError:
                    break
            if self._poll != mine:
                raise Refusal(409, "Conflict: terminated by other getUpdates request")
            return self._updates[: int(params.get("limit") or 100)]

    async def _setWebhook(self, params: dict[str, Any], files: Any) -> Any:
        self.webhook = checked_webhook(params)
        waiting, self._updates = self._updates, []
        for update in waiting:
            await self.hand_over(update)
        return True

    async def _deleteWebhook(self, params: dict[str, Any], files: Any) -> Any:
        self.webhook = {"url": ""}
        return True

    async def _getWebhookInfo(self, params: dict[str, Any], files: Any) -> Any:
        return {"url": self.webhook["url"], "pending_update_count": len(self._updates)}

    async def _setMyCommands(self, params: dict[str, Any], files: Any) -> Any:
        self.commands = checked_commands(params)
        return True

    async def _sendMessage(self, params: dict[str, Any], files: Any) -> Any:
        chat = self._reachable(params)
        text, entities = checked_text(params)
        keyboard = checked_keyboard(params)
        # The text that arrives; "sent_text" stays what it was when it was sent.
        return self._bots(chat, text=text, entities=entities, keyboard=keyboard, sent_text=text)

    async def _sendDocument(self, params: dict[str, Any], files: dict[str, Any]) -> Any:
        chat = self._reachable(params)
        if units(str(params.get("caption") or "")) > CAPTION_UNITS:
            raise bad("message caption is too long")
        if not files:
            raise bad("there is no document in the request")
        name, content = next(iter(files.values()))
        if not content:
            raise bad("file must be non-empty")
        document = {"file_id": "f", "file_unique_id": "f", "file_name": name}
        return self._bots(chat, document=document, content=content)

    async def _editMessageText(self, params: dict[str, Any], files: Any) -> Any:
        message = self._own(params)
        text, entities = checked_text(params)
        return _changed(message, text=text, entities=entities, keyboard=checked_keyboard(params))

    async def _editMessageReplyMarkup(self, params: dict[str, Any], files: Any) -> Any:
        return _changed(self._own(params), keyboard=checked_keyboard(params))

    async def _answerCallbackQuery(self, params: dict[str, Any], files: Any) -> Any:
        query_id = str(params.get("callback_query_id"))
        if query_id not in self._open_presses:
            raise bad("query is too old and response timeout expired or query ID is invalid")
        if len(str(params.get("text") or "")) > 200:
            raise bad("MESSAGE_TOO_LONG")
        self._open_presses.discard(query_id)
        self.answered_presses[query_id] = params
        return True

    async def _sendChatAction(self, params: dict[str, Any], files: Any) -> Any:
        self._reachable(params)
        if params.get("action") not in ACTIONS:
            raise bad("wrong parameter action in request")
        return True

    async def _leaveChat(self, params: dict[str, Any], files: Any) -> Any:
        self._reachable(params).left = True
        return True

    def _reachable(self, params: dict[str, Any]) -> Chat:
        chat = self.chats.get(int(params.get("chat_id") or 0))
        if chat is None:
            raise bad("chat not found")
        if chat.blocked:
            raise Refusal(403, "Forbidden: bot was blocked by the user")
        if chat.left:
            raise Refusal(403, "Forbidden: bot is not a member of the supergroup chat")
        return chat

    def _own(self, params: dict[str, Any]) -> dict[str, Any]:
        message = self._reachable(params).message(int(params.get("message_id") or 0))
        if not message["from"]["is_bot"]:
            raise bad("message can't be edited")
        return message

    def _citizens(self, chat: Chat, **content: Any) -> dict[str, Any]:
        message = self._stored(chat, _person(chat.id), content)
        text = content.get("text", "")
        if text.startswith("/"):
            length = len(text.split()[0])
            message["entities"] = [{"type": "bot_command", "offset": 0, "length": length}]
        return message

    def _bots(self, chat: Chat, **content: Any) -> dict[str, Any]:
        return _plain(self._stored(chat, BOT, content))

    def _stored(self, chat: Chat, who: dict[str, Any], content: dict[str, Any]) -> dict[str, Any]:
        message = {
            "message_id": next(self._message_ids[chat.id]),
            "date": int(time.time()),
            "chat": {"id": chat.id, "type": chat.type, "first_name": "Prova"},
            "from": who,
            "at": time.monotonic(),
            **content,
        }
        chat.messages.append(message)
        return message

    # Deliveries

    async def _deliver(self, update: dict[str, Any]) -> None:
        hook = self.webhook
        headers = {"X-Telegram-Bot-Api-Secret-Token": hook["secret"]} if hook["secret"] else {}
        async with aiohttp.ClientSession() as session:
            for attempt in range(_RETRIES):
                try:
                    async with session.post(
                        self.route(hook["url"]),
                        json=update,
                        headers=headers,
                        timeout=_DELIVERY_TIMEOUT,
                    ) as response:
                        status = response.status
                except (aiohttp.ClientError, OSError, asyncio.TimeoutError):
                    status = 0
                self.deliveries.append((update["update_id"], status))
                if 200 <= status < 300:
                    return
                await asyncio.sleep(_RETRY_PAUSE_S * min(attempt + 1, 5))

    def _start(self, work: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Stop deliveries."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


_DELIVERY_TIMEOUT: Final = aiohttp.ClientTimeout(total=10)


class _Cut(Exception):
    """The connection goes away."""


def _fail(fault: Fault) -> None:
    if fault.cut:
        raise _Cut
    if fault.code == 429:
        words = f"Too Many Requests: retry after {fault.retry_after}"
        raise Refusal(429, words, retry_after=fault.retry_after)
    if fault.code:
        raise Refusal(fault.code, "Internal Server Error" if fault.code >= 500 else "Forbidden")


def _refused(refusal: Refusal) -> web.Response:
    body: dict[str, Any] = {
        "ok": False,
        "error_code": refusal.code,
        "description": refusal.description,
    }
    if refusal.parameters:
        body["parameters"] = refusal.parameters
    return web.json_response(body, status=refusal.code)


def _changed(message: dict[str, Any], **changes: Any) -> dict[str, Any]:
    if all(message.get(name) == value for name, value in changes.items()):
        raise bad("message is not modified")
    message.update(changes)
    return _plain(message)


def _plain(message: dict[str, Any]) -> dict[str, Any]:
    """A message as the Bot API returns it."""
    kept = {k: v for k, v in message.items() if k not in ("keyboard", "sent_text", "content", "at")}
    if message.get("keyboard"):
        kept["reply_markup"] = {"inline_keyboard": message["keyboard"]}
    return kept


def _person(chat_id: int) -> dict[str, Any]:
    return {"id": abs(chat_id), "is_bot": False, "first_name": "Prova", "language_code": "it"}


def _membership(chat: Chat, was: str, now: str) -> dict[str, Any]:
    def member(status: str) -> dict[str, Any]:
        extra = {"until_date": 0} if status == "kicked" else {}
        return {"user": BOT, "status": status, **extra}

    return {
        "chat": {"id": chat.id, "type": chat.type, "title": "Gruppo"},
        "from": _person(chat.id),
        "date": int(time.time()),
        "old_chat_member": member(was),
        "new_chat_member": member(now),
    }


async def _params(request: web.Request) -> tuple[dict[str, Any], dict[str, tuple[str, bytes]]]:
    params: dict[str, Any] = dict(request.query)
    files: dict[str, tuple[str, bytes]] = {}
    if request.content_type == "application/json":
        params |= await request.json()
    elif request.method == "POST":
        for name, value in (await request.post()).items():
            if isinstance(value, web.FileField):
                files[name] = (value.filename, value.file.read())
            else:
                params[name] = value
    return params, files


@asynccontextmanager
async def telegram_server(port: int = 0) -> AsyncIterator[TelegramServer]:
    """A running server; its address is ``url``."""
    server = TelegramServer()
    app = web.Application(client_max_size=60 * 1024 * 1024)
    app.router.add_route("*", "/bot{token}/{method}", server.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield server
    finally:
        await server.close()
        await runner.cleanup()


if __name__ == "__main__":
    from tests.support.telegram_citizen import main

    main()

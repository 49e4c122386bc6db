"""`sportello conversations`: staff read and answer from the command line, also beside a running service."""

from __future__ import annotations

import asyncio
import getpass
import json
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Final, TypeVar

import sqlalchemy as sa
import typer
from rich.table import Table

from bot.clock import ROME, Clock
from bot.commands.common import console, prepared_settings
from bot.conversations import desk
from bot.conversations.personal_data import erase, export
from bot.errors import ConfigurationError, UnknownConversation
from bot.masking import mask
from bot.settings import Settings
from bot.storage import handoffs, outbox, ownership, transcript
from bot.storage.database import Database
from bot.storage.migrate import migrate

T = TypeVar("T")

app = typer.Typer(
    help="Le conversazioni: la coda, leggere, prendere in carico, rispondere, chiudere.",
    no_args_is_help=True,
)
_MAX_MESSAGES: Final = 10_000

Id = Annotated[str, typer.Argument(help="Identificativo della conversazione, o il suo inizio.")]
AsJSON = Annotated[bool, typer.Option("--json", help="Stampa JSON, con campi stabili.")]
Staff = Annotated[str, typer.Option(help="Nome di chi agisce; se manca, chi ha la conversazione.")]
Claimer = Annotated[str, typer.Option(help="Nome di chi la prende; se manca, l'utente di sistema.")]


@app.command(name="list", help="Elenca le conversazioni: prima chi aspetta, in ordine di coda.")
def list_(
    owner: Annotated[
        str, typer.Option(help="Solo queste: assistant, waiting, staff o closed.")
    ] = "",
    dead: Annotated[
        bool, typer.Option(help="I messaggi che non si sono potuti consegnare.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Quante al massimo.")] = 50,
    as_json: AsJSON = False,
) -> None:
    if owner and owner not in ownership.OWNERS:
        raise ConfigurationError(f"--owner: scegli fra {', '.join(ownership.OWNERS)}")
    if dead:
        letters = _run(lambda c, now: outbox.dead_letters(c, limit), writes=False)
        _show_all([_dead_letter(letter) for letter in letters], as_json)
        return
    owners = (owner,) if owner else ownership.OWNERS
    found = _run(lambda c, now: transcript.list_conversations(c, owners, limit), writes=False)
    _show_all([_summary(conversation) for conversation in found], as_json)


@app.command(help="Mostra una conversazione con tutti i messaggi.")
def show(
    id: Id,
    staff: Annotated[
        str, typer.Option(help="Chi legge: se l'ha in carico, l'avviso è letto.")
    ] = "",
    as_json: AsJSON = False,
) -> None:
    def unit(connection: sa.Connection, now: datetime) -> dict[str, Any]:
        conversation_id = _find(connection, id)
        if staff and transcript.conversation(connection, conversation_id).staff == staff:
            desk.mark_seen(connection, conversation_id)
        return _details(connection, conversation_id)

    found = _run(unit, writes=bool(staff))
    if as_json:
        _print_json(found)
        return
    _show_all([{k: v for k, v in found.items() if k not in ("messages", "request")}], False)
    request = found["request"] or {}
    for label, value in (
        ("Messaggio", request.get("message")),
        ("Contatto", request.get("contact")),
    ):
        if value:
            console.print(f"{label}: {value}", markup=False, highlight=False)
    for message in found["messages"]:
        who = message["staff"] or message["author"]
        line = f"{message['seq']:>4}  {message['at'][:16]}  {who} ({message['status']}): {message['text']}"
        console.print(line, markup=False, highlight=False)


@app.command(help="Prendi in carico una conversazione: da qui l'assistente tace.")
def claim(id: Id, staff: Claimer = "", as_json: AsJSON = False) -> None:
    name = staff or getpass.getuser()
    _change(id, lambda c, i, now: desk.claim(c, i, name, now), as_json)


@app.command(help="Rispondi al cittadino.")
def reply(
    id: Id,
    text: Annotated[str, typer.Argument(help="La risposta, tra virgolette.")],
    staff: Staff = "",
    as_json: AsJSON = False,
) -> None:
    if not text.strip():
        raise ConfigurationError("la risposta è vuota")
    _change(id, lambda c, i, now: desk.reply(c, i, _acting(c, i, staff), text, now), as_json)


@app.command(help="Ridai la conversazione all'assistente.")
def release(id: Id, staff: Staff = "", as_json: AsJSON = False) -> None:
    _change(id, lambda c, i, now: desk.release(c, i, _acting(c, i, staff), now), as_json)


@app.command(
    help="Chiudi la conversazione; se il cittadino scrive ancora, ricomincia l'assistente."
)
def close(
    id: Id,
    staff: Staff = "",
    reason: Annotated[str, typer.Option(help="Motivo, una parola.")] = desk.CLOSED_BY_STAFF,
    as_json: AsJSON = False,
) -> None:
    def unit(connection: sa.Connection, conversation_id: str, now: datetime) -> None:
        name = _acting(connection, conversation_id, staff) or getpass.getuser()
        desk.close(connection, conversation_id, name, now, reason=reason[:32])

    _change(id, unit, as_json)


@app.command(help="Riprova a consegnare i messaggi falliti di una conversazione.")
def retry(id: Id, as_json: AsJSON = False) -> None:
    _change(id, outbox.revive, as_json)


@app.command(
    name="export", help="Stampa in JSON tutti i dati della persona che scrive in una conversazione."
)
def export_(id: Id) -> None:
    _print_json(_run(lambda c, now: export(c, _find(c, id), now), writes=False))


@app.command(name="erase", help="Cancella una conversazione e tutti i dati della persona.")
def erase_(
    id: Id,
    yes: Annotated[bool, typer.Option("--yes", help="Non chiedere conferma.")] = False,
) -> None:
    found = _run(lambda c, now: _find(c, id), writes=False)
    if not yes and not typer.confirm(f"Cancello per sempre la conversazione {found}?"):
        raise typer.Exit(1)
    _run(lambda c, now: erase(c, found, now), writes=True, scrubs=True)
    console.print("Cancellata.")


def _change(id: str, unit: Callable[[sa.Connection, str, datetime], Any], as_json: bool) -> None:
    def whole(connection: sa.Connection, now: datetime) -> dict[str, Any]:
        conversation_id = _find(connection, id)
        unit(connection, conversation_id, now)
        return _summary(transcript.conversation(connection, conversation_id))

    changed = _run(whole, writes=True)
    if as_json:
        _print_json(changed)
    else:
        _show_all([changed], False)


def _run(unit: Callable[[sa.Connection, datetime], T], *, writes: bool, scrubs: bool = False) -> T:
    return asyncio.run(_on_database(prepared_settings(), unit, writes=writes, scrubs=scrubs))


async def _on_database(
    settings: Settings,
    unit: Callable[[sa.Connection, datetime], T],
    *,
    writes: bool,
    scrubs: bool,
) -> T:
    database = Database(settings.effective_database_url)
    try:
        await migrate(database)
        run = database.write if writes else database.read
        result = await run(unit, Clock(settings.clock).utc())
        if scrubs:
            await database.scrub()
        return result
    finally:
        await database.close()


def _find(connection: sa.Connection, beginning: str) -> str:
    """The id that begins like this, if only one does."""
    found = transcript.ids_beginning(connection, beginning, limit=2)
    if not found:
        raise UnknownConversation(beginning)
    if len(found) > 1:
        raise ConfigurationError(f"più conversazioni cominciano per «{beginning}»: scrivi di più")
    return found[0]


def _acting(connection: sa.Connection, conversation_id: str, staff: str) -> str:
    """Who acts: the named person, or whoever is in charge."""
    return staff or transcript.conversation(connection, conversation_id).staff or ""


def _details(connection: sa.Connection, conversation_id: str) -> dict[str, Any]:
    summary = _summary(transcript.conversation(connection, conversation_id))
    request = handoffs.request_of(connection, conversation_id)
    said = transcript.messages(
        connection, conversation_id, limit=_MAX_MESSAGES, with_withdrawn=True
    )
    left = {"message": request.message, "contact": request.contact} if request else None
    return {**summary, "request": left, "messages": [_message(message) for message in said]}


def _summary(conversation: transcript.Conversation) -> dict[str, Any]:
    waits = conversation.owner == ownership.WAITING
    return {
        "id": conversation.id,
        "channel": conversation.channel,
        "owner": conversation.owner,
        "staff": conversation.staff,
        "topic": conversation.topic,
        "reason": conversation.reason,
        "priority": conversation.priority,
        "alert": conversation.alert_kind,
        "waiting_since": _local(conversation.waiting_since) if waits else None,
        "last_message_at": _local(conversation.last_message_at),
    }


def _message(message: transcript.Message) -> dict[str, Any]:
    own = message.author == transcript.CITIZEN
    return {
        "seq": message.seq,
        "author": message.author,
        "staff": message.staff,
        "text": mask(message.text) if own else message.text,
        "status": message.status,
        "at": _local(message.at),
    }


def _dead_letter(letter: outbox.DeadLetter) -> dict[str, Any]:
    return {
        "id": letter.conversation_id,
        "channel": letter.channel,
        "seq": letter.seq,
        "author": letter.author,
        "attempts": letter.attempts,
        "error": letter.error,
        "at": _local(letter.at),
    }


def _local(moment: datetime | None) -> str | None:
    return moment.astimezone(ROME).isoformat(timespec="seconds") if moment else None


def _print_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2))


def _show_all(rows: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        _print_json(rows)
        return
    if not rows:
        console.print("Nessuna.")
        return
    table = Table(*rows[0])
    for row in rows:
        table.add_row(*("" if value is None else str(value) for value in row.values()))
    console.print(table)

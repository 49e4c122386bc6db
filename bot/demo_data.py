"""Invented conversations and appointments in any number, for demonstrations and for measuring: no real person is in them."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from bot.storage.appointment_tables import appointments
from bot.storage.console_tables import conversation_words
from bot.storage.database import Database
from bot.storage.search_words import folded_words
from bot.storage.tables import conversations, inbound, outbound

_BATCH: Final = 500
_TOPICS: Final = (
    "impianti-termici",
    "strade-provinciali",
    "urp-contatti",
    "trasporto-eccezionale",
    "",
)
_CHANNELS: Final = ("web", "telegram", "rest")
_WORDS: Final = ("caldaia", "controllo", "strada", "provinciale", "orari", "ufficio", "domanda", "modulo", "patente",
                 "autorizzazione", "trasporto", "scuola", "lavoro", "offerta", "appuntamento", "telefono", "indirizzo",
                 "costo", "documenti", "scadenza", "ricorso", "bando", "contributo", "parco", "acqua", "rifiuti")  # fmt: skip
_OWNERS: Final = (("assistant", 0.55), ("closed", 0.40), ("staff", 0.03), ("waiting", 0.02))
_CELLS_A_DAY: Final = 16


async def fill(
    database: Database,
    now: datetime,
    *,
    how_many_conversations: int,
    how_many_messages: int,
    how_many_appointments: int,
    progress: Callable[[int], None],
    seed: int = 7,
) -> None:
    """Add so many of each, in batches; the same seed makes the same data.

    Args:
        progress: called with how many conversations and appointments have been added since the last call.
    """
    # Not for secrets: the data must be the same every time.
    chance = random.Random(seed)  # noqa: S311
    each = max(2, how_many_messages // max(1, how_many_conversations))
    for count in _batches(how_many_conversations):
        made = [_conversation(chance, now, each) for _ in range(count)]
        await database.write(_add_conversations, made)
        progress(count)
    number = 0
    for count in _batches(how_many_appointments):
        rows = [_appointment(chance, now, number + place) for place in range(count)]
        number += count
        await database.write(_add_rows, appointments, rows)
        progress(count)


def _batches(total: int) -> Iterator[int]:
    for start in range(0, total, _BATCH):
        yield min(_BATCH, total - start)


def _conversation(chance: random.Random, now: datetime, messages: int) -> dict[str, Any]:
    identifier = UUID(int=chance.getrandbits(128)).hex
    last = now - timedelta(minutes=chance.uniform(1, 300_000))
    (owner,) = chance.choices([name for name, _ in _OWNERS], [share for _, share in _OWNERS])
    channel = chance.choice(_CHANNELS)
    said = [" ".join(chance.choices(_WORDS, k=chance.randint(4, 12))) for _ in range(messages)]
    row = {
        "id": identifier,
        "channel": channel,
        "sender": f"demo-{identifier}",
        "owner": owner,
        "staff": f"Collega {chance.randint(1, 20)}" if owner == "staff" else None,
        "topic": chance.choice(_TOPICS) or None,
        "reason": "asked" if owner in ("waiting", "staff") else None,
        "waiting_since": last if owner in ("waiting", "staff") else None,
        "created_at": last - timedelta(hours=1),
        "last_message_at": last,
        "last_seq": messages,
        "indexed_seq": messages,
    }
    return {"row": row, "said": said}


def _add_conversations(connection: sa.Connection, made: list[dict[str, Any]]) -> None:
    _add_rows(connection, conversations, [one["row"] for one in made])
    received, sent, words = [], [], []
    for one in made:
        row = one["row"]
        for seq, text in enumerate(one["said"], 1):
            at = row["created_at"] + timedelta(seconds=seq)
            common = {"conversation_id": row["id"], "seq": seq}
            if seq % 2:
                received.append(
                    {**common, "text": text, "status": "done", "received_at": at, "answered_at": at}
                )
            else:
                sent.append(_answer(common, row["channel"], text, at))
        folded = folded_words(" ".join(one["said"][::2]))
        words += [{"word": word, "conversation_id": row["id"]} for word in folded]
    for table, rows in ((inbound, received), (outbound, sent), (conversation_words, words)):
        _add_rows(connection, table, rows)


def _answer(common: dict[str, Any], channel: str, text: str, at: datetime) -> dict[str, Any]:
    custom = {"status": "answered", "topic": "demo", "records": []}
    return {
        **common,
        "channel": channel,
        "author": "assistant",
        "payload": json.dumps({"text": text, "custom": custom}),
        "created_at": at,
        "status": "sent",
        "due_at": at,
        "sent_at": at,
    }


def _appointment(chance: random.Random, now: datetime, number: int) -> dict[str, Any]:
    day, cell = divmod(number, _CELLS_A_DAY)
    start = (now - timedelta(days=day + 1)).replace(hour=7, minute=0, second=0, microsecond=0)
    identifier = UUID(int=chance.getrandbits(128)).hex
    return {
        "id": identifier,
        "code": f"D{number:07}",
        "office": "urp",
        "desk": "urp/1",
        "service": "informazioni",
        "starts_at": start + timedelta(minutes=30 * cell),
        "minutes": 30,
        "status": chance.choice(("completed", "completed", "no_show")),
        "name": f"Persona Inventata {number}",
        "person": f"persona inventata {number}",
        "contact": "+39000000000",
        "channel": "web",
        "created_at": start,
        "changed_at": start,
    }


def _add_rows(connection: sa.Connection, table: sa.Table, rows: list[dict[str, Any]]) -> None:
    if rows:
        connection.execute(sa.insert(table), rows)

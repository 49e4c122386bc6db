"""What is read out of new messages beside the turns: words by which staff find conversations, answers that went badly."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa

from bot.storage import reviews
from bot.storage.console_tables import conversation_words
from bot.storage.outbox import WITHDRAWN
from bot.storage.tables import conversations, inbound, outbound
from bot.storage.upsert import insert

_WORD: Final = re.compile(r"[a-z0-9]+")
_LONGEST: Final = 40
_SHORTEST: Final = 3
_AT_ONCE: Final = 100
_NOT_UNDERSTOOD: Final = "not_understood"
"""Reason of a request for a person after misunderstandings (`actions.handoff`)."""
_MESSAGES_AT_ONCE: Final = 200
_RARE: Final = 300
"""Rows of a word from which it counts as common."""

_PREFIX_END: Final = "\uffff"


def folded_words(text: str) -> list[str]:
    """Words of a text in small letters without accents, in order, each once; short ones say nothing."""
    plain = unicodedata.normalize("NFKD", text.lower()).encode("ascii", "ignore").decode()
    words = (word[:_LONGEST] for word in _WORD.findall(plain))
    return list(dict.fromkeys(word for word in words if len(word) >= _SHORTEST))


def with_words(connection: sa.Connection, words: Sequence[str]) -> sa.ColumnElement[bool]:
    """Condition on conversations: each of these words, or one that begins with it, was said.

    A rare word gives its few conversations; a common one is looked up in each conversation of the list, in the
    list's order, until the page is full. Either way little is read.
    """
    conditions: list[sa.ColumnElement[bool]] = []
    w = conversation_words.c
    for word in words:
        begins = sa.and_(w.word >= word, w.word < word + _PREFIX_END)
        few = sa.select(w.conversation_id).where(begins).limit(_RARE)
        found = set(connection.execute(few).scalars())
        if len(found) < _RARE:
            conditions.append(conversations.c.id.in_(sorted(found)))
        else:
            said = sa.exists().where(w.conversation_id == conversations.c.id, begins)
            conditions.append(said)
    return sa.and_(sa.true(), *conditions)


def index_new_messages(connection: sa.Connection) -> int:
    """Add the words of messages that are not in the index yet; returns how many conversations came further.

    A citizen's message is indexed once it is masked: what still waits for its turn holds what follows back.
    """
    c = conversations.c
    behind = connection.execute(
        sa.select(c.id, c.indexed_seq, c.reason)
        .where(c.last_seq > c.indexed_seq, c.erased_at.is_(None))
        .limit(_AT_ONCE)
    ).all()
    return sum(_index(connection, row.id, row.indexed_seq, row.reason) for row in behind)


def _index(
    connection: sa.Connection, conversation_id: str, indexed: int, reason: str | None
) -> bool:
    received = connection.execute(
        sa.select(inbound.c.seq, inbound.c.text, inbound.c.status)
        .where(inbound.c.conversation_id == conversation_id, inbound.c.seq > indexed)
        .order_by(inbound.c.seq)
        .limit(_MESSAGES_AT_ONCE)
    ).all()
    sent = connection.execute(
        sa.select(outbound.c.seq, outbound.c.payload, outbound.c.author, outbound.c.created_at)
        .where(
            outbound.c.conversation_id == conversation_id,
            outbound.c.seq > indexed,
            outbound.c.status != WITHDRAWN,
        )
        .order_by(outbound.c.seq)
        .limit(_MESSAGES_AT_ONCE)
    ).all()
    raw = [row.seq for row in received if row.status != "done"]
    seen = [row.seq for row in received] + [row.seq for row in sent]
    until = min(raw) - 1 if raw else max(seen, default=indexed)
    if len(received) == _MESSAGES_AT_ONCE or len(sent) == _MESSAGES_AT_ONCE:
        fetched = [rows[-1].seq for rows in (received, sent) if len(rows) == _MESSAGES_AT_ONCE]
        until = min(until, *fetched)
    texts = [row.text for row in received if row.seq <= until]
    answers = [(json.loads(row.payload), row) for row in sent if row.seq <= until]
    statuses = [(payload.get("custom") or {}).get("status", "") for payload, _ in answers]
    if answers:
        at = answers[-1][1].created_at
        reviews.note_bad_answers(connection, conversation_id, statuses, at)
        if reason == _NOT_UNDERSTOOD:
            reviews.note(connection, conversation_id, reviews.HANDED_OVER, at)
    # Answers of the assistant are found by their topic; what people wrote, by its words.
    texts += [payload.get("text", "") for payload, row in answers if row.author == "staff"]
    words = folded_words(" ".join(texts))
    if words:
        statement = insert(connection, conversation_words).on_conflict_do_nothing()
        connection.execute(
            statement, [{"word": word, "conversation_id": conversation_id} for word in words]
        )
    connection.execute(
        sa.update(conversations)
        .where(conversations.c.id == conversation_id)
        .values(indexed_seq=max(until, indexed))
    )
    return until > indexed

"""Secrets of browsers and what hangs on them. Each function is one unit of work; only digests of secrets are stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from bot.storage import reviews
from bot.storage.tables import conversations, ratings, web_sessions
from bot.storage.upsert import insert

_S: Final = web_sessions.c
_PRUNED_AT_ONCE: Final = 1_000


@dataclass(frozen=True)
class WebSession:
    """A browser's right to one conversation.

    Attributes:
        sender: who the browser is to the conversations.
        notice: version of the privacy notice that was accepted.
        conversation_id: None until the first message.
        last_seq: number of the newest message, 0 before the first.
    """

    digest: str
    sender: str
    notice: str
    seen_seq: int
    last_seen_at: datetime
    conversation_id: str | None = None
    last_seq: int = 0


def add_session(
    connection: sa.Connection, *, digest: str, sender: str, notice: str, now: datetime
) -> WebSession:
    """Give a browser the right to a conversation that does not exist yet."""
    connection.execute(
        sa.insert(web_sessions).values(
            secret_digest=digest, sender=sender, notice=notice, created_at=now, last_seen_at=now
        )
    )
    return WebSession(digest, sender, notice, 0, now)


def find_session(
    connection: sa.Connection, digest: str, channel: str, *, active_since: datetime
) -> WebSession | None:
    """The session of a secret, None if there is none or its last sign is older than ``active_since``."""
    row = connection.execute(
        sa.select(
            _S.secret_digest,
            _S.sender,
            _S.notice,
            _S.seen_seq,
            _S.last_seen_at,
            conversations.c.id,
            sa.func.coalesce(conversations.c.last_seq, 0),
        )
        .outerjoin(
            conversations,
            sa.and_(conversations.c.channel == channel, conversations.c.sender == _S.sender),
        )
        .where(_S.secret_digest == digest, _S.last_seen_at >= active_since)
    ).one_or_none()
    return WebSession(*row) if row else None


def touch_session(
    connection: sa.Connection, digest: str, now: datetime, *, notice: str = ""
) -> bool:
    """Note a sign of the citizen, and the notice if a newer one was accepted; False if the session is over."""
    values: dict[str, object] = {"last_seen_at": now}
    if notice:
        values["notice"] = notice
    changed = connection.execute(
        sa.update(web_sessions).where(_S.secret_digest == digest).values(values)
    )
    return changed.rowcount == 1


def note_seen(connection: sa.Connection, digest: str, seq: int) -> None:
    """The citizen has seen the messages up to a number."""
    connection.execute(
        sa.update(web_sessions)
        .where(_S.secret_digest == digest, _S.seen_seq < seq)
        .values(seen_seq=seq)
    )


def end_session(connection: sa.Connection, digest: str) -> None:
    """The secret is worth nothing from now on."""
    connection.execute(sa.delete(web_sessions).where(_S.secret_digest == digest))


def end_sessions_of(connection: sa.Connection, sender: str) -> None:
    """The same, for whoever a sender is."""
    connection.execute(sa.delete(web_sessions).where(_S.sender == sender))


def prune_sessions(connection: sa.Connection, active_since: datetime) -> int:
    """Forget sessions without a sign since then; returns how many went, at most a batch."""
    old = sa.select(_S.secret_digest).where(_S.last_seen_at < active_since).limit(_PRUNED_AT_ONCE)
    gone = connection.execute(sa.delete(web_sessions).where(_S.secret_digest.in_(old)))
    return int(gone.rowcount)


def sender_of(connection: sa.Connection, conversation_id: str) -> str | None:
    """Who a conversation is held with."""
    found: str | None = connection.execute(
        sa.select(conversations.c.sender).where(conversations.c.id == conversation_id)
    ).scalar()
    return found


@dataclass(frozen=True)
class Rating:
    """What a citizen thinks of the conversation: 1 to 5, and a comment without personal data."""

    score: int
    comment: str


def rating_of(connection: sa.Connection, conversation_id: str) -> Rating | None:
    """The rating of a conversation, if there is one."""
    row = connection.execute(
        sa.select(ratings.c.score, ratings.c.comment).where(
            ratings.c.conversation_id == conversation_id
        )
    ).one_or_none()
    return Rating(*row) if row else None


def rate(
    connection: sa.Connection, conversation_id: str, score: int, comment: str, now: datetime
) -> None:
    """Keep the citizen's rating; the last one counts. A low one puts the conversation on the list of the review."""
    values = {"score": score, "comment": comment, "created_at": now}
    connection.execute(
        insert(connection, ratings)
        .values(conversation_id=conversation_id, **values)
        .on_conflict_do_update(index_elements=["conversation_id"], set_=values)
    )
    if score <= reviews.LOW_SCORE:
        reviews.note(connection, conversation_id, reviews.RATED_LOW, now)

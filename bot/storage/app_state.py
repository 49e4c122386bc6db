"""Small facts that an installation keeps about itself, such as its own secret."""

from __future__ import annotations

import secrets

import sqlalchemy as sa

from bot.storage.tables import app_state
from bot.storage.upsert import insert


def read_state(connection: sa.Connection, key: str) -> str | None:
    """Stored value of a key."""
    return connection.execute(sa.select(app_state.c.value).where(app_state.c.key == key)).scalar()


def write_state(connection: sa.Connection, key: str, value: str) -> None:
    """Store the value of a key."""
    statement = insert(connection, app_state).values(key=key, value=value)
    connection.execute(
        statement.on_conflict_do_update(index_elements=["key"], set_={"value": value})
    )


def installation_secret(connection: sa.Connection) -> str:
    """A secret made once per database: it keys digests of message texts."""
    statement = insert(connection, app_state).values(key="secret", value=secrets.token_hex(32))
    connection.execute(statement.on_conflict_do_nothing(index_elements=["key"]))
    return str(read_state(connection, "secret"))

"""Brings the schema up to date at start, in one transaction, safe when several replicas start at once."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

import bot.storage.appointment_tables
import bot.storage.telegram_tables  # noqa: F401 - a table that nobody imports is in no schema
from bot.storage.database import Database

_MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK_KEY: Final = 7_306_112_001
"""Advisory lock number of schema changes on PostgreSQL; any constant of ours will do."""


def alembic_config() -> Config:
    """Alembic configuration without an ini file."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    return config


async def migrate(database: Database) -> None:
    """Upgrade to the newest schema, or leave the old one untouched if anything fails."""
    await database.write(_upgrade)


def _upgrade(connection: sa.Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK_KEY)))
    config = alembic_config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")

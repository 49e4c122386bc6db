"""Alembic environment: always runs on a connection that the application has opened."""

from __future__ import annotations

from alembic import context

import bot.storage.tables_knowledge  # noqa: F401 - registers its tables
from bot.storage import console_tables  # noqa: F401 (its tables join the metadata)
from bot.storage.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()

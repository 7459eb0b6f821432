"""Alembic runs this within the connection and transaction of ``ops.postgres.migration.migrate``."""

from __future__ import annotations

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    version_table="alembic_version",
    version_table_schema="watchline",
)
context.run_migrations()

"""Version 4: the audit logs of the sectors, and the number of the lease under which a journal is written.

A log has entries, signed heads, and the days to which they belong. Entries have one partition for each sector and day:
to erase a day is to drop its partition, while its heads, and with them all hashes, remain. The log names people, so a
reader of a sector reads it only if ``readers.audit`` is set.
"""

from __future__ import annotations

from alembic import op

revision = "4"
down_revision = "3"
branch_labels = None
depends_on = None

_STATEMENTS = """
CREATE TABLE watchline.audit_logs (
    sector integer PRIMARY KEY REFERENCES watchline.sectors,
    lines bigint NOT NULL DEFAULT 0,
    erasures bigint NOT NULL DEFAULT 0
);
CREATE TABLE watchline.audit_days (
    sector integer NOT NULL REFERENCES watchline.audit_logs,
    page integer NOT NULL,
    day date NOT NULL,
    erased boolean NOT NULL DEFAULT false,
    PRIMARY KEY (sector, page)
);
CREATE TABLE watchline.audit_heads (
    sector integer NOT NULL,
    page integer NOT NULL,
    n bigint NOT NULL,
    line bytea NOT NULL,
    PRIMARY KEY (sector, page, n),
    FOREIGN KEY (sector, page) REFERENCES watchline.audit_days
);
CREATE TABLE watchline.audit_entries (
    sector integer NOT NULL,
    page integer NOT NULL,
    n bigint NOT NULL,
    line bytea NOT NULL,
    PRIMARY KEY (sector, page, n)
) PARTITION BY RANGE (sector, page);
ALTER TABLE watchline.sectors ADD COLUMN fence bigint NOT NULL DEFAULT 0;
ALTER TABLE watchline.readers ADD COLUMN audit boolean NOT NULL DEFAULT false
"""
_MINE = "sector IN (SELECT r.sector FROM watchline.readers AS r WHERE r.role = current_user AND r.audit)"


def upgrade() -> None:
    """Create the tables."""
    for statement in _STATEMENTS.split(";"):
        op.execute(statement)
    for table in ("audit_logs", "audit_days", "audit_heads", "audit_entries"):
        op.execute(f"ALTER TABLE watchline.{table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY of_reader ON watchline.{table} FOR SELECT USING ({_MINE})")


def downgrade() -> None:
    """Refuse: an audit log is never removed by a program."""
    raise NotImplementedError

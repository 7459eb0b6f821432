"""Version 5: what the machines of a cluster share: leases, wrapped day keys, and small files of each sector.

A lease ends by the clock of this server. A day key is wrapped by a key that only the machines have, and a file is
encrypted by another one of theirs, so that a copy of the database opens neither. Readers have no rights to these
tables.
"""

from __future__ import annotations

from alembic import op

revision = "5"
down_revision = "4"
branch_labels = None
depends_on = None

_STATEMENTS = """
CREATE TABLE watchline.cluster_store (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    machine_key text
);
INSERT INTO watchline.cluster_store DEFAULT VALUES;
CREATE TABLE watchline.leases (
    sector text PRIMARY KEY,
    token bigint NOT NULL,
    holder text NOT NULL,
    machine text NOT NULL,
    processes bytea NOT NULL,
    claimed_at timestamptz NOT NULL,
    live_at timestamptz,
    beat bigint NOT NULL,
    beat_at timestamptz NOT NULL,
    wish text NOT NULL CHECK (wish IN ('hold', 'move', 'stop')),
    programs text NOT NULL
);
CREATE TABLE watchline.day_keys (
    sector integer NOT NULL REFERENCES watchline.sectors,
    kind text NOT NULL,
    day date NOT NULL,
    wrapped bytea,
    erased_at timestamptz,
    PRIMARY KEY (sector, kind, day),
    CHECK ((wrapped IS NULL) = (erased_at IS NOT NULL))
);
CREATE TABLE watchline.carried_files (
    sector integer NOT NULL REFERENCES watchline.sectors,
    name text NOT NULL,
    token bigint NOT NULL,
    body bytea NOT NULL,
    PRIMARY KEY (sector, name)
)
"""


def upgrade() -> None:
    """Create the tables."""
    for statement in _STATEMENTS.split(";"):
        op.execute(statement)


def downgrade() -> None:
    """Refuse: with the wrapped keys, all encrypted records would be lost."""
    raise NotImplementedError

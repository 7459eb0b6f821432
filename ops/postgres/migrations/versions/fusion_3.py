"""Version 3: the fusion stores of the sectors: alerts, incidents, the outbox, moments and the history of tracks.

Each table is divided by sector. The part of a sector is in a schema of its own (``watchline_7``), which Watchline
creates when fusion first writes there; history and moments are divided by day as well. Tables that only fusion needs,
such as its checkpoint, are in the schema of the sector and have no common table.
"""

from __future__ import annotations

from alembic import op

revision = "3"
down_revision = "2"
branch_labels = None
depends_on = None

_OF_WRITER = """
CREATE TABLE watchline.fusion_stores (
    sector integer PRIMARY KEY REFERENCES watchline.sectors,
    writer bigint NOT NULL DEFAULT 0,
    fence bigint NOT NULL DEFAULT 0,
    commits bigint NOT NULL DEFAULT 0
)
"""
_TABLES = {
    "alerts": """
        id text COLLATE "C" NOT NULL, revision bigint NOT NULL, status text COLLATE "C" NOT NULL,
        priority jsonb NOT NULL, raised_ns bigint NOT NULL, body bytea NOT NULL""",
    "outbox": """
        n bigint NOT NULL, kind text COLLATE "C" NOT NULL, alert text COLLATE "C" NOT NULL, revision bigint NOT NULL,
        priority jsonb NOT NULL, body bytea NOT NULL, delivered_ns bigint""",
    "incidents": """
        id text COLLATE "C" NOT NULL, revision bigint NOT NULL, state text COLLATE "C" NOT NULL,
        opened_ns bigint NOT NULL, body bytea NOT NULL""",
    "outcomes": """
        id text COLLATE "C" NOT NULL, incident text COLLATE "C" NOT NULL, body bytea NOT NULL,
        rowid bigint NOT NULL""",
    "history": """
        id bigint NOT NULL, track text COLLATE "C" NOT NULL, time_ns bigint NOT NULL,
        easting double precision, northing double precision, easting_rate double precision,
        northing_rate double precision, cov bytea NOT NULL, existence double precision,
        status text COLLATE "C" NOT NULL, segment bigint NOT NULL, offset_m double precision""",
    "live": """
        part text COLLATE "C" NOT NULL, cursor bigint NOT NULL, stamp_ns bigint NOT NULL, body bytea NOT NULL""",
    "moments": """
        stamp_ns bigint NOT NULL, base_ns bigint NOT NULL, cursor bigint NOT NULL, outbox bigint NOT NULL,
        body bytea NOT NULL, units bytea NOT NULL""",
    "markings": """
        n bigint NOT NULL, kind text COLLATE "C" NOT NULL, id text COLLATE "C" NOT NULL,
        marking text COLLATE "C" NOT NULL, published integer NOT NULL""",
}
_MINE = "sector IN (SELECT r.sector FROM watchline.readers AS r WHERE r.role = current_user)"


def upgrade() -> None:
    """Create the tables, of which each reader sees its sectors only."""
    op.execute(_OF_WRITER)
    for name, columns in _TABLES.items():
        op.execute(f"CREATE TABLE watchline.{name} ({columns}, sector integer NOT NULL) PARTITION BY LIST (sector)")
    for name in ("fusion_stores", *_TABLES):
        op.execute(f"ALTER TABLE watchline.{name} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY of_reader ON watchline.{name} FOR SELECT USING ({_MINE})")


def downgrade() -> None:
    """Refuse: what fusion published is never removed by a program."""
    raise NotImplementedError

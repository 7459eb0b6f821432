"""Version 2: roles that read the rows of some sectors and of no others, by row security.

The owner of the tables, who writes them, is not subject to it. A role that reads has no rights to the partitions by
themselves: it reads ``bodies`` through its parent, whose rows belong to the parts of its sectors.
"""

from __future__ import annotations

from alembic import op

revision = "2"
down_revision = "1"
branch_labels = None
depends_on = None

_OF_SECTOR = (
    *("sectors", "parts", "journal", "dead_letters", "counts", "marks", "boots", "flagged", "timings", "replays"),
)
_READERS = """
CREATE TABLE watchline.readers (
    role text COLLATE "C" NOT NULL,
    sector integer NOT NULL REFERENCES watchline.sectors,
    PRIMARY KEY (role, sector)
)
"""
_MINE = "sector IN (SELECT r.sector FROM watchline.readers AS r WHERE r.role = current_user)"


def upgrade() -> None:
    """Create the table of readers, and let each table show them their sectors only."""
    op.execute(_READERS)
    policies = {
        **dict.fromkeys(_OF_SECTOR, _MINE),
        "bodies": "part IN (SELECT p.part FROM watchline.parts AS p)",  # of which a reader sees those of its sectors
        "readers": "role = current_user",
    }
    for table, mine in policies.items():
        op.execute(f"ALTER TABLE watchline.{table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY of_reader ON watchline.{table} FOR SELECT USING ({mine})")


def downgrade() -> None:
    """Refuse: a role that may read one sector would read all."""
    raise NotImplementedError

"""Version 6: a reader's statements read the partitions of its sectors only, not those of all, row by row.

PostgreSQL leaves out partitions by comparisons with one value that it knows when the statement starts, which a list of
sectors is not: the policies compare with the first and the last sector of the role as well. ``bodies`` is divided by
parts, whose numbers follow the days and not the sectors, and stays as it is.
"""

from __future__ import annotations

from alembic import op

revision = "6"
down_revision = "5"
branch_labels = None
depends_on = None

_BY_SECTOR = ("alerts", "outbox", "incidents", "outcomes", "history", "live", "moments", "markings")
_OWN = "(SELECT {what} FROM watchline.readers AS r WHERE r.role = current_user{audit})"


def upgrade() -> None:
    """Change the policies of the tables that are divided by sector."""
    for table, audit in (*((name, "") for name in _BY_SECTOR), ("audit_entries", " AND r.audit")):
        own, first, last = (
            _OWN.format(what=what, audit=audit) for what in ("r.sector", "min(r.sector)", "max(r.sector)")
        )
        op.execute(
            f"ALTER POLICY of_reader ON watchline.{table}"
            f" USING (sector IN {own} AND sector >= {first} AND sector <= {last})"
        )


def downgrade() -> None:
    """Refuse, as all versions do: a store is never made older."""
    raise NotImplementedError

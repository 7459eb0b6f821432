"""The number of a lease in PostgreSQL: who writes a sector under an earlier one writes nothing more.

The writers of a journal and of a fusion store compare the number ``writer`` in each of their transactions. A claim
raises it, together with the number of the lease, in one transaction with all that this ends: the sessions of the
writers before, such as one that is frozen and would hold its lock for good.
"""

from __future__ import annotations

from typing import Final

import psycopg
from sqlalchemy.exc import DBAPIError

from ops.postgres.address import StoreAddress
from ops.postgres.engine import store_error
from ops.postgres.session import connected, sector_number

JOURNAL_WRITER: Final = 0x574C4A31
"""First key of the advisory lock of a journal's writer; the second is the sector's number."""
FUSION_WRITER: Final = 0x574C5332
"""The same for a fusion store."""
_FENCE: Final = """
SELECT greatest(s.fence, f.fence) FROM watchline.sectors AS s LEFT JOIN watchline.fusion_stores AS f USING (sector)
WHERE s.name = $1
"""
_ADD_STORE: Final = "INSERT INTO watchline.fusion_stores (sector) VALUES ($1) ON CONFLICT DO NOTHING"
_RAISE: Final = "UPDATE watchline.{table} SET fence = $2, writer = writer + 1 WHERE sector = $1 AND fence < $2"
_END: Final = """
SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND classid IN ($1, $2) AND objid = $3
AND objsubid = 2 AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


def stored_fence(address: StoreAddress, sector: str) -> int:
    """Return the highest number under which a sector was written; 0 without one. Raises PostgresError."""
    try:
        with connected(address) as driver:
            found = driver.execute(_FENCE, (sector,)).fetchone()
    except psycopg.Error as error:
        raise store_error(DBAPIError(None, None, error), address) from error
    return 0 if found is None else int(found[0] or 0)


def raise_fence(address: StoreAddress, sector: str, token: int) -> None:
    """Let only writers under the lease ``token``, or a later one, write a sector. Raises PostgresError."""
    try:
        with connected(address) as driver:
            with driver.transaction():
                number = sector_number(driver, sector)
                driver.execute(_ADD_STORE, (number,))
                raised = [
                    driver.execute(_RAISE.format(table=table), (number, token)).rowcount
                    for table in ("sectors", "fusion_stores")
                ]
            if any(raised):
                driver.execute(_END, (JOURNAL_WRITER, FUSION_WRITER, number))
    except psycopg.Error as error:
        raise store_error(DBAPIError(None, None, error), address) from error

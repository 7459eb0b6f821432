"""The claim of a cluster on its sectors in PostgreSQL, so that no two clusters give one sector to their workers.

It is an advisory lock per sector in a session of the supervisor: it ends with the supervisor, however that ends.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final

import psycopg
from sqlalchemy.exc import DBAPIError

from geo.errors import WatchlineError
from ops.cluster.supervisor.cluster import ClusterError
from ops.postgres.address import StoreAddress
from ops.postgres.engine import store_error
from ops.postgres.session import KeptConnection, connected, known_sector, sector_number

_LOCK: Final = 0x574C5335
"""First key of the lock; the second is the sector's number."""
_WAIT_S: Final = 2
"""How long a running cluster waits for a sector when it claims again [s]; it looks again soon."""
_START_WAIT_S: Final = 20
"""How long a starting cluster waits for each sector [s]: a server, on a busy machine, needs a moment to notice that a
supervisor has ended."""
_TAKEN_S: Final = 30.0
"""A server needs so long to notice that a connection was lost (``ops.postgres.address``), and some time more."""


def is_claimed(address: StoreAddress, sector: str) -> bool:
    """Return whether a cluster claims a sector now, without a change to the store. Raises PostgresError."""
    try:
        with connected(address) as driver:
            number = known_sector(driver, sector)
            if number is None:
                return False
            driver.execute(f"SET lock_timeout = '{_WAIT_S}s'")
            # until the end of this session; shared, so that two who only look do not take each other for a cluster
            driver.execute("SELECT pg_advisory_lock_shared($1, $2)", (_LOCK, number))
    except psycopg.errors.LockNotAvailable:
        return True
    except psycopg.Error as error:
        raise store_error(DBAPIError(None, None, error), address) from error
    return False


class StoreClaim:
    """The claim, from now until it is closed. Raises ClusterError for a sector that another cluster runs."""

    def __init__(
        self, store: str, sectors: Sequence[str], *, monotonic_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._address, self._sectors, self._monotonic_s = StoreAddress(store), list(sectors), monotonic_s
        self._problem, self._wait_s = "", _START_WAIT_S
        self._taken_s: float | None = None
        try:
            self._kept = KeptConnection(self._address, self._claim)
        except psycopg.Error as error:
            raise store_error(DBAPIError(None, None, error), self._address) from error
        self._wait_s = _WAIT_S

    def _claim(self, driver: psycopg.Connection[Any]) -> None:
        """Claim the sectors; those that the store does not know are added to it once all others are claimed."""
        driver.execute(f"SET lock_timeout = '{self._wait_s}s'")
        for name in sorted(self._sectors, key=lambda name: (known_sector(driver, name) is None, name)):
            try:
                driver.execute("SELECT pg_advisory_lock($1, $2)", (_LOCK, sector_number(driver, name)))
            except psycopg.errors.LockNotAvailable:
                raise ClusterError(
                    f"{self._address.shown}: another cluster runs the sector {name}; expected one cluster per sector."
                ) from None

    def look(self) -> str | None:
        """Claim again if the connection was lost; return a new problem, once.

        Raises ClusterError if another cluster has a sector meanwhile, and not only the session that was lost: two
        clusters would take it from each other in turn.
        """
        try:
            self._kept.first("SELECT 1")
            found, self._taken_s = "", None
        except ClusterError as error:
            now_s = self._monotonic_s()
            self._taken_s = now_s if self._taken_s is None else self._taken_s
            if now_s - self._taken_s >= _TAKEN_S:
                raise
            found = str(error)
        except psycopg.Error as error:
            found = str(store_error(DBAPIError(None, None, error), self._address))
        except WatchlineError as error:
            found = str(error)
        is_new, self._problem = found != self._problem, found
        return found if is_new and found else None

    def is_taken(self) -> bool:
        """Return whether another cluster has a sector now: it is that one's, and not to be stopped by this one."""
        with suppress(ClusterError):
            self.look()
        return self._taken_s is not None

    def close(self) -> None:
        """Give the sectors up."""
        self._kept.close()

"""Checks that a machine has in common with the others of its cluster what it must; each difference is one sentence."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable
from functools import lru_cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Final

import msgspec
import psycopg
from sqlalchemy.exc import DBAPIError

from geo.errors import BadInput
from geo.vector_files import file_and_layer
from ops.postgres.address import StoreAddress
from ops.postgres.engine import store_error
from ops.postgres.session import connected
from ops.sector.sector_file import Sector

CLOCK_S: Final = 2.0
"""Largest difference between the clock of a machine and that of the store's server."""
_NOW: Final = "SELECT extract(epoch FROM clock_timestamp())::float8"
_ID: Final = "SELECT id::text FROM watchline.cluster_store"


class Common(msgspec.Struct, frozen=True):
    """What the supervisor of a cluster has: versions of programs, the store's number, and a digest of the files."""

    programs: str
    store: str
    files: str


def programs() -> str:
    """Return the versions on which machines of a cluster must agree."""
    python = ".".join(platform.python_version_tuple()[:2])
    return f"Watchline {version('watchline')}, distributed {version('distributed')}, Python {python}"


def store_identity(address: StoreAddress) -> str:
    """Return the number of a store, which is the same under every address of it. Raises PostgresError."""
    try:
        with connected(address) as driver:
            return str(driver.execute(_ID).fetchone()[0])  # type: ignore[index]
    except psycopg.Error as error:
        raise store_error(DBAPIError(None, None, error), address) from error


def refuse_wrong_clock(address: StoreAddress, now_s: Callable[[], float] = time.time) -> None:
    """Raise BadInput if this machine's clock differs from the server's by more than ``CLOCK_S``.

    The server's time lies between two readings of this one's, however slow the answer is.
    """
    try:
        with connected(address) as driver:
            driver.execute(_NOW)  # the connection, and the plan of the statement
            before_s = now_s()
            server_s = float(driver.execute(_NOW).fetchone()[0])  # type: ignore[index]
            after_s = now_s()
    except psycopg.Error as error:
        raise store_error(DBAPIError(None, None, error), address) from error
    off_s = max(before_s - server_s, server_s - after_s, 0.0)
    if off_s > CLOCK_S:
        ahead = "ahead of" if before_s > server_s else "behind"
        raise BadInput(
            f"is {off_s:.0f} s {ahead} that of {address.shown}",
            where="the clock of this machine",
            expected=f"at most {CLOCK_S:.0f} s, as with NTP",
        )


def refuse_other_programs(of_cluster: str) -> None:
    """Raise BadInput if this machine has other versions than the cluster's scheduler."""
    if of_cluster != programs():
        raise BadInput(f"this machine has {programs()}", where="--scheduler", expected=f"{of_cluster}, as there")


def digest_of(sector: Sector, layout: Path, settings: Path | None) -> str:
    """Return a digest of the files from which fusion computes: those of a sector, its layout and the settings.

    Terrain in several files, or at an address, is left out.
    """
    found = sha256()
    terrain, parts = Path(sector.terrain), [sector.border, sector.bases, sector.areas]
    files = [file_and_layer(path)[0] for path in parts if path is not None]
    for path in [sector.path, layout, *files, *([terrain] if terrain.is_file() else []), settings]:
        found.update(b"-" if path is None else _digest(path))
    return found.hexdigest()


def _digest(path: Path) -> bytes:
    status = path.stat()
    return _digest_of_version(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=512)
def _digest_of_version(path: Path, _changed_ns: int, _size: int) -> bytes:
    with path.open("rb") as file:
        found = sha256()
        while block := file.read(1 << 20):
            found.update(block)
    return found.digest()

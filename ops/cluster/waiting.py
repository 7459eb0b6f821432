"""Sectors that wait for their next start, and why: a file of the supervisor, which ``cluster status`` reads."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from geo.message import Message
from ops.cluster.leases import CLUSTER_LOCK
from ops.runtime.file_lock import is_locked
from ops.runtime.output import write_private

FILE: Final = "waiting.json"


class Wait(msgspec.Struct, frozen=True):
    """A sector that failed or lost its worker ``count`` times in a row: next start at ``due_ns``, UTC.

    ``reason``: of a failure; empty if its worker ended.
    """

    count: int
    due_ns: int
    reason: str = ""


def note_waits(folder: Path, waits: Mapping[str, Wait]) -> None:
    """Note all sectors that wait, by name; without effect on a disk that is full."""
    with suppress(OSError):
        write_private(folder / FILE, msgspec.json.encode(waits))


def known_waits(folder: Path) -> dict[str, Wait]:
    """Return what the running supervisor has noted; empty without one."""
    with suppress(OSError, msgspec.DecodeError):
        if is_locked(folder / CLUSTER_LOCK):
            return msgspec.json.decode((folder / FILE).read_bytes(), type=dict[str, Wait])
    return {}


def told(sector: str, wait: Wait) -> Message:
    """Return the message about a sector that waits."""
    at = f"{datetime.fromtimestamp(wait.due_ns / 1e9, UTC):%Y-%m-%dT%H:%M:%SZ}"
    if wait.reason:
        return Message("cluster-sector-waits-failed", {"sector": sector, "reason": wait.reason, "at": at})
    return Message("cluster-sector-waits-lost", {"sector": sector, "count": wait.count, "at": at})

"""Sectors that wait for their next start, and why: a file of the supervisor, which ``cluster status`` reads."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec
import psutil

from geo.message import Message
from ops.cluster.leases.lease_book import Process
from ops.runtime.output import write_private

FILE: Final = "waiting.json"


class Wait(msgspec.Struct, frozen=True):
    """A sector that failed or lost its worker ``count`` times: next start at ``due_ns``, UTC.

    ``reason``: of a failure; empty if its worker ended.
    """

    count: int
    due_ns: int
    reason: str = ""


class _Noted(msgspec.Struct, frozen=True):
    """The content of the file: who wrote it, and the sectors that wait, by name."""

    by: Process
    waits: dict[str, Wait]


def note_waits(folder: Path, waits: Mapping[str, Wait]) -> bool:
    """Note all sectors that wait, by name; return whether that was possible, as on a disk that is not full."""
    try:
        write_private(folder / FILE, msgspec.json.encode(_Noted(Process.of(psutil.Process()), dict(waits))))
    except OSError:
        return False
    return True


def known_waits(folder: Path) -> dict[str, Wait]:
    """Return what the supervisor that runs has noted; empty without one."""
    with suppress(OSError, msgspec.DecodeError):
        noted = msgspec.json.decode((folder / FILE).read_bytes(), type=_Noted)
        if noted.by.running() is not None:
            return noted.waits
    return {}


def told(sector: str, wait: Wait) -> Message:
    """Return the message about a sector that waits."""
    at = f"{datetime.fromtimestamp(wait.due_ns / 1e9, UTC):%Y-%m-%dT%H:%M:%SZ}"
    if wait.reason:
        return Message("cluster-sector-waits-failed", {"sector": sector, "reason": wait.reason, "at": at})
    return Message("cluster-sector-waits-lost", {"sector": sector, "count": wait.count, "at": at})

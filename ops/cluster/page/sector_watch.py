"""Reads one sector for the national page, and decides how much of it a person receives."""

from __future__ import annotations

import logging
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from ops.cluster.identity.incidents import MOST, SectorIncident, sector_incidents
from ops.cluster.identity.summary import CoveredSegments, SectorSummary, summary_of
from ops.cluster.leases.lease_book import Lease
from ops.cluster.national_picture import CURRENT_NS, WORKING
from ops.incidents.incident import PRIORITIES
from ops.journal.reader import JournalError
from ops.journal.stores.place import JournalPlace
from ops.releasability.decision import UNMARKED
from ops.releasability.settings import ReleasabilitySettings
from ops.services.api.release import Release, ReleasedView
from ops.store.connections import StoreError, store_exists
from ops.store.incidents import IncidentReader
from sensors.timestamps import utc_datetime

log = logging.getLogger(__name__)

BEHIND_FROM: Final = 100
"""Messages between journal and store that are always on their way."""
JOURNAL_EVERY: Final = 5
"""The journal is read at every so many looks."""


class SensorNow(msgspec.Struct, frozen=True):
    """A sensor of the live picture."""

    sensor: str
    state: str


@dataclass(frozen=True, slots=True)
class SectorNow:
    """A sector as last read. ``stamp_ns``: time of its picture [UTC ns], None before the first; ``seen_ns``: when that
    was read first, by the clock of this server; ``behind``: messages that fusion has not processed, None where the
    journal cannot be read."""

    stamp_ns: int | None = None
    seen_ns: int = 0
    incidents: tuple[SectorIncident, ...] = ()
    sensors: tuple[SensorNow, ...] = ()
    summary: SectorSummary | None = None
    behind: int | None = None
    readable: bool = True
    lease: Lease | None = None

    def state(self, now_ns: int) -> str:
        """Whether the picture is ``current``, ``late``, ``silent`` or was ``never`` made (``models.SectorRow``)."""
        if self.stamp_ns is None:
            return "never" if self.readable else "silent"
        if self.readable and now_ns - min(self.stamp_ns, self.seen_ns) <= CURRENT_NS:  # the sector's clock may be ahead
            return "current"
        return "late" if self.readable and self.behind else "silent"


class SectorWatch:
    """Reads one sector's store and journal; ``release`` decides what a person receives of it."""

    def __init__(self, name: str, folder: Path, settings: ReleasabilitySettings) -> None:
        self.name, self.folder = name, folder
        self.release = Release(folder / "store.db", settings)
        self._reader = IncidentReader(folder / "store.db")
        self._journal = JournalPlace(folder / "journal.db")
        self._last_event, self._looks = -1, 0
        self._problem = ""
        self.now = SectorNow()

    def look(self, lease: Lease | None, now_ns: int) -> SectorNow:
        """Read what has changed. A store that cannot be read leaves what was known, as not readable."""
        try:
            self._read(now_ns)
            self._problem = ""
        except StoreError:  # also before fusion has written the store for the first time
            is_new = self.now.stamp_ns is None and not store_exists(self._reader.path)
            self.now = replace(self.now, readable=is_new, behind=None)
        except Exception as error:  # whatever is wrong with one sector, the others are shown
            if self._problem != (text := f"{type(error).__name__}: {error}"):
                log.exception("Sector %s cannot be read.", self.name)
                self._problem = text
            self.now = replace(self.now, readable=False, behind=None)
        self.now = replace(self.now, lease=lease)
        return self.now

    def _read(self, now_ns: int) -> None:
        last = self._reader.last_event()
        incidents = self.now.incidents
        if last != self._last_event:
            incidents = tuple(sector_incidents(self._reader.open_incidents(rows=MOST)))
        live = {part: self._reader.live(part) for part in ("sensors", "forces")}
        sensors, forces = live["sensors"], live["forces"]
        stamp_ns = None if sensors is None else sensors.stamp_ns
        summary = summary_of(
            stamp_ns or 0, (), 0, incidents,
            sensors=None if sensors is None else sensors.body, forces=None if forces is None else forces.body,
        )  # fmt: skip
        found = () if sensors is None else tuple(msgspec.json.decode(sensors.body, type=list[SensorNow]))
        self.release.view_of(UNMARKED).refresh()  # no record is taken whose marking could not be read after it
        self._last_event = last
        self.now = replace(
            self.now, stamp_ns=stamp_ns, incidents=incidents, sensors=found, summary=summary, readable=True,
            behind=self._behind(), seen_ns=self.now.seen_ns if stamp_ns == self.now.stamp_ns else now_ns,
        )  # fmt: skip

    def _behind(self) -> int | None:
        self._looks += 1
        if self._looks % JOURNAL_EVERY != 1:
            return self.now.behind
        with suppress(JournalError), self._journal.reading() as journal:
            return coarse(journal.last_id() - self._reader.progress().cursor)
        return None

    def close(self) -> None:
        """Close all files."""
        self._reader.close()
        self._journal.close()
        self.release.close()


def coarse(messages: int) -> int:
    """Return a number of messages to one digit, so that it does not change all the time; 0 for a few.

    Examples
    --------
    >>> coarse(99), coarse(4711)
    (0, 4000)
    """
    if messages < BEHIND_FROM:
        return 0
    unit = int(10 ** (len(str(messages)) - 1))
    return messages // unit * unit


def received_incidents(now: SectorNow, view: ReleasedView) -> list[SectorIncident]:
    """Return the incidents that a person receives; call it after ``view.refresh``."""
    return [one for one in now.incidents if view.shows("incident", one.id)]


def hidden_row(name: str) -> dict[str, Any]:
    """Return the row of a sector that a person may not see: that it exists."""
    return _row(name, "hidden")


def unrecorded_row(name: str, now: SectorNow) -> dict[str, Any]:
    """Return the row of a sector whose audit log has no entry of this reading: nothing of its picture is stated."""
    return _row(name, "never" if now.stamp_ns is None and now.readable else "silent")


def row_of(
    name: str, now: SectorNow, incidents: list[SectorIncident], view: ReleasedView, now_ns: int
) -> dict[str, Any]:
    """Return a sector's row as a person receives it (``models.SectorRow``).

    Counts are those of the records that she may have; what combines all sensors, or own forces, is null for a person
    from whom any of them is hidden, as in the sector itself.
    """
    state, here = now.state(now_ns), [one for one in incidents if one.state != "closed"]
    counts = Counter(one.priority for one in here)
    waiting = [one.opened_at for one in here if one.attention]
    row = _row(name, state)
    row["worker"] = None if now.lease is None else now.lease.holder or None
    row["behind"] = now.behind if view.every_sensor else None  # the messages of hidden sensors are among them
    if state == "never":
        return row
    row |= {
        "open": {priority: counts[priority] for priority in PRIORITIES},
        "attention": len(waiting),
        "oldest_unacknowledged_at": rfc3339_of(min(waiting, default=None)),
    }
    if state != "current":
        row["heard_at"] = None if now.stamp_ns is None else rfc3339_of(utc_datetime(min(now.stamp_ns, now.seen_ns)))
        return row
    shown = [one.state in WORKING for one in now.sensors if view.shows_sensor(one.sensor)]
    row["sensors"] = {"working": sum(shown), "others": len(shown) - sum(shown)}
    if now.summary is not None and view.everything and view.every_sensor:
        row["posture"] = {name: now.summary.posture.get(name, 0) for name in ("met", "unmet", "open")}
        row["coverage"] = _coverage(now.summary.coverage)
    return row


def _row(name: str, state: str) -> dict[str, Any]:
    nothing = dict.fromkeys(
        (
            "heard_at",
            "worker",
            "behind",
            "open",
            "attention",
            "oldest_unacknowledged_at",
            "sensors",
            "coverage",
            "posture",
        )
    )
    return {"sector": name, "state": state, **nothing}


def _coverage(covered: CoveredSegments | None) -> dict[str, Any] | None:
    found: dict[str, Any] | None = None if covered is None else msgspec.to_builtins(covered)
    return found


def rfc3339_of(at: datetime | None) -> str | None:
    """Return a time to the second."""
    return None if at is None else f"{at:%Y-%m-%dT%H:%M:%SZ}"

"""What the rules look at: acts of the audit log, and crossings and sensor outages of the store."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from ops.audit.entry import EntryLine
from sensors.timestamps import nanoseconds

CROSSING_RULES: Final = ("crossing", "track_initiated_inside")
"""Rules of alerts that state a crossing, also one that was only found afterwards."""
OUTAGE_RULE: Final = "coverage_lost"
MUTED: Final = "muted"
"""Cause of coverage that was lost by a mute, which has a rule of its own."""
OVERRIDE: Final = "EMERGENCY OVERRIDE: "
REJECTED_AS: Final = ("nuisance", "no_threat")
_MUTED: Final = re.compile(
    rf"(?:{OVERRIDE})?sensor (\S+) muted for (\d+) min: (?:confirmed|overridden) request (?:\S+ of (.*))?", re.DOTALL
)
_ASKED: Final = re.compile(r"request to confirm: sensor (\S+) muted for (\d+) min, because: ")
_ALERT: Final = re.compile(r"POST /api/alerts/[^/ ]+/(acknowledge|clear|reject)")
_INCIDENT: Final = re.compile(r"incident \S+: (?:reject|close)(?: (\w+))?")
QUARTER_NS: Final = 900 * 10**9
_MINUTE_NS: Final = 60 * 10**9


@dataclass(frozen=True, slots=True)
class Act:
    """One act of an account, [UTC ns], by the number of its entry."""

    n: int
    account: str
    at_ns: int


@dataclass(frozen=True, slots=True)
class Interval:
    """A time for which something was off [UTC ns], and the entries that state it; none for what the store states."""

    start_ns: int
    end_ns: int
    entries: tuple[int, ...] = ()


@dataclass(slots=True)
class LogEvidence:
    """Everything in a period.

    ``active``: quarters of an hour in which each account acted. ``handled`` are decisions on alerts and incidents, of
    which ``rejected`` rejected one. ``mutes`` by the accounts that asked for them and that decided on them, ``outages``
    by sensor, ``crossings_ns`` in order.
    """

    start_ns: int
    end_ns: int
    entries: int
    active: dict[str, set[int]]
    handled: list[Act]
    rejected: list[Act]
    exports: list[Act]
    overrides: list[Act]
    mutes: dict[str, list[Interval]]
    outages: dict[str, list[Interval]]
    crossings_ns: list[int]
    supervisors: set[str] = field(default_factory=set)

    @property
    def months(self) -> float:
        """Length of the period in months of 30 days."""
        return max(self.end_ns - self.start_ns, 1) / (30 * 86_400e9)


def evidence_of(
    entries: Iterable[EntryLine],
    crossings_ns: Iterable[int] = (),
    outages: dict[str, list[Interval]] | None = None,
    *,
    start_ns: int | None = None,
    end_ns: int | None = None,
) -> LogEvidence:
    """Sort the entries by what the rules need. Entries of the system itself are passed over."""
    found = LogEvidence(0, 0, 0, {}, [], [], [], [], {}, dict(outages or {}), sorted(crossings_ns))
    first = last = None
    asked: dict[tuple[str, str], dict[str, int]] = {}
    for line in entries:
        first, last = line.at_ns if first is None else first, line.at_ns
        found.entries += 1
        if line.role == "system":
            continue
        act = Act(line.n, line.person, line.at_ns)
        found.active.setdefault(line.person, set()).add(line.at_ns // QUARTER_NS)
        if line.role == "supervisor":
            found.supervisors.add(line.person)
        if line.operation == "disclosure":
            found.exports.append(act)
        if line.operation not in ("alteration", "erasure"):
            continue
        if line.subject.startswith(OVERRIDE):
            found.overrides.append(act)
        if (request := _ASKED.match(line.subject)) is not None:
            asked.setdefault((request[1], request[2]), {})[line.person] = line.n
        if (muted := _MUTED.match(line.subject)) is not None:
            end_ns_of = line.at_ns + int(muted[2]) * _MINUTE_NS
            entries_of = {line.person: (line.n,)} | _asker(asked.get((muted[1], muted[2]), {}), muted[3] or "", line)
            for account, numbers in entries_of.items():
                found.mutes.setdefault(account, []).append(Interval(line.at_ns, end_ns_of, numbers))
        rejects = _rejects(line)
        if rejects is not None:
            found.handled.append(act)
            if rejects:
                found.rejected.append(act)
    found.start_ns = max(start_ns or 0, first or 0)  # what happened before the log began is not known
    found.end_ns = end_ns if end_ns is not None else last or 0
    found.crossings_ns = [at for at in found.crossings_ns if found.start_ns <= at <= found.end_ns]
    return found


def _asker(asked: Mapping[str, int], named: str, line: EntryLine) -> dict[str, tuple[int, ...]]:
    """The account that asked for what ``line`` decided, with both entries; none where its request is not in the period.

    ``asked``: the newest request of each account for the same; ``named``: how the decision names the asker, with the
    reason behind it.
    """
    fitting = [
        (n, account)
        for account, n in asked.items()
        if named.startswith(account) or f"{named}, because: ".startswith(f"{account.rpartition(' [')[0]}, because: ")
    ]
    if not fitting:
        return {}
    n, account = max(fitting)
    return {account: (n, line.n)}


def _rejects(line: EntryLine) -> bool | None:
    """Whether an entry is the rejection of an alert or incident; None for every other entry."""
    alert = _ALERT.match(line.what)
    if alert is not None:
        return alert[1] == "reject"
    incident = _INCIDENT.match(line.subject)
    return None if incident is None else incident[1] in REJECTED_AS or " reject" in incident[0]


def crossings_and_outages(bodies: Iterable[bytes], end_ns: int) -> tuple[list[int], dict[str, list[Interval]]]:
    """Times of crossings, and outages by sensor, of stored alerts. An open outage lasts until ``end_ns``."""
    crossings: list[int] = []
    outages: dict[str, list[Interval]] = {}
    for body in bodies:
        alert: dict[str, Any] = msgspec.json.decode(body)
        raised_ns = nanoseconds(datetime.fromisoformat(alert["raised_at"]))
        if alert.get("rule") in CROSSING_RULES:
            crossings.append(raised_ns)
        elif alert.get("rule") == OUTAGE_RULE and alert.get("sensor") and alert.get("cause") != MUTED:
            open_still = alert.get("status") in ("active", "acknowledged")
            ended_ns = end_ns if open_still else nanoseconds(datetime.fromisoformat(alert["updated_at"]))
            outages.setdefault(str(alert["sensor"]), []).append(Interval(raised_ns, max(ended_ns, raised_ns)))
    return crossings, outages


def store_evidence(folder: Path, end_ns: int) -> tuple[list[int], dict[str, list[Interval]]]:
    """Crossings and outages of the store in a data folder; nothing where it has none."""
    from ops.store.connections import store_exists
    from ops.store.reader import Reader

    path = folder / "store.db"
    if not store_exists(path):
        return [], {}
    reader = Reader(path)
    try:
        return crossings_and_outages(reader.alerts(limit=1_000_000)[2], end_ns)
    finally:
        reader.close()

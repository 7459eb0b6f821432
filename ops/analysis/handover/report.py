"""The content of a report of a period, as plain records: the same for the page, the PDF and programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from geo.errors import BadInput
from ops.analysis.handover.equipment import (
    OPEN_ALERT,
    CoverageLoss,
    SensorOut,
    alerts_of,
    coverage_lost,
    out_now,
    out_then,
    outages,
    working,
)
from ops.analysis.handover.goods import GoodsEntry, goods_of
from ops.analysis.handover.period import ReportPeriod, moment_of
from ops.incidents.goods_codes.check import GoodsCodes
from ops.incidents.incident import STATES, SYSTEM, standing_steps
from ops.store.handover_notes import HandoverNote
from ops.store.periods import PeriodReader, ReleasedPeriods, with_released_goods

MOST_EVENTS: Final = 2_000
"""Entries of the log that are reported; the newest are left out beyond."""
LEVEL: Final = "impact_level"
"""Decisions on impact levels among the actions of a person."""


@dataclass(frozen=True, slots=True)
class IncidentEntry:
    """An incident as it was known at the end of the period.

    ``message`` is its headline (identifier and parameters). ``acknowledged_s`` and ``assigned_s``: seconds from opening
    until a person first did so; ``closed_at`` None while it is open; ``expected_at``: when its target may be out of
    reach or cross. ``closed_by``: ``person`` or ``system``; ``closer``: the name of that person, or ``system``.
    ``in_period``: whether it was opened in the period. ``escalated_at``: the escalations in the period.
    ``without_action``: no person acted on it until the end of the period. Actions that were undone do not count.
    ``merged_into``: id of the incident into which it was merged.
    """

    id: str
    name: str
    kind: str
    state: str
    priority: str
    message: dict[str, Any]
    opened_at: datetime
    in_period: bool
    segment: int | None
    section: str | None
    owner: str
    unit: str
    waiting: bool
    expected_at: datetime | None
    acknowledged_s: float | None
    assigned_s: float | None
    closed_at: datetime | None
    disposition: str
    reason: str
    closed_by: str
    closer: str
    escalated_at: tuple[datetime, ...]
    without_action: bool
    merged_into: str = ""


@dataclass(frozen=True, slots=True)
class LevelChange:
    """A person's decision on the impact level of a section; ``before``: the decision until then, None for the first."""

    at: datetime
    section: str
    level: str
    before: str | None
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One event of the shift log. ``event``: ``opened``, ``escalated``, ``note``, or an action on an incident."""

    at: datetime
    event: str
    incident: str
    name: str
    by: str = ""
    state: str = ""
    owner: str = ""
    unit: str = ""
    disposition: str = ""
    text: str = ""
    message: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class PersonActions:
    """How often a person did what in the period, by action: on incidents, on impact levels, and making reports and
    exports."""

    person: str
    actions: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class PeriodReport:
    """The report. ``complete``: whether the period is over; ``more``: whether something was left out.

    ``sensors_now``: the sensors are in their state at ``made_at``; else in that of the alerts at the end. ``levels``:
    the decisions on impact levels; None where they are not known or not for the receiver, as all of own forces.
    ``goods``: what was found and is released. ``erased``: incidents of the period whose records were erased.
    ``merged``: incidents that are not reported themselves and were merged into ones that are, as far as known; the
    times of an event begin with them.
    """

    sector: str
    title: str
    time_zone: str
    marking: str
    start: datetime
    end: datetime
    made_at: datetime
    complete: bool
    more: bool
    incidents: tuple[IncidentEntry, ...]
    sensors_now: bool
    sensors_out: tuple[SensorOut, ...]
    coverage_lost: tuple[CoverageLoss, ...]
    levels: tuple[LevelChange, ...] | None
    actions: tuple[PersonActions, ...]
    log: tuple[LogEntry, ...]
    notes: tuple[HandoverNote, ...]
    goods: tuple[GoodsEntry, ...] = ()
    erased: int = 0
    merged: tuple[IncidentEntry, ...] = ()

    @property
    def open(self) -> list[IncidentEntry]:
        """The incidents that were open at the end, the most urgent first."""
        ranks = ("distress", "high", "medium", "low")
        found = [one for one in self.incidents if one.closed_at is None]
        return sorted(found, key=lambda one: (not one.waiting, ranks.index(one.priority), one.opened_at, one.id))

    @property
    def closed(self) -> list[IncidentEntry]:
        """The incidents that were closed in the period, in order of closing."""
        return sorted(
            (one for one in self.incidents if one.closed_at is not None),
            key=lambda one: (one.closed_at or one.opened_at, one.id),
        )


@dataclass(frozen=True, slots=True)
class ReportSource:
    """What a report is made of: the store, the sector for people, the sensors as last known to fusion, and the codes of
    goods with their titles."""

    reader: PeriodReader | ReleasedPeriods
    sector: str
    title: str
    time_zone: str
    marking: str = ""
    codes: GoodsCodes = field(default_factory=GoodsCodes)


def period_report(
    source: ReportSource,
    period: ReportPeriod,
    *,
    now: datetime,
    notes: Sequence[HandoverNote] = (),
    chosen: Collection[str] = (),
    accesses: Sequence[PersonActions] = (),
) -> PeriodReport:
    """Report a period as it was known at its end, or now where it is not over.

    Parameters
    ----------
    source : ReportSource
        Store and sector.
    period : ReportPeriod
        From and until.
    now : datetime
        Aware; what happens later is not known.
    notes : sequence of HandoverNote
        The notes on the period.
    chosen : collection of str
        Ids or radio names of incidents; empty: all.
    accesses : sequence of PersonActions
        Reports and exports that people made in the period.

    Returns
    -------
    PeriodReport
        Incidents that were open at any time in the period.

    Raises
    ------
    BadInput
        If the period has not begun.
    """
    if period.start >= now:
        raise BadInput("The period has not begun", where="from", expected="a time in the past")
    seen = ReportPeriod(period.start, min(period.end, now))
    found, more = source.reader.incidents_in(seen.start_ns, seen.end_ns)
    incidents, bodies, log = [], [], list[LogEntry]()
    for identity in found:
        history = _as_known(source.reader, identity, seen)
        known = history.newest
        if known is None or (chosen and not {identity, known["name"]} & set(chosen)):
            continue
        entry = _entry(source.reader, known, history.escalated, seen)
        known = with_released_goods(source.reader, known)
        log += _log(known, history, seen)
        if entry.closed_at is None or entry.closed_at >= period.start:
            incidents.append(entry)
            bodies.append(known)
        elif known.get("tracing") and history.traced:
            bodies.append(known)
    down = bodies if chosen else outages(source.reader, seen)
    alerts = alerts_of(source.reader, (one for one in down if one["kind"] == "equipment"), seen)
    is_current = period.end >= now
    works = working(source.reader, alerts, None if is_current else seen)
    log.sort(key=lambda one: (one.at, one.incident))
    levels = None if chosen else _levels(source.reader, seen)
    listed = {one.id for one in incidents}
    return PeriodReport(
        source.sector,
        source.title,
        source.time_zone,
        source.marking,
        period.start,
        period.end,
        now,
        complete=period.end <= now,
        more=more or len(log) > MOST_EVENTS,
        incidents=tuple(incidents),
        sensors_now=is_current,
        sensors_out=tuple(out_now(source.reader) if is_current else out_then(alerts, works)),
        coverage_lost=tuple(coverage_lost(alerts, works, period)),
        levels=levels,
        actions=tuple(_actions(log, levels or (), accesses)),
        log=tuple(log[:MOST_EVENTS]),
        notes=tuple(notes),
        goods=goods_of(bodies, source.codes),
        erased=len(source.reader.erased_in(seen.start_ns, seen.end_ns)),
        merged=tuple(_merged_into(source.reader, (one for one in bodies if one["id"] in listed), seen)),
    )


def _merged_into(
    reader: PeriodReader | ReleasedPeriods, incidents: Iterable[Mapping[str, Any]], period: ReportPeriod
) -> list[IncidentEntry]:
    """The incidents that were merged into these, also by way of others, and are not among them."""
    found = {one["id"]: one for one in incidents}
    merged, into = [], list(found.values())
    for one in into:
        for link in one["links"]:
            other = None if link in found else reader.as_known(link, period.end_ns)
            if other is not None and other.get("merged_into") == one["id"]:
                found[link] = other
                into.append(other)
                merged.append(_entry(reader, other, [], period))
    return merged


class _Traced(msgspec.Struct):
    by: str = ""
    at: datetime | None = None


class _Revision(msgspec.Struct):
    updated_at: datetime
    escalation: int = 0
    tracing: _Traced | None = None


@dataclass(slots=True)
class _History:
    """The newest revision from before the end; and of the period, the escalations and the records of goods."""

    newest: dict[str, Any] | None = None
    escalated: list[datetime] = field(default_factory=list)
    traced: list[_Traced] = field(default_factory=list)


def _as_known(reader: PeriodReader | ReleasedPeriods, identity: str, period: ReportPeriod) -> _History:
    newest, before, found = None, _Revision(period.start), _History()
    for body in reader.revisions_of(identity):
        revision = msgspec.json.decode(body, type=_Revision)
        if revision.updated_at >= period.end:
            break
        if revision.updated_at >= period.start:
            if revision.escalation > before.escalation:
                found.escalated.append(revision.updated_at)
            if revision.tracing is not None and revision.tracing.at == revision.updated_at:
                found.traced.append(revision.tracing)
        newest, before = body, revision
    found.newest = None if newest is None else msgspec.json.decode(newest)
    return found


def _entry(
    reader: PeriodReader | ReleasedPeriods, known: dict[str, Any], escalated: list[datetime], period: ReportPeriod
) -> IncidentEntry:
    opened = moment_of(known["opened_at"])
    is_closed = known["state"] == "closed"
    steps = standing_steps(known)
    people = [step for step in steps if step["by"] != SYSTEM]
    return IncidentEntry(
        id=known["id"],
        name=known["name"],
        kind=known["kind"],
        state=known["state"],
        priority=known["priority"],
        message=_headline(known),
        opened_at=opened,
        in_period=opened >= period.start,
        segment=known["segment"],
        section=known.get("section"),
        owner=known["owner"],
        unit=known["unit"],
        waiting=known["attention"],
        expected_at=None if is_closed else _expected_at(reader.as_known(known["lead"], period.end_ns)),
        acknowledged_s=_seconds_until(opened, people, lambda step: STATES.index(step["state"]) >= 1),
        assigned_s=_seconds_until(opened, people, lambda step: step["action"] == "assign"),
        closed_at=moment_of(steps[-1]["at"]) if is_closed else None,
        disposition=known["disposition"],
        reason=known["reason"],
        closed_by=known["closed_by"],
        closer=steps[-1]["by"] if is_closed else "",
        escalated_at=tuple(escalated),
        without_action=not people and not known["notes"],
        merged_into=known.get("merged_into") or "",
    )


def _expected_at(lead: Mapping[str, Any] | None) -> datetime | None:
    """When the target may be out of reach, else when it may cross."""
    if lead is None or lead.get("status") not in OPEN_ALERT:
        return None
    estimate = lead.get("response_estimate")
    left_s = lead.get("time_to_border_s") if estimate is None else estimate["time_left_s"]
    return None if left_s is None else moment_of(lead["observed_at"]) + timedelta(seconds=left_s)


def _seconds_until(opened: datetime, steps: Iterable[Mapping[str, Any]], is_wanted: Any) -> float | None:
    for step in steps:
        if is_wanted(step):
            return (moment_of(step["at"]) - opened).total_seconds()
    return None


def _levels(reader: PeriodReader | ReleasedPeriods, period: ReportPeriod) -> tuple[LevelChange, ...] | None:
    live = reader.live("forces")
    forces = None if live is None else msgspec.json.decode(live.body)
    if not isinstance(forces, dict):
        return None
    changes = []
    for section in forces["sections"]:
        before = None
        for one in section["decided"]:
            if period.start <= (at := moment_of(one["at"])) < period.end:
                changes.append(LevelChange(at, section["section"], one["level"], before, one["by"], one["reason"]))
            before = one["level"]
    return tuple(sorted(changes, key=lambda one: (one.at, one.section)))


def _log(known: Mapping[str, Any], history: _History, period: ReportPeriod) -> list[LogEntry]:
    """The events of an incident in the period, its records of goods as far as they are released."""
    of = known["id"], known["name"]
    closings = {moment_of(step["at"]) for step in known["transitions"] if step["action"] == "close"}
    every = [_logged(known, step) for step in known["transitions"]]
    every += [
        LogEntry(moment_of(note["at"]), "note", *of, note["by"],
                 text=note["text"] + (f" [{note['attachment']}]" if note["attachment"] else ""))
        for note in known["notes"]
    ]  # fmt: skip
    every += [LogEntry(at, "escalated", *of, SYSTEM) for at in history.escalated]
    if known.get("tracing"):
        traced = ((moment_of(one.at), one.by) for one in history.traced if one.at is not None)
        every += [LogEntry(at, "trace", *of, by) for at, by in traced if at not in closings]
    return [one for one in every if period.start <= one.at < period.end]


def _logged(known: Mapping[str, Any], step: Mapping[str, Any]) -> LogEntry:
    founding = step["action"] == "open"
    logged = LogEntry(
        moment_of(step["at"]), "opened" if founding else step["action"], known["id"], known["name"], step["by"],
        step["state"], step["owner"], step["unit"], step["disposition"], step["reason"],
    )  # fmt: skip
    return replace(logged, message=_headline(known)) if founding else logged


def _headline(known: Mapping[str, Any]) -> dict[str, Any]:
    """The headline with the track under its name for radio, as people spoke of it."""
    message: dict[str, Any] = known["message"]
    parameters = message.get("parameters", {})
    names = {one["track"]: one["name"] for one in known["tracks"]}
    if parameters.get("track") not in names:
        return message
    return {**message, "parameters": {**parameters, "track": names[parameters["track"]]}}


def _actions(
    log: Iterable[LogEntry], levels: Iterable[LevelChange], accesses: Iterable[PersonActions]
) -> list[PersonActions]:
    counts: dict[str, Counter[str]] = {one.person: Counter(one.actions) for one in accesses}
    for decision in levels:
        counts.setdefault(decision.by, Counter())[LEVEL] += 1
    for one in log:
        if one.by and one.by != SYSTEM:
            counts.setdefault(one.by, Counter())[one.event] += 1
    return [PersonActions(person, dict(sorted(counts[person].items()))) for person in sorted(counts)]

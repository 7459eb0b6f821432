"""Outcomes and times of a running sector for the scorecard: counted from the incidents in its store.

Incidents are counted by the week in which they were opened, in their state at the end of the scorecard's day.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np

from geo.message import Message
from ops.analysis.score.line import LineEvidence, ScorecardLine
from ops.analysis.score.outcome_records import Period
from ops.analysis.score.scorecard import MOST_NAMES, TACTICAL, formula_of, trend_of
from ops.incidents.incident import standing_steps
from ops.incidents.outcomes import events_of, seconds_until
from ops.releasability.settings import ReleasabilitySettings
from ops.store.connections import StoreError
from ops.store.markings import received_records
from ops.store.periods import PeriodReader, ReleasedPeriods
from sensors.statistics.outcome_rates import Outcomes
from sensors.statistics.statistic import block_bootstrap
from sensors.timestamps import nanoseconds, utc_datetime

WEEK: Final = timedelta(days=7)
PER_MINUTE: Final = 60.0
NO_THREAT: Final = ("nuisance", "no_threat")
"""Dispositions of alerts that were not a threat."""
Incidents = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class StoredOutcomes:
    """What a store contributes: counts by week, and lines with times; ``erased``: weeks are missing from them."""

    periods: list[Period]
    lines: list[ScorecardLine]
    erased: bool = False


def outcomes_of_store(
    store: Path, place: str, day: date, settings: ReleasabilitySettings, limit: str, *, illustrative: bool
) -> StoredOutcomes:
    """Count ``incidents_of_store``. Raises StoreError also for incidents that this version cannot have written."""
    try:
        found = incidents_of_store(store, day, settings, limit)
        return outcomes_of(found.known, place, day, source=store.name, illustrative=illustrative, erased=found.erased)
    except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError) as error:
        raise StoreError(f"{store}: its incidents cannot be read ({type(error).__name__}).") from error


@dataclass(frozen=True, slots=True)
class StoredIncidents:
    """The incidents of a store that are not erased, and the days (UTC) of the openings of those that are."""

    known: list[Mapping[str, Any]]
    erased: frozenset[date]


def incidents_of_store(store: Path, day: date, settings: ReleasabilitySettings, limit: str) -> StoredIncidents:
    """Return the incidents of a store that a receiver with this marking limit may see, as known at the end of ``day``.

    Raises StoreError for a file that is not a store.
    """
    end = datetime.combine(day + timedelta(days=1), time(), UTC)
    reader = PeriodReader(store)
    received = received_records(store, settings, limit)
    try:
        released = ReleasedPeriods(reader, received)
        every = reader.every_incident_in(0, nanoseconds(end))
        known = (released.as_known(one, nanoseconds(end)) for one in every)
        erased = frozenset(utc_datetime(opened_ns).date() for _, opened_ns in released.erased_in(0, nanoseconds(end)))
        return StoredIncidents([one for one in known if one is not None], erased)
    finally:
        received.close()
        reader.close()


def outcomes_of(
    incidents: Iterable[Mapping[str, Any]],
    place: str,
    day: date,
    *,
    source: str,
    illustrative: bool = False,
    erased: Collection[date] = (),
) -> StoredOutcomes:
    """Count the events of incidents as they are published, each in its revision of the end of ``day``.

    A week with an ``erased`` day is left out: what remains of it, such as the days under a legal hold, is not a sample.
    """
    weeks: dict[date, list[Mapping[str, Any]]] = {}
    for one in events_of(incidents):
        opened = datetime.fromisoformat(one["opened_at"]).astimezone(UTC).date()
        weeks.setdefault(_week_of(opened), []).append(one)
    gone = set(map(_week_of, erased))
    ordered = {week: weeks[week] for week in sorted(weeks) if week not in gone}
    after_day = day + timedelta(days=1)
    periods = [
        _period(
            found, (week, min(week + WEEK, after_day)), place, source, illustrative, is_over=week + WEEK <= after_day
        )
        for week, found in ordered.items()
    ]
    times: tuple[tuple[str, Callable[[Mapping[str, Any]], float | None]], ...] = (
        ("time_to_acknowledgement", lambda one: seconds_until(one, "acknowledged")),
        ("response_time", _until_on_scene),
        ("time_to_disposition", lambda one: seconds_until(one, "closed")),
    )
    lines = [_time_line(name, after, ordered, place, day, source) for name, after in times] if ordered else []
    return StoredOutcomes(periods, lines, erased=bool(gone))


def _week_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _period(
    incidents: Incidents, span: tuple[date, date], place: str, source: str, illustrative: bool, *, is_over: bool
) -> Period:
    """The outcomes of a week. Alerts count once their incident is closed: before, none of them can be a nuisance."""
    moved = Counter(one["disposition"] for one in incidents if one["kind"] == "movement")
    alerts = sum(_alerts(one) for one in incidents if one["state"] == "closed")
    open_alerts = sum(map(_alerts, incidents)) - alerts
    nuisance = sum(_alerts(one) for one in incidents if one["disposition"] in NO_THREAT)
    outcomes = Outcomes(
        apprehended=moved["apprehended"], turned_back=moved["turn_back"], got_away=moved["got_away"],
        alerts=alerts, nuisance=nuisance,
    )  # fmt: skip
    names = tuple(str(one["name"]) for one in incidents if one["kind"] == "movement")
    return Period(
        place, *span, source, outcomes, illustrative=illustrative, incidents=names, open_alerts=open_alerts,
        settled=is_over and not open_alerts,
    )  # fmt: skip


def _alerts(incident: Mapping[str, Any]) -> int:
    """Alerts about movement: distress calls and faults of sensors are not detections."""
    return len(incident["alerts"]) if incident["kind"] in ("movement", "activity") else 0


def _until_on_scene(incident: Mapping[str, Any]) -> float | None:
    """Seconds until a unit was on scene; None if none was."""
    for step in standing_steps(incident):
        if step["state"] == "on_scene":
            at = datetime.fromisoformat(step["at"])
            return (at - datetime.fromisoformat(incident["opened_at"])).total_seconds()
    return None


def _time_line(
    name: str,
    after: Callable[[Mapping[str, Any]], float | None],
    weeks: Mapping[date, Incidents],
    place: str,
    day: date,
    source: str,
) -> ScorecardLine:
    """The median time to a step [min], with an interval that samples whole weeks.

    It is over the incidents in which the step was taken. Open ones in which it may still be taken would make it longer,
    so their number is stated, and the trend is over the weeks that have ended and in which none waits: in the others,
    the slow ones are not counted yet.
    """
    after_day = day + timedelta(days=1)
    minutes: dict[date, list[tuple[str, float]]] = {}
    for week, incidents in weeks.items():
        found = [(str(one["name"]), seconds / PER_MINUTE) for one in incidents if (seconds := after(one)) is not None]
        if found:
            minutes[week] = found
    values = np.array([value for found in minutes.values() for _, value in found])
    waits = {
        week: sum(one["state"] != "closed" and after(one) is None for one in found) for week, found in weeks.items()
    }
    waiting = sum(waits.values())
    not_yet = [Message("score-note-not-yet", {"count": waiting})] if waiting else []
    blocks = [week.isoformat() for week, found in minutes.items() for _ in found]
    low, high = block_bootstrap(values, blocks, lambda drawn: float(np.median(drawn)), seed=0) if len(values) else (
        math.nan, math.nan
    )  # fmt: skip
    history = tuple(
        (min(week + WEEK - timedelta(days=1), day), float(np.median([value for _, value in found])))
        for week, found in minutes.items()
    )
    known = [one for week, one in zip(minutes, history, strict=True) if not waits[week] and week + WEEK <= after_day]
    return ScorecardLine(
        family=TACTICAL,
        name=Message("indicator-title", {"indicator": name}),
        place=place,
        value=float(np.median(values)) if len(values) else math.nan,
        unit="min",
        day=history[-1][0] if history else day,
        source=source,
        better="lower",
        trend=trend_of(known),
        history=history,
        low=low,
        high=high,
        interval=Message("score-method-weeks" if not math.isnan(low) else "score-method-one-week"),
        notes=(Message("score-note-incidents", {"count": len(values)}), *not_yet, *formula_of(name)),
        starts=tuple(minutes),
        begins=min(minutes, default=None),
        evidence=tuple(_evidence(week, found, source) for week, found in reversed(minutes.items())),
    )


def _evidence(week: date, found: Sequence[tuple[str, float]], source: str) -> LineEvidence:
    median = float(np.median([value for _, value in found]))
    names = ", ".join(name for name, _ in found[:MOST_NAMES])
    more = f" + {len(found) - MOST_NAMES}" if len(found) > MOST_NAMES else ""
    value = Message("score-evidence-time", {"minutes": median, "count": len(found)})
    return LineEvidence(week.isoformat(), value, source, names + more)

"""What became of the incidents of a period: dispositions, rates with their intervals, and times of the life cycle."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from ops.incidents.incident import DISPOSITIONS, KINDS, STATES, standing_steps
from sensors.statistics.outcome_rates import (
    BORDER_EFFECTIVENESS,
    INTERDICTION_EFFECTIVENESS,
    Outcomes,
    Rate,
    outcome_rates,
)


@dataclass(frozen=True, slots=True)
class Delay:
    """Times from opening to a step in seconds: their number, median and 90% quantile, NaN for none."""

    count: int
    median_s: float
    q90_s: float


@dataclass(frozen=True, slots=True)
class IncidentFigures:
    """Counts of incidents, the rates of those about movement, and the times until people acted.

    ``acknowledgement`` and ``disposition`` count steps that a person made, once for each event (``events_of``).
    ``rates``: the operational effectiveness rate with Wilson's interval, and the statutory one, which needs the
    crossings that were not detected and is unknown without them: both are always shown.
    """

    by_kind: Mapping[str, int]
    by_state: Mapping[str, int]
    by_disposition: Mapping[str, int]
    closed_by_system: int
    acknowledgement: Delay
    disposition: Delay
    rates: Mapping[str, Rate]

    @property
    def count(self) -> int:
        """Number of incidents."""
        return sum(self.by_kind.values())


def incident_figures(
    incidents: Iterable[Mapping[str, Any]], merged: Iterable[Mapping[str, Any]] = ()
) -> IncidentFigures:
    """Compute the figures of incidents as they are published, each in its newest revision.

    ``merged``: others that were merged into them, of which only the times of the events are.
    """
    every = list(incidents)
    outcome = Counter(one["disposition"] for one in every if one["kind"] == "movement" and one["disposition"])
    counts = Outcomes(
        apprehended=outcome["apprehended"], turned_back=outcome["turn_back"], got_away=outcome["got_away"]
    )
    rates = outcome_rates(counts)
    closed = Counter(one["disposition"] for one in every if one["disposition"])
    events = events_of([*every, *merged])
    return IncidentFigures(
        by_kind=_counted(KINDS, Counter(one["kind"] for one in every)),
        by_state=_counted(STATES, Counter(one["state"] for one in every)),
        by_disposition=_counted(DISPOSITIONS, closed),
        closed_by_system=sum(one["closed_by"] == "system" for one in every),
        acknowledgement=_delay([seconds_until(one, "acknowledged") for one in events]),
        disposition=_delay([seconds_until(one, "closed") for one in events]),
        rates={name: rates[name] for name in (INTERDICTION_EFFECTIVENESS, BORDER_EFFECTIVENESS)},
    )


def events_of(incidents: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return one record for each event: incidents that were merged are not counted by themselves.

    The one into which they were merged, if it is among them, has the earliest opening of all of them and their steps,
    except the merging, so that its times are those of the event.
    """
    every = list(incidents)
    by_id = {one["id"]: one for one in every if "id" in one}
    merged: dict[str, list[Mapping[str, Any]]] = {}
    for one in every:
        target = one
        while target["disposition"] == "merged" and target.get("merged_into") in by_id:
            target = by_id[target["merged_into"]]
        if target is not one:
            merged.setdefault(target["id"], []).append(one)
    return [_event(one, merged.get(one.get("id", ""), ())) for one in every if one["disposition"] != "merged"]


def _event(incident: Mapping[str, Any], merged: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    if not merged:
        return incident
    steps = [step for one in merged for step in standing_steps(one) if step.get("action") != "merge"]
    return {
        **incident,
        "opened_at": min((one["opened_at"] for one in (incident, *merged)), key=_moment),
        "transitions": sorted([*steps, *standing_steps(incident)], key=lambda step: _moment(step["at"])),
    }


def plain_figures(figures: IncidentFigures) -> dict[str, Any]:
    """The figures for JSON; unknown values are None."""
    return {
        "incidents": figures.count,
        "by_kind": dict(figures.by_kind),
        "by_state": dict(figures.by_state),
        "by_disposition": dict(figures.by_disposition),
        "closed_by_system": figures.closed_by_system,
        "time_to_acknowledgement": _plain_delay(figures.acknowledgement),
        "time_to_disposition": _plain_delay(figures.disposition),
        "rates": {
            name: {
                "value": _known(rate.value),
                "low": _known(rate.low),
                "high": _known(rate.high),
                "numerator": rate.numerator,
                "denominator": _known(rate.denominator),
            }
            for name, rate in figures.rates.items()
        },
    }


def _counted(names: Sequence[str], counts: Counter[str]) -> dict[str, int]:
    return {name: counts[name] for name in names}


def seconds_until(incident: Mapping[str, Any], state: str) -> float | None:
    """Seconds until a person first brought the incident to this state; None if no person did.

    An incident that was closed without an earlier acknowledgement was acknowledged by closing it. Of the state
    ``closed``, only the closing of an incident that is closed now counts, not one that was reopened.
    """
    reached, steps = STATES.index(state), standing_steps(incident)
    for step in steps[-1:] if state == "closed" else steps:
        if step["by"] != "system" and STATES.index(step["state"]) >= reached:
            return (_moment(step["at"]) - _moment(incident["opened_at"])).total_seconds()
    return None


def _moment(at: datetime | str) -> datetime:
    return datetime.fromisoformat(at) if isinstance(at, str) else at


def _delay(seconds: Iterable[float | None]) -> Delay:
    known = np.array([one for one in seconds if one is not None], dtype=float)
    if not len(known):
        return Delay(0, math.nan, math.nan)
    return Delay(len(known), float(np.median(known)), float(np.quantile(known, 0.9)))


def _plain_delay(delay: Delay) -> dict[str, Any]:
    return {"count": delay.count, "median_s": _known(delay.median_s), "q90_s": _known(delay.q90_s)}


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None

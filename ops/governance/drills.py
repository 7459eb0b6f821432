"""Scores a drill: what a shift did about a simulated scenario, against an answer key from the simulation's truth.

Only movement is scored. Three figures stand beside each other and are never added up: acknowledgement in time, right
dispositions, and crossings that were shown and not acknowledged. Crossings without an incident are counted apart.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np
import xarray as xr

from ops.incidents.outcomes import seconds_until
from sensors.statistics.statistic import wilson
from sensors.timestamps import nanoseconds

ANIMAL: Final = "animal"
STOPPED: Final = ("apprehended", "turn_back", "got_away", "rescue")
"""Right for a person or vehicle that crossed."""
HARMLESS: Final = ("no_threat", "turn_back", "lost", "rescue")
"""Right for a person or vehicle that did not cross."""
FALSE: Final = ("nuisance", "no_threat")
"""Right for an animal, and for an alert at which there was nothing."""
_SECOND_NS: Final = 10**9


@dataclass(frozen=True, slots=True)
class DrillSettings:
    """``limit_s``: time in which an incident is to be acknowledged. An alert is that of a target within ``match_m``."""

    limit_s: float = 60.0
    match_m: float = 300.0


@dataclass(frozen=True, slots=True)
class DrillAnswer:
    """The answer key of one incident. ``target`` None: there was nothing. ``given`` empty: it was not closed by a
    person. ``acknowledged_s`` None: no person acknowledged it. ``targets``: all that its alerts belong to, of which
    ``target`` has the most; ``crossings``: the people and vehicles among them that crossed."""

    incident: str
    target: str | None
    target_class: str
    crossed: bool
    right: tuple[str, ...]
    given: str
    acknowledged_s: float | None
    targets: frozenset[str] = frozenset()
    crossings: frozenset[str] = frozenset()

    @property
    def is_right(self) -> bool:
        """Whether the disposition is one of the right ones."""
        return self.given in self.right


@dataclass(frozen=True, slots=True)
class DrillScore:
    """The result of a shift. ``crossings``: people and vehicles that crossed; ``undetected``: without an incident."""

    answers: tuple[DrillAnswer, ...]
    limit_s: float
    crossings: int
    undetected: int
    missed: int

    @property
    def incidents(self) -> int:
        """Number of incidents about movement."""
        return len(self.answers)

    @property
    def in_time(self) -> int:
        """Number of incidents that a person acknowledged in time."""
        return sum(one.acknowledged_s is not None and one.acknowledged_s <= self.limit_s for one in self.answers)

    @property
    def median_s(self) -> float:
        """Median time to acknowledgement; NaN without any."""
        known = [one.acknowledged_s for one in self.answers if one.acknowledged_s is not None]
        return float(np.median(known)) if known else math.nan

    @property
    def closed(self) -> int:
        """Number of incidents that a person closed with a disposition."""
        return sum(bool(one.given) for one in self.answers)

    @property
    def right(self) -> int:
        """Number of these with a right disposition."""
        return sum(one.is_right for one in self.answers)

    @property
    def shown(self) -> int:
        """Number of crossings that the picture showed as an incident."""
        return self.crossings - self.undetected

    def as_dict(self) -> dict[str, Any]:
        """The result for JSON and for training records; each rate with its numbers and Wilson's 95% interval."""
        return {
            "exercise": True,
            "incidents": len(self.answers),
            "median_acknowledgement_s": None if math.isnan(self.median_s) else round(self.median_s, 1),
            "acknowledged_in_time": _rate(self.in_time, len(self.answers)) | {"limit_s": self.limit_s},
            "right_dispositions": _rate(self.right, self.closed),
            "missed_crossings": _rate(self.missed, self.shown),
            "crossings": self.crossings,
            "undetected_crossings": self.undetected,
        }


def score_drill(
    truth: xr.Dataset,
    incidents: Iterable[Mapping[str, Any]],
    alerts: Mapping[str, Mapping[str, Any]],
    settings: DrillSettings | None = None,
) -> DrillScore:
    """Score the incidents of a scenario.

    Parameters
    ----------
    truth : xarray.Dataset, dims (estimate,)
        Positions of all targets in each second, with ``target``, ``class``, ``time`` (UTC) and ``offset_m`` (positive
        on the own side of the border).
    incidents : iterable of mapping
        The incidents as published, in their newest revision.
    alerts : mapping
        Their alerts by id, with ``raised_at``, ``easting`` and ``northing``.
    settings : DrillSettings, optional
        Time limit and distance.

    Returns
    -------
    DrillScore
        The answers and figures.
    """
    settings = settings or DrillSettings()
    key = _Key(truth)
    answers = []
    for one in incidents:
        if one["kind"] == "movement" and one.get("disposition") != "merged":
            answers.append(_answer(one, alerts, key, settings))
    crossed = {name for name, how in key.crossed.items() if how and key.classes[name] != ANIMAL}
    shown = {name for one in answers for name in one.targets & crossed}
    noticed = {name for one in answers if one.acknowledged_s is not None for name in one.targets & crossed}
    answers.sort(key=lambda one: one.incident)
    return DrillScore(
        tuple(answers), settings.limit_s, len(crossed), len(crossed - shown), len(shown - noticed)
    )  # fmt: skip


class _Key:
    """The truth by target, and the target nearest to a position at a time."""

    def __init__(self, truth: xr.Dataset) -> None:
        order = np.argsort(truth["time"].to_numpy().astype("datetime64[ns]").astype(np.int64), kind="stable")
        self._times = truth["time"].to_numpy().astype("datetime64[ns]").astype(np.int64)[order]
        self._targets = truth["target"].to_numpy().astype(str)[order]
        self._positions = np.column_stack([truth["easting"].to_numpy(), truth["northing"].to_numpy()])[order]
        offsets, classes = truth["offset_m"].to_numpy()[order], truth["class"].to_numpy().astype(str)[order]
        self.classes: dict[str, str] = dict(zip(self._targets, classes, strict=True))
        self.crossed: dict[str, bool] = {}
        for name in self.classes:
            own = offsets[self._targets == name]
            self.crossed[name] = bool((own < 0.0).any() and (own > 0.0).any())

    def nearest(self, at_ns: int, easting: float, northing: float, within_m: float) -> str | None:
        """The target nearest to a position within a second of a time; None if none is near enough."""
        start, end = np.searchsorted(self._times, [at_ns - _SECOND_NS, at_ns + _SECOND_NS + 1])
        if start == end:
            return None
        away = np.hypot(*(self._positions[start:end] - (easting, northing)).T)
        best = int(np.argmin(away))
        return str(self._targets[start + best]) if away[best] <= within_m else None


def _answer(
    incident: Mapping[str, Any], alerts: Mapping[str, Mapping[str, Any]], key: _Key, settings: DrillSettings
) -> DrillAnswer:
    votes = Counter[str]()
    for name in incident["alerts"]:
        alert = alerts.get(name)
        if alert is None or alert.get("easting") is None or alert.get("northing") is None:
            continue
        at_ns = nanoseconds(datetime.fromisoformat(str(alert["raised_at"])))
        found = key.nearest(at_ns, float(alert["easting"]), float(alert["northing"]), settings.match_m)
        if found is not None:
            votes[found] += 1
    target = min(votes, key=lambda name: (-votes[name], name)) if votes else None
    crossed = target is not None and key.crossed[target]
    of_class = "" if target is None else key.classes[target]
    right = FALSE if target is None or of_class == ANIMAL else STOPPED if crossed else HARMLESS
    by_person = incident.get("closed_by") not in ("", None, "system")
    return DrillAnswer(
        str(incident["name"]), target, of_class, crossed, right,
        str(incident.get("disposition") or "") if by_person else "", seconds_until(incident, "acknowledged"),
        frozenset(votes), frozenset(one for one in votes if key.crossed[one] and key.classes[one] != ANIMAL),
    )  # fmt: skip


def _rate(part: int, whole: int) -> dict[str, Any]:
    low, high = (float(end) for end in wilson(part, whole)) if whole else (math.nan, math.nan)
    return {
        "number": part,
        "of": whole,
        "value": part / whole if whole else None,
        "low": low if whole else None,
        "high": high if whole else None,
    }

"""The three factors of each segment from a challenge, the incidents of a store, and indicators of sections.

Threat is the mean of the percentiles, within this border, of crossing ease, of incidents per km and of recorded cases
per km, as far as they are known. Incidents or cases that are alike in all segments are left out, as they order nothing.
Cases are counted in the newest period that all their places have; without one they are left out, because a count grows
with its period. Vulnerability is 1 − the lowest probability of interruption, or
without bases 1 − the lowest probability of detection. Impact is the judged indicator ``crossing_impact`` of the section
or segment.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import numpy as np

from geo.arrays import Floats
from geo.challenge.scores import percentiles
from ops.analysis.indicators.records import Indicator
from ops.analysis.indicators.tables import IndicatorError, check_size, file_hash

EXPECTED: Final = "the --out folder of `watchline challenge` for this sector"
IMPACT: Final = "crossing_impact"
RECORDED: Final = ("smuggling_cases", "firearm_seizures", "trafficking_victims")
"""Indicators whose counts by section or segment raise the threat."""
NEEDED: Final = ("segment", "start_m", "end_m", "length_m", "crossing_ease", "detection_probability")
INTERRUPTION: Final = "least_interruption_slower_1"
HARMLESS: Final = ("nuisance", "no_threat", "merged")


@dataclass(frozen=True, slots=True)
class ChallengeSegments:
    """The columns of ``segments.csv`` that are needed, (segment,), and where they were read.

    ``interrupted``: whether ``resistance`` is the lowest probability of interruption, else that of detection.
    """

    start_m: Floats
    end_m: Floats
    length_m: Floats
    crossing_ease: Floats
    resistance: Floats
    interrupted: bool
    layout: str
    sha256: str


@dataclass(frozen=True, slots=True)
class CountedPeriod:
    """The newest period that all places of an indicator have, as first and last day; both None without one.

    ``start`` is also None where the sources state none. ``earlier``: some place has a newer value.
    """

    start: date | None
    end: date | None
    earlier: bool = False


@dataclass(frozen=True, slots=True)
class RiskFactors:
    """Threat, vulnerability and impact [1] of each segment, (segment,); NaN is unknown.

    ``parts``: the percentiles that the threat is the mean of, by name. ``incidents``: number in each segment, None
    without a store. ``periods``: of each indicator of recorded cases with a value.
    """

    threat: Floats
    vulnerability: Floats
    impact: Floats
    parts: Mapping[str, Floats]
    incidents: Floats | None
    periods: Mapping[str, CountedPeriod]

    @property
    def table(self) -> Floats:
        """The factors as columns, (segment, 3)."""
        return np.column_stack([self.threat, self.vulnerability, self.impact])


def read_challenge(folder: Path, sector: str) -> ChallengeSegments:
    """Read the segments of a challenge; IndicatorError for another folder, or that of another sector."""
    table, about = folder / "segments.csv", folder / "summary.json"
    for path in (table, about):
        check_size(path)
    try:
        summary = json.loads(about.read_text(encoding="utf-8"))
        if summary["made_by"] != "watchline challenge" or summary["sector"] != sector:
            raise KeyError("sector")
        with table.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file, strict=True))
        columns = {name: np.array([_number(row[name]) for row in rows]) for name in NEEDED}
        interrupted = INTERRUPTION in rows[0]
        name = INTERRUPTION if interrupted else "detection_probability"
        resistance = np.array([_number(row[name]) for row in rows])
        if not np.array_equal(columns["segment"], np.arange(len(rows))):
            raise ValueError("segments")
        for values in (columns["crossing_ease"], resistance):
            if np.any((values < 0.0) | (values > 1.0)):
                raise ValueError("a fraction")
        layout = str(summary["layout"])
    except (OSError, ValueError, LookupError, TypeError, csv.Error, RecursionError):
        raise IndicatorError(f"is not a challenge of {sector}", where=str(folder), expected=EXPECTED) from None
    return ChallengeSegments(
        columns["start_m"], columns["end_m"], columns["length_m"], columns["crossing_ease"],
        resistance, interrupted, layout, file_hash(table),
    )  # fmt: skip


def factors_of(
    challenge: ChallengeSegments,
    sections: Sequence[str | None],
    indicators: Iterable[Indicator],
    incidents: Iterable[Mapping[str, Any]] | None,
) -> RiskFactors:
    """Return the factors of each segment.

    Parameters
    ----------
    challenge : ChallengeSegments
        Crossing ease, and detection or interruption.
    sections : sequence of str or None, shape (segment,)
        Name of the section of each segment.
    indicators : iterable of Indicator
        Records with the places ``section NAME`` and ``segment NUMBER``. Of recorded cases the newest period counts that
        all these places have, of the impact the newest value; and that of a segment before that of its section.
    incidents : iterable of mapping, optional
        Incidents as they are published; movements count that were not judged harmless.
    """
    places = {f"segment {segment}" for segment in range(len(sections))}
    places |= {f"section {name}" for name in sections if name is not None}
    known = [one for one in indicators if one.catalogued and one.value is not None and one.place in places]
    per_km = 1_000.0 / challenge.length_m
    parts = {"crossing_ease": challenge.crossing_ease}
    counts = None
    if incidents is not None:
        counts = np.zeros(len(sections))
        for incident in incidents:
            segment = incident.get("segment")
            moved = incident["kind"] == "movement" and incident["disposition"] not in HARMLESS
            if moved and segment is not None and 0 <= segment < len(counts):
                counts[segment] += 1.0
        parts |= _ordering("incidents", counts * per_km)
    periods: dict[str, CountedPeriod] = {}
    for name in RECORDED:
        of_name = [one for one in known if one.name == name]
        if of_name:
            periods[name], of_period = _of_one_period(of_name)
            if of_period:
                parts |= _ordering(name, _by_segment(of_period, sections, challenge.length_m))
    stacked = np.array(list(parts.values()))
    stated = ~np.isnan(stacked)
    total = np.where(stated, stacked, 0.0).sum(axis=0)
    threat = np.divide(total, stated.sum(axis=0), out=np.full(len(sections), math.nan), where=stated.any(axis=0))
    newest = {one.place: one.value for one in sorted(known, key=lambda one: one.day) if one.name == IMPACT}
    impact = _by_segment(newest, sections, None)
    return RiskFactors(threat, 1.0 - challenge.resistance, impact, parts, counts, periods)


def _ordering(name: str, values: Floats) -> dict[str, Floats]:
    """The percentiles of a part of the threat; none where all known values are alike, as they order nothing."""
    known = values[~np.isnan(values)]
    return {name: percentiles(values)} if len(known) and known.min() < known.max() else {}


def _of_one_period(records: Sequence[Indicator]) -> tuple[CountedPeriod, dict[str, float | None]]:
    """The newest period that all places of these records have, and the value of each place; none without such one."""
    found: dict[str, dict[tuple[date | None, date], float | None]] = {}
    for one in records:
        found.setdefault(one.place, {})[one.period] = one.value
    common = set.intersection(*map(set, found.values()))
    if not common:
        return CountedPeriod(None, None), {}
    period = max(common, key=_recency)
    earlier = any(max(values, key=_recency) != period for values in found.values())
    return CountedPeriod(*period, earlier=earlier), {place: values[period] for place, values in found.items()}


def _recency(period: tuple[date | None, date]) -> tuple[date, date]:
    start, end = period
    return end, start or end


def _by_segment(newest: Mapping[str, float | None], sections: Sequence[str | None], length_m: Floats | None) -> Floats:
    """The values of places by segment; with lengths, per km of what the place covers."""
    values = np.full(len(sections), math.nan)
    for segment, section in enumerate(sections):
        own = newest.get(f"segment {segment}")
        if own is not None:
            values[segment] = own if length_m is None else own / length_m[segment] * 1_000.0
            continue
        shared = None if section is None else newest.get(f"section {section}")
        if shared is not None:
            covered = 1.0 if length_m is None else length_m[[one == section for one in sections]].sum() / 1_000.0
            values[segment] = shared / covered
    return values


def _number(text: str | None) -> float:
    return math.nan if text is None or text == "" else float(text)

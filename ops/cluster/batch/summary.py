"""The summary of a nation: figures of every sector, their counts added up, and the worst segments of all sectors."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from ops.cluster.batch.commands import NationCommand, SectorFigures
from ops.cluster.batch.work import SECTORS, SectorFile
from ops.runtime.batch.chains import Failed
from ops.runtime.batch.parts import FinishedPart
from ops.runtime.output import atomic_write

SHOWN: Final = 10
"""Worst segments on the screen."""
LISTED: Final = 100
"""Worst segments in the files."""
ADDED_UP: Final = ("sensors", "segments", "gap_segments", "unknown_segments", "cost")
"""Figures that are counts or costs; fractions and probabilities of different sectors are not averaged."""


@dataclass(frozen=True, slots=True)
class WorstSegment:
    """A segment of a sector, by the measure of the command; lowest first.

    ``lon`` and ``lat`` [degrees] are those of its middle.
    """

    sector: str
    segment: int
    start_m: float
    end_m: float
    lon: float
    lat: float
    value: float


@dataclass(frozen=True, slots=True)
class SectorResult:
    """A sector that was computed: its name and title, its figures, and whether they were kept or computed again."""

    name: str
    title: str
    figures: SectorFigures
    state: str


@dataclass(frozen=True, slots=True)
class NationSummary:
    """All sectors of a nation; ``failed`` has a sentence for each that was not computed."""

    command: NationCommand
    name: str
    title: str
    sectors: tuple[SectorResult, ...]
    failed: Mapping[str, str]
    worst: tuple[WorstSegment, ...]

    @property
    def totals(self) -> SectorFigures:
        """Sums of the figures that may be added up; None where a sector's is unknown."""
        found: SectorFigures = {}
        for name in ADDED_UP:
            values = [one.figures[name] for one in self.sectors if name in one.figures]
            if values:
                numbers = [value for value in values if isinstance(value, float | int)]
                found[name] = float(sum(numbers)) if len(numbers) == len(values) else None
        return found

    def in_state(self, state: str) -> list[str]:
        """Return the names of the sectors that were kept, or computed again."""
        return [one.name for one in self.sectors if one.state == state]

    def record(self) -> dict[str, Any]:
        """Return the summary for JSON: the same for an interrupted run as for one without interruption."""
        return {
            "made_by": self.command.kind,
            "nation": self.name,
            "title": self.title,
            "sectors": [
                {"name": one.name, "title": one.title, "folder": f"{SECTORS}/{one.name}", "figures": one.figures}
                for one in self.sectors
            ],
            "failed": [{"sector": name, "why": why} for name, why in self.failed.items()],
            "totals": self.totals,
            "measure": self.command.measure or None,
            "worst_segments": [asdict(one) for one in self.worst],
        }


def summary_of(
    command: NationCommand,
    name: str,
    title: str,
    sectors: list[SectorFile],
    results: Mapping[str, FinishedPart | Failed],
    out: Path,
) -> NationSummary:
    """Summarise the results of ``run_sectors`` in the folder ``out``."""
    found: list[SectorResult] = []
    failed: dict[str, str] = {}
    worst: list[WorstSegment] = []
    for one in sectors:
        result = results[one.name]
        if isinstance(result, Failed):
            failed[one.name] = result.why
            continue
        assert not isinstance(one.sector, str)
        found.append(
            SectorResult(one.name, one.sector.title or one.name, command.figures(result.figures), result.state)
        )
        if command.measure:
            worst += _worst_of(one.name, out / SECTORS / one.name / "segments.parquet", command.measure)
    worst.sort(key=lambda segment: (segment.value, segment.sector, segment.segment))
    return NationSummary(command, name, title, tuple(found), failed, tuple(worst[:LISTED]))


def _worst_of(sector: str, path: Path, measure: str) -> list[WorstSegment]:
    import geopandas as gpd

    table = gpd.read_parquet(path, columns=["segment", "start_m", "end_m", measure, "geometry"])
    known = table[table[measure].notna()].nsmallest(LISTED, [measure, "segment"])
    found = []
    for row in known.itertuples(index=False):
        middle = row.geometry.interpolate(0.5, normalized=True)
        value = float(getattr(row, measure))
        if math.isfinite(value):
            where = (round(float(middle.x), 6), round(float(middle.y), 6))
            spans = (round(float(row.start_m), 1), round(float(row.end_m), 1))
            found.append(WorstSegment(sector, int(row.segment), *spans, *where, round(value, 6)))
    return found


def write_worst(path: Path, worst: tuple[WorstSegment, ...]) -> None:
    """Write the worst segments as GeoJSON points, lowest first."""
    features = [
        {
            "type": "Feature",
            "properties": {"order": order, **asdict(one)},
            "geometry": {"type": "Point", "coordinates": [one.lon, one.lat]},
        }
        for order, one in enumerate(worst, 1)
    ]
    with atomic_write(path) as partial:
        partial.write_text(json.dumps({"type": "FeatureCollection", "features": features}, indent=1) + "\n")

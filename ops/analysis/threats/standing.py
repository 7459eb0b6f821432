"""What stands in each segment, from files of the sector: crossing points, coverage of a layout, patrols of a plan."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from geo.areas import AreaLookup
from geo.arrays import Bools, Ints
from geo.errors import BadInput
from ops.analysis.indicators.tables import IndicatorError, check_size
from ops.analysis.threats.layers import COVERED, NOT_COVERED, UNKNOWN
from ops.analysis.threats.means import EVERYWHERE, StandingMeans
from ops.sector.open_sector import OpenSector
from sensors.crossing.segments import UNREACHABLE

CROSSING_POINT: Final = "crossing point"
AREA_KIND: Final = "crossing_point"


def crossing_points_of(ground: OpenSector) -> list[tuple[str, ...]]:
    """Return the ids of the crossing points whose surroundings each segment enters."""
    points = [area for area in ground.areas if area.kind == AREA_KIND]
    lookup = AreaLookup(points, ground.frame)
    return [
        tuple(area.id for area in lookup.touching(ground.crossed.segment_geometry(segment)))
        for segment in range(ground.crossed.segments)
    ]


def places_of(ground: OpenSector, sections: Sequence[str | None]) -> list[str]:
    """Return the places that a table of means may name."""
    return [
        EVERYWHERE,
        *(f"section {name}" for name in dict.fromkeys(sections) if name is not None),
        *(f"{CROSSING_POINT} {area.id}" for area in ground.areas if area.kind == AREA_KIND),
        *(f"segment {segment}" for segment in range(ground.crossed.segments)),
    ]


def standing_in(
    means: Sequence[StandingMeans], sections: Sequence[str | None], crossing_points: Sequence[tuple[str, ...]]
) -> dict[str, Bools]:
    """Return whether each of the means stands in each segment, (segment,), by means."""
    found: dict[str, Bools] = {}
    for one in means:
        stands = np.array(
            [
                one.place in (EVERYWHERE, f"segment {segment}")
                or (section is not None and one.place == f"section {section}")
                or one.place in {f"{CROSSING_POINT} {point}" for point in points}
                for segment, (section, points) in enumerate(zip(sections, crossing_points, strict=True))
            ]
        )
        found[one.means] = found[one.means] | stands if one.means in found else stands
    return found


def detection_of(folder: Path, sector: str, segments: int) -> tuple[str, Ints]:
    """Return the class of target of a challenge, and whether each segment meets its requirement, (segment,).

    A segment that cannot be crossed meets it. IndicatorError for another folder, or that of another sector or border.
    """
    table, about = folder / "segments.csv", folder / "summary.json"
    for path in (table, about):
        check_size(path)
    try:
        summary = _summary(about, "watchline challenge", [sector])
        target, required = str(summary["target"]), float(summary["required_probability"])
        with table.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file, strict=True))
        if [int(row["segment"]) for row in rows] != list(range(segments)) or not 0.0 < required <= 1.0:
            raise ValueError("segments")
        states = [_detected(row, required) for row in rows]
    except (OSError, ValueError, LookupError, TypeError, csv.Error, RecursionError):
        expected = f"the --out folder of `watchline challenge` for this sector, with {segments} segments"
        raise IndicatorError(f"is not a challenge of {sector}", where=str(folder), expected=expected) from None
    return target, np.array(states, np.int64)


def _detected(row: Mapping[str, str], required: float) -> int:
    if row["state"] == UNREACHABLE:
        return COVERED
    text = row["detection_probability"]
    value = math.nan if not text else float(text)
    if math.isnan(value):
        return UNKNOWN
    if not 0.0 <= value <= 1.0:
        raise ValueError("a probability")
    certain, unknown_m = float(row.get("certain_probability") or math.nan), float(row.get("unknown_m") or 0.0)
    if value < required <= certain and unknown_m > 0.0:
        return UNKNOWN  # the value is a lower bound over ground of unknown sight
    return COVERED if value >= required else NOT_COVERED


def patrols_of(folder: Path, sectors: Sequence[str], segments: int) -> Ints:
    """Return whether the mixed strategy of a plan visits each segment, (segment,): NOT_COVERED where it never does.

    ``sectors`` are the names under which a plan may state the sector, the first for messages. Segments that are not
    part of the game are unknown. IndicatorError for a folder without a plan with patrols.
    """
    path = folder / "summary.json"
    check_size(path)
    found = np.full(segments, UNKNOWN)
    try:
        patrols = _summary(path, "watchline plan", sectors)["patrols"]
        for segment, coverage in zip(patrols["segments"], patrols["coverage"], strict=True):
            if not 0 <= segment < segments or not 0.0 <= coverage <= 1.0:
                raise ValueError("a segment")
            found[segment] = COVERED if coverage > 0.0 else NOT_COVERED
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        expected = "the --out folder of `watchline plan --patrols` for this sector"
        raise IndicatorError(
            f"is not a plan of {sectors[0]} with patrols", where=str(folder), expected=expected
        ) from None
    return found


def _summary(path: Path, made_by: str, sectors: Sequence[str]) -> Mapping[str, Any]:
    summary = json.loads(path.read_text(encoding="utf-8"))
    if summary["made_by"] != made_by or summary["sector"] not in sectors:
        raise ValueError("another command or sector")
    return summary  # type: ignore[no-any-return]


def detection_by_target(folders: Sequence[Path], sector: str, segments: int) -> dict[str, Ints]:
    """Return the detection of several challenges by class of target; BadInput for two of one class."""
    found: dict[str, Ints] = {}
    for folder in folders:
        target, states = detection_of(folder, sector, segments)
        if target in found:
            raise BadInput(
                f"a second challenge of {target}", where=str(folder), expected="one for each class of target"
            )
        found[target] = states
    return found

"""A comparison of layouts: its computation, and the record of a finished one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ops.analysis.compare.threshold_history import ThresholdHistory
from ops.analysis.compare.thresholds import Threshold
from ops.sector.open_sector import OpenSector
from ops.sector.sector_file import Sector
from ops.sector.ways import SectorWays

if TYPE_CHECKING:
    import xarray as xr

    from geo.mobility.roads_and_rivers import Ways
    from sensors.equipment.catalogue import Catalogue
    from sensors.layout import Layout
    from sensors.planning import CompareSettings, Study
    from sensors.planning.comparison.mobile_parts import MobilePart


REPORT, PDF, SAMPLES, SEGMENTS = "report.html", "report.pdf", "samples.csv", "segments.csv"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything that a report needs: the sector, the study, its verdict, adverse scenarios, and the requirements with
    their history."""

    sector: Sector
    study: Study
    verdict: xr.Dataset
    adverse: xr.Dataset
    thresholds: Sequence[Threshold]
    ways: SectorWays
    history: ThresholdHistory | None = None


def steps(layouts: Sequence[Layout]) -> int:
    """Return the number of steps that ``studied`` reports."""
    return 2 * len(layouts) + 2


def studied(
    layouts: Sequence[Layout],
    ground: OpenSector,
    settings: CompareSettings,
    *,
    ways: Ways,
    catalogue: Catalogue | None = None,
    mobile: Mapping[str, Sequence[MobilePart]] | None = None,
    progress: Callable[[str, int], None],
) -> tuple[Study, xr.Dataset]:
    """Study layouts at equal life-cycle cost in a sector; return the study and its verdict.

    ``ways`` are the roads, rivers and fords; ``catalogue`` defaults to the shipped one, and
    ``mobile`` are patrols and drones by the name of their layout. ``progress(doing, done)`` is
    called with "layouts" as the study proceeds, then with "samples" before the last of ``steps``.
    """
    from sensors.planning import study, verdict

    bases = list(ground.bases_on_terrain().values())
    finished = study(
        layouts,
        ground.terrain,
        ground.crossed,
        settings=replace(settings, belt_m=ground.sector.belt_m),
        catalogue=catalogue,
        bases=np.array(bases) if bases else None,
        ways=ways,
        mobile=mobile,
        progress=lambda done, _: progress("layouts", done),
    )
    progress("samples", steps(layouts) - 1)
    return finished, verdict(finished)

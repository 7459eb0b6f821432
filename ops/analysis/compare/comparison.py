"""A comparison of layouts: its computation, the record of a finished one, and its headline."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ops.analysis.compare.threshold_history import ThresholdHistory
from ops.analysis.compare.thresholds import Threshold
from ops.analysis.inputs import bases_in
from ops.sector.links import unlinked_words
from ops.sector.open_sector import OpenSector
from ops.sector.sector_file import Sector
from ops.sector.ways import SectorWays

if TYPE_CHECKING:
    import xarray as xr

    from geo.mobility.roads_and_rivers import Ways
    from sensors.equipment.catalogue import Catalogue
    from sensors.layout import Layout
    from sensors.planning import CompareSettings, Study


REPORT, PDF, DRAWS, SEGMENTS = "report.html", "report.pdf", "draws.csv", "segments.csv"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything that a report needs: the sector, the study, its verdict, adverse scenarios, and the requirements with
    their history."""

    sector: Sector
    study: Study
    verdict: xr.Dataset
    bad_days: xr.Dataset
    thresholds: Sequence[Threshold]
    ways: SectorWays
    history: ThresholdHistory | None = None

    @property
    def headline(self) -> str:
        return headline(self.verdict)


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
    progress: Callable[[str, int], None],
) -> tuple[Study, xr.Dataset]:
    """Study layouts at equal life-cycle cost in a sector; return the study and its verdict.

    ``ways`` are the roads, rivers and fords; ``catalogue`` defaults to the shipped one. ``progress(doing, done)`` is
    called with "layouts" as the study proceeds, then with "draws" before the last of ``steps``.
    """
    from sensors.planning import study, verdict

    bases = bases_in(ground)
    finished = study(
        layouts,
        ground.terrain,
        ground.crossed,
        settings=replace(settings, belt_m=ground.sector.belt_m),
        catalogue=catalogue,
        bases=np.array(bases) if bases else None,
        ways=ways,
        progress=lambda done, _: progress("layouts", done),
    )
    progress("draws", steps(layouts) - 1)
    return finished, verdict(finished)


def headline(verdict: xr.Dataset) -> str:
    """State the verdict in one sentence, with its uncertainty and the grade of its sources."""
    story = verdict.attrs
    first, *others = [str(name) for name in verdict["layout"].to_numpy()]
    clauses = []
    for other in others:
        duel = verdict.sel(objective=story["objective"], layout=first, other=other)
        ahead, behind = first, other
        if float(duel["beats"]) < 0.5:
            ahead, behind = other, first
            duel = verdict.sel(objective=story["objective"], layout=other, other=first)
        beats, mean = float(duel["beats"]), float(duel["difference"])
        if np.isnan(beats):
            clauses.append(f"nobody can say whether {first} beats {other}, as something is unknown")
            continue
        sure = verdict["confidence"].sel(other=other).item()
        if float(duel["beats_error"]) == 0.0:  # ties only
            clauses.append(f"{first} and {other} do alike in all of {story['draws']:,} draws (confidence {sure})")
            continue
        clauses.append(
            f"{ahead} beats {behind} in {beats:.0%} (± {float(duel['beats_error']):.1%}) of {story['draws']:,} draws "
            f"(difference {mean:+.3f}, 90 % of draws "
            f"{float(duel['difference_low']):+.3f} to {float(duel['difference_high']):+.3f}; confidence {sure})"
        )
    cost = float(verdict["life_cycle_cost_central"].max())
    for name in (first, *others):
        share = float(verdict["bought_share_central"].sel(layout=name))
        if share < 1.0:
            clauses.append(f"the money reaches only {share:.0%} of the sensors of {name}")
        silent = [text for text in str(verdict["unlinked"].sel(layout=name).item()).split(", ") if text]
        if silent:
            clauses.append(f"of {name}, {unlinked_words(silent)}")
    if story["objective"] != "least_detection":
        least = [f"{n} {float(verdict['least_detection_central'].sel(layout=n)):.1%}" for n in (first, *others)]
        clauses.append(f"crossers who go where it suits them best are detected in {', '.join(least)}")
    return (
        f"At equal life-cycle cost (about {story['currency']} {_money(cost)} over {story['years']:g} years), by "
        f"{story['objective'].replace('_', ' ')}: " + "; ".join(clauses) + "."
    )


def _money(amount: float) -> str:
    return f"{amount / 1e6:,.1f} M" if amount >= 1e6 else f"{amount:,.0f}"

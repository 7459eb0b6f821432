"""The files of a demonstration that a drill is scored from. Any other data folder is refused."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from geo.errors import BadInput
from sensors.timestamps import nanoseconds

if TYPE_CHECKING:
    import xarray as xr

    from ops.governance.drills import DrillScore, DrillSettings

MARK: Final = ".demonstration"
"""Marks the data folder of a demonstration; it holds the name of the sector."""
DEFAULT_FOLDER: Final = Path("out", "demo")
"""Folder of a demonstration that names no other."""
START_FILE: Final = "night.started"
"""Holds the time at which the scenario began [UTC ns]."""
TRUTH: Final = "truth.npz"
SCENARIO_BEGINS: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""Start of every scenario in its own times."""


@dataclass(frozen=True, slots=True)
class ScoredDrill:
    """A score so far. ``moved_ns``: from the times of the truth to those of the store."""

    score: DrillScore
    moved_ns: int


def is_demonstration(folder: Path) -> bool:
    """Whether a data folder is that of a demonstration."""
    return (folder / MARK).exists()


def sector_of(folder: Path) -> str:
    """Name of the sector of a demonstration; empty where the folder is none, or of an earlier version."""
    try:
        return (folder / MARK).read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return ""


@dataclass(frozen=True, slots=True)
class WorkedScenario:
    """A demonstration: the truth up to ``until_ns``, the end of what was shown, with its incidents and alerts.

    ``moved_ns``: from the times of the scenario to those of the store, which these are.
    """

    truth: xr.Dataset
    incidents: list[dict[str, Any]]
    alerts: dict[str, dict[str, Any]]
    until_ns: int
    moved_ns: int


def read_scenario(folder: Path) -> WorkedScenario:
    """Read a demonstration as far as it has been shown; BadInput for any other folder."""
    import msgspec
    import numpy as np

    from ops.store.incidents import IncidentReader
    from ops.store.track_history import load_history

    moved_ns = _moved_ns(folder)
    truth = load_history(folder / TRUTH)
    times = truth["time"].to_numpy().astype("datetime64[ns]") + np.timedelta64(moved_ns, "ns")
    truth = truth.assign(time=("estimate", times))
    reader = IncidentReader(folder / "store.db")
    try:
        incidents = [msgspec.json.decode(row.body) for row in reader.incidents(limit=1_000_000)[1]]
        alerts = {one["id"]: one for one in map(msgspec.json.decode, reader.alerts(limit=1_000_000)[2])}
        until = reader.live("tracks")
    finally:
        reader.close()
    until_ns = until.stamp_ns if until is not None else 0
    seen = truth["time"].to_numpy().astype(np.int64) <= until_ns
    return WorkedScenario(truth.isel(estimate=np.flatnonzero(seen)), incidents, alerts, until_ns, moved_ns)


def score_of(folder: Path, settings: DrillSettings | None = None) -> ScoredDrill:
    """Score the incidents of a demonstration against its truth as far as it has been shown; BadInput for any other
    folder."""
    from ops.governance.drills import score_drill

    scenario = read_scenario(folder)
    score = score_drill(scenario.truth, scenario.incidents, scenario.alerts, settings)
    return ScoredDrill(score, scenario.moved_ns)


def _moved_ns(folder: Path) -> int:
    """Time from the truth of a demonstration to its store [ns]."""
    if not is_demonstration(folder):
        raise BadInput("is not a demonstration", where=str(folder), expected="the folder of `watchline demo`")
    for name in (TRUTH, START_FILE, "store.db"):
        if not (folder / name).exists():
            raise BadInput(f"has no {name}", where=str(folder), expected="a demonstration that has run")
    try:
        started_ns = int((folder / START_FILE).read_text(encoding="ascii"))
    except ValueError:
        raise BadInput(
            f"{START_FILE} cannot be read", where=str(folder), expected="the start of the scenario"
        ) from None
    return started_ns - nanoseconds(SCENARIO_BEGINS)

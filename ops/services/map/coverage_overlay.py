"""Coverage for the live map: ``coverage_overlay`` gives the probability rasters that the tiles are painted from.

``coverage_overlay(ground, healths, previous)`` → ``sensors.coverage.live.LiveCoverage``; its ``raster(kind)`` is the
layer ``coverage-{kind}``, ``raster(None)`` the layer ``coverage``, in the frame on the terrain's cells; ``problems``
says which sensors could not be computed. Handing in what it gave before makes a change of health or layout cost the
changed sensors' windows only. ``revision`` tells pictures apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import Final

from ops.sector.sector_file import Ground
from sensors.coverage.live import LiveCoverage

WORKING: Final = "ok"
"""The only state of health in which a sensor counts: not silent, not in maintenance, not unheard so far."""
DWELL_S: Final = 600.0
"""The live map's dwell: a walker needs about ten minutes across the near part of a belt (assumption)."""


def coverage_overlay(
    ground: Ground,
    healths: Mapping[str, str],
    previous: LiveCoverage | None = None,
    *,
    target: str = "person",
    conditions: str = "day",
    dwell_s: float = DWELL_S,
) -> LiveCoverage:
    """Coverage of the ground's layout by the sensors whose state of health is WORKING, by kind and of all.

    ``healths`` maps sensor ids to states; a sensor it lacks does not count. ``previous`` is an earlier answer for the
    same terrain; target, conditions and dwell are then as there. Raises BadInput for an unknown target or weather.
    """
    working = [sensor for sensor, state in healths.items() if state == WORKING]
    if previous is not None and previous.terrain is ground.terrain:
        return previous.updated(ground.layout, working)
    return LiveCoverage.begin(
        ground.layout, ground.terrain, working, target=target, conditions=conditions, dwell_s=dwell_s
    )


def revision(live: LiveCoverage, kind: str | None) -> str:
    """A short text that changes when the raster of that kind does."""
    return blake2b(live.rasters[kind].tobytes(), digest_size=8).hexdigest()

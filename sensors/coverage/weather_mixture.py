"""Coverage over states of the weather that each last for a whole crossing: a mixture, never a factor per look.

Two questions are possible, and they have different answers. Here is that of one place, or one fixed path, scored over
all states: the crosser does not know the state. A crosser who knows it takes another path in each state; then the paths
are found state by state first, from the rates of each state's ``coverage``, and their probabilities mixed after.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from geo.border import Border, Zone
from geo.errors import BadInput
from sensors.coverage.model import coverage_rasters
from sensors.detection_model.assumptions import Assumptions
from sensors.detection_model.hazard import over_states
from sensors.detection_model.weather import Conditions
from sensors.layout import Layout

MIXED = ("combined_probability", "expected_probability", "best_probability")


def over_weather(states: Mapping[str, float], rasters: Mapping[str, xr.Dataset]) -> xr.Dataset:
    """``Σ_c Pr(c) P_c`` of each probability (northing, easting); NaN where one state's is unknown.

    ``states`` gives the share of crossings in each state, summing to 1, ``rasters`` the coverage in it, of one layout,
    target and dwell. ``best_probability`` mixes the best sensor of each state, which may be another one in each.
    Raises BadInput where shares or rasters do not fit together.
    """
    if not states or set(states) != set(rasters):
        raise BadInput(f"states {sorted(states)}", where="over_weather", expected="the rasters' states, at least one")
    found = [rasters[name] for name in states]
    first = found[0]
    for key in ("layout_checksum", "target", "dwell_s", "terrain_checksum"):
        if any(other.attrs.get(key) != first.attrs.get(key) for other in found):
            raise BadInput(f"{key} differs", where="over_weather", expected="one layout, terrain, target and dwell")
    shares = np.array([states[name] for name in states])
    mixed: dict[str, Any] = {
        name: (("northing", "easting"), over_states(np.stack([r[name].to_numpy() for r in found]), shares))
        for name in MIXED
    }
    coords = {
        name: first.coords[name] for name in ("northing", "easting", "segment", "offset_m") if name in first.coords
    }
    told = ", ".join(f"{name}: {share:g}" for name, share in states.items())
    return xr.Dataset(mixed, coords=coords, attrs=first.attrs | {"conditions": told, "conditions_numbers": "several"})


def coverage_over_weather(
    layout: Layout,
    terrain: xr.Dataset,
    border: Border | Zone | None,
    states: Mapping[str, float],
    *,
    target: str = "person",
    dwell_s: float = 600.0,
    assumptions: Assumptions | None = None,
) -> xr.Dataset:
    """``over_weather`` of the coverage computed in each of ``states``, which maps conditions to shares of crossings."""
    rasters = {
        name: coverage_rasters(
            layout,
            terrain,
            border,
            target=target,
            conditions=Conditions.named(name),
            dwell_s=dwell_s,
            assumptions=assumptions,
        )
        for name in states
    }
    return over_weather(states, rasters)

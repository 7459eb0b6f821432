"""Coverage over weather states that each last for a whole crossing: a mixture, never a factor per look.

One position, or one fixed path, is evaluated over all states: the crosser does not know the state. For a crosser who
knows it, see ``sensors.crossing.weather_and_outages``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from geo.errors import BadInput
from geo.terrain import north_up
from sensors.detection_model.hazard import over_states

MIXED = ("combined_probability", "expected_probability", "best_probability")


def over_weather(states: Mapping[str, float], rasters: Mapping[str, xr.Dataset]) -> xr.Dataset:
    """Mix the coverage computed in several states of the weather by their fractions of crossings.

    Parameters
    ----------
    states : mapping of str to float
        Share of crossings [1] in each state; they sum to 1.
    rasters : mapping of str to xarray.Dataset, dims (northing, easting)
        Coverage in each state (``coverage_rasters``), of one layout, terrain, target and dwell.

    Returns
    -------
    xarray.Dataset, dims (northing, easting)
        ``combined_probability``, ``expected_probability`` and ``best_probability`` [1], each Σ_c Pr(c) P_c; NaN where
        one state's is unknown.

    Raises
    ------
    BadInput
        Where shares or rasters do not fit together, or the rasters have other cells.

    Notes
    -----
    ``best_probability`` mixes the best sensor of each state, which may be another one in each.
    """
    if not states or set(states) != set(rasters):
        raise BadInput(f"states {sorted(states)}", where="over_weather", expected="the rasters' states, at least one")
    chosen = [north_up(rasters[name], where="coverage") for name in states]
    first = chosen[0]
    for key in ("layout_checksum", "target", "dwell_s", "terrain_checksum"):
        if any(other.attrs.get(key) != first.attrs.get(key) for other in chosen):
            raise BadInput(f"{key} differs", where="over_weather", expected="one layout, terrain, target and dwell")
    for axis in ("northing", "easting"):
        if any(not np.array_equal(other[axis], first[axis]) for other in chosen):
            raise BadInput(f"{axis} differs", where="over_weather", expected="rasters on the same cells")
    shares = np.array([states[name] for name in states])
    mixed: dict[str, Any] = {
        name: (("northing", "easting"), over_states(np.stack([r[name].to_numpy() for r in chosen]), shares))
        for name in MIXED
    }
    coords = {
        name: first.coords[name] for name in ("northing", "easting", "segment", "offset_m") if name in first.coords
    }
    conditions = ", ".join(f"{name}: {share:g}" for name, share in states.items())
    return xr.Dataset(
        mixed, coords=coords, attrs=first.attrs | {"conditions": conditions, "conditions_numbers": "several"}
    )

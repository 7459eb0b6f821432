"""Measures of the challenge cell by cell, for maps."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import numpy as np
import xarray as xr

from geo.border.belt import BorderLine, belt_of, fitting_belt_m, window_of
from geo.challenge.measures import UNITS, ChallengeTerrain, dead_cells, fastest_crossings, shapes_of
from geo.challenge.settings import VEHICLE, ChallengeSettings
from geo.mobility.roads_and_rivers import Ways
from geo.mobility.settings import MobilitySettings
from geo.mobility.speed_surface import Mobility, by_vehicle, on_foot
from geo.terrain.derived import cell_size, north_up

HIDDEN: Final = "1 hidden from the best few sites, 0 seen by one of them, for targets of that height"
THROUGH: Final = "least time of a crossing from edge to edge that passes the cell; infinite where none can"


WHO_RESPONDS: Final = ("mover", "assumptions")
"""Attributes of a response time that state who responds and how fast."""


def challenge_rasters(
    terrain: xr.Dataset,
    border: BorderLine,
    *,
    belt_m: float | None = None,
    ways: Ways | None = None,
    settings: ChallengeSettings | None = None,
    mobility: MobilitySettings | None = None,
    response: xr.DataArray | None = None,
) -> xr.Dataset:
    """Compute the measures of ``geo.challenge.challenge`` cell by cell, for maps.

    Parameters
    ----------
    terrain : Dataset
        Terrain.
    border : BorderLine
        A border, a zone, or a part of one.
    belt_m : float, m, optional
        As for ``challenge``.
    ways : Ways, optional
        As for ``challenge``.
    settings : ChallengeSettings, optional
        As for ``challenge``.
    mobility : MobilitySettings, optional
        As for ``challenge``.
    response : DataArray, shape (northing, easting), s, optional
        As for ``challenge``.

    Returns
    -------
    Dataset, dims (northing, easting)
        On the window of the belt: the measures of the shape of the ground, ``dead_ground_…m`` (1 not visible, 0
        visible), ``crossing_time`` [s], here of the fastest crossing through each cell, and with ``response`` its
        ``response_time`` [s]; NaN outside the belt and where unknown. The coordinate ``segment`` is the segment of each
        cell, −1 outside.

    Raises
    ------
    BorderError
        As for ``challenge``.
    BadInput
        As for ``challenge``.
    """
    terrain = north_up(terrain)
    width = fitting_belt_m(border, terrain) if belt_m is None else float(belt_m)
    chosen = settings or ChallengeSettings()
    ground = ground_of(terrain, border, belt_m=width, settings=chosen, mobility=mobility, ways=ways, response=response)
    belt = ground.belt
    layers: dict[str, tuple[Any, str, str]] = {
        name: (belt.of(raster()), *UNITS[name]) for name, raster in shapes_of(ground).items()
    }
    layers |= {name: (hidden, "1", HIDDEN) for name, hidden in dead_cells(ground).items()}
    fastest = fastest_crossings(ground)
    through = fastest.before.cost + fastest.after.cost
    layers["crossing_time"] = (
        np.where(np.isfinite(belt.of(ground.terrain["elevation"])), through, np.nan),
        "s",
        THROUGH,
    )
    if ground.response is not None:
        layers["response_time"] = (belt.of(ground.response), "s", "response time from the nearest base")
    dims = ("northing", "easting")
    data: dict[str, Any] = {
        name: (dims, np.where(belt.inside, values, np.nan), {"units": units, "long_name": meaning})
        for name, (values, units, meaning) in layers.items()
    }
    if response is not None:  # who responds is not who crosses
        data["response_time"][2].update({key: response.attrs[key] for key in WHO_RESPONDS if key in response.attrs})
    return xr.Dataset(
        data,
        coords={
            "northing": belt.northing,
            "easting": belt.easting,
            "segment": (dims, np.where(belt.inside, belt.segment, -1)),
        },
        attrs={
            "belt_m": width,
            "cell_m": belt.cell_m,
            "missing": ", ".join(ground.mobility.missing),
            **chosen.yardstick(),
            **{name: terrain.attrs[name] for name in ("crs", "datum") if name in terrain.attrs},
        },
    )


def ground_of(
    terrain: xr.Dataset,
    border: BorderLine,
    *,
    belt_m: float,
    settings: ChallengeSettings,
    mobility: MobilitySettings | None,
    ways: Ways | None,
    response: xr.DataArray | None,
) -> ChallengeTerrain:
    """The belt and the terrain around it that measures need, in memory, with how the settings' mover crosses it."""
    rows, columns = window_of(border, terrain, belt_m)
    margin = int(settings.openness_radius_m / cell_size(terrain)) + settings.window + 1
    rows = slice(max(0, rows.start - margin), rows.stop + margin)
    columns = slice(max(0, columns.start - margin), columns.stop + margin)
    near = terrain.isel(northing=rows, easting=columns)
    ground = moving_ground(near, border, belt_m=belt_m, settings=settings, mobility=mobility, ways=ways)
    return ground if response is None else replace(ground, response=response.reindex_like(ground.terrain))


def moving_ground(
    terrain: xr.Dataset,
    border: BorderLine,
    *,
    belt_m: float,
    settings: ChallengeSettings,
    mobility: MobilitySettings | None,
    ways: Ways | None,
) -> ChallengeTerrain:
    """The belt on all of a terrain, which is loaded, and how the settings' mover crosses it; without a response."""
    near = terrain.compute()

    def moves(ground: xr.Dataset) -> Mobility:
        mover = by_vehicle if settings.mover == VEHICLE else on_foot
        return mover(ground, ways=ways, settings=mobility)

    return ChallengeTerrain(belt_of(border, near, belt_m=belt_m), near, moves(near), None, settings, moves)

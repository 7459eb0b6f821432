"""Outcomes of crossings in a model: apprehended, got away, undetected, or not decided when the recording ends."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import xarray as xr

from geo.border.belt import BorderLine
from geo.terrain.derived import raster_north_up
from sensors.errors import InterdictionError

APPREHENDED, GOT_AWAY, UNDETECTED, OPEN = "apprehended", "got away", "undetected", "open"
OUTCOMES: Final = (APPREHENDED, GOT_AWAY, UNDETECTED, OPEN)


def modelled_outcomes(
    confirmed_s: npt.ArrayLike, head_start_s: npt.ArrayLike, to_go_s: npt.ArrayLike, recorded_s: npt.ArrayLike
) -> npt.NDArray[np.str_]:
    """Determine the outcome of each crossing, where the recording is long enough.

    Parameters
    ----------
    confirmed_s : array_like, shape (mover,), s
        Time from the crosser's beginning to the first confirmed track; NaN without any.
    head_start_s : array_like, shape (mover,), s
        The response's time margin where that track was confirmed (``head_start``); NaN where unknown.
    to_go_s : array_like, shape (mover,), s
        The crosser's least time from there to the edge where the crossing ends (``time_to_go``); of a crosser without a
        confirmed track from the last recorded place. NaN or 0 on the own side beyond the belt, where the crossing is
        over.
    recorded_s : array_like, shape (mover,), s
        Time from the crosser's beginning to the end of the recording.

    Returns
    -------
    ndarray of str, shape (mover,)
        "apprehended" where the response was first, "got away" where it was not or its margin is unknown, "undetected"
        without a confirmed track; and "open", which counts as none of these, where the recording ended before either
        the response or the crosser was at the edge.

    Raises
    ------
    InterdictionError
        For arrays of different lengths.

    Examples
    --------
    >>> from sensors.interdiction import modelled_outcomes
    >>> modelled_outcomes([60.0, 899.0], [120.0, 120.0], [300.0, 300.0], [900.0, 900.0]).tolist()
    ['apprehended', 'open']
    """
    confirmed, margin, to_go, recorded = (
        np.atleast_1d(np.asarray(values, np.float64)) for values in (confirmed_s, head_start_s, to_go_s, recorded_s)
    )
    if not confirmed.shape == margin.shape == to_go.shape == recorded.shape or confirmed.ndim != 1:
        raise InterdictionError("lengths differ", where="modelled outcomes", expected="one value of each per crosser")
    known = np.isfinite(confirmed)
    first = np.where(known & (margin > 0.0), to_go - np.nan_to_num(margin), to_go)  # who comes to the edge first
    ahead = np.nan_to_num(first, nan=0.0)
    left = np.where(known, recorded - np.where(known, confirmed, 0.0), 0.0)
    outcome = np.where(known, np.where(margin > 0.0, APPREHENDED, GOT_AWAY), UNDETECTED)
    return np.where(ahead > left, OPEN, outcome)


def at_crosser(values: xr.DataArray, border: BorderLine, belt_m: float, place: tuple[float, float]) -> float:
    """Return the time margin or the time to go of a crosser at a place.

    Parameters
    ----------
    values : xarray.DataArray, dims (northing, easting), s
        Result of ``head_start`` or ``time_to_go``.
    border : BorderLine
        The border or zone of the belt.
    belt_m : float, m
        Width of the belt on either side.
    place : tuple of float, m
        Easting and northing of the crosser.

    Returns
    -------
    float, s
        The value of the cell. On the far side beyond the belt that of the nearest cell with a value, where the crosser
        still has to arrive: a lower bound. NaN on the own side beyond the belt, and in the belt where the value is
        unknown.

    Examples
    --------
    >>> import shapely, xarray as xr
    >>> from geo.border import Border
    >>> from geo.frame import LocalFrame
    >>> from sensors.interdiction import at_crosser
    >>> line = shapely.LineString([(0, 0), (1000, 0)])
    >>> line = Border(LocalFrame.from_epsg(32631), line, segment_length_m=500.0, home_side="right")
    >>> place = {"northing": [250.0, 150.0], "easting": [500.0]}
    >>> margin = xr.DataArray([[float("nan")], [90.0]], place, ("northing", "easting"))
    >>> at_crosser(margin, line, 200.0, (500.0, 900.0))
    90.0
    """
    values = raster_north_up(values, where="at_crosser")
    easting, northing = place
    cell = values.sel(easting=easting, northing=northing, method="nearest")
    _, _, outward = border.between_edges(np.array([float(cell["easting"])]), np.array([float(cell["northing"])]))
    if not outward[0] < -belt_m:
        return float(cell)
    known = values.notnull().to_numpy()
    if not known.any():
        return float("nan")
    east, north = np.meshgrid(values["easting"].to_numpy() - easting, values["northing"].to_numpy() - northing)
    return float(values.to_numpy()[known][np.hypot(east, north)[known].argmin()])

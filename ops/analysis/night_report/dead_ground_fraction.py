"""Dead ground: the fraction of the belt along the border without line of sight from any sensor of a layout."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from geo.arrays import Floats
from geo.border import Border
from geo.errors import BadInput

VISIBLE = 1
UNKNOWN = 255

FORMULA = "dead ground = 1 − (belt cells in line of sight of at least one sensor) ÷ (belt cells of known visibility)"
LIMITS = ("sight", "bare", "ground-sensor", "cells")
"""Ends of the identifiers ``shift-dead-ground-limit-…``."""


@dataclass(frozen=True, slots=True)
class DeadGroundFraction:
    """Fraction of dead ground per segment and over the whole belt, 0–1; NaN where no cell of the belt is known."""

    per_segment: Floats  # (segment,)
    overall: float
    unknown: float  # fraction of the belt's cells excluded because visibility there is unknown
    belt_m: float  # half width: metres either side of the line
    cells: xr.DataArray | None = None  # (northing, easting) uint8: 1 dead ground, 0 visible or outside the belt


def dead_ground_fraction(visible: xr.DataArray, border: Border, *, belt_m: float) -> DeadGroundFraction:
    """Return the fraction of the belt within ``belt_m`` [m] of ``border`` without line of sight from any sensor.

    ``visible`` is (sensor, northing, easting) uint8 as in ``sensors.coverage.look_probability``: 0 no line of sight or
    outside range and field of view, 1 visible, 255 unknown. A cell is visible when any sensor sees it, and unknown when
    none does and at least one is unknown. Without sensors all cells are dead ground. Raises BadInput where the belt has
    no cell.
    """
    if visible.dims != ("sensor", "northing", "easting"):
        raise BadInput(f"dims {visible.dims}", where="hidden share: visible", expected="sensor, northing, easting")
    easting, northing = np.meshgrid(visible["easting"].to_numpy(), visible["northing"].to_numpy())
    segment, _, offset = border.locate(easting.ravel(), northing.ravel())
    segment = np.asarray(segment).reshape(easting.shape)
    belt = (segment >= 0) & (np.abs(np.asarray(offset).reshape(easting.shape)) <= belt_m)
    if not belt.any():
        raise BadInput("no cell of the terrain lies in it", where=f"belt of {belt_m:g} m", expected="a wider belt")
    masks = visible.to_numpy()
    in_sight = (masks == VISIBLE).any(axis=0)
    unknown = ~in_sight & (masks == UNKNOWN).any(axis=0)
    hidden = belt & ~in_sight & ~unknown
    counted = np.bincount(segment[belt & ~unknown], minlength=border.segments)
    missed = np.bincount(segment[hidden], minlength=border.segments)
    with np.errstate(invalid="ignore", divide="ignore"):
        per_segment = missed / counted
        overall = float(np.float64(missed.sum()) / np.float64(counted.sum()))
    cells = xr.DataArray(hidden.astype(np.uint8), coords=[visible["northing"], visible["easting"]])
    return DeadGroundFraction(per_segment, overall, float((belt & unknown).sum() / belt.sum()), belt_m, cells)

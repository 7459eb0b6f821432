"""Coverage of the belt along a border, by segment and side: fractions, means and minima over the cells of the belt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import xarray as xr

from geo.arrays import Bools, Floats, Ints, is_lazy
from geo.border import Border, Zone
from geo.border.belt import segment_scales
from geo.challenge.measures import BELTS
from geo.errors import BadInput
from geo.terrain import cell_size, north_up
from sensors.layout import SCALE_DIGITS

FIXED: Final = 2.0**32
"""Probabilities are summed as integer multiples of this, so that the order of the cells does not matter."""
RASTERS: Final = (
    "expected_probability",
    "combined_probability",
    "best_probability",
    "dead_ground",
    "sensors_unknown",
    "segment",
    "offset_m",
)
MEANS: Final = ("expected_probability", "combined_probability", "best_probability")
COUNTS: Final = ("cells", "covered", "undecided", "known", "dead", "dead_unknown")


def over_segments(
    coverage: xr.Dataset, border: Border | Zone, *, belt_m: float, required_probability: float = 0.9
) -> xr.Dataset:
    """Summarise coverage within ``belt_m`` of each segment, by side of the border.

    Parameters
    ----------
    coverage : xarray.Dataset, dims (northing, easting)
        Result of ``sensors.coverage``, lazy or computed.
    border : Border or Zone
        The border.
    belt_m : float, m
        Cells count if their centre is within this distance of the segment. Cells on the line itself and between the
        edges of a zone count as home.
    required_probability : float
        A cell is covered if its ``expected_probability`` [1] is at least this; undecided if it is not, but a sensor
        with unknown visibility might cover it.

    Returns
    -------
    xarray.Dataset, dims (segment, belt)
        For the belts "home", "away" and "both", all [1]: ``covered_fraction`` (of the decided cells),
        ``covered_fraction_low`` and ``covered_fraction_high`` (undecided cells counted as not covered and as covered),
        ``unknown_fraction`` (undecided), ``dead_ground_fraction`` (no line of sight, of the cells for which that is
        known), means and minima of the probabilities over the cells where they are known; ``cells_count`` and
        ``area_m2`` [m²]. NaN without cells to count.

    Raises
    ------
    BadInput
        If ``belt_m`` is not above 0 or no cell is within it, or the requirement is outside (0, 1].

    Notes
    -----
    Every cell is counted, so there is no sampling error. Errors of the terrain and of the assumptions are not included.
    """
    coverage = north_up(coverage, where="coverage")
    check_required(required_probability)
    if not 0.0 < belt_m < np.inf:
        raise BadInput(f"{belt_m!r}", where="belt_m", expected="metres above 0")
    counts = _counted(_with_places(coverage, border), _Belt(border.segments, belt_m, required_probability))
    if not counts["cells"].sum():
        raise BadInput(
            "no cell of the terrain is within this distance of the border",
            where=f"belt_m {belt_m:g}",
            expected="a larger distance",
        )
    spans = border.segment_spans_m
    scale = np.round(segment_scales(border), SCALE_DIGITS)
    answers = _answers(coverage, counts)
    areas, unit = answers["area_m2"]
    answers["area_m2"] = (areas / scale[:, None] ** 2, unit)  # on the ground
    return xr.Dataset(
        {name: (("segment", "belt"), values, attrs) for name, (values, attrs) in answers.items()},
        coords={
            "segment": np.arange(border.segments),
            "belt": list(BELTS),
            "start_m": ("segment", spans[:, 0], {"units": "m"}),
            "end_m": ("segment", spans[:, 1], {"units": "m"}),
        },
        attrs=coverage.attrs
        | {
            "belt_m": float(belt_m),
            "required_probability": float(required_probability),
            "sampling": "every cell of the belt is counted; no sampling error",
        },
    )


def whole_belt(segments: xr.Dataset) -> xr.Dataset:
    """The same measures over all segments together, (belt,); ``segments`` is the result of ``over_segments``."""
    counts = {name: segments[f"{name}_count"].sum("segment").to_numpy() for name in COUNTS}
    counts |= {name: segments[f"{name}_sum"].sum("segment").to_numpy() for name in MEANS}
    counts["least"] = segments["least_probability"].min("segment").to_numpy()
    per_cell = float(segments["area_m2"].sum()) / max(float(segments["cells_count"].sum()), 1.0)
    answers = _measures(counts, per_cell)
    data = {name: (("belt",), values, attrs) for name, (values, attrs) in answers.items()}
    return xr.Dataset(data, coords={"belt": list(BELTS)}, attrs=segments.attrs)


@dataclass(frozen=True, slots=True)
class BeltMeans:
    """``mean_probability`` of a belt's known cells; the least of that over its segments, ``worst_segment``, and the
    ``number`` of that segment (−1: none); and the fraction of the cells that are unknown, ``unknown_fraction``."""

    mean_probability: float
    worst_segment: float
    number: int
    unknown_fraction: float


def belt_means(probability: Floats, segment: Ints) -> BeltMeans:
    """Means of an expected probability (cell,), NaN where unknown, over the cells of a belt, whose segments are
    ``segment`` (cell,): the ``mean_probability`` of ``over_segments`` and ``whole_belt``, from cells at hand."""
    known = ~np.isnan(probability)
    count = np.bincount(segment[known])
    with np.errstate(invalid="ignore"):
        mean = np.bincount(segment[known], probability[known]) / count
    if not known.any():
        return BeltMeans(np.nan, np.nan, -1, 1.0 if len(known) else np.nan)
    number = int(np.nanargmin(mean))
    return BeltMeans(float(probability[known].mean()), float(mean[number]), number, float(1.0 - known.mean()))


def check_required(required_probability: float) -> None:
    """Raise BadInput unless the requirement is in (0, 1]."""
    number = isinstance(required_probability, (int, float, np.number)) and not isinstance(required_probability, bool)
    if not (number and 0.0 < required_probability <= 1.0):
        raise BadInput(f"{required_probability!r}", where="required_probability", expected="above 0, at most 1")


def _with_places(coverage: xr.Dataset, border: Border | Zone) -> xr.Dataset:
    if "segment" in coverage.coords:
        return coverage
    northing, easting = xr.broadcast(coverage["northing"], coverage["easting"])
    chunks = coverage["expected_probability"].chunks
    if chunks is not None:
        sizes = {"northing": chunks[0], "easting": chunks[1]}
        northing, easting = northing.chunk(sizes), easting.chunk(sizes)
    segment, _, offset = border.locate(easting, northing)
    return coverage.assign_coords(segment=segment, offset_m=offset)


@dataclass(frozen=True, slots=True)
class _Belt:
    """Number of segments, width of the belt, and the requirement for its cells."""

    segments: int
    belt_m: float
    required: float


def _counted(coverage: xr.Dataset, belt: _Belt) -> dict[str, Any]:
    """Counts and sums (segment, side) over all blocks; the minimum is NaN where nothing is known."""
    arrays = {name: coverage[name].data for name in RASTERS}
    if is_lazy(arrays["expected_probability"]):
        import dask
        from dask.delayed import delayed

        blocks = zip(*(np.ravel(array.to_delayed()) for array in arrays.values()), strict=True)
        lazy = [delayed(_table)(dict(zip(arrays, block, strict=True)), belt) for block in blocks]
        tables: Sequence[dict[str, Any]] = dask.compute(*lazy)  # type: ignore[attr-defined, no-untyped-call]
    else:
        tables = [_table({name: np.asarray(array) for name, array in arrays.items()}, belt)]
    total = {name: sum(table[name] for table in tables) for name in (*COUNTS, *MEANS)}
    least = np.minimum.reduce([table["least"] for table in tables])
    total["least"] = np.where(np.isinf(least), np.nan, least)
    return total


def _table(rasters: Mapping[str, npt.NDArray[Any]], belt: _Belt) -> dict[str, Any]:
    """Counts and sums of one block, (segment, side): column 0 the own side, 1 the other."""
    segments, offset = belt.segments, rasters["offset_m"].ravel()
    inside = np.flatnonzero((rasters["segment"].ravel() >= 0) & (np.abs(offset) <= belt.belt_m))
    here = {name: raster.ravel()[inside] for name, raster in rasters.items()}
    place = here["segment"].astype(np.int64) * 2 + (here["offset_m"] < 0.0)
    probability, dead = here["expected_probability"], here["dead_ground"]
    covered, known = probability >= belt.required, ~np.isnan(probability)

    def count(which: Bools) -> Ints:
        return np.bincount(place[which], minlength=2 * segments).reshape(segments, 2)

    table: dict[str, Any] = {
        "cells": count(np.ones(len(inside), np.bool_)),
        "covered": count(covered),
        "undecided": count(~covered & (here["sensors_unknown"] > 0)),
        "known": count(known),
        "dead": count(dead == 1),
        "dead_unknown": count(dead == 255),
    }
    for name in MEANS:
        parts = np.zeros(2 * segments, np.int64)
        np.add.at(parts, place[known], np.rint(here[name][known] * FIXED).astype(np.int64))
        table[name] = parts.reshape(segments, 2)
    least = np.full(2 * segments, np.inf)
    np.minimum.at(least, place[known], probability[known])
    table["least"] = least.reshape(segments, 2)
    return table


def _answers(coverage: xr.Dataset, sides: dict[str, Any]) -> dict[str, tuple[Any, dict[str, str]]]:
    """The measures (segment, belt) of counts (segment, side)."""
    both = {name: np.column_stack([values, values.sum(axis=1)]) for name, values in sides.items() if name != "least"}
    both["least"] = np.column_stack([sides["least"], np.fmin(sides["least"][:, 0], sides["least"][:, 1])])
    return _measures(both, cell_size(coverage) ** 2)


def _measures(counts: dict[str, Any], cell_area_m2: float) -> dict[str, tuple[Any, dict[str, str]]]:
    cells, covered, undecided, known = (counts[name] for name in ("cells", "covered", "undecided", "known"))
    share, no_unit = {"units": "1"}, {"units": "1"}
    with np.errstate(invalid="ignore", divide="ignore"):
        answers = {
            "covered_fraction": (covered / (cells - undecided), share | {"long_name": "covered, of the decided cells"}),
            "covered_fraction_low": (covered / cells, share | {"long_name": "covered, undecided counted as not"}),
            "covered_fraction_high": ((covered + undecided) / cells, share | {"long_name": "covered or undecided"}),
            "unknown_fraction": (undecided / cells, share | {"long_name": "undecided: not known to be covered"}),
            "dead_ground_fraction": (
                counts["dead"] / (cells - counts["dead_unknown"]),
                share | {"long_name": "no sensor has a line of sight, of the cells where that is known"},
            ),
            "mean_probability": (counts[MEANS[0]] / FIXED / known, no_unit),
            "mean_all_working_probability": (counts[MEANS[1]] / FIXED / known, no_unit),
            "mean_best_probability": (counts[MEANS[2]] / FIXED / known, no_unit),
            "least_probability": (counts["least"], no_unit),
            "area_m2": (cells * cell_area_m2, {"units": "m2"}),
        }
    answers |= {f"{name}_count": (counts[name], no_unit) for name in COUNTS}
    answers |= {f"{name}_sum": (counts[name], {"units": f"1/{FIXED:.0f}"}) for name in MEANS}
    return answers

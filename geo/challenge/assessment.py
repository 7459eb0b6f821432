"""Geography challenge: how hard each segment of a border is to cross, to watch and to reach, for any layout.

There are three scores rather than one number, because rugged ground slows crossers, hides them, and slows responders.
Each score has one headline measure; the others are reported beside it. How well a layout performs is a different
question; see ``sensors.coverage``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import xarray as xr

from geo.arrays import Bools, Floats
from geo.border.belt import BorderLine, fitting_belt_m
from geo.border.line import Border
from geo.border.stretches import MARGINS_BELTS, Stretch, by_stretches, joined, stretches, whole_border_attrs
from geo.border.zone import Zone
from geo.challenge.measures import (
    BELTS,
    UNITS,
    ChallengeTerrain,
    dead_name,
    fastest_crossings_of_the_whole,
    measures_of,
)
from geo.challenge.rasters import ground_of, moving_ground
from geo.challenge.scores import SCORES, ReferenceTable, percentiles
from geo.challenge.settings import ChallengeSettings, DemError
from geo.mobility.roads_and_rivers import Ways
from geo.mobility.settings import MobilitySettings
from geo.paths.response_times import response_time
from geo.terrain.derived import north_up

INTERVAL: Final = (0.05, 0.95)
SAME_S: Final = 1e-3
"""Seconds by which a path of the whole border may be faster than that of a sub-section, which still counts as equal."""
FIXED: Final = frozenset(
    {"known_fraction", "canopy_fraction", "cut", "cells", "response_time"}
)  # errors of height do not change them


def challenge(
    terrain: xr.Dataset,
    border: BorderLine,
    *,
    belt_m: float | None = None,
    bases: npt.ArrayLike | None = None,
    ways: Ways | None = None,
    settings: ChallengeSettings | None = None,
    mobility: MobilitySettings | None = None,
    reference: ReferenceTable | None = None,
    dem_error: DemError | None = None,
    progress: Callable[[int, int], None] | None = None,
    response: xr.DataArray | None = None,
    crossing_time_s: Floats | None = None,
) -> xr.Dataset:
    """Measure how difficult each segment of a border is to cross, to observe and to reach, for any layout.

    Parameters
    ----------
    terrain : Dataset
        Terrain. It is loaded into memory around the belt, for the response all of it.
    border : BorderLine
        A border, a zone, or a part of one.
    belt_m : float, m, optional
        Width of the belt on either side; by default 2 km, or less where the terrain does not reach as far.
    bases : array_like, shape (base, 2), m, optional
        Eastings and northings of the bases from which responders come.
    ways : Ways, optional
        Roads, rivers and fords.
    settings : ChallengeSettings, optional
        The yardstick.
    mobility : MobilitySettings, optional
        Assumptions about movement.
    reference : ReferenceTable, optional
        Table in which measures are ranked.
    dem_error : DemError, optional
        Errors of elevation for intervals: they are sampled, and all measures but the response are computed again.
    progress : callable, optional
        Called with the number of samples done and the number of all.
    response : DataArray, shape (northing, easting), s, optional
        Result of ``geo.paths.response_times.response_time`` on this terrain, in place of ``bases``.
    crossing_time_s : ndarray, shape (segment,), s, optional
        Crossing times, in place of the search.

    Returns
    -------
    Dataset, dims (segment, belt)
        Scores (segment,) [1], percentiles within the border: ``crossing_ease`` (by ``crossing_time``),
        ``surveillance_difficulty`` (by the dead ground that the best sites leave, for the last target height) and
        ``response_difficulty`` (by ``response_time``). Measures (segment, belt), belt "home", "away" and "both":
        ``ruggedness``, ``vector_ruggedness``, ``slope``, ``positive_openness``, ``negative_openness``,
        ``dead_ground_…m``, ``response_time`` and ``known_fraction``; ``crossing_time`` (segment,), infinite where no
        crossing is possible; ``cut`` (segment,), whether the terrain ends inside the belt. NaN where ground that
        matters is unknown, and for the response without bases. The attribute ``missing`` lists data that were not
        given.

        With ``reference``, ``…_reference`` is the percentile of each measure in the table and ``…_outside`` whether it
        is beyond it; NaN, with the reason in the attributes, where cells or yardstick differ. With ``dem_error``,
        ``…_low``, ``…_high`` (5 to 95%), ``…_sd`` and ``…_bias`` are given for each measure, low and high for each
        score.

    Raises
    ------
    BorderError
        If the border lies off the terrain.
    BadInput
        If settings, bases or ways are not valid.

    Notes
    -----
    Scores use both sides of the belt and hold within one border only. The bias is what more error of this kind adds on
    average; it is reported, not subtracted.
    """
    terrain = north_up(terrain)
    chosen = settings or ChallengeSettings()
    width = fitting_belt_m(border, terrain) if belt_m is None else float(belt_m)
    if response is None and bases is not None:
        response = response_time(terrain, bases, ways=ways, settings=mobility)
    ground = ground_of(terrain, border, belt_m=width, settings=chosen, mobility=mobility, ways=ways, response=response)
    belt = ground.belt
    measures = measures_of(ground, crossing_time_s)
    draws = [] if dem_error is None else _samples(ground, dem_error, progress)
    data = _variables(measures, draws, chosen)
    if reference is not None:
        data |= _against(reference, measures, belt.cell_m, chosen, width)
    spans = border.segment_spans_m
    missing = [*ground.mobility.missing, *(["bases"] if response is None else [])]
    return xr.Dataset(
        data,
        coords={
            "segment": np.arange(border.segments),
            "belt": list(BELTS),
            "start_m": ("segment", spans[:, 0], {"units": "m"}),
            "end_m": ("segment", spans[:, 1], {"units": "m"}),
        },
        attrs={
            "belt_m": width,
            "cell_m": belt.cell_m,
            "missing": ", ".join(missing),
            "meaning": "percentiles within this border only; never comparable between borders",
            **chosen.yardstick(),
            **_reference_attrs(reference, belt.cell_m, chosen, width),
            **_error_attrs(dem_error),
            **{name: terrain.attrs[name] for name in ("crs", "datum") if name in terrain.attrs},
        },
    )


def challenge_by_stretches(
    terrain: xr.Dataset,
    border: Border | Zone,
    *,
    belt_m: float,
    length_m: float = 25_000.0,
    done: Mapping[int, xr.Dataset] | None = None,
    keep: Callable[[int, xr.Dataset], None] | None = None,
    progress: Callable[[int, int], None] | None = None,
    **case: Any,
) -> xr.Dataset:
    """Compute ``challenge`` by sub-sections, for a border too long for the available memory.

    Scores are over the whole border.

    Parameters
    ----------
    terrain : Dataset
        Terrain, usually lazy.
    border : Border or Zone
        The border.
    belt_m : float, m
        Width of the belt on either side.
    length_m : float, m
        Length of a sub-section.
    done : Mapping of int to Dataset, optional
        Results of sub-sections that were computed before, by number.
    keep : callable, optional
        Called with the number and the result of each finished sub-section, so that an interrupted run can continue.
    progress : callable, optional
        Called with the number of sub-sections done and the number of all.
    **case : Any
        Other keywords of ``challenge``; ``bases`` are those from which the window of a sub-section can be reached.

    Returns
    -------
    Dataset, dims (segment, belt)
        As ``challenge``, without intervals of scores. Crossing times are those of the whole border, to 1 ms, where
        ``crossing_of_the_whole`` (segment,) is true; elsewhere no path within the margin is faster.

    Raises
    ------
    BorderError
        As for ``challenge``.
    BadInput
        As for ``challenge``.

    Notes
    -----
    Crossing times are searched as in ``sensors.crossing.by_stretches``. Samples of a ``dem_error`` are measured within
    the margin that the heights as given need.
    """
    settings = case.get("settings") or ChallengeSettings()
    response: xr.DataArray | None = case.pop("response", None)
    drawn = case.get("dem_error") is not None
    todo = stretches(border, belt_m=belt_m, length_m=length_m, margin_m=MARGINS_BELTS[0] * belt_m)
    moving: dict[str, Any] = {"settings": settings, "mobility": case.get("mobility"), "ways": case.get("ways")}

    def work(stretch: Stretch) -> xr.Dataset:
        wider, times, sure = crossing_times_of_the_whole(terrain, stretch, belt_m=belt_m, **moving)
        margin = settings.sight_m  # sites that watch a segment are within sight
        known = stretch.with_margin(max(margin, wider.margin_m) if drawn else margin)
        near = known.around(terrain, belt_m + settings.openness_radius_m)
        there = None if response is None else known.around(response.to_dataset(name="response"), belt_m)["response"]
        crossing_times = None if drawn else known.over_own(times)
        measures = challenge(near, known.border, belt_m=belt_m, response=there, crossing_time_s=crossing_times, **case)
        attrs = {"units": ""} | whole_border_attrs("faster")
        return known.own_part(measures).assign(crossing_of_the_whole=("segment", sure, attrs))

    whole = joined([part for _, part in by_stretches(todo, work, done=done, keep=keep, progress=progress)])
    of_stretches = [f"{score}_{end}" for score in SCORES for end in ("low", "high")]
    return whole.drop_vars(of_stretches, errors="ignore").assign(_scores_over_all(whole, settings))


def crossing_times_of_the_whole(
    terrain: xr.Dataset,
    stretch: Stretch,
    *,
    belt_m: float,
    settings: ChallengeSettings,
    mobility: MobilitySettings | None,
    ways: Ways | None,
) -> tuple[Stretch, Floats, Bools]:
    """Least seconds of a crossing through each of a sub-section's own segments, and whether the whole border has no
    path that is faster by SAME_S; preceded by the sub-section with the overlap used, widened until there is none."""
    moving: Any = {"settings": settings, "mobility": mobility, "ways": ways}
    for wider in stretch.widening(terrain, belt_m=belt_m):
        ground = moving_ground(wider.around(terrain, belt_m), wider.border, belt_m=belt_m, **moving)
        fastest, sure = fastest_crossings_of_the_whole(ground, wider.own_segments, slack_s=SAME_S)
        times = fastest.cost[wider.own_segments]
        del ground, fastest
        if sure.all():
            break
    return wider, times, sure


def _scores_over_all(whole: xr.Dataset, settings: ChallengeSettings) -> dict[str, Any]:
    """Scores over all segments of joined parts; intervals of single sub-sections are omitted."""
    measures = {str(name): values.to_numpy() for name, values in whole.data_vars.items()}
    scores = scores_of(measures, settings)
    return {name: (("segment",), scores[name], whole[name].attrs) for name in SCORES}


def _samples(
    ground: ChallengeTerrain, error: DemError, progress: Callable[[int, int], None] | None
) -> list[dict[str, Floats]]:
    """The measures on terrain with sampled errors, sample by sample."""
    elevation = ground.terrain["elevation"]
    samples = []
    for draw in range(error.draws):
        heights = elevation.to_numpy() + error.field(draw, elevation.shape, ground.belt.cell_m)
        terrain = ground.terrain.assign(elevation=(elevation.dims, heights, elevation.attrs))
        samples.append(measures_of(replace(ground, terrain=terrain, mobility=ground.moves(terrain))))
        if progress is not None:
            progress(draw + 1, error.draws)
    return samples


def _variables(measures: Mapping[str, Floats], draws: list[dict[str, Floats]], settings: ChallengeSettings) -> Any:
    data: dict[str, Any] = {}
    for name, values in measures.items():
        units, meaning = _unit_and_meaning(name)
        dims = ("segment",) if values.ndim == 1 else ("segment", "belt")
        data[name] = (dims, values, {"units": units, "long_name": meaning})
        if draws and name not in FIXED:
            drawn = np.array([draw[name] for draw in draws])
            most = 1.0 if _is_fraction(name) else math.inf
            for suffix, answer in _spread(values, drawn, most).items():
                data[f"{name}_{suffix}"] = (dims, answer, {"units": units})
    for score in SCORES:
        values = scores_of(measures, settings)[score]
        attrs = {"units": "1", "long_name": f"percentile within the border, by {_headline(score, settings)}"}
        data[score] = (("segment",), values, attrs)
        if draws:
            drawn = np.array([scores_of(draw, settings)[score] for draw in draws])
            for suffix, bound in _interval(values, drawn, 1.0).items():
                data[f"{score}_{suffix}"] = (("segment",), bound, {"units": "1"})
    return data


def scores_of(measures: Mapping[str, Floats], settings: ChallengeSettings) -> dict[str, Floats]:
    """Compute the three scores from measures.

    Parameters
    ----------
    measures : Mapping of str to ndarray, shape (segment,) or (segment, belt)
        Measures by name.
    settings : ChallengeSettings
        The yardstick, whose last target height is the headline of dead ground.

    Returns
    -------
    dict of str to ndarray, shape (segment,)
        Scores [1] by name; NaN where the headline measure is missing.
    """
    scores = {}
    for score, (_, sign) in SCORES.items():
        values = measures.get(_headline(score, settings))
        if values is None:
            values = np.full(len(measures["crossing_time"]), np.nan)
        scores[score] = percentiles(sign * (values if values.ndim == 1 else values[:, BELTS.index("both")]))
    return scores


def _headline(score: str, settings: ChallengeSettings) -> str:
    name = SCORES[score][0]
    return dead_name(settings.target_heights_m[-1]) if name == "dead_ground" else name


def _unit_and_meaning(name: str) -> tuple[str, str]:
    if name in UNITS:
        return UNITS[name]
    return "1", "share of the belt that stays hidden from the best sites, for targets of that height"


def _is_fraction(name: str) -> bool:
    """Whether a measure is at most 1; all are at least 0."""
    return name == "vector_ruggedness" or name.startswith("dead_ground")


def _spread(value: Floats, drawn: Floats, most: float) -> dict[str, Floats]:
    """Standard deviation, bias and interval of a measure of at most ``most`` from its samples, the first axis."""
    with np.errstate(invalid="ignore"):
        mean = drawn.mean(axis=0)
        return {"sd": drawn.std(axis=0, ddof=1), "bias": mean - value} | _interval(value, drawn, most)


def _interval(value: Floats, drawn: Floats, most: float) -> dict[str, Floats]:
    """Quantiles of the samples without their bias, widened to the value where few or skewed samples leave it out.

    Both are within 0 and ``most``. At a bound all samples are on one side of the value, so that their quantile counts
    there as it is: without its bias, it would be too near.
    """
    with np.errstate(invalid="ignore"):
        first, last = np.quantile(drawn, INTERVAL, axis=0)
        bias = drawn.mean(axis=0) - value
        low = np.where((value >= most) & np.isfinite(value), first, first - bias)
        high = np.where(value <= 0.0, last, last - bias)
        return {
            "low": np.clip(np.minimum(low, value), 0.0, most),
            "high": np.clip(np.maximum(high, value), 0.0, most),
        }


def _against(
    reference: ReferenceTable,
    measures: Mapping[str, Floats],
    cell_m: float,
    settings: ChallengeSettings,
    belt_m: float,
) -> dict[str, Any]:
    """Percentiles in the reference table for each measure; NaN if the table does not fit."""
    fits = not reference.misfit(cell_m, settings.yardstick() | {"belt_m": belt_m})
    data: dict[str, Any] = {}
    for name, values in measures.items():
        if name in reference.measures:
            dims = ("segment",) if values.ndim == 1 else ("segment", "belt")
            rank, outside = reference.percentiles(name, values)
            attrs = {"units": "1", "long_name": f"percentile in {reference.name} {reference.version}"}
            data[f"{name}_reference"] = (dims, rank if fits else np.full(rank.shape, np.nan), attrs)
            data[f"{name}_outside"] = (dims, outside if fits else np.zeros(rank.shape, bool), {"units": ""})
    return data


def _reference_attrs(
    reference: ReferenceTable | None, cell_m: float, settings: ChallengeSettings, belt_m: float
) -> dict[str, str]:
    if reference is None:
        return {"reference": "none"}
    misfit = reference.misfit(cell_m, settings.yardstick() | {"belt_m": belt_m})
    description = f"{reference.name} {reference.version}: {reference.source}"
    return {"reference": description, "reference_misfit": misfit}


def _error_attrs(error: DemError | None) -> dict[str, Any]:
    if error is None:
        return {"dem_error": "not drawn: no intervals"}
    return {
        "dem_error": f"sd {error.sd_m:g} m, correlated over {error.correlation_m:g} m",
        "dem_error_draws": error.draws,
        "dem_error_seed": error.seed,
        "interval": "5% to 95%",
    }

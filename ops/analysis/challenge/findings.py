"""The combined results of a challenge: segments, rasters, crossings, gaps, sensors and barrier of the whole border."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import xarray as xr

from geo.arrays import Bools, Floats
from geo.border.stretches import joined
from geo.challenge import Composite, composite, scores_of
from geo.message import Message
from ops.analysis.challenge.question import ChallengeQuestion, StretchAnswer
from ops.analysis.challenge.report.words import limit
from ops.analysis.challenge.work import STATES
from sensors.gaps import Gap, runs_below
from sensors.interdiction.interception import WAYS

DETECTION: Final = ("detection_probability", "certain_probability", "unknown_m")


@dataclass(frozen=True, slots=True, eq=False)
class Findings:
    """The results to publish.

    ``segments`` has every measure of the terrain and of the layout by segment; ``crossings`` the minimum-detection,
    fastest and most vulnerable path, where they exist; ``sensors`` the contribution of each sensor.
    """

    question: ChallengeQuestion
    required: float
    segments: xr.Dataset
    parts: Mapping[int, StretchAnswer]
    crossings: Mapping[str, Mapping[str, Any]]
    trades: list[dict[str, Any]]
    gaps: list[Gap]
    sensors: xr.Dataset
    barrier: Mapping[str, Any]
    composite: Composite | None

    @property
    def known_detection(self) -> Floats:
        """Least detection in each segment (segment,) [1]; NaN where it is unknown if it meets the requirement."""
        return np.where(self.unknown, np.nan, self.segments["detection_probability"].to_numpy())

    @property
    def nothing_known(self) -> bool:
        """Whether it is unknown on each segment that can be crossed if crossing Pd meets the requirement."""
        return bool(self.unknown.any() and not np.isfinite(self.known_detection).any())

    @property
    def unknown(self) -> Bools:
        """Whether it is unknown for each segment (segment,) if crossing Pd meets the requirement."""
        unknown = np.zeros(self.segments.sizes["segment"], np.bool_)
        for gap in self.gaps:
            unknown[gap.first : gap.last + 1] |= not gap.known
        return unknown

    @property
    def least_detection(self) -> float:
        """Least detection [1] that some crossing is known to have at most; NaN where it is known in no segment."""
        segments = self.segments
        at_most = segments["detection_probability"].where(segments["unknown_m"] == 0.0, segments["certain_probability"])
        known = at_most.to_numpy()[np.isfinite(at_most)]
        return float(known.min()) if len(known) else math.nan

    def rasters(self) -> Iterator[tuple[str, xr.Dataset]]:
        """Yield each raster over the whole belt, one at a time: its name, and a float32 dataset with only this
        raster.
        """
        parts = [part.rasters for _, part in sorted(self.parts.items())]
        terrain = self.question.ground.terrain
        window: dict[str, Any] = {}
        for axis in ("northing", "easting"):
            ends = np.concatenate([part[axis].to_numpy()[[0, -1]] for part in parts])
            along = terrain[axis].to_numpy()
            window[axis] = along[(along >= ends.min() - 1e-6) & (along <= ends.max() + 1e-6)]
        for name in parts[0].data_vars:
            whole = np.full((len(window["northing"]), len(window["easting"])), np.nan, np.float32)
            for part in parts:
                row = int(np.argmin(np.abs(window["northing"] - float(part["northing"][0]))))
                column = int(np.argmin(np.abs(window["easting"] - float(part["easting"][0]))))
                values = part[name].to_numpy()
                there = whole[row : row + values.shape[0], column : column + values.shape[1]]
                np.copyto(there, values.astype(np.float32), where=~np.isnan(values))
            layer = xr.DataArray(whole, window, ("northing", "easting"), str(name), parts[0][name].attrs)
            yield str(name), layer.to_dataset().assign_attrs(parts[0].attrs)


def findings_of(
    question: ChallengeQuestion, parts: Mapping[int, StretchAnswer], *, required: float, weights: Mapping[str, float]
) -> Findings:
    """Join the answers of all sub-sections, and compute what depends on the whole border: scores, gaps,
    contributions.
    """
    segments = joined({number: part.segments for number, part in parts.items()})
    spans = question.ground.crossed.segment_spans_m
    segments = segments.assign_coords(
        start_m=("segment", spans[:, 0], {"units": "m"}), end_m=("segment", spans[:, 1], {"units": "m"})
    )
    measures = {str(name): values.to_numpy() for name, values in segments.data_vars.items()}
    scores = scores_of(measures, question.settings)
    for name, values in scores.items():
        segments[name] = ("segment", values, segments[name].attrs)
        if len(parts) > 1:
            segments = segments.drop_vars([f"{name}_low", f"{name}_high"], errors="ignore")
    if (segments["footprint_depth"] == segments["footprint_depth_at_most"]).all():
        segments = segments.drop_vars("footprint_depth_at_most")
    states = xr.DataArray(np.array(STATES)[segments["state"].to_numpy().astype(int)], dims="segment")
    runs = runs_below(segments[[*DETECTION]].assign_coords(state=states), required)
    known = [part.barrier for _, part in sorted(parts.items())]
    return Findings(
        question=question,
        required=required,
        segments=segments,
        parts=parts,
        crossings=_best_paths(parts),
        trades=_undominated([trade for part in parts.values() for trade in part.trades]),
        gaps=runs,
        sensors=_contributions(segments, required),
        barrier=_joined_barrier(known),
        composite=composite(segments, weights) if weights else None,
    )


def _best_paths(parts: Mapping[int, StretchAnswer]) -> dict[str, dict[str, Any]]:
    """Return the best path of each kind over all sub-sections, by the figures with which each sub-section selected its
    own.
    """
    best: dict[str, dict[str, Any]] = {}
    for crossing in (crossing for part in parts.values() for crossing in part.crossings):
        kind = crossing["kind"]
        if kind not in best or crossing["rank"] < best[kind]["rank"]:
            best[kind] = crossing
    return {kind: best[kind] for kind in WAYS if kind in best}


def _undominated(trades: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the non-dominated paths in time and hazard, the fastest first."""
    kept: list[dict[str, Any]] = []
    for trade in sorted(trades, key=lambda trade: (trade["seconds"], trade["hazard"])):
        if not kept or trade["hazard"] < kept[-1]["hazard"]:
            kept.append(trade)
    return kept


def _joined_barrier(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """Return k of the whole border: a chain along it passes every sub-section, so k is at most the sub-sections'
    minimum. Where sight is unknown, k is the lower bound of two (``lower_bound``), and what depends on it is unknown.
    """
    known = [part for part in parts if "k" in part]
    if not known:
        return {"unknown": parts[0]["unknown"]} if parts else {"unknown": "no sub-section"}
    k = min(int(part["k"]) for part in known)
    at_most = min(int(part.get("k_at_most", part["k"])) for part in known)
    if at_most > k:
        proven = len(parts) == 1 and bool(known[0]["exact"])
        return {
            "k": k if proven else 0,
            "k_at_most": at_most,
            "lower_bound": True,
            "upper_bound": False,
            "minimum_cut_set": None,
            "single_points_of_failure": None,
        }
    weakest = [part for part in known if part["k"] == int(part.get("k_at_most", k)) == k]
    return {
        "k": k,
        "upper_bound": len(parts) > 1 and k > 0,
        "minimum_cut_set": weakest[0]["minimum_cut_set"],
        "single_points_of_failure": sorted({name for part in weakest for name in part["single_points_of_failure"]}),
    }


def _contributions(segments: xr.Dataset, required: float) -> xr.Dataset:
    """Return the leave-one-out contribution of each sensor over the segments whose detection with all is known; NaN
    where there are none.

    ``proven`` is 0 where some segment's figure without the sensor is only a bound.
    """
    base, without = segments["detection_probability"].to_numpy(), segments["without"].to_numpy()
    at_most = segments["without_at_most"].to_numpy()
    crossed = np.isfinite(base)
    without = np.where(crossed[:, None], without, np.nan)
    lost = base[:, None] - without
    nothing = np.full(without.shape[1], math.nan)
    some = crossed.any()
    data = {
        "proven": segments["without_proven"].to_numpy().all(axis=0).astype(np.float64),
        "least_without": np.fmin.reduce(without, axis=0) if some and without.size else nothing,
        "mean_contribution": np.nanmean(lost, axis=0) if some and without.size else nothing,
        "segments_reduced": np.nansum(lost > 1e-12, axis=0).astype(np.float64) if some else nothing,
        "coverage_gaps_opened": ((base[:, None] >= required) & (at_most < required)).sum(axis=0).astype(np.float64)
        if some
        else nothing,
    }
    variables = {name: ("sensor", values, {"units": "1"}) for name, values in data.items()}
    return xr.Dataset(
        variables, {"sensor": segments["sensor"]}, {"least_with_all": float(np.nanmin(base)) if some else math.nan}
    )


LIMITS: Final[Mapping[str, Message]] = {
    "crossing_time": limit("bound-time"),
    "detection_probability": limit("bound-detection"),
    "least_interruption": limit("bound-interruption"),
}
"""Figure by segment -> its limitation where it is not proven."""


def proved(findings: Findings, name: str) -> Bools:
    """Return whether each segment's figure applies to the whole border, (segment,)."""
    segments = findings.segments
    if name == "crossing_time":
        return np.asarray(segments["crossing_time_proven"], bool)
    if name == "detection_probability":
        return np.asarray(segments["detection_proven"], bool)
    return np.asarray(segments["path_proven"].all("way"), bool)


def bounds_in(findings: Findings) -> dict[str, list[int]]:
    """Return, per figure, the segments for which it is only a bound."""
    return {name: np.flatnonzero(~proved(findings, name)).tolist() for name in LIMITS}


def bounds_message(findings: Findings) -> Message | None:
    """In how many segments the figures are bounds; None where none are."""
    counted = {name: len(segments) for name, segments in bounds_in(findings).items() if segments}
    if not counted:
        return None
    figures = tuple(Message("challenge-layout-bound", {"figure": name, "count": n}) for name, n in counted.items())
    parameters: dict[str, Any] = {"figures": figures, "segments": int(findings.segments.sizes["segment"])}
    return Message("challenge-layout-bounds", parameters)

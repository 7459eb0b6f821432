"""Response in time: whether responders who leave a base now arrive before a mover in the belt completes its crossing.

Surfaces are computed once for each sector: from every cell of the belt, the fastest path to the end of a crossing, on
foot and by vehicle, in either direction, and the response time of the bases to that end. A live track then requires
only a few look-ups. The formula is EASI's with one task left (``sensors.interdiction``): the mover has been detected,
so the only question is whether the response arrives before the path ends. The target covers the rest of the path as
fast as the ground allows, or at its observed speed where that is higher.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
import xarray as xr

from fusion.situation.facts import (
    BY_VEHICLE,
    GROUND,
    OBSERVED,
    ON_FOOT,
    VEHICLE_THEN_ON_FOOT,
    Candidate,
    ResponseAssumptions,
    ResponseInTime,
)
from geo.arrays import Bools, Float32s, Floats
from geo.border import Belt
from geo.border.belt import BorderLine, belt_of
from geo.errors import BadInput
from geo.mobility.roads_and_rivers import Ways
from geo.mobility.settings import MobilitySettings
from geo.mobility.speed_surface import Mobility, by_vehicle, on_foot
from geo.paths.response_times import response_time
from geo.paths.search import Steps
from geo.terrain import north_up
from sensors.interdiction import probability_of_interruption
from sensors.interdiction.interception import ResponseSettings, followed

INWARD, OUTWARD = 1, -1
STRIPS: Final = 1
"""Tasks into which the rest of the path is cut: the target has been detected, so the place of a detection is known."""
SIGNIFICANT_SD: Final = 2.0
"""An observed speed below this number of its standard deviations may be noise alone."""


@dataclass(frozen=True, slots=True, eq=False)
class _Surface:
    """Surface of one mover and direction, flat over the belt's window: seconds to the end of the fastest path (inf: no
    path) and its metres, seconds of response to that end (inf: no responder arrives, NaN: unknown), and the number of
    the first known base; ``by_base`` (base, cell): seconds of response of each; ``end``: the cell where the path ends.
    """

    to_go: Floats
    way_m: Float32s
    response: Floats
    base: npt.NDArray[np.int16]
    by_base: Floats
    end: npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class Interception:
    """The surfaces of one sector (``interception_of``); ``missing`` names unavailable data, such as roads.

    ``segment_response_s`` (segment,) [s]: response of the nearest base in time to the border in each segment, infinite
    where none arrives, NaN where unknown; ``segment_base`` (segment,): that base's number.
    """

    belt: Belt
    bases: tuple[str, ...]
    surfaces: Mapping[tuple[str, int], _Surface]
    assumptions: tuple[ResponseAssumptions, ...]
    settings: ResponseSettings
    missing: str
    segment_response_s: Floats
    segment_base: npt.NDArray[np.int16]

    @property
    def segment_responses(self) -> tuple[tuple[float, str] | None, ...]:
        """Response time [s] to each segment and the base; infinite where none arrives, None where unknown."""
        return tuple(
            None if math.isnan(seconds) else (seconds, self.bases[base])
            for seconds, base in zip(self.segment_response_s.tolist(), self.segment_base.tolist(), strict=True)
        )

    def of(
        self,
        easting: float,
        northing: float,
        direction: int,
        *,
        existence: float,
        vehicle: float,
        speed_mps: float = 0.0,
        speed_sd_mps: float = 0.0,
    ) -> ResponseInTime | None:
        """The response to a mover at a position [m] that crosses in ``direction`` (+1 inbound, −1 outbound).

        None outside the belt, and where no path continues. Without response time and interruption where the response is
        unknown. ``vehicle`` [1]: probability that the mover drives. The observed speed counts where it exceeds
        SIGNIFICANT_SD standard deviations.
        """
        cell = self._cell(easting, northing)
        if cell is None or direction not in (INWARD, OUTWARD):
            return None
        return self._weighed(cell, direction, (speed_mps, speed_sd_mps), existence, vehicle)

    def candidates(
        self,
        easting: float,
        northing: float,
        direction: int,
        *,
        existence: float,
        vehicle: float,
        speed_mps: float = 0.0,
        speed_sd_mps: float = 0.0,
    ) -> tuple[Candidate, ...]:
        """The bases that can respond to such a mover, the most probable interruption first; arguments as for ``of``.

        Times are those of the likelier mover. Empty where ``of`` gives no response time.
        """
        cell = self._cell(easting, northing)
        if cell is None or direction not in (INWARD, OUTWARD):
            return ()
        observed = (speed_mps, speed_sd_mps)
        found = []
        for base, name in enumerate(self.bases):
            one = self._weighed(cell, direction, observed, existence, vehicle, base)
            if one is None or one.response_s is None or one.margin_s is None or one.interruption_probability is None:
                continue
            found.append(Candidate(name, one.response_s, one.margin_s, one.interruption_probability))
        return tuple(sorted(found, key=lambda one: (-one.interruption_probability, one.response_s, one.base)))

    def _cell(self, easting: float, northing: float) -> int | None:
        belt = self.belt
        if not (math.isfinite(easting) and math.isfinite(northing)):
            return None
        column = round((easting - belt.easting[0]) / belt.cell_m)
        row = round((belt.northing[0] - northing) / belt.cell_m)
        rows, columns = belt.inside.shape
        if not (0 <= row < rows and 0 <= column < columns) or not belt.inside[row, column]:
            return None
        return int(row * columns + column)

    def _weighed(
        self,
        cell: int,
        direction: int,
        observed: tuple[float, float],
        existence: float,
        vehicle: float,
        base: int | None = None,
    ) -> ResponseInTime | None:
        """The response to the likelier mover that has a path; its interruption weighs both, and existence.

        A mover to whose end of path the response is unknown counts only if it is unknown for both.
        """
        by_mover = {
            mover: self._one(self.surfaces[mover, direction], mover, cell, observed, base)
            for mover in (ON_FOOT, BY_VEHICLE)
        }
        share = {BY_VEHICLE: vehicle, ON_FOOT: 1.0 - vehicle}
        found = {mover: one for mover, one in by_mover.items() if one is not None}
        if not found:
            return None
        chances = {
            mover: one.interruption_probability
            for mover, one in found.items()
            if one.interruption_probability is not None
        }
        known = {mover: found[mover] for mover in chances} or found
        likelier = max(known, key=lambda mover: (share[mover], mover == ON_FOOT))
        if not chances:
            return known[likelier]
        total = sum(share[mover] for mover in known)
        weights = {mover: share[mover] / total if total > 0.0 else float(mover == likelier) for mover in known}
        chance = sum(weights[mover] * one for mover, one in chances.items())
        stated = known[likelier]
        return replace(stated, interruption_probability=min(max(existence, 0.0), 1.0) * chance)

    def _one(
        self, surface: _Surface, mover: str, cell: int, observed: tuple[float, float], base: int | None = None
    ) -> ResponseInTime | None:
        """The response from ``base``, by default from the first to arrive."""
        first = int(surface.base[cell]) if base is None else base
        left = float(surface.to_go[cell])
        response = float(surface.response[cell] if base is None else surface.by_base[base, cell])
        if not math.isfinite(left):
            return None
        reachable, unknown = math.isfinite(response), math.isnan(response)
        spread = self.settings.sd_share
        left_sd, by = spread * left, GROUND
        speed, speed_sd = observed
        if speed > SIGNIFICANT_SD * speed_sd and surface.way_m[cell] < left * speed:
            left, by = float(surface.way_m[cell]) / speed, OBSERVED
            left_sd = math.hypot(spread, speed_sd / speed) * left
        chance = probability_of_interruption(
            [1.0],
            [left],
            [left_sd],
            response_s=math.inf if unknown else response,
            response_sd_s=spread * response if reachable else 0.0,
            communication=self.settings.communication,
            position=1.0,
        )
        return ResponseInTime(
            base=self.bases[first] if reachable else "",
            mover=mover,
            response_s=response if reachable else None,
            time_left_s=left,
            margin_s=left - response if reachable else None,
            interruption_probability=None if unknown else float(chance),
            time_left_sd_s=left_sd,
            time_left_by=by,
            assumptions=self.assumptions[first],
            end_easting=float(self.belt.easting[surface.end[cell] % len(self.belt.easting)]),
            end_northing=float(self.belt.northing[surface.end[cell] // len(self.belt.easting)]),
        )


def interception_of(
    terrain: xr.Dataset,
    border: BorderLine,
    bases: Mapping[str, tuple[float, float]],
    *,
    belt_m: float,
    ways: Ways | None = None,
    mobility: MobilitySettings | None = None,
    settings: ResponseSettings | None = None,
) -> Interception:
    """Compute the surfaces for responders from ``bases``, positions [m] by name, over ``terrain``; the belt is
    ``belt_m`` wide.

    Requires one search over the terrain for each base and four over the belt, once for each sector. Raises BadInput (a
    subclass) without bases, for a base off the terrain or on impassable ground, and for a border off the terrain.
    """
    if not bases:
        raise BadInput("no base is given", where="response", expected="positions of patrol bases by name")
    terrain = north_up(terrain)
    belt = belt_of(border, terrain, belt_m=belt_m)
    chosen = mobility or MobilitySettings()
    coming = [response_time(terrain, place, ways=ways, settings=chosen) for place in bases.values()]
    there = np.stack([belt.of(one).ravel() for one in coming])
    surfaces = {}
    for mover, ground in ((ON_FOOT, on_foot), (BY_VEHICLE, by_vehicle)):
        moving = ground(terrain, ways=ways, settings=chosen)
        for direction, edge in ((INWARD, belt.inner), (OUTWARD, belt.outer)):
            surfaces[mover, direction] = _surface(belt, moving, edge, there)
    missing, response = str(coming[0].attrs.get("missing", "")), settings or ResponseSettings()
    assumptions = tuple(
        ResponseAssumptions(
            responder=ON_FOOT if one.attrs["bases_on_foot"] else VEHICLE_THEN_ON_FOOT,
            off_road_mps=chosen.vehicle_mps,
            off_path_factor=chosen.off_path_factor,
            turnout_s=chosen.turnout_s,
            dismount_s=chosen.dismount_s,
            strips=STRIPS,
            time_sd_fraction=response.sd_share,
            communication=response.communication,
        )
        for one in coming
    )
    return Interception(
        belt,
        tuple(bases),
        surfaces,
        assumptions,
        response,
        missing,
        *_to_segments(belt, there, len(border.segment_spans_m)),
    )


def _to_segments(belt: Belt, there: Floats, segments: int) -> tuple[Floats, npt.NDArray[np.int16]]:
    """Response time (segment,) [s] to the border in each segment, and the number of the base.

    A segment's time is that of the cell beside its line that is reached first. NaN where no such cell is reached, and
    it is unknown whether one can be.
    """
    seconds, base = np.full(segments, np.nan), np.zeros(segments, np.int16)
    beside = np.flatnonzero((belt.inside & (np.abs(belt.offset) <= belt.cell_m)).ravel())
    owner = belt.segment.ravel()[beside]
    for segment in range(segments):
        cells = there[:, beside[owner == segment]]
        if cells.size:
            known = np.where(np.isnan(cells), np.inf, cells).min(axis=1)
            base[segment], seconds[segment] = known.argmin(), known.min()
            if np.isinf(seconds[segment]) and np.isnan(cells).any():
                seconds[segment] = np.nan
    return seconds, base


def _surface(belt: Belt, moving: Mobility, edge: Bools, there: Floats) -> _Surface:
    """``there`` (base, cell): seconds of response from each base."""
    steps = Steps.over(moving.within(belt.rows, belt.columns, belt.inside), neighbours=16)
    to_go = steps.spread(np.where(edge, 0.0, np.inf), backward=True)
    end, way_m = followed(to_go, belt.cell_m)
    at_end = there[:, end.ravel()]
    known = np.where(np.isnan(at_end), np.inf, at_end)
    first = known.argmin(axis=0)
    unknown = np.isnan(at_end).any(axis=0) & np.isinf(known.min(axis=0))
    response = np.where(unknown, np.nan, known[first, np.arange(known.shape[1])])
    return _Surface(
        to_go.cost.ravel().astype(np.float64),
        way_m.ravel().astype(np.float32),
        response,
        first.astype(np.int16),
        at_end,
        end.ravel().astype(np.int32),
    )

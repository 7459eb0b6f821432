"""Facts that an alert may state besides its position: predicted crossing, response, surroundings, coverage gaps.

Plain values that survive JSON; made by the modules named in each record. None or empty: unknown or not applicable.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from fusion.situation.track_picture import Evidence
from geo.arrays import Floats
from sensors.scan import CLASSES

ON_FOOT, BY_VEHICLE = "on_foot", "by_vehicle"
"""How a target moves, in an estimate of a response."""
GROUND: Final = "ground"
OBSERVED: Final = "observed_speed"
"""What limits the pace of a target: the ground, or its observed speed."""
VEHICLE_THEN_ON_FOOT: Final = "vehicle_then_on_foot"
"""How responders move; those of a base that no vehicle can leave move ON_FOOT."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """A predicted crossing within ``horizon_s``: its probability [1], and where it crosses if it does
    (fusion.situation.forecast).

    ``direction``: the more probable one, +1 inbound, −1 outbound. ``time_s`` [s from the state] and ``chainage_m`` [m]
    at the quantiles 10, 50 and 90%, empty if a crossing is too improbable; ``segments``: at most three, the most
    probable, with the probability of crossing there within the horizon.
    """

    horizon_s: float
    crossing_probability: float
    direction: int
    time_s: tuple[float, ...] = ()
    chainage_m: tuple[float, ...] = ()
    segments: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True, slots=True)
class ResponseAssumptions:
    """Assumptions of the estimate of a response.

    ``responder``: VEHICLE_THEN_ON_FOOT or ON_FOOT. ``off_road_mps``: speed of the vehicle off the road on level open
    ground; ``off_path_factor``: fraction of Tobler's speed on foot off paths; ``turnout_s`` and ``dismount_s``: time
    from the alarm to the first movement, and for leaving the vehicle. ``strips``: number of independent tasks into
    which the rest of the path is cut. ``time_sd_fraction``: standard deviation of times as a fraction of their mean;
    ``communication``: probability [1] that the alarm is passed on.
    """

    responder: str = VEHICLE_THEN_ON_FOOT
    off_road_mps: float = 0.0
    off_path_factor: float = 0.0
    turnout_s: float = 0.0
    dismount_s: float = 0.0
    strips: int = 1
    time_sd_fraction: float = 0.0
    communication: float = 1.0


@dataclass(frozen=True, slots=True)
class ResponseInTime:
    """The estimate of a response that leaves now; times in seconds (fusion.situation.responders).

    ``response_s``: from the alarm until the first responder, from ``base``, reaches the end of the target's fastest
    path. ``time_left_s``: until the target may be there, ``mover`` ON_FOOT or BY_VEHICLE, with its standard deviation
    ``time_left_sd_s``; the shorter of the times over the ground and at the observed speed along the rest of the path:
    ``time_left_by`` is GROUND or OBSERVED. ``margin_s``: their difference, negative if the response is late. None if no
    responder can arrive (``base`` is then empty), or if that is unknown. ``interruption_probability`` [1] weighs foot
    and vehicle by the track's class and includes its existence; None if the response is unknown. ``end_easting``,
    ``end_northing`` [m]: that end of the path, to which responses go.
    """

    base: str
    mover: str
    response_s: float | None
    time_left_s: float
    margin_s: float | None
    interruption_probability: float | None
    time_left_sd_s: float | None = None
    time_left_by: str = GROUND
    assumptions: ResponseAssumptions = field(default_factory=ResponseAssumptions)
    end_easting: float | None = None
    end_northing: float | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """One base from which a response may leave now, as ``ResponseInTime`` states it for the first to arrive.

    ``interruption_probability`` [1] weighs foot and vehicle by the track's class and includes its existence.
    """

    base: str
    response_s: float
    margin_s: float
    interruption_probability: float


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The ground around a track (fusion.situation.surroundings).

    ``slope`` [rise over run] and its class ``steepness`` (``level``, ``rolling``, ``steep``, ``very_steep``);
    ``land_cover`` as ESA WorldCover names it, both "" if unknown; ``seen_by``: working sensors that cover its position;
    ``hidden_in_s``: time until it is in dead ground of every working sensor at its present velocity; ``road_min`` and
    ``settlement_min``: minutes on foot to the nearest, None if none can be reached; ``missing``: data that are not
    available, so that the corresponding None means unknown.
    """

    steepness: str = ""
    land_cover: str = ""
    slope: float | None = None
    seen_by: tuple[str, ...] = ()
    hidden_in_s: float | None = None
    road_min: float | None = None
    settlement_min: float | None = None
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CoverageGap:
    """A segment that fell below the requirement by the loss of a sensor: minimum probability [1] of detecting a
    crossing, before and after."""

    segment: int
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class About:
    """All facts about one track; ``impact_level`` is that of its section."""

    forecast: Forecast | None = None
    response_in_time: ResponseInTime | None = None
    ground: Surroundings | None = None
    impact_level: str | None = None
    candidates: tuple[Candidate, ...] = ()


@dataclass(frozen=True, slots=True)
class Sighting:
    """One track as an alert states it; metres, m/s, grid north.

    ``since_ns``: start of its stay at its position; ``hidden_in_s``: time until it is in dead ground; both only for the
    rules that state them. ``cov`` (4, 4) of position and velocity; ``offset_rate``: inbound speed; ``band_m``: closer
    to the border than this, its side is not significant.
    """

    track: str
    observed_ns: int
    easting: float
    northing: float
    easting_rate: float
    northing_rate: float
    offset_m: float
    segment: int
    chainage_m: float
    direction: int
    time_to_border_s: float | None
    existence: float
    class_probability: tuple[float, ...]
    evidence: tuple[Evidence, ...]
    since_ns: int = 0
    hidden_in_s: float | None = None
    offset_rate: float = 0.0
    band_m: float | None = None
    cov: Floats | None = field(default=None, compare=False)

    def most_likely(self) -> tuple[str, float]:
        """The most probable class and its probability."""
        best = max(range(len(CLASSES)), key=lambda i: self.class_probability[i])
        return CLASSES[best], self.class_probability[best]

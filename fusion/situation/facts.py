"""What an alert may say beyond its place: where it may cross, who would be in time, the ground, what has opened.

Plain values that survive JSON; made by the modules named in each record. None or empty: not known, or does not apply.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from fusion.situation.track_picture import Evidence
from geo.arrays import Floats
from sensors.scan import CLASSES


@dataclass(frozen=True, slots=True)
class Forecast:
    """Of a crossing within ``horizon_s``: its probability [1], and where it crosses when it does
    (fusion.situation.forecast).

    ``direction`` +1 toward home, −1 outward: the likelier. ``time_s`` [s from the state] and ``chainage_m`` [m] at the
    quantiles 10, 50 and 90 %, empty where a crossing is too unlikely to have any; ``segments``: the likeliest segments
    with the probability that it crosses there within the horizon, at most three.
    """

    horizon_s: float
    crossing_probability: float
    direction: int
    time_s: tuple[float, ...] = ()
    chainage_m: tuple[float, ...] = ()
    segments: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True, slots=True)
class ResponseInTime:
    """What a response that leaves at this moment would come to; times in seconds (fusion.situation.responders).

    ``response_s`` from the alarm until somebody of ``base``, the first there, is where the mover's fastest way ends;
    ``time_left_s`` until the mover could be there, ``mover`` says how; ``margin_s`` their difference, negative when the
    response is late. None where nobody can come (``base`` is empty then). ``interruption_probability`` [1] mixes foot
    and vehicle by the track's class and counts its existence.
    """

    base: str
    mover: str
    response_s: float | None
    time_left_s: float
    margin_s: float | None
    interruption_probability: float


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The ground around a track (fusion.situation.surroundings).

    ``terrain`` in words, ``slope`` [rise over run]; ``seen_by``: working sensors that can see it where it is;
    ``hidden_in_s``: it will be out of every working sensor's sight then, going on as now; ``road_min`` and
    ``settlement_min``: minutes on foot to the next of them, None where none can be reached; ``missing``: what no data
    are at hand for, so that None there means unknown.
    """

    terrain: str = ""
    slope: float | None = None
    seen_by: tuple[str, ...] = ()
    hidden_in_s: float | None = None
    road_min: float | None = None
    settlement_min: float | None = None
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Opening:
    """A segment that a sensor's loss opened: least probability [1] that a crossing is detected, before and after."""

    segment: int
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class About:
    """Everything that is known about one sighting; ``impact_level`` is that of its section."""

    forecast: Forecast | None = None
    response_in_time: ResponseInTime | None = None
    ground: Surroundings | None = None
    impact_level: str | None = None


@dataclass(frozen=True, slots=True)
class Sighting:
    """One track as an alert states it; metres, m/s, grid north. ``since_ns``: since when it has been where it is;
    ``hidden_in_s``: when it will be out of sight. Both only for the rules that speak of them. ``cov`` (4, 4) of place
    and rates; ``offset_rate``: how fast it comes in; ``band_m``: nearer to the line than this its side
    is not sure."""

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
        """The likeliest class and its probability."""
        best = max(range(len(CLASSES)), key=lambda i: self.class_probability[i])
        return CLASSES[best], self.class_probability[best]

"""Pictures of sectors with targets near an edge, for the tests of national identities. Not a test by itself."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from geo.frame import LocalFrame
from ops.cluster.identity.decision import IdentityDecision
from ops.cluster.identity.joining import Joining
from ops.cluster.identity.sighting import SensorReach, TrackInPicture

FRAME = LocalFrame.around(10.0, 45.0)
T0_NS = 1_790_000_000 * 10**9
S = 10**9
REACHES = {
    "west": SensorReach(((*FRAME.to_lonlat(-2500.0, 0.0), 3000.0),)),
    "east": SensorReach(((*FRAME.to_lonlat(2500.0, 0.0), 3000.0),)),
}
"""Two radars whose ranges overlap by 1 km; the overlap areas are 500 m wider on either side."""
CORNER = REACHES | {"south": SensorReach(((*FRAME.to_lonlat(0.0, -2300.0), 3000.0),))}
"""The same with a third sector, whose radar reaches 700 m beyond the line between the two others."""
Pictures = dict[str, list[tuple[int, list[TrackInPicture]]]]


def entry(
    track: str, east_m: float, north_m: float, *, at_s: float, speed: float = 1.4, course: float = 90.0,
    status: str = "confirmed", sd_m: float = 6.0,
) -> TrackInPicture:  # fmt: skip
    """A track of a picture, at a place of the local frame, updated at a time after T0."""
    lon, lat = FRAME.to_lonlat(east_m, north_m)
    updated_ns = T0_NS + round(at_s * S)
    return TrackInPicture(track, status, lon, lat, updated_ns, (sd_m, sd_m), 0.0, speed, course)


class Walk:
    """A target on a straight line: where it is at a time, and which sector tracks it when."""

    def __init__(
        self, tracks: Mapping[str, tuple[str, float, float]], *, start: tuple[float, float] = (-100.0, 0.0),
        speed: float = 1.4, course: float = 90.0,
    ) -> None:  # fmt: skip
        """``tracks``: by sector the name of its track, and the first and last second in which a sensor updates it."""
        self.tracks, self.start, self.speed, self.course = dict(tracks), start, speed, course

    def entry(self, sector: str, at_s: int, chance: np.random.Generator) -> TrackInPicture | None:
        """The track in the picture of a second; after its end it is there for 10 s more, not updated."""
        if sector not in self.tracks:
            return None
        name, first_s, last_s = self.tracks[sector]
        if not first_s <= at_s <= last_s + 10:
            return None
        seen_s = min(at_s, last_s)
        seen_s = first_s + (seen_s - first_s) // 3 * 3  # a sensor with a period of 3 s
        east = self.start[0] + self.speed * seen_s * math.sin(math.radians(self.course)) + chance.normal(0.0, 4.0)
        north = self.start[1] + self.speed * seen_s * math.cos(math.radians(self.course)) + chance.normal(0.0, 4.0)
        status = "confirmed" if at_s <= last_s else "coasting"
        return entry(name, east, north, at_s=seen_s, speed=self.speed, course=self.course, status=status)


AWAY = Walk({"west": ("W1", 0.0, 60.0), "east": ("E1", 20.0, 160.0)})
"""It leaves the west's reach after a minute."""
TOWARDS = Walk({"west": ("W1", 78.0, 160.0), "east": ("E2", 0.0, 160.0)}, start=(120.0, 40.0), course=270.0)
"""It enters it 18 s later, 90 m from where the other left; the west's tracker takes it for the same."""


def pictures(
    walks: Sequence[Walk], seconds: int, *, seed: int = 1, sectors: Sequence[str] = tuple(REACHES)
) -> Pictures:
    """The pictures of the sectors at each second."""
    chance = np.random.default_rng(seed)
    found: Pictures = {sector: [] for sector in sectors}
    for second in range(seconds):
        for sector, each in found.items():
            tracks = [one for walk in walks if (one := walk.entry(sector, second, chance)) is not None]
            each.append((T0_NS + second * S, tracks))
    return found


def joined(
    found: Pictures, *, order: Sequence[str] = (), reaches: Mapping[str, SensorReach] = REACHES
) -> list[IdentityDecision]:
    """What is decided of these pictures. ``order``: which sector's next picture comes next; the rest by time."""
    joining = Joining(reaches)
    left = {sector: list(each) for sector, each in found.items()}
    decisions: list[IdentityDecision] = []
    for sector in order:
        if left[sector]:
            decisions += joining.take(sector, *left[sector].pop(0))
    rest = sorted((stamp_ns, sector) for sector, each in left.items() for stamp_ns, _ in each)
    for _, sector in rest:
        decisions += joining.take(sector, *left[sector].pop(0))
    return decisions


def by_track(decisions: Sequence[IdentityDecision]) -> dict[tuple[str, str], str]:
    """The identity of each track; every track is decided once."""
    found = {(one.sector, one.track): one.national for one in decisions}
    assert len(found) == len(decisions)
    return found

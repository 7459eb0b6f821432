"""What alerting knows of a sector beyond the picture of tracks: made once a room, asked when an alert is stated.

Each part may be missing (no bases, no roads, no sections); what is missing is named, in words, in ``missing``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fusion.situation.current_coverage import CurrentCoverage
from fusion.situation.facts import About, Forecast, Opening, Sighting, Surroundings
from fusion.situation.forecast import Forecaster
from fusion.situation.opened_segments import DetectionLookup
from fusion.situation.responders import INWARD, OUTWARD, Interception
from fusion.situation.surroundings import SurroundingsLookup
from sensors.scan import CLASSES

VEHICLE = CLASSES.index("vehicle")


@dataclass(frozen=True, slots=True, eq=False)
class Insight:
    """Parts of one sector; ``impact`` (segment,) is the impact level of each segment's section, empty without any."""

    forecaster: Forecaster | None = None
    interception: Interception | None = None
    around: SurroundingsLookup | None = None
    watching: CurrentCoverage | None = None
    openings: DetectionLookup | None = None
    impact: tuple[str | None, ...] = ()
    missing: tuple[str, ...] = ()

    @property
    def segment_count(self) -> int:
        """Segments of the border, 0 where no part knows."""
        known = 0 if self.openings is None else self.openings.hazard.shape[1]
        return max(known, len(self.impact), 0 if self.watching is None else self.watching.segment_count)

    def impact_of(self, segment: int) -> str | None:
        """Impact level of a segment's section; None where none is set."""
        return self.impact[segment] if 0 <= segment < len(self.impact) else None

    def about(self, sighting: Sighting, gone: Sequence[str]) -> About:
        """All that can be said of one sighting while the sensors ``gone`` see nothing."""
        vehicle = sighting.class_probability[VEHICLE]
        forecast = self._forecast(sighting, vehicle)
        leave_now = None
        if self.interception is not None:
            leave_now = self.interception.of(
                sighting.easting,
                sighting.northing,
                _direction(sighting),
                existence=sighting.existence,
                vehicle=vehicle,
            )
        return About(forecast, leave_now, self._ground(sighting, gone), self.impact_of(sighting.segment))

    def opened(self, sensor: str, gone: Sequence[str], required: float) -> tuple[Opening, ...]:
        """Segments that the loss of one sensor opens while ``gone`` do not work either."""
        if self.openings is None:
            return ()
        others = set(gone) - {sensor}
        before, after = self.openings.probability(others), self.openings.probability(others | {sensor})
        return tuple(
            Opening(int(segment), round(float(before[segment]), 4), round(float(after[segment]), 4))
            for segment in self.openings.opened(others, sensor, required)
        )

    def watched_again(self, openings: Sequence[Opening], gone: Sequence[str], required: float) -> bool:
        """Whether none of the segments is open any more while ``gone`` do not work."""
        if self.openings is None:
            return True
        now = self.openings.probability(gone)
        return bool(np.all(now[[one.segment for one in openings]] >= required))

    def _forecast(self, sighting: Sighting, vehicle: float) -> Forecast | None:
        if self.forecaster is None or sighting.cov is None:
            return None
        mean = (sighting.easting, sighting.northing, sighting.easting_rate, sighting.northing_rate)
        return self.forecaster.of(mean, sighting.cov, vehicle=vehicle)

    def _ground(self, sighting: Sighting, gone: Sequence[str]) -> Surroundings | None:
        if self.around is None:
            return None
        rate = (sighting.easting_rate, sighting.northing_rate)
        return self.around.of(sighting.easting, sighting.northing, rate, self.watching, silent=gone)


def _direction(sighting: Sighting) -> int:
    """Which way it may cross: as it heads; who does not head anywhere, towards the side where it is not."""
    if sighting.direction:
        return INWARD if sighting.direction > 0 else OUTWARD
    return INWARD if sighting.offset_m <= 0.0 else OUTWARD

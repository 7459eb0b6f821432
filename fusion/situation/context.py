"""Context of a sector beyond the track picture: built once at start-up, used when an alert is stated.

Each part may be missing (no bases, no roads, no sections); missing parts are named, in words, in ``missing``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fusion.situation.coverage_gaps import DetectionLookup
from fusion.situation.current_coverage import CurrentCoverage
from fusion.situation.facts import About, Candidate, CoverageGap, Forecast, ResponseInTime, Sighting, Surroundings
from fusion.situation.forecast import Forecaster
from fusion.situation.responders import INWARD, OUTWARD, Interception
from fusion.situation.surroundings import SurroundingsLookup
from geo.areas import AreaLookup, NamedArea
from sensors.scan import CLASSES

__all__ = ["AlertContext", "DecidedRisk"]

VEHICLE = CLASSES.index("vehicle")


@dataclass(frozen=True, slots=True)
class DecidedRisk:
    """Levels of risk on which a person decided.

    Parameters
    ----------
    levels : tuple of (str or None), one for each segment
        Level of risk of each segment; None where it is unknown.
    decided_on : str
        Day of the decision.
    decided_by : str
        Who decided.
    """

    levels: tuple[str | None, ...]
    decided_on: str
    decided_by: str


@dataclass(frozen=True, slots=True, eq=False)
class AlertContext:
    """Information on a sector that alerts may state in addition to the track picture.

    Parameters
    ----------
    forecaster : Forecaster, optional
        Predicts crossings.
    interception : Interception, optional
        Response times from patrol bases.
    around : SurroundingsLookup, optional
        The ground around a track.
    coverage : CurrentCoverage, optional
        Present coverage of the sensors.
    detection : DetectionLookup, optional
        Probability of detecting a crossing of each segment while some sensors do not work.
    impact : tuple of (str or None), one for each segment
        Impact level of each segment's section; empty without sections.
    sections : tuple of (str or None), one for each segment
        Name of each segment's section; empty without sections.
    missing : tuple of str
        What is missing, in words.
    areas : AreaLookup, optional
        Named areas of the sector.
    risk : DecidedRisk, optional
        Risk of the segments, where it may raise the priority of alerts.

    Examples
    --------
    >>> AlertContext(impact=("low", None)).impact_of(0)
    'low'
    """

    forecaster: Forecaster | None = None
    interception: Interception | None = None
    around: SurroundingsLookup | None = None
    coverage: CurrentCoverage | None = None
    detection: DetectionLookup | None = None
    impact: tuple[str | None, ...] = ()
    sections: tuple[str | None, ...] = ()
    missing: tuple[str, ...] = ()
    areas: AreaLookup | None = None
    risk: DecidedRisk | None = None

    @property
    def segment_count(self) -> int:
        """Number of border segments, 0 if no part provides it."""
        known = 0 if self.detection is None else self.detection.hazard.shape[1]
        return max(known, len(self.impact), 0 if self.coverage is None else self.coverage.segment_count)

    def impact_of(self, segment: int) -> str | None:
        """Look up the impact level of a segment's section.

        Parameters
        ----------
        segment : int
            Number of the segment.

        Returns
        -------
        str or None
            The impact level, None where none is set.
        """
        return self.impact[segment] if 0 <= segment < len(self.impact) else None

    def risk_of(self, segment: int) -> str | None:
        """Look up the level of risk of a segment.

        Parameters
        ----------
        segment : int
            Number of the segment.

        Returns
        -------
        str or None
            The level, None where it is unknown or does not concern alerts.
        """
        if self.risk is None or not 0 <= segment < len(self.risk.levels):
            return None
        return self.risk.levels[segment]

    def section_of(self, segment: int | None) -> str | None:
        """Look up the name of a segment's section.

        Parameters
        ----------
        segment : int, optional
            Number of the segment.

        Returns
        -------
        str or None
            The name, None where there is no section.
        """
        return None if segment is None or not 0 <= segment < len(self.sections) else self.sections[segment]

    def areas_at(self, easting: float | None, northing: float | None) -> tuple[NamedArea, ...]:
        """Find the named areas that contain a position.

        Parameters
        ----------
        easting, northing : float, optional, m
            Position in the local frame.

        Returns
        -------
        tuple of NamedArea
            Empty for an unknown position.
        """
        if self.areas is None or easting is None or northing is None:
            return ()
        return self.areas.at(easting, northing)

    def about(self, sighting: Sighting, gone: Sequence[str]) -> About:
        """Gather everything that can be stated of one track.

        Parameters
        ----------
        sighting : Sighting
            The track as an alert states it.
        gone : sequence of str
            Sensors that are not detecting at present.

        Returns
        -------
        About
            Forecast, response, surroundings and impact level, each None if unknown.
        """
        vehicle = sighting.class_probability[VEHICLE]
        forecast = self._forecast(sighting, vehicle)
        response_in_time: ResponseInTime | None = None
        candidates: tuple[Candidate, ...] = ()
        if self.interception is not None:
            east, north, direction = sighting.easting, sighting.northing, _direction(sighting)
            mover = {"existence": sighting.existence, "vehicle": vehicle, **_speed(sighting)}
            response_in_time = self.interception.of(east, north, direction, **mover)
            candidates = self.interception.candidates(east, north, direction, **mover)
        impact = self.impact_of(sighting.segment)
        return About(forecast, response_in_time, self._ground(sighting, gone), impact, candidates)

    def coverage_gaps(self, sensor: str, gone: Sequence[str], required: float) -> tuple[CoverageGap, ...]:
        """List the coverage gaps that the loss of one sensor opens.

        Parameters
        ----------
        sensor : str
            The sensor that is lost.
        gone : sequence of str
            Sensors that do not work; ``sensor`` may be among them.
        required : float
            Required probability of detecting a crossing.

        Returns
        -------
        tuple of CoverageGap
            Segments that fall below ``required``, with the probability before and after.
        """
        if self.detection is None:
            return ()
        others = set(gone) - {sensor}
        before, after = self.detection.probability(others), self.detection.probability(others | {sensor})
        return tuple(
            CoverageGap(int(segment), round(float(before[segment]), 4), round(float(after[segment]), 4))
            for segment in self.detection.newly_below(others, sensor, required)
        )

    def meets_again(self, gaps: Sequence[CoverageGap], gone: Sequence[str], required: float) -> bool:
        """Whether all coverage gaps are closed.

        Parameters
        ----------
        gaps : sequence of CoverageGap
            The segments that fell below the requirement.
        gone : sequence of str
            Sensors that do not work.
        required : float
            Required probability of detecting a crossing.

        Returns
        -------
        bool
            True if every segment meets the requirement again, or if no information is available. Segments that the
            border no longer has do not count.
        """
        if self.detection is None:
            return True
        now = self.detection.probability(gone)
        return bool(np.all(now[[one.segment for one in gaps if one.segment < len(now)]] >= required))

    def _forecast(self, sighting: Sighting, vehicle: float) -> Forecast | None:
        if self.forecaster is None or sighting.cov is None:
            return None
        mean = (sighting.easting, sighting.northing, sighting.easting_rate, sighting.northing_rate)
        return self.forecaster.of(mean, sighting.cov, vehicle=vehicle)

    def _ground(self, sighting: Sighting, gone: Sequence[str]) -> Surroundings | None:
        if self.around is None:
            return None
        rate = (sighting.easting_rate, sighting.northing_rate)
        return self.around.of(sighting.easting, sighting.northing, rate, self.coverage, silent=gone)


def _speed(sighting: Sighting) -> dict[str, float]:
    """The track's speed and its standard deviation along the course [m/s]; nothing where its covariance is unknown."""
    rate = np.array([sighting.easting_rate, sighting.northing_rate])
    speed = float(np.hypot(*rate))
    if sighting.cov is None or not speed > 0.0:
        return {}
    course = rate / speed
    variance = float(course @ sighting.cov[2:, 2:] @ course)
    return {"speed_mps": speed, "speed_sd_mps": max(variance, 0.0) ** 0.5}


def _direction(sighting: Sighting) -> int:
    """Direction in which a track may cross: its heading, else toward the opposite side of the border."""
    if sighting.direction:
        return INWARD if sighting.direction > 0 else OUTWARD
    return INWARD if sighting.offset_m <= 0.0 else OUTWARD

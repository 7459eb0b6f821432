"""What a comparison of known and unknown timetables found: figures, sentences, and the two crossings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from geo.arrays import Floats
from geo.message import Message
from ops.analysis.patrols.options import PatrolOptions

if TYPE_CHECKING:
    from ops.sector.open_sector import OpenSector
    from sensors.crossing.watched_belt import WatchedBelt
    from sensors.search_theory.by_segment import SegmentsInTime
    from sensors.search_theory.moving_sensor import MovingSensor
    from sensors.search_theory.time_expanded import PathInTime
    from sensors.search_theory.timetable import Timetable
    from sensors.search_theory.unpredictability import Unpredictability


@dataclass(frozen=True, slots=True, eq=False)
class PatrolFindings:
    """The case, its belt with the fixed sensors, the patrols, and the best crossings against them."""

    options: PatrolOptions
    ground: OpenSector
    watched: WatchedBelt
    timetable: Timetable
    sensors: tuple[MovingSensor, ...]
    best: Unpredictability
    by_segment: SegmentsInTime

    @property
    def known_path(self) -> PathInTime:
        """The crossing of one who knows the timetable, at the best departure of a period."""
        return self.best.crossings.path(int(np.argmin(self.best.by_departure)))

    @property
    def without_patrols(self) -> float:
        """Least probability of detection by the fixed sensors alone, of all crossings that were found."""
        from sensors.detection_model.hazard import probability_of

        paths = (self.known_path, self.best.path)
        return min(float(np.nanmin(self.by_segment.fixed)), *(float(probability_of(p.fixed_hazard)) for p in paths))

    @property
    def segment_means(self) -> tuple[float, float]:
        """Mean of the probability without patrols, and with them at an unknown phase, over the segments that have
        both."""
        fixed, patrolled = self.by_segment.fixed, self.by_segment.unknown_phase
        both = np.isfinite(fixed) & np.isfinite(patrolled)
        return float(fixed[both].mean()), float(patrolled[both].mean())

    @property
    def random_search(self) -> tuple[float, float]:
        """Sweep width [m] of a patrol, at most the belt's, and the probability of Koopman's random search for the time
        of the crossing, with the fixed sensors along it."""
        from geo.border.belt import segment_scales
        from sensors.crossing.watched_belt import most_hazard
        from sensors.detection_model.assumptions import Assumptions
        from sensors.detection_model.hazard import hazard_of, mean_relative_speed, probability_of
        from sensors.search_theory.moving_sensor import mean_rate_by_range
        from sensors.search_theory.random_search import lateral_range_curve, random_search, sweep_width

        belt, options, path = self.watched.belt, self.options, self.best.path
        crosser = Assumptions().speed_mps(options.target)
        ranges, rate, look = mean_rate_by_range(self.sensors[0], belt)
        scale = float(segment_scales(belt.border).mean())  # ranges are distances on the ground, as the area is
        ranges, belt_m = ranges / scale, belt.belt_m / scale
        most = most_hazard(look) if self.sensors[0].searches else np.inf
        speed = float(mean_relative_speed(options.speed_mps, crosser))
        curve = lateral_range_curve(ranges, rate, speed, most_hazard=most)
        across = np.linspace(0.0, min(float(ranges[-1]), belt_m), 200)  # a route along the line sweeps the belt
        width = sweep_width(across, np.interp(across, ranges, curve))
        found = random_search(
            float(path.steps[-1] - path.steps[0]) * options.step_s,
            speed_mps=options.speed_mps,
            target_mps=crosser,
            sweep_width_m=width,
            area_m2=belt.area_m2,
            duty=self.timetable.on_duty,
        )
        hazard = len(self.sensors) * hazard_of(found) + path.fixed_hazard
        return width, float(probability_of(hazard))

    @property
    def limited(self) -> float:
        """Probability of the crossing of one who knows only the route, each pass limited to the observer's P∞."""
        from sensors.search_theory.met_in_time import meeting

        best = self.best
        return meeting(best.path, best.crossings.moves, self.sensors, best.departures_s).unknown_phase

    @property
    def revisit(self) -> tuple[float, float]:
        """Median over the border line of the longest and of the time-average gap between looks [s]; infinite where a
        median position is never in view."""
        from sensors.search_theory.revisit import revisit

        period, posts = self.timetable.period_s, self.sensors[0].posts
        belt = self.watched.belt
        on_line = np.flatnonzero((np.abs(belt.offset) <= belt.cell_m / 2.0).ravel() & belt.inside.ravel())
        seen = self.sensors[0].rates.tocsc()
        gaps = []
        for cell in on_line:
            visible = np.zeros(len(posts.places), bool)
            visible[seen.indices[seen.indptr[cell] : seen.indptr[cell + 1]]] = True
            visits = visible[posts.post]
            start = np.concatenate([(posts.start_s[visits] - s.phase_s) % period for s in self.sensors])
            end = start + np.tile((posts.end_s - posts.start_s)[visits], len(self.sensors))
            over = end > period  # a look over the end of the period is two
            start, end = np.append(start, np.zeros(over.sum())), np.append(end, end[over] - period)
            found = revisit(start, end, period, periodic=True)
            gaps.append((found.longest_gap_s, found.time_average_gap_s) if len(start) else (np.inf, np.inf))
        longest, average = np.median(np.array(gaps).reshape(-1, 2), axis=0) if gaps else (np.inf, np.inf)
        return float(longest), float(average)

    @property
    def figures(self) -> dict[str, Any]:
        """Return the figures for JSON: probabilities to six digits, times in seconds."""
        best, (width, reference), (longest, average) = self.best, self.random_search, self.revisit
        low, high = best.unknown
        path = self.known_path
        return {
            "patrols": len(self.sensors),
            "speed_mps": self.options.speed_mps,
            "carries": self.options.carries,
            "height_m": self.options.height_m,
            "period_s": round(self.timetable.period_s, 3),
            "on_duty_fraction": round(self.timetable.on_duty, 6),
            "route_m": round(self.timetable.length_m, 1),
            "mean_over_segments": {
                "without_patrols": round(self.segment_means[0], 6),
                "unknown_phase": round(self.segment_means[1], 6),
            },
            "least_pd_without_patrols": round(self.without_patrols, 6),
            "least_pd_known_timetable": round(best.known, 6),
            "least_pd_unknown_phase": {
                "lower_bound": round(low, 6),
                "found": round(high, 6),
                "found_with_limited_passes": round(self.limited, 6),
            },
            "value_of_unpredictability": [round(value, 6) for value in best.value],
            "looks_spread_evenly": round(best.met.upper_bound, 6),
            "random_search": {"pd": round(reference, 6), "sweep_width_m": round(width, 2)},
            "gap_on_the_border_s": {
                "longest": round(longest, 1) if np.isfinite(longest) else None,
                "time_average": round(average, 1) if np.isfinite(average) else None,
            },
            "best_departure_s": float(path.steps[0]) * self.options.step_s,
            "best_crossing_s": float(path.steps[-1] - path.steps[0]) * self.options.step_s,
            "independence": "Misses are independent between looks, sensors and patrols. Over passes the hazard adds "
            "up: an observer who sees the same ground again searches it again. A fixed camera or observer detects "
            "with at most its P-infinity along a crossing.",
        }

    @property
    def messages(self) -> list[Message]:
        """Return what was found, one sentence each, the most important first."""
        best, (width, reference) = self.best, self.random_search
        low, high = best.unknown
        count = {"count": len(self.sensors)}
        without, with_patrols = self.segment_means
        return [
            Message("patrols-segments", {**count, "without": without, "with": with_patrols}),
            Message("patrols-found", {**count, "known": best.known, "low": low, "high": high}),
            Message("patrols-value", {"least": best.value[0], "most": best.value[1]}),
            Message("patrols-without", {"probability": self.without_patrols}),
            Message("patrols-random", {"probability": reference, "width": width}),
        ]

    @property
    def crossings(self) -> list[tuple[str, Floats, Floats, dict[str, Any]]]:
        """Return both crossings: name, longitude and latitude (place, 2), seconds of the timetable, values."""
        low, high = self.best.unknown
        known = {"pd": round(self.best.known, 6)}
        unknown = {"pd": round(high, 6), "pd_lower_bound": round(low, 6)}
        return [
            ("known timetable", *self._line(self.known_path), known),
            ("unknown phase", *self._line(self.best.path), unknown),
        ]

    def places(self, path: PathInTime) -> Floats:
        """Easting and northing (place, 2) [m] of a crossing."""
        row, column = np.divmod(path.cells, self.watched.belt.inside.shape[1])
        return np.column_stack([self.watched.belt.easting[column], self.watched.belt.northing[row]])

    def _line(self, path: PathInTime) -> tuple[Floats, Floats]:
        lon, lat = self.ground.frame.to_lonlat(*self.places(path).T)
        return np.column_stack([lon, lat]), np.asarray(path.steps * self.options.step_s, np.float64)

"""Timetables of moving sensors: where a patrol, a vehicle or a flight is at each time, and its posts on the way."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from geo.arrays import Bools, Floats, Ints
from sensors.errors import TimetableError

MOST_POSTS = 200_000
SAME_PLACE_DIGITS = 3
"""Posts whose coordinates agree to the millimetre are one, such as those on the way out and on the way back."""


@dataclass(frozen=True, slots=True, eq=False)
class Timetable:
    """The movement of one sensor, straight between places, repeated after a period.

    Parameters
    ----------
    times_s : array_like, shape (place,), s
        Times at the places, from 0, not decreasing. Two equal places after each other are a stay.
    places : array_like, shape (place, 2), m
        Easting and northing.
    period_s : float, s
        Time after which the movement repeats, at least the last of ``times_s``. From there to the end of the period
        the sensor is off duty: its crew rests, or a drone is charged.
    watching : array_like of bool, shape (place − 1,), optional
        Whether the sensor watches on each leg; without it on all.

    Raises
    ------
    TimetableError
        For other shapes, times that decrease or do not start at 0, places that are not finite, a jump (two places at
        one time), and a period shorter than the movement.
    """

    times_s: Floats
    places: Floats
    period_s: float
    watching: Bools | None = None

    def __post_init__(self) -> None:
        times, places = np.asarray(self.times_s, np.float64), np.asarray(self.places, np.float64)
        if times.ndim != 1 or len(times) < 2 or places.shape != (len(times), 2):
            raise _wrong(f"times {times.shape} and places {places.shape}", "at least two places of two metres each")
        if not np.isfinite(places).all() or not np.isfinite(times).all():
            raise _wrong("a time or place is not a number", "finite numbers")
        lengths = np.hypot(*np.diff(places, axis=0).T)
        if times[0] != 0.0 or (np.diff(times) < 0.0).any() or ((np.diff(times) == 0.0) & (lengths > 0.0)).any():
            raise _wrong("times do not start at 0, decrease, or jump", "times from 0 that increase with each move")
        if not (math.isfinite(self.period_s) and self.period_s >= times[-1] and self.period_s > 0.0):
            raise _wrong(f"a period of {self.period_s:g} s", f"at least the {times[-1]:g} s of the movement")
        on = np.ones(len(times) - 1, bool) if self.watching is None else np.asarray(self.watching)
        if on.shape != (len(times) - 1,) or on.dtype != np.bool_:
            raise _wrong(f"watching has shape {on.shape}", "true or false for each leg")
        for name, value in (("times_s", times), ("places", places), ("watching", on)):
            object.__setattr__(self, name, value)

    @classmethod
    def along(
        cls,
        places: npt.ArrayLike,
        speed_mps: float,
        *,
        stay_s: float = 0.0,
        rest_s: float = 0.0,
        there_and_back: bool = True,
    ) -> Timetable:
        """Build the timetable of a sensor that moves along a line at one speed.

        Parameters
        ----------
        places : array_like, shape (place, 2), m
            Vertices of the line.
        speed_mps : float, m/s
            Speed.
        stay_s : float, s
            Time that it stays, and watches, at either end.
        rest_s : float, s
            Time off duty after each round.
        there_and_back : bool
            Whether it returns along the line; otherwise the line is a loop, closed if it is not.

        Returns
        -------
        Timetable
            The timetable.

        Raises
        ------
        TimetableError
            For a speed not above 0, negative times, and a line without length.
        """
        line = np.asarray(places, np.float64)
        if line.ndim != 2 or line.shape[1:] != (2,) or len(line) < 2 or not np.isfinite(line).all():
            raise _wrong(f"a line of shape {line.shape}", "at least two places of two metres each")
        for name, value, least in (("speed", speed_mps, 0.0), ("stay", stay_s, -1e-300), ("rest", rest_s, -1e-300)):
            if not (math.isfinite(value) and value > least):
                raise _wrong(f"a {name} of {value:g}", "above 0" if least == 0.0 else "0 or more")
        if not there_and_back and (line[0] != line[-1]).any():
            line = np.vstack([line, line[:1]])
        line = line[np.append(True, (np.diff(line, axis=0) != 0.0).any(axis=1))]
        if len(line) < 2:
            raise _wrong("a line without length", "places apart")
        seconds = np.append(0.0, np.cumsum(np.hypot(*np.diff(line, axis=0).T) / speed_mps))
        route, times = line, seconds
        if stay_s > 0.0:
            route, times = np.vstack([route, line[-1:]]), np.append(times, times[-1] + stay_s)
        if there_and_back:
            route, times = (
                np.vstack([route, line[-2::-1]]),
                np.append(times, times[-1] + (seconds[-1] - seconds[-2::-1])),
            )
            if stay_s > 0.0:
                route, times = np.vstack([route, line[:1]]), np.append(times, times[-1] + stay_s)
        return cls(times, route, float(times[-1]) + rest_s)

    @property
    def on_duty(self) -> float:
        """Fraction [1] of the period in which the sensor watches."""
        return float(np.diff(self.times_s)[self.watching].sum() / self.period_s)

    @property
    def length_m(self) -> float:
        """Length of the route [m] in one period."""
        return float(np.hypot(*np.diff(self.places, axis=0).T).sum())

    def places_at(self, seconds: npt.ArrayLike) -> Floats:
        """Compute where the sensor is.

        Parameters
        ----------
        seconds : array_like, shape (time,), s
            Times; the period wraps around.

        Returns
        -------
        ndarray, shape (time, 2), m
            Easting and northing; off duty that of the last place.
        """
        t = np.mod(np.asarray(seconds, np.float64), self.period_s)
        return np.stack([np.interp(t, self.times_s, self.places[:, axis]) for axis in (0, 1)], axis=-1)

    def posts(self, step_m: float) -> Posts:
        """Divide the route into posts: as the step goes to 0, a sensor at its posts becomes the sensor that moves.

        Parameters
        ----------
        step_m : float, m
            Longest distance between two posts.

        Returns
        -------
        Posts
            The posts and the times at them; each stands in the middle of its piece of the route.

        Raises
        ------
        TimetableError
            For a step not above 0, and for more than 200,000 posts.
        """
        if not (math.isfinite(step_m) and step_m > 0.0):
            raise _wrong(f"a step of {step_m:g} m", "above 0 m")
        lengths = np.hypot(*np.diff(self.places, axis=0).T)
        pieces = np.maximum(np.ceil(lengths / step_m * (1.0 - 1e-12)), 1.0)
        if pieces.sum() > MOST_POSTS:
            raise _wrong(f"{pieces.sum():.0f} posts", f"a longer step: at most {MOST_POSTS} posts")
        assert self.watching is not None
        counts = pieces.astype(np.int64)
        leg = np.repeat(np.arange(len(lengths)), counts)
        number = np.arange(len(leg)) - np.repeat(np.cumsum(counts) - counts, counts)
        share = np.stack([number, number + 0.5, number + 1.0]) / counts[leg]
        start, end = (self.times_s[leg] + part * np.diff(self.times_s)[leg] for part in (share[0], share[2]))
        where = self.places[leg] + share[1][:, None] * np.diff(self.places, axis=0)[leg]
        kept = self.watching[leg] & (end > start)
        rounded = np.round(where[kept], SAME_PLACE_DIGITS) + 0.0
        places, post = np.unique(rounded, axis=0, return_inverse=True)
        return Posts(places, post.reshape(-1).astype(np.int64), start[kept], end[kept], self.period_s)


@dataclass(frozen=True, slots=True, eq=False)
class Posts:
    """Posts on a route (post, 2) [m], and the visits of one period: ``post`` (visit,), ``start_s`` to ``end_s``."""

    places: Floats
    post: Ints
    start_s: Floats
    end_s: Floats
    period_s: float

    @property
    def seconds(self) -> Floats:
        """Seconds at each post (post,) in one period."""
        seconds = np.bincount(self.post, weights=self.end_s - self.start_s, minlength=len(self.places))
        return np.asarray(seconds, np.float64)

    def occupancy(self, steps: int, step_s: float, *, start_s: float = 0.0) -> sparse.csr_array:
        """Compute how much of each time step the sensor is at each post; exact, also where visits begin within a step.

        Parameters
        ----------
        steps : int
            Number of time steps.
        step_s : float, s
            Length of a step.
        start_s : float, s
            Time of the timetable at which the first step begins; the period wraps around.

        Returns
        -------
        scipy.sparse.csr_array, shape (step, post)
            Fractions [1]; a row sums to 1 where the sensor watches for the whole step.
        """
        begin = start_s % self.period_s
        rounds = np.arange(-1, math.ceil((steps * step_s + begin) / self.period_s) + 1)
        shift = (rounds * self.period_s - begin)[:, None]
        low, high = ((times + shift).ravel() / step_s for times in (self.start_s, self.end_s))
        post = np.tile(self.post, len(rounds))
        low, high = np.clip(low, 0.0, steps), np.clip(high, 0.0, steps)
        kept = high > low
        low, high, post = low[kept], high[kept], post[kept]
        first, last = np.floor(low).astype(np.int64), np.minimum(np.ceil(high).astype(np.int64), steps)
        counts = last - first
        visit = np.repeat(np.arange(len(post)), counts)
        step = first[visit] + np.arange(len(visit)) - np.repeat(np.cumsum(counts) - counts, counts)
        part = np.minimum(high[visit], step + 1.0) - np.maximum(low[visit], step)
        return sparse.csr_array((part, (step, post[visit])), shape=(steps, len(self.places)))


def _wrong(what: str, expected: str) -> TimetableError:
    return TimetableError(what, where="timetable", expected=expected)

"""Rates of what mobile items carry, from the posts of their tours: one viewshed for each post that tours share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import xarray as xr
from scipy import sparse

from geo.arrays import Floats, Ints
from geo.border import Belt
from geo.frame import LocalFrame
from sensors.coverage.accumulator import CoverageTask, contribution
from sensors.layout import AnySensor, Layout, Placement
from sensors.planning.mobile.schedule import Schedule
from sensors.planning.mobile.time_at_posts import TimeAtPosts
from sensors.planning.mobile.unknown_phase import MobileRates
from sensors.search_theory.moving_sensor import placed_at, refuse_off
from sensors.search_theory.timetable import Posts

PostRate = tuple[Ints, Floats, Floats]
"""Flat cells of a belt's window that a post sees, and the rate [1/s] and the probability of a look [1] at each."""


@dataclass(slots=True)
class PostViews:
    """Rates from posts in the belt, each computed once however many tours pass it."""

    terrain: xr.Dataset
    belt: Belt
    task: CoverageTask
    _known: dict[tuple[int, float, float], PostRate] = field(default_factory=dict)
    _sensors: list[AnySensor] = field(default_factory=list)

    def of(self, schedule: Schedule, report: Callable[[], None] | None = None) -> MobileRates:
        """Return the rates of a schedule; ``report`` is called after each post.

        Raises TimetableError for a tour that leaves the terrain, and LayoutError for a post on a void.
        """
        places, clocks = posts_of(schedule)
        refuse_off(places, self.terrain, schedule.sensor.id)
        rows = []
        for place in places:
            rows.append(self._from(schedule.sensor, place))
            if report is not None:
                report()
        return rates_of(schedule, places, clocks, rows, self.belt.inside.size)

    def _from(self, sensor: AnySensor, place: Floats) -> PostRate:
        if not any(sensor is known for known in self._sensors):
            self._sensors.append(sensor)  # kept, so that its number stays its own
        key = (id(sensor), float(place[0]), float(place[1]))
        if key not in self._known:
            part = contribution(
                post_of(sensor, self.belt.border.frame, place),
                self.terrain,
                self.task,
                (self.belt.rows, self.belt.columns),
            )
            kept = self.belt.inside.ravel()[part.seen] & (part.rate > 0.0)
            self._known[key] = part.seen[kept], part.rate[kept], part.look[kept]
        return self._known[key]


def post_of(sensor: AnySensor, frame: LocalFrame, place: Floats) -> Placement:
    """Return the sensor at a post (2,) [m]."""
    return Layout("post", frame, (placed_at(sensor, frame, place),)).placement(sensor.id)


def rates_of(
    schedule: Schedule, places: Floats, clocks: tuple[tuple[TimeAtPosts, ...], ...], rows: list[PostRate], size: int
) -> MobileRates:
    """Assemble the rates of the posts (post,) over ``size`` cells."""
    start = np.concatenate([[0], np.cumsum([len(cells) for cells, _, _ in rows])]).astype(np.int64)
    cells = np.concatenate([cells for cells, _, _ in rows]) if rows else np.zeros(0, np.int64)
    rates, looks = (
        sparse.csr_array((np.concatenate([row[n] for row in rows]), cells, start), shape=(len(rows), size))
        for n in (1, 2)
    )
    return MobileRates(schedule, places, clocks, rates, looks)


def posts_of(schedule: Schedule) -> tuple[Floats, tuple[tuple[TimeAtPosts, ...], ...]]:
    """Return all posts (post, 2) [m] of a schedule's tours, and for each plan the time of each unit at them."""
    every = [[table.posts(schedule.post_m) for table in plan] for plan in schedule.plans]
    places, number = np.unique(
        np.concatenate([posts.places for plan in every for posts in plan]), axis=0, return_inverse=True
    )
    left: Iterator[Ints] = iter(
        _split(number.reshape(-1).astype(np.int64), [len(p.places) for plan in every for p in plan])
    )

    def clock(posts: Posts) -> TimeAtPosts:
        return TimeAtPosts.of(next(left)[posts.post], posts.start_s, posts.end_s, len(places), posts.period_s)

    return places, tuple(tuple(clock(posts) for posts in plan) for plan in every)


def _split(numbers: Ints, counts: list[int]) -> list[Ints]:
    return np.split(numbers, np.cumsum(counts)[:-1])

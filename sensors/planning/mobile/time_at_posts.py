"""How long a sensor on a timetable is at each of its posts between any two times: exact, without time steps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geo.arrays import Floats, Ints


@dataclass(frozen=True, slots=True, eq=False)
class TimeAtPosts:
    """Visits of one period in order: ``post`` (visit,) from ``start_s`` for ``length_s`` (visit,) each.

    ``before`` (visit + 1, post) are the seconds at each post until a visit begins, and last those of a whole period.
    """

    post: Ints
    start_s: Floats
    length_s: Floats
    before: Floats
    period_s: float

    @classmethod
    def of(cls, post: Ints, start_s: Floats, end_s: Floats, posts: int, period_s: float) -> TimeAtPosts:
        """Build from visits that do not overlap."""
        order = np.argsort(start_s, kind="stable")
        post, start, length = post[order], start_s[order], (end_s - start_s)[order]
        each = np.zeros((len(post) + 1, posts))
        each[np.arange(len(post)) + 1, post] = length
        return cls(post, start, length, np.cumsum(each, axis=0), period_s)

    def only(self, posts: Ints) -> TimeAtPosts:
        """Return the same for some of the posts; visits to others count as time at none."""
        number = np.full(self.before.shape[1], -1, np.int64)
        number[posts] = np.arange(len(posts))
        kept = np.flatnonzero(number[self.post] >= 0)
        return TimeAtPosts(
            number[self.post[kept]],
            self.start_s[kept],
            self.length_s[kept],
            np.vstack([self.before[kept][:, posts], self.before[-1:, posts]]),
            self.period_s,
        )

    @property
    def seconds(self) -> Floats:
        """Seconds at each post (post,) in one period."""
        return np.asarray(self.before[-1], np.float64)

    def until(self, times_s: npt.ArrayLike) -> Floats:
        """Return the seconds at each post (..., post) from time 0 until ``times_s`` (...) [s, at least 0]."""
        whole, rest = np.divmod(np.asarray(times_s, np.float64), self.period_s)
        total = whole[..., None] * self.before[-1]
        if not len(self.post):
            return np.asarray(total, np.float64)
        visit = np.searchsorted(self.start_s, rest, side="right") - 1
        begun = np.maximum(visit, 0)
        total += self.before[begun]
        within = np.where(visit >= 0, np.minimum(rest - self.start_s[begun], self.length_s[begun]), 0.0)
        flat = total.reshape(-1, total.shape[-1])
        flat[np.arange(len(flat)), self.post[begun].ravel()] += within.ravel()
        return np.asarray(total, np.float64)

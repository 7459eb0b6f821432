"""What people saw on pictures, as fusion remembers it: statements of the last day by track, and counts by camera."""

from __future__ import annotations

from typing import Final

import msgspec

from fusion.situation.assessed_classes import SeenOnPicture
from ops.incidents.assessments import JUDGED, Assessment

KEPT_NS: Final = 24 * 3600 * 10**9
"""Journal time for which a statement counts for its track, and may be replaced by a later one."""
MOST_KEPT: Final = 2_000
"""Number of statements that are kept; the oldest go first."""


class StatedPicture(msgspec.Struct, frozen=True, array_like=True):
    """A statement: track (empty where the picture shows none, or one of several), camera, what is shown, what the
    camera reported, and when [UTC ns]."""

    track: str
    sensor: str
    shown: str
    reported: str
    at_ns: int


class PictureMemory(msgspec.Struct):
    """Statements by camera and picture, the oldest first, and the number of assessed pictures of each camera by what
    people saw and by the reported class. It follows from the journal alone."""

    stated: dict[str, StatedPicture] = {}
    counts: dict[str, dict[str, dict[str, int]]] = {}

    def take(self, one: Assessment, now_ns: int) -> set[str]:
        """Take a statement, which replaces an earlier one of the same picture; return the tracks whose statements
        changed."""
        name = f"{one.sensor} {one.picture}"
        before = self.stated.pop(name, None)
        if before is not None:
            self._count(before, -1)
        new = self.stated[name] = StatedPicture(one.track, one.sensor, one.shown, one.reported, now_ns)
        self._count(new, 1)
        self.forget(now_ns)
        return {each.track for each in (before, new) if each is not None and each.track}

    def forget(self, now_ns: int) -> bool:
        """Forget statements that are too old or too many; return whether there were any. The counts remain."""
        before = len(self.stated)
        for name in list(self.stated):
            if len(self.stated) <= MOST_KEPT and now_ns - self.stated[name].at_ns < KEPT_NS:
                break
            del self.stated[name]
        return len(self.stated) < before

    def by_track(self) -> dict[str, list[SeenOnPicture]]:
        """Statements by track."""
        found: dict[str, list[SeenOnPicture]] = {}
        for one in self.stated.values():
            if one.track:
                found.setdefault(one.track, []).append(SeenOnPicture(one.sensor, one.shown))
        return found

    def _count(self, one: StatedPicture, by: int) -> None:
        if one.shown in JUDGED and one.reported:
            row = self.counts.setdefault(one.sensor, {}).setdefault(one.shown, {})
            row[one.reported] = row.get(one.reported, 0) + by

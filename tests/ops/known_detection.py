"""The slow half of a start of fusion, computed once for an open sector."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from fusion.situation.coverage_gaps import DetectionLookup
from geo.mobility.roads_and_rivers import Ways
from ops.sector.open_sector import OpenSector
from ops.services.fusion import alert_context


@contextmanager
def known_detection() -> Iterator[None]:
    """Compute the detection of crossings of a sector that is already open once.

    That is half of the time of such a start, and a function of the open sector alone: a start in a process of its own,
    or over a sector that is opened again, computes it again.
    """
    found: list[tuple[OpenSector, str, DetectionLookup]] = []
    sought = alert_context._detection

    def detection(ground: OpenSector, ways: Ways | None, weather: str, missing: list[str]) -> DetectionLookup | None:
        known = [lookup for one, state, lookup in found if one is ground and state == weather and ways is None]
        if known:
            return known[0]
        lookup = sought(ground, ways, weather, missing)
        if lookup is not None and ways is None:
            found.append((ground, weather, lookup))
        return lookup

    with patch.object(alert_context, "_detection", detection):
        yield

"""What the TAK feed reads: incidents, live records, and what of them a receiver may have."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from ops.store.feed_release import FeedRelease
from ops.store.incidents import IncidentReader


@dataclass(frozen=True, slots=True)
class CotSources:
    """What the feed reads: the store, the markings of its records, and border and named areas as GeoJSON (None: not yet
    known)."""

    incidents: IncidentReader
    release: FeedRelease
    border: Callable[[], Mapping[str, Any] | None] = lambda: None
    areas: Callable[[], Mapping[str, Any] | None] = lambda: None

    def open_incidents(self, receiver: str) -> list[dict[str, Any]]:
        """The open incidents that a receiver may have."""
        _, rows = self.incidents.incidents(closed=False)
        bodies = [msgspec.json.decode(row.body) for row in rows]
        return [body for body in bodies if self.release.incident_for(receiver, str(body["id"]))]

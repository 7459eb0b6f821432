"""Subscriptions of ingest: to all sensors, or, during an excessive message rate, to each known sensor except those in
quarantine.

Messages of a quarantined source still have to be received and acknowledged, and precede the others in the broker's
queue. Above a certain rate they are therefore not received: the subscription for all sensors is replaced by one per
known sensor, and restored when no source is quarantined any more. Sensors are known if they have sent a good message or
were named. The first messages of any other sensor are received after the excessive rate has ended; they wait in its
spool.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from ingest.receiving.batch import Batch
from ingest.topics import SENSOR_CHANNELS, sensor_filter, sensor_topic

SHED_PER_S: Final = 200
"""Shed messages per second above which quarantined sources are unsubscribed."""
MAX_NAMES: Final = 10_000
"""Maximum number of known sensors; the least recent is dropped first."""


class Subscriptions:
    """Pure. ``filters`` are the topics to subscribe to now."""

    def __init__(
        self, sector: str, names: Iterable[str] = (), *, is_stranger: Callable[[str], bool] = lambda _: False
    ) -> None:
        """``names``: sensors that are known from the start. ``is_stranger``: names that never become known."""
        self._is_stranger = is_stranger
        self._sector = sector
        self._sensors: dict[str, None] = dict.fromkeys(names)
        self._named: frozenset[str] = frozenset()
        self._held: frozenset[str] = frozenset()
        self._shed: Counter[str] = Counter()
        self._flooders: dict[str, set[str]] = {}
        self.filters: Sequence[str] = self._filters()

    def know(self, names: Iterable[str]) -> None:
        """Add known sensors."""
        for name in names:
            self._sensors.setdefault(name)

    def note(self, batch: Batch, held: frozenset[str]) -> bool:
        """Update from a batch and the sources in quarantine after it; return whether ``filters`` has changed."""
        before = len(self._sensors)
        for row in batch.rows:
            if row.kind in SENSOR_CHANNELS and not self._is_stranger(row.sensor):
                self._sensors.pop(row.sensor, None)
                self._sensors[row.sensor] = None
        while len(self._sensors) > MAX_NAMES:
            del self._sensors[next(iter(self._sensors))]
        for (source, kind), count in batch.shed.items():
            if source in held or source not in self._sensors:  # an impersonated sensor must still be received
                self._shed[kind] += count
        flooded = {channel for channel in SENSOR_CHANNELS if self._shed[channel] > SHED_PER_S}
        again = {channel for source in held - self._held for channel in self._flooders.get(source, ())}
        if flooded:
            self._remember(batch, held, flooded)
        return self._change(self._named | flooded | again, held, learned=len(self._sensors) != before)

    def _remember(self, batch: Batch, held: frozenset[str], flooded: set[str]) -> None:
        """Record which source exceeds the rate on which channel: when quarantined again, it is unsubscribed at once."""
        for source, kind in batch.shed:
            if source in held and kind in flooded:
                self._flooders.setdefault(source, set()).add(kind)
        while len(self._flooders) > MAX_NAMES:
            del self._flooders[next(iter(self._flooders))]

    def update(self, held: frozenset[str], *, any_held: bool) -> bool:
        """Update once per second; ``any_held``: any source is in quarantine. Return whether ``filters`` has changed."""
        self._shed.clear()
        changed = self._change(self._named if any_held else frozenset(), held, learned=False)
        self._held = held
        return changed

    def names(self) -> list[str]:
        """The topics of all known sensors."""
        return [sensor_topic(self._sector, name, channel) for channel in SENSOR_CHANNELS for name in self._sensors]

    def _change(self, named: frozenset[str], held: frozenset[str], *, learned: bool) -> bool:
        if named == self._named and not (named and (learned or held != self._held)):
            return False
        self._named, self._held = named, held
        self.filters = self._filters()
        return True

    def _filters(self) -> list[str]:
        filters = [sensor_filter(self._sector, channel) for channel in SENSOR_CHANNELS if channel not in self._named]
        for channel in SENSOR_CHANNELS:
            if channel in self._named:
                filters += [
                    sensor_topic(self._sector, name, channel) for name in self._sensors if name not in self._held
                ]
        return filters

"""Whom ingest listens to: everybody, or, while somebody floods, each other sensor by its name.

A message of a source that is cut off still has to be received and acknowledged, and stands before the others' in the
broker's queue. So above a certain rate it is not received at all: the subscription for every sensor is exchanged for
one a sensor that is known, and exchanged back when nobody is held any more. Known is who has sent something good, or
was named. Whoever else speaks for the first time meanwhile is heard when the flood is over; its spool waits for that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from ingest.receiving.batch import Batch
from ingest.topics import sensor_filter, sensor_topic

CHANNELS: Final = ("detections", "status")
SHED_PER_S: Final = 200
"""More messages of those that are cut off than this, within a second, and they are not received any more."""
MAX_NAMES: Final = 10_000
"""How many sensors are known by name; the one not heard for longest is forgotten first."""


class Subscriptions:
    """Pure. ``filters`` are what to subscribe to now."""

    def __init__(self, sector: str, names: Iterable[str] = ()) -> None:
        """``names``: sensors that are known beforehand."""
        self._sector = sector
        self._sensors: dict[str, None] = dict.fromkeys(names)
        self._named: frozenset[str] = frozenset()
        self._held: frozenset[str] = frozenset()
        self._shed: Counter[str] = Counter()
        self._flooders: dict[str, set[str]] = {}
        self.filters: Sequence[str] = self._filters()

    def know(self, names: Iterable[str]) -> None:
        """These sensors may speak, too."""
        for name in names:
            self._sensors.setdefault(name)

    def note(self, batch: Batch, held: frozenset[str]) -> bool:
        """Learn from a batch, and who is held after it; whether ``filters`` have changed by that."""
        before = len(self._sensors)
        for row in batch.rows:
            if row.kind in CHANNELS:
                self._sensors.pop(row.sensor, None)
                self._sensors[row.sensor] = None
        while len(self._sensors) > MAX_NAMES:
            del self._sensors[next(iter(self._sensors))]
        for (source, kind), count in batch.shed.items():
            if source in held or source not in self._sensors:  # not who is impersonated: it must be heard
                self._shed[kind] += count
        flooded = {channel for channel in CHANNELS if self._shed[channel] > SHED_PER_S}
        again = {channel for source in held - self._held for channel in self._flooders.get(source, ())}
        if flooded:
            self._remember(batch, held, flooded)
        return self._change(self._named | flooded | again, held, learned=len(self._sensors) != before)

    def _remember(self, batch: Batch, held: frozenset[str], flooded: set[str]) -> None:
        """Who floods which channel: when it is cut off again, it is not received from the first message on."""
        for source, kind in batch.shed:
            if source in held and kind in flooded:
                self._flooders.setdefault(source, set()).add(kind)
        while len(self._flooders) > MAX_NAMES:
            del self._flooders[next(iter(self._flooders))]

    def second(self, held: frozenset[str], *, anybody: bool) -> bool:
        """A second has passed; ``anybody``: somebody, perhaps a stranger, is held. Whether ``filters`` have changed."""
        self._shed.clear()
        changed = self._change(self._named if anybody else frozenset(), held, learned=False)
        self._held = held
        return changed

    def names(self) -> list[str]:
        """The topics of all that are known by name."""
        return [sensor_topic(self._sector, name, channel) for channel in CHANNELS for name in self._sensors]

    def _change(self, named: frozenset[str], held: frozenset[str], *, learned: bool) -> bool:
        if named == self._named and not (named and (learned or held != self._held)):
            return False
        self._named, self._held = named, held
        self.filters = self._filters()
        return True

    def _filters(self) -> list[str]:
        filters = [sensor_filter(self._sector, channel) for channel in CHANNELS if channel not in self._named]
        for channel in CHANNELS:
            if channel in self._named:
                filters += [
                    sensor_topic(self._sector, name, channel) for name in self._sensors if name not in self._held
                ]
        return filters

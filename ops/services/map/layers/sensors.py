"""The map layers that follow from where the sensors of a sector stand and whether they work, and their tiles.

There are two sets where people carry sensors: one with these where they stand now, and one with every sensor at its
post, for people who may not have the positions of own forces. The second is computed once it is asked for.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any, Final

from ops.drawing.colours import Palette
from ops.runtime.files.cache import FileCache
from ops.sector.open_sector import OpenSector
from ops.services.map.layers.coverage import CoverageLayers
from ops.services.map.layers.viewsheds import Overlays
from ops.services.map.present_layout import PresentLayout
from ops.services.map.tiles import Layer, Tiles

AT_POSTS: Final = "; carried sensors at their posts"
"""Ends the title of a layer of the second set."""


class SensorLayers:
    """One set: the tiles, the viewsheds and the coverage. Thread-safe."""

    def __init__(self, ground: OpenSector, *, kept: FileCache | None, terrain_digest: str) -> None:
        self.tiles = Tiles(kept=kept)
        self._of_sensors: set[str] = set()
        self.overlays = Overlays(ground, self._put, terrain_digest=terrain_digest)
        self.coverage = CoverageLayers(ground, self._put, terrain_digest=terrain_digest)

    def start(self) -> None:
        """Show every cell as unknown, then start computing."""
        self.overlays.start()
        self.coverage.start()

    def take_health(self, states: Mapping[str, str], present: PresentLayout | None = None) -> None:
        """Set the sensors' health states by id, and where they stand; by default as before, at first at their posts."""
        self.overlays.take_health(states, present)
        self.coverage.take_health(states, present)

    @property
    def ready(self) -> bool:
        """Whether every layer reflects what was last set."""
        return self.overlays.ready and self.coverage.ready

    def at_posts(self, palette: Palette) -> list[dict[str, Any]]:
        """Every layer as ``Tiles.describe`` has it, with titles that say where carried sensors are taken to stand."""
        return [
            layer | {"title": layer["title"] + AT_POSTS} if layer["id"] in self._of_sensors else layer
            for layer in self.tiles.describe(palette)
        ]

    def _put(self, layer: Layer) -> None:
        self._of_sensors.add(layer.id)
        self.tiles.put(layer)


class BothSensorLayers:
    """Both sets of a sector, and the layers of its ground in both. They are one set where no sensor is carried."""

    def __init__(self, ground: OpenSector, *, kept: FileCache | None, terrain_digest: str) -> None:
        self._ground, self._kept, self._digest = ground, kept, terrain_digest
        self._lock = threading.Lock()
        self._of_ground: dict[str, Layer] = {}
        self._health: Mapping[str, str] = {}
        self.now = self._made()
        self._at_posts = None if any(sensor.mobile for sensor in ground.layout) else self.now

    def put(self, layer: Layer) -> None:
        """Add a layer of the ground, or replace the one with the same id."""
        with self._lock:
            self._of_ground[layer.id] = layer
            for one in self._sets():
                one.tiles.put(layer)

    def of(self, *, at_posts: bool) -> SensorLayers:
        """The set with carried sensors at their posts, which this starts, or the one with them where they stand."""
        if not at_posts:
            return self.now
        with self._lock:
            if self._at_posts is None:
                posted = self._made()
                for layer in self._of_ground.values():
                    posted.tiles.put(layer)
                posted.take_health(self._health)
                posted.start()
                self._at_posts = posted
            return self._at_posts

    def take(self, health: Mapping[str, str], states: Mapping[str, str], present: PresentLayout) -> None:
        """Set the health states as reported, and those with positions that are not known, and where sensors stand."""
        with self._lock:
            self._health = health
            self.now.take_health(states, present)
            if self._at_posts is not None and self._at_posts is not self.now:
                self._at_posts.take_health(health)

    def revisions(self) -> dict[str, dict[str, str]]:
        """The revision of each layer of each set; empty for the second before it is asked for."""
        posted = self._at_posts
        return {"layers": self.now.tiles.revisions(), "at_posts": {} if posted is None else posted.tiles.revisions()}

    def _sets(self) -> list[SensorLayers]:
        return [self.now] if self._at_posts in (None, self.now) else [self.now, self._at_posts]

    def _made(self) -> SensorLayers:
        return SensorLayers(self._ground, kept=self._kept, terrain_digest=self._digest)

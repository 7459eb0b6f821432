"""The contents of a page's map for an open sector: its relief, its border by a fraction, its sensors and bases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from geo.arrays import Floats
from ops.drawing.pages.map_input import HIDDEN_STYLE, NOT_KNOWN_COLOUR, MapInput, Marker
from ops.drawing.symbols import legend_of, symbol_name
from ops.runtime.output import say
from ops.sector.open_sector import OpenSector
from ops.sector.sector_file import read_bases
from sensors.sensor import Sensor

LARGEST_PIXELS: Final = 1600
"""Along one side of the relief; larger terrains are subsampled."""


def sector_input(ground: OpenSector, segment_rows: Sequence[Sequence[tuple[str, str]]], by_segment: Floats) -> MapInput:
    """The map of a sector whose segments are coloured by a fraction each, 0–1, and explained by ``segment_rows``."""
    thin = max(1, -(-max(ground.terrain["elevation"].shape) // LARGEST_PIXELS))
    every = {"northing": slice(None, None, thin), "easting": slice(None, None, thin)}
    return MapInput(
        terrain=ground.terrain[["elevation"]].isel(every).compute(),
        border=ground.crossed,
        segment_rows=segment_rows,
        hidden=by_segment,
        sensors=[_marker(sensor) for sensor in ground.layout],
        bases=[Marker("base", lon, lat, name) for name, (lon, lat) in read_bases(ground.sector.bases).items()],
    )


def shades_of(name: str) -> list[tuple[str, str]]:
    """Colour and text of each class of the border; ``NAME-shade`` and ``NAME-shade-unknown`` are the texts."""
    shades, low = [], 0.0
    for high, shade in HIDDEN_STYLE:
        shades.append((shade, say(f"{name}-shade", low=low, high=min(high, 1.0))))
        low = high
    return [*shades, (NOT_KNOWN_COLOUR, say(f"{name}-shade-unknown"))]


def symbols_of(ground: OpenSector) -> list[tuple[str, str]]:
    """Kind and name of each symbol that the map has."""
    bases = {"base"} if read_bases(ground.sector.bases) else set()
    return legend_of({sensor.kind for sensor in ground.layout} | bases)


def _marker(sensor: Sensor) -> Marker:
    kind = (say("map-row-kind"), say(symbol_name(sensor.kind)))
    reach = (say("map-row-range"), say("coverage-value-distance", value=sensor.max_range_m))
    return Marker(sensor.kind, sensor.lon, sensor.lat, sensor.id, [kind, reach])

"""Coverage as an interactive map: one HTML file, drawn by folium with Leaflet inlined, that opens without a network.

Nothing is fetched, and the content security policy forbids it. Text from a layout or sector is stored as JSON and shown
as text nodes, see ``ops.drawing.web_map``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import xarray as xr

from geo.terrain import cell_size
from ops.drawing.coverage_classes import Map, RgbFraction
from ops.drawing.html_page import render_page
from ops.drawing.map_images import painted_png
from ops.drawing.symbols import legend_of
from ops.drawing.web_map import HIDDEN_STYLE, NOT_KNOWN_COLOUR, MapInput, Marker, Overlay, draw_map
from ops.runtime.output import atomic_write
from ops.sector.open_sector import OpenSector
from ops.sector.sector_file import read_bases

TEMPLATE = Path(__file__).with_name("html_map.html.j2")

LARGEST_PIXELS: Final = 2000  # along one side of the pictures inside the map; larger terrains are subsampled
UNKNOWN_COLOUR: Final = (34, 34, 34)
KEYS: Final = ("mast_height_m", "max_range_m", "period_s", "availability")


def write_map(path: Path, maps: Sequence[Map], rasters: xr.Dataset, segments: xr.Dataset, ground: OpenSector) -> None:
    """Write the map with one switchable layer for each of ``maps``; the same input gives the same bytes."""
    thin = max(1, -(-max(rasters["expected_probability"].shape) // LARGEST_PIXELS))
    every = {"northing": slice(None, None, thin), "easting": slice(None, None, thin)}
    drawn = draw_map(
        MapInput(
            terrain=ground.terrain[["elevation"]].isel(every).compute(),
            border=ground.crossed,
            segment_rows=[_segment_rows(segments.sel(segment=i, belt="both")) for i in range(ground.crossed.segments)],
            hidden=1.0 - segments["covered_share"].sel(belt="both").to_numpy(),
            sensors=[_mark(sensor) for sensor in ground.layout],
            bases=[Marker("base", lon, lat, name) for name, (lon, lat) in read_bases(ground.sector.bases).items()],
            overlays=[_overlay(chosen, rasters.isel(every), show=i == 0) for i, chosen in enumerate(maps)],
        )
    )
    page = _page(maps, rasters, segments, ground)
    text = render_page(TEMPLATE, scripts=drawn.scripts, page=page, map=drawn)
    with atomic_write(path) as partial:
        partial.write_text(text, encoding="utf-8")


def _overlay(chosen: Map, rasters: xr.Dataset, *, show: bool) -> Overlay:
    """Return the classes of one map as a picture on the web map's grid; unknown cells are hatched."""
    values = rasters[chosen.variable].astype(np.float64)  # the lowest class limit above 0 is not a float32
    blank = values == 255 if chosen.variable == "dead_ground" else np.isnan(rasters["expected_probability"])
    classes = xr.full_like(values, 0, dtype=np.float32)
    colours: list[tuple[int, int, int, int]] = [(0, 0, 0, 0)]
    for step in chosen.steps:
        if step.colour is not None:
            colours.append((*(round(255 * part) for part in step.colour), 180))  # type: ignore[arg-type]
            inside = (values >= step.low) & (values < step.high)
            classes = classes.where(~inside, len(colours) - 1)
    picture, bounds = painted_png(classes.where(~blank, -1.0), rasters.attrs["crs"], colours, UNKNOWN_COLOUR)
    return Overlay(chosen.title, chosen.title, picture, bounds, show)


def _segment_rows(segment: xr.Dataset) -> list[tuple[str, str]]:
    rows = [
        ("along the border", f"{float(segment['start_m']) / 1000:.2f} to {float(segment['end_m']) / 1000:.2f} km"),
        ("belt covered as required", _percent(segment["covered_share"])),
        ("no line of sight", _percent(segment["dead_share"])),
        ("unknown", _percent(segment["unknown_share"])),
        ("mean probability", _number(segment["mean_probability"])),
        ("mean, best single sensor", _number(segment["mean_best_probability"])),
        ("least probability", _number(segment["least_probability"])),
    ]
    return [*rows, ("belt", f"{int(segment['cells_count']):,} cells, {float(segment['area_m2']) / 1e6:.2f} km²")]


def _mark(sensor: Any) -> Marker:
    rows = [(key, f"{getattr(sensor, key):g}") for key in KEYS if getattr(sensor, key) is not None]
    return Marker(sensor.kind, sensor.lon, sensor.lat, sensor.id, [("kind", sensor.kind.replace("_", " ")), *rows])


def _page(maps: Sequence[Map], rasters: xr.Dataset, segments: xr.Dataset, ground: OpenSector) -> dict[str, Any]:
    story = rasters.attrs
    shades, low = [], 0.0
    for high, colour in HIDDEN_STYLE:
        shades.append((colour, f"{low:.0%} to {min(high, 1.0):.0%} of the belt not covered as required"))
        low = high
    return {
        "title": f"Coverage: {ground.sector.title or ground.sector.name}",
        "about": f"Layout {ground.layout.name}, {len(ground.layout)} sensors. Target: {story['target']}. Conditions: "
        f"{story['conditions'].replace(',', ' + ')}. Dwell: {float(story['dwell_s']):g} s. Required probability: "
        f"{float(segments.attrs['required_probability']):g}. Belt: {float(segments.attrs['belt_m']):g} m either side.",
        "maps": [
            {
                "title": chosen.title,
                "reading": chosen.reading,
                "steps": [(_css(step.colour), step.label) for step in chosen.steps],
            }
            for chosen in maps
        ],
        "shades": [*shades, (NOT_KNOWN_COLOUR, "not known")],
        "symbols": legend_of({s.kind for s in ground.layout} | {"base"}),
        "independence": story["independence"].capitalize(),
        "colophon": f"Datum of the heights: {ground.terrain.attrs.get('datum', 'unknown')}; cells of "
        f"{cell_size(ground.terrain):.0f} m; {story['limits']}. Watchline {story['watchline_version']}. Map: Leaflet "
        f"(BSD 2-Clause), drawn by folium.",
    }


def _css(colour: RgbFraction | None) -> str:
    if colour is None:
        return "#d5d6d0"
    return "#" + "".join(f"{round(255 * part):02x}" for part in colour)


def _percent(value: xr.DataArray) -> str:
    return "unknown" if np.isnan(float(value)) else f"{float(value):.0%}"


def _number(value: xr.DataArray) -> str:
    return "unknown" if np.isnan(float(value)) else f"{float(value):.3f}"

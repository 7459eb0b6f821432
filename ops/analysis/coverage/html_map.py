"""Coverage as an interactive map: one HTML file, drawn by folium with Leaflet inlined, that opens without a network.

Nothing is fetched, and the content security policy forbids it. Text from a layout or sector is stored as JSON and shown
as text nodes, see ``ops.drawing.pages.web_map``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import xarray as xr

from ops.analysis.coverage.wording import gap_of, least_covered, summary_of
from ops.analysis.places import place_of
from ops.drawing.colours import colour
from ops.drawing.coverage_classes import ColourClass, Map
from ops.drawing.map_images import painted_png
from ops.drawing.pages.html_page import render_page
from ops.drawing.pages.map_input import MapInput, Marker, Overlay, hidden_colour
from ops.drawing.pages.sector_input import shades_of, symbols_of
from ops.drawing.pages.static_map import print_map, shape_of
from ops.drawing.pages.web_map import draw_map
from ops.drawing.printed_map import ground_of
from ops.drawing.scene import scene_of
from ops.drawing.symbols import symbol_name
from ops.runtime.output import atomic_write, say
from ops.sector.open_sector import OpenSector
from ops.sector.sector_file import read_bases

TEMPLATE = Path(__file__).with_name("html_map.html.j2")

WIDEST_MM, HIGHEST_MM = 182.0, 84.0
"""Largest width and height on paper of the map of one quantity: two of them are on a page."""
LARGEST_PIXELS: Final = 2000  # along one side of the pictures inside the map; larger terrains are subsampled
KEYS: Final[Mapping[str, tuple[str, str]]] = {
    "mast_height_m": ("antenna-height", "coverage-value-metres"),
    "max_range_m": ("range", "coverage-value-distance"),
    "period_s": ("period", "coverage-value-seconds"),
    "availability": ("availability", "coverage-value-percent"),
}
"""Attribute of a sensor -> its row in a popup, and how its value is written."""


SIDES: Final = ("both", "home", "away")


@dataclass(frozen=True, slots=True, eq=False)
class CoverageTables:
    """Coverage in numbers: by segment (``over_segments``), and over the whole ``belt`` (``whole_belt``)."""

    segments: xr.Dataset
    belt: xr.Dataset


def write_map(path: Path, maps: Sequence[Map], rasters: xr.Dataset, tables: CoverageTables, ground: OpenSector) -> None:
    """Write the map with one switchable layer for each of ``maps``; the same input gives the same bytes."""
    segments = tables.segments
    thin = max(1, -(-max(rasters["expected_probability"].shape) // LARGEST_PIXELS))
    every = {"northing": slice(None, None, thin), "easting": slice(None, None, thin)}
    drawing = MapInput(
        terrain=ground.terrain[["elevation"]].isel(every).compute(),
        border=ground.crossed,
        segment_rows=[_segment_rows(segments.sel(segment=i, belt="both")) for i in range(ground.crossed.segments)],
        hidden=1.0 - segments["covered_fraction"].sel(belt="both").to_numpy(),
        sensors=[_mark(sensor) for sensor in ground.layout],
        bases=[Marker("base", lon, lat, name) for name, (lon, lat) in read_bases(ground.sector.bases).items()],
        overlays=[_overlay(chosen, rasters.isel(every), show=i == 0) for i, chosen in enumerate(maps)],
    )
    drawn = draw_map(drawing, on_paper=replace(drawing, overlays=[]))
    plain = replace(drawing, hidden=np.zeros(ground.crossed.segments))  # so that only the map's own classes have colour
    printed = [print_map(replace(plain, overlays=[replace(one, show=True)])) for one in drawing.overlays]
    frame = f"{min(WIDEST_MM, HIGHEST_MM / shape_of(drawing)):.0f}mm"
    page = _page(maps, rasters, tables, ground) | {"printed": printed, "frame": frame, "unknown": drawn.unknown}
    text = render_page(TEMPLATE, scripts=drawn.scripts, page=page, map=drawn)
    with atomic_write(path) as partial:
        partial.write_text(text, encoding="utf-8")


def _overlay(chosen: Map, rasters: xr.Dataset, *, show: bool) -> Overlay:
    """Return the classes of one map as a picture on the web map's grid; unknown cells are hatched."""
    values = rasters[chosen.variable].astype(np.float64)  # the lowest class limit above 0 is not a float32
    blank = values == 255 if chosen.variable == "dead_ground" else np.isnan(rasters["expected_probability"])
    classes = xr.full_like(values, 0, dtype=np.float32)
    colours: list[tuple[int, int, int, int]] = [(0, 0, 0, 0)]
    dead = None
    for step in chosen.steps:
        if step.dead:
            dead = len(colours)
        if step.colour is not None:
            colours.append((*(round(255 * part) for part in step.colour), 180))  # type: ignore[arg-type]
            inside = (values >= step.low) & (values < step.high)
            classes = classes.where(~inside, len(colours) - 1)
    picture, bounds = painted_png(classes.where(~blank, -1.0), rasters.attrs["crs"], colours, dead=dead)
    title = say(chosen.title)
    return Overlay(title, title, picture, bounds, show)


def _segment_rows(segment: xr.Dataset) -> list[tuple[str, str]]:
    start, end = (float(segment[name]) / 1000.0 for name in ("start_m", "end_m"))
    fractions = {"covered": "covered_fraction", "dead": "dead_ground_fraction", "unknown": "unknown_fraction"}
    means = {"mean": "mean_probability", "mean-best": "mean_best_probability", "least": "least_probability"}
    return [
        (say("map-row-chainage"), say("map-km-range", start=start, end=end)),
        *((say(f"coverage-row-{row}"), _written("percent", segment[name])) for row, name in fractions.items()),
        *((say(f"coverage-row-{row}"), _written("probability", segment[name])) for row, name in means.items()),
        (say("coverage-row-area"), say("coverage-value-area", value=float(segment["area_m2"]) / 1e6)),
    ]


def _written(form: str, value: xr.DataArray) -> str:
    return say("map-unknown") if np.isnan(float(value)) else say(f"coverage-value-{form}", value=float(value))


def _mark(sensor: Any) -> Marker:
    given = {key: float(getattr(sensor, key)) for key in KEYS if getattr(sensor, key) is not None}
    rows = [(say(f"map-row-{KEYS[key][0]}"), say(KEYS[key][1], value=value)) for key, value in given.items()]
    kind = (say("map-row-kind"), say(symbol_name(sensor.kind)))
    return Marker(sensor.kind, sensor.lon, sensor.lat, sensor.id, [kind, *rows])


def _belt_rows(belt: xr.Dataset) -> list[list[str]]:
    """What is covered, dead ground and unknown: of both sides of the border, and of each."""
    rows = []
    for side in SIDES:
        one = belt.sel(belt=side)
        fractions = (one[f"{name}_fraction"] for name in ("covered", "dead_ground", "unknown"))
        cells = say("coverage-value-count", value=int(one["cells_count"]))
        name = say("coverage-side", side=side)
        rows.append([name, *(_written("fraction", value) for value in fractions), cells])
    return rows


def _gap_rows(segments: xr.Dataset, ground: OpenSector) -> list[list[str]]:
    """The segments with the least covered fraction."""
    rows = []
    for i in least_covered(segments):
        one = segments.sel(belt="both").isel(segment=i)
        gap = _written("fraction", 1.0 - one["covered_fraction"])
        dead = _written("fraction", one["dead_ground_fraction"])
        rows.append([say(place_of(ground, i)), gap, dead, _written("probability", one["mean_probability"])])
    return rows


def _page(maps: Sequence[Map], rasters: xr.Dataset, tables: CoverageTables, ground: OpenSector) -> dict[str, Any]:
    story, segments = rasters.attrs, tables.segments
    about = {
        "layout": ground.layout.name,
        "sensors": len(ground.layout),
        "required": float(segments.attrs["required_probability"]),
        "belt": float(segments.attrs["belt_m"]),
    }
    return {
        "title": say("coverage-page-title", sector=ground.sector.title or ground.sector.name),
        "answer": [say(summary_of(tables.belt)), say(gap_of(segments, ground))],
        "about": say("coverage-page-about", **about, **scene_of(story)),
        "tables": [
            (
                say("coverage-table-belt"),
                [say(f"coverage-column-{name}") for name in ("side", "covered", "dead", "unknown", "cells")],
                _belt_rows(tables.belt),
            ),
            (
                say("coverage-table-gaps"),
                [say(f"coverage-column-{name}") for name in ("segment", "gap", "dead", "mean")],
                _gap_rows(segments, ground),
            ),
        ],
        "maps": [
            {
                "title": say(chosen.title),
                "reading": say(chosen.reading),
                "steps": [(_swatch(step), say(step.label)) for step in chosen.steps],
            }
            for chosen in maps
        ],
        "shades": shades_of("coverage"),
        "symbols": symbols_of(ground),
        "border": hidden_colour(0.0),
        "colophon": say("coverage-page-colophon", **ground_of(ground.terrain, str(story["watchline_version"]))),
    }


def _swatch(step: ColourClass) -> str:
    """How the legend shows a class: a colour, or the class of a texture."""
    if step.dead:
        return "hatch"
    if step.colour is None:
        return colour("relief-alone")
    return "#" + "".join(f"{round(255 * part):02x}" for part in step.colour)

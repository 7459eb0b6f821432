"""``watchline sector preview``: one offline page and one picture of a sector, to check that its files are right."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely
import xarray as xr
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from rich.console import Console

from geo.arrays import Floats
from ops.analysis.coverage.window import cut_to_need
from ops.analysis.messages import item_name
from ops.drawing.colours import colour, rgba
from ops.drawing.map_images import painted_png
from ops.drawing.pages.html_page import render_page
from ops.drawing.pages.map_input import LineLayer, MapInput, Marker, Overlay, Trail, hidden_colour
from ops.drawing.pages.web_map import draw_map
from ops.drawing.printed_map import (
    BASE,
    DPI,
    LARGEST_PIXELS,
    SIGNS,
    STYLE,
    mark_place,
    north_arrow,
    plain_text,
    relief,
    scale_bar,
)
from ops.drawing.symbols import legend_of
from ops.drawing.typeface.figure_font import drawing_style
from ops.runtime import output
from ops.runtime.output import atomic_write
from ops.sector.check import check_sector
from ops.sector.layouts.links import links_of
from ops.sector.open_sector import OpenSector, open_sector
from ops.sector.sector_file import load_sector, read_bases, sector_path
from ops.words import MessageCatalogue
from sensors.layout import AnySensor
from sensors.relay import Relay

TEMPLATE: Final = Path(__file__).with_name("preview.html.j2")
SEEN: Final = rgba("in-sight")
OWN: Final = colour("series-blue")
DIRECTION: Final = colour("direction")
LINK: Final = colour("link-line")
ARROWS: Final = 14


@dataclass(frozen=True, slots=True, eq=False)
class Preview:
    """Contents of a preview, in the frame: dead ground by cell and segment of the sensors that count, arrows, the own
    side, and links. ``ground`` has all sensors."""

    ground: OpenSector
    dead: xr.DataArray
    dead_of_segments: Floats
    dead_fraction: float
    arrows: tuple[Floats, ...]
    own_side: tuple[Floats, ...]
    links: tuple[Floats, ...]
    unlinked: tuple[str, ...]


def draw_preview(sector: str, layout: str | None, out: Path, screen: Console) -> dict[str, Any]:
    """Write the page and the picture, and return their files and figures."""
    from geo.errors import BadInput

    if out.suffix.lower() not in (".html", ".htm"):
        raise BadInput(f"{out.name!r}", where="--out", expected="a file that ends in .html")
    if out.is_dir():
        raise BadInput(f"{out.name!r} is a folder", where="--out", expected="a file that ends in .html")
    whole = open_sector(load_sector(sector), layout)
    ground = cut_to_need(whole)
    preview = preview_of(ground, whole)
    words = output.catalogue()
    out.parent.mkdir(parents=True, exist_ok=True)
    picture = out.with_suffix(".png")
    _draw_picture(picture, preview, words)
    with atomic_write(out) as partial:
        partial.write_text(_page(preview, sector, words), encoding="utf-8")
    belt_m = ground.sector.belt_m
    line = words.say(
        "sector-preview-written", page=str(out), picture=str(picture), fraction=preview.dead_fraction, belt_m=belt_m
    )
    screen.print(line, markup=False, highlight=False, soft_wrap=True)
    return {
        "sector": ground.sector.name,
        "layout": ground.layout.name,
        "page": str(out),
        "picture": str(picture),
        "border_m": round(ground.border.ground_length_m, 1),
        "segments": ground.crossed.segments,
        "sensors": len(ground.layout),
        "bases": len(read_bases(ground.sector.bases)),
        "dead_ground_fraction": None if np.isnan(preview.dead_fraction) else round(preview.dead_fraction, 6),
        "unlinked": list(preview.unlinked),
    }


def preview_of(ground: OpenSector, whole: OpenSector | None = None) -> Preview:
    """Compute what the preview shows of an open sector, for a standing person on bare ground.

    ``whole`` is the sector on its whole terrain, which decides the links, where that of ``ground`` was cut.
    """
    from sensors.coverage import coverage_rasters
    from sensors.coverage.segments import over_segments, whole_belt

    linking = ground if whole is None else whole
    links = links_of(linking)
    rasters = coverage_rasters(
        links.layout, ground.terrain, ground.crossed, target="person", conditions="day", dwell_s=600.0
    )
    segments = over_segments(rasters, ground.crossed, belt_m=ground.sector.belt_m, required_probability=0.9)
    return Preview(
        ground,
        rasters["dead_ground"],
        segments["dead_ground_fraction"].sel(belt="both").to_numpy(),
        float(whole_belt(segments)["dead_ground_fraction"].sel(belt="both")),
        tuple(_arrows(ground)),
        tuple(_own_side(ground)),
        () if links.unchecked else tuple(_links(linking)),
        links.unlinked,
    )


def _parts(ground: OpenSector) -> tuple[AnySensor | Relay, ...]:
    """The sensors and relays of the layout."""
    return (*ground.layout, *ground.layout.relays)


def _arrows(ground: OpenSector) -> Iterator[Floats]:
    """Chevrons (3, 2) on the border that point along increasing chainage."""
    border, size = ground.border, ground.sector.belt_m * 0.16
    for chainage in (np.arange(ARROWS) + 0.5) / ARROWS * border.length_m:
        east, north = border.point_at(np.array([chainage - size, chainage + size]).clip(0.0, border.length_m))
        along = np.array([east[1] - east[0], north[1] - north[0]])
        length = float(np.hypot(*along))
        if length > 0.0:
            along = along / length
            across = np.array([-along[1], along[0]])
            tip = np.array([float(value) for value in border.point_at(chainage)]) + along * size * 0.5
            yield np.array([tip - (along + 0.7 * across) * size, tip, tip - (along - 0.7 * across) * size])


def _own_side(ground: OpenSector) -> Iterator[Floats]:
    """Outlines of a band on the own side of the border."""
    distance = ground.sector.belt_m * 0.3 * (1.0 if ground.border.home_side == "left" else -1.0)
    for line in shapely.get_parts(ground.border.line):
        band = shapely.buffer(line, distance, single_sided=True)
        for part in shapely.get_parts(band):
            if part.geom_type == "Polygon" and not part.is_empty:
                yield np.asarray(part.exterior.coords)[:, :2]


def _links(ground: OpenSector) -> Iterator[Floats]:
    """Radio links (2, 2) between parts of the layout that reach a base, and to the bases."""
    from sensors.coverage.radio_links import links_known, network_of, with_reports_decided

    bases = np.array(list(ground.bases_on_terrain().values()), dtype=np.float64).reshape(-1, 2)
    if not links_known(ground.layout.relays, bases):
        return
    layout = with_reports_decided(ground.layout, ground.terrain, bases)
    parts = [*layout.relays, *layout.sensors]
    radio = [part for part in parts if getattr(part, "reports_by", "radio") == "radio"]
    if not radio:
        return
    places = np.array([(part.easting, part.northing) for part in radio])
    network = network_of(radio, ground.terrain, bases)
    linked = network.linked(np.ones(len(radio), dtype=bool))
    for first, second in zip(*np.nonzero(np.triu(network.hears)), strict=True):
        if linked[first] and linked[second]:
            yield places[[first, second]]
    for base in bases:
        for node in np.flatnonzero(network_of(radio, ground.terrain, base[None, :]).home):
            yield np.vstack([places[node], base])


# --- the page


def _page(preview: Preview, sector: str, words: MessageCatalogue) -> str:
    ground = preview.ground
    thin = max(1, -(-max(preview.dead.shape) // LARGEST_PIXELS))
    every = {"northing": slice(None, None, thin), "easting": slice(None, None, thin)}
    dead = preview.dead.isel(every)
    states = np.select([dead.to_numpy() == 0, dead.to_numpy() == 255], [1.0, -1.0], 0.0).astype(np.float32)
    unknown = bool((states < 0.0).any())
    classes = dead.copy(data=states)
    picture, bounds = painted_png(classes, ground.terrain.attrs["crs"], [(0, 0, 0, 0), SEEN])
    seen = words.say("sector-preview-visible")
    drawn = draw_map(
        MapInput(
            terrain=ground.terrain[["elevation"]].isel(every).compute(),
            border=ground.crossed,
            segment_rows=[_segment_rows(preview, segment, words) for segment in range(ground.crossed.segments)],
            hidden=preview.dead_of_segments,
            sensors=[_sensor(preview, sensor, words) for sensor in _parts(ground)],
            bases=[Marker("base", lon, lat, name) for name, (lon, lat) in read_bases(ground.sector.bases).items()],
            fields=[_field(ground, sensor) for sensor in ground.layout],
            overlays=[Overlay(seen, seen, picture, bounds, True)],
            line_layers=_line_layers(preview, words),
        )
    )
    found = check_sector(sector_path(sector))
    lines = [error.sentence for error in found.errors]
    lines += [f"{notice.file}: {words.say(notice.message)}" for notice in found.notices]
    kinds = {part.kind for part in _parts(ground)} | ({"base"} if ground.sector.bases else set())
    page = {
        "language": words.language,
        "title": words.say("sector-preview-title", name=ground.sector.title or ground.sector.name),
        "eyebrow": words.say("sector-preview-eyebrow"),
        "about": words.say(
            "sector-preview-about",
            layout=ground.layout.name,
            sensors=len(ground.layout),
            length_m=ground.border.ground_length_m,
            segments=ground.crossed.segments,
            bases=len(read_bases(ground.sector.bases)),
        ),
        "dead": _dead(preview, words),
        "map": words.say("sector-preview-map"),
        "reading": words.say("sector-preview-reading"),
        "script": words.say("sector-preview-script"),
        "areas": [
            (colour("in-sight"), seen),
            *([("hatch unknown", words.say("map-class-unknown"))] if unknown and not drawn.unknown else []),
            (colour("own-side"), words.say("sector-preview-own-side")),
        ],
        "shades": [
            (DIRECTION, words.say("sector-preview-direction")),
            *([(LINK, words.say("sector-preview-link"))] if preview.links else []),
            *((hidden_colour(low), words.say("sector-preview-segment", low=low, high=low + 0.25)) for low in QUARTERS),
        ],
        "symbols": legend_of(kinds),
        "checks": words.say("sector-preview-checks"),
        "lines": lines,
        "nothing": words.say("sector-preview-nothing"),
        "colophon": words.say("sector-preview-limits"),
    }
    return render_page(TEMPLATE, scripts=drawn.scripts, page=page, map=drawn)


QUARTERS: Final = (0.0, 0.25, 0.5, 0.75)


def _line_layers(preview: Preview, words: MessageCatalogue) -> list[LineLayer]:
    """Return own side, direction and links as layers of the map."""
    own, direction, link = (words.say(f"sector-preview-{name}") for name in ("own-side", "direction", "link"))
    tint = {"color": OWN, "weight": 0, "fillColor": OWN, "fillOpacity": 0.28, "interactive": False}
    layers = [LineLayer(own, [Trail(outline, "unknown", own) for outline in preview.own_side], tint, polygon=True)]
    if preview.links:
        dashed = {"color": LINK, "weight": 1.5, "dashArray": "5 5", "interactive": False}
        layers.append(LineLayer(link, [Trail(ends, "unknown", link) for ends in preview.links], dashed))
    ink = {"color": DIRECTION, "weight": 3, "interactive": False}
    layers.append(LineLayer(direction, [Trail(points, "unknown", direction) for points in preview.arrows], ink))
    return layers


def _segment_rows(preview: Preview, segment: int, words: MessageCatalogue) -> list[tuple[str, str]]:
    start, end = preview.ground.crossed.segment_spans_m[segment]
    dead = float(preview.dead_of_segments[segment])
    return [
        (
            words.say("sector-preview-chainage"),
            f"{words.formats.chainage(float(start))} – {words.formats.chainage(float(end))}",
        ),
        (words.say("sector-preview-dead-ground"), words.formats.percent(dead)),
    ]


def _sensor(preview: Preview, sensor: Any, words: MessageCatalogue) -> Marker:
    rows = [
        (words.say("equipment-kind"), words.say("equipment-kind-name", kind=sensor.kind)),
        (words.say("equipment-range"), words.formats.distance(sensor.max_range_m)),
        (words.say("map-row-antenna-height"), words.formats.height(sensor.mast_height_m, 1)),
    ]
    if sensor.catalogue is not None:
        rows.append((words.say("equipment-item"), words.say(item_name(sensor.catalogue))))
    if sensor.id in preview.unlinked:
        rows.append(("", words.say("sector-preview-no-link")))
    return Marker(sensor.kind, sensor.lon, sensor.lat, plain_text(sensor.id), rows)


def _field(ground: OpenSector, sensor: Any) -> Trail:
    """Return the outline of a sensor's range and field of view on the ground."""
    placement = ground.layout.placement(sensor.id)
    start, end = placement.azimuths_rad or (0.0, 2.0 * np.pi)
    width = (end - start) % (2.0 * np.pi) or 2.0 * np.pi
    azimuth = start + np.linspace(0.0, width, max(5, int(width / 0.06)))
    rim = np.column_stack([np.sin(azimuth), np.cos(azimuth)]) * placement.farthest
    foot = np.array([[sensor.easting, sensor.northing]])
    outline = [rim + foot, rim[:1] + foot] if placement.azimuths_rad is None else [foot, rim + foot, foot]
    return Trail(np.vstack(outline), "unknown", plain_text(sensor.id))


def _dead(preview: Preview, words: MessageCatalogue) -> str:
    if np.isnan(preview.dead_fraction):
        return words.say("sector-preview-unknown-dead")
    belt_m = preview.ground.sector.belt_m
    return words.say("sector-preview-dead", fraction=preview.dead_fraction, belt_m=belt_m)


# --- the picture


def _draw_picture(path: Path, preview: Preview, words: MessageCatalogue) -> None:
    ground = preview.ground
    with drawing_style(STYLE):
        figure = Figure(figsize=(11.0, 8.0), layout="constrained")
        axes = figure.add_subplot()
        thin = max(1, -(-max(preview.dead.shape) // LARGEST_PIXELS))
        terrain = ground.terrain
        half_e = float(abs(terrain["easting"][1] - terrain["easting"][0])) / 2.0
        west, east = float(terrain["easting"][0]) - half_e, float(terrain["easting"][-1]) + half_e
        south, north = float(terrain["northing"][-1]) - half_e, float(terrain["northing"][0]) + half_e
        relief(axes, terrain, thin, (west, east, south, north))
        seen = preview.dead[::thin, ::thin].to_numpy() == 0
        picture = np.zeros((*seen.shape, 4))
        picture[seen] = [part / 255 for part in SEEN]
        axes.imshow(picture, extent=(west, east, south, north), interpolation="nearest", zorder=2)
        for outline in preview.own_side:
            axes.fill(outline[:, 0], outline[:, 1], color=OWN, alpha=0.28, linewidth=0, zorder=3)
        for line in shapely.get_parts(ground.crossed.line):
            points = np.asarray(line.coords)
            axes.plot(points[:, 0], points[:, 1], color="white", linewidth=3.4, zorder=4)
            axes.plot(points[:, 0], points[:, 1], color="black", linewidth=1.7, zorder=5)
        starts = np.column_stack(ground.border.point_at(ground.border.segment_spans_m[:, 0]))
        axes.plot(starts[:, 0], starts[:, 1], "|", color="black", markersize=5, zorder=5)
        for points in preview.arrows:
            axes.plot(points[:, 0], points[:, 1], color=DIRECTION, linewidth=2.2, zorder=6)
        for ends in preview.links:
            axes.plot(ends[:, 0], ends[:, 1], color=LINK, linewidth=1.0, linestyle=(0, (4, 3)), zorder=6)
        for part in _parts(ground):
            mark_place(axes, part.kind, part.easting, part.northing)
        bases = np.array(list(ground.bases_on_terrain().values()), dtype=np.float64).reshape(-1, 2)
        for easting, northing in bases:
            mark_place(axes, "base", easting, northing)
        box = _window(preview, bases, (west, east, south, north))
        axes.set(xlim=box[:2], ylim=box[2:], aspect="equal", xticks=[], yticks=[])
        scale_bar(axes, box)
        north_arrow(axes)
        title = plain_text(words.say("sector-preview-title", name=ground.sector.title or ground.sector.name))
        axes.set_title(f"{title}\n{_dead(preview, words)}", loc="left", fontsize=10.0)
        axes.legend(
            handles=_handles(preview, words, len(bases)),
            loc="upper left",
            bbox_to_anchor=(1.01, 1.0),
            borderaxespad=0.0,
            frameon=False,
        )
        with atomic_write(path) as partial:
            figure.savefig(partial, format="png", dpi=DPI, bbox_inches="tight", metadata={"Software": None})


def _window(
    preview: Preview, bases: Floats, terrain: tuple[float, float, float, float]
) -> tuple[float, float, float, float]:
    """Return west, east, south and north of the border, the parts of the layout and the bases with a margin, within the
    terrain."""
    ground = preview.ground
    west, south, east, north = ground.crossed.bounds
    places = np.vstack(
        [[(west, south), (east, north)], [(part.easting, part.northing) for part in _parts(ground)] or bases]
    )
    places = np.vstack([places, bases])
    margin = 1.3 * ground.sector.belt_m
    low, high = places.min(axis=0) - margin, places.max(axis=0) + margin
    return (
        max(low[0], terrain[0]),
        min(high[0], terrain[1]),
        max(low[1], terrain[2]),
        min(high[1], terrain[3]),
    )


def _handles(preview: Preview, words: MessageCatalogue, bases: int) -> list[Any]:
    say = words.say
    handles: list[Any] = [
        Patch(facecolor=colour("in-sight"), label=say("sector-preview-visible")),
        Patch(facecolor=OWN, alpha=0.28, label=say("sector-preview-own-side")),
        Line2D([], [], color=DIRECTION, marker=">", linestyle="-", label=say("sector-preview-direction")),
    ]
    if preview.links:
        handles.append(Line2D([], [], color=LINK, linestyle=(0, (4, 3)), label=say("sector-preview-link")))
    for kind in dict.fromkeys(part.kind for part in _parts(preview.ground)):
        sign, _, size = SIGNS[kind]
        name = say("equipment-kind-name", kind=kind)
        handles.append(Line2D([], [], color="black", marker=sign, linestyle="none", markersize=size, label=name))
    if bases:
        name = say("sector-preview-base")
        look: Any = {"color": "white", "mec": "black", "marker": BASE[0], "markersize": BASE[1]}
        handles.append(Line2D([], [], linestyle="none", label=name, **look))
    return handles

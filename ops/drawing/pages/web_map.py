"""The report's map, written by folium with Leaflet inlined: nothing is fetched and no text is interpreted as markup.

Every popup is built from text nodes; text that a sensor may set never passes through ``innerHTML``. It does not pass
through folium either: folium renders its output a second time as a template, so a sensor named ``{{ … }}`` would
execute code on this machine. Texts are therefore stored beside the map, as JSON, and folium's features carry only an
index.
"""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import folium
import numpy as np
import shapely
from folium.map import FitBounds
from folium.raster_layers import ImageOverlay
from folium.utilities import JsCode
from shapely.geometry import LineString

from geo.arrays import Floats
from geo.border import Border, Zone
from geo.frame import LocalFrame
from ops.drawing.colours import colour
from ops.drawing.map_images import hatched_png, hillshade_png, unknown_png
from ops.drawing.pages.map_input import BLACK, CLASS_STYLE, OUTER_EDGE, MapInput, Marker, Trail, hidden_colour
from ops.drawing.pages.static_map import print_map
from ops.drawing.symbols import KINDS
from ops.runtime.output import say

SIGNS = frozenset(KINDS)
SIMPLIFY_M = 4.0

# Builds a popup from text nodes only; data are never parsed as HTML.
POPUP_SCRIPT = """
const watchlineTexts = JSON.parse(document.getElementById("map-texts").textContent);
function watchlinePopup(feature) {
  const text = watchlineTexts[feature.properties.text];
  const box = document.createElement("div");
  box.className = "popup";
  const title = document.createElement("strong");
  title.textContent = text.title;
  box.append(title);
  const list = document.createElement("dl");
  for (const [label, value] of text.rows) {
    const term = document.createElement("dt");
    term.textContent = label;
    const description = document.createElement("dd");
    description.textContent = value;
    list.append(term, description);
  }
  box.append(list);
  return box;
}
"""
ON_EACH = "function (feature, layer) { layer.bindPopup(function () { return watchlinePopup(feature); }); }"
TO_MARKER = """function (feature, latlng) {
  const alert = feature.properties.mark === "alert";
  const anchor = alert ? [9, 22] : [9 - 15 * feature.properties.place, 9];
  return L.marker(latlng, {
    title: watchlineTexts[feature.properties.text].title,
    zIndexOffset: alert ? 1000 : 0,
    icon: L.divIcon({
      className: "mark mark-" + feature.properties.mark, iconSize: [18, 18], iconAnchor: anchor,
      popupAnchor: alert ? [0, -20] : [15 * feature.properties.place, -8], html: "",
    }),
  });
}"""


@dataclass(frozen=True, slots=True)
class MapParts:
    """The parts of the map for the page: Leaflet's style sheet, the element, the texts as JSON, the scripts, the map
    for print as a data URI, and whether the heights of some ground are unknown."""

    css: str
    html: str
    texts: str
    scripts: tuple[str, ...]
    printed: str
    unknown: bool


def draw_map(drawing: MapInput, *, on_paper: MapInput | None = None) -> MapParts:
    """Draw the map as parts of a page, ``on_paper`` with other contents; the same input gives the same text."""
    frame = drawing.border.frame
    shade, bounds = hillshade_png(drawing.terrain)
    middle = [(bounds[0][0] + bounds[1][0]) / 2, (bounds[0][1] + bounds[1][1]) / 2]
    page = folium.Map(
        location=middle,
        tiles=None,
        control_scale=True,
        prefer_canvas=False,
        attribution_control=False,
        scroll_wheel_zoom=False,
        zoom_snap=0.25,
        min_zoom=8,
        max_zoom=17,
    )
    ImageOverlay(shade, bounds, pixelated=False, control=False, alt=say("map-relief")).add_to(page)
    texts: list[dict[str, Any]] = []
    across_180 = bounds[1][1] > 180.0
    for layer in _layers(drawing, frame):
        if across_180:
            _run_on(layer)
        _take_texts(layer, texts)
        layer.add_to(page)
    folium.LayerControl(collapsed=True).add_to(page)
    fit = FitBounds(_border_bounds(drawing.border, across_180), padding=(24, 24))
    fit.options["animate"] = False  # a map that opens is still: Leaflet takes no click while it zooms
    fit.add_to(page)
    _name_in_order(page)
    root: Any = page.get_root()
    root.render()
    script = "".join(child.render() for child in root.script._children.values())
    titles = _json_for_html({"zoomInTitle": say("map-zoom-in"), "zoomOutTitle": say("map-zoom-out")})
    script = f"L.Control.Zoom.mergeOptions({titles});{script}"
    element = f'<div class="folium-map" id="{page.get_name()}"></div>'
    printed = print_map(drawing if on_paper is None else on_paper)
    scripts = (_leaflet_js(), POPUP_SCRIPT + script)
    return MapParts(_leaflet_css(), element, _json_for_html(texts), scripts, printed, drawing.unknown_ground)


def _layers(drawing: MapInput, frame: LocalFrame) -> Iterator[Any]:
    """Yield the layers, from bottom to top."""
    if drawing.unknown_ground:
        picture, bounds = unknown_png(drawing.terrain["elevation"], drawing.terrain.attrs["crs"])
        name = say("map-layer-unknown-ground")
        yield ImageOverlay(picture, bounds, name=name, alt=name, pixelated=False)
    for over in drawing.overlays:
        yield ImageOverlay(over.picture, over.bounds, name=over.name, alt=over.alt, show=over.show, pixelated=False)
    if drawing.hidden_cells is not None:
        picture, bounds = hatched_png(drawing.hidden_cells, drawing.terrain.attrs["crs"])
        name = say("map-layer-dead-ground")
        yield ImageOverlay(picture, bounds, name=name, alt=name, pixelated=False)
    if drawing.fields:
        style = {"color": BLACK, "weight": 1, "opacity": 0.6, "fillOpacity": 0.04, "interactive": False}
        yield _lines(say("map-layer-fields"), drawing.fields, frame, style, show=False, polygon=True)
    for lines in drawing.line_layers:
        if lines.polygon:
            yield _lines(lines.name, lines.trails, frame, lines.style, polygon=True)
    yield _segments(drawing)
    for lines in drawing.line_layers:
        if not lines.polygon:
            yield _lines(lines.name, lines.trails, frame, lines.style)
    if drawing.truth:
        style = {"color": colour("figure-soft"), "weight": 1.5, "dashArray": "2 4"}
        yield _lines(say("map-layer-truth"), drawing.truth, frame, style)
    if drawing.tracks:
        casing = {"color": "white", "weight": 6, "opacity": 0.85, "interactive": False}
        name = drawing.tracks_name or say("map-layer-tracks")
        yield _lines(name, drawing.tracks, frame, casing, control=False)
        yield _lines(name, drawing.tracks, frame, None)
    for layer, marks in (("bases", drawing.bases), ("sensors", drawing.sensors), ("alerts", drawing.alerts)):
        if marks:
            yield _points(say(f"map-layer-{layer}"), marks)


def _lines(
    name: str,
    trails: Sequence[Trail],
    frame: LocalFrame,
    style: Mapping[str, Any] | None,
    *,
    show: bool = True,
    control: bool = True,
    polygon: bool = False,
) -> Any:
    features = []
    for trail in trails:
        points = trail.points
        if len(points) > 2 and not polygon:
            points = np.asarray(LineString(points).simplify(SIMPLIFY_M).coords)
        if len(points) < 2:
            continue
        shade, dashes = CLASS_STYLE.get(trail.of_class, CLASS_STYLE["unknown"])
        line_style = {"color": shade, "weight": 3, "opacity": 1, "dashArray": dashes or None}
        coordinates = _lonlat(points, frame)
        geometry = {
            "type": "Polygon" if polygon else "LineString",
            "coordinates": [coordinates] if polygon else coordinates,
        }
        features.append(_feature(geometry, trail.title, trail.rows, style=dict(style or line_style)))
    return _geojson(features, name, show=show, control=control)


def _points(name: str, marks: Sequence[Marker]) -> Any:
    """Return markers; those at the same position are placed side by side, so that each can be clicked."""
    features, taken = [], Counter[tuple[float, float]]()
    for mark in marks:
        at = round(mark.lon, 6), round(mark.lat, 6)
        kind = mark.kind if mark.kind in SIGNS else "other"
        geometry = {"type": "Point", "coordinates": list(at)}
        features.append(_feature(geometry, mark.title, mark.rows, mark=kind, place=taken[at]))
        taken[at] += 1
    return _geojson(features, name, point_to_layer=JsCode(TO_MARKER))


def _segments(drawing: MapInput) -> Any:
    border = drawing.border
    casing, features = [], []
    if isinstance(border, Zone):
        for part in shapely.get_parts(border.outer.line):
            geometry = {"type": "LineString", "coordinates": _lonlat(np.asarray(part.coords)[:, :2], border.frame)}
            style = dict(OUTER_EDGE)
            casing.append(_feature(geometry, say("map-outer-edge"), [], style=style))
    for segment in range(border.segments):
        points = np.asarray(border.segment_geometry(segment).coords)[:, :2]
        geometry = {"type": "LineString", "coordinates": _lonlat(points, border.frame)}
        hidden_fraction = np.nan if drawing.hidden is None else drawing.hidden[segment]
        style = {"color": hidden_colour(float(hidden_fraction)), "weight": 4, "opacity": 1, "lineCap": "butt"}
        title, rows = say("map-segment", number=str(segment)), drawing.segment_rows[segment]
        casing.append(_feature(geometry, title, rows, style={"color": BLACK, "weight": 8}))
        features.append(_feature(geometry, title, rows, style=style))
    return _geojson([*casing, *features], say("map-layer-border"))


def _feature(geometry: Mapping[str, Any], title: str, rows: Sequence[tuple[str, str]], **more: Any) -> dict[str, Any]:
    properties = {"title": title, "rows": [list(row) for row in rows], **more}
    return {"type": "Feature", "geometry": dict(geometry), "properties": properties}


def _geojson(features: list[dict[str, Any]], name: str, **options: Any) -> Any:
    data = {"type": "FeatureCollection", "features": features}
    return folium.GeoJson(data, name=name, on_each_feature=JsCode(ON_EACH), **options)


def _take_texts(layer: Any, texts: list[dict[str, Any]]) -> None:
    """Move the texts of the layer's features into ``texts``, leaving their index: see the module docstring."""
    if isinstance(layer, folium.GeoJson):
        for feature in layer.data["features"]:
            properties = feature["properties"]
            texts.append({"title": properties.pop("title"), "rows": properties.pop("rows")})
            properties["text"] = len(texts) - 1


def _json_for_html(value: Any) -> str:
    """Return JSON that is safe inside a script element: it cannot close the element or open a comment."""
    text = json.dumps(value, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _lonlat(points: Floats, frame: LocalFrame) -> list[list[float]]:
    lon, lat = frame.to_lonlat(points[:, 0], points[:, 1])
    pairs: list[list[float]] = np.round(np.column_stack([lon, lat]), 6).tolist()
    return pairs


def _run_on(layer: Any) -> None:
    """Move what lies east of the 180th meridian beside the rest, as the relief runs on beyond it."""
    for feature in layer.data["features"] if isinstance(layer, folium.GeoJson) else []:
        feature["geometry"]["coordinates"] = _east_of_180(feature["geometry"]["coordinates"])


def _east_of_180(coordinates: list[Any]) -> list[Any]:
    if isinstance(coordinates[0], list):
        return [_east_of_180(part) for part in coordinates]
    return [coordinates[0] + 360.0 if coordinates[0] < 0.0 else coordinates[0], *coordinates[1:]]


def _border_bounds(border: Border | Zone, across_180: bool) -> list[list[float]]:
    west, south, east, north = border.bounds
    lon, lat = border.frame.to_lonlat(np.array([west, east]), np.array([south, north]))
    lon = np.where(across_180 & (lon < 0.0), lon + 360.0, lon)
    return [[float(lat[0]), float(lon[0])], [float(lat[1]), float(lon[1])]]


def _name_in_order(page: folium.Map) -> None:
    """Rename folium's randomly named elements in order, so that the same scenario gives the same file."""
    waiting: list[Any] = [page]
    number = 0
    while waiting:
        element = waiting.pop(0)
        element._id = f"{number:03d}"
        number += 1
        waiting.extend(element._children.values())


def _leaflet_folder() -> Path:
    from xstatic.pkg import leaflet

    return Path(leaflet.BASE_DIR)


def _leaflet_js() -> str:
    text = (_leaflet_folder() / "leaflet.js").read_text(encoding="utf-8")
    return text.split("//# sourceMappingURL=")[0]


def _leaflet_css() -> str:
    """Return Leaflet's style sheet with its images inlined."""
    folder = _leaflet_folder()
    css = (folder / "leaflet.css").read_text(encoding="utf-8")
    for image in sorted((folder / "images").iterdir()):
        data = base64.b64encode(image.read_bytes()).decode()
        css = css.replace(f"url(images/{image.name})", f"url(data:image/png;base64,{data})")
    return css

"""The map for print shows the whole border and every symbol, none cut off, whatever their place."""

from __future__ import annotations

import base64
import io
from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox
from PIL import Image
from shapely.geometry import LineString

from geo.border import Border
from geo.frame import LocalFrame
from ops.drawing.colours import rgba
from ops.drawing.map_images import hatched, painted_png
from ops.drawing.pages import map_names
from ops.drawing.pages.map_input import MapInput, Marker, Overlay
from ops.drawing.pages.map_names import name_places
from ops.drawing.pages.static_map import (
    FLATTEST,
    STEEPEST,
    STRIPE_PIXELS,
    _extent,
    _in_pixels,
    print_map,
)
from ops.drawing.pages.web_map import draw_map
from tests.ops.drawing.pages.plain_ground import plain_ground

FRAME = LocalFrame.around(-84.2, 36.6)


def drawing_of(offsets: list[tuple[float, float]], *, length_m: float = 20_000.0) -> MapInput:
    line = LineString([(-length_m / 2.0, 0.0), (length_m / 2.0, 0.0)])
    border = Border(FRAME, line, segment_length_m=500.0)
    sensors = []
    for number, (e, n) in enumerate(offsets):
        lon, lat = FRAME.to_lonlat(e, n)
        sensors.append(Marker("radar", float(lon), float(lat), f"radar {number}"))
    return MapInput(
        terrain=plain_ground(FRAME, length_m), border=border, segment_rows=[[]] * border.segments, sensors=sensors
    )


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.tuples(st.floats(-12_000.0, 12_000.0), st.floats(-12_000.0, 12_000.0)), max_size=8),
)
def test_the_extent_holds_everything_with_a_margin(offsets: list[tuple[float, float]]) -> None:
    west, south, east, north = _extent(drawing_of(offsets))
    for e, n in [(-10_000.0, 0.0), (10_000.0, 0.0), *offsets]:
        assert west < e - 100.0 < e + 100.0 < east
        assert south < n - 100.0 < n + 100.0 < north
    assert FLATTEST - 1e-9 <= (north - south) / (east - west) <= STEEPEST + 1e-9


def test_a_symbol_away_from_the_border_is_drawn_and_the_same_input_gives_the_same_bytes() -> None:
    far = drawing_of([(9_000.0, 6_000.0)])
    without = MapInput(terrain=far.terrain, border=far.border, segment_rows=far.segment_rows)
    picture = print_map(far)
    assert picture == print_map(far)
    pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(picture.partition(",")[2]))).convert("L"))
    height, width = pixels.shape
    west, south, east, north = _extent(far)
    column = round((9_000.0 - west) / (east - west) * width)
    row = round((north - 6_000.0) / (north - south) * height)
    assert pixels[row - 4 : row + 5, column - 4 : column + 5].min() < 40, "the symbol is black"
    assert print_map(without) != picture


@pytest.mark.parametrize("length_m", [2_000.0, 200_000.0])
def test_borders_of_any_length_are_drawn(length_m: float) -> None:
    assert print_map(drawing_of([], length_m=length_m)).startswith("data:image/png;base64,")


@pytest.mark.parametrize("offsets", [[(0.0, 0.0), (600.0, 100.0), (900.0, -200.0)], [(-9_900.0, 0.0), (9_900.0, 0.0)]])
def test_names_lie_within_the_frame_and_not_on_each_other(offsets: list[tuple[float, float]]) -> None:
    figure = Figure(figsize=(7.2, 2.4), dpi=200)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set(xlim=(-10_000.0, 10_000.0), ylim=(-3_300.0, 3_300.0))
    boxes = name_places(axes, {at: f"radar and camera of the ridge {number}" for number, at in enumerate(offsets)})
    frame = axes.get_window_extent()
    assert len(boxes) == len(offsets)
    assert all(frame.x0 <= box.x0 and box.x1 <= frame.x1 and frame.y0 <= box.y0 and box.y1 <= frame.y1 for box in boxes)
    assert [one for one, other in combinations(boxes, 2) if Bbox.intersection(one, other) is not None] == []
    middles = axes.transData.transform(offsets)
    assert not any(box.contains(*middle) for box in boxes for middle in middles), "no name hides a symbol"


def map_axes() -> Axes:
    figure = Figure(figsize=(7.2, 4.0), dpi=200)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set(xlim=(0.0, 18.0), ylim=(0.0, 10.0))
    return axes


def test_the_search_for_a_place_ends_at_the_first_that_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    measured: list[str] = []
    box_of = map_names._box

    def box(stand: Any, axes: Axes, at: map_names.Place, name: str) -> Bbox:
        measured.append(name)
        return box_of(stand, axes, at, name)

    monkeypatch.setattr(map_names, "_box", box)
    name_places(map_axes(), {(9.0, 5.0): "alone"})
    assert measured == ["alone"]


def test_names_stand_where_a_search_of_all_places_puts_them() -> None:
    """The oracle: of all places the one of least cost, the first of equals; some of these names have no free place."""
    named = {(9.0 + 0.4 * (n % 4), 5.0 + 0.2 * (n // 4)): f"a name of radar {n}" for n in range(8)}
    named[17.9, 9.9] = "at the rim"
    axes, frame = map_axes(), map_axes().get_window_extent()
    reach = map_names.MARK_PT * 200.0 / 72.0
    symbols = [Bbox([at - reach, at + reach]) for at in axes.transData.transform(list(named))]
    chosen: list[Bbox] = []
    for at, name in named.items():
        boxes = [map_names._box(stand, axes, at, name) for stand in map_names.STANDS]
        costs = [map_names._cost(box, [*symbols, *chosen], frame) for box in boxes]
        chosen.append(boxes[costs.index(min(costs))])
    found = name_places(map_axes(), named)
    assert [box.extents.tolist() for box in found] == [box.extents.tolist() for box in chosen]


def test_dead_ground_is_hatched_where_it_is_and_as_the_legend_has_it() -> None:
    """Stripes are drawn per pixel, so that they are as wide on a map of 20 km as on one of 200 km."""
    clear = drawing_of([])
    cells = xr.zeros_like(clear.terrain["elevation"], dtype=np.uint8)
    middle = {axis: slice(cells.sizes[axis] // 3, 2 * cells.sizes[axis] // 3) for axis in ("northing", "easting")}
    cells[middle] = 1
    extent = _extent(clear)
    hidden = _in_pixels(cells, extent)
    west, south, east, north = extent
    rows, columns = hidden.shape
    for row, column in np.random.default_rng(1).integers(0, (rows, columns), (200, 2)):
        e, n = west + (column + 0.5) / columns * (east - west), north - (row + 0.5) / rows * (north - south)
        place = cells.sel(easting=e, northing=n, method="nearest")
        cell_m = float(cells["easting"][1] - cells["easting"][0])
        on_it = abs(float(place["easting"]) - e) <= cell_m / 2 and abs(float(place["northing"]) - n) <= cell_m / 2
        assert hidden[row, column] == (bool(place) and on_it)
    stripes = hatched(hidden, STRIPE_PIXELS)
    assert {tuple(pixel) for pixel in stripes[hidden][:400].tolist()} == {rgba("dead-hatch"), rgba("dead-hatch-gap")}
    assert not stripes[~hidden].any()
    assert print_map(replace(clear, hidden_cells=cells)) != print_map(clear)


@pytest.mark.parametrize(
    ("frame", "at", "length_m"),
    [
        (LocalFrame.from_epsg(2154), (7.3, 44.2), 20_000.0),
        (LocalFrame.along(np.linspace(10.0, 16.0, 20), np.full(20, 47.0)), (13.0, 47.0), 150_000.0),
        (LocalFrame.around(179.99, 50.0), (179.99, 50.0), 20_000.0),
    ],
    ids=["Lambert-93", "along", "180"],
)
def test_a_picture_lies_on_the_ground_that_it_shows(
    frame: LocalFrame, at: tuple[float, float], length_m: float
) -> None:
    """Meridians and parallels are no axes of the frame."""
    terrain = plain_ground(frame, length_m)
    east, north = frame.to_local(*at)
    terrain = terrain.assign_coords(easting=terrain["easting"] + east, northing=terrain["northing"] + north)
    line = LineString([(east - length_m / 2.0, north), (east + length_m / 2.0, north)])
    plain = MapInput(
        terrain=terrain, border=Border(frame, line, segment_length_m=length_m), segment_rows=[[]],
    )  # fmt: skip
    west, south, right, top = _extent(plain)
    cell_m = float(terrain["easting"][1] - terrain["easting"][0])
    for row, column in ((92, 70), (92, 100), (106, 130)):
        cells = xr.zeros_like(terrain["elevation"])
        cells[row - 2 : row + 3, column - 2 : column + 3] = 1.0
        picture, bounds = painted_png(cells, terrain.attrs["crs"], [(0, 0, 0, 0), (255, 0, 255, 255)])
        drawn = print_map(replace(plain, overlays=[Overlay("mark", "mark", picture, bounds)]))
        pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(drawn.partition(",")[2]))).convert("RGB"), dtype=int)
        rows, columns = np.nonzero((pixels[..., 0] > 150) & (pixels[..., 1] < 110) & (pixels[..., 2] > 150))
        near_m = cell_m + 2.0 * (right - west) / pixels.shape[1]
        e = west + (columns.mean() + 0.5) / pixels.shape[1] * (right - west)
        n = top - (rows.mean() + 0.5) / pixels.shape[0] * (top - south)
        assert abs(e - float(terrain["easting"][column])) < near_m
        assert abs(n - float(terrain["northing"][row])) < near_m


def test_an_alert_is_a_pin_with_its_tip_at_its_place() -> None:
    """A triangle that points down would be a relay."""
    clear = drawing_of([(9_000.0, 5_000.0), (-9_000.0, -5_000.0)])
    lon, lat = FRAME.to_lonlat(2_000.0, 1_500.0)
    with_alert = replace(clear, alerts=[Marker("alert", float(lon), float(lat), "crossing")])
    before, after = (
        np.asarray(Image.open(io.BytesIO(base64.b64decode(print_map(one).partition(",")[2]))).convert("RGB"))
        for one in (replace(with_alert, alerts=[]), with_alert)
    )
    assert _extent(clear) == _extent(with_alert)
    west, south, east, north = _extent(with_alert)
    height, width, _ = after.shape
    column, row = (2_000.0 - west) / (east - west) * width, (north - 1_500.0) / (north - south) * height
    rows, columns = np.nonzero((before != after).any(axis=2))
    assert abs(rows.max() - row) < 4.0
    assert abs((columns.min() + columns.max()) / 2.0 - column) < 3.0
    assert rows.max() - rows.min() > columns.max() - columns.min()


def test_ground_without_terrain_data_is_hatched() -> None:
    drawing = drawing_of([])
    elevation = drawing.terrain["elevation"].copy()
    rows = elevation.sizes["northing"]
    elevation[rows * 2 // 5 : rows // 2] = np.nan
    with_void = replace(drawing, terrain=drawing.terrain.assign(elevation=elevation))

    def dark(shown: MapInput) -> float:
        """Fraction of dark pixels north of the border, west of the arrow."""
        pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(print_map(shown).partition(",")[2]))).convert("L"))
        return float((pixels[2 : len(pixels) // 3, 2 : pixels.shape[1] // 2] < 128).mean())

    assert dark(drawing) == 0.0
    assert 0.02 < dark(with_void) < 0.5
    on_page = [draw_map(one) for one in (drawing, with_void)]
    assert [one.unknown for one in on_page] == [False, True], "the legend has an entry for it"
    assert ["No terrain data" in "".join(one.scripts) for one in on_page] == [False, True], "so has the page's map"


def test_a_single_cell_without_terrain_data_is_seen() -> None:
    drawing = drawing_of([])
    elevation = drawing.terrain["elevation"].copy()
    elevation[elevation.sizes["northing"] * 19 // 40, elevation.sizes["easting"] * 2 // 5] = np.nan
    void = replace(drawing, terrain=drawing.terrain.assign(elevation=elevation))
    before, after = (
        np.asarray(Image.open(io.BytesIO(base64.b64decode(print_map(one).partition(",")[2]))).convert("L"), dtype=int)
        for one in (drawing, void)
    )
    assert (before - after).max() > 80, "a dark outline on pale ground"

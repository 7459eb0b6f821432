"""What of a border lies off the terrain is said in metres and shares, and never silently left out."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pyproj import Geod, Transformer
from rich.console import Console

from geo.message import Message
from ops.analysis.coverage.command import cover
from ops.analysis.coverage.options import CoverageOptions
from ops.runtime.output import say_in_english
from ops.sector.check import check_sector
from ops.sector.off_terrain import OffTerrain, gaps_in, void_fraction, voids_in
from ops.sector.open_sector import open_sector
from ops.sector.sector_file import load_sector

QUIET = Console(stderr=True, quiet=True)


def line(files: Any, *east_m: float) -> list[tuple[float, float]]:
    """A border 3 km south of the map's northern edge at these eastings from its western one, which is 8 km away."""
    back = Transformer.from_crs(32616, 4326, always_xy=True)
    places = [back.transform(700_000.0 + east, 4_047_000.0) for east in east_m]
    geometry = {"type": "LineString", "coordinates": [[round(x, 8) for x in place] for place in places]}
    feature = {"type": "Feature", "geometry": geometry, "properties": {}}
    files.border.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    return places


def test_a_line_that_leaves_the_terrain(own_sector: Any, tmp_path: Path) -> None:
    """4 km before and 4 km behind it are missing, measured over the ellipsoid."""
    places = line(own_sector, -4_000.0, 12_000.0)
    ground = open_sector(load_sector(own_sector.sector))
    whole = Geod(ellps="WGS84").line_length(*zip(*places, strict=True))
    found = OffTerrain.of(ground)
    assert found.line_m == pytest.approx(whole - ground.border.length_m, abs=10.0)
    assert found.line_m == pytest.approx(8_000.0, abs=100.0)
    answer = cover(CoverageOptions(str(own_sector.sector), tmp_path / "out"), QUIET)
    (sentence,) = answer["off_terrain"]["sentences"]
    assert re.match(r"[78],\d{3} m of the border is outside the terrain", sentence)


def test_a_belt_that_is_wider_than_the_terrain(own_sector: Any) -> None:
    """3 km on the one side and 3 km on the other are all there is of 2 × 9 km."""
    line(own_sector, 200.0, 7_800.0)
    own_sector.edit(own_sector.sector, "belt_m = 1500", "belt_m = 9000")
    found = OffTerrain.of(open_sector(load_sector(own_sector.sector)))
    assert found.line_m == 0.0
    assert found.belt_fraction == pytest.approx(1.0 - 6.0 / 18.0, abs=0.01)
    (message,) = found.messages
    assert message == Message("coverage-off-terrain-belt", {"fraction": found.belt_fraction, "belt": 9000.0})
    assert f"{found.belt_fraction:.1%}" in found.record["sentences"][0]


def test_nothing_is_said_of_a_border_that_has_its_terrain(hill_ground: Any) -> None:
    assert OffTerrain.of(hill_ground).messages == []


def test_gaps_in_the_line_are_named_but_not_those_at_the_rim_of_the_terrain(own_sector: Any) -> None:
    """One gap of 30 m inside; the line leaves the terrain in the north and comes back 400 m farther east."""
    back = Transformer.from_crs(32616, 4326, always_xy=True)
    legs = [
        [(1_000, 4_048), (3_000, 4_048)],
        [(3_030, 4_048), (5_000, 4_048), (5_000, 4_060), (5_400, 4_060), (5_400, 4_046)],
    ]
    places = [[back.transform(700_000.0 + east, 1000.0 * north) for east, north in leg] for leg in legs]
    geometry = {"type": "MultiLineString", "coordinates": places}
    feature = {"type": "Feature", "geometry": geometry, "properties": {}}
    own_sector.border.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    ground = open_sector(load_sector(own_sector.sector))
    assert len(ground.border.gaps) == 2
    (message,) = gaps_in(ground)
    lon, lat = back.transform(703_015.0, 4_048_000.0)
    found = message.parameters
    assert (found["count"], found["places"]) == (1, (f"{lat:.5f} {lon:.5f}",))
    assert found["length"] == pytest.approx(30.0, abs=0.01)
    notices = [notice.message for notice in check_sector(own_sector.sector).notices]
    assert message in notices
    assert say_in_english(message).startswith(f"The border line has a gap of 30 m at {lat:.5f} {lon:.5f} (latitude")


def test_voids_are_counted_within_the_belt_alone(own_sector: Any) -> None:
    """Half of the ground that is near enough to the border has no elevation, and all of what is far from it."""
    line(own_sector, 1_000.0, 5_000.0)
    ground = open_sector(load_sector(own_sector.sector))
    assert voids_in(ground) == []
    half = ground.terrain["easting"] < float(ground.border.line.centroid.x)
    near = abs(ground.terrain["northing"] - float(ground.border.line.centroid.y)) < ground.sector.belt_m
    elevation = ground.terrain["elevation"].where(near & half)
    spoilt = replace(ground, terrain=ground.terrain.assign(elevation=elevation))
    assert void_fraction(spoilt) == pytest.approx(0.5, abs=0.02)
    (message,) = voids_in(spoilt)
    assert message.id == "sector-notice-voids"
    assert message.parameters["fraction"] == void_fraction(spoilt)

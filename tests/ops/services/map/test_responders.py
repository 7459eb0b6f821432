"""Response times on demand: the same as the engine's, with honest gaps, and classes of the layer of isochrones."""

from __future__ import annotations

import math
from copy import copy

import numpy as np
import pytest

from geo.errors import BadInput
from geo.mobility.settings import MobilitySettings
from geo.paths.response_times import response_time
from ops.drawing.response_paint import BEYOND, MINUTES, ResponseTime
from ops.sector.open_sector import OpenSector
from ops.services.map.responders import Responders, interruptions
from sensors.interdiction import probability_of_interruption


@pytest.fixture(scope="module")
def places(hill_ground: OpenSector) -> list[tuple[float, float]]:
    """Four positions [m] well inside the terrain."""
    easting, northing = (hill_ground.terrain[axis].to_numpy() for axis in ("easting", "northing"))
    return [(float(easting[c]), float(northing[r])) for r, c in ((30, 40), (75, 100), (110, 160), (60, 20))]


def test_a_base_takes_what_the_engine_says_and_a_unit_that_without_the_turnout(
    hill_ground: OpenSector, places: list[tuple[float, float]]
) -> None:
    responders, target = Responders(hill_ground), places[1]
    lonlat = [tuple(float(part) for part in hill_ground.frame.to_lonlat(*place)) for place in places]
    asked = [(lon, lat, False, at_base) for lon, lat in lonlat for at_base in (True, False)]
    found = responders.times(*target, asked)
    for number, place in enumerate(places):
        there = response_time(hill_ground.terrain, place).sel(easting=target[0], northing=target[1])
        assert found[2 * number] == pytest.approx(float(there), abs=0.01)
        assert found[2 * number + 1] == pytest.approx(float(there) - MobilitySettings().turnout_s, abs=0.01)


def test_on_foot_is_never_faster_than_with_a_vehicle_and_off_the_terrain_there_is_no_time(
    hill_ground: OpenSector, places: list[tuple[float, float]]
) -> None:
    responders = Responders(hill_ground)
    lon, lat = (float(part) for part in hill_ground.frame.to_lonlat(*places[3]))
    driven, walked, away = responders.times(
        *places[1], [(lon, lat, False, False), (lon, lat, True, False), (lon + 5.0, lat, False, False)]
    )
    assert driven is not None
    assert walked is not None
    assert driven <= walked
    assert away is None


def test_behind_a_void_the_time_is_unknown_and_so_is_the_interruption(
    hill_ground: OpenSector, places: list[tuple[float, float]]
) -> None:
    """A column of the terrain without data between the position and one of two units."""
    ground = copy(hill_ground)
    easting = hill_ground.terrain["easting"]
    void = hill_ground.terrain["elevation"].where(np.abs(easting - easting[70]) > 1.0)
    object.__setattr__(ground, "terrain", hill_ground.terrain.assign(elevation=void))
    origins = [(*(float(part) for part in hill_ground.frame.to_lonlat(*places[n])), False, False) for n in (0, 2)]
    seconds = Responders(ground).times(*places[1], origins)
    assert seconds[0] is not None
    assert math.isnan(seconds[0])
    assert seconds[1] is not None
    assert seconds[1] > 0.0
    chances = interruptions(seconds, 900.0, 200.0, 0.8)
    assert chances[0] is None
    assert chances[1] is not None


def test_a_position_off_the_ground_is_refused(hill_ground: OpenSector) -> None:
    with pytest.raises(BadInput, match="position"):
        Responders(hill_ground).times(0.0, 0.0, [])


def test_interruption_is_easis_and_nothing_is_left_when_the_time_is_over() -> None:
    by_hand = 0.8 * float(
        probability_of_interruption(
            [1.0], [600.0], [180.0], response_s=300.0, response_sd_s=90.0, communication=0.95, position=1.0
        )
    )
    assert interruptions([300.0, None], 600.0, 180.0, 0.8) == [pytest.approx(by_hand), 0.0]
    assert interruptions([300.0], 0.0, 180.0, 0.8) == [0.0]
    faster = interruptions([100.0, 200.0, 400.0, 800.0], 600.0, 180.0, 1.0)
    assert faster == sorted(faster, reverse=True)


def test_the_limit_belongs_to_the_faster_class_and_no_path_to_none() -> None:
    style = ResponseTime()
    seconds = np.array([[0.0, 300.0, 300.5, 3600.0, 3601.0, math.inf, math.nan]], np.float32)
    assert style.classes(seconds).tolist() == [[0, 0, 1, len(MINUTES) - 1, BEYOND, BEYOND, BEYOND]]
    for palette in ("day", "night"):
        pixels = style.paint(style.classes(seconds).astype(np.float32), 1.0, palette)  # type: ignore[arg-type]
        assert (pixels[3, 0] > 0).tolist() == [True] * 4 + [False] * 3
        shades = [int(entry["colour"][1:3], 16) for entry in style.legend(palette)]  # type: ignore[arg-type]
        assert shades == sorted(shades, reverse=palette == "night"), "lightness alone orders the classes"

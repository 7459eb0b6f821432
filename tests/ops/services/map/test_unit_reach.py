"""Reach on demand: what the map process answers for a unit is what the function computes, and is kept for its cell."""

from __future__ import annotations

import math

import numpy as np
import pytest

from geo.errors import BadInput
from ops.sector.open_sector import OpenSector
from ops.services.api.field.map_routes import MOST_BYTES, area_of
from ops.services.map.unit_reach import MOST_UNITS, UnitReach
from sensors.interdiction.unit_reach import ReachGround, reach_ground


@pytest.fixture(scope="module")
def laid(hill_ground: OpenSector) -> ReachGround:
    return reach_ground(hill_ground.terrain, hill_ground.border)


@pytest.fixture(scope="module")
def own(hill_ground: OpenSector, laid: ReachGround) -> list[tuple[float, float]]:
    """Positions (longitude, latitude) well apart on the own side."""
    rows, columns = np.nonzero(laid.own_side)
    chosen = np.linspace(0, len(rows) - 1, 5).astype(int)
    return [
        tuple(float(part) for part in hill_ground.frame.to_lonlat(laid.walker.easting[c], laid.walker.northing[r]))
        for r, c in zip(rows[chosen], columns[chosen], strict=True)
    ]


def test_a_unit_gets_its_reach_of_every_target_and_one_off_the_terrain_none(
    hill_ground: OpenSector, own: list[tuple[float, float]]
) -> None:
    reach, frame = UnitReach(hill_ground), hill_ground.frame
    end = tuple(float(one) for one in frame.to_local(*own[2]))
    targets = [(*own[1], None, None), (*own[1], end, (900.0, 200.0, 0.9))]
    found, again = (reach.of([(*own[0], True), (*own[3], False)], targets) for _ in range(2))
    assert found == again
    for one in found:
        assert one is not None
        still, moving = one
        assert still["travel_s"] > 0.0
        assert (still["margin_s"], still["interruption"], still["in_time"]) == (None, None, True)
        assert moving["margin_s"] is not None
        assert moving["in_time"] is (moving["margin_s"] >= 0.0)
        assert 0.0 <= moving["interruption"] <= 0.9
        assert moving["meet"] is not None
        assert all(math.isfinite(value) for value in (still["distance_m"], still["bearing_deg"], still["slope_deg"]))
    assert len(reach._fields) == 2, "one search for each unit, however many targets and questions"
    alone = reach.of([(-179.0, 10.0, True)], targets)
    assert alone == [None], "off the terrain"


def test_a_target_that_the_sector_cannot_place_has_no_reach_and_takes_none_from_the_others(
    hill_ground: OpenSector, own: list[tuple[float, float]]
) -> None:
    """A device without a fix often states 0, 0, which is beyond the projection of a sector in America."""
    reach, frame = UnitReach(hill_ground), hill_ground.frame
    lost = next(
        (lon, lat)
        for lon in np.arange(-180.0, 180.0, 2.0).tolist() for lat in (0.0, 10.0)
        if not np.isfinite(frame.to_local(lon, lat)).all()
    )  # fmt: skip
    here = (*own[1], None, None)
    (alone,) = reach.of([(*own[0], True)], [here])
    (found,) = reach.of([(*own[0], True)], [here, (*lost, None, None), here])
    assert alone is not None
    assert found == [alone[0], None, alone[0]]


def test_more_units_than_are_considered_are_refused(hill_ground: OpenSector) -> None:
    with pytest.raises(BadInput, match="at most"):
        UnitReach(hill_ground).of([(0.0, 0.0, True)] * (MOST_UNITS + 1), [])


@pytest.mark.parametrize("place", [None, (10.4, 46.5), (0.0, 0.0)])
def test_the_map_that_a_unit_carries_has_at_most_20_mb_and_holds_its_area(place: tuple[float, float] | None) -> None:
    sector = (10.0, 46.0, 11.0, 47.0)
    bounds, deepest, size = area_of(sector, place)
    assert size <= MOST_BYTES
    assert 8 <= deepest <= 14
    assert sector[0] <= bounds[0] < bounds[2] <= sector[2]
    assert sector[1] <= bounds[1] < bounds[3] <= sector[3]
    if place == (10.4, 46.5):
        assert bounds[0] < place[0] < bounds[2]
        assert area_of(sector, None)[1] <= deepest, "a smaller area is carried in more detail"
    else:
        assert bounds == sector

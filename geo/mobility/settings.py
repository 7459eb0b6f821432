"""Assumptions about movement over the ground, each with its unit, source and confidence."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Final

from geo.assumption import Assumption, assumed, assumptions_of
from geo.errors import BadInput
from geo.mobility.walking_speed import TOBLER_OFF_PATH

Factors = Mapping[str, float]

# Fraction of the speed on open ground, by class of land cover; 0 closes the ground. Names of ESA WorldCover's classes.
FOOT_COVER: Final[Factors] = {
    "tree_cover": 0.8,
    "shrubland": 0.7,
    "grassland": 1.0,
    "cropland": 0.9,
    "built-up": 1.0,
    "bare_or_sparse_vegetation": 1.0,
    "snow_and_ice": 0.5,
    "permanent_water": 0.0,
    "herbaceous_wetland": 0.3,
    "mangroves": 0.2,
    "moss_and_lichen": 0.9,
}
VEHICLE_COVER: Final[Factors] = {
    "tree_cover": 0.0,
    "shrubland": 0.4,
    "grassland": 1.0,
    "cropland": 0.6,
    "built-up": 1.0,
    "bare_or_sparse_vegetation": 1.0,
    "snow_and_ice": 0.2,
    "permanent_water": 0.0,
    "herbaceous_wetland": 0.0,
    "mangroves": 0.0,
    "moss_and_lichen": 0.6,
}
# Speed on a road by its class [m/s]; OpenStreetMap's values of ``highway``.
ROAD_MPS: Final[Factors] = {
    "motorway": 27.8,
    "trunk": 22.2,
    "primary": 19.4,
    "secondary": 16.7,
    "tertiary": 13.9,
    "unclassified": 11.1,
    "residential": 8.3,
    "service": 5.6,
    "road": 11.1,
    "track": 5.6,
}
ROAD_LINKS = "_link"  # slip roads count as the road they lead to
FOOTWAYS: Final = frozenset({"path", "footway", "bridleway", "steps", "pedestrian", "cycleway"})


@dataclass(frozen=True, slots=True, kw_only=True)
class MobilitySettings:
    """The named settings of ``geo.mobility.speed_surface``. Iterating gives every number with its source.

    Raises BadInput for a number that is negative or not finite, and a fraction above 1.
    """

    off_path_factor: float = assumed(TOBLER_OFF_PATH, "1", "Tobler (1993), NCGIA report 93-1: off a path", "H")
    foot_cover: Factors = assumed(FOOT_COVER, "1", "assumption: walking with a load")  # noqa: RUF009 - a field
    foot_canopy_factor: float = assumed(0.8, "1", "assumption: walking under trees, where no land cover says")
    river_wade_s: float = assumed(600.0, "s", "assumption: finding a place, undressing, wading or swimming, dressing")
    ford_wade_s: float = assumed(60.0, "s", "assumption: a known ford")
    vehicle_mps: float = assumed(9.0, "m/s", "assumption: off the road on level open ground")
    vehicle_decline: float = assumed(4.0, "1", "assumption: speed falls by exp(−4 |gradient|)")
    vehicle_limit: float = assumed(0.45, "1", "assumption: steepest gradient off the road, about 24°", "M")
    vehicle_cover: Factors = assumed(VEHICLE_COVER, "1", "assumption: a light off-road vehicle")  # noqa: RUF009 - a field
    vehicle_ford_s: float = assumed(60.0, "s", "assumption: driving through a known ford")
    road_mps: Factors = assumed(  # noqa: RUF009 - a field
        ROAD_MPS, "m/s", "assumption by class; a column of speeds goes before", "M"
    )
    road_gradient: float = assumed(0.12, "1", "assumption: the steepest that public mountain roads are built", "M")
    canopy_from_m: float = assumed(2.0, "m", "lower growth does not count as trees")
    turnout_s: float = assumed(0.0, "s", "from the alarm to the first movement; 0 counts travel alone")
    dismount_s: float = assumed(60.0, "s", "assumption: leaving the vehicle and continuing on foot")

    def __post_init__(self) -> None:
        for f in fields(self):
            value = getattr(self, f.name)
            numbers = list(value.values()) if isinstance(value, Mapping) else [value]
            if not all(_is_number(number) and 0.0 <= number < math.inf for number in numbers):
                raise BadInput(f"{value!r}", where=f"setting {f.name}", expected="finite numbers from 0")
            if f.name.endswith(("factor", "cover")) and max(numbers) > 1.0:
                raise BadInput(f"{max(numbers)!r}", where=f"setting {f.name}", expected="fractions from 0 to 1")
        for name in ("off_path_factor", "vehicle_mps"):
            if getattr(self, name) == 0.0:
                raise BadInput("0", where=f"setting {name}", expected="above 0")

    def __iter__(self) -> Iterator[Assumption]:
        return assumptions_of(self)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)

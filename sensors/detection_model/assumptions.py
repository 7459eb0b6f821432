"""Named assumptions of the coverage model that layouts do not state, each with unit, source and confidence.

Confidence: H official or reproduced, M literature, L an assumption that must be shown to the reader of a result.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Final

from geo.assumption import Assumption, assumed, assumptions_of
from geo.errors import BadInput
from sensors.detection_model.weather import Conditions

TARGETS: Final = ("person", "group", "vehicle")
"""Target classes for which coverage is computed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumptions:
    """The named settings of ``sensors.coverage``; each field's metadata holds unit, source and confidence.

    Raises BadInput for a number that is not finite and above zero (for some: from zero).
    """

    person_speed_mps: float = assumed(1.25, "m/s", "a walker off the road; the worked examples use it too", "M")
    group_speed_mps: float = assumed(1.25, "m/s", "as one person")
    vehicle_speed_mps: float = assumed(5.0, "m/s", "a vehicle off the road, carefully driven")
    radar_period_s: float = assumed(3.0, "s", "the turn of a radar whose layout gives no period_s")
    radar_group_range_factor: float = assumed(1.0, "1", "a group is found no farther than one of its people")
    radar_vehicle_range_factor: float = assumed(1.75, "1", "vehicles are found at 1.5 to 2 times a person's range")
    radar_rain_k: float = assumed(0.01217, "dB/km", "ITU-R P.838-3, 10 GHz, horizontal polarisation", "H")
    radar_rain_alpha: float = assumed(1.2571, "1", "ITU-R P.838-3, 10 GHz, horizontal polarisation", "H")
    radar_clutter_rain_mm_h: float = assumed(
        10.0, "mm/h", "rain whose clutter equals the noise at the reference range, after the Doppler filter"
    )
    radar_clutter_exponent: float = assumed(1.6, "1", "Z = 200 R^1.6, Marshall and Palmer (1948)", "M")
    radar_clutter_wind_mps: float = assumed(20.0, "m/s", "wind in which swaying plants double the noise")
    camera_search_s: float = assumed(60.0, "s", "time in which a camera's search of its field has shown what it can")
    radio_search_s: float = assumed(600.0, "s", "time in which a target that carries a transmitter has used it")
    human_search_s: float = assumed(60.0, "s", "time in which an observer has searched the field, as a camera's")
    radar_canopy_fraction: float = assumed(1.0, "1", "fraction of the trees' height that blocks a radar", zero=True)
    camera_canopy_fraction: float = assumed(1.0, "1", "fraction of the trees' height that blocks a camera", zero=True)
    radio_canopy_fraction: float = assumed(
        0.0, "1", "fraction of the trees' height that blocks a radio finder", zero=True
    )
    human_canopy_fraction: float = assumed(1.0, "1", "fraction of the trees' height that blocks an observer", zero=True)
    day_contrast: float = assumed(0.3, "1", "contrast of clothing or paint against vegetation")
    least_contrast: float = assumed(0.02, "1", "Koschmieder (1924): the contrast that can just be seen", "H")
    thermal_contrast_k: float = assumed(3.0, "K", "a person or engine against the ground")
    thermal_least_contrast_k: float = assumed(0.05, "K", "a cooled or good uncooled camera's least difference")
    thermal_wavelength_um: float = assumed(10.0, "µm", "middle of the long-wave window", "M")
    vapour_extinction_per_km: float = assumed(0.02, "1/km per g/m³", "long-wave window, order of LOWTRAN's summer air")
    rain_extinction_db_per_km: float = assumed(
        1.076, "dB/km at 1 mm/h", "Carbonneau and Wisely (1998), as in ITU-R P.1814: 1.076 R^0.67", "M"
    )
    rain_extinction_exponent: float = assumed(0.67, "1", "Carbonneau and Wisely (1998), as in ITU-R P.1814", "M")
    seismic_wind_mps: float = assumed(10.0, "m/s", "wind that doubles the ground's noise")
    seismic_rain_mm_h: float = assumed(10.0, "mm/h", "rain that doubles the ground's noise")
    confident_look_probability: float = assumed(
        0.5, "1", "look probability from which a sensor counts among those that certainly cover a cell", zero=True
    )

    def __post_init__(self) -> None:
        for f in fields(self):
            value = getattr(self, f.name)
            number = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
            if not (number and (value > 0.0 or (value == 0.0 and f.metadata.get("zero", False)))):
                raise BadInput(
                    f"{value!r}", where=f"assumption {f.name}", expected=f"a number above 0 [{f.metadata['unit']}]"
                )
        canopy = (
            self.radar_canopy_fraction,
            self.camera_canopy_fraction,
            self.radio_canopy_fraction,
            self.human_canopy_fraction,
        )
        if max(*canopy, self.confident_look_probability) > 1.0:
            raise BadInput("a fraction is above 1", where="assumptions", expected="fractions from 0 to 1")
        if not self.day_contrast > self.least_contrast or not self.thermal_contrast_k > self.thermal_least_contrast_k:
            raise BadInput("a contrast is below the least", where="assumptions", expected="a detectable target")

    def __iter__(self) -> Iterator[Assumption]:
        return assumptions_of(self)

    def speed_mps(self, target: str) -> float:
        """Speed of a target of this class [m/s]."""
        return {"person": self.person_speed_mps, "group": self.group_speed_mps, "vehicle": self.vehicle_speed_mps}[
            target
        ]

    def canopy_fraction(self, kind: str) -> float:
        """Fraction of the trees' height that blocks a sensor of this kind; 0 for ground sensors."""
        shares = {
            "radar": self.radar_canopy_fraction,
            "camera": self.camera_canopy_fraction,
            "radio": self.radio_canopy_fraction,
            "human": self.human_canopy_fraction,
        }
        return shares.get(kind, 0.0)

    def radar_range_factor(self, target: str) -> float:
        """Ratio of the range at which a radar detects the target to that at which it detects a person."""
        return {"person": 1.0, "group": self.radar_group_range_factor, "vehicle": self.radar_vehicle_range_factor}[
            target
        ]


@dataclass(frozen=True, slots=True)
class Situation:
    """Target, weather and assumptions: one rate belongs to one situation."""

    target: str = "person"
    conditions: Conditions = field(default_factory=Conditions)
    assumptions: Assumptions = field(default_factory=Assumptions)

    def __post_init__(self) -> None:
        if self.target not in TARGETS:
            raise BadInput(f"{self.target!r} is not known", where="target", expected=f"one of {', '.join(TARGETS)}")

    @property
    def speed_mps(self) -> float:
        return self.assumptions.speed_mps(self.target)

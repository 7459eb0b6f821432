"""Settings of a comparison of layouts: budget and years, a year's weather, operators, and every assumption by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from types import MappingProxyType
from typing import Any, Final

from geo.paths.crossings import INWARD, OUTWARD
from sensors.detection_model.assumptions import TARGETS
from sensors.detection_model.weather import Conditions
from sensors.equipment.quantity import Quantity
from sensors.errors import CompareError

OBJECTIVES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "mean_detection": "mean along the border of the probability that a crossing is detected and its alert assessed",
        "least_detection": "probability that a crossing on the minimum-detection path is detected and assessed",
        "mean_interruption": "mean along the border of the probability that a crossing is interrupted",
        "least_interruption": "probability that a crossing on the most vulnerable path is interrupted",
    }
)
"""Objectives by which layouts are compared; more is better. In every segment the crosser takes the path that is best
for him; he knows the weather but not which sensors are down."""

YEAR: Final[Mapping[str, float]] = MappingProxyType(
    {"day": 0.42, "night": 0.41, "day,rain": 0.03, "night,rain": 0.03, "day,fog": 0.03, "night,fog": 0.05, "wind": 0.03}
)
"""Fractions of the crossings of a year in each weather state (assumption: not the climate of a particular sector)."""


def _assumed(low: float, mode: float, high: float, source: str) -> Quantity:
    return Quantity(low, high, mode, f"assumption: {source}", "L")


ASSUMED: Final[Mapping[str, Quantity]] = MappingProxyType(
    {
        "service_s": _assumed(120.0, 300.0, 600.0, "time that an operator needs for one alert"),
        "patience_s": _assumed(300.0, 900.0, 1800.0, "time after which an alert is no longer worth assessing"),
        "genuine_alerts_per_day": _assumed(
            5.0, 20.0, 60.0, "alerts caused by people and vehicles, including legitimate traffic"
        ),
        "communication": _assumed(0.85, 0.95, 0.99, "an alarm reaches a crew that can respond"),
        "repair_factor": _assumed(0.7, 1.0, 2.0, "repair time relative to that assumed by the availabilities"),
        "response_factor": _assumed(0.8, 1.0, 1.5, "response time relative to that of the mobility model"),
    }
)
"""Assumptions of the comparison itself, in addition to those of the catalogue."""

POSITIVE: Final = ("service_s", "patience_s", "repair_factor", "response_factor")


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareSettings:
    """Settings of a comparison.

    Parameters
    ----------
    budget : float, currency of the catalogue, optional
        Budget over the whole period; by default the cost of the most expensive layout.
    years : float, years
        Period of the comparison.
    discount_rate : float, 1/year
        Discount rate.
    target : str
        Target class: "person", "group" or "vehicle".
    direction : str
        Direction of the crossing, "inward" or "outward".
    belt_m : float, m, optional
        Width of the belt on either side; by default 2 km, or less if the terrain ends earlier.
    weather : mapping of str to float
        Fraction [1] of a year's crossings in each of the named conditions, summing to 1.
    weather_years : float
        Number of seasons of observation to which the uncertainty of those fractions corresponds.
    required_probability : float
        Requirement [1] for a segment and for a cell.
    operators : int
        Operators in the control room, day and night.
    residual_item : str, optional
        Mobile item of the catalogue that the residual budget buys (fractions are part-time teams); None buys nothing.
    objective : str
        One of ``OBJECTIVES``.
    samples : int
        Number of Monte Carlo samples.
    seed : int
        Seed of the random numbers.
    dwell_s : float, s
        Exposure time of a target in a cell.
    neighbours : {8, 16}
        Moves per cell of the path search.
    strips : int
        Number of strips into which paths are cut for the response; 0: by the depth of the ground
        (``ResponseSettings.strips_over``).
    assumed : mapping of str to Quantity
        Quantities named in ASSUMED.

    Raises
    ------
    CompareError
        For values out of range.
    """

    budget: float | None = None
    years: float = 10.0
    discount_rate: float = 0.03
    target: str = "person"
    direction: str = INWARD
    belt_m: float | None = None
    weather: Mapping[str, float] = field(default_factory=lambda: dict(YEAR))
    weather_years: float = 30.0
    required_probability: float = 0.5
    operators: int = 2
    residual_item: str | None = "foot_patrol"
    objective: str = "mean_detection"
    samples: int = 1000
    seed: int = 1
    dwell_s: float = 600.0
    neighbours: int = 16
    strips: int = 0
    assumed: Mapping[str, Quantity] = field(default_factory=lambda: dict(ASSUMED))

    def having(self, **changes: Any) -> CompareSettings:
        """Return the same settings with some fields changed.

        Parameters
        ----------
        **changes : Any
            Fields by name.

        Returns
        -------
        CompareSettings
            The changed settings.

        Raises
        ------
        CompareError
            For a name that is not a field.
        """
        known = {f.name for f in fields(self)}
        if strangers := sorted(set(changes) - known):
            raise CompareError(f"unknown setting {strangers[0]!r}", where="compare", expected=", ".join(sorted(known)))
        return replace(self, **changes)

    def __post_init__(self) -> None:
        if self.budget is not None:
            _above(self.budget, "budget", "money above 0")
        _above(self.years, "years", "years above 0")
        _above(self.weather_years, "weather_years", "years above 0")
        _above(self.dwell_s, "dwell_s", "seconds above 0")
        if self.belt_m is not None:
            _above(self.belt_m, "belt_m", "metres above 0")
        if not _number(self.discount_rate) or not 0.0 <= self.discount_rate <= 1.0:
            raise CompareError(f"{self.discount_rate!r}", where="discount_rate", expected="0 to 1 per year")
        if not _number(self.required_probability) or not 0.0 < self.required_probability <= 1.0:
            raise CompareError(
                f"{self.required_probability!r}", where="required_probability", expected="above 0, at most 1"
            )
        for name, low, high in (("operators", 0, 1000), ("samples", 2, 100_000), ("seed", 0, 2**63), ("strips", 0, 50)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
                raise CompareError(f"{value!r}", where=name, expected=f"a whole number from {low} to {high}")
        for value, name, known in (
            (self.target, "target", TARGETS),
            (self.objective, "objective", OBJECTIVES),
            (self.direction, "direction", (INWARD, OUTWARD)),
        ):
            if value not in known:
                raise CompareError(f"{value!r} is unknown", where=name, expected=f"one of {', '.join(known)}")
        _check_weather(self.weather)
        _check_assumed(self.assumed)


def _check_weather(weather: Mapping[str, float]) -> None:
    if not weather:
        raise CompareError("no weather state", where="weather", expected="conditions and their fractions")
    for name, share in weather.items():
        Conditions.named(name)
        if not _number(share) or not 0.0 <= share <= 1.0:
            raise CompareError(f"fraction {share!r} of {name!r}", where="weather", expected="0 to 1")
    total = sum(weather.values())
    if abs(total - 1.0) > 1e-6:
        raise CompareError(f"the fractions sum to {total:g}", where="weather", expected="1")


def _check_assumed(assumed: Mapping[str, Quantity]) -> None:
    if set(assumed) != set(ASSUMED):
        odd = sorted(set(assumed) ^ set(ASSUMED))
        raise CompareError(f"{odd[0]!r} is unknown or missing", where="assumed", expected=", ".join(ASSUMED))
    for name, quantity in assumed.items():
        least = 1e-9 if name in POSITIVE else 0.0
        most = 1.0 if name == "communication" else 1e9
        if not least <= quantity.low <= quantity.high <= most:
            raise CompareError(
                f"{quantity.low:g} to {quantity.high:g}", where=f"assumed {name}", expected=f"{least:g} to {most:g}"
            )


def _number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and -1e300 < value < 1e300


def _above(value: float, name: str, expected: str) -> None:
    if not _number(value) or value <= 0.0:
        raise CompareError(f"{value!r}", where=name, expected=expected)

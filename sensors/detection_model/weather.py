"""Light and weather of a crossing: named states, their numbers, and how they combine.

A layout's figures are for a clear, dry, calm day, and worse weather never raises a rate. The effect on each kind of
sensor is in its own module; the constants are in ``sensors.detection_model.assumptions``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

from sensors.errors import ConditionsError

EXPECTED: Final = "names or numbers separated by commas, such as 'night,fog' or 'night,visibility_m=800'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """One state of light and weather that lasts for a whole crossing. The default has no effect.

    ``visibility_m`` is the meteorological optical range [m] in haze or fog, without rain, and inf in clear air;
    ``rain_mm_h`` the rain rate; ``absolute_humidity_g_m3`` the water vapour beyond that of dry air; ``wind_mps`` the
    mean wind near the ground. Raises ConditionsError for a value that is not possible.
    """

    daylight: bool = True
    visibility_m: float = math.inf
    rain_mm_h: float = 0.0
    absolute_humidity_g_m3: float = 0.0
    wind_mps: float = 0.0

    def __post_init__(self) -> None:
        if not isinstance(self.daylight, bool):
            raise ConditionsError(f"daylight is {self.daylight!r}", where="conditions", expected="true or false")
        for name, least, most in LIMITS:
            value = getattr(self, name)
            number = isinstance(value, (int, float)) and not isinstance(value, bool)
            if not (number and least <= value <= most):
                raise ConditionsError(f"{name} is {value!r}", where="conditions", expected=f"{least:g} to {most:g}")

    @classmethod
    def named(cls, text: str) -> Conditions:
        """Parse a state from names and numbers, combining each with the worse value: ``"night,fog"``,
        ``"wind_mps=12"``.

        The names are in NAMED. Raises ConditionsError for an unknown or empty name, an invalid number, and for day and
        night at once.
        """
        if not isinstance(text, str):
            raise ConditionsError(f"are {text!r}", where="conditions", expected=EXPECTED)
        words = [word.strip() for word in text.split(",")]
        if "day" in words and "night" in words:
            raise ConditionsError("day and night at once", where="conditions", expected="one of them")
        state = cls()
        for word in words:
            state = state.and_also(_one(word))
        return state

    def and_also(self, other: Conditions) -> Conditions:
        """The worse of both in every number."""
        return Conditions(
            daylight=self.daylight and other.daylight,
            visibility_m=min(self.visibility_m, other.visibility_m),
            rain_mm_h=max(self.rain_mm_h, other.rain_mm_h),
            absolute_humidity_g_m3=max(self.absolute_humidity_g_m3, other.absolute_humidity_g_m3),
            wind_mps=max(self.wind_mps, other.wind_mps),
        )

    def as_numbers(self) -> dict[str, float | bool | None]:
        """Every number by its name; None for clear air."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return {name: None if value == math.inf else value for name, value in values.items()}


LIMITS: Final = (
    ("visibility_m", 1.0, math.inf),
    ("rain_mm_h", 0.0, 500.0),
    ("absolute_humidity_g_m3", 0.0, 100.0),
    ("wind_mps", 0.0, 120.0),
)

CLEAR_DAY: Final = Conditions()

NAMED: Final[Mapping[str, Conditions]] = {
    "day": CLEAR_DAY,
    "night": Conditions(daylight=False),
    "haze": Conditions(visibility_m=5_000.0),
    "fog": Conditions(visibility_m=200.0),
    "rain": Conditions(rain_mm_h=10.0),
    "humid": Conditions(absolute_humidity_g_m3=20.0),
    "wind": Conditions(wind_mps=15.0),
}
"""Definitions of the names. Bounds: haze up to 5 km and fog below 1 km of visibility (World Meteorological
Organization, International Cloud Atlas), rain of 10 mm/h the upper end of moderate (American Meteorological Society,
Glossary), wind of 15 m/s Beaufort 7, 20 g/m³ saturated air of 23 °C. The value within the bounds is an assumption."""


def conditions_of(given: Conditions | str | Sequence[str]) -> tuple[str, Conditions]:
    """A label for display and the state, from names or from the state itself. Raises ConditionsError."""
    if isinstance(given, Conditions):
        return next((name for name, state in NAMED.items() if state == given), _label(given)), given
    if isinstance(given, (list, tuple)) and all(isinstance(word, str) for word in given):
        given = ",".join(given)
    if not isinstance(given, str):
        raise ConditionsError(f"are {given!r}", where="conditions", expected=EXPECTED)
    state = Conditions.named(given)
    return ",".join(dict.fromkeys(word.strip() for word in given.split(","))), state


def _one(word: str) -> Conditions:
    if word in NAMED:
        return NAMED[word]
    name, equals, number = (part.strip() for part in word.partition("="))
    if equals and name in {limit[0] for limit in LIMITS}:
        values: dict[str, Any] = {name: _number(name, number)}
        return Conditions(**values)
    known = ", ".join([*NAMED, *(f"{limit[0]}=…" for limit in LIMITS)])
    raise ConditionsError(f"{word!r} is not known", where="conditions", expected=f"one or more of {known}")


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ConditionsError(f"{name} is {text!r}", where="conditions", expected="a number") from None


def _label(state: Conditions) -> str:
    default = Conditions()
    parts = ["day" if state.daylight else "night"]
    parts += [
        f"{name}={getattr(state, name):g}" for name, *_ in LIMITS if getattr(state, name) != getattr(default, name)
    ]
    return ",".join(parts)

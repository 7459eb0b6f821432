"""Settings of own forces; every figure is an assumption, which can be changed."""

from __future__ import annotations

from dataclasses import dataclass, fields
from math import isfinite

from geo.errors import BadInput


class ForceSettingsError(BadInput):
    """A setting that is invalid for own forces."""


@dataclass(frozen=True, slots=True)
class ForceSettings:
    """Settings of own forces, and the reaction that each impact level requires.

    Regulation (EU) 2019/1896, Article 35, states kinds of measures for each level and no numbers: these are a site's
    plan, and the defaults are examples.

    Parameters
    ----------
    fading_s : float, s
        A position older than this is shown as fading.
    stale_s : float, s
        A position older than this is shown as the last known one: the unit does not count as fielded, and is not named
        as the nearest help. At least ``fading_s``.
    forget_s : float, s
        A unit leaves the list after this time without a message.
    near_m : float, m
        A unit counts for a border section within this distance of it.
    units_low, units_medium, units_high, units_critical : int
        Number of units on duty that a section of this impact level requires.
    response_low_s, response_medium_s, response_high_s, response_critical_s : float, s
        Maximum response time from the nearest base to a segment of a section of this impact level.

    Raises
    ------
    ForceSettingsError
        For a setting that is not a number above 0 (units: from 0), and where stale_s is below fading_s.
    """

    fading_s: float = 120.0
    stale_s: float = 600.0
    forget_s: float = 86_400.0
    near_m: float = 5_000.0
    units_low: int = 1
    units_medium: int = 1
    units_high: int = 2
    units_critical: int = 3
    response_low_s: float = 3_600.0
    response_medium_s: float = 1_800.0
    response_high_s: float = 1_200.0
    response_critical_s: float = 900.0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            least_ok = value >= 0 if field.name.startswith("units_") else value > 0.0
            if not (isfinite(value) and least_ok):
                expected = "a number from 0" if field.name.startswith("units_") else "a number above 0"
                raise ForceSettingsError(f"{field.name} = {value}", where="forces", expected=expected)
        if self.stale_s < self.fading_s:
            raise ForceSettingsError(
                f"stale_s = {self.stale_s}", where="forces", expected=f"at least fading_s ({self.fading_s})"
            )

    def units(self, level: str) -> int:
        """Units that an impact level requires."""
        return int(getattr(self, f"units_{level}"))

    def response_s(self, level: str) -> float:
        """Longest response time that an impact level allows."""
        return float(getattr(self, f"response_{level}_s"))

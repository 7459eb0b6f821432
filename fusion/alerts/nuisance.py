"""What operators reject, learned by rule, sensor, hour and weather; and which alerts may be held back for it.

Only people teach: a rejection counts as nuisance, a closing by a person as real; what clears by itself teaches
nothing. A held-back alert is counted, and every so manieth is shown all the same, so that learning goes on. Crossings,
distress, lost coverage, sensors' states, tracks from nowhere, whatever is not of low priority, and sections of high or
critical impact are never held back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from math import sqrt
from typing import Final

HOLDABLE: Final = frozenset({"approaching", "dead_ground", "loitering"})
"""Rules whose alerts may be held back; all others never are."""
SERIOUS: Final = frozenset({"high", "critical"})
"""Impact levels of sections in which nothing is ever held back."""


@dataclass(frozen=True, slots=True)
class NuisanceCount:
    """Of one rule, sensor, hour and weather: alerts that a person judged, how many of them were rejected, and how many
    were held back since."""

    judged: int = 0
    rejected: int = 0
    held: int = 0


@dataclass(frozen=True, slots=True)
class Nuisance:
    """All tallies by ``key``; ``held_ns``: when each alert that is held back now was, by its id."""

    tallies: Mapping[str, NuisanceCount] = field(default_factory=dict)
    held_ns: Mapping[str, int] = field(default_factory=dict)


def key(rule: str, sensor: str, hour: int, weather: str) -> str:
    """Name of a tally; ``hour`` 0–23 UTC."""
    return f"{rule}|{sensor}|{hour:02d}|{weather}"


def keys(rule: str, sensors: Iterable[str], hour: int, weather: str) -> tuple[str, ...]:
    """Names of the tallies of an alert that several sensors brought about, each once."""
    return tuple(key(rule, sensor, hour, weather) for sensor in sorted(set(sensors)))


def taught(tallies: Mapping[str, NuisanceCount], names: Iterable[str], *, rejected: bool) -> dict[str, NuisanceCount]:
    """The tallies after a person judged one alert."""
    after = dict(tallies)
    for name in names:
        tally = after.get(name, NuisanceCount())
        after[name] = replace(tally, judged=tally.judged + 1, rejected=tally.rejected + rejected)
    return after


def share_at_least(rejected: int, judged: int, *, z: float = 1.96) -> float:
    """Lower end of Wilson's interval for the share of rejections; 0 of nothing. (Wilson 1927; z = 1.96: 95 %.)"""
    if judged <= 0:
        return 0.0
    share, z2 = rejected / judged, z * z
    middle = share + z2 / (2.0 * judged)
    spread = z * sqrt(share * (1.0 - share) / judged + z2 / (4.0 * judged * judged))
    return max(0.0, (middle - spread) / (1.0 + z2 / judged))


def may_hold(rule: str, priority: str, impact_level: str | None) -> bool:
    """Whether an alert of this kind may be held back at all."""
    return rule in HOLDABLE and priority == "low" and impact_level not in SERIOUS


def is_nuisance(
    tallies: Mapping[str, NuisanceCount], names: Iterable[str], *, least_share: float, least_judged: float
) -> bool:
    """Whether every sensor that brought it about has been judged often enough, and nearly always rejected here."""
    counts = [tallies.get(name, NuisanceCount()) for name in names]
    return bool(counts) and all(
        tally.judged >= least_judged and share_at_least(tally.rejected, tally.judged) >= least_share for tally in counts
    )

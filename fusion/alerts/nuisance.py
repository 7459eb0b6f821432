"""Nuisance alarms: operators' rejections, learned by rule, sensor, hour and weather, and the alerts that are
suppressed.

Only people's decisions are learned: a rejection counts as nuisance, a closing by a person as real; an alert that clears
automatically has no effect, unless a person saw on a picture what it was about (fusion.alerts.pictures). An alert
counts once: a decision on the alert itself replaces what pictures said. A suppressed alert is counted, and one in every
so many is shown, so that learning continues. Crossings, distress, lost coverage, sensor states, tracks initiated
inside, all alerts above low priority, and sections of high or critical impact are never suppressed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from math import sqrt
from typing import Final

HOLDABLE: Final = frozenset({"approaching", "entering_dead_ground", "loitering"})
"""Rules whose alerts may be suppressed; all others are never suppressed."""
SERIOUS: Final = frozenset({"high", "critical"})
"""Impact levels of sections in which no alert is suppressed."""


@dataclass(frozen=True, slots=True)
class NuisanceCount:
    """Counts of one rule, sensor, hour and weather: alerts that a person assessed, those of them that were rejected,
    and those suppressed since."""

    judged: int = 0
    rejected: int = 0
    held: int = 0


@dataclass(frozen=True, slots=True)
class Nuisance:
    """All counts by ``key``; ``held_ns``: time of each alert that is suppressed at present, by its id; ``by_picture``:
    alerts that count because of pictures, by id: whether as nuisance, and under which keys."""

    tallies: Mapping[str, NuisanceCount] = field(default_factory=dict)
    held_ns: Mapping[str, int] = field(default_factory=dict)
    by_picture: Mapping[str, tuple[bool, tuple[str, ...]]] = field(default_factory=dict)


def key(rule: str, sensor: str, hour: int, weather: str) -> str:
    """Key of a count; ``hour`` 0–23 UTC."""
    return f"{rule}|{sensor}|{hour:02d}|{weather}"


def keys(rule: str, sensors: Iterable[str], hour: int, weather: str) -> tuple[str, ...]:
    """Keys of the counts of an alert that several sensors caused, each once."""
    return tuple(key(rule, sensor, hour, weather) for sensor in sorted(set(sensors)))


def taught(tallies: Mapping[str, NuisanceCount], names: Iterable[str], *, rejected: bool) -> dict[str, NuisanceCount]:
    """The counts after a person assessed one alert."""
    after = dict(tallies)
    for name in names:
        tally = after.get(name, NuisanceCount())
        after[name] = replace(tally, judged=tally.judged + 1, rejected=tally.rejected + rejected)
    return after


def untaught(tallies: Mapping[str, NuisanceCount], names: Iterable[str], *, rejected: bool) -> dict[str, NuisanceCount]:
    """The counts as if ``taught`` had not been called for one alert."""
    after = dict(tallies)
    for name in names:
        tally = after[name]
        after[name] = replace(tally, judged=tally.judged - 1, rejected=tally.rejected - rejected)
    return after


def share_at_least(rejected: int, judged: int, *, z: float = 1.96) -> float:
    """Lower end of Wilson's interval for the fraction of rejections; 0 without any. (Wilson 1927; z = 1.96: 95%.)"""
    if judged <= 0:
        return 0.0
    share, z2 = rejected / judged, z * z
    middle = share + z2 / (2.0 * judged)
    spread = z * sqrt(share * (1.0 - share) / judged + z2 / (4.0 * judged * judged))
    return max(0.0, (middle - spread) / (1.0 + z2 / judged))


def may_hold(rule: str, priority: str, impact_level: str | None) -> bool:
    """Whether an alert of this kind may be suppressed at all."""
    return rule in HOLDABLE and priority == "low" and impact_level not in SERIOUS


def is_nuisance(
    tallies: Mapping[str, NuisanceCount], names: Iterable[str], *, least_share: float, least_judged: float
) -> bool:
    """Whether each sensor that caused the alert has been assessed often enough, and nearly always rejected here."""
    counts = [tallies.get(name, NuisanceCount()) for name in names]
    return bool(counts) and all(
        tally.judged >= least_judged and share_at_least(tally.rejected, tally.judged) >= least_share for tally in counts
    )

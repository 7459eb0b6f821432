"""Expected traffic of each segment in each hour of the day, learned, and detection of hours without traffic.

Every full hour (UTC), the tracks that were confirmed near each segment are counted. Only segments that some sensor
covered and that worked the whole hour are evaluated or learned from. If so many tracks are expected, after several
days, that an hour without any would be improbable (Poisson), such an hour raises an alert: a sensor may be blind,
people may have been warned, or it may be a holiday.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from math import log
from typing import Final

from sensors.timestamps import HOUR_NS, SECOND_NS

MINUTE_NS: Final = 60 * SECOND_NS
PAUSE_NS: Final = MINUTE_NS
"""Pictures come every second; a longer time between two of them is one in which nothing was watched."""


@dataclass(frozen=True, slots=True)
class Learned:
    """Learned values of a segment and hour of the day: full hours covered, and tracks in them."""

    hours: int = 0
    tracks: int = 0


@dataclass(frozen=True, slots=True)
class Traffic:
    """State of the rule. ``hour_ns``: start of the current hour, 0 before the first; ``whole``: whether it was covered
    from its start without a pause; ``seen``: tracks near each segment in it, by segment; ``unsound``: sensors that did
    not work for all of it; ``learned`` by "segment|hour"; ``open``: alerts of segments with too little traffic, by
    segment; ``newest_ns``: time of the newest picture; ``uncovered``: segments that no sensor covered at some minute of
    the hour."""

    hour_ns: int = 0
    whole: bool = False
    seen: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unsound: tuple[str, ...] = ()
    learned: Mapping[str, Learned] = field(default_factory=dict)
    open: Mapping[str, str] = field(default_factory=dict)
    newest_ns: int = 0
    uncovered: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """Result of a full hour in a segment: tracks counted, tracks expected, and whether that is too few."""

    segment: int
    came: int
    expected: float
    below_baseline: bool


def resumed(traffic: Traffic, now_ns: int) -> Traffic:
    """State before the next picture: after a pause, in which the room was stopped, the hour is not whole."""
    paused = bool(traffic.newest_ns) and now_ns - traffic.newest_ns > PAUSE_NS
    return replace(traffic, whole=False) if paused else traffic


def minute_is_over(traffic: Traffic, now_ns: int) -> bool:
    """Whether a minute has begun since the newest picture."""
    return traffic.newest_ns // MINUTE_NS != now_ns // MINUTE_NS


def noted(
    traffic: Traffic,
    near: Iterable[tuple[str, int]],
    unsound: Iterable[str],
    now_ns: int,
    uncovered: Iterable[int] = (),
) -> Traffic:
    """State after one picture of the current hour: ``near`` are confirmed tracks with their segment, each counted
    once."""
    here: dict[str, set[str]] = {}
    for track, segment in near:
        here.setdefault(str(segment), set()).add(track)
    seen = dict(traffic.seen)
    for name, tracks in here.items():
        known = set(seen.get(name, ()))
        if not tracks <= known:
            seen[name] = tuple(sorted(known | tracks))
    hour_ns = traffic.hour_ns or now_ns - now_ns % HOUR_NS
    return replace(
        traffic,
        hour_ns=hour_ns,
        seen=seen,
        unsound=tuple(sorted({*traffic.unsound, *unsound})),
        newest_ns=now_ns,
        uncovered=tuple(sorted({*traffic.uncovered, *uncovered})),
    )


def hour_is_over(traffic: Traffic, now_ns: int) -> bool:
    """Whether the current hour has ended."""
    return bool(traffic.hour_ns) and now_ns >= traffic.hour_ns + HOUR_NS


def judged(
    traffic: Traffic, watched: Iterable[int], now_ns: int, *, least_hours: float, least_probability: float
) -> tuple[Traffic, tuple[Verdict, ...]]:
    """The next hour's state, and the results of the hour that has ended for the segments ``watched`` throughout it.

    Below baseline: no track, though e^(−expected) ≤ ``least_probability`` after ``least_hours`` such hours. Such an
    hour is also learned from, so that a lasting change is no longer reported.
    """
    learned, verdicts = dict(traffic.learned), []
    clock = traffic.hour_ns // HOUR_NS % 24
    for segment in sorted({*watched} - {*traffic.uncovered}) if traffic.whole else ():
        name = f"{segment}|{clock:02d}"
        known = learned.get(name, Learned())
        came = len(traffic.seen.get(str(segment), ()))
        expected = known.tracks / known.hours if known.hours else 0.0
        rare = known.hours >= least_hours and expected >= -log(least_probability)
        verdicts.append(Verdict(int(segment), came, expected, rare and came == 0))
        learned[name] = Learned(known.hours + 1, known.tracks + came)
    start_ns = now_ns - now_ns % HOUR_NS
    whole = start_ns == traffic.hour_ns + HOUR_NS
    after = replace(traffic, hour_ns=start_ns, whole=whole, seen={}, unsound=(), learned=learned, uncovered=())
    return after, tuple(verdicts)

"""Expected traffic of each segment in each hour of the day, learned, and hours in which it is missing.

Every whole hour (UTC) the tracks that were confirmed near each segment are counted. Only segments that some sensor
covered and that worked the whole hour are judged or learned from. Where so many tracks are expected after several days
that none at all would be a rare chance (Poisson), an hour without any raises an alert: a sensor may be blind, traffic
may have been warned, or it may be a holiday.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from math import log

HOUR_NS = 3_600_000_000_000


@dataclass(frozen=True, slots=True)
class Learned:
    """Of a segment and hour of the day: whole hours covered, and tracks in them."""

    hours: int = 0
    tracks: int = 0


@dataclass(frozen=True, slots=True)
class Traffic:
    """State of the rule. ``hour_ns``: start of the current hour, 0 before the first; ``whole``: whether it was covered
    from its start; ``seen``: tracks near each segment in it, by segment; ``unsound``: sensors that did not work all of
    it; ``learned`` by "segment|hour"; ``open``: alerts of segments that are too quiet, by segment.
    """

    hour_ns: int = 0
    whole: bool = False
    seen: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unsound: tuple[str, ...] = ()
    learned: Mapping[str, Learned] = field(default_factory=dict)
    open: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Of a whole hour in a segment: tracks counted, tracks expected, and whether that is too quiet."""

    segment: int
    came: int
    expected: float
    too_quiet: bool


def noted(traffic: Traffic, near: Iterable[tuple[str, int]], unsound: Iterable[str], now_ns: int) -> Traffic:
    """After one picture of the current hour: ``near`` are confirmed tracks with their segment, each counted once."""
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
        traffic, hour_ns=hour_ns, seen=seen, unsound=tuple(sorted({*traffic.unsound, *unsound}))
    )  # fmt: skip


def hour_is_over(traffic: Traffic, now_ns: int) -> bool:
    """Whether the current hour has ended."""
    return bool(traffic.hour_ns) and now_ns >= traffic.hour_ns + HOUR_NS


def judged(
    traffic: Traffic, watched: Iterable[int], now_ns: int, *, least_hours: float, least_probability: float
) -> tuple[Traffic, tuple[Verdict, ...]]:
    """The next hour's state, and the verdicts of the hour that has ended on the segments ``watched`` all through it.

    Too quiet: no track, though e^(−expected) ≤ ``least_probability`` after ``least_hours`` such hours. A quiet hour is
    learned from as well, so that a lasting quiet is no longer reported.
    """
    learned, verdicts = dict(traffic.learned), []
    clock = traffic.hour_ns // HOUR_NS % 24
    for segment in watched if traffic.whole else ():
        name = f"{segment}|{clock:02d}"
        known = learned.get(name, Learned())
        came = len(traffic.seen.get(str(segment), ()))
        expected = known.tracks / known.hours if known.hours else 0.0
        rare = known.hours >= least_hours and expected >= -log(least_probability)
        verdicts.append(Verdict(int(segment), came, expected, rare and came == 0))
        learned[name] = Learned(known.hours + 1, known.tracks + came)
    start_ns = now_ns - now_ns % HOUR_NS
    whole = start_ns == traffic.hour_ns + HOUR_NS
    return replace(traffic, hour_ns=start_ns, whole=whole, seen={}, unsound=(), learned=learned), tuple(verdicts)

"""The settings of alerting: every figure is an assumption of ours, open to change."""

from __future__ import annotations

from dataclasses import dataclass, fields
from math import isfinite

from geo.errors import BadInput


class AlertSettingsError(BadInput):
    """A setting that no rule can work with."""


@dataclass(frozen=True, slots=True)
class AlertSettings:
    """Every figure is an assumption of ours, open to change; times in seconds of the journal, distances in metres.

    approach_time_s: how near in time an approach toward home is an alert, outward_time_s an approach outward, both
    within approach_band_m of the line; approach_looks in a row; least_closing_mps and closing_sigma: how fast,
    absolutely and against its uncertainty, it must close in; straight_share: with which share of its speed, unless it
    is nearer in time than sure_s, for who goes along the line comes near it by chance; approach_clear_s without such a
    look ends it (the off-delay of ISA-18.2: who goes on within it is the same event).
    crossing_sigma × sqrt(track sd² + line_sd_m²) is the band; crossing_looks in a row beyond it. line_sd_m: how well
    the line is surveyed. animal_probability lowers; naming_probability names a class in sentences. urgent_s: an
    approach toward home this near is medium. revise_s: at most one update of an unchanged alert in this time; follow_s:
    a crossing is updated for so long. keep_s: closed alerts are remembered for so long; stale_s: an open crossing
    without action is cleared then (ISA-18.2). recovered_s: how long a sensor must report again. lost_share: from this
    share of the border on, segments that nobody watches are a high alert.

    pattern_band_m: the rules of fusion.alerts.pattern_rules judge tracks so near the line. loiter_*: within a circle of
    this radius for so long, so near the line beyond it and on the home side, where people live and work. inside_m,
    inside_most_m, inside_share, around_m, around_s, watched_probability, lineage_m, settle_s: a track has appeared
    inside when it is so far inside (farther in people live, and a crosser would have been seen on the way), goes in
    with this share of its speed, or by its way may have done so in the first inside_wait_s, looks see it with this
    probability at its place and around it, as far as this distance and as it goes in that time, no other track was lost
    so near, and watching began so long ago; ended_s: for how long an ended track is remembered. dead_ahead_s,
    hidden_probability, dead_least_s: dead ground is so near in time, seen with less than this probability, for so long.
    group_*: so many tracks within this distance for so long, beyond the line or heading to it; apart for group_clear_s
    they are none; split_m: parts so far from each other are a split.

    required_probability: a segment that falls below it has opened. nuisance_share, nuisance_judged: an alert that may
    be held back at all is when so many of its kind were judged by people and at least this share of them rejected, at
    95 % confidence; each nuisance_probe-th is shown. quiet_hours, quiet_probability: what an hour without traffic must
    be against, see fusion.alerts.expected_traffic.
    """

    approach_time_s: float = 300.0
    outward_time_s: float = 60.0
    approach_band_m: float = 500.0
    approach_looks: int = 3
    least_closing_mps: float = 0.3
    closing_sigma: float = 2.0
    straight_share: float = 0.5
    sure_s: float = 30.0
    approach_clear_s: float = 120.0
    crossing_sigma: float = 3.0
    crossing_looks: int = 2
    line_sd_m: float = 3.0
    animal_probability: float = 0.9
    naming_probability: float = 0.6
    urgent_s: float = 60.0
    revise_s: float = 30.0
    follow_s: float = 600.0
    keep_s: float = 3600.0
    stale_s: float = 86_400.0
    recovered_s: float = 30.0
    lost_share: float = 0.2
    pattern_band_m: float = 1500.0
    loiter_band_m: float = 400.0
    loiter_home_m: float = 150.0
    loiter_radius_m: float = 40.0
    loiter_s: float = 600.0
    inside_m: float = 150.0
    inside_most_m: float = 600.0
    inside_share: float = 0.25
    inside_wait_s: float = 60.0
    around_m: float = 120.0
    around_s: float = 30.0
    watched_probability: float = 0.3
    lineage_m: float = 250.0
    settle_s: float = 180.0
    ended_s: float = 300.0
    dead_ahead_s: float = 60.0
    hidden_probability: float = 0.05
    dead_least_s: float = 15.0
    group_size: float = 3.0
    group_radius_m: float = 40.0
    group_s: float = 60.0
    group_clear_s: float = 60.0
    split_m: float = 120.0
    required_probability: float = 0.8
    nuisance_share: float = 0.7
    nuisance_judged: float = 8.0
    nuisance_probe: float = 5.0
    quiet_hours: float = 5.0
    quiet_probability: float = 1e-3

    def __post_init__(self) -> None:
        for setting in fields(self):
            value = getattr(self, setting.name)
            if not (isfinite(value) and value > 0):
                raise AlertSettingsError(f"{value}", where=f"alert setting {setting.name}", expected="a number above 0")
        for name in ("required_probability", "nuisance_share", "quiet_probability"):
            if getattr(self, name) > 1.0:
                raise AlertSettingsError(f"{getattr(self, name)}", where=f"alert setting {name}", expected="0 to 1")

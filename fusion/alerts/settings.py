"""Settings of alerting; every figure is an assumption, which can be changed."""

from __future__ import annotations

from dataclasses import dataclass, fields
from math import isfinite
from typing import Final

from geo.errors import BadInput


class AlertSettingsError(BadInput):
    """A setting that is invalid for its rule."""


RENAMED: Final = {
    "outward_time_s": "outbound_time_s",
    "straight_share": "straight_fraction",
    "sure_s": "straight_waived_s",
    "line_sd_m": "border_sd_m",
    "lost_share": "lost_fraction",
    "loiter_home_m": "loiter_own_side_m",
    "inside_most_m": "inside_max_m",
    "inside_share": "inside_fraction",
    "watched_probability": "covered_probability",
    "dead_ahead_s": "dead_ground_ahead_s",
    "hidden_probability": "dead_ground_probability",
    "dead_least_s": "dead_ground_least_s",
    "nuisance_share": "nuisance_fraction",
    "nuisance_judged": "nuisance_assessed",
    "quiet_hours": "baseline_hours",
    "quiet_probability": "baseline_probability",
}
"""Former names of settings."""


@dataclass(frozen=True, slots=True)
class AlertSettings:
    """Settings of the alert rules; every figure is an assumption, which can be changed.

    Times are the journal's.

    Parameters
    ----------
    approach_time_s : float, s
        An inbound track is approaching when it would reach the border within this time.
    outbound_time_s : float, s
        The same time for an outbound track.
    approach_band_m : float, m
        A track is approaching only within this distance of the border.
    approach_looks : int
        Number of consecutive looks that make an approach.
    least_closing_mps : float, m/s
        Minimum speed toward the border.
    closing_sigma : float
        The same minimum in standard deviations of that speed.
    straight_fraction : float
        Minimum fraction of a track's speed that is directed at the border, so that one that follows the border is not
        approaching.
    straight_waived_s : float, s
        ``straight_fraction`` is ignored for a track that would reach the border within this time.
    approach_clear_s : float, s
        An approach ends after this time without a look that qualifies: the off-delay of ISA-18.2.
    crossing_sigma : float
        Half width of the band around the border, in standard deviations sqrt(track sd² + border_sd_m²).
    crossing_looks : int
        Number of consecutive looks beyond the band that make a crossing.
    border_sd_m : float, m
        Standard deviation of the surveyed border.
    animal_probability : float
        At or above this probability of an animal, the priority is low.
    naming_probability : float
        At or above this probability, a headline names the class.
    urgent_s : float, s
        An inbound track that would reach the border within this time has medium priority.
    revise_s : float, s
        Minimum time between updates of an unchanged alert.
    distress_revise_s : float, s
        Minimum time between updates of a unit's distress alert, so that one unit cannot occupy all radios. The first
        call is never delayed, nor is one after the alert was closed.
    follow_s : float, s
        Time for which a crossing is updated.
    keep_s : float, s
        Time for which closed alerts are kept.
    stale_s : float, s
        An open crossing, or track initiated inside, on which no operator acted is cleared after this time (ISA-18.2).
    recovered_s : float, s
        Time for which a sensor must report again before its alert is cleared.
    lost_fraction : float
        At or above this fraction of the border, lost coverage has high priority.
    pattern_band_m : float, m
        Loitering, groups, tracks initiated inside and dead ground are evaluated within this distance of the border
        (fusion.alerts.pattern_rules).
    loiter_band_m : float, m
        Loitering counts up to this distance on the far side.
    loiter_own_side_m : float, m
        Loitering counts up to this distance on the own side, where people live and work.
    loiter_radius_m : float, m
        Radius within which a loitering track stays.
    loiter_s : float, s
        Time for which a loitering track stays within that radius.
    inside_m : float, m
        A track is initiated inside when it is first confirmed at least this far from the border.
    inside_max_m : float, m
        And at most this far from it: people live beyond this distance, and a crosser would have been detected earlier.
    inside_fraction : float
        Minimum fraction of such a track's speed that is directed inbound.
    inside_wait_s : float, s
        Time for which its course may remain undecided.
    around_m : float, m
        Radius around such a track within which all ground must be covered.
    around_s : float, s
        That radius grows by the distance that the track moves in this time.
    covered_probability : float
        Ground is covered at or above this single-look Pd.
    lineage_m : float, m
        Minimum distance from the position where another track was lost.
    settle_s : float, s
        Time after the first picture before a track can count as initiated inside.
    ended_s : float, s
        Time for which ended tracks are kept.
    dead_ground_ahead_s : float, s
        An alert is raised when a track would enter dead ground within this time.
    dead_ground_probability : float
        Ground is treated as dead ground below this single-look Pd.
    dead_ground_least_s : float, s
        Minimum time that the track would then spend in dead ground.
    group_size : float
        Number of tracks that make a group.
    group_radius_m : float, m
        Maximum distance between neighbouring tracks of a group.
    group_s : float, s
        Time for which they must stay that close.
    group_clear_s : float, s
        A group has dispersed when its tracks have been farther apart for this time.
    split_m : float, m
        A group has split when its parts are farther apart than this.
    required_probability : float
        A segment whose probability of detecting a crossing falls below this has a coverage gap.
    nuisance_fraction : float
        Alerts of a kind are suppressed when operators rejected at least this fraction of them, at 95% confidence.
    nuisance_assessed : float
        Minimum number of alerts of a kind that operators must have assessed before any is suppressed.
    nuisance_probe : float
        One in this number of suppressed alerts is shown.
    baseline_hours : float
        Hours of traffic that must be known before an hour can be below the baseline (fusion.alerts.expected_traffic).
    baseline_probability : float
        An hour without traffic is below the baseline when its probability is less than this.

    Raises
    ------
    AlertSettingsError
        For a setting that is not a number above 0, and a probability above 1.
    """

    approach_time_s: float = 300.0
    outbound_time_s: float = 60.0
    approach_band_m: float = 500.0
    approach_looks: int = 3
    least_closing_mps: float = 0.3
    closing_sigma: float = 2.0
    straight_fraction: float = 0.5
    straight_waived_s: float = 30.0
    approach_clear_s: float = 120.0
    crossing_sigma: float = 3.0
    crossing_looks: int = 2
    border_sd_m: float = 3.0
    animal_probability: float = 0.9
    naming_probability: float = 0.6
    urgent_s: float = 60.0
    revise_s: float = 30.0
    distress_revise_s: float = 10.0
    follow_s: float = 600.0
    keep_s: float = 3600.0
    stale_s: float = 86_400.0
    recovered_s: float = 30.0
    lost_fraction: float = 0.2
    pattern_band_m: float = 1500.0
    loiter_band_m: float = 400.0
    loiter_own_side_m: float = 150.0
    loiter_radius_m: float = 40.0
    loiter_s: float = 600.0
    inside_m: float = 150.0
    inside_max_m: float = 600.0
    inside_fraction: float = 0.25
    inside_wait_s: float = 60.0
    around_m: float = 120.0
    around_s: float = 30.0
    covered_probability: float = 0.3
    lineage_m: float = 250.0
    settle_s: float = 180.0
    ended_s: float = 300.0
    dead_ground_ahead_s: float = 60.0
    dead_ground_probability: float = 0.05
    dead_ground_least_s: float = 15.0
    group_size: float = 3.0
    group_radius_m: float = 40.0
    group_s: float = 60.0
    group_clear_s: float = 60.0
    split_m: float = 120.0
    required_probability: float = 0.8
    nuisance_fraction: float = 0.7
    nuisance_assessed: float = 8.0
    nuisance_probe: float = 5.0
    baseline_hours: float = 5.0
    baseline_probability: float = 1e-3

    def __post_init__(self) -> None:
        """Check every setting."""
        for setting in fields(self):
            value = getattr(self, setting.name)
            if not (isfinite(value) and value > 0):
                raise AlertSettingsError(f"{value}", where=f"alert setting {setting.name}", expected="a number above 0")
            if value > 1.0 and setting.name.endswith(("_probability", "_fraction")):
                raise AlertSettingsError(f"{value}", where=f"alert setting {setting.name}", expected="0 to 1")

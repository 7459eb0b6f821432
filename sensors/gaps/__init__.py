"""Coverage gaps: where and when the probability of detection is below the requirement, and how deep the barrier is."""

from sensors.crossing.by_stretches import detection_by_stretches
from sensors.crossing.time_versus_detection import sensor_values, trade_offs
from sensors.crossing.watched_belt import watch_belt
from sensors.crossing.weather_and_outages import CrossingState, OverStates, outage_states, over_crossing_states
from sensors.errors import GapError
from sensors.gaps.barrier_depth import k_barrier, weakest_links
from sensors.gaps.footprint_barrier import Barrier, barrier, barrier_found, depth_of_segments, single_losses
from sensors.gaps.in_time import TimeGaps, just_opened, scheduled_time_gaps, segment_time_gaps, time_gaps
from sensors.gaps.segments import (
    Gap,
    fastest_crossing,
    gaps,
    least_detected_crossing,
    runs_below,
    segment_detection,
    time_average_gap,
)

__all__ = [
    "Barrier",
    "CrossingState",
    "Gap",
    "GapError",
    "OverStates",
    "TimeGaps",
    "barrier",
    "barrier_found",
    "depth_of_segments",
    "detection_by_stretches",
    "fastest_crossing",
    "gaps",
    "just_opened",
    "k_barrier",
    "least_detected_crossing",
    "outage_states",
    "over_crossing_states",
    "runs_below",
    "scheduled_time_gaps",
    "segment_detection",
    "segment_time_gaps",
    "sensor_values",
    "single_losses",
    "time_average_gap",
    "time_gaps",
    "trade_offs",
    "watch_belt",
    "weakest_links",
]

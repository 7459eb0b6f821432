"""Scores of a track history against ground truth: GOSPA, OSPA, identity switches, continuity, calibration."""

from fusion.scoring.metrics import continuity, false_confirmed_tracks, gospa, identity_switches, ospa, time_to_confirm

__all__ = [
    "continuity",
    "false_confirmed_tracks",
    "gospa",
    "identity_switches",
    "ospa",
    "time_to_confirm",
]

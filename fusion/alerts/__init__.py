"""Alerts: the rules that raise them, their ledger and life cycle, and the messages that state them."""

from fusion.alerts.alert import (
    RULES,
    Alert,
    AlertActionError,
    AlertState,
    AlertStateError,
    DistressCall,
    act,
    act_on,
    rank,
)
from fusion.alerts.evaluation import distress, raise_alerts
from fusion.alerts.settings import AlertSettings, AlertSettingsError
from fusion.alerts.workload import Workload, alert_workload
from fusion.situation.context import AlertContext
from fusion.situation.current_coverage import CurrentCoverage, current_coverage_of
from fusion.situation.track_picture import PictureError, TrackPicture, picture_of

__all__ = [
    "RULES",
    "Alert",
    "AlertActionError",
    "AlertContext",
    "AlertSettings",
    "AlertSettingsError",
    "AlertState",
    "AlertStateError",
    "CurrentCoverage",
    "DistressCall",
    "PictureError",
    "TrackPicture",
    "Workload",
    "act",
    "act_on",
    "alert_workload",
    "current_coverage_of",
    "distress",
    "picture_of",
    "raise_alerts",
    "rank",
]

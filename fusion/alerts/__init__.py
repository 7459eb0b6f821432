"""Alerts: the rules that raise them, their ledger and life cycle, and the sentences that state them."""

from fusion.alerts.alert import Alert, AlertActionError, AlertState, AlertStateError, act, act_on, rank
from fusion.alerts.evaluation import distress, raise_alerts
from fusion.alerts.ledger import DistressCall, Knowing
from fusion.alerts.pattern_rules import Watching
from fusion.alerts.sensor_rules import Health
from fusion.alerts.settings import AlertSettings, AlertSettingsError
from fusion.situation.track_picture import PictureError, TrackPicture, picture_of

__all__ = [
    "Alert",
    "AlertActionError",
    "AlertSettings",
    "AlertSettingsError",
    "AlertState",
    "AlertStateError",
    "DistressCall",
    "Health",
    "Knowing",
    "PictureError",
    "TrackPicture",
    "Watching",
    "act",
    "act_on",
    "distress",
    "picture_of",
    "raise_alerts",
    "rank",
]

"""Category, urgency, severity and certainty of an alert in CAP 1.2, by stated rules (docs/how-to/cap.md)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ops.export.warnings.published import PublishedAlert

IMMEDIATE_S: Final = 900.0
"""CAP: responsive action should be taken immediately; here if the target may reach the border within 15 min."""
EXPECTED_S: Final = 3600.0
"""CAP: responsive action should be taken soon, within the next hour."""
OBSERVED_FROM: Final = 0.9
"""A track that exists with at least this probability is observed."""
LIKELY_FROM: Final = 0.5
"""CAP: likely is more probable than about 50%."""

_EQUIPMENT: Final = ("sensor_offline", "sensor_fault", "coverage_lost")
_PREDICTED: Final = ("approaching", "entering_dead_ground")
"""Rules about what a target will do, which is never observed yet."""
_SEVERITY: Final = {"distress": "Extreme", "high": "Severe", "medium": "Moderate", "low": "Minor"}


@dataclass(frozen=True, slots=True)
class Classification:
    """The four elements that CAP 1.2 requires of each ``info``, and its ``responseType``."""

    categories: tuple[str, ...]
    urgency: str
    severity: str
    certainty: str
    response_type: str


def classify(alert: PublishedAlert) -> Classification:
    """The classification of an alert; the first rule that applies counts.

    - Categories: ``Rescue`` and ``Safety`` for distress; ``Infra`` and ``Security`` for sensors and their coverage;
      otherwise ``Security``.
    - Urgency: ``Past`` if it is closed; ``Immediate`` for distress, a crossing, and a target that may reach the border
      within 15 min; ``Expected`` within an hour, and for high and medium priority; ``Future`` for low priority;
      otherwise ``Unknown``.
    - Severity, by priority: distress ``Extreme``, high ``Severe``, medium ``Moderate``, low ``Minor``; otherwise
      ``Unknown``.
    - Certainty: ``Unlikely`` if it was rejected as false; by the probability that the track exists ``Observed`` from
      0.9, ``Likely`` from 0.5, else ``Possible``, where a prediction is ``Likely`` at most; without a track
      ``Observed`` for distress and sensors, otherwise ``Possible``.
    - Response: ``AllClear`` if it is closed, otherwise ``Assess``.
    """
    return Classification(
        categories=_categories(alert.rule),
        urgency=_urgency(alert),
        severity=_SEVERITY.get(alert.priority, "Unknown"),
        certainty=_certainty(alert),
        response_type="AllClear" if alert.is_closed else "Assess",
    )


def _categories(rule: str) -> tuple[str, ...]:
    if rule == "distress":
        return ("Rescue", "Safety")
    return ("Infra", "Security") if rule in _EQUIPMENT else ("Security",)


def _urgency(alert: PublishedAlert) -> str:
    left_s = alert.time_to_border_s
    if alert.is_closed:
        return "Past"
    if alert.priority == "distress" or alert.rule == "crossing" or (left_s is not None and left_s <= IMMEDIATE_S):
        return "Immediate"
    if alert.priority in ("high", "medium") or (left_s is not None and left_s <= EXPECTED_S):
        return "Expected"
    return "Future" if alert.priority == "low" else "Unknown"


def _certainty(alert: PublishedAlert) -> str:
    if alert.status == "rejected":
        return "Unlikely"
    if alert.existence is None:
        return "Observed" if alert.rule == "distress" or alert.rule in _EQUIPMENT else "Possible"
    if alert.existence >= OBSERVED_FROM and alert.rule not in _PREDICTED:
        return "Observed"
    return "Likely" if alert.existence >= LIKELY_FROM else "Possible"

"""Priority of alerts about tracks."""

from __future__ import annotations

from fusion.alerts.alert import PRIORITIES
from fusion.situation.facts import Sighting
from sensors.scan import CLASSES


def priority_of(
    rule: str,
    sighting: Sighting,
    *,
    animal_probability: float,
    urgent_s: float,
    impact_level: str | None = None,
    risk_level: str | None = None,
) -> str:
    """Priority of a track's behaviour, from impact level × rule × class × direction × time left.

    Inbound, a crossing is high and an approach (also one into dead ground) within ``urgent_s`` medium; an outbound
    crossing is medium. Other approaches, loitering and groups are low. A track initiated inside is medium. In a section
    of high or critical impact all of these are one step more urgent; in one of low impact medium becomes low, except
    for tracks initiated inside. A high risk of the segment counts as high impact does: one step in all, never two. A
    target that is an animal with at least ``animal_probability`` is low everywhere.
    """
    if sighting.class_probability[CLASSES.index("animal")] >= animal_probability:
        return "low"
    inbound = sighting.direction > 0
    soon = sighting.time_to_border_s is not None and sighting.time_to_border_s <= urgent_s
    if rule == "crossing":
        priority = "high" if inbound else "medium"
    elif rule == "track_initiated_inside":
        priority = "medium"
    else:
        priority = "medium" if inbound and soon and rule not in ("loitering", "group_formed") else "low"
    if impact_level in ("high", "critical") or risk_level == "high":
        return {"low": "medium", "medium": "high"}.get(priority, priority)
    if impact_level == "low" and priority == "medium" and rule != "track_initiated_inside":
        return "low"
    return priority


def higher(first: str, second: str) -> str:
    """The more urgent of two priorities."""
    return PRIORITIES[min(PRIORITIES.index(first), PRIORITIES.index(second))]

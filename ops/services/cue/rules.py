"""When a rule may turn a camera by itself: limits of rate and quiet time, and people first. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from ops.incidents.looks import AUTOMATIC
from ops.sector.setting_tables.cue import CueSettings
from sensors.timestamps import SECOND_NS

HOUR_NS: Final = 3600 * SECOND_NS


def may_turn(camera: str, looks: Iterable[Mapping[str, Any]], now_ns: int, settings: CueSettings) -> bool:
    """Whether the rule may turn a camera now.

    Parameters
    ----------
    camera : str
        The camera.
    looks : iterable of mapping
        Known looks with ``camera``, ``by`` and ``at_ns``, those of people too.
    now_ns : int
        The time, UTC nanoseconds.
    settings : CueSettings
        Limits: ``per_hour`` for all cameras together, ``quiet_s`` after any look of this camera, ``hold_s`` after one
        that a person asked for.
    """
    of_rule = 0
    for look in looks:
        age_ns = now_ns - look["at_ns"]
        automatic = look["by"] == AUTOMATIC
        of_rule += automatic and age_ns < HOUR_NS
        if look["camera"] != camera:
            continue
        if age_ns < settings.quiet_s * SECOND_NS or (not automatic and age_ns < settings.hold_s * SECOND_NS):
            return False
    return of_rule < settings.per_hour


def wants_look(incident: Mapping[str, Any], settings: CueSettings) -> bool:
    """Whether the rule asks for a look at an incident: of a priority of the settings, open, about movement, and none
    has been asked for yet."""
    return (
        incident["kind"] in ("movement", "distress")
        and incident["state"] != "closed"
        and incident["priority"] in settings.automatic
        and not incident.get("looks")
    )

"""When a rule may turn a camera by itself: limits of rate and quiet time, and people first. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from ops.incidents.looks import AUTOMATIC, ENDED
from ops.sector.setting_tables.cue import CueSettings
from ops.store.rows import time_ns
from sensors.timestamps import SECOND_NS

HOUR_NS: Final = 3600 * SECOND_NS
MOST_TRIES: Final = 3
"""Cameras that are asked one after the other for one look."""


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


def is_recent(
    incident: Mapping[str, Any],
    tracks: Iterable[Mapping[str, Any]],
    lead: Mapping[str, Any] | None,
    now_ns: int,
    settings: CueSettings,
) -> bool:
    """Whether the target of an incident is likely to be where it is looked for.

    It has a live track, or the newest evidence of its lead alert is not older than the rule may have to wait for a
    camera (``hold_s``, ``answer_s``). Distress has no limit.
    """
    ids = {one["track"] for one in incident["tracks"]}
    if incident["kind"] == "distress" or any(one["track"] in ids for one in tracks):
        return True
    at = (lead or {}).get("observed_at") or incident["opened_at"]
    return now_ns - time_ns(at, where="lead") <= (settings.hold_s + settings.answer_s) * SECOND_NS


def wants_next(incident: Mapping[str, Any], settings: CueSettings, now_ns: int) -> Mapping[str, Any] | None:
    """Return the newest look at an incident, if a camera has just failed or refused it and another one may do; else
    None.

    After ``answer_s`` a picture is no longer expected, and after MOST_TRIES it is left to people.
    """
    looks = sorted(incident.get("looks", ()), key=lambda one: time_ns(one["at"], where="looks"))
    if incident["state"] == "closed" or not looks or any(one["state"] not in ENDED for one in looks):
        return None
    newest = looks[-1]
    failed = 0
    for one in reversed(looks):
        if one["state"] == "done":
            break
        failed += 1
    age_ns = now_ns - time_ns(newest["changed_at"], where="looks")
    return newest if 0 < failed < MOST_TRIES and age_ns < settings.answer_s * SECOND_NS else None

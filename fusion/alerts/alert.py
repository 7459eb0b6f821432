"""Alerts as records, and what an operator may do with one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

import msgspec

from fusion.alerts.nuisance import Nuisance, keys, taught, untaught
from fusion.situation.facts import Candidate, CoverageGap, Forecast, ResponseInTime, Surroundings
from fusion.situation.track_picture import Evidence
from geo.errors import BadInput
from geo.message import Message

RULES = (
    "distress",
    "crossing",
    "approaching",
    "track_initiated_inside",
    "entering_dead_ground",
    "loitering",
    "group_formed",
    "coverage_lost",
    "activity_below_baseline",
    "sensor_offline",
    "sensor_fault",
)
"""``distress`` is a unit's call for people in need: always first in rank, never lowered, never suppressed."""
PRIORITIES = ("distress", "high", "medium", "low")
"""In order of rank."""
STATUSES = ("active", "acknowledged", "cleared", "rejected")
OPEN = ("active", "acknowledged")
MOVES = {  # action: (from which status, to which)
    "acknowledge": (("active",), "acknowledged"),
    "withdraw": (("acknowledged",), "active"),
    "clear": (OPEN, "cleared"),
    "reject": (OPEN, "rejected"),
}


class AlertActionError(BadInput):
    """An action that an alert does not allow, or that lacks a required value."""


@dataclass(frozen=True, slots=True)
class Alert:
    """One event for the operator, in one revision.

    Parameters
    ----------
    id : str
        Hash of the rule, the track or sensor, the direction and the ordinal of the event, so that a replay or a re-run
        with late data gives the same event the same id.
    rule : str
        One of RULES.
    priority : str
        ``distress``, ``high``, ``medium`` or ``low``.
    status : str
        ``active``, ``acknowledged``, ``cleared`` or ``rejected``.
    revision : int
        Counts from 0; each (id, revision) is published once.
    message : Message
        The headline.
    raised_at : datetime, UTC
        When it was raised, in the journal's time.
    updated_at : datetime, UTC
        When this revision was made, in the journal's time.
    observed_at : datetime, UTC
        When the newest evidence was observed.
    track : str, optional
        Name of the track. None, here and below: does not apply, or is not known.
    sensor : str, optional
        Id of the sensor.
    unit : str, optional
        Name of the unit, or of the AIS distress device, that called.
    segment : int, optional
        Number of the border segment.
    chainage_m : float, optional, m
        Position along the border.
    direction : int
        +1 inbound, −1 outbound, 0 neither.
    easting : float, optional, m
        Position in the local frame.
    northing : float, optional, m
        Position in the local frame.
    position_sd_m : float, optional, m
        One standard deviation along the longer axis of the position error.
    offset_m : float, optional, m
        Signed distance from the border, positive on the own side.
    time_to_border_s : float, optional, s
        Time to the border at the present velocity; None when not heading to it.
    class_label : str, optional
        The likeliest class.
    class_probability : float, optional
        Its probability.
    existence : float, optional
        Probability that the track exists.
    evidence : tuple of (str, int, int)
        (sensor, boot, sequence) of scans whose plots are in the track.
    by : str
        Person who acted on it; empty if none did.
    reason : str
        Reason that this person gave.
    reason_message : Message, optional
        Reason why it was cleared without an operator.
    details : tuple of Message
        What the headline leaves out, the most important first.
    why : tuple of Message
        What triggered the rule, and the reasons for the priority.
    response : Message, optional
        ``response_estimate`` in one line, short enough for a radio.
    impact_level : str, optional
        Impact level of the border section.
    forecast : Forecast, optional
        Where and when a crossing is predicted.
    response_estimate : ResponseInTime, optional
        Whether a response that leaves now is in time, and the assumptions of the estimate.
    candidates : tuple of Candidate
        Bases from which a response may leave, the most probable interruption first.
    ground : Surroundings, optional
        The ground around the track.
    cause : str
        Why coverage was lost: ``offline``, ``muted``, or the name of a fault.
    coverage_gaps : tuple of CoverageGap
        Segments whose probability of detecting a crossing fell below the requirement.
    weather : str
        The stated weather when it was raised, by which nuisance alarms are learned.
    """

    id: str
    rule: str
    priority: str
    status: str
    revision: int
    message: Message
    raised_at: datetime
    updated_at: datetime
    observed_at: datetime
    track: str | None = None
    sensor: str | None = None
    unit: str | None = None
    segment: int | None = None
    chainage_m: float | None = None
    direction: int = 0
    easting: float | None = None
    northing: float | None = None
    position_sd_m: float | None = None
    offset_m: float | None = None
    time_to_border_s: float | None = None
    class_label: str | None = None
    class_probability: float | None = None
    existence: float | None = None
    evidence: tuple[Evidence, ...] = ()
    by: str = ""
    reason: str = ""
    reason_message: Message | None = None
    details: tuple[Message, ...] = ()
    why: tuple[Message, ...] = ()
    response: Message | None = None
    impact_level: str | None = None
    forecast: Forecast | None = None
    response_estimate: ResponseInTime | None = None
    candidates: tuple[Candidate, ...] = ()
    ground: Surroundings | None = None
    cause: str = ""
    coverage_gaps: tuple[CoverageGap, ...] = ()
    weather: str = ""

    @property
    def is_open(self) -> bool:
        """Whether it is active or acknowledged."""
        return self.status in OPEN

    def to_dict(self) -> dict[str, Any]:
        """Convert to plain values.

        Returns
        -------
        dict
            Field names and values; times as RFC 3339 text in UTC, tuples as lists.
        """
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return plain


def alert_id(rule: str, subject: str, direction: int, ordinal: int) -> str:
    """Return the id of an event: ``subject`` is the track or sensor, ``ordinal`` counts its events of this kind."""
    return "A" + blake2b(f"{rule}|{subject}|{direction}|{ordinal}".encode(), digest_size=8).hexdigest()


def rank(alert: Alert) -> tuple[int, datetime, str]:
    """Sort key of alerts: distress first, then by priority, then the oldest first.

    Parameters
    ----------
    alert : Alert
        The alert.

    Returns
    -------
    tuple of (int, datetime, str)
        Rank of the priority, ``raised_at`` and id.
    """
    return PRIORITIES.index(alert.priority), alert.raised_at, alert.id


def act(alert: Alert, action: str, *, by: str, reason: str = "", at: datetime) -> Alert:
    """Apply an operator's action to an alert.

    Parameters
    ----------
    alert : Alert
        The alert, which is not changed.
    action : str
        ``acknowledge`` (of an active alert), ``withdraw`` (the acknowledgement, where it is undone), ``clear`` or
        ``reject`` (of an active or acknowledged one).
    by : str
        Who acts.
    reason : str
        Why; required for ``reject``.
    at : datetime
        When, with a time zone.

    Returns
    -------
    Alert
        The next revision.

    Raises
    ------
    AlertActionError
        For an unknown action, one that the alert's status does not allow, and where name, reason or time zone is
        missing.
    """
    where = f"alert {alert.id}"
    if action not in MOVES:
        raise AlertActionError(f"unknown action {action!r}", where=where, expected=", ".join(MOVES))
    before, after = MOVES[action]
    if alert.status not in before:
        raise AlertActionError(
            f"cannot {action} it: status is {alert.status}", where=where, expected=f"status {' or '.join(before)}"
        )
    if not by.strip():
        raise AlertActionError(f"no name given to {action} it", where=where, expected="the operator's name")
    if action == "reject" and not reason.strip():
        raise AlertActionError("rejected without a reason", where=where, expected="the reason for rejecting it")
    if at.tzinfo is None:
        raise AlertActionError("the time has no UTC offset", where=where, expected="an aware datetime")
    return replace(
        alert, status=after, by=by, reason=reason, updated_at=at.astimezone(UTC), revision=alert.revision + 1
    )


def counted(nuisance: Nuisance, alert: Alert, *, rejected: bool | None, by_picture: bool = False) -> Nuisance:
    """Count an alert once, as nuisance or as real, in place of what pictures said of it before.

    ``rejected`` None: no longer counted. ``by_picture``: it counts because of pictures, and may be replaced later.
    """
    names = keys(alert.rule, (sensor for sensor, _, _ in alert.evidence), alert.raised_at.hour, alert.weather)
    tallies, said = dict(nuisance.tallies), dict(nuisance.by_picture)
    before = said.pop(alert.id, None)
    if before is not None:
        tallies = untaught(tallies, before[1], rejected=before[0])
    if rejected is not None:
        tallies = taught(tallies, names, rejected=rejected)
        if by_picture:
            said[alert.id] = rejected, names
    return replace(nuisance, tallies=tallies, by_picture=said)

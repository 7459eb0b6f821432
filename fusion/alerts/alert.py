"""Alerts as records, what an operator may do with one, and what alerting remembers between two pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

import msgspec

from fusion.alerts.expected_traffic import Traffic
from fusion.alerts.nuisance import Nuisance, keys, taught
from fusion.situation.facts import Forecast, ResponseInTime, Opening, Surroundings
from fusion.situation.track_picture import Evidence
from geo.errors import BadInput

RULES = (
    "distress",
    "crossing",
    "approaching",
    "appeared_inside",
    "dead_ground",
    "loitering",
    "grouping",
    "coverage_lost",
    "quiet",
    "sensor_silent",
    "sensor_fault",
)
"""``distress`` is a unit's call for people in need: always first in rank, never lowered, never suppressed."""
PRIORITIES = ("distress", "high", "medium", "low")
"""In order of rank."""
STATUSES = ("active", "acknowledged", "cleared", "rejected")
OPEN = ("active", "acknowledged")
MOVES = {  # action: (from which status, to which)
    "acknowledge": (("active",), "acknowledged"),
    "clear": (OPEN, "cleared"),
    "reject": (OPEN, "rejected"),
}


class AlertActionError(BadInput):
    """An action that an alert does not allow, or that lacks what it needs."""


class AlertStateError(BadInput):
    """A stored alert state that cannot be read."""


@dataclass(frozen=True, slots=True)
class Alert:
    """One thing that an operator should know. ``revision`` counts from 0; (id, revision) is published once.

    ``id`` is a hash of rule, track or sensor, and what was entered (direction and how manieth time), so a replay or a
    re-run with late data names the same event the same. ``direction`` +1 toward home, −1 outward, 0 neither.
    ``observed_at`` is when the newest evidence was observed, ``raised_at`` and ``updated_at`` are the journal's time.
    None means that the field does not apply, or is not known; ``time_to_border_s`` None: not heading to the line.
    ``why``: what made the rule speak, and what its priority is for; ``advice``: one sentence of ``leave_now``, short
    enough for a radio; ``impact_level`` of the section; ``forecast``, ``leave_now``, ``ground``, ``openings``: see
    fusion.situation.facts. ``cause``: what opened segments. ``weather``: as stated when it was raised, which is what
    nuisance is learned by.
    """

    id: str
    rule: str
    priority: str
    status: str
    revision: int
    sentence: str
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
    offset_m: float | None = None
    time_to_border_s: float | None = None
    class_label: str | None = None
    class_probability: float | None = None
    existence: float | None = None
    evidence: tuple[Evidence, ...] = ()
    by: str = ""
    reason: str = ""
    why: str = ""
    advice: str = ""
    impact_level: str | None = None
    forecast: Forecast | None = None
    leave_now: ResponseInTime | None = None
    ground: Surroundings | None = None
    cause: str = ""
    openings: tuple[Opening, ...] = ()
    weather: str = ""

    @property
    def is_open(self) -> bool:
        return self.status in OPEN

    def to_dict(self) -> dict[str, Any]:
        """Plain values: times as RFC 3339 text in UTC, evidence as lists."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return plain


def alert_id(rule: str, subject: str, direction: int, ordinal: int) -> str:
    """Name of an event: ``subject`` is the track or sensor, ``ordinal`` how manieth time it did this."""
    return "A" + blake2b(f"{rule}|{subject}|{direction}|{ordinal}".encode(), digest_size=8).hexdigest()


def rank(alert: Alert) -> tuple[int, datetime, str]:
    """Sort key: distress first, then priority, then the older one."""
    return PRIORITIES.index(alert.priority), alert.raised_at, alert.id


def act(alert: Alert, action: str, *, by: str, reason: str = "", at: datetime) -> Alert:
    """The alert after an operator's ``action``: acknowledge (active only), clear or reject (active, acknowledged).

    Rejecting needs a reason; every action needs a name in ``by`` and an aware ``at``. Raises AlertActionError, which
    names the alert, for anything else: a cleared or rejected alert is history.
    """
    where = f"alert {alert.id}"
    if action not in MOVES:
        raise AlertActionError(f"unknown action {action!r}", where=where, expected=", ".join(MOVES))
    before, after = MOVES[action]
    if alert.status not in before:
        raise AlertActionError(f"cannot {action} what is {alert.status}", where=where, expected=" or ".join(before))
    if not by.strip():
        raise AlertActionError(f"nobody is named to {action} it", where=where, expected="who acts")
    if action == "reject" and not reason.strip():
        raise AlertActionError("rejected without a reason", where=where, expected="why it is no event")
    if at.tzinfo is None:
        raise AlertActionError("the time has no offset", where=where, expected="an aware datetime")
    return replace(
        alert, status=after, by=by, reason=reason, updated_at=at.astimezone(UTC), revision=alert.revision + 1
    )


@dataclass(frozen=True, slots=True)
class Gate:
    """A place beside the line: signed offset [m], segment, chainage [m]."""

    offset_m: float
    segment: int
    chainage_m: float


@dataclass(frozen=True, slots=True)
class TrackMemory:
    """What the rules remember of one track. Looks are fresh plots of the confirmed track, never coasts.

    look_ns: newest look counted. side: +1 home, −1 outer, 0 not yet sure. across: looks in a row surely on the other
    side. gate: the look nearest the line since it was last surely on its side, which is where it crosses.
    approach_looks: looks in a row heading to the line; approach_ns the newest of them. open_*: alert ids, "" for none.
    """

    look_ns: int = -(2**63)
    side: int = 0
    across: int = 0
    gate: Gate | None = None
    crossings: int = 0
    approaches: int = 0
    approach_looks: int = 0
    approach_ns: int = 0
    open_approach: str = ""
    open_crossing: str = ""


@dataclass(frozen=True, slots=True)
class SensorMemory:
    """Outages of one sensor so far; the open alerts' ids; since when it reports again while an alert is open."""

    outages: int = 0
    open_alert: str = ""
    open_lost: str = ""
    recovered_ns: int | None = None


@dataclass(frozen=True, slots=True)
class PatternMemory:
    """What the rules of fusion.alerts.pattern_rules remember of one track.

    look_ns: newest look counted; last_*: where that was. easting, northing, since_ns: the place it has not left, and
    since when. judged: whether it is settled where it came from; nowhere_ns, nowhere_offset_m: when and where it
    seems to have come from nowhere, 0 when it does not. dead_ns: newest look into dead ground. open_*: alert
    ids, "" for none.
    """

    look_ns: int = -(2**63)
    last_easting: float = 0.0
    last_northing: float = 0.0
    easting: float = 0.0
    northing: float = 0.0
    since_ns: int = 0
    judged: bool = False
    nowhere_ns: int = 0
    nowhere_offset_m: float = 0.0
    loiters: int = 0
    deads: int = 0
    dead_ns: int = 0
    open_loiter: str = ""
    open_inside: str = ""
    open_dead: str = ""


@dataclass(frozen=True, slots=True)
class GroupMemory:
    """Tracks that are together: since when, when last; the id of their alert, and whether it has told of a split."""

    members: tuple[str, ...]
    since_ns: int
    seen_ns: int
    open_group: str = ""
    split: bool = False


@dataclass(frozen=True, slots=True)
class Ended:
    """Where and when a track near the line ended."""

    easting: float
    northing: float
    at_ns: int


@dataclass(frozen=True, slots=True)
class AlertState:
    """All that alerting remembers; immutable by convention, equal by value, exact through JSON.

    ``faults`` by sensor and fault; ``calls``: how many distress calls each unit has made; ``begun_ns``: when the first
    picture was judged. ``nuisance`` and ``traffic``: what was learned, see fusion.alerts.nuisance and
    fusion.alerts.expected_traffic.
    """

    tracks: Mapping[str, TrackMemory] = field(default_factory=dict)
    sensors: Mapping[str, SensorMemory] = field(default_factory=dict)
    alerts: Mapping[str, Alert] = field(default_factory=dict)
    faults: Mapping[str, SensorMemory] = field(default_factory=dict)
    patterns: Mapping[str, PatternMemory] = field(default_factory=dict)
    groups: tuple[GroupMemory, ...] = ()
    ended: tuple[Ended, ...] = ()
    calls: Mapping[str, int] = field(default_factory=dict)
    begun_ns: int = 0
    nuisance: Nuisance = field(default_factory=Nuisance)
    traffic: Traffic = field(default_factory=Traffic)

    def to_json(self) -> bytes:
        """UTF-8 JSON with sorted keys; ``from_json`` gives back an equal state."""
        return msgspec.json.encode(self, order="sorted")

    @classmethod
    def from_json(cls, body: bytes) -> AlertState:
        """The state that ``to_json`` wrote. Raises AlertStateError for any other bytes."""
        try:
            return msgspec.json.decode(body, type=cls)
        except (msgspec.MsgspecError, UnicodeError) as error:
            raise AlertStateError(f"cannot be read ({error})", where="alert state", expected="JSON it wrote") from None


def act_on(
    state: AlertState, identity: str, action: str, *, by: str, reason: str = "", at: datetime
) -> tuple[AlertState, Alert]:
    """``act`` on one alert of the state; AlertActionError also when the state holds no such alert.

    A rejection teaches what is nuisance, a person's closing what is not.
    """
    if identity not in state.alerts:
        raise AlertActionError("no such alert", where=f"alert {identity}", expected="an alert of the last hours")
    alert = act(state.alerts[identity], action, by=by, reason=reason, at=at)
    if alert.status in ("rejected", "cleared"):
        sensors = (sensor for sensor, _, _ in alert.evidence)
        names = keys(alert.rule, sensors, alert.raised_at.hour, alert.weather)
        tallies = taught(state.nuisance.tallies, names, rejected=alert.status == "rejected")
        state = replace(state, nuisance=replace(state.nuisance, tallies=tallies))
    return replace(state, alerts={**state.alerts, identity: alert}), alert

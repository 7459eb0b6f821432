"""The state of alerting between two track pictures: what the rules remember, recent alerts, calls for help."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

import msgspec

from fusion.alerts.alert import Alert, AlertActionError, act, counted
from fusion.alerts.expected_traffic import Traffic
from fusion.alerts.nuisance import Nuisance
from geo.errors import BadInput

OWN_STATE = "a state that this version wrote; for an older store, replay its journal into a new one"


class AlertStateError(BadInput):
    """A stored alert state that cannot be read."""


@dataclass(frozen=True, slots=True)
class Gate:
    """A position beside the border: signed offset [m], segment and chainage [m]."""

    offset_m: float
    segment: int
    chainage_m: float


@dataclass(frozen=True, slots=True)
class TrackMemory:
    """State of one track that the line rules keep. A look is a fresh plot of the confirmed track, never a coast.

    look_ns: newest look counted. side: +1 own side, −1 far side, 0 not yet significant. across: consecutive looks
    significantly on the other side. gate: the look nearest to the border since the track was last significantly on its
    side, which is where it crosses. approach_looks: consecutive looks heading to the border; approach_ns the newest of
    them. open_*: alert ids, "" for none.
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
    """Number of outages of one sensor, the ids of its open alerts, and, while one is open, the start of its renewed
    reports."""

    outages: int = 0
    open_alert: str = ""
    open_lost: str = ""
    recovered_ns: int | None = None


@dataclass(frozen=True, slots=True)
class PatternMemory:
    """State of one track that the rules of fusion.alerts.pattern_rules keep.

    look_ns: newest look counted; last_*: its position. easting, northing, since_ns: the position that it has not left,
    and the start of its stay. judged: whether its origin has been evaluated; nowhere_ns, nowhere_offset_m: time and
    offset at which it was first confirmed without a detected crossing, else 0. dead_ns: newest look into dead ground;
    clear_looks: consecutive looks since, of a track that heads on without dead ground before it.
    open_*: alert ids, "" for none.
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
    clear_looks: int = 0
    open_loiter: str = ""
    open_dead: str = ""


@dataclass(frozen=True, slots=True)
class GroupMemory:
    """Tracks that are together: start and latest time, the id of their alert, and whether a split was reported."""

    members: tuple[str, ...]
    since_ns: int
    seen_ns: int
    open_group: str = ""
    split: bool = False


@dataclass(frozen=True, slots=True)
class Ended:
    """Position and time at which a track near the border ended."""

    easting: float
    northing: float
    at_ns: int


@dataclass(frozen=True, slots=True)
class DistressCall:
    """A call for people in need, of a unit or of an AIS distress device.

    Parameters
    ----------
    unit : str
        Name of the unit, or of the device; one name for the devices of ``together``.
    observed_ns : int, UTC nanoseconds since 1970
        When it called.
    easting : float, optional, m
        Position in the local frame; None where unknown.
    northing : float, optional, m
        Position in the local frame.
    position : str
        Latitude and longitude as text; empty where unknown.
    note : str
        Text from the unit.
    segment : int, optional
        Number of the border segment; None without a border, here and below.
    chainage_m : float, optional, m
        Position along the border.
    offset_m : float, optional, m
        Signed distance from the border, positive on the own side.
    refused : str
        Code of the dead letter, where the unit's message was refused; empty for a good message.
    last_known : bool
        Whether the position is an earlier one, because the call states none or the device has no fix now.
    placed_ns : int, UTC nanoseconds since 1970
        When it was at its last known position; 0 where unknown.
    device : str
        Kind of the device that calls, such as ``MOB``; empty for a unit.
    receiver : str
        Sensor that heard the device; empty for a unit, and where it must not be named.
    together : tuple of str
        Names of the devices for which one call stands, because they are too many to be stated one by one; the one heard
        last is the first. Empty for one caller.
    """

    unit: str
    observed_ns: int
    easting: float | None
    northing: float | None
    position: str
    note: str = ""
    segment: int | None = None
    chainage_m: float | None = None
    offset_m: float | None = None
    refused: str = ""
    last_known: bool = False
    placed_ns: int = 0
    device: str = ""
    receiver: str = ""
    together: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AlertState:
    """The complete state of alerting between two track pictures.

    Treated as immutable; equal by value; exact through JSON.

    Parameters
    ----------
    tracks : mapping of str to TrackMemory
        State of the line rules, by track.
    sensors : mapping of str to SensorMemory
        State of each sensor.
    alerts : mapping of str to Alert
        Newest revision of each alert of the last hours, by id.
    faults : mapping of str to SensorMemory
        State by sensor and fault.
    patterns : mapping of str to PatternMemory
        State of the pattern rules, by track.
    groups : tuple of GroupMemory
        Groups of tracks.
    ended : tuple of Ended
        Tracks that ended lately.
    calls : mapping of str to int
        Number of distress calls of each unit.
    held_calls : mapping of str to DistressCall
        Newest call of each open distress alert that was revised less than ``distress_revise_s`` before, by alert id.
    begun_ns : int, UTC nanoseconds since 1970
        Time of the first picture.
    nuisance : Nuisance
        What was learned of nuisance alarms.
    traffic : Traffic
        What was learned of the usual traffic.
    """

    tracks: Mapping[str, TrackMemory] = field(default_factory=dict)
    sensors: Mapping[str, SensorMemory] = field(default_factory=dict)
    alerts: Mapping[str, Alert] = field(default_factory=dict)
    faults: Mapping[str, SensorMemory] = field(default_factory=dict)
    patterns: Mapping[str, PatternMemory] = field(default_factory=dict)
    groups: tuple[GroupMemory, ...] = ()
    ended: tuple[Ended, ...] = ()
    calls: Mapping[str, int] = field(default_factory=dict)
    held_calls: Mapping[str, DistressCall] = field(default_factory=dict)
    begun_ns: int = 0
    nuisance: Nuisance = field(default_factory=Nuisance)
    traffic: Traffic = field(default_factory=Traffic)

    def to_json(self) -> bytes:
        """Encode as JSON.

        Returns
        -------
        bytes
            UTF-8 JSON with sorted keys, from which ``from_json`` restores an equal state.
        """
        return msgspec.json.encode(self, order="sorted")

    @classmethod
    def from_json(cls, body: bytes) -> AlertState:
        """Decode what ``to_json`` wrote.

        Parameters
        ----------
        body : bytes
            The JSON.

        Returns
        -------
        AlertState
            The state.

        Raises
        ------
        AlertStateError
            For any other bytes.
        """
        try:
            state = msgspec.json.decode(body, type=cls)
        except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
            raise AlertStateError(f"cannot be read ({error})", where="alert state", expected=OWN_STATE) from None
        if state.to_json() not in (
            body,
            _with_later_fields(body),
        ):  # a field that is missing or unknown would be forgotten in silence
            raise AlertStateError("has other fields", where="alert state", expected=OWN_STATE)
        return state


def _with_later_fields(body: bytes) -> bytes:
    """A state of a version before ``Nuisance.by_picture``, ``PatternMemory.clear_looks``, ``DistressCall.device``
    and what follows it, or ``Traffic.newest_ns`` and ``Traffic.uncovered``, with these fields."""
    known = msgspec.json.decode(body)
    for call in known.get("held_calls", {}).values():
        for name, value in {"device": "", "placed_ns": 0, "receiver": "", "together": []}.items():
            call.setdefault(name, value)
    known.get("nuisance", {}).setdefault("by_picture", {})
    for memory in known.get("patterns", {}).values():
        memory.setdefault("clear_looks", 0)
    traffic = known.get("traffic", {})
    traffic.setdefault("newest_ns", 0)
    traffic.setdefault("uncovered", [])
    return msgspec.json.encode(known, order="sorted")


def act_on(
    state: AlertState, identity: str, action: str, *, by: str, reason: str = "", at: datetime
) -> tuple[AlertState, Alert]:
    """Apply an operator's action to one alert of a state.

    A rejection counts as a nuisance alarm, a closing by a person as a real one; either replaces what pictures said.

    Parameters
    ----------
    state : AlertState
        The state, which is not changed.
    identity : str
        Id of the alert.
    action : str
        ``acknowledge``, ``withdraw``, ``clear`` or ``reject``.
    by : str
        Who acts.
    reason : str
        Why; required for ``reject``.
    at : datetime
        When, with a time zone.

    Returns
    -------
    state : AlertState
        The state after the action.
    alert : Alert
        The next revision of the alert.

    Raises
    ------
    AlertActionError
        For an id that the state does not hold, and as in ``act``.
    """
    if identity not in state.alerts:
        raise AlertActionError("no such alert", where=f"alert {identity}", expected="an alert of the last hours")
    alert = act(state.alerts[identity], action, by=by, reason=reason, at=at)
    if alert.status in ("rejected", "cleared"):
        state = replace(state, nuisance=counted(state.nuisance, alert, rejected=alert.status == "rejected"))
    return replace(state, alerts={**state.alerts, identity: alert}), alert

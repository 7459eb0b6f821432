"""From the track picture to alerts: approaching, crossing, sensor offline. Pure: state in, state and alerts out.

Only a *look* is evidence: a fresh plot of a confirmed track. A coasting track raises no alert and does not cross until
it is detected again; its motion in between is then inferred from where it reappears. One event is one alert:
- crossing: a track that was significantly on one side (offset beyond a band that grows with its own uncertainty) is
  significantly on the other for some consecutive looks. Coming back is another crossing, in the other direction;
  jitter inside the band is not a crossing.
- approaching: some consecutive looks significantly heading to the border and near in time; cleared when this has not
  been the case for a while, the track has crossed, or it has ended. The next approach is another alert.
- sensor offline: the state of sensors.health, cleared after the sensor has reported again for a while.
- patterns (fusion.alerts.pattern_rules): loitering, track initiated inside, dead ground ahead, groups.
- coverage lost: segments affected by a sensor's outage or blindness, each reported once, for the loss that caused it.
- activity below baseline (fusion.alerts.expected_traffic): an hour without traffic where some is always expected.
A probable animal lowers the priority; alerts that operators keep rejecting are suppressed (fusion.alerts.nuisance). A
unit's distress call (``distress``) ranks first and its priority is never lowered.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from fusion.alerts.alert import Alert, alert_id
from fusion.alerts.ledger import Ledger
from fusion.alerts.line_rules import approaching, course_of, crossing, looks_of, overdue, sighting_of, track_ended
from fusion.alerts.pattern_rules import (
    dead_ground_overdue,
    entering_dead_ground,
    groups,
    loitering,
    pattern_ended,
    recently_gone,
    track_initiated_inside,
)
from fusion.alerts.sensor_rules import Health, expected_traffic, sensors_faulty, sensors_offline
from fusion.alerts.settings import AlertSettings
from fusion.alerts.state import AlertState, DistressCall, Ended, PatternMemory, TrackMemory
from fusion.situation.context import AlertContext
from fusion.situation.current_coverage import CurrentCoverage
from fusion.situation.track_picture import TrackPicture
from geo.arrays import Floats
from geo.message import Message
from sensors.health.faults import BLINDING
from sensors.timestamps import SECOND_NS


def raise_alerts(
    state: AlertState,
    picture: TrackPicture,
    *,
    now_ns: int,
    health: Mapping[str, Health] | None = None,
    faults: Mapping[str, Mapping[str, Message]] | None = None,
    settings: AlertSettings | None = None,
    coverage: CurrentCoverage | None = None,
    context: AlertContext | None = None,
    weather: str = "",
) -> tuple[AlertState, tuple[Alert, ...]]:
    """Evaluate all alert rules on one track picture.

    Parameters
    ----------
    state : AlertState
        The state after the picture before, which is not changed.
    picture : TrackPicture
        All live tracks. A track of the state that is missing has ended.
    now_ns : int, UTC nanoseconds since 1970
        The journal's time.
    health : mapping of str to sensors.health.liveness.SensorHealth, optional
        State of each sensor (any record with ``state`` and ``since_ns``); a sensor that is missing keeps its last
        state.
    faults : mapping of str to mapping of str to Message, optional
        Faults of sensors that report, by sensor and fault, with what was found.
    settings : AlertSettings, optional
        Settings of the rules; by default those of AlertSettings.
    coverage : CurrentCoverage, optional
        Present coverage of the sensors. Without it, dead ground, tracks initiated inside and lost segments are not
        evaluated.
    context : AlertContext, optional
        Context of the sector: predicted crossings, responders, surroundings, impact levels, and the probability that
        crossings are detected.
    weather : str
        The stated weather, by which, with sensor and hour, nuisance alarms are learned.

    Returns
    -------
    state : AlertState
        The state after the picture.
    alerts : tuple of Alert
        New and revised alerts, most urgent first.

    Notes
    -----
    The same arguments give the same result; a second call with the same picture and time gives no alerts. No alert is
    withdrawn: one that no longer holds is revised to ``cleared``.
    """
    ledger = Ledger(
        settings or AlertSettings(),
        now_ns,
        dict(state.alerts),
        context=context,
        gone=not_detecting(health or {}, faults or {}),
        weather=weather,
        tallies=dict(state.nuisance.tallies),
        held_ns=dict(state.nuisance.held_ns),
        by_picture=dict(state.nuisance.by_picture),
    )
    tracks = dict(state.tracks)
    for track in state.tracks.keys() - set(picture.track):
        track_ended(ledger, tracks.pop(track))
    for sighting, look in looks_of(picture, state.tracks, ledger.settings):
        memory = crossing(ledger, tracks.get(sighting.track, TrackMemory()), sighting, look)
        dead = state.patterns.get(sighting.track, PatternMemory()).open_dead
        tracks[sighting.track] = approaching(ledger, memory, sighting, look, dead)
    tracks = {track: overdue(ledger, memory) for track, memory in tracks.items()}
    sensors = sensors_offline(ledger, state.sensors, health or {}, faults or {}, coverage)
    faulty = sensors_faulty(ledger, state.faults, faults or {}, coverage)
    state = _judge_patterns(ledger, state, picture, coverage)
    traffic = expected_traffic(ledger, state.traffic, picture, coverage)
    held_calls, calls = _state_held_calls(ledger, state)
    ledger.forget()
    state = replace(
        state, held_calls=held_calls, calls=calls, tracks=tracks, sensors=sensors, faults=faulty, traffic=traffic
    )
    return replace(state, alerts=ledger.alerts, nuisance=ledger.nuisance()), ledger.revisions()


def _state_held_calls(ledger: Ledger, state: AlertState) -> tuple[dict[str, DistressCall], dict[str, int]]:
    """State the calls whose alerts may be revised again; return those that still wait, and how often each unit called.

    A person who has ended an alert had not seen a call that waited then: it has an alert of its own, unless a later
    call of the unit has one.
    """
    waiting, calls = {}, dict(state.calls)
    for identity, call in sorted(state.held_calls.items()):
        alert = ledger.alerts.get(identity)
        if alert is not None and alert.is_open:
            if ledger.may_revise_distress(alert):
                ledger.raise_distress(identity, call)
            else:
                waiting[identity] = call
            continue
        newest = ledger.alerts.get(alert_id("distress", call.unit, 0, calls.get(call.unit, 0)))
        if newest is None or not newest.is_open:
            calls[call.unit] = calls.get(call.unit, 0) + 1
            ledger.raise_distress(alert_id("distress", call.unit, 0, calls[call.unit]), call)
    return waiting, calls


def not_detecting(health: Mapping[str, Health], faults: Mapping[str, Mapping[str, Message]]) -> tuple[str, ...]:
    """Sensors that are not detecting: offline, in maintenance, or blinded by a fault."""
    away = {sensor for sensor, state in health.items() if state.state != "ok"}
    return tuple(sorted(away | {sensor for sensor, names in faults.items() if set(names) & set(BLINDING)}))


def _judge_patterns(
    ledger: Ledger,
    state: AlertState,
    picture: TrackPicture,
    coverage: CurrentCoverage | None,
) -> AlertState:
    """Evaluate the rules of fusion.alerts.pattern_rules; return the state after them."""
    settings, now = ledger.settings, ledger.now_ns
    begun = state.begun_ns or now
    ended = recently_gone(state, picture, now, settings.ended_s)
    memories = dict(state.patterns)
    for track in state.patterns.keys() - set(picture.track):
        pattern_ended(ledger, memories.pop(track))
    course = course_of(picture, settings)
    near = (picture.segment >= 0) & (np.abs(picture.offset_m) <= settings.pattern_band_m)
    rows = np.flatnonzero(near & (picture.status == "confirmed"))
    lost = _lost_places(picture, ended)
    settled = now - begun >= settings.settle_s * SECOND_NS
    for row in sorted(rows.tolist(), key=lambda row: picture.track[row]):
        memory = memories.get(picture.track[row], PatternMemory())
        if picture.updated_ns[row] <= memory.look_ns:
            continue
        sighting = sighting_of(picture, course, row)
        sd_m = float(np.sqrt(max(0.5 * (picture.cov[row, 0, 0] + picture.cov[row, 1, 1]), 0.0)))
        memory = loitering(ledger, memory, sighting, sd_m)
        if coverage is not None:
            memory = track_initiated_inside(ledger, memory, sighting, coverage, ledger.gone, lost, settled)
            memory = entering_dead_ground(ledger, memory, sighting, coverage, ledger.gone, bool(course.heading[row]))
        memories[sighting.track] = replace(
            memory,
            look_ns=sighting.observed_ns,
            last_easting=sighting.easting,
            last_northing=sighting.northing,
        )
    memories = {track: dead_ground_overdue(ledger, memory) for track, memory in memories.items()}
    # people at work on the own side are not a group
    apart = rows[(picture.offset_m[rows] < 0.0) | course.heading[rows]]
    gathered = groups(ledger, state.groups, picture, apart)
    return replace(state, patterns=memories, groups=gathered, ended=ended, begun_ns=begun)


def _lost_places(picture: TrackPicture, ended: tuple[Ended, ...]) -> Floats:
    """Positions (n, 2) at which tracks ended lately, and at which others coast at present."""
    coasting = np.flatnonzero(picture.status == "coasting")
    there = np.column_stack([picture.easting[coasting], picture.northing[coasting]])
    return np.vstack([there, np.array([(e.easting, e.northing) for e in ended]).reshape(-1, 2)])


def distress(
    state: AlertState,
    call: DistressCall,
    *,
    now_ns: int,
    settings: AlertSettings | None = None,
    context: AlertContext | None = None,
) -> tuple[AlertState, tuple[Alert, ...]]:
    """Raise or update the alert of a unit's distress call.

    Parameters
    ----------
    state : AlertState
        The state, which is not changed.
    call : DistressCall
        The call. A unit's later calls revise the same alert while that is open, at most every ``distress_revise_s``,
        but at once where the alert has no position and the call has one. ``raise_alerts`` states the newest one when it
        is due; of a device, which repeats its call every few seconds, the next one that is due is stated. Only a person
        closes the alert.
    now_ns : int, UTC nanoseconds since 1970
        The journal's time.
    settings : AlertSettings, optional
        Settings of the rules; by default those of AlertSettings.
    context : AlertContext, optional
        Context of the sector, of which the alert states the named areas of the call's position.

    Returns
    -------
    state : AlertState
        The state after the call.
    alerts : tuple of Alert
        The new or revised alert; none for a call that waits.
    """
    ledger = Ledger(settings or AlertSettings(), now_ns, dict(state.alerts), context=context)
    identity, calls = _alert_of(state, call, now_ns)
    known = ledger.alerts.get(identity)
    if known is not None and not (ledger.may_revise_distress(known) or _places(call, known)):
        held = {} if call.device else {identity: call}
        return replace(state, held_calls={**state.held_calls, **held}), ()
    ledger.raise_distress(identity, call)
    held = {name: waiting for name, waiting in state.held_calls.items() if name != identity}
    return replace(state, alerts=ledger.alerts, calls=calls, held_calls=held), ledger.revisions()


def _alert_of(state: AlertState, call: DistressCall, now_ns: int) -> tuple[str, Mapping[str, int]]:
    """Id of the caller's open alert, or of a new one, and the number of calls of each unit with this one.

    The alerts of devices are numbered by their time: anyone can invent devices, of which no number should remain.
    """
    if call.device:
        own = (one for one in state.alerts.values() if (one.rule, one.unit) == ("distress", call.unit) and one.is_open)
        found = next(own, None)
        return alert_id("distress", call.unit, 0, now_ns) if found is None else found.id, state.calls
    count = max(state.calls.get(call.unit, 0), 1)
    known = state.alerts.get(alert_id("distress", call.unit, 0, count))
    if call.unit in state.calls and (known is None or not known.is_open):
        count += 1
    return alert_id("distress", call.unit, 0, count), {**state.calls, call.unit: count}


def _places(call: DistressCall, known: Alert) -> bool:
    """Whether a call states where an alert without a position is."""
    return known.easting is None and call.easting is not None

"""From the track picture to alerts: approaching, crossing, sensor silent. Pure: state in, state and news out.

Only a *look* is evidence: a fresh plot of a confirmed track. A coasting track raises nothing and crosses nothing until
it is detected again; what it did in between is then concluded from where it reappears. One event is one alert:
- crossing: a track once surely on a side (offset beyond a band that grows with its own uncertainty) is surely on the
  other for some looks in a row. Coming back is another crossing, the other way; jitter inside the band is none.
- approaching: some looks in a row significantly heading to the line and near in time; cleared when it has not been so
  for a while, has crossed, or has ended. The next approach is another alert.
- sensor silent: what sensors.health says, cleared after the sensor has reported again for a while.
- patterns (fusion.alerts.pattern_rules): loitering, appearing inside, dead ground ahead, groups.
- coverage lost: segments that a sensor's silence or blindness opened, each told once, for the loss that tipped it.
- quiet (fusion.alerts.expected_traffic): an hour without anybody where there always is somebody.
A clear animal lowers the priority; what operators keep rejecting is held back (fusion.alerts.nuisance). A unit's
distress call (``distress``) is first in rank and nothing lowers it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from fusion.alerts.alert import Alert, AlertState, Ended, PatternMemory, TrackMemory, alert_id
from fusion.alerts.ledger import DistressCall, Knowing, Ledger
from fusion.alerts.line_rules import approaching, course_of, crossing, looks_of, overdue, sighting_of, track_ended
from fusion.alerts.pattern_rules import (
    CurrentCoverage,
    appeared_inside,
    dead_ground,
    groups,
    loitering,
    pattern_ended,
    recently_gone,
)
from fusion.alerts.sensor_rules import Health, expected_traffic, sensors_faulty, sensors_silent
from fusion.alerts.settings import AlertSettings
from fusion.situation.track_picture import TrackPicture
from sensors.health.faults import BLINDING
from sensors.timestamps import SECOND_NS


def raise_alerts(
    state: AlertState,
    picture: TrackPicture,
    *,
    now_ns: int,
    health: Mapping[str, Health] | None = None,
    faults: Mapping[str, Mapping[str, str]] | None = None,
    settings: AlertSettings | None = None,
    coverage: CurrentCoverage | None = None,
    context: Knowing | None = None,
    weather: str = "",
) -> tuple[AlertState, tuple[Alert, ...]]:
    """The state after this picture, and the alerts that are new or revised, most urgent first.

    Same arguments, same answer; calling again with the same picture and time gives nothing. ``now_ns`` is the
    journal's time, UTC nanoseconds. A track missing from the picture has ended. A sensor missing from ``health`` is
    left as it was; ``faults``: what is wrong with those that are heard, by sensor and fault. ``coverage`` is what the
    sensors see (fusion.situation.current_coverage); without it nothing is said of dead ground, of appearing inside, or
    of segments that nobody watches. ``knowing`` (fusion.situation.context) adds what is known of the sector: forecasts,
    who would be in time if they left now, the ground, impact levels, and how likely crossings are detected.
    ``weather``, as stated, is what nuisance is learned by, beside sensor and hour. Nothing is ever unpublished: an
    alert that no longer holds is revised to ``cleared``.
    """
    ledger = Ledger(
        settings or AlertSettings(),
        now_ns,
        dict(state.alerts),
        context=context,
        gone=_gone(health or {}, faults or {}),
        weather=weather,
        tallies=dict(state.nuisance.tallies),
        held_ns=dict(state.nuisance.held_ns),
    )
    tracks = dict(state.tracks)
    for track in state.tracks.keys() - set(picture.track):
        track_ended(ledger, tracks.pop(track))
    for sighting, look in looks_of(picture, state.tracks, ledger.settings):
        memory = crossing(ledger, tracks.get(sighting.track, TrackMemory()), sighting, look)
        dead = state.patterns.get(sighting.track, PatternMemory()).open_dead
        tracks[sighting.track] = approaching(ledger, memory, sighting, look, dead)
    tracks = {track: overdue(ledger, memory) for track, memory in tracks.items()}
    sensors = sensors_silent(ledger, state.sensors, health or {}, coverage)
    faulty = sensors_faulty(ledger, state.faults, faults or {}, coverage)
    state = _judge_patterns(ledger, state, picture, coverage)
    traffic = expected_traffic(ledger, state.traffic, picture, coverage)
    ledger.forget()
    state = replace(state, tracks=tracks, sensors=sensors, faults=faulty, traffic=traffic)
    return replace(state, alerts=ledger.alerts, nuisance=ledger.nuisance()), ledger.news()


def _gone(health: Mapping[str, Health], faults: Mapping[str, Mapping[str, str]]) -> tuple[str, ...]:
    """Sensors that see nothing now: silent, in maintenance, or blinded by a fault."""
    away = {sensor for sensor, found in health.items() if found.state != "ok"}
    return tuple(sorted(away | {sensor for sensor, found in faults.items() if set(found) & set(BLINDING)}))


def _judge_patterns(
    ledger: Ledger,
    state: AlertState,
    picture: TrackPicture,
    coverage: CurrentCoverage | None,
) -> AlertState:
    """The state after the rules of fusion.alerts.pattern_rules."""
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
            memory = appeared_inside(ledger, memory, sighting, coverage, ledger.gone, lost, settled)
            memory = dead_ground(ledger, memory, sighting, coverage, ledger.gone, bool(course.heading[row]))
        memories[sighting.track] = replace(
            memory,
            look_ns=sighting.observed_ns,
            last_easting=sighting.easting,
            last_northing=sighting.northing,
        )
    apart = rows[(picture.offset_m[rows] < 0.0) | course.heading[rows]]  # people at work at home are no gathering
    gathered = groups(ledger, state.groups, picture, apart)
    return replace(state, patterns=memories, groups=gathered, ended=ended, begun_ns=begun)


def _lost_places(picture: TrackPicture, ended: tuple[Ended, ...]) -> npt.NDArray[np.float64]:
    """(n, 2) where tracks ended lately, and where others coast now."""
    coasting = np.flatnonzero(picture.status == "coasting")
    there = np.column_stack([picture.easting[coasting], picture.northing[coasting]])
    return np.vstack([there, np.array([(e.easting, e.northing) for e in ended]).reshape(-1, 2)])


def distress(
    state: AlertState, call: DistressCall, *, now_ns: int, settings: AlertSettings | None = None
) -> tuple[AlertState, tuple[Alert, ...]]:
    """The state after a unit's distress call, and its alert. A unit's later calls are the same alert for as long as
    that is open; only a person closes it."""
    ledger = Ledger(settings or AlertSettings(), now_ns, dict(state.alerts))
    count = max(state.calls.get(call.unit, 0), 1)
    known = ledger.alerts.get(alert_id("distress", call.unit, 0, count))
    if call.unit in state.calls and (known is None or not known.is_open):
        count += 1
    ledger.raise_distress(alert_id("distress", call.unit, 0, count), call)
    return replace(state, alerts=ledger.alerts, calls={**state.calls, call.unit: count}), ledger.news()

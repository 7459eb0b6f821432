"""Rules about tracks against the border: which looks count, crossing, and approaching."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from fusion.alerts.alert import alert_id
from fusion.alerts.ledger import Ledger
from fusion.alerts.settings import AlertSettings
from fusion.alerts.state import Gate, TrackMemory
from fusion.situation.facts import Sighting
from fusion.situation.track_picture import TrackPicture
from geo.arrays import Bools, Floats, Ints
from sensors.timestamps import SECOND_NS


@dataclass(frozen=True, slots=True)
class SideEvidence:
    """Result of one look: the significant side (+1, −1, 0 none) and whether it significantly heads to the border, near
    in time."""

    sure_side: int
    heading_to_line: bool


def looks_of(
    picture: TrackPicture, memories: Mapping[str, TrackMemory], settings: AlertSettings
) -> Iterator[tuple[Sighting, SideEvidence]]:
    """The looks that may change an alert, by track name; filtered in columns first, so that distant tracks cost
    little."""
    course = course_of(picture, settings)
    side = course.side
    known = [memories.get(track) for track in picture.track]
    before = np.fromiter((0 if m is None else m.side for m in known), np.int64, len(known))
    newest = np.fromiter((-(2**63) if m is None else m.look_ns for m in known), np.int64, len(known))
    busy = np.fromiter((m is not None and _is_busy(m) for m in known), np.bool_, len(known))
    look = (picture.status == "confirmed") & (picture.segment >= 0) & (picture.updated_ns > newest)
    near = np.abs(picture.offset_m) <= 2 * course.band
    rows = np.flatnonzero(look & (busy | near | course.heading | ((side != 0) & (side != before))))
    for row in sorted(rows.tolist(), key=lambda row: picture.track[row]):
        yield sighting_of(picture, course, row), SideEvidence(int(side[row]), bool(course.heading[row]))


class Course(NamedTuple):
    """Each track against the border: rate of its offset [m/s], time to the border at that rate [s], half width of the
    band in which its side is not significant [m], significant side (+1, −1, 0), and whether it significantly heads to
    the border, near in time.
    """

    rate: Floats
    time: Floats
    band: Floats
    side: Ints
    heading: Bools


def course_of(picture: TrackPicture, settings: AlertSettings) -> Course:
    """Columns over all tracks; NaN rates without a border."""
    offset, home = picture.offset_m, picture.home
    rate = np.einsum("ni,ni->n", home, np.column_stack([picture.easting_rate, picture.northing_rate]))
    variance = np.einsum("ni,nij,nj->n", home, picture.cov[:, :2, :2], home)
    rate_sd = np.sqrt(np.maximum(np.einsum("ni,nij,nj->n", home, picture.cov[:, 2:, 2:], home), 0.0))
    band = settings.crossing_sigma * np.sqrt(np.maximum(variance, 0.0) + settings.border_sd_m**2)
    side = np.where(np.abs(offset) > band, np.sign(offset), 0.0).astype(np.int64)
    closing = -rate * np.sign(offset)
    time = np.full(len(offset), np.inf)
    np.divide(np.abs(offset), closing, out=time, where=closing > 0)
    near = time <= np.where(rate > 0.0, settings.approach_time_s, settings.outbound_time_s)
    near &= np.abs(offset) <= settings.approach_band_m
    speed = np.hypot(picture.easting_rate, picture.northing_rate)
    straight = (closing >= settings.straight_fraction * speed) | (time <= settings.straight_waived_s)
    significant = closing >= np.maximum(settings.least_closing_mps, settings.closing_sigma * rate_sd)
    heading = near & straight & significant
    return Course(rate, time, band, side, heading)


def _is_busy(memory: TrackMemory) -> bool:
    return bool(memory.across or memory.approach_looks or memory.open_approach or memory.open_crossing)


def sighting_of(picture: TrackPicture, course: Course, row: int) -> Sighting:
    """One row of the picture as an alert states it."""
    time_s = course.time[row]
    return Sighting(
        track=picture.track[row],
        observed_ns=int(picture.updated_ns[row]),
        easting=float(picture.easting[row]),
        northing=float(picture.northing[row]),
        easting_rate=float(picture.easting_rate[row]),
        northing_rate=float(picture.northing_rate[row]),
        offset_m=float(picture.offset_m[row]),
        segment=int(picture.segment[row]),
        chainage_m=float(picture.chainage_m[row]),
        direction=int(np.sign(course.rate[row])),
        time_to_border_s=float(time_s) if np.isfinite(time_s) else None,
        existence=float(picture.existence[row]),
        class_probability=tuple(picture.class_probability[row].tolist()),
        evidence=picture.evidence[row],
        offset_rate=float(course.rate[row]),
        band_m=float(course.band[row]),
        cov=picture.cov[row],
    )


def crossing(ledger: Ledger, memory: TrackMemory, sighting: Sighting, look: SideEvidence) -> TrackMemory:
    """Count consecutive looks significantly on the other side; enough of them make a crossing at the gate."""
    other_side = look.sure_side * memory.side < 0
    own_side = look.sure_side != 0 and not other_side
    memory = replace(
        memory,
        look_ns=sighting.observed_ns,
        side=look.sure_side if own_side else memory.side,
        across=memory.across + 1 if other_side else 0,
        gate=_gate(None if own_side else memory.gate, sighting),
    )
    if memory.across < ledger.settings.crossing_looks:
        return memory if other_side else _follow(ledger, memory, sighting)
    assert memory.gate is not None
    direction, ordinal = look.sure_side, memory.crossings + 1
    identity = alert_id("crossing", sighting.track, direction, ordinal)
    ledger.clear(memory.open_approach, "crossed")
    ledger.raise_(identity, "crossing", _as_crossing(sighting, direction, memory.gate.segment, memory.gate.chainage_m))
    return replace(
        memory,
        side=direction,
        across=0,
        gate=_gate(None, sighting),
        crossings=ordinal,
        open_crossing=identity,
        open_approach="",
        approach_looks=0,
    )


def _gate(nearest: Gate | None, sighting: Sighting) -> Gate:
    """The closer to the border of the gate so far and this look."""
    if nearest is not None and abs(nearest.offset_m) <= abs(sighting.offset_m):
        return nearest
    return Gate(sighting.offset_m, sighting.segment, sighting.chainage_m)


def _as_crossing(sighting: Sighting, direction: int, segment: int, chainage_m: float) -> Sighting:
    """The track at its present position, with segment and chainage of the crossing."""
    return replace(sighting, direction=direction, segment=segment, chainage_m=chainage_m, time_to_border_s=None)


def _follow(ledger: Ledger, memory: TrackMemory, sighting: Sighting) -> TrackMemory:
    """Update the newest crossing's position while it is followed."""
    if not memory.open_crossing:
        return memory
    alert = ledger.alerts.get(memory.open_crossing)
    if alert is None or not alert.is_open or ledger.age_s(alert) > ledger.settings.follow_s:
        return replace(memory, open_crossing="")
    if alert.segment is not None and alert.chainage_m is not None:
        ledger.revise(alert, _as_crossing(sighting, alert.direction, alert.segment, alert.chainage_m))
    return memory


def approaching(
    ledger: Ledger, memory: TrackMemory, sighting: Sighting, look: SideEvidence, open_dead: str = ""
) -> TrackMemory:
    """Count consecutive looks heading to the border; enough of them make an approach, until it has stopped for long.

    A track with an open alert of dead ground ahead (``open_dead``, its id) is already approaching: it is one event.
    """
    settings = ledger.settings
    if look.heading_to_line:
        looks = memory.approach_looks + 1
        memory = replace(memory, approach_looks=looks, approach_ns=sighting.observed_ns)
        if memory.open_approach:
            alert = ledger.alerts.get(memory.open_approach)
            if alert is None or alert.direction == sighting.direction:
                ledger.follow(memory.open_approach, "approaching", sighting)
        elif looks >= settings.approach_looks and not ledger.is_open(open_dead):
            ordinal = memory.approaches + 1
            identity = alert_id("approaching", sighting.track, sighting.direction, ordinal)
            ledger.raise_(identity, "approaching", sighting)
            memory = replace(memory, approaches=ordinal, open_approach=identity)
        return memory
    if memory.approach_looks:
        memory = replace(memory, approach_looks=0)
    if memory.open_approach and sighting.observed_ns - memory.approach_ns > settings.approach_clear_s * SECOND_NS:
        ledger.clear(memory.open_approach, "not_approaching")
        memory = replace(memory, open_approach="")
    return memory


def overdue(ledger: Ledger, memory: TrackMemory) -> TrackMemory:
    """Clear an approach that no look confirmed for ``approach_time_s``: it would be at the border by now."""
    if memory.open_approach and ledger.now_ns - memory.approach_ns > ledger.settings.approach_time_s * SECOND_NS:
        ledger.clear(memory.open_approach, "approach_lost")
        return replace(memory, open_approach="", approach_looks=0)
    return memory


def track_ended(ledger: Ledger, memory: TrackMemory) -> None:
    """Clear the open approach of a track that ended; its crossing stays."""
    ledger.clear(memory.open_approach, "track_ended")

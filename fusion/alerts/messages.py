"""The messages of an alert: identifiers of the catalogue and their parameters. ``ops.words`` makes sentences of them.

Parameters are in metres, seconds, metres per second and probabilities (rounded), and words of closed lists.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import atan2, hypot, pi
from typing import Final

from fusion.alerts.settings import AlertSettings
from fusion.alerts.state import DistressCall
from fusion.situation.facts import CoverageGap, ResponseInTime, Sighting
from geo.areas import AREA_KINDS, NamedArea
from geo.message import Message, Parameter
from sensors.timestamps import utc_datetime

MUTED: Final = "alert-sensor-muted"
"""Headline of the alert of a sensor that people have muted."""
NAMED: Final = ("person", "group", "vehicle", "animal")
"""Classes that a headline names."""
COMPASS: Final = ("n", "ne", "e", "se", "s", "sw", "w", "nw")
STANDING_MPS: Final = 0.2  # below this speed a heading is meaningless
TRACKS_NAMED: Final = 6
"""Maximum number of tracks of a group that are named."""
DEVICES_NAMED: Final = 10
"""Maximum number of distress devices of one alert that are named."""
RUNS_NAMED: Final = 2
"""Maximum number of runs of segments (``4–7, 9``) that a headline names."""


@dataclass(frozen=True, slots=True)
class AlertText:
    """The messages of one alert: headline, details, why it was raised, and the response."""

    message: Message
    details: tuple[Message, ...] = ()
    why: tuple[Message, ...] = ()
    response: Message | None = None


def track_text(
    rule: str,
    sighting: Sighting,
    settings: AlertSettings,
    *,
    impact_level: str | None = None,
    response: ResponseInTime | None = None,
    areas: Sequence[NamedArea] = (),
    raised: Message | None = None,
) -> AlertText:
    """The messages of a rule about one track; ``areas``: those that it is in; ``raised``: a further reason for the
    priority."""
    return AlertText(
        _headline(rule, sighting, settings),
        _details(rule, sighting, response, areas),
        (*_why(rule, sighting, settings, impact_level), *(() if raised is None else (raised,))),
        None if response is None else response_message(response),
    )


def _headline(rule: str, sighting: Sighting, settings: AlertSettings) -> Message:
    label, probability = sighting.most_likely()
    named = label if probability >= settings.naming_probability and label in NAMED else "unknown"
    target: dict[str, Parameter] = {"class": named, "track": sighting.track}
    left = sighting.time_to_border_s
    direction = _direction(sighting.direction)
    if rule == "crossing":
        return Message("alert-crossing", target | {"direction": direction, "segment": sighting.segment})
    if rule == "approaching" and left is not None:
        return Message("alert-approaching", target | {"direction": direction, "time_to_border_s": round(left, 1)})
    if rule == "approaching":
        return Message("alert-approaching-distance", target | {"direction": direction, "offset_m": _away(sighting)})
    if rule == "loitering":
        stayed_s = (sighting.observed_ns - sighting.since_ns) * 1e-9
        return Message("alert-loitering", target | {"duration_s": round(stayed_s, 1), "segment": sighting.segment})
    if rule == "entering_dead_ground":
        return Message("alert-entering-dead-ground", target | {"dead_ground_in_s": round(sighting.hidden_in_s or 0, 1)})
    return Message("alert-track-initiated-inside", {"track": sighting.track, "offset_m": _away(sighting)})


def _details(
    rule: str, sighting: Sighting, response: ResponseInTime | None, areas: Sequence[NamedArea]
) -> tuple[Message, ...]:
    """First what the rule requires the operator to expect or check and the areas that the target is in, then movement,
    position, confidence, sensors."""
    first = {
        "entering_dead_ground": [Message("alert-detail-expect-track-loss")],
        "track_initiated_inside": [
            Message("alert-detail-initiated-in-coverage"),
            Message("alert-detail-check-gap", {"segment": sighting.segment}),
        ],
    }.get(rule, [])
    label, probability = sighting.most_likely()
    sensors = tuple(dict.fromkeys(sensor for sensor, _, _ in sighting.evidence))
    parts = [
        *first,
        *area_messages(areas),
        _motion(sighting),
        position_message(sighting.segment, sighting.chainage_m, sighting.offset_m),
        Message("alert-detail-class", {"class": label, "probability": round(probability, 4)}),
        Message("alert-detail-confidence", {"existence": round(sighting.existence, 4)}),
    ]
    if sensors:
        parts.append(Message("alert-detail-sensors", {"sensors": sensors}))
    if response is not None:
        parts.append(_assumptions(response))
    return tuple(parts)


def _why(rule: str, sighting: Sighting, settings: AlertSettings, impact_level: str | None) -> tuple[Message, ...]:
    """The trigger of the rule, and the reasons for the priority."""
    speed = _speed(sighting)
    trigger = {
        "crossing": Message(
            "alert-why-crossing",
            {
                "count": round(settings.crossing_looks),
                "band_m": None if sighting.band_m is None else _m(sighting.band_m),
            },
        ),
        "approaching": Message("alert-why-approaching", {"count": round(settings.approach_looks), "speed_mps": speed}),
        "loitering": Message("alert-why-loitering", {"radius_m": settings.loiter_radius_m}),
        "track_initiated_inside": Message("alert-why-track-initiated-inside", {"radius_m": settings.around_m}),
        "entering_dead_ground": Message("alert-why-entering-dead-ground"),
    }[rule]
    reasons = [trigger]
    if sighting.time_to_border_s is not None:
        reasons.append(Message("alert-why-time-left", {"time_to_border_s": round(sighting.time_to_border_s, 1)}))
    if impact_level is not None:
        reasons.append(Message("alert-why-impact-level", {"level": impact_level}))
    return tuple(reasons)


def response_message(response: ResponseInTime) -> Message:
    """The line for voice radio: the base that responds, its ETA, and the time margin."""
    if response.interruption_probability is None:
        return Message("alert-response-unknown")
    chance: dict[str, Parameter] = {"interruption_probability": round(response.interruption_probability, 4)}
    if response.response_s is None or response.margin_s is None:
        return Message("alert-response-none", chance)
    return Message(
        "alert-response",
        {
            "base": response.base,
            "eta_s": round(response.response_s, 1),
            "timing": "in_time" if response.margin_s >= 0.0 else "late",
            "margin_s": round(abs(response.margin_s), 1),
            **chance,
        },
    )


def _assumptions(response: ResponseInTime) -> Message:
    """Assumptions of the response: responders, their speed, and the estimate of the target's remaining time."""
    assumed = response.assumptions
    return Message(
        "alert-detail-response-assumptions",
        {
            "responder": assumed.responder,
            "off_road_mps": round(assumed.off_road_mps, 2),
            "target": response.mover,
            "pace": response.time_left_by,
            "strips": assumed.strips,
        },
    )


def group_text(
    tracks: Sequence[str],
    segment: int,
    chainage_m: float,
    offset_m: float,
    settings: AlertSettings,
    *,
    areas: Sequence[NamedArea] = (),
) -> AlertText:
    """The messages of several tracks together."""
    position: dict[str, Parameter] = {"offset_m": _m(abs(offset_m)), "side": _side(offset_m), "segment": segment}
    named = tuple(tracks[:TRACKS_NAMED])
    return AlertText(
        Message("alert-group-formed", {"count": len(tracks), **position}),
        (
            *area_messages(areas),
            Message("alert-detail-tracks", {"tracks": named, "others": len(tracks) - len(named)}),
            position_message(segment, chainage_m, offset_m),
        ),
        (
            Message(
                "alert-why-group-formed",
                {
                    "count": round(settings.group_size),
                    "radius_m": settings.group_radius_m,
                    "duration_s": settings.group_s,
                },
            ),
        ),
    )


def split_message(parts: int, apart_m: float) -> Message:
    """A group that has split."""
    return Message("alert-detail-split", {"count": parts, "distance_m": _m(apart_m)})


def silence_text(
    sensor: str, state: str, since_ns: int, until_ns: int | None = None, refused: Message | None = None
) -> AlertText:
    """The messages of a sensor that is offline, or muted until ``until_ns``; offline, that is when a mute ended.

    ``refused``: why messages of the sensor are refused.
    """
    since, until = (
        None if ns is None else utc_datetime(ns).isoformat(timespec="seconds") for ns in (since_ns, until_ns)
    )
    lost = Message("alert-detail-its-coverage-lost")
    if state == "muted":
        what: dict[str, Parameter] = {"sensor": sensor, "until": until or ""}
        return AlertText(Message(MUTED, what), (Message("alert-detail-muted"), lost))
    ended = () if until is None else (Message("alert-detail-mute-ended", {"until": until}),)
    why = () if refused is None else (refused,)
    return AlertText(Message("alert-sensor-offline", {"sensor": sensor, "since": since or ""}), (*why, *ended, lost))


def fault_text(sensor: str, fault: str, condition: Message) -> AlertText:
    """The messages of a sensor that sends data and has a fault."""
    return AlertText(Message("alert-sensor-fault", {"sensor": sensor, "fault": fault}), (condition,))


def coverage_lost_text(
    sensor: str,
    cause: str,
    gaps: Sequence[CoverageGap],
    segments: Sequence[int],
    segment_count: int,
    required: float,
) -> AlertText:
    """The messages of segments that a sensor's loss affects: coverage gaps where the probability of detecting a
    crossing is known, otherwise segments that no other sensor covers.

    ``cause``: ``offline``, ``muted``, or the fault that keeps the sensor from detecting.
    """
    named = tuple(segments)
    what: dict[str, Parameter] = {
        "count": len(named), "total": segment_count, "segments": named, "sensor": sensor, "cause": cause,
    }  # fmt: skip
    short = "" if _runs(named) <= RUNS_NAMED else "-many"
    details = [Message("alert-detail-segments", {"count": len(named), "segments": named})] if short else []
    if gaps:
        worst = min(gaps, key=lambda one: (one.after, one.segment))
        details.insert(
            0,
            Message(
                "alert-detail-worst-gap",
                {
                    "required": required,
                    "segment": worst.segment,
                    "before": round(worst.before, 4),
                    "after": round(worst.after, 4),
                },
            ),
        )
    return AlertText(
        Message(f"alert-coverage-{'gap' if gaps else 'lost'}{short}", what),
        tuple(details),
        (Message("alert-why-coverage-lost", {"sensor": sensor, "cause": cause}),),
    )


def below_baseline_text(segment: int, expected: float) -> AlertText:
    """The messages of an hour without traffic in a segment where some is always expected."""
    figures: Mapping[str, Parameter] = {"segment": segment, "expected": round(expected, 1)}
    return AlertText(
        Message("alert-activity-below-baseline", figures),
        (Message("alert-detail-check-sensors"),),
        (Message("alert-why-activity-below-baseline", figures),),
    )


def distress_text(call: DistressCall, areas: Sequence[NamedArea] = ()) -> AlertText:
    """The messages of a distress call; ``areas``: those that it is in, of which responders must know."""
    details = [Message("alert-detail-note", {"note": call.note})] if call.note else []
    details += _call_place(call)
    if call.receiver:
        details.append(Message("alert-detail-heard-by", {"sensor": call.receiver}))
    if call.together:
        named, count = call.together[:DEVICES_NAMED], len(call.together)
        counts: dict[str, Parameter] = {"count": count, "others": count - len(named)}
        details.append(Message("alert-detail-devices", {"devices": named, **counts}))
    details += area_messages(areas)
    headline, there = "alert-distress", "alert-distress-at-segment"
    caller: dict[str, Parameter] = {"unit": call.unit}
    if call.device:
        headline, there = "alert-device-distress", "alert-device-distress-at-segment"
        caller = {"device": call.device, "identity": call.unit.rpartition(" ")[2]}
    if call.together:
        headline, there, caller = "alert-more-devices-distress", "alert-more-devices-distress-at-segment", {}
    if call.segment is not None and call.chainage_m is not None and call.offset_m is not None:
        details.append(position_message(call.segment, call.chainage_m, call.offset_m))
        headline, caller = there, caller | {"segment": call.segment}
    if call.refused:
        details.append(Message("alert-detail-refused-call", {"code": call.refused}))
    return AlertText(Message(headline, caller), tuple(details))


def _call_place(call: DistressCall) -> list[Message]:
    """Where a call is from, and since when that is known."""
    if not call.position:
        return [Message("alert-detail-no-position")]
    if not call.last_known:
        return [Message("alert-detail-coordinates", {"position": call.position})]
    placed = Message("alert-detail-without-fix")
    if call.placed_ns:
        at = utc_datetime(call.placed_ns).isoformat(timespec="seconds")
        placed = Message("alert-detail-placed-at", {"at": at})
    return [Message("alert-detail-last-coordinates", {"position": call.position}), placed]


def area_messages(areas: Sequence[NamedArea]) -> list[Message]:
    """The named areas of a position, those with a danger first."""
    ordered = sorted(areas, key=lambda area: AREA_KINDS.index(area.kind))
    return [Message("alert-detail-area", {"kind": area.kind, "area": area.name}) for area in ordered]


def position_message(segment: int, chainage_m: float, offset_m: float) -> Message:
    """A position beside the border."""
    return Message(
        "alert-detail-position",
        {"offset_m": _m(abs(offset_m)), "side": _side(offset_m), "segment": segment, "chainage_m": _m(chainage_m)},
    )


def cleared(reason: str) -> Message:
    """The reason why an alert was cleared without an operator, such as ``no_action``."""
    return Message("alert-cleared", {"reason": reason})


def _motion(sighting: Sighting) -> Message:
    speed, heading = _speed(sighting), "none"
    if speed >= STANDING_MPS:
        turn = atan2(sighting.easting_rate, sighting.northing_rate) / (2 * pi)
        heading = COMPASS[round(turn * 8) % 8]
    return Message(
        "alert-detail-motion",
        {"heading": heading, "direction": _direction(sighting.direction), "speed_mps": speed},
    )


def _speed(sighting: Sighting) -> float:
    return round(hypot(sighting.easting_rate, sighting.northing_rate), 2)


def _direction(sign: int) -> str:
    return "inbound" if sign > 0 else "outbound" if sign < 0 else "none"


def _side(offset_m: float) -> str:
    return "own" if offset_m > 0 else "far"


def _away(sighting: Sighting) -> float:
    return _m(abs(sighting.offset_m))


def _m(metres: float) -> float:
    return round(metres, 1)


def _runs(numbers: Sequence[int]) -> int:
    """Number of runs of consecutive integers among ascending ``numbers``."""
    return sum(number - 1 not in numbers for number in numbers)

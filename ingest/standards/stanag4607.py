"""STANAG 4607 ground moving target indicator packets (extra ``gmti``): the target reports of a dwell as one scan.

Simulated or synthesized targets must not appear in the live picture, so such packets are refused. Without a Mission
Segment in the packet the day of a dwell is the one nearest to the receipt.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from ingest.envelope import Envelope
from ingest.errors import MalformedMessage, printable
from ingest.standards.time_of_day import nearest_to_receipt, newest_of_one_look
from ingest.wire import MAX_PAYLOAD_BYTES, MAX_PLOTS, WirePlot, WireScan

REAL: Final = (0, 128)
"""Exercise indicators of real data, in operations and in exercises."""
SIMULATED_FROM: Final = 128
"""Target classifications from this number on are simulated targets (126 is "other", 127 "unknown")."""
CLASSES: Final = {
    1: "vehicle", 2: "vehicle", 3: "other", 4: "other", 5: "other", 6: "vehicle", 7: "other", 8: "vehicle",
    9: "person", 10: "vehicle", 11: "animal", 12: "group", 13: "other",
}  # fmt: skip
"""Live classes of D32.10: tracked and wheeled vehicles, aircraft, rotators, maritime, beacons, amphibians, persons,
vehicles, animals, large multiple returns; no class for others."""
_FIELD: Final = re.compile(r"\bD\d{1,2}(\.\d{1,2})?")


def decode(payload: bytes, envelope: Envelope) -> WireScan:
    """All targets of a packet's dwells; MalformedMessage names the field by its number in the standard, as ``D6``."""
    sensor = envelope.require_sensor("radar")
    library = _library()
    packet = _packet(library, payload)
    if packet.header.exercise_indicator not in REAL:
        problem = f"{packet.header.exercise_indicator}: simulated or synthesized"
        raise MalformedMessage("unknown_value", "P7 exercise indicator", problem, "real data: 0 or 128")
    day, dwells = _segments(library, packet)
    if not dwells:
        raise MalformedMessage("missing_field", "Dwell Segment", "missing", "at least one")
    times = [_time(dwell, day, envelope.received_at) for dwell in dwells]
    observed_at = newest_of_one_look(times, "D6", "dwells")
    if sum(len(dwell.targets) for dwell in dwells) > MAX_PLOTS:
        raise MalformedMessage("too_large", "D5", "too many targets", f"at most {MAX_PLOTS} in a packet")
    plots = tuple(_plot(dwell, packet.header, i) for dwell in dwells for i in range(len(dwell.targets)))
    boot, seq = envelope.numbered(payload + observed_at.isoformat().encode())
    return WireScan(sensor=sensor, boot=boot, seq=seq, scan=seq, observed_at=observed_at, kind="radar", plots=plots)


def _library() -> Any:
    try:
        import stanag4607
    except ImportError:
        problem = "STANAG 4607 cannot be read here"
        raise MalformedMessage("not_installed", "content_type", problem, "the package stanag4607") from None
    return stanag4607


def _packet(library: Any, payload: bytes) -> Any:
    limits = library.DecodeLimits(max_packet_size=MAX_PAYLOAD_BYTES, max_segments=200)
    try:
        return library.decode_packet(payload, limits=limits)
    except ValueError as error:
        raise _not_gmti(error, "packet") from None


def _segments(library: Any, packet: Any) -> tuple[datetime | None, list[Any]]:
    """(the mission's day, the dwells)."""
    day, dwells = None, []
    for segment in packet.segments:
        try:
            if segment.segment_type == library.MISSION_SEGMENT_TYPE:
                mission = library.decode_mission_segment(segment)
                day = datetime(mission.reference_year, mission.reference_month, mission.reference_day, tzinfo=UTC)
            elif segment.segment_type == library.DWELL_SEGMENT_TYPE:
                dwells.append(library.decode_dwell_segment(segment, max_target_reports=MAX_PLOTS))
        except (ValueError, OverflowError) as error:
            name = "Mission Segment" if segment.segment_type == library.MISSION_SEGMENT_TYPE else "Dwell Segment"
            raise _not_gmti(error, name) from None
    return day, dwells


def _not_gmti(error: Exception, where: str) -> MalformedMessage:
    problem = printable(str(error), 120)
    named = _FIELD.search(problem)
    if named is not None and "absent" in problem:
        return MalformedMessage("missing_field", named[0], "missing", "a value")
    return MalformedMessage("not_gmti", named[0] if named else where, problem, "a packet of STANAG 4607")


def _time(dwell: Any, day: datetime | None, received_at: datetime) -> datetime:
    after_midnight = timedelta(milliseconds=dwell.dwell_time_milliseconds)
    if day is not None:
        return day + after_midnight  # of the mission's day, however long it lasts
    if after_midnight >= timedelta(days=2):
        raise MalformedMessage("out_of_range", "D6", f"{after_midnight}", "a time of day, or a Mission Segment")
    return nearest_to_receipt(after_midnight, received_at, (-2, -1, 0, 1))


def _plot(dwell: Any, header: Any, index: int) -> WirePlot:
    target = dwell.targets[index]
    where = f"D32[{index}]"
    try:
        position = dwell.target_location(index)
    except ValueError as error:
        raise MalformedMessage("out_of_range", f"{where}.4", printable(str(error)), "a position on Earth") from None
    if position is None:
        expected = "D32.2 and D32.3, or D32.4 and D32.5 with D10 and D11"
        raise MalformedMessage("missing_field", _missing_field(dwell, target, where), "no position", expected)
    if (target.classification or 0) >= SIMULATED_FROM:
        raise MalformedMessage("unknown_value", f"{where}.10", f"{target.classification}: simulated", "a live target")
    lon, lat = float(position.longitude.degrees), float(position.latitude.degrees)
    along, across = target.slant_range_uncertainty_centimeters, target.cross_range_uncertainty_decimeters
    deviations = [deviation for deviation in (along and along / 100.0, across and across / 10.0) if deviation]
    name = header.platform_id.decode("ascii", "replace").strip(" \0")
    number = (
        f"{dwell.revisit_index}.{dwell.dwell_index}.{index if target.report_index is None else target.report_index}"
    )
    return WirePlot(
        lon=lon - 360.0 if lon > 180.0 else lon,
        lat=lat,
        position_sd_m=max(deviations, default=None),
        classes=_classes(target),
        source_id="".join(c if c.isprintable() else "?" for c in f"{name}/{header.job_id}/{number}"),
    )


def _missing_field(dwell: Any, target: Any, where: str) -> str:
    """The missing field that prevents computing a position: the other half of a pair, if half of it is present."""
    fine = (target.field_bytes(2), target.field_bytes(3))
    coarse = (target.field_bytes(4), target.field_bytes(5))
    if coarse == (None, None) or any(fine):
        return f"{where}.{3 if fine[0] is not None else 2}"
    if None in coarse:
        return f"{where}.{4 if coarse[0] is None else 5}"
    return "D10" if dwell.latitude_scale is None else "D11"


def _classes(target: Any) -> Any:
    name = CLASSES.get(target.classification)
    if name is None:
        return {}
    percent = target.classification_probability_percent
    if percent is None or percent > 100:
        return {name: 1.0}
    others = [other for other in ("person", "group", "vehicle", "animal", "other") if other != name]
    return {name: max(percent, 1) / 100.0} | dict.fromkeys(others, (100 - max(percent, 1)) / 400.0)

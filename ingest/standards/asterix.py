"""EUROCONTROL ASTERIX by libasterix (extra ``asterix``): CAT 048 and 010 plots, CAT 062 tracks, CAT 034 heartbeats.

A payload is the content of one datagram: data blocks whose records are within a second of each other, as a radar sends
a sector. Errors that a category does not carry come from the layout. ASTERIX reports the time of day only: the day is
the one nearest to the receipt. Simulated and test targets must not appear in the live picture, so their datagrams are
refused. Reports that measure no target (``_UNMEASURED``, and extrapolated tracks of CAT 010) are left out; without them
a look may be empty.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from ingest.envelope import Envelope
from ingest.errors import MalformedMessage
from ingest.standards.time_of_day import nearest_to_receipt, newest_of_one_look
from ingest.wire import MAX_PLOTS, Status, WirePlot, WireScan

MAX_BYTES: Final = 8_192
"""Maximum size of a datagram: that of a jumbo Ethernet frame."""
NAUTICAL_MILE_M: Final = 1_852.0
DAY_S: Final = 86_400.0
CATEGORIES: Final = (10, 34, 48, 62)
_EXPECTED: Final = "ASTERIX data blocks of categories 010, 034, 048 or 062"
_TIME_ITEM: Final = {10: "140", 34: "030", 48: "140", 62: "070"}
_DESCRIPTOR_ITEM: Final = {10: "020", 48: "020", 62: "080"}
"""Target report descriptor, or track status."""
_NOT_LIVE: Final = {"SIM": "simulated", "TST": "a test target"}
_UNMEASURED: Final = {10: {"RAB": 1}, 48: {"TYP": 0, "RAB": 1}, 62: {"TSE": 1, "CST": 1}}
"""Values in the descriptor of reports that measure no target: no detection, field monitor, end of track, coasted."""
_SYSTEM_FAULTS: Final = ("NOGO", "TSV", "MSC", "OVL")
"""Parts of I034/050 that state a fault, the last one by its beginning: operational use inhibited, time source invalid,
monitoring system disconnected, overload."""
_STROBES: Final = (4, 6, 7)
"""Message types of jamming strobes: primary, secondary and Mode S."""
_CONTEXT: Final = b"CAT034 "


def decode(payload: bytes, envelope: Envelope) -> WireScan:
    """Decode all target reports of the data blocks to one scan with the newest of their times.

    Raises MalformedMessage by category, record and item, such as ``CAT048[2].I040``.
    """
    sensor = envelope.require_sensor("radar")
    plots: list[WirePlot] = []
    times: list[datetime] = []  # of all target reports
    for category, number, record in _records(payload):
        where = f"CAT{category:03d}[{number}]"
        if category == 34 or (category == 10 and _uint(record, "000", where) != 1):
            continue
        if _is_measured(record, category, where):
            plots.append(_PLOTS[category](record, where))
        times.append(_time(record, category, where, envelope.received_at))
    if not times:
        raise MalformedMessage("wrong_channel", "payload", "no target report", "target reports; others are status")
    observed_at = newest_of_one_look(times, "time of day", "records")
    if len(plots) > MAX_PLOTS:
        raise MalformedMessage("too_large", "payload", f"{len(plots)} reports", f"at most {MAX_PLOTS}")
    boot, seq = envelope.numbered(payload + observed_at.isoformat().encode())
    return WireScan(
        sensor=sensor, boot=boot, seq=seq, scan=seq, observed_at=observed_at, kind="radar", plots=tuple(plots)
    )


def decode_status(payload: bytes, envelope: Envelope) -> Status:
    """A radar's service messages (CAT 034), such as a north marker, as a heartbeat.

    A radar whose operational use is inhibited (NOGO) counts as one that does not detect. Faults stand in the note.
    """
    sensor = envelope.require_sensor("radar")
    times, jammed, faults = [], False, _remembered(envelope)
    for category, number, record in _records(payload):
        if category == 34:
            times.append(_time(record, category, f"CAT034[{number}]", envelope.received_at))
            kind = record.get_item("000")
            jammed |= kind is not None and int(kind.as_uint()) in _STROBES
            faults = _system_faults(record, faults)
    if not times:
        raise MalformedMessage("wrong_channel", "payload", "no service message", "a data block of category 034")
    notes = [f"I034/050 {', '.join(faults)}"] if faults else []
    notes += ["jamming strobe"] if jammed else []
    boot, seq = envelope.numbered(payload + max(times).isoformat().encode())
    return Status(
        sensor=sensor,
        boot=boot,
        seq=seq,
        observed_at=max(times),
        state="degraded" if notes else "ok",
        time_source="free" if "COM.TSV" in faults else None,
        obscured="COM.NOGO" in faults,
        note="; ".join(notes),
    )


def remember(payload: bytes, envelope: Envelope) -> bytes:
    """The faults that the radar stated last: I034/050 is optional, so messages without it end no fault."""
    faults = _remembered(envelope)
    for category, _, record in _records(payload):
        if category == 34:
            faults = _system_faults(record, faults)
    return _CONTEXT + " ".join(faults).encode()


def _remembered(envelope: Envelope) -> list[str]:
    known = envelope.sensor_context or b""
    return known.removeprefix(_CONTEXT).decode("ascii").split() if known.startswith(_CONTEXT) else []


def _system_faults(record: Any, before: list[str]) -> list[str]:
    """The faults in a service message by the names of the standard, such as ``COM.NOGO``; without I050 as before."""
    item = record.get_item("050")
    if item is None:
        return before
    parts = {name: item.variation.get_item(name) for name in ("COM", "PSR", "SSR", "MDS")}
    return [
        f"{name}.{flag}"
        for name, part in parts.items()
        if part is not None
        for flag in part.variation.cv_items_dict
        if flag.startswith(_SYSTEM_FAULTS) and _part(part, flag) == 1
    ]


@lru_cache(maxsize=1)
def _library() -> tuple[Any, dict[int, Any]]:
    """(libasterix, its newest edition of each category). The first call takes a second to load its tables."""
    try:
        import asterix.base as base
        import asterix.generated as generated
    except ImportError:
        problem = "ASTERIX cannot be read here"
        raise MalformedMessage("not_installed", "content_type", problem, "the package libasterix") from None
    manifest: Any = generated.manifest
    return base, {category: manifest["CATS"][category][-1] for category in CATEGORIES}


def _records(payload: bytes) -> Iterator[tuple[int, int, Any]]:
    """(category, number of the record in the payload, record)."""
    base, editions = _library()
    if len(payload) > MAX_BYTES:
        raise MalformedMessage("too_large", "payload", f"{len(payload)} bytes", f"at most {MAX_BYTES}")
    number = 0
    for category, block in _blocks(payload):
        if category not in editions:
            raise MalformedMessage("unknown_value", "category", f"{category:03d}", _EXPECTED)
        try:
            records = editions[category].cv_uap.parse(base.Bits.from_bytes(block))
        except (ValueError, IndexError, KeyError, AssertionError, AttributeError, TypeError, RecursionError) as error:
            records = ValueError(type(error).__name__)
        if isinstance(records, ValueError):
            raise MalformedMessage("not_asterix", f"CAT{category:03d}", "records that cannot be parsed", _EXPECTED)
        for record in records:
            yield category, number, record
            number += 1


def _blocks(payload: bytes) -> Iterator[tuple[int, bytes]]:
    """(category, its records): one byte, a length of two bytes that counts these three bytes, and the rest."""
    at = 0
    while at < len(payload) or at == 0:
        size = int.from_bytes(payload[at + 1 : at + 3], "big")
        if len(payload) < at + 3 or not 3 < size <= len(payload) - at:
            raise MalformedMessage("not_asterix", "length", f"{size} at byte {at} of {len(payload)}", _EXPECTED)
        yield payload[at], payload[at + 3 : at + size]
        at += size


def _is_measured(record: Any, category: int, where: str) -> bool:
    """Whether the report measures a target; MalformedMessage for a target that is not live."""
    name = _DESCRIPTOR_ITEM[category]
    descriptor = record.get_item(name)
    track = record.get_item("170") if category == 10 else None
    extrapolated = track is not None and _part(track, "CST") != 0
    if descriptor is None:
        return not extrapolated
    for part, meaning in _NOT_LIVE.items():
        if _part(descriptor, part) == 1:
            raise MalformedMessage("unknown_value", f"{where}.I{name}.{part}", f"1: {meaning}", "a live target")
    return not extrapolated and all(_part(descriptor, part) != value for part, value in _UNMEASURED[category].items())


def _part(item: Any, name: str) -> int | None:
    """A part of an item with extents; None if the extent is absent, or the category has no such part."""
    if name not in item.variation.cv_items_dict:
        return None
    part = item.variation.get_item(name)
    return None if part is None else int(part.as_uint())


def _monoradar(record: Any, where: str) -> WirePlot:
    """CAT 048: slant range [NM] and azimuth from the radar's north, which is true north."""
    position = _item(record, "040", where)
    return WirePlot(
        range_m=_quantity(position, "RHO", "NM") * NAUTICAL_MILE_M,
        azimuth_deg=_quantity(position, "THETA", "°") % 360.0,
        source_id=_source(record, where, "161", "TRN"),
    )


def _surface(record: Any, where: str) -> WirePlot:
    """CAT 010: WGS 84 if present, else polar, else Cartesian about the system's reference point."""
    source = _source(record, where, "161", "TRK")
    position, polar, flat = (record.get_item(name) for name in ("041", "040", "042"))
    if position is not None:
        lat, lon = (_quantity(position, name, "°") for name in ("LAT", "LON"))
        return WirePlot(lon=_on_earth(lon, 180.0, f"{where}.I041.LON"), lat=_on_earth(lat, 90.0, f"{where}.I041.LAT"),
                        position_sd_m=_surface_sd(record), source_id=source)  # fmt: skip
    if polar is not None:
        reach, azimuth = _quantity(polar, "RHO", "m"), _quantity(polar, "TH", "°")
        return WirePlot(range_m=reach, azimuth_deg=azimuth % 360.0, source_id=source)
    if flat is not None:
        east, north = _quantity(flat, "X", "m"), _quantity(flat, "Y", "m")
        azimuth = math.degrees(math.atan2(east, north)) % 360.0
        return WirePlot(range_m=math.hypot(east, north), azimuth_deg=azimuth % 360.0, source_id=source)
    raise MalformedMessage("missing_field", f"{where}.I041", "no position", "one of I041, I040, I042")


def _system_track(record: Any, where: str) -> WirePlot:
    """CAT 062: the system track's position in WGS 84, with its own error estimate if I500 gives it."""
    position = _item(record, "105", where)
    lat, lon = (_quantity(position, name, "°") for name in ("LAT", "LON"))
    accuracy = record.get_item("500")
    cartesian = None if accuracy is None else accuracy.variation.get_item("APC")
    deviations = [] if cartesian is None else [_quantity(cartesian, name, "m") for name in ("X", "Y")]
    return WirePlot(
        lon=_on_earth(lon, 180.0, f"{where}.I105.LON"),
        lat=_on_earth(lat, 90.0, f"{where}.I105.LAT"),
        position_sd_m=max(deviations, default=0.0) or None,
        source_id=_source(record, where, "040"),
    )


_PLOTS: Final = {10: _surface, 48: _monoradar, 62: _system_track}


def _surface_sd(record: Any) -> float | None:
    accuracy = record.get_item("500")
    if accuracy is None:
        return None
    return max(_quantity(accuracy, name, "m") for name in ("DEVX", "DEVY")) or None


def _source(record: Any, where: str, track_item: str, within: str | None = None) -> str:
    """``SAC/SIC`` of the sender, and the track number if present: an item, or a part ``within`` it."""
    sender = _item(record, "010", where)
    names = [str(sender.variation.get_item(name).as_uint()) for name in ("SAC", "SIC")]
    track = record.get_item(track_item)
    if track is not None:
        names.append(str((track if within is None else track.variation.get_item(within)).as_uint()))
    return "/".join(names)


def _time(record: Any, category: int, where: str, received_at: datetime) -> datetime:
    item = _item(record, _TIME_ITEM[category], where)
    seconds = float(item.variation.content.as_quantity("s"))
    if not 0.0 <= seconds < DAY_S:
        raise MalformedMessage("out_of_range", f"{where}.I{_TIME_ITEM[category]}", f"{seconds:g} s", "a time of day")
    return nearest_to_receipt(timedelta(seconds=seconds), received_at, (-1, 0, 1))


def _item(record: Any, name: str, where: str) -> Any:
    item = record.get_item(name)
    if item is None:
        raise MalformedMessage("missing_field", f"{where}.I{name}", "missing", "a value")
    return item


def _uint(record: Any, name: str, where: str) -> int:
    return int(_item(record, name, where).as_uint())


def _quantity(item: Any, name: str, unit: str) -> float:
    return float(item.variation.get_item(name).variation.content.as_quantity(unit))


def _on_earth(value: float, most: float, where: str) -> float:
    if abs(value) > most:
        raise MalformedMessage("out_of_range", where, f"{value:g}", f"degrees from {-most:g} to {most:g}")
    return value

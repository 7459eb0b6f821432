"""Payloads decoded to Scan and Status, and encoded.

Decoding raises MalformedMessage, which names the field, and nothing else, whatever the bytes. Content types other than
JSON are registered in ``ingest.standards.registry``; each gives the same ``WireScan``, so that the checks below apply
to every wire standard.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Final, cast

import msgspec

from ingest.envelope import Envelope
from ingest.errors import MalformedMessage
from ingest.parse_json import parse_json
from ingest.standards import registry
from ingest.topics import Topic
from ingest.topics import parse as parse_topic
from ingest.wire import JSON, MAX_PAYLOAD_BYTES, NEEDS, Counter, Status, WireMedia, WirePlot, WireScan
from sensors.scan import Plot, Scan

__all__ = ["decode", "decode_status", "encode", "encode_status"]

EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(2262, 1, 1, tzinfo=UTC)
"""Times since the epoch that a datetime64[ns] can hold."""
ROUNDING: Final = 1e-6
"""A box of fractions may exceed the picture by so much, as the sum of rounded numbers does."""


class _Numbers(msgspec.Struct):
    boot: Counter
    seq: Counter


_scan_decoder = msgspec.json.Decoder(WireScan)
_status_decoder = msgspec.json.Decoder(Status)
_numbers_decoder = msgspec.json.Decoder(_Numbers)
_encoder = msgspec.json.Encoder()

DECODERS: Final = registry.DECODERS
"""Content type → decoder (bytes, Envelope) → WireScan, for all content types except JSON. A decoder may raise
MalformedMessage only."""


def decode(
    payload: bytes,
    *,
    received_at: datetime,
    content_type: str | None = JSON,
    topic: str | None = None,
    identity: tuple[int, int] | None = None,
    sensor_context: bytes | None = None,
) -> Scan:
    """Decode the payload of a detections message to a scan.

    Parameters
    ----------
    payload : bytes
        The message.
    received_at : datetime
        Time of receipt, aware UTC.
    content_type : str, optional
        MQTT 5 content type, which selects the wire standard; None is JSON.
    topic : str, optional
        Topic of the message: a detections topic of the sensor that the payload names. Standards whose messages do not
        name the sensor take the topic's.
    identity : tuple of int, optional
        (boot, seq) of a message that does not carry numbers; ignored for one that does.
    sensor_context : bytes, optional
        What ``read_declaration`` returned for the sensor's newest status message.

    Returns
    -------
    Scan
        The scan, well formed. The receiver decides whether its time is plausible.

    Raises
    ------
    MalformedMessage
        When the message cannot be used; nothing else is raised.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> from ingest.decode import decode
    >>> payload = (
    ...     b'{"sensor": "r1", "boot": 1, "seq": 7, "scan": 7, "observed_at": "2026-03-14T21:00:00Z",'
    ...     b' "kind": "radar", "plots": [{"range_m": 3120.4, "azimuth_deg": 12.8}]}'
    ... )
    >>> scan = decode(payload, received_at=datetime(2026, 3, 14, 21, 0, 1, tzinfo=UTC))
    >>> scan.sensor, scan.sequence, scan.plots[0].range_m
    ('r1', 7, 3120.4)
    """
    envelope = envelope_of(received_at, topic, content_type, identity)
    return read_scan(payload, envelope if sensor_context is None else replace(envelope, sensor_context=sensor_context))


def envelope_of(
    received_at: datetime, topic: str | None, content_type: str | None, identity: tuple[int, int] | None
) -> Envelope:
    """The envelope of a message that did not come from a broker. MalformedMessage on a topic that is not one."""
    parsed = None if topic is None else parse_topic(topic)
    return Envelope(received_at, parsed, JSON if content_type is None else content_type, identity=identity)


def read_scan(payload: bytes, envelope: Envelope) -> Scan:
    """Decode a detections message whose envelope has already been read; see ``decode``."""
    wire = read_wire_scan(payload, envelope)
    return Scan(
        sensor=wire.sensor,
        boot=wire.boot,
        sequence=wire.seq,
        scan=wire.scan,
        observed_at=wire.observed_at,
        received_at=envelope.received_at,
        kind=wire.kind,
        plots=tuple([_plot(plot) for plot in wire.plots]),
    )


def read_wire_scan(payload: bytes, envelope: Envelope) -> WireScan:
    """Decode and check a detections message as ``read_scan`` does, without making records of its plots.

    These take four times as long as everything else, and ingest journals the message as it came.
    """
    kind = media_type(envelope.content_type)
    if kind == JSON:
        wire = parse_json(_scan_decoder.decode, payload)
        _check_sensor(envelope.topic, wire.sensor, "detections")
    else:
        wire = _read_standard(payload, kind, envelope)
    check_time(wire.observed_at, "observed_at")
    for i, plot in enumerate(wire.plots):
        _check_plot(plot, i)
    for i, picture in enumerate(wire.media):
        _check_picture(picture, i, len(wire.plots))
    return wire


def _read_standard(payload: bytes, kind: str, envelope: Envelope) -> WireScan:
    """Decode with a decoder of DECODERS, and check against the same bounds as a JSON message."""
    decoder = DECODERS.get(kind)
    if decoder is None:
        raise MalformedMessage(
            "unsupported_content_type", "content_type", ascii(kind)[:80], " | ".join([JSON, *DECODERS])
        )
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise MalformedMessage("too_large", "payload", f"{len(payload)} bytes", f"at most {MAX_PAYLOAD_BYTES}")
    if envelope.topic is not None:
        _check_channel(envelope.topic, "detections")
    wire = decoder(payload, envelope)
    for i, plot in enumerate(wire.plots):
        _check_finite(plot, i)
    return parse_json(_scan_decoder.decode, _encoder.encode(wire), limit=None)


def stated_numbers(payload: bytes) -> tuple[int, int] | None:
    """(boot, seq) that the JSON of a message states, whatever else is wrong with it; None where it states none."""
    try:
        stated = parse_json(_numbers_decoder.decode, payload)
    except MalformedMessage:
        return None
    return stated.boot, stated.seq


def encode(scan: Scan, media: Sequence[WireMedia] = ()) -> bytes:
    """Encode a scan as JSON.

    Parameters
    ----------
    scan : Scan
        The scan.
    media : sequence of WireMedia
        Still pictures of the look; ``decode`` checks them and leaves them out.

    Returns
    -------
    bytes
        The payload; ``decode(encode(scan), received_at=scan.received_at) == scan``.

    Raises
    ------
    MalformedMessage
        When ``decode`` would refuse the scan, so that a sender finds the fault before it spools the message.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> from ingest.decode import decode, encode
    >>> from sensors.scan import Plot, Scan
    >>> now = datetime(2026, 3, 14, 21, tzinfo=UTC)
    >>> scan = Scan("r1", 1, 7, 7, now, now, "radar", (Plot(azimuth_deg=12.8),))
    >>> decode(encode(scan), received_at=now) == scan
    True
    """
    for i, plot in enumerate(scan.plots):
        _check_finite(plot, i)
    message = WireScan(
        sensor=scan.sensor,
        boot=scan.boot,
        seq=scan.sequence,
        scan=scan.scan,
        observed_at=scan.observed_at,
        kind=scan.kind,  # type: ignore[arg-type]  # decode below refuses a kind that is not one
        plots=tuple([WirePlot(**{name: getattr(plot, name) for name in _PLOT_FIELDS}) for plot in scan.plots]),
        media=tuple(media),
    )
    payload = _encoded(message)
    read_wire_scan(payload, envelope_of(scan.received_at, None, None, None))
    return payload


def decode_status(
    payload: bytes,
    *,
    received_at: datetime,
    content_type: str | None = JSON,
    topic: str | None = None,
    identity: tuple[int, int] | None = None,
) -> Status:
    """Decode the payload of a status message.

    Parameters
    ----------
    payload : bytes
        The message.
    received_at : datetime
        Time of receipt, aware UTC.
    content_type : str, optional
        MQTT 5 content type, which selects the wire standard; None is JSON.
    topic : str, optional
        Topic of the message: a status topic of the sensor that the payload names.
    identity : tuple of int, optional
        (boot, seq) of a message that does not carry numbers.

    Returns
    -------
    Status
        The status, well formed.

    Raises
    ------
    MalformedMessage
        When the message cannot be used; nothing else is raised.
    """
    return read_status(payload, envelope_of(received_at, topic, content_type, identity))


def read_status(payload: bytes, envelope: Envelope) -> Status:
    """Decode a status message whose envelope has already been read; see ``decode_status``."""
    kind = media_type(envelope.content_type)
    if kind == JSON:
        status = parse_json(_status_decoder.decode, payload)
        _check_sensor(envelope.topic, status.sensor, "status")
    else:
        status = _read_standard_status(payload, kind, envelope)
    check_time(status.observed_at, "observed_at")
    if status.next_maintenance is not None:
        check_time(status.next_maintenance, "next_maintenance")
    if status.pose is not None and status.pose.observed_at is not None:
        _check_pose_time(status.pose.observed_at, status.observed_at)
    for i, dropped in enumerate(status.dropped):
        if dropped.first > dropped.last:
            raise MalformedMessage("out_of_range", f"dropped[{i}].last", str(dropped.last), f">= {dropped.first}")
    return status


def _read_standard_status(payload: bytes, kind: str, envelope: Envelope) -> Status:
    decoder = registry.STATUS_DECODERS.get(kind)
    if decoder is None:
        expected = " | ".join([JSON, *registry.STATUS_DECODERS])
        raise MalformedMessage("unsupported_content_type", "content_type", ascii(kind)[:80], expected)
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise MalformedMessage("too_large", "payload", f"{len(payload)} bytes", f"at most {MAX_PAYLOAD_BYTES}")
    if envelope.topic is not None:
        _check_channel(envelope.topic, "status")
    return parse_json(_status_decoder.decode, _encoder.encode(decoder(payload, envelope)), limit=None)


def read_declaration(payload: bytes, envelope: Envelope) -> tuple[Status, bytes | None]:
    """Decode a status; return it and the sensor context after it. ``envelope`` holds the context before it.

    The same messages give the same context. Standards whose messages need no context leave it unchanged.
    """
    status = read_status(payload, envelope)
    function = registry.REMEMBER.get(media_type(envelope.content_type))
    return status, envelope.sensor_context if function is None else function(payload, envelope)


def encode_status(status: Status) -> bytes:
    """Encode a status as JSON.

    Parameters
    ----------
    status : Status
        The status.

    Returns
    -------
    bytes
        The payload.

    Raises
    ------
    MalformedMessage
        When ``decode_status`` would refuse it.
    """
    payload = _encoded(status)
    decode_status(payload, received_at=status.observed_at)
    return payload


def _encoded(message: WireScan | Status) -> bytes:
    try:
        return _encoder.encode(message)
    except UnicodeEncodeError as error:
        raise MalformedMessage("bad_identifier", "payload", ascii(error.object)[:80], "text in UTF-8") from None


_PLOT_FIELDS = tuple(field.name for field in fields(Plot))
_NUMBERS = tuple(name for name in _PLOT_FIELDS if name not in ("classes", "source_id"))


def media_type(content_type: str | None) -> str:
    """The media type without parameters; JSON for a message without a content type, because MQTT 3 has none."""
    return JSON if content_type is None else content_type.split(";", 1)[0].strip().lower()


def _plot(wire: WirePlot) -> Plot:
    return Plot(
        wire.range_m,
        wire.range_sd_m,
        wire.azimuth_deg,
        wire.azimuth_sd_deg,
        wire.elevation_deg,
        wire.elevation_sd_deg,
        wire.radial_velocity_mps,
        wire.radial_velocity_sd_mps,
        wire.lon,
        wire.lat,
        wire.position_sd_m,
        cast(Mapping[str, float], wire.classes),
        wire.confidence,
        wire.source_id,
    )


def _check_finite(plot: Plot | WirePlot, i: int) -> None:
    for name in _NUMBERS:
        value = getattr(plot, name)
        if value is not None and not math.isfinite(value):
            raise MalformedMessage("not_finite", f"plots[{i}].{name}", str(value), "a finite number, or None")


def _check_sensor(topic: Topic | None, sensor: str, channel: str) -> None:
    if topic is None:
        return
    _check_channel(topic, channel)
    if topic.name != sensor:
        raise MalformedMessage("sensor_mismatch", "sensor", f"{sensor!r} on the topic of {topic.name!r}", topic.name)


def _check_channel(topic: Topic, channel: str) -> None:
    if topic.owner != "sensor" or topic.channel != channel:
        raise MalformedMessage("wrong_channel", "topic", ascii(topic.text), f"a sensor's {channel} topic")


def check_time(time: datetime, field: str) -> None:
    """Raise MalformedMessage for a time that is not UTC or that nanoseconds since 1970 cannot hold."""
    if time.utcoffset() != timedelta(0):
        raise MalformedMessage("bad_time", field, time.isoformat(), "UTC, ending in Z")
    if not EARLIEST <= time < LATEST:
        raise MalformedMessage("out_of_range", field, time.isoformat(), "a time from 1970 to 2261")


def _check_pose_time(at: datetime, status_at: datetime) -> None:
    check_time(at, "pose.observed_at")
    if at > status_at:
        raise MalformedMessage("future", "pose.observed_at", at.isoformat(), f"not after {status_at.isoformat()}")


def _check_picture(picture: WireMedia, i: int, plots: int) -> None:
    if picture.observed_at is not None:
        check_time(picture.observed_at, f"media[{i}].observed_at")
    if picture.plot is not None and picture.plot >= plots:
        raise MalformedMessage(
            "out_of_range", f"media[{i}].plot", str(picture.plot), f"below {plots}, a plot of the scan"
        )
    box = picture.box
    if box is not None and (box.left + box.width > 1.0 + ROUNDING or box.top + box.height > 1.0 + ROUNDING):
        raise MalformedMessage("out_of_range", f"media[{i}].box", "ends outside the picture", "a box within it")


def _check_plot(plot: WirePlot, i: int) -> None:
    if (plot.lon is None) != (plot.lat is None) or (
        plot.azimuth_deg is None and (plot.range_m is not None or plot.elevation_deg is not None)
    ):
        missing, beside = next(
            (other, name) for name, other in NEEDS if getattr(plot, name) is not None and getattr(plot, other) is None
        )
        raise MalformedMessage("incomplete", f"plots[{i}].{missing}", f"missing with {beside}", "both, or neither")
    if plot.classes and not any(plot.classes.values()):
        raise MalformedMessage("out_of_range", f"plots[{i}].class", "all probabilities are 0", "one above 0")

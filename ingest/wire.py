"""The JSON message types, the source of both the decoder and the published JSON Schema.

Degrees from true north, metres, UTC. The bounds are a contract with vendors: narrowing one breaks senders. An azimuth
is in [0, 360), so that one direction has one number. A standard deviation is above zero. ``null`` in an optional field
means not reported.
"""

from __future__ import annotations

import inspect
from datetime import datetime
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct, field

from ingest.topics import IDENTIFIER_PATTERN
from sensors.scan import CLASSES

__all__ = [
    "JSON",
    "MAX_PAYLOAD_BYTES",
    "MAX_PLOTS",
    "Ack",
    "DroppedRange",
    "Status",
    "WireBox",
    "WireMedia",
    "WirePlot",
    "WirePose",
    "WireScan",
    "json_schema",
]

JSON: Final = "application/json"
"""The content type of the messages below."""
MAX_PAYLOAD_BYTES: Final = 256 * 1024
"""Largest payload of a message."""
MAX_PLOTS: Final = 1000
"""Maximum number of plots of a scan."""
MAX_MEDIA: Final = 16
"""Maximum number of pictures and clips of a scan."""
MAX_COUNTER: Final = 2**53
"""Maximum of boot, seq and scan: every JSON reader represents integers up to this exactly."""

Identifier = Annotated[str, Meta(pattern=IDENTIFIER_PATTERN, description="ASCII letters and digits . _ -")]
Counter = Annotated[int, Meta(ge=0, le=MAX_COUNTER)]
UtcTime = Annotated[
    datetime, Meta(tz=True, description="RFC 3339, UTC: it ends in Z; +00:00 and +0000 are taken as well")
]
Range = Annotated[float, Meta(ge=0, le=1e6, description="slant range, metres")]
PositiveMetres = Annotated[float, Meta(gt=0, le=1e6)]
Azimuth = Annotated[float, Meta(ge=0, lt=360, description="clockwise from true north, degrees")]
ElevationDeg = Annotated[float, Meta(ge=-90, le=90, description="to the target's ground contact, degrees, positive up")]
PositiveDegrees = Annotated[float, Meta(gt=0, le=180)]
Speed = Annotated[float, Meta(ge=-1000, le=1000, description="positive receding, metres per second")]
PositiveSpeed = Annotated[float, Meta(gt=0, le=1000)]
Longitude = Annotated[float, Meta(ge=-180, le=180)]
Latitude = Annotated[float, Meta(ge=-90, le=90)]
Probability = Annotated[float, Meta(ge=0, le=1)]
HeightMetres = Annotated[float, Meta(ge=-1000, le=100_000, description="above mean sea level, metres")]
PoseTime = Annotated[
    datetime,
    Meta(tz=True, description="time of the pose, RFC 3339, UTC, not after that of the status; by default that one"),
]
Seconds = Annotated[float, Meta(gt=0, le=86_400)]
SourceId = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=64,
        pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$(?!\n)",
        description="the sensor's own name for what it saw",
    ),
]
PictureFraction = Annotated[float, Meta(ge=0, le=1)]
PictureExtent = Annotated[float, Meta(gt=0, le=1)]
MediaUri = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=500,
        pattern=r"^(https?://|drop:)[!-~]+$(?!\n)",
        description="http or https address, or drop: and the name of a file in the drop folder",
    ),
]
Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$(?!\n)", description="SHA-256 of the file, hexadecimal")]
PictureType = Literal["image/jpeg", "image/png", "video/mp4", "video/webm"]
Kind = Literal["radar", "camera", "ground_sensor", "radio", "human"]
ClassName = Literal["person", "group", "vehicle", "animal", "other"]
ReportedState = Literal["ok", "degraded", "maintenance", "stopped", "lost"]

assert ClassName.__args__ == CLASSES  # type: ignore[attr-defined]


class WirePlot(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One detection of a scan.

    Every field is optional; none at all means that the sensor was triggered.

    Parameters
    ----------
    range_m : float, m, optional
        Slant range.
    range_sd_m : float, m, optional
        Its standard deviation.
    azimuth_deg : float, degrees, optional
        Azimuth clockwise from true north, in [0, 360).
    azimuth_sd_deg : float, degrees, optional
        Its standard deviation.
    elevation_deg : float, degrees, optional
        Elevation angle to the target's ground contact, positive up.
    elevation_sd_deg : float, degrees, optional
        Its standard deviation.
    radial_velocity_mps : float, m/s, optional
        Radial velocity, positive receding.
    radial_velocity_sd_mps : float, m/s, optional
        Its standard deviation.
    lon : float, degrees, optional
        Longitude, WGS 84; with ``lat``.
    lat : float, degrees, optional
        Latitude, WGS 84; with ``lon``.
    position_sd_m : float, m, optional
        Standard deviation of the position, per axis.
    classes : dict of str to float, optional
        Probability [1] of each reported class; ``class`` in JSON. If they sum to less than 1, the remainder is spread
        evenly over the classes that are not reported.
    confidence : float, optional
        The sensor's own score, 0 to 1.
    source_id : str, optional
        The sensor's own name for the object.

    Examples
    --------
    >>> from ingest.wire import WirePlot
    >>> WirePlot(azimuth_deg=12.8, range_m=3120.4).azimuth_deg
    12.8
    """

    range_m: Range | None = None
    range_sd_m: PositiveMetres | None = None
    azimuth_deg: Azimuth | None = None
    azimuth_sd_deg: PositiveDegrees | None = None
    elevation_deg: ElevationDeg | None = None
    elevation_sd_deg: PositiveDegrees | None = None
    radial_velocity_mps: Speed | None = None
    radial_velocity_sd_mps: PositiveSpeed | None = None
    lon: Longitude | None = None
    lat: Latitude | None = None
    position_sd_m: PositiveMetres | None = None
    classes: dict[ClassName, Probability] = field(name="class", default_factory=dict)
    confidence: Probability | None = None
    source_id: SourceId | None = None


class WireBox(Struct, frozen=True, forbid_unknown_fields=True):
    """Where the object is in a picture, as fractions of its width and height, from the top left corner.

    Parameters
    ----------
    left : float
        Left edge, 0 to 1.
    top : float
        Top edge, 0 to 1.
    width : float
        Width, above 0; the box ends within the picture.
    height : float
        Height, above 0; the box ends within the picture.
    """

    left: PictureFraction
    top: PictureFraction
    width: PictureExtent
    height: PictureExtent


class WireMedia(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A still picture or clip of a look, by reference: Watchline fetches it later and compares it with what is stated.

    Parameters
    ----------
    uri : str
        Where the file is: an ``http`` or ``https`` address, or ``drop:`` and the name of a file in the drop folder.
    media_type : {"image/jpeg", "image/png", "video/mp4", "video/webm"}
        Type of the file; ``type`` in JSON.
    sha256 : str, optional
        SHA-256 of the file, 64 hexadecimal digits; without it, nothing proves that the file is the one that was meant.
    size : int, optional
        Size of the file in bytes.
    observed_at : datetime, optional
        Time of the picture, aware UTC; by default that of the scan.
    plot : int, optional
        Index of the plot that it shows, from 0; by default the field of view as a whole.
    box : WireBox, optional
        Where the object is in the picture.
    """

    uri: MediaUri
    media_type: PictureType = field(name="type")
    sha256: Sha256 | None = None
    size: Annotated[int, Meta(ge=1, le=2**31)] | None = None
    observed_at: UtcTime | None = None
    plot: Annotated[int, Meta(ge=0, lt=MAX_PLOTS)] | None = None
    box: WireBox | None = None


class WireScan(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One look of one sensor.

    (sensor, boot, seq) is unique; boot rises at every start of the sender.

    Parameters
    ----------
    sensor : str
        Id of the sensor.
    boot : int
        Number of the sender's start.
    seq : int
        Number of the message within the boot.
    scan : int
        Number of the look.
    observed_at : datetime
        Time of the look, aware UTC.
    kind : {"radar", "camera", "ground_sensor", "radio", "human"}
        Kind of the sensor.
    plots : tuple of WirePlot
        The detections; an empty tuple is information too.
    media : tuple of WireMedia
        Still pictures and clips of the look.
    """

    sensor: Identifier
    boot: Counter
    seq: Counter
    scan: Counter
    observed_at: UtcTime
    kind: Kind
    plots: Annotated[tuple[WirePlot, ...], Meta(max_length=MAX_PLOTS)]
    media: Annotated[tuple[WireMedia, ...], Meta(max_length=MAX_MEDIA)] = ()


class DroppedRange(Struct, frozen=True, forbid_unknown_fields=True):
    """Messages of a boot that the sender dropped because its spool was full: ``last`` is at least ``first``.

    Parameters
    ----------
    boot : int
        Number of the sender's start.
    first : int
        Seq of the first dropped message.
    last : int
        Seq of the last dropped message.
    """

    boot: Counter
    first: Counter
    last: Counter


class WirePose(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where a mobile sensor stood and looked at one time.

    Errors are one standard deviation. A sensor of which the layout does not say ``mobile`` keeps its place there.

    Parameters
    ----------
    lon : float, degrees
        Longitude, WGS 84.
    lat : float, degrees
        Latitude, WGS 84.
    position_sd_m : float, m, optional
        Error of the position, per axis.
    height_m : float, m, optional
        Height of the antenna or lens above mean sea level; by default ``mast_height_m`` of the layout above ground.
    height_sd_m : float, m, optional
        Its error.
    heading_deg : float, degrees, optional
        Azimuth of the centre of the field of view, clockwise from true north, in [0, 360).
    heading_sd_deg : float, degrees, optional
        Error of the north reference: all azimuths of the sensor share it.
    tilt_deg : float, degrees, optional
        Elevation angle of the centre of the field of view, positive up.
    tilt_sd_deg : float, degrees, optional
        Error of the horizontal reference: all elevation angles of the sensor share it.
    observed_at : datetime, optional
        Time of the pose, aware UTC; by default that of the status.
    """

    lon: Longitude
    lat: Latitude
    position_sd_m: PositiveMetres | None = None
    height_m: HeightMetres | None = None
    height_sd_m: PositiveMetres | None = None
    heading_deg: Azimuth | None = None
    heading_sd_deg: PositiveDegrees | None = None
    tilt_deg: ElevationDeg | None = None
    tilt_sd_deg: PositiveDegrees | None = None
    observed_at: PoseTime | None = None


class Status(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A sensor's heartbeat, retained on its topic.

    The state ``lost`` is registered in advance as the connection's last will (MQTT 5.0, 3.1.2.5). ``observed_at`` of a
    will is the time at which the connection began; the time of receipt shows when the sensor was lost.

    Parameters
    ----------
    sensor : str
        Id of the sensor.
    boot : int
        Number of the sender's start.
    seq : int
        Number of the status message within the boot; scans are numbered separately.
    observed_at : datetime
        Time of the status, aware UTC.
    state : {"ok", "degraded", "maintenance", "stopped", "lost"}
        State of the sensor.
    kind : {"radar", "camera", "ground_sensor", "radio", "human"}, optional
        Kind of the sensor.
    status_interval_s : float, s, optional
        Time between heartbeats.
    next_maintenance : datetime, optional
        Time of the next planned maintenance, aware UTC.
    spooled : int
        Messages that wait in the sender's spool.
    dropped : tuple of DroppedRange
        Messages that a full spool dropped.
    power : float, optional
        Remaining fraction of the battery, 0 to 1.
    time_source : {"gnss", "network", "radio", "free"}, optional
        Source that sets the sensor's clock; ``free`` when the clock runs unset.
    obscured : bool
        Whether the field of view is blocked or the lens dirty, or the sensor does not detect for another reason.
    note : str
        Free text of at most 200 characters.
    pose : WirePose, optional
        Where a mobile sensor stood and looked.
    """

    sensor: Identifier
    boot: Counter
    seq: Annotated[Counter, Meta(description="numbers the status messages of a boot, separately from the scans")]
    observed_at: UtcTime
    state: ReportedState
    kind: Kind | None = None
    status_interval_s: Seconds | None = None
    next_maintenance: UtcTime | None = None
    spooled: Counter = 0
    dropped: Annotated[tuple[DroppedRange, ...], Meta(max_length=100)] = ()
    power: Annotated[Probability, Meta(description="remaining fraction of the battery")] | None = None
    time_source: (
        Annotated[
            Literal["gnss", "network", "radio", "free"],
            Meta(description="source that sets the sensor's clock; free: none at present"),
        ]
        | None
    ) = None
    obscured: Annotated[
        bool, Meta(description="the view is blocked, or the sensor does not detect for another reason")
    ] = False
    note: Annotated[str, Meta(max_length=200, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$(?!\n)")] = ""
    pose: WirePose | None = None


class Ack(Struct, frozen=True, omit_defaults=True):
    """Acknowledgement that every message of a boot up to a seq is in the journal or the dead letters.

    Parameters
    ----------
    boot : int
        Number of the sender's start.
    seq : int
        The sender may delete its messages up to this one.
    conflict : bool
        Whether some of them, sent since the last acknowledgement, are dead letters because ingest had other messages
        under their numbers.
    """

    boot: Counter
    seq: Counter
    conflict: bool = False


def encode_ack(boot: int, seq: int, *, conflict: bool = False) -> bytes:
    """The payload of an ack topic."""
    return msgspec.json.encode(Ack(boot, seq, conflict))


MESSAGES: Final[dict[str, type[Struct]]] = {"scan": WireScan, "status": Status, "ack": Ack}


def json_schema(message: str = "scan") -> dict[str, Any]:
    """Generate the JSON Schema (2020-12) of a message type.

    Parameters
    ----------
    message : {"scan", "status", "ack"}
        The message type.

    Returns
    -------
    dict
        The schema, as published in ``docs/schema/``.

    Examples
    --------
    >>> from ingest.wire import json_schema
    >>> json_schema("scan")["title"]
    'Watchline scan'
    """
    return schema_of(MESSAGES[message], message)


def schema_of(message_type: Any, name: str) -> dict[str, Any]:
    """The JSON Schema (2020-12) of any message type, titled by ``name``."""
    schema = msgspec.json.schema(message_type)
    definitions = schema["$defs"]
    for definition in definitions.values():
        text = inspect.cleandoc(definition.get("description", "")).partition("\n\nParameters\n")[0]
        definition["description"] = " ".join(text.replace("``", "").split())
        for properties in definition.get("properties", {}).values():
            for option in (properties, *properties.get("anyOf", ())):
                if option.get("format") == "date-time":
                    option["pattern"] = UTC_PATTERN
    if "WirePlot" in definitions:
        plot = definitions["WirePlot"]
        names = {"propertyNames": {"enum": list(CLASSES)}}
        plot["properties"]["class"] |= {"description": CLASS_SCORES, **names, **SOME_CLASS}
        plot["allOf"] = [_needs(name, other) for name, other in NEEDS]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": f"Watchline {name}", **schema}


UTC_PATTERN: Final = (
    r"^(?!(?!(19|20|21|22)(0[48]|[2468][048]|[13579][26])|2000)\d{4}-02-29)"  # 29 February in leap years only
    r"(19[7-9]\d|2[01]\d\d|22[0-5]\d|226[01])"
    r"-((0[1-9]|1[0-2])-(0[1-9]|1\d|2\d)|(0[13-9]|1[0-2])-30|(0[13578]|1[02])-31)"
    r"[Tt ]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?([Zz]|[+-]00:?00)$(?!\n)"
)
"""The times that the decoder takes: 1970 to 2261, without leap seconds, which a clock reading cannot hold. Validators
may leave ``format`` unchecked, or take the second 60."""

CLASS_SCORES: Final = (
    "Probability of each reported class. If they sum to less than 1, the remainder is spread evenly over the classes"
    " that are not reported."
)
SOME_CLASS: Final = {"if": {"minProperties": 1}, "then": {"not": {"additionalProperties": {"const": 0}}}}
"""Scores of classes that are all 0 cannot be scaled to sum 1; none at all means not reported."""

NEEDS: Final = (("lon", "lat"), ("lat", "lon"), ("range_m", "azimuth_deg"), ("elevation_deg", "azimuth_deg"))
"""A plot that reports the first field must report the second; without it there is no usable measurement."""


def _needs(name: str, other: str) -> dict[str, Any]:
    reported = {"type": "number"}
    return {
        "if": {"required": [name], "properties": {name: reported}},
        "then": {"required": [other], "properties": {other: reported}},
    }

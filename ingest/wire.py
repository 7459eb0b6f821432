"""The JSON message types, from which the decoder and the published JSON Schema both come.

Degrees and true north, metres, UTC. Every bound is a promise to vendors: widening one is a change of the contract,
narrowing one breaks senders. 360° is refused: an azimuth is in [0, 360), so that one direction has one number.
A standard deviation is above zero: nobody measures perfectly. ``null`` in an optional field means not reported.
"""

from __future__ import annotations

import inspect
import json
from datetime import datetime
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct, field

from ingest.topics import IDENTIFIER_PATTERN
from sensors.scan import CLASSES

JSON: Final = "application/json"
"""The content type of the messages below."""
MAX_PAYLOAD_BYTES: Final = 256 * 1024
MAX_PLOTS: Final = 1000
MAX_COUNTER: Final = 2**53
"""Largest boot, seq and scan: every JSON reader holds integers up to here exactly."""

Identifier = Annotated[str, Meta(pattern=IDENTIFIER_PATTERN, description="ASCII letters and digits . _ -")]
Counter = Annotated[int, Meta(ge=0, le=MAX_COUNTER)]
UtcTime = Annotated[datetime, Meta(tz=True, description="RFC 3339, UTC: it ends in Z")]
Range = Annotated[float, Meta(ge=0, le=1e6, description="slant range, metres")]
PositiveMetres = Annotated[float, Meta(gt=0, le=1e6)]
Azimuth = Annotated[float, Meta(ge=0, lt=360, description="clockwise from true north, degrees")]
Elevation = Annotated[float, Meta(ge=-90, le=90, description="to the target's ground contact, degrees, positive up")]
PositiveDegrees = Annotated[float, Meta(gt=0, le=180)]
Speed = Annotated[float, Meta(ge=-1000, le=1000, description="positive receding, metres per second")]
PositiveSpeed = Annotated[float, Meta(gt=0, le=1000)]
Longitude = Annotated[float, Meta(ge=-180, le=180)]
Latitude = Annotated[float, Meta(ge=-90, le=90)]
Probability = Annotated[float, Meta(ge=0, le=1)]
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
Kind = Literal["radar", "camera", "ground_sensor", "radio", "human"]
ClassName = Literal["person", "group", "vehicle", "animal", "other"]
State = Literal["ok", "degraded", "maintenance", "stopped", "lost"]

assert ClassName.__args__ == CLASSES  # type: ignore[attr-defined]


class WirePlot(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One detection of a scan. Every field is optional; none at all means that the sensor was triggered."""

    range_m: Range | None = None
    range_sd_m: PositiveMetres | None = None
    azimuth_deg: Azimuth | None = None
    azimuth_sd_deg: PositiveDegrees | None = None
    elevation_deg: Elevation | None = None
    elevation_sd_deg: PositiveDegrees | None = None
    radial_velocity_mps: Speed | None = None
    radial_velocity_sd_mps: PositiveSpeed | None = None
    lon: Longitude | None = None
    lat: Latitude | None = None
    position_sd_m: PositiveMetres | None = None
    classes: dict[ClassName, Probability] = field(name="class", default_factory=dict)
    confidence: Probability | None = None
    source_id: SourceId | None = None


class WireScan(Struct, frozen=True, forbid_unknown_fields=True):
    """One look of one sensor. (sensor, boot, seq) is unique for ever; boot rises at every start of the sender."""

    sensor: Identifier
    boot: Counter
    seq: Counter
    scan: Counter
    observed_at: UtcTime
    kind: Kind
    plots: Annotated[tuple[WirePlot, ...], Meta(max_length=MAX_PLOTS)]


class DroppedRange(Struct, frozen=True, forbid_unknown_fields=True):
    """Messages first..last of a boot that a full spool had to drop: the sender says so itself."""

    boot: Counter
    first: Counter
    last: Counter


class Status(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A sensor's heartbeat, retained; state ``lost`` is written ahead as the connection's last will.

    ``seq`` numbers the status messages of a boot, apart from the scans. ``observed_at`` of a will is the time at which
    the connection began: when a sensor was lost is told by the time of receipt. ``power``: share left, 0 to 1;
    ``time_source``: what sets its clock (``free``: nothing does now); ``obscured``: its view is blocked or dirty.
    """

    sensor: Identifier
    boot: Counter
    seq: Counter
    observed_at: UtcTime
    state: State
    kind: Kind | None = None
    status_interval_s: Seconds | None = None
    next_maintenance: UtcTime | None = None
    spooled: Counter = 0
    dropped: Annotated[tuple[DroppedRange, ...], Meta(max_length=100)] = ()
    power: Probability | None = None
    time_source: Literal["gnss", "network", "radio", "free"] | None = None
    obscured: bool = False
    note: Annotated[str, Meta(max_length=200, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$(?!\n)")] = ""


class Ack(Struct, frozen=True):
    """Everything of this boot up to seq is in the journal or in the dead letters: the sender may forget it."""

    boot: Counter
    seq: Counter


def encode_ack(boot: int, seq: int) -> bytes:
    """The payload of an ack topic."""
    return msgspec.json.encode(Ack(boot, seq))


MESSAGES: Final[dict[str, type[Struct]]] = {"scan": WireScan, "status": Status}


def json_schema(message: str = "scan") -> dict[str, Any]:
    """JSON Schema (2020-12) of ``scan`` or ``status`` messages, made from the types above."""
    schema = msgspec.json.schema(MESSAGES[message])
    definitions = schema["$defs"]
    for definition in definitions.values():
        definition["description"] = inspect.cleandoc(definition["description"]).replace("``", "")
        for properties in definition.get("properties", {}).values():
            for option in (properties, *properties.get("anyOf", ())):
                if option.get("format") == "date-time":
                    option["pattern"] = r"([Zz]|[+-]00:00)$"
    if "WirePlot" in definitions:
        plot = definitions["WirePlot"]
        plot["properties"]["class"]["propertyNames"] = {"enum": list(CLASSES)}
        plot["allOf"] = [_needs(name, other) for name, other in NEEDS]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": f"Watchline {message}", **schema}


NEEDS: Final = (("lon", "lat"), ("lat", "lon"), ("range_m", "azimuth_deg"), ("elevation_deg", "azimuth_deg"))
"""A plot that reports the first must report the second; without it there is no measurement to use."""


def schema_text(message: str = "scan") -> str:
    """The text of the published file ``docs/schema/{message}.schema.json``."""
    return json.dumps(json_schema(message), indent=2, ensure_ascii=False) + "\n"


def _needs(name: str, other: str) -> dict[str, Any]:
    reported = {"type": "number"}
    return {
        "if": {"required": [name], "properties": {name: reported}},
        "then": {"required": [other], "properties": {other: reported}},
    }

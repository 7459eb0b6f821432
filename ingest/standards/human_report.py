"""Reports of people: "observer 3 heard a vehicle north-east", in JSON or as that sentence.

People report the class of an object well and its position poorly. The report becomes a range and an azimuth from the
observer's position, with the errors of human estimates: the error ellipse is long along the line of sight, because
distances are estimated by eye, and as wide as the sector of a compass word.
"""

from __future__ import annotations

import math
import re
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct

from ingest.envelope import Envelope
from ingest.errors import MalformedMessage, printable
from ingest.wire import (
    Azimuth,
    ClassName,
    Counter,
    Identifier,
    Latitude,
    Longitude,
    PositiveDegrees,
    PositiveMetres,
    UtcTime,
    WirePlot,
    WireScan,
)
from sensors.scan import CLASSES

COMPASS: Final = (
    "north", "north-north-east", "north-east", "east-north-east", "east", "east-south-east", "south-east",
    "south-south-east", "south", "south-south-west", "south-west", "west-south-west", "west", "west-north-west",
    "north-west", "north-north-west",
)  # fmt: skip
POINTING_SD_DEG: Final = 10.0
"""Error of a direction that a person sees and reports by compass word or compass (assumption)."""
HEARING_SD_DEG: Final = 20.0
"""Error of a direction from which a person hears something in the open (assumption; more accurate indoors)."""
DISTANCE_SD_SHARE: Final = 0.3
"""Error of a distance that a person estimates by eye, as a fraction of it (assumption)."""
SEEN_TO_M: Final = {"person": 1_000.0, "group": 1_500.0, "vehicle": 3_000.0, "animal": 1_000.0, "other": 1_000.0}
HEARD_TO_M: Final = {"person": 200.0, "group": 300.0, "vehicle": 1_500.0, "animal": 300.0, "other": 500.0}
"""Maximum distance [m] at which an object is seen, or heard (assumptions). Without a reported distance, the object is
distributed uniformly by area within it: its mean is two thirds of this distance, its standard deviation 1/√18 of it."""
SURE: Final = {"certain": 0.9, "probable": 0.7, "possible": 0.4}
NAMING: Final = 0.7
"""Probability of the class that a person names; the rest is spread over the others (assumption)."""

What = Annotated[str, Meta(max_length=500)]
Word = Literal["certain", "probable", "possible"]


class HumanReport(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One report. ``direction``: a compass word, or ``azimuth_deg`` from true north; ``lon`` and ``lat``: the object's
    position, instead of direction and distance. ``text``: the observer's own words, stored but not interpreted."""

    observer: Identifier
    boot: Counter
    seq: Counter
    observed_at: UtcTime
    sense: Literal["saw", "heard", "found"]
    what: ClassName = "other"
    direction: Annotated[str, Meta(max_length=20)] | None = None
    azimuth_deg: Azimuth | None = None
    azimuth_sd_deg: PositiveDegrees | None = None
    distance_m: PositiveMetres | None = None
    distance_sd_m: PositiveMetres | None = None
    lon: Longitude | None = None
    lat: Latitude | None = None
    position_sd_m: PositiveMetres | None = None
    confidence: Word = "possible"
    text: What = ""


_decoder: Final = msgspec.json.Decoder(HumanReport)
_WHAT: Final = {
    "person": "person", "man": "person", "woman": "person", "walker": "person", "someone": "person",
    "group": "group", "people": "group", "persons": "group", "men": "group", "walkers": "group",
    "vehicle": "vehicle", "car": "vehicle", "truck": "vehicle", "engine": "vehicle", "motorcycle": "vehicle",
    "boat": "vehicle", "vehicles": "vehicle", "cars": "vehicle", "trucks": "vehicle", "engines": "vehicle",
    "motorcycles": "vehicle", "boats": "vehicle", "animal": "animal", "animals": "animal", "dog": "animal",
    "dogs": "animal", "cow": "animal", "deer": "animal",
}  # fmt: skip
_DISTANCE: Final = (
    r"(?:,? (?:at |about |some |around )*(?P<{0}>\d{{1,6}}(?:\.\d)?) ?(?P<{0}_unit>m|km|metres|kilometres)"
    r"(?: away| off)?)?"
)
_SENTENCE: Final = re.compile(
    r"(?P<observer>[a-z][a-z0-9 ._-]{0,63}?) (?P<sense>saw|heard|found) "
    r"(?:an? |some |the |several |two |three |four |five |six |\d{1,3} )?(?P<what>[a-z]{1,20})"
    + _DISTANCE.format("before")
    + r"(?:,? (?:to the |in the |at |from the )?(?P<direction>[a-z]+(?:[ -][a-z]+){0,2}?))?"
    + _DISTANCE.format("after")
    + r"(?:,? (?P<confidence>certain|probable|possible))?\.?",
    re.IGNORECASE,
)
"""The distance may precede or follow the direction."""


def decode(payload: bytes, envelope: Envelope) -> WireScan:
    """A JSON report as a scan with one plot; MalformedMessage names the field."""
    from ingest.parse_json import parse_json

    return _scan(parse_json(_decoder.decode, payload), envelope)


def decode_sentence(payload: bytes, envelope: Envelope) -> WireScan:
    """A sentence such as ``observer 3 heard a vehicle north-east, about 500 m`` as a scan at the time of receipt."""
    try:
        text = " ".join(payload.decode("utf-8").split()) if len(payload) <= 500 else ""
    except UnicodeDecodeError:
        text = ""
    match = _SENTENCE.fullmatch(text)
    if match is None:
        problem = "a sentence of another form"
        raise MalformedMessage("not_report", "text", problem, "WHO saw|heard|found WHAT [DIRECTION] [DISTANCE m|km]")
    observer = re.sub(r"[ _]+", "-", match["observer"].strip().lower())
    what = match["what"].lower()
    if what not in _WHAT and what != "something":
        raise MalformedMessage("unknown_value", "what", printable(what), f"something, {', '.join(_WHAT)}")
    if match["before"] and match["after"]:
        raise MalformedMessage("not_report", "text", "two distances", "one")
    distance = match["before"] or match["after"]
    unit_m = 1e3 if (match["before_unit"] or match["after_unit"] or "").lower().startswith("k") else 1.0
    boot, seq = envelope.numbered(payload + envelope.received_at.isoformat().encode())
    report: dict[str, Any] = {
        "observer": envelope.sensor or observer,
        "boot": boot,
        "seq": seq,
        "observed_at": envelope.received_at,
        "sense": match["sense"].lower(),
        "what": _WHAT.get(what, "other"),
        "direction": match["direction"],
        "distance_m": None if distance is None else float(distance) * unit_m,
        "confidence": (match["confidence"] or "possible").lower(),
        "text": text,
    }
    try:
        return _scan(msgspec.convert(report, HumanReport), envelope)
    except msgspec.ValidationError as error:
        raise MalformedMessage("out_of_range", "text", printable(str(error), 120), "a plausible report") from None


def _scan(report: HumanReport, envelope: Envelope) -> WireScan:
    if envelope.sensor is not None and report.observer != envelope.sensor:
        problem = f"{report.observer!r} on the topic of {envelope.sensor!r}"
        raise MalformedMessage("sensor_mismatch", "observer", problem, envelope.sensor)
    return WireScan(
        sensor=report.observer,
        boot=report.boot,
        seq=report.seq,
        scan=report.seq,
        observed_at=report.observed_at,
        kind="human",
        plots=(_plot(report),),
    )


def _plot(report: HumanReport) -> WirePlot:
    classes = {} if report.what == "other" else _classes(report.what)
    confidence = SURE[report.confidence]
    if (report.lon is None) != (report.lat is None):
        missing = "lat" if report.lat is None else "lon"
        raise MalformedMessage("incomplete", missing, "missing; the other is given", "both, or neither")
    if report.lon is not None:
        if report.position_sd_m is None:
            raise MalformedMessage("incomplete", "position_sd_m", "missing with lon and lat", "its standard deviation")
        return WirePlot(
            lon=report.lon, lat=report.lat, position_sd_m=report.position_sd_m, classes=classes, confidence=confidence
        )
    azimuth, azimuth_sd = _azimuth(report)
    if azimuth is None:
        if report.distance_m is not None:
            raise MalformedMessage("incomplete", "direction", "missing with a distance", "a direction, or neither")
        return WirePlot(classes=classes, confidence=confidence)  # an object is near: a trigger
    distance, distance_sd = _distance(report)
    return WirePlot(
        range_m=distance,
        range_sd_m=distance_sd,
        azimuth_deg=azimuth,
        azimuth_sd_deg=azimuth_sd,
        classes=classes,
        confidence=confidence,
    )


def _azimuth(report: HumanReport) -> tuple[float | None, float | None]:
    """(degrees, their standard deviation). A compass word is uniform over the sector around it."""
    sense_sd_deg = HEARING_SD_DEG if report.sense == "heard" else POINTING_SD_DEG
    if report.azimuth_deg is not None:
        return report.azimuth_deg, report.azimuth_sd_deg or sense_sd_deg
    if report.direction is None:
        return None, None
    word = _direction(report.direction)
    if word not in COMPASS:
        raise MalformedMessage("unknown_value", "direction", printable(word), "a compass word such as north-east")
    index = COMPASS.index(word)
    width = 22.5 if index % 2 else 45.0
    return index * 22.5, report.azimuth_sd_deg or math.hypot(width / math.sqrt(12.0), sense_sd_deg)


def _direction(text: str) -> str:
    word = re.sub(r"[\s_-]+", "-", text.strip().lower())
    if word in COMPASS:
        return word
    letters = {"n": "north", "e": "east", "s": "south", "w": "west"}
    if 0 < len(word) <= 3 and set(word) <= set(letters):
        return "-".join(letters[letter] for letter in word)
    return re.sub(r"(north|south)(?=[a-z])", r"\1-", word)


def _distance(report: HumanReport) -> tuple[float, float]:
    if report.distance_m is not None:
        return report.distance_m, report.distance_sd_m or DISTANCE_SD_SHARE * report.distance_m
    farthest = (HEARD_TO_M if report.sense == "heard" else SEEN_TO_M)[report.what]
    return farthest * 2.0 / 3.0, farthest / math.sqrt(18.0)


def _classes(what: str) -> Any:
    rest = (1.0 - NAMING) / (len(CLASSES) - 1)
    return {name: NAMING if name == what else rest for name in CLASSES}

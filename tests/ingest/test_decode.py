"""The door: published examples pass, each mutation is refused by the name of its field, nothing else ever escapes."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.decode import decode, decode_status, encode, encode_status
from ingest.errors import MalformedMessage
from ingest.wire import MAX_COUNTER, MAX_PAYLOAD_BYTES, MAX_PLOTS, Status, json_schema
from sensors.scan import CLASSES, Plot, Scan
from tests.drills.sizes import sized

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted((ROOT / "data/samples/messages").glob("*.json"))
SCANS = [path for path in EXAMPLES if path.name.startswith("scan")]
NOW = datetime(2026, 3, 14, 21, 7, 40, tzinfo=UTC)
RADAR = json.loads((ROOT / "data/samples/messages/scan_radar.json").read_text())
STATUS = json.loads((ROOT / "data/samples/messages/status_degraded.json").read_text())


def read(message: Any, **keywords: Any) -> Scan:
    payload = message if isinstance(message, bytes) else json.dumps(message).encode()
    return decode(payload, received_at=NOW, **keywords)


def refusal(payload: bytes, **keywords: Any) -> MalformedMessage:
    with pytest.raises(MalformedMessage) as caught:
        decode(payload, received_at=NOW, **keywords)
    return caught.value


def changed(message: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy with the value at ``plots[0].lat``-like ``path`` replaced; ``...`` deletes it."""
    copy = json.loads(json.dumps(message))
    keys = [int(key) if key.isdigit() else key for key in path.replace("[", ".").replace("]", "").split(".")]
    inner = copy
    for key in keys[:-1]:
        inner = inner[key]
    if value is ...:
        del inner[keys[-1]]
    else:
        inner[keys[-1]] = value
    return copy


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_published_example_is_accepted(path: Path) -> None:
    kind = path.stem.split("_")[0]
    message = json.loads(path.read_text())
    jsonschema.validate(message, json_schema(kind))
    topic = f"watchline/1/cumberland/sensor/{message['sensor']}/{'detections' if kind == 'scan' else 'status'}"
    read_one = decode if kind == "scan" else decode_status
    found = read_one(path.read_bytes(), received_at=NOW, topic=topic)
    assert found.sensor == message["sensor"]
    assert found.observed_at == datetime.fromisoformat(message["observed_at"])


def test_an_example_is_read_field_by_field() -> None:
    scan = read(RADAR)
    assert (scan.boot, scan.sequence, scan.scan, scan.kind) == (7, 1204, 98213, "radar")
    assert scan.observed_at == datetime(2026, 3, 14, 21, 7, 33, 250_000, tzinfo=UTC)
    assert scan.received_at == NOW
    assert scan.plots[0] == Plot(
        range_m=3120.4,
        range_sd_m=5.0,
        azimuth_deg=12.8,
        azimuth_sd_deg=0.25,
        radial_velocity_mps=-1.3,
        radial_velocity_sd_mps=0.3,
        classes={"person": 0.6, "animal": 0.3, "other": 0.1},
        confidence=0.82,
    )
    assert scan.plots[1].elevation_deg == -1.2


MUTATIONS: list[tuple[str, Any, str]] = [
    *[(name, ..., "missing_field") for name in ("sensor", "boot", "seq", "scan", "observed_at", "kind", "plots")],
    *[(name, None, "wrong_type") for name in ("sensor", "boot", "seq", "scan", "observed_at", "kind", "plots")],
    ("unheard_of", 1, "unknown_field"),
    ("plots[1].unheard_of", 1, "unknown_field"),
    *[("sensor", bad, "bad_identifier") for bad in ("", "a" * 65, "a+b", "a#", "a/b", "a\u0007", "a\n", "a b", "é")],
    ("sensor", 7, "wrong_type"),
    *[(name, -1, "out_of_range") for name in ("boot", "seq", "scan")],
    *[(name, MAX_COUNTER + 1, "out_of_range") for name in ("boot", "seq", "scan")],
    *[(name, bad, "wrong_type") for name in ("boot", "seq", "scan") for bad in (1.5, "1", True, [1])],
    ("observed_at", "2026-03-14T21:07:33", "bad_time"),
    ("observed_at", "2026-03-14T21:07:33+01:00", "bad_time"),
    ("observed_at", "14 March 2026", "bad_time"),
    ("observed_at", "2026-02-30T21:07:33Z", "bad_time"),
    ("observed_at", 1773522453, "wrong_type"),
    ("observed_at", "1969-12-31T23:59:59Z", "out_of_range"),
    ("observed_at", "9999-12-31T23:59:59Z", "out_of_range"),
    ("kind", "sonar", "unknown_value"),
    ("plots", {}, "wrong_type"),
    ("plots", [{}] * (MAX_PLOTS + 1), "out_of_range"),
    ("plots[0]", 5, "wrong_type"),
    ("plots[0].range_m", -0.1, "out_of_range"),
    ("plots[0].range_m", 1e7, "out_of_range"),
    ("plots[0].range_m", "3120", "wrong_type"),
    ("plots[1].azimuth_deg", 360.0, "out_of_range"),
    ("plots[1].azimuth_deg", -1e-9, "out_of_range"),
    ("plots[1].elevation_deg", 90.5, "out_of_range"),
    *[
        (f"plots[0].{name}", bad, "out_of_range")
        for name in ("range_sd_m", "azimuth_sd_deg", "elevation_sd_deg", "radial_velocity_sd_mps", "position_sd_m")
        for bad in (-1.0, 0.0)
    ],
    ("plots[0].radial_velocity_mps", 1001, "out_of_range"),
    ("plots[0].confidence", 1.01, "out_of_range"),
    ("plots[0].confidence", -0.01, "out_of_range"),
    ("plots[0].class", {"ghost": 0.5}, "unknown_value"),
    ("plots[0].class", {"person": 1.5}, "out_of_range"),
    ("plots[0].class", {"person": -0.5}, "out_of_range"),
    ("plots[0].class", {"person": 0.0}, "out_of_range"),
    ("plots[0].class", ["person"], "wrong_type"),
]


@pytest.mark.parametrize(("path", "value", "code"), MUTATIONS)
def test_each_mutation_is_refused_by_the_name_of_its_field(path: str, value: Any, code: str) -> None:
    error = refusal(json.dumps(changed(RADAR, path, value)).encode())
    assert (error.code, error.field) == (code, path)
    assert str(error).startswith(f"{path}: ")


@pytest.mark.parametrize(
    ("plot", "field", "code"),
    [
        ({"lon": 8.0, "lat": 91.0}, "plots[0].lat", "out_of_range"),
        ({"lon": 181.0, "lat": 47.0}, "plots[0].lon", "out_of_range"),
        ({"lon": 8.0}, "plots[0].lat", "incomplete"),
        ({"lat": 47.0}, "plots[0].lon", "incomplete"),
        ({"range_m": 10.0}, "plots[0].azimuth_deg", "incomplete"),
        ({"elevation_deg": 1.0}, "plots[0].azimuth_deg", "incomplete"),
    ],
)
def test_half_a_measurement_and_a_place_off_the_earth_are_refused(plot: dict[str, Any], field: str, code: str) -> None:
    error = refusal(json.dumps(changed(RADAR, "plots", [plot])).encode())
    assert (error.code, error.field) == (code, field)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
@pytest.mark.parametrize("field", ["range_m", "azimuth_deg", "confidence"])
def test_a_number_that_is_none_is_named(number: str, field: str) -> None:
    payload = json.dumps(changed(RADAR, f"plots[0].{field}", "@")).replace('"@"', number).encode()
    error = refusal(payload)
    assert (error.code, error.field) == ("not_finite", f"plots[0].{field}")
    overflow = json.dumps(changed(RADAR, f"plots[0].{field}", "@")).replace('"@"', "1e999").encode()
    assert (refusal(overflow).code, refusal(overflow).field) == ("out_of_range", f"plots[0].{field}")


def test_what_is_not_json_is_refused_as_a_whole() -> None:
    for payload in (b"", b"\xff\xfe", b"{", b"null x", b'{"sensor": "\\ud800"}', b"\x00" * 100, b"[" * 100_000):
        error = refusal(payload)
        assert error.field == "payload"
        assert error.code in ("not_json", "wrong_type")
    assert refusal(b'{"plots":' + b"[" * 100_000).code == "wrong_type"
    assert refusal(b'{"sensor":"a","x":' * 9_000).code in ("unknown_field", "not_json")
    assert refusal(b"[" * 100_000 + b"NaN").code in ("not_json", "wrong_type")
    assert refusal(b"[1]").code == "wrong_type"


def test_the_size_limit_is_exact() -> None:
    text = json.dumps(RADAR).encode()
    assert read(text + b" " * (MAX_PAYLOAD_BYTES - len(text))).sensor == "radar-west"
    assert refusal(text + b" " * (MAX_PAYLOAD_BYTES + 1 - len(text))).code == "too_large"


def test_content_types() -> None:
    payload = json.dumps(RADAR).encode()
    assert decode(payload, received_at=NOW, content_type="Application/JSON; charset=utf-8").boot == 7
    for content_type in ("", "text/plain", "application/x-protobuf", "application/jsonx", "\n"):
        error = refusal(payload, content_type=content_type)
        assert (error.code, error.field) == ("unsupported_content_type", "content_type")


@pytest.mark.parametrize(
    ("topic", "code", "field"),
    [
        ("watchline/1/cumberland/sensor/radar-east/detections", "sensor_mismatch", "sensor"),
        ("watchline/1/cumberland/sensor/radar-west/status", "wrong_channel", "topic"),
        ("watchline/1/cumberland/tracks", "wrong_channel", "topic"),
        ("elsewhere", "bad_topic", "topic"),
    ],
)
def test_a_message_on_a_topic_that_is_not_its_own_is_refused(topic: str, code: str, field: str) -> None:
    error = refusal(json.dumps(RADAR).encode(), topic=topic)
    assert (error.code, error.field) == (code, field)


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        ("state", "fine", "unknown_value"),
        ("status_interval_s", 0, "out_of_range"),
        ("note", "a\nb", "out_of_range"),
        ("note", "x" * 201, "out_of_range"),
        ("dropped[0].last", 0, "out_of_range"),
        ("next_maintenance", "2026-03-14T21:07:33", "bad_time"),
        ("seq", ..., "missing_field"),
        ("unheard_of", 1, "unknown_field"),
    ],
)
def test_each_mutation_of_a_status_is_refused_by_the_name_of_its_field(path: str, value: Any, code: str) -> None:
    with pytest.raises(MalformedMessage) as caught:
        decode_status(json.dumps(changed(STATUS, path, value)).encode(), received_at=NOW)
    assert (caught.value.code, caught.value.field) == (code, path)


SCHEMA = jsonschema.Draft202012Validator(json_schema("scan"))


@pytest.mark.parametrize(("path", "value", "code"), MUTATIONS)
def test_the_published_schema_refuses_what_the_decoder_refuses(path: str, value: Any, code: str) -> None:
    message = changed(RADAR, path, value)
    assert not SCHEMA.is_valid(message)


NUMBERS = {
    "range_m": st.floats(0, 1e6),
    "range_sd_m": st.floats(1e-3, 1e6),
    "elevation_deg": st.floats(-90, 90),
    "elevation_sd_deg": st.floats(1e-6, 180),
    "azimuth_sd_deg": st.floats(1e-6, 180),
    "radial_velocity_mps": st.floats(-1000, 1000),
    "radial_velocity_sd_mps": st.floats(1e-3, 1000),
    "position_sd_m": st.floats(1e-3, 1e6),
    "confidence": st.floats(0, 1),
}
CLASS_PROBABILITIES = st.dictionaries(st.sampled_from(CLASSES), st.floats(0.001, 1))
PLOTS = st.builds(
    lambda azimuth, position, classes, others: Plot(
        azimuth_deg=azimuth,
        lon=position[0] if position else None,
        lat=position[1] if position else None,
        classes=classes,
        **{k: v for k, v in others.items() if azimuth is not None or k not in ("range_m", "elevation_deg")},
    ),
    st.none() | st.floats(0, 360, exclude_max=True),
    st.none() | st.tuples(st.floats(-180, 180), st.floats(-90, 90)),
    CLASS_PROBABILITIES,
    st.fixed_dictionaries({}, optional=NUMBERS),
)
COUNTERS = st.integers(0, MAX_COUNTER)
TIMES = st.integers(0, 9_000_000_000_000_000).map(
    lambda microseconds: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
)
SCAN_RECORDS = st.builds(
    Scan,
    sensor=st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z"),
    boot=COUNTERS,
    sequence=COUNTERS,
    scan=COUNTERS,
    observed_at=TIMES,
    received_at=TIMES,
    kind=st.sampled_from(["radar", "camera", "ground_sensor"]),
    plots=st.lists(PLOTS, max_size=4).map(tuple),
)


@given(SCAN_RECORDS)
def test_decode_undoes_encode(scan: Scan) -> None:
    payload = encode(scan)
    assert decode(payload, received_at=scan.received_at) == scan
    SCHEMA.validate(json.loads(payload))


@pytest.mark.parametrize("path", SCANS, ids=lambda path: path.stem)
def test_encode_refuses_what_decode_would(path: Path) -> None:
    scan = decode(path.read_bytes(), received_at=NOW)
    assert decode(encode(scan), received_at=NOW) == scan
    for bad, field in (
        (replace(scan, sensor="a/b"), "sensor"),
        (replace(scan, observed_at=scan.observed_at.astimezone(timezone(timedelta(hours=1)))), "observed_at"),
        (replace(scan, observed_at=scan.observed_at.replace(tzinfo=None)), "observed_at"),
        (replace(scan, kind="sonar"), "kind"),
        (replace(scan, plots=(Plot(azimuth_deg=math.nan),)), "plots[0].azimuth_deg"),
        (replace(scan, plots=(Plot(), Plot(azimuth_deg=360.0))), "plots[1].azimuth_deg"),
        (replace(scan, plots=(Plot(classes={"ghost": 1.0}),)), "plots[0].class"),
        (replace(scan, plots=(Plot(source_id="\ud800"),)), "payload"),
    ):
        with pytest.raises(MalformedMessage) as caught:
            encode(bad)
        assert caught.value.field == field


def test_status_goes_there_and_back() -> None:
    status = Status(
        sensor="a", boot=1, seq=2, observed_at=NOW, state="ok", kind="radar", status_interval_s=5.0, note="lens wet"
    )
    assert decode_status(encode_status(status), received_at=NOW) == status
    for note in ("\u2028", "\ud800"):
        with pytest.raises(MalformedMessage):
            encode_status(Status(sensor="a", boot=1, seq=2, observed_at=NOW, state="ok", note=note))


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=8,
)
FIELD_PATHS = st.sampled_from(
    [*RADAR, "extra", "plots[0]", *(f"plots[0].{name}" for name in (*RADAR["plots"][0], "lon", "lat", "extra"))]
)


@st.composite
def nearly_scans(draw: st.DrawFn) -> bytes:
    """A good message with values replaced, then perhaps with bytes replaced: most of it reaches deep into the door."""
    message = RADAR
    for _ in range(draw(st.integers(1, 3))):
        try:
            message = changed(message, draw(FIELD_PATHS), draw(JSON_VALUES))
        except (KeyError, IndexError, TypeError):
            continue
    payload = bytearray(json.dumps(message).encode("utf-8", "surrogatepass"))
    for at, byte in draw(st.lists(st.tuples(st.integers(0, len(payload) - 1), st.integers(0, 255)), max_size=3)):
        payload[at] = byte
    return bytes(payload)


@settings(max_examples=sized(500, 2000), deadline=None)
@given(st.one_of(st.binary(max_size=200), nearly_scans(), JSON_VALUES.map(lambda value: json.dumps(value).encode())))
def test_nothing_but_malformed_message_ever_comes_out(payload: bytes) -> None:
    for read_one in (decode, decode_status):
        found: Scan | Status | None = None
        sentence = field = "good"
        try:
            found = read_one(payload, received_at=NOW)
        except MalformedMessage as error:
            sentence, field = str(error), error.field
        assert field
        assert sentence.isprintable()
        if isinstance(found, Scan):
            assert decode(encode(found), received_at=NOW) == found


@given(st.text(), st.text())
def test_content_type_and_topic_may_be_any_text(content_type: str, topic: str) -> None:
    with pytest.raises(MalformedMessage):
        decode(json.dumps(RADAR).encode(), received_at=NOW, content_type="x" + content_type)
    with pytest.raises(MalformedMessage):
        decode(json.dumps(RADAR).encode(), received_at=NOW, topic="x" + topic)

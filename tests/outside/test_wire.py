"""Messages as an integrator writes them, from the documents alone, through the real decoding into a detections dataset.

Sources: design §4a (detections) and §5 (on the wire), docs/adapters.md, docs/schema/*.json, docs/security.md (the
signature), RFC 3339, BSI Flex 335 v2, ITU-R M.1371 with the worked examples of the AIVDM/AIVDO page of gpsd,
EUROCONTROL ASTERIX categories 010, 048 and 062, the CoT event schema 2.0, RFC 8032 and RFC 9162.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pyproj
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from geo.frame import LocalFrame
from ingest import topics
from ingest.decode import decode, decode_status, encode
from ingest.errors import CODES, MalformedMessage
from ingest.security import Register
from sensors.detections import to_dataset
from sensors.layout import Layout
from sensors.scan import CLASSES

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 3, 14, 21, 0, 1, tzinfo=UTC)
GEOD = pyproj.Geod(ellps="WGS84")


@cache
def schema(name: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json.loads((ROOT / "docs" / "schema" / f"{name}.schema.json").read_text()))


def scan_body(plots: Any = (), **changed: Any) -> dict[str, Any]:
    body = {
        "sensor": "gs-1",
        "boot": 4,
        "seq": 9,
        "scan": 9,
        "observed_at": "2026-03-14T21:00:00Z",
        "kind": "radar",
        "plots": list(plots) if isinstance(plots, tuple) else plots,
    }
    return {key: value for key, value in (body | changed).items() if value is not ...}


def read(body: dict[str, Any], **keywords: Any) -> Any:
    return decode(json.dumps(body).encode(), received_at=NOW, **keywords)


def layout_at(lon: float, lat: float, frame: LocalFrame, **keys: Any) -> Layout:
    properties = {"id": "gs-1", "kind": "radar", "max_range_m": 60_000, "period_s": 2, "range_sd_m": 5.0}
    properties |= {"azimuth_sd_deg": 0.25} | keys
    point = {"type": "Point", "coordinates": [lon, lat]}
    feature = {"type": "Feature", "geometry": point, "properties": properties}
    return Layout.from_geojson({"type": "FeatureCollection", "features": [feature]}, frame, name="one")


# Where a plot of range and true azimuth lies (design §3 and §4a; nomenclature, "convergence")


@pytest.mark.parametrize(
    ("origin", "site"),
    [
        ((33.4, 35.1), (33.9, 35.2)),  # Cyprus, half a degree off the central meridian
        ((-71.0, -33.0), (-70.2, -33.4)),  # Andes, southern and western hemisphere
        ((25.0, 69.5), (25.9, 69.3)),  # Lapland: convergence of nearly a degree
        ((24.5, 0.0), (24.0, -0.2)),  # across the equator
    ],
)
def test_a_plot_lies_where_geodesy_puts_it(origin: tuple[float, float], site: tuple[float, float]):
    """A point 8 km away by the geodesic, in eight directions: the plot's place in the frame is that point's."""
    frame = LocalFrame.around(*origin)
    layout = layout_at(*site, frame)
    azimuths = np.arange(0.0, 360.0, 45.0)
    lon, lat, _ = GEOD.fwd(np.full(8, site[0]), np.full(8, site[1]), azimuths, np.full(8, 8_000.0))
    scan = read(scan_body([{"range_m": 8000.0, "azimuth_deg": float(azimuth)} for azimuth in azimuths]))
    plots = to_dataset([scan], layout)
    east, north = frame.to_local(*site)
    found = (
        east + plots["range"].values * np.sin(plots.azimuth.values),
        north + plots["range"].values * np.cos(plots.azimuth.values),
    )
    wanted = frame.to_local(lon, lat)
    assert np.hypot(found[0] - wanted[0], found[1] - wanted[1]).max() < 1.0


@pytest.mark.parametrize("site", [(3.0, 60.0), (5.9, 60.4)])
def test_a_range_in_utm_is_metres_of_the_frame(site: tuple[float, float]):
    """UTM 31N: scale 0.9996 on the central meridian, where 20 km on the ground are 8 m less in the frame."""
    frame = LocalFrame.from_epsg(32631)
    plots = to_dataset([read(scan_body([{"range_m": 20_000.0, "azimuth_deg": 200.0}]))], layout_at(*site, frame))
    lon, lat, _ = GEOD.fwd(*site, 200.0, 20_000.0)
    wanted = np.subtract(frame.to_local(lon, lat), frame.to_local(*site))
    found = float(plots["range"].values[0]) * np.array([np.sin(plots.azimuth[0]), np.cos(plots.azimuth[0])])
    assert np.abs(found - wanted).max() < 2.5  # the scale along the way differs by 1e-4 from that at the site


def test_a_position_in_degrees_lands_on_its_point_with_its_error():
    frame = LocalFrame.around(-84.2, 36.6)
    scan = read(scan_body([{"lon": -84.15, "lat": 36.62, "position_sd_m": 25.0}], kind="ground_sensor"))
    layout = layout_at(-84.2, 36.6, frame, kind="ground_sensor", period_s=10)
    plots = to_dataset([scan], layout)
    # independent: azimuth and distance of the geodesic from the frame's origin, where scale is 1
    azimuth, _, distance = GEOD.inv(-84.2, 36.6, -84.15, 36.62)
    assert float(plots.easting[0]) == pytest.approx(distance * math.sin(math.radians(azimuth)), abs=0.2)
    assert float(plots.northing[0]) == pytest.approx(distance * math.cos(math.radians(azimuth)), abs=0.2)
    assert np.allclose(plots.cov.values[0], np.diag([625.0, 625.0]), rtol=1e-3)
    assert np.isnan(plots["range"].values[0])
    assert np.isnan(plots.azimuth.values[0])


def test_degrees_become_radians_and_what_is_absent_is_not_a_number():
    frame = LocalFrame.around(10.0, 50.0)
    plot = {
        "range_m": 1500.0,
        "range_sd_m": 7.5,
        "azimuth_deg": 270.0,
        "azimuth_sd_deg": 0.5,
        "elevation_deg": -2.0,
        "elevation_sd_deg": 0.25,
        "radial_velocity_mps": -1.25,
        "radial_velocity_sd_mps": 0.5,
        "confidence": 0.4,
    }
    plots = to_dataset([read(scan_body([plot, {}]))], layout_at(10.0, 50.0, frame))
    first = {
        name: float(plots[name].values[0])
        for name in plots.data_vars
        if plots[name].dims == ("detection",) and plots[name].dtype.kind == "f"
    }
    assert first["range"] == pytest.approx(1500.0, rel=1e-9)
    assert first["range_sd"] == pytest.approx(7.5, rel=1e-9)
    assert math.remainder(first["azimuth"] + math.pi / 2, 2 * math.pi) == pytest.approx(0.0, abs=1e-9)
    assert first["azimuth_sd"] == pytest.approx(math.radians(0.5))
    assert first["elevation_angle"] == pytest.approx(math.radians(-2.0))
    assert first["elevation_angle_sd"] == pytest.approx(math.radians(0.25))
    assert first["radial_velocity"] == pytest.approx(-1.25, rel=1e-9)
    assert first["radial_velocity_sd"] == pytest.approx(0.5, rel=1e-9)
    assert first["confidence"] == 0.4
    trigger = [
        float(plots[name].values[1]) for name in ("range", "azimuth", "elevation_angle", "easting", "confidence")
    ]
    assert np.isnan(trigger).all()


def test_empty_scans_stay():
    """Design §4a: "empty scans too: a miss is information"."""
    frame = LocalFrame.around(10.0, 50.0)
    scans = [read(scan_body(seq=n, scan=n, observed_at=f"2026-03-14T20:59:5{n}Z")) for n in range(3)]
    plots = to_dataset(scans, layout_at(10.0, 50.0, frame))
    assert plots.sizes["scan"] == 3
    assert plots.sizes["detection"] == 0
    assert plots.scan_sequence.values.tolist() == [0, 1, 2]
    assert plots.scan_boot.values.tolist() == [4, 4, 4]


@pytest.mark.parametrize("order", [("person", "vehicle", "animal"), ("animal", "person", "vehicle")])
def test_class_scores_are_scaled_to_one_whatever_their_order(order: tuple[str, ...]):
    scores = {"person": 0.4, "vehicle": 0.1, "animal": 0.3}
    scan = read(scan_body([{"azimuth_deg": 1.0, "class": {name: scores[name] for name in order}}]))
    plots = to_dataset([scan], layout_at(10.0, 50.0, LocalFrame.around(10.0, 50.0)))
    likelihood = dict(zip(plots["class"].values.tolist(), plots.class_probability.values[0].tolist(), strict=True))
    assert sum(likelihood.values()) == pytest.approx(1.0)
    assert likelihood["person"] / likelihood["animal"] == pytest.approx(4 / 3)
    assert likelihood["person"] / likelihood["vehicle"] == pytest.approx(4.0)


# Every message of the wire: what the published schema allows is taken, what it forbids is refused (design §5)

PLOT_CHANGES: list[tuple[dict[str, Any], bool]] = [
    ({"range_m": 0, "azimuth_deg": 0}, True),
    ({"range_m": 1e6, "azimuth_deg": 359.999}, True),
    ({"range_m": 1000.0}, False),  # a range alone is on a circle
    ({"range_m": 1000.0, "azimuth_deg": 360.0}, False),
    ({"range_m": -1.0, "azimuth_deg": 3.0}, False),
    ({"range_m": 1e6 + 1, "azimuth_deg": 3.0}, False),
    ({"range_m": "1000", "azimuth_deg": 3.0}, False),
    ({"range_m": True, "azimuth_deg": 3.0}, False),
    ({"range_m": None, "azimuth_deg": 3.0}, True),
    ({"azimuth_deg": 3.0, "azimuth_sd_deg": 0.0}, False),
    ({"azimuth_deg": 3.0, "azimuth_sd_deg": 180.0}, True),
    ({"azimuth_deg": 3.0, "elevation_deg": -90}, True),
    ({"elevation_deg": 3.0}, False),
    ({"lon": 180.0, "lat": -90.0}, True),
    ({"lon": 180.1, "lat": 0.0}, False),
    ({"lon": 3.0}, False),
    ({"lat": 3.0}, False),
    ({"lon": 3.0, "lat": None}, False),
    ({"lon": None, "lat": None}, True),
    ({"position_sd_m": 5.0}, True),
    ({"class": {"person": 1.0}}, True),
    ({"class": {"person": 0.0, "other": 0}}, False),  # likelihoods that cannot be scaled to sum 1 (design §4a)
    ({"class": {}}, True),
    ({"class": {"person": 0, "animal": 1e-9}}, True),
    ({"class": {"person": 1.0001}}, False),
    ({"class": {"Person": 0.5}}, False),
    ({"class": {"drone": 0.5}}, False),
    ({"class": None}, False),
    ({"class": [0.5]}, False),
    ({"confidence": 1.01}, False),
    ({"radial_velocity_mps": -1000.0}, True),
    ({"radial_velocity_mps": 1000.5}, False),
    ({"source_id": ""}, False),
    ({"source_id": "x" * 64}, True),
    ({"source_id": "x" * 65}, False),
    ({"source_id": "a\nb"}, False),
    ({"source_id": "Überwachung 7"}, True),
    ({"rcs_dbsm": 3.0}, False),
    ({"classes": {}}, False),
]
SCAN_CHANGES: list[tuple[dict[str, Any], bool]] = [
    ({"boot": 0, "seq": 0, "scan": 0}, True),
    ({"boot": 2**53, "seq": 2**53, "scan": 2**53}, True),
    ({"boot": 2**53 + 2}, False),
    ({"seq": -1}, False),
    ({"seq": 1.5}, False),
    ({"boot": 4.0}, True),  # JSON knows one kind of number, and JSON Schema calls 4.0 an integer
    ({"boot": 4.0, "seq": 1e3, "scan": 7.0, "plots": [{"azimuth_deg": 12.5, "confidence": 0.25}]}, True),
    ({"seq": 2.0**60}, False),
    ({"seq": "1"}, False),
    ({"seq": ...}, False),
    ({"sensor": "a" * 64}, True),
    ({"sensor": "a" * 65}, False),
    ({"sensor": ".hidden"}, False),
    ({"sensor": "a/b"}, False),
    ({"sensor": "a+b"}, False),
    ({"sensor": "radar west"}, False),
    ({"sensor": "radar-wést"}, False),
    ({"sensor": "r1\n"}, False),
    ({"sensor": ""}, False),
    ({"kind": "sonar"}, False),
    ({"kind": "relay"}, False),
    ({"kind": "human"}, True),
    ({"plots": None}, False),
    ({"plots": ...}, False),
    ({"plots": [{}] * 1000}, True),
    ({"plots": [{}] * 1001}, False),
    ({"plots": [[]]}, False),
    ({"observed_at": "2026-03-14T21:00:00+00:00"}, True),
    ({"observed_at": "2026-03-14T21:00:00.123456Z"}, True),
    ({"observed_at": "2026-03-14t21:00:00z"}, True),  # RFC 3339 §5.6: T and Z may be lower case
    ({"observed_at": "2026-03-14T22:00:00+01:00"}, False),
    ({"observed_at": "2016-12-31T23:59:60Z"}, False),  # a leap second, which a format of JSON Schema takes
    ({"observed_at": "2026-03-14T24:00:00Z"}, False),
    ({"observed_at": "2026-02-30T21:00:00Z"}, False),
    ({"observed_at": "2026-02-29T21:00:00Z"}, False),
    ({"observed_at": "2024-02-29T21:00:00Z"}, True),
    ({"observed_at": "2100-02-29T21:00:00Z"}, False),
    ({"observed_at": "2000-02-29T21:00:00Z"}, True),
    ({"observed_at": "2026-03-14T21:00:00+0000"}, True),  # not RFC 3339; the schema states that it is taken
    ({"observed_at": "2026-03-14T21:00:00+0100"}, False),
    ({"observed_at": "2026-03-14T21:00Z"}, False),
    ({"observed_at": "20260314T210000Z"}, False),
    ({"observed_at": "1969-12-31T23:59:59Z"}, False),
    ({"observed_at": "2262-01-01T00:00:00Z"}, False),
    ({"observed_at": "2261-12-31T23:59:59.999Z"}, True),
    ({"observed_at": "2026-03-14T21:00:00"}, False),
    ({"observed_at": 1773522000}, False),
    ({"observed_at": None}, False),
    ({"site": "north"}, False),
]
STATUS_CHANGES: list[tuple[dict[str, Any], bool]] = [
    ({}, True),
    ({"state": "failed"}, False),
    ({"state": ...}, False),
    ({"kind": "radar", "status_interval_s": 86400, "power": 0.0, "time_source": "gnss"}, True),
    ({"status_interval_s": 0}, False),
    ({"status_interval_s": 86401}, False),
    ({"power": 1.5}, False),
    ({"time_source": "ntp"}, False),
    ({"obscured": 1}, False),
    ({"note": "x" * 200}, True),
    ({"note": "x" * 201}, False),
    ({"note": "line\nline"}, False),
    ({"dropped": [{"boot": 3, "first": 1, "last": 41}]}, True),
    ({"dropped": [{"boot": 3, "first": 1}]}, False),
    ({"dropped": [{"boot": 3, "first": 1, "last": 41}] * 101}, False),
    ({"next_maintenance": "2026-04-01T06:00:00Z"}, True),
    ({"next_maintenance": "2026-04-01"}, False),
    ({"boot": 2.0, "spooled": 3.0}, True),
    ({"spooled": -1}, False),
    ({"battery": 0.5}, False),
]


@pytest.mark.parametrize(("plot", "good"), PLOT_CHANGES, ids=lambda value: json.dumps(value, default=str)[:40])
def test_plots_are_judged_alike_by_the_schema_and_by_the_decoder(plot: dict[str, Any], good: bool):
    body = scan_body([plot])
    assert schema("scan").is_valid(body) == good
    check_decoder(body, good, plot)


@pytest.mark.parametrize(("change", "good"), SCAN_CHANGES, ids=lambda value: str(value)[:40])
def test_scans_are_judged_alike_by_the_schema_and_by_the_decoder(change: dict[str, Any], good: bool):
    body = scan_body(**change)
    assert schema("scan").is_valid(body) == good
    check_decoder(body, good, change)


@pytest.mark.parametrize(("change", "good"), STATUS_CHANGES, ids=lambda value: str(value)[:40])
def test_status_messages_are_judged_alike_by_the_schema_and_by_the_decoder(change: dict[str, Any], good: bool):
    base = {"sensor": "gs-1", "boot": 1, "seq": 1, "observed_at": "2026-03-14T21:00:00Z", "state": "ok"}
    body = {key: value for key, value in (base | change).items() if value is not ...}
    assert schema("status").is_valid(body) == good
    payload = json.dumps(body).encode()
    if good:
        assert decode_status(payload, received_at=NOW).state == "ok"
    else:
        with pytest.raises(MalformedMessage) as refused:
            decode_status(payload, received_at=NOW)
        check_refusal(refused.value, change)


def check_refusal(refused: MalformedMessage, change: dict[str, Any]) -> None:
    """docs/adapters.md: it names the refused field, which is one that was changed, or the missing half of a pair."""
    assert refused.code in CODES
    assert refused.code not in ("not_json", "too_large") or "plots" in change
    partners = {"lon": "lat", "lat": "lon", "range_m": "azimuth_deg", "elevation_deg": "azimuth_deg"}
    named = {name for name in re.split(r"[.\[\]\d]+", str(refused).partition(":")[0]) if name}
    assert named & (change.keys() | {partners[name] for name in change if name in partners}), str(refused)


def check_decoder(body: dict[str, Any], good: bool, change: dict[str, Any]) -> None:
    """The decoder takes exactly what is good; what it takes can be encoded and read again without a difference."""
    if good:
        scan = read(body)
        assert decode(encode(scan), received_at=NOW) == scan
        return
    with pytest.raises(MalformedMessage) as refused:
        read(body)
    check_refusal(refused.value, change)


def test_samples_of_messages_fit_their_schema_and_are_read():
    """data/samples/messages: what an integrator copies first."""
    folder = ROOT / "data" / "samples" / "messages"
    files = sorted(folder.glob("*.json"))
    assert files
    for file in files:
        name, payload = file.name.partition("_")[0], file.read_bytes()
        schema(name).validate(json.loads(payload))
        message = (decode if name == "scan" else decode_status)(payload, received_at=NOW)
        assert message.sensor == json.loads(payload)["sensor"]


HOSTILE = [
    b"",
    b"null",
    b"[]",
    b'"scan"',
    b"0",
    b"\xff\xfe{\x00}\x00",
    b"\xef\xbb\xbf" + json.dumps(scan_body()).encode(),  # RFC 8259 §8.1: no byte order mark
    json.dumps(scan_body()).encode()[:-1],
    json.dumps(scan_body()).encode() + b"{}",
    json.dumps(scan_body([{"range_m": float("nan"), "azimuth_deg": 1.0}])).encode(),
    json.dumps(scan_body([{"range_m": float("inf"), "azimuth_deg": 1.0}])).encode(),
    json.dumps(scan_body([{"range_m": 1.0, "azimuth_deg": 1.0}])).replace("1.0", "1e999", 1).encode(),
    b'{"sensor":' * 100_000,
    b"[" * 100_000,
    json.dumps(scan_body() | {"plots": []}).encode().replace(b'"plots": []', b'"plots": ' + b"[" * 50_000),
    json.dumps(scan_body([{"source_id": "a"}])).encode().replace(b'"a"', b'"\\ud800"'),
    json.dumps(scan_body([{"source_id": "a"}])).encode().replace(b'"a"', b'"\xc3\x28"'),
    b" " * (256 * 1024 + 1),
    json.dumps(scan_body()).encode().replace(b'"boot": 4', b'"boot": ' + b"9" * 5000),
]


@pytest.mark.parametrize("payload", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_bytes_raise_only_the_stated_error(payload: bytes):
    """Design §4: decode raises only MalformedMessage, with one of the codes of dead letters."""
    for reader in (decode, decode_status):
        with pytest.raises(MalformedMessage) as refused:
            reader(payload, received_at=NOW)
        assert refused.value.code in CODES
        assert len(str(refused.value)) < 2_000


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "APPLICATION/JSON", None])
def test_names_of_media_types_ignore_case_and_take_parameters(content_type: str | None):
    """docs/adapters.md: the content type selects the decoder; RFC 9110 §8.3.1; none at all is JSON."""
    assert decode(json.dumps(scan_body()).encode(), received_at=NOW, content_type=content_type).sensor == "gs-1"


@pytest.mark.parametrize(
    "content_type", ["text/plain", "", "application/xml", "application/jsonx", "*/*", "\0" * 70_000]
)
def test_other_content_types_are_refused(content_type: str):
    with pytest.raises(MalformedMessage) as refused:
        decode(json.dumps(scan_body()).encode(), received_at=NOW, content_type=content_type)
    assert refused.value.code == "unsupported_content_type"


def test_a_message_is_tried_before_it_is_sent(tmp_path: Path, watchline: Callable[..., tuple[int, str, str]]):
    """docs/adapters.md step 4: ``watchline sensor test`` prints the scan, or the field that is refused."""
    file = tmp_path / "message"
    file.write_text(json.dumps(scan_body([{"range_m": 3120.4, "azimuth_deg": 12.8}])))
    code, out, err = watchline("sensor", "test", file, "--sensor", "gs-1", "--json")
    assert code == 0, err
    assert "3120.4" in out
    assert isinstance(json.loads(out), dict)
    file.write_text(json.dumps(scan_body([{}, {"range_m": 3120.4, "azimuth_deg": 412.8}])))
    for options in (["--json"], []):
        code, out, err = watchline("sensor", "test", file, "--sensor", "gs-1", *options)
        assert code != 0
        assert "plots[1].azimuth_deg" in err
        assert "Traceback" not in err
    file.write_text(json.dumps(scan_body()))
    code, out, err = watchline("sensor", "test", file, "--sensor", "another", "--json")
    assert code != 0
    assert "gs-1" in err


def test_a_message_on_the_topic_of_another_is_refused():
    """docs/adapters.md step 2: a message that names another sensor is refused."""
    read(scan_body(), topic="watchline/1/s/sensor/gs-1/detections")
    for topic, code in [
        ("watchline/1/s/sensor/gs-2/detections", "sensor_mismatch"),
        ("watchline/1/s/sensor/gs-1/status", "wrong_channel"),
        ("watchline/1/s/unit/gs-1/position", "wrong_channel"),
        ("watchline/2/s/sensor/gs-1/detections", "bad_topic"),
        ("watchline/1/s/sensor/gs-1/detections/", "bad_topic"),
        ("watchline/1/s/sensor/+/detections", "bad_topic"),
        ("", "bad_topic"),
    ]:
        with pytest.raises(MalformedMessage) as refused:
            read(scan_body(), topic=topic)
        assert refused.value.code == code, topic


def test_every_content_type_of_the_table_has_a_decoder():
    """docs/adapters.md lists what is supported: none of these is an unsupported content type."""
    rows = (ROOT / "docs" / "adapters.md").read_text().splitlines()
    listed = [row.split("`")[1] for row in rows if row.startswith(("| `application/", "| `text/"))]
    assert len(listed) >= 8
    for content_type in listed:
        for payload in (b"", b"{}", b"\x00" * 30, b"<a/>"):
            with pytest.raises(MalformedMessage) as refused:
                decode(payload, received_at=NOW, content_type=content_type, topic=TOPIC)
            assert refused.value.code != "unsupported_content_type", content_type


def test_a_surveyed_offset_is_taken_off_the_azimuths():
    """docs/files.md ("Layout file"), north_offset_deg: what its azimuths read too much; with 2, 3.5 degrees are 1.5."""
    frame = LocalFrame.around(10.0, 50.0)
    layout = layout_at(10.0, 50.0, frame, north_offset_deg=2.0, north_sd_deg=0.1)
    plots = to_dataset([read(scan_body([{"range_m": 900.0, "azimuth_deg": 3.5}]))], layout)
    assert float(plots.azimuth[0]) == pytest.approx(math.radians(1.5), abs=1e-9)


# Units (docs/units.md and its schemas)

UNIT_CHANGES: list[tuple[str, dict[str, Any], bool]] = [
    ("position", {}, True),
    ("position", {"distress": True, "note": "two injured", "position_sd_m": 8.0}, True),
    ("position", {"lat": 90.5}, False),
    ("position", {"lon": ...}, False),
    ("position", {"distress": "yes"}, False),
    ("position", {"note": "x" * 501}, False),
    ("position", {"callsign": "P1"}, False),
    ("position", {"unit": "patrol 1"}, False),
    ("reply", {}, True),
    ("reply", {"action": "reject", "reason": "own patrol"}, True),
    ("reply", {"expected_revision": 3.0}, True),
    ("reply", {"expected_revision": 3.5}, False),
    ("reply", {"expected_revision": None}, True),
    ("reply", {"action": "shoot"}, False),
    ("reply", {"by": ""}, False),
    ("reply", {"alert": ...}, False),
    ("reply", {"seq": -1}, False),
]


@pytest.mark.parametrize(("channel", "change", "good"), UNIT_CHANGES, ids=str)
def test_messages_of_units_are_judged_alike_by_schema_and_decoder(channel: str, change: dict[str, Any], good: bool):
    from ingest.unit_messages import decode_unit

    body = {"unit": "patrol-1", "boot": 3_633_000, "seq": 1, "observed_at": "2026-03-14T21:00:00Z"}
    body |= (
        {"lon": -84.21, "lat": 36.58}
        if channel == "position"
        else {
            "action": "acknowledge",
            "alert": "A91f0c2d3e4b5a687",
            "by": "Sgt. Meyer",
        }
    )
    body = {key: value for key, value in (body | change).items() if value is not ...}
    assert schema(channel).is_valid(body) == good
    payload = json.dumps(body).encode()
    if good:
        assert decode_unit(payload, channel).unit == "patrol-1"
    else:
        with pytest.raises(MalformedMessage) as refused:
            decode_unit(payload, channel)
        check_refusal(refused.value, change)


def test_the_examples_for_units_are_what_the_decoder_takes():
    """The messages that docs/units.md shows under "Send" are valid, each on its topic."""
    from ingest.unit_messages import decode_unit

    text = (ROOT / "docs" / "units.md").read_text()
    shown, decoder = text.split("```json\n")[1].split("```")[0], json.JSONDecoder()
    count = 0
    while shown.strip():
        body, end = decoder.raw_decode(shown.lstrip())
        shown = shown.lstrip()[end:]
        channel = "reply" if "action" in body else "position"
        schema(channel).validate(body)
        assert decode_unit(json.dumps(body).encode(), channel).unit == body["unit"]
        count += 1
    assert count >= 3


# Through ingest into the journal: every message is accounted for (design §4a, counts; docs/reliability.md, time)


def test_each_message_of_a_mixed_series_is_counted_once(tmp_path: Path):
    """12 receipts: 4 journaled, 3 duplicates, 5 dead letters; afterwards the mark covers what has no hole before it."""
    from ingest.envelope import Delivery
    from ingest.receiving.receiver import Receiver
    from ops.journal.reader import JournalReader
    from ops.journal.writer import Journal

    now = int(NOW.timestamp() * 1e9)

    def message(seq: int, age_s: float = 1.0, **changed: Any) -> Delivery:
        at = (NOW - timedelta(seconds=age_s)).isoformat().replace("+00:00", "Z")
        body = json.dumps(scan_body([{"range_m": 50.0 + seq, "azimuth_deg": 1.0}], seq=seq, observed_at=at, **changed))
        numbers = (("boot", "4"), ("seq", str(seq)))  # docs/security.md: the message's own numbers, as in the body
        return Delivery("watchline/1/s/sensor/gs-1/detections", body.encode(), "application/json", numbers, now)

    series = [
        message(0),
        message(1),
        message(1),  # sent again: the same bytes
        message(2, age_s=30.0),  # late, still journaled
        message(3, age_s=-5.0),  # from the future: a dead letter
        message(4, age_s=2 * 86_400.0),  # older than a day: a dead letter
        message(1, age_s=2.0),  # the number is taken by another body: conflict, the tamper alarm
        message(5, sensor="gs-2"),  # speaks for another
        Delivery("watchline/1/s/sensor/gs-1/detections", b"{", "application/json", (), now),
        message(0),
        message(2, age_s=30.0),
        message(7),
    ]
    acknowledged: list[Any] = []
    with Journal(tmp_path / "journal.db") as journal:
        receiver = Receiver("s", commit=journal.commit, acknowledge=acknowledged.append, recall=journal.recall)
        for delivery in series[:6]:
            receiver.handle([delivery])
        receiver.handle(series[6:])  # in any batches
        marks = receiver.take_marks()
    assert len(acknowledged) == 12  # what is a dead letter is settled, too
    with JournalReader(tmp_path / "journal.db") as reader:
        counts = reader.counts()["gs-1"]
        found = (counts.received, counts.journaled, counts.duplicate, counts.dead_lettered, counts.shed)
        assert found == (12, 4, 3, 5, 0)
        codes = sorted(dead.code for _, dead in reader.dead_letters())
        assert codes == ["conflict", "expired", "future", "not_json", "sensor_mismatch"]
        assert [row.seq for row in reader.read() if row.kind == "detections"] == [0, 1, 2, 7]
    # 0 to 5 are journaled or dead letters, 6 never came: the mark stops at 5
    assert [(mark.sensor, mark.boot, mark.seq) for mark in marks] == [("gs-1", 4, 5)]


def aged(seq: int, age_s: float) -> Any:
    """A scan of gs-1, received at NOW, this long after it was observed."""
    from ingest.envelope import Delivery

    at = (NOW - timedelta(seconds=age_s)).isoformat().replace("+00:00", "Z")
    body = json.dumps(scan_body(seq=seq, observed_at=at)).encode()
    numbers = (("boot", "4"), ("seq", str(seq)))
    now = int(NOW.timestamp() * 1e9)
    return Delivery("watchline/1/s/sensor/gs-1/detections", body, "application/json", numbers, now)


def test_what_is_not_durable_is_not_acknowledged():
    """Design §5: what counts is the mark of ingest after the journal's commit; a full disk acknowledges nothing."""
    from ingest.receiving.receiver import Receiver

    def full(_: object) -> None:
        raise OSError(28, "No space left on device")

    acknowledged: list[Any] = []
    door = Receiver("s", commit=full, acknowledge=acknowledged.append, recall=lambda *_: (0, set()))
    with pytest.raises(OSError, match="No space"):
        door.handle([aged(1, 1.0)])
    assert acknowledged == []
    assert door.take_marks() == ()


def test_the_commit_comes_before_every_acknowledgement():
    from ingest.receiving.receiver import Receiver

    order: list[str] = []
    door = Receiver(
        "s",
        commit=lambda _: order.append("commit"),
        acknowledge=lambda _: order.append("acknowledge"),
        recall=lambda *_: (0, set()),
    )
    door.handle([aged(1, 1.0), aged(2, 1.0), aged(3, -5.0)])  # the third is a dead letter: as durable as the others
    assert order == ["commit", *["acknowledge"] * 3]
    assert [mark.seq for mark in door.take_marks()] == [3]


@pytest.mark.parametrize(
    ("age_s", "state"),
    [
        (-0.6, "future"),
        (-0.4, "live"),
        (4.9, "live"),
        (5.1, "late"),
        (59.0, "late"),
        (61.0, "backfill"),
        (86_399.0, "backfill"),
        (86_401.0, "expired"),
    ],
)
def test_the_state_of_a_scan_follows_from_its_age(age_s: float, state: str):
    """docs/reliability.md, "Time": live to 5 s and .5 s after the receipt, late to 60 s, backfill to a day."""
    from ingest.receiving.receiver import Receiver

    door = Receiver("s", commit=lambda _: None, acknowledge=lambda _: None, recall=lambda *_: (0, set()))
    (message,) = door.batch([aged(1, age_s)]).messages
    assert (message.code if state in ("future", "expired") else message.timing) == state


# SAPIENT: BSI Flex 335 v2, detection reports over MQTT


def sapient(**report: Any) -> bytes:
    from google.protobuf.json_format import ParseDict
    from sapient_msg.bsi_flex_335_v2_0.sapient_message_pb2 import SapientMessage

    body = {
        "timestamp": "2026-03-14T20:59:59.500Z",
        "node_id": "1f0b8f0e-65f4-4f7e-8f3f-9e1d5f3f6f11",
        "detection_report": {
            "report_id": "01HV4SAKXW6N1B8K7V1F1W1ABC",
            "object_id": "01HV4SAKXW6N1B8K7V1F1W1DEF",
        }
        | report,
    }
    return ParseDict(body, SapientMessage()).SerializeToString()


def sapient_plot(**report: Any) -> Any:
    scan = decode(
        sapient(**report),
        received_at=NOW,
        content_type="application/vnd.sapient+protobuf",
        topic="watchline/1/s/sensor/gs-1/detections",
        identity=(3, 8),
    )
    assert (scan.sensor, scan.boot, scan.sequence) == ("gs-1", 3, 8)
    assert scan.observed_at == datetime(2026, 3, 14, 20, 59, 59, 500_000, tzinfo=UTC)
    (plot,) = scan.plots
    return plot


@pytest.mark.parametrize(
    ("system", "azimuth", "elevation", "reach"),
    [
        ("DEGREES_M", 302.5, -1.5, 2345.0),
        ("RADIANS_M", math.radians(302.5), math.radians(-1.5), 2345.0),
        ("DEGREES_KM", 302.5, -1.5, 2.345),
        ("RADIANS_KM", math.radians(302.5), math.radians(-1.5), 2.345),
    ],
)
def test_sapient_range_and_bearing_in_every_unit(system: str, azimuth: float, elevation: float, reach: float):
    plot = sapient_plot(
        range_bearing={
            "azimuth": azimuth,
            "elevation": elevation,
            "range": reach,
            "coordinate_system": f"RANGE_BEARING_COORDINATE_SYSTEM_{system}",
            "datum": "RANGE_BEARING_DATUM_TRUE",
        }
    )
    assert plot.azimuth_deg == pytest.approx(302.5, abs=1e-5)
    assert plot.elevation_deg == pytest.approx(-1.5, abs=1e-5)
    assert plot.range_m == pytest.approx(2345.0, abs=1e-3)


@pytest.mark.parametrize(("epsg", "zone", "lon", "lat"), [(32630, "30N", -3.4, 51.2), (32719, "19S", -70.1, -33.4)])
def test_sapient_positions_in_utm(epsg: int, zone: str, lon: float, lat: float):
    """BSI Flex 335 v2, Location: UTM with zone; the letter is the hemisphere (decision 0010)."""
    east, north = pyproj.Transformer.from_crs(4326, epsg, always_xy=True).transform(lon, lat)
    plot = sapient_plot(
        location={
            "x": east,
            "y": north,
            "coordinate_system": "LOCATION_COORDINATE_SYSTEM_UTM_M",
            "datum": "LOCATION_DATUM_WGS84_E",
            "utm_zone": zone,
        }
    )
    assert plot.lon == pytest.approx(lon, abs=1e-7)
    assert plot.lat == pytest.approx(lat, abs=1e-7)


def test_sapient_positions_in_radians_and_degrees_are_one():
    places = [
        sapient_plot(
            location={
                "x": x,
                "y": y,
                "coordinate_system": f"LOCATION_COORDINATE_SYSTEM_LAT_LNG_{unit}_M",
                "datum": "LOCATION_DATUM_WGS84_E",
            }
        )
        for x, y, unit in [(-2.5, 51.25, "DEG"), (math.radians(-2.5), math.radians(51.25), "RAD")]
    ]
    assert places[0].lon == pytest.approx(-2.5, abs=1e-6)
    assert places[1].lon == pytest.approx(places[0].lon, abs=1e-6)
    assert places[1].lat == pytest.approx(places[0].lat, abs=1e-6)


@pytest.mark.parametrize(
    "report",
    [
        {
            "location": {
                "x": 3.0,
                "y": 95.0,
                "coordinate_system": "LOCATION_COORDINATE_SYSTEM_LAT_LNG_DEG_M",
                "datum": "LOCATION_DATUM_WGS84_E",
            }
        },
        {"location": {"x": 3.0, "y": 45.0}},
        {
            "location": {
                "x": 500000.0,
                "y": 5e6,
                "coordinate_system": "LOCATION_COORDINATE_SYSTEM_UTM_M",
                "datum": "LOCATION_DATUM_WGS84_E",
            }
        },
        {
            "location": {
                "x": 500000.0,
                "y": 5e6,
                "coordinate_system": "LOCATION_COORDINATE_SYSTEM_UTM_M",
                "datum": "LOCATION_DATUM_WGS84_E",
                "utm_zone": "61N",
            }
        },
        {
            "range_bearing": {
                "azimuth": 1.0,
                "range": -5.0,
                "datum": "RANGE_BEARING_DATUM_TRUE",
                "coordinate_system": "RANGE_BEARING_COORDINATE_SYSTEM_DEGREES_M",
            }
        },
        {
            "range_bearing": {
                "azimuth": "NaN",
                "range": 5.0,
                "datum": "RANGE_BEARING_DATUM_TRUE",
                "coordinate_system": "RANGE_BEARING_COORDINATE_SYSTEM_DEGREES_M",
            }
        },
        {"range_bearing": {"azimuth": 1.0, "range": 5.0}},
        {},
    ],
    ids=["latitude-95", "no-system", "no-zone", "zone-61", "negative-range", "nan", "no-units", "nowhere"],
)
def test_sapient_reports_that_say_no_place_are_refused(report: dict[str, Any]):
    with pytest.raises(MalformedMessage):
        sapient_plot(**report)


@pytest.mark.parametrize(
    ("datum", "place", "turned", "tolerance"),
    [
        ("TRUE", (2.0, 51.0), 0.0, 1e-6),
        # grid north of the UTM zone: convergence atan(tan(Δλ) sin φ) from the zone's central meridian
        ("GRID", (2.0, 51.0), -0.777, 0.002),  # 31N, 3° E
        ("GRID", (5.3, 60.4), -3.219, 0.002),  # Bergen lies in zone 32V, 9° E, by exception
        ("GRID", (-70.6, -33.4), 0.881, 0.002),  # 19S, 69° W: the sign turns in the south
        # declination of IGRF-14 on 14 March 2026, computed with ppigrf 2.1.0: a model beside WMM2025, which differs by
        # some hundredths of a degree; 0.05° is less than half a year of the annual change in Seattle, −0.12°
        ("MAGNETIC", (33.4, 35.1), 5.376, 0.05),
        ("MAGNETIC", (-122.3, 47.6), 14.941, 0.05),
    ],
)
def test_sapient_azimuths_from_every_north(datum: str, place: tuple[float, float], turned: float, tolerance: float):
    """What the node told of itself (its place in a status report) turns its azimuths to true north."""
    from google.protobuf.json_format import ParseDict
    from sapient_msg.bsi_flex_335_v2_0.sapient_message_pb2 import SapientMessage

    from ingest.decode import read_declaration
    from ingest.envelope import Envelope

    kind, node = "application/vnd.sapient+protobuf", "1f0b8f0e-65f4-4f7e-8f3f-9e1d5f3f6f11"
    here = {"x": place[0], "y": place[1], "coordinate_system": "LOCATION_COORDINATE_SYSTEM_LAT_LNG_DEG_M"}
    status = {"report_id": "01HV4SAKXW6N1B8K7V1F1W1AAA", "system": "SYSTEM_OK", "info": "INFO_NEW", "mode": "Default"}
    status |= {"node_location": here | {"datum": "LOCATION_DATUM_WGS84_E"}}
    report = {"timestamp": "2026-03-14T20:59:50Z", "node_id": node, "status_report": status}
    topic = topics.parse("watchline/1/s/sensor/gs-1/status")
    declared, context = read_declaration(
        ParseDict(report, SapientMessage()).SerializeToString(), Envelope(NOW, topic, kind, identity=(3, 1))
    )
    assert declared.state == "ok"
    polar = {"azimuth": 40.0, "range": 1000.0, "datum": f"RANGE_BEARING_DATUM_{datum}"}
    polar |= {"coordinate_system": "RANGE_BEARING_COORDINATE_SYSTEM_DEGREES_M"}
    scan = decode(
        sapient(range_bearing=polar),
        received_at=NOW,
        content_type=kind,
        topic="watchline/1/s/sensor/gs-1/detections",
        identity=(3, 8),
        sensor_context=context,
    )
    (plot,) = scan.plots
    if plot.azimuth_deg is None:  # the place itself, where the layout does not know where the node stands
        azimuth, _, _ = GEOD.inv(*place, plot.lon, plot.lat)
    else:
        azimuth = plot.azimuth_deg
    assert azimuth == pytest.approx(40.0 + turned, abs=tolerance)


# Other standards


def test_ais_of_the_published_example():
    """AIVDM/AIVDO protocol decoding (gpsd), its example of type 1: MMSI 477553000, 47.5828 N 122.3458 W, second 15."""
    scan = decode(
        b"!AIVDM,1,1,,B,177KQJ5000G?tO`K>RA1wUbN0TKH,0*5C",
        received_at=datetime(2026, 3, 14, 21, 0, 17, tzinfo=UTC),
        content_type="text/vnd.nmea.ais",
        topic="watchline/1/s/sensor/ais-1/detections",
    )
    (plot,) = scan.plots
    assert scan.sensor == "ais-1"
    assert plot.source_id is not None
    assert "477553000" in plot.source_id
    assert plot.lon == pytest.approx(-122.345833, abs=1e-5)
    assert plot.lat == pytest.approx(47.582833, abs=1e-5)
    assert scan.observed_at == datetime(2026, 3, 14, 21, 0, 15, tzinfo=UTC)  # the second is sent, the minute is not


def test_the_minute_of_an_ais_second_is_that_before_the_receipt():
    """The example's second 15, received at 3 s past the minute, was sent in the minute before."""
    scan = decode(
        b"!AIVDM,1,1,,B,177KQJ5000G?tO`K>RA1wUbN0TKH,0*5C",
        received_at=datetime(2026, 3, 14, 0, 0, 3, tzinfo=UTC),
        content_type="text/vnd.nmea.ais",
        topic="watchline/1/s/sensor/ais-1/detections",
    )
    assert scan.observed_at == datetime(2026, 3, 13, 23, 59, 15, tzinfo=UTC)


def test_an_ais_sentence_with_a_wrong_checksum_is_refused():
    """IEC 61162-1: the checksum is the exclusive or of all between ! and *; here 5C."""
    with pytest.raises(MalformedMessage):
        decode(
            b"!AIVDM,1,1,,B,177KQJ5000G?tO`K>RA1wUbN0TKH,0*5D",
            received_at=NOW,
            content_type="text/vnd.nmea.ais",
            topic="watchline/1/s/sensor/ais-1/detections",
        )


def cot(inner: str = "", **changed: str) -> bytes:
    event = {
        "version": "2.0",
        "uid": "ANDROID-1",
        "type": "a-u-G",
        "how": "h-e",
        "time": "2026-03-14T21:00:00Z",
        "start": "2026-03-14T20:59:50Z",
        "stale": "2026-03-14T21:05:00Z",
    } | changed
    attributes = " ".join(f'{name}="{value}"' for name, value in event.items())
    return f'<?xml version="1.0"?><event {attributes}>{inner}</event>'.encode()


def read_cot(payload: bytes) -> Any:
    return decode(
        payload,
        received_at=NOW,
        content_type="application/vnd.cot+xml",
        topic="watchline/1/s/sensor/tak-1/detections",
    )


def test_a_cot_sighting():
    """CoT event schema 2.0: lat, lon in degrees WGS 84; docs/how-to/tak.md: ``ce`` is one sigma of each axis, ``time``
    the time of observation."""
    scan = read_cot(cot('<point lat="42.5" lon="1.6" hae="1800" ce="12.5" le="9999999"/><detail/>'))
    (plot,) = scan.plots
    assert (plot.lat, plot.lon) == (42.5, 1.6)
    assert plot.position_sd_m == 12.5
    assert scan.observed_at == datetime(2026, 3, 14, 21, tzinfo=UTC)


@pytest.mark.parametrize(
    "payload",
    [
        cot(),
        cot('<point lat="91" lon="1.6" hae="0" ce="10" le="10"/>'),
        cot('<point lat="NaN" lon="1.6" hae="0" ce="10" le="10"/>'),
        cot('<point lat="42.5" lon="1.6" hae="0" ce="10" le="10"/>', time="yesterday", start="yesterday"),
        b"<event",
        b"<!DOCTYPE e [<!ENTITY a 'x'><!ENTITY b '&a;&a;'>]><event>&b;</event>",
        b'<!DOCTYPE e [<!ENTITY f SYSTEM "file:///etc/passwd">]><event uid="&f;"/>',
    ],
    ids=["no-point", "latitude-91", "nan", "time", "cut", "entities", "file-entity"],
)
def test_a_cot_event_that_cannot_be_used_is_refused(payload: bytes):
    with pytest.raises(MalformedMessage):
        read_cot(payload)


def asterix(payload: bytes, received_at: datetime = datetime(2026, 3, 14, 7, 36, 0, tzinfo=UTC)) -> Any:
    pytest.importorskip("asterix", reason="needs watchline[asterix]")
    return decode(
        payload,
        received_at=received_at,
        content_type="application/vnd.eurocontrol.asterix",
        topic="watchline/1/s/sensor/rad-1/detections",
    )


def category_048(time_of_day_s: float, descriptor: int = 0b001_00000) -> bytes:
    """One record, 5 NM away at 90 degrees. FSPEC: I048/010, /140, /020, /040 (bits 1 to 4 of the first octet)."""
    record = bytes([0b1111_0000, 25, 201]) + round(time_of_day_s * 128).to_bytes(3, "big") + bytes([descriptor])
    record += (1_280).to_bytes(2, "big") + (16_384).to_bytes(2, "big")
    return bytes([48]) + (3 + len(record)).to_bytes(2, "big") + record


def test_asterix_category_048_by_hand():
    """I048/040: RHO in 1/256 NM, THETA in 360/65536 degrees; I048/140: time of day in 1/128 s."""
    scan = asterix(category_048(27_354.5))
    (plot,) = scan.plots
    assert plot.range_m == pytest.approx(5 * 1852.0)
    assert plot.azimuth_deg == pytest.approx(90.0)
    assert scan.observed_at == datetime(2026, 3, 14, 7, 35, 54, 500_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("time_of_day_s", "received_at", "observed_at"),
    [
        (86_399.5, "2026-03-15T00:00:02Z", "2026-03-14T23:59:59.5Z"),
        (0.25, "2026-03-15T00:00:02Z", "2026-03-15T00:00:00.25Z"),
        (0.25, "2026-03-14T23:59:59.9Z", "2026-03-15T00:00:00.25Z"),
    ],
    ids=["before", "after", "received-by-a-slow-clock"],
)
def test_the_day_of_an_asterix_time_is_the_nearest_one(time_of_day_s: float, received_at: str, observed_at: str):
    """I048/140 has the time since midnight only; docs/adapters.md: the day is assumed."""
    scan = asterix(category_048(time_of_day_s), datetime.fromisoformat(received_at))
    assert scan.observed_at == datetime.fromisoformat(observed_at)


def test_a_simulated_asterix_target_is_refused():
    """I048/020: TYP in bits 8 to 6, SIM in bit 5; docs/adapters.md: targets that are not simulated."""
    with pytest.raises(MalformedMessage, match="simulated"):
        asterix(category_048(27_354.5, 0b001_10000))


def test_asterix_category_010_by_hand():
    """I010/040: RHO in metres, THETA in 360/65536 degrees; I010/140: time in 1/128 s; I010/000: a target report."""
    # FSPEC items in order: 010, 000, 020, 140, 041, 040
    fspec = bytes([0b1111_0100])
    record = fspec + bytes([1, 7, 1, 0b0110_0000]) + (27_355 * 128).to_bytes(3, "big")
    record += (1_234).to_bytes(2, "big") + (49_152).to_bytes(2, "big")  # 1234 m, 270 degrees
    (plot,) = asterix(bytes([10]) + (3 + len(record)).to_bytes(2, "big") + record).plots
    assert plot.range_m == pytest.approx(1_234.0)
    assert plot.azimuth_deg == pytest.approx(270.0)


@pytest.mark.parametrize("cut", [1, 2, 3, 5, 9, -1])
def test_an_asterix_block_that_is_cut_or_lies_about_its_length_is_refused(cut: int):
    record = bytes([0b1111_0100, 1, 7, 1, 0b0110_0000]) + (27_355 * 128).to_bytes(3, "big") + bytes([4, 210, 192, 0])
    block = bytes([10]) + (3 + len(record)).to_bytes(2, "big") + record
    for spoiled in (
        block[:cut],
        block[:1] + (len(block) + 40).to_bytes(2, "big") + block[3:],
        block[:1] + b"\0\0" + record,
    ):
        with pytest.raises(MalformedMessage):
            asterix(spoiled)


def test_asterix_category_062_by_hand():
    """I062/105: latitude and longitude in 180/2^25 degrees, two's complement; I062/070: time in 1/128 s."""
    # FSPEC items in order: 010, spare, 015, 070, 105
    fspec = bytes([0b1001_1000])
    latitude, longitude = round(-33.4 * 2**25 / 180), round(-70.6 * 2**25 / 180)
    record = fspec + bytes([1, 2]) + (27_350 * 128).to_bytes(3, "big")
    record += latitude.to_bytes(4, "big", signed=True) + longitude.to_bytes(4, "big", signed=True)
    block = bytes([62]) + (3 + len(record)).to_bytes(2, "big") + record
    try:
        scan = asterix(block)
    except MalformedMessage as refused:
        pytest.fail(f"a record with source, time and position is refused: {refused}")
    (plot,) = scan.plots
    assert plot.lat == pytest.approx(-33.4, abs=6e-6)
    assert plot.lon == pytest.approx(-70.6, abs=6e-6)
    assert scan.observed_at == datetime(2026, 3, 14, 7, 35, 50, tzinfo=UTC)


def test_what_an_observer_heard_is_a_scan_of_a_person():
    """docs/adapters.md: ``observer 3 heard a vehicle north-east``; the time is that of the arrival."""
    scan = decode(
        b"observer 3 heard a vehicle north-east",
        received_at=NOW,
        content_type="text/vnd.watchline.human",
        topic="watchline/1/s/sensor/observer-3/detections",
    )
    (plot,) = scan.plots
    assert scan.kind == "human"
    assert scan.observed_at == NOW
    assert plot.azimuth_deg == pytest.approx(45.0)
    assert max(plot.classes, key=plot.classes.__getitem__) == "vehicle"


# The signature, built from docs/security.md with nothing of ours

SEED = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")  # RFC 8032 §7.1 test 2
TOPIC = "watchline/1/cumberland/sensor/radar-1/detections"
BODY = b'{"sensor":"radar-1","boot":3,"seq":7}'
NUMBERS = {"boot": "3", "seq": "7", "by_boot": "3", "sent": "1773522000000000000"}


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def framed(*parts: bytes) -> bytes:
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def to_sign(
    key: str, body: bytes, numbers: dict[str, str], topic: str = TOPIC, kind: str = "application/json"
) -> bytes:
    texts = [topic, kind, key, *(numbers.get(name, "") for name in ("boot", "seq", "by_boot", "sent", "low"))]
    return framed(b"watchline/1/signature", *(text.encode() for text in texts), body)


@pytest.fixture(scope="module")
def key() -> tuple[Ed25519PrivateKey, str]:
    private = Ed25519PrivateKey.from_private_bytes(SEED)
    return private, b64(hashlib.sha256(private.public_key().public_bytes_raw()).digest()[:12])


@pytest.fixture(scope="module")
def register(key: tuple[Ed25519PrivateKey, str]) -> Register:
    from ingest.security.key_register import KeyRecord

    public = base64.b64encode(key[0].public_key().public_bytes_raw()).decode()
    return Register([KeyRecord("sensor", "radar-1", public, datetime(2026, 1, 1, tzinfo=UTC))])


def accept(register: Register, properties: dict[str, str], body: bytes = BODY, topic: str = TOPIC) -> Any:
    return register.check(topics.parse(topic), "application/json", properties, body, now_ns=1_773_522_000_000_000_000)


def test_the_example_of_the_signature(key: tuple[Ed25519PrivateKey, str], register: Register):
    private, name = key
    assert name == "OfcT0KZEJT8EUpQh"
    signature = b64(private.sign(to_sign(name, BODY, NUMBERS)))
    assert signature == "a1vtT70sMCZKXeMfPEQWmw30FmPK1tWRsj9_Fh22U_6vtV2N_0weR89MJM-K9oEH4NkkHrCEZ6WR_cEHsoqqCg"
    assert accept(register, NUMBERS | {"key": name, "sig": signature}).name == "radar-1"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"seq": "8"}, "bad_signature"),
        ({"by_boot": "4"}, "bad_signature"),
        ({"sent": "1773522000000000001"}, "bad_signature"),
        ({"low": "1"}, "bad_signature"),
        ({"sig": "A" * 86}, "bad_signature"),
        ({"sig": ""}, "bad_signature"),
        ({"key": "A" * 16}, "unknown_key"),
    ],
)
def test_a_changed_property_breaks_the_signature(
    key: tuple[Ed25519PrivateKey, str], register: Register, change: dict[str, str], code: str
):
    private, name = key
    properties = NUMBERS | {"key": name, "sig": b64(private.sign(to_sign(name, BODY, NUMBERS)))} | change
    with pytest.raises(MalformedMessage) as refused:
        accept(register, properties)
    assert refused.value.code == code


def test_a_burst_of_four_proves_each_message_alone(key: tuple[Ed25519PrivateKey, str], register: Register):
    """docs/security.md: leaf = SHA-256(0, bytes), node = SHA-256(1, left, right); the root is signed."""
    private, name = key
    bodies = [b'{"sensor":"radar-1","boot":3,"seq":%d}' % n for n in range(4)]
    numbers = [NUMBERS | {"seq": str(n)} for n in range(4)]
    leaves = [
        hashlib.sha256(b"\0" + to_sign(name, body, own)).digest() for body, own in zip(bodies, numbers, strict=True)
    ]
    pair = [hashlib.sha256(b"\1" + leaves[n] + leaves[n + 1]).digest() for n in (0, 2)]
    root = hashlib.sha256(b"\1" + pair[0] + pair[1]).digest()
    signature = b64(private.sign(framed(b"watchline/1/burst", root)))
    for n in (2, 0, 3, 1):
        proof = b64(bytes([n]) + leaves[n ^ 1] + pair[1 - n // 2])
        properties = numbers[n] | {"key": name, "sig": signature, "proof": proof}
        assert accept(register, properties, bodies[n]).name == "radar-1"
        with pytest.raises(MalformedMessage):
            accept(register, properties, bodies[n - 1])


def test_without_a_signature_a_message_is_unsigned(key: tuple[Ed25519PrivateKey, str], register: Register):
    with pytest.raises(MalformedMessage) as refused:
        accept(register, NUMBERS | {"key": key[1]})
    assert refused.value.code == "unsigned"


def test_a_key_signs_only_on_its_own_topics(key: tuple[Ed25519PrivateKey, str], register: Register):
    private, name = key
    for other in ("sensor/radar-2/detections", "unit/radar-1/position", "sensor/radar-1/ack"):
        topic = f"watchline/1/cumberland/{other}"
        sig = b64(private.sign(to_sign(name, BODY, NUMBERS, topic)))
        with pytest.raises(MalformedMessage) as refused:
            accept(register, NUMBERS | {"key": name, "sig": sig}, topic=topic)
        assert refused.value.code == "wrong_key"


@pytest.mark.parametrize("size", [100, 262_145, 1_100_000])
def test_a_large_message_without_the_key_takes_no_number_of_the_true_sender(
    key: tuple[Ed25519PrivateKey, str], register: Register, tmp_path: Path, size: int
):
    """docs/security.md: a refused message that is not proven does not use up its number."""
    from ingest.envelope import Delivery
    from ingest.receiving.receiver import Guards, Receiver
    from ingest.security.authentication import Authenticator
    from ops.journal.writer import Journal

    private, name = key
    body = json.dumps(scan_body(sensor="radar-1", boot=3, seq=7)).encode()
    signature = b64(private.sign(to_sign(name, body, NUMBERS)))
    now = int(NOW.timestamp() * 1e9)
    with Journal(tmp_path / "journal.db") as journal:
        trust = Authenticator(register, required=True, recall_boot=journal.recall_boot)
        door = Receiver(
            "cumberland", commit=journal.commit, acknowledge=lambda _: None, recall=journal.recall, guards=Guards(trust)
        )
        for forged in ({}, {"key": name, "sig": signature}):
            properties = tuple((NUMBERS | forged).items())
            door.handle([Delivery(TOPIC, b"x" * size, "application/json", properties, now)])
        assert door.take_marks() == ()
        signed = tuple((NUMBERS | {"key": name, "sig": signature}).items())
        door.handle([Delivery(TOPIC, body, "application/json", signed, now)])
        assert [(row.boot, row.seq) for row in journal.read() if row.kind == "detections"] == [(3, 7)]


def test_a_signed_message_that_is_too_large_settles_its_number(
    key: tuple[Ed25519PrivateKey, str], register: Register, tmp_path: Path
):
    """Otherwise its sender would send it for ever."""
    from ingest.envelope import Delivery
    from ingest.receiving.receiver import Guards, Receiver
    from ingest.security.authentication import Authenticator
    from ops.journal.writer import Journal

    private, name = key
    body = json.dumps(scan_body(sensor="radar-1", boot=3, seq=1)).encode() + b" " * 262_144
    numbers = NUMBERS | {"seq": "1"}
    signed = numbers | {"key": name, "sig": b64(private.sign(to_sign(name, body, numbers)))}
    with Journal(tmp_path / "journal.db") as journal:
        trust = Authenticator(register, required=True, recall_boot=journal.recall_boot)
        door = Receiver(
            "cumberland", commit=journal.commit, acknowledge=lambda _: None, recall=journal.recall, guards=Guards(trust)
        )
        door.handle([Delivery(TOPIC, body, None, tuple(signed.items()), int(NOW.timestamp() * 1e9))])
        assert [dead.code for _, dead in journal.dead_letters()] == ["too_large"]
        assert [mark.seq for mark in door.take_marks()] == [1]


def test_the_class_names_are_those_of_the_design():
    assert tuple(CLASSES) == ("person", "group", "vehicle", "animal", "other")

"""AIS, Cursor-on-Target, ASTERIX, STANAG 4607 and people: published examples, each fault by its name, fuzzed bytes."""

from __future__ import annotations

import builtins
import json
import math
import os
import struct
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.decode import decode, decode_status
from ingest.errors import MalformedMessage
from ingest.standards.registry import AIS, ASTERIX, COT, DECODERS, GMTI, HUMAN, SAPIENT, SENTENCE, STATUS_DECODERS
from ingest.unit_messages import Position, decode_unit
from sensors.scan import Plot, Scan

NOW = datetime(2026, 11, 24, 7, 36, 0, tzinfo=UTC)
TOPIC = "watchline/1/hills/sensor/gate-7/detections"
EXAMPLES = 5_000 if os.environ.get("WATCHLINE_DRILL") else 400


def read(payload: bytes | str, content_type: str, **keywords: Any) -> Scan:
    raw = payload.encode() if isinstance(payload, str) else payload
    return decode(raw, **({"received_at": NOW, "content_type": content_type, "topic": TOPIC} | keywords))


def refusal(payload: bytes | str, content_type: str, **keywords: Any) -> tuple[str, str]:
    with pytest.raises(MalformedMessage) as caught:
        read(payload, content_type, **keywords)
    return caught.value.code, caught.value.field


# --- AIS ---------------------------------------------------------------------------------------------------------

# The worked example of gpsd's "AIVDM/AIVDO protocol decoding" (E. S. Raymond): MMSI 477553000 at 47°34.97′ N,
# 122°20.75′ W, second 15.
MOORED = "!AIVDM,1,1,,B,177KQJ5000G?tO`K>RA1wUbN0TKH,0*5C"
# The same document's message of two sentences (type 5, a ship's static data, so no position).
STATIC = (
    "!AIVDM,2,1,1,A,55?MbV02;H;s<HtKR20EHE:0@T4@Dn2222222216L961O5Gf0NSQEp6ClRp8,0*1C\n!AIVDM,2,2,1,A,88888888880,2*25"
)


def test_a_ship_is_where_its_report_says() -> None:
    scan = read(MOORED, AIS)
    (plot,) = scan.plots
    assert (scan.sensor, plot.source_id, plot.classes) == ("gate-7", "477553000", {"vehicle": 1.0})
    assert (plot.lon, plot.lat) == (
        pytest.approx(-122 - 20.75 / 60, abs=1e-5),
        pytest.approx(47 + 34.97 / 60, abs=1e-5),
    )
    assert scan.observed_at == NOW.replace(minute=35, second=15)  # 15 s past the minute, and not in the future
    assert plot.position_sd_m == 15.0


def test_a_second_is_the_nearest_one_before_the_receipt_or_hardly_after_it() -> None:
    noon = NOW.replace(hour=12, minute=0, second=0, microsecond=0)
    for late_s, found_s in ((15.0, 15), (14.5, 15), (13.5, 15), (12.5, -45), (74.9, 75), (73.1, 75), (72.9, 15)):
        scan = read(MOORED, AIS, received_at=noon + timedelta(seconds=late_s))
        assert scan.observed_at == noon + timedelta(seconds=found_s), late_s
    at_zero = encoded(second=0)
    assert read(at_zero, AIS, received_at=noon - timedelta(seconds=0.5)).observed_at == noon
    assert read(at_zero, AIS, received_at=noon - timedelta(seconds=2.5)).observed_at == noon - timedelta(minutes=1)


def test_a_ship_at_its_berth_reports_anew_every_minute_and_a_repeat_is_known() -> None:
    assert read(MOORED, AIS).key == read(MOORED, AIS, received_at=NOW + timedelta(seconds=30)).key
    assert read(MOORED, AIS).key != read(MOORED, AIS, received_at=NOW + timedelta(minutes=1)).key
    assert read(MOORED, AIS, identity=(3, 9)).key == ("gate-7", 3, 9)


def test_a_tag_block_tells_the_time_if_its_checksum_is_right() -> None:
    tagged = "\\s:r1,c:1795505000*75\\" + MOORED
    assert read(tagged, AIS).observed_at == datetime.fromtimestamp(1795505000, UTC)
    assert refusal(tagged.replace("1795505000", "1785505000"), AIS) == ("not_ais", "tag block checksum")
    assert read("\\s:r1,c:1795505000\\" + MOORED, AIS).observed_at == read(MOORED, AIS).observed_at


def encoded(**fields: Any) -> str:
    from pyais import encode_dict

    report = {"type": 1, "mmsi": "366053209", "lon": -122.3, "lat": 37.8, "second": 33, "accuracy": 1} | fields
    return "\n".join(encode_dict(report, talker_id="AI"))


@pytest.mark.parametrize("kind", [1, 2, 3, 18, 19, 27])
def test_every_kind_of_position_report(kind: int) -> None:
    (plot,) = read(encoded(type=kind), AIS).plots
    assert (plot.lon, plot.lat) == (pytest.approx(-122.3, abs=2e-3), pytest.approx(37.8, abs=2e-3))
    assert plot.position_sd_m == (60.0 if kind == 27 else 5.0)


@pytest.mark.parametrize(
    ("fields", "source", "classes"),
    [
        ({"mmsi": "970123456", "status": 14}, "AIS-SART 970123456", {}),
        ({"mmsi": "972123456", "status": 14}, "MOB 972123456", {"person": 1.0}),
        ({"mmsi": "974123456", "status": 14}, "EPIRB-AIS 974123456", {}),
        ({"mmsi": "974123456", "status": 0}, "EPIRB-AIS 974123456", {}),
        ({"mmsi": "111232506", "type": 9, "alt": 300}, "111232506", {"other": 1.0}),
        ({"mmsi": "366053209", "status": 15}, "366053209", {"vehicle": 1.0}),
    ],
)
def test_a_call_for_help_and_an_aircraft_are_no_vehicles(
    fields: dict[str, Any], source: str, classes: dict[str, float]
) -> None:
    """ITU-R M.585: identities of search and rescue transmitters, man-overboard devices and distress radio beacons."""
    (plot,) = read(encoded(**fields), AIS).plots
    assert (plot.source_id, plot.classes) == (source, classes)


@pytest.mark.parametrize(
    ("payload", "code", "field"),
    [
        ("", "not_ais", "payload"),
        ("hello", "not_ais", "payload"),
        (MOORED[:-2] + "5D", "not_ais", "checksum"),
        (MOORED.replace("1,1,,B", "2,1,,B"), "not_ais", "checksum"),
        ("\n".join([MOORED] * 6), "not_ais", "payload"),
        (MOORED * 30, "too_large", "payload"),
        (STATIC, "no_target", "msg_type"),
        (encoded(lon=181.0), "no_target", "lon"),
        (encoded(lat=91.0), "no_target", "lat"),
        (encoded(lon=-181.0), "out_of_range", "lon"),
        (encoded(lat=100.0), "out_of_range", "lat"),
        (encoded(mmsi="000000000"), "out_of_range", "mmsi"),
        *[(encoded(mmsi=f"{first}123456", status=15), "no_target", "status") for first in ("970", "972", "974")],
    ],
)
def test_what_is_no_position_of_a_ship_is_refused(payload: str, code: str, field: str) -> None:
    assert refusal(payload, AIS) == (code, field)


# --- Cursor-on-Target ----------------------------------------------------------------------------------------------

# The sample event of MITRE's "Cursor on Target Message Router User's Guide" (2009), with the attribute ``how`` that
# the schema of version 2.0 requires.
EVENT = (
    '<?xml version="1.0" standalone="yes"?><event version="2.0" uid="J-01334" type="a-h-A-M-F-U-M"'
    ' time="2005-04-05T11:43:38.07Z" start="2005-04-05T11:43:38.07Z" stale="2005-04-05T11:45:38.07Z" how="m-g">'
    '<detail/><point lat="30.0090027" lon="-85.9578735" ce="45.3" hae="-42.6" le="99.5"/></event>'
)
OURS = EVENT.replace("a-h-A-M-F-U-M", "a-f-G-U-C")


def test_a_sighting_is_where_the_event_says() -> None:
    scan = read(EVENT, COT)
    assert scan.observed_at == datetime(2005, 4, 5, 11, 43, 38, 70_000, tzinfo=UTC)
    assert scan.plots == (
        Plot(lon=-85.9578735, lat=30.0090027, position_sd_m=45.3, classes={"other": 1.0}, source_id="J-01334"),
    )
    unsure = EVENT.replace('ce="45.3"', 'ce="9999999.0"')
    assert read(unsure, COT).plots[0].position_sd_m == 50.0
    assert read(EVENT.replace("a-h-A-M-F-U-M", "a-u-G-E-V-C"), COT).plots[0].classes == {"vehicle": 1.0}


@pytest.mark.parametrize("kind", ["t-x-c-t", "t-x-c-t-r"])
def test_a_keep_alive_of_a_tak_client_is_one_and_no_fault(kind: str) -> None:
    """TAK clients send them by themselves every few seconds, on whichever connection they have."""
    event = EVENT.replace("a-h-A-M-F-U-M", kind).encode()
    with pytest.raises(MalformedMessage) as caught:
        decode(event, received_at=NOW, content_type=COT, topic="watchline/1/x/sensor/r1/detections")
    assert (caught.value.code, caught.value.field) == ("ping", "event.type")
    with pytest.raises(MalformedMessage) as caught:
        decode_unit(event, "position", content_type=COT, topic="watchline/1/x/unit/patrol-1/position")
    assert caught.value.code == "ping"


def test_a_patrols_own_event_is_its_position() -> None:
    topic = "watchline/1/hills/unit/patrol-1/position"
    found = decode_unit(OURS.encode(), "position", content_type=COT, topic=topic)
    assert isinstance(found, Position)
    assert (found.unit, found.lon, found.lat, found.position_sd_m) == ("patrol-1", -85.9578735, 30.0090027, 45.3)
    assert decode_unit(OURS.encode(), "position", content_type=COT, topic=topic, identity=(4, 2)).seq == 2
    for payload, field in ((EVENT, "event.type"), ("<event/>", "event.point")):
        with pytest.raises(MalformedMessage) as caught:
            decode_unit(payload.encode(), "position", content_type=COT, topic=topic)
        assert caught.value.field == field
    assert refusal(OURS, COT) == ("wrong_channel", "event.type")


@pytest.mark.parametrize("name", ["uid", "type", "time", "start", "stale", "how"])
def test_an_event_without_one_of_its_attributes(name: str) -> None:
    import re

    assert refusal(re.sub(f' {name}="[^"]*"', "", EVENT), COT) == ("missing_field", f"event.{name}")


@pytest.mark.parametrize("name", ["lat", "lon", "ce", "hae", "le"])
def test_a_point_without_one_of_its_attributes_or_without_a_number(name: str) -> None:
    import re

    where = f"event.point.{name}"
    assert refusal(re.sub(f' {name}="[^"]*"', "", EVENT), COT) == ("missing_field", where)
    for value, code in (
        ("NaN", "not_finite"),
        ("1e999", "not_finite"),
        ("x", "wrong_type"),
        ("1_0", "wrong_type"),
        ("\u0663\u0666", "wrong_type"),
    ):
        assert refusal(re.sub(f' {name}="[^"]*"', f' {name}="{value}"', EVENT), COT) == (code, where)


BOMB = "<!DOCTYPE b [<!ENTITY a0 'x'>" + "".join(
    f"<!ENTITY a{i} '{f'&a{i - 1};' * 10}'>" for i in range(1, 10)
)  # a billion laughs, as CVE-2003-1564 has them


@pytest.mark.parametrize(
    ("payload", "code", "field"),
    [
        ("", "not_xml", "payload"),
        (EVENT[:-3], "not_xml", "payload"),
        (BOMB + "]><event>&a9;</event>", "not_xml", "payload"),
        ('<!DOCTYPE e SYSTEM "file:///etc/passwd"><event/>', "not_xml", "payload"),
        ('<!DOCTYPE e [<!ENTITY x SYSTEM "http://127.0.0.1:1/">]><event>&x;</event>', "not_xml", "payload"),
        ('<!DOCTYPE e [<!ENTITY % p SYSTEM "http://127.0.0.1:1/">%p;]><event/>', "not_xml", "payload"),
        ("<!DOCTYPE e><event/>", "not_xml", "payload"),
        ("<event>" + "<a>" * 32 + "</a>" * 32 + "</event>", "too_large", "payload"),
        ("<a>" * 20_000, "not_xml", "payload"),
        ("<event " + "x" * 65_000, "not_xml", "payload"),
        (" " * 65_537, "too_large", "payload"),
        ("<other/>", "not_xml", "event"),
        (EVENT.replace('version="2.0"', 'version="3.0"'), "unknown_value", "event.version"),
        (EVENT.replace("a-h-A", "b-m-p"), "unknown_value", "event.type"),
        (EVENT.replace("J-01334", "x" * 65), "bad_identifier", "event.uid"),
        (EVENT.replace('lat="30.0090027"', 'lat="95"'), "out_of_range", "event.point.lat"),
        (EVENT.replace('lon="-85.9578735"', 'lon="-181"'), "out_of_range", "event.point.lon"),
        (EVENT.replace('ce="45.3"', 'ce="-1"'), "out_of_range", "event.point.ce"),
        (EVENT.replace('stale="2005', 'stale="2004'), "out_of_range", "event.stale"),
        (EVENT.replace("38.07Z", "38.07"), "bad_time", "event.stale"),
        (EVENT.replace('time="2005-04-05', 'time="2005-02-30'), "bad_time", "event.time"),
    ],
)
def test_hostile_and_spoilt_events_are_refused(payload: str, code: str, field: str) -> None:
    assert refusal(payload, COT) == (code, field)


def test_no_socket_and_no_file_is_opened_for_an_entity(monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    read(EVENT, COT)  # everything is loaded

    def forbidden(*_: Any, **__: Any) -> None:
        raise AssertionError("opened")

    monkeypatch.setattr(socket.socket, "connect", forbidden)
    monkeypatch.setattr(builtins, "open", forbidden)
    for system in ("http://127.0.0.1:1/", "file:///etc/passwd"):
        assert refusal(f'<!DOCTYPE e [<!ENTITY x SYSTEM "{system}">]><event>&x;</event>', COT)[0] == "not_xml"


# --- people ----------------------------------------------------------------------------------------------------------

HEARD = {
    "observer": "gate-7", "boot": 1, "seq": 4, "observed_at": "2026-11-24T07:35:00Z", "sense": "heard",
    "what": "vehicle", "direction": "north-east",
}  # fmt: skip


def test_what_was_heard_is_a_large_ellipse_along_the_direction() -> None:
    """Within 1500 m, evenly by area: mean 1000 m, deviation 1500/√18; a compass word of 45° beside 20° of hearing."""
    scan = read(json.dumps(HEARD), HUMAN)
    (plot,) = scan.plots
    assert (scan.key, scan.kind) == (("gate-7", 1, 4), "human")
    assert (plot.azimuth_deg, plot.azimuth_sd_deg) == (45.0, pytest.approx(math.hypot(45 / math.sqrt(12), 20)))
    assert (plot.range_m, plot.range_sd_m) == (1000.0, pytest.approx(1500 / math.sqrt(18)))
    assert plot.confidence == 0.4
    assert plot.classes["vehicle"] == 0.7
    assert sum(plot.classes.values()) == pytest.approx(1.0)


def test_the_same_in_a_sentence() -> None:
    told = read("Observer 3 heard a vehicle north-east", SENTENCE, topic=None)
    assert (told.sensor, told.observed_at) == ("observer-3", NOW)
    assert told.plots == read(json.dumps(HEARD), HUMAN).plots
    near = read("observer 3 saw some people NNW, about 1.5 km, probable.", SENTENCE, topic=None).plots[0]
    assert (near.azimuth_deg, near.range_m, near.range_sd_m, near.confidence) == (337.5, 1500.0, 450.0, 0.7)
    assert near.azimuth_sd_deg == pytest.approx(math.hypot(22.5 / math.sqrt(12), 10))
    assert read("observer 3 heard something", SENTENCE).plots[0].azimuth_deg is None


@pytest.mark.parametrize(
    ("sentence", "azimuth", "reach", "what"),
    [
        ("observer 3 saw a car at 800 m to the north east, certain.", 45.0, 800.0, "vehicle"),
        ("Observer 3 saw 5 people 300m NE", 45.0, 300.0, "group"),
        ("observer 3 heard two trucks north, about 1.5 km away", 0.0, 1500.0, "vehicle"),
        ("observer 3 found the dog 20 metres off, south", 180.0, 20.0, "animal"),
        ("observer 3 saw several cars to the west", 270.0, 2000.0, "vehicle"),
    ],
)
def test_a_sentence_as_people_say_it(sentence: str, azimuth: float, reach: float, what: str) -> None:
    plot = read(sentence, SENTENCE).plots[0]
    assert (plot.azimuth_deg, plot.range_m) == (azimuth, reach)
    assert max(plot.classes, key=plot.classes.__getitem__) == what


@pytest.mark.parametrize("name", ["observer", "boot", "seq", "observed_at", "sense"])
def test_a_report_without_what_it_must_have(name: str) -> None:
    left = {key: value for key, value in HEARD.items() if key != name}
    assert refusal(json.dumps(left), HUMAN) == ("missing_field", name)


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"observer": "other"}, "sensor_mismatch", "observer"),
        ({"direction": "yonder"}, "unknown_value", "direction"),
        ({"sense": "smelled"}, "unknown_value", "sense"),
        ({"what": "ghost"}, "unknown_value", "what"),
        ({"azimuth_deg": 360.0}, "out_of_range", "azimuth_deg"),
        ({"distance_m": -1}, "out_of_range", "distance_m"),
        ({"direction": None, "distance_m": 500}, "incomplete", "direction"),
        ({"lon": 8.0}, "incomplete", "lat"),
        ({"lon": 8.0, "lat": 47.0}, "incomplete", "position_sd_m"),
        ({"lon": 8.0, "lat": 95.0, "position_sd_m": 100.0}, "out_of_range", "lat"),
        ({"text": "x" * 501}, "out_of_range", "text"),
        ({"extra": 1}, "unknown_field", "extra"),
    ],
)
def test_a_report_that_makes_no_sense(change: dict[str, Any], code: str, field: str) -> None:
    assert refusal(json.dumps(HEARD | change), HUMAN) == (code, field)


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        *[("observer", bad, "bad_identifier") for bad in ("", "a+b", "a#", "a/b", "a\n", "a" * 65, "\u202e")],
        *[("boot", bad, "out_of_range") for bad in (-1, 2**53 + 1)],
        *[(name, bad, "wrong_type") for name in ("boot", "seq") for bad in (None, 1.5, "1")],
        ("observed_at", "yesterday", "bad_time"),
        ("observed_at", "2026-11-24T07:35:00+01:00", "bad_time"),
        ("sense", None, "wrong_type"),
    ],
)
def test_a_spoilt_mandatory_field_of_a_report_is_named(name: str, value: Any, code: str) -> None:
    assert refusal(json.dumps(HEARD | {name: value}), HUMAN, topic=None) == (code, name)


@pytest.mark.parametrize(
    ("sentence", "code", "field"),
    [
        ("", "not_report", "text"),
        ("nothing to report", "not_report", "text"),
        ("\x00" * 40, "not_report", "text"),
        ("observer 3 heard a unicorn north", "unknown_value", "what"),
        ("observer 3 heard a vehicle yonder", "unknown_value", "direction"),
        ("observer 3 saw a vehicle, 500 m", "incomplete", "direction"),
        ("observer 3 saw a vehicle 500 m north, 600 m", "not_report", "text"),
    ],
)
def test_a_sentence_that_cannot_be_read(sentence: str, code: str, field: str) -> None:
    assert refusal(sentence, SENTENCE) == (code, field)


# --- ASTERIX ---------------------------------------------------------------------------------------------------------

# The CAT 048 record that decoders of the format use as their sample; decoded there: SAC 25, SIC 201, 27354.6015625 s,
# 197.68359375 NM, 340.13671875°, track 3563.
PLOT = bytes.fromhex("300030fdf70219c9356d4da0c5aff1e0020005283c660c10c236d4182001c0780031bc0000400deb07b9582e410020f5")


def made(category: int, *records: dict[str, Any]) -> bytes:
    """A data block. The library takes seconds to load, so blocks are made within tests, not at import."""
    import asterix.generated as generated

    kind: Any = generated.manifest["CATS"][category][-1]
    block: bytes = kind.create([kind.cv_record.create(record) for record in records]).unparse().to_bytes()
    return block


SENDER = (("SAC", 1), ("SIC", 2))
AT = (27_354.5, "s")
TRACK = {"010": SENDER, "070": AT, "040": 77, "080": (0,), "105": (("LAT", (47.5, "°")), ("LON", (8.25, "°")))}
OFF_EARTH = {"105": (("LAT", (95.0, "°")), ("LON", (8.0, "°")))}
SURFACE = {"000": 1, "010": SENDER, "140": AT, "020": (0,), "161": 12}


def without(record: dict[str, Any], item: str) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name != item}


def test_a_plot_of_a_radar() -> None:
    scan = read(PLOT, ASTERIX)
    (plot,) = scan.plots
    assert scan.observed_at == datetime(2026, 11, 24, tzinfo=UTC) + timedelta(microseconds=27_354_601_562)
    assert plot.range_m == pytest.approx(197.68359375 * 1852.0)
    assert (plot.azimuth_deg, plot.source_id) == (340.13671875, "25/201/3563")
    assert len(read(PLOT * 3, ASTERIX).plots) == 3


def test_a_time_of_day_belongs_to_the_nearest_day() -> None:
    just_before = datetime(2026, 11, 24, 23, 59, 50, tzinfo=UTC)
    late = made(48, {"010": SENDER, "140": (5.0, "s"), "040": (("RHO", (1.0, "NM")), ("THETA", (0.0, "°")))})
    assert read(late, ASTERIX, received_at=just_before).observed_at == datetime(2026, 11, 25, 0, 0, 5, tzinfo=UTC)


def test_system_tracks_and_surface_reports() -> None:
    accuracy = {"500": {"APC": (("X", (12.0, "m")), ("Y", (30.0, "m")))}}
    (track,) = read(made(62, TRACK | accuracy), ASTERIX).plots
    assert (track.lat, track.lon) == (pytest.approx(47.5, abs=1e-5), pytest.approx(8.25, abs=1e-5))
    assert (track.position_sd_m, track.source_id) == (30.0, "1/2/77")
    assert read(made(62, TRACK), ASTERIX).plots[0].position_sd_m is None
    polar = {"040": (("RHO", (800.0, "m")), ("TH", (90.0, "°")))}
    (plot,) = read(made(10, SURFACE | polar), ASTERIX).plots
    assert (plot.range_m, plot.azimuth_deg) == (800.0, 90.0)
    flat = {"042": (("X", (-300.0, "m")), ("Y", (400.0, "m")))}
    (plot,) = read(made(10, SURFACE | flat), ASTERIX).plots
    assert (plot.range_m, plot.azimuth_deg) == (pytest.approx(500.0), pytest.approx(323.1301, abs=1e-3))


def test_a_service_message_is_a_heartbeat() -> None:
    marker = made(34, {"010": SENDER, "000": 1, "030": AT})
    found = decode_status(marker, received_at=NOW, content_type=ASTERIX, topic=TOPIC.replace("detections", "status"))
    assert (found.sensor, found.state) == ("gate-7", "ok")
    assert refusal(marker, ASTERIX) == ("wrong_channel", "payload")
    assert read(marker + PLOT, ASTERIX).plots == read(PLOT, ASTERIX).plots
    with pytest.raises(MalformedMessage):
        decode_status(PLOT, received_at=NOW, content_type=ASTERIX, topic=TOPIC.replace("detections", "status"))


@pytest.mark.parametrize(
    ("payload", "code", "field"),
    [
        (b"", "not_asterix", "length"),
        (PLOT[:-1], "not_asterix", "length"),
        (b"\x30\x00\x03", "not_asterix", "length"),
        (b"\x15" + PLOT[1:], "unknown_value", "category"),
        (PLOT * 200, "too_large", "payload"),
        (b"\x30\x00\x05\xff\xff", "not_asterix", "CAT048"),
        (lambda: made(48, {"010": SENDER, "140": AT}), "missing_field", "CAT048[0].I040"),
        (
            lambda: made(62, without(TRACK, "010")),
            "missing_field",
            "CAT062[0].I010",
        ),
        (
            lambda: made(62, without(TRACK, "070")),
            "missing_field",
            "CAT062[0].I070",
        ),
        (
            lambda: made(62, without(TRACK, "105")),
            "missing_field",
            "CAT062[0].I105",
        ),
        (lambda: made(10, SURFACE), "missing_field", "CAT010[0].I041"),
        (lambda: made(62, TRACK, TRACK | {"070": (27_358.0, "s")}), "out_of_range", "time of day"),
        (lambda: made(62, TRACK | {"070": (90_000.0, "s")}), "out_of_range", "CAT062[0].I070"),
        (
            lambda: made(62, TRACK | {"105": (("LAT", (95.0, "°")), ("LON", (8.0, "°")))}),
            "out_of_range",
            "CAT062[0].I105.LAT",
        ),
    ],
)
def test_what_is_no_report_of_a_radar_is_refused(payload: bytes | Callable[[], bytes], code: str, field: str) -> None:
    assert refusal(payload() if callable(payload) else payload, ASTERIX) == (code, field)


PLOT_48 = {"010": SENDER, "140": AT, "040": (("RHO", (1.0, "NM")), ("THETA", (0.0, "°")))}
MARKER = {"010": SENDER, "000": 1, "030": AT}
FLAT = SURFACE | {"042": (("X", (1.0, "m")), ("Y", (1.0, "m")))}


@pytest.mark.parametrize(
    ("category", "record", "item"),
    [
        *[(48, PLOT_48, item) for item in ("010", "140", "040")],
        *[(62, TRACK, item) for item in ("010", "070", "105")],
        *[(10, FLAT, item) for item in ("000", "010", "140")],
        *[(34, MARKER, "030")],
    ],
)
def test_a_record_without_one_of_its_mandatory_items(category: int, record: dict[str, Any], item: str) -> None:
    """Second in its block, behind a whole one: the refusal says which record it is."""
    payload = made(category, record, without(record, item))
    topic, door = (TOPIC.replace("detections", "status"), decode_status) if category == 34 else (TOPIC, decode)
    with pytest.raises(MalformedMessage) as caught:
        door(payload, received_at=NOW, content_type=ASTERIX, topic=topic)
    assert (caught.value.code, caught.value.field) == ("missing_field", f"CAT{category:03d}[1].I{item}")


def reported(category: int, *octets: int) -> bytes:
    """A target report with these octets of its descriptor (CAT 048 and 010: I020) or track status (CAT 062: I080).

    The last bit of an octet is FX: another one follows.
    """
    groups = tuple(octet >> 1 for octet in octets)
    record, item = {48: (PLOT_48, "020"), 10: (FLAT, "020"), 62: (TRACK, "080")}[category]
    payload = made(category, record | {item: groups})
    assert bytes(octets) in payload
    return payload


@pytest.mark.parametrize(
    ("category", "octets", "field"),
    [
        (48, (0b001_1000_0,), "I020.SIM"),
        (48, (0b001_0000_1, 0b1000_000_0), "I020.TST"),
        (10, (0b000_0000_1, 0b1000_000_0), "I020.SIM"),
        (10, (0b000_0000_1, 0b0100_000_0), "I020.TST"),
        (62, (0b0000_000_1, 0b1000_000_0), "I080.SIM"),
    ],
)
def test_a_simulated_or_test_target_is_refused(category: int, octets: tuple[int, ...], field: str) -> None:
    """Places of the bits: EUROCONTROL-SPEC-0149-4, -7 and -9 (CAT 048, 010 and 062)."""
    bad = reported(category, *octets)
    assert refusal(bad, ASTERIX) == ("unknown_value", f"CAT{category:03d}[0].{field}")
    assert refusal(PLOT + bad, ASTERIX) == ("unknown_value", f"CAT{category:03d}[1].{field}")


@pytest.mark.parametrize(
    ("category", "octets"),
    [
        (48, (0b000_0000_0,)),  # TYP: no detection
        (48, (0b001_0001_0,)),  # RAB: field monitor
        (10, (0b000_0000_1, 0b0010_000_0)),  # RAB
        (62, (0b0000_000_1, 0b0100_000_0)),  # TSE: end of the track
        (62, (0b0000_000_1, 1, 1, 0b1000_000_0)),  # CST: coasted
    ],
)
def test_a_report_that_measures_no_target_is_left_out(category: int, octets: tuple[int, ...]) -> None:
    other = reported(category, *octets)
    empty = read(other, ASTERIX)
    assert (empty.plots, empty.observed_at) == ((), read(PLOT_OF[category](), ASTERIX).observed_at)
    good = PLOT_OF[category]()
    assert read(good + other + good, ASTERIX).plots == read(good, ASTERIX).plots * 2


PLOT_OF: dict[int, Callable[[], bytes]] = {
    48: lambda: reported(48, 0b101_0010_1, 0b0111_111_0),  # a Mode S roll call, with every other flag
    10: lambda: reported(10, 0b000_1111_1, 0b0001_101_0),
    62: lambda: reported(62, 0b1110_001_1, 0b0011_111_1, 0b1001_100_1, 0b0111_111_0),
}


@pytest.mark.parametrize("category", PLOT_OF)
def test_other_flags_of_a_report_change_nothing(category: int) -> None:
    assert len(read(PLOT_OF[category](), ASTERIX).plots) == 1


# --- STANAG 4607 -----------------------------------------------------------------------------------------------------

TARGET = {2: 0x2AAAAAAB, 3: 0x40000000, 10: 9, 11: 80, 12: 1500, 13: 250}
WIDTHS = {1: 2, 2: 4, 3: 4, 4: 2, 5: 2, 6: 2, 7: 2, 8: 2, 9: 1, 10: 1, 11: 1, 12: 2, 13: 2}
DWELL = {2: 3, 3: 5, 4: 1, 6: 27_354_500, 7: 0, 8: 0, 9: 0, 24: 0, 25: 0, 26: 0, 27: 0}
SIZES = {2: 2, 3: 2, 4: 1, 5: 2, 6: 4, 7: 4, 8: 4, 9: 4, 24: 4, 25: 4, 26: 2, 27: 2}


def gmti(
    *targets: dict[int, int], dwell: dict[int, int] | None = None, exercise: int = 0, mission: bytes = b""
) -> bytes:
    """A packet by the standard's tables: header P1–P10, existence mask D1, the fields that it names, the targets."""
    fields = (DWELL if dwell is None else dwell) | {5: len(targets)}
    mask = sum(1 << (65 - field) for field in fields) | sum(1 << (34 - field) for field in (targets or ({},))[0])
    body = mask.to_bytes(8, "big") + b"".join(fields[field].to_bytes(SIZES[field], "big") for field in sorted(fields))
    body += b"".join(each[field].to_bytes(WIDTHS[field], "big") for each in targets for field in sorted(each))
    segments = mission + struct.pack(">BI", 2, 5 + len(body)) + body
    header = struct.pack(">2sI2sB2sHB10sII", b"40", 32 + len(segments), b"XN", 5, b"XN", 0, exercise, b"JSTARS", 1, 42)
    return header + segments


def test_a_target_is_where_the_binary_angles_say() -> None:
    """Latitude: 2⁻³² of 180° a step, longitude of 360°; so a sixth and a quarter of the circle are 30° and 90°."""
    scan = read(gmti(TARGET, TARGET | {2: 0x15555555}), GMTI)
    plot, other = scan.plots
    assert (plot.lat, plot.lon, other.lat) == (pytest.approx(30.0), pytest.approx(90.0), pytest.approx(15.0))
    assert scan.observed_at == datetime(2026, 11, 24, tzinfo=UTC) + timedelta(milliseconds=27_354_500)
    assert plot.position_sd_m == 25.0  # 15 m along, 25 m across
    assert plot.classes == pytest.approx({"person": 0.8, "group": 0.05, "vehicle": 0.05, "animal": 0.05, "other": 0.05})
    assert (plot.source_id, other.source_id) == ("JSTARS/42/3.5.0", "JSTARS/42/3.5.1")
    assert read(gmti(TARGET | {3: 0xC0000000}), GMTI).plots[0].lon == pytest.approx(-90.0)
    assert read(gmti(), GMTI).plots == ()


@pytest.mark.parametrize(
    ("change", "field"),
    [({2: None}, "D32[0].2"), ({3: None}, "D32[0].3"), ({2: None, 3: None}, "D32[0].2"),
     ({2: None, 3: None, 4: 5}, "D32[0].5"), ({2: None, 3: None, 5: 5}, "D32[0].4"),
     ({2: None, 3: None, 4: 5, 5: 5}, "D10")],
)  # fmt: skip
def test_a_target_without_its_place_is_refused_by_the_field_that_is_not_there(
    change: dict[int, int | None], field: str
) -> None:
    target = {key: value for key, value in (TARGET | change).items() if value is not None}
    assert refusal(gmti(target), GMTI) == ("missing_field", field)


def test_the_mission_names_the_day() -> None:
    mission = struct.pack(">BI12s12sB10sHBB", 1, 44, b"PLAN", b"FLIGHT", 1, b"", 2026, 11, 20)
    scan = read(gmti(TARGET, dwell=DWELL | {6: 4 * 86_400_000 + 1}, mission=mission), GMTI)
    assert scan.observed_at == datetime(2026, 11, 24, 0, 0, 0, 1000, tzinfo=UTC)


@pytest.mark.parametrize("field", sorted(DWELL))
def test_a_dwell_without_one_of_its_mandatory_fields(field: int) -> None:
    left = {key: value for key, value in DWELL.items() if key != field}
    assert refusal(gmti(TARGET, dwell=left), GMTI) == ("missing_field", f"D{field}")


@pytest.mark.parametrize(
    ("payload", "code", "field"),
    [
        (b"", "not_gmti", "packet"),
        (gmti(TARGET)[:-1], "not_gmti", "packet"),
        (gmti(TARGET, exercise=1), "unknown_value", "P7 exercise indicator"),
        (gmti(TARGET | {10: 130}), "unknown_value", "D32[0].10"),
        (gmti({10: 9}), "missing_field", "D32[0].2"),
        (gmti(TARGET)[:32], "not_gmti", "packet"),
        (gmti(TARGET, dwell=DWELL | {6: 300_000_000}), "out_of_range", "D6"),
        (gmti(TARGET, dwell=DWELL | {4: 7}), "not_gmti", "D4"),
    ],
)
def test_what_is_no_live_dwell_is_refused(payload: bytes, code: str, field: str) -> None:
    assert refusal(payload, GMTI) == (code, field)


# --- all of them -----------------------------------------------------------------------------------------------------

GOOD: dict[str, Callable[[], list[bytes]]] = {
    AIS: lambda: [MOORED.encode(), encoded(type=18).encode()],
    COT: lambda: [EVENT.encode()],
    HUMAN: lambda: [json.dumps(HEARD).encode()],
    SENTENCE: lambda: [b"observer 3 heard a vehicle north-east, about 500 m, probable"],
    ASTERIX: lambda: [PLOT, made(62, TRACK), made(10, FLAT)],
    GMTI: lambda: [gmti(TARGET)],
}


@lru_cache
def good(kind: str) -> list[bytes]:
    """Messages of a standard that are taken."""
    return GOOD[kind]()


@st.composite
def nearly_messages(draw: st.DrawFn) -> tuple[str, bytes]:
    """A good message of some standard with bytes replaced, cut out, repeated or put in."""
    kind = draw(st.sampled_from(sorted(GOOD)))
    payload = bytearray(draw(st.sampled_from(good(kind))))
    for _ in range(draw(st.integers(0, 5))):
        at = draw(st.integers(0, max(len(payload) - 1, 0)))
        how = draw(st.sampled_from(["set", "cut", "copy", "put"]))
        if how == "set" and payload:
            payload[at] = draw(st.integers(0, 255))
        elif how == "cut":
            del payload[at : at + draw(st.integers(1, 8))]
        elif how == "copy":
            payload[at:at] = payload[at : at + draw(st.integers(1, 30))]
        else:
            payload[at:at] = draw(st.binary(max_size=8))
    return kind, bytes(payload)


@settings(max_examples=len(GOOD) * EXAMPLES, deadline=None)
@given(st.one_of(nearly_messages(), st.tuples(st.sampled_from(sorted(GOOD)), st.binary(max_size=120))))
def test_whatever_the_bytes_only_malformed_message_escapes(message: tuple[str, bytes]) -> None:
    kind, payload = message
    refused = None
    try:
        scan = read(payload, kind)
    except MalformedMessage as error:
        refused = error
    if refused is None:
        assert scan.sensor in ("gate-7", "observer-3")
        assert decode(payload, received_at=NOW, content_type=kind, topic=TOPIC) == scan
    else:
        assert refused.field
        assert str(refused).isprintable()


@pytest.mark.parametrize("kind", [AIS, COT, ASTERIX, GMTI])
def test_a_standard_that_names_no_sensor_needs_the_topic(kind: str) -> None:
    assert refusal(good(kind)[0], kind, topic=None) == ("bad_topic", "topic")


def test_every_standard_has_an_example_here_or_a_file_of_its_own() -> None:
    elsewhere = {SAPIENT, "application/protobuf", "application/vnd.watchline.refused+json"}
    assert set(DECODERS) == set(GOOD) | elsewhere
    assert set(STATUS_DECODERS) <= set(DECODERS)


@pytest.mark.parametrize(("kind", "module"), [(ASTERIX, "asterix"), (GMTI, "stanag4607")])
def test_an_optional_part_that_is_missing_is_one_sentence(
    kind: str, module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    from ingest.standards import asterix

    asterix._library.cache_clear()
    for name in [name for name in sys.modules if name == module or name.startswith(f"{module}.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MalformedMessage) as caught:
        read(good(kind)[0], kind)
    asterix._library.cache_clear()
    assert caught.value.code == "not_installed"
    assert "expected the package " in str(caught.value)

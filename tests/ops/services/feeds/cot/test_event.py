"""Cursor-on-Target events: whatever Watchline publishes is valid, and comes back as it was from both forms."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from random import Random
from xml.etree.ElementTree import fromstring

import pytest
from hypothesis import given
from hypothesis import strategies as st
from takproto import parse_proto

from ingest.errors import MalformedMessage
from ingest.standards.cursor_on_target import MAX_BYTES, UNKNOWN_M
from ops.services.feeds.cot import encode
from ops.services.feeds.cot.encode import CotSender, EventTimes
from ops.services.feeds.cot.event import CotEvent, CotFrames, read_event
from tests.drills.sizes import sized
from tests.ops.services.feeds.cot.cot_schema import faults

SENDER = CotSender("watchline.cumberland", "Watchline")
AT = datetime(2026, 11, 28, 2, 0, 0, 123000, tzinfo=UTC)
TIMES = EventTimes(AT, AT + timedelta(minutes=10))
hostile = st.text(max_size=80) | st.sampled_from(
    ["", "<event>", "</event>", "]]>", "&amp;", "\x00\x1b", "\ud800", "‮abc", "a\nb", "'\"", "\ufffe", "&#0;"]
)
latitudes = st.floats(-90.0, 90.0) | st.sampled_from([90.0, -90.0, 0.0, -0.0, 89.99999999])
longitudes = st.floats(-180.0, 180.0) | st.sampled_from([180.0, -180.0, 179.99999999, -0.0])
errors_m = st.none() | st.floats(0.0, 1e9) | st.sampled_from([float("nan"), float("inf"), 0.0])
classes = st.sampled_from([None, "", "person", "group", "vehicle", "animal", "other", "unknown"]) | hostile
incidents = st.fixed_dictionaries(
    {
        "id": st.from_regex(r"I[0-9a-f]{16}", fullmatch=True),
        "name": hostile,
        "kind": st.sampled_from(["movement", "distress", "equipment", "activity"]),
        "state": st.sampled_from(["open", "assigned", "closed"]),
        "priority": st.sampled_from(["distress", "high", "medium", "low"]),
        "revision": st.integers(0, 10_000),
        "class_label": classes,
        "calling_unit": hostile,
        "lon": longitudes,
        "lat": latitudes,
    }
)
tracks = st.fixed_dictionaries(
    {
        "track": st.from_regex(r"T[0-9a-f]{1,16}", fullmatch=True),
        "name": hostile,
        "status": st.sampled_from(["confirmed", "coasting"]),
        "lon": longitudes,
        "lat": latitudes,
        "speed_mps": st.floats(0.0, 400.0),
        "course_deg": st.none() | st.floats(0.0, 360.0),
        "ellipse_m": st.lists(st.floats(0.0, 1e6), min_size=2, max_size=2),
        "label": classes,
    }
)


def check(event: CotEvent) -> None:
    """The event obeys the schema, is never hostile, and both forms give it back."""
    xml = event.xml()
    assert faults(fromstring(xml)) == []
    assert not event.type.startswith("a-") or event.type.split("-")[1] in ("u", "f")
    for back in (read_event(xml), read_event(event.protobuf()), read_event(event.protobuf(mesh=True))):
        assert (back.uid, back.type, back.how, back.time, back.stale) == (
            event.uid, event.type, event.how, event.time, event.stale,
        )  # fmt: skip
        assert back.lat == pytest.approx(event.lat, abs=1e-7)
        assert back.lon == pytest.approx(event.lon, abs=1e-7)
        assert back.ce == pytest.approx(event.ce, abs=0.0501)
        assert {one.tag for one in back.detail} == {one.tag for one in event.detail}
        assert back.find("contact", "callsign") == normal(event.find("contact", "callsign"))
    independent = parse_proto(bytearray(event.protobuf()))
    assert independent.cotEvent.uid == event.uid
    assert list(CotFrames().feed(xml + event.protobuf() + xml)) == [xml, event.protobuf(), xml]


def normal(text: str) -> str:
    """An attribute as XML gives it back: line ends are spaces, or escaped."""
    return text


@given(incidents, errors_m, hostile)
def test_an_incident_is_a_valid_event_in_both_forms(body: dict, sd_m: float | None, remarks: str) -> None:
    event = encode.incident(SENDER, body, TIMES, remarks=remarks, sd_m=sd_m)
    assert event is not None
    check(event)
    again = encode.incident(SENDER, {**body, "revision": body["revision"] + 1}, TIMES, remarks="", sd_m=None)
    assert again is not None
    assert again.uid == event.uid == f"watchline.cumberland.{body['id']}"
    known = sd_m is not None and 0.0 < sd_m < UNKNOWN_M
    assert event.ce == (max(sd_m, 0.1) if known else UNKNOWN_M)


def test_thousands_of_incidents_break_no_rule_of_the_schema() -> None:
    """Drawn at random over the whole globe, with all kinds, classes and states; each in XML and in protobuf."""
    chance = Random(18)
    for number in range(sized(2_500, 10_000)):
        body = {
            "id": f"I{number:016x}",
            "name": f"Bravo {number}",
            "kind": chance.choice(["movement", "distress", "equipment", "activity"]),
            "state": chance.choice(["open", "acknowledged", "assigned", "en_route", "on_scene", "closed"]),
            "priority": chance.choice(["distress", "high", "medium", "low"]),
            "revision": chance.randrange(100),
            "class_label": chance.choice([None, "person", "group", "vehicle", "animal", "other"]),
            "calling_unit": chance.choice(["", "patrol-1"]),
            "lon": chance.uniform(-180.0, 180.0),
            "lat": chance.uniform(-90.0, 90.0),
        }
        sd_m = chance.choice([None, 0.0, chance.uniform(0.1, 5_000.0)])
        event = encode.incident(SENDER, body, TIMES, remarks="Crossing <&> \x0b", sd_m=sd_m)
        assert event is not None
        assert faults(fromstring(event.xml())) == []
        assert parse_proto(bytearray(event.protobuf())).cotEvent.uid == event.uid


@given(tracks, hostile)
def test_a_track_is_a_valid_event_in_both_forms(picture: dict, remarks: str) -> None:
    check(encode.track(SENDER, picture, TIMES, remarks=remarks))


@given(
    hostile,
    st.lists(st.tuples(longitudes, latitudes), min_size=2, max_size=450),
    st.booleans(),
    st.sampled_from(["trail", "border", "section"]),
)
def test_a_line_is_a_valid_event_with_its_ends(
    name: str, points: list[tuple[float, float]], closed: bool, kind: str
) -> None:
    event = encode.line(SENDER, "border", name, points, TIMES, kind=kind, closed=closed)
    check(event)
    links = [link.get("point", "") for link in event.detail.iterfind("link")]
    assert 1 <= len(links) <= encode.MOST_VERTICES + 1
    assert links[0] == f"{points[0][1]:.6f},{points[0][0]:.6f}"
    if not closed:
        assert links[-1] == f"{points[-1][1]:.6f},{points[-1][0]:.6f}"


@given(hostile, hostile.filter(bool), hostile)
def test_a_chat_line_is_a_valid_event_in_both_forms(text: str, message: str, to: str) -> None:
    check(encode.chat(SENDER, text, "m-1", AT, to="ANDROID-1", callsign=to))


@pytest.mark.parametrize(
    "event",
    [
        encode.deleted("watchline.cumberland.I1", TIMES),
        encode.presence(SENDER, TIMES),
        encode.ping(SENDER, TIMES),
        encode.protocol_request("abc", TIMES),
    ],
    ids=lambda event: event.type,
)
def test_the_other_events_are_valid(event: CotEvent) -> None:
    check(event)


def test_a_type_is_true_to_the_class_and_the_affiliation_unknown() -> None:
    base = {"id": "I1", "name": "Bravo 17", "kind": "movement", "state": "open", "priority": "high", "revision": 0}
    kinds = {}
    for label in ("person", "group", "vehicle", "animal", None):
        event = encode.incident(SENDER, {**base, "class_label": label, "lon": 1.0, "lat": 2.0}, TIMES, remarks="")
        assert event is not None
        kinds[label] = event.type
        assert event.find("__watchline", "class") == (label or "unknown")
    assert kinds == {"person": "a-u-G-U", "group": "a-u-G-U", "vehicle": "a-u-G-E-V", "animal": "a-u-G", None: "a-u-G"}
    assert encode.incident(SENDER, {**base, "lon": None, "lat": None}, TIMES, remarks="") is None


@given(st.binary(max_size=300))
def test_any_bytes_are_an_event_or_refused(piece: bytes) -> None:
    with suppress(MalformedMessage):
        read_event(piece)
    for message in CotFrames().feed(piece):
        assert isinstance(message, bytes | MalformedMessage)


@given(st.lists(st.sampled_from([encode.ping(SENDER, TIMES).xml(), encode.ping(SENDER, TIMES).protobuf()])), st.data())
def test_a_stream_is_split_wherever_it_is_cut(messages: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(messages)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    frames, found = CotFrames(), []
    for begin, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        found += list(frames.feed(stream[begin:end]))
    assert found == messages


def bad(text: str) -> bytes:
    return f"<event version='2.0' uid='u' type='a-f-G' how='m-g' time='2026-11-28T02:00:00Z' {text}".encode()


TAIL = "start='2026-11-28T02:00:00Z' stale='2026-11-28T02:10:00Z'><point lat='1' lon='2' hae='0' ce='9' le='9'/>"


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (b"<!DOCTYPE event [<!ENTITY a 'b'>]>" + bad(TAIL + "<detail>&a;</detail></event>"), "not_xml"),
        (
            b"<!DOCTYPE event [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>" + bad(TAIL + "<detail>&a;</detail></event>"),
            "not_xml",
        ),
        (bad(TAIL + "<detail>" + "<a>" * 40 + "</a>" * 40 + "</detail></event>"), "too_large"),
        (bad(TAIL + "<detail>" + "x" * MAX_BYTES + "</detail></event>"), "too_large"),
        (bad(TAIL.replace("lat='1'", "lat='97.5'") + "</event>"), "out_of_range"),
        (bad(TAIL.replace("lat='1'", "lat='nan'") + "</event>"), "not_finite"),
        (bad(TAIL.replace("lat='1'", "lat='1_0'") + "</event>"), "wrong_type"),
        (bad(TAIL.replace("ce='9'", "ce='-1'") + "</event>"), "out_of_range"),
        (bad(TAIL.replace("stale='2026", "stale='2025") + "</event>"), "out_of_range"),
        (bad(TAIL.replace("02:10:00Z", "02:10:00") + "</event>"), "bad_time"),
        (bad("<point/></event>"), "not_xml"),
        (b"\xbf\x03abc", "not_protobuf"),
        (b"\xbf\x00", "missing_field"),
    ],
    ids=range(13),
)
def test_what_is_no_event_is_refused_with_its_reason(message: bytes, code: str) -> None:
    with pytest.raises(MalformedMessage) as refused:
        read_event(message)
    assert refused.value.code == code


def test_after_an_oversized_message_the_next_one_is_read() -> None:
    good = encode.ping(SENDER, TIMES).xml()
    frames, found = CotFrames(), []
    for piece in (good, b"<?xml version='1.0'?><event>" + b"x" * (2 * MAX_BYTES) + b"</event>", good, b"junk ", good):
        for begin in range(0, len(piece), 10_000):
            found += list(frames.feed(piece[begin : begin + 10_000]))
    assert [one for one in found if isinstance(one, bytes)] == [good, good, good]
    assert {one.code for one in found if isinstance(one, MalformedMessage)} == {"too_large", "not_xml"}

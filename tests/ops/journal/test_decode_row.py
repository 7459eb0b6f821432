"""Journal rows of every standard become the scans that fusion can use: sensor, number, kind and error model."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest

from fusion.tracker import Tracker
from geo.frame import LocalFrame
from ingest.standards.registry import AIS, GMTI, HUMAN, SAPIENT, SENTENCE
from ops.journal.decode_row import columns_of_row, learn, scan_of_row, status_of_row
from ops.journal.reader import JournalRow
from sensors.error_model import position_sd_m
from sensors.layout import Layout, place

FRAME = LocalFrame.around(-122.35, 47.58)
RECEIVER = place(FRAME, 0.0, 0.0, id="ais-1", kind="radar", max_range_m=50_000.0, range_sd_m=20.0, azimuth_sd_deg=0.1)
BARE = place(FRAME, 0.0, 0.0, id="bare", kind="radar", max_range_m=50_000.0)
EARS = place(FRAME, 0.0, 0.0, id="observer-3", kind="ground_sensor", max_range_m=1_500.0)
POST = place(FRAME, 0.0, 0.0, id="observer-9", kind="human", max_range_m=2_000.0)
LAYOUT = Layout("four", FRAME, (RECEIVER, BARE, EARS, POST))
NOW = datetime(2026, 11, 24, 12, 0, 20, tzinfo=UTC)
NOW_NS = int(NOW.timestamp() * 1e9)
MOORED = b"!AIVDM,1,1,,B,177KQJ5000G?tO`K>RA1wUbN0TKH,0*5C"


def row(sensor: str, content_type: str, body: bytes, kind: str = "detections", boot: int = 4) -> JournalRow:
    names = JournalRow.__dataclass_fields__
    known = {
        "id": 1, "kind": kind, "sensor": sensor, "boot": boot, "seq": 9, "observed_ns": NOW_NS, "received_ns": NOW_NS,
        "sent_ns": None, "content_type": content_type, "body": body, "closes_batch": True,
    }  # fmt: skip
    return JournalRow(**{name: known.get(name, "") for name in names})


def test_a_ship_is_the_receivers_and_keeps_its_own_deviation() -> None:
    scan = scan_of_row(row("ais-1", AIS, MOORED), LAYOUT)
    assert (scan.key, scan.kind, scan.plots[0].position_sd_m) == (("ais-1", 4, 9), "radar", 15.0)
    columns = columns_of_row(row("ais-1", AIS, MOORED), LAYOUT)
    assert columns.cov[0, 0, 0] == pytest.approx(225.0, rel=1e-3)


def test_a_sapient_place_without_an_error_takes_the_layouts(sapient_node: object) -> None:
    node = sapient_node()  # type: ignore[operator]
    lon, lat = FRAME.to_lonlat(0.0, 40_000.0)
    body = node.detection(NOW, location={"x": lon, "y": lat}).SerializeToString()
    expected = max(20.0, 40_000.0 * math.radians(0.1))
    assert scan_of_row(row("ais-1", SAPIENT, body), LAYOUT).plots[0].position_sd_m == pytest.approx(expected, rel=1e-3)
    assert scan_of_row(row("bare", SAPIENT, body), LAYOUT).plots[0].position_sd_m is None
    assert scan_of_row(row("nobody", SAPIENT, body), LAYOUT).plots[0].position_sd_m is None
    assert position_sd_m(lon, lat, RECEIVER, range_sd_m=90.0) == 90.0


def test_what_a_person_heard_can_be_tracked() -> None:
    body = (
        b'{"observer":"observer-3","boot":4,"seq":9,"observed_at":"2026-11-24T12:00:00Z","sense":"heard",'
        b'"what":"vehicle","direction":"north-east"}'
    )
    scan = scan_of_row(row("observer-3", HUMAN, body), LAYOUT)
    columns = columns_of_row(row("observer-3", HUMAN, body), LAYOUT)
    assert (scan.kind, columns.range_[0], columns.range_sd[0] > 300.0) == ("ground_sensor", pytest.approx(1000.0), True)


def test_a_person_who_cannot_say_where_is_a_wide_place_about_the_post_that_is_tracked() -> None:
    """Evenly over a disc of radius R the deviation of one axis is R/2."""
    nowhere = row("observer-9", SENTENCE, b"observer 9 heard something")
    scan = scan_of_row(nowhere, LAYOUT)
    (plot,) = scan.plots
    assert scan.kind == "human"
    assert (plot.lon, plot.lat, plot.position_sd_m) == (POST.lon, POST.lat, 1_000.0)
    tracker = Tracker(LAYOUT)
    tracker.advance(columns_of_row(nowhere, LAYOUT))
    assert tracker.rows_dropped == 0
    spotted = row("observer-9", SENTENCE, b"observer 9 heard a vehicle north-east")
    heard = scan_of_row(spotted, LAYOUT)
    assert heard.plots[0].lon is None
    columns = columns_of_row(spotted, LAYOUT)
    assert columns.range_sd[0] > 300.0, "an honest ellipse: distances are guessed"


def test_a_status_row_of_another_standard(sapient_node: object) -> None:
    body = sapient_node().status(NOW).SerializeToString()  # type: ignore[operator]
    contexts: dict[str, bytes] = {}
    assert status_of_row(row("ais-1", SAPIENT, body, kind="status"), contexts).sensor == "ais-1"
    learnt: dict[str, bytes] = {}
    learn(row("ais-1", SAPIENT, body, kind="status"), learnt)
    assert contexts == learnt


def test_a_row_that_cannot_be_read_says_so() -> None:
    from ingest.errors import MalformedMessage

    with pytest.raises(MalformedMessage):
        scan_of_row(row("ais-1", GMTI, b"x"), LAYOUT)


def test_what_a_node_said_of_itself_is_learnt_from_the_journal(sapient_node: object) -> None:
    node = sapient_node()  # type: ignore[operator]
    told: dict[str, bytes] = {}
    polar = {"azimuth": 10.0, "range": 5_000.0, "datum": "RANGE_BEARING_DATUM_MAGNETIC"}
    body = node.detection(NOW, polar=polar).SerializeToString()
    learn(row("ais-1", AIS, MOORED), told)
    learn(row("ais-1", SAPIENT, b"spoilt", kind="status"), told)
    assert told == {}
    status = node.status(NOW, {"x": -122.35, "y": 47.58}).SerializeToString()
    learn(row("ais-1", SAPIENT, status, kind="status"), told)
    scan = scan_of_row(row("ais-1", SAPIENT, body), LAYOUT, told["ais-1"])
    assert scan.plots[0].azimuth_deg == pytest.approx(24.9, abs=0.36)  # NOAA: 14.9° E at Seattle, one sigma 0.36°
    assert scan.plots[0].lon is not None

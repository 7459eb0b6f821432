"""The track picture that units get: what it holds, how large it is, and that no old one follows a new one."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ingest.mqtt.publisher import Publisher
from ingest.mqtt.subscriber import Subscriber
from ops.broker.broker import EmbeddedBroker, MosquittoBroker
from ops.services.feeds.tracks import EVERY_S, MOST_TRACKS, OUT_OF_DATE_S, TrackFeed, TracksMessage, tracks_message
from ops.store.reader import Live
from tests.patience import PATIENT_S

AT_NS = 1_773_522_000_500_000_000


def track(name: str, **changes: Any) -> dict[str, Any]:
    return {
        "track": name, "status": "confirmed", "lon": -84.123456789, "lat": 36.5, "easting": 1.0, "northing": 2.0,
        "speed_mps": 1.31, "course_deg": 92.5, "ellipse_m": [12.0, 3.0], "ellipse_azimuth_deg": 10.0, "existence": 0.99,
        "label": "person", "label_probability": 0.9, "class_probability": {}, "segment": 7, "offset_m": -120.0,
        "updated_ns": AT_NS, "sensors": ["r1"], "revoked_sources": [], "evidence": [], **changes,
    }  # fmt: skip


def live(*tracks: dict[str, Any], at_s: float = 0.0) -> Live:
    return Live(1, AT_NS + round(at_s * 1e9), msgspec.json.encode(tracks))


def after(now_s: list[float]) -> Callable[[], int]:
    """A clock that is ``now_s`` after ``AT_NS``."""
    return lambda: AT_NS + round(now_s[0] * 1e9)


class Store:
    def __init__(self, picture: Live | None) -> None:
        self.picture = picture

    def live(self, part: str) -> Live | None:
        assert part == "tracks"
        return self.picture


def test_a_picture_by_hand() -> None:
    standing = track("t2", course_deg=None, segment=-1, offset_m=None, status="coasting", revoked_sources=["r9"])
    body = tracks_message("hills", live(standing, track("t3", status="tentative"), track("t1")))
    assert msgspec.json.decode(body) == {
        "sector": "hills",
        "at": "2026-03-14T21:00:00.500000Z",
        "tracks": [
            {"track": "t1", "status": "confirmed", "lon": -84.123457, "lat": 36.5, "position_sd_m": 12.0,
             "speed_mps": 1.31, "class": "person", "course_deg": 92.5, "segment": 7, "offset_m": -120.0},
            {"track": "t2", "status": "coasting", "lon": -84.123457, "lat": 36.5, "position_sd_m": 12.0,
             "speed_mps": 1.31, "class": "person", "doubtful": True},
        ],
    }  # fmt: skip
    assert msgspec.json.decode(body, type=TracksMessage).left_out == 0


def test_a_crowd_is_cut_to_those_near_the_border_and_said() -> None:
    crowd = [track(f"T{n:031x}", offset_m=float(n - 500)) for n in range(1000)]
    body = tracks_message("hills", live(*crowd))
    message = msgspec.json.decode(body, type=TracksMessage)
    assert len(body) < 20_000, "the embedded broker's limit"
    assert (len(message.tracks), message.left_out) == (MOST_TRACKS, 1000 - MOST_TRACKS)
    assert max(abs(each.offset_m or 0.0) for each in message.tracks) <= MOST_TRACKS / 2


def test_one_picture_at_a_time_every_five_seconds_and_always_the_newest() -> None:
    now_s, sent = [0.0], []

    def publish(topic: str, payload: bytes, *, content_type: str) -> Future[None]:
        future: Future[None] = Future()
        sent.append((topic, msgspec.json.decode(payload)["tracks"], content_type, future))
        return future

    store = Store(None)
    feed = TrackFeed(store, publish, "hills", now_ns=after(now_s), monotonic_s=lambda: now_s[0])
    assert not feed.pump(), "nothing yet"
    store.picture = live()
    assert feed.pump(), "that there are no tracks is information"
    assert sent[0][:3] == ("watchline/1/hills/tracks", [], "application/json")
    for second in range(60):  # the broker does not answer
        now_s[0], store.picture = float(second), live(track(f"t{second}"), at_s=1.0 + second)
        assert not feed.pump()
    sent[0][3].set_exception(OSError("refused"))
    assert feed.pump()
    assert [each["track"] for each in sent[1][1]] == ["t59"]
    sent[1][3].set_result(None)
    times = []
    for tenth in range(590, 800):
        now_s[0], store.picture = tenth / 10.0, live(at_s=1.0 + tenth / 10.0)
        if feed.pump():
            sent[-1][3].set_result(None)
            times.append(now_s[0])
    assert [round(at - 59.0, 1) for at in times] == [EVERY_S, 2 * EVERY_S, 3 * EVERY_S, 4 * EVERY_S]


def test_a_picture_that_stands_still_is_published_once_and_the_next_one_at_once() -> None:
    """After 15 s without a message, units take their tracks for out of date: these came while fusion was frozen."""
    now_s, sent = [0.0], []

    def publish(topic: str, payload: bytes, *, content_type: str) -> Future[None]:
        sent.append((now_s[0], msgspec.json.decode(payload)["at"]))
        done: Future[None] = Future()
        done.set_result(None)
        return done

    store = Store(live(at_s=-3600.0))
    feed = TrackFeed(store, publish, "hills", now_ns=after(now_s), monotonic_s=lambda: now_s[0])
    for second in range(60):
        now_s[0] = float(second)
        if not 9 <= second < 33:  # fusion starts at 0 s and is frozen for 24 s
            store.picture = live(at_s=float(second))
        feed.pump()
    assert sent[:4] == [
        (1.0, "2026-03-14T21:00:01.500000Z"),
        (6.0, "2026-03-14T21:00:06.500000Z"),
        (11.0, "2026-03-14T21:00:08.500000Z"),  # the last one before it froze
        (33.0, "2026-03-14T21:00:33.500000Z"),
    ]
    assert [at - 33.0 for at, _ in sent[3:]] == [n * EVERY_S for n in range(len(sent) - 3)]


def test_a_picture_from_before_the_start_is_not_published() -> None:
    """A room that starts in the morning finds the tracks of the evening in its store."""
    now_s, sent = [0.0], []
    store = Store(live(track("of yesterday"), at_s=-40_000.0))
    publish = lambda *one, **_: sent.append(one) or Future()  # noqa: E731
    feed = TrackFeed(store, publish, "hills", now_ns=lambda: AT_NS, monotonic_s=lambda: now_s[0])
    for second in range(60):
        now_s[0] = float(second)
        assert not feed.pump()
    store.picture = live(track("of today"))
    assert feed.pump()
    assert len(sent) == 1


@pytest.mark.parametrize("rate", [1.0, 50.0])
def test_pictures_of_an_hour_ago_are_not_published_and_the_first_current_one_is_at_once(rate: float) -> None:
    """Fusion reads an hour-old journal, so that each look finds another picture, then goes with the clock.

    By hand: it lags 3600 s at first and 200 times the clock's rate less with every second, so that it is at most 15 s
    behind, by the clock of the computer, from the 18th second on.
    """
    now_s, sent = [0.0], []

    def publish(topic: str, payload: bytes, *, content_type: str) -> Future[None]:
        sent.append(now_s[0])
        done: Future[None] = Future()
        done.set_result(None)
        return done

    store = Store(None)
    feed = TrackFeed(
        store, publish, "hills", now_ns=lambda: AT_NS + round(now_s[0] * rate * 1e9), monotonic_s=lambda: now_s[0],
        out_of_date_s=OUT_OF_DATE_S * rate,
    )  # fmt: skip
    for second in range(30):
        now_s[0] = float(second)
        lag_s = max(3600.0 - 200.0 * second, 0.0) * rate
        store.picture = live(track("t1"), at_s=second * rate - lag_s)
        feed.pump()
    assert sent == [18.0, 23.0, 28.0]


@pytest.mark.broker
@pytest.mark.parametrize("make", [EmbeddedBroker, MosquittoBroker])
def test_a_unit_gets_it_from_a_real_broker(tmp_path: Path, make: type[EmbeddedBroker | MosquittoBroker]) -> None:
    with make(folder=tmp_path) as broker:
        unit = Subscriber(broker.url, client_id="patrol-1", filters=["watchline/1/hills/tracks"], now_ns=time.time_ns)
        unit.start(timeout_s=PATIENT_S)
        feed = Publisher(broker.url, client_id="feed", now_ns=time.time_ns)
        feed.start(timeout_s=PATIENT_S)
        crowd = live(*(track(f"T{n:031x}") for n in range(300)))
        store = Store(None)
        tracks = TrackFeed(store, feed, "hills", now_ns=lambda: AT_NS, monotonic_s=time.monotonic)
        assert not tracks.pump()
        store.picture = crowd
        assert tracks.pump()
        deadline, got = time.monotonic() + PATIENT_S, []
        while not got and time.monotonic() < deadline:
            got = unit.collect(wait_s=0.1)
        assert len(msgspec.json.decode(got[0].payload, type=TracksMessage).tracks) == MOST_TRACKS
        feed.stop()
        unit.stop()

"""Moments: the picture comes back as it was published, also after a crash; erased days stay erased."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fusion.filter.track_bank import CLOSED as CLOSED_CODE
from fusion.filter.track_bank import STATUS
from ops.audit.day_keys import DayKeys
from ops.incidents.incident import STATES
from ops.store.connections import StoreError
from ops.store.erasure import count_records, erase_records
from ops.store.moment_reader import CLOSED, CLOSED_SHOWN_NS, MomentReader, sampled_times
from ops.store.moments import OPEN_REVISIONS, WHOLE_EVERY_NS
from ops.store.reader import Reader
from ops.store.rows import OPEN
from ops.store.writer import Store
from tests.ops.store.stored import direct

T0 = datetime(2026, 3, 1, 22, 0, tzinfo=UTC)
T0_NS = int(T0.timestamp()) * 10**9
S = 10**9


def track(name: str, **more: Any) -> dict[str, Any]:
    return {"track": name, "lon": -84.2, "lat": 36.6, **more}


def alert(identity: str, revision: int = 0, status: str = "active", at: datetime = T0, **more: Any) -> dict[str, Any]:
    return {"id": identity, "revision": revision, "status": status, "priority": 1, "raised_at": at, **more}


def incident(identity: str, revision: int = 0, state: str = "open", **more: Any) -> dict[str, Any]:
    return {"id": identity, "revision": revision, "state": state, "priority": "high", "opened_at": T0, **more}


def picture_of(reader: MomentReader, at_ns: int, part: str = "tracks", name: str = "track") -> dict[str, Any]:
    moment = reader.moment(at_ns)
    assert moment is not None
    return {body[name]: body for body in map(json.loads, moment.parts[part])}


PICTURES = st.lists(
    st.tuples(
        st.integers(200_000_000, 90 * S),  # time since the picture before
        st.dictionaries(st.sampled_from(["T1", "T2", "T3", "Tä"]), st.integers(0, 3), max_size=4),
        st.lists(st.integers(0, 2), max_size=2),
        st.booleans(),  # whether fusion is killed before it
    ),
    min_size=1,
    max_size=25,
)


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(pictures=PICTURES, encrypted=st.booleans())
def test_each_moment_comes_back_as_it_was_published(new_file, pictures, encrypted):
    publish_and_read(new_file(), pictures, encrypted=encrypted)


@settings(
    max_examples=3, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(pictures=PICTURES, encrypted=st.booleans())
def test_each_moment_comes_back_from_postgresql(new_sector, connections_closed, pictures, encrypted):
    publish_and_read(new_sector(), pictures, encrypted=encrypted)


def publish_and_read(path, pictures, *, encrypted):
    """Publish pictures with kills in between, and read each moment."""
    store, stamp_ns, published = Store(path, encrypted=encrypted), T0_NS, []
    for cursor, (pause_ns, speeds, bearings, killed) in enumerate(pictures, 1):
        if killed:
            store.close()
            store = Store(path, encrypted=encrypted)
        stamp_ns += pause_ns
        tracks = [track(name, speed=speed) for name, speed in speeds.items()]
        store.commit(cursor, stamp_ns=stamp_ns, tracks_live=tracks, bearings=[{"azimuth": one} for one in bearings])
        if not published or stamp_ns - published[-1][0] >= S:
            published.append((stamp_ns, tracks, bearings))
    store.close()
    reader = MomentReader(path)
    assert reader.moment(published[0][0] - 1) is None
    for (at_ns, tracks, bearings), after in zip(published, [*published[1:], None], strict=True):
        for asked_ns in (at_ns, at_ns + 1, after[0] - 1 if after else at_ns + 10 * S):
            moment = reader.moment(asked_ns)
            assert moment.stamp_ns == at_ns
            assert {one["track"]: one for one in map(json.loads, moment.parts["tracks"])} == {
                one["track"]: one for one in tracks
            }
            assert [json.loads(one)["azimuth"] for one in moment.parts["bearings"]] == bearings
    reader.close()


def test_the_picture_of_a_second_run_after_a_crash_is_not_the_one_that_was_shown(path):
    """From the checkpoint fusion computes the same rows again; what people saw the first time stays."""
    store = Store(path)
    store.commit(1, stamp_ns=T0_NS, tracks_live=[track("T1")], checkpoint=b"x")
    store.commit(5, stamp_ns=T0_NS + 5 * S, tracks_live=[track("T1", lon=1.0)])
    store.close()
    store = Store(path)
    assert store.cursor == 1
    store.commit(3, stamp_ns=T0_NS + 3 * S, tracks_live=[track("T9")])
    store.commit(5, stamp_ns=T0_NS + 5 * S, tracks_live=[track("T9")])
    store.commit(6, stamp_ns=T0_NS + 6 * S, tracks_live=[track("T2")])
    store.close()
    reader = MomentReader(path)
    assert picture_of(reader, T0_NS + 3 * S).keys() == {"T1"}
    assert picture_of(reader, T0_NS + 5 * S)["T1"]["lon"] == 1.0
    assert picture_of(reader, T0_NS + 6 * S).keys() == {"T2"}


def test_the_picture_is_kept_at_once_after_the_clock_was_set_back(path):
    """Before, no picture was kept until the wrong time had come; what was kept ahead was then shown as that time."""
    ahead_ns = T0_NS + 500 * S
    store = Store(path)
    store.commit(1, stamp_ns=T0_NS, tracks_live=[track("T1")])
    for second in range(3):
        store.commit(2 + second, stamp_ns=ahead_ns + second * S, tracks_live=[track("ahead", speed=second)])
    store.commit(5, stamp_ns=T0_NS + 10 * S, tracks_live=[track("T2")])
    store.commit(6, stamp_ns=T0_NS + 11 * S, tracks_live=[track("T2"), track("T3")])
    store.close()
    reader = MomentReader(path)
    at_s = {0: {"T1"}, 9: {"T1"}, 10: {"T2"}, 11: {"T2", "T3"}, 502: {"T2", "T3"}}
    assert {second: set(picture_of(reader, T0_NS + second * S)) for second in at_s} == at_s
    reader.close()
    store = Store(path)  # continues there
    store.commit(7, stamp_ns=T0_NS + 12 * S, tracks_live=[track("T4")])
    store.close()
    assert picture_of(MomentReader(path), T0_NS + 12 * S).keys() == {"T4"}


def test_a_clock_that_lost_its_time_removes_no_picture(file_path):
    store = Store(file_path)
    store.commit(1, stamp_ns=T0_NS, tracks_live=[track("T1")])
    store.commit(2, stamp_ns=S, tracks_live=[track("T2")])
    store.commit(3, stamp_ns=T0_NS + 10 * S, tracks_live=[track("T3")])
    store.close()
    reader = MomentReader(file_path)
    assert reader.moment(T0_NS - 1) is None
    assert picture_of(reader, T0_NS).keys() == {"T1"}
    assert picture_of(reader, T0_NS + 10 * S).keys() == {"T3"}


@pytest.mark.parametrize("reopened", [False, True], ids=["in one run", "after a restart"])
def test_a_large_step_back_removes_no_picture_however_long_the_clock_runs_then(file_path, reopened):
    """Which of the two times was wrong is not known."""
    store = Store(file_path)
    for number in range(20):
        store.commit(1 + number, stamp_ns=T0_NS + number * 60 * S, tracks_live=[track(f"T{number}")])
    for minute in range(19):
        if reopened and minute == 1:
            store.close()
            store = Store(file_path)
        store.commit(30 + minute, stamp_ns=T0_NS + minute * 60 * S + S, tracks_live=[track("later")])
    store.close()
    reader = MomentReader(file_path)
    for number in range(20):
        assert picture_of(reader, T0_NS + number * 60 * S).keys() == {f"T{number}"}
    reader.close()


def test_alerts_and_incidents_are_those_known_then(path):
    store = Store(path)
    store.commit(1, stamp_ns=T0_NS, tracks_live=[], alerts=[alert("A"), alert("B")], incident_revisions=[incident("I")])
    store.commit(2, stamp_ns=T0_NS + 10 * S, tracks_live=[], alerts=[alert("A", 1, "acknowledged")])
    store.commit(3, stamp_ns=T0_NS + 20 * S, tracks_live=[], alerts=[alert("A", 2, "rejected", reason="a fox")])
    store.commit(4, stamp_ns=T0_NS + 30 * S, tracks_live=[], incident_revisions=[incident("I", 1, "closed")])
    late_ns = T0_NS + 40 * S + CLOSED_SHOWN_NS
    store.commit(5, stamp_ns=late_ns, tracks_live=[])
    store.close()
    reader = MomentReader(path)

    def known(at_ns: int) -> dict[str, str]:
        bodies = [json.loads(one.body) for one in reader.moment(at_ns).revisions]
        return {body["id"]: body.get("status") or body["state"] for body in bodies}

    assert known(T0_NS) == {"A": "active", "B": "active", "I": "open"}
    assert known(T0_NS + 15 * S) == {"A": "acknowledged", "B": "active", "I": "open"}
    assert known(T0_NS + 20 * S) == {"A": "rejected", "B": "active", "I": "open"}
    assert known(T0_NS + 35 * S) == {"A": "rejected", "B": "active", "I": "closed"}
    assert known(late_ns) == {"B": "active"}  # an hour after they were closed they are in the picture no more
    assert json.loads(reader.newest([("alert", "A")])["A"])["reason"] == "a fox"
    assert [json.loads(one.body)["status"] for one in reader.revisions_of("A")] == [
        "active",
        "acknowledged",
        "rejected",
    ]


def test_open_states_are_those_of_alerts_and_incidents():
    for state in (*OPEN, *STATES[:-1]):
        assert f"'{state}'" in OPEN_REVISIONS
    assert STATES[-1] == "closed"
    assert "'closed'" not in OPEN_REVISIONS
    assert STATUS[CLOSED_CODE] == CLOSED


def test_whole_pictures_repeat_and_never_reach_into_another_day(path):
    store = Store(path)
    start_ns = int(datetime(2026, 3, 1, 23, 58, 30, tzinfo=UTC).timestamp()) * S
    chance = np.random.default_rng(1)
    speeds = chance.random(200)
    for second in range(180):
        speeds[:3] = chance.random(3)
        many = [track(f"T{number}", speed=float(speed)) for number, speed in enumerate(speeds)]
        store.commit(second + 1, stamp_ns=start_ns + second * S, tracks_live=many)
    store.close()
    with direct(path) as database:
        rows = database.execute("SELECT stamp_ns, base_ns, length(body) FROM moments ORDER BY stamp_ns").fetchall()
    assert len(rows) == 180
    day = 86_400 * S
    assert all(0 <= stamp - base < WHOLE_EVERY_NS and stamp // day == base // day for stamp, base, _ in rows)
    whole, changes = (np.array([size for stamp, base, size in rows if (stamp == base) is one]) for one in (True, False))
    assert len(whole) <= 10  # a minute, a day, and where the changes are as large as a whole picture
    assert changes.mean() < whole.mean() / 5  # 3 of 200 tracks change


def test_units_are_kept_under_their_own_key(path):
    store = Store(path, encrypted=True)
    moment = store._moments.next(1, T0_NS, {"tracks": b"[]", "units": b'[{"unit":"patrol-1","lat":36.612345}]'})
    assert moment is not None
    from ops.store.moments import write_moment

    write_moment(store._connection.execute, store, moment, 1)
    store.close()
    assert picture_of(MomentReader(path), T0_NS, "units", "unit")["patrol-1"]["lat"] == 36.612345
    DayKeys.beside(path).erase("unit_positions", T0.date())
    known = MomentReader(path).moment(T0_NS)
    assert known.erased == {"unit_positions"}
    assert "units" not in known.parts
    assert known.parts["tracks"] == []


@pytest.mark.parametrize("kind", ["tracks", "alerts"])
def test_an_erased_day_is_said_to_be_erased_and_when(path, kind):
    store = Store(path, encrypted=True)
    for days in range(3):
        at, at_ns = T0 + timedelta(days=days), T0_NS + days * 86_400 * S
        store.commit(days + 1, stamp_ns=at_ns, tracks_live=[track("T1")], alerts=[alert(f"A{days}", at=at)])
    store.close()
    before = datetime.now(UTC) - timedelta(seconds=2)
    DayKeys.beside(path).erase(kind, date(2026, 3, 2))
    reader = MomentReader(path)
    first, second, third = reader.days()
    assert [day.day for day in (first, second, third)] == [date(2026, 3, 1), date(2026, 3, 2), date(2026, 3, 3)]
    assert first.erased == third.erased == {}
    assert before <= second.erased[kind] <= datetime.now(UTC) + timedelta(seconds=2)
    moment = reader.moment(T0_NS + 86_400 * S)
    assert moment.erased == {kind}
    if kind == "tracks":
        assert moment.parts == {}
    else:
        assert [one.identity for one in moment.revisions if one.body is None] == ["A1"]
    assert reader.moment(T0_NS + 2 * 86_400 * S).erased == frozenset({"alerts"} if kind == "alerts" else ())


def test_overwritten_moments_are_gone_from_the_file_and_said_to_be_erased(path):
    store = Store(path)
    store.commit(1, stamp_ns=T0_NS, tracks_live=[track("T-secret-name", note="x" * 50)])
    store.commit(2, stamp_ns=T0_NS + 86_400 * S, tracks_live=[track("T2")])
    store.close()

    def is_due(kind: str, day: date) -> bool:
        return kind == "tracks" and day == T0.date()

    assert count_records(path, is_due) == 1
    assert erase_records(path, is_due) == 1
    assert count_records(path, is_due) == 0
    reader = MomentReader(path)
    assert [day.erased for day in reader.days()] == [{"tracks": None}, {}]
    assert reader.moment(T0_NS).erased == {"tracks"}
    assert picture_of(reader, T0_NS + 86_400 * S).keys() == {"T2"}


def older(path: Path) -> None:
    """Make a store one version older: without moments and the indexes that came with them."""
    with closing(sqlite3.connect(path)) as database:
        for statement in (
            "DROP TABLE moments",
            "DROP INDEX alerts_open",
            "DROP INDEX incidents_by_opening",
            "PRAGMA user_version = 3",
        ):
            database.execute(statement)
        database.commit()


def test_a_store_one_version_older_is_read_and_then_keeps_moments(file_path):
    path = file_path
    store = Store(path)
    store.commit(7, stamp_ns=T0_NS, tracks_live=[track("T1")], alerts=[alert("A")], checkpoint=b"state")
    store.close()
    older(path)
    reader = MomentReader(path)
    assert (reader.days(), reader.moment(T0_NS), reader.neighbours(T0_NS)) == ([], None, (None, None))
    assert len(Reader(path).alerts()[2]) == 1
    assert count_records(path, lambda *_: True) == 1  # the alert
    store = Store(path)
    assert (store.cursor, store.checkpoint) == (7, b"state")
    store.commit(8, stamp_ns=T0_NS + S, tracks_live=[track("T2")])
    store.close()
    moment = reader.moment(T0_NS + S)
    assert [json.loads(one)["track"] for one in moment.parts["tracks"]] == ["T2"]
    assert [one.identity for one in moment.revisions] == ["A"]  # open since before


def test_a_store_of_an_unknown_version_is_refused(file_path):
    path = file_path
    Store(path).close()
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA user_version = 2")
    with pytest.raises(StoreError, match="not a store of this version"):
        MomentReader(path).days()
    with pytest.raises(StoreError, match="not a store of this version"):
        Store(path)


def history(rows: list[tuple[str, int, float, str]]) -> dict[str, np.ndarray]:
    count = len(rows)
    return {
        "track": np.array([name for name, *_ in rows]),
        "time": np.array([T0_NS + second * S for _, second, *_ in rows], dtype="datetime64[ns]"),
        "easting": np.array([easting for _, _, easting, _ in rows]),
        "northing": np.zeros(count),
        "easting_rate": np.zeros(count),
        "northing_rate": np.zeros(count),
        "cov": np.zeros((count, 4, 4)),
        "existence": np.full(count, 0.9),
        "status": np.array([status for *_, status in rows]),
        "segment": np.zeros(count, np.int32),
        "offset_m": np.zeros(count),
    }


@pytest.mark.parametrize("encrypted", [False, True])
def test_what_is_known_now_is_the_newest_estimate_of_each_track_that_is_not_closed(path, encrypted):
    store = Store(path, encrypted=encrypted)
    rows = [
        ("T1", 0, 0.0, "tentative"), ("T2", 1, 5.0, "confirmed"), ("T1", 2, 2.0, "confirmed"), ("T2", 3, 6.0, "closed"),
        ("T1", 4, 4.0, "confirmed"), ("T3", 60, 9.0, "confirmed"),
    ]  # fmt: skip
    store.commit(1, stamp_ns=T0_NS + 90 * S, history=history(rows))
    store.close()
    reader = MomentReader(path)

    def known(second: float, name: str | None = None) -> dict[str, float]:
        return {one.track: one.easting for one in reader.estimates(T0_NS + int(second * S), name)}

    assert known(-1) == {}
    assert known(1) == {"T1": 0.0, "T2": 5.0}
    assert known(2.5) == {"T1": 2.0, "T2": 5.0}
    assert known(3) == {"T1": 2.0}
    assert known(18) == {"T1": 4.0}
    assert known(20) == {}  # the last estimate of T1 is older than the picture holds it
    assert known(60, "T3") == {"T3": 9.0}
    assert known(2.5, "T1") == {"T1": 2.0}
    assert known(61) == {}  # not yet final
    assert reader.final_ns() == T0_NS + 60 * S


def test_one_track_through_time_as_it_was_known(path):
    store = Store(path)
    for second in range(0, 600, 5):
        tracks = [track("T1", lon=second / 1000)] if second >= 120 else []
        store.commit(
            second + 1, stamp_ns=T0_NS + second * S, tracks_live=tracks, sensors=[{"sensor": "r", "state": "ok"}]
        )
    store.close()
    reader = MomentReader(path)
    times = sampled_times(T0_NS, T0_NS + 600 * S, 50)
    assert (len(times), times[0], times[-1]) == (50, T0_NS, T0_NS + 600 * S)
    found = [(at_ns, json.loads(body)["lon"]) for at_ns, body in reader.entry_through_time("tracks", "T1", times)]
    assert len(found) == len({at_ns for at_ns, _ in found}) >= 8  # whole pictures, at most a minute apart
    assert all(lon == (at_ns - T0_NS) / S / 1000 for at_ns, lon in found)
    assert list(reader.entry_through_time("tracks", "T2", times)) == []
    assert len(list(reader.entry_through_time("sensors", "r", times))) >= 10


def test_incidents_are_found_by_the_time_of_their_opening(path):
    store = Store(path)
    rows = [incident(f"I{n}", opened_at=T0 + timedelta(minutes=n)) for n in range(5)]
    store.commit(1, stamp_ns=T0_NS, incident_revisions=rows)
    store.close()
    more, bodies = MomentReader(path).incidents_opened(T0_NS + 60 * S, T0_NS + 240 * S, limit=3)
    assert more
    assert [json.loads(body)["id"] for body in bodies] == ["I1", "I2", "I3"]


def test_erased_incidents_do_not_fill_an_answer(path):
    store = Store(path, encrypted=True)
    rows = [incident(f"I{n}", opened_at=T0 + timedelta(hours=n)) for n in range(6)]
    store.commit(1, stamp_ns=T0_NS, incident_revisions=rows)
    store.close()
    DayKeys.beside(path).erase("alerts", T0.date())  # I0 and I1
    more, bodies = MomentReader(path).incidents_opened(T0_NS, T0_NS + 86_400 * S, limit=2)
    assert more
    assert [json.loads(body)["id"] for body in bodies] == ["I2", "I3"]


def test_states_of_the_api_and_of_incidents_agree():
    from ops.services.api.incidents.models import IncidentState

    assert get_args(IncidentState) == STATES


def test_counts_and_latency_are_stored_beside_the_moments_and_are_no_part_of_them(path):
    store = Store(path)
    parts = {"counts": {"radar-west": {"received": 1}}, "latency": {"picture": {"count": 1, "sum_s": 0.2}}}
    for number in range(3):
        store.commit(number + 1, stamp_ns=T0_NS + number * S, tracks_live=[track("T1")], **parts)
    assert store.live("latency") is not None
    moment = MomentReader(path).moment(T0_NS + 2 * S)
    assert moment is not None
    assert not {"counts", "latency"} & set(moment.parts)
    store.close()

"""The fusion store: a stretch is wholly there or not at all; a re-run publishes nothing twice and loses nothing."""

from __future__ import annotations

import inspect
import json
import random
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geo.errors import BadInput
from geo.frame import LocalFrame
from ops.store.connections import StoreError
from ops.store.reader import Live, Reader, StoreFull
from ops.store.track_history import read_history
from ops.store.writer import Store
from tests.patience import PATIENT_S

T0 = datetime(2026, 3, 1, 22, 0, tzinfo=UTC)


def alert(number: int, revision: int = 0, **more) -> dict:
    return {
        "id": f"A{number:04d}",
        "revision": revision,
        "status": "active",
        "priority": 1,
        "raised_at": T0 + timedelta(seconds=number),
        "sentence": f"Track T{number} crosses segment 4",
        "lon": -84.2,
        "lat": 36.59,
        **more,
    }


def history(first: int, count: int, **more) -> dict[str, np.ndarray]:
    numbers = np.arange(first, first + count)
    return {
        "track": np.array([f"T{number:06d}" for number in numbers], dtype=object),
        "time": np.datetime64("2026-03-01T22:00", "ns") + numbers * np.timedelta64(1, "s"),
        "easting": numbers * 1.1,
        "northing": numbers * -0.3,
        "easting_rate": numbers / 7,
        "northing_rate": np.zeros(count),
        "cov": np.random.default_rng(first).normal(size=(count, 4, 4)),
        "existence": np.full(count, 0.97),
        "status": np.array(["confirmed"] * count),
        "segment": numbers.astype(np.int32),
        "offset_m": np.where(numbers % 2, numbers * 2.5, np.nan),
        **more,
    }


def test_a_new_store_starts_at_the_journals_beginning(path):
    store = Store(path)
    assert (store.cursor, store.checkpoint) == (0, None)
    assert store.live("tracks") is None
    assert store.history_dataset().sizes["estimate"] == 0


def test_a_store_from_before_bearings_keeps_its_picture_and_takes_them(file_path):
    path = file_path
    """The table as of version 0.1.0 in November 2026, before bearing contacts were in the picture."""
    Store(path).close()
    with closing(sqlite3.connect(path)) as old:
        old.execute("DROP TABLE live")
        old.execute(
            "CREATE TABLE live (part TEXT PRIMARY KEY CHECK (part IN ('tracks', 'sensors', 'counts')),"
            " cursor INTEGER NOT NULL, stamp_ns INTEGER NOT NULL, body TEXT NOT NULL)"
        )
        old.execute("INSERT INTO live VALUES ('tracks', 7, 8, '[]')")
        old.commit()
    assert Reader(path).live("bearings") is None
    for body in (b"[1]", b"[2]"):  # opened twice
        store = Store(path)
        assert store.live("tracks") == Live(7, 8, b"[]")
        store.commit(9, stamp_ns=10, bearings=body)
        store.close()
    assert Reader(path).live("bearings") == Live(9, 10, b"[2]")


def test_history_comes_back_to_the_bit(path):
    store, written = Store(path), history(1, 40)
    store.commit(1, stamp_ns=1, history=written)
    read = Reader(path).history_dataset()
    for name, values in written.items():
        np.testing.assert_array_equal(read[name].values, values.astype(read[name].dtype))
    assert read["cov"].dims == ("estimate", "state", "state_")
    assert read["time"].dtype == np.dtype("datetime64[ns]")
    assert read["segment"].dtype == np.int32


def test_history_is_ordered_by_time_however_it_was_taken(path):
    store = Store(path)
    store.commit(1, stamp_ns=1, history=history(5, 3))
    store.commit(2, stamp_ns=2, history=history(1, 4))
    assert list(store.history_dataset()["segment"].values) == [1, 2, 3, 4, 5, 6, 7]


def test_opening_again_goes_back_to_the_checkpoint_and_keeps_alerts(path):
    store = Store(path)
    store.commit(10, stamp_ns=10, history=history(1, 3), alerts=[alert(1)], checkpoint=b"at ten")
    store.commit(15, stamp_ns=15, history=history(4, 2), alerts=[alert(2)], tracks_live=b'[{"track":"T1"}]')
    store.close()

    store = Store(path)
    assert (store.cursor, store.checkpoint) == (10, b"at ten")
    assert store.history_dataset().sizes["estimate"] == 3
    assert [row.alert for row in store.outbox_after(0, limit=9)] == ["A0001", "A0002"]
    # the re-run ends its stretches elsewhere, and its older picture does not replace the newer one
    assert store.commit(13, stamp_ns=13, history=history(4, 1), alerts=[alert(2)], tracks_live=b"[]") == 0
    assert store.live("tracks").body == b'[{"track":"T1"}]'
    store.commit(15, stamp_ns=15, history=history(5, 1), tracks_live=b"[]")
    assert store.live("tracks").body == b"[]"
    assert list(store.history_dataset()["segment"].values) == [1, 2, 3, 4, 5]


def test_a_revision_is_published_once_and_the_highest_one_stands(path):
    store = Store(path)
    assert store.commit(1, stamp_ns=1, alerts=[alert(1, 0), alert(1, 1, status="acknowledged")]) == 2
    assert store.commit(2, stamp_ns=2, alerts=[alert(1, 0), alert(1, 1, status="acknowledged")]) == 0
    assert [(row.n, row.revision) for row in store.outbox_after(0, limit=9)] == [(1, 0), (2, 1)]
    assert store.alert("A0001")[:2] == ("acknowledged", 1)
    assert store.progress().diverged == 0


def test_a_rerun_that_disagrees_is_counted_and_changes_nothing(path):
    store = Store(path)
    store.commit(1, stamp_ns=1, alerts=[alert(1)])
    store.commit(2, stamp_ns=2, alerts=[alert(1, sentence="something else")])
    assert store.progress().diverged == 1
    assert b"crosses segment 4" in store.alert("A0001")[2]


CUTS = st.lists(st.tuples(st.integers(1, 9), st.booleans(), st.booleans()), max_size=12)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(cuts=CUTS)
def test_any_stretches_with_any_crashes_give_the_same_store(new_file, cuts):
    write_in_stretches(new_file(), cuts)


@settings(
    max_examples=3, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(cuts=CUTS)
def test_any_stretches_with_any_crashes_give_the_same_store_in_postgresql(new_sector, connections_closed, cuts):
    write_in_stretches(new_sector(), cuts)


def write_in_stretches(path, cuts):
    """Each cut: stretch length, whether a checkpoint is taken, whether the process dies after it."""
    store = Store(path)
    for length, checkpoint, dies in [*cuts, (60, False, False)]:
        rows = range(store.cursor + 1, min(store.cursor + length, 60) + 1)
        store.commit(
            min(store.cursor + length, 60),
            stamp_ns=0,
            history=history(rows.start, len(rows)),
            alerts=[alert(row) for row in rows if row % 7 == 0],
            checkpoint=b"x" if checkpoint else None,
        )
        if dies:
            store.close()
            store = Store(path)
    if store.cursor < 60:
        rows = range(store.cursor + 1, 61)
        store.commit(
            60, stamp_ns=0, history=history(rows.start, len(rows)), alerts=[alert(r) for r in rows if r % 7 == 0]
        )
    assert list(store.history_dataset()["segment"].values) == list(range(1, 61))
    outbox = store.outbox_after(0, limit=99)
    assert [row.alert for row in outbox] == [f"A{row:04d}" for row in range(7, 61, 7)]
    assert [row.n for row in outbox] == list(range(1, 9))
    store.close()


CHILD = f"""
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
import numpy as np
from ops.store.connections import StoreError
from ops.store.writer import Store
T0 = datetime(2026, 3, 1, 22, 0, tzinfo=UTC)
{inspect.getsource(alert)}
{inspect.getsource(history)}
while True:
    try:
        store = Store(Path(sys.argv[1]))
        break
    except StoreError as error:
        assert "another process" in str(error), error  # the server has not yet noticed that the one before is gone
print("open", flush=True)
while store.cursor < 1000:
    row = store.cursor + 1
    store.commit(row, stamp_ns=row, history=history(row, 2), tracks_live=b"[]",
                 alerts=[alert(row)] if row % 5 == 0 else [], checkpoint=b"%d" % row if row % 20 == 0 else None)
print("done", flush=True)
"""


def test_kill_nine_loses_nothing_and_repeats_nothing(path):
    """Reliability D1 in small: kills at random moments between and inside transactions."""
    chance, kills, published = random.Random(5), 0, 0
    for _ in range(40):
        command = [sys.executable, "-c", CHILD, str(path)]
        child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert child.stdout.readline() == "open\n"
        time.sleep(chance.uniform(0.0, 0.06) if kills < 5 else 0)
        if kills >= 5:
            assert child.stdout.readline() == "done\n"
            child.wait(PATIENT_S)
            break
        child.kill()
        child.wait(PATIENT_S)
        kills += 1
        now_published = Reader(path).last_event()
        assert now_published >= published  # a published alert is never unpublished
        published = now_published
    reader = Reader(path)
    assert kills == 5
    if path.exists():
        assert sqlite3.connect(path).execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert [row.alert for row in reader.outbox_after(0, limit=9999)] == [f"A{row:04d}" for row in range(5, 1001, 5)]
    assert reader.progress().history_rows == 2000
    numbers = reader.history_dataset()["segment"].values
    np.testing.assert_array_equal(numbers, np.sort(np.r_[1:1001, 2:1002]))
    assert reader.progress().diverged == 0


def test_two_writers_are_refused(path):
    with_lock = Store(path)
    with pytest.raises(StoreError, match="another process is writing"):
        Store(path)
    with_lock.close()
    Store(path).close()


def test_a_failed_commit_leaves_nothing_and_can_be_made_again(path):
    store = Store(path)
    store.commit(1, stamp_ns=1, alerts=[alert(1)])
    store.mark_delivered([1], at_ns=7)
    bad = history(1, 2, track=np.array(["T1", "\ud800"], dtype=object))
    with pytest.raises(StoreError, match="nothing of this block was written"):
        store.commit(2, stamp_ns=2, alerts=[alert(2)], history=bad)
    assert (store.cursor, store.last_event(), store.progress().outbox_waiting) == (1, 1, 1)
    assert store.commit(2, stamp_ns=2, alerts=[alert(2)], history=history(1, 2)) == 1
    assert [row.n for row in store.outbox_waiting(0, limit=9)] == [2]  # the delivery of row 1 was not forgotten


def test_a_full_disk_is_one_sentence_and_room_later_is_enough(file_path):
    path = file_path
    store = Store(path)
    store.commit(1, stamp_ns=1, alerts=[alert(1)])
    pages = store._connection.execute("PRAGMA page_count").fetchone()[0]
    store._connection.execute(f"PRAGMA max_page_count = {pages + 1}")  # SQLITE_FULL, as a full disk gives it
    with pytest.raises(StoreFull, match="disk is full"):
        store.commit(2, stamp_ns=2, history=history(1, 2000))
    store._connection.execute("PRAGMA max_page_count = 100000")
    store.commit(2, stamp_ns=2, history=history(1, 2000))
    assert store.progress().history_rows == 2000


def test_deliveries_are_written_with_the_next_commit_or_at_closing(path):
    store, reader = Store(path), Reader(path)
    store.commit(1, stamp_ns=1, alerts=[alert(1), alert(2), alert(3)])
    store.mark_delivered([1], at_ns=5)
    assert len(reader.outbox_waiting(0, limit=9)) == 3
    store.commit(2, stamp_ns=2)
    assert [row.n for row in reader.outbox_waiting(0, limit=9)] == [2, 3]
    store.mark_delivered([2], at_ns=6)
    store.close()
    assert [row.n for row in reader.outbox_waiting(0, limit=9)] == [3]
    assert [row.n for row in reader.outbox_after(0, limit=9)] == [1, 2, 3]


def test_readers_see_whole_stretches_and_notice_news(path):
    reader = Reader(path)
    with pytest.raises(StoreError, match="has not written this store yet"):
        reader.progress()
    store = Store(path)
    before = reader.version()
    assert reader.version() == before
    store.commit(4, stamp_ns=9, tracks_live=[{"track": "T1", "speed": np.float64("nan")}], counts={"r1": {"shed": 0}})
    assert reader.version() != before
    assert reader.live("tracks").body == b'[{"track":"T1","speed":null}]'
    assert (reader.live("tracks").cursor, reader.live("counts").stamp_ns) == (4, 9)
    with pytest.raises(StoreError, match=r"readonly|read-only"):
        reader._rows("DELETE FROM outbox")


@pytest.mark.parametrize(
    ("alerts", "named"),
    [
        ([alert(1, -1)], "revision -1"),
        ([alert(1, status="open")], "status 'open'"),
        ([alert(1, raised_at=datetime(2026, 3, 1))], "no offset"),  # noqa: DTZ001 - the naive time is the case
        ([alert(1, raised_at="yesterday")], "is not a time"),
        ([alert(1, id="")], "the id has a wrong length"),
        ([alert(1, sentence=object())], "is not JSON"),
        ([alert(1, sentence="\ud800")], "is not JSON"),
        ([alert(1, priority=[1])], "priority"),
        ([{"id": "A1"}], "no revision"),
    ],
)
def test_an_alert_that_cannot_be_kept_is_refused_by_name(path, alerts, named):
    store = Store(path)
    with pytest.raises(BadInput, match=named):
        store.commit(1, stamp_ns=1, alerts=alerts)
    assert (store.cursor, store.last_event()) == (0, 0)


@pytest.mark.parametrize(
    ("part", "named"),
    [
        ({"tracks_live": b"[1,"}, "is not a JSON list"),
        ({"tracks_live": b"{}"}, "is not a JSON list"),
        ({"sensors": b"[NaN]"}, "is not a JSON list"),
        ({"counts": {"r1": {"bad name": 1}}}, "plain names"),
        ({"counts": {"r1": {"shed": 0.5}}}, "whole numbers"),
        ({"history": history(1, 2, cov=np.zeros((2, 2, 2)))}, "cov has shape"),
        ({"history": history(1, 2, existence=np.zeros(3))}, "existence has shape"),
        ({"history": history(1, 2, time=np.array(["NaT", "NaT"], dtype="datetime64[ns]"))}, "no NaT"),
        ({"history": {"time": history(1, 2)["time"]}}, "no column 'cov'"),
    ],
)
def test_a_part_that_cannot_be_kept_is_refused_by_name(path, part, named):
    with pytest.raises(BadInput, match=named):
        Store(path).commit(1, stamp_ns=1, **part)


def test_the_cursor_only_rises(path):
    store = Store(path)
    store.commit(5, stamp_ns=5)
    with pytest.raises(BadInput, match="lies before 5"):
        store.commit(4, stamp_ns=4)


def test_somebody_elses_file_is_refused_and_not_touched(file_path):
    path = file_path
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE mine (a)")
    other.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match="not a store of this version"):
        Store(path)
    assert path.read_bytes() == before
    text = path.with_name("text.sqlite")
    text.write_text("not a database at all, but long enough to have a header of sixteen bytes")
    with pytest.raises(StoreError, match="cannot be opened as a store"):
        Store(text)


def test_tracks_export_as_geoparquet_and_come_back_to_the_bit(path, tmp_path):
    import geopandas as gpd

    frame, store = LocalFrame.around(-84.25, 36.59), Store(path)
    store.commit(1, stamp_ns=1, history=history(1, 5))
    assert store.export_tracks_geoparquet(tmp_path / "out" / "tracks.parquet", frame) == 5
    table, whole = gpd.read_parquet(tmp_path / "out" / "tracks.parquet"), store.history_dataset()
    assert table.crs.to_epsg() == 4326
    lon, lat = frame.to_lonlat(whole["easting"].values, whole["northing"].values)
    np.testing.assert_array_equal(np.c_[table.geometry.x, table.geometry.y], np.c_[lon, lat])
    back = read_history(tmp_path / "out" / "tracks.parquet")
    for name in back.data_vars:
        np.testing.assert_array_equal(back[name].values, whole[name].values)


def test_an_empty_history_exports_too(path, tmp_path):
    frame = LocalFrame.around(-84.25, 36.59)
    assert Store(path).export_tracks_geoparquet(tmp_path / "tracks.parquet", frame) == 0
    assert read_history(tmp_path / "tracks.parquet").sizes["estimate"] == 0


def test_alerts_export_as_geojson(path, tmp_path):
    store = Store(path)
    store.commit(1, stamp_ns=1, alerts=[alert(2, lon=float("nan"), lat=float("nan")), alert(1), alert(1, 1)])
    assert store.export_alerts_geojson(tmp_path / "alerts.geojson") == 2
    first, second = json.loads((tmp_path / "alerts.geojson").read_text())["features"]
    assert first["geometry"] == {"type": "Point", "coordinates": [-84.2, 36.59]}
    assert (first["id"], first["properties"]["revision"]) == ("A0001", 1)
    assert second["geometry"] is None

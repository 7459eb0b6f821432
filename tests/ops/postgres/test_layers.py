"""Layers for maps: geometry that GIS programs read, where the records say, and for those who may read the sector."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
from msgspec.structs import replace
from sqlalchemy import create_engine

from geo.errors import BadInput
from geo.frame import LocalFrame
from ops.audit.search import EntryFilter, each_entry
from ops.postgres.address import STORE_VARIABLE, StoreAddress
from ops.postgres.engine import engine_of
from ops.postgres.keeping import write_note
from ops.postgres.migration import migrate
from ops.postgres.readers import grant, revoke
from ops.room.retention import purge
from ops.sector.setting_tables.data import Hold, RetentionSettings
from ops.sector.settings import Settings
from ops.store.connections import store_note
from ops.store.engines.place import keep_fusion_in_store
from ops.store.erasure import erase_records
from ops.store.reader import Reader
from ops.store.writer import Store
from tests.ops.postgres_server import PASSWORD, USER, PostgresServer
from tests.ops.store.test_moments import T0_NS, S, alert, history

FRAME = LocalFrame.around(-84.25, 36.59)


class Mapped:
    """A store with layers, and two sectors in it: three tracks and three alerts in the one, one track in the other."""

    def __init__(self, server: PostgresServer, folder: Path) -> None:
        self.server, self.database = server, server.new_database()
        self.address = StoreAddress(server.address(self.database))
        server.execute("CREATE EXTENSION postgis", self.database)
        migrate(self.address)
        self.north, self.south = (folder / sector / "store.db" for sector in ("north", "south"))
        rows = [("T1", 0, 10.0, "confirmed"), ("T1", 1, 20.0, "confirmed"), ("T2", 2, -300.0, "confirmed"),
                ("T1", 3, 30.0, "closed"), ("T3", 4, np.nan, "confirmed")]  # fmt: skip
        for path, some in ((self.north, rows), (self.south, rows[2:3])):
            path.parent.mkdir()
            keep_fusion_in_store(path, self.address.text, path.parent.name, layers=True)
            store = Store(path, encrypted=True, frame=FRAME)
            placed = [alert("A1", lon=-84.2, lat=36.6), alert("A1", 1, "cleared", lon=-84.3, lat=36.7), alert("A2"),
                      alert("A3", priority="high", lon=float("nan"), lat=1.0)]  # fmt: skip
            store.commit(1, stamp_ns=T0_NS, alerts=placed if path is self.north else [], history=history(some))
            store.commit(2, stamp_ns=T0_NS + S, alerts=placed[:1] if path is self.north else [])  # again
            store.close()

    def layer(self, name: str, *, user: str = USER, password: str = PASSWORD) -> gpd.GeoDataFrame:
        engine = create_engine(StoreAddress(self.server.address(self.database, user=user, password=password)).url)  # type: ignore[call-overload]
        try:
            return gpd.read_postgis(f"SELECT * FROM watchline.{name} ORDER BY fid", engine)
        finally:
            engine.dispose()


@pytest.fixture
def mapped(postgres_server: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mapped]:
    made = Mapped(postgres_server, tmp_path)
    monkeypatch.setenv(STORE_VARIABLE, made.address.text)
    yield made
    postgres_server.drop_database(made.database)


def test_points_and_lines_are_where_the_records_say(mapped: Mapped) -> None:
    points, lines, alerts = (mapped.layer(name) for name in ("track_points", "track_lines", "alert_points"))
    assert {layer.crs.to_epsg() for layer in (points, lines, alerts)} == {4326}
    known = Reader(mapped.north).history_dataset()
    known = known.isel(estimate=np.flatnonzero(~np.isnan(known["easting"].values)))
    lon, lat = FRAME.to_lonlat(known["easting"].values, known["northing"].values)
    mine = points[points["sector"] == "north"]
    assert list(mine["track"]) == ["T1", "T1", "T2", "T1"]
    np.testing.assert_array_equal(np.c_[mine.geometry.x, mine.geometry.y], np.c_[lon, lat])
    np.testing.assert_array_equal(
        mine["seen_at"].dt.tz_convert(None).to_numpy().astype("datetime64[ms]"),
        known["time"].values.astype("datetime64[ms]"),
    )
    assert list(points["sector"]) == ["north"] * 4 + ["south"]
    assert list(lines["track"]) == ["T1"], "one estimate is no line"
    assert list(lines.geometry.iloc[0].coords) == list(zip(lon[[0, 1, 3]], lat[[0, 1, 3]], strict=True))
    assert [(row.fid, row.alert, row.status, row.priority, row.geom.x, row.geom.y) for row in alerts.itertuples()] == [
        ("north:A1", "A1", "cleared", "1", -84.3, 36.7)
    ]


def test_features_of_all_sectors_have_numbers_of_their_own(mapped: Mapped) -> None:
    """Alerts on sensors and segments of one name have one id in two sectors; GIS programs need another one for each."""
    store = Store(mapped.south, frame=FRAME)
    store.commit(
        3, stamp_ns=T0_NS, history=history([("T2", 2, -300.0, "confirmed")]), alerts=[alert("A1", lon=1, lat=2)]
    )
    store.close()
    alerts, points = mapped.layer("alert_points"), mapped.layer("track_points")
    assert list(zip(alerts["fid"], alerts["alert"], strict=True)) == [("north:A1", "A1"), ("south:A1", "A1")]
    assert {"north", "south"} == set(points["sector"])
    assert points["fid"].is_unique


def test_layers_of_an_earlier_version_are_brought_up_to_date(mapped: Mapped) -> None:
    for name in ("alert_points", "track_points"):
        mapped.server.execute(f"DROP VIEW watchline.{name}", mapped.database)
    mapped.server.execute(
        "CREATE VIEW watchline.alert_points WITH (security_invoker = true) AS SELECT a.id AS fid, s.name AS sector,"
        " a.status, a.priority #>> '{}' AS priority, to_timestamp(a.raised_ns / 1e9) AS raised_at, a.geom"
        " FROM watchline.alerts a JOIN watchline.sectors s USING (sector) WHERE a.geom IS NOT NULL",
        mapped.database,
    )
    keep_fusion_in_store(mapped.north, mapped.address.text, "north")
    assert list(mapped.layer("alert_points")["alert"]) == ["A1"]
    assert len(mapped.layer("track_points")) == 5


def test_gis_programs_find_the_layers(mapped: Mapped) -> None:
    """OGR, by which many of them read PostGIS; QGIS has a provider of its own, which is not tested."""
    ogrinfo = shutil.which("ogrinfo")
    assert ogrinfo is not None, "apt-get install gdal-bin (deploy/system_packages.py)"
    place = f"PG:host={mapped.server.folder} user={USER} password='{PASSWORD}' dbname={mapped.database}"
    place += " schemas=watchline tables=track_points,track_lines,alert_points"
    found = subprocess.run([ogrinfo, "-ro", "-al", "-so", place], capture_output=True, text=True, check=True).stdout
    for name, kind, count in (
        ("track_points", "Point", 5),
        ("track_lines", "Line String", 1),
        ("alert_points", "Point", 1),
    ):
        _, _, layer = found.partition(f"Layer name: {name}\n")
        assert f"Geometry: {kind}\nFeature Count: {count}\n" in layer
        assert 'ID["EPSG",4326]' in layer.partition("Layer name:")[0]


def test_a_role_sees_the_layers_of_its_sectors(mapped: Mapped) -> None:
    role = f"gis_{mapped.database}"
    mapped.server.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'secret'")
    try:
        grant(mapped.address, role, "south")
        assert list(mapped.layer("track_points", user=role, password="secret")["sector"]) == ["south"]
        assert mapped.layer("alert_points", user=role, password="secret").empty
        revoke(mapped.address, role, "south")
        with pytest.raises(Exception, match="permission denied"):
            mapped.layer("track_points", user=role, password="secret")
    finally:
        mapped.server.execute(f"DROP OWNED BY {role}", mapped.database)
        mapped.server.execute(f"DROP ROLE {role}")


def test_erased_days_have_no_points(mapped: Mapped) -> None:
    assert erase_records(mapped.north, lambda _, day: day == date(2026, 3, 1)) > 0
    assert set(mapped.layer("track_points")["sector"]) == {"south"}
    assert mapped.layer("alert_points").empty


def test_a_running_room_erases_the_points_of_due_days_while_fusion_writes(mapped: Mapped) -> None:
    """The records are erased with their keys; a point is in no key."""
    settings = Settings(retention=RetentionSettings(tracks=30, alerts=30))
    folder, today = mapped.north.parent, date(2026, 4, 1)
    store = Store(mapped.north, encrypted=True, frame=FRAME)
    try:
        days = {"T1": 0, "T2": 2, "T8": 8 * 86_400, "T9": 9 * 86_400}
        rows = [(track, at_s, 1.0, "confirmed") for track, at_s in days.items()] + [("T3", 1, np.nan, "confirmed")]
        closed = [alert(name, 2, "cleared") for name in ("A2", "A3")]
        store.commit(3, stamp_ns=T0_NS + S, history=history(rows), alerts=closed)
        store.mark_delivered(range(1, 1 + Reader(mapped.north).last_event()), at_ns=T0_NS)
        assert set(mapped.layer("track_points")["track"]) == set(days)
        done = purge(folder, settings, today=today)
        assert done.records == 3, "two positions of tracks and one of an alert; T3 and two alerts had none"
        north = mapped.layer("track_points")
        assert list(north[north["sector"] == "north"]["track"]) == ["T8", "T9"]
        assert mapped.layer("alert_points").empty
        assert set(north["sector"]) == {"north", "south"}, "no other sector loses any"
        store.commit(4, stamp_ns=T0_NS + 2 * S, history=history([("T9", 9 * 86_400 + 1, 2.0, "confirmed")]))
    finally:
        store.close()
    assert list(mapped.layer("track_lines")["track"]) == ["T9"]
    subjects = [entry.subject for entry in each_entry(folder / "audit", EntryFilter())]
    assert "3 points of the layers for maps" in subjects
    assert purge(folder, settings, today=today).records == 0
    assert mapped.server.execute("SELECT count(*) FROM watchline.history WHERE sector = 1", mapped.database) == [(6,)]


@pytest.mark.parametrize("overwrite", [False, True], ids=["running", "stopped"])
def test_points_of_a_sector_that_is_kept_without_layers_now_are_erased_too(mapped: Mapped, overwrite: bool) -> None:
    """As where a cluster took it over into a folder of its own."""
    note = store_note(mapped.north)
    assert note is not None
    write_note(mapped.north, replace(note, layers=False))
    settings, today = Settings(retention=RetentionSettings(tracks=30)), date(2026, 4, 1)
    assert purge(mapped.north.parent, settings, today=today, overwrite=overwrite).records > 0
    assert list(mapped.layer("track_points")["sector"]) == ["south"]
    assert purge(mapped.north.parent, settings, today=today, overwrite=overwrite).records == 0


def test_a_legal_hold_keeps_its_points(mapped: Mapped) -> None:
    settings = Settings(
        retention=RetentionSettings(tracks=30),
        hold=(Hold("case 12/2026", date(2026, 3, 1), date(2026, 3, 1), until=date(2026, 12, 31), kinds=("tracks",)),),
    )
    assert purge(mapped.north.parent, settings, today=date(2026, 4, 1)).records == 0
    assert list(mapped.layer("track_points")["sector"]) == ["north"] * 4 + ["south"]


def test_what_a_restart_takes_back_is_taken_from_the_layers_too(mapped: Mapped) -> None:
    """No checkpoint was taken, so fusion writes the whole history again."""
    Store(mapped.north, frame=FRAME).close()
    assert set(mapped.layer("track_points")["sector"]) == {"south"}
    assert list(mapped.layer("alert_points")["alert"]) == ["A1"], "what was published remains"


def test_without_postgis_one_sentence_and_nothing_changes(postgres_server: PostgresServer, tmp_path: Path) -> None:
    address = StoreAddress(postgres_server.address(postgres_server.new_database()))
    migrate(address)
    path = tmp_path / "store.db"
    with pytest.raises(BadInput, match=r"has no PostGIS, which the layers need; expected `CREATE EXTENSION postgis`"):
        keep_fusion_in_store(path, address.text, "north", layers=True)
    assert store_note(path) is None
    with engine_of(address).connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM sectors").scalar() == 0


def test_a_store_that_has_sectors_already_takes_layers(
    postgres_server: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = postgres_server.new_database()
    address = StoreAddress(postgres_server.address(database))
    monkeypatch.setenv(STORE_VARIABLE, address.text)
    migrate(address)
    path = tmp_path / "store.db"
    keep_fusion_in_store(path, address.text, "north")
    store = Store(path, frame=FRAME)
    store.commit(1, stamp_ns=T0_NS, history=history([("T1", 0, 1.0, "confirmed")]), checkpoint=b"x")
    store.close()
    postgres_server.execute("CREATE SCHEMA gis; CREATE EXTENSION postgis SCHEMA gis", database)
    for _ in range(2):
        keep_fusion_in_store(path, address.text, "north", layers=True)
    keep_fusion_in_store(path, address.text, "north")
    note = store_note(path)
    assert note is not None
    assert note.layers, "layers that were wanted remain"
    store = Store(path, frame=FRAME)
    store.commit(2, stamp_ns=T0_NS, history=history([("T2", 0, 1.0, "confirmed"), ("T2", 86_400, 2.0, "confirmed")]))
    store.close()
    found = postgres_server.execute("SELECT track FROM watchline.track_points ORDER BY fid", database)
    assert found == [("T2",), ("T2",)], "those from before have no points"

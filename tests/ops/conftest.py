"""A small made-up sector: 8 × 6 km of gentle hills, a border across the middle, three sensors that see most of it."""

from __future__ import annotations

import base64
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import numpy as np
import pytest
import rasterio
import typer.main
import typer.testing
from pyproj import Transformer

from ingest.decode import encode
from ingest.envelope import Delivery
from ingest.errors import BrokerError
from ingest.receiving.receiver import Receiver
from ingest.sending.spool import Spool
from ingest.topics import sensor_topic
from ops.broker.broker import EmbeddedBroker, MosquittoBroker
from ops.cli import app as cli
from ops.journal.reader import Counts, Recount
from ops.journal.stores.place import read_journal
from ops.journal.writer import Journal
from ops.postgres.address import StoreAddress
from ops.postgres.migration import migrate
from ops.room.night_file import SCENARIO_START, read_night
from ops.room.simulate_night import write_simulated_night
from ops.sector.open_sector import OpenSector, open_sector
from ops.sector.sector_file import load_sector
from sensors.timestamps import nanoseconds
from tests.ops.known_detection import known_detection
from tests.ops.postgres_server import PostgresServer
from tests.patience import PATIENT_S

CELL_M = 40.0
ROWS, COLUMNS = 150, 200
WEST, NORTH = 700_000.0, 4_050_000.0  # metres of UTM zone 16 N, in no particular place
EPSG = 32616
NIGHT_S = 60.0
NIGHT_SEED = 7


@dataclass(frozen=True)
class Files:
    """The pieces of a sector on disk; every one may be spoilt before it is opened."""

    folder: Path

    @property
    def sector(self) -> Path:
        return self.folder / "sector.toml"

    @property
    def dem(self) -> Path:
        return self.folder / "dem.tif"

    @property
    def border(self) -> Path:
        return self.folder / "border.geojson"

    @property
    def layout(self) -> Path:
        return self.folder / "layout.geojson"

    def edit(self, file: Path, old: str, new: str) -> None:
        """Replace text that must be there."""
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new))

    def write_dem(self, elevation: np.ndarray, **profile: Any) -> None:
        rows, columns = elevation.shape
        settings = {
            "driver": "GTiff",
            "width": columns,
            "height": rows,
            "count": 1,
            "dtype": "float32",
            "crs": f"EPSG:{EPSG}",
            "transform": rasterio.Affine(CELL_M, 0.0, WEST, 0.0, -CELL_M, NORTH),
            "nodata": -9999.0,
            **profile,
        }
        with rasterio.open(self.dem, "w", **settings) as raster:
            raster.write(elevation.astype(np.float32), 1)


def hills() -> np.ndarray:
    """Elevation [m]: waves of 25 m over a slope, so that there is a little shadow but everybody can walk."""
    row, column = np.mgrid[0:ROWS, 0:COLUMNS]
    return 300.0 + 25.0 * np.sin(row / 17.0) * np.cos(column / 23.0) + 0.1 * column


def lonlat(east_m: float, south_m: float) -> list[float]:
    """[lon, lat] of a point so far east and south of the map's north-western corner."""
    transformer = Transformer.from_crs(EPSG, 4326, always_xy=True)
    return [round(value, 7) for value in transformer.transform(WEST + east_m, NORTH - south_m)]


def collection(*features: Mapping[str, Any]) -> str:
    return json.dumps({"type": "FeatureCollection", "features": list(features)}, indent=1)


def feature(shape: str, coordinates: list[Any], **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "geometry": {"type": shape, "coordinates": coordinates}, "properties": properties}


SENSORS = (
    feature(
        "Point", lonlat(4000, 3100), id="radar-mid", kind="radar", mast_height_m=12, max_range_m=5000, period_s=1,
        latency_s=0.2, status_interval_s=5, detection_probability=0.95, false_alarms_per_scan=0.2, range_sd_m=6,
        azimuth_sd_deg=0.4, radial_velocity_sd_mps=0.3,
    ),
    feature(
        "Point", lonlat(2500, 3300), id="camera-west", kind="camera", mast_height_m=8, max_range_m=2500, period_s=2,
        azimuth_deg=0, field_of_view_deg=90, latency_s=0.4, status_interval_s=5, azimuth_sd_deg=0.1,
        elevation_sd_deg=0.2, detection_probability=0.9, false_alarms_per_scan=0.05,
    ),
    feature(
        "Point", lonlat(4700, 3000), id="ground-1", kind="ground_sensor", max_range_m=60, latency_s=0.5,
        status_interval_s=5, detection_probability=0.9, false_alarms_per_scan=0.01,
    ),
)  # fmt: skip

SECTOR = """name = "hills"
title = "Hills (made up for tests)"
terrain = "dem.tif"
border = "border.geojson"
frame = "auto"
segment_length_m = 500
belt_m = 1500
home_side = "right"
time_zone = "UTC"

[layouts]
three = "layout.geojson"
"""


def write_sector(folder: Path) -> Files:
    files = Files(folder)
    folder.mkdir(parents=True, exist_ok=True)
    files.write_dem(hills())
    line = [lonlat(east, 3000 + 60 * (-1) ** (east // 400)) for east in range(200, 7900, 400)]
    files.border.write_text(collection(feature("LineString", line, name="made up")))
    files.layout.write_text(collection(*SENSORS))
    files.sector.write_text(SECTOR)
    return files


PIXEL = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==")


@contextmanager
def blank_pictures() -> Iterator[None]:
    """``watchline challenge`` writes one pixel in place of each picture: half of its time goes to drawing them."""
    from ops.analysis.challenge.report import pictures, profiles  # heavy, and few tests need them

    drawn = {pictures: ("draw_scores", "draw_maps", "draw_crossings"), profiles: ("draw_profiles",)}
    with pytest.MonkeyPatch.context() as patch:
        for module, names in drawn.items():
            for name in names:
                patch.setattr(module, name, lambda path, *_: path.write_bytes(PIXEL))
        yield


class Ending(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


@pytest.fixture
def watchline(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ending]:
    """Runs ``watchline`` with these arguments in this process."""

    def run(*arguments: str | Path) -> Ending:
        monkeypatch.setattr(sys, "argv", ["watchline", *map(str, arguments)])
        monkeypatch.setattr(cli.signal, "signal", lambda *_: None)  # pytest keeps its own handlers
        monkeypatch.setenv("PYTHONSAFEPATH", "1")  # main sets it and the next one; here that ends with the test
        monkeypatch.setenv("PYTHONPATH", os.environ.get("PYTHONPATH", ""))
        before = os.umask(0o077)
        try:
            with pytest.raises(SystemExit) as ended:
                cli.main()
        finally:
            os.umask(before)
        captured = capsys.readouterr()
        return Ending(int(ended.value.code or 0), captured.out, captured.err)

    return run


LIMITS: Mapping[str, float] = {
    "ops.audit.witness.CLOSE_S": PATIENT_S,
    "ops.cluster.leases.store_leases._ANSWER_S": round(PATIENT_S),
    "ops.exchange.pull.TIMEOUT_S": PATIENT_S,
    "ops.postgres.address.CONNECT_S": round(PATIENT_S),
}
"""Limits of a few seconds that are the subject of no test: a busy machine or disk exceeds them."""


@pytest.fixture(scope="session", autouse=True)
def patient_product() -> Iterator[None]:
    """In this process the product waits as long as the tests do, where it would take a pause for a fault."""
    with pytest.MonkeyPatch.context() as patched:
        for name, limit_s in LIMITS.items():
            patched.setattr(name, limit_s)
        yield


@pytest.fixture(scope="session", autouse=True)
def detection_once() -> Iterator[None]:
    """The detection of crossings of an open sector is computed once for all tests."""
    with known_detection():
        yield


@pytest.fixture(scope="session", autouse=True)
def commands_once() -> Iterator[None]:
    """The tree of all commands is built once, and not with each of the hundreds of command lines."""
    built = cache(typer.main.get_command)
    with patch.object(typer.main, "get_command", built), patch.object(typer.testing, "_get_command", built):
        yield


@pytest.fixture(scope="session")
def hill_sector(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """The small sector, for those who only read it."""
    return write_sector(tmp_path_factory.mktemp("hills"))


@pytest.fixture(scope="session")
def make_sector() -> Callable[[Path], Files]:
    """Writes a small sector into a folder, for modules that spoil one of their own."""
    return write_sector


@pytest.fixture
def own_sector(tmp_path: Path) -> Files:
    """A small sector of one's own, to be spoilt."""
    return write_sector(tmp_path / "sector")


@pytest.fixture(scope="session")
def hill_ground(hill_sector: Files) -> OpenSector:
    return open_sector(load_sector(hill_sector.sector))


@pytest.fixture(scope="session")
def hill_night(hill_ground: OpenSector, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with the files of a rehearsed night of a minute: what the simulator process sends."""
    folder = tmp_path_factory.mktemp("night")
    write_simulated_night(hill_ground, folder, seed=NIGHT_SEED, duration_s=NIGHT_S)
    return folder


@pytest.fixture(scope="session")
def copy_night(hill_night: Path) -> Callable[[Path], Path]:
    """Puts the rehearsed night into a folder of one's own."""

    def copy(folder: Path) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        for file in hill_night.iterdir():
            shutil.copy(file, folder)
        return folder

    return copy


@pytest.fixture(scope="module", params=["iotcore", "mosquitto"])
def broker(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[EmbeddedBroker | MosquittoBroker]:
    """Both brokers, running; the tests may kill and start them."""
    folder = tmp_path_factory.mktemp(request.param)
    try:
        made = EmbeddedBroker(folder=folder) if request.param == "iotcore" else MosquittoBroker(folder=folder)
    except BrokerError as error:
        if os.geteuid() == 0:  # `make test` was allowed to install it
            pytest.fail(str(error))
        pytest.skip(str(error))
    made.start()
    yield made
    made.stop()


@dataclass(frozen=True)
class Ledger:
    """What spools and journal of one folder say, per sensor: the two identities, counted without the counters."""

    published: dict[str, int]
    waiting: int
    counts: dict[str, Counts]
    recount: dict[str, Recount]

    def check(self) -> None:
        """Receipts and messages balance exactly, and the counters say what the rows say."""
        assert self.waiting == 0
        for sensor in self.published.keys() | self.counts.keys() | self.recount.keys():
            published, counts = self.published.get(sensor, 0), self.counts.get(sensor, Counts())
            rows = self.recount.get(sensor, Recount())
            assert counts.received == counts.journaled + counts.duplicate + counts.dead_lettered + counts.shed, sensor
            assert (counts.journaled, counts.dead_lettered) == (rows.journaled, rows.dead_lettered), sensor
            if sensor in self.published:
                assert published == rows.journaled + rows.dead_keys + counts.shed, sensor


def read_ledger(folder: Path, *, spools: Path | None = None) -> Ledger:
    """Read the ledger of a folder in which a room was; ``spools`` are those of its senders, by default in it."""
    published, waiting = {}, 0
    for file in sorted((spools or folder / "spool").glob("*.db")):
        with Spool(file) as spool:
            published[file.stem] = spool.put_total
            waiting += spool.waiting
    with read_journal(folder / "journal.db") as journal:
        recount = {sensor: row for (sensor, kind), row in journal.recount().items() if kind == "detections"}
        return Ledger(published, waiting, journal.counts("detections"), recount)


@pytest.fixture(scope="session")
def ledger() -> Callable[[Path], Ledger]:
    """Reads the ledger of a folder in which a room was."""
    return read_ledger


@pytest.fixture(scope="session")
def hill_journal(hill_night: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What ingest journals of the rehearsed night, without a broker: scans as they come, a tick every second."""
    path = tmp_path_factory.mktemp("journal") / "journal.db"
    with Journal(path) as journal:
        record_night(hill_night, journal)
    return path


def record_night(night: Path, journal: Any) -> None:
    """Write into a journal what ingest journals of a rehearsed night."""
    receiver = Receiver("hills", commit=journal.commit, acknowledge=lambda _: None, recall=journal.recall)
    tick_ns = nanoseconds(SCENARIO_START)
    for scan in read_night(night / "night.jsonl"):
        received_ns = nanoseconds(scan.received_at)
        while tick_ns <= received_ns:
            journal.tick(tick_ns)
            tick_ns += 1_000_000_000
        topic = sensor_topic("hills", scan.sensor, "detections")
        delivery = Delivery(topic, encode(scan), None, (("sent", str(received_ns)),), received_ns)
        receiver.handle([delivery])


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL server of this process's own."""
    server = PostgresServer()
    yield server
    server.remove()


@pytest.fixture
def own_server() -> Iterator[PostgresServer]:
    """A PostgreSQL server of a test's own, to be stopped or killed."""
    server = PostgresServer()
    yield server
    server.remove()


@pytest.fixture(scope="session")
def postgres_store(postgres_server: PostgresServer) -> StoreAddress:
    """A store in that server for any number of tests, each with its own sector."""
    address = StoreAddress(postgres_server.address(postgres_server.new_database()))
    migrate(address)
    return address

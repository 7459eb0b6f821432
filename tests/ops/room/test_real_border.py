"""The sector pipeline on real ground: an SRTM tile of the Pyrenees and the line between Spain, Andorra and France."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from fusion.scoring import time_to_confirm
from geo.terrain import sample
from ingest.decode import encode
from ingest.envelope import Delivery
from ingest.receiving.receiver import Receiver
from ingest.topics import sensor_topic
from ops.journal.writer import Journal
from ops.room.simulate_night import simulate_night
from ops.runtime.clock import ScenarioClock
from ops.sector.open_sector import OpenSector, open_sector
from ops.sector.sector_file import load_sector
from ops.sector.settings import Settings
from ops.services.fusion.process import Fusion
from ops.store.writer import Store
from sensors.timestamps import nanoseconds

SHARED = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "terrain"
TILE = SHARED / "srtm3_n42e001_pyrenees_ES-AD-FR.tif"
LINES = SHARED / "ne_10m_admin_0_boundary_lines_land.shp"
WHERE = "adm0_left IN ('Spain', 'Andorra', 'France') AND adm0_right IN ('Spain', 'Andorra', 'France')"

pytestmark = pytest.mark.skipif(not TILE.exists(), reason="the shared SRTM tiles are not here")


def _sector_file(folder: Path, layout: dict[str, object]) -> Path:
    (folder / "towers.geojson").write_text(json.dumps(layout))
    path = folder / "sector.toml"
    path.write_text(
        f'name = "pyrenees"\nterrain = "{TILE}"\nborder = "{LINES}"\nborder_where = "{WHERE}"\nbelt_m = 2000\n'
        'time_zone = "Europe/Andorra"\n[layouts]\ntowers = "towers.geojson"\n'
    )
    return path


def _tower(name: str, lon: float, lat: float) -> dict[str, object]:
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [lon, lat]},
        "properties": {
            "id": name,
            "kind": "radar",
            "max_range_m": 8000,
            "mast_height_m": 20,
            "period_s": 3,
            "range_sd_m": 5,
            "azimuth_sd_deg": 0.3,
            "detection_probability": 0.9,
            "false_alarms_per_scan": 0.5,
        },
    }


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> OpenSector:
    """Four towers, each on the highest cell within 1.5 km of the line at a fifth of its length."""
    folder = tmp_path_factory.mktemp("pyrenees")
    bare = open_sector(load_sector(_sector_file(folder, _layout([_tower("t0", 1.5, 42.45)]))))
    towers = []
    for i in range(1, 5):
        east, north = bare.border.point_at(bare.border.length_m * i / 5)
        dx, dy = np.meshgrid(np.arange(-1500.0, 1501, 90), np.arange(-1500.0, 1501, 90))
        height = np.nan_to_num(sample(bare.terrain, east + dx.ravel(), north + dy.ravel()), nan=-1.0)
        best = int(height.argmax())
        lon, lat = bare.frame.to_lonlat(east + dx.ravel()[best], north + dy.ravel()[best])
        towers.append(_tower(f"tower-{i}", float(lon), float(lat)))
    return open_sector(load_sector(_sector_file(folder, _layout(towers))))


def _layout(towers: list[dict[str, object]]) -> dict[str, object]:
    return {"type": "FeatureCollection", "features": towers}


def test_the_ground_is_the_pyrenees(ground: OpenSector) -> None:
    heights = ground.terrain["elevation"].values
    # SOURCES.md of the tiles: 349–3100 m, 0.5 % voids
    assert 300 < np.nanmin(heights) < 450
    assert 2950 < np.nanmax(heights) < 3101
    assert 0.0005 < np.isnan(heights).mean() < 0.05
    # Andorra's borders with Spain and France are about 64 and 57 km (CIA World Factbook); the tile adds part of ES-FR
    assert 90_000 < ground.border.length_m < 260_000


def test_messages_become_tracks_and_alerts(ground: OpenSector, tmp_path: Path) -> None:
    scans, truth = simulate_night(ground, seed=3, duration_s=240.0)
    journal = Journal(tmp_path / "journal.db")
    receiver = Receiver("pyrenees", commit=journal.commit, acknowledge=lambda _: True, recall=journal.recall)
    for scan in scans:
        received_ns = nanoseconds(scan.received_at)
        topic = sensor_topic("pyrenees", scan.sensor, "detections")
        receiver.handle([Delivery(topic, encode(scan), "application/json", (), received_ns)])
    counts = journal.counts()
    unique = {scan.key for scan in scans}
    assert sum(count.journaled for count in counts.values()) == len(unique)
    assert sum(count.received for count in counts.values()) == len(scans)

    store = Store(tmp_path / "store.db")
    fusion = Fusion(journal, store, ground, Settings(), ScenarioClock.live())
    while fusion.step():
        pass
    fusion.finish()
    history = store.history_dataset()
    assert store.alert_counts(), "border traffic in view of four towers raises at least one alert"
    found = np.isfinite(time_to_confirm(truth, history).values.astype(float))
    assert found.sum() >= 3, "several movers are tracked where the mountains let the towers see them"
    assert not found.all(), "and some are not: nobody sees into every valley"
    assert np.isin(history["segment"].values, np.arange(-1, ground.border.segments)).all()
    store.close()
    journal.close()

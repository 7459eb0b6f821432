"""Rooms whose pages the photographs show: a demonstration, and stores written here for one state each."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import rasterio

from ops.runtime.processes.reserved_port import ReservedPort
from ops.services.fusion.incident_view import incident_dict
from tests.ops.analysis.handover.night import FRAME
from tests.ops.incidents.making import incident
from tests.patience import PATIENT_S
from tests.web.conftest import LAT, LON, World, until

RADARS = ("radar-west", "radar-divide", "radar-crest", "radar-valley")
LONG_NAMES = (
    "نقطة مراقبة الحدود الشمالية الشرقية بالقرب من الوادي الكبير ٣",
    "Северо-восточный пост наблюдения у старой мельницы за рекой-7",
    "东北边境观察哨站位于老磨坊旁边的大河谷北侧山脊线上第三号雷达站点东北边境观察哨站位于老磨坊旁边的大河谷北侧山脊线上第三号",
    "north-eastern observation post beside the old mill on ridge 3",
)
PRIORITIES = ("high", "high", "medium", "medium", "medium", "low", "low", "low", "low", "low", "low", "low")
SPOKEN = ("Alpha", "Bravo", "Charlie", "Delta", "Echo", "Foxtrot", "Golf", "Hotel", "India", "Juliett", "Kilo", "Lima")
KINDS = ("person", "person", "group", "vehicle", "animal", "unknown")
FORCES_SETTINGS = {"fading_s": 300.0, "stale_s": 900.0}


@contextmanager
def demonstration(folder: Path) -> Iterator[str]:
    """The sample sector as ``watchline demo`` shows it, once a crossing has been alerted."""
    log = folder / "log"
    reserved = ReservedPort()
    command = [sys.executable, "-m", "ops.cli", "demo", "--headless", "--duration=3600", f"--port={reserved.number}"]
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*command, f"--out={folder / 'out'}"], stdout=out, stderr=out, cwd=Path.cwd(), start_new_session=True
        )
    try:
        found = re.compile(r"http://127\.0\.0\.1:\d+/")
        if (
            not until(lambda: process.poll() is not None or found.search(log.read_text(errors="replace")))
            or process.poll() is not None
        ):
            raise RuntimeError(log.read_text()[-300:])
        address = found.findall(log.read_text())[0]
        if not until(lambda: "ALERT, high" in log.read_text(errors="replace"), within_s=400):
            raise RuntimeError("the demonstration raised no alert of high priority")
        yield address
    finally:
        process.terminate()  # it ends its own parts
        with suppress(subprocess.TimeoutExpired):
            process.wait(60)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # what is left, as processes that compile
        process.wait()
        reserved.release()


@contextmanager
def written(folder: Path, fill: Callable[[World], None] = lambda world: None, sector: str = "") -> Iterator[World]:
    """A served store whose picture ``fill`` makes and the writer renews twice a second."""
    world = World(folder)
    world.sensors = [world.sensor(name, number) for number, name in enumerate(RADARS)]
    world.sector = sector or world.sector
    world.commit()
    fill(world)
    world.write()
    try:
        world.start()
        yield world
    finally:
        end(world)


def end(world: World) -> None:
    """Close a world whose server may have been killed for its picture."""
    if world.process is not None and world.process.poll() is not None:
        world.process = None
    world.close()


def few(world: World) -> None:
    world.sensors = sensors_of_the_layout(world)
    world.tracks = [track_of(world, n) for n in range(12)]
    world.commit([world.alert(1, priority="high"), world.alert(2)], forces=forces_near(3))


def silent(world: World) -> None:
    few(world)
    next(one for one in world.sensors if one["sensor"] == "radar-crest")["state"] = "offline"
    sentence = "Sensor radar-crest is silent: dead ground from segment 20 to 32."
    gaps = [{"segment": segment, "before": 0.9, "after": 0.2} for segment in range(20, 33)]
    world.commit([sensor_alert(world, sentence) | {"coverage_gaps": gaps}])


def full_night(world: World) -> None:
    """200 tracks on 20 km of border, twelve alerts, eight units, one sensor silent."""
    world.tracks = [track_of(world, n) for n in range(200)]
    world.sensors = sensors_of_the_layout(world)
    next(one for one in world.sensors if one["sensor"] == "radar-valley")["state"] = "offline"
    alerts = [
        world.alert(
            n,
            priority=priority,
            lon=world.tracks[n]["lon"],
            lat=world.tracks[n]["lat"],
            time_to_border_s=240.0 + 45 * n,
        )
        for n, priority in enumerate(PRIORITIES)
    ]
    world.commit(
        [*alerts, sensor_alert(world, "Sensor radar-valley is silent.")],
        forces=forces_near(8),
        incident_revisions=[incident_of(number, alert) for number, alert in enumerate(alerts)],
    )


def incident_of(number: int, alert: dict[str, Any]) -> dict[str, Any]:
    """An open incident about one alert, at its position."""
    now = datetime.now(UTC)
    made = incident(
        id=f"I{number:04d}", name=f"{SPOKEN[number]} {17 + 3 * number}", priority=alert["priority"], lead=alert["id"],
        alerts=(alert["id"],), opened_at=now, updated_at=now, attention_since=now,
    )  # fmt: skip
    return incident_dict(made, FRAME) | {name: alert[name] for name in ("lon", "lat")}


def crowd(world: World) -> None:
    """More tracks, sensors and units than are drawn one by one."""
    world.tracks = [track_of(world, n) for n in range(20_000)]
    world.sensors = [*sensors_of_the_layout(world), *(many_sensors(world, n, 80) for n in range(8, 80))]
    world.commit([world.alert(1, priority="high")], forces=forces_near(80))


def crowded_sensors(world: World) -> None:
    world.tracks = [track_of(world, n) for n in range(20)]
    world.sensors = [*sensors_of_the_layout(world), *(many_sensors(world, n, 400) for n in range(8, 400))]
    lost = next(sensor["sensor"] for sensor in world.sensors if sensor["state"] == "offline")
    alerts = [world.alert(1, priority="high"), sensor_alert(world, f"Sensor {lost} is silent.", lost)]
    world.commit(alerts, forces=forces_near(8))


def long_names(world: World) -> None:
    few(world)
    named = [world.sensor(name, 1.7 * n - 1.0) for n, name in enumerate(LONG_NAMES)]
    world.sensors = [*sensors_of_the_layout(world), *named]
    world.tracks = [track | {"name": LONG_NAMES[n % 4]} for n, track in enumerate(world.tracks)]
    units = forces_near(4)
    units["units"] = [unit | {"unit": LONG_NAMES[n]} for n, unit in enumerate(units["units"])]
    world.commit(forces=units)


def spread(lon: float, lat: float, reach_deg: float) -> Callable[[World], None]:
    """Tracks and sensors within so many degrees of a place."""

    def fill(world: World) -> None:
        few(world)
        world.sensors = [world.sensor(name, number) for number, name in enumerate(RADARS)]  # of the drawn layout
        share = reach_deg / 0.3
        world.tracks = [
            track | {"lon": lon + (track["lon"] - LON) * share, "lat": lat + (track["lat"] - LAT) * min(share, 1.0)}
            for track in world.tracks
        ]
        world.sensors = [
            sensor | {"lon": lon + reach_deg * (n - 1.5) / 2.0, "lat": lat - 0.01 * min(share, 1.0)}
            for n, sensor in enumerate(world.sensors)
        ]
        world.commit([world.alert(1, priority="high", lon=world.tracks[1]["lon"], lat=world.tracks[1]["lat"])])

    return fill


def track_of(world: World, number: int) -> dict[str, Any]:
    """The same places each time, without a pattern that a person would see."""
    random = np.random.default_rng(number)
    return world.track(
        number, lon=LON + float(random.uniform(-0.12, 0.12)), lat=LAT + float(random.uniform(-0.035, 0.035)),
        label=KINDS[number % len(KINDS)], status="coasting" if number % 9 == 8 else "confirmed",
        speed_mps=float(random.uniform(0.6, 2.5)), course_deg=float(random.uniform(90, 270)),
        label_probability=float(random.uniform(0.5, 0.99)), existence=float(random.uniform(0.8, 0.999)),
    )  # fmt: skip


def sensor_alert(world: World, sentence: str, sensor: str = "radar-crest") -> dict[str, Any]:
    return world.alert(900, rule="sensor_offline", priority="medium", sentence=sentence, track=None, sensor=sensor)


def many_sensors(world: World, number: int, count: int) -> dict[str, Any]:
    across, row = number % (count // 8), number // (count // 8)
    lon, lat = LON - 0.14 + 0.28 * across / (count // 8), LAT - 0.03 + 0.008 * row
    kind = ("radar", "camera", "ground_sensor", "ground_sensor")[number % 4]
    state = "offline" if number % 97 == 5 else "ok"
    return world.sensor(f"{kind}-{number}", kind=kind, lon=lon, lat=lat, state=state)


SAMPLE_LAYOUT = Path("data/samples/cumberland/layout_hightech.geojson")


def sensors_of_the_layout(world: World, file: Path = SAMPLE_LAYOUT) -> list[dict[str, Any]]:
    """The sensors of a layout, so that none of them is missing in the picture."""
    layout = json.loads(file.read_text(encoding="utf-8"))
    return [
        world.sensor(name, kind=one["properties"].get("kind", name.split("-")[0]), lon=lon, lat=lat)
        for one in layout["features"]
        for name in [one["properties"]["id"]]
        if "relay" not in name
        for lon, lat, *_ in [one["geometry"]["coordinates"]]
    ]


def forces_near(count: int) -> dict[str, Any]:
    now_ns = time.time_ns()
    units = [
        {
            "unit": f"patrol-{n + 1}", "lon": LON - 0.1 + 0.2 * (n + 0.5) / count, "lat": LAT - 0.012 - 0.006 * (n % 3),
            "position_sd_m": 10.0, "observed_ns": now_ns, "received_ns": now_ns, "clock_ahead_s": 0.0,
            "duty": ("patrol", "on_duty", "patrol")[n % 3], "moves": ("foot", "vehicle")[n % 2], "base": "West base",
            "note": "", "distress_ns": None, "segment": None, "offset_m": None, "section": None,
        }
        for n in range(count)
    ]  # fmt: skip
    bases = [{"name": "West base", "lon": LON - 0.07, "lat": LAT - 0.03, "vehicles": 2, "crew": 6}]
    return {"units": units, "bases": bases, "sections": [], **FORCES_SETTINGS}


def made_sector(folder: Path, km: float, *, holes: bool = False) -> str:
    """A sector file over so many kilometres of border with terrain of 120 × 400 cells, written into ``folder``."""
    folder.mkdir(parents=True)
    wide = km / 111.0 / np.cos(np.radians(LAT))
    high = max(wide * 0.3, 0.04) if km < 200 else 1.0
    rows, columns = 120, 400
    row, column = np.mgrid[0:rows, 0:columns]
    ground = 300.0 + 90.0 * np.sin(row / 9.0) * np.cos(column / 14.0) + 60.0 * np.sin(row / 23.0 + column / 31.0)
    if holes:
        ground[30:75, 90:150] = ground[80:110, 260:330] = ground[:20, 350:] = -9999.0
    cell = (wide * 1.06 / columns, high / rows)
    profile = {
        "driver": "GTiff", "width": columns, "height": rows, "count": 1, "dtype": "float32", "crs": "EPSG:4326",
        "nodata": -9999.0,
        "transform": rasterio.Affine(cell[0], 0, LON - wide * 0.53, 0, -cell[1], LAT + high / 2),
    }  # fmt: skip
    with rasterio.open(folder / "terrain.tif", "w", **profile) as raster:
        raster.write(ground.astype(np.float32), 1)
    steps = np.linspace(-0.5, 0.5, 41)
    line = [[LON + step * wide, LAT + 0.06 * high * np.sin(9 * step)] for step in steps]
    sensors = [
        {"id": radar, "kind": "radar", "mast_height_m": 20, "max_range_m": 6000, "period_s": 2.5, "latency_s": 0.3,
         "status_interval_s": 5, "detection_probability": 0.9, "range_sd_m": 5, "azimuth_sd_deg": 0.25,
         "radial_velocity_sd_mps": 0.3, "false_alarms_per_scan": 1.0}
        for radar in RADARS
    ]  # fmt: skip
    places = [[LON + wide * (n - 1.5) / 4.5, LAT - 0.05 * high] for n in range(4)]
    write_features(folder / "border.geojson", [("LineString", line, {"name": "drawn"})])
    write_features(
        folder / "layout.geojson", [("Point", at, sensor) for at, sensor in zip(places, sensors, strict=True)]
    )
    (folder / "sector.toml").write_text(
        f'name = "drawn"\ntitle = "Border of {km:.0f} km"\nterrain = "terrain.tif"\nborder = "border.geojson"\n'
        f'segment_length_m = {max(500, round(km * 10))}\nhome_side = "right"\n[layouts]\nfour = "layout.geojson"\n'
    )
    return str(folder / "sector.toml")


def write_features(path: Path, features: Sequence[tuple[str, Any, dict[str, Any]]]) -> None:
    collection = [
        {"type": "Feature", "geometry": {"type": shape, "coordinates": coordinates}, "properties": properties}
        for shape, coordinates, properties in features
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": collection}))


def broken_archive(folder: Path) -> str:
    """The sample sector with a base map that is no archive."""
    sample = Path("data/samples/cumberland")
    shutil.copytree(sample, folder)
    (folder / "map.pmtiles").write_bytes(b"PMTiles\x03" + bytes(40))
    file = folder / "sector.toml"
    file.write_text(file.read_text().replace('base_map = "base_map.pmtiles"', 'base_map = "map.pmtiles"'))
    return str(folder)


@contextmanager
def looked_back(folder: Path) -> Iterator[World]:
    """Half an hour of pictures to look back at."""
    from tests.web.test_replay import Past

    past = Past(folder)
    past.sensors = sensors_of_the_layout(past)
    past.write()
    try:
        past.start()
        yield past
    finally:
        past.close()


class GuardedWorld(World):
    """Answers nobody but its login page."""

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.address}login", timeout=PATIENT_S).status_code == 200
        except httpx.HTTPError:
            return False


@contextmanager
def guarded(folder: Path) -> Iterator[World]:
    """A room that asks for a login."""
    world = GuardedWorld(folder)
    (folder / ".demonstration").unlink()
    world.write()
    try:
        world.start()
        yield world
    finally:
        world.close()


@contextmanager
def field_unit(folder: Path, count: int = 4) -> Iterator[Any]:
    """A unit's phone whose list has so many incidents, a call for help first; each state has its own enrolment."""
    from tests.web.field_server import FieldServer, field_server, incident

    ranks = ("high", "medium", "low")
    listed = [incident(n + 1, "distress" if n == 0 else ranks[min(n * 3 // count, 2)]) for n in range(count)]
    codes = {f"{name}-{number}" for name in ("day", "night") for number in range(10)}
    with field_server(server=FieldServer(incidents=listed, codes=codes)) as server:
        yield server

"""Rooms of pages other than the live map, and of a real border where its data are beside the checkout."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from geo.message import Message
from ops.drawing.typeface.page_font import BUILT
from ops.services.api.app import ApiSettings, create_app
from ops.services.api.serving.server import serving
from tests.screens import rooms
from tests.web.conftest import World

DATA = Path.cwd().parent / "shared" / "data"
TERRAIN, BORDERS, MAPS = (
    DATA / "terrain" / "srtm3_n42e001_pyrenees_ES-AD-FR.tif",
    DATA / "terrain" / "ne_10m_admin_0_boundary_lines_land.shp",
    DATA / "osm" / "andorra.gpkg",
)
WHERE = "(adm0_left = 'Andorra' OR adm0_right = 'Andorra') AND (adm0_left = 'France' OR adm0_right = 'France')"


@dataclass(frozen=True)
class WithoutBroker:
    """A server whose broker has stopped, and another that answers for the ground."""

    address: str
    ground: str


@contextmanager
def without_broker(folder: Path) -> Iterator[WithoutBroker]:
    """The broker has ended, and everything else runs."""
    ended: dict[str, Any] = {"part": "broker", "cause": "none", "code": -9, "words": "", "log": "/srv/logs/broker.log"}
    parts = {"broker": Message("part-ended", ended), "ingest": None, "fusion": None}
    with rooms.written(folder, rooms.few) as world:
        app = create_app(
            world.store.path, ApiSettings("cumberland", title="Cumberland (exercise)", pages=BUILT),
            act=lambda _: None, now_ns=time.time_ns, parts=lambda: dict(parts),
        )  # fmt: skip
        with serving(app) as port:
            yield WithoutBroker(f"http://127.0.0.1:{port}", world.address.rstrip("/"))


@contextmanager
def scorecard(folder: Path) -> Iterator[Any]:
    """A worked night with the scorecard of the sample."""
    from tests.ops.services.api.scorecard.served import served

    with served(folder, demo=True, pages=BUILT) as running:
        yield running


@contextmanager
def partners(folder: Path) -> Iterator[Any]:
    """A centre that has received packages of a neighbour, one of them twice."""
    from ops.exchange.format.refusal import PackageRefused
    from tests.ops.exchange.partners import LAYERS, NOW, package, receiver
    from tests.ops.services.api.cooperation.served import centre, write_exchange

    layers = {"incidents": ("kind", "state", "opened_at"), "coverage": ("probability",)}
    with centre(folder, files=write_exchange(folder, layers), accounts=False, pages=BUILT) as made:
        own = receiver(made.folder, "north", "south", layers={"incidents": LAYERS["incidents"]})
        content = package(folder / "south", own="south", partner="north").content
        own.receive(content, NOW)
        with suppress(PackageRefused):
            own.receive(content, NOW + timedelta(minutes=1))
        yield made


def muted(world: World) -> None:
    """One radar is muted by decision of two people."""
    rooms.few(world)
    now_ns = time.time_ns()
    mute = {"since_ns": now_ns - 600 * 10**9, "until_ns": now_ns + 3600 * 10**9, "ended_ns": None,
            "reason": "Work on the mast", "asked_role": "supervisor", "decided_role": "admin", "emergency": False,
            "request": "0f1e2d"}  # fmt: skip
    next(one for one in world.sensors if one["sensor"] == "radar-crest").update(state="muted", mute=mute)


def without_base_map(folder: Path) -> str:
    """The sample sector without its base map."""
    shutil.copytree(Path("data/samples/cumberland"), folder)
    file = folder / "sector.toml"
    lines = [line for line in file.read_text(encoding="utf-8").splitlines() if not line.startswith("base_map")]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(folder)


def andorra(folder: Path) -> AbstractContextManager[World]:
    """The border of Andorra and France: real terrain, roads, rivers and settlements."""
    if not MAPS.is_file():
        raise RuntimeError("there is no data of a real border beside this checkout")
    made = folder / "andorra"
    command = [
        sys.executable, "-m", "ops.cli", "sector", "init", str(made), "--terrain", str(TERRAIN), "--border",
        str(BORDERS), "--where", WHERE, "--own-side", "1.52,42.51", "--roads", f"{MAPS}|layername=roads", "--rivers",
        f"{MAPS}|layername=waterways", "--settlements", f"{MAPS}|layername=places",
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True, cwd=Path.cwd())
    return rooms.written(folder, near(1.65, 42.55, made / "layout_towers.geojson"), str(made))


def near(lon: float, lat: float, layout: Path) -> Callable[[World], None]:
    """A few tracks around a place; the sensors of a layout, all online."""

    def fill(world: World) -> None:
        shift = {"lon": lon, "lat": lat}
        world.sensors = rooms.sensors_of_the_layout(world, layout)
        world.tracks = [
            rooms.track_of(world, n) | {axis: shift[axis] + 0.012 * (n % 5 - 2) * (1 + n // 5) for axis in shift}
            for n in range(12)
        ]
        first = world.tracks[1]
        world.commit([world.alert(1, priority="high", lon=first["lon"], lat=first["lat"], segment=None)])

    return fill

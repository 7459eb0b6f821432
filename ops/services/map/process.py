"""The map process: loads a sector's terrain and answers requests about it, without delaying streams or fusion.

``python -m ops.services.map.process --sector T --layout L --socket PATH``; the authentication key for callers comes
from the environment. The process runs at low priority. Its answers are ready to be sent: status, media type, body. It
ends with its parent.
"""

from __future__ import annotations

import argparse
import logging
import math
import os
import threading
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from multiprocessing import AuthenticationError
from multiprocessing.connection import Connection, Listener
from pathlib import Path
from typing import Any, Final

import ops.runtime.processes.without_pyarrow  # noqa: F401 - before anything that loads pandas

# isort: split
import shapely
import xarray as xr

from geo.errors import BadInput
from geo.terrain import cell_size
from ops.runtime.files.cache import FileCache
from ops.runtime.processes.child_process import child_main, say
from ops.runtime.processes.compile_notice import report_compiling
from ops.sector.geojson import cell_of, heights, layout_view, place_view, sector_view, segments_view
from ops.sector.layouts.links import links_of
from ops.sector.open_sector import OpenSector, open_sector
from ops.sector.sector_file import cache_folder, load_sector
from ops.services.map.client import KEY_VARIABLE, VECTOR_TILE, Answer
from ops.services.map.layers.response_times import ResponseLayer
from ops.services.map.present_layout import Following, present_states, viewpoints_of
from ops.services.map.profile import Eyes, profile
from ops.services.map.responders import Responders, interruptions
from ops.services.map.unit_reach import TargetPlace, UnitPlace, UnitReach
from ops.store.rows import to_json

log = logging.getLogger(__name__)

NICENESS: Final = 10
KEPT_BYTES: Final = 200_000_000
"""Tiles of the ground on disk: about 10,000, several sectors."""


class MapService:
    """Answer requests by name. Thread-safe. Tiles of the ground are ``kept`` for the next start."""

    def __init__(self, ground: OpenSector, *, kept: FileCache | None = None) -> None:
        from rasterio.enums import Resampling

        from ops.drawing.tile_styles import Elevation, Hillshade, look_of_relief
        from ops.services.map.ground_tiles import GroundTiles, upper_slope
        from ops.services.map.layers.sensors import BothSensorLayers
        from ops.services.map.place_names import place_names
        from ops.services.map.tiles import Layer, raster_of

        self._ground = ground
        elevation = ground.terrain["elevation"]
        raster = raster_of(elevation, ground.terrain.attrs["crs"], nodata=float("nan"), resampling=Resampling.average)
        digest = terrain_digest(ground.terrain)
        revision = digest.hexdigest()
        features = _map_features(ground, digest)
        self._places = place_names(features)
        digest.update(look_of_relief().encode())
        self._ground_revision = digest.hexdigest()
        slope = upper_slope(elevation, cell_size(ground.terrain))
        self._vectors = GroundTiles(raster, slope, features, kept=kept, revision=self._ground_revision)
        self._both = BothSensorLayers(ground, kept=kept, terrain_digest=revision)
        for layer in (
            Layer("hillshade", "Relief", raster, Hillshade(), self._ground_revision, lasting=True),
            Layer("elevation", "Elevation", raster, Elevation(*heights(ground)), self._ground_revision, lasting=True),
        ):
            self._both.put(layer)
        self._both.now.start()
        ResponseLayer(ground, self._both.put, terrain_digest=revision).start()
        self._following = Following(ground.layout)
        self._responders = Responders(ground)
        self._reach = UnitReach(ground)
        self._sector = sector_view(ground)
        self._links = links_of(ground)

    @property
    def ready(self) -> bool:
        """Whether every layer reflects the health states that were last set."""
        return self._both.now.ready

    def answer(self, question: str, arguments: Mapping[str, Any]) -> Answer:
        """The answer to ``question``, the name of a public method listed in QUESTIONS; errors also become answers."""
        if question not in QUESTIONS:
            return _error(404, f"The map has no answer to {question[:40]!r}.")
        try:
            answer: Answer = getattr(self, question)(**arguments)
        except BadInput as error:
            return _error(422, str(error))
        except LookupError as error:
            return _error(404, str(error.args[0]))
        except Exception:
            log.exception("%s %s", question, arguments)
            return _error(500, "The map could not answer; its log says why.")
        return answer

    def sector(self) -> Answer:
        """The sector's description, which is constant at run time."""
        return _json(self._sector)

    def layers(self, palette: Any, at_posts: bool = False) -> Answer:
        """Every layer with its revision and legend. Here and below, ``at_posts`` takes carried sensors to stand there
        (``ops.services.map.layers.sensors``)."""
        chosen = self._both.of(at_posts=at_posts)
        there = at_posts and chosen is not self._both.now
        return _json(chosen.at_posts(palette) if there else chosen.tiles.describe(palette))

    def layout(self, at_posts: bool = False) -> Answer:
        """Sensors and their fields of view as GeoJSON."""
        problems = self._both.of(at_posts=at_posts).overlays.problems
        return _json(layout_view(self._ground, problems, self._links), geo=True)

    def segments(self, at_posts: bool = False) -> Answer:
        """The border's segments as GeoJSON."""
        revision, dead, unknown = self._both.of(at_posts=at_posts).overlays.belt_fractions
        return _json(segments_view(self._ground, dead, unknown, revision), geo=True)

    def coverage_cells(self, at_posts: bool = False) -> Answer:
        """Coverage by the working sensors as square cells; 503 until it is computed."""
        body = self._both.of(at_posts=at_posts).coverage.cells()
        if body is None:
            return _error(503, "The coverage is not computed yet.")
        return _json(body, geo=True)

    def place(self, lon: float, lat: float, at_posts: bool = False) -> Answer:
        """All information about one position."""
        body = place_view(self._ground, lon, lat)
        cell = cell_of(self._ground, body["easting"], body["northing"])
        seen = self._both.of(at_posts=at_posts).overlays.seen_by(*cell) if cell is not None else ([], [])
        seen_by, lost = (None, None) if seen is None else seen
        return _json(body | {"seen_by": seen_by, "seen_by_if_working": lost})

    def profile(self, start: tuple[float, float], end: tuple[float, float], eyes: tuple[float, float, float]) -> Answer:
        """Profile between two positions in lon/lat, see ops.services.map.profile."""
        frame = self._ground.frame
        here, there = frame.to_local(*start), frame.to_local(*end)
        if not (_is_place(here) and _is_place(there)):
            raise BadInput("a place is outside the frame", where="profile", expected="places in the sector")
        body = profile(self._ground.terrain, here, there, Eyes(*eyes))
        return _json({"from": start, "to": end, **body})

    def responders(
        self,
        target: tuple[float, float],
        origins: Sequence[tuple[float, float, bool, bool]],
        in_frame: bool = False,
        left: tuple[float, float, float] | None = None,
    ) -> Answer:
        """Seconds over the ground from each origin (lon, lat, on foot, at its base) to ``target``; None: no path, or
        not ``known`` to be one.

        ``target`` is lon, lat, or easting and northing if ``in_frame``. With ``left`` (seconds that are left, their
        standard deviation, existence) also the probability of interruption of each.
        """
        frame = self._ground.frame
        easting, northing = target if in_frame else (float(part) for part in frame.to_local(*target))
        seconds = self._responders.times(easting, northing, origins)
        lon, lat = target if not in_frame else (float(part) for part in frame.to_lonlat(easting, northing))
        chances = None if left is None else interruptions(seconds, *left)
        known = [one is None or math.isfinite(one) for one in seconds]
        stated = [one if one is None or math.isfinite(one) else None for one in seconds]
        place = {"lon": round(lon, 7), "lat": round(lat, 7)}
        return _json({"seconds": stated, "known": known, "probabilities": chances, **place})

    def reach(self, units: Sequence[UnitPlace], targets: Sequence[TargetPlace]) -> Answer:
        """What each unit reaches of the targets, see ops.services.map.unit_reach."""
        return _json(self._reach.of(units, targets))

    def tile(self, layer: str, z: int, x: int, y: int, palette: Any, at_posts: bool = False) -> Answer:
        """One tile as PNG."""
        tile, revision = self._both.of(at_posts=at_posts).tiles.tile(layer, z, x, y, palette)
        return Answer(200, "image/png", tile.body, etag=tile.etag, revision=revision)

    def ground_tile(self, z: int, x: int, y: int) -> Answer:
        """One vector tile of contour lines, roads, rivers and settlements; its revision is that of the relief."""
        body = self._vectors.tile(z, x, y)
        etag = f'"{blake2b(body, digest_size=16).hexdigest()}"'
        return Answer(200, VECTOR_TILE, body, etag=etag, revision=self._ground_revision)

    def base_map_file(self) -> Answer:
        """Where the base map's archive is on this machine, and its revision; LookupError without one."""
        view = self._sector["base_map"]
        if view is None or not view["readable"]:
            raise LookupError("This sector has no base map.")
        return _json({"path": str(self._ground.sector.base_map), "revision": view["revision"]})

    def places(self) -> Answer:
        """Names of the sector's settlements, rivers and roads, with one position each."""
        return _json({"places": self._places})

    def watch(self, health: dict[str, str], viewpoints: Mapping[str, Any] | None = None) -> Answer:
        """Set the sensors' health states and from where mobile ones see (as published), and return the layers'
        revisions: {id: revision} of those with carried sensors where they are (``layers``), and ``at_posts``."""
        there = viewpoints_of(viewpoints or {})
        self._both.take(health, present_states(health, there), self._following(there))
        return _json(self._both.revisions())


QUESTIONS: Final = (
    "sector", "layers", "layout", "segments", "coverage_cells", "place", "profile", "responders", "reach", "tile",
    "ground_tile", "base_map_file", "places", "watch",
)  # fmt: skip


def _map_features(ground: OpenSector, digest: Any) -> list[Any]:
    """The sector's roads, rivers and settlements for the tiles; ``digest`` takes in all that the tiles depend on."""
    from geo.mobility.roads_and_rivers import WaysError, read_map_file
    from ops.services.map import ground_tiles

    digest.update(Path(ground_tiles.__file__).read_bytes())
    found = []
    for kind in ("rivers", "roads", "settlements"):
        path = getattr(ground.sector, kind)
        if path is not None:
            try:
                features = ground_tiles.MapFeatures.of(
                    kind, read_map_file(kind, path, ground.frame, clip=ground.terrain)
                )
            except WaysError as error:
                log.warning("The map shows no %s: %s", kind, error)
                continue
            digest.update(features.name.encode() + b"".join(map(shapely.to_wkb, features.shapes)))
            digest.update(repr(features.properties).encode())
            found.append(features)
    return found


def terrain_digest(terrain: xr.Dataset) -> Any:
    """Hash of everything that the tiles of a terrain follow from: how they are drawn, and every height."""
    from ops.drawing import colours, coverage_classes, coverage_paint, hillshade, response_paint, tile_styles
    from ops.services.map import ground_tiles, tiles

    digest = blake2b(digest_size=8)
    paints = (tile_styles, hillshade, coverage_classes, coverage_paint, response_paint, tiles, ground_tiles)
    for source in (colours.SOURCE, *(Path(str(paint.__file__)) for paint in paints)):
        digest.update(source.read_bytes())
    elevation = terrain["elevation"]
    digest.update(repr((terrain.attrs["crs"], elevation.shape)).encode())
    for axis in elevation.dims:
        digest.update(elevation[axis].to_numpy().tobytes())
    for first in range(0, elevation.shape[0], tiles.STRIP_ROWS):
        digest.update(elevation[first : first + tiles.STRIP_ROWS].to_numpy().tobytes())
    return digest


def _json(body: Any, *, geo: bool = False) -> Answer:
    return Answer(200, "application/geo+json" if geo else "application/json", to_json(body, where="map"))


def _error(status: int, sentence: str) -> Answer:
    return Answer(status, "application/json", to_json({"error": sentence}, where="map"))


def _is_place(place: tuple[float, float]) -> bool:
    return all(abs(coordinate) < 1e12 for coordinate in place)  # False for NaN


def serve(listener: Listener, service: MapService) -> None:
    """Answer every caller on a separate thread until the process ends."""
    while True:
        try:
            connection = listener.accept()
        except (AuthenticationError, EOFError, ConnectionError) as error:
            log.warning("Rejected a connection: %s", error)
            continue
        threading.Thread(target=_converse, args=(connection, service), daemon=True).start()


def _converse(connection: Connection, service: MapService) -> None:
    with connection:
        while True:
            try:
                question, arguments = connection.recv()
                connection.send(service.answer(question, arguments))
            except (EOFError, OSError):
                return


def run(arguments: argparse.Namespace, stop: threading.Event) -> int:
    """Load the sector, then answer requests until ``stop``."""
    os.nice(NICENESS)
    report_compiling()
    key = bytes.fromhex(os.environ.pop(KEY_VARIABLE))
    arguments.socket.unlink(missing_ok=True)  # a killed process does not remove it
    with Listener(str(arguments.socket), family="AF_UNIX", backlog=64, authkey=key) as listener:
        kept = FileCache(cache_folder() / "tiles", KEPT_BYTES)
        service = MapService(open_sector(load_sector(arguments.sector), arguments.layout), kept=kept)
        threading.Thread(target=serve, args=(listener, service), daemon=True).start()
        say(ready=True)
        stop.wait()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m ops.services.map.process", description="Answer questions about the ground."
    )
    parser.add_argument("--sector", required=True, help="sector file")
    parser.add_argument("--layout", required=True, help="layout name or file")
    parser.add_argument("--socket", type=Path, required=True, help="where to listen: a path of this user's own")
    return parser


def main() -> int:
    """Entry point of the process."""
    return child_main(run, _parser().parse_args())


if __name__ == "__main__":
    raise SystemExit(main())

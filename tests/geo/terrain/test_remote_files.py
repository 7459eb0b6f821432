"""Rasters over a network: a server on this machine that serves parts of files, and one that misbehaves."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin

from geo.errors import TerrainError
from geo.terrain import open_terrain

HILLS = np.random.default_rng(0).normal(0.0, 8.0, (600, 800)).cumsum(axis=0).cumsum(axis=1).clip(0, 3000)
EAST = 400


class RangeServer(BaseHTTPRequestHandler):
    """GET and HEAD with ranges, from the folder of the server; /broken/… answers 500."""

    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, body: bool) -> None:
        server: Any = self.server
        server.asked.append(self.path)
        path = server.folder / self.path.lstrip("/").split("?")[0]
        if not path.is_file():
            self._send(500 if self.path.startswith("/broken") else 404, b"", body)
            return
        data = path.read_bytes()
        asked = self.headers.get("Range")
        if asked is None:
            self._send(200, data, body)
            return
        first, _, last = asked.removeprefix("bytes=").partition("-")
        start, end = int(first), min(int(last or len(data) - 1), len(data) - 1)
        server.sent += end - start + 1
        self._send(206, data[start : end + 1], body, f"bytes {start}-{end}/{len(data)}")

    def _send(self, code: int, data: bytes, body: bool, content_range: str | None = None) -> None:
        self.send_response(code)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(len(data)))
        if content_range is not None:
            self.send_header("Content-Range", content_range)
        self.end_headers()
        if body:
            self.wfile.write(data)

    def log_message(self, *args: Any) -> None:
        """Nothing to the screen."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("served")
    for name, left, right in (("whole.tif", 0, 800), ("west.tif", 0, EAST + 1), ("east.tif", EAST, 800)):
        values = HILLS[:, left:right].astype(np.float32)
        with rasterio.open(
            folder / name,
            "w",
            driver="GTiff",
            dtype="float32",
            count=1,
            height=600,
            width=right - left,
            crs="EPSG:25831",
            transform=from_origin(400_000.0 + 25.0 * left, 4_700_000.0, 25.0, 25.0),
            tiled=True,
            blockxsize=128,
            blockysize=128,
        ) as raster:
            raster.write(values, 1)
    (folder / "index.vrt").write_text("<VRTDataset/>")
    found: Any = ThreadingHTTPServer(("127.0.0.1", 0), RangeServer)
    found.folder, found.asked, found.sent = folder, [], 0
    found.address = f"http://127.0.0.1:{found.server_address[1]}"
    thread = threading.Thread(target=found.serve_forever, daemon=True)
    thread.start()
    yield found
    found.shutdown()
    found.server_close()


def test_a_remote_raster_is_the_file_it_is_there(server: Any) -> None:
    expected = open_terrain(server.folder / "whole.tif")["elevation"]
    for name in (f"{server.address}/whole.tif", f"/vsicurl/{server.address}/whole.tif"):
        assert np.array_equal(open_terrain(name)["elevation"], expected)


def test_remote_tiles_join_and_a_lazy_window_fetches_a_part_only(server: Any) -> None:
    expected = open_terrain(server.folder / "whole.tif")["elevation"]
    tiles = [f"{server.address}/{name}?lazy" for name in ("west.tif", "east.tif")]
    terrain = open_terrain(tiles, chunks=128)
    before = server.sent
    window = np.s_[100:200, EAST - 30 : EAST + 30]
    assert np.array_equal(terrain["elevation"][window], expected[window])
    assert server.sent - before < HILLS.size * 4 / 2
    assert np.array_equal(terrain["elevation"], expected)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/none.tif", r"cannot be read \(HTTP response code: 404\)"),
        ("/broken/x.tif", r"cannot be read \(HTTP response code: 500\)"),
        ("/index.vrt", "a virtual raster on a network may point anywhere"),
    ],
)
def test_what_a_server_does_not_give_is_one_sentence(server: Any, path: str, words: str) -> None:
    with pytest.raises(TerrainError, match=words) as refused:
        open_terrain(f"{server.address}{path}")
    assert str(refused.value).startswith(server.address)


def test_a_server_that_is_not_there_is_one_sentence(server: Any) -> None:
    with pytest.raises(TerrainError, match="cannot be read"):
        open_terrain("http://127.0.0.1:1/x.tif")


def test_a_file_that_vanishes_under_a_lazy_terrain_is_one_sentence(server: Any) -> None:
    gone = server.folder / "gone.tif"
    gone.write_bytes((server.folder / "whole.tif").read_bytes())
    terrain = open_terrain(gone, chunks=128)
    gone.unlink()
    with pytest.raises(TerrainError, match=r"gone\.tif: the raster cannot be read"):
        terrain["elevation"].compute()

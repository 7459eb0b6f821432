"""Files that make a reader ask a network: none may (docs/security.md, "a map file makes GDAL read …").

As borders, map files, layouts, sources of a credit line and rasters of terrain; other files are read by the same code,
and are not tried here. A server on this machine counts the connections to it. What a person states as an address, for
terrain, is an address.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tarfile
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import rasterio.shutil
from rasterio.transform import from_origin

from geo.border import Border
from geo.errors import TerrainError, WatchlineError
from geo.frame import LocalFrame
from geo.mobility.roads_and_rivers import read_map_file
from geo.terrain import open_terrain
from geo.terrain.safe_open import opened
from ops.sector.base_map import is_from_openstreetmap
from sensors.layout import Layout
from tests.patience import PATIENT_S

LINE = "-84.4,36.6 -84.1,36.6"


class Server:
    """Answers 404 to everything and notes each connection, whatever is said over it, and each path; ``url`` is its
    address."""

    def __init__(self) -> None:
        asked: list[str] = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append(self.path)
                self.send_response(404)
                self.end_headers()

            def do_HEAD(self) -> None:
                self.do_GET()

            def log_message(self, *_: object) -> None:
                pass

        class Listener(ThreadingHTTPServer):
            def get_request(self) -> tuple[socket.socket, Any]:
                accepted = super().get_request()
                asked.append("connection")
                return accepted

        self.asked, self._server = asked, Listener(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    started = Server()
    yield started
    started.close()


@pytest.fixture
def frame() -> LocalFrame:
    return LocalFrame.around(-84.25, 36.6)


def wfs_answer(url: str) -> str:
    """The answer of a WFS, saved as a file: it names its schema on the server."""
    return (
        '<?xml version="1.0"?><wfs:FeatureCollection xmlns:wfs="http://www.opengis.net/wfs"'
        ' xmlns:gml="http://www.opengis.net/gml" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
        f' xmlns:my="{url}/my" xsi:schemaLocation="{url}/my {url}/my.xsd http://www.opengis.net/wfs'
        f' {url}/wfs?SERVICE=WFS&amp;VERSION=1.1.0&amp;REQUEST=DescribeFeatureType&amp;TYPENAME=my:t">'
        '<gml:featureMember><my:t gml:id="t.1"><my:g>'
        '<gml:LineString srsName="EPSG:4326"><gml:posList>36.6 -84.4 36.6 -84.1</gml:posList></gml:LineString></my:g>'
        "</my:t></gml:featureMember></wfs:FeatureCollection>"
    )


def kml(content: str) -> str:
    line = f"<Placemark><name>x</name><LineString><coordinates>{LINE}</coordinates></LineString></Placemark>"
    return (
        f'<?xml version="1.0"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document>{content}{line}</Document></kml>'
    )


MAPS: dict[str, Callable[[str], str]] = {
    "saved.gml": wfs_answer,
    "link.kml": lambda url: kml(f"<NetworkLink><Link><href>{url}/n.kml</href></Link></NetworkLink>"),
    "style.kml": lambda url: kml(f"<Placemark><styleUrl>{url}/s.kml#a</styleUrl></Placemark>"),
    "entity.gpx": lambda url: (
        f'<!DOCTYPE l [<!ENTITY e SYSTEM "{url}/e">]><gpx version="1.1"><trk><name>&e;</name></trk></gpx>'
    ),
    "vrt.geojson": lambda url: (
        f'<OGRVRTDataSource><OGRVRTLayer name="a"><SrcDataSource>/vsicurl/{url}/a</SrcDataSource>'
        "</OGRVRTLayer></OGRVRTDataSource>"
    ),
    "service.gml": lambda url: f"<OGRWFSDataSource><URL>{url}/wfs?</URL></OGRWFSDataSource>",
    "features.json": lambda url: json.dumps({"links": [{"rel": "data", "href": f"{url}/collections"}]}),
    "pipeline.json": lambda url: (
        '{"type": "gdal\\u005fstreamed_alg", "command_line": "gdal vector pipeline read /vsicurl/' + url + '/g"}'
    ),
    "plain.gdalg.json": lambda url: (
        '{"type": "gdal_streamed_alg", "command_line": "gdal vector pipeline ! read /vsicurl/' + url + "/g.geojson"
        ' ! write --format stream streamed_dataset"}'
    ),
}
ASKS = ("saved.gml", "vrt.geojson", "service.gml", "plain.gdalg.json")
"""Those with which GDAL 3.12 makes a request of its own accord; with the others another version of it might."""
PLAIN_GDAL = """
import sys
import pyogrio
try:
    for layer in pyogrio.list_layers(sys.argv[1])[:, 0]:
        pyogrio.read_dataframe(sys.argv[1], layer=layer)
except Exception as error:
    print(error)
"""


@pytest.mark.parametrize("name", ASKS)
def test_without_protection_a_map_file_makes_a_request(tmp_path: Path, server: Server, name: str):
    """The control of what follows; in a process of its own, because options of GDAL hold for the whole process."""
    file = tmp_path / name
    file.write_text(MAPS[name](server.url))
    command = [sys.executable, "-c", PLAIN_GDAL, str(file)]
    environment = {**os.environ, "no_proxy": "127.0.0.1"}
    ended = subprocess.run(command, capture_output=True, text=True, env=environment, check=True, timeout=PATIENT_S)
    assert server.asked, ended.stdout


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("name", MAPS)
def test_no_map_file_makes_a_request(tmp_path: Path, server: Server, frame: LocalFrame, name: str, zipped: bool):
    file = tmp_path / name
    file.write_text(MAPS[name](server.url))
    if zipped:
        with zipfile.ZipFile(tmp_path / "map.zip", "w") as archive:
            archive.write(file, name)
        file = tmp_path / "map.zip"
    read = 0
    for door in (
        lambda: Border.from_file(file, frame).segments,
        lambda: len(read_map_file("roads", file, frame)),
        lambda: len(Layout.from_file(file, frame).sensors),
        lambda: is_from_openstreetmap(file),
    ):
        try:
            read += door() > 0
        except WatchlineError:
            continue
    assert server.asked == []
    assert (read > 0) == (name in ("saved.gml", "link.kml", "style.kml"))  # lines of their own are read all the same


def raster(path: Path) -> Path:
    with rasterio.open(
        path, "w", driver="GTiff", width=60, height=60, count=1, dtype="float32", crs="EPSG:32616",
        transform=from_origin(700_000, 4_050_000, 30, 30),
    ) as file:  # fmt: skip
        file.write(np.full((60, 60), 100, "float32"), 1)
    return path


def virtual(source: str) -> str:
    return (
        '<VRTDataset rasterXSize="60" rasterYSize="60"><SRS>EPSG:32616</SRS>'
        "<GeoTransform>700000,30,0,4050000,0,-30</GeoTransform>"
        '<VRTRasterBand dataType="Float32" band="1"><SimpleSource>'
        f"<SourceFilename>{source}</SourceFilename><SourceBand>1</SourceBand></SimpleSource></VRTRasterBand></VRTDataset>"
    )


@pytest.mark.parametrize(
    "source",
    [
        "/vsicurl/{url}/a.tif",
        "/vsizip//vsicurl/{url}/a.zip/a.tif",
        "/vsigzip//vsicurl/{url}/a.tif",
        "DERIVED_SUBDATASET:AMPLITUDE:/vsicurl/{url}/a.tif",
        "GTIFF_RAW:/vsicurl/{url}/a.tif",
        'ZARR:"/vsicurl/{url}/z"',
        "{url}/a.tif",
    ],
)
def test_no_virtual_raster_makes_a_request(tmp_path: Path, server: Server, source: str):
    file = tmp_path / "dem.vrt"
    file.write_text(virtual(source.format(url=server.url)))
    with pytest.raises(TerrainError, match="on a network"):
        open_terrain(str(file))
    with pytest.raises(TerrainError):
        open_terrain(str(raster(tmp_path / "good.tif")), land_cover=str(file))
    assert server.asked == []


@pytest.mark.parametrize("prefix", ["/vsizip/{zip}/dem.tif", "zip://{zip}!dem.tif", "/vsitar/{tar}/dem.tif"])
def test_no_virtual_raster_in_an_archive_makes_a_request(tmp_path: Path, server: Server, prefix: str):
    """Its text is not seen before GDAL opens it, so it is not opened."""
    hostile = tmp_path / "dem.tif"
    hostile.write_text(virtual(f"/vsicurl/{server.url}/a.tif"))
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(hostile, "dem.tif")
    with tarfile.open(tmp_path / "a.tar", "w") as tape:
        tape.add(hostile, "dem.tif")
    with pytest.raises(TerrainError):
        open_terrain(prefix.format(zip=tmp_path / "a.zip", tar=tmp_path / "a.tar"))
    assert server.asked == []


def tiled(cached: str = "", data: str = "") -> str:
    """A raster of Meta Raster Format: a small file that names the place of its cells."""
    return (
        f'<MRF_META>{cached}<Raster><Size x="512" y="512" c="1"/><Compression>NONE</Compression>'
        f'<DataType>Float32</DataType><PageSize x="512" y="512" c="1"/>{data}</Raster><GeoTags>'
        '<BoundingBox minx="500000" miny="4700000" maxx="505120" maxy="4705120"/>'
        "<Projection>EPSG:32631</Projection></GeoTags></MRF_META>"
    )


def linked(url: str) -> str:
    """A super-overlay of KML, whose parts are at addresses."""
    region = (
        "<Region><LatLonAltBox><north>43</north><south>42</south><east>2</east><west>1</west></LatLonAltBox>"
        "<Lod><minLodPixels>128</minLodPixels></Lod></Region>"
    )
    return kml(f"{region}<NetworkLink>{region}<Link><href>{url}/n.kml</href></Link></NetworkLink>")


RASTERS: dict[str, Callable[[str], str]] = {
    "cached.mrf": lambda url: tiled(cached=f"<CachedSource><Source>/vsicurl/{url}/a.tif</Source></CachedSource>"),
    "data.mrf": lambda url: tiled(
        data=f"<DataFile>/vsicurl/{url}/a.ppg</DataFile><IndexFile>/vsicurl/{url}/a.idx</IndexFile>"
    ),
    "link.kml": linked,
}


@pytest.mark.parametrize("way", ["itself", "named as a GeoTIFF", "in an archive", "in a virtual raster"])
@pytest.mark.parametrize("name", RASTERS)
def test_no_raster_makes_a_request(tmp_path: Path, server: Server, name: str, way: str):
    file = tmp_path / (f"{name}.tif" if way == "named as a GeoTIFF" else name)
    file.write_text(RASTERS[name](server.url))
    path = str(file)
    if way == "in an archive":
        with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
            archive.write(file, name)
        path = f"/vsizip/{tmp_path}/a.zip/{name}"
    if way == "in a virtual raster":
        path = str(tmp_path / "dem.vrt")
        Path(path).write_text(virtual(name))
    expected = "not recognized as" if way == "named as a GeoTIFF" else r"the format (MRF|KML\w+) is not supported"
    good = str(raster(tmp_path / "good.tif"))
    for door in (
        lambda: open_terrain(path),
        lambda: open_terrain(good, land_cover=path),
        lambda: open_terrain(good, canopy_height=path),
    ):
        with pytest.raises(TerrainError, match=expected) as refused:
            door().load()
        assert path in str(refused.value)
    assert server.asked == []


@pytest.mark.parametrize("held_in", ["main thread", "another thread"])
def test_an_open_local_raster_takes_the_network_from_no_other_thread(tmp_path: Path, server: Server, held_in: str):
    """GDAL's options of the main thread hold for all; a raster on the network is read while a local one is open."""
    local = str(raster(tmp_path / "good.tif"))
    opened_there, read = threading.Event(), threading.Event()

    def hold() -> None:
        with opened(local, local):
            opened_there.set()
            assert read.wait(PATIENT_S)

    def ask() -> None:
        assert opened_there.wait(PATIENT_S)
        with suppress(TerrainError):
            open_terrain(f"{server.url}/a.tif")
        read.set()

    here, there = (hold, ask) if held_in == "main thread" else (ask, hold)
    other = threading.Thread(target=there)
    other.start()
    here()
    other.join()
    assert "/a.tif" in server.asked


def test_in_another_thread_gdal_opens_no_address_while_a_local_raster_is_open(tmp_path: Path, server: Server):
    local, asked_within = str(raster(tmp_path / "good.tif")), []

    def ask(name: str) -> None:
        with suppress(rasterio.errors.RasterioError), rasterio.open(f"/vsicurl/{server.url}/{name}"):
            pass

    def look() -> None:
        with opened(local, local):
            ask("within.tif")
            asked_within.extend(server.asked)
        ask("after.tif")

    other = threading.Thread(target=look)
    other.start()
    other.join()
    assert asked_within == []
    assert "/after.tif" in server.asked  # the control: the same thread, once the raster is closed


@pytest.mark.parametrize(
    ("driver", "name"),
    [
        ("HFA", "a.img"), ("AAIGrid", "a.asc"), ("EHdr", "a.bil"), ("ENVI", "a.dat"), ("SAGA", "a.sdat"),
        ("netCDF", "a.nc"), ("JP2OpenJPEG", "a.jp2"), ("GPKG", "a.gpkg"), ("USGSDEM", "a.dem"), ("BT", "a.bt"),
    ],
)  # fmt: skip
def test_formats_in_which_heights_are_distributed_are_read(tmp_path: Path, driver: str, name: str):
    with rasterio.open(
        tmp_path / "whole.tif", "w", driver="GTiff", width=60, height=60, count=1, dtype="int16", crs="EPSG:4326",
        transform=from_origin(1, 43, 0.001, 0.001),
    ) as file:  # fmt: skip
        file.write(np.full((60, 60), 100, "int16"), 1)
    options = {"reversible": "yes", "quality": 100} if driver == "JP2OpenJPEG" else {}
    rasterio.shutil.copy(tmp_path / "whole.tif", tmp_path / name, driver=driver, **options)
    assert float(open_terrain(tmp_path / name).elevation.median()) == 100.0


def test_a_raster_in_an_archive_is_read(tmp_path: Path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(raster(tmp_path / "good.tif"), "good.tif")
    inside = f"/vsizip/{tmp_path}/a.zip/good.tif"
    assert float(open_terrain(inside).elevation.max()) == 100.0
    (tmp_path / "dem.vrt").write_text(virtual(inside))
    assert float(open_terrain(str(tmp_path / "dem.vrt")).elevation.max()) == 100.0

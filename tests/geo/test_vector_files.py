"""Map files that would make GDAL fetch data elsewhere: one sentence each, and no request leaves the machine."""

from __future__ import annotations

import http.server
import json
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import geopandas
import pytest
import shapely
from pyogrio.raw import write

from geo.border import Border
from geo.errors import BadInput, BorderError
from geo.frame import LocalFrame
from geo.mobility.roads_and_rivers import Ways, WaysError
from geo.terrain import open_terrain

FRAME = LocalFrame.around(8.0, 47.0)


@pytest.fixture
def elsewhere() -> Iterator[tuple[str, list[str]]]:
    """A server, and the requests that it got."""
    requests: list[str] = []

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            requests.append(self.path)
            self.send_response(404)
            self.end_headers()

        do_HEAD = do_POST = do_GET  # noqa: N815

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", requests
    server.shutdown()
    thread.join()
    server.server_close()


LAYER = "<OGRVRTLayer name='a'><SrcDataSource>{0}/a.geojson</SrcDataSource></OGRVRTLayer>"
VIRTUAL = f"<OGRVRTDataSource>{LAYER}</OGRVRTDataSource>"
FILES = {
    "border.vrt": VIRTUAL,
    "border.geojson": VIRTUAL,  # GDAL looks at the content
    "deep.vrt": VIRTUAL.replace("{0}", "/vsicurl/{0}"),
    "late.gml": "<FeatureCollection/>" + VIRTUAL,
    "border.xml": "<OGRWFSDataSource><URL>{0}/wfs</URL></OGRWFSDataSource>",
    "csw.xml": "<OGRCSWDataSource><URL>{0}/csw</URL></OGRCSWDataSource>",
    "other.xml": "<anything/>",
    "pipeline.json": json.dumps({"type": "gdal_streamed_alg", "command_line": "gdal vector pipeline ! read {0}/a"}),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_stands_for_data_elsewhere_is_refused_unread(
    tmp_path: Path, elsewhere: tuple[str, list[str]], name: str
) -> None:
    address, requests = elsewhere
    path = tmp_path / name
    path.write_text(FILES[name].replace("{0}", address))
    with zipfile.ZipFile(tmp_path / "packed.zip", "w") as archive:
        archive.write(path, name)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / name).write_bytes(path.read_bytes())
    packed = tmp_path / "packed.zip"
    for target in (path, packed, f"/vsizip/{packed}/{name}", f"/vsizip/{packed}", tmp_path / "folder"):
        with pytest.raises(BorderError) as caught:
            Border.from_file(target, FRAME)
        assert str(caught.value).count(". ") <= 1
    assert requests == []


@pytest.mark.parametrize("kind", ["roads", "rivers", "fords"])
@pytest.mark.parametrize("name", FILES)
def test_roads_and_rivers_are_held_to_the_same(
    tmp_path: Path, elsewhere: tuple[str, list[str]], name: str, kind: str
) -> None:
    address, requests = elsewhere
    path = tmp_path / name
    path.write_text(FILES[name].replace("{0}", address))
    for target in (path, f"{path}|layername=a", f"{address}/a.geojson", f"/vsicurl/{address}/a.geojson"):
        with pytest.raises(WaysError):
            Ways.from_files(FRAME, **{kind: target})
    assert requests == []


@pytest.mark.parametrize("form", ["{0}/a.geojson", "/vsicurl/{0}/a.geojson", "WFS:{0}/w", "/vsizip//vsicurl/{0}/a.zip"])
def test_an_address_is_no_border_file(elsewhere: tuple[str, list[str]], form: str) -> None:
    address, requests = elsewhere
    with pytest.raises(BorderError, match="no file on this disk"):
        Border.from_file(form.replace("{0}", address), FRAME)
    assert requests == []


@pytest.mark.parametrize("form", ["vrt://{0}/t.tif", "vrt:///vsicurl/{0}/t.tif", "VRT://{0}/t.tif?bands=1"])
def test_a_virtual_raster_in_a_name_does_not_pass_for_terrain(elsewhere: tuple[str, list[str]], form: str) -> None:
    address, requests = elsewhere
    with pytest.raises(BadInput, match="virtual raster"):
        open_terrain(form.replace("{0}", address))
    assert requests == []


def test_files_of_every_usual_kind_are_read(tmp_path: Path) -> None:
    line = shapely.LineString([(8.0, 47.0), (8.01, 47.01)])
    kinds = {"a.gpkg": "GPKG", "a.shp": "ESRI Shapefile", "a.fgb": "FlatGeobuf", "a.kml": "KML", "a.gml": "GML"}
    expected = Border.from_file(_written(tmp_path / "a.geojson", line, "GeoJSON"), FRAME).length_m
    for name, driver in kinds.items():
        assert Border.from_file(_written(tmp_path / name, line, driver), FRAME).length_m == pytest.approx(expected)
    (tmp_path / "a.shp.xml").write_text("<metadata/>")  # ArcGIS writes it beside a shapefile
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for part in tmp_path.glob("a.shp*"):
            archive.write(part, part.name)
        for suffix in ("dbf", "shx", "prj"):
            archive.write(tmp_path / f"a.{suffix}", f"a.{suffix}")
    for name in (tmp_path / "a.zip", f"/vsizip/{tmp_path}/a.zip/a.shp", f"zip://{tmp_path}/a.zip"):
        assert Border.from_file(name, FRAME).length_m == pytest.approx(expected), name


def _written(path: Path, line: shapely.LineString, driver: str) -> Path:
    geometry = shapely.to_wkb([line])
    write(path, geometry, [], [], geometry_type="LineString", crs="EPSG:4326", driver=driver)
    return path


@pytest.mark.parametrize("part", [".shx", ".prj"])
def test_a_shapefile_without_one_of_its_files_is_refused_by_what_is_missing(tmp_path: Path, part: str) -> None:
    line = geopandas.GeoDataFrame(geometry=[shapely.LineString([(1.4, 42.5), (1.6, 42.5)])], crs=4326)
    line.to_file(tmp_path / "a.shp")
    (tmp_path / f"a{part}").unlink()
    said = {".shx": r"a\.shp: a\.shx is not beside it", ".prj": "has no coordinate system"}[part]
    with pytest.raises(BorderError, match=said):
        Border.from_file(tmp_path / "a.shp", FRAME)
    with pytest.raises(WaysError, match=said):
        Ways.from_files(FRAME, rivers=tmp_path / "a.shp")

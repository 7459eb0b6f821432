"""Text files that people write, and the coordinate system that a GeoJSON document states."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from geo.text_files import NotReadable, other_system, read_json, read_text


def named(name: object) -> dict[str, Any]:
    return {"crs": {"type": "name", "properties": {"name": name}}}


@pytest.mark.parametrize(
    "document",
    [
        {},
        [],
        {"crs": None},
        named("urn:ogc:def:crs:OGC:1.3:CRS84"),
        named("urn:ogc:def:crs:OGC::CRS84"),
        named("urn:ogc:def:crs:OGC::CRS84h"),
        named("urn:ogc:def:crs:EPSG::4326"),
        named("urn:ogc:def:crs:EPSG:6.18.3:4326"),
        named("urn:x-ogc:def:crs:EPSG:4326"),
        named("EPSG:4326"),
        named("epsg:4326"),
        named("OGC:CRS84"),
        named("http://www.opengis.net/def/crs/OGC/1.3/CRS84"),
        named("http://www.opengis.net/def/crs/EPSG/0/4326"),
        {"crs": {"type": "EPSG", "properties": {"code": 4326}}},
    ],
)
def test_wgs_84_in_all_its_spellings_is_read(document: Any) -> None:
    assert other_system(document) is None


@pytest.mark.parametrize(
    ("document", "stated"),
    [
        (named("urn:ogc:def:crs:EPSG::4284"), "'urn:ogc:def:crs:EPSG::4284'"),
        (named("urn:ogc:def:crs:EPSG::43260"), "'urn:ogc:def:crs:EPSG::43260'"),
        (named("EPSG:4301"), "'EPSG:4301'"),
        (named("urn:ogc:def:crs:OGC:1.3:CRS83"), "'urn:ogc:def:crs:OGC:1.3:CRS83'"),
        (named(4326), "4326"),
        ({"crs": {"type": "EPSG", "properties": {"code": 4301}}}, "'EPSG:4301'"),
        ({"crs": {"type": "link", "properties": {"href": "x"}}}, "{'type': 'link', 'properties': {'href': 'x'}}"),
        ({"crs": "EPSG:3857"}, "'EPSG:3857'"),
        ({"crs": {}}, "{}"),
    ],
)
def test_every_other_system_is_named(document: Any, stated: str) -> None:
    assert other_system(document) == f"has the coordinate system {stated}"


@pytest.mark.parametrize("read", [read_text, read_json])
def test_a_pipe_or_device_is_refused_before_it_is_read(tmp_path: Path, read: Any) -> None:
    """A pipe without a writer is waited for without end, and a device such as this one has no end."""
    os.mkfifo(tmp_path / "border.geojson")
    for special in (tmp_path / "border.geojson", Path("/dev/zero")):
        with pytest.raises(NotReadable, match=r"^is neither a file nor a folder$"):
            read(special)
    with pytest.raises(IsADirectoryError):
        read(tmp_path)

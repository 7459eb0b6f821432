"""The base map of a sector: accepted, checked, credited; a broken one stops nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from geo.errors import BadInput
from ops.sector.base_map import OSM_CREDIT, base_map_view, credit_for, credit_of
from ops.sector.check import check_sector
from ops.sector.creation.create import create_sector
from ops.sector.creation.new_sector import NewSector
from ops.sector.sector_file import load_sector
from tests.geo.archives import write_archive
from tests.ops.conftest import Files, collection, feature, lonlat


def over_the_hills(**more: Any) -> dict[str, Any]:
    lon, lat = lonlat(4000, 4000)
    low, high = (
        (round((lon - 0.1) * 1e7), round((lat - 0.1) * 1e7)),
        (round((lon + 0.1) * 1e7), round((lat + 0.1) * 1e7)),
    )
    edges = {"min_lon_e7": low[0], "min_lat_e7": low[1], "max_lon_e7": high[0], "max_lat_e7": high[1]}
    return {"header": edges} | more


def with_base_map(files: Files, name: str) -> None:
    files.edit(files.sector, 'time_zone = "UTC"', f'time_zone = "UTC"\nbase_map = "{name}"')


def test_a_base_map_over_the_terrain_has_neither_errors_nor_notices(own_sector: Files) -> None:
    write_archive(own_sector.folder / "map.pmtiles", **over_the_hills())
    with_base_map(own_sector, "map.pmtiles")
    found = check_sector(own_sector.sector)
    assert found.errors == []
    assert [notice.message.id for notice in found.notices] == ["sector-notice-no-bases"]
    assert "map.pmtiles" in [Path(file).name for file in found.read]


def test_a_base_map_of_another_country_is_noticed(own_sector: Files) -> None:
    write_archive(own_sector.folder / "andorra.pmtiles")
    with_base_map(own_sector, "andorra.pmtiles")
    found = check_sector(own_sector.sector)
    assert found.errors == []
    assert "sector-notice-base-map-off" in [notice.message.id for notice in found.notices]


def test_a_truncated_base_map_is_one_error_and_the_sector_still_opens(own_sector: Files) -> None:
    path = write_archive(own_sector.folder / "map.pmtiles", **over_the_hills())
    path.write_bytes(path.read_bytes()[:-5])
    with_base_map(own_sector, "map.pmtiles")
    (error,) = check_sector(own_sector.sector).errors
    assert error.sentence.startswith("sector.toml, line ")
    assert "key base_map: map.pmtiles is truncated" in error.sentence
    sector = load_sector(own_sector.sector)
    assert base_map_view(sector) == {"file": "map.pmtiles", "readable": False}
    assert credit_of(sector) == ""


def test_an_absent_base_map_is_an_error_of_the_sector_file(own_sector: Files) -> None:
    with_base_map(own_sector, "map.pmtiles")
    (error,) = check_sector(own_sector.sector).errors
    assert "there is no file 'map.pmtiles'" in error.sentence


def test_the_credit_lines_of_sector_and_archive_are_joined_once(own_sector: Files) -> None:
    path = write_archive(own_sector.folder / "map.pmtiles", attribution=f"<a>{OSM_CREDIT}</a>")
    with_base_map(own_sector, "map.pmtiles")
    sector = load_sector(own_sector.sector)
    assert credit_of(sector) == OSM_CREDIT
    assert credit_of(replace(sector, map_credit=OSM_CREDIT)) == OSM_CREDIT
    assert credit_of(replace(sector, map_credit=f"{OSM_CREDIT}, IGN")) == f"{OSM_CREDIT}, IGN"
    assert credit_of(replace(sector, map_credit="IGN")) == f"IGN · {OSM_CREDIT}"
    write_archive(path)
    assert credit_of(replace(sector, map_credit="IGN")) == "IGN"


def test_files_of_openstreetmap_are_known_by_columns_head_or_metadata(tmp_path: Path) -> None:
    def file(file_name: str, **properties: Any) -> Path:
        (tmp_path / file_name).write_text(collection(feature("Point", [1.5, 42.5], **properties)))
        return tmp_path / file_name

    plain = file("plain.geojson", name="a")
    assert credit_for([plain, tmp_path / "absent.gpkg"]) == ""
    assert credit_for([plain, file("columns.geojson", osm_id="7")]) == OSM_CREDIT
    stated = json.loads(plain.read_text()) | {"copyright": "The data included is from www.openstreetmap.org."}
    (tmp_path / "head.geojson").write_text(json.dumps(stated))
    assert credit_for([tmp_path / "head.geojson"]) == OSM_CREDIT
    assert credit_for([write_archive(tmp_path / "a.pmtiles", attribution=OSM_CREDIT)]) == OSM_CREDIT
    assert credit_for([write_archive(tmp_path / "b.pmtiles", attribution="IGN")]) == ""


def new(files: Files, folder: Path, **more: Any) -> NewSector:
    return NewSector(folder, str(files.dem), files.border, own_side="right", **more)


def test_a_new_sector_credits_openstreetmap_where_due_and_says_so(hill_sector: Files, tmp_path: Path) -> None:
    archive = write_archive(tmp_path / "map.pmtiles", **over_the_hills(attribution=OSM_CREDIT))
    created = create_sector(new(hill_sector, tmp_path / "a", base_map=archive))
    sector = load_sector(tmp_path / "a")
    assert sector.map_credit == OSM_CREDIT
    assert sector.base_map is not None
    assert sector.base_map.samefile(archive)
    assert "sector-init-credit" in [message.id for message in created.assumptions]
    assert check_sector(tmp_path / "a").errors == []
    stated = create_sector(new(hill_sector, tmp_path / "b", base_map=archive, credit="© Mapping agency"))
    assert load_sector(tmp_path / "b").map_credit == "© Mapping agency"
    assert "sector-init-credit" not in [message.id for message in stated.assumptions]
    create_sector(new(hill_sector, tmp_path / "c"))
    assert load_sector(tmp_path / "c").map_credit == ""


def test_a_new_sector_refuses_a_broken_base_map_and_a_hidden_credit(hill_sector: Files, tmp_path: Path) -> None:
    (tmp_path / "map.pmtiles").write_bytes(b"PMTiles")
    with pytest.raises(BadInput, match="is not a PMTiles archive"):
        create_sector(new(hill_sector, tmp_path / "a", base_map=tmp_path / "map.pmtiles"))
    with pytest.raises(BadInput, match="--credit"):
        create_sector(new(hill_sector, tmp_path / "a", credit="A\u202eB"))
    assert not (tmp_path / "a").exists()


def test_map_files_of_openstreetmap_without_a_credit_line_are_noticed(own_sector: Files) -> None:
    lon, lat = lonlat(4000, 4000)
    (own_sector.folder / "places.geojson").write_text(collection(feature("Point", [lon, lat], name="a", osm_id="7")))
    plain = own_sector.sector.read_text()
    own_sector.edit(own_sector.sector, 'time_zone = "UTC"', 'time_zone = "UTC"\nsettlements = "places.geojson"')
    assert "sector-notice-credit" in [notice.message.id for notice in check_sector(own_sector.sector).notices]
    own_sector.sector.write_text(
        plain.replace('time_zone = "UTC"', 'time_zone = "UTC"\nsettlements = "places.geojson"\nmap_credit = "x"')
    )
    assert "sector-notice-credit" not in [notice.message.id for notice in check_sector(own_sector.sector).notices]

"""``watchline sector check``: every error in one list with its place, notices apart; without errors a sector opens."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from geo.errors import BadInput
from ops.sector.check import SectorCheck, check_sector
from ops.sector.open_sector import open_sector
from ops.sector.sector_file import load_sector
from ops.words import LANGUAGES, MessageCatalogue
from sensors.coverage import coverage
from tests.ops.conftest import Files, collection, feature, lonlat
from tests.ops.words.pseudo_texts import plain_lines


def sentences(found: SectorCheck) -> list[str]:
    return [error.sentence for error in found.errors]


def notices(found: SectorCheck) -> set[str]:
    return {notice.message.id for notice in found.notices}


def layout(files: Files) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(files.layout.read_text())
    return document


def test_a_sector_without_errors_has_none(hill_sector: Files) -> None:
    found = check_sector(hill_sector.sector)
    assert found.errors == []
    assert notices(found) == {"sector-notice-no-bases"}
    assert [Path(file).name for file in found.read] == ["sector.toml", "layout.geojson"]


def test_the_sample_has_neither_errors_nor_notices() -> None:
    found = check_sector("cumberland")
    assert (found.errors, found.notices) == ([], [])


def test_ten_mistakes_in_five_files_give_ten_errors_with_their_places(own_sector: Files) -> None:
    files = own_sector
    files.edit(files.sector, 'time_zone = "UTC"', 'time_zone = "Mars/Base"\nbelt = 1500\nbases = "bases.geojson"')
    files.edit(files.sector, "belt_m = 1500", 'belt_m = "1500 m"')
    files.edit(files.sector, 'home_side = "right"', 'home_side = "south"')
    files.edit(files.sector, 'three = "layout.geojson"', 'three = "layout.geojson"\nfour = "absent.geojson"')
    document = layout(files)
    document["features"][0]["properties"] |= {"max_range": 5000, "availability": 2}
    document["features"][1]["geometry"]["coordinates"] = [200.0, 36.0]
    files.layout.write_text(json.dumps(document))
    bases = collection(feature("Point", lonlat(4000, 4000), name="a"), feature("Point", [0.0, 95.0], name="b"))
    (files.folder / "bases.geojson").write_text(bases)
    settings = files.folder / "settings.toml"
    settings.write_text("checkpoint_s = 0\n")
    catalogue = files.folder / "own.toml"
    catalogue.write_text('currency = "USD"\n[item.mine]\nkind = "lidar"\n')

    found = check_sector(files.sector, settings=settings, catalogue=catalogue)
    text = "\n".join(sentences(found))
    for part in (
        "settings.toml, line 1, key checkpoint_s",
        "own.toml, catalogue item 'mine': kind is 'lidar'",
        "sector.toml, line 9, key time_zone: time_zone = 'Mars/Base'",
        "key belt: unknown key 'belt'; expected a known name, probably 'belt_m'",
        "key belt_m: belt_m = '1500 m' has the wrong type; expected a number",
        "key home_side: home_side = 'south'; expected 'left' or 'right'",
        "key layouts.four: layouts: there is no file 'absent.geojson'",
        "bases.geojson, feature 2: longitude 0, latitude 95 is not on Earth",
        "layout.geojson, sensor 'radar-mid': key 'max_range' is not known for a radar; "
        "expected a known name, probably 'max_range_m'",
        "layout.geojson, sensor 'radar-mid': availability is 2",
        "layout.geojson, sensor 'camera-west': longitude 200",
    ):
        assert part in text, f"{part}\n{text}"
    assert len(found.errors) == 11


MISTAKES: dict[str, Callable[[Files], Any]] = {
    "no terrain": lambda f: f.edit(f.sector, 'terrain = "dem.tif"', 'terrain = "none.tif"'),
    "terrain is text": lambda f: f.dem.write_text("heights"),
    "border is text": lambda f: f.border.write_text("line"),
    "border elsewhere": lambda f: f.border.write_text(collection(feature("LineString", [[10, 50], [10.1, 50]]))),
    "border of points": lambda f: f.border.write_text(collection(feature("Point", [10, 50]))),
    "filter without a match": lambda f: f.edit(
        f.sector, 'frame = "auto"', 'frame = "auto"\nborder_where = "name = \'x\'"'
    ),
    "geographic frame": lambda f: f.edit(f.sector, 'frame = "auto"', "frame = 4326"),
    "roads are text": lambda f: (
        (f.folder / "roads.gpkg").write_text("roads"),
        f.edit(f.sector, 'frame = "auto"', 'frame = "auto"\nroads = "roads.gpkg"'),
    ),
    "bases are text": lambda f: (
        (f.folder / "bases.geojson").write_text("bases"),
        f.edit(f.sector, 'frame = "auto"', 'frame = "auto"\nbases = "bases.geojson"'),
    ),
    "sections without columns": lambda f: f.edit(
        f.sector, 'frame = "auto"', 'frame = "auto"\nsections = "border.geojson"'
    ),
    "layout is text": lambda f: f.layout.write_text("sensors"),
    "layout is a list": lambda f: f.layout.write_text("[]"),
    "canopy is text": lambda f: (
        (f.folder / "trees.tif").write_text("trees"),
        f.edit(f.sector, 'frame = "auto"', 'frame = "auto"\ncanopy_height = "trees.tif"'),
    ),
    "sector is no TOML": lambda f: f.sector.write_text("name: hills"),
    "two radars of one id": lambda f: f.layout.write_text(
        json.dumps(layout(f) | {"features": [layout(f)["features"][0]] * 2})
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_one_mistake_is_one_error(own_sector: Files, mistake: str) -> None:
    MISTAKES[mistake](own_sector)
    found = check_sector(own_sector.sector)
    assert len(found.errors) == 1, sentences(found)
    error = found.errors[0]
    assert error.file
    assert error.expected


WRONG_MAPS: dict[str, tuple[str, list[Any], dict[str, Any]]] = {
    "Point": ("rivers", lonlat(4000, 3000), {}),
    "MultiPoint": ("roads", [lonlat(4000, 3000)], {"highway": "track"}),
    "LineString": ("settlements", [lonlat(1000, 3000), lonlat(4000, 3000)], {}),
    "Polygon": ("roads", [[lonlat(0, 0), lonlat(900, 0), lonlat(0, 900), lonlat(0, 0)]], {"highway": "track"}),
}


@pytest.mark.parametrize("shape", WRONG_MAPS)
def test_a_map_file_of_the_wrong_shapes_is_an_error_with_the_file_and_its_key(own_sector: Files, shape: str) -> None:
    """Read without a word, such a file would count as an empty one."""
    key, coordinates, properties = WRONG_MAPS[shape]
    (own_sector.folder / "map.geojson").write_text(collection(feature(shape, coordinates, **properties)))
    own_sector.edit(own_sector.sector, 'frame = "auto"', f'frame = "auto"\n{key} = "map.geojson"')
    (error,) = check_sector(own_sector.sector).errors
    shapes = {"Point": "points", "MultiPoint": "points", "LineString": "lines", "Polygon": "areas"}
    assert f"key {key}: map.geojson: {key}: {shapes[shape]} in 1 of 1 features" in error.sentence


@pytest.mark.parametrize(
    ("shape", "coordinates"),
    [("LineString", [lonlat(0, 0), lonlat(900, 900)]), ("Polygon", [[lonlat(0, 0), lonlat(9, 0), lonlat(0, 9)]])],
)
def test_each_base_is_a_point_with_a_name_of_its_own(own_sector: Files, shape: str, coordinates: list[Any]) -> None:
    bases = [
        feature(shape, coordinates, name="a"),
        feature("Point", lonlat(4000, 4000)),
        feature("Point", lonlat(4000, 4000), name="b"),
        feature("Point", lonlat(4000, 5000), name="b"),
        feature("Point", lonlat(4000, 5000), name="b\u202ec\nd"),
    ]
    (own_sector.folder / "bases.geojson").write_text(collection(*bases))
    own_sector.edit(own_sector.sector, 'frame = "auto"', 'frame = "auto"\nbases = "bases.geojson"')
    found = check_sector(own_sector.sector)
    assert [(error.position, error.problem) for error in found.errors] == [
        ("feature 1", f"is a {shape!r}"),
        ("feature 2", "has no name"),
        ("feature 4", "is called 'b', as feature 3 is"),
        ("feature 5", r"is called 'b\u202ec\nd'"),
    ]


def test_each_mistake_of_an_area_is_listed_with_its_feature_and_an_area_elsewhere_is_a_notice(
    own_sector: Files,
) -> None:
    files = own_sector
    files.edit(files.sector, 'time_zone = "UTC"', 'time_zone = "UTC"\nareas = "areas.geojson"')
    square = [lonlat(*corner) for corner in ((3000, 3000), (4000, 3000), (4000, 4000), (3000, 4000), (3000, 3000))]
    bowtie = [square[0], square[2], square[1], square[3], square[0]]
    named = {"id": "q", "name": "Quarry", "kind": "danger"}
    away = [[10.0, 50.0], [10.1, 50.0], [10.1, 50.1], [10.0, 50.0]]
    areas = files.folder / "areas.geojson"
    areas.write_text(
        collection(
            feature("Polygon", [square], **named),
            feature("Polygon", [bowtie], **(named | {"id": "b"})),
            feature("Polygon", [square], **(named | {"id": "k", "kind": "dangr"})),
        )
    )
    first, second = sentences(check_sector(files.sector))
    assert first.startswith("areas.geojson, feature 2: has an invalid outline (Self-intersection")
    assert second.startswith("areas.geojson, feature 3: has the kind 'dangr' (did you mean 'danger'?)")
    with pytest.raises(BadInput, match="feature 2: has an invalid outline"):
        open_sector(files.sector)
    areas.write_text(
        collection(feature("Polygon", [square], **named), feature("Polygon", [away], **(named | {"id": "far"})))
    )
    found = check_sector(files.sector)
    assert found.errors == []
    assert "sector-notice-areas-off" in notices(found)
    assert [area.id for area in open_sector(files.sector).areas] == ["q", "far"]


def test_bases_that_are_missing_are_one_error_and_no_notice(own_sector: Files) -> None:
    own_sector.edit(own_sector.sector, 'frame = "auto"', 'frame = "auto"\nbases = "none.geojson"')
    found = check_sector(own_sector.sector)
    assert [error.problem for error in found.errors] == ["bases: there is no file 'none.geojson'"]
    assert "sector-notice-no-bases" not in notices(found)


def test_a_file_may_begin_with_a_byte_order_mark_and_a_title_may_not_hide_text(own_sector: Files) -> None:
    plain = own_sector.sector.read_bytes()
    own_sector.sector.write_bytes(b"\xef\xbb\xbf" + plain.replace(b"\n", b"\r\n"))
    assert check_sector(own_sector.sector).errors == []
    own_sector.sector.write_bytes(plain.replace(b"Hills (made", b"Hills\\u202e (made"))
    (error,) = check_sector(own_sector.sector).errors
    assert error.sentence.startswith(r"sector.toml, line 2, key title: title = 'Hills\u202e (made up for tests)'")
    own_sector.sector.write_bytes(plain.replace(b"\ntitle", b'\nmap_credit = "A\\u202eB"\ntitle', 1))
    (error,) = check_sector(own_sector.sector).errors
    assert error.sentence.startswith(r"sector.toml, line 2, key map_credit: map_credit = 'A\u202eB'")
    own_sector.sector.write_bytes(plain.decode().encode("utf-16"))
    (error,) = check_sector(own_sector.sector).errors
    assert error.sentence == "sector.toml: is not UTF-8 text; expected a TOML file in UTF-8."


def test_an_unusable_frame_is_an_error_of_its_own_key(own_sector: Files) -> None:
    own_sector.edit(own_sector.sector, 'frame = "auto"', "frame = 99999")
    (error,) = check_sector(own_sector.sector).errors
    assert error.sentence.startswith("sector.toml, line 5, key frame: EPSG has no coordinate system 99999; expected")


def test_the_name_of_a_layout_hides_no_text(own_sector: Files) -> None:
    own_sector.edit(own_sector.sector, "three = ", '"a\\nb" = ')
    (error,) = check_sector(own_sector.sector).errors
    assert r"key layouts: a layout is called 'a\nb'; expected text on one line" in error.sentence


def test_the_file_of_an_error_is_named_although_its_name_is_part_of_a_word(own_sector: Files) -> None:
    (own_sector.folder / "t").mkdir()
    own_sector.edit(own_sector.sector, '"dem.tif"', '"t"')
    (error,) = check_sector(own_sector.sector).errors
    assert "key terrain: t: no raster is there" in error.sentence


def test_a_sensor_with_a_height_or_on_another_continent_is_named_in_plain_words(own_sector: Files) -> None:
    document = layout(own_sector)
    document["features"][0]["geometry"]["coordinates"] = [10.0, 50.0]
    own_sector.layout.write_text(json.dumps(document))
    (error,) = check_sector(own_sector.sector).errors
    assert "sensor 'radar-mid': longitude 10, latitude 50 is too far away" in error.sentence
    assert error.expected == "a position near the sector, longitude first"
    document["features"][0]["geometry"]["coordinates"] = [10.0, 50.0, 300.0]
    own_sector.layout.write_text(json.dumps(document))
    (error,) = check_sector(own_sector.sector).errors
    assert "sensor 'radar-mid': has a point of 3 numbers; expected longitude and latitude" in error.sentence


def test_a_name_that_people_expect_leads_to_the_key_that_is_meant(own_sector: Files) -> None:
    own_sector.edit(own_sector.sector, 'home_side = "right"', 'own_side = "right"')
    (error,) = check_sector(own_sector.sector).errors
    assert "unknown key 'own_side'; expected a known name, probably 'home_side'" in error.sentence


def test_a_border_may_be_one_layer_of_several(own_sector: Files) -> None:
    import geopandas

    plain = open_sector(own_sector.folder).border
    lines = geopandas.read_file(own_sector.border)
    for layer in ("border", "old"):
        lines.to_file(own_sector.folder / "map.gpkg", layer=layer, driver="GPKG")
    own_sector.edit(own_sector.sector, '"border.geojson"', '"map.gpkg"')
    (error,) = check_sector(own_sector.sector).errors
    assert "the file has several layers: border, old; expected map.gpkg|layername=border" in error.sentence
    own_sector.edit(own_sector.sector, '"map.gpkg"', '"map.gpkg|layername=border"')
    assert check_sector(own_sector.sector).errors == []
    assert open_sector(own_sector.folder).border.line.equals_exact(plain.line, 1e-6)
    own_sector.edit(own_sector.sector, "layername=border", "layername=new")
    (error,) = check_sector(own_sector.sector).errors
    assert "has no layer 'new'; expected one of border, old" in error.sentence


OPENED_LATER = {"bases are text", "roads are text", "sections without columns"}


@pytest.mark.parametrize("mistake", sorted(set(MISTAKES) - OPENED_LATER))
def test_what_opening_refuses_the_check_lists(own_sector: Files, mistake: str) -> None:
    """Bases, roads and sections are opened later, by the commands that use them."""
    MISTAKES[mistake](own_sector)
    with pytest.raises(BadInput):
        open_sector(load_sector(own_sector.sector))
    assert check_sector(own_sector.sector).errors


def test_a_setting_with_its_former_name_is_listed_with_the_new_one(own_sector: Files) -> None:
    settings = own_sector.folder / "settings.toml"
    settings.write_text("[alerts]\nquiet_hours = 5\nsure_s = 30.0\n\n[tracker]\ntold_limit_s = 60.0\n")
    found = sentences(check_sector(own_sector.sector, settings=settings))
    assert len(found) == 3
    assert "'told_limit_s' was renamed; expected 'reported_limit_s'" in found[0]
    assert "'quiet_hours' was renamed; expected 'baseline_hours'" in found[1]
    assert "'sure_s' was renamed; expected 'straight_waived_s'" in found[2]


def test_surprising_defaults_are_notices_and_are_stated_when_used(
    own_sector: Files, caplog: pytest.LogCaptureFixture
) -> None:
    document = layout(own_sector)
    for key in ("mast_height_m", "period_s", "detection_probability", "range_sd_m"):
        del document["features"][0]["properties"][key]
    own_sector.layout.write_text(json.dumps(document))
    found = check_sector(own_sector.sector)
    assert notices(found) == {
        "sector-notice-no-bases", "sector-default-mast", "sector-default-period", "sector-default-probability",
        "sector-notice-errors",
    }  # fmt: skip
    open_sector(load_sector(own_sector.sector))
    said = [record.getMessage() for record in caplog.records if record.name.startswith("ops.sector.")]
    assert len(said) == 3
    assert all(line.startswith("layout.geojson: 1 ") and "radar-mid" in line for line in said)
    assert "2 m above ground is assumed" in said[0]


def test_what_is_permitted_and_probably_wrong_is_a_notice(own_sector: Files) -> None:
    files = own_sector
    files.edit(files.sector, 'home_side = "right"', 'home_side = "left"\nbases = "bases.geojson"')
    bases = collection(feature("Point", lonlat(4000, 4000), name="a"), feature("Point", [10.0, 50.0], name="far"))
    (files.folder / "bases.geojson").write_text(bases)
    document = layout(files)
    document["features"][2]["properties"]["id"] = "ground 1"
    files.layout.write_text(json.dumps(document))
    found = check_sector(files.sector)
    assert found.errors == []
    assert {"sector-notice-side", "sector-notice-bases-off", "sector-notice-topic"} <= notices(found)


def test_a_sensor_beside_the_terrain_is_an_error_as_for_coverage_whatever_else_is_wrong(own_sector: Files) -> None:
    document = layout(own_sector)
    document["features"][1]["geometry"]["coordinates"] = lonlat(-3000, 3300)
    own_sector.layout.write_text(json.dumps(document))
    opened = open_sector(load_sector(own_sector.sector))
    with pytest.raises(BadInput, match="off the terrain"):
        coverage(opened.layout, opened.terrain, opened.border, target="person", conditions="day")
    (error,) = check_sector(own_sector.sector).errors
    assert error.position == f"sensor {document['features'][1]['properties']['id']!r}"
    assert "is outside the terrain" in error.problem
    document["features"][0]["properties"]["availability"] = 2
    document["features"][2]["geometry"]["coordinates"] = [80.0, 50.0]
    own_sector.layout.write_text(json.dumps(document))
    problems = [error.problem for error in check_sector(own_sector.sector).errors]
    assert len(problems) == 3
    assert sum("outside the terrain" in problem or "too far away" in problem for problem in problems) == 2


def test_a_wrong_own_side_is_one_error_and_no_guess_about_sides(own_sector: Files) -> None:
    own_sector.edit(own_sector.sector, 'home_side = "right"', 'home_side = "rigth"')
    found = check_sector(own_sector.sector)
    assert len(found.errors) == 1
    assert "sector-notice-side" not in notices(found)


def test_a_sensor_without_a_link_is_a_notice(own_sector: Files) -> None:
    """A base in a pit 60 m deep: no antenna sees it."""
    import rasterio

    files = own_sector
    with rasterio.open(files.dem) as raster:
        elevation = raster.read(1)
    elevation[138:141, 98:101] -= 260.0
    files.write_dem(elevation)
    files.edit(files.sector, 'home_side = "right"', 'home_side = "right"\nbases = "bases.geojson"')
    (files.folder / "bases.geojson").write_text(collection(feature("Point", lonlat(3980, 5580), name="pit")))
    found = check_sector(files.sector)
    (notice,) = [one for one in found.notices if one.message.id == "sector-notice-unlinked"]
    assert notice.message.parameters["sensors"] == ("camera-west", "ground-1", "radar-mid")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("count", [0, 1, 2])
def test_every_message_of_this_area_is_said_with_any_number(language: str, count: int) -> None:
    """Each message with its parameters in English and in the other language: no braces, no bare identifier."""
    words = MessageCatalogue(language, "metric")
    values: dict[str, Any] = {
        "count": count, "total": 3, "value": 2.0, "sensors": ("a",) * max(count, 1), "bases": ("b",), "more": count,
        "reason": "no-bases", "length_m": 12_345.0, "fraction": 0.123, "frame": "UTM", "scale": 0.01, "name": "north",
        "folder": "north", "files": ("x", "y"), "side": "left", "compass": "n", "tried": 5, "place": "Canillo",
        "items": ("radar",), "commands": "watchline", "layout": "towers", "segments": count, "belt_m": 2000.0,
        "page": "a.html", "picture": "a.png", "catalogue": "c", "currency": "USD", "kind": "radar", "grade": "H",
        "date": "2020-01-01", "low": 0.25, "high": 0.5, "source": "s", "item": "radar",
        "length": 30.0, "places": ("46.05000 8.05000",),
    }  # fmt: skip
    folder = Path(__file__).parents[3] / "ops" / "words" / language
    ids = [line.split(" = ")[0] for line in (folder / "sector.ftl").read_text().splitlines() if " = " in line[:60]]
    ids = [one for one in ids if one.startswith(("sector-", "equipment-"))]
    assert len(ids) > 60
    for identifier in ids:
        said = words.say(identifier, **values)
        assert said != identifier
        assert "{" not in said, said
    assert not words.missing


def test_the_command_lists_errors_and_fails(own_sector: Files, watchline: Callable[..., Any]) -> None:
    own_sector.edit(own_sector.sector, "belt_m = 1500", "belt_m = -1\nbelt = 3")
    ended = watchline("sector", "check", own_sector.folder, "--json")
    told = json.loads(ended.out)
    assert ended.code == 1
    assert told["ok"] is False
    assert [(error["file"], error["position"]) for error in told["errors"]] == [
        ("sector.toml", "line 8, key belt"), ("sector.toml", "line 7, key belt_m"),
    ]  # fmt: skip
    assert told["errors"][0].keys() == {"file", "position", "problem", "expected"}
    assert "2 errors:" in ended.err
    assert {"file": "sector.toml", "id": "sector-notice-no-bases", "parameters": {}} in told["notices"]


def test_the_command_in_french_has_the_same_record(
    hill_sector: Files, watchline: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WATCHLINE_LANGUAGE", raising=False)
    english = watchline("sector", "check", hill_sector.sector, "--json")
    monkeypatch.setenv("WATCHLINE_LANGUAGE", "fr")
    french = watchline("sector", "check", hill_sector.sector, "--json")
    assert json.loads(english.out) == json.loads(french.out)
    assert "No errors in 2 files." in english.err
    assert "Aucune erreur dans 2 fichiers." in french.err


def test_what_a_check_prints_is_in_the_catalogue(
    hill_sector: Files, own_sector: Files, watchline: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Except errors, which are the same in every language."""
    monkeypatch.setenv("WATCHLINE_LANGUAGE", "en-XA")
    assert plain_lines(watchline("sector", "check", hill_sector.sector).err) == []
    own_sector.edit(own_sector.sector, "belt_m = 1500", "belt_m = -1\nbelt = 3")
    printed = watchline("sector", "check", own_sector.sector).err
    (first, second) = plain_lines(printed)
    assert ("unknown key 'belt'" in first, "belt_m" in second) == (True, True), printed


def test_loading_names_how_many_errors_there_are(own_sector: Files) -> None:
    own_sector.edit(own_sector.sector, "belt_m = 1500", "belt_m = -1\nbelt = 3")
    with pytest.raises(BadInput, match=r"unknown key 'belt'.*\(1 more error; `watchline sector check` lists all\)\.$"):
        load_sector(own_sector.sector)


def test_every_key_of_a_toml_text_is_found_on_its_line() -> None:
    from ops.sector.toml_record import line_of

    text = 'name = "a"\n# belt_m = 1\nbelt_m = 2\n\n[layouts]\nbasic = "b"\n"high tech" = "c"\n[zone]\ninner = "x"\n'
    assert tomllib.loads(text)["zone"] == {"inner": "x"}
    lines = {key: line_of(text, key.rpartition(".")[2], key.rpartition(".")[0]) for key in (
        "name", "belt_m", "layouts", "layouts.basic", "layouts.high tech", "zone.inner", "none",
    )}  # fmt: skip
    assert lines == {
        "name": 1, "belt_m": 3, "layouts": 5, "layouts.basic": 6, "layouts.high tech": 7, "zone.inner": 9, "none": None,
    }  # fmt: skip


def test_a_layout_drawn_in_a_gis_is_a_layout_of_a_sector(own_sector: Files, watchline: Callable[..., Any]) -> None:
    """One layer of a GeoPackage, named in the sector file and by ``--layout``: checked, opened and analysed."""
    import geopandas

    files = own_sector
    table = geopandas.read_file(files.layout).to_crs(32616)
    table.to_file(files.folder / "drawn.gpkg", layer="sensors", driver="GPKG")
    files.edit(
        files.sector, 'three = "layout.geojson"', 'three = "layout.geojson"\nmine = "drawn.gpkg|layername=sensors"'
    )
    assert check_sector(files.sector).errors == []
    plain, drawn = (open_sector(load_sector(files.sector), name).layout for name in ("three", "mine"))
    assert drawn.ids == plain.ids
    assert [sensor.max_range_m for sensor in drawn] == [sensor.max_range_m for sensor in plain]
    given = open_sector(files.folder, f"{files.folder / 'drawn.gpkg'}|layername=sensors")
    assert given.layout.ids == plain.ids
    ended = watchline("coverage", files.sector, "--layout", "mine", "--out", files.folder / "out", "--json")
    assert ended.code == 0, ended.err
    assert json.loads(ended.out)["sensors"] == 3
    table["max_rang"] = 5.0
    table.to_file(files.folder / "drawn.gpkg", layer="sensors", driver="GPKG")
    (error,) = check_sector(files.sector).errors
    assert (
        error.sentence
        == "drawn.gpkg|layername=sensors: unknown column 'max_rang'; expected a known name, probably 'max_range_m'."
    )

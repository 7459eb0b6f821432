"""``watchline sector init``: what it writes is checked, opened and analysed at once, and nothing is overwritten."""

from __future__ import annotations

import io
import json
import shutil
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

from geo.errors import BadInput
from ops.sector.check import check_sector
from ops.sector.creation.create import create_sector
from ops.sector.creation.new_sector import NewSector
from ops.sector.open_sector import open_sector
from ops.sector.schemas import NAMES, file_schema
from ops.sector.sector_file import load_sector, read_bases
from tests.ops.conftest import Files, collection, feature, lonlat
from tests.ops.words.pseudo_texts import plain_lines, plain_texts


def new_sector(files: Files, folder: Path, **more: Any) -> NewSector:
    return NewSector(folder, str(files.dem), files.border, own_side="right", **more)


@pytest.fixture(scope="module")
def created(hill_sector: Files, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("new") / "North valley"
    create_sector(new_sector(hill_sector, folder))
    return folder


def test_a_new_sector_has_neither_errors_nor_notices(created: Path) -> None:
    found = check_sector(created)
    assert [error.sentence for error in found.errors] == []
    messages = [notice.message.id for notice in found.notices]
    assert messages == ["coverage-off-terrain-belt"]  # the terrain of the test is small
    assert load_sector(created).name == "North-valley"


def test_the_schemas_beside_it_accept_its_files(created: Path) -> None:
    def schema(name: str) -> Any:
        return json.loads((created / "schema" / f"{name}.schema.json").read_text())

    assert {name: schema(name) for name in NAMES} == {name: file_schema(name) for name in NAMES}
    text = (created / "sector.toml").read_text()
    assert text.startswith("#:schema schema/sector.schema.json\n")
    jsonschema.validate(tomllib.loads(text), schema("sector"))
    for path in created.glob("layout_*.geojson"):
        document = json.loads(path.read_text())
        assert document["$schema"] == "schema/layout.schema.json"
        jsonschema.validate(document, schema("layout"))


class Terminal(io.StringIO):
    """What a person types."""

    def isatty(self) -> bool:
        return True


def test_on_a_terminal_it_asks_again_until_an_answer_can_be_used(
    hill_sector: Files, tmp_path: Path, watchline: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = ["none.tif", hill_sector.dem, "none.shp", hill_sector.border, "", "north", "right"]
    monkeypatch.setattr(sys, "stdin", Terminal("".join(f"{answer}\n" for answer in answers)))
    ended = watchline("sector", "init", tmp_path / "asked", "--layout", hill_sector.layout)
    assert ended.code == 0
    for refused in ("'none.tif' does not exist", "no file 'none.shp'", "'north'; expected left, right, or LON,LAT"):
        assert ended.err.count(refused) == 1
    assert ended.err.index("none.tif") < ended.err.index("none.shp") < ended.err.index("'north'")
    assert load_sector(tmp_path / "asked").home_side == "right"


@pytest.mark.parametrize("layout", ["towers", "basic"])
def test_every_example_sensor_is_on_the_own_side_of_the_border_on_known_terrain(created: Path, layout: str) -> None:
    from geo.terrain import sample

    ground = open_sector(load_sector(created), layout)
    assert len(ground.layout) >= 3
    for sensor in ground.layout:
        assert np.isfinite(float(sample(ground.terrain, sensor.easting, sensor.northing)))
        assert float(ground.border.locate(sensor.easting, sensor.northing)[2]) > 0.0
        assert sensor.catalogue is not None


def test_each_camera_looks_at_the_border(created: Path) -> None:
    ground = open_sector(load_sector(created), "towers")
    for sensor in ground.layout:
        if sensor.kind == "camera":
            _, chainage, offset = ground.border.locate(sensor.easting, sensor.northing)
            azimuth = np.radians(sensor.azimuth_deg) - ground.layout.placement(sensor.id).convergence_rad
            ahead = float(offset) * np.array([np.sin(azimuth), np.cos(azimuth)]) + (sensor.easting, sensor.northing)
            assert abs(float(ground.border.locate(*ahead)[2])) < 30.0
            assert np.isfinite(float(chainage))


def test_the_sites_are_better_than_the_mean_candidate(created: Path) -> None:
    """The towers see more of the border than towers of the same number at equal distances, 700 m from the line."""
    from ops.sector.creation.example_layout import TOWER_MAST_M, SitePosition, _beside, _sees, _thinned, _watched

    ground = open_sector(load_sector(created), "towers")
    coarse = _thinned(ground.terrain)
    watched = _watched(coarse, ground.border)
    radars = [SitePosition(s.easting, s.northing) for s in ground.layout if s.kind == "radar"]
    evenly = [
        _beside(ground.border, (i + 0.5) / len(radars) * ground.border.length_m, 700.0) for i in range(len(radars))
    ]

    def seen(places: list[SitePosition]) -> float:
        return float(np.any([_sees(coarse, place, watched, TOWER_MAST_M) for place in places], axis=0).mean())

    assert seen(radars) >= seen(evenly)


def test_the_base_is_on_the_own_side_and_marked_as_an_example(created: Path) -> None:
    ground = open_sector(load_sector(created))
    ((name, (lon, lat)),) = read_bases(created / "bases.geojson").items()
    assert "xample" in name
    assert float(ground.border.locate(*ground.frame.to_local(lon, lat))[2]) > 500.0


def test_nothing_is_overwritten(created: Path, hill_sector: Files, tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in created.rglob("*") if path.is_file()}
    with pytest.raises(BadInput, match=r"sector\.toml, bases\.geojson.* already exist.*nothing is overwritten"):
        create_sector(new_sector(hill_sector, created))
    assert {path: path.read_bytes() for path in created.rglob("*") if path.is_file()} == before
    folder = tmp_path / "half"
    folder.mkdir()
    (folder / "bases.geojson").write_text("mine")
    with pytest.raises(BadInput, match=r"bases\.geojson already exists"):
        create_sector(new_sector(hill_sector, folder))
    assert [path.name for path in folder.iterdir()] == ["bases.geojson"]


def test_a_position_states_the_own_side(hill_sector: Files, tmp_path: Path) -> None:
    """The border runs from west to east: its right side is the south."""
    for south_m, side in ((1000, "left"), (5000, "right")):
        lon, lat = lonlat(4000, south_m)
        new = NewSector(tmp_path / side, str(hill_sector.dem), hill_sector.border, own_side=f"{lon},{lat}")
        made = create_sector(new)
        assert load_sector(made.sector).home_side == side
        assert made.border.parameters["compass"] == {"left": "n", "right": "s"}[side]


def test_bases_state_the_own_side_and_without_either_it_is_an_assumption(hill_sector: Files, tmp_path: Path) -> None:
    bases = tmp_path / "posts.geojson"
    bases.write_text(collection(feature("Point", lonlat(4000, 5000), name="South post")))
    with_bases = NewSector(tmp_path / "a", str(hill_sector.dem), hill_sector.border, bases=bases)
    made = create_sector(with_bases)
    assert load_sector(made.sector).home_side == "right"
    assert not (tmp_path / "a" / "bases.geojson").exists()
    assert load_sector(made.sector).bases.resolve() == bases.resolve()
    bare = create_sector(NewSector(tmp_path / "b", str(hill_sector.dem), hill_sector.border))
    assert bare.assumptions[0].id == "sector-init-side"
    assert "sector-init-side" not in {message.id for message in made.assumptions}


def test_a_layout_of_ones_own_replaces_the_examples(hill_sector: Files, tmp_path: Path) -> None:
    made = create_sector(new_sector(hill_sector, tmp_path / "own", layout=hill_sector.layout))
    assert list(load_sector(made.sector).layouts) == ["own"]
    assert not list((tmp_path / "own").glob("layout_*"))


@pytest.mark.parametrize(
    ("own_side", "said"),
    [("north", "left, right, or LON,LAT"), ("200,0", "longitude before latitude"), ("1", "LON,LAT")],
)
def test_a_side_that_is_none_is_refused(hill_sector: Files, tmp_path: Path, own_side: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        create_sector(NewSector(tmp_path / "x", str(hill_sector.dem), hill_sector.border, own_side=own_side))
    assert not (tmp_path / "x").exists()


def test_the_command_writes_and_tells_its_assumptions(
    hill_sector: Files, tmp_path: Path, watchline: Callable[..., Any]
) -> None:
    folder = tmp_path / "south"
    ended = watchline("sector", "init", folder, "--terrain", hill_sector.dem, "--border", hill_sector.border, "--json")
    assert ended.code == 0, ended.err
    told = json.loads(ended.out)
    assert {Path(file).name for file in told["files"]} >= {"sector.toml", "layout_towers.geojson", "bases.geojson"}
    assert told["assumptions"][0]["id"] == "sector-init-side"
    assert "Assumptions (change them in the files):" in ended.err
    assert "Next: watchline sector check" in ended.err
    again = watchline("sector", "init", folder, "--terrain", hill_sector.dem, "--border", hill_sector.border)
    assert again.code == 1
    assert "nothing is overwritten" in again.err


def test_what_is_missing_is_named_and_not_asked_for_without_a_terminal(
    tmp_path: Path, hill_sector: Files, watchline: Callable[..., Any]
) -> None:
    ended = watchline("sector", "init", tmp_path / "x")
    assert (ended.code, ended.err.strip()) == (2, "watchline: --terrain: is missing; expected a file.")
    ended = watchline("sector", "init", tmp_path / "x", "--terrain", hill_sector.dem, "--border", "none.shp")
    assert ended.code == 2
    assert "--border: there is no file 'none.shp'" in ended.err


def test_the_preview_shows_the_sector_offline(created: Path, tmp_path: Path, watchline: Callable[..., Any]) -> None:
    from PIL import Image

    ended = watchline("sector", "preview", created, "--out", tmp_path / "p.html", "--json")
    assert ended.code == 0, ended.err
    told = json.loads(ended.out)
    page = (tmp_path / "p.html").read_text()
    assert "default-src 'none'" in page
    assert "http://" not in page.replace("http://www.w3.org", "")
    for part in ("Preview: North valley", "own side", "direction of the border line", "radar-1", "Example base"):
        assert part in page
    assert 0.0 <= told["dead_ground_fraction"] <= 1.0
    with Image.open(tmp_path / "p.png") as picture:
        assert picture.width > 800
    first = (tmp_path / "p.png").read_bytes(), page
    watchline("sector", "preview", created, "--out", tmp_path / "p.html")
    assert ((tmp_path / "p.png").read_bytes(), (tmp_path / "p.html").read_text()) == first


def test_the_preview_names_errors_of_other_layouts(
    hill_sector: Files, tmp_path: Path, watchline: Callable[..., Any]
) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(hill_sector.folder, folder)
    (folder / "wrong.geojson").write_text("[]")
    text = (folder / "sector.toml").read_text()
    (folder / "sector.toml").write_text(text + 'wrong = "wrong.geojson"\n')
    ended = watchline("sector", "preview", folder, "--out", tmp_path / "q.html")
    assert ended.code == 0, ended.err
    assert "wrong.geojson: is not a FeatureCollection" in (tmp_path / "q.html").read_text()
    assert watchline("sector", "preview", folder, "--out", tmp_path / "q.png").code == 2


def test_every_text_of_the_preview_is_in_the_catalogue(
    created: Path, tmp_path: Path, watchline: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHLINE_LANGUAGE", "ar-XB")
    ended = watchline("sector", "preview", created, "--out", tmp_path / "p.html")
    assert ended.code == 0, ended.err
    page = (tmp_path / "p.html").read_text()
    assert '<html lang="ar-XB" dir="rtl">' in page
    sensors = [
        one["properties"]["id"] for one in json.loads((created / "layout_towers.geojson").read_text())["features"]
    ]
    assert plain_texts(page, [*sensors, "Example base"]) == []
    assert plain_lines(ended.err, [str(tmp_path)]) == []


def test_links_to_a_base_are_drawn(hill_sector: Files, tmp_path: Path) -> None:
    from ops.analysis.sector.preview import preview_of

    folder = tmp_path / "based"
    shutil.copytree(hill_sector.folder, folder)
    text = (folder / "sector.toml").read_text()
    (folder / "sector.toml").write_text(text.replace("[layouts]", 'bases = "bases.geojson"\n[layouts]'))
    (folder / "bases.geojson").write_text(collection(feature("Point", lonlat(4000, 3600), name="near")))
    shown = preview_of(open_sector(load_sector(folder)))
    assert shown.links
    ends = np.concatenate(shown.links)
    base = np.array(shown.ground.frame.to_local(*lonlat(4000, 3600)))
    assert np.hypot(*(ends - base).T).min() < 1.0
    assert len(shown.arrows) > 5


def test_the_catalogue_is_listed_and_an_item_shown_with_its_sources(watchline: Callable[..., Any]) -> None:
    listed = json.loads(watchline("catalogue", "list", "--json").out)
    kinds = {item["kind"] for item in listed["items"]}
    assert {"radar", "camera", "relay", "patrol"} <= kinds
    only = json.loads(watchline("catalogue", "list", "--kind", "relay", "--json").out)
    assert {item["kind"] for item in only["items"]} == {"relay"}
    ended = watchline("catalogue", "show", "seismic", "--json")
    shown = json.loads(ended.out)
    assert shown["layout"]["max_range_m"] == 40
    assert all(figure["source"] for figure in shown["figures"].values())
    assert '"catalogue": "seismic"' in ended.err
    patrol = watchline("catalogue", "show", "foot_patrol", "--json")
    assert json.loads(patrol.out)["layout"] is None
    assert "no position in a layout" in patrol.err
    wrong = watchline("catalogue", "show", "seismc")
    assert wrong.code == 2
    assert "no item 'seismc'" in wrong.err
    assert watchline("catalogue", "list", "--kind", "lidar").code == 2


def test_the_command_prints_each_schema(watchline: Callable[..., Any]) -> None:
    for name in NAMES:
        assert json.loads(watchline("sector", "schema", name).out) == file_schema(name)
    assert watchline("sector", "schema", "sectors").code == 2


ROW = {"highway": "track", "name": "x"}
WRONG_FILES: dict[str, tuple[str, str, str]] = {
    "bases are text": ("bases", "no GeoJSON", "is not JSON (line 1, column 1); expected GeoJSON points"),
    "bases are empty": ("bases", "", "is empty"),
    "bases are a list": ("bases", "[]", "has no list of features"),
    "bases are none": ("bases", collection(), "has no base"),
    "bases are lines": ("bases", collection(feature("LineString", [[0, 0], [1, 1]], name="a")), "is a 'LineString'"),
    "two bases of one name": (
        "bases",
        collection(*(feature("Point", lonlat(4000, south), name="a") for south in (4000, 5000))),
        "feature 2: is called 'a', as feature 1 is",
    ),
    "a base without a name": ("bases", collection(feature("Point", lonlat(4000, 4000))), "feature 1: has no name"),
    "a base with a hidden name": (
        "bases",
        collection(feature("Point", lonlat(4000, 4000), name="a\u202eb")),
        "is called 'a\\u202eb'; expected",
    ),
    "layout is text": ("layout", "sensors", "is not JSON"),
    "layout is no layout": ("layout", collection(feature("Point", [0, 0], name="town")), "has no id"),
    "layout has three errors": (
        "layout",
        collection(feature("Point", lonlat(4000, 4000), id="r", kind="radar", range_m=5, period_s=-1)),
        "key 'range_m' is not known for a radar (2 more errors); expected a known name, probably 'max_range_m'",
    ),
    "rivers are points": ("rivers", collection(feature("Point", lonlat(4000, 4000))), "rivers: points in 1 of 1"),
    "roads are areas": (
        "roads",
        collection(feature("Polygon", [[lonlat(0, 0), lonlat(9, 0), lonlat(0, 9), lonlat(0, 0)]], **ROW)),
        "roads: areas in 1 of 1 features; expected lines",
    ),
    "roads without a class": (
        "roads",
        collection(feature("LineString", [lonlat(100, 100), lonlat(4000, 4000)], name="x")),
        "no class or speed among the columns name",
    ),
    "settlements are lines": (
        "settlements",
        collection(feature("LineString", [lonlat(100, 100), lonlat(4000, 4000)], name="x")),
        "settlements: lines in 1 of 1 features; expected points or areas",
    ),
}


@pytest.mark.parametrize("name", WRONG_FILES)
def test_a_file_that_later_commands_refuse_is_refused_and_nothing_is_written(
    hill_sector: Files, tmp_path: Path, name: str
) -> None:
    option, content, said = WRONG_FILES[name]
    path = tmp_path / f"{option}.geojson"
    path.write_text(content, encoding="utf-8")
    more: dict[str, Any] = {option: path}
    with pytest.raises(BadInput) as raised:
        create_sector(new_sector(hill_sector, tmp_path / "x", **more))
    assert said in str(raised.value)
    assert str(raised.value).startswith(f"--{option} {path}: ")
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    ("place", "said"),
    [
        (lonlat(3400, 3060), "is on the border itself; expected a position at least 10 m beside it"),
        (lonlat(3400, 3066), "is on the border itself"),
        (lonlat(4000, 5000)[::-1], "is outside the terrain; expected LON,LAT near the border, longitude first"),
        (lonlat(40_000, 5000), "is outside the terrain"),
    ],
)
def test_a_position_of_the_own_side_is_on_the_terrain_and_beside_the_border(
    hill_sector: Files, tmp_path: Path, place: list[float], said: str
) -> None:
    new = NewSector(tmp_path / "x", str(hill_sector.dem), hill_sector.border, own_side=f"{place[0]},{place[1]}")
    with pytest.raises(BadInput) as raised:
        create_sector(new)
    assert said in str(raised.value)
    assert not (tmp_path / "x").exists()


def test_bases_on_both_sides_do_not_state_the_own_side(hill_sector: Files, tmp_path: Path) -> None:
    bases = tmp_path / "posts.geojson"
    posts = {"North": 1000, "South": 5000}
    bases.write_text(collection(*(feature("Point", lonlat(4000, south), name=name) for name, south in posts.items())))
    new = NewSector(tmp_path / "x", str(hill_sector.dem), hill_sector.border, bases=bases)
    with pytest.raises(
        BadInput, match="1 of 2 bases on the left of the border and 1 on the right; expected --own-side"
    ):
        create_sector(new)


def test_all_files_are_written_or_none(hill_sector: Files, tmp_path: Path) -> None:
    """The folder of the schemas cannot be made: the layouts, which are written before, do not stay."""
    folder = tmp_path / "taken"
    folder.mkdir()
    (folder / "schema").write_text("mine")
    with pytest.raises(BadInput, match=r"schema.*cannot be written"):
        create_sector(new_sector(hill_sector, folder))
    assert [path.name for path in folder.iterdir()] == ["schema"]
    (tmp_path / "file").write_text("mine")
    with pytest.raises(BadInput, match=r"file: is a file; expected a folder to write in"):
        create_sector(new_sector(hill_sector, tmp_path / "file" / "sector"))


def test_what_is_cheap_to_see_is_refused_before_the_terrain_is_opened(
    hill_sector: Files, tmp_path: Path, watchline: Callable[..., Any]
) -> None:
    files = ("--terrain", hill_sector.dem, "--border", hill_sector.border)
    characters = "1 to 64 of A-Z a-z 0-9 . _ -, the first a letter or digit"
    not_json = "is not JSON (line 1, column 1); expected GeoJSON points with a name."
    for more, code, said in (
        (("--own-side", "south"), 2, "--own-side: 'south'; expected left, right, or LON,LAT in degrees."),
        (("--name", "a b"), 2, f"--name: 'a b' is not a name; expected {characters}."),
        (("--bases", hill_sector.sector), 1, f"--bases {hill_sector.sector}: {not_json}"),
        (("--bases", "none.geojson"), 2, "--bases: there is no file 'none.geojson'; expected an existing file."),
        (("--terrain", ""), 2, "--terrain: is empty; expected a value."),
    ):
        ended = watchline("sector", "init", tmp_path / "x", *files, *more)
        assert (ended.code, ended.err) == (code, f"watchline: {said}\n")
    assert not (tmp_path / "x").exists()


def test_names_of_a_map_and_folders_of_any_name_lead_to_a_sector_without_errors(
    hill_sector: Files, tmp_path: Path, watchline: Callable[..., Any]
) -> None:
    """Control characters of a map's name are not passed on, and the next commands can be copied into a shell."""
    places = tmp_path / "places.geojson"
    places.write_text(collection(feature("Point", lonlat(4000, 4500), name="A\nB\u202eC")))
    folder = tmp_path / "Grenze Süd"
    ended = watchline(
        "sector", "init", folder, "--terrain", hill_sector.dem, "--border", hill_sector.border, "--own-side", "right",
        "--settlements", places,
    )  # fmt: skip
    assert ended.code == 0, ended.err
    assert list(read_bases(folder / "bases.geojson")) == ["Example base at A\ufffdB\ufffdC"]
    assert check_sector(folder).errors == []
    assert f"Next: watchline sector check '{folder}'; watchline sector preview '{folder}' --out " in ended.err
    (folder / "page.html").mkdir()
    refused = watchline("sector", "preview", folder, "--out", folder / "page.html")
    assert refused.err.strip() == f"watchline: --out: '{folder / 'page.html'}' is a folder; expected a file."


def test_bases_far_away_do_not_state_the_own_side(hill_sector: Files, tmp_path: Path) -> None:
    """Latitude before longitude, for example."""
    bases = tmp_path / "posts.geojson"
    bases.write_text(collection(feature("Point", lonlat(4000, 5000)[::-1], name="swapped")))
    with pytest.raises(
        BadInput, match="no base is on the terrain; expected positions near the border, longitude first"
    ):
        create_sector(NewSector(tmp_path / "x", str(hill_sector.dem), hill_sector.border, bases=bases))


def test_a_map_file_beside_the_terrain_is_named(hill_sector: Files, tmp_path: Path) -> None:
    rivers = tmp_path / "rivers.geojson"
    rivers.write_text(collection(feature("LineString", [[1.0, 42.0], [1.1, 42.1]])))
    made = create_sector(new_sector(hill_sector, tmp_path / "x", rivers=rivers))
    assert [one.id for one in made.assumptions if one.parameters.get("kind") == "rivers"] == ["sector-notice-map-empty"]
    assert "sector-notice-map-empty" in {notice.message.id for notice in check_sector(tmp_path / "x").notices}

"""Nation files: what can be used, and one sentence for what cannot."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ops.cluster.nation_file import load_nation, open_sectors, read_nation, refuse_overlaps
from ops.sector.toml_record import ConfigError


@pytest.fixture
def two(tmp_path: Path, make_sector: Callable[[Path], Any]) -> Path:
    """A nation file with two sectors over the same ground."""
    for name in ("west", "east"):
        files = make_sector(tmp_path / name)
        files.edit(files.sector, 'name = "hills"', f'name = "{name}"')
    (tmp_path / "nation.toml").write_text('name = "north"\nsectors = ["west", "east/sector.toml"]\n')
    return tmp_path / "nation.toml"


def test_sectors_are_named_by_their_file_or_its_folder_relative_to_the_nation_file(two: Path):
    nation = load_nation(two)
    assert (nation.name, [sector.name for sector in nation.sectors]) == ("north", ["west", "east"])
    assert load_nation(two.parent) == nation


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('name = "north"\n', "the key 'sectors' is missing"),
        ('name = "north"\nsectors = []\n', "sectors: is empty"),
        ('name = "no rth"\nsectors = ["west"]\n', "name"),
        ('name = "north"\nsectors = ["west", "west/sector.toml"]\n', "have the same name 'west'"),
        ('name = "north"\nsectors = ["south"]\n', "south"),
        ('name = "north"\nsector = ["west"]\n', "unknown key 'sector'"),
        ("name = north\n", "is not TOML"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_in_one_sentence(two: Path, text: str, said: str):
    two.write_text(text)
    with pytest.raises(ConfigError) as refused:
        load_nation(two)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "name",
    [
        "machines", "logs", "dask", "keys", "audit", "tls", "Logs", "leases.db", "nation.db-wal", "cluster.lock",
        "audit.postgres", "keys.postgres", "publication.key", "waiting.json", "machine", "machine.lock",
    ],
)  # fmt: skip
def test_a_sector_whose_folder_would_be_one_of_the_clusters_own_is_refused(two: Path, name: str):
    east = two.parent / "east" / "sector.toml"
    east.write_text(east.read_text().replace('name = "east"', f'name = "{name}"'))
    with pytest.raises(ConfigError) as refused:
        load_nation(two)
    assert f"{east} has the name {name!r}, which a cluster needs" in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", ["West", "WEST"])
def test_two_names_that_differ_in_case_only_are_refused(two: Path, name: str):
    """They would have one folder where a file system ignores case."""
    east = two.parent / "east" / "sector.toml"
    east.write_text(east.read_text().replace('name = "east"', f'name = "{name}"'))
    with pytest.raises(ConfigError) as refused:
        load_nation(two)
    assert f"have the names 'west' and {name!r}, which differ in case only" in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", ["east-logs", "nations", "nation.north", "leases.dbx"])
def test_a_name_that_only_resembles_one_of_the_clusters_is_a_sector(two: Path, name: str):
    east = two.parent / "east" / "sector.toml"
    east.write_text(east.read_text().replace('name = "east"', f'name = "{name}"'))
    assert [sector.name for sector in load_nation(two).sectors] == ["west", name]


def test_two_sectors_that_watch_the_same_border_are_refused_with_its_length(two: Path):
    with pytest.raises(ConfigError, match=r"west and east watch the same 7\.\d km of border"):
        refuse_overlaps(nation := load_nation(two), open_sectors(nation))


def test_neighbours_may_share_the_ends_of_their_lines(two: Path):
    for name, keep in (("west", slice(0, 11)), ("east", slice(10, None))):
        border = two.parent / name / "border.geojson"
        import json

        map_file = json.loads(border.read_text())
        line = map_file["features"][0]["geometry"]
        line["coordinates"] = line["coordinates"][keep]
        border.write_text(json.dumps(map_file))
    refuse_overlaps(nation := load_nation(two), open_sectors(nation))  # raises where it refuses
    assert [sector.border.parent.name for sector in load_nation(two).sectors] == ["west", "east"]


@pytest.mark.parametrize(("title", "sector"), [("Free\\u001b[2Jdonia", "west"), ("Freedonia", "we\\u202est")])
def test_texts_that_would_steer_a_terminal_or_hide_text_are_refused(tmp_path: Path, title: str, sector: str) -> None:
    file = tmp_path / "nation.toml"
    file.write_text(f'name = "f"\ntitle = "{title}"\nsectors = ["{sector}"]\n')
    with pytest.raises(ConfigError, match="has '"):
        read_nation(file)

"""Which sensors should send to a neighbouring sector too, and the sentence that names them."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from ops.cluster.edge_sensors import EdgeSensor, sensors_of_one_sector, show_edge_sensors
from ops.cluster.nation_file import load_nation, open_sectors
from ops.runtime.output import speaking
from ops.words import LANGUAGES, MessageCatalogue

RADAR, CAMERA = EdgeSensor("west", "radar-mid", "east"), EdgeSensor("west", "camera-west", "east")
"""The radar stands 200 m west of the edge and reaches 5 km; the camera 1.7 km west of it, and reaches 2.5 km."""


@pytest.fixture
def nation(tmp_path: Path, make_sector: Callable[[Path], Any]) -> Callable[..., Path]:
    """Writes a nation whose sectors meet at easting 4200 of the small sector's map, with these sensors each."""

    def write(west: Sequence[str], east: Sequence[str], *, camera_range_m: float = 2500.0) -> Path:
        for name, part, ids in (("west", slice(0, 11), west), ("east", slice(10, None), east)):
            files = make_sector(tmp_path / name)
            files.edit(files.sector, 'name = "hills"', f'name = "{name}"')
            border, layout = json.loads(files.border.read_text()), json.loads(files.layout.read_text())
            line = border["features"][0]["geometry"]
            line["coordinates"] = line["coordinates"][part]
            layout["features"] = [one for one in layout["features"] if one["properties"]["id"] in ids]
            for one in layout["features"]:
                if one["properties"]["id"] == "camera-west":
                    one["properties"]["max_range_m"] = camera_range_m
            files.border.write_text(json.dumps(border))
            files.layout.write_text(json.dumps(layout))
        (tmp_path / "nation.toml").write_text('name = "north"\nsectors = ["west", "east"]\n')
        return tmp_path / "nation.toml"

    return write


@pytest.mark.parametrize(
    ("west", "east", "camera_range_m", "expected"),
    [
        (["radar-mid", "camera-west"], ["ground-1"], 2500.0, [CAMERA, RADAR]),
        (["radar-mid", "camera-west"], ["radar-mid", "ground-1"], 2500.0, [CAMERA]),
        (["radar-mid", "camera-west"], ["radar-mid", "ground-1"], 1900.0, []),
        (["camera-west"], ["radar-mid", "ground-1"], 1900.0, [EdgeSensor("east", "radar-mid", "west")]),
        (["radar-mid"], ["radar-mid"], 2500.0, []),
    ],
    ids=["both reach over", "one is shared", "under half a kilometre", "the other way", "all are shared"],
)
def test_a_sensor_that_reaches_half_a_kilometre_of_the_neighbours_border_should_be_in_its_layout(
    nation: Callable[..., Path], west: list[str], east: list[str], camera_range_m: float, expected: list[EdgeSensor]
) -> None:
    """At 1,900 m the camera, 300 m off the line, reaches 176 m of the neighbour's; at 2,500 m, 782 m."""
    grounds = open_sectors(load_nation(nation(west, east, camera_range_m=camera_range_m)))
    assert sensors_of_one_sector(grounds) == expected


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("count", [1, 3, 4])
def test_the_sentence_states_their_number_and_names_three_at_most(language: str, count: int) -> None:
    shown = io.StringIO()
    with speaking(MessageCatalogue.of(language)):
        show_edge_sensors([EdgeSensor("a", f"s{one}", "b") for one in range(count)], Console(file=shown))
    text = shown.getvalue()
    assert text.count("\n") == 1
    assert text.startswith(f"{count} ")
    assert [f"a/s{one} → b" in text for one in range(4)] == [one < min(count, 3) for one in range(4)]
    assert ("…" in text) == (count > 3)


def test_a_sensor_that_reaches_two_neighbours_is_counted_once_and_named_for_both() -> None:
    shown = io.StringIO()
    sensors = [EdgeSensor("mid", "radar", "east"), EdgeSensor("mid", "radar", "west")]
    with speaking(MessageCatalogue.of("en")):
        show_edge_sensors(sensors, Console(file=shown))
    assert shown.getvalue().startswith("1 sensor has the border of a neighbouring sector in range ")
    assert "mid/radar → east, mid/radar → west. " in shown.getvalue()


def test_without_such_a_sensor_nothing_is_said() -> None:
    shown = io.StringIO()
    show_edge_sensors([], Console(file=shown))
    assert shown.getvalue() == ""

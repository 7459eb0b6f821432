"""The published JSON Schemas: samples are valid, mutations are not, and schema and reader agree on every mutation."""

from __future__ import annotations

import copy
import json
import math
import tomllib
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geo.frame import LocalFrame
from ops.forces.settings import ForceSettings
from ops.sector.samples import samples_folder
from ops.sector.schemas import NAMES, file_schema, limits_of, parameters_of
from ops.sector.sector_file import Sector, read_sector
from ops.sector.setting_tables.cue import CueSettings
from ops.sector.setting_tables.feeds import UnitFeedSettings
from ops.sector.settings import Settings, load_settings, settings_errors
from sensors.equipment.catalogue import Catalogue
from sensors.errors import CatalogueError
from sensors.layout import RECORDS
from sensors.layout_document import PLACED
from sensors.layout_errors import layout_errors

SAMPLE = samples_folder() / "cumberland"
FRAME = LocalFrame.around(-84.3, 36.6)
VALIDATORS = {
    name: jsonschema.Draft202012Validator(file_schema(name), format_checker=jsonschema.FormatChecker())
    for name in NAMES
}


def as_an_editor(value: Any) -> Any:
    """The table of a TOML file as an editor gives it to a schema: dates as text."""
    if isinstance(value, dict):
        return {key: as_an_editor(one) for key, one in value.items()}
    if isinstance(value, list):
        return [as_an_editor(one) for one in value]
    return value.isoformat() if hasattr(value, "isoformat") else value


def valid(name: str, document: Any) -> bool:
    """Whether a schema accepts a document as it is, as a parser of TOML gives it; an editor must find the same."""
    found = bool(VALIDATORS[name].is_valid(document))
    assert found == VALIDATORS[name].is_valid(as_an_editor(document))
    return found


def table_of(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def layout_of(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((SAMPLE / f"layout_{name}.geojson").read_text())
    return document


@pytest.mark.parametrize("name", NAMES)
def test_each_schema_is_one(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(file_schema(name))


def test_the_samples_are_valid() -> None:
    assert valid("sector", table_of(SAMPLE / "sector.toml"))
    assert valid("catalogue", table_of(samples_folder() / "catalogue.toml"))
    for path in SAMPLE.glob("layout_*.geojson"):
        assert valid("layout", json.loads(path.read_text())), path.name


def test_no_limits_are_stated_for_a_setting_whose_limit_is_another_setting() -> None:
    assert limits_of(ForceSettings, "fading_s") == {"exclusiveMinimum": 0}
    assert limits_of(ForceSettings, "stale_s") == {}  # at least fading_s


def test_no_maximum_is_stated_where_zero_switches_off_and_larger_values_are_allowed() -> None:
    """``together_bytes`` is 0, or 300 to 1,200."""
    assert limits_of(UnitFeedSettings, "together_bytes") == {"minimum": 0}


def test_a_minimum_below_one_is_stated() -> None:
    assert limits_of(CueSettings, "turn_dps") == {"minimum": 0.01}
    assert limits_of(CueSettings, "answer_s") == {"minimum": 1}


def test_every_key_of_a_sector_and_of_settings_is_described() -> None:
    for record in (Sector, Settings):
        assert set(parameters_of(record)) == {field.name for field in fields(record)}


# --- sector

ZONE_OF_LINES = {"inner": "side = 'a'", "outer": "side = 'b'"}
SECTOR_MUTATIONS: dict[str, dict[str, Any]] = {
    "unknown key": {"belt": 2000},
    "name with a space": {"name": "my sector"},
    "name is empty": {"name": ""},
    "name is a number": {"name": 5},
    "title is a number": {"title": 5},
    "title changes its direction": {"title": "a\u202eb"},
    "a layout's name of two lines": {"layouts": {"a\nb": "layout_basic.geojson"}},
    "belt is text": {"belt_m": "2 km"},
    "belt is zero": {"belt_m": 0},
    "belt is negative": {"belt_m": -1.0},
    "segment is beyond the earth": {"segment_length_m": 1e7},
    "side is a compass direction": {"home_side": "south"},
    "frame is text": {"frame": "EPSG:32616"},
    "frame is a fraction": {"frame": 0.5},
    "no layouts": {"layouts": {}},
    "layouts is a list": {"layouts": ["layout_basic.geojson"]},
    "layout is a number": {"layouts": {"basic": 1}},
    "signatures is a truth value": {"signatures": True},
    "language is unknown": {"language": "de"},
    "time zone is a number": {"time_zone": 2},
    "nodata is text": {"nodata": "none"},
    "bases is a list": {"bases": ["bases.geojson"]},
    "areas is a list": {"areas": ["areas.geojson"]},
    "zone without edges": {"zone": {}, "home_side": None},
    "zone with one edge": {"zone": {"inner": "a = 1"}, "home_side": None},
    "zone with both forms": {"zone": ZONE_OF_LINES | {"home": [0.0, 0.0]}, "home_side": None},
    "zone with an unknown key": {"zone": ZONE_OF_LINES | {"middle": "x"}, "home_side": None},
    "zone with a latitude of 91": {"zone": {"home": [0.0, 91.0]}, "home_side": None},
    "zone with one end": {"zone": {"home": [0.0, 0.0], "ends": [[1.0, 1.0]]}, "home_side": None},
    "zone beside a side": {"zone": ZONE_OF_LINES},
    "zone of lines beside a filter": {"zone": ZONE_OF_LINES, "home_side": None, "border_where": "a = 1"},
    "terrain is missing": {"terrain": None},
    "border is missing": {"border": None},
    "layouts is missing": {"layouts": None},
    "name is missing": {"name": None},
}
SECTOR_VARIANTS: dict[str, dict[str, Any]] = {
    "as it is": {},
    "frame by its code": {"frame": 32616},
    "French": {"language": "fr"},
    "zone of lines": {"zone": ZONE_OF_LINES, "home_side": None},
    "zone of an area": {"zone": {"home": [0.0, 0.0], "ends": [[1, 1], [2, 2]]}, "home_side": None},
    "whole numbers": {"belt_m": 2000, "segment_length_m": 1},
    "unsigned": {"signatures": "optional"},
}


def toml_of(table: dict[str, Any]) -> str:
    """TOML of one level of plain values and tables of these; JSON's text and lists are TOML's."""
    flat = [f"{key} = {json.dumps(value)}" for key, value in table.items() if not isinstance(value, dict)]
    for key, value in table.items():
        if isinstance(value, dict):
            flat += [f"[{key}]", *(f"{json.dumps(name)} = {json.dumps(one)}" for name, one in value.items())]
    return "\n".join(flat) + "\n"


def changed_sector(change: dict[str, Any]) -> dict[str, Any]:
    table = {"home_side": "right", **table_of(SAMPLE / "sector.toml"), **change}
    return {key: value for key, value in table.items() if value is not None}


def reader_takes_sector(table: dict[str, Any], folder: Path) -> bool:
    for name in (
        "border.geojson",
        "areas.geojson",
        "indicators.csv",
        "outcomes.csv",
        "action_plan.toml",
        "base_map.pmtiles",
        "bases.geojson",
        "sections.geojson",
        "layout_hightech.geojson",
        "layout_basic.geojson",
        "layout_mobile.geojson",
    ):
        (folder / name).write_bytes((SAMPLE / name).read_bytes())
    path = folder / "sector.toml"
    path.write_text(toml_of(table), encoding="utf-8")
    return not read_sector(path)[1]


@pytest.mark.parametrize("name", SECTOR_MUTATIONS)
def test_schema_and_reader_refuse_a_wrong_sector(name: str, tmp_path: Path) -> None:
    table = changed_sector(SECTOR_MUTATIONS[name])
    assert (valid("sector", table), reader_takes_sector(table, tmp_path)) == (False, False)


@pytest.mark.parametrize("name", SECTOR_VARIANTS)
def test_schema_and_reader_take_a_right_sector(name: str, tmp_path: Path) -> None:
    table = changed_sector(SECTOR_VARIANTS[name])
    assert (valid("sector", table), reader_takes_sector(table, tmp_path)) == (True, True)


# --- layout


def with_value(key: str, value: Any, sensor: int = 0) -> dict[str, Any]:
    document = copy.deepcopy(layout_of("hightech"))
    document["features"][sensor]["properties"][key] = value
    return document


def plain_sensor(kind: str | None, **values: Any) -> dict[str, Any]:
    properties = {"id": "s", "kind": kind, "max_range_m": 1000.0, **values}
    point = {"type": "Point", "coordinates": [-84.3, 36.6]}
    return {
        "type": "FeatureCollection",
        "features": [{"type": "Feature", "geometry": point, "properties": properties}],
    }


def reader_takes_layout(document: Any) -> bool:
    return not layout_errors(document, FRAME)


LAYOUT_MUTATIONS: dict[str, Callable[[], Any]] = {
    "not an object": list,
    "another type": lambda: layout_of("basic") | {"type": "Feature"},
    "features is a table": lambda: layout_of("basic") | {"features": {}},
    "name is a number": lambda: layout_of("basic") | {"name": 7},
    "name is empty": lambda: layout_of("basic") | {"name": ""},
    "name of two lines": lambda: layout_of("basic") | {"name": "a\nb"},
    "unknown key": lambda: with_value("max_range", 1000),
    "key of another kind": lambda: with_value("pitch_m", 1e-5),
    "unknown kind": lambda: with_value("kind", "lidar"),
    "a ground sensor that moves": lambda: plain_sensor("ground_sensor", mobile=True),
    "kind is a list": lambda: with_value("kind", ["radar"]),
    "kind differs from that of the item": lambda: with_value("kind", "camera"),
    "id is a number": lambda: with_value("id", 7),
    "id with a slash": lambda: with_value("id", "a/b"),
    "id begins with a space": lambda: with_value("id", " a"),
    "id is too long": lambda: with_value("id", "a" * 65),
    "no id": lambda: with_value("id", None),
    "range is text": lambda: with_value("max_range_m", "11 km"),
    "range is true": lambda: with_value("max_range_m", True),
    "no range and no item": lambda: plain_sensor("radar", max_range_m=None),
    "no kind and no item": lambda: plain_sensor(None),
    "probability above 1": lambda: with_value("detection_probability", 1.2),
    "field of view of 0": lambda: with_value("field_of_view_deg", 0),
    "reports by pigeon": lambda: with_value("reports_by", "pigeon"),
    "confusion of 4 rows": lambda: with_value("confusion", [[0.2] * 5] * 4),
    "confusion of text": lambda: with_value("confusion", "none"),
    "day is no day": lambda: with_value("surveyed_on", "14 March"),
    "method is empty": lambda: with_value("survey_method", ""),
    "night is a number": lambda: plain_sensor("camera", night=1),
    "gateway is text": lambda: plain_sensor("relay", gateway="yes"),
    "a relay with a period": lambda: plain_sensor("relay", period_s=2.0),
    "route of one position": lambda: plain_sensor("radar", mobile=True, route=[[8.0, 47.0]]),
    "route of text": lambda: plain_sensor("radar", mobile=True, route="8,47"),
    "route off the Earth": lambda: plain_sensor("radar", mobile=True, route=[[8.0, 97.0], [8.0, 47.0]]),
    "area of two positions": lambda: plain_sensor("radar", mobile=True, area=[[8.0, 47.0], [8.1, 47.0]]),
    "stop below 0": lambda: plain_sensor("radar", mobile=True, route_stop_s=-1),
    "latitude of 91": lambda: _moved([0.0, 91.0]),
    "point of three numbers": lambda: _moved([-84.3, 36.6, 300.0]),
    "no point": lambda: _moved(None),
}


def _moved(coordinates: Any) -> dict[str, Any]:
    document = plain_sensor("radar")
    document["features"][0]["geometry"]["coordinates"] = coordinates
    return document


@pytest.mark.parametrize("name", LAYOUT_MUTATIONS)
def test_schema_and_reader_refuse_a_wrong_layout(name: str) -> None:
    document = LAYOUT_MUTATIONS[name]()
    assert (valid("layout", document), reader_takes_layout(document)) == (False, False)


ANY_VALUE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-400, 400),
    st.floats(-1e7, 1e7, allow_nan=False),
    st.sampled_from(["radio", "hand", "2026-03-14", "text", "", 0, 1, 0.5, 360, -360, 1e6, 86_400]),
    st.lists(st.floats(0, 1), max_size=2),
)
ALL_KEYS = sorted({field.name for record in RECORDS.values() for field in fields(record)} - PLACED - {"id", "kind"})
DEPENDENT = {
    "min_range_m", "elevation_min_deg", "elevation_max_deg", "report_delay_s", "pitch_m", "focal_length_m",
    "reference_range_m", "sure_radius_m", "confusion", "mobile", "max_speed_mps", "route", "area", "route_speed_mps",
    "route_stop_s", "endurance_s", "turnaround_s", "max_wind_mps",
}  # fmt: skip
"""Keys whose value is checked against that of another key, which a schema cannot express."""


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(kind=st.sampled_from(sorted(RECORDS)), key=st.sampled_from(ALL_KEYS), value=ANY_VALUE)
def test_schema_and_reader_agree_on_any_value_of_any_key(kind: str, key: str, value: Any) -> None:
    """Where they differ the key depends on another, and then only the reader refuses."""
    document = plain_sensor(kind, **{key: value})
    schema, reader = valid("layout", document), reader_takes_layout(document)
    if key in DEPENDENT:
        assert schema or not reader
    elif key == "catalogue" and isinstance(value, str):
        assert not reader  # none of the values names an item; one of an own catalogue may be valid
    else:
        assert schema == reader


# --- settings

SETTINGS_MUTATIONS = {
    "unknown key": "unit = ['a']",
    "units is text": "units = 'patrol-1'",
    "unit with a slash": "units = ['a/b']",
    "checkpoint of 0": "checkpoint_s = 0",
    "grace is negative": "start_grace_s = -1",
    "weather is a number": "weather = 3",
    "unknown tracker setting": "[tracker]\ncoast_limit = 5",
    "tracker setting is text": "[tracker]\ncoast_limit_s = '5 s'",
    "tracker setting is negative": "[tracker]\ncoast_limit_s = -5",
    "probability of 1": "[tracker]\nconfirm_existence = 1.0",
    "runs below 1": "[tracker]\nruns_per_scan = 0.5",
    "truth value is a number": "[tracker]\ntrigger_births = 1",
    "no modes": "[tracker]\nmodes = []",
    "alert setting of 0": "[alerts]\nurgent_s = 0",
    "alert probability above 1": "[alerts]\nrequired_probability = 1.5",
    "alert count is a fraction": "[alerts]\ncrossing_looks = 1.5",
    "unknown alert setting": "[alerts]\nurgent = 60",
    "maintenance without an end": "[[maintenance]]\nsensor = 'r'\nstart = 2026-03-14T22:00:00Z",
    "maintenance with another key": (
        "[[maintenance]]\nsensor = 'r'\nstart = 2026-03-14T22:00:00Z\nuntil = 2026-03-14T23:00:00Z\nwhy = 'x'"
    ),
    "maintenance from a number": "[[maintenance]]\nsensor = 'r'\nstart = 22\nuntil = 2026-03-14T23:00:00Z",
    "maintenance from a text": "[[maintenance]]\nsensor = 'r'\nstart = 'noon'\nuntil = 2026-03-14T23:00:00Z",
}
SETTINGS_VARIANTS = {
    "nothing": "",
    "units": "units = ['ops-centre']",
    "tracker": "[tracker]\ncoast_limit_s = 300\nground_error_probability = 0.5",
    "alerts": "[alerts]\nurgent_s = 30.0\nrequired_probability = 1.0",
    "maintenance": "[[maintenance]]\nsensor = 'r'\nstart = 2026-03-14T22:00:00Z\nuntil = 2026-03-14T23:00:00Z",
}


def reader_takes_settings(text: str, folder: Path) -> bool:
    path = folder / "settings.toml"
    path.write_text(text, encoding="utf-8")
    errors = settings_errors(tomllib.loads(text), where="settings")
    if not errors:
        load_settings(path)
    return not errors


@pytest.mark.parametrize("name", SETTINGS_MUTATIONS)
def test_schema_and_reader_refuse_wrong_settings(name: str, tmp_path: Path) -> None:
    text = SETTINGS_MUTATIONS[name]
    assert (valid("settings", tomllib.loads(text)), reader_takes_settings(text, tmp_path)) == (False, False)


@pytest.mark.parametrize("name", SETTINGS_VARIANTS)
def test_schema_and_reader_take_right_settings(name: str, tmp_path: Path) -> None:
    text = SETTINGS_VARIANTS[name]
    assert (valid("settings", tomllib.loads(text)), reader_takes_settings(text, tmp_path)) == (True, True)


def test_all_errors_of_settings_are_found() -> None:
    text = "\n".join(
        ["unit = 1", "checkpoint_s = 0", "weather = 'sunny'", "[tracker]", "coast_limit_s = -1", "gate = 1", "[alerts]",
         "urgent_s = 0", "revise_s = -1"]
    )  # fmt: skip
    keys = [error.key for error in settings_errors(tomllib.loads(text), where="settings")]
    assert sorted(keys) == sorted(["unit", "weather", "gate", "urgent_s", "revise_s", "checkpoint_s", "coast_limit_s"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("start = 'noon'\nuntil = 2026-03-14T23:00:00Z", ["start = 'noon'; expected a date and time with an offset"]),
        ("start = 2026-03-14T23:00:00Z", ["the key 'until' is missing; expected sensor, start, until"]),
    ],
)
def test_an_error_of_a_planned_stop_is_one_sentence_without_terms_of_a_library(text: str, said: list[str]) -> None:
    table = tomllib.loads(f"[[maintenance]]\nsensor = 'r'\n{text}")
    found = [str(error) for error in settings_errors(table, where="settings")]
    assert len(found) == len(said)
    assert all(part in sentence for part, sentence in zip(said, found, strict=True)), found


# --- catalogue


def with_item(key: str, value: Any, item: str = "ift_radar") -> dict[str, Any]:
    table = copy.deepcopy(table_of(samples_folder() / "catalogue.toml"))
    if value is None:
        del table["item"][item][key]
    elif isinstance(value, dict) and key == "detection":
        table["item"][item][key] |= value
    else:
        table["item"][item][key] = value
    return table


def renamed_item(name: str) -> dict[str, Any]:
    table = table_of(samples_folder() / "catalogue.toml")
    return table | {"item": {name: table["item"]["ift_radar"]}}


CATALOGUE_MUTATIONS: dict[str, Callable[[], Any]] = {
    "unknown key": lambda: with_item("price", 5),
    "no source": lambda: with_item("source", None),
    "source is blank": lambda: with_item("source", " "),
    "no confidence": lambda: with_item("confidence", None),
    "confidence is a word": lambda: with_item("confidence", "high"),
    "no price date": lambda: with_item("price_date", None),
    "price date is a number": lambda: with_item("price_date", 2020),
    "price date is a month": lambda: with_item("price_date", "2020-06"),
    "price date is a list": lambda: with_item("price_date", ["2020-06-30"]),
    "negative cost": lambda: with_item("capex", -1),
    "cost is text": lambda: with_item("capex", "1 M"),
    "cost has a value and a range": lambda: with_item("capex", {"value": 1, "low": 0, "high": 2}),
    "range without an end": lambda: with_item("capex", {"low": 1}),
    "range with another key": lambda: with_item("capex", {"low": 1, "high": 2, "mean": 1.5}),
    "availability above 1": lambda: with_item("availability", 1.5),
    "unknown kind": lambda: with_item("kind", "lidar"),
    "unknown detection key": lambda: with_item("detection", {"range_m": 5}),
    "detection out of limits": lambda: with_item("detection", {"detection_probability": 2}),
    "range factor of 0": lambda: with_item("detection", {"range_factor": 0}),
    "no detection": lambda: with_item("detection", None),
    "unknown top key": lambda: table_of(samples_folder() / "catalogue.toml") | {"items": 1},
    "a name with a control character": lambda: renamed_item("a\nb"),
    "a name of nothing": lambda: renamed_item(" "),
    "title with a change of direction": lambda: with_item("title", "a\u202eb"),
    "source of two lines": lambda: with_item("source", "a\nb"),
    "no items": lambda: table_of(samples_folder() / "catalogue.toml") | {"item": {}},
    "currency is blank": lambda: table_of(samples_folder() / "catalogue.toml") | {"currency": ""},
    "weather share above 1": lambda: with_item("weather", {"fog": 1.5}),
}


@pytest.mark.parametrize("name", CATALOGUE_MUTATIONS)
def test_schema_and_reader_refuse_a_wrong_catalogue(name: str) -> None:
    table = CATALOGUE_MUTATIONS[name]()
    assert not valid("catalogue", table)
    with pytest.raises(CatalogueError):
        Catalogue.from_table(table, name="mutated")


@settings(max_examples=150, deadline=None)
@given(value=st.one_of(st.floats(-10, 10, allow_nan=False), st.integers(-5, 5), st.booleans(), st.text(max_size=3)))
def test_schema_and_reader_agree_on_any_value_of_a_number(value: Any) -> None:
    table = with_item("availability", value)
    try:
        Catalogue.from_table(table, name="mutated")
        reader = True
    except CatalogueError:
        reader = False
    assert valid("catalogue", table) == reader
    assert not isinstance(value, float) or math.isfinite(value)

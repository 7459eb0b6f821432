"""Edits of a layout: moved, named, added from the catalogue, duplicated, taken away; and what cannot be."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from geo.errors import BadInput, WatchlineError
from ops.analysis.plan.files import layout_document
from ops.sector.open_sector import open_sector
from ops.sector.sector_file import load_sector
from ops.services.planner.drawing import catalogue_records
from ops.services.planner.edits import edited_layout
from sensors.equipment.catalogue import shipped
from sensors.layout import Layout
from sensors.planning.choice.options import Money

HERE = {"lon": -84.3, "lat": 36.6}


@pytest.fixture(scope="module")
def basic() -> Layout:
    sector = load_sector("cumberland")
    return Layout.from_file(sector.layouts["basic"], open_sector(sector).frame)


def edited(layout: Layout, **edits: Any) -> Layout:
    return edited_layout(layout, {name.replace("__", "-"): edit for name, edit in edits.items()}, shipped())


def test_no_edit_changes_nothing(basic: Layout) -> None:
    assert edited(basic) == basic


@pytest.mark.parametrize("item", [record["item"] for record in catalogue_records(Money(catalogue=shipped()))])
def test_every_item_that_the_page_offers_can_be_placed_and_saved(basic: Layout, item: str) -> None:
    layout = edited(basic, new={"item": item, **HERE})
    parts = {part.id: part for part in (*layout.sensors, *layout.relays)}
    assert (parts["new"].catalogue, parts["new"].kind) == (item, shipped()[item].kind)
    assert (parts["new"].lon, parts["new"].lat) == (HERE["lon"], HERE["lat"])
    again = Layout.from_geojson(layout_document(layout), basic.frame, name=basic.name)
    kept = {part.id: part for part in (*again.sensors, *again.relays)}["new"]
    assert (kept.catalogue, kept.max_range_m) == (item, parts["new"].max_range_m)


def test_a_duplicate_is_its_original_at_another_place_under_another_name(basic: Layout) -> None:
    first = basic.sensors[0]
    layout = edited(basic, copy={"copy_of": first.id, **HERE})
    copy = layout["copy"]
    same: dict[str, Any] = {
        "lon": first.lon,
        "lat": first.lat,
        "easting": first.easting,
        "northing": first.northing,
        "id": first.id,
    }
    assert replace(copy, **same) == first
    assert layout.ids[:-1] == basic.ids


def test_a_sensor_is_named_and_keeps_everything_else(basic: Layout) -> None:
    first = basic.sensors[0]
    layout = edited_layout(basic, {first.id: {"name": "Näher am Grat"}}, shipped())
    assert replace(layout["Näher am Grat"], id=first.id) == first
    assert first.id not in layout


@pytest.mark.parametrize(
    ("edits", "sentence"),
    [
        ({"new": {"item": "portable_radar"}}, "has no position"),
        ({"new": dict(HERE)}, "unknown sensor 'new'"),
        ({"new": {"item": "portable_radar", "copy_of": "x", **HERE}}, "unknown sensor 'new'"),
        ({"new": {"copy_of": "x", **HERE}}, "unknown sensor 'x'"),
        ({"new": None}, "unknown sensor 'new'"),
        ({"new": {"item": "portable_radr", **HERE}}, "portable_radr"),
        ({"new": {"item": "foot_patrol", **HERE}}, "patrol"),
        ({"a/b": {"item": "portable_radar", **HERE}}, "cannot name a sensor"),
        ({"relay-01": {"name": "relay-02"}}, "two sensors are called 'relay-02'"),
        ({"relay-01": {"azimuth_deg": 3.0}}, "relay-01"),
        ({"relay-01": {"item": "portable_radar"}}, "relay-01"),
        ({"relay-01": {"lon": float("nan")}}, "not finite"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(basic: Layout, edits: dict[str, Any], sentence: str) -> None:
    with pytest.raises(WatchlineError) as refused:
        edited_layout(basic, edits, shipped())
    assert sentence in str(refused.value)
    assert "\n" not in str(refused.value)


def test_an_azimuth_that_is_not_a_number_is_refused(basic: Layout) -> None:
    with pytest.raises(BadInput):
        edited_layout(basic, {basic.ids[0]: {"azimuth_deg": float("inf")}}, shipped())

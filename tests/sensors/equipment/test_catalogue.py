"""The equipment catalogue: what ships is complete and sourced; what is wrong is told in one sentence."""

from __future__ import annotations

import copy
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.frame import LocalFrame
from sensors.detection_model.weather import Conditions
from sensors.equipment.catalogue import KINDS, Catalogue, shipped
from sensors.equipment.quantity import Quantity, quantity_of, worst
from sensors.errors import CatalogueError
from sensors.layout import place

FILE = Path(__file__).resolve().parents[3] / "data" / "samples" / "catalogue.toml"
MINE = """
[item.handheld_thermal]
title = "Ours"
kind = "camera"
source = "our own contract"
confidence = "H"
price_date = 2026-01-31
capex = 7000
opex_per_year = 800
availability = 0.9
crew = 1
false_alarms_per_day = 1
mast_height_m = 2
set_up_h = 1
service_life_years = 6
[item.handheld_thermal.detection]
max_range_m = 1500
"""


def test_every_named_piece_of_public_equipment_and_the_basic_kit_ships() -> None:
    names = set(shipped().items)
    assert {"sbinet", "sbinet_first_block", "project_28", "isis", "ift_radar", "ift_camera", "rvss_camera"} <= names
    assert {"msc_truck", "mss_truck", "ast_tower", "portable_radar", "large_drone", "small_drone"} <= names
    assert {"aerostat_camera", "aerostat_radar", "seismic", "seismic_line", "infrared", "acoustic"} <= names
    assert {"naked_eye", "binoculars", "handheld_thermal", "observation_post", "trail_camera"} <= names
    assert {"foot_patrol", "vehicle_patrol", "dog_team", "fence_and_light"} <= names


def test_published_figures_are_those_of_their_sources() -> None:
    """Hand arithmetic from the sources: $145.3 M for 65 towers; $1 bn for 53 miles of 1.609344 km."""
    items = shipped().items
    tower = items["ift_radar"].capex.central + items["ift_camera"].capex.central
    assert tower == pytest.approx(145.3e6 / 65, rel=0.01)
    sbinet = items["sbinet"]
    assert sbinet.capex.central / (sbinet.figures["length_km"].central / 1.609344) == pytest.approx(18.9e6, rel=0.01)
    assert items["mss_truck"].availability.high <= 0.5
    hours = items["large_drone"].opex_per_year.high / 2000
    assert hours == pytest.approx(12_255)


@pytest.mark.parametrize("item", list(shipped()), ids=lambda item: item.name)
def test_every_item_is_whole(item: Any) -> None:
    assert item.kind in KINDS
    assert item.price_date.year >= 2000
    for quantity in item.quantities.values():
        assert quantity.source
        assert quantity.low <= quantity.central <= quantity.high
        assert quantity.confidence in "HML"
    if item.is_placed:
        assert item.layout_values()["max_range_m"] > 0
    else:
        with pytest.raises(CatalogueError, match="has no place in a layout"):
            item.layout_values()


def test_people_report_by_hand_where_no_radio_reaches_them() -> None:
    """Cameras with people beside them are observers; aerostats have a crew on the ground (decision 0022)."""
    people = [item for item in shipped() if item.is_placed and item.kind == "camera" and item.crew.central >= 1.0]
    ways = {item.name: item.layout_values().get("reports_by") for item in people if "aerostat" not in item.name}
    observers = ("naked_eye", "binoculars", "handheld_thermal", "observation_post")
    assert ways == dict.fromkeys(observers, "radio_or_hand")


def test_own_items_override_and_the_others_stay(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(MINE, encoding="utf-8")
    both = Catalogue.from_file(path, over=shipped())
    assert both["handheld_thermal"].capex.central == 7000
    assert both["ift_radar"] == shipped()["ift_radar"]
    assert len(both) == len(shipped())
    assert both.name == "mine.toml over catalogue.toml"


def broken(change: Any) -> dict[str, Any]:
    table = copy.deepcopy(tomllib.loads(FILE.read_text(encoding="utf-8")))
    change(table)
    return table


def on_item(**values: Any) -> Any:
    def change(table: dict[str, Any]) -> None:
        for key, value in values.items():
            if value is None:
                del table["item"]["ift_radar"][key]
            else:
                table["item"]["ift_radar"][key] = value

    return change


BAD = [
    (on_item(kind="laser"), "kind is 'laser'"),
    (on_item(kind=["radar"]), "kind is"),
    (on_item(capex=-1), r"capex: -1; expected a number from 0"),
    (on_item(opex_per_year={"low": -5, "high": 3}), "opex_per_year: -5"),
    (on_item(source=None), "source: is missing"),
    (on_item(source="  "), "source: '  '"),
    (on_item(confidence=None), "confidence is None"),
    (on_item(confidence="X"), "confidence is 'X'"),
    (on_item(price_date=None), "price_date is missing"),
    (on_item(price_date="2020"), "price_date is '2020'"),
    (on_item(capex=None), "capex is missing"),
    (on_item(capex=float("nan")), "capex: nan"),
    (on_item(capex=True), "capex: True"),
    (on_item(capex="much"), "capex: 'much'"),
    (on_item(capex={"low": 5, "high": 3}), "low 5, high 3"),
    (on_item(capex={"low": 1, "mode": 9, "high": 3}), "mode 9"),
    (on_item(capex={"low": 1}), "is not a range"),
    (on_item(capex={"value": 1, "high": 2}), "a value and a range"),
    (on_item(capex={"mean": 1}), "unknown key 'mean'"),
    (on_item(availability=1.2), "availability: 1.2"),
    (on_item(service_life_years=0), "service_life_years: 0"),
    (on_item(colour="red"), "unknown key 'colour'"),
    (on_item(weather={"snow": 0.5}), "'snow' is not known"),
    (on_item(weather={"fog": 1.5}), "weather fog: 1.5"),
    (on_item(detection={"max_range_m": -1}), "max_range_m is -1"),
    (on_item(detection={}), "max_range_m is missing"),
    (on_item(detection={"max_range_m": 10, "laser": 1}), "unknown key 'laser'"),
    (on_item(detection={"max_range_m": 10, "period_s": "x"}), "period_s is 'x'"),
    (on_item(detection={"max_range_m": 10, "range_factor": 0}), "range_factor: 0"),
    (on_item(detection={"max_range_m": 10, "period_s": 10**400}), "period_s is a number beyond all"),
    (on_item(detection={"max_range_m": 10**400}), "max_range_m is a number beyond all"),
    (lambda table: table.pop("currency"), "currency: is missing"),
    (lambda table: table.pop("staff"), r"\[staff\]: is missing"),
    (lambda table: table["staff"].update(people_per_post=0.5), "people_per_post: 0.5"),
    (lambda table: table.update(item={}), "has no items"),
    (lambda table: table.update(extra=1), "unknown key 'extra'"),
    (lambda table: table["item"].update(odd=3), "is not a table"),
    (lambda table: table["item"]["foot_patrol"]["detection"].pop("speed_mps"), "speed_mps is missing"),
]


@pytest.mark.parametrize(("change", "sentence"), BAD)
def test_one_sentence_names_item_and_key(change: Any, sentence: str) -> None:
    with pytest.raises(CatalogueError, match=sentence) as caught:
        Catalogue.from_table(broken(change), name="mine.toml")
    assert str(caught.value).count("\n") == 0


def test_files_that_are_no_catalogue(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="cannot be read"):
        Catalogue.from_file(tmp_path / "none.toml")
    bad = tmp_path / "bad.toml"
    bad.write_bytes(b"\xff\xfe[")
    with pytest.raises(CatalogueError, match="is not UTF-8 text"):
        Catalogue.from_file(bad)
    bad.write_bytes(b"[")
    with pytest.raises(CatalogueError, match="is not TOML"):
        Catalogue.from_file(bad)
    with pytest.raises(CatalogueError, match="no item 'laser'"):
        shipped()["laser"]
    foreign = tmp_path / "euro.toml"
    foreign.write_text('currency = "EUR"\n' + MINE, encoding="utf-8")
    with pytest.raises(CatalogueError, match="currency is 'EUR'"):
        Catalogue.from_file(foreign, over=shipped())


NUMBER = st.floats(0.0, 1e6, allow_nan=False)


@given(st.tuples(NUMBER, NUMBER, NUMBER).map(sorted), st.booleans())
def test_draws_stay_in_their_range_and_have_its_mean(ends: list[float], middle: bool) -> None:
    low, mode, high = ends
    values = {"low": low, "high": high} | ({"mode": mode} if middle else {})
    found = quantity_of(values, where="x", limits=(0.0, 1e6), source="s", confidence="L")
    shares = (np.arange(4000) + 0.5) / 4000
    draws = found.quantile(shares)
    assert draws.min() >= low
    assert draws.max() <= high
    assert np.all(np.diff(draws) >= 0.0)
    assert draws.mean() == pytest.approx(found.mean, rel=1e-3, abs=1e-6 + 1e-4 * (high - low))


def test_triangular_quantiles_are_those_of_the_law() -> None:
    """Oracle by hand: triangular(0, 1, 4): F(x) = x²/4 to 1, so F⁻¹(1/16) = 0.5; 1 − F = (4 − x)²/12 above."""
    found = Quantity(0.0, 4.0, 1.0, "s", "L")
    assert found.quantile([1 / 16, 0.25, 1 - 1 / 12]) == pytest.approx([0.5, 1.0, 3.0])


def test_the_weakest_grade_counts() -> None:
    assert (worst("HHM"), worst("HLM"), worst("")) == ("M", "L", "H")


def test_files_made_to_break_a_reader_get_a_sentence_too(tmp_path: Path) -> None:
    deep = tmp_path / "deep.toml"
    deep.write_text("a = " + "[" * 20_000 + "]" * 20_000, encoding="utf-8")
    with pytest.raises(CatalogueError, match="is not TOML"):
        Catalogue.from_file(deep)
    huge = broken(on_item(capex=10**400))
    with pytest.raises(CatalogueError, match="beyond all"):
        Catalogue.from_table(huge, name="mine.toml")
    with pytest.raises(CatalogueError, match="cannot be read"):
        Catalogue.from_file(tmp_path)


@pytest.mark.parametrize("item", ["aerostat_camera", "aerostat_radar"])
def test_an_aerostat_is_on_the_ground_in_the_named_wind(item: str) -> None:
    """Coverage, challenge, plan and the simulator take that from the layout's sensor, not from the item's weather."""
    frame = LocalFrame.around(-84.2, 36.6)
    aerostat = place(frame, 0.0, 0.0, id="a", catalogue=item, **shipped()[item].layout_values())
    assert aerostat.is_grounded(Conditions.named("wind").wind_mps)
    assert not aerostat.is_grounded(Conditions.named("day").wind_mps)
    assert "wind" not in shipped()[item].weather, "counted once"

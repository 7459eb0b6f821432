"""Goods found at an incident in an export: columns of the incidents, empty where none were found, and no formulas."""

from __future__ import annotations

from pathlib import Path

from ops.export.layers import layers_to_export
from ops.export.process import export
from ops.incidents.tracing import Tracing
from tests.ops.analysis.handover.night import worked_night
from tests.ops.export.exported import request_of
from tests.ops.export.test_files import rows_of
from tests.ops.incidents.making import at

COLUMNS = (
    "goods", "hs_code", "eccn", "eu_list", "item_marking", "trace_authority", "trace_sent_at", "trace_reference",
    "trace_status", "hs_title", "eccn_title", "eu_list_title", "codes_checked_against",
)  # fmt: skip


def test_goods_found_are_columns_of_the_incidents(tmp_path: Path) -> None:
    night, made = worked_night(tmp_path)
    found = Tracing(
        "dual_use", hs_code="852589", eu_list="6A003.b.4", item_marking="=1+1", authority="iTrace", sent_at=at(660),
        reference="T-12", status="requested", released=True,
    )  # fmt: skip
    try:
        night.act(made["closed"], "trace", 3100, tracing=found)
        request = request_of(tmp_path, "csv", layers=("incidents",))
        export(request)
        layer = layers_to_export(request)["incidents"]
    finally:
        night.store.close()
    rows = {row["id"]: tuple(row[name] for name in COLUMNS) for row in rows_of(tmp_path / "out.csv.zip", "incidents")}
    assert rows.pop(made["closed"]) == (
        "dual_use", "852589", "", "6A003.b.4", "'=1+1", "iTrace", at(660).isoformat().replace("+00:00", "Z"), "T-12",
        "requested", "Other cameras", "",
        "Sensors and lasers · Systems, equipment and components · Wassenaar Arrangement",
        "hs_code: subheading, eu_list: category",
    )  # fmt: skip
    assert set(rows.values()) == {("",) * len(COLUMNS)}
    assert "released" not in layer.columns
    assert "by" not in layer.columns


def test_titles_are_those_of_the_list_of_the_settings_and_goods_that_are_not_released_stay(tmp_path: Path) -> None:
    night, made = worked_night(tmp_path)
    codes = tmp_path / "codes.csv"
    codes.write_text("code,title,valid_from,valid_to\n930190,War weapons,,\n")
    request = request_of(tmp_path, "csv", layers=("incidents",), goods_codes=str(codes))
    try:
        for seconds, released in ((3100, True), (3700, False)):  # taken back after the period that is exported
            night.act(made["closed"], "trace", seconds, tracing=Tracing("arms", hs_code="930190", released=released))
            layer = layers_to_export(request)["incidents"].set_index("id").loc[made["closed"]]
            assert (layer["goods"], layer["hs_title"], layer["codes_checked_against"]) == (
                ("arms", "War weapons", "hs_code: list") if released else ("", "", "")
            )
    finally:
        night.store.close()

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
    "trace_status",
)  # fmt: skip


def test_goods_found_are_columns_of_the_incidents(tmp_path: Path) -> None:
    night, made = worked_night(tmp_path)
    found = Tracing(
        "dual_use", hs_code="852589", eu_list="6A003.b.4", item_marking="=1+1", authority="iTrace", sent_at=at(660),
        reference="T-12", status="requested",
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
        "requested",
    )  # fmt: skip
    assert set(rows.values()) == {("",) * len(COLUMNS)}
    assert "released" not in layer.columns
    assert "by" not in layer.columns

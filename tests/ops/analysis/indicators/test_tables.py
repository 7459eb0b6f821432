"""The same table as CSV, JSON, XLSX and GeoPackage gives the same records; what cannot be read is refused."""

from __future__ import annotations

import csv
import json
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import geopandas
import pandas as pd
import pyogrio
import pytest
from openpyxl import Workbook
from openpyxl.chart import BarChart, Reference
from openpyxl.worksheet.formula import ArrayFormula

from ops.analysis.indicators.records import checked_table, read_indicators
from ops.analysis.indicators.tables import IndicatorError, read_rows

DAY = date(2026, 1, 15)
HEAD = ("place", "family", "name", "value", "unit", "date", "source", "target", "better")
ROWS: list[tuple[Any, ...]] = [
    ("X", "crime_and_governance", "cases", 9, "cases", "2024-12-31", "a book", 5, "lower"),
    ("X", "crime_and_governance", "cases", 7.5, "cases", "2025-12-31", "a book", 5, "lower"),
    ("X", "national_action_plan", "done", None, "1", "2025-12-31", "a book", None, None),
]


def as_csv(path: Path, rows: list[tuple[Any, ...]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([HEAD, *rows])


def as_csv_of_other_locales(path: Path, rows: list[tuple[Any, ...]]) -> None:
    """As spreadsheets write it where the comma separates decimals."""
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        csv.writer(file, delimiter=";", quoting=csv.QUOTE_NONNUMERIC).writerows([HEAD, *rows])


def as_json(path: Path, rows: list[tuple[Any, ...]]) -> None:
    path.write_text(json.dumps([dict(zip(HEAD, row, strict=True)) for row in rows]), encoding="utf-8")


def as_xlsx(path: Path, rows: list[tuple[Any, ...]]) -> None:
    book = Workbook()
    book.active.append(HEAD)
    for row in rows:
        book.active.append([date.fromisoformat(cell) if at == 5 else cell for at, cell in enumerate(row)])
    book.save(path)


def as_gpkg(path: Path, rows: list[tuple[Any, ...]]) -> None:
    table = {name: [row[at] for row in rows] for at, name in enumerate(HEAD)}
    geopandas.GeoDataFrame(table, geometry=geopandas.points_from_xy([0.0] * 3, [0.0] * 3), crs="EPSG:4326").to_file(
        path
    )


@pytest.mark.parametrize("write", [as_csv, as_csv_of_other_locales, as_json, as_xlsx, as_gpkg])
def test_each_format_gives_the_same_records(write: Callable[..., None], tmp_path: Path) -> None:
    path = tmp_path / f"t.{write.__name__[3:]}"
    write(path, ROWS)
    found = [replace(one, origin="") for one in read_indicators(path, until=DAY)]
    assert [(one.name, one.value, one.day, one.target, one.better) for one in found] == [
        ("cases", 9.0, date(2024, 12, 31), 5.0, "lower"),
        ("cases", 7.5, date(2025, 12, 31), 5.0, "lower"),
        ("done", None, date(2025, 12, 31), None, None),
    ]


def test_a_formula_without_its_value_is_refused_and_not_read_as_unknown(tmp_path: Path) -> None:
    as_xlsx(tmp_path / "t.xlsx", [ROWS[0], (*ROWS[1][:3], "=3+4", *ROWS[1][4:])])
    with pytest.raises(IndicatorError, match="row 2: a formula without its value"):
        read_indicators(tmp_path / "t.xlsx", until=DAY)


def test_an_array_formula_without_its_value_is_refused_too(tmp_path: Path) -> None:
    book = Workbook()
    book.active.append(HEAD)
    book.active.append([*ROWS[0][:3], ArrayFormula("D2", "=SUM(A1:A1)"), *ROWS[0][4:]])
    book.save(tmp_path / "t.xlsx")
    with pytest.raises(IndicatorError, match="row 1: a formula without its value"):
        read_indicators(tmp_path / "t.xlsx", until=DAY)


@pytest.mark.parametrize("error", [zlib.error("corrupt"), RuntimeError("needs a password"), EOFError()])
def test_a_damaged_or_protected_workbook_is_refused_in_one_sentence(
    error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As zipfile raises them while a sheet is read."""
    as_xlsx(tmp_path / "t.xlsx", ROWS)

    def broken(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(zipfile.ZipFile, "open", broken)
    with pytest.raises(IndicatorError, match="cannot be read"):
        read_rows(tmp_path / "t.xlsx", known=HEAD)


def test_a_workbook_with_flipped_bytes_is_refused_or_read(tmp_path: Path) -> None:
    """Never anything but an IndicatorError."""
    as_xlsx(tmp_path / "t.xlsx", ROWS)
    whole = (tmp_path / "t.xlsx").read_bytes()
    refused = 0
    for at in range(0, len(whole), 97):
        (tmp_path / "t.xlsx").write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        try:
            read_rows(tmp_path / "t.xlsx", known=HEAD)
        except IndicatorError:
            refused += 1
    assert refused > 10


def test_a_cell_without_a_heading_is_refused(tmp_path: Path) -> None:
    book = Workbook()
    book.active.append(["place", None])
    book.active.append(["X", "a remark"])
    book.save(tmp_path / "t.xlsx")
    with pytest.raises(IndicatorError, match="'a remark' without a heading"):
        read_rows(tmp_path / "t.xlsx", known=HEAD)


def test_a_column_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("place,value,value\nX,1,2\n")
    with pytest.raises(IndicatorError, match="the column 'value' twice"):
        read_rows(tmp_path / "t.csv", known=HEAD)


@pytest.mark.parametrize("name", ["t.xlsx", "t.gpkg", "t.json", "t.csv"])
@pytest.mark.parametrize("content", [b"", b"\x00\xffrubbish" * 50, b"PK\x03\x04broken"])
def test_what_is_not_a_table_is_refused_in_one_sentence(name: str, content: bytes, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(Exception, match="expected") as refused:
        read_rows(path, known=HEAD)
    assert refused.type.__name__ in ("IndicatorError", "BadInput")
    assert "\n" not in str(refused.value)


def test_a_workbook_that_is_another_archive_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "t.xlsx", "w") as archive:
        archive.writestr("note.txt", "not a workbook")
    with pytest.raises(IndicatorError, match="cannot be read"):
        read_rows(tmp_path / "t.xlsx", known=HEAD)


def test_a_workbook_that_decompresses_to_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    as_xlsx(tmp_path / "t.xlsx", ROWS)
    monkeypatch.setattr("ops.analysis.indicators.tables.MOST_BYTES", (tmp_path / "t.xlsx").stat().st_size + 1)
    with pytest.raises(IndicatorError, match="it is too large"):
        read_rows(tmp_path / "t.xlsx", known=HEAD)


GOOD = {"place": "X", "indicator": "firearms_protocol", "value": 0.5, "date": "2025-06-30", "source": "s"}
PLAIN = {"place": "X", "family": "crime_and_governance", "name": "n", "value": 1, "unit": "u", "date": "2025-06-30",
         "source": "s"}  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "refused"),
    [
        ([GOOD, GOOD | {"value": 1.2, "date": "2025-07-30"}], [(2, "value 1.2")]),
        ([GOOD | {"value": -0.1}], [(1, "value -0.1")]),
        ([GOOD | {"indicator": "firearm_protocol"}], [(1, "indicator 'firearm_protocol'")]),
        ([GOOD | {"indicator": "alert_yield"}], [(1, "indicator 'alert_yield' is computed")]),
        ([GOOD | {"unit": "%"}], [(1, "unit '%' of firearms_protocol")]),
        ([GOOD | {"better": "lower"}], [(1, "better 'lower'")]),
        ([GOOD | {"indicator": "governance_index"}], [(1, "no definition of governance_index")]),
        ([GOOD | {"indicator": "governance_index", "withdrawn": "no"}], [(1, "no definition of governance_index")]),
        ([GOOD | {"indicator": "governance_index", "definition": "A, 0 to 10"}], []),
        ([GOOD | {"indicator": "governance_index", "definition": "A, 0 to 10"},
          GOOD | {"indicator": "governance_index", "definition": "B, 0 to 100", "date": "2025-07-30"}],
         [(2, "'governance_index' of X contradicts itself: definition 'A, 0 to 10' and 'B, 0 to 100'")]),
        ([GOOD | {"indicator": "governance_index", "value": None, "withdrawn": "yes", "reason": "r"}], []),
        ([PLAIN | {"name": "firearms_protocol"}], [(1, "name 'firearms_protocol' of the catalogue")]),
        ([PLAIN | {"name": "alert_yield"}], [(1, "name 'alert_yield' of the catalogue")]),
        ([PLAIN | {"name": "share of cases", "unit": "1", "value": 1.5}], [(1, "value 1.5")]),
        ([PLAIN | {"name": "success rate", "unit": "1", "value": 0.5, "target": 12}], [(1, "target 12")]),
        ([PLAIN | {"name": "success rate", "unit": "1", "value": -0.5}], [(1, "value -0.5")]),
        ([PLAIN | {"name": "apprehension_rate", "unit": "1", "value": 1.2}], [(1, "value 1.2")]),
        ([PLAIN | {"name": "corporate visits", "unit": "1", "value": 12}], []),
        ([PLAIN | {"name": "posts built", "unit": "1", "value": 3, "target": 12}], []),
        ([PLAIN | {"name": "homicide rate", "unit": "per 100000", "value": 4.5}], []),
        ([PLAIN | {"date": None}], [(1, "no date")]),
        ([PLAIN | {"source": " "}], [(1, "no source")]),
        ([PLAIN | {"illustrative": "perhaps"}], [(1, "illustrative 'perhaps'")]),
        ([PLAIN, PLAIN | {"name": "m", "illustrative": "yes"}], [(2, "illustrative and real records are mixed")]),
        (
            [PLAIN, PLAIN | {"date": "2025-07-30", "definition": "second edition"}],
            [(2, "'n' of X contradicts itself: definition 'none' and 'second edition'")],
        ),
        (
            [PLAIN | {"start": "2025-01-01"}, PLAIN | {"start": "2025-06-01", "date": "2025-12-31"}],
            [(2, "'n' of X has periods that overlap: 2025-01-01 to 2025-06-30 and 2025-06-01 to 2025-12-31")],
        ),
        ([PLAIN | {"name": "a\u202eb"}], [(1, r"'a\u202eb'")]),
        ([PLAIN | {"start": "2025-07-01"}], [(1, "from 2025-07-01 to 2025-06-30")]),
        ([PLAIN | {"colour": "red"}, PLAIN | {"source": "t", "value": 2}, PLAIN | {"date": "1.1.25"}],
         [(1, "unknown column 'colour'"), (3, "date '1.1.25'")]),
        ([PLAIN, PLAIN | {"source": "t", "value": 2}, PLAIN | {"place": None}],
         [(2, "'n' of X contradicts itself: value 1 by s and 2 by t on 2025-06-30"), (3, "no place")]),
    ],
)  # fmt: skip
def test_every_row_that_is_refused_is_named_with_its_reason(
    rows: list[dict[str, Any]], refused: list[tuple[int, str]], tmp_path: Path
) -> None:
    (tmp_path / "t.json").write_text(json.dumps(rows))
    _, refusals = checked_table(tmp_path / "t.json", until=DAY)
    assert [(one.row, one.reason) for one in refusals] == refused


def test_periods_that_meet_and_equal_periods_of_two_sources_are_no_overlap(tmp_path: Path) -> None:
    first = PLAIN | {"start": "2025-01-01"}
    rows = [first, first | {"source": "t"}, PLAIN | {"start": "2025-07-01", "date": "2025-12-31"}]
    (tmp_path / "t.json").write_text(json.dumps(rows))
    records, refusals = checked_table(tmp_path / "t.json", until=DAY)
    assert (len(records), refusals) == (3, [])


def test_an_indicator_of_the_catalogue_brings_its_family_unit_and_direction(tmp_path: Path) -> None:
    (tmp_path / "t.json").write_text(json.dumps([GOOD]))
    (one,) = read_indicators(tmp_path / "t.json", until=DAY)
    assert (one.family, one.name, one.unit, one.better) == (
        "international_agreements", "firearms_protocol", "1", "higher",
    )  # fmt: skip
    assert one.catalogued
    assert (one.origin, one.row) == ("t.json", 1)


def test_tables_as_spreadsheet_and_map_programs_save_them(tmp_path: Path) -> None:
    """A hidden sheet and a chart before the table, an empty row within it; a layer of styles beside the table."""
    book = Workbook()
    book.active.append(HEAD)
    for row in (ROWS[0], (None,) * len(HEAD), ROWS[1]):
        book.active.append(row)
    notes = book.create_sheet("notes", 0)
    notes["A1"], notes.sheet_state = "read me", "hidden"
    chart = BarChart()
    chart.add_data(Reference(book["Sheet"], min_col=4, min_row=1))
    book.create_chartsheet("chart", 0).add_chart(chart)
    book.save(tmp_path / "t.xlsx")
    as_gpkg(tmp_path / "t.gpkg", ROWS[:2] + ROWS[1:2])
    styles = geopandas.GeoDataFrame({"styleName": ["red"]}, geometry=geopandas.points_from_xy([0.0], [0.0]), crs=4326)
    styles.to_file(tmp_path / "t.gpkg", layer="layer_styles")
    for name in ("t.xlsx", "t.gpkg"):
        assert [row["value"] for row in read_rows(tmp_path / name, known=HEAD) if row["value"]][:2] == [9, 7.5]
    assert [(one.value, one.row) for one in read_indicators(tmp_path / "t.xlsx", until=DAY)] == [
        (9.0, 1), (7.5, 3),
    ], "a row keeps its number"  # fmt: skip
    as_gpkg(tmp_path / "two.gpkg", ROWS)
    geopandas.read_file(tmp_path / "two.gpkg").to_file(tmp_path / "two.gpkg", layer="again")
    with pytest.raises(IndicatorError, match="2 layers with known columns"):
        read_rows(tmp_path / "two.gpkg", known=HEAD)


def test_dates_as_map_programs_write_them(tmp_path: Path) -> None:
    """A date, a time with and without an offset, and a text; whole numbers with a missing one; no geometry."""
    columns = {
        "day": [date(2025, 12, 31)] * 2,
        "utc": pd.to_datetime(["2025-12-31"] * 2, utc=True),
        "plain": pd.to_datetime(["2025-12-31"] * 2),
        "text": ["2025-12-31"] * 2,
    }
    for name, values in columns.items():
        table = pd.DataFrame({"place": ["X", "Y"], "value": pd.array([9, None], dtype="Int64"), "date": values})
        points = geopandas.points_from_xy([0.0, 1.0], [0.0, 1.0])
        geopandas.GeoDataFrame(table, geometry=points, crs=4326).to_file(tmp_path / f"{name}.gpkg")
        rows = read_rows(tmp_path / f"{name}.gpkg", known=HEAD)
        assert [(row["value"], row["date"]) for row in rows] == [(9, "2025-12-31"), (None, "2025-12-31")]
    bare = pd.DataFrame({"place": ["X"], "value": [9], "date": ["2025-12-31"]})
    pyogrio.write_dataframe(bare, tmp_path / "bare.gpkg", driver="GPKG")
    assert read_rows(tmp_path / "bare.gpkg", known=HEAD) == [{"place": "X", "value": 9, "date": "2025-12-31"}]

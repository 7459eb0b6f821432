"""Exported files are read back by GDAL and pandas: the same records in every format, marked, within area and time."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest

from geo.errors import BadInput
from ops.export import layers as export_layers
from ops.export.files import write_export
from ops.export.layers import layers_to_export
from ops.export.process import export
from ops.export.request import ENDINGS, FORMATS, LAYERS, ExportRequest, bounds_of, layers_of
from ops.store import periods
from ops.store.rows import rfc3339
from tests.ops.analysis.handover.night import FRAME, HOSTILE
from tests.ops.export.exported import exported_store, request_of, track
from tests.ops.incidents.making import SECOND, START_NS

COUNTS = {"tracks": 2, "positions": 110, "incidents": 6, "alerts": 7, "sensors": 2, "segments": 10}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("export")
    night, _ = exported_store(folder)
    yield folder
    night.store.close()


@pytest.fixture(scope="module")
def files(folder: Path) -> dict[str, Path]:
    for file_format in FORMATS:
        assert export(request_of(folder, file_format)).counts == COUNTS
    return {file_format: folder / f"out{ENDINGS[file_format]}" for file_format in FORMATS}


def read(files: dict[str, Path], file_format: str, layer: str) -> gpd.GeoDataFrame:
    path = files[file_format]
    if file_format == "geoparquet":
        with zipfile.ZipFile(path) as archive:
            return gpd.read_parquet(io.BytesIO(archive.read(f"{layer}.parquet")))
    if file_format == "csv":
        return pyogrio.read_dataframe(f"/vsizip/{{{path}}}/{layer}.csv")
    return pyogrio.read_dataframe(path, layer=layer)


@pytest.mark.parametrize("file_format", FORMATS)
@pytest.mark.parametrize("layer", LAYERS)
def test_gdal_reads_every_layer_with_its_records_and_the_marking(
    files: dict[str, Path], file_format: str, layer: str
) -> None:
    found = read(files, file_format, layer)
    assert len(found) == COUNTS[layer]
    assert set(found["marking"]) == {"DIFFUSION RESTREINTE – é"}


@pytest.mark.parametrize("file_format", ["gpkg", "kml"])
def test_gdal_of_the_system_reads_the_layers(files: dict[str, Path], file_format: str) -> None:
    command = ["ogrinfo", "-ro", "-so", "-al", str(files[file_format])]
    found = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    for layer, count in COUNTS.items():
        part = found.split(f"Layer name: {layer}\n")[1].split("Layer name:")[0]
        assert f"Feature Count: {count}\n" in part


@pytest.mark.parametrize("file_format", ["gpkg", "geoparquet", "kml"])
def test_positions_are_those_of_the_store_in_every_format(files: dict[str, Path], file_format: str) -> None:
    positions = read(files, file_format, "positions")
    lon, lat = FRAME.to_lonlat(15.0 * np.arange(100), np.zeros(100))
    first = positions[positions["track"] == "T1"] if "track" in positions else positions[positions["Name"] == "T1"]
    np.testing.assert_allclose(first.geometry.x, lon, atol=1e-9)
    np.testing.assert_allclose(first.geometry.y, lat, atol=1e-9)
    assert positions.crs.to_epsg() == 4326


def test_motion_and_error_of_a_position(files: dict[str, Path]) -> None:
    one = read(files, "geoparquet", "positions").iloc[0]
    assert one["time"] == pd.Timestamp(START_NS, tz="UTC")
    assert one["speed_mps"] == pytest.approx(1.5, abs=0.01)
    assert one["course_deg"] == pytest.approx(90.0, abs=0.1)
    assert one["error_95_m"] == pytest.approx(24.5, abs=0.1)  # 2.4477 × 10 m


@pytest.mark.parametrize("file_format", FORMATS)
def test_the_file_says_what_it_is_who_made_it_and_for_what(files: dict[str, Path], file_format: str) -> None:
    path = files[file_format]
    if file_format == "gpkg":
        about: Any = pyogrio.read_dataframe(path, layer="export").iloc[0].to_dict()
    elif file_format == "kml":
        text = path.read_text(encoding="utf-8")
        assert "<name>DIFFUSION RESTREINTE – é Watchline pyrenees</name>" in text
        about = dict(line.split(": ", 1) for line in text.split("<description>")[1].split("]]>")[0][9:].splitlines())
        assert about.pop("purpose") == "inquiry 12 ]] > <x>"
        about["purpose"] = "inquiry 12 ]]> <x>"
    else:
        with zipfile.ZipFile(path) as archive:
            about = json.loads(archive.read("export.json"))
    assert about == {
        "marking": "DIFFUSION RESTREINTE – é",
        "sector": "pyrenees",
        "from": "2026-03-20T09:46:40.000000Z",
        "until": "2026-03-20T10:46:40.000000Z",
        "bbox": "everywhere",
        "layers": "tracks, positions, incidents, alerts, sensors, segments",
        "made_at": "2026-03-20T10:46:40.000000Z",
        "made_by": "Ana Keller",
        "purpose": "inquiry 12 ]]> <x>",
    }


def rows_of(path: Path, layer: str) -> list[dict[str, str]]:
    with zipfile.ZipFile(path) as archive:
        return list(csv.DictReader(io.StringIO(archive.read(f"{layer}.csv").decode("utf-8-sig"))))


def test_no_text_of_a_csv_file_is_a_formula_and_numbers_are_untouched(files: dict[str, Path]) -> None:
    incidents = rows_of(files["csv"], "incidents")
    assert f"'{HOSTILE}" in {row["reason"] for row in incidents}
    for layer in LAYERS:
        for row in rows_of(files["csv"], layer):
            for name, value in row.items():
                if value[:1] in "=+@\t\r" or (value[:1] == "-" and value):
                    assert value == "" or name in ("lon", "lat", "offset_m", "direction"), (layer, name, value)
    assert {float(row["offset_m"]) for row in rows_of(files["csv"], "positions")} == {-120.0}


def test_texts_that_would_end_a_section_leave_a_kml_file_well_formed(tmp_path: Path) -> None:
    layer = gpd.GeoDataFrame(
        {"name": ["A]]>&<b>", "B"], "reason": ["see memo <3]]> end \x0b", None]},
        geometry=gpd.points_from_xy([1.0, 2.0], [2.0, 3.0]), crs=4326,
    )  # fmt: skip
    path = tmp_path / "out.kml"
    write_export(request_of(tmp_path, "kml"), {"incidents": layer}, path)
    ElementTree.parse(path)
    found = pyogrio.read_dataframe(path)
    assert found["Name"].tolist() == ["A]] >&<b>", "B"]
    assert found["reason"].iloc[0] == "see memo <3]] > end \ufffd"


def test_the_columns_of_a_csv_file_are_those_of_its_layer(folder: Path, tmp_path: Path) -> None:
    """A track of one position has no line, and an area may hold no segment."""
    nowhere = layers_to_export(request_of(folder, "csv", bounds=(10.0, 10.0, 11.0, 11.0)))
    whole = layers_to_export(request_of(folder, "csv"))
    heads = []
    for number, layers in enumerate((whole, nowhere)):
        path = tmp_path / f"{number}.zip"
        write_export(request_of(folder, "csv"), layers, path)
        with zipfile.ZipFile(path) as archive:
            heads.append({name: archive.read(f"{name}.csv").splitlines()[0] for name in layers})
    assert heads[0] == heads[1]
    assert heads[0]["tracks"].endswith(b",wkt")


def test_only_what_is_inside_the_area_is_exported_and_lines_are_not_drawn_across(folder: Path) -> None:
    west, south = FRAME.to_lonlat(-100.0, -100.0)
    east, north = FRAME.to_lonlat(1000.0, 1000.0)
    found = layers_to_export(request_of(folder, "gpkg", bounds=(west, south, east, north)))
    positions = found["positions"]
    assert positions.geometry.x.between(west, east).all()
    assert positions.geometry.y.between(south, north).all()
    (second,) = found["tracks"][found["tracks"]["track"] == "T2"].itertuples()
    assert (second.positions, len(second.geometry.geoms)) == (6, 2), "before and after its time outside"
    assert len(found["segments"]) < 10
    assert all(len(found[layer]) > 0 for layer in ("incidents", "alerts"))
    nowhere = layers_to_export(request_of(folder, "gpkg", bounds=(10.0, 10.0, 11.0, 11.0)))
    assert {layer: len(rows) for layer, rows in nowhere.items()} == dict.fromkeys(COUNTS, 0)


def test_an_area_across_the_antimeridian_is_two_ranges_of_longitude(folder: Path) -> None:
    around = layers_to_export(request_of(folder, "gpkg", bounds=(-85.0, 30.0, -86.0, 40.0)))
    assert len(around["positions"]) == COUNTS["positions"], "from 85° W eastwards around the globe to 86° W"
    assert len(layers_to_export(request_of(folder, "gpkg", bounds=(170.0, 30.0, -170.0, 40.0)))["segments"]) == 0


@pytest.mark.parametrize("file_format", FORMATS)
def test_an_export_without_records_is_a_valid_file(folder: Path, file_format: Any, tmp_path: Path) -> None:
    empty = {"start_ns": START_NS - 2 * SECOND, "end_ns": START_NS - SECOND, "bounds": (10.0, 10.0, 11.0, 11.0)}
    request = request_of(folder, file_format, out=str(tmp_path / f"empty{ENDINGS[file_format]}"), **empty)
    assert export(request).counts == dict.fromkeys(COUNTS, 0)
    assert (tmp_path / f"empty{ENDINGS[file_format]}").stat().st_size > 0


def test_records_are_those_of_the_period_as_known_at_its_end(folder: Path) -> None:
    early = layers_to_export(request_of(folder, "gpkg", end_ns=START_NS + 95 * SECOND))
    assert early["incidents"]["state"].tolist() == ["assigned"]
    assert len(early["positions"]) == 20, "ten positions of each track: 0 s to 90 s"
    assert len(early["alerts"]) == 1


@pytest.mark.parametrize("layer", ["incidents", "alerts"])
def test_records_are_all_exported_or_refused(folder: Path, monkeypatch: pytest.MonkeyPatch, layer: str) -> None:
    """Not the oldest of them only."""
    monkeypatch.setattr(periods, "MOST_INCIDENTS", 1)
    monkeypatch.setattr(export_layers, "MOST_RECORDS", COUNTS[layer])
    assert len(layers_to_export(request_of(folder, "gpkg", layers=(layer,)))[layer]) == COUNTS[layer]
    monkeypatch.setattr(export_layers, "MOST_RECORDS", COUNTS[layer] - 1)
    with pytest.raises(BadInput, match=f"Too many {layer}.*shorter period"):
        layers_to_export(request_of(folder, "gpkg", layers=(layer,)))


def test_an_incident_that_was_over_before_the_period_is_not_exported_for_a_note_that_came_later(folder: Path) -> None:
    """Not to a partner either, whose agreement began after it."""
    request = request_of(folder, "gpkg")
    before, after = (rfc3339(request.start_ns + shift) for shift in (-1, 1))

    def incident(name: str, state: str, at: str) -> dict[str, Any]:
        steps = [{"state": "new", "at": before}, {"state": state, "at": at}]
        return {"id": name, "state": state, "transitions": steps, "updated_at": after, "opened_at": before}

    known = {
        one["id"]: one
        for one in (incident("A", "closed", before), incident("B", "closed", after), incident("C", "claimed", before))
    }

    class Reader:
        def every_incident_in(self, *_: int) -> list[str]:
            return list(known)

        def as_known(self, one: str, _: int) -> dict[str, Any]:
            return known[one]

    assert list(export_layers._incidents(Reader(), request)["id"]) == ["B", "C"]  # type: ignore[arg-type]


def test_too_many_positions_are_refused_with_what_to_do(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_layers, "MOST_POSITIONS", 109)
    refused = export(request_of(folder, "gpkg"))
    assert "Too many positions" in refused.refused
    assert "shorter period" in refused.refused
    with pytest.raises(BadInput, match="sector is not open"):
        layers_to_export(request_of(folder, "gpkg", frame=""))
    with pytest.raises(BadInput, match="border is not known"):
        layers_to_export(request_of(folder, "gpkg", layers=("segments",), segments=None))


@pytest.mark.parametrize(
    "text", ["", "1,2,3", "a,b,c,d", "0,10,0,-10", "200,0,0,0", "nan,0,0,0", "0,0,inf,0", "0,-91,0,0"]
)
def test_a_wrong_bounding_box_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="bounding box"):
        bounds_of(text)


def test_layers_are_a_list_of_known_names() -> None:
    assert layers_of("alerts, tracks,alerts") == ("tracks", "alerts")
    for text in ("", "tracks,secrets", "tracks;alerts"):
        with pytest.raises(BadInput, match="layer"):
            layers_of(text)


def test_a_single_position_is_a_track_without_a_line(tmp_path: Path) -> None:
    night, _ = exported_store(tmp_path)
    alone = track("T9", np.zeros(1), np.zeros(1))
    night.store.commit(night.cursor + 9, stamp_ns=START_NS + 3500 * SECOND, history=alone)
    tracks = layers_to_export(request_of(tmp_path, "gpkg"))["tracks"].set_index("track")
    assert tracks.loc["T9", "positions"] == 1
    assert tracks.loc["T9", "geometry"] is None
    request: ExportRequest = request_of(tmp_path, "gpkg")
    write_export(request, layers_to_export(request), Path(request.out))
    night.store.close()

"""What people read and type: sentences beside message identifiers, terminals of 80 columns, mistakes with a way out.

Sources: docs/glossary.md (directions), docs/units.md (headlines of at most 12 words), docs/files.md, docs/decisions/
0026 (message catalogue) and 0027 (command line).
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pyproj
import pytest
import rasterio
from shapely.geometry import LineString, Point

GEOD = pyproj.Geod(ellps="WGS84")
Command = Callable[..., tuple[int, str, str]]
STEP, CELLS = 1 / 1200, 120
CENTRE = (24.0 + CELLS / 2 * STEP, 60.0 - CELLS / 2 * STEP)
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")
HEADLINE_WORDS = 12
NUMBER_WITH_UNIT = re.compile(r"\d[\d.,]*\s(?:km/h|km|min|m|s|h)\b(?:\s\d+\s(?:s|min)\b)?")
SECTOR = """
name = "north"
terrain = "dem.tif"
border = "border.geojson"
home_side = "right"
belt_m = 1000
language = "{language}"
[layouts]
mine = "{layout}"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A level plain, a border from north to south, and one radar beside it."""
    with rasterio.open(
        tmp_path / "dem.tif", "w", driver="GTiff", height=CELLS, width=CELLS, count=1, dtype="float32",
        crs="EPSG:4326", transform=rasterio.Affine(STEP, 0.0, 24.0, 0.0, -STEP, 60.0),
    ) as file:  # fmt: skip
        file.write(np.full((CELLS, CELLS), 50.0, np.float32), 1)
    line = LineString([(CENTRE[0], CENTRE[1] + 0.02), (CENTRE[0], CENTRE[1] - 0.02)])
    geopandas.GeoSeries([line], crs=4326).to_file(tmp_path / "border.geojson")
    radar = {
        "id": "r1", "kind": "radar", "max_range_m": 1500, "period_s": 5, "detection_probability": 0.9,
        "mast_height_m": 20, "range_sd_m": 5, "azimuth_sd_deg": 0.3, "false_alarms_per_scan": 0.1,
    }  # fmt: skip
    point = {"type": "Feature", "properties": radar, "geometry": {"type": "Point", "coordinates": list(CENTRE)}}
    layout = {"type": "FeatureCollection", "name": "mine", "features": [point]}
    (tmp_path / "layout.geojson").write_text(json.dumps(layout))
    for language in ("en", "fr"):
        (tmp_path / f"{language}.toml").write_text(SECTOR.format(language=language, layout="layout.geojson"))
    return tmp_path


def crossing_csv(file: Path) -> Path:
    """A walker from 700 m east of the border, the far side, to 800 m west of it, 200 m north of the radar, 1.5 m/s."""
    random, rows = np.random.default_rng(3), ["sensor,observed_at,range_m,azimuth_deg"]
    for k in range(200):
        east = 700.0 - 7.5 * k
        azimuth = np.degrees(np.arctan2(east, 200.0)) % 360
        distance = float(np.hypot(np.hypot(east, 200.0), 20.0))
        clock = f"2026-03-14T21:{5 * k // 60:02d}:{5 * k % 60:02d}Z"
        rows.append(f"r1,{clock},{distance + random.normal(0, 5):.2f},{(azimuth + random.normal(0, 0.3)) % 360:.4f}")
    file.write_text("\n".join(rows) + "\n")
    return file


# --- one record, two languages


def headlines(alert: dict[str, Any]) -> list[str]:
    """What is to be read of the walker, in English and French, without the kinds of spaces.

    He crosses 200 m north of the radar, 2,028 m from the line's northern end (0.02° are 2,228 m): in segment 4 of 500 m
    each, the first being 0. He is on the line after 466.7 s; his speed is an estimate, so a third is allowed.
    """
    track = alert["track"]
    if alert["rule"] == "crossing":
        return [
            f"Unclassified target, track {track}, crossed inbound at segment 4",
            f"Cible non classée, piste {track} : franchissement entrant, segment 4",
        ]
    seconds = alert["message"]["parameters"]["time_to_border_s"]
    since_start = datetime.fromisoformat(alert["observed_at"]) - datetime(2026, 3, 14, 21, tzinfo=UTC)
    assert seconds == pytest.approx(700.0 / 1.5 - since_start.total_seconds(), rel=1 / 3)
    assert seconds < 60.0  # stated in seconds
    return [
        f"Unclassified target, track {track}, approaching inbound, border in {round(seconds)} s",
        f"Cible non classée, piste {track}, approche (sens entrant) : frontière dans {round(seconds)} s",
    ]


def test_alerts_carry_identifiers_and_parameters_and_only_the_sentences_follow_the_language(
    folder: Path, watchline: Command
):
    journal = folder / "journal.db"
    code, _, err = watchline(
        "journal", "import", "north", crossing_csv(folder / "night.csv"), "--out", journal, "--kind", "radar"
    )
    assert code == 0, err
    told: dict[str, list[dict[str, Any]]] = {}
    for language in ("en", "fr"):
        code, _, err = watchline("replay", folder / f"{language}.toml", journal, "--out", folder / language, "-q")
        assert code == 0, err
        features = json.loads((folder / language / "alerts.geojson").read_text())["features"]
        told[language] = [feature["properties"] for feature in features]
    assert {alert["rule"] for alert in told["en"]} >= {"approaching", "crossing"}
    sentences = {"sentence", "detail_sentences", "why_sentences", "response_sentence", "reason"}
    for english, french in zip(told["en"], told["fr"], strict=True):
        assert english["message"]["id"] == french["message"]["id"]
        assert english["message"]["parameters"] == french["message"]["parameters"]
        assert english["sentence"] != french["sentence"]
        if english["rule"] in ("approaching", "crossing"):
            assert [re.sub(r"\s", " ", one["sentence"]) for one in (english, french)] == headlines(english)
        differing = {key for key in english if english[key] != french[key]}
        assert differing <= sentences, differing
        for headline in (english["sentence"], french["sentence"]):
            assert len(NUMBER_WITH_UNIT.sub("N", headline).replace("\u00a0:", ":").split()) <= HEADLINE_WORDS, headline


# --- a terminal of 80 columns


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("arguments", [["catalogue", "list"], ["catalogue", "list", "--kind", "camera"]], ids=" ".join)
def test_the_catalogue_is_a_table_on_a_terminal_of_80_columns(language: str, arguments: list[str]):
    """One line of headings per kind; no row falls apart into a list of ``heading: value``."""
    environment = {**os.environ, "COLUMNS": "80", "WATCHLINE_LANGUAGE": language}
    command = [sys.executable, "-m", "ops.cli", *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    lines = ESCAPES.sub("", ended.stdout + ended.stderr).splitlines()
    assert max(map(len, lines)) <= 80
    items = json.loads(subprocess.run([*command, "--json"], capture_output=True, text=True, check=True).stdout)["items"]
    for item in items:
        (row,) = [line for line in lines if line.split(" ", 1)[0] == item["name"]]
        cells = re.split(r"\s{2,}", row.strip())
        assert len(cells) >= 3, row  # beside its name, at least a description and a figure
        assert cells[-1] == item["confidence"], row


# --- a layout that was drawn in a GIS


def test_a_layout_drawn_in_a_gis_gives_what_the_geojson_gives(folder: Path, watchline: Command):
    """As QGIS writes it: a GeoPackage whose empty cells are NULL and whose numbers may be whole."""
    properties = json.loads((folder / "layout.geojson").read_text())["features"][0]["properties"]
    drawn = geopandas.GeoDataFrame(
        [properties | {"azimuth_deg": None, "catalogue": None, "max_range_m": 1500}], geometry=[Point(CENTRE)], crs=4326
    )
    drawn.to_crs(3857).to_file(folder / "layout.gpkg", layer="sensors", driver="GPKG")  # in the map's own system
    (folder / "drawn.toml").write_text(SECTOR.format(language="en", layout="layout.gpkg"))
    answers = []
    for name in ("en", "drawn"):
        code, out, err = watchline("coverage", folder / f"{name}.toml", "--out", folder / f"out-{name}", "--json")
        assert code == 0, err
        answers.append(json.loads(out)["belt"]["both"])
    assert answers[0] == pytest.approx(answers[1], rel=1e-6)
    assert answers[0]["covered_fraction"] > 0.3
    drawn.rename(columns={"max_range_m": "range_m"}).to_file(folder / "layout.gpkg", layer="sensors", driver="GPKG")
    code, out, err = watchline("sector", "check", folder / "drawn.toml", "--json")
    assert code == 1
    errors = json.loads(out)["errors"]
    assert [error["file"] for error in errors] == ["layout.gpkg"]
    assert "'range_m'" in errors[0]["problem"]
    assert "'max_range_m'" in errors[0]["expected"]

"""``watchline sensor survey``: north by landmarks, what goes into the layout, and what the tracker makes of it."""

from __future__ import annotations

import json
import math
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod
from typer.testing import CliRunner

from fusion.models.bias import UNBIASED
from fusion.models.survey import PRIOR_AZIMUTH_RAD, prior_information, surveyed
from fusion.tracker import Tracker
from geo.errors import BadInput, WatchlineError
from geo.frame import LocalFrame
from ops.admin.survey import north_of
from ops.cli.app import app
from ops.cli.wrong_values import WrongValue
from ops.sector.layouts.file import layout_of
from sensors.layout import Layout, place
from sensors.scan import Plot, Scan
from sensors.scan_columns import columns_of, scan_of

NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)
GEOD = Geod(ellps="WGS84")
LON, LAT = -84.25, 36.6


def run(*arguments: str) -> dict[str, Any]:
    done = CliRunner().invoke(app, ["sensor", *arguments, "--json"], standalone_mode=False)
    assert done.exception is None, done.exception
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def refusal(*arguments: str, kind: type[WatchlineError] = WrongValue) -> str:
    """The sentence of a refusal: of WrongValue with the exit code 2, of every other kind with 1."""
    done = CliRunner().invoke(app, ["sensor", *arguments], standalone_mode=False)
    assert isinstance(done.exception, kind), done.exception
    assert isinstance(done.exception, WrongValue) == (kind is WrongValue)
    return str(done.exception)


@pytest.fixture
def own(tmp_path: Path, hill_sector: Any) -> tuple[str, Path]:
    """The sector, and a layout of our own to change."""
    from ops.sector.sector_file import layout_path, load_sector

    copy = tmp_path / "layout.geojson"
    shutil.copy(layout_path(load_sector(str(hill_sector.sector)), None), copy)
    return str(hill_sector.sector), copy


def marks(offset_deg: float, errors: tuple[float, ...], away_m: float = 4000.0) -> list[str]:
    """Landmarks all round, and the azimuths that a sensor with that offset reads."""
    found = []
    for i, error in enumerate(errors):
        true = 360.0 * i / len(errors) + 10.0
        lon, lat, _ = GEOD.fwd(LON, LAT, true, away_m)
        found.append(f"{lon:.9f},{lat:.9f},{(true + offset_deg + error) % 360.0:.6f}")
    return found


def test_three_landmarks_by_hand() -> None:
    """Residuals 1.1, 1.2, 1.3: mean 1.2, s 0.1; t of 0.8413 with 2 degrees of freedom is 1.3213 (tables: 1.321), so
    0.0763; the readings add 0.05/√3, a metre at 4 km 0.0143."""
    found = north_of(marks(1.2, (-0.1, 0.0, 0.1)), LON, LAT, site_sd_m=1.0)
    assert found.offset_deg == pytest.approx(1.2, abs=1e-4)
    by_hand = math.sqrt((1.3213 * 0.1 / math.sqrt(3)) ** 2 + 0.05**2 / 3 + math.degrees(1 / 4000) ** 2)
    assert found.sd_deg == pytest.approx(by_hand, rel=1e-3)


@settings(deadline=None)
@given(st.floats(-180.0, 179.9), st.lists(st.floats(-2.0, 2.0), min_size=2, max_size=6))
def test_the_offset_is_found_across_north_and_its_deviation_falls_with_none_of_the_errors(
    offset: float, errors: list[float]
) -> None:
    found = north_of(marks(offset, tuple(errors)), LON, LAT, site_sd_m=2.0)
    mean = sum(errors) / len(errors)
    assert abs((found.offset_deg - offset - mean + 180.0) % 360.0 - 180.0) < 1e-3
    assert found.sd_deg is not None
    assert found.sd_deg >= math.degrees(math.atan2(2.0, 4000.1))
    more = north_of(marks(offset, tuple(errors)), LON, LAT, site_sd_m=20.0)
    assert more.sd_deg is not None
    assert more.sd_deg > found.sd_deg


def test_stated_deviations_of_the_north_hold_about_as_often_as_they_say() -> None:
    """1,500 surveys of 3 landmarks with errors of 0.3°: the truth within 1 σ in 68 % of them, by Student's factor
    (4 deviations of that share are 0.05; the readings' own error, which these do not have, widens it a little)."""
    rng, held = np.random.default_rng(5), 0
    for _ in range(1500):
        found = north_of(marks(0.0, tuple(rng.normal(0.0, 0.3, 3))), LON, LAT, site_sd_m=0.01)
        held += abs(found.offset_deg) <= (found.sd_deg or 0.0)
    assert 0.64 < held / 1500 < 0.75


def test_a_survey_is_written_listed_and_read_again(own: tuple[str, Path]) -> None:
    sector, layout = own
    where = ("--layout", str(layout))
    before = layout_of(layout)["radar-mid"]
    assert run("survey", sector, "radar-mid", *where)["survey"] is None
    lon, lat, _ = GEOD.fwd(before.lon, before.lat, 90.0, 12.0)
    found = run(
        "survey", sector, "radar-mid", *where, "--lon", f"{lon:.9f}", "--lat", f"{lat:.9f}", "--site-sd", "0.5",
        "--north-offset", "-1.5", "--north-sd", "0.2", "--on", "2026-11-20", "--method", "GNSS, sun shot",
        "--mast", "7.5",
    )  # fmt: skip
    assert found["moved_m"] == pytest.approx(12.0, abs=0.01)
    after = layout_of(layout)["radar-mid"]
    assert (after.mast_height_m, after.site_sd_m, after.north_offset_deg, after.north_sd_deg) == (7.5, 0.5, -1.5, 0.2)
    listed = run("list", sector, *where)["sensors"]
    assert next(each for each in listed if each["sensor"] == "radar-mid")["survey"] == found["survey"]
    assert sum(each["survey"] is None for each in listed) == len(listed) - 1
    assert run("survey", sector, "radar-mid", *where)["survey"]["survey_method"] == "GNSS, sun shot"
    assert len(json.loads(layout.read_text())["features"]) == len(listed)


def test_north_by_landmarks_through_the_command(own: tuple[str, Path], tmp_path: Path) -> None:
    sector, layout = own
    sensor = layout_of(layout)["radar-mid"]
    sightings = []
    for true, error in ((20.0, 0.1), (140.0, -0.1), (260.0, 0.0)):
        lon, lat, _ = GEOD.fwd(sensor.lon, sensor.lat, true, 3000.0)
        sightings += ["--sighting", f"{lon},{lat},{true + 2.0 + error}"]
    out = tmp_path / "new" / "surveyed.geojson"
    found = run("survey", sector, "radar-mid", "--layout", str(layout), *sightings, "--out", str(out))
    assert found["survey"]["north_offset_deg"] == pytest.approx(2.0, abs=1e-3)
    assert found["residuals_deg"] == pytest.approx([2.1, 1.9, 2.0], abs=1e-3)
    assert layout_of(out)["radar-mid"].north_sd_deg == found["survey"]["north_sd_deg"]
    assert layout_of(layout)["radar-mid"] == sensor, "--out leaves the file as it was"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--lon", "8"), "--lon --lat"),
        (("--lon", "-84.2", "--lat", "36.6"), "--site-sd"),
        (("--north-offset", "1"), "--north-sd"),
        (("--sighting", "-84,36.5,10"), "two or more"),
        (("--sighting", "x"), "LON,LAT,READING"),
        (("--sighting", "-84,91,10"), "LON,LAT,READING"),
        (("--sighting", "nan,1,2"), "LON,LAT,READING"),
        (("--north-sd", "0"), "^--north-sd: north_sd_deg is 0; expected a number above 0 to 90\\.$"),
        (("--north-sd", "nan"), "--north-sd"),
        (("--site-sd", "-1"), "--site-sd"),
        (("--on", "yesterday"), "--on"),
        (("--method", "x\ny"), r"^--method: survey_method is 'x\\ny'; expected printable characters\.$"),
        (("--lon", "200", "--lat", "36.6", "--site-sd", "1"), "--lon: '200'"),
        (("--lon", "nan", "--lat", "36.6", "--site-sd", "1"), "--lon: 'nan'"),
    ],
)
def test_a_survey_that_makes_no_sense_leaves_the_layout_as_it_was(
    own: tuple[str, Path], arguments: tuple[str, ...], words: str
) -> None:
    import re

    sector, layout = own
    before = layout.read_bytes()
    said = refusal("survey", sector, "radar-mid", "--layout", str(layout), *arguments)
    assert re.search(words, said), said
    assert layout.read_bytes() == before
    assert [path.name for path in layout.parent.iterdir()] == [layout.name]


def test_a_samples_layout_is_not_changed_and_a_stranger_is_not_surveyed(own: tuple[str, Path]) -> None:
    from ops.sector.sector_file import layout_path, load_sector

    sample = layout_of(layout_path(load_sector("cumberland"), None)).sensors[0].id
    kept = refusal("survey", "cumberland", sample, "--north-sd", "1", kind=BadInput)
    assert kept.endswith(".geojson: a sample's layout is not changed; expected --out FILE for the surveyed layout.")
    stranger = refusal("survey", own[0], "nobody", "--layout", str(own[1]), "--north-sd", "1")
    assert stranger.startswith("SENSOR: layout 'layout' has no sensor 'nobody'; expected one of radar-mid, ")


FRAME = LocalFrame.around(LON, LAT)


def layout(**survey: Any) -> Layout:
    radar = place(FRAME, 0.0, 0.0, id="r", kind="radar", max_range_m=6000.0, period_s=1.0, range_sd_m=5.0,
                  azimuth_sd_deg=0.3, mast_height_m=0.0, **survey)  # fmt: skip
    return Layout("x", FRAME, (radar,))


def test_the_offset_is_taken_off_and_put_back() -> None:
    plain, turned = layout(), layout(north_offset_deg=2.0, north_sd_deg=0.1)
    scan = Scan("r", 1, 1, 1, NOW, NOW, "radar", (Plot(range_m=1000.0, azimuth_deg=1.0, source_id=None),))
    a, b = columns_of(scan, plain), columns_of(scan, turned)
    assert (a.azimuth[0] - b.azimuth[0]) % math.tau == pytest.approx(math.radians(2.0))
    assert scan_of(b, turned).plots[0].azimuth_deg == pytest.approx(1.0)


def track_sd(survey: dict[str, Any]) -> tuple[float, float]:
    """Deviations along and across the line of sight of a track 3 km north, after 40 plots."""
    from datetime import timedelta

    from sensors.detections import split, to_dataset

    sensors = layout(**survey)
    scans = [
        Scan("r", 1, n, n, at, at, "radar", (Plot(range_m=3000.0, azimuth_deg=0.0),))
        for n in range(1, 41)
        for at in [NOW + timedelta(seconds=n)]
    ]
    tracker = Tracker(sensors)
    for scan in split(to_dataset(scans, sensors)):
        tracker.advance(scan)
    cov = tracker.tracks()["cov"].to_numpy()[0]
    return math.sqrt(cov[1, 1]), math.sqrt(cov[0, 0])


def test_what_a_survey_leaves_open_makes_a_track_less_sure_across_the_line_of_sight() -> None:
    along, across = track_sd({})
    along_2, across_2 = track_sd({"north_sd_deg": 1.0})
    assert across_2 > 1.5 * across
    assert along_2 < 1.2 * along, "modes of motion mix with what fits across"
    along_3, _ = track_sd({"site_sd_m": 20.0})
    assert along_3 > 1.5 * along


def test_a_surveyed_north_is_the_registrations_prior() -> None:
    plain, good = layout().sensors[0], layout(north_sd_deg=0.1).sensors[0]
    assert surveyed(plain) is UNBIASED
    assert prior_information(plain)[1] == pytest.approx(PRIOR_AZIMUTH_RAD**-2)
    assert prior_information(good)[1] == pytest.approx(math.radians(0.1) ** -2)
    assert prior_information(good)[0] == prior_information(plain)[0]


def test_a_position_measured_again_has_not_the_day_and_method_of_the_survey_before(own: tuple[str, Path]) -> None:
    sector, copy = own
    survey = ("survey", sector, "radar-mid", "--layout", str(copy), "--site-sd", "2")
    run(*survey, "--lon", str(LON), "--lat", str(LAT), "--on", "2025-01-01", "--method", "tape")
    kept = run("survey", sector, "radar-mid", "--layout", str(copy), "--mast", "12")["survey"]
    assert (kept["surveyed_on"], kept["survey_method"]) == ("2025-01-01", "tape")
    again = run(*survey, "--lon", str(LON), "--lat", str(LAT + 0.001))["survey"]
    assert (again["surveyed_on"], again["survey_method"]) == (None, None)

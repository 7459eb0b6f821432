"""Notebooks on a sector that differs from the sample as one's own may: they give what the commands give, or the reason
why not. Cells are run in this process, up to the one concerned."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from rich.console import Console

from ingest.decode import encode_status
from ingest.envelope import Delivery
from ingest.receiving.receiver import Receiver, ReceiverSettings
from ingest.topics import sensor_topic
from ingest.wire import Status, WirePose
from ops.analysis.challenge.command import assess
from ops.analysis.challenge.options import ChallengeOptions
from ops.journal.recorded_scans import recorded_poses
from ops.journal.writer import Journal
from ops.room.simulate_night import simulated_poses
from ops.sector.open_sector import open_sector
from ops.sector.samples import samples_folder
from sensors.mobile import columns_of_pose
from sensors.timestamps import nanoseconds
from tests.notebooks.test_notebooks import FOLDER, cells_of
from tests.ops.conftest import blank_pictures


def cells_with(notebook: str, *words: str) -> list[str]:
    """The first code cell that contains each of these words."""
    text = (FOLDER / f"{notebook}.py").read_text(encoding="utf-8")
    code = [source for kind, source in cells_of(text) if kind == "code"]
    return [next(source for source in code if word in source) for word in words]


def ran(cells: list[str], changed: Mapping[str, str], **names: Any) -> dict[str, Any]:
    """The names that cells define, with each text of ``changed`` replaced where it occurs, once at least."""
    matplotlib.use("agg")
    source = "\n".join(cells)
    for old, new in changed.items():
        assert old in source
        source = source.replace(old, new)
    space: dict[str, Any] = dict(names)
    with matplotlib.rc_context():
        exec(compile(source, "cells", "exec"), space)
    plt.close("all")
    return space


def own_sector(folder: Path, *without: str, belt_m: int = 2000) -> Path:
    """A copy of the sample without some of the lines of its sector file."""
    shutil.copytree(samples_folder() / "cumberland", folder)
    lines = (folder / "sector.toml").read_text(encoding="utf-8").splitlines()
    kept = "\n".join(line for line in lines if not line.startswith(without or "#"))
    (folder / "sector.toml").write_text(kept.replace("belt_m = 2000", f"belt_m = {belt_m}") + "\n", encoding="utf-8")
    return folder


def buffer_zone(folder: Path) -> Path:
    """The sample with a second edge 1.3 km to the north, with its invented roads, and with lines without relays."""
    own_sector(folder, "home_side", "sections", "areas", "hightech", "basic", "mobile")
    border = json.loads((folder / "border.geojson").read_text())
    course = border["features"][0]["geometry"]["coordinates"]
    edges = {"inner": course, "outer": [[x, y + 0.012] for x, y, *_ in course]}
    border["features"] = [
        {"type": "Feature", "properties": {"edge": edge}, "geometry": {"type": "LineString", "coordinates": line}}
        for edge, line in edges.items()
    ]
    (folder / "border.geojson").write_text(json.dumps(border))
    bare = json.loads((folder / "layout_lines.geojson").read_text())
    bare["features"] = [part for part in bare["features"] if part["properties"].get("catalogue") != "radio_relay"]
    (folder / "bare.geojson").write_text(json.dumps(bare))
    zone = '[zone]\ninner = "edge = \'inner\'"\nouter = "edge = \'outer\'"\n\n[layouts]\nbare = "bare.geojson"\n'
    toml = (folder / "sector.toml").read_text().replace("belt_m = 2000", 'roads = "roads.geojson"\nbelt_m = 2000')
    head, _, _ = toml.partition("[layouts]")
    (folder / "sector.toml").write_text(head + zone)
    return folder


@pytest.mark.timeout(1800)
def test_gaps_and_crossings_are_those_of_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """On a zone with roads and with sensors of which most have no link to a base."""
    sector = str(buffer_zone(tmp_path / "zone"))
    cells = cells_with("02_gaps_and_crossings", "import pandas", "runs_below(found", "least_detected_crossing, fastest")
    space = ran(cells, {'sector = "cumberland"': f"sector = {sector!r}"})
    options = ChallengeOptions(sector, tmp_path / "out", conditions="night", samples=0, runs=0)
    with blank_pictures():
        figures = assess(options, Console(quiet=True))
    assert len(figures["unlinked"]) > figures["sensors"] / 2
    assert "have no link to a base" in capsys.readouterr().out
    gaps = [(row["from [km]"], row["to [km]"], row["minimum Pd"]) for row in space["rows"]]
    expected = [(gap["start_m"] / 1e3, gap["end_m"] / 1e3, gap["least_probability"]) for gap in
                figures["this_layout"]["gaps"]]  # fmt: skip
    assert np.allclose(gaps, expected, atol=1e-5)
    fastest = space["ways"]["bare"][1]
    assert fastest.time_s == pytest.approx(figures["this_layout"]["crossings"]["minimum_time"]["seconds"], abs=1.0)


@pytest.mark.timeout(1800)
def test_the_geography_states_an_example_base_and_a_table_that_does_not_fit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sector = str(own_sector(tmp_path / "own", "bases", belt_m=3000))
    cells = cells_with("03_geography_challenge", "import pandas", 'found.attrs["reference')
    ran(
        cells,
        {'sector = "cumberland"': f"sector = {sector!r}", "DemError(draws=8)": "None"},
    )
    out = capsys.readouterr().out
    assert "An example base on level ground behind the border is assumed." in out
    assert "not compared with pyrenees-maritime-alps-srtm3: another belt" in out


@pytest.mark.timeout(1800)
def test_a_shift_in_fog_is_judged_by_fog(capsys: pytest.CaptureFixture[str]) -> None:
    cells = cells_with("05_after_action", "import pandas", "tracker = Tracker(", "judged = calibrate(")
    changed = {'WEATHER = "day"': 'WEATHER = "night,fog"', "NIGHT_S, SEED = 900.0": "NIGHT_S, SEED = 300.0"}
    judged = ran(cells, changed)["judged"].to_dataframe().set_index("sensor")
    cameras = judged[judged.index.str.startswith("camera")]
    assert len(cameras) > 0
    assert cameras["predicted"].max() < 0.1


@pytest.mark.parametrize(
    ("without", "words"),
    [
        (("indicators", "outcomes", "action_plan"), ["no line has records", "the sector has no action plan"]),
        (("action_plan",), ["the sector has no action plan"]),
        (("indicators", "outcomes"), ["no measure of the action plan is due on 2020-01-15"]),
    ],
)
def test_a_scorecard_without_records_or_plan(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], without: tuple[str, ...], words: list[str]
) -> None:
    sector = str(own_sector(tmp_path / "own", *without))
    changed = {'sector = "cumberland"': f"sector = {sector!r}"}
    if "action_plan" not in without:
        changed["date(2026, 1, 15)"] = "date(2020, 1, 15)"
    text = (FOLDER / "06_scorecard.py").read_text(encoding="utf-8")
    ran([source for kind, source in cells_of(text) if kind == "code"], changed)
    out = capsys.readouterr().out
    assert [word for word in words if word not in out] == []


def test_a_recorded_shift_has_the_poses_of_mobile_sensors(tmp_path: Path) -> None:
    layout = (ground := open_sector("cumberland", "mobile")).layout
    poses = simulated_poses(ground, seed=3, duration_s=30.0)
    journal = Journal(tmp_path / "journal.db")
    receiver = Receiver(
        "cumberland", commit=journal.commit, acknowledge=lambda _: None, recall=journal.recall,
        settings=ReceiverSettings(future_s=1e9, backfill_s=1e9),
    )  # fmt: skip
    for pose in poses:
        stated = WirePose(**{name: getattr(pose, name) for name in WirePose.__struct_fields__})
        status = Status(sensor=pose.sensor, boot=pose.boot, seq=pose.sequence, observed_at=pose.observed_at,
                        state="ok", pose=stated)  # fmt: skip
        topic, at_ns = sensor_topic("cumberland", pose.sensor, "status"), nanoseconds(pose.received_at)
        receiver.handle([Delivery(topic, encode_status(status), "application/json", (("sent", str(at_ns)),), at_ns)])
    journal.close()
    read = {(one.sensor, one.observed_ns): one for one in recorded_poses(tmp_path / "journal.db", layout)}
    sent = {(one.sensor, one.observed_ns): one for one in (columns_of_pose(pose, layout) for pose in poses)}
    assert len(sent) > 0
    assert set(read) == set(sent)
    assert all(read[key].kind == sent[key].kind for key in sent)


@pytest.mark.parametrize("segments", [3, 4, 5, 19, 20])
def test_a_short_border_has_no_interval_and_no_verdict(segments: int) -> None:
    (cell,) = cells_with("07_patrols_and_drones", "np.random.default_rng(7)")
    towards = np.linspace(0.1, 0.9, segments)
    chance = pd.DataFrame({("patrols", "day"): towards, ("one tower", "day"): towards - 0.05 * np.arange(segments)})
    space = ran(
        [cell], {}, np=np, pd=pd, chance=chance, segments=np.arange(segments), movers={"patrols": None},
        carried={"day": None}, ground=SimpleNamespace(sector=SimpleNamespace(segment_length_m=500.0)),
    )  # fmt: skip
    row = space["table"].iloc[0]
    if segments < 20:
        assert np.isnan(row["95% from"])
        assert row["more detected by"] == "open"
    else:
        assert row["95% from"] < row["mean difference"] < row["to"]


def test_a_fifth_layout_is_in_the_figure() -> None:
    (cell,) = cells_with("02_gaps_and_crossings", "minimum Pd of a crossing")
    imports = cells_with("02_gaps_and_crossings", "import pandas")[0].split("\n\nsector =")[0]
    one = xr.Dataset({"start_m": ("segment", [0.0, 500.0]), "detection_probability": ("segment", [0.2, 0.4])})
    five = {f"layout {n}": one for n in range(5)}
    space = ran([imports, cell], {}, segments=five, STYLES=("-", "--", ":", "-."), REQUIRED=0.9)
    shown = [text.get_text() for text in space["axis"].get_legend().get_texts()]
    assert shown == [*five, "required"]

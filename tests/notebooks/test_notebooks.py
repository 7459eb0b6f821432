"""Every notebook runs from top to bottom on the sample sector, and is the same as Jupyter's and as jupytext's form.

The text form is what people edit; `jupytext --to ipynb notebooks/NAME.py` makes the other again. With nbmake the
Jupyter form is run, cell after cell in a kernel, as a reader would; without it the text form, as plain Python.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest

from ingest.decode import encode
from ingest.envelope import Delivery
from ingest.receiving.receiver import Receiver, ReceiverSettings
from ingest.topics import sensor_topic
from ops.journal.recorded_scans import recorded_scans
from ops.journal.writer import Journal
from ops.room.simulate_night import simulate_night
from ops.sector.creation.create import NewSector, create_sector
from ops.sector.open_sector import open_sector
from ops.sector.sector_file import load_sector
from sensors.timestamps import nanoseconds
from tests.notebooks.kernels import with_kernels
from tests.patience import patient_s

FOLDER = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.py"))
SHARED = FOLDER.parents[1] / "shared" / "data" / "terrain"
TILE = SHARED / "srtm3_n42e001_pyrenees_ES-AD-FR.tif"
LINES = SHARED / "ne_10m_admin_0_boundary_lines_land.shp"
LONGEST_S = round(patient_s(900.0))
"""A notebook takes up to two minutes; the rest is for a busy machine."""
BY_NBMAKE = "import pytest\nraise SystemExit(pytest.main(sys.argv[1:]))"
IN_A_KERNEL = all(importlib.util.find_spec(name) for name in ("nbmake", "ipykernel"))


LESS = {
    "03_geography_challenge": ("DemError(draws=8)", "DemError(draws=2)"),
    "04_basic_vs_hightech": ("samples=100", "samples=6"),
    "05_after_action": ("NIGHT_S, SEED = 900.0, 3", "NIGHT_S, SEED = 600.0, 3"),
    "07_patrols_and_drones": (
        "POST_M, STEP_S, PHASES = 2, 200.0, 30.0, 96",
        "POST_M, STEP_S, PHASES = 2, 500.0, 90.0, 24",
    ),
}
"""Notebook -> what is drawn less often, or shorter, with every merge. What its cells assert holds all the same."""
FEWER = {} if os.environ.get("WATCHLINE_DRILL") == "long" else LESS


def lighter(notebook: Path, folder: Path) -> Path:
    """The notebook, or a copy of both its forms with less to do."""
    if notebook.stem not in FEWER:
        return notebook
    full, few = FEWER[notebook.stem]
    for form in (notebook, notebook.with_suffix(".ipynb")):
        text = form.read_text(encoding="utf-8")
        assert text.count(full) == 1
        (folder / form.name).write_text(text.replace(full, few), encoding="utf-8")
    return folder / notebook.name


def test_there_are_notebooks() -> None:
    assert [path.stem for path in NOTEBOOKS][:3] == ["01_coverage", "02_gaps_and_crossings", "03_geography_challenge"]


@pytest.mark.timeout(LONGEST_S + 120)
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs(notebook: Path, tmp_path: Path) -> None:
    notebook = lighter(notebook, tmp_path)
    with with_kernels(BY_NBMAKE) if IN_A_KERNEL else nullcontext([str(notebook)]) as words:
        if IN_A_KERNEL:
            quiet = ["-q", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", str(notebook.parent)]
            words += ["--nbmake", f"--nbmake-timeout={LONGEST_S}", *quiet, str(notebook.with_suffix(".ipynb"))]
        done = subprocess.run(
            [sys.executable, *words],
            cwd=tmp_path,
            env={**os.environ, "MPLBACKEND": "agg"},
            capture_output=True,
            text=True,
            timeout=LONGEST_S + 60,
            check=False,
        )
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]


@pytest.mark.timeout(LONGEST_S + 120)
def test_after_action_reads_a_recorded_night(tmp_path: Path) -> None:
    """The journal of a night: what it says is of the confirmed tracks, and nobody knows who was never detected."""
    ground = open_sector(load_sector("cumberland"))
    scans, _ = simulate_night(ground, seed=3, duration_s=120.0)
    seen = {scan.key: scan for scan in scans}  # the simulator sends some twice
    journal = Journal(tmp_path / "journal.db")
    receiver = Receiver(
        "cumberland", commit=journal.commit, acknowledge=lambda _: None, recall=journal.recall,
        settings=ReceiverSettings(future_s=1e9, backfill_s=1e9),
    )  # fmt: skip
    for scan in scans:
        topic = sensor_topic("cumberland", scan.sensor, "detections")
        received_ns = nanoseconds(scan.received_at)
        receiver.handle([Delivery(topic, encode(scan), "application/json", (("sent", str(received_ns)),), received_ns)])
    journal.close()
    read, left_out = recorded_scans(tmp_path / "journal.db", ground.layout)
    assert {scan.key for scan in read} == set(seen)
    assert left_out == {"unknown_sensor": 0, "unreadable": 0}

    text = (FOLDER / "05_after_action.py").read_text(encoding="utf-8")
    own = "RECORDED = None"
    assert text.count(own) == 1
    named = own.replace("None", repr(str(tmp_path / "journal.db")))
    (tmp_path / "night.py").write_text(text.replace(own, named), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "night.py"], cwd=tmp_path, env={**os.environ, "MPLBACKEND": "agg"}, capture_output=True,
        text=True, timeout=LONGEST_S, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert f"{len(seen)} scans" in done.stdout
    assert "undetected=None" in done.stdout
    assert "without any confirmed track: unknown" in done.stdout
    assert "GOSPA unknown" in done.stdout


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_names_its_sector_once_at_the_beginning(notebook: Path) -> None:
    """Who sets it to another sector has changed all that must be changed."""
    code = [source for kind, source in cells_of(notebook.read_text(encoding="utf-8")) if kind == "code"]
    assert re.search(r'^sector = "cumberland"$', code[0], flags=re.MULTILINE)
    rest = "\n".join(code).replace('sector = "cumberland"', "").replace('SAMPLE = sector == "cumberland"', "")
    assert 'load_sector("' not in rest
    assert 'open_sector("' not in rest
    text = "".join(source for kind, source in cells_of(notebook.read_text(encoding="utf-8")) if kind == "markdown")
    assert "Set `sector` to the file or folder of your own sector" in " ".join(text.split())


@pytest.mark.timeout(LONGEST_S + 120)
@pytest.mark.skipif(not TILE.exists(), reason="the shared terrain is not here")
def test_a_notebook_runs_on_ones_own_sector(tmp_path: Path) -> None:
    """The first one on the border of Andorra with France: other layouts, other sensors, no sample names."""
    where = "(adm0_left = 'Andorra' OR adm0_right = 'Andorra') AND (adm0_left = 'France' OR adm0_right = 'France')"
    create_sector(NewSector(tmp_path / "andorra", str(TILE), LINES, border_where=where, own_side="1.52,42.51"))
    text = (FOLDER / "01_coverage.py").read_text(encoding="utf-8")
    own = text.replace('sector = "cumberland"', f'sector = "{tmp_path / "andorra"}"')
    assert own != text
    (tmp_path / "own.py").write_text(own, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "own.py"], cwd=tmp_path, env={**os.environ, "MPLBACKEND": "agg"}, capture_output=True,
        text=True, timeout=LONGEST_S, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert "Andorra: layouts towers, basic" in done.stdout


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_both_forms_say_the_same_and_hold_no_output(notebook: Path) -> None:
    pair = json.loads(notebook.with_suffix(".ipynb").read_text(encoding="utf-8"))
    assert all(not cell.get("outputs") and cell.get("execution_count") is None for cell in pair["cells"])
    cells = [(cell["cell_type"], "".join(cell["source"]).strip()) for cell in pair["cells"]]
    assert cells == cells_of(notebook.read_text(encoding="utf-8"))


def cells_of(text: str) -> list[tuple[str, str]]:
    """(kind, source) of each cell of the percent format, read here so that the test does not lean on the converter."""
    found = []
    for block in text.split("\n# %%")[1:]:
        head, _, body = block.partition("\n")
        if "[markdown]" in head:
            lines = (
                line[2:] if line.startswith("# ") else line.removeprefix("#") for line in body.strip("\n").split("\n")
            )
            found.append(("markdown", "\n".join(lines).strip()))
        else:
            found.append(("code", body.strip()))
    return found

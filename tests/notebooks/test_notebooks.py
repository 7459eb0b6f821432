"""Every notebook runs from top to bottom on the sample sector, and is the same as Jupyter's and as jupytext's form.

The text form is what people edit; `jupytext --to ipynb notebooks/NAME.py` makes the other again. With nbmake the
Jupyter form is run, cell after cell in a kernel, as a reader would; without it the text form, as plain Python.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.py"))
LONGEST_S = 900
"""A notebook takes up to two minutes; the rest is for a busy machine."""
IN_A_KERNEL = all(importlib.util.find_spec(name) for name in ("nbmake", "ipykernel"))


LESS = {
    "03_geography_challenge": ("DemError(draws=8)", "DemError(draws=2)"),
    "04_basic_vs_hightech": ("draws=100", "draws=6"),
    "05_after_action": ("NIGHT_S, SEED = 900.0, 3", "NIGHT_S, SEED = 600.0, 3"),
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
    command = [sys.executable, str(notebook)]
    if IN_A_KERNEL:
        quiet = ["-q", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", str(notebook.parent)]
        command = [sys.executable, "-m", "pytest", "--nbmake", f"--nbmake-timeout={LONGEST_S}", *quiet]
        command.append(str(notebook.with_suffix(".ipynb")))
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env={**os.environ, "MPLBACKEND": "agg"},
        capture_output=True,
        text=True,
        timeout=LONGEST_S + 60,
        check=False,
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]


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

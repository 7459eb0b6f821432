"""docs/own-border.md, followed literally: from an empty folder to check, preview, coverage, gap report and a live run.

The real Pyrenees tile, real border lines, and the roads, rivers and places of Andorra (© OpenStreetMap contributors,
ODbL), where these are present. They are no part of the project.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.patience import PATIENT_S, patient_s

ROOT = Path(__file__).resolve().parents[3]
SHARED = ROOT.parent / "shared" / "data"
PAGE = ROOT / "docs" / "own-border.md"
DATA = {
    "pyrenees.tif": SHARED / "terrain" / "srtm3_n42e001_pyrenees_ES-AD-FR.tif",
    **{
        f"borders{end}": SHARED / "terrain" / f"ne_10m_admin_0_boundary_lines_land{end}"
        for end in (".shp", ".shx", ".dbf", ".prj")
    },
    "andorra.gpkg": SHARED / "osm" / "andorra.gpkg",
}
"""Name in the guide -> file."""
PROMISED_S = 1800.0
"""Half an hour of machine time."""


def commands() -> list[list[str]]:
    """The command lines of the page's shell blocks, in their order, as a shell would split them."""
    blocks = re.findall(r"^```bash\n(.*?)^```", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    lines = "".join(blocks).replace("\\\n", " ").splitlines()
    return [shlex.split(line) for line in lines if line.strip()]


def test_the_guide_goes_from_init_to_a_live_run() -> None:
    assert [tuple(words[:3]) if words[1] == "sector" else tuple(words[:2]) for words in commands()] == [
        ("watchline", "sector", "init"), ("watchline", "sector", "check"), ("watchline", "sector", "preview"),
        ("watchline", "coverage"), ("watchline", "challenge"), ("watchline", "demo"),
    ]  # fmt: skip


def test_the_program_of_ten_lines_runs_and_is_that_of_the_guide(tmp_path: Path) -> None:
    program = ROOT / "docs" / "ten-lines.py"
    text = program.read_text(encoding="utf-8")
    assert f"```python\n{text}```" in PAGE.read_text(encoding="utf-8")
    statements = [line for line in text.splitlines() if line.strip() and not line.startswith(("from ", "import "))]
    assert len(statements) <= 10
    done = subprocess.run(
        [sys.executable, str(program)], cwd=tmp_path, capture_output=True, text=True, timeout=PATIENT_S, check=False
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"^km \d+\.\d to \d+\.\d: Pd \d+% at worst$", done.stdout, flags=re.MULTILINE)
    assert (tmp_path / "gaps.png").stat().st_size > 10_000


@pytest.mark.timeout(2 * PROMISED_S)
@pytest.mark.skipif(
    not all(file.exists() for file in DATA.values()), reason="the shared terrain and map of Andorra are not here"
)
def test_a_newcomer_who_follows_the_guide_arrives_within_half_an_hour(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    for name, file in DATA.items():
        shutil.copy(file, tmp_path / "data" / name)
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "watchline"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m ops.cli "$@"\n')
    program.chmod(0o755)
    environment = {**os.environ, "PATH": f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    taken, longest_s = dict[str, float](), patient_s(PROMISED_S)
    said = {}
    for words in commands():
        began = time.monotonic()
        done = subprocess.run(
            words, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=longest_s, check=False
        )
        name = " ".join(words[1:3] if words[1] == "sector" else words[1:2])
        taken[name] = time.monotonic() - began
        said[name] = done.stderr
        assert done.returncode == 0, f"{' '.join(words)}\n{done.stdout}{done.stderr}"
    print({name: round(seconds, 1) for name, seconds in taken.items()}, f"sum {sum(taken.values()):.0f} s")

    assert "No errors in" in said["sector check"]
    assert "own side on the right of the line, to its south" in said["sector init"]
    assert "nearest settlement on the own side" in said["sector init"]
    assert (tmp_path / "out" / "preview.html").stat().st_size > 100_000
    assert (tmp_path / "out" / "preview.png").exists()
    coverage = json.loads((tmp_path / "out" / "coverage" / "summary.json").read_text())
    assert 0.05 < coverage["belt"]["both"]["covered_fraction"] < 0.95
    assert coverage["unlinked"] == []
    assert "gap" in (tmp_path / "out" / "challenge" / "report.html").read_text().lower()
    challenge = json.loads((tmp_path / "out" / "challenge" / "summary.json").read_text())
    assert any("roads" in one for one in challenge["ground"]["used"])
    assert (tmp_path / "out" / "demo" / "tracks.parquet").exists()
    assert (tmp_path / "out" / "demo" / "report.html").exists()

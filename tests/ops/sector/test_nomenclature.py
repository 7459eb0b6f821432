"""docs/files.md owns the keys of layout and sector files: none is missing there, none is invented."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from ops.sector.sector_file import load_sector
from sensors.layout import KINDS, PLACED

TEXT = (Path(__file__).parents[3] / "docs" / "files.md").read_text(encoding="utf-8")


def keys_of(heading: str) -> set[str]:
    section = TEXT.split(f"## {heading}\n")[1].split("\n## ")[0]
    cells = re.findall(r"^\| ([^|]+) \|", section, flags=re.MULTILINE)
    return {key for cell in cells for key in re.findall(r"`([a-z_]+)`", cell)}


def test_every_key_of_a_layout_is_there():
    assert keys_of("Layout file") == {field.name for kind in KINDS.values() for field in fields(kind)} - PLACED


def test_every_key_of_a_sector_is_there():
    sector = load_sector("cumberland")
    assert keys_of("Sector file") == {field.name for field in fields(sector)} - {"path"}

"""The two palettes of the map: ``day`` on light ground, ``night`` on dark ground, for eyes used to the dark."""

from __future__ import annotations

from typing import Literal

Palette = Literal["day", "night"]

"""The palettes of map layers; the API names them without the libraries that paint."""

from __future__ import annotations

from typing import Literal

Palette = Literal["day", "night"]

"""Names beside the places of a map for print: within the frame, and not on each other."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Final

from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke
from matplotlib.text import Annotation
from matplotlib.transforms import Bbox

BESIDE_PT: Final = (5.0, 11.0, 18.0)
"""Distances from a place at which its name may stand, the nearest first."""
SIDES: Final = (("left", "center"), ("right", "center"), ("center", "bottom"), ("center", "top"), ("left", "bottom"),
                ("right", "bottom"), ("left", "top"), ("right", "top"))  # fmt: skip
"""How a name is aligned at its place, the best first."""
MARK_PT: Final = 4.5
"""From the middle of a symbol to its edge."""
OUTSIDE: Final = 4.0
"""How much worse it is to leave the frame than to cover a name or symbol."""
SIZE_PT: Final = 6.5
Place = tuple[float, float]


@dataclass(frozen=True, slots=True)
class _Stand:
    """Where a name may stand: so far from its place, on this side of it."""

    away_pt: float
    across: str
    up: str

    def write(self, axes: Axes, at: Place, name: str) -> Annotation:
        """Write the name; far from its place, a thin line leads to it."""
        away = {"left": 1.0, "bottom": 1.0, "right": -1.0, "top": -1.0}
        far = self.away_pt > BESIDE_PT[0]
        line: dict[str, Any] = {"arrowprops": {"arrowstyle": "-", "linewidth": 0.5, "shrinkA": 0.0}} if far else {}
        offset = (self.away_pt * away.get(self.across, 0.0), self.away_pt * away.get(self.up, 0.0))
        return axes.annotate(
            name, at, xytext=offset, textcoords="offset points", ha=self.across, va=self.up, fontsize=SIZE_PT,
            zorder=9, path_effects=[withStroke(linewidth=2.0, foreground="white")], **line,
        )  # fmt: skip


STANDS: Final = tuple(_Stand(away, *side) for away, side in product(BESIDE_PT, SIDES))


def name_places(axes: Axes, named: Mapping[Place, str]) -> list[Bbox]:
    """Write each name where it covers the least of names and symbols; return the boxes of the names [pixel].

    The limits of ``axes`` must be set.
    """
    figure: Any = axes.get_figure()
    frame = axes.get_window_extent(figure.canvas.get_renderer())
    reach = MARK_PT * figure.dpi / 72.0
    symbols = [Bbox([middle - reach, middle + reach]) for middle in axes.transData.transform(list(named))]
    boxes: list[Bbox] = []
    for at, name in named.items():
        stand, box = _best(axes, at, name, [*symbols, *boxes], frame)
        boxes.append(box)
        stand.write(axes, at, name)
    return boxes


def _best(axes: Axes, at: Place, name: str, taken: Sequence[Bbox], frame: Bbox) -> tuple[_Stand, Bbox]:
    """Return where the name costs least, the first of equals, and its box there.

    Nothing costs less than 0, so the search ends there: measuring a name with a line takes most of a map's time.
    """
    best, least = (STANDS[0], frame), math.inf
    for stand in STANDS:
        box = _box(stand, axes, at, name)
        cost = _cost(box, taken, frame)
        if cost < least:
            best, least = (stand, box), cost
        if least <= 0.0:
            break
    return best


def _box(stand: _Stand, axes: Axes, at: Place, name: str) -> Bbox:
    """The box that a name takes up, without writing it."""
    figure: Any = axes.get_figure()
    text = stand.write(axes, at, name)
    box = Annotation.get_window_extent(text, figure.canvas.get_renderer())
    text.remove()
    return box


def _cost(box: Bbox, taken: Sequence[Bbox], frame: Bbox) -> float:
    outside = box.width * box.height - _shared(box, frame)
    return OUTSIDE * outside + sum(_shared(box, other) for other in taken)


def _shared(a: Bbox, b: Bbox) -> float:
    """Area that two boxes share."""
    common = Bbox.intersection(a, b)
    return 0.0 if common is None else float(common.width * common.height)

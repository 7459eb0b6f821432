"""Performance of a layout in adverse scenarios: a week of fog, half of the sensors down, jamming, theft, withdrawn
posts.

All inputs are central; crossers choose again among the candidate paths of the study. These paths account for the loss
of a kind of sensor but not of each single one: a theft may cost more than is computed here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import xarray as xr
from shapely.geometry import LineString

from geo.arrays import Floats, Ints
from geo.border import Border, Zone
from geo.errors import BadInput
from geo.frame import LocalFrame
from sensors.coverage.model import coverage
from sensors.detection_model.weather import Conditions
from sensors.equipment.catalogue import Item
from sensors.gaps.segments import segment_detection
from sensors.layout import Layout, place
from sensors.planning.comparison.design import Design
from sensors.planning.comparison.draws import Draws, central, with_shares
from sensors.planning.comparison.outcome import Outcome, availability_of, outcome
from sensors.planning.comparison.purchase import budgets
from sensors.planning.comparison.study import Study

HALF: Final = 0.5
"""Availability of a layout that is as poorly maintained as the earlier mobile systems (under half of 44 units at a
time)."""
STOLEN: Final = 3
FOG_M: Final = 1_000.0
"""Visibility [m] below which conditions count as fog (World Meteorological Organization)."""
SCENARIOS: Final = (
    "as_planned",
    "week_of_fog",
    "half_available",
    "jammed",
    "one_part_stolen",
    "three_parts_stolen",
    "one_post_withdrawn",
    "all_posts_withdrawn",
)
"""The layout as planned, and the degraded scenarios."""
MEASURES: Final = ("mean_detection", "least_detection", "mean_interruption")


@dataclass(frozen=True, slots=True, eq=False)
class AdverseScenario:
    """An adverse scenario and the performance of one layout in it; of several samples, the worst counts."""

    name: str
    achieved: Outcome


def degraded(comparison: Study) -> xr.Dataset:
    """Performance of each layout as planned and in degraded scenarios: MEASURES (scenario, layout), NaN if not
    applicable.

    Fog: only the weather states with fog, in their proportions, for as long as it lasts. Half: every sensor works in
    HALF of the crossings. Jammed: all radars and radio finders are down. Stolen: the sensor or relay whose loss costs
    most, or STOLEN of them, chosen one after the other. Withdrawn: the staffed post whose loss costs most, or all
    posts.
    """
    names = list(SCENARIOS)
    data = np.full((len(MEASURES), len(names), len(comparison.designs)), np.nan)
    for column, design in enumerate(comparison.designs):
        for day in _scenarios_of(comparison, design):
            worst = int(np.argmin(day.achieved.measure(comparison.settings.objective)))
            for row, measure in enumerate(MEASURES):
                data[row, names.index(day.name), column] = day.achieved.measure(measure)[worst]
    return xr.Dataset(
        {name: (("scenario", "layout"), data[row], {"units": "1"}) for row, name in enumerate(MEASURES)},
        {"scenario": names, "layout": comparison.names},
        {"limits": "all inputs central; of several losses the worst, over the candidate paths: a theft may cost more"},
    )


def _scenarios_of(comparison: Study, design: Design) -> Iterator[AdverseScenario]:
    sample = central(comparison.inputs)
    up = availability_of(design, sample)

    def day(name: str, draws: Draws, up: Floats) -> AdverseScenario:
        return AdverseScenario(name, _achieved(comparison, design, draws, up))

    yield day("as_planned", sample, up)
    weather = comparison.settings.weather
    fog = {n: share for n, share in weather.items() if share > 0.0 and Conditions.named(n).visibility_m < FOG_M}
    if fog:
        yield day("week_of_fog", with_shares(sample, fog, weather), up)
    yield day("half_available", sample, np.minimum(up, HALF))
    kinds = np.array([part.kind for part in design.parts], dtype=str)
    jammed = np.isin(kinds, ["radar", "radio"])
    if jammed.any():
        yield day("jammed", sample, np.where(jammed, 0.0, up))
    if len(kinds):
        stolen = day("one_part_stolen", *_without_each(comparison, up, np.arange(len(kinds))))
        yield stolen
        without = _without_worst(comparison, design, up, stolen.achieved)
        yield day("three_parts_stolen", sample, without)
    posts = np.array([item is not None and item.crew.central > 0.0 for item in design.items], bool)
    if posts.any():
        yield day("one_post_withdrawn", *_without_each(comparison, up, np.flatnonzero(posts)))
        yield day("all_posts_withdrawn", sample, np.where(posts, 0.0, up))


def _achieved(comparison: Study, design: Design, draws: Draws, up: Floats) -> Outcome:
    """Performance of a layout in samples with these availabilities (sample, part)."""
    return outcome(design, comparison.ways, draws, budgets(comparison.designs, draws), up=up)


def _without_each(comparison: Study, up: Floats, lost: Ints) -> tuple[Draws, Floats]:
    """One sample for each part that might be lost."""
    tried = np.repeat(up, len(lost), axis=0)
    tried[np.arange(len(lost)), lost] = 0.0
    return central(comparison.inputs, len(lost)), tried


def _without_worst(comparison: Study, design: Design, up: Floats, stolen: Outcome) -> Floats:
    """Availabilities without the STOLEN parts whose loss costs most, chosen one after the other; ``stolen`` is the
    performance without each single part.
    """
    every, left, achieved = np.arange(up.shape[1]), up, stolen
    for number in range(min(STOLEN, len(every))):
        draws, tried = _without_each(comparison, left, every)
        if number > 0:
            achieved = _achieved(comparison, design, draws, tried)
        left = tried[[int(np.argmin(achieved.measure(comparison.settings.objective)))]]
    return left


@dataclass(frozen=True, slots=True, kw_only=True)
class BufferZone:
    """A generated zone between two straight edges, with posts in a row along its middle. Lengths in metres.

    The defaults are those of the Cyprus buffer zone: 180.5 km long, 1.92 km wide on average. The terrain is synthetic:
    long swells of ``relief_m`` that block sight like hills, the same every time.
    """

    length_m: float = 180_500.0
    width_m: float = 1_920.0
    beyond_m: float = 500.0
    cell_m: float = 120.0
    relief_m: float = 30.0

    def __post_init__(self) -> None:
        for name in ("length_m", "width_m", "beyond_m", "cell_m"):
            if not 0.0 < getattr(self, name) < 1e6:
                raise BadInput(f"{getattr(self, name)!r}", where=f"buffer zone {name}", expected="metres above 0")
        if not 0.0 <= self.relief_m < 1e4:
            raise BadInput(
                f"{self.relief_m!r}", where="buffer zone relief_m", expected="a number of metres of at least 0"
            )

    def terrain(self, frame: LocalFrame) -> xr.Dataset:
        """The synthetic terrain, with room for the belt beyond both edges."""
        half, reach = self.length_m / 2.0, self.width_m / 2.0 + self.beyond_m + 3.0 * self.cell_m
        east = np.arange(-half - 2.0 * self.cell_m, half + 2.5 * self.cell_m, self.cell_m)
        north = np.arange(reach, -reach - 0.5 * self.cell_m, -self.cell_m)
        x, y = np.meshgrid(east, north)
        heights = self.relief_m * (
            np.sin(x / 700.0 + 0.6 * np.sin(y / 500.0)) + np.cos(y / 450.0 + x / 3100.0) + np.sin(x / 211.0) / 4.0
        )
        return xr.Dataset(
            {"elevation": (("northing", "easting"), 200.0 + heights, {"units": "m"})},
            {"northing": north, "easting": east},
            {"crs": frame.crs.to_wkt(), "datum": "made up"},
        )

    def zone(self, frame: LocalFrame, segment_length_m: float) -> Zone:
        """Both edges, west to east, with the own side in the south."""
        half, reach = self.length_m / 2.0, self.width_m / 2.0
        edges = [
            Border(frame, LineString([(-half, y), (half, y)]), segment_length_m=segment_length_m, home_side="right")
            for y in (-reach, reach)
        ]
        return Zone(inner=edges[0], outer=edges[1])

    def posts(self, frame: LocalFrame, item: Item, count: int) -> Layout:
        """``count`` posts of a catalogue's item at equal distances along the middle."""
        if not count >= 1:
            raise BadInput(f"{count!r} posts", where="buffer zone", expected="at least one")
        step, values = self.length_m / count, item.layout_values()
        sensors = tuple(
            place(frame, -self.length_m / 2.0 + (i + 0.5) * step, 0.0, id=f"post-{i}", catalogue=item.name, **values)
            for i in range(count)
        )
        return Layout(f"{count} posts", frame, sensors)


def posts_withdrawn(
    item: Item,
    counts: Sequence[int] = (150, 51, 21),
    *,
    ground: BufferZone | None = None,
    conditions: str = "day",
    required_probability: float = 0.5,
    segment_length_m: float = 1_000.0,
) -> xr.Dataset:
    """Loss of detection in a buffer zone as its posts are withdrawn, in both directions: a worked example on synthetic
    terrain.

    Dataset over (posts, direction): ``mean_detection`` and ``least_detection`` of the minimum-detection path through
    each segment, with posts up or down by the item's availability; ``meets_requirement_fraction``, the fraction of the
    segments that reach ``required_probability``; (posts,) ``spacing_m``. The counts are those of Cyprus in 1975, 1992
    and 1993 (Dorn).
    """
    chosen, frame = ground or BufferZone(), LocalFrame.around(33.3, 35.1)
    terrain, zone = chosen.terrain(frame), chosen.zone(frame, segment_length_m)
    directions = ("inward", "outward")
    figures = np.full((3, len(counts), len(directions)), np.nan)
    for row, count in enumerate(counts):
        layout = chosen.posts(frame, item, int(count))
        cover = coverage(layout, terrain, None, conditions=conditions)
        for column, direction in enumerate(directions):
            segments = segment_detection(cover, terrain, zone, direction=direction, belt_m=chosen.beyond_m)
            expected = segments["expected_probability"].to_numpy()
            known = expected[np.isfinite(expected)]
            figures[:, row, column] = known.mean(), known.min(), (known >= required_probability).mean()
    dims = ("posts", "direction")
    return xr.Dataset(
        {
            "mean_detection": (dims, figures[0], {"units": "1"}),
            "least_detection": (dims, figures[1], {"units": "1"}),
            "meets_requirement_fraction": (dims, figures[2], {"units": "1"}),
            "spacing_m": ("posts", chosen.length_m / np.asarray(counts, float), {"units": "m"}),
        },
        {"posts": list(counts), "direction": list(directions)},
        {"conditions": conditions, "required_probability": required_probability, "item": item.name},
    )

"""The coverage maps and their classes: colours and labels, for pictures and for the interactive map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from geo.message import Message

RgbFraction = tuple[float, float, float]
LEAST_CHANGE: Final = 0.05
"""Changes of a probability below this are not drawn."""
LOSSES: Final = ("#8a4100", "#d47a1f", "#f3bd85")
GAINS: Final = ("#a5cbee", "#4a90d0", "#0a4a8f")
"""Colours of a change from large losses to large gains: orange and blue, which the common kinds of colour blindness
keep apart, each side with its own steps of lightness."""
VIRIDIS: Final = (
    "#482475",
    "#414487",
    "#355f8d",
    "#2a788e",
    "#21918c",
    "#22a884",
    "#44bf70",
    "#7ad151",
    "#bddf26",
    "#fde725",
)
"""Ten colours of the palette by van der Walt and Smith (2015), safe for colour blindness; stored here so that
the map process needs no matplotlib.
"""


@dataclass(frozen=True, slots=True)
class ColourClass:
    """One class of a map: values from ``low`` to below ``high``, its colour (None: the relief alone) and its label."""

    low: float
    high: float
    colour: RgbFraction | None
    label: Message


@dataclass(frozen=True, slots=True)
class Map:
    """One map: the variable, its classes, a short title, and one sentence on how to read it."""

    file: str
    variable: str
    steps: Sequence[ColourClass]
    title: Message
    reading: Message


def maps_of(required: float) -> tuple[Map, ...]:
    """Return the maps that ``watchline coverage`` draws; ``required`` is a class limit of the probabilities."""
    chance = probability_steps(required)
    dead = (
        ColourClass(-0.5, 0.5, None, Message("map-class-line-of-sight")),
        ColourClass(0.5, 1.5, _rgb("#7a4f00"), Message("map-class-dead-ground")),
    )
    return (
        _map("p_coverage.png", "expected_probability", chance, "pd"),
        _map("p_best_sensor.png", "best_probability", chance, "best"),
        _map("k_count.png", "sensors_detecting", _count_steps(), "count"),
        _map("dead_ground.png", "dead_ground", dead, "dead"),
    )


def _map(file: str, variable: str, steps: Sequence[ColourClass], name: str) -> Map:
    reading = Message(f"coverage-map-{name}-reading")
    return Map(file, variable, steps, Message(f"coverage-map-{name}"), reading)


def probability_steps(required: float | None) -> tuple[ColourClass, ...]:
    """Return classes of a probability: 0 alone, then limits at quarters, at 0.9, and at ``required``."""
    edges = sorted({0.25, 0.5, 0.75, 0.9} | ({required} if required is not None and required < 1.0 else set()))
    lows, highs = [0.0, *edges], [*edges, 1.0]
    least = float(np.nextafter(0.0, 1.0))
    steps = [ColourClass(-np.inf, least, None, Message("map-class-none"))]
    for low, high, colour in zip(lows, highs, _palette(len(lows)), strict=True):
        label = Message("map-class-span-required" if low == required else "map-class-span", {"low": low, "high": high})
        steps.append(ColourClass(max(low, least), high if high < 1.0 else np.inf, colour, label))
    return tuple(steps)


def change_steps() -> tuple[ColourClass, ...]:
    """Return classes of the change of a probability, from large losses to large gains; the middle one is not drawn."""
    edges = (-1.0, -0.5, -0.25, -LEAST_CHANGE, LEAST_CHANGE, 0.25, 0.5, 1.0)
    colours = [*map(_rgb, LOSSES), None, *map(_rgb, GAINS)]
    return tuple(
        ColourClass(
            low if low > -1.0 else -np.inf,
            high if high < 1.0 else np.inf,
            colour,
            Message("map-class-change", {"low": low, "high": high}),
        )
        for low, high, colour in zip(edges, edges[1:], colours, strict=False)
    )


def _count_steps() -> tuple[ColourClass, ...]:
    named = [(0.5 + i, 1.5 + i, Message("map-class-count", {"count": i + 1})) for i in range(3)]
    named.append((3.5, np.inf, Message("map-class-count-more", {"count": 4})))
    steps = [
        ColourClass(low, high, colour, label) for (low, high, label), colour in zip(named, _palette(4), strict=True)
    ]
    return (ColourClass(-np.inf, 0.5, None, Message("map-class-count", {"count": 0})), *steps)


def _palette(count: int) -> list[RgbFraction]:
    """Return ``count`` colours of VIRIDIS, evenly spaced from dark to light."""
    tenths = np.array([_rgb(colour) for colour in VIRIDIS])
    indices = np.linspace(0.0, len(VIRIDIS) - 1.0, count)
    bands = [np.interp(indices, np.arange(len(VIRIDIS)), band) for band in tenths.T]
    return [(float(red), float(green), float(blue)) for red, green, blue in zip(*bands, strict=True)]


def _rgb(colour: str) -> RgbFraction:
    red, green, blue = (int(colour[i : i + 2], 16) / 255.0 for i in (1, 3, 5))
    return red, green, blue

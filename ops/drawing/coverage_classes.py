"""The coverage maps and their classes: colours and labels, for pictures and for the interactive map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from geo.message import Message
from ops.drawing.colours import colour, scale

RgbFraction = tuple[float, float, float]
LEAST_CHANGE: Final = 0.05
"""Changes of a probability below this are not drawn."""


@dataclass(frozen=True, slots=True)
class ColourClass:
    """One class of a map: values from ``low`` to below ``high``, its colour (None: the relief alone) and its label.

    ``dead``: it is drawn in the texture of dead ground.
    """

    low: float
    high: float
    colour: RgbFraction | None
    label: Message
    dead: bool = False


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
        ColourClass(0.5, 1.5, _fractions(colour("dead-ground")), Message("map-class-dead-ground"), dead=True),
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
    for low, high, shade in zip(lows, highs, _palette(len(lows)), strict=True):
        label = Message("map-class-span-required" if low == required else "map-class-span", {"low": low, "high": high})
        steps.append(ColourClass(max(low, least), high if high < 1.0 else np.inf, shade, label))
    return tuple(steps)


def change_steps() -> tuple[ColourClass, ...]:
    """Return classes of the change of a probability, from large losses to large gains; the middle one is not drawn."""
    edges = (-1.0, -0.5, -0.25, -LEAST_CHANGE, LEAST_CHANGE, 0.25, 0.5, 1.0)
    shades = [*map(_fractions, reversed(scale("loss"))), None, *map(_fractions, scale("gain"))]
    return tuple(
        ColourClass(
            low if low > -1.0 else -np.inf,
            high if high < 1.0 else np.inf,
            shade,
            Message("map-class-change", {"low": low, "high": high}),
        )
        for low, high, shade in zip(edges, edges[1:], shades, strict=False)
    )


def _count_steps() -> tuple[ColourClass, ...]:
    named = [(0.5 + i, 1.5 + i, Message("map-class-count", {"count": i + 1})) for i in range(3)]
    named.append((3.5, np.inf, Message("map-class-count-more", {"count": 4})))
    steps = [ColourClass(low, high, shade, label) for (low, high, label), shade in zip(named, _palette(4), strict=True)]
    return (ColourClass(-np.inf, 0.5, None, Message("map-class-count", {"count": 0})), *steps)


def _palette(count: int) -> list[RgbFraction]:
    """Return ``count`` colours of the scale of probability, evenly spaced from dark to light."""
    known = np.array([_fractions(one) for one in scale("probability")])
    indices = np.linspace(0.0, len(known) - 1.0, count)
    bands = [np.interp(indices, np.arange(len(known)), band) for band in known.T]
    return [(float(red), float(green), float(blue)) for red, green, blue in zip(*bands, strict=True)]


def _fractions(shade: str) -> RgbFraction:
    red, green, blue = (part / 255.0 for part in bytes.fromhex(shade[1:]))
    return red, green, blue

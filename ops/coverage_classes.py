"""The maps of coverage and their classes: what is shown in which colour, for pictures and for the map to click in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib as mpl
import numpy as np

Colour = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Step:
    """One class of a map: values from ``low`` to below ``high``, its colour (None: the relief alone) and its label."""

    low: float
    high: float
    colour: Colour | None
    label: str


@dataclass(frozen=True, slots=True)
class Map:
    """One map: the variable, its classes, what it shows in a few words, and one sentence on how to read it."""

    file: str
    variable: str
    steps: Sequence[Step]
    title: str
    reading: str


def maps_of(required: float) -> tuple[Map, ...]:
    """The maps that ``watchline coverage`` draws; ``required`` is a class limit of the probabilities."""
    chance = _probability_steps(required)
    together = "Misses of different sensors are taken as independent, which flatters; see the map of the best sensor."
    return (
        Map(
            "p_coverage.png",
            "expected_probability",
            chance,
            "Probability of at least one detection",
            "Each sensor up or down for the whole dwell, by its availability. " + together,
        ),
        Map(
            "p_best_sensor.png",
            "best_probability",
            chance,
            "Probability of detection by the best single sensor",
            "All sensors working, none helped by another: no independence is assumed.",
        ),
        Map(
            "k_count.png",
            "sensors_detecting",
            _count_steps(),
            "Number of sensors that can detect",
            "Sensors with a clear line of sight and a rate above 0 in these conditions, all of them working.",
        ),
        Map(
            "dead_ground.png",
            "dead_ground",
            (
                Step(-0.5, 0.5, None, "seen by a sensor"),
                Step(0.5, 1.5, mpl.colors.to_rgb("#7a4f00"), "dead ground"),
            ),
            "Dead ground of the layout",
            "Ground that no sensor has a line of sight to, whatever the weather; seen is not yet detected.",
        ),
    )


def _probability_steps(required: float) -> tuple[Step, ...]:
    edges = sorted({0.25, 0.5, 0.75, 0.9} | ({required} if required < 1.0 else set()))
    palette = mpl.colormaps["viridis"](np.linspace(0.1, 1.0, len(edges) + 1))
    lows, highs = [0.0, *edges], [*edges, 1.0]
    steps = [Step(-np.inf, np.nextafter(0.0, 1.0), None, "0: no sensor detects")]
    for low, high, colour in zip(lows, highs, palette, strict=True):
        mark = " (as required)" if low == required else ""
        low_or_tiny = low if low > 0.0 else float(np.nextafter(0.0, 1.0))
        steps.append(Step(low_or_tiny, high if high < 1.0 else np.inf, _rgb(colour), f"{low:g} to {high:g}{mark}"))
    return tuple(steps)


def _count_steps() -> tuple[Step, ...]:
    palette = mpl.colormaps["viridis"](np.linspace(0.1, 1.0, 4))
    named = [(0.5 + i, 1.5 + i, f"{i + 1}") for i in range(3)] + [(3.5, np.inf, "4 or more")]
    steps = [Step(low, high, _rgb(colour), label) for (low, high, label), colour in zip(named, palette, strict=True)]
    return (Step(-np.inf, 0.5, None, "0"), *steps)


def _rgb(colour: Sequence[float]) -> Colour:
    return float(colour[0]), float(colour[1]), float(colour[2])

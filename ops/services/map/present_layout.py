"""The layout as it stands now: mobile sensors where fusion has them, taken over at most once per FOLLOW_S."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from sensors.layout import Layout
from sensors.mobile.viewpoint import Viewpoint, carried_layout

FOLLOW_S: Final = 4.0
"""Minimum time between two layers of a sensor that moves: the browser loads the tiles of each."""
POSITION_UNKNOWN: Final = "position_unknown"
"""State of a sensor that works and whose position is not known: it does not count."""


@dataclass(frozen=True, slots=True)
class PresentLayout:
    """A layout with its mobile sensors where they stand; those that are ``moving`` have fast viewsheds."""

    layout: Layout
    moving: frozenset[str] = frozenset()


class Following:
    """Callable that returns the layout with mobile sensors where they stand, from their viewpoints.

    Positions follow at most once per FOLLOW_S; the result is the same object while nothing is taken over.
    """

    def __init__(self, layout: Layout, *, now_s: Callable[[], float] = time.monotonic) -> None:
        self._layout, self._now_s = layout, now_s
        self._there: dict[str, Viewpoint] = {}
        self._due_s: float | None = None
        self._present = PresentLayout(layout)

    def __call__(self, viewpoints: Mapping[str, Viewpoint | None]) -> PresentLayout:
        """The layout; a sensor whose position is not known stays where it was last."""
        there = self._there | {
            name: one for name, one in viewpoints.items() if one is not None and name in self._layout
        }
        now_s = self._now_s()
        if there != self._there and (self._due_s is None or now_s >= self._due_s):
            self._there, self._due_s = there, now_s + FOLLOW_S
            moving = frozenset(name for name, one in there.items() if one.moving)
            self._present = PresentLayout(carried_layout(self._layout, there), moving)
        return self._present


def present_states(states: Mapping[str, str], viewpoints: Mapping[str, Viewpoint | None]) -> Mapping[str, str]:
    """Health states, with POSITION_UNKNOWN for sensors whose position is not known."""
    lost = {name: POSITION_UNKNOWN for name, one in viewpoints.items() if one is None and name in states}
    return {**states, **lost} if lost else states


def viewpoints_of(published: Mapping[str, Mapping[str, Any] | None]) -> dict[str, Viewpoint | None]:
    """From where mobile sensors see, by id, from the ``seen_from`` of their published poses; None: not known."""
    return {name: None if one is None else msgspec.convert(one, Viewpoint) for name, one in published.items()}

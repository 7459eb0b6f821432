"""Errors of ``sensors``: each is one sentence that names what broke, where, and what was expected."""

from __future__ import annotations

from geo.errors import BadInput


class GapError(BadInput):
    """Invalid arguments for gaps or a barrier."""


class CatalogueError(BadInput):
    """A catalogue that cannot be used; the message names the item and the key."""


class ConditionsError(BadInput):
    """Conditions that are not possible."""


class InterdictionError(BadInput):
    """Times or probabilities that are invalid for a crossing or a response."""


class CostError(BadInput):
    """Invalid prices, service lives or rates of equipment."""


class ScenarioError(BadInput):
    """An invalid scenario, such as times that decrease, an unknown class, or no duration."""


class GameError(BadInput):
    """An invalid patrol game."""


class TimetableError(BadInput):
    """An invalid timetable of a moving sensor, or invalid arguments of a search in time."""


class CompareError(BadInput):
    """An invalid comparison."""


class PlanError(BadInput):
    """A plan that is not possible; the sentence names the constraint."""


class LayoutError(BadInput):
    """A layout that cannot be used; the message names the sensor and the key."""


class UnknownSensor(LayoutError):
    """A sensor id that is not in the layout: its reports cannot be located."""


class StatisticError(BadInput):
    """A number that cannot be published in this form."""


class CrossingError(BadInput):
    """Invalid arguments for a crossing."""


class WorkloadError(BadInput):
    """Invalid numbers of operators or alerts."""

"""Errors of ``sensors``: each is one sentence that names what broke, where, and what was expected."""

from __future__ import annotations

from geo.errors import BadInput


class GapError(BadInput):
    """Gaps or a barrier that cannot be as described."""


class CatalogueError(BadInput):
    """A catalogue that cannot be used; the message names the item and the key."""


class ConditionsError(BadInput):
    """Conditions that cannot be."""


class InterdictionError(BadInput):
    """Times or probabilities that no crossing and no response can have."""


class CostError(BadInput):
    """Prices, lives or rates that no equipment has."""


class ScenarioError(BadInput):
    """A scenario that cannot happen: times that run backwards, an unknown class, no duration."""


class GameError(BadInput):
    """A game that cannot be played."""


class CompareError(BadInput):
    """A comparison that cannot be made."""


class PlanError(BadInput):
    """A plan that cannot be made; the sentence says which constraint makes it so."""


class LayoutError(BadInput):
    """A layout that cannot be used; the message names the sensor and the key."""


class UnknownSensor(LayoutError):
    """A sensor id that the layout does not hold: its reports cannot be placed on the ground."""


class StatisticError(BadInput):
    """A number that cannot be published as it stands."""


class CrossingError(BadInput):
    """A crossing that cannot be asked for."""


class WorkloadError(BadInput):
    """Operators and alerts that cannot be."""

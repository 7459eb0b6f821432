"""Planning: layouts compared at equal life-cycle cost, with everything uncertain drawn and the adversary answering.

The rooms behind it: ``sensors.planning_case`` (what is asked), ``planning_exposure`` (what needs the terrain, once),
``planning_draws``, ``planning_outcomes`` and ``planning_verdict`` (what is weighed anew in every draw),
``planning_study`` and ``planning_tables`` (the whole), ``planning_links`` and ``planning_outages`` (who reaches a base,
and what falls with a relay), ``sensors.life_cycle`` and
``sensors.workload`` (money and operators), ``sensors.degradation`` (what is left on bad days). Choosing what to buy:
``planning_candidates``, ``planning_options``, ``planning_scene``, ``planning_choice`` and ``planning_plan``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from typing import Any

import numpy.typing as npt
import xarray as xr

from geo.belt import Line
from geo.mobility_ways import Ways as Roads
from sensors.assumptions import Assumptions
from sensors.catalogue import Catalogue
from sensors.layout import Layout
from sensors.planning_case import OBJECTIVES, CompareError, CompareSettings
from sensors.planning_plan import choose_sites, plan_layout
from sensors.planning_study import Study, study
from sensors.planning_tables import dataset_of

__all__ = [
    "OBJECTIVES",
    "CompareError",
    "CompareSettings",
    "Study",
    "choose_sites",
    "compare",
    "plan_layout",
    "study",
    "verdict",
]


def compare(
    layouts: Sequence[Layout],
    terrain: xr.Dataset,
    border: Line,
    *,
    settings: CompareSettings | None = None,
    catalogue: Catalogue | None = None,
    bases: npt.ArrayLike | None = None,
    roads: Roads | None = None,
    assumptions: Assumptions | None = None,
    progress: Callable[[int, int], None] | None = None,
    **asked: Any,
) -> xr.Dataset:
    """Compare ``layouts`` at equal life-cycle cost: what each achieves, which is better, how sure, and what decides.

    ``asked`` are fields of ``settings`` by name (``budget``, ``years``, ``draws``, ``seed``, ...). Without a budget
    each layout has, in every draw, what the dearest of them costs; what is left buys teams of the top-up item.
    ``bases`` (base, 2) [m] give the response and the radio network; without them interruption is NaN and every sensor
    linked.

    Dataset over ``layout``, ``draw``, ``segment``, ``other``, ``input`` and ``objective``: the draws of every outcome,
    their central values (``…_central``), by segment what is detected, interrupted, covered and hidden, ``beats``
    (objective, layout, other) = P(A > B) + ½ P(A = B), the tornado of the first layout against each other
    (``swing_low``, ``swing_high``), break-even factors, gains before and after displacement, and in attrs the settings,
    the confidence of the verdict and its limits. The same arguments give the same numbers. Raises BadInput
    (subclasses) for fewer than two layouts, sensors that nobody can price or place, and budgets that buy nothing.
    """
    whole = _settings(settings, asked)
    if len(layouts) < 2:
        raise CompareError(f"{len(layouts)} layouts", where="compare", expected="at least two")
    made = study(
        layouts,
        terrain,
        border,
        settings=whole,
        catalogue=catalogue,
        bases=bases,
        roads=roads,
        assumptions=assumptions,
        progress=progress,
    )
    return verdict(made)


def verdict(made: Study) -> xr.Dataset:
    """The comparison of a study that is made already; see ``compare``."""
    return dataset_of(made)


def _settings(settings: CompareSettings | None, asked: dict[str, Any]) -> CompareSettings:
    known = {f.name for f in fields(CompareSettings)}
    if strangers := sorted(set(asked) - known):
        raise CompareError(f"unknown setting {strangers[0]!r}", where="compare", expected=", ".join(sorted(known)))
    return replace(settings or CompareSettings(), **asked)

"""Planning: layouts compared at equal life-cycle cost, with everything uncertain drawn and the adversary answering.

The rooms behind it: ``sensors.planning.comparison.settings`` (what is asked), ``planning_exposure`` (what needs the
terrain, once), ``planning_draws``, ``planning_outcomes`` and ``planning_verdict`` (what is weighed anew in every draw),
``planning_study`` and ``planning_tables`` (the whole), ``planning_links`` and ``planning_outages`` (who reaches a base,
and what falls with a relay), ``sensors.equipment.life_cycle_cost`` and ``sensors.equipment.operator_queue`` (money and
operators), ``sensors.planning.comparison.degradation`` (what is left on bad days). Choosing what to buy:
``planning_candidates``, ``planning_options``, ``planning_scene``, ``planning_choice`` and ``planning_plan``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import xarray as xr

from geo.border.belt import Line
from sensors.errors import CompareError
from sensors.layout import Layout
from sensors.planning.comparison.dataset import dataset_of
from sensors.planning.comparison.study import Study, study


def compare(layouts: Sequence[Layout], terrain: xr.Dataset, border: Line, **asked: Any) -> xr.Dataset:
    """Compare ``layouts`` at equal life-cycle cost: what each achieves, which is better, how sure, and what decides.

    ``asked`` are the keywords of ``study``, and fields of its settings by name. Without a budget each layout has, in
    every draw, what the dearest of them costs; what is left buys teams of the top-up item.

    Dataset over ``layout``, ``draw``, ``segment``, ``other``, ``input`` and ``objective``: the draws of every outcome,
    their central values (``…_central``), by segment what is detected, interrupted, covered and hidden, ``beats``
    (objective, layout, other) = P(A > B) + ½ P(A = B), the tornado of the first layout against each other
    (``swing_low``, ``swing_high``), break-even factors, gains before and after displacement, and in attrs the settings,
    the confidence of the verdict and its limits. The same arguments give the same numbers. Raises BadInput
    (subclasses) for fewer than two layouts, and as ``study``.
    """
    if len(layouts) < 2:
        raise CompareError(f"{len(layouts)} layouts", where="compare", expected="at least two")
    return verdict(study(layouts, terrain, border, **asked))


def verdict(made: Study) -> xr.Dataset:
    """The comparison of a study that is made already; see ``compare``."""
    return dataset_of(made)

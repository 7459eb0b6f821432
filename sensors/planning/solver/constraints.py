"""Constraints of a plan (budget, crew, one item per site) and the binding one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geo.arrays import Bools, Floats, Ints
from sensors.errors import PlanError

ROUNDING = 1e-9
"""Fraction by which sums of costs may exceed a limit, because of floating-point addition."""


@dataclass(frozen=True, slots=True, eq=False)
class Constraints:
    """Costs and crews of the options (option,), the site of each, and the limits for all together.

    ``site`` (option,) are numbers from 0: at most one option per site is chosen. Costs are in the planner's currency,
    crews in persons.
    """

    cost: Floats
    budget: float
    site: Ints
    crew: Floats
    crew_limit: float = math.inf

    @classmethod
    def of(
        cls,
        cost: npt.ArrayLike,
        budget: float,
        *,
        site: Sequence[int] | Ints | None = None,
        crew: npt.ArrayLike | None = None,
        crew_limit: float = math.inf,
    ) -> Constraints:
        """Build and check the constraints. Raises PlanError for no option, a cost or crew that is negative or not
        finite, and limits that are negative or not a number."""
        costs = np.asarray(cost, np.float64)
        if costs.ndim != 1 or len(costs) == 0:
            raise PlanError("there are no candidates", where="plan", expected="at least one option to choose")
        crews = np.zeros(len(costs)) if crew is None else np.asarray(crew, np.float64)
        sites = np.arange(len(costs)) if site is None else np.asarray(site, np.int64)
        for name, values in (("cost", costs), ("crew", crews)):
            if values.shape != costs.shape or not np.isfinite(values).all() or (values < 0.0).any():
                wrong = np.flatnonzero(~(np.isfinite(values) & (values >= 0.0)))
                which = f" of option {wrong[0]}" if len(wrong) else ""
                raise PlanError(
                    f"the {name}{which} is {values[wrong[0]] if len(wrong) else values.shape}",
                    where="plan",
                    expected=f"a finite {name} from 0 for each option",
                )
        if sites.shape != costs.shape or sites.min() < 0:
            raise PlanError(f"sites of shape {sites.shape}", where="plan", expected="a site number for each option")
        for name, limit in (("budget", budget), ("crew limit", crew_limit)):
            number = isinstance(limit, (int, float, np.number)) and not isinstance(limit, bool)
            if not number or math.isnan(limit) or limit < 0.0:
                raise PlanError(f"a {name} of {limit!r}", where="plan", expected=f"a {name} from 0")
        numbers = np.asarray(np.unique(sites, return_inverse=True)[1])
        return cls(costs, min(float(budget), _enough(costs)), numbers, crews, float(crew_limit))

    def __len__(self) -> int:
        return len(self.cost)

    def without(self, *, budget: bool = False, crew: bool = False) -> Constraints:
        """The same options with one or both of the limits lifted."""
        money = _enough(self.cost) if budget else self.budget
        return Constraints(self.cost, money, self.site, self.crew, math.inf if crew else self.crew_limit)

    def only(self, options: Ints) -> Constraints:
        """The same limits with some of the options."""
        return Constraints(self.cost[options], self.budget, self.site[options], self.crew[options], self.crew_limit)

    def after(self, bought: Ints, options: Ints) -> Constraints:
        """The remaining limits for ``options`` when others are bought; sites of these count as free."""
        inner = self.only(options)
        money = max(_slightly_over(self.budget) - float(self.cost[bought].sum()), 0.0)
        people = max(self.crew_limit - float(self.crew[bought].sum()), 0.0)
        return Constraints(inner.cost, money, inner.site, inner.crew, people)

    def kept_by(self, chosen: npt.ArrayLike) -> bool:
        """Whether a choice satisfies all limits."""
        options = np.asarray(chosen, np.int64)
        sites = self.site[options]
        return bool(
            self.cost[options].sum() <= _slightly_over(self.budget)
            and self.crew[options].sum() <= _slightly_over(self.crew_limit)
            and len(np.unique(sites)) == len(sites)
        )

    def room_for(self, chosen: npt.ArrayLike) -> Bools:
        """Which options (option,) may be added to a choice."""
        options = np.asarray(chosen, np.int64)
        money = _slightly_over(self.budget) - self.cost[options].sum()
        people = _slightly_over(self.crew_limit) - self.crew[options].sum()
        free = np.ones(int(self.site.max()) + 1, np.bool_)
        free[self.site[options]] = False
        room: Bools = (self.cost <= money) & (self.crew <= people) & free[self.site]
        return room

    def refuse_if_nothing_fits(self, names: Sequence[str]) -> None:
        """Raise PlanError, naming the constraint and the nearest option, if not one option satisfies the limits."""
        money, people = self.cost <= _slightly_over(self.budget), self.crew <= _slightly_over(self.crew_limit)
        if (money & people).any():
            return
        cheapest, smallest = int(np.argmin(self.cost)), int(np.argmin(self.crew))
        if not money.any():
            raise PlanError(
                f"the budget of {_amount_text(self.budget)} buys nothing: the cheapest option, {names[cheapest]}, "
                f"costs {_amount_text(self.cost[cheapest])}",
                where="plan (budget)",
                expected=f"at least {_amount_text(self.cost[cheapest])}",
            )
        if not people.any():
            raise PlanError(
                f"the crew of {self.crew_limit:g} can work nothing: {names[smallest]} takes {self.crew[smallest]:g}",
                where="plan (crew)",
                expected=f"at least {self.crew[smallest]:g}",
            )
        needed = int(np.argmin(np.where(money, self.crew, np.inf)))
        raise PlanError(
            f"budget and crew together allow nothing: what the budget of {_amount_text(self.budget)} buys takes a crew "
            f"of at least {self.crew[needed]:g} ({names[needed]})",
            where="plan (budget and crew)",
            expected=f"a crew of {self.crew[needed]:g}, or more budget",
        )


def _amount_text(money: float) -> str:
    """An amount as text, rounded up to whole units if it is in thousands."""
    return f"{math.ceil(money):,}" if 1000.0 <= money < 1e15 else f"{money:g}"


def _enough(cost: Floats) -> float:
    """A budget that suffices for all options; sums stay finite."""
    return 1.0 + 2.0 * float(cost.sum())


def _slightly_over(limit: float) -> float:
    return limit * (1.0 + ROUNDING)

"""The best choice of options within constraints, with an upper bound: heuristics, bounds, then HiGHS."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import numpy as np

from geo.arrays import Floats, Ints
from sensors.planning.solver.constraints import Constraints
from sensors.planning.solver.coverage_objective import SHARPEST, Cover
from sensors.planning.solver.lagrangian_bound import bound_of, compile_kernels
from sensors.planning.solver.local_search import seeded
from sensors.planning.solver.mixed_integer import Mixed
from sensors.planning.solver.relay_chains import RelayNetwork, next_bundle, seeded_linked

Clock = Callable[[], float]
TIE: Final = 1e-9
"""Values of the objective that differ by less than this count as equal."""
FURTHER: Final = 12
"""Factor on the number of perturbations if the first seed is not close enough to the bound."""
MOST_CUTS: Final = 12  # groups whose cut is added after a solution


@dataclass(frozen=True, slots=True)
class SolverBudget:
    """Effort of the search: seconds to spend, the gap at which to stop (0: the optimum), perturbations of the seed.

    ``clock`` [s] measures the time. The result of a search that runs out of time depends on the machine; its bound
    shows its quality.
    """

    seconds: float = 10.0
    gap: float = 0.0
    kicks: int = 10
    clock: Clock = field(default=time.monotonic)


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """``chosen`` options, the objective's value with them, and the upper bound for any choice."""

    chosen: Ints
    value: float
    limit: float

    @property
    def gap(self) -> float:
        """(limit − value)/limit, 0 if the choice is optimal; NaN without a value."""
        return gap_of(self.value, self.limit)


def gap_of(value: float, limit: float) -> float:
    """Fraction of the limit by which a value is below it: the best choice is at most this much better."""
    if math.isnan(value) or math.isnan(limit):
        return math.nan
    return 0.0 if limit - value <= TIE else (limit - value) / limit


def best_cover(
    cover: Cover,
    limits: Constraints,
    *,
    worst: bool = False,
    effort: SolverBudget | None = None,
    start: Ints | None = None,
    links: RelayNetwork | None = None,
) -> Choice:
    """The choice with the highest coverage, or with ``worst`` the highest coverage of the worst group, within the
    effort.

    With ``links``, only options with a link to a base are chosen.

    Greedy and swaps give the first choice; the Lagrangian bound excludes options that no better choice can contain;
    HiGHS solves the rest with a cut added at each choice that it finds, until its bound is reached. Never worse than
    ``start``. Options without which the objective is the same are left out.
    """
    compile_kernels()  # not part of the effort
    work = effort or SolverBudget()
    began = work.clock()

    def left() -> float:
        return work.seconds - (work.clock() - began)

    value_of = cover.worst if worst else cover.covered

    def lean(best: Ints, limit: float) -> Choice:
        value = value_of(best)
        kept = _without_idle(best, limits, lambda few: value_of(few if links is None else links.pruned(few)) >= value)
        return Choice(np.sort(kept if links is None else links.pruned(kept)), value, max(value, limit))

    def sought(start: Ints | None, kicks: int, until: float) -> Ints:
        how: dict[str, Any] = {"sharpness": SHARPEST if worst else 0.0, "start": start, "kicks": kicks}
        how["late"] = lambda: left() < until * work.seconds
        return seeded(cover, limits, **how) if links is None else seeded_linked(cover, limits, links, **how)

    best = sought(start, work.kicks, 0.7)
    if start is not None and value_of(start) > value_of(best):
        best = np.asarray(start, np.int64)
    value = value_of(best)
    if math.isnan(value):
        return Choice(best, value, math.nan)
    bound = bound_of(cover, limits, value, worst=worst, late=lambda: left() < 0.35 * work.seconds)
    reachable = np.arange(len(cover)) if links is None else links.within_reach()
    limit = max(min(bound.limit, value_of(reachable)), value)
    if gap_of(value, limit) <= work.gap or left() <= 0.0:
        return lean(best, limit)
    further = sought(best, FURTHER * work.kicks, 0.5)  # the better the choice, the fewer options remain for HiGHS
    if value_of(further) > value:
        best, value = further, value_of(further)
    kept = np.union1d(np.flatnonzero(bound.with_it > value + TIE), best).astype(np.int64)
    if not len(kept):  # no option can be part of a choice better than none
        return lean(best, value)
    inner = None if links is None else links.only(kept)
    within = _by_cuts(cover.only(kept), limits.only(kept), np.searchsorted(kept, best), worst, (work.gap, left), inner)
    return lean(kept[within.chosen] if within.value > value else best, min(limit, within.limit))


def _without_idle(chosen: Ints, limits: Constraints, enough: Callable[[Ints], bool]) -> Ints:
    """The choice without unnecessary options, the most expensive removed first: solvers also buy options that do not
    change the objective.
    """
    kept = np.asarray(chosen, np.int64)
    for option in kept[np.argsort(-limits.cost[kept], kind="stable")]:
        if limits.cost[option] > 0.0 and enough(kept[kept != option]):
            kept = kept[kept != option]
    return kept


def _by_cuts(
    cover: Cover,
    limits: Constraints,
    start: Ints,
    worst: bool,
    until: tuple[float, Callable[[], float]],
    links: RelayNetwork | None,
) -> Choice:
    """The best of HiGHS's model of the cells, with cuts at its solutions ``until`` the gap is reached or time is up."""
    gap, left = until
    value_of = cover.worst if worst else cover.covered
    best, value, limit = start, value_of(start), math.inf
    model = Mixed(limits, cover=cover, worst=worst)
    _first_hops(model, links)
    known: set[bytes] = set()
    while left() > 0.05:
        solved = model.solve(seconds=left(), gap=gap / 2.0, start=best)
        if math.isfinite(solved.limit):
            limit = min(limit, max(solved.limit, value))
        elif solved.limit == -math.inf:
            limit = value
        if not len(solved.chosen) and not math.isfinite(solved.value):
            break
        linked = solved.chosen if links is None else links.pruned(solved.chosen)
        reached = value_of(linked)
        if reached > value and limits.kept_by(linked):
            best, value = linked, reached
        if gap_of(value, limit) <= gap or solved.chosen.tobytes() in known:
            break
        known.add(solved.chosen.tobytes())
        _link_up(model, links, solved.chosen)
        for constant, slopes in _cuts_at(cover, solved.chosen, worst, limit):
            model.cut(constant, slopes)
    return Choice(best, value, limit)


def _first_hops(model: Mixed, links: RelayNetwork | None) -> None:
    """Require, for each option that does not reach a base itself, one that relays its reports."""
    if links is None:
        return
    for option in np.flatnonzero(~links.net.home):
        model.needs(int(option), np.flatnonzero(links.net.hears[option] & links.net.carries))


def _link_up(model: Mixed, links: RelayNetwork | None, chosen: Ints) -> None:
    """Add cuts to the model for the missing links of a choice."""
    if links is not None:
        for option, any_of in links.cuts(chosen):
            model.needs(option, any_of)


def _cuts_at(cover: Cover, chosen: Ints, worst: bool, limit: float) -> list[tuple[float, Floats]]:
    """Bounds on the objective that hold with equality at ``chosen``, two for each group that is below ``limit``.

    ``F(T) ≤ F(S) + Σ_{T∖S} ρ_i(S) − Σ_{S∖T} ρ_i(V∖i)`` and ``F(T) ≤ F(S) + Σ_{T∖S} ρ_i(∅) − Σ_{S∖T} ρ_i(S∖i)``.
    """
    everything = np.arange(len(cover))
    totals = cover.totals
    values = cover.values(chosen)
    if worst:
        low = [int(g) for g in np.argsort(np.where(np.isnan(values), np.inf, values)) if values[g] < limit - TIE]
        groups: list[int | None] = list(low[:MOST_CUTS])
    else:
        groups = [None]
    cuts = []
    for group in groups:
        weight = cover.weight if group is None else np.where(cover.group == group, cover.weight, 0.0)
        weight = weight / (totals.sum() if group is None else totals[group])
        value = float((weight * (1.0 - cover.missed(chosen))).sum())
        here, nothing = cover.missed(chosen), 1.0 - cover.present
        after, alone = _added(cover, weight * here), _added(cover, weight * nothing)
        inside = np.isin(everything, chosen)
        last, own_loss = np.zeros(len(cover)), np.zeros(len(cover))
        for option in chosen:
            own_loss[option] = _lost(cover, weight, chosen, int(option))
            last[option] = _lost(cover, weight, everything, int(option))
        for gain, loss in ((after, last), (alone, own_loss)):
            slopes = np.where(inside, loss, gain)
            cuts.append((value - float(loss[inside].sum()), slopes))
    return cuts


def _added(cover: Cover, left: Floats) -> Floats:
    option = np.repeat(np.arange(len(cover)), np.diff(cover.start))
    return np.bincount(option, left[cover.cell] * cover.p, len(cover)).astype(np.float64)


def _lost(cover: Cover, weight: Floats, chosen: Ints, option: int) -> float:
    """Loss of Σ w P if an option is removed from ``chosen``."""
    missed = cover.missed(chosen[chosen != option])
    part = slice(cover.start[option], cover.start[option + 1])
    return float((weight[cover.cell[part]] * missed[cover.cell[part]] * cover.p[part]).sum())


class Oracle(Protocol):
    """An objective that is the minimum of many sums over options: the value of a choice, and the sums that bound it.

    ``least(chosen)`` gives the value of θ over all sums known by then, and cuts ``θ ≤ constant + Σ slopes x`` that hold
    for every choice: the sums that are new, and one with equality at ``chosen``. ``value_at(θ)`` is the value of a θ.
    """

    def least(self, chosen: Ints) -> tuple[float, list[tuple[float, Floats]]]: ...
    def value_at(self, theta: float) -> float: ...


@dataclass(slots=True)
class _Tried:
    """The choices that an oracle has evaluated, each with its least sum over all cuts known since, and these cuts."""

    oracle: Oracle
    pool: list[tuple[float, Floats]] = field(default_factory=list)
    choices: list[tuple[float, Ints]] = field(default_factory=list)

    def least(self, chosen: Ints, *, kept: bool = True) -> tuple[float, list[tuple[float, Floats]]]:
        """The oracle's answer; a choice that is ``kept`` may be the best. New cuts lower choices tried before."""
        reached, cuts = self.oracle.least(chosen)
        self.pool += cuts
        self.choices = [(min(theta, _least_of(cuts, one)), one) for theta, one in self.choices]
        if kept:
            self.choices.append((reached, chosen))
        return reached, cuts

    @property
    def best(self) -> tuple[float, Ints]:
        """The largest least sum of the kept choices, and the first of them that has it."""
        return max(self.choices, key=lambda one: one[0])


def best_least(
    oracle: Oracle,
    limits: Constraints,
    *,
    effort: SolverBudget | None = None,
    start: Ints | None = None,
    links: RelayNetwork | None = None,
    cuts: Sequence[tuple[float, Floats]] = (),
) -> Choice:
    """The choice with the largest minimum sum: cuts from the oracle, choices from greedy over the cuts and from HiGHS.

    With ``links``, only options with a link to a base are chosen. ``cuts`` are those that the oracle already knows.
    ``value`` and ``limit`` are values of the objective, over all sums that the oracle found. Ends at the best choice,
    or at the effort's gap or time.
    """
    work = effort or SolverBudget()
    began = work.clock()

    def left() -> float:
        return work.seconds - (work.clock() - began)

    tried = _Tried(oracle, list(cuts))
    limit, _ = tried.least(np.arange(len(limits)) if links is None else links.within_reach(), kept=False)
    begin = np.zeros(0, np.int64) if start is None else np.asarray(start, np.int64)
    tried.least(begin if links is None else links.pruned(begin))
    while left() > 0.4 * work.seconds:  # greedy over the known cuts; each result gives new ones
        found = _greedy_least(tried.pool, limits, links)
        promised = _least_of(tried.pool, found)
        if tried.least(found)[0] >= promised - TIE:
            break
    model = Mixed(limits, ceiling=max(limit, tried.best[0], 0.0))
    _first_hops(model, links)
    for constant, slopes in tried.pool:
        model.cut(constant, slopes)
    known: set[bytes] = set()
    while left() > 0.0:
        solved = model.solve(seconds=left(), gap=work.gap / 4.0, start=tried.best[1])
        if math.isfinite(solved.limit):
            limit = min(limit, max(solved.limit, tried.best[0]))
        if not math.isfinite(solved.value):
            break
        linked = solved.chosen if links is None else links.pruned(solved.chosen)
        _, fresh = tried.least(linked, kept=limits.kept_by(linked))
        if len(linked) < len(solved.chosen):
            _link_up(model, links, solved.chosen)
            fresh = fresh + tried.least(solved.chosen, kept=False)[1]
        for constant, slopes in fresh:
            model.cut(constant, slopes)
        theta = tried.best[0]
        if gap_of(oracle.value_at(theta), oracle.value_at(limit)) <= work.gap or limit - theta <= TIE:
            break
        if solved.chosen.tobytes() in known:  # no new choice
            break
        known.add(solved.chosen.tobytes())
    theta, best = tried.best
    lean = _without_idle(
        best, limits, lambda few: _least_of(tried.pool, few if links is None else links.pruned(few)) >= theta
    )
    if len(lean) < len(best):
        reached, _ = tried.least(lean)
        theta, best = tried.best
        best = lean if reached >= theta else best
    return Choice(np.sort(best), oracle.value_at(theta), oracle.value_at(max(limit, theta)))


def _least_of(pool: list[tuple[float, Floats]], chosen: Ints) -> float:
    return min(constant + float(slopes[chosen].sum()) for constant, slopes in pool)


def _greedy_least(pool: list[tuple[float, Floats]], limits: Constraints, links: RelayNetwork | None) -> Ints:
    """Add options one by one: each time the one that raises the soft minimum of the pool's sums most per cost, with
    relays."""
    constant = np.array([c for c, _ in pool])
    slopes = np.array([s for _, s in pool])
    now, chosen = constant.copy(), np.zeros(0, np.int64)
    price = np.maximum(limits.cost, 1e-12)
    while True:
        spread = max(float(np.ptp(now)), 1e-6)
        sharp = 4.0 / max(spread / max(len(now), 1), 0.05)
        urgency = np.exp(-sharp * (now - now.min()))
        gains = (urgency[:, None] * -np.expm1(-sharp * slopes)).sum(axis=0)
        if links is not None:
            bundle = next_bundle(gains, limits, links, (chosen, *links.chains(chosen, limits.cost)))
        else:
            worth = np.where(limits.room_for(chosen), gains / price, 0.0)
            best = int(np.argmax(worth))
            bundle = np.array([best], np.int64) if worth[best] * price[best] > 1e-12 else None
        if bundle is None:
            return chosen
        chosen = np.append(chosen, bundle)
        now = now + slopes[:, bundle].sum(axis=1)

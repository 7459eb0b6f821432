"""Dominated options: another option at the same site is at least as good at no more cost and crew."""

from __future__ import annotations

import numpy as np

from geo.arrays import Floats, Ints
from sensors.crossing.watched_belt import feels_steps, searches
from sensors.planning.choice.benefits import OptionBenefits
from sensors.planning.solver.constraints import Constraints
from sensors.planning.solver.coverage_objective import Cover


def undominated(benefits: OptionBenefits, limits: Constraints) -> Ints:
    """The options (numbers, ascending) that no other option at the same site dominates at no more cost and crew.

    One option dominates another if in every cell its probability and its rate are at least as high, if its reports
    arrive at least as early, if its kind is the same or one whose rate counts for the whole exposure time, and, where
    links are required, if it has all links of the other. Of two equal options, the first is kept.
    """
    cover, out = benefits.cover, np.zeros(len(limits), np.bool_)
    by_site: dict[int, list[int]] = {}
    for n, site in enumerate(limits.site):
        by_site.setdefault(int(site), []).append(n)
    for mine in by_site.values():
        for b in mine:
            for a in mine:
                if benefits.options[a].schedule or benefits.options[b].schedule:
                    continue  # of mobile options the rates are means over time
                if a == b or out[a] or out[b] or limits.cost[a] > limits.cost[b] or limits.crew[a] > limits.crew[b]:
                    continue
                if _links_at_least(benefits, a, b) and _at_least(cover, a, b) and _rates_at_least(benefits, a, b):
                    out[b] = not (_same(benefits, limits, a, b) and a > b)
    return np.flatnonzero(~out)


def _links_at_least(benefits: OptionBenefits, a: int, b: int) -> bool:
    if benefits.links is None:
        return True
    net = benefits.links.net
    links, other = np.append(net.hears[a], net.home[a]), np.append(net.hears[b], net.home[b])
    return bool(net.carries[a] >= net.carries[b] and (links >= other).all())


def _at_least(cover: Cover, a: int, b: int) -> bool:
    first, second = slice(cover.start[a], cover.start[a + 1]), slice(cover.start[b], cover.start[b + 1])
    return _above(cover.cell[first], cover.p[first], cover.cell[second], cover.p[second])


def _rates_at_least(benefits: OptionBenefits, a: int, b: int) -> bool:
    first, second = benefits.rates[a], benefits.rates[b]
    if not len(second.cells):
        return True
    alike = first.kind == second.kind
    surer = not (feels_steps(first.kind) or feels_steps(second.kind) or searches(first.kind))  # its full hazard counts
    return (
        (alike or surer)
        and first.delay_s <= second.delay_s
        and _above(first.cells, first.rate, second.cells, second.rate)
        and (surer or _above(first.cells, first.look, second.cells, second.look))
    )


def _above(cells: Ints, values: Floats, other: Ints, others: Floats) -> bool:
    if len(cells) < len(other):
        return False
    if not len(other):
        return True
    order = np.argsort(cells, kind="stable")
    at = np.minimum(np.searchsorted(cells[order], other), len(cells) - 1)
    here = order[at]
    return bool((cells[here] == other).all() and (values[here] >= others).all())


def _same(benefits: OptionBenefits, limits: Constraints, a: int, b: int) -> bool:
    equal = limits.cost[a] == limits.cost[b] and limits.crew[a] == limits.crew[b]
    return bool(
        equal
        and _links_at_least(benefits, b, a)
        and _at_least(benefits.cover, b, a)
        and _rates_at_least(benefits, b, a)
    )

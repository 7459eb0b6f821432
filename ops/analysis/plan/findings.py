"""What a plan's report and summary state beside the plan itself: segments before and after, sites, costs by item."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ops.analysis.messages import item_name
from ops.drawing.symbols import symbol_name

if TYPE_CHECKING:
    from geo.arrays import Floats
    from geo.message import Message
    from ops.analysis.plan.options import PlanOptions
    from ops.analysis.plan.patrols import PatrolPlan
    from ops.sector.open_sector import OpenSector
    from ops.sector.ways import SectorWays
    from sensors.equipment.catalogue import Catalogue
    from sensors.layout import AnySensor
    from sensors.planning.choice.benefits import OptionBenefits
    from sensors.planning.choice.options import Option
    from sensors.planning.choice.plan import PurchasePlan
    from sensors.relay import Relay

REPORT, PDF = "report.html", "report.pdf"
LISTED_WORST: Final = 10


@dataclass(frozen=True)
class PlanFindings:
    """A plan with the question that it answers; ``front`` is empty without ``--pareto``; ``weighted``: by risk."""

    options: PlanOptions
    ground: OpenSector
    catalogue: Catalogue
    benefits: OptionBenefits
    plan: PurchasePlan
    front: tuple[PurchasePlan, ...]
    patrols: PatrolPlan | None
    ways: SectorWays
    weighted: bool = False

    @cached_property
    def before(self) -> Floats:
        """Mean detection probability of each segment [1] with the existing layout; NaN where unknown."""
        return self.benefits.segment_means([])

    @cached_property
    def after(self) -> Floats:
        """Mean detection probability of each segment [1] with the purchase; NaN where unknown."""
        return self.benefits.segment_means(self.plan.chosen)

    @property
    def costs(self) -> str:
        """Where the costs come from: "priced" by the catalogue, "stated" by the file of candidates, or "both", where
        items of the catalogue move beside these candidates."""
        if self.options.candidates is None:
            return "priced"
        return "both" if any(option.schedule is not None for option in self.benefits.options) else "stated"

    @property
    def worst(self) -> list[int]:
        """The segments with the least mean after the purchase, the least first."""
        order = np.argsort(self.after, kind="stable")[:LISTED_WORST]
        return [int(i) for i in order if not np.isnan(self.after[i])]

    @property
    def worst_figures(self) -> list[dict[str, Any]]:
        """``worst`` with the means before and after, for JSON."""
        return [
            {"segment": i, "before": _rounded(self.before[i]), "after": _rounded(self.after[i])} for i in self.worst
        ]

    @property
    def numbered(self) -> list[tuple[int, Option]]:
        """The purchase in order along the border, with the numbers that the map and the tables share."""
        bought = self.plan.bought
        chainage = [float(self.ground.crossed.locate(o.sensor.easting, o.sensor.northing)[1]) for o in bought]
        return [(n, bought[i]) for n, i in enumerate(np.argsort(chainage, kind="stable"), start=1)]

    @property
    def existing(self) -> list[AnySensor | Relay]:
        """Sensors and relays that stand there already."""
        bought = {option.id for option in self.plan.bought}
        parts = (*self.plan.layout.sensors, *self.plan.layout.relays)
        return [part for part in parts if part.id not in bought]

    @property
    def by_item(self) -> list[tuple[Message, int, float, float]]:
        """Name, number, cost and crew [persons on duty] of each kind of item bought, the most expensive first."""
        names = {option.id: item_of(option) for option in self.plan.bought}
        counts = Counter(str(name) for name in names.values())
        rows = []
        for key in counts:
            options = [option for option in self.plan.bought if str(names[option.id]) == key]
            cost, crew = sum(o.cost for o in options), sum(o.crew for o in options)
            rows.append((names[options[0].id], counts[key], float(cost), float(crew)))
        return sorted(rows, key=lambda row: -row[2])


def item_of(option: Option) -> Message:
    """The name of what an option buys: that of the catalogue, or of a sensor without one its kind."""
    name = option.sensor.catalogue
    return symbol_name(option.sensor.kind) if name is None else item_name(name)


def _rounded(value: float) -> float | None:
    return None if math.isnan(value) else round(float(value), 6)

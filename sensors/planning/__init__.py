"""Planning: which equipment to buy and where to put it, and how layouts compare at equal life-cycle cost."""

from sensors.errors import CompareError
from sensors.planning.choice.plan import Demand, PurchasePlan, choose_sites, plan_layout
from sensors.planning.comparison.dataset import compare, verdict
from sensors.planning.comparison.settings import OBJECTIVES, CompareSettings
from sensors.planning.comparison.study import Study, study

__all__ = [
    "OBJECTIVES",
    "CompareError",
    "CompareSettings",
    "Demand",
    "PurchasePlan",
    "Study",
    "choose_sites",
    "compare",
    "plan_layout",
    "study",
    "verdict",
]

# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Scorecard, action plan and risk
#
# This notebook evaluates the four families of success of a sector on one day, the status of its National Action Plan,
# and how stable an order of segments by risk is. The sample sector's records are made up, for an exercise.
#
# Set `sector` to the file or folder of your own sector, and `DAY` to the day of evaluation. A border has no single
# number: the families stay apart.

# %%
from datetime import date

import numpy as np
import pandas as pd

from ops.analysis.action_plan.reviews import reviews_of
from ops.analysis.risk.combination import CLASSES, FACTORS, level_of, rank_stability, risk_of
from ops.analysis.score.evaluation import evaluate
from ops.analysis.score.inputs import ScoreFiles, SectorRecords, read_inputs
from ops.analysis.score.line import said
from ops.releasability.settings import ReleasabilitySettings
from ops.runtime.output import say
from ops.sector.sector_file import load_sector

sector = "cumberland"
DAY = date(2026, 1, 15)

# %% [markdown]
# ## The four families
#
# An empty value is unknown, never zero. `low` and `high` are the ends of a 95% interval, where there is one.

# %%
records = SectorRecords.of(load_sector(sector))
files = ScoreFiles(None, None, None, None, None)
inputs = read_inputs(files, records, ReleasabilitySettings(), day=DAY, until=DAY, known_on=DAY)
evaluated = evaluate(inputs, sector=records.name, place=None, day=DAY, known_on=DAY, simulated=False)
lines = [line for found in evaluated.card.lines.values() for line in found]
pd.DataFrame(
    {
        "family": [line.family for line in lines],
        "indicator": [said(line.name, say) for line in lines],
        "value": [line.value for line in lines],
        "unit": [line.unit for line in lines],
        "low": [line.low for line in lines],
        "high": [line.high for line in lines],
        "target": [line.target for line in lines],
        "verdict": [line.verdict for line in lines],
        "trend": [line.direction for line in lines],
        "age [d]": [(DAY - line.day).days for line in lines],
    }
).set_index(["family", "indicator"]).round(3)

# %% [markdown]
# Missing data are part of the answer.

# %%
for family, missing in evaluated.card.missing.items():
    print(say("score-family", family=family))
    for message in missing:
        print("   ", say(message))

# %% [markdown]
# ## Where a number comes from
#
# Every line leads to its records: file, row, and the hash of the file.

# %%
line = next((one for one in lines if one.evidence), None)
print("no line has records" if line is None else said(line.name, say))
pd.DataFrame([] if line is None else [one.as_dict() for one in line.evidence])

# %% [markdown]
# ## The National Action Plan
#
# Adherence is the fraction of the measures due that are shown to be met. The interval runs from Wilson's lower end
# with no unknown measure met to the upper end with all of them met.

# %%
status = evaluated.plan
rate = None if status is None else status.adherence
if rate is None:
    print("the sector has no action plan")
elif not rate.due:
    print(f"no measure of the action plan is due on {DAY}")
else:
    print(f"{rate.met} of {rate.due} met, {rate.unknown} unknown: {rate.value:.2f} ({rate.low:.2f} to {rate.high:.2f})")
    assert 0.0 <= rate.low <= rate.value <= rate.high <= 1.0
pd.DataFrame(
    [
        {"measure": one.measure.id, "owner": one.measure.owner, "due": one.measure.due, "status": one.status}
        for one in (() if status is None else status.measures)
    ],
    columns=["measure", "owner", "due", "status"],
).set_index("measure")

# %%
pd.DataFrame(
    [
        {
            "measures": ", ".join(each.id for each in one.measures),
            "last": one.last,
            "next": one.next,
            "late [d]": one.days_late,
        }
        for one in (() if status is None else reviews_of(status.plan, DAY))
    ]
)

# %%
pd.DataFrame([] if status is None else list(status.plan.thresholds.changes))

# %% [markdown]
# ## Risk under other weights
#
# `watchline risk` takes the factors from a challenge, incidents and indicators. Here are five made-up segments. The
# mean and the matrix are ours; CIRAM names the factors only. Segment *e* is worse than *b* in every factor, so
# it ranks above it under any weights. The order of the others depends on the weights.

# %%
factors = pd.DataFrame(
    [(0.9, 0.2, 0.6), (0.4, 0.4, 0.3), (0.3, 0.9, 0.7), (0.6, 0.6, 0.5), (0.5, 0.7, 0.8)],
    columns=FACTORS, index=pd.Index(list("abcde"), name="segment"),
)  # fmt: skip
equal = (1.0, 1.0, 1.0)
stability = rank_stability(factors, equal)
order = factors.assign(
    risk=risk_of(factors, equal),
    matrix=[CLASSES[level] for level in level_of(factors)],
    rank=stability.rank.astype(int),
    low=stability.low.astype(int),
    high=stability.high.astype(int),
    first=stability.top,
).sort_values("rank")
assert np.all(stability.low <= stability.high)
assert order.loc["e", "high"] <= order.loc["b", "high"]
order.round(3)

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
# # How hard is the ground itself?
#
# Three scores for each segment, whatever stands there: how easily it is crossed, how much of it stays hidden even from
# the best few sites, how long somebody from a base takes. Never only one number, because rugged ground slows crossers,
# hides them *and* slows responders. How badly a given layout does is another question: notebook 02.
#
# Limits: percentiles rank segments of this border and say nothing across borders; against the reference table they say
# how a segment stands among those of two real borders, measured with the same yardstick on cells of the same size. No
# roads, rivers or land cover are at hand here, and the answers say so.

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from geo.challenge import DemError, ReferenceTable, challenge, challenge_rasters, composite
from ops.sector.open_sector import open_sector
from ops.sector.sector_file import load_sector, read_bases

sector = load_sector("cumberland")
ground = open_sector(sector)
bases = np.array([ground.frame.to_local(*place) for place in read_bases(sector.bases).values()])
table = ReferenceTable.named("pyrenees-maritime-alps-srtm3")
found = challenge(
    ground.terrain,
    ground.border,
    belt_m=sector.belt_m,
    bases=bases,
    reference=table,
    dem_error=DemError(draws=8),
)
SCORES = {
    "crossing_ease": "crossing_time",
    "surveillance_difficulty": "dead_ground_1.7m",
    "response_difficulty": "response_time",
}
print(f"not in the data: {found.attrs['missing']}; errors of the elevation: {found.attrs['dem_error']}")

# %% [markdown]
# ## The measures behind the scores
#
# Medians over the segments, for each side of the belt. Ruggedness by Riley, vector ruggedness by Sappington, openness
# by Yokoyama, dead ground from the three best sites with masts of 10 m that see 5 km.

# %%
measures = ("ruggedness", "vector_ruggedness", "slope", "positive_openness", "dead_ground_1.7m", "response_time")
pd.DataFrame(
    {f"{name} [{found[name].attrs['units']}]": found[name].median("segment").to_series() for name in measures}
).T.round(3)

# %% [markdown]
# ## Along the border, with what errors of the elevation do to it
#
# The errors are drawn as correlated over 300 m; white noise would make any ground look rugged. Bands: 5 to 95 %.

# %%
figure, axes = plt.subplots(3, 1, figsize=(11, 6), sharex=True, layout="constrained")
kilometres = found["start_m"] / 1e3
for axis, (score, measure) in zip(axes, SCORES.items(), strict=True):
    if f"{score}_low" in found:
        axis.fill_between(kilometres, found[f"{score}_low"], found[f"{score}_high"], step="post", alpha=0.3)
    axis.step(kilometres, found[score], where="post")
    axis.set(ylabel="percentile", ylim=(0, 1), title=f"{score.replace('_', ' ')}, by {measure.replace('_', ' ')}")
axes[-1].set_xlabel("kilometres along the border")
plt.show()

# %% [markdown]
# ## Beside two real borders
#
# The same measures in the quantiles of the Pyrenees and the Maritime Alps. Segments outside the table's range are
# counted, not clipped silently.

# %%
rows = {}
for measure in SCORES.values():
    if f"{measure}_reference" not in found:
        rows[measure] = {"median percentile": np.nan, "outside": np.nan, "segments": 0}
        continue
    rank, outside = found[f"{measure}_reference"], found[f"{measure}_outside"]
    rank, outside = (a.sel(belt="both") if "belt" in a.dims else a for a in (rank, outside))
    rows[measure] = {"median percentile": float(rank.median()), "outside": int(outside.sum()), "segments": rank.size}
print(found.attrs["reference"])
pd.DataFrame(rows).T.round(3)

# %% [markdown]
# ## A composite, and what it is worth
#
# There is no right set of weights. Each is changed by half of itself, in all combinations; what stays of the ranking is
# what the composite is worth.

# %%
made = composite(found, {"crossing_ease": 1.0, "surveillance_difficulty": 1.0, "response_difficulty": 1.0})
print(f"least rank correlation {made.rank_correlation:.3f}; of the top tenth {made.stable_top:.0%} stay")
worst = np.argsort(-np.nan_to_num(made.value))[:8]
pd.DataFrame(
    {
        "from [km]": found["start_m"].to_numpy()[worst] / 1e3,
        "composite": made.value[worst],
        "rank, lowest": made.rank_low[worst],
        "rank, highest": made.rank_high[worst],
        **{score: found[score].to_numpy()[worst] for score in SCORES},
    },
    index=pd.Index(worst, name="segment"),
).round(2)

# %% [markdown]
# ## Where

# %%
cells = challenge_rasters(ground.terrain, ground.border, belt_m=sector.belt_m)
figure, axes = plt.subplots(3, 1, figsize=(11, 7), sharex=True, layout="constrained")
shown = {
    "ruggedness": ("cividis", 1.0, "m"),
    "dead_ground_1.7m": ("cividis", 1.0, "1 hidden"),
    "crossing_time": ("viridis_r", 60.0, "min"),
}
for axis, (name, (palette, per, unit)) in zip(axes, shown.items(), strict=True):
    layer = cells[name] / per
    picture = axis.pcolormesh(layer["easting"] / 1e3, layer["northing"] / 1e3, layer, cmap=palette, shading="auto")
    axis.plot(*(np.array(ground.border.line.xy) / 1e3), color="black", linewidth=1)
    axis.set(title=name.replace("_", " "), ylabel="northing [km]", aspect="equal")
    figure.colorbar(picture, ax=axis, label=unit)
axes[-1].set_xlabel("easting [km]")
plt.show()

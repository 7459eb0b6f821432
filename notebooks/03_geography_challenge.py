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
# # Geography challenge of a border
#
# Three scores per segment, independent of any layout: ease of crossing, difficulty of surveillance (dead ground even
# from the best sites) and difficulty of response (time from a base). They are kept separate, because rugged
# terrain slows crossers, conceals them *and* slows responders. Notebook 02 assesses a given layout.
#
# Limits: percentiles rank the segments of this border only. The reference table ranks them among the segments of two
# real borders, measured in the same way on cells of the same size. Roads, rivers and land cover are used where the
# sector file names them, and are listed as missing otherwise. Without bases in the sector file, an example base is
# assumed on level ground behind the border, and the first cell states it.
#
# Set `sector` to the file or folder of your own sector (`watchline sector init` creates one) and run all cells.

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from geo.challenge import DemError, ReferenceTable, challenge, challenge_rasters, composite
from ops.analysis.analysed_sector import open_for_analysis
from ops.drawing.scales import DURATION, MEASURE
from ops.drawing.typeface.figure_font import figure_style

plt.rcParams.update(figure_style())

sector = "cumberland"
opened = open_for_analysis(sector)
ground, belt_m = opened.whole, opened.whole.sector.belt_m
table = ReferenceTable.named("pyrenees-maritime-alps-srtm3")
found = challenge(
    ground.terrain,
    ground.crossed,
    belt_m=belt_m,
    bases=opened.bases,
    ways=opened.ways,
    reference=table,
    dem_error=DemError(draws=8),
)
SCORES = {
    "crossing_ease": "crossing_time",
    "surveillance_difficulty": "dead_ground_1.7m",
    "response_difficulty": "response_time",
}
print(f"missing data: {found.attrs['missing']}; errors of the elevation: {found.attrs['dem_error']}")
print(opened.bases_words)

# %% [markdown]
# ## The measures behind the scores
#
# Medians over the segments. Ruggedness after Riley, vector ruggedness after Sappington, openness after Yokoyama, dead
# ground from the three best sites with masts of 10 m and a range of 5 km.

# %%
measures = ("ruggedness", "vector_ruggedness", "slope", "positive_openness", "dead_ground_1.7m", "response_time")
pd.DataFrame(
    {f"{name} [{found[name].attrs['units']}]": found[name].median("segment").to_series() for name in measures}
).T.round(3)

# %% [markdown]
# ## Along the border, with the effect of elevation errors
#
# The errors are Monte Carlo samples, correlated over 300 m (white noise would make any terrain rugged). Bands: 5% to
# 95%.

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
# ## Compared with two real borders
#
# The same measures as quantiles of the Pyrenees and the Maritime Alps. Segments outside the range of the table are
# counted. A table of other cells or of another belt does not fit, and nothing is compared with it.

# %%
rows = {}
for measure in SCORES.values():
    if f"{measure}_reference" not in found:
        rows[measure] = {"median percentile": np.nan, "outside": np.nan, "segments": 0}
        continue
    rank, outside = found[f"{measure}_reference"], found[f"{measure}_outside"]
    rank, outside = (a.sel(belt="both") if "belt" in a.dims else a for a in (rank, outside))
    rows[measure] = {"median percentile": float(rank.median()), "outside": int(outside.sum()), "segments": rank.size}
misfit = found.attrs["reference_misfit"]
print(f"not compared with {table.name}: {misfit}" if misfit else found.attrs["reference"])
pd.DataFrame({} if misfit else rows).T.round(3)

# %% [markdown]
# ## A composite score, and how robust it is
#
# No set of weights is correct. Each is changed by half, in all combinations; the ranking that remains shows how robust
# the composite is.

# %%
made = composite(found, {"crossing_ease": 1.0, "surveillance_difficulty": 1.0, "response_difficulty": 1.0})
print(f"least rank correlation {made.rank_correlation:.3f}; {made.stable_top:.0%} of the top tenth remain")
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
# ## Map

# %%
cells = challenge_rasters(ground.terrain, ground.crossed, belt_m=belt_m, ways=opened.ways)
figure, axes = plt.subplots(3, 1, figsize=(11, 7), sharex=True, layout="constrained")
shown = {
    "ruggedness": (MEASURE, 1.0, "m"),
    "dead_ground_1.7m": (MEASURE, 1.0, "fraction"),
    "crossing_time": (DURATION, 60.0, "min"),
}
for axis, (name, (palette, per, unit)) in zip(axes, shown.items(), strict=True):
    layer = cells[name] / per
    picture = axis.pcolormesh(layer["easting"] / 1e3, layer["northing"] / 1e3, layer, cmap=palette, shading="auto")
    for part in getattr(ground.crossed.line, "geoms", [ground.crossed.line]):
        axis.plot(*(np.array(part.xy) / 1e3), color="black", linewidth=1)
    axis.set(title=name.replace("_", " "), ylabel="northing [km]", aspect="equal")
    figure.colorbar(picture, ax=axis, label=unit)
axes[-1].set_xlabel("easting [km]")
plt.show()

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
# # What can this layout see?
#
# Which ground beside the border does some sensor see, which does none, and how likely is one look to find a walker?
# The functions here are the ones that the tracker and the demonstration call; nothing is copied.
#
# Limits: bare ground only (no trees, no buildings), every sensor working, good weather. All three flatter the layout.

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from ops.config import load_sector, open_ground
from ops.report_hidden import FORMULA, hidden_share
from sensors.coverage import look_probability

sector = load_sector("cumberland")
grounds = {name: open_ground(sector, name) for name in sector.layouts}
coverage = {name: look_probability(ground.layout, ground.terrain) for name, ground in grounds.items()}

# %% [markdown]
# ## How much of the belt is hidden
#
# Hidden share of a segment: the cells of the belt (2 km either side) that no sensor sees, over those whose visibility
# is known. It says how badly the *layout* does, not how hard the ground is.

# %%
print(FORMULA)
hidden = {
    name: hidden_share(coverage[name]["visible"], ground.border, belt_m=sector.belt_m)
    for name, ground in grounds.items()
}
table = pd.DataFrame(
    {
        "sensors": {name: len(ground.layout) for name, ground in grounds.items()},
        "hidden share": {name: share.overall for name, share in hidden.items()},
        "unknown share": {name: share.unknown for name, share in hidden.items()},
        "segments more than half hidden": {
            name: int((share.per_segment > 0.5).sum()) for name, share in hidden.items()
        },
        "segments": {name: ground.border.segments for name, ground in grounds.items()},
    }
)
table.round(3)

# %% [markdown]
# ## Where
#
# Best single look anywhere in the sector: the largest probability, over all sensors, that one look finds a walker who
# is there. White is ground that no sensor sees; the line is the border.

# %%
figure, axes = plt.subplots(1, len(grounds), figsize=(12, 5), sharey=True, layout="constrained")
for axis, (name, ground) in zip(np.atleast_1d(axes), grounds.items(), strict=True):
    best = coverage[name]["probability"].max("sensor")
    picture = axis.pcolormesh(
        best["easting"] / 1e3,
        best["northing"] / 1e3,
        best.where(best > 0),
        cmap="cividis",
        vmin=0,
        vmax=1,
        shading="auto",
    )
    for part in getattr(ground.border.line, "geoms", [ground.border.line]):
        axis.plot(*(np.array(part.xy) / 1e3), color="black", linewidth=1)
    axis.plot(
        [sensor.easting / 1e3 for sensor in ground.layout],
        [sensor.northing / 1e3 for sensor in ground.layout],
        "w^",
        mec="k",
    )
    axis.set(title=f"{name}: {len(ground.layout)} sensors", xlabel="easting [km]", aspect="equal")
np.atleast_1d(axes)[0].set_ylabel("northing [km]")
figure.colorbar(picture, ax=axes, label="probability that one look finds a walker")
plt.show()

# %% [markdown]
# ## Along the border

# %%
figure, axis = plt.subplots(figsize=(12, 3), layout="constrained")
for style, (name, share) in zip(("-", "--"), hidden.items(), strict=False):
    axis.step(np.arange(len(share.per_segment)), share.per_segment, style, where="mid", label=name)
axis.set(xlabel="segment", ylabel="hidden share", ylim=(0, 1))
axis.legend()
plt.show()

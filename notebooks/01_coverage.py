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
# # What can this layout see, and what does it detect?
#
# Three questions, from the plainest: which ground beside the border has a line of sight to some sensor; how likely does
# one look find a walker there; how likely does the whole layout find one within a named time, in named weather, with
# sensors that fail. The functions here are the ones that the tracker, the live map and `watchline coverage` call.
#
# Limits: bare ground where the terrain knows no trees, and misses of different sensors taken as independent. Both
# flatter the layout; the best single sensor stands beside every combination for that reason.

# %%
import json

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from ops.analysis.night_report.hidden_share import FORMULA, hidden_share
from ops.sector.open_sector import open_sector
from ops.sector.sector_file import load_sector
from sensors.coverage import coverage, coverage_rasters, look_probability, over_weather
from sensors.coverage.segments import over_segments, whole_belt
from sensors.detection_model.hazard import mean_relative_speed, patrol_rate, probability_of

sector = load_sector("cumberland")
grounds = {name: open_sector(sector, name) for name in sector.layouts}

# %% [markdown]
# ## How much of the belt is hidden
#
# Hidden share of a segment: the cells of the belt (2 km either side) that no sensor sees, over those whose visibility
# is known. It says how badly the *layout* does, not how hard the ground is.

# %%
print(FORMULA)
hidden = {
    name: hidden_share(look_probability(ground.layout, ground.terrain)["visible"], ground.border, belt_m=sector.belt_m)
    for name, ground in grounds.items()
}
pd.DataFrame(
    {
        "sensors": {name: len(ground.layout) for name, ground in grounds.items()},
        "hidden share": {name: share.overall for name, share in hidden.items()},
        "unknown share": {name: share.unknown for name, share in hidden.items()},
        "segments more than half hidden": {
            name: int((share.per_segment > 0.5).sum()) for name, share in hidden.items()
        },
        "segments": {name: ground.border.segments for name, ground in grounds.items()},
    }
).round(3)

# %% [markdown]
# ## One sensor: a look, a rate, a coverage
#
# The *look probability* is of one turn of the radar; the *rate* follows from it and the period; the *coverage
# probability* is of at least one detection over a dwell. They are different things: half a look can be nearly certain
# within a minute, if the radar works. Nothing below is computed before it is asked for.

# %%
ground = grounds["hightech"]
lazy = coverage(ground.layout, ground.terrain, ground.border, target="person", conditions="day", dwell_s=60.0)
one = lazy.sel(sensor="radar-crest")[["visible", "look_probability", "rate", "coverage_probability"]].compute()
radar = ground.layout["radar-crest"]
distance = np.hypot(one["northing"] - radar.northing, one["easting"] - radar.easting)  # (northing, easting)
ring = pd.cut(distance.values.ravel() / 1e3, np.arange(0.0, 12.0))
seen = one["visible"].values.ravel() == 1
pd.DataFrame(
    {name: one[name].values.ravel()[seen] for name in ("look_probability", "rate", "coverage_probability")}
).groupby(ring[seen], observed=True).mean().rename_axis("kilometres from the radar").round(4)

# %% [markdown]
# ## The layout, in weather
#
# Ten minutes, one person. `expected` is the mixture over sensors up or down for the whole ten minutes (by their
# availability), `all working` the same without failures, `best single` what remains if no two sensors may be added.

# %%
WEATHER = ("day", "night", "night,fog", "night,rain,wind")
DWELL_S = 600.0
rasters = {
    (name, weather): coverage_rasters(
        ground.layout, ground.terrain, ground.border, target="person", conditions=weather, dwell_s=DWELL_S
    )
    for name, ground in grounds.items()
    for weather in WEATHER
}
segments = {
    key: over_segments(found, grounds[key[0]].border, belt_m=sector.belt_m, required_probability=0.9)
    for key, found in rasters.items()
}
belts = {key: whole_belt(found).sel(belt="both") for key, found in segments.items()}
pd.DataFrame(
    {
        key: {
            "belt that reaches 0.9": float(belt["covered_share"]),
            "mean, expected": float(belt["mean_probability"]),
            "mean, all working": float(belt["mean_all_working_probability"]),
            "mean, best single": float(belt["mean_best_probability"]),
            "no line of sight": float(belt["dead_share"]),
            "unknown": float(belt["unknown_share"]),
            "cells": int(belt["cells_count"]),
        }
        for key, belt in belts.items()
    }
).T.round(3)

# %% [markdown]
# Every cell of the belt is counted, so there is no sampling error in these shares. What is not in them: the error of
# the terrain, and of the assumptions. Each of those is a named setting with a source; "L" marks one that nobody has
# measured for us.

# %%
told = json.loads(rasters["hightech", "day"].attrs["assumptions"])
pd.DataFrame(told, columns=["assumption", "value", "unit", "confidence", "source"]).set_index("assumption")

# %% [markdown]
# ## A year's weather
#
# Weather lasts for a whole crossing, so it is a mixture over states and never a factor per look. The shares here are
# an example, not the sector's climate.

# %%
states = {"day": 0.45, "night": 0.4, "night,fog": 0.1, "night,rain,wind": 0.05}
year = over_weather(states, {weather: rasters["hightech", weather] for weather in states})
print(f"mean over the map, mixed: {float(year['expected_probability'].mean()):.3f}")

# %% [markdown]
# ## A drone that searches at random
#
# Koopman (1980): inside the area A that it searches, a drone or a patrol detects at the rate v W / A, where W is its
# sweep width and v its mean speed relative to the target. An example: 10 m/s, 200 m and 5 km², a person on foot.

# %%
relative_mps = mean_relative_speed(10.0, 1.25)
minutes = np.array([5.0, 10.0, 30.0])
searched = probability_of(patrol_rate(relative_mps, 200.0, 5e6) * minutes * 60.0)
pd.DataFrame({"minutes": minutes, "probability of detection": searched}).round(3)

# %% [markdown]
# ## Where

# %%
figure, axes = plt.subplots(1, len(grounds), figsize=(12, 5), sharey=True, layout="constrained")
for axis, (name, ground) in zip(np.atleast_1d(axes), grounds.items(), strict=True):
    chance = rasters[name, "night,fog"]["expected_probability"]
    picture = axis.pcolormesh(
        chance["easting"] / 1e3,
        chance["northing"] / 1e3,
        chance.where(chance > 0),
        cmap="viridis",
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
figure.colorbar(picture, ax=axes, label="probability of a detection within 10 min, night and fog")
plt.show()

# %% [markdown]
# ## Along the border
#
# Share of each segment's belt that reaches the required probability. Where an unknown sensor might do it, the share
# lies within a band above the line; here nothing is unknown, so there is none.

# %%
figure, axis = plt.subplots(figsize=(12, 3), layout="constrained")
for style, name in zip(("-", "--"), grounds, strict=False):
    found = segments[name, "night,fog"].sel(belt="both")
    axis.step(found["segment"], found["covered_share_low"], style, where="mid", label=name)
    axis.fill_between(found["segment"], found["covered_share_low"], found["covered_share_high"], step="mid", alpha=0.3)
axis.set(xlabel="segment", ylabel="share of the belt at 0.9 or more", ylim=(0, 1))
axis.legend()
plt.show()

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
# # Coverage of a layout: line of sight and detection
#
# This notebook answers three questions. Which ground near the border is in line of sight of a sensor? How likely is a
# single look to detect a person there? How likely is the whole layout to detect a person within a given time, in given
# weather, with sensors that can fail? The tracker, the live map and `watchline coverage` use the same functions.
#
# Limits: the ground is bare unless the terrain data include trees, and misses of different sensors are assumed
# independent. Both are optimistic, so the best single sensor is listed beside each combination. As in the command, a
# sensor without a link to a base is excluded.
#
# Set `sector` to the file or folder of your own sector (`watchline sector init` creates one) and run all cells.

# %%
import json
from itertools import cycle

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from ops.analysis.analysed_sector import open_for_analysis
from ops.analysis.night_report.dead_ground_fraction import dead_ground_fraction
from ops.drawing.scales import PROBABILITY
from ops.drawing.typeface.figure_font import figure_style
from ops.sector.sector_file import load_sector
from sensors.coverage import coverage, coverage_rasters, look_probability, over_weather
from sensors.coverage.segments import over_segments, whole_belt
from sensors.detection_model.hazard import mean_relative_speed, patrol_rate, probability_of

plt.rcParams.update(figure_style())

sector = "cumberland"
files = load_sector(sector)
opened = {name: open_for_analysis(files, name) for name in files.layouts}
grounds = {name: one.ground for name, one in opened.items()}
belt_m = files.belt_m
print(f"{files.title or files.name}: layouts {', '.join(grounds)}; area within {belt_m:,.0f} m of the border")
for name, one in opened.items():
    print(f"{name}: {one.links.words}")

# %% [markdown]
# ## Dead ground
#
# Dead ground is the fraction of cells within the stated distance of the border, on both sides, without a line of sight
# to any sensor. Cells of unknown visibility are excluded. It describes the *layout*, not the difficulty of the terrain.

# %%
hidden = {
    name: dead_ground_fraction(
        look_probability(ground.layout, ground.terrain)["visible"], ground.crossed, belt_m=belt_m
    )
    for name, ground in grounds.items()
}
pd.DataFrame(
    {
        "sensors": {name: len(ground.layout) for name, ground in grounds.items()},
        "dead ground": {name: share.overall for name, share in hidden.items()},
        "unknown": {name: share.unknown for name, share in hidden.items()},
        "segments with more than half dead ground": {
            name: int((share.per_segment > 0.5).sum()) for name, share in hidden.items()
        },
        "segments": {name: ground.crossed.segments for name, ground in grounds.items()},
    }
).round(3)

# %% [markdown]
# ## One sensor: single-look Pd, rate and cumulative Pd
#
# *Single-look Pd* is the probability of detection in one look, such as one rotation of a radar. The *rate* of expected
# detections follows from it and the period. *Cumulative Pd* is the probability of at least one detection during the
# exposure time. A single-look Pd of 0.5 can become nearly 1 within a minute, if the sensor works.

# %%
first = next(iter(grounds))
ground = grounds[first]
sensor = next((one for one in ground.layout if one.kind == "radar"), ground.layout.sensors[0])
lazy = coverage(ground.layout, ground.terrain, ground.crossed, target="person", conditions="day", dwell_s=60.0)
one = lazy.sel(sensor=sensor.id)[["visible", "look_probability", "rate", "coverage_probability"]].compute()
distance = np.hypot(one["northing"] - sensor.northing, one["easting"] - sensor.easting)  # (northing, easting)
ring = pd.cut(distance.values.ravel() / 1e3, np.linspace(0.0, sensor.max_range_m / 1e3, 12).round(2))
seen = one["visible"].values.ravel() == 1
pd.DataFrame(
    {name: one[name].values.ravel()[seen] for name in ("look_probability", "rate", "coverage_probability")}
).groupby(ring[seen], observed=True).mean().rename_axis(f"km from {sensor.id}").round(4)

# %% [markdown]
# ## The layout, in weather
#
# Ten minutes, one person. `expected`: each sensor works or fails for the whole ten minutes, by its availability; `all
# working`: without failures; `best single`: the best sensor alone, without combination.

# %%
WEATHER = ("day", "night", "night,fog", "night,rain,wind")
DWELL_S = 600.0
rasters = {
    (name, weather): coverage_rasters(
        ground.layout, ground.terrain, ground.crossed, target="person", conditions=weather, dwell_s=DWELL_S
    )
    for name, ground in grounds.items()
    for weather in WEATHER
}
segments = {
    key: over_segments(found, grounds[key[0]].crossed, belt_m=belt_m, required_probability=0.9)
    for key, found in rasters.items()
}
belts = {key: whole_belt(found).sel(belt="both") for key, found in segments.items()}
pd.DataFrame(
    {
        key: {
            "area with Pd of at least 0.9": float(belt["covered_fraction"]),
            "mean, expected": float(belt["mean_probability"]),
            "mean, all working": float(belt["mean_all_working_probability"]),
            "mean, best single": float(belt["mean_best_probability"]),
            "no line of sight": float(belt["dead_ground_fraction"]),
            "unknown": float(belt["unknown_fraction"]),
            "cells": int(belt["cells_count"]),
        }
        for key, belt in belts.items()
    }
).T.round(3)

# %% [markdown]
# Every cell is counted, so these fractions have no sampling error. Errors of the terrain and of the assumptions are not
# included. Each assumption is a named setting with a source; "L" marks one without a measurement.

# %%
told = json.loads(rasters[first, "day"].attrs["assumptions"])
pd.DataFrame(told, columns=["assumption", "value", "unit", "confidence", "source"]).set_index("assumption")

# %% [markdown]
# ## A year's weather
#
# Weather lasts for a whole crossing, so the result is a mixture over states, not a factor per look. The fractions of
# time are an example, not the climate of the sector.

# %%
states = {"day": 0.45, "night": 0.4, "night,fog": 0.1, "night,rain,wind": 0.05}
year = over_weather(states, {weather: rasters[first, weather] for weather in states})
print(f"mean over the map and the year: {float(year['expected_probability'].mean()):.3f}")

# %% [markdown]
# ## A drone that searches at random
#
# Koopman (1980): within the area A that it searches, a drone or a patrol detects at the rate v W / A, where W is the
# sweep width and v the mean speed relative to the target. An example: 10 m/s, 200 m and 5 km², a person on foot.

# %%
relative_mps = mean_relative_speed(10.0, 1.25)
minutes = np.array([5.0, 10.0, 30.0])
searched = probability_of(patrol_rate(relative_mps, 200.0, 5e6) * minutes * 60.0)
pd.DataFrame({"minutes": minutes, "probability of detection": searched}).round(3)

# %% [markdown]
# ## Map

# %%
figure, axes = plt.subplots(1, len(grounds), figsize=(12, 5), sharey=True, layout="constrained")
for axis, (name, ground) in zip(np.atleast_1d(axes), grounds.items(), strict=True):
    chance = rasters[name, "night,fog"]["expected_probability"]
    picture = axis.pcolormesh(
        chance["easting"] / 1e3,
        chance["northing"] / 1e3,
        chance.where(chance > 0),
        cmap=PROBABILITY,
        vmin=0,
        vmax=1,
        shading="auto",
    )
    for part in getattr(ground.crossed.line, "geoms", [ground.crossed.line]):
        axis.plot(*(np.array(part.xy) / 1e3), color="black", linewidth=1)
    axis.plot(
        [sensor.easting / 1e3 for sensor in ground.layout],
        [sensor.northing / 1e3 for sensor in ground.layout],
        "w^",
        mec="k",
    )
    axis.set(title=f"{name}: {len(ground.layout)} sensors", xlabel="easting [km]", aspect="equal")
np.atleast_1d(axes)[0].set_ylabel("northing [km]")
figure.colorbar(picture, ax=axes, label="Pd within 10 min, night and fog")
plt.show()

# %% [markdown]
# ## Along the border
#
# Fraction of the area beside each segment that meets the required Pd of 0.9. Where visibility is partly unknown, the
# fraction lies within the band above the line.

# %%
figure, axis = plt.subplots(figsize=(12, 3), layout="constrained")
for style, name in zip(cycle(("-", "--", ":", "-.")), grounds, strict=False):
    found = segments[name, "night,fog"].sel(belt="both")
    axis.step(found["segment"], found["covered_fraction_low"], style, where="mid", label=name)
    axis.fill_between(
        found["segment"], found["covered_fraction_low"], found["covered_fraction_high"], step="mid", alpha=0.3
    )
axis.set(xlabel="segment", ylabel="fraction with Pd ≥ 0.9", ylim=(0, 1))
axis.legend()
plt.show()

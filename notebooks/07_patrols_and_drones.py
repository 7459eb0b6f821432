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
# # When do two patrols detect more than one tower?
#
# A tower sees the same ground all the time; a patrol sees all ground, for a short time each. This notebook compares two
# patrols, on foot or by vehicle, and one small drone with one tower (radar and camera), by day and by night.
#
# Two crossers: the first takes the fastest path through a segment at a random time. The second knows the route of the
# patrols, chooses the path, and knows the times or not (`watchline patrols`).
#
# Limits: patrols follow the border line at one speed without rest. Misses are assumed independent. One pass of an
# observer is limited to the probability of one search (P∞), as that of a camera; a later pass is a new search. Crossers
# do not see the patrols. Costs are compared at the end, at central prices.
# A drone flies at a constant height above the ground; wind and rain are not in it. To search all round, a camera with a
# field of view of 120° takes three times as long, as in `watchline plan`.
#
# Set `sector` to the file or folder of your own sector and run all cells. `tower_layout` names its layout with towers.

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from geo.paths.along_path import Along
from geo.paths.crossings import crossings
from ops.analysis.analysed_sector import open_for_analysis
from ops.drawing.colours import colour
from ops.drawing.typeface.figure_font import figure_style
from sensors.crossing.detection import detection_along
from sensors.crossing.watched_belt import watched_by
from sensors.equipment.catalogue import shipped
from sensors.layout import Layout
from sensors.planning.choice.layout_cost import layout_cost
from sensors.planning.choice.mobile_options import carried_sensor, unit_cost
from sensors.planning.choice.options import Money
from sensors.search_theory.met_in_time import meeting
from sensors.search_theory.moving_sensor import moving_sensor
from sensors.search_theory.time_expanded import MovesInTime
from sensors.search_theory.timetable import Timetable
from sensors.search_theory.unpredictability import unpredictability

plt.rcParams.update(figure_style())

sector = "cumberland"
tower_layout = "hightech"
PATROLS, POST_M, STEP_S, PHASES = 2, 200.0, 30.0, 96
SPEEDS = {"on foot": 1.0, "by vehicle": 5.0}  # m/s, as foot_patrol and vehicle_patrol of the equipment catalogue
DRONE = {"speed": 10.0, "flight_s": 41 * 60.0, "duty": 0.25}  # as small_drone of the catalogue
opened = open_for_analysis(sector, tower_layout)
print(opened.links.words)
ground, movement = opened.ground, opened.ways
frame, border, belt_m = ground.frame, ground.border, ground.sector.belt_m

# %% [markdown]
# ## The tower, the patrols, and the fastest crossings
#
# Each site of the layout is tried alone; the best counts. By day a patrol has binoculars, by night a handheld thermal
# imager. The drone carries the imager by day and by night; it flies over the middle of the border, as far as half of a
# flight lasts, and back, and is on the ground for the rest of its time.

# %%
sites = {}
for sensor in ground.layout:
    sites.setdefault((round(sensor.easting), round(sensor.northing)), []).append(sensor)
towers = [Layout(f"tower {n}", frame, tuple(sensors)) for n, sensors in enumerate(sites.values(), 1)]

items = shipped()
units = {"two patrols on foot": "foot_patrol", "two patrols by vehicle": "vehicle_patrol", "one drone": "small_drone"}
carried = {"day": items["binoculars"], "night": items["handheld_thermal"]}
length_m = float(border.segment_spans_m[-1, 1])
route = np.column_stack(border.point_at(np.linspace(0.0, length_m, round(length_m / 100.0))))

half_m = DRONE["speed"] * DRONE["flight_s"] / 4.0
middle = np.linspace(max(length_m / 2.0 - half_m, 0.0), min(length_m / 2.0 + half_m, length_m), 60)
out_and_back = np.column_stack(border.point_at(middle))
flown_s = Timetable.along(out_and_back, DRONE["speed"]).period_s
flight = Timetable.along(out_and_back, DRONE["speed"], rest_s=flown_s * (1.0 / DRONE["duty"] - 1.0))

bare = watched_by(Layout("none", frame, ()), ground.terrain, ground.crossed, belt_m=belt_m, ways=movement)
moves = MovesInTime.over(bare, step_s=STEP_S)
fastest = crossings(bare.belt, bare.mobility)
segments = np.flatnonzero(np.isfinite(fastest.cost))
cells = [fastest.cells(int(segment)) for segment in segments]
paths = [moves.along(*each) for each in cells]
minutes = fastest.cost[segments] / 60.0
print(f"{len(segments)} segments; the fastest crossings take {minutes.min():.0f} to {minutes.max():.0f} min")

# %%
detected, best_at = {}, {}
for light, camera in carried.items():
    alone = []
    for layout in towers:
        watched = watched_by(layout, ground.terrain, ground.crossed, belt_m=belt_m, ways=movement, conditions=light)
        alone.append(detection_along(watched, Along.over_paths(watched.on_belt, cells)).probability)
    best_at[light] = int(np.argmax([each.mean() for each in alone]))
    detected["one tower", light] = alone[best_at[light]]
    movers = {f"two patrols {name}": (camera, PATROLS, Timetable.along(route, speed)) for name, speed in SPEEDS.items()}
    movers["one drone"] = (items["handheld_thermal"], 1, flight)
    for name, (with_camera, count, table) in movers.items():
        watching = carried_sensor(items[units[name]], with_camera, frame, name)
        one = moving_sensor(watching, table, ground.terrain, bare, step_m=POST_M, conditions=light)
        moving = [one.at_phase(k * table.period_s / count) for k in range(count)]
        phases = np.round(np.arange(PHASES) / PHASES * table.period_s / STEP_S) * STEP_S
        met = [meeting(path, moves, moving, phases) for path in paths]
        detected[name, light] = np.array([each.unknown_phase for each in met])
        if name == "two patrols by vehicle":
            patrols = moving
chance = pd.DataFrame(detected, index=segments)
chance.columns.names = ["equipment", "light"]
chance.mean().unstack().round(3)

# %% [markdown]
# ## The difference, with its interval
#
# Segments are drawn again in runs of five, because neighbours share their ground (block bootstrap): the interval is how
# far the mean difference depends on the ground of this border. It does not cover errors of the model. A border of fewer
# than four runs has too little ground for an interval, and the question stays open.

# %%
RUN, DRAWS, LEAST_RUNS = 5, 2000, 4
print(f"runs of {RUN * ground.sector.segment_length_m / 1e3:g} km")
draws = np.random.default_rng(7)
starts = draws.integers(0, len(segments), (DRAWS, -(-len(segments) // RUN)))
again = (starts[:, :, None] + np.arange(RUN)).reshape(DRAWS, -1)[:, : len(segments)] % len(segments)
rows = []
for light in carried:
    for name in movers:
        difference = (chance[name, light] - chance["one tower", light]).to_numpy()
        low, high = np.quantile(difference[again].mean(axis=1), [0.025, 0.975])
        if len(segments) < LEAST_RUNS * RUN:
            low = high = np.nan
        verdict = name if low > 0.0 else "tower" if high < 0.0 else "open"
        rows.append((light, name, difference.mean(), low, high, (difference > 0.0).mean(), verdict))
table = pd.DataFrame(
    rows,
    columns=[
        "light",
        "patrols",
        "mean difference",
        "95% from",
        "to",
        "segments where it leads",
        "more detected by",
    ],
)
inside = (table["95% from"] <= table["mean difference"]) & (table["mean difference"] <= table["to"])
assert (inside | table["to"].isna()).all()
table.round(3)

# %%
figure, axes = plt.subplots(len(carried), 1, figsize=(9.0, 5.6), sharex=True, sharey=True, layout="constrained")
km = ground.crossed.segment_spans_m[segments].mean(axis=1) / 1000.0
shades = dict(
    zip(["one tower", *(f"two patrols {name}" for name in SPEEDS)], ["grey", "blue", "vermilion"], strict=True)
)
for light, panel in zip(carried, axes, strict=True):
    for name, shade in shades.items():
        panel.step(km, chance[name, light], where="mid", color=colour(f"series-{shade}"), label=name)
    panel.set(ylabel=f"Pd of the fastest crossing, {light}", ylim=(-0.02, 1.02))
axes[-1].set_xlabel("position along the border [km]")
axes[0].legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=4, frameon=False)
plt.show()

# %% [markdown]
# On the sample sector two patrols on foot detect fewer of these crossings than the best tower, by day and by night, and
# two vehicles with binoculars by day. With two vehicles with imagers by night the difference is open: its interval
# includes 0. Patrols lead in the segments that the tower does not see. The drone flies where the tower sees already, a
# quarter of the time, and leads nowhere.

# %% [markdown]
# ## What they cost
#
# Life-cycle cost over ten years at the central prices of the catalogue, with people on duty around the clock and the
# imager that each patrol carries. The third column is how many of each the price of the best tower at night would buy.
# `watchline plan --item vehicle_patrol --item small_drone` lets them compete for a budget, on tours from the bases.

# %%
money = Money(catalogue=items)
tower_cost = layout_cost(towers[best_at["night"]], money)
prices = {"one tower": (tower_cost.life_cycle_cost, tower_cost.crew)}
for name, item in units.items():
    count, one_unit = movers[name][1], unit_cost(items[item], items["handheld_thermal"], money)
    prices[name] = (count * one_unit, count * items[item].crew.central)
costs = pd.DataFrame(prices, index=["cost, million", "people on duty"]).T
costs["cost, million"] /= 1e6
costs["for the tower's price"] = costs["cost, million"]["one tower"] / costs["cost, million"]
costs["mean Pd, night"] = [chance[name, "night"].mean() for name in costs.index]
assert (costs["cost, million"] > 0.0).all()
costs.round(3)

# %% [markdown]
# ## A crosser who chooses
#
# One tower leaves segments that it does not see: a crosser who knows it is not detected. Two patrols by vehicle at
# night, against a crosser who knows their times, and one who knows only the route:

# %%
best = unpredictability(moves, patrols, longest_s=3 * 3600.0)
low, high = best.unknown
tower_least = float(chance["one tower", "night"].min())
print(f"one tower: {tower_least:.1%} on the fastest path of its weakest segment")
print(f"two patrols by vehicle: times known {best.known:.1%}, only the route known {low:.1%} to {high:.1%}")
print(f"value of unpredictable times: {best.value[0]:.1%} to {best.value[1]:.1%} of Pd")
assert best.known <= low <= high

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
# # Where can somebody get through, and who would be in time?
#
# A gap is a run of segments through which a crossing exists that is detected less surely than required. The crosser
# chooses the way; so the number of a segment is the *least* probability over all ways through it, not an average of its
# ground. These are the functions behind `watchline challenge`.
#
# Limits: at least one detection, not yet a track; misses taken as independent, which flatters; ways between centres of
# cells, up to 2.75 % too long; one path is not the worst path, so interruption is the least of three.

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from geo.mobility.settings import MobilitySettings
from geo.mobility.speed_surface import by_vehicle, on_foot
from geo.paths.response_times import journey_time, response_time
from ops.sector.open_sector import open_sector
from ops.sector.sector_file import load_sector, read_bases
from sensors.coverage import coverage
from sensors.gaps import (
    barrier,
    depth_of_segments,
    fastest_crossing,
    just_opened,
    least_detected_crossing,
    outage_states,
    over_crossing_states,
    runs_below,
    segment_detection,
    segment_time_gaps,
    sensor_values,
    single_losses,
    trade_offs,
    watch_belt,
)
from sensors.interdiction import interruptions, most_vulnerable_crossing
from sensors.patrols import FromBases, Game, Shift, solve_game

sector = load_sector("cumberland")
REQUIRED, NEIGHBOURS = 0.9, 16
grounds = {name: open_sector(sector, name) for name in sector.layouts}
cover = {
    name: coverage(ground.layout, ground.terrain, ground.border, target="person", conditions="night")
    for name, ground in grounds.items()
}
case = {name: (cover[name], ground.terrain, ground.border) for name, ground in grounds.items()}
seen = {name: watch_belt(*case[name], belt_m=sector.belt_m) for name in grounds}

# %% [markdown]
# ## Gaps
#
# Unknown stretches are gaps of their own kind and never count as zero; segments that nobody can cross are no gaps.

# %%
segments = {name: segment_detection(*case[name], belt_m=sector.belt_m) for name in grounds}
rows = [
    {
        "layout": name,
        "from [km]": gap.start_m / 1e3,
        "to [km]": gap.end_m / 1e3,
        "least detection": gap.least_probability,
        "in segment": gap.least_segment,
        "known": gap.known,
    }
    for name, found in segments.items()
    for gap in runs_below(found, REQUIRED)
]
print(f"gaps below {REQUIRED}: {len(rows)}")
pd.DataFrame(rows).round(3)

# %%
figure, axis = plt.subplots(figsize=(11, 3), layout="constrained")
for name, style in zip(segments, ("-", "--"), strict=False):
    found = segments[name]
    axis.step(found["start_m"] / 1e3, found["detection_probability"], style, where="post", label=name)
axis.axhline(REQUIRED, color="#d55e00", linewidth=1, label="required")
axis.set(xlabel="kilometres along the border", ylabel="least detection", ylim=(-0.02, 1.02))
axis.legend()
plt.show()

# %% [markdown]
# ## Two crossings, and what lies between them

# %%
ways = {
    name: [find(*case[name], belt_m=sector.belt_m) for find in (least_detected_crossing, fastest_crossing)]
    for name in grounds
}
pd.DataFrame(
    {
        (name, way.kind): {
            "segment": way.segment,
            "minutes": way.time_s / 60.0,
            "kilometres": way.length_m / 1e3,
            "detected, lower end": way.p_detect_low,
            "detected, upper end": way.p_detect,
            "with outages": way.p_expected,
            "decided by": ", ".join(dict.fromkeys(s for place in way.decided for s in place.sensors[:1])) or "nobody",
        }
        for name, found in ways.items()
        for way in found
    }
).transpose()

# %%
curve = trade_offs(seen["hightech"], neighbours=NEIGHBOURS, most=6)
pd.DataFrame(
    [{"kind": w.kind, "minutes": w.time_s / 60, "expected detections": w.hazard, "detected": w.p_detect} for w in curve]
).round(3)

# %%
figure, axes = plt.subplots(1, len(grounds), figsize=(11, 4), sharey=True, layout="constrained")
for axis, (name, ground) in zip(np.atleast_1d(axes), grounds.items(), strict=True):
    height = ground.terrain["elevation"]
    axis.pcolormesh(height["easting"] / 1e3, height["northing"] / 1e3, height, cmap="gray", shading="auto", alpha=0.6)
    axis.plot(*(np.array(ground.border.line.xy) / 1e3), color="black", linewidth=1.5)
    for way, colour in zip(ways[name], ("#0072b2", "#d55e00"), strict=True):
        axis.plot(*(way.places.T / 1e3), color=colour, linewidth=2, label=way.kind)
    axis.plot([s.easting / 1e3 for s in ground.layout], [s.northing / 1e3 for s in ground.layout], "w^", mec="k")
    axis.set(title=name, xlabel="easting [km]", aspect="equal", ylim=(-6, 6))
    axis.legend(loc="upper left")
plt.show()

# %% [markdown]
# ## How deep is the border held, and what is each sensor worth?
#
# *k* sensors must fail before somebody gets across untouched. *Worth* is by leaving a sensor out, the crosser answering
# with another way.

# %%
for name, ground in grounds.items():
    here = (ground.layout, cover[name], ground.border)
    k, cut = barrier(*here, belt_m=sector.belt_m)
    alone = single_losses(*here, belt_m=sector.belt_m)
    depth = depth_of_segments(*here, belt_m=sector.belt_m)["depth"]
    open_km = float((depth == 0).sum()) * sector.segment_length_m / 1e3
    print(
        f"{name}: k = {k}, cut {sorted(cut) or 'none'}, single losses {sorted(alone) or 'none'}, open {open_km:.1f} km"
    )

# %%
sensor_values(seen["hightech"], required_probability=REQUIRED).to_dataframe().round(4)

# %% [markdown]
# ## Gaps in time
#
# An hour in which one radar is serviced and another fails for a while: how long each segment is below the requirement,
# the Time Average Gap (the mean length of the gap that a random moment falls in), the revisit time (the mean length of
# the gaps) and the response time (the mean wait until coverage returns). A gap that touches the hour's ends may be
# longer than it seems.

# %%
outages = {"radar-crest": [(600.0, 1500.0)], "radar-valley": [(2400.0, 2700.0)]}
hour = segment_time_gaps(seen["hightech"], outages, start_s=0.0, end_s=3600.0, required_probability=REQUIRED)
opened = hour.to_dataframe().query("gap_s > 0")
figures = ["gap_s", "longest_gap_s", "average_gap_s", "revisit_s", "response_s", "cut"]
opened.groupby(figures).size().rename("segments").reset_index().round(1)

# %% [markdown]
# ## A radar that is down one day in ten
#
# An outage lasts for the whole crossing, so the states are mixed and never multiplied per look. A crosser who knows the
# state chooses another path in each; one who does not is detected at least as probably.

# %%
everything = frozenset(grounds["hightech"].layout.ids)
states = outage_states(seen["hightech"], {everything: 0.9, everything - {"radar-crest"}: 0.1})
mixed = over_crossing_states(states, neighbours=NEIGHBOURS)
pd.DataFrame({"state known": mixed.known, "state unknown": mixed.unknown}).describe().loc[["min", "mean"]].round(3)

# %% [markdown]
# The segments that meet the requirement with every sensor, and no longer do without that radar:

# %%
lost = just_opened(seen["hightech"], everything, everything - {"radar-crest"}, required_probability=REQUIRED)
columns = ["segment", "P_detect before", "P_detect after", "because of"]
rows = [(one.segment, one.before, one.after, ", ".join(one.because)) for one in lost]
pd.DataFrame(rows, columns=columns).set_index("segment").round(3)

# %% [markdown]
# ## Who would be in time?
#
# EASI (Sandia) on the least detected, the fastest and the most vulnerable way; times spread by 30 % of their mean, an
# alarm is passed on with 0.95. Slower responses never help: the columns fall from left to right.

# %%
bases = np.array([grounds["hightech"].frame.to_local(*place) for place in read_bases(sector.bases).values()])
response = response_time(grounds["hightech"].terrain, bases)
interrupted = {name: interruptions(found, response, slower=(1.0, 1.5, 2.0)) for name, found in seen.items()}
pd.DataFrame(
    {
        name: {
            f"response × {factor:g}": float(found["least_interruption"].sel(slower=factor).mean())
            for factor in (1.0, 1.5, 2.0)
        }
        for name, found in interrupted.items()
    }
).T.round(3)

# %%
margin = {name: found["margin_s"].min("way") / 60.0 for name, found in interrupted.items()}
figure, axis = plt.subplots(figsize=(11, 3), layout="constrained")
for name, style in zip(margin, ("-", "--"), strict=False):
    axis.step(margin[name]["start_m"] / 1e3, margin[name], style, where="post", label=name)
axis.axhline(0.0, color="black", linewidth=0.8)
axis.set(xlabel="kilometres along the border", ylabel="minutes to spare,\nif detected at the edge")
axis.legend()
plt.show()

# %% [markdown]
# The most vulnerable path is the least detected one while detection still comes in time for the response.

# %%
for name, found in seen.items():
    path = most_vulnerable_crossing(found, response)
    print(f"{name}: segment {path.segment}, {path.time_s / 60:.0f} min, detected with {path.p_detect:.2f}")

# %% [markdown]
# ## Where should a patrol go?
#
# A security game on every eighth segment of the high-tech layout: the crosser knows the probabilities of the rounds,
# not the one that is drawn. One patrol leaves its base for a shift of three hours, by vehicle where it can drive and
# on foot elsewhere, and stays 30 minutes in each segment that it visits; there it stops half of those who would
# otherwise not be interrupted (an assumption). Each journey takes the time of its own direction.

# %%
alone = interrupted["hightech"]["least_interruption"].sel(slower=1.0).to_numpy()
stops = np.flatnonzero(np.isfinite(alone))[::8]
border, terrain = grounds["hightech"].border, grounds["hightech"].terrain
movers = on_foot(terrain), by_vehicle(terrain)
mount_s = MobilitySettings().dismount_s
spots = np.column_stack(border.point_at(border.segment_spans_m.mean(axis=1)[stops]))


def seconds_at(reached):
    """Seconds (stop,) to each stop; infinite where there is no path."""
    values = [float(reached.sel(easting=e, northing=n, method="nearest")) for e, n in spots]
    return np.where(np.isnan(values), np.inf, values)


between = np.array([seconds_at(journey_time(*movers, spot, vehicle_near=True, mount_s=mount_s)) for spot in spots])
out, back = (
    np.min([seconds_at(journey_time(*movers, base, to_place=home, mount_s=mount_s)) for base in bases], axis=0)
    for home in (False, True)
)
rounds = FromBases(between, out, back, Shift(patrols=1, shift_s=3 * 3600.0, stay_s=1800.0))
game = Game(alone[stops], 1.0 - (1.0 - alone[stops]) * 0.5)
solution = solve_game(game, rounds)
print(f"interruption without patrols {game.uncovered.min():.3f}, with them {solution.value:.3f}")
pd.DataFrame({"segment": stops, "visited in share of shifts": solution.coverage}).round(2)

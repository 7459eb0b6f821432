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
# # Coverage gaps, crossings and interruption
#
# A coverage gap is a run of segments through which some path is detected with less than the required probability. The
# crosser chooses the path, so the value of a segment is the *minimum* detection probability over all paths through it,
# not an average. These are the functions behind `watchline challenge`, with the same inputs: sensors with a link to a
# base, the whole zone if the sector has one, and its roads and rivers.
#
# Limits: detection means at least one detection, not yet a track. Misses are assumed independent, which is optimistic.
# Paths run between cell centres and are up to 2.75% too long. Interruption is the lowest value on three paths.
#
# Set `sector` to the file or folder of your own sector (`watchline sector init` creates one) and run all cells.

# %%
from itertools import cycle

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from geo.mobility.settings import MobilitySettings
from geo.mobility.speed_surface import by_vehicle, on_foot
from geo.paths.response_times import journey_time, response_time
from ops.analysis.analysed_sector import open_for_analysis
from ops.drawing.colours import colour
from ops.drawing.scales import RELIEF
from ops.drawing.typeface.figure_font import figure_style
from ops.sector.sector_file import load_sector
from sensors.coverage import coverage
from sensors.gaps import (
    barrier_found,
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

plt.rcParams.update(figure_style())

sector = "cumberland"
REQUIRED, NEIGHBOURS = 0.9, 16
files = load_sector(sector)
opened = {name: open_for_analysis(files, name) for name in files.layouts}
grounds = {name: one.ground for name, one in opened.items()}
first, STYLES = next(iter(grounds)), ("-", "--", ":", "-.")
for name, one in opened.items():
    print(f"{name}: {one.words}")
cover = {
    name: coverage(ground.layout, ground.terrain, ground.crossed, target="person", conditions="night")
    for name, ground in grounds.items()
}
case = {name: (cover[name], ground.terrain, ground.crossed) for name, ground in grounds.items()}
belt_m, movement = files.belt_m, opened[first].ways
beside = {"belt_m": belt_m, "ways": movement}
seen = {name: watch_belt(*case[name], **beside) for name in grounds}

# %% [markdown]
# ## Gaps
#
# Segments are unknown, and never count as zero, where the ground or a line of sight is: also where the Pd is below the
# requirement only because a line of sight is unknown. Segments that cannot be crossed are not gaps.

# %%
segments = {name: segment_detection(*case[name], **beside) for name in grounds}
rows = [
    {
        "layout": name,
        "from [km]": gap.start_m / 1e3,
        "to [km]": gap.end_m / 1e3,
        "minimum Pd": gap.least_probability,
        "in segment": gap.least_segment,
        "known": gap.known,
    }
    for name, found in segments.items()
    for gap in runs_below(found, REQUIRED)
]
known = sum(row["known"] for row in rows)
print(f"coverage gaps (Pd below {REQUIRED}): {known}; runs of segments for which that is unknown: {len(rows) - known}")
pd.DataFrame(rows).round(3)

# %%
figure, axis = plt.subplots(figsize=(11, 3), layout="constrained")
for name, style in zip(segments, cycle(STYLES), strict=False):
    found = segments[name]
    axis.step(found["start_m"] / 1e3, found["detection_probability"], style, where="post", label=name)
axis.axhline(REQUIRED, color=colour("series-vermilion"), linewidth=1, label="required")
axis.set(xlabel="kilometres along the border", ylabel="minimum Pd of a crossing", ylim=(-0.02, 1.02))
axis.legend()
plt.show()

# %% [markdown]
# ## Minimum-detection and minimum-time crossings

# %%
ways = {name: [find(*case[name], **beside) for find in (least_detected_crossing, fastest_crossing)] for name in grounds}
pd.DataFrame(
    {
        (name, way.kind): {
            "segment": way.segment,
            "minutes": way.time_s / 60.0,
            "kilometres": way.length_m / 1e3,
            "Pd, low": way.p_detect_low,
            "Pd, high": way.p_detect,
            "Pd with outages": way.p_expected,
            "detected by": ", ".join(dict.fromkeys(s for place in way.decided for s in place.sensors[:1])) or "none",
        }
        for name, found in ways.items()
        for way in found
    }
).transpose()

# %%
curve = trade_offs(seen[first], neighbours=NEIGHBOURS, most=6)
pd.DataFrame(
    [{"kind": w.kind, "minutes": w.time_s / 60, "expected detections": w.hazard, "Pd": w.p_detect} for w in curve]
).round(3)

# %%
figure, axes = plt.subplots(1, len(grounds), figsize=(11, 4), sharex=True, sharey=True, layout="constrained")
for axis, (name, ground) in zip(np.atleast_1d(axes), grounds.items(), strict=True):
    height = ground.terrain["elevation"]
    axis.pcolormesh(height["easting"] / 1e3, height["northing"] / 1e3, height, cmap=RELIEF, shading="auto", alpha=0.6)
    for part in getattr(ground.crossed.line, "geoms", [ground.crossed.line]):
        axis.plot(*(np.array(part.xy) / 1e3), color="black", linewidth=1.5)
    for way, shade in zip(ways[name], (colour("series-blue"), colour("series-vermilion")), strict=True):
        axis.plot(*(way.places.T / 1e3), color=shade, linewidth=2, label=way.kind)
    axis.plot([s.easting / 1e3 for s in ground.layout], [s.northing / 1e3 for s in ground.layout], "w^", mec="k")
    west, south, east, north = (edge / 1e3 for edge in ground.crossed.bounds)
    margin = 1.5 * belt_m / 1e3
    axis.set(title=name, xlabel="easting [km]", aspect="equal")
    axis.set(xlim=(west - margin, east + margin), ylim=(south - margin, north + margin))
    axis.legend(loc="upper left")
plt.show()

# %% [markdown]
# ## Barrier resilience, and the contribution of each sensor
#
# *k* is the number of sensors that must fail before an undetected path exists; the minimum cut set names them. Where a
# line of sight is unknown, *k* is a lower bound, and the cut set and single points of failure are those of what is
# known. The marginal contribution of a sensor is found by leaving it out and letting the crosser choose another path.

# %%
for name, ground in grounds.items():
    here = (ground.layout, cover[name], ground.crossed)
    found = barrier_found(*here, belt_m=belt_m)
    alone = single_losses(*here, belt_m=belt_m)
    depth = depth_of_segments(*here, belt_m=belt_m)["depth_at_most"]
    open_km = float((depth == 0).sum()) * files.segment_length_m / 1e3
    bound = f" to {found.k_at_most} (a line of sight is unknown)" if found.undecided else ""
    print(
        f"{name}: k = {found.k}{bound}, minimum cut set {sorted(found.cut) or 'none'}, "
        f"single points of failure {sorted(alone) or 'none'}, {open_km:.1f} km without a barrier"
    )

# %%
sensor_values(seen[first], required_probability=REQUIRED).to_dataframe().round(4)

# %% [markdown]
# ## Gaps in time
#
# An hour in which one sensor is serviced and another fails for a while: how long each segment is below the requirement,
# the Time Average Gap (mean length of the gap at a random moment), the revisit time (mean length of the gaps) and the
# response time (mean time until coverage returns). A gap that touches either end of the hour may be longer.

# %%
serviced, failing = (*grounds[first].layout.ids[:2], None)[:2]
outages = {serviced: [(600.0, 1500.0)]} | ({failing: [(2400.0, 2700.0)]} if failing else {})
hour = segment_time_gaps(seen[first], outages, start_s=0.0, end_s=3600.0, required_probability=REQUIRED)
below = hour.to_dataframe().query("gap_s > 0")
figures = ["gap_s", "longest_gap_s", "average_gap_s", "revisit_s", "response_s", "cut"]
below.groupby(figures).size().rename("segments").reset_index().round(1)

# %% [markdown]
# ## A sensor that fails one day in ten
#
# An outage lasts for the whole crossing, so the states are mixed, not multiplied per look. A crosser who knows the
# state chooses another path in each; one who does not is detected with at least the same probability.

# %%
everything = frozenset(grounds[first].layout.ids)
states = outage_states(seen[first], {everything: 0.9, everything - {serviced}: 0.1})
mixed = over_crossing_states(states, neighbours=NEIGHBOURS)
pd.DataFrame({"state known": mixed.known, "state unknown": mixed.unknown}).describe().loc[["min", "mean"]].round(3)

# %% [markdown]
# Segments that meet the requirement with every sensor, and no longer do so without that one (coverage gap opened):

# %%
lost = just_opened(seen[first], everything, everything - {serviced}, required_probability=REQUIRED)
columns = ["segment", "Pd before", "Pd after", "because of"]
rows = [(one.segment, one.before, one.after, ", ".join(one.because)) for one in lost]
pd.DataFrame(rows, columns=columns).set_index("segment").round(3)

# %% [markdown]
# ## Interruption
#
# EASI (Sandia) on the minimum-detection, the minimum-time and the most vulnerable path; times vary by 30% of their
# mean, and an alarm is communicated with probability 0.95. A slower response never helps: values fall from left to
# right. Without bases in the sector file, an example base is assumed on level ground behind the border.

# %%
ground, bases = grounds[first], opened[first].bases
response = response_time(ground.terrain, bases, ways=movement)
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
for name, style in zip(margin, cycle(STYLES), strict=False):
    axis.step(margin[name]["start_m"] / 1e3, margin[name], style, where="post", label=name)
axis.axhline(0.0, color="black", linewidth=0.8)
axis.set(xlabel="kilometres along the border", ylabel="time margin [min],\nif detected at the edge")
axis.legend()
plt.show()

# %% [markdown]
# The most vulnerable path is the one with minimum detection while the response can still arrive in time.

# %%
for name, found in seen.items():
    path = most_vulnerable_crossing(found, response)
    print(f"{name}: segment {path.segment}, {path.time_s / 60:.0f} min, Pd {path.p_detect:.2f}")

# %% [markdown]
# ## Patrol routes
#
# A security game on about eight segments of the first layout: the crosser knows the probabilities of the randomised
# routes, not the route of the day. One patrol leaves its base for a shift of three hours, by vehicle where it can drive
# and on foot elsewhere, and stays 30 minutes in each segment that it visits; while it is there, it stops half of those
# who would otherwise not be interrupted (an assumption). All times of the shift are equally likely for a crossing, so a
# visit counts for 30 minutes of three hours. Each journey takes the time of its own direction.

# %%
alone = interrupted[first]["least_interruption"].sel(slower=1.0).to_numpy()
crossable = np.flatnonzero(np.isfinite(alone))
stops = crossable[:: max(1, round(len(crossable) / 8))]
border, terrain = ground.crossed, ground.terrain
movers = on_foot(terrain, ways=movement), by_vehicle(terrain, ways=movement)
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
shift = Shift(patrols=1, shift_s=3 * 3600.0, stay_s=1800.0)
rounds = FromBases(between, out, back, shift)
game = Game(alone[stops], alone[stops] + shift.present * 0.5 * (1.0 - alone[stops]))
solution = solve_game(game, rounds)
print(f"P(interruption) without patrols {game.uncovered.min():.3f}, with patrols {solution.value:.3f}")
pd.DataFrame({"segment": stops, "fraction of shifts with a visit": solution.coverage}).round(2)

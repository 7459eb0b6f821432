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
# # After-action review of a shift
#
# This notebook replays a shift through the tracker and answers three questions. Did the sensors detect as predicted?
# What was the outcome of the crossings, and with which confidence? Which sensors contributed?
#
# Set `sector` to the file or folder of your own sector, and `RECORDED` to the journal of a recorded shift, such as
# `DATA/journal.db` of `watchline run --data DATA`. Without a journal, the shift is simulated, and the truth is known,
# including undetected crossers. In a recorded shift, undetected crossers are unknown, and only confirmed tracks count.
# Set `WEATHER` to the light and weather of the shift: a camera in fog detects less than one on a clear day.
# All moving objects are *unknown*. An *apprehension* is a result of the model below and concerns no actual person.

# %%
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from fusion.scoring import gospa, time_to_confirm
from fusion.scoring.calibration import calibrate
from fusion.scoring.lineage import hand_overs, lineage_of, plots_by_sensor, sources_of
from fusion.tracker import Tracker
from geo.paths.response_times import response_time
from ops.analysis.analysed_sector import open_for_analysis
from ops.journal.recorded_scans import recorded_poses, recorded_scans
from ops.room.simulate_night import simulate_night, simulated_poses
from ops.runtime.output import say
from ops.store.track_history import read_history, write_history
from sensors.coverage import coverage, look_probability
from sensors.detection_model.weather import Conditions
from sensors.detections import split, to_dataset
from sensors.gaps import watch_belt
from sensors.interdiction import at_crosser, head_start, modelled_outcomes, time_to_go
from sensors.mobile import columns_of_pose
from sensors.statistics.outcome_rates import Outcomes, assists, outcome_rates

sector = "cumberland"
RECORDED = None
WEATHER = "day"  # such as "night,fog"; see docs/commands.md, --conditions
NIGHT_S, SEED = 900.0, 3
opened = open_for_analysis(sector)
if RECORDED is None:
    ground, conditions = opened.ground, Conditions.named(WEATHER)
    print(opened.links.words)
    scans, truth = simulate_night(ground, seed=SEED, duration_s=NIGHT_S, conditions=conditions)
    stated = simulated_poses(ground, seed=SEED, duration_s=NIGHT_S, conditions=conditions)
    poses = [columns_of_pose(pose, ground.layout) for pose in stated]
else:  # a journal holds only what arrived, so that every sensor counts
    ground, truth = opened.whole, None
    scans, left_out = recorded_scans(Path(RECORDED), ground.layout)
    poses = recorded_poses(Path(RECORDED), ground.layout)
    print("excluded:", left_out)
night = sorted([*split(to_dataset(scans, ground.layout)), *poses], key=lambda scan: scan.received_ns)
moments = pd.to_datetime([scan.observed_at for scan in scans]).tz_convert(None)
start, end = moments.min(), moments.max()
print(f"{len(scans)} scans of {len(ground.layout)} sensors, {start:%Y-%m-%d %H:%M:%S} to {end:%H:%M:%S} UTC")

# %% [markdown]
# ## Replay
#
# The tracker processes the scans in order. (`watchline replay` also uses heartbeats and clock ticks, and reproduces the
# live tracks exactly.) Its events contain the lineage of the tracks: the detections and sensors behind each track.
# Track quality can be computed only if the truth is known.

# %%
view = look_probability(ground.layout, ground.terrain)
tracker = Tracker(ground.layout, terrain=ground.terrain, border=ground.border, coverage=view, conditions=WEATHER)
events = [event for scan in night for event in tracker.advance(scan)]
lineage = lineage_of(events)
history = tracker.take_history(final=True)
confirmed = set(history["track"].values[history["status"].values == "confirmed"])
quality = None if truth is None else gospa(truth, history).attrs["gospa_mean_m"]
print(f"{len(confirmed)} confirmed tracks; GOSPA {'unknown' if quality is None else f'{quality:.1f} m on average'}")

# %% [markdown]
# `watchline demo`, `replay` and `archive track` write the track history as GeoParquet. `read_history` restores the same
# numbers, so a stored history gives the same scores as a new one.

# %%
with TemporaryDirectory() as folder:
    file = Path(folder) / "tracks.parquet"
    write_history(history, file, ground.frame)
    stored = read_history(file)
assert quality is None or gospa(truth, stored).attrs["gospa_mean_m"] == quality
print(f"{stored.sizes['estimate']} estimates of {len(np.unique(stored['track']))} tracks read back")

# %% [markdown]
# ## Predicted and observed detection
#
# A trial is a look at a target that *another* sensor has confirmed. Looks at one track are correlated, so there are
# fewer effective trials than looks. Sensors that overlap with no other sensor cannot be evaluated; they are listed.

# %%
observed = sorted(night, key=lambda scan: scan.observed_ns)
judged = calibrate(observed, ground.layout, terrain=ground.terrain, coverage=view, conditions=WEATHER)
print("looks without confirmation by another sensor:", dict(sorted(judged.attrs["unsupported"].items())) or "none")
judged.to_dataframe().round(3)

# %% [markdown]
# ## Outcome of the crossings
#
# A crossing leads from the far side to the own side. It is detected if a confirmed track is within 50 m of the crosser.
# The *time margin* is the adversary time remaining minus the response time from the nearest base. In the model, a
# crosser is *apprehended* if the time margin at the first confirmed track is positive, and *got away* otherwise.
# Without a confirmed track, the crosser is *undetected*. If the recording ended before the crosser or the responders
# could arrive, the crossing is *open* and is not counted. These outcomes are modelled; a real shift also has recorded
# outcomes (`watchline score`). On the far side beyond the belt, the margin is that of the nearest place in it: a lower
# bound, because the crosser still has to come there.

# %%
bases, belt_m = opened.bases, ground.sector.belt_m
print(opened.bases_words)
seen = watch_belt(
    coverage(ground.layout, ground.terrain, ground.crossed, conditions=WEATHER),
    ground.terrain,
    ground.crossed,
    belt_m=belt_m,
    ways=opened.ways,
)
to_go = time_to_go(seen)
spare = head_start(seen, response_time(ground.terrain, bases, ways=opened.ways)) if len(bases) else to_go * np.nan
if truth is None:  # only the confirmed tracks are known, from their first estimate on
    paths, kind = history.isel(estimate=np.flatnonzero(np.isin(history["track"].values, list(confirmed)))), "track"
else:
    paths, kind = truth, "target"
    delay = time_to_confirm(truth, history)


def seconds_between(earlier, later):
    """Seconds from one moment to another."""
    return (later - earlier) / np.timedelta64(1, "s")


def confirmed_after(name, mine):
    """Seconds from a mover's beginning to its first confirmed track; NaN without one."""
    if truth is not None:
        return float(delay.sel(target=name)) if name in delay["target"].values else np.nan
    first = mine["time"].values[mine["status"].values == "confirmed"].min()
    return seconds_between(mine["time"].values[0], first)


rows = []
for name in np.unique(paths[kind].values):
    mine = paths.isel(estimate=np.flatnonzero(paths[kind].values == name))
    began, offset = mine["time"].values[0], mine["offset_m"].values
    inward = bool((offset < 0).any() and (offset > 0).any() and offset[0] < 0 < offset[-1])
    waited = confirmed_after(name, mine)
    at = mine["time"].values[-1] if np.isnan(waited) else began + np.timedelta64(int(waited * 1e9), "ns")
    here = mine.isel(estimate=int(np.argmin(np.abs(mine["time"].values - at))))
    place = float(here["easting"]), float(here["northing"])
    gone = np.isnan(waited) and seconds_between(at, end.to_datetime64()) > 5.0  # left the scene before the end
    rows.append(
        {
            kind: name,
            "crossed": inward,
            "confirmed after [s]": waited,
            "time margin [s]": at_crosser(spare, ground.crossed, belt_m, place),
            "to go [s]": 0.0 if gone else at_crosser(to_go, ground.crossed, belt_m, place),
            "recorded [s]": seconds_between(began, end.to_datetime64()),
        }
    )
columns = ("confirmed after [s]", "time margin [s]", "to go [s]", "recorded [s]")
movers = pd.DataFrame(rows, columns=[kind, "crossed", *columns]).set_index(kind)
movers["outcome"] = modelled_outcomes(*(movers[name] for name in columns))
movers.round(1)

# %%
crossers = movers[movers["crossed"]]
count = crossers["outcome"].value_counts()
outcomes = Outcomes(
    apprehended=int(count.get("apprehended", 0)),
    got_away=int(count.get("got away", 0)),
    undetected=None if truth is None else int(count.get("undetected", 0)),
)
print(f"{len(crossers)} crossings, {int(count.get('open', 0))} of them open at the end and not counted: {outcomes}")
pd.DataFrame(
    {
        name: {
            "value": rate.value,
            "of": f"{rate.numerator:g} / {rate.denominator:g}",
            "low": rate.low,
            "high": rate.high,
            "interval": say(rate.interval),
            "limits": say(rate.limits),
        }
        for name, rate in outcome_rates(outcomes, simulated=truth is not None).items()
    }
).transpose()

# %% [markdown]
# One shift has few crossings, so the intervals are wide. For narrower ones, add up the shifts of a section and week.
#
# ## Contribution of the sensors
#
# The contribution is computed from the lineage of the tracks. A sensor assists in every confirmed track that contains
# one of its detections. A hand-over occurs when a track continues with another sensor; where fields of view overlap,
# sensors alternate, and each change counts. Simulated sensors report no track ids of their own.

# %%
plots = plots_by_sensor(lineage)["plots"]
ids = sorted(confirmed & set(plots["track"].values))
evidence = {track: plots["sensor"].values[plots.sel(track=track).values > 0].tolist() for track in ids}
credit = assists(evidence, {})
moves = hand_overs(lineage)
between = pd.Series(list(zip(moves["from_sensor"].values, moves["to_sensor"].values, strict=True))).value_counts()
linked = sources_of(lineage, scans, ground.layout)
print(f"{moves.sizes['hand_over']} hand-overs; tracks linked with a sensor's own track ids: {len(linked)}")
print("most frequent:", *(f"{a} to {b} ({count})" for (a, b), count in between.head(3).items()), sep="\n  ")
table = pd.DataFrame({sensor: {"tracks assisted": sum(counts.values())} for sensor, counts in credit.items()}).T
for sensor in ground.layout.ids:
    if sensor not in table.index:
        table.loc[sensor] = 0
unseen = int((crossers["outcome"] == "undetected").sum())
print(f"crossers without any confirmed track: {'unknown' if truth is None else unseen}")
table.sort_values("tracks assisted", ascending=False)

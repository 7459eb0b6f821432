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
# # After action: what a night showed
#
# A recorded night is replayed through the tracker that was live. Did the sensors detect as they were predicted to? What
# came of the crossings, how sure is that, and which sensors had a part in it?
#
# The night is simulated, so the truth is known: who crossed, and who was never detected. In a real night the
# undetected are modelled, and rates that need them have no sampling interval. Movers are unknown people; nothing here
# calls anybody hostile, and an *apprehension* is that of the model below, not of a person.

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
from ops.room.simulate_night import simulate_night
from ops.sector.open_sector import open_sector
from ops.sector.sector_file import load_sector, read_bases
from ops.store.track_history import read_history, write_history
from sensors.coverage import coverage, look_probability
from sensors.detections import split, to_dataset
from sensors.gaps import watch_belt
from sensors.interdiction.interception import head_start
from sensors.statistics.outcome_rates import Outcomes, assists, outcome_rates

NIGHT_S, SEED = 900.0, 3
sector = load_sector("cumberland")
ground = open_sector(sector)
scans, truth = simulate_night(ground, seed=SEED, duration_s=NIGHT_S)
night = split(to_dataset(scans, ground.layout))
start, end = (pd.Timestamp(moment) for moment in (truth["time"].values.min(), truth["time"].values.max()))
print(f"{len(night)} scans of {len(ground.layout)} sensors, {start:%Y-%m-%d %H:%M:%S} to {end:%H:%M:%S} UTC")

# %% [markdown]
# ## Replay
#
# The tracker sees the scans in their order and nothing else. Its events hold the lineage of the tracks: which plots, of
# which sensors, each track was made of.

# %%
view = look_probability(ground.layout, ground.terrain)
tracker = Tracker(ground.layout, terrain=ground.terrain, border=ground.border, coverage=view)
events = [event for scan in night for event in tracker.advance(scan)]
lineage = lineage_of(events)
history = tracker.take_history(final=True)
confirmed = set(history["track"].values[history["status"].values == "confirmed"])
quality = gospa(truth, history)
print(f"{len(confirmed)} confirmed tracks; GOSPA {quality.attrs['gospa_mean_m']:.1f} m on average")

# %% [markdown]
# A recorded night may have its history in a file: `make demo`, `watchline replay` and `watchline archive track` write
# GeoParquet. `read_history` restores the same numbers, so a stored history is scored like a new one.

# %%
with TemporaryDirectory() as folder:
    file = Path(folder) / "tracks.parquet"
    write_history(history, file, ground.frame)
    stored = read_history(file)
assert gospa(truth, stored).attrs["gospa_mean_m"] == quality.attrs["gospa_mean_m"]
print(f"{stored.sizes['estimate']} estimates of {len(np.unique(stored['track']))} tracks read back")

# %% [markdown]
# ## Predicted against observed detection
#
# A trial is a look at something that *another* sensor vouched for. Looks at one track go together, so there are fewer
# effective trials than looks. A sensor that watches alone cannot be judged, and is said to be so.

# %%
judged = calibrate(night, ground.layout, terrain=ground.terrain, coverage=view)
print("looks that no other sensor vouched for:", dict(sorted(judged.attrs["unsupported"].items())) or "none")
judged.to_dataframe().round(3)

# %% [markdown]
# ## What came of the crossings
#
# Who went from the far side to the home side has crossed. Detected: a confirmed track within 50 m. In the model
# somebody is *apprehended* whose first confirmed track left the response a head start (`t_go − RFT` above 0 at that
# place, from the nearest base over the mobility surface) and *got away* where it did not. Who had no confirmed track is
# *undetected*. That is a model with named parts; a real night has dispositions instead.

# %%
bases = np.array([ground.frame.to_local(*place) for place in read_bases(sector.bases).values()])
seen = watch_belt(
    coverage(ground.layout, ground.terrain, ground.border, conditions="night"),
    ground.terrain,
    ground.border,
    belt_m=sector.belt_m,
)
spare = head_start(seen, response_time(ground.terrain, bases))
delay = time_to_confirm(truth, history)
rows = []
for target in np.unique(truth["target"].values):
    mine = truth.isel(estimate=np.flatnonzero(truth["target"].values == target))
    offset = mine["offset_m"].values
    inward = bool((offset < 0).any() and (offset > 0).any() and offset[0] < 0 < offset[-1])
    waited = float(delay.sel(target=target)) if target in delay["target"].values else np.nan
    ahead = np.nan
    if np.isfinite(waited):
        at = mine["time"].values[0] + np.timedelta64(int(waited * 1e9), "ns")
        here = mine.isel(estimate=int(np.argmin(np.abs(mine["time"].values - at))))
        place = {"easting": float(here["easting"]), "northing": float(here["northing"])}
        ahead = float(spare.sel(place, method="nearest"))
    rows.append({"target": target, "crossed": inward, "confirmed after [s]": waited, "head start [min]": ahead / 60.0})
movers = pd.DataFrame(rows).set_index("target")
movers.round(1)

# %%
crossers = movers[movers["crossed"]]
known = crossers["confirmed after [s]"].notna()
in_time = known & (crossers["head start [min]"] > 0.0)
outcomes = Outcomes(
    apprehended=int(in_time.sum()), got_away=int((known & ~in_time).sum()), undetected=int((~known).sum())
)
print(f"{len(crossers)} crossed: {outcomes}")
pd.DataFrame(
    {
        name: {
            "value": rate.value,
            "of": f"{rate.numerator:g} / {rate.denominator:g}",
            "low": rate.low,
            "high": rate.high,
            "interval": rate.interval,
            "limits": rate.limits,
        }
        for name, rate in outcome_rates(outcomes, simulated=True).items()
    }
).transpose()

# %% [markdown]
# One night has few crossings: the intervals are wide, and that is the honest answer. Nights add up by section and week.
#
# ## Which sensors had a part in it
#
# From the lineage of the tracks, never from forms that people fill in. A sensor assists in every confirmed track that
# holds a detection of it. A hand-over is a track that continues with another sensor than before; where fields of view
# overlap, sensors alternate and each change counts. Simulated sensors report no track ids of their own to link with.

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
print(f"hidden from all: {int((~known).sum())} crossers without any confirmed track")
table.sort_values("tracks assisted", ascending=False)

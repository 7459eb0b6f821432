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
# # Basic equipment and high technology at equal cost
#
# SBInet cost about 18.9 million dollars per mile and was accepted although it identified less than half of the items of
# interest. The claim of the study is that basic, affordable equipment can achieve more. This notebook tests the claim
# at equal life-cycle cost, with Monte Carlo samples of all uncertain inputs, and with crossers who adapt.
#
# Set `sector` to the file or folder of your own sector: the notebook then compares its layouts (at least two). On the
# sample sector it compares four layouts on the same 29 km: **high-tech** (four towers with radar and camera), **five
# towers** (one more, at the gap of the four), **basic** (observation posts with handheld thermal cameras, a portable
# radar, a few ground sensors, six radio relays), and **lines** (98 seismic lines and 13 relays, unattended).

# %%
from dataclasses import replace
from itertools import cycle

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from ops.analysis.analysed_sector import open_for_analysis
from ops.drawing.typeface.figure_font import figure_style
from ops.sector.samples import samples_folder
from ops.sector.sector_file import load_sector
from sensors.coverage.radio_links import unlinked
from sensors.equipment.catalogue import shipped
from sensors.equipment.operator_queue import ACCEPTABLE_PER_DAY, MOST_PER_DAY, alerts_per_operator_day, mean_wait_s
from sensors.layout import Layout, place
from sensors.planning import CompareSettings, study, verdict
from sensors.planning.comparison.degradation import BufferZone, degraded, posts_withdrawn
from sensors.planning.comparison.draws import draw
from sensors.planning.comparison.verdict import duel

plt.rcParams.update(figure_style())

sector = "cumberland"
SAMPLE = sector == "cumberland"
files = load_sector(sector)
opened = open_for_analysis(files)
ground, bases = opened.whole, opened.bases
frame = ground.frame


def sample_layouts():
    """The three layouts of the sample, and one with a fifth tower in the gap of the four."""
    folder = samples_folder() / "cumberland"
    high, basic, lines = (
        Layout.from_file(folder / f"layout_{name}.geojson", frame) for name in ("hightech", "basic", "lines")
    )
    east = basic["post-east"]
    items = {item: dict(shipped()[item].layout_values()) for item in ("ift_radar", "ift_camera")}
    items["ift_camera"] |= {"azimuth_deg": 300.0}
    tower = [
        place(frame, east.easting, east.northing, id=f"{item}-east", catalogue=item, **values)
        for item, values in items.items()
    ]
    return [high, Layout("five towers", frame, (*high.sensors, *tower)), basic, lines]


layouts = sample_layouts() if SAMPLE else [Layout.from_file(path, frame) for path in files.layouts.values()]
assert len(layouts) >= 2, "a comparison needs at least two layouts under [layouts] of the sector file"
FIRST, LAST = layouts[0].name, layouts[-1].name

# %% [markdown]
# ## Assumptions
#
# Each number has a source and a grade: H official or reproduced, M press, vendor or derived, L assumption. No public
# source was found for the cost of basic equipment and of staff, so these are L, with wide ranges.

# %%
placed = {part.catalogue for one in layouts for part in (*one, *one.relays) if part.catalogue}
used = [item.name for item in shipped() if item.name in placed | {"foot_patrol"}]
pd.DataFrame(
    {
        name: {
            "capex": f"{shipped()[name].capex.low:,.0f} to {shipped()[name].capex.high:,.0f}",
            "people on duty": shipped()[name].crew.central,
            "availability": f"{shipped()[name].availability.low:g} to {shipped()[name].availability.high:g}",
            "nuisance alarms per day": f"{shipped()[name].false_alarms_per_day.low:g} to "
            f"{shipped()[name].false_alarms_per_day.high:g}",
            "range": f"x {shipped()[name].range_factor.low:g} to {shipped()[name].range_factor.high:g}",
            "grade": shipped()[name].confidence,
        }
        for name in used
    }
).transpose()

# %% [markdown]
# ## Links to a base
#
# A sensor counts only while a chain of radio links leads to a base, or while it reports in another way. Towers are in
# line of sight of each other and relay reports; sensors on the ground do not. Sensors without a link, with the relays
# of the layouts and without them. If the sector names no bases, an example base is assumed, for links and response:

# %%
print(opened.bases_words)
heard = pd.DataFrame(
    {
        one.name: {
            "sensors": len(one),
            "relays": len(one.relays),
            "without a link": len(unlinked(one, ground.terrain, bases)),
            "without a link or relays": len(unlinked(replace(one, relays=()), ground.terrain, bases)),
        }
        for one in layouts
    }
).T
heard.astype(int)

# %% [markdown]
# ## The comparison
#
# In each Monte Carlo sample every layout has the budget of the most expensive one; the rest of the budget buys foot
# patrols. Two operators are in the operations centre; an unassessed alarm is not a detection.
#
# Two kinds of figures stand one above the other. Many inputs are skewed, so that the median of the samples differs from
# the outcome with all inputs at their central values. Degraded conditions, further below, are of the second kind.

# %%
made = study(
    layouts,
    ground.terrain,
    ground.crossed,
    settings=CompareSettings(belt_m=files.belt_m, samples=100),
    bases=bases,
    ways=opened.ways,
)
found = verdict(made)

rows = (
    "mean_detection",
    "least_detection",
    "mean_interruption",
    "meets_requirement_km",
    "assessed_fraction",
    "alerts_per_day",
)
more = ("life_cycle_cost", "first_cost", "crew", "teams", "cost_per_km_meeting_requirement")
ground_rows = ("covered_km", "challenge_left", "k", "gain_before", "gain_after")
MEDIAN, CENTRAL = "median of the samples", "all inputs central"
table = pd.concat(
    {
        MEDIAN: pd.DataFrame({name: found[f"{name}_central"].to_pandas() for name in (*rows, *more)}).T,
        CENTRAL: pd.DataFrame(
            {name: found[f"{name}_at_central_inputs"].to_pandas() for name in (*rows, *more)}
            | {name: found[name].to_pandas() for name in ground_rows}
        ).T,
    }
)
table.round(3)

# %% [markdown]
# Workload of the two operators: alarms per operator and day, with the acceptable and the maximum manageable rate
# (EEMUA 191, ISA-18.2), and the mean wait until an alarm is assessed, at five minutes each, if none were lost.

# %%
per_s = table.loc[(MEDIAN, "alerts_per_day")].to_numpy(float) / 86_400.0
pd.DataFrame(
    {
        "alerts per operator and day": alerts_per_operator_day(per_s, 2),
        "acceptable": ACCEPTABLE_PER_DAY,
        "at most": MOST_PER_DAY,
        "mean wait [s]": mean_wait_s(per_s, 300.0, 2),
    },
    index=table.columns,
).round(1)

# %% [markdown]
# Compare two rows. **Mean detection** averages over the segments. **Least detection** is that of the best path for a
# crosser who knows the layout: on the sample it is zero for four towers, because their eastern end can be bypassed.
# `gain_before` is what a layout adds on the path that the first layout leaves open, `gain_after` what remains when
# crossers adapt: the second one counts.
#
# Each layout against each other: `beats` is the fraction of samples in which it is better, where samples with equal
# outcomes count half, and `ties` is the fraction of these.

# %%
pd.concat(
    {
        (kind, str(objective)): pd.DataFrame(
            found[kind].sel(objective=objective).to_numpy(), made.names, [f"against {name}" for name in made.names]
        ).where(~np.eye(len(made.names), dtype=bool))
        for kind in ("beats", "ties")
        for objective in found["objective"].to_numpy()
    }
).round(3)

# %% [markdown]
# ## Sensitivity
#
# One input at a time from its 10% to its 90% quantile: difference in mean detection, first layout minus last layout.

# %%
one = found.sel(other=LAST)
swings = pd.DataFrame(
    {
        "low end": one["swing_low"],
        "high end": one["swing_high"],
        "grade": found["input_confidence"],
    },
    index=found["input"].to_numpy(),
).dropna()
swings["width"] = (swings["high end"] - swings["low end"]).abs()
print("most influential input:", one["decided_by"].item())
swings.sort_values("width", ascending=False).head(8).round(3)

# %% [markdown]
# ## Assumptions under which the claim holds
#
# Fraction of samples in which the last layout (on the sample: the lines) is better than each other one, under different
# assumptions: number of operators, availability of the towers (earlier mobile systems worked less than half of the
# time), nuisance alarms of a seismic line. Samples with equal outcomes count half; `equal` is their fraction. Inputs
# that a layout does not use change nothing.


# %%
def shares_of_wins(operators: int, towers_work: float | None, nuisance: float | None) -> dict[tuple[str, str], float]:
    case = made.changed(operators=operators)
    draws = draw(case.inputs, case.settings)
    fixed = {}
    if towers_work is not None:
        towers = placed & {"ift_radar", "ift_camera"}
        fixed |= {f"{item}: availability": np.full(draws.count, towers_work) for item in towers}
    if nuisance is not None and "seismic_line" in placed:
        fixed["seismic_line: false_alarms_per_day"] = np.full(draws.count, nuisance)
    outcomes = dict(zip(case.names, case.outcomes(draws.replaced(**fixed)), strict=True))
    duels = {
        f"{measure.replace('_', ' ')}, against {other}": duel(
            outcomes[LAST].measure(measure), outcomes[other].measure(measure)
        )
        for measure in ("mean_detection", "least_detection")
        for other in case.names[:-1]
    }
    better = {("better", name): found.beats for name, found in duels.items()}
    return better | {("equal", name): found.ties for name, found in duels.items()}


grid = [
    (2, None, None, "ranges of the catalogue, 2 operators"),
    (4, None, None, "4 operators"),
    (2, None, 2.0, "2 operators, 2 nuisance alarms per line and day"),
    (4, None, 2.0, "4 operators, 2 nuisance alarms per line and day"),
    (2, None, 30.0, "2 operators, 30 nuisance alarms per line and day"),
    (2, 0.45, None, "2 operators, towers available 45% of the time"),
    (4, 0.45, None, "4 operators, towers available 45% of the time"),
    (2, 0.45, 2.0, "2 operators, towers at 45%, 2 nuisance alarms"),
    (4, 0.45, 2.0, "4 operators, towers at 45%, 2 nuisance alarms"),
]
shares = pd.DataFrame({text: shares_of_wins(operators, works, nuisance) for operators, works, nuisance, text in grid}).T
claim = shares["better"]
shares.abs().round(2)

# %% [markdown]
# ## Degraded conditions
#
# Mean detection with all inputs central; `as_planned` is the row of that name in the comparison above.

# %%
days = degraded(made)
days["mean_detection"].to_pandas().round(3)

# %% [markdown]
# ## Withdrawal of posts: the Cyprus buffer zone
#
# The buffer zone is 180.5 km long and 1.9 km wide on average. It had about 150 observation posts in 1975, 51 in 1992
# and 21 in 1993, before "concentration with mobility" and cameras. The model uses a third of that length of synthetic
# terrain, with posts at the same distances, in both directions: coverage decreases faster than the number of posts.

# %%
zone = posts_withdrawn(
    shipped()["observation_post"], (50, 17, 7), ground=BufferZone(length_m=180_500.0 / 3.0), segment_length_m=500.0
)
zone.to_dataframe().round(3)

# %% [markdown]
# ## Map

# %%
figure, axis = plt.subplots(figsize=(12, 3.4), layout="constrained")
middle = (found["start_m"] + found["end_m"]).to_numpy() / 2000.0
for name, style in zip(made.names, cycle(("-", ":", "--", "-.")), strict=False):
    axis.step(middle, found["segment_detection"].sel(layout=name), style, where="mid", label=name)
axis.set(xlabel="along the border [km]", ylabel="Pd × P(assessment)", ylim=(0, 1.02))
axis.legend(ncols=4, loc="lower left")
plt.show()

# %% [markdown]
# ## Conclusion for the sample sector
#
# **No, for basic equipment as usually understood.** Observation posts are cheap to buy and expensive to staff: five
# people each, day and night. At equal life-cycle cost four posts, a portable radar and a few ground sensors have a
# lower mean detection than the towers in every sample, and are no better on the minimum-detection path.
#
# **No, by mean detection, for the unattended lines**, as long as the towers are available as the catalogue assumes:
# with all inputs central, lines detect three of four crossings, and two operators leave more than a third of their
# alarms unassessed, so that mean detection is below a half. In the median of the samples more than half of the alarms
# are unassessed, and it is below a third. Towers detect nearly everyone in their line of sight.
#
# **Yes, on the minimum-detection path, against these four towers**: a crosser who knows the towers bypasses them, and
# lines have no end to bypass. The reason is completeness, not cost: a fifth tower, for a quarter more, closes the gap,
# and then the lines are worse by this measure too.
#
# **Yes, by both measures, if two conditions are met**: towers as rarely available as the earlier mobile systems, and
# lines with few nuisance alarms. Each condition alone is not sufficient. Four operators in place of two help only where
# nuisance alarms are many, and are then not enough. With two operators and the nuisance rates of older seismic sensors
# most alarms remain unassessed, and cheap sensors contribute little.
#
# **And only with radio relays.** Without them most of the lines and of the basic equipment have no link to a base.
# With them they depend on chains: if everything, relays included, works half of the time, lines keep an eighth of
# their detection as planned and towers nearly three quarters (all inputs central).
#
# These conclusions rest on assumptions of grade L (nuisance rates, wages, availability). The ranges are in the
# catalogue, and `watchline compare --catalogue` takes your own. Misses and outages are assumed independent, the
# ground is bare, roads are not used, and the border is an exercise line. For your own sector, draw your own
# conclusions.

# %%
planned = days["mean_detection"].sel(scenario="as_planned")
assert np.allclose(planned, table.loc[(CENTRAL, "mean_detection")])
means = {name: float(found["mean_detection_central"].sel(layout=name)) for name in made.names}
if SAMPLE:
    assert means["five towers"] > means["high-tech"] > means["lines"] > means["basic"]
    plain, together = claim.loc["4 operators"], claim.loc["2 operators, towers at 45%, 2 nuisance alarms"]
    assert plain["mean detection, against high-tech"] < 0.1
    assert plain["least detection, against high-tech"] > 0.9
    assert plain["least detection, against five towers"] < 0.1
    assert together.min() > 0.5
    for alone in ("2 nuisance alarms per line and day", "towers available 45% of the time"):  # one condition each
        assert claim.loc[f"2 operators, {alone}"].min() <= 0.5
        assert claim.loc[f"4 operators, {alone}"].min() <= 0.5
    assert (heard["without a link"] == 0).all()
    assert (heard["without a link or relays"] > 0.5 * heard["sensors"])[["basic", "lines"]].all()
    left = (days["mean_detection"].sel(scenario="half_available") / planned).to_pandas()
    assert left["lines"] < 0.2 < 0.6 < left["high-tech"]
print({name: round(mean, 3) for name, mean in means.items()})

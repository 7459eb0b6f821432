"""Benefits of options in a border's belt, computed once: detection probability per cell, and rates along paths."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import xarray as xr

from geo.arrays import Floats, Ints
from geo.border import Belt
from geo.border.belt import BorderLine, belt_of, fitting_belt_m
from geo.mobility.roads_and_rivers import Ways
from geo.paths.crossings import INWARD
from geo.terrain import north_up
from sensors.coverage.accumulator import CoverageTask, contribution
from sensors.coverage.radio_links import decided, links_known, network_of
from sensors.coverage.segments import BeltMeans, belt_means
from sensors.coverage.sight import refuse_without_ground
from sensors.crossing.watched_belt import SensorRate, WatchedBelt, mobility_of, with_sensors
from sensors.detection_model.assumptions import Assumptions, Situation
from sensors.detection_model.hazard import log_miss
from sensors.detection_model.weather import conditions_of
from sensors.errors import PlanError
from sensors.interdiction.interception import ResponseSettings
from sensors.layout import AnySensor, Layout, Placement
from sensors.planning.choice.options import Option
from sensors.planning.mobile.post_rates import PostViews
from sensors.planning.mobile.unknown_phase import MobileRates
from sensors.planning.solver.coverage_objective import Cover
from sensors.planning.solver.relay_chains import RelayNetwork
from sensors.relay import Relay

PlanProgress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Case of a plan: target, light and weather, exposure time [s] in a cell, direction of the crossing, belt width [m]
    (None: as wide as the terrain allows), and for a response the probability that an alarm is passed on and the speed
    at which crossers were seen [m/s] (None: unknown).
    """

    target: str = "person"
    conditions: str = "day"
    dwell_s: float = 600.0
    direction: str = INWARD
    belt_m: float | None = None
    neighbours: int = 16
    communication: float = 0.95
    seen_mps: float | None = None
    assumptions: Assumptions = field(default_factory=Assumptions)

    @property
    def response_settings(self) -> ResponseSettings:
        """The assumptions of its probability of interruption."""
        return ResponseSettings(communication=self.communication, seen_mps=self.seen_mps)

    @property
    def task(self) -> CoverageTask:
        """The task computed for every sensor; raises BadInput for unknown values."""
        if not 0.0 <= self.communication <= 1.0:
            raise PlanError(f"{self.communication!r}", where="plan (communication)", expected="0 to 1")
        return CoverageTask(Situation(self.target, conditions_of(self.conditions)[1], self.assumptions), self.dwell_s)


@dataclass(frozen=True, slots=True, eq=False)
class OptionBenefits:
    """The belt, the coverage of the existing layout (``watched``), and the coverage of each option (``rates``).

    ``cover`` has one row per option over the cells of the belt that belong to a segment, grouped by segment, and the
    contribution of the existing layout. With ``links``, only linked options count; sensors and relays of the existing
    layout without a link to a base are then options too, at no cost (``idle``: their ids). ``mobile`` are the
    rates of mobile options by id; their ``rates`` are means over time.
    """

    case: Case
    options: tuple[Option, ...]
    watched: WatchedBelt
    rates: tuple[SensorRate, ...]
    cover: Cover
    links: RelayNetwork | None = None
    idle: frozenset[str] = frozenset()
    mobile: Mapping[str, MobileRates] = field(default_factory=dict)

    def only(self, options: Ints) -> OptionBenefits:
        """The same belt with some of the options."""
        return replace(
            self,
            options=tuple(self.options[n] for n in options),
            rates=tuple(self.rates[n] for n in options),
            cover=self.cover.only(options),
            links=None if self.links is None else self.links.only(options),
        )

    def heard(self, chosen: Ints) -> Ints:
        """A choice together with all parts of the existing layout that it links to a base (``idle``)."""
        if self.links is None:
            return chosen
        idle = [n for n, option in enumerate(self.options) if option.id in self.idle]
        return self.links.pruned(np.union1d(chosen, np.array(idle, np.int64)))

    def weighted(self, losses: npt.ArrayLike) -> OptionBenefits:
        """The benefits for a search in which a miss counts by the loss of its segment, (segment,) [1] from 0 to 1.

        Means of the cover are then 1 − the mean of loss × miss, so the existing layout appears to miss less where there
        is less to lose. Probabilities of cells are those of the unweighted benefits.
        """
        loss = np.asarray(losses, np.float64)
        if loss.shape != (self.watched.belt.border.segments,) or not ((loss >= 0.0) & (loss <= 1.0)).all():
            raise PlanError("losses of segments", where="plan (risk)", expected="0 to 1 for each segment")
        present = 1.0 - loss[self.cover.group] * (1.0 - self.cover.present)
        return replace(self, cover=replace(self.cover, present=present))

    def means(self, chosen: npt.ArrayLike) -> BeltMeans:
        """Mean detection probability of the belt and of its worst segment, with the existing layout and the chosen
        options. Cells are excluded where no sensor detects and the line of sight of some sensor is unknown.
        """
        return belt_means(*self._cells(chosen))

    def segment_means(self, chosen: npt.ArrayLike) -> Floats:
        """The means of ``means`` by segment of the border (segment,) [1]; NaN where no cell is known."""
        probability, segment = self._cells(chosen)
        known = ~np.isnan(probability)
        count = np.bincount(segment[known], minlength=self.watched.belt.border.segments)
        with np.errstate(invalid="ignore"):
            return np.bincount(segment[known], probability[known], minlength=len(count)) / count

    def _cells(self, chosen: npt.ArrayLike) -> tuple[Floats, Ints]:
        """Detection probability [1] of each cell with the chosen options, NaN where unknown, and its segment."""
        options = np.asarray(chosen, np.int64)
        counted = (self.watched.belt.inside & (self.watched.belt.segment >= 0)).ravel()
        probability = 1.0 - self.cover.missed(options)
        unknown, detected = np.zeros((2, len(counted)), np.bool_)
        for rate in (*self.watched.sensors, *(self.rates[n] for n in options)):
            unknown[rate.unknown], detected[rate.cells] = True, True
        values = np.where((unknown & ~detected)[counted], np.nan, probability)
        return values, self.watched.belt.segment.ravel()[counted].astype(np.int64)

    def with_chosen(self, chosen: npt.ArrayLike) -> WatchedBelt:
        """The belt with the existing layout and the chosen options."""
        return with_sensors(
            self.watched, (*self.watched.sensors, *(self.rates[n] for n in np.asarray(chosen, np.int64)))
        )


def option_benefits(
    options: Sequence[Option],
    terrain: xr.Dataset,
    border: BorderLine,
    *,
    case: Case | None = None,
    present: Layout | None = None,
    ways: Ways | None = None,
    bases: npt.ArrayLike | None = None,
    progress: PlanProgress | None = None,
) -> OptionBenefits:
    """Compute the coverage of every option and of the ``present`` layout; call ``progress(done, total)`` after each
    sensor.

    With ``bases`` (base, 2) [m], every sensor must have a link to one of them or to a gateway of the ``present``
    layout, through relays and tall masts. Without any of these, and where ``bases`` is None, links are not required.
    The terrain is loaded into memory. Raises LayoutError for an option off the terrain or on a void, PlanError if no
    option can reach a base.
    """
    chosen = case or Case()
    ground, task = north_up(terrain).compute(), chosen.task
    links, idle, asked = None, frozenset[str](), tuple(options)
    if bases is not None and links_known(() if present is None else present.relays, bases):
        links, present, options, idle = linked_options(options, present, ground, bases)
    width = fitting_belt_m(border, ground) if chosen.belt_m is None else chosen.belt_m
    belt = belt_of(border, ground, belt_m=width)
    have = () if present is None else present.sensors
    sensing = [option.sensor for option in options if not (isinstance(option.sensor, Relay) or option.schedule)]
    new = Layout("candidates", border.frame, tuple(sensing))
    refuse_without_ground((*have, *new), ground)
    placements = (
        [*(present.placement(s.id) for s in have), *(new.placement(s.id) for s in new)]
        if present
        else [new.placement(s.id) for s in new]
    )
    moving = sum(option.schedule is not None for option in options)
    mobility = mobility_of(chosen.target, ground, ways=ways)
    attrs = {
        "target": chosen.target,
        "conditions": chosen.conditions,
        "layout": "present" if present is None else present.name,
        "assumed_speed_mps": task.situation.speed_mps,
        "belt_m": width,
        "mover": mobility.mover,
        "missing": ", ".join(mobility.missing),
    }
    bare = WatchedBelt.unwatched(belt, mobility, attrs)
    rated: list[tuple[SensorRate, Floats]] = []
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for rate in pool.map(lambda place: _rate_and_probability(place, ground, belt, task), placements):
            rated.append(rate)
            if progress is not None:
                progress(len(rated), len(placements) + moving)
    watched = with_sensors(bare, tuple(rate for rate, _ in rated[: len(have)]))
    views, mobile = PostViews(ground, belt, task), dict[str, MobileRates]()
    for n, option in enumerate(options):
        if option.is_relay:
            rated.insert(len(have) + n, _no_rate(option))
        elif option.schedule is not None:
            mobile[option.id] = views.of(option.schedule)
            rated.insert(len(have) + n, _moving_rate(option, mobile[option.id], chosen.dwell_s))
            if progress is not None:
                progress(len(placements) + len(mobile), len(placements) + moving)
    return OptionBenefits(
        chosen,
        (*options[: len(options) - len(asked)], *asked),  # as they are bought: how they report is not decided for good
        replace(watched, attrs=attrs),
        tuple(rate for rate, _ in rated[len(have) :]),
        _cover(belt, rated, len(have)),
        links,
        idle,
        mobile,
    )


def linked_options(
    options: Sequence[Option], present: Layout | None, terrain: xr.Dataset, bases: npt.ArrayLike
) -> tuple[RelayNetwork, Layout | None, tuple[Option, ...], frozenset[str]]:
    """Links of the options, the part of the existing layout with a link to a base, and the options together with the
    part without one.

    Linked parts of the existing layout relay reports of the options. Raises PlanError if no option can be linked.
    """
    stands: tuple[AnySensor | Relay, ...] = () if present is None else (*present.relays, *present.sensors)
    # by radio only over what stands already: which relays will be bought is not known yet
    standing = np.arange(len(stands) + len(options)) < len(stands)
    parts = decided([*stands, *(option.sensor for option in options)], terrain, bases, standing)
    stands, options = (
        tuple(parts[: len(stands)]),
        [replace(option, sensor=part) for option, part in zip(options, parts[len(stands) :], strict=True)],
    )
    if present is not None:
        present = replace(present, sensors=tuple(part for part in stands if not isinstance(part, Relay)))
    net = network_of(parts, terrain, bases)
    linked_present = net.linked(np.arange(len(net)) < len(stands))
    idle = [part for part, linked in zip(stands, linked_present, strict=False) if not linked]
    every = (*(Option(part, 0.0, 0.0, f"idle {part.id}") for part in idle), *options)
    nodes = np.concatenate([np.flatnonzero(~linked_present[: len(stands)]), np.arange(len(stands), len(net))])
    inner = replace(net.only(nodes), home=linked_present[nodes])
    links = RelayNetwork(inner, np.array([option.is_relay for option in every], np.bool_))
    reach = links.within_reach()
    if not any(not every[n].is_relay for n in reach):
        raise PlanError(
            "no candidate can reach a base, even with all relays that may be bought",
            where="plan (links)",
            expected="relays to buy (--item radio_relay), candidates in line of sight of a base, or no required links",
        )
    left = {part.id for part in idle}
    kept = None
    if present is not None:
        kept = replace(
            present,
            sensors=tuple(s for s in present.sensors if s.id not in left),
            relays=tuple(r for r in present.relays if r.id not in left),
        )
    return links, kept, every, frozenset(left)


def _no_rate(option: Option) -> tuple[SensorRate, Floats]:
    """The rate of a relay, which detects nothing."""
    none, nowhere = np.zeros(0), np.zeros(0, np.int64)
    return SensorRate(option.id, option.sensor.kind, option.sensor.availability, nowhere, none, none, nowhere), none


def _moving_rate(option: Option, rates: MobileRates, dwell_s: float) -> tuple[SensorRate, Floats]:
    """The mean rates of a mobile option, and its detection probability in each of these cells, over all phases."""
    rate, (cells, chance) = rates.mean_rate(option.id), rates.in_cells(dwell_s)
    return rate, chance[np.searchsorted(cells, rate.cells)] * rate.availability


def _rate_and_probability(
    place: Placement, ground: xr.Dataset, belt: Belt, task: CoverageTask
) -> tuple[SensorRate, Floats]:
    """One sensor's rates in the belt, and its detection probability in each of these cells, including its
    availability."""
    part = contribution(place, ground, task, (belt.rows, belt.columns))
    rate = SensorRate.of(place.sensor, part, belt.inside)
    return rate, -np.expm1(log_miss(rate.rate * part.exposure_s, place.sensor.availability))


def _cover(belt: Belt, rated: Sequence[tuple[SensorRate, Floats]], present: int) -> Cover:
    counted = belt.inside.ravel() & (belt.segment.ravel() >= 0)
    number = np.where(counted, np.cumsum(counted) - 1, -1)
    cells = int(counted.sum())
    missed = np.ones(cells)
    for rate, chance in rated[:present]:
        at = number[rate.cells]
        missed[at[at >= 0]] *= 1.0 - chance[at >= 0]
    rows = []
    for rate, chance in rated[present:]:
        at = number[rate.cells]
        rows.append((at[at >= 0], chance[at >= 0]))
    start = np.concatenate([[0], np.cumsum([len(cell) for cell, _ in rows])]).astype(np.int64)
    return Cover.from_entries(
        start,
        np.concatenate([cell for cell, _ in rows]).astype(np.int64) if rows else np.zeros(0, np.int64),
        np.clip(np.concatenate([p for _, p in rows]) if rows else np.zeros(0), 0.0, 1.0),
        cells,
        group=belt.segment.ravel()[counted].astype(np.int64),
        present=1.0 - missed,
    )

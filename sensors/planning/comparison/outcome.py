"""Outcomes of a layout from hazards, samples and budget: assessed detection, interruption and cost.

Weather and outages are states of a whole crossing: each weather state has its own paths, and each sensor and each relay
is up or down from edge to edge, summed over all states. A sensor whose chain of relays is down does not alert; people
then report by hand, later. Misses of sensors are taken as independent.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from geo.arrays import Floats, Ints
from sensors.detection_model.hazard import mean_relative_speed
from sensors.detection_model.weather import Conditions
from sensors.equipment.catalogue import Item
from sensors.equipment.operator_queue import fraction_assessed
from sensors.interdiction.easi import arrival_in_time, interrupted
from sensors.interdiction.interception import AT_ONCE_S, ResponseSettings
from sensors.planning.comparison.design import Design
from sensors.planning.comparison.draws import SCALE_AVAILABILITY, Draws
from sensors.planning.comparison.exposure import CandidatePaths, Exposure
from sensors.planning.comparison.outages import Outages, Shared
from sensors.planning.comparison.purchase import Bought, buy
from sensors.relay import Relay

BLOCK: Final = 50
"""Number of samples that are processed at once."""
DAY_S: Final = 86_400.0


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """Performance of a layout in every sample. Interruption is NaN if no response is known.

    ``detection`` and ``interruption`` (sample, segment) are of the crossing through each segment that is best for the
    crosser, in every weather state; ``mean_…`` and ``least_…`` (sample,) are derived, those of interruption from the
    segments where it is known for all layouts (``CandidatePaths.answered``), the least also from where this one detects
    nothing. ``assessed_fraction`` (sample,) is the fraction of alerts that are assessed, included in both.
    ``by_weather`` (weather, sample) is the mean detection in each.
    """

    bought: Bought
    assessed_fraction: Floats
    alerts_per_day: Floats
    detection: Floats
    interruption: Floats
    least_detection: Floats
    least_interruption: Floats
    by_weather: Floats
    mean_detection: Floats
    mean_interruption: Floats
    meets_requirement_km: Floats

    def measure(self, objective: str) -> Floats:
        """One of the objectives (sample,)."""
        values: Floats = getattr(self, objective)
        return values


@dataclass(frozen=True, slots=True, eq=False)
class WorkingState:
    """Working state in samples with the same purchased parts: ``up`` (sample, part) the fraction of the crossings in
    which each works, without its links, 0 if it was not bought; ``teams`` (sample,) in addition; ``outages`` the
    sensors that fail with relays, on the paths that are ``shared``, with the probability (sample, state) of the linked
    sensors there."""

    up: Floats
    teams: Floats
    outages: Outages
    shared: tuple[tuple[Shared, Floats], ...]


def works(design: Design, bought: Bought, up: Floats) -> Iterator[tuple[Ints, WorkingState]]:
    """The samples (numbers), in blocks in which the same parts were bought, with their working state."""
    sets, which = np.unique(bought.parts, axis=0, return_inverse=True)
    for number, there in enumerate(sets):
        rows = np.flatnonzero(np.ravel(which) == number)
        for start in range(0, len(rows), BLOCK):
            some = rows[start : start + BLOCK]
            working, outages = up[some] * there, design.outages(there)
            chances = {id(group): group.chances(working) for group in outages.groups}
            shared = tuple((path, path.chances(chances[id(path.group)])) for path in design.shared(there))
            yield some, WorkingState(working, bought.teams[some], outages, shared)


def availability_of(design: Design, draws: Draws) -> Floats:
    """Fraction of the crossings in which each part works, without its links (sample, part).

    The catalogue's sample, shifted by the ratio of the layout's own figure to the catalogue's; an outage lasts
    ``repair_factor`` times as long as assumed there: ``a/(a + (1 − a) f)``.
    """
    availability = np.zeros((draws.count, len(design.items)))
    for number, (part, item) in enumerate(zip(design.parts, design.items, strict=True)):
        if item is None or item.availability.central <= 0.0:
            availability[:, number] = part.availability
        else:
            moved = draws.of(item, "availability") * part.availability / item.availability.central
            availability[:, number] = np.minimum(moved, 1.0)
    down = (1.0 - availability) * draws["repair_factor"][:, None]
    with np.errstate(invalid="ignore"):
        repaired = np.where(availability > 0.0, availability / (availability + down), 0.0)
    scaled: Floats = np.clip(repaired * draws.get(SCALE_AVAILABILITY, 1.0)[:, None], 0.0, 1.0)
    return scaled


def workload(design: Design, draws: Draws, availability: Floats) -> tuple[Floats, Floats]:
    """Alerts per day (sample,) and the fraction of them that an operator assesses in time (sample,).

    The control room is sized for the layout as designed: sensors outside the budget count, those without a link to a
    base do not, except people, who report by hand. Additional teams assess their own detections.
    """
    nuisance = draws["genuine_alerts_per_day"].copy()
    heard = availability * np.where(design.by_hand, 1.0, design.outages().linked_share(availability))
    for number, (part, item) in enumerate(zip(design.parts, design.items, strict=True)):
        if isinstance(part, Relay):
            continue
        if item is not None:
            units = design.units_of(part.id)
            nuisance += units * draws.of(item, "false_alarms_per_day") * heard[:, number]
        else:
            seconds = part.status_interval_s if part.period_s is None else part.period_s
            nuisance += part.false_alarms_per_scan * DAY_S / seconds * heard[:, number]
    share = fraction_assessed(nuisance / DAY_S, draws["service_s"], draws["patience_s"], design.settings.operators)
    return nuisance, share


def outcome(design: Design, ways: CandidatePaths, draws: Draws, budget: Floats, *, up: Floats | None = None) -> Outcome:
    """Performance of the layout in every sample; see Outcome. ``up`` (sample, part) replaces the availabilities."""
    bought = buy(design, draws, budget)
    availability = availability_of(design, draws) if up is None else up
    alerts, assessed_fraction = workload(design, draws, availability)
    blocks = [
        (rows, _block(design, ways, draws.part(rows), some)) for rows, some in works(design, bought, availability)
    ]
    order = np.argsort(np.concatenate([rows for rows, _ in blocks]))
    detection, interruption, least, least_stopped, by_weather = (
        np.concatenate([part[i] for _, part in blocks], axis=-2 if i < 2 else -1) for i in range(5)
    )
    detection, interruption, by_weather = detection[order], interruption[order], by_weather[:, order]
    least, least_stopped = least[order], least_stopped[order]
    heard = (assessed_fraction * draws["communication"])[:, None]
    detection, interruption = detection * assessed_fraction[:, None], interruption * heard
    crossed = ways.length_m > 0.0
    weight = ways.length_m[crossed] / ways.length_m.sum()
    answered = crossed & ways.answered
    length_m = np.where(answered, ways.length_m, 0.0)
    mean_interruption = np.full(draws.count, np.nan)
    if answered.any():
        mean_interruption = interruption[:, answered] @ (length_m[answered] / length_m.sum())
    guarded = np.where(detection >= design.settings.required_probability, ways.length_m / 1000.0, 0.0)
    return Outcome(
        bought=bought,
        assessed_fraction=assessed_fraction,
        alerts_per_day=alerts,
        detection=np.where(crossed, detection, np.nan),
        interruption=np.where(crossed, interruption, np.nan),
        least_detection=least * assessed_fraction,
        least_interruption=least_stopped * heard[:, 0],
        by_weather=by_weather * assessed_fraction,
        mean_detection=detection[:, crossed] @ weight,
        mean_interruption=mean_interruption,
        meets_requirement_km=guarded.sum(axis=1),
    )


def _block(design: Design, ways: CandidatePaths, draws: Draws, some: WorkingState) -> tuple[Floats, ...]:
    """Detection and interruption (sample, segment), their minimum over all paths (sample,), and the mean detection
    (weather, sample), before alerts are assessed."""
    segments, starts = np.unique(ways.segment, return_index=True)
    shape = (draws.count, len(ways.length_m))
    detection, interruption = np.zeros(shape), np.zeros(shape)
    least, least_stopped, by_weather = np.zeros(draws.count), np.zeros(draws.count), []
    weight = ways.length_m / ways.length_m.sum()
    in_time, answered = _in_time(ways, draws), ways.answered[ways.segment]
    for number in range(len(design.settings.weather)):
        missed = survival(design, ways, draws, some, number)
        by_way = 1.0 - missed[:, :, -1]
        stopped = _interrupted(ways, in_time, missed)
        share = draws.shares[:, number, None]
        here = np.zeros(shape)
        here[:, segments] = np.minimum.reduceat(by_way, starts, axis=1)
        detection += share * here
        interruption[:, segments] += share * _least_of_known(stopped, starts)
        least += share[:, 0] * by_way.min(axis=1)
        counted = ~np.isnan(stopped) & (answered | (stopped == 0.0))
        lowest = np.where(counted, stopped, np.inf).min(axis=1)
        least_stopped += share[:, 0] * np.where(np.isfinite(lowest), lowest, np.nan)
        by_weather.append(here @ weight)
    return detection, interruption, least, least_stopped, np.stack(by_weather)


def _least_of_known(stopped: Floats, starts: Ints) -> Floats:
    """The least of the paths of each segment (sample, segment) of (sample, way); NaN if one is unknown, none 0."""
    unknown = np.isnan(stopped)
    least = np.minimum.reduceat(np.where(unknown, np.inf, stopped), starts, axis=1)
    return np.where(np.logical_or.reduceat(unknown, starts, axis=1) & (least > 0.0), np.nan, least)


def survival(design: Design, ways: CandidatePaths, draws: Draws, some: WorkingState, number: int) -> Floats:
    """Probability of being undetected after each strip (sample, way, strip) in weather ``number``, over all outages.

    ``Π_s (1 − a_s (1 − exp(−H_s)))`` over sensors and, to the power of their number, over teams: each is up or down for
    the whole crossing. If sensors depend on relays, the mean of that over the states of the relays, with the linked
    sensors and with people who then report by hand.
    """
    exposure, weather = design.exposure, list(design.settings.weather)[number]
    logs = np.zeros((draws.count, len(ways.segment), ways.seconds.shape[1]))
    if len(exposure.entry_way):
        derate = np.stack([_derate(item, draws, weather) for item in design.items[design.relays :]], axis=1)
        low, middle, high = _hats(design, draws)
        derate, flying = _of_mobile(design, derate)
        sensor = exposure.entry_sensor
        near, here, far = exposure.hazard[number]
        log_miss = low[:, sensor, None] * near  # worked in place: these arrays are the largest of a comparison
        log_miss += middle[:, sensor, None] * here
        log_miss += high[:, sensor, None] * far
        log_miss *= -derate[:, sensor, None]
        np.expm1(log_miss, out=log_miss)
        log_miss *= (some.up[:, design.relays :] * flying)[:, sensor, None]
        with np.errstate(divide="ignore"):
            np.log1p(log_miss, out=log_miss)
        logs += _over_relays(log_miss, exposure, design.relays + sensor, some, logs.shape)
    if design.residual_item is not None:
        logs += some.teams[:, None, None] * _missed_by_a_team(design, design.residual_item, ways, draws, weather)
    return np.exp(np.minimum(logs, 0.0))


def _of_mobile(design: Design, derate: Floats) -> tuple[Floats, Floats]:
    """The factor on hazards (sample, sensor), and the fraction of crossings in which a mobile part moves.

    The weather figures of a drone are the fraction of its flights that take place; how far a patrol sees in a weather
    is in the model of what it carries.
    """
    factor, flying = derate.copy(), np.ones_like(derate)
    for number, sensor in enumerate(design.exposure.layout):
        part = design.exposure.mobile.get(sensor.id)
        if part is not None:
            flying[:, number] = derate[:, number] if part.item.kind == "drone" else 1.0
            factor[:, number] = 1.0
    return factor, flying


def _over_relays(
    log_miss: Floats, exposure: Exposure, part: Ints, some: WorkingState, shape: tuple[int, ...]
) -> Floats:
    """Log probability (sample, way, strip) that no sensor detects whose report arrives, of entries (sample, entry,
    strip)."""
    logs, way = np.zeros(shape), exposure.entry_way
    always = np.where(exposure.entry_by_hand, some.outages.never[part], some.outages.always[part])
    if always.any():
        which, starts = np.unique(way[always], return_index=True)
        logs[:, which] = np.add.reduceat(log_miss[:, always], starts, axis=1)
    for path, chance in some.shared:
        mixed = np.zeros((shape[0], len(path.ways), shape[2]))
        for state, counts in enumerate(path.counts):
            mixed += chance[:, state, None, None] * np.exp(log_miss[:, path.entries[:, counts]].sum(axis=2))
        with np.errstate(divide="ignore"):
            logs[:, path.ways] += np.log(mixed)
    return logs


def _missed_by_a_team(design: Design, item: Item, ways: CandidatePaths, draws: Draws, weather: str) -> Floats:
    """Logarithm of one team's miss probability (sample, way, strip): it searches the belt at random (Koopman)."""
    ground = design.ground
    speed = mean_relative_speed(draws.of(item, "speed_mps"), ground.assumptions.speed_mps(ground.target))
    rate = speed * draws.of(item, "sweep_width_m") * draws.of(item, "duty_share") / ground.belt.area_m2
    hazard = (rate * _derate(item, draws, weather))[:, None, None] * np.cumsum(ways.seconds, axis=1)
    up = np.minimum(draws.of(item, "availability"), 1.0)[:, None, None]
    with np.errstate(divide="ignore"):
        log_missed: Floats = np.log1p(up * np.expm1(-hazard))
    return log_missed


def _derate(item: Item | None, draws: Draws, weather: str) -> Floats:
    """Fraction of an item's rate that remains in a weather state (sample,): the product over the conditions that it
    reaches."""
    left = np.ones(draws.count)
    if item is None:
        return left
    state = Conditions.named(weather)
    for name in item.weather:
        least = Conditions.named(name)
        if state.and_also(least) == state and (state.daylight or "day" not in name):
            left = left * draws.of(item, f"weather, {name}")
    return left


def _hats(design: Design, draws: Draws) -> tuple[Floats, Floats, Floats]:
    """Weights (sample, sensor) of the hazards at the shortest, the nominal and the longest range, with linear
    interpolation.
    """
    items = design.items[design.relays :]
    factor = np.ones((draws.count, len(items)))
    for number, item in enumerate(items):
        if item is not None:
            factor[:, number] = draws.of(item, "range_factor") / item.range_factor.central
    low, high = design.exposure.knots[:, 0], design.exposure.knots[:, 2]
    down = np.where(low < 1.0, np.clip((1.0 - factor) / np.where(low < 1.0, 1.0 - low, 1.0), 0.0, 1.0), 0.0)
    up = np.where(high > 1.0, np.clip((factor - 1.0) / np.where(high > 1.0, high - 1.0, 1.0), 0.0, 1.0), 0.0)
    return down, 1.0 - down - up, up


def _in_time(ways: CandidatePaths, draws: Draws) -> Floats | None:
    """Probability (sample, way, strip) that the response to an alarm in a strip is in time, in any weather; None if
    interruption is known in no segment. An unknown response is taken as at once, an upper bound."""
    if not ways.answered.any():
        return None
    spread = ResponseSettings().sd_share
    response = draws["response_factor"][:, None] * np.where(np.isnan(ways.response_s), AT_ONCE_S, ways.response_s)
    response_sd = spread * np.where(np.isfinite(response), response, 0.0)
    return arrival_in_time(ways.seconds, spread * ways.seconds, response, response_sd)


def _interrupted(ways: CandidatePaths, in_time: Floats | None, missed: Floats) -> Floats:
    """Probability (sample, way) that the response is in time, given that the alarm is passed on; NaN if unknown."""
    if in_time is None:
        return np.full(missed.shape[:2], np.nan)
    before = np.concatenate([np.ones_like(missed[..., :1]), missed[..., :-1]], axis=-1)
    in_strip = np.where(before > 0.0, 1.0 - missed / np.where(before > 0.0, before, 1.0), 0.0)
    interruption = interrupted(np.clip(in_strip, 0.0, 1.0), in_time)
    return np.where(np.isnan(ways.response_s) & (interruption > 0.0), np.nan, interruption)

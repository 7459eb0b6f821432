"""Triangulation: bearings of two or more sensors that cross start tracks.

Bearings that come from no track are kept as contacts (fusion.models.bearing_contacts). Two contacts of different
sensors that cross within the range of both are a candidate position, and contacts of further sensors may support it.
With k emitters, two sensors have up to k² crossings, most of them false (ghosts). A candidate therefore starts a track
only

- after at least ``LEAST_BEARINGS`` bearings, ``LEAST_OF_TWO`` of each sensor where there are two, the newest in this
  look,
- if no rival has nearly as much support: a rival shares a contact with it and is at another position, or is too close
  to the line between two sensors for a position,
- if no further sensor, which has contacts elsewhere, should have detected it,
- where the position is known to the limit at which a track would be terminated, and
- if no live track is there.

Its probability of existence is the ratio of one undetected target at the crossing to separate causes of each contact,
at most ``MOST_EXISTENCE``: later bearings must confirm it. Deghosting by the likelihood of joint assignments: Pattipati
et al. (1992), "A new relaxation algorithm and passive sensor data association".
"""

from __future__ import annotations

from math import atan2, cos, exp, floor, log, pi, sin, sqrt, tau
from typing import Final, NamedTuple

import numba
import numpy as np

from fusion.filter.existence import Newborn, newborn
from fusion.filter.kalman import BEARING, POSITION, Plots
from fusion.filter.measurements import LEAST_PROBABILITY
from fusion.models.bearing_contacts import MOST_CONTACTS, MOST_OF_SENSOR, Contacts
from fusion.models.motion import ornstein_uhlenbeck
from fusion.models.sensor_views import SensorModel, spread_probability
from fusion.models.tracker_model import TrackerModel
from fusion.models.undetected import density_at
from geo.arrays import Bools, Floats, Ints

RATE_SD: Final = 0.002
RATE_CORRELATION_S: Final = 300.0
"""Standard deviation and correlation time of the rate of a contact's azimuth [rad/s, s]: 2 m/s at 1 km, kept up for
minutes (assumption). With a looser rate, contacts of emitters that seldom transmit take in the bearings of others."""
GATE: Final = 9.0
"""Squared normalised distance up to which a bearing continues a contact, and a contact supports a candidate."""
EXPLAINED: Final = 0.5
"""A bearing that comes from a track with more than this probability starts no contact, and ends one there."""
LEAST_BEARINGS: Final = 6
LEAST_OF_TWO: Final = 4
"""Minimum number of bearings of a candidate, and of each of its contacts where only two sensors hear it: until then a
further emitter, or a third sensor, may not have been heard yet."""
MARGIN: Final = log(12.0)
"""Logarithm of the likelihood ratio by which the support of further contacts must exceed that of each rival."""
MOST_MARGIN: Final = log(1e4)
"""A rival whose odds are lower than the candidate's by this much, as in dead ground, counts for nothing."""
MOST_EXISTENCE: Final = 0.9
LEAST_LABEL: Final = 1e-6
MOST_CANDIDATES: Final = 64
"""Number of candidates, the most likely ones, that are compared in a look."""
SAME_POSITION: Final = 16.0
"""Squared Mahalanobis distance up to which a candidate is at a live track, or two candidates at one position."""


class BearingSites(NamedTuple):
    """Sensors as triangulation needs them, each (sensor,): position, least and greatest range [m], and the time for
    which a contact is kept without a bearing [ns]."""

    east: Floats
    north: Floats
    nearest: Floats
    farthest: Floats
    lifetime_ns: Ints


class Candidates(NamedTuple):
    """Crossings of contacts: ``position`` (candidate, 2), ``cov`` (candidate, 3) upper triangle [m²]; ``density``
    (candidate, contact): of each contact's azimuth given the others [1/rad], 1 for the first two, 0 for no part;
    ``fit`` (candidate,): logarithm of the area per squared radian of the first two [m²]. ``poor`` (contact, contact):
    which contacts may meet at a position that is known too badly, so that they are not a candidate but may be a
    rival.
    """

    position: Floats
    cov: Floats
    density: Floats
    fit: Floats
    poor: Bools


def sites_of(model: TrackerModel) -> BearingSites:
    """The sensors of a model."""
    views = [sensor.view for sensor in model.sensors.values()]
    return BearingSites(
        np.array([view.east for view in views]),
        np.array([view.north for view in views]),
        np.array([view.min_range for view in views]),
        np.array([view.max_range for view in views]),
        np.array([round(sensor.contact_s * 1e9) for sensor in model.sensors.values()], np.int64),
    )


class Look(NamedTuple):
    """A look with bearings: its ``sensor``, time [ns] and ``plots``; probability (plot,) that each is ``alone``, from
    no track; ``flooded`` (plot,): whether it is in a clutter burst; density of ``undetected`` targets (row, column)
    [1/m²] before it; the live ``tracks`` (centre, spread) after it."""

    sensor: SensorModel
    now_ns: int
    plots: Plots
    alone: Floats
    flooded: Bools
    undetected: Floats
    tracks: tuple[Floats, Floats]


def triangulate(model: TrackerModel, contacts: Contacts, look: Look) -> tuple[Contacts, Newborn | None, int]:
    """The contacts after a look, the tracks that crossings start, and the number of bearings from no track."""
    plots, sensor, settings = look.plots, look.sensor, model.settings
    sites = sites_of(model)
    unexplained = (look.alone > EXPLAINED) & ~look.flooded
    contacts, newest = _heard(contacts, sites.lifetime_ns, sensor.index, look.now_ns, plots, unexplained)
    count = int((unexplained & (plots.kind == BEARING)).sum())
    if (newest < 0).all() or contacts.sensor[0] == contacts.sensor[-1] or contacts.bearings.sum() < LEAST_BEARINGS:
        return contacts, None, count
    candidates = _crossings(contacts, sites, look.now_ns, 2.0 * settings.coast_sd_m**2)
    if not len(candidates.fit):
        return contacts, None, count
    least = settings.start_existence if sensor.polled else settings.start_by_event
    score, support = _scores(model, contacts, candidates, look.undetected)
    chosen = _chosen(
        candidates, score, support, contacts.bearings, newest >= 0, *look.tracks, log(least / (1.0 - least))
    )
    silent = [_contradicted(model, contacts, candidates, i, look.tracks) for i in chosen.tolist()]
    chosen = chosen[~np.array(silent, np.bool_)]
    if not len(chosen):
        return contacts, None, count
    part = candidates.density[chosen] > 0.0
    born = _started(model, candidates, chosen, score, part, contacts, plots.number[newest * (newest >= 0)])
    left = ~part.any(axis=0)
    return Contacts._make(column[left] for column in contacts), born, count


def _started(
    model: TrackerModel,
    candidates: Candidates,
    chosen: Ints,
    score: Floats,
    part: Bools,
    contacts: Contacts,
    number: Ints,
) -> Newborn:
    """Tracks at the ``chosen`` candidates; ``part`` (track, contact): the contacts of each."""
    count, (east, north) = len(chosen), np.ascontiguousarray(candidates.position[chosen].T)
    r_ee, r_en, r_nn = np.ascontiguousarray(candidates.cov[chosen].T)
    unknown = np.full(count, np.nan)
    label = np.stack([contacts.label[row].prod(axis=0) for row in part])
    founding = np.array([number[row].max() for row in part], np.int64)
    start = Plots(
        np.full(count, POSITION), east, north, r_ee, r_en, r_nn, unknown, unknown, unknown, unknown, unknown, unknown,
        unknown, unknown, unknown, label, founding,
    )  # fmt: skip
    existence = np.minimum(1.0 / (1.0 + np.exp(-score[chosen])), MOST_EXISTENCE)
    born = newborn(start, existence, 0.0, model.share, model.compatible, model.motion)
    also = np.zeros((count, len(model.trigger_bits)), np.uint64)
    for i, row in enumerate(part):
        for index in contacts.sensor[row].tolist():
            also[i, index // 64] |= np.uint64(1) << np.uint64(index % 64)
    return born._replace(also=also)


def crossings(model: TrackerModel, contacts: Contacts, now_ns: int) -> Ints:
    """(contact,) number of crossings with contacts of other sensors, each a possible position."""
    candidates = _crossings(contacts, sites_of(model), now_ns, 2.0 * model.settings.coast_sd_m**2)
    return np.asarray((candidates.density > 0.0).sum(axis=0), np.int64)


def _scores(
    model: TrackerModel, contacts: Contacts, candidates: Candidates, undetected: Floats
) -> tuple[Floats, Floats]:
    """(candidate,) logarithm of the odds of one target at the crossing against separate causes of its contacts; and the
    part of it that contacts of further sensors give, beside the two that cross."""
    sensors = list(model.sensors.values())
    score, support = candidates.fit.copy(), np.zeros(len(candidates.fit))
    for i, ((east, north), cov) in enumerate(zip(candidates.position.tolist(), candidates.cov.tolist(), strict=True)):
        score[i] += log(max(density_at(model.births, undetected, east, north), 1e-15))
        for k in np.flatnonzero(candidates.density[i]).tolist():
            sensor = sensors[contacts.sensor[k]]
            seen = max(spread_probability(sensor.view, east, north, *cov), LEAST_PROBABILITY)
            if not sensor.polled and seen > LEAST_PROBABILITY:
                seen = 1.0  # it reported, so something was detected
            gain = log(seen * candidates.density[i, k] / contacts.background[k])
            if candidates.density[i, k] == 1.0:
                score[i] += gain
            else:
                support[i] += max(gain, 0.0)
    return score + support, support


def _contradicted(
    model: TrackerModel, contacts: Contacts, candidates: Candidates, chosen: int, tracks: tuple[Floats, Floats]
) -> bool:
    """Whether a further sensor that would detect a target at the candidate has contacts, but none there, nor a live
    track in that direction that would have taken its bearings."""
    sensors, part = list(model.sensors.values()), candidates.density[chosen] > 0.0
    (east, north), cov = candidates.position[chosen].tolist(), candidates.cov[chosen].tolist()
    least = min(spread_probability(sensors[k].view, east, north, *cov) for k in contacts.sensor[part].tolist())
    for index in np.setdiff1d(contacts.sensor, contacts.sensor[part]).tolist():
        view = sensors[index].view
        if spread_probability(view, east, north, *cov) < 0.5 * least:
            continue
        sd = np.sqrt(contacts.cov[contacts.sensor == index, 0].max())
        if not _taken(east - view.east, north - view.north, tracks[0][:, :2] - [view.east, view.north], tracks[1], sd):
            return True
    return False


@numba.njit(cache=True)
def _taken(d_e: float, d_n: float, away: Floats, spread: Floats, sd: float) -> bool:
    """Whether any track (track, 2) is in the direction of a point, all relative to a sensor with errors of ``sd``."""
    for t in range(len(away)):
        square = max(away[t, 0] ** 2 + away[t, 1] ** 2, 1.0)
        across = (spread[t, 0] + spread[t, 4]) / square
        if _turn(atan2(d_e, d_n) - atan2(away[t, 0], away[t, 1])) ** 2 <= GATE * (sd**2 + across):
            return True
    return False


@numba.njit(cache=True)
def _predicted(line: Floats, cov: Floats, dt: float) -> tuple[float, float, float, float, float]:
    """(azimuth, rate, and their covariance) of a contact ``dt`` seconds after its newest bearing."""
    a, b, q_pp, q_pv, q_vv = ornstein_uhlenbeck(dt, RATE_CORRELATION_S, RATE_SD)
    p_00 = cov[0] + 2.0 * b * cov[1] + b * b * cov[2] + q_pp
    return line[0] + b * line[1], a * line[1], p_00, a * (cov[1] + b * cov[2]) + q_pv, a * a * cov[2] + q_vv


@numba.njit(cache=True)
def _turn(angle: float) -> float:
    """The angle between −π and π."""
    return angle - tau * floor((angle + pi) / tau)


@numba.njit(cache=True)
def _heard(
    old: Contacts, lifetime_ns: Ints, sensor: int, now_ns: int, plots: Plots, unexplained: Bools
) -> tuple[Contacts, Ints]:
    count, most = len(old.sensor), len(old.sensor) + len(plots.kind)
    number, time_ns, bearings = np.empty(most, np.int64), np.empty(most, np.int64), np.empty(most, np.int64)
    line, cov, background = np.empty((most, 2)), np.empty((most, 3)), np.empty(most)
    label, newest, ended = np.empty((most, plots.label.shape[1])), np.full(most, -1), np.zeros(most, np.bool_)
    number[:count], time_ns[:count], bearings[:count] = old.sensor, old.time_ns, old.bearings
    line[:count], cov[:count], background[:count], label[:count] = old.line, old.cov, old.background, old.label
    for k in range(count):
        ended[k] = now_ns - time_ns[k] > lifetime_ns[number[k]]
    total = count
    for j in range(len(plots.kind)):
        if plots.kind[j] != BEARING:
            continue
        noise = plots.azimuth_sd[j] ** 2
        best, nearest = -1, GATE
        for k in range(count):
            if number[k] == sensor and newest[k] < 0 and not ended[k]:
                ahead, _, p_00, _, _ = _predicted(line[k], cov[k], (now_ns - time_ns[k]) * 1e-9)
                distance = _turn(plots.azimuth[j] - ahead) ** 2 / (p_00 + noise)
                if distance < nearest:
                    best, nearest = k, distance
        if not unexplained[j]:
            if best >= 0:
                ended[best] = True
            continue
        if best < 0:
            best = total
            total += 1
            number[best], bearings[best] = sensor, 1
            line[best, 0], line[best, 1] = plots.azimuth[j], 0.0
            cov[best, 0], cov[best, 1], cov[best, 2] = noise, 0.0, RATE_SD**2
            label[best] = plots.label[j]
        else:
            azimuth, rate, p_00, p_01, p_11 = _predicted(line[best], cov[best], (now_ns - time_ns[best]) * 1e-9)
            innovation, s = _turn(plots.azimuth[j] - azimuth), p_00 + noise
            line[best, 0], line[best, 1] = azimuth + p_00 / s * innovation, rate + p_01 / s * innovation
            cov[best, 0], cov[best, 1] = p_00 * noise / s, p_01 * noise / s
            cov[best, 2] = p_11 - p_01 * p_01 / s
            bearings[best] += 1
            label[best] *= plots.label[j]
            label[best] = np.maximum(label[best] / label[best].max(), LEAST_LABEL)
        time_ns[best], newest[best] = now_ns, j
        background[best] = plots.clutter[j] + plots.born[j]
    kept = _kept(number[:total], time_ns[:total], ended[:total], sensor)
    contacts = Contacts(
        number[kept], time_ns[kept], line[kept], cov[kept], bearings[kept], background[kept], label[kept]
    )
    return contacts, newest[kept]


@numba.njit(cache=True)
def _kept(number: Ints, time_ns: Ints, ended: Bools, sensor: int) -> Ints:
    """Contacts that remain, ordered by sensor: the newest MOST_OF_SENSOR of the sensor and MOST_CONTACTS of all."""
    newest_first = np.argsort(-time_ns, kind="mergesort")
    kept, count, own = np.empty(len(number), np.int64), 0, 0
    for k in newest_first:
        if ended[k] or count == MOST_CONTACTS or (number[k] == sensor and own == MOST_OF_SENSOR):
            continue
        own += number[k] == sensor
        kept[count] = k
        count += 1
    kept = np.sort(kept[:count])
    return kept[np.argsort(number[kept], kind="mergesort")]


@numba.njit(cache=True)
def _crossings(contacts: Contacts, sites: BearingSites, now_ns: int, limit: float) -> Candidates:
    """The MOST_CANDIDATES crossings that fit best: within range of both sensors, known to a variance of ``limit``."""
    count = len(contacts.sensor)
    azimuth, variance = np.empty(count), np.empty(count)
    for k in range(count):
        dt = max((now_ns - contacts.time_ns[k]) * 1e-9, 0.0)
        azimuth[k], _, variance[k], _, _ = _predicted(contacts.line[k], contacts.cov[k], dt)
    most = count * (count - 1) // 2
    position, cov, fit = np.empty((most, 2)), np.empty((most, 3)), np.empty(most)
    density, rank = np.zeros((most, count)), np.empty(most)
    poor = np.zeros((count, count), np.bool_)
    n = 0
    for a in range(count):
        for b in range(a + 1, count):
            s, t = contacts.sensor[a], contacts.sensor[b]
            sine = sin(azimuth[b] - azimuth[a])
            if s == t:
                continue
            if abs(sine) < 3.0 * sqrt(variance[a] + variance[b]):
                poor[a, b] = poor[b, a] = True
                continue
            d_e, d_n = sites.east[t] - sites.east[s], sites.north[t] - sites.north[s]
            r_a = (d_n * sin(azimuth[b]) - d_e * cos(azimuth[b])) / sine
            r_b = (d_n * sin(azimuth[a]) - d_e * cos(azimuth[a])) / sine
            if not (sites.nearest[s] < r_a <= sites.farthest[s] and sites.nearest[t] < r_b <= sites.farthest[t]):
                continue
            e, n_ = sites.east[s] + r_a * sin(azimuth[a]), sites.north[s] + r_a * cos(azimuth[a])
            w_a, w_b = r_a * r_a * variance[a] / sine**2, r_b * r_b * variance[b] / sine**2
            # the error of each bearing moves the crossing along the other one
            p_ee = w_a * sin(azimuth[b]) ** 2 + w_b * sin(azimuth[a]) ** 2
            p_en = w_a * sin(azimuth[b]) * cos(azimuth[b]) + w_b * sin(azimuth[a]) * cos(azimuth[a])
            p_nn = w_a * cos(azimuth[b]) ** 2 + w_b * cos(azimuth[a]) ** 2
            if p_ee + p_nn > limit:
                poor[a, b] = poor[b, a] = True
                continue
            density[n, a] = density[n, b] = 1.0
            fit[n] = log(r_a * r_b / abs(sine))
            rank[n] = fit[n] - log(contacts.background[a] * contacts.background[b])
            p = (p_ee, p_en, p_nn)
            c = 0
            while c < count:
                end = c + 1
                while end < count and contacts.sensor[end] == contacts.sensor[c]:
                    end += 1
                if contacts.sensor[c] != s and contacts.sensor[c] != t:
                    supporter, x, y, p, height = _supported(c, end, e, n_, p, azimuth, variance, contacts, sites)
                    if supporter >= 0:
                        e, n_ = x, y
                        density[n, supporter] = height
                        rank[n] += log(height / contacts.background[supporter])
                c = end
            position[n, 0], position[n, 1] = e, n_
            cov[n, 0], cov[n, 1], cov[n, 2] = p
            n += 1
    best = np.argsort(-rank[:n], kind="mergesort")[:MOST_CANDIDATES]
    return Candidates(position[best], cov[best], density[best], fit[best], poor)


@numba.njit(cache=True)
def _supported(
    first: int,
    end: int,
    e: float,
    n: float,
    p: tuple[float, float, float],
    azimuth: Floats,
    variance: Floats,
    contacts: Contacts,
    sites: BearingSites,
) -> tuple[int, float, float, tuple[float, float, float], float]:
    """The contact among ``first`` to ``end`` (of one sensor) that fits a position best, −1 for none; position and
    covariance with it; and the density of its azimuth."""
    sensor = contacts.sensor[first]
    d_e, d_n = e - sites.east[sensor], n - sites.north[sensor]
    square = max(d_e * d_e + d_n * d_n, 1.0)
    h_e, h_n = d_n / square, -d_e / square
    g_e, g_n = p[0] * h_e + p[1] * h_n, p[1] * h_e + p[2] * h_n
    spread = h_e * g_e + h_n * g_n
    best, nearest = -1, GATE
    for c in range(first, end):
        distance = _turn(azimuth[c] - atan2(d_e, d_n)) ** 2 / (spread + variance[c])
        if distance < nearest:
            best, nearest = c, distance
    if best < 0 or square > sites.farthest[sensor] ** 2 or spread > 0.25:
        return -1, e, n, p, 0.0
    s = spread + variance[best]
    innovation = _turn(azimuth[best] - atan2(d_e, d_n))
    after = (p[0] - g_e * g_e / s, p[1] - g_e * g_n / s, p[2] - g_n * g_n / s)
    height = exp(-0.5 * nearest) / sqrt(tau * s)
    return best, e + g_e / s * innovation, n + g_n / s * innovation, after, height


@numba.njit(cache=True)
def _chosen(
    candidates: Candidates,
    score: Floats,
    support: Floats,
    bearings: Ints,
    ripe: Bools,
    centre: Floats,
    spread: Floats,
    least: float,
) -> Ints:
    """Candidates that start a track: ripe, likely enough, clear of rivals and live tracks, one per position."""
    position, cov, density = candidates.position, candidates.cov, candidates.density
    order = np.argsort(-score, kind="mergesort")
    chosen, count = np.empty(len(score), np.int64), 0
    for i in order:
        if score[i] < least:
            break
        total, fewest, sensors, heard_now = 0, LEAST_OF_TWO, 0, False
        for k in range(len(bearings)):
            if density[i, k] > 0.0:
                total, fewest, sensors = total + bearings[k], min(fewest, bearings[k]), sensors + 1
                heard_now = heard_now or ripe[k]
        clear = heard_now and total >= LEAST_BEARINGS and (sensors > 2 or fewest >= LEAST_OF_TWO)
        for a in range(len(bearings)):
            for b in range(len(bearings)):
                met = candidates.poor[a, b] and density[i, a] > 0.0 and density[i, b] == 0.0
                clear = clear and (support[i] > MARGIN or not met)
        for j in range(len(score)):
            if not clear:
                break
            if j == i or support[j] < support[i] - MARGIN or score[j] < score[i] - MOST_MARGIN:
                continue
            shared = (density[i] * density[j]).max() > 0.0
            clear = not shared or _apart(position[i], cov[i], position[j], cov[j]) <= GATE
        for j in chosen[:count]:
            clear = clear and _apart(position[i], cov[i], position[j], cov[j]) > SAME_POSITION
        for t in range(len(centre)):
            if not clear:
                break
            known = np.array([spread[t, 0], spread[t, 1], spread[t, 4]])
            clear = _apart(position[i], cov[i], centre[t, :2], known) > SAME_POSITION
        if clear:
            chosen[count] = i
            count += 1
    return chosen[:count].copy()


@numba.njit(cache=True)
def _apart(one: Floats, one_cov: Floats, other: Floats, other_cov: Floats) -> float:
    """Squared Mahalanobis distance of two uncertain positions."""
    d_e, d_n = one[0] - other[0], one[1] - other[1]
    ee, en, nn = one_cov[0] + other_cov[0], one_cov[1] + other_cov[1], one_cov[2] + other_cov[2]
    return float((nn * d_e * d_e - 2.0 * en * d_e * d_n + ee * d_n * d_n) / max(ee * nn - en * en, 1e-9))

"""Rules about a track's position and origin: loitering, appearing inside, dead ground ahead, groups.

Each is evaluated at a look (a fresh plot of a confirmed track) within ``pattern_band_m`` of the border. Without
``CurrentCoverage`` only loitering and groups are evaluated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import hypot

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from fusion.alerts.alert import alert_id
from fusion.alerts.ledger import Ledger
from fusion.alerts.settings import AlertSettings
from fusion.alerts.state import AlertState, Ended, GroupMemory, PatternMemory
from fusion.situation.current_coverage import CurrentCoverage, first_hidden
from fusion.situation.facts import Sighting
from fusion.situation.track_picture import TrackPicture
from geo.arrays import Floats, Ints
from sensors.timestamps import SECOND_NS

AROUND = 8
AHEAD_STEP_S = 5.0


def loitering(ledger: Ledger, memory: PatternMemory, sighting: Sighting, sd_m: float) -> PatternMemory:
    """Raise an alert for a track that stays within a small circle near the border for long, while it is detected."""
    settings = ledger.settings
    away = hypot(sighting.easting - memory.easting, sighting.northing - memory.northing)
    if not memory.since_ns or away > settings.loiter_radius_m + 2.0 * sd_m:
        ledger.clear(memory.open_loiter, "moved_on")
        return replace(
            memory, easting=sighting.easting, northing=sighting.northing, since_ns=sighting.observed_ns, open_loiter=""
        )
    staying = replace(sighting, since_ns=memory.since_ns)
    if memory.open_loiter:
        ledger.follow(memory.open_loiter, "loitering", staying)
    elif (
        -settings.loiter_band_m <= sighting.offset_m <= settings.loiter_own_side_m
        and sighting.observed_ns - memory.since_ns >= settings.loiter_s * SECOND_NS
    ):
        ordinal = memory.loiters + 1
        identity = alert_id("loitering", sighting.track, 0, ordinal)
        ledger.raise_(identity, "loitering", staying)
        return replace(memory, open_loiter=identity, loiters=ordinal)
    return memory


def track_initiated_inside(
    ledger: Ledger,
    memory: PatternMemory,
    sighting: Sighting,
    coverage: CurrentCoverage,
    silent: Sequence[str],
    others: Floats,
    settled: bool,
) -> PatternMemory:
    """Raise an alert for a track first confirmed on the own side, in covered ground, without a detected crossing.

    ``others`` (n, 2) are positions of tracks that coast or ended lately: the track may be one of them. Its origin is
    evaluated once, at its first look, and not while coverage has only just begun (``settled``). Whether it is inbound
    is evaluated at each look until that is significant or ``inside_wait_s`` have passed, because the course is hardly
    known at a first look.
    """
    if memory.judged:
        return memory
    settings = ledger.settings
    if not memory.nowhere_ns:
        if not settled or not _from_nowhere(settings, sighting, coverage, silent, others):
            return replace(memory, judged=True)
        memory = replace(memory, nowhere_ns=sighting.observed_ns, nowhere_offset_m=sighting.offset_m)
    waited_s = (sighting.observed_ns - memory.nowhere_ns) / SECOND_NS
    least, most = _way_in(sighting, settings)
    waits = waited_s < settings.inside_wait_s
    if most < 0.0 or not (waits or _may_have_come_in(sighting, settings, memory.nowhere_offset_m, waited_s)):
        return replace(memory, judged=True)
    if least < 0.0 and waits:
        return memory
    identity = alert_id("track_initiated_inside", sighting.track, 0, 1)
    ledger.raise_(identity, "track_initiated_inside", sighting)
    return replace(memory, judged=True)


def _from_nowhere(
    settings: AlertSettings, sighting: Sighting, coverage: CurrentCoverage, silent: Sequence[str], others: Floats
) -> bool:
    """Whether the track is far enough inside, away from ``others``, and all the ground around it is covered."""
    if not settings.inside_m <= sighting.offset_m <= settings.inside_max_m:
        return False
    if len(others) and np.hypot(*(others - [sighting.easting, sighting.northing]).T).min() <= settings.lineage_m:
        return False
    turn = np.linspace(0.0, 2.0 * np.pi, AROUND, endpoint=False)
    speed = hypot(sighting.easting_rate, sighting.northing_rate)
    rings = np.array([settings.around_m, settings.around_m + settings.around_s * speed])
    easting = sighting.easting + np.append(0.0, np.outer(rings, np.sin(turn)))
    northing = sighting.northing + np.append(0.0, np.outer(rings, np.cos(turn)))
    return bool(coverage.seeing(easting, northing, silent=silent).min() >= settings.covered_probability)


def _way_in(sighting: Sighting, settings: AlertSettings) -> tuple[float, float]:
    """Minimum and maximum amount by which its inbound speed exceeds ``inside_fraction`` of its speed [m/s]."""
    more = sighting.offset_rate - settings.inside_fraction * hypot(sighting.easting_rate, sighting.northing_rate)
    spread = settings.closing_sigma * _spread(sighting, 2)
    return more - spread, more + spread


def _may_have_come_in(sighting: Sighting, settings: AlertSettings, offset_m: float, seconds: float) -> bool:
    """Whether its path from ``offset_m``, in ``seconds``, may be inbound by that fraction; standing still does not
    count as outbound."""
    way_m = sighting.offset_m - offset_m + settings.closing_sigma * np.sqrt(2.0) * _spread(sighting, 0)
    speed = hypot(sighting.easting_rate, sighting.northing_rate)
    return bool(way_m >= settings.inside_fraction * speed * seconds)


def _spread(sighting: Sighting, first: int) -> float:
    """The larger standard deviation of two components of the state, starting at ``first``."""
    if sighting.cov is None:
        return 0.0
    return float(np.sqrt(max(sighting.cov[first, first], sighting.cov[first + 1, first + 1], 0.0)))


def entering_dead_ground(
    ledger: Ledger,
    memory: PatternMemory,
    sighting: Sighting,
    coverage: CurrentCoverage,
    silent: Sequence[str],
    heads: bool,
) -> PatternMemory:
    """Raise an alert for a track that heads to the border and will soon be in dead ground of every working sensor.

    The alert is cleared when the track has not headed to the border for ``approach_clear_s``, and when it heads on and
    ``approach_looks`` consecutive looks show no dead ground before it: its approach is another alert then.
    """
    settings = ledger.settings
    left_s = min(settings.dead_ground_ahead_s, sighting.time_to_border_s or 0.0)
    hidden_s, clear = None, False
    if heads and left_s >= AHEAD_STEP_S:
        step = np.arange(0.0, left_s + AHEAD_STEP_S, AHEAD_STEP_S)
        seen = coverage.seeing(
            sighting.easting + sighting.easting_rate * step, sighting.northing + sighting.northing_rate * step,
            silent=silent,
        )  # fmt: skip
        if memory.open_dead or seen[0] >= settings.covered_probability:
            hidden_s = first_hidden(step, seen, settings.dead_ground_probability, settings.dead_ground_least_s)
            clear = hidden_s is None and ledger.is_open(memory.open_dead)
    memory = replace(memory, clear_looks=memory.clear_looks + 1 if clear else 0)
    if hidden_s is None:
        since_look_ns = sighting.observed_ns - memory.dead_ns
        elsewhere = bool(memory.open_dead) and not heads and since_look_ns > settings.approach_clear_s * SECOND_NS
        if elsewhere or memory.clear_looks >= settings.approach_looks:
            ledger.clear(memory.open_dead, "not_heading_there")
            return replace(memory, open_dead="", clear_looks=0)
        return memory
    ahead = replace(sighting, hidden_in_s=hidden_s)
    memory = replace(memory, dead_ns=sighting.observed_ns)
    if memory.open_dead:
        ledger.follow(memory.open_dead, "entering_dead_ground", ahead)
        return memory
    ordinal = memory.deads + 1
    identity = alert_id("entering_dead_ground", sighting.track, sighting.direction, ordinal)
    ledger.raise_(identity, "entering_dead_ground", ahead)
    return replace(memory, open_dead=identity, deads=ordinal)


def dead_ground_overdue(ledger: Ledger, memory: PatternMemory) -> PatternMemory:
    """Clear an alert of dead ground that no look confirmed for ``approach_time_s``, wherever its track is."""
    if memory.open_dead and ledger.now_ns - memory.dead_ns > ledger.settings.approach_time_s * SECOND_NS:
        ledger.clear(memory.open_dead, "approach_lost")
        return replace(memory, open_dead="", clear_looks=0)
    return memory


def pattern_ended(ledger: Ledger, memory: PatternMemory) -> None:
    """Clear the open pattern alerts of a track that ended; an alert that it was initiated inside stays."""
    ledger.clear(memory.open_loiter, "track_ended")
    ledger.clear(memory.open_dead, "track_ended")


def recently_gone(state: AlertState, picture: TrackPicture, now_ns: int, keep_s: float) -> tuple[Ended, ...]:
    """Positions of tracks that ended lately: earlier ones that are recent enough, and newly ended ones."""
    live = set(picture.track)
    kept = tuple(gone for gone in state.ended if now_ns - gone.at_ns <= keep_s * SECOND_NS)
    new = (
        Ended(memory.last_easting, memory.last_northing, now_ns)
        for track, memory in sorted(state.patterns.items())
        if track not in live
    )
    return (*kept, *new)


def groups(
    ledger: Ledger, memories: Sequence[GroupMemory], picture: TrackPicture, rows: Ints
) -> tuple[GroupMemory, ...]:
    """Group tracks ``rows`` that are close together for a while; one alert for as long as two of them stay together.

    A group with an alert that forms two parts of two or more tracks, far from each other, has split.
    """
    settings, now = ledger.settings, ledger.now_ns
    clusters = _clusters(picture, rows, settings.group_radius_m)
    place = {picture.track[row]: (picture.easting[row], picture.northing[row]) for row in rows.tolist()}
    kept: list[GroupMemory] = []
    taken: set[int] = set()
    for memory in memories:
        mine = [i for i, members in enumerate(clusters) if len(members & set(memory.members)) >= 2]
        parts = [i for i in mine if i not in taken]
        taken.update(parts)
        if parts:
            together = set().union(*(clusters[i] for i in parts))
            memory = replace(memory, seen_ns=now, members=tuple(sorted(together)))
            memory = _grown(ledger, memory, picture)
            kept.append(_split(ledger, memory, [clusters[i] for i in parts], place))
        elif mine:
            ledger.clear(memory.open_group, "joined_group")
        elif now - memory.seen_ns > settings.group_clear_s * SECOND_NS:
            ledger.clear(memory.open_group, "dispersed")
        else:
            kept.append(memory)
    for i, members in enumerate(clusters):
        if i not in taken and len(members) >= settings.group_size:
            kept.append(GroupMemory(tuple(sorted(members)), now, now))
    return tuple(kept)


def _clusters(picture: TrackPicture, rows: Ints, radius_m: float) -> list[frozenset[str]]:
    """Sets of two or more tracks, each within ``radius_m`` of another of its set."""
    if len(rows) < 2:
        return []
    places = np.column_stack([picture.easting[rows], picture.northing[rows]])
    near = cKDTree(places).query_pairs(radius_m, output_type="ndarray")
    graph = coo_array((np.ones(len(near)), (near[:, 0], near[:, 1])), shape=(len(rows), len(rows)))
    _, label = connected_components(graph, directed=False)
    sets: dict[int, list[str]] = {}
    for row, number in zip(rows.tolist(), label.tolist(), strict=True):
        sets.setdefault(number, []).append(picture.track[row])
    return sorted((frozenset(names) for names in sets.values() if len(names) >= 2), key=min)


def _grown(ledger: Ledger, memory: GroupMemory, picture: TrackPicture) -> GroupMemory:
    """Raise the group's alert once it has been together long enough and is large enough."""
    settings = ledger.settings
    if memory.open_group or len(memory.members) < settings.group_size:
        return memory
    if ledger.now_ns - memory.since_ns < settings.group_s * SECOND_NS:
        return memory
    identity = alert_id("group_formed", memory.members[0], 0, memory.since_ns)
    ledger.raise_group(identity, "group_formed", picture, picture.track.index(memory.members[0]), memory.members)
    return replace(memory, open_group=identity)


def _split(
    ledger: Ledger, memory: GroupMemory, parts: Sequence[frozenset[str]], place: Mapping[str, tuple[float, float]]
) -> GroupMemory:
    """Report once that a known group has split."""
    if not memory.open_group or memory.split or len(parts) < 2:
        return memory
    middles = [np.mean([place[name] for name in part], axis=0) for part in parts]
    apart = max(float(np.hypot(*(a - b))) for a in middles for b in middles)
    if apart < ledger.settings.split_m:
        return memory
    ledger.note_split(memory.open_group, len(parts), apart)
    return replace(memory, split=True)

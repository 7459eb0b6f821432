"""The tracker: each scan predicts, associates, updates, starts and closes tracks.

A track-oriented marginal multi-Bernoulli/Poisson filter (TOMB/P: Williams 2015, arXiv 1203.2995) with interacting
models of motion: tracks are Bernoulli (they exist with a probability), targets not seen yet are a Poisson intensity,
and plots are shared out by their marginal probabilities. The ground enters through the probability that a look sees.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import xarray as xr

from fusion.association import gating
from fusion.association import marginals as association
from fusion.association.enumeration import EXACT_PAIRS
from fusion.filter import existence, kalman
from fusion.filter import negative_information as silence
from fusion.filter import track_bank as tracks
from fusion.filter.clutter import clutter_excess
from fusion.filter.existence import CLOSING, COAST, CONFIRMING, STARTED, UPDATED
from fusion.filter.measurements import in_order, plots_of
from fusion.filter.track_bank import Rows, TrackBank
from fusion.models import motion
from fusion.models import terrain_speed as passage
from fusion.models.scene import TrackerModel, scene_of
from fusion.models.settings import TrackerSettings
from fusion.models.undetected import given_back
from fusion.registration import estimate as registration
from fusion.registration.duplicate_tracks import align
from fusion.registration.estimate import bias_of
from fusion.track_management import history
from fusion.track_management.bank_update import UpdatedTracks
from fusion.track_management.history import Locator
from fusion.track_management.lifecycle import settle, sweep
from fusion.track_management.timeline import Timeline, TimelineEntry, compact
from sensors.detections import split
from sensors.layout import Layout
from sensors.scan_columns import ScanColumns, with_deviations


class TrackEvent(NamedTuple):
    """What a scan did to a track: kind is started, confirmed, updated, coasting or closed. ``plot`` counts the scan's
    plots in canonical order (fusion.filter.measurements): the one the track most probably is, −1 where none is
    likelier."""

    track: str
    time_ns: int
    kind: str
    sensor: str
    boot: int
    sequence: int
    plot: int = -1


KINDS = (
    (STARTED, "started"),
    (CONFIRMING, "confirmed"),
    (UPDATED, "updated"),
    (COAST, "coasting"),
    (CLOSING, "closed"),
)
KINDS_OF = tuple(tuple(kind for bit, kind in KINDS if bits & bit) for bits in range(2 * CLOSING))


def advance(scene: TrackerModel, bank: TrackBank, scan: ScanColumns) -> tuple[TrackBank, Rows]:
    """The bank after ``scan``, and a row for each track in its field. Pure: neither argument is changed."""
    watch, model, settings, now = scene.watch(scan.sensor), scene.model, scene.settings, scan.observed_ns
    east, north = watch.view.east, watch.view.north
    heartbeat = silence.is_heartbeat(watch, scan)
    tells = watch.polled or heartbeat  # whether silence says something
    bank = align(scene, bank, now)
    undetected, still_undetected, expected_new = sweep(scene, bank, watch, now)

    # predict
    rows, dt = tracks.within_reach(bank.centre, bank.spread, bank.time_ns, now, watch.view)
    label = bank.label[rows]
    mean, cov, mode = motion.predict(
        bank.mean[rows], bank.cov[rows], bank.mode[rows], dt, model.speed_sd, model.correlation, model.rate, model.gait
    )
    passage.slow_down(mean, cov, dt, model.kind, scene.passage, scene.earth)
    centre, spread = motion.combine(mean, cov, mode)
    sight = tracks.sight(centre, spread, bank.existence[rows], dt, settings.lifetime_s, watch.view)
    if heartbeat:
        quiet, sight = silence.after_quiet(mean, cov, mode, sight, watch, silence.quiet_s(bank, watch, now))
    else:
        quiet = silence.after_miss(mean, cov, mode, sight.uneven & watch.polled, watch.view)

    # associate
    plots, dropped = plots_of(scan, watch, scene, undetected, bias_of(scene.survey, bank.learnt, watch.index))
    excess, room = clutter_excess(plots, centre, sight, expected_new, watch.false_alarms, watch.clutter_per_m2)
    flooded = int((excess > 1.0).sum())
    pairs = gating.gate(mean, cov, mode, centre, plots, scene.gate, east, north, watch.view.max_range)
    weight = existence.weigh(pairs, plots, sight, label, scene.share, excess)
    unseen = existence.missing(sight, tells)
    hit, miss, alone = association.marginals(
        pairs.start, pairs.plot, weight, unseen, len(plots.kind), EXACT_PAIRS, (centre, spread), settings.alike_distance
    )

    # update
    posterior = existence.judge(pairs, plots, sight, label, hit, miss, tells)
    least = settings.start_existence if watch.polled else settings.start_by_event
    fresh = existence.founding(plots, alone, excess, room, least)
    if scene.is_person(watch):
        fresh = np.where(alone < settings.start_by_word, 0.0, fresh)
    left = existence.keep_identities(pairs, plots.number, hit, posterior, fresh)
    still_undetected = given_back(scene.births, still_undetected, centre, left)
    existence.lean_on_labels(pairs, plots, label, model.kind, scene.compatible)
    mean, cov, mode = kalman.update(mean, cov, mode, quiet, pairs, plots, posterior.miss, posterior.hit, east, north)
    looked = UpdatedTracks(rows, now, mean, cov, mode, sight.held, posterior)

    # start and close
    born = existence.newborn(plots, fresh, least, scene.share, scene.compatible, model)
    return settle(scene, bank, looked, born, scan, still_undetected, (dropped, flooded))


class Tracker:
    """Live tracking: scans in, events and tracks out. The answer depends on what was observed, never on the clock.

    ``coverage`` is sensors.coverage.look_probability(layout, terrain) where the caller has it already.
    Raises UnknownSensor for a scan of a sensor that the layout does not hold. Counts what it leaves out:
    ``late_ignored`` scans older than the horizon or from a clock that is farther ahead, ``duplicates_ignored`` scans,
    ``rows_dropped`` plots without a usable measurement; and what it hardly believes: ``plots_flooded``, those of scans
    or spots that hold more than the layout states (fusion.filter.clutter).
    """

    def __init__(
        self,
        layout: Layout,
        settings: TrackerSettings | None = None,
        *,
        terrain: xr.Dataset | None = None,
        border: Locator | None = None,
        coverage: xr.Dataset | None = None,
    ) -> None:
        self.settings = settings or TrackerSettings()
        self.scene = scene_of(layout, self.settings, terrain, coverage)
        self.layout, self.border = layout, border
        self.timeline = Timeline(tracks.empty_bank(self.scene), round(self.settings.horizon_s * 1e9))
        self.late_ignored = self.duplicates_ignored = self.rows_dropped = self.plots_flooded = 0

    def step(self, scan: xr.Dataset) -> tuple[TrackEvent, ...]:
        """Take in one scan (or several) as a detections dataset; see ``advance``."""
        return tuple(event for columns in split(scan) for event in self.advance(columns))

    def advance(self, scan: ScanColumns) -> tuple[TrackEvent, ...]:
        """Take in one scan. A scan older than the newest is put in its place and what follows is run again: then the
        events are those that were not told before. A scan taken in before changes nothing, nor does one that is older
        than the horizon, or that was received more than a horizon after it was observed: a row of the history at time t
        depends on nothing that came later than t + horizon; nor one observed more than a horizon after it was received,
        whose clock is wrong. Deviations it leaves out are the layout's.
        """
        ran = self.take_in(scan)
        return tuple(event for entry, before in ran for event in _events(entry.scan, entry.rows, before))

    def take_in(self, scan: ScanColumns) -> list[tuple[TimelineEntry, Rows | None]]:
        """``advance`` for who asks only for history and tracks: the scans that were run, with the rows they had before,
        in place of events, which take a tenth of the time of all else."""
        self.scene.watch(scan.sensor)
        scan = with_deviations(scan, self.layout)
        timeline = self.timeline
        if scan.key in timeline.keys:
            self.duplicates_ignored += 1
            return []
        too_old = timeline.edge_ns is not None and scan.observed_ns < timeline.edge_ns
        apart = abs(scan.received_ns - scan.observed_ns) > timeline.horizon_ns  # ahead: it would age everything else
        if too_old or apart:
            self.late_ignored += 1
            return []
        ran = timeline.put(compact(in_order(scan)), self._look)
        self.rows_dropped += ran[0][0].rows.dropped
        self.plots_flooded += ran[0][0].rows.flooded
        return ran

    def heartbeat(
        self, sensor: str, *, boot: int, sequence: int, observed_ns: int, received_ns: int
    ) -> tuple[TrackEvent, ...]:
        """Take in a sensor's sign of life. An event-only ground sensor says with it that nothing passed since its last
        word: a likelihood of its own for each track. That of any other sensor tells nothing here. ``sequence`` numbers
        status messages, apart from scans. Late, twice or too late: as for scans (``advance``)."""
        watch = self.scene.watch(sensor)
        ahead = observed_ns - received_ns > self.timeline.horizon_ns  # a wrong clock must not age everything else
        if watch.polled or not len(watch.rate_per_m) or ahead:
            return ()
        return self.advance(silence.heartbeat_of(watch, boot, sequence, observed_ns, received_ns))

    def _look(self, bank: TrackBank, scan: ScanColumns) -> tuple[TrackBank, Rows]:
        return advance(self.scene, bank, scan)

    def registration(self) -> xr.Dataset:
        """Range and azimuth bias of each sensor, whether it is taken off its plots, and how true its stated errors
        are: fusion.registration.estimate."""
        return registration.estimate(self.scene.survey, self.timeline.bank.learnt)

    def tracks(self) -> xr.Dataset:
        """Every live track as of its last look: the history's columns, and class_probability, updated_at, founded_at,
        sensors (names joined by commas). Does not change the tracker."""
        return history.picture(
            self.timeline.bank,
            self.scene.model.kind,
            self.scene.compatible,
            list(self.scene.watches),
            self.border,
        )

    def take_history(self, *, final: bool = False) -> xr.Dataset:
        """Track history that late scans can no longer change and that was not taken before; ``final``: all the rest."""
        return history.history_dataset(self.timeline.take(final=final), self.border)

    def snapshot(self) -> bytes:
        """Everything needed to go on as if never stopped (npz; no pickle)."""
        from fusion.track_management import snapshot

        counts = (self.late_ignored, self.duplicates_ignored, self.rows_dropped, self.plots_flooded)
        return snapshot.pack(self.timeline, counts)

    @classmethod
    def restore(
        cls,
        layout: Layout,
        settings: TrackerSettings | None,
        saved: bytes,
        *,
        terrain: xr.Dataset | None = None,
        border: Locator | None = None,
        coverage: xr.Dataset | None = None,
    ) -> Tracker:
        """A tracker that goes on from ``saved`` to the bit. Raises BadInput for bytes that are no snapshot of its."""
        from fusion.track_management import snapshot

        tracker = cls(layout, settings, terrain=terrain, border=border, coverage=coverage)
        counts = snapshot.unpack(saved, tracker.timeline)
        tracker.late_ignored, tracker.duplicates_ignored, tracker.rows_dropped, tracker.plots_flooded = counts
        return tracker


def _events(scan: ScanColumns, rows: Rows, before: Rows | None) -> list[TrackEvent]:
    """Events of one scan; those told before (``before``: the rows it had then) are left out."""
    told = {} if before is None else dict(zip(before.track.tolist(), before.event.tolist(), strict=True))
    events = []
    for track_id, bits, plot in zip(rows.track.tolist(), rows.event.tolist(), rows.plot.tolist(), strict=True):
        kinds = KINDS_OF[bits & ~told.get(track_id, 0) if told else bits]
        if kinds:
            name = tracks.track_name(track_id)
            for kind in kinds:
                events.append(TrackEvent(name, rows.time_ns, kind, scan.sensor, scan.boot, scan.sequence, plot))
    return events


def track(
    detections: xr.Dataset,
    layout: Layout,
    *,
    settings: TrackerSettings | None = None,
    terrain: xr.Dataset | None = None,
    border: Locator | None = None,
) -> xr.Dataset:
    """Track history of a whole detections dataset, taken in in order of arrival.

    A track still alive when the data end gets a closing row a nanosecond after its last one, so that every track's last
    row is ``closed``; the end of the data says nothing of the target.
    """
    tracker = Tracker(layout, settings, terrain=terrain, border=border)
    for scan in sorted(split(detections), key=lambda scan: (scan.received_ns, scan.observed_ns, scan.key)):
        tracker.take_in(scan)
    blocks = tracker.timeline.take(final=True)
    return history.history_dataset([*blocks, *history.endings(blocks)], border)

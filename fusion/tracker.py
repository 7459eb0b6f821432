"""The tracker: each scan predicts, associates, updates, starts and closes tracks.

A track-oriented marginal multi-Bernoulli/Poisson filter (TOMB/P: Williams 2015, arXiv 1203.2995) with interacting
models of motion: tracks are Bernoulli (each exists with a probability), undetected targets are a Poisson intensity, and
plots are associated by their marginal probabilities. Terrain enters through the single-look probability of detection.
"""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

import numpy as np
import xarray as xr

from fusion.filter.measurements import bounded, in_order
from fusion.filter.negative_information import heartbeat_of
from fusion.filter.track_bank import Rows, TrackBank, empty_bank
from fusion.filter.triangulation import crossings
from fusion.filter_step import advance
from fusion.models.settings import SettingsError, TrackerSettings
from fusion.models.tracker_model import tracker_model
from fusion.poses.grids import plain_ground
from fusion.poses.known import PoseAt
from fusion.poses.looks import Looks
from fusion.poses.placed import CarriedSensor, all_at_poses, pose_faults, seen_from, stands
from fusion.registration.estimate import estimate
from fusion.track_management.events import TrackEvent, events_of
from fusion.track_management.history import Locator, closing_rows, history_dataset, picture, terminated
from fusion.track_management.timeline import Timeline, TimelineEntry, compact, key_of
from geo.errors import SchemaError
from geo.message import Message
from geo.terrain import north_up
from sensors.detection_model.weather import CLEAR_DAY, Conditions, conditions_of
from sensors.detections import split
from sensors.layout import Layout
from sensors.mobile.viewpoint import Viewpoint
from sensors.scan_columns import ScanColumns

__all__ = ["SettingsError", "Tracker", "TrackerSettings", "track"]


class Tracker:
    """A live tracker: it processes scans and returns track events, tracks and track history.

    The result depends only on what was observed, never on the clock.

    Parameters
    ----------
    layout : Layout
        The sensors. Scans of other sensors are refused.
    settings : TrackerSettings, optional
        Assumptions of the tracker; by default those of TrackerSettings.
    terrain : Dataset, optional
        Terrain of geo.terrain. Without it every point within range and field of view is taken as visible.
    border : Border, optional
        Border that tracks are located against; without it ``segment`` is −1 and ``offset_m`` NaN.
    coverage : Dataset, optional
        sensors.coverage.look_probability, or coverage, of ``layout`` and ``terrain``, if already computed; with
        ``conditions``, those of a clear day.
    conditions : Conditions, str or sequence of str
        Light and weather, as in sensors.coverage, in which the sensors detect less than the layout states.

    Attributes
    ----------
    late_ignored : int
        Scans that were not taken in: older than the horizon, or with observation and receipt more than a horizon apart.
    duplicates_ignored : int
        Scans that had been taken in before.
    rows_dropped : int
        Plots without a usable measurement.
    plots_flooded : int
        Plots of scans or areas that hold more plots than the layout's false alarms explain (fusion.filter.clutter).
    bearings_unplaced : int
        Azimuths without range that belonged to no track: bearings of one sensor alone, or before those of another cross
        them. See ``bearings``.

    Raises
    ------
    ConditionsError
        For light and weather that are unknown or impossible.
    SchemaError
        For a coverage of bad weather beside ``conditions``, and one without look probabilities.

    Notes
    -----
    A track-oriented marginal multi-Bernoulli/Poisson filter: Williams (2015), arXiv 1203.2995. Scans are processed in
    order of observation. A late scan is inserted in its place, and the scans after it are processed again.

    Examples
    --------
    >>> from geo.frame import LocalFrame
    >>> from sensors.layout import Layout, place
    >>> frame = LocalFrame.around(0.0, 0.0)
    >>> radar = place(frame, 0.0, 0.0, id="R", kind="radar", max_range_m=900.0, period_s=3.0)
    >>> Tracker(Layout("one radar", frame, (radar,))).tracks().sizes["estimate"]
    0
    """

    def __init__(
        self,
        layout: Layout,
        settings: TrackerSettings | None = None,
        *,
        terrain: xr.Dataset | None = None,
        border: Locator | None = None,
        coverage: xr.Dataset | None = None,
        conditions: Conditions | str | Sequence[str] = CLEAR_DAY,
    ) -> None:
        self.settings = settings or TrackerSettings()
        weather = conditions_of(conditions)[1]
        self.model = tracker_model(layout, self.settings, terrain, _looks(coverage, weather), weather)
        self.layout, self.border = layout, border
        ground = None if terrain is None else north_up(terrain)
        self.looks = Looks(ground, plain_ground(ground) if any(sensor.mobile for sensor in layout) else None)
        self.timeline = Timeline(
            empty_bank(self.model), round(self.settings.horizon_s * 1e9), self.settings.runs_per_scan
        )
        self.late_ignored = self.duplicates_ignored = self.rows_dropped = self.plots_flooded = 0
        self.bearings_unplaced = 0

    def step(self, scan: xr.Dataset) -> tuple[TrackEvent, ...]:
        """Take in one or more scans of a detections dataset.

        Parameters
        ----------
        scan : Dataset
            Detections (sensors.detections).

        Returns
        -------
        tuple of TrackEvent
            What the scans did to tracks; see ``advance``.

        Raises
        ------
        UnknownSensor
            For a scan of a sensor that the layout does not hold.
        """
        return tuple(event for columns in split(scan, self.layout) for event in self.advance(columns))

    def advance(self, scan: ScanColumns) -> tuple[TrackEvent, ...]:
        """Take in one scan.

        Parameters
        ----------
        scan : ScanColumns
            The scan, complete: from ``columns_of``, or from ``split`` with a layout.

        Returns
        -------
        tuple of TrackEvent
            Events of the scan. After a late scan the later scans are processed again, and only events that were not
            returned before are returned. Empty for a scan that is ignored, and for a late scan that waits
            (TrackerSettings.runs_per_scan): its events come with those of a later scan.

        Raises
        ------
        UnknownSensor
            For a scan of a sensor that the layout does not hold.

        Notes
        -----
        Ignored are scans taken in before, scans older than the horizon, and scans whose times of observation and
        receipt are more than a horizon apart: so a history row at time t depends on nothing received after t + horizon,
        and a wrong clock does not age all other tracks.
        """
        processed = self.take_in(scan)
        return tuple(event for entry, before in processed for event in events_of(entry.scan, entry.rows, before))

    def take_in(self, scan: ScanColumns) -> list[tuple[TimelineEntry, Rows | None]]:
        """Take in one scan without building events, which cost a tenth of the time of everything else.

        Parameters
        ----------
        scan : ScanColumns
            The scan, as for ``advance``.

        Returns
        -------
        list of (TimelineEntry, Rows or None)
            The scans that were processed, each with the rows that it had before, if any.

        Raises
        ------
        UnknownSensor
            For a scan of a sensor that the layout does not hold.
        """
        timeline = self.timeline
        if not self._admitted(scan, timeline.newest_ns, timeline.keys):
            return []
        return self._counted(timeline.put(compact(bounded(in_order(scan))), self._advance_bank))

    def take_in_all(self, scans: Iterable[ScanColumns]) -> None:
        """Take in scans that are all there already, sorted by observation, so that each is processed once.

        The track history is that of ``take_in`` one by one, to the bit.

        Parameters
        ----------
        scans : iterable of ScanColumns
            The scans, as for ``advance``.

        Raises
        ------
        UnknownSensor
            For a scan of a sensor that the layout does not hold.
        """
        newest_ns, taken = self.timeline.newest_ns, set(self.timeline.keys)
        admitted = []
        for scan in scans:
            if self._admitted(scan, newest_ns, taken):
                admitted.append(scan)
                taken.add(scan.key)
                newest_ns = scan.observed_ns if newest_ns is None else max(newest_ns, scan.observed_ns)
        for scan in sorted(admitted, key=key_of):
            self._counted(self.timeline.put(compact(bounded(in_order(scan))), self._advance_bank))

    def _admitted(self, scan: ScanColumns, newest_ns: int | None, taken: Container[tuple[str, int, int]]) -> bool:
        """Whether a scan is taken in, after one observed at ``newest_ns`` and those of the keys ``taken``; counts."""
        self.model.sensor(scan.sensor)
        horizon_ns = self.timeline.horizon_ns
        if scan.key in taken:
            self.duplicates_ignored += 1
            return False
        too_old = newest_ns is not None and scan.observed_ns < newest_ns - horizon_ns
        # a scan from the future would age all other tracks
        apart = abs(scan.received_ns - scan.observed_ns) > horizon_ns
        if too_old or apart:
            self.late_ignored += 1
            return False
        return True

    def _counted(self, processed: list[tuple[TimelineEntry, Rows | None]]) -> list[tuple[TimelineEntry, Rows | None]]:
        """Count the unusable plots of the scans that were processed for the first time; return ``processed``."""
        for entry, before in processed:
            if before is None:
                self.rows_dropped += entry.rows.dropped
                self.plots_flooded += entry.rows.flooded
                self.bearings_unplaced += entry.rows.bearings
        return processed

    def heartbeat(
        self, sensor: str, *, boot: int, sequence: int, observed_ns: int, received_ns: int
    ) -> tuple[TrackEvent, ...]:
        """Take in a status message of a sensor.

        Parameters
        ----------
        sensor : str
            Id of the sensor.
        boot : int
            Boot number of the sensor.
        sequence : int
            Number of the status message, counted apart from scans.
        observed_ns, received_ns : int, UTC nanoseconds since 1970
            When the message was sent and received.

        Returns
        -------
        tuple of TrackEvent
            Events, as for ``advance``; always empty for a sensor that is not an event-only ground sensor.

        Raises
        ------
        UnknownSensor
            For a sensor that the layout does not hold.

        Notes
        -----
        The heartbeat of an event-only ground sensor reports that it was not triggered since its last message, which is
        evidence against a track near it (fusion.filter.negative_information).
        """
        model = self.model.sensor(sensor)
        ahead = observed_ns - received_ns > self.timeline.horizon_ns  # a wrong clock must not age all other tracks
        if model.polled or not len(model.rate_per_m) or ahead:
            return ()
        return self.advance(heartbeat_of(model, boot, sequence, observed_ns, received_ns))

    def set_back(self, now_ns: int) -> None:
        """Take in scans of ``now_ns`` again after the clock was set back to it.

        Parameters
        ----------
        now_ns : int, UTC nanoseconds since 1970
            The corrected time.

        Notes
        -----
        If scans that were taken in are more than a horizon ahead of it, every scan of now would be too old. Then all
        tracks are terminated, and what was learned of sensors and ground is learned from the beginning.
        """
        newest_ns = self.timeline.newest_ns
        if newest_ns is not None and newest_ns > now_ns + self.timeline.horizon_ns:
            self._counted(self.timeline.run_waiting(self._advance_bank))
            self.timeline.begin_again(empty_bank(self.model), terminated(self.timeline.bank.tracks, newest_ns + 1))

    def _advance_bank(self, bank: TrackBank, scan: ScanColumns) -> tuple[TrackBank, Rows]:
        return advance(self.model, bank, scan, self.looks)

    def stands(self, now_ns: int) -> Mapping[str, PoseAt]:
        """Return where mobile sensors stand.

        Parameters
        ----------
        now_ns : int, UTC nanoseconds since 1970
            The time.

        Returns
        -------
        mapping of str to PoseAt
            By id, the sensors that have stated a pose; see fusion.poses.known.
        """
        return stands(self.model, self.timeline.bank.poses, now_ns)

    def seen_from(self, now_ns: int) -> Mapping[str, CarriedSensor]:
        """Return what mobile sensors see from where they stand, to the cell of the terrain.

        Parameters
        ----------
        now_ns : int, UTC nanoseconds since 1970
            The time.

        Returns
        -------
        mapping of str to CarriedSensor
            By id, the sensors that have stated a pose; see fusion.poses.placed.
        """
        return seen_from(self.model, self.timeline.bank.poses, self.looks, now_ns)

    def viewpoints(self, now_ns: int) -> Mapping[str, Viewpoint | None]:
        """Return from where mobile sensors see.

        Parameters
        ----------
        now_ns : int, UTC nanoseconds since 1970
            The time.

        Returns
        -------
        mapping of str to Viewpoint or None
            By id, the rounded poses of the sensors that have stated one; None where the position is not known.
        """
        return {name: one.known for name, one in self.seen_from(now_ns).items()}

    def pose_faults(self, now_ns: int) -> Mapping[str, Mapping[str, Message]]:
        """Return what is wrong with the poses of mobile sensors.

        Parameters
        ----------
        now_ns : int, UTC nanoseconds since 1970
            Time at which this is asked.

        Returns
        -------
        mapping of str to mapping of str to Message
            By sensor and name of the fault; only sensors with one. See fusion.poses.placed.
        """
        return pose_faults(self.model, self.timeline.bank.poses, now_ns)

    def registration(self) -> xr.Dataset:
        """Return the estimated biases of each sensor.

        Returns
        -------
        Dataset, dim ``sensor``
            Range bias [m] and azimuth bias [rad] with standard deviations, whether each is corrected, and how the
            spread of the plots compares with the stated one; see fusion.registration.estimate.
        """
        return estimate(self.model.survey, self.timeline.bank.learnt)

    def bearings(self, *, provisional: bool = False) -> xr.Dataset:
        """Return the directions in which sensors detect something that is on no track.

        Azimuths of one sensor give no position. Where those of two or more sensors cross, they start a track as soon as
        the crossing is likely enough and no other explains the bearings as well.

        Parameters
        ----------
        provisional : bool
            As for ``tracks``.

        Returns
        -------
        Dataset, dim ``contact``
            ``sensor``; ``azimuth`` and ``azimuth_sd`` [rad, from grid north] at the newest bearing; ``updated_at``, its
            time; ``bearings``, how many there were in this direction; ``crossings``, the number of possible positions:
            0 where no other sensor has a bearing that crosses it; ``lifetime`` [s], after which the direction is
            dropped if no further bearing comes.
        """
        bank = self.timeline.bank if provisional else self.timeline.settled(self._advance_bank)
        contacts, names = bank.contacts, list(self.model.sensors)
        lifetime_s = np.array([sensor.contact_s for sensor in self.model.sensors.values()])
        newest_ns = int(contacts.time_ns.max(initial=0))
        placed = all_at_poses(self.model, bank.poses, self.looks, newest_ns)
        return xr.Dataset(
            {
                "sensor": ("contact", np.array([names[i] for i in contacts.sensor.tolist()], dtype=np.str_)),
                "azimuth": ("contact", contacts.line[:, 0] % (2.0 * np.pi), {"units": "rad"}),
                "azimuth_sd": ("contact", np.sqrt(contacts.cov[:, 0]), {"units": "rad"}),
                "updated_at": ("contact", contacts.time_ns.astype("datetime64[ns]")),
                "bearings": ("contact", contacts.bearings, {"units": "1"}),
                "crossings": ("contact", crossings(placed, contacts, newest_ns), {"units": "1"}),
                "lifetime": ("contact", lifetime_s[contacts.sensor], {"units": "s"}),
            }
        )

    def tracks(self, *, provisional: bool = False) -> xr.Dataset:
        """Return every live track as of its last look, without changing the tracker.

        Parameters
        ----------
        provisional : bool
            Leave out late scans that still wait for their turn (TrackerSettings.runs_per_scan). Otherwise they are
            processed for the answer, which takes time where scans are often late.

        Returns
        -------
        Dataset, dim ``estimate``
            The columns of the track history, and ``class_probability`` (estimate, class) [1], ``updated_at``,
            ``founded_at`` and ``sensors``, the ids of the sensors that updated the track, joined by commas.
        """
        model = self.model
        bank = self.timeline.bank if provisional else self.timeline.settled(self._advance_bank)
        return picture(bank, model.motion.kind, model.compatible, list(model.sensors), self.border)

    def take_history(self, *, final: bool = False) -> xr.Dataset:
        """Take the track history that late scans can no longer change and that was not taken before.

        Parameters
        ----------
        final : bool
            Take all the rest: no scan follows.

        Returns
        -------
        Dataset, dim ``estimate``
            Rows of track history in the order of the scans.
        """
        if final:
            self._counted(self.timeline.run_waiting(self._advance_bank))
        return history_dataset(self.timeline.take(final=final), self.border)

    def snapshot(self) -> bytes:
        """Save the complete state of the tracker, for ``restore``.

        Returns
        -------
        bytes
            A MessagePack list of npz files, without pickles.
        """
        return b"".join(self.snapshot_parts())

    def snapshot_parts(self) -> Iterator[bytes]:
        """Save the state of the present moment in parts, each made when it is taken.

        Returns
        -------
        iterator of bytes
            Parts of about 0.4 MB. Joined they are what ``snapshot`` returns now, also if the tracker has continued
            before they are taken.
        """
        from fusion.track_management import snapshot

        counts = (
            self.late_ignored, self.duplicates_ignored, self.rows_dropped, self.plots_flooded, self.bearings_unplaced
        )  # fmt: skip
        return snapshot.parts(self.timeline, self.model, counts)

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
        conditions: Conditions | str | Sequence[str] = CLEAR_DAY,
    ) -> Tracker:
        """Continue from a snapshot, equal to the bit to a tracker that never stopped.

        Parameters
        ----------
        layout : Layout
            The layout of the saved tracker: the same sensors in the same order. If a sensor was moved or turned, as
            after a survey, tracks continue, and biases are estimated from the beginning.
        settings : TrackerSettings or None
            The settings of the saved tracker.
        saved : bytes
            What ``snapshot`` returned.
        terrain : Dataset, optional
            The terrain of the saved tracker.
        border : Border, optional
            Border that tracks are located against.
        coverage : Dataset, optional
            sensors.coverage.look_probability, or coverage, of ``layout`` and ``terrain``, if already computed.
        conditions : Conditions, str or sequence of str
            Light and weather of the saved tracker, or of now.

        Returns
        -------
        Tracker
            The tracker.

        Raises
        ------
        SnapshotError
            A BadInput, for bytes that are not a snapshot, or one of another version, other sensors or another motion
            model.
        """
        from fusion.track_management import snapshot

        tracker = cls(layout, settings, terrain=terrain, border=border, coverage=coverage, conditions=conditions)
        (
            tracker.late_ignored, tracker.duplicates_ignored, tracker.rows_dropped, tracker.plots_flooded,
            tracker.bearings_unplaced,
        ) = snapshot.unpack(saved, tracker.timeline, tracker.model)  # fmt: skip
        return tracker


def _looks(coverage: xr.Dataset | None, weather: Conditions) -> xr.Dataset | None:
    """The look probabilities as ``look_probability`` names them, also from ``coverage``; SchemaError without any, and
    for those of bad weather where ``weather`` is stated as well."""
    if coverage is None:
        return None
    clear = json.dumps(CLEAR_DAY.as_numbers())
    if weather != CLEAR_DAY and coverage.attrs.get("conditions_numbers", clear) != clear:
        raise SchemaError(
            f"is computed for {coverage.attrs.get('conditions')!r}, but conditions are given as well",
            where="coverage",
            expected="that of a clear day",
        )
    if "probability" in coverage:
        return coverage
    if "look_probability" not in coverage:
        raise SchemaError(
            "no variable 'probability'", where="coverage", expected="that of look_probability or coverage"
        )
    return coverage[["look_probability"]].rename(look_probability="probability")


def track(
    detections: xr.Dataset,
    layout: Layout,
    *,
    settings: TrackerSettings | None = None,
    terrain: xr.Dataset | None = None,
    border: Locator | None = None,
    coverage: xr.Dataset | None = None,
    conditions: Conditions | str | Sequence[str] = CLEAR_DAY,
    poses: Iterable[ScanColumns] = (),
) -> xr.Dataset:
    """Track a whole detections dataset, in order of receipt.

    Parameters
    ----------
    detections : Dataset
        Detections (sensors.detections), of any number of scans.
    layout : Layout
        The sensors.
    settings : TrackerSettings, optional
        Assumptions of the tracker; by default those of TrackerSettings.
    terrain : Dataset, optional
        Terrain of geo.terrain.
    border : Border, optional
        Border that tracks are located against.
    coverage : Dataset, optional
        sensors.coverage.look_probability, or coverage, of ``layout`` and ``terrain``, if already computed; with
        ``conditions``, those of a clear day.
    conditions : Conditions, str or sequence of str
        Light and weather, as in sensors.coverage, in which the sensors detect less than the layout states.
    poses : iterable of ScanColumns, optional
        Poses of mobile sensors (sensors.mobile.columns_of_pose). The dataset may hold them too, as scans of that kind.

    Returns
    -------
    Dataset, dim ``estimate``
        Track history: ``track``, ``time``, ``easting`` and ``northing`` [m], ``easting_rate`` and ``northing_rate``
        [m/s], ``cov`` (``estimate``, ``state``, ``state_``), ``existence`` [1], ``status``, ``segment`` and
        ``offset_m`` [m].

    Raises
    ------
    UnknownSensor
        For a scan of a sensor that the layout does not hold.
    ConditionsError
        For light and weather that are unknown or impossible.
    SchemaError
        For a coverage of bad weather beside ``conditions``, and one without look probabilities.

    A track that is still live when the data end gets a closing row one nanosecond after its last row, so that the last
    row of every track is ``closed``. This row carries no information about the target.
    """
    tracker = Tracker(layout, settings, terrain=terrain, border=border, coverage=coverage, conditions=conditions)
    tracker.take_in_all(
        sorted([*split(detections, layout), *poses], key=lambda scan: (scan.received_ns, scan.observed_ns, scan.key))
    )
    blocks = tracker.timeline.take(final=True)
    return history_dataset([*blocks, *closing_rows(blocks)], border)

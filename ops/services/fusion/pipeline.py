"""From detections to tracks to alerts: a deterministic function of the journal that resumes from a checkpoint.

This module reads no clock. Time comes from the journal's rows (``received_ns``, and the ticks that ingest writes
every second; a tick also sets it back). Alerts are evaluated at the end of each batch that ingest committed; the
journal records the batches.
The same journal therefore gives the same tracks and alerts live, after a crash, and in a later replay.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import msgspec
import xarray as xr

from fusion.alerts import (
    Alert,
    AlertActionError,
    AlertSettings,
    AlertState,
    TrackPicture,
    raise_alerts,
)
from fusion.alerts.evaluation import not_detecting
from fusion.alerts.pictures import take_pictures
from fusion.alerts.settings import RENAMED
from fusion.poses.known import PoseAt
from fusion.situation.assessed_classes import with_seen, with_seen_in
from fusion.situation.context import AlertContext
from fusion.situation.correlate import Correlator
from fusion.situation.current_coverage import current_coverage_of, with_moved
from fusion.situation.track_picture import picture_of_bank
from fusion.track_management.events import TrackEvent
from fusion.tracker import Tracker
from geo.errors import BadInput
from geo.message import Message
from ingest.errors import MalformedMessage
from ingest.unit_messages import KINDS as UNIT_KINDS
from ingest.unit_messages import Position, Reply, SectionOrder, decode_unit
from ingest.wire import Status
from ops.forces.book import ForcesError
from ops.forces.settings import ForceSettings
from ops.incidents.book import ActionOutcome
from ops.incidents.incident import Incident
from ops.incidents.settings import IncidentSettings
from ops.journal.decode_row import columns_of_row, pose_of_status, status_of_row
from ops.journal.events import (
    REFUSED_CALL,
)
from ops.journal.reader import JournalRow
from ops.releasability.book import RecordKind
from ops.sector.open_sector import OpenSector
from ops.sector.settings import Settings, tracker_settings
from ops.sector.toml_record import record_from
from ops.services.fusion.alert_context import alert_context_of
from ops.services.fusion.checkpoint import (
    ANEW,
    CheckpointError,
    HealthNow,
    Memory,
    border_mark,
    checkpoint_parts,
    read_checkpoint,
    same_border,
)
from ops.services.fusion.desks.coverage import covered_segments
from ops.services.fusion.desks.distress import DistressDesk
from ops.services.fusion.desks.forces import ForcesDesk
from ops.services.fusion.desks.incidents import IncidentDesk
from ops.services.fusion.desks.markings import MarkingDesk
from ops.services.fusion.desks.sensors import SensorDesk
from ops.services.fusion.memory.mutes import mute_fields
from ops.services.fusion.memory.quarantine import CutOffRecord
from ops.services.fusion.memory.set_back import SET_BACK_NS, limit_times
from sensors.mobile.viewpoint import Viewpoint
from sensors.statistics.learnt_confusion import with_learnt_confusion
from sensors.timestamps import utc_datetime

log = logging.getLogger(__name__)

UNIT_CHANNELS: Final = {kind: channel for channel, kind in UNIT_KINDS.items()}
"""Channel of a unit's message, by the kind of its journal row."""
FAILING_NS: Final = 10_000_000_000
"""A problem is reported once the alerts cannot be evaluated for this journal time."""
PAUSE_NS: Final = 10_000_000_000
"""Ingest writes a tick every second: in a longer time without a row it was stopped and received nothing."""
OLD_STATUS: Final = "status: not the newest"
"""Counts status messages that are not above the newest of their sensor."""
EVIDENCE_KEPT: Final = 8
"""Number of a track's newest scans that an alert lists as evidence."""


class Pipeline:
    """Process the journal's rows in order; provide alerts to publish, the live picture and the finished history.

    ``checkpoint`` is a return value of ``save``; resuming from it gives the same results as running without
    interruption. ``context`` is the sector's context for alerts; it is built if not given.
    Raises CheckpointError for bytes that are not a checkpoint, BadInput for invalid settings.
    """

    def __init__(
        self,
        ground: OpenSector,
        settings: Settings | None = None,
        *,
        checkpoint: bytes | None = None,
        context: AlertContext | None = None,
    ) -> None:
        settings = settings or Settings()
        self._ground, self._names = ground, frozenset(ground.layout.ids)
        self._alert_settings = record_from(AlertSettings, settings.alerts, where="settings [alerts]", renamed=RENAMED)
        of_tracker, weather = tracker_settings(settings), settings.weather or "day"
        self._correlator = Correlator(ground.border, ground.terrain)
        if checkpoint is None:
            self._tracker = Tracker(
                ground.layout, of_tracker, terrain=ground.terrain, border=ground.border, conditions=weather
            )
            self._alerts, self._memory = AlertState(), Memory()
        else:
            saved = read_checkpoint(checkpoint)
            self._tracker = Tracker.restore(
                ground.layout, of_tracker, bytes(saved.tracker), terrain=ground.terrain, border=ground.border,
                conditions=weather,
            )  # fmt: skip
            self._alerts, self._memory = AlertState.from_json(saved.alerts), saved.memory
        border = border_mark(ground.border)
        if self._memory.border and not same_border(self._memory.border, border):
            raise CheckpointError(
                "belongs to another border",
                where="checkpoint",
                expected=f"the same line, segments and own side; for others, replay the journal into a new one: {ANEW}",
            )
        self._memory.border = border
        of_incidents = record_from(IncidentSettings, settings.incidents, where="settings [incidents]")
        of_incidents = of_incidents.within(settings.retention.alerts)
        self._marking = MarkingDesk(self._memory.markings, settings.releasability, section_of=self.section_of)
        self._desk = IncidentDesk(self._memory.incidents, of_incidents, self._marking)
        self._failing_since_ns: int | None = None
        self._follow_pictures()
        self._coverage = current_coverage_of(self._tracker.model, ground.border)
        self._weather = settings.weather
        self._sensors = SensorDesk(
            self._memory, ground.layout, self._tracker,
            start_grace_ns=round(settings.start_grace_s * 1e9), maintenance=settings.maintenance,
        )  # fmt: skip
        of_forces = record_from(ForceSettings, settings.forces, where="settings [forces]")
        self._forces = ForcesDesk(
            self._memory.forces,
            of_forces,
            ground,
            context
            or alert_context_of(
                ground,
                self._coverage,
                weather=weather,
                rasters=self._correlator.rasters,
            ),
        )
        self._distress = DistressDesk(
            self._memory, self._alert_settings, ground,
            forces=self._forces, incidents=self._desk, marking=self._marking,
        )  # fmt: skip

    def take(self, row: JournalRow) -> tuple[Alert, ...]:
        """Process one row; return the alerts that are new or revised, most urgent first."""
        self._pass_time(row)
        changed: tuple[Alert, ...] = ()
        if row.kind == "detections":  # a call counts although the scan may not be usable
            changed = self._guarded(row, lambda: self._take_device_call(row))
        changed += self._guarded(row, lambda: self._take(row))
        if row.closes_batch:
            changed += self._guarded(row, self._evaluate)
        self._distress.note_ends(changed)
        self._desk.seal()
        return changed

    def skip(self, row: JournalRow) -> None:
        """Skip a scan in overload: count it and note that its sensor sends, without tracking or evaluating alerts."""
        self._pass_time(row)
        name = row.sensor if row.sensor in self._names else ""
        self._memory.skipped[name] = self._memory.skipped.get(name, 0) + 1
        self._sensors.heard(row)

    def save(self) -> bytes:
        """A checkpoint of the present state."""
        return b"".join(self.save_in_parts())

    def save_in_parts(self) -> Iterator[bytes]:
        """Return in parts what ``save`` would return now; most parts are made when they are taken."""
        return checkpoint_parts(self._tracker.snapshot_parts(), self._alerts.to_json(), self._memory)

    def take_history(self, *, final: bool = False) -> xr.Dataset:
        """Track history since the last call that late data can no longer change; with ``final``, all that remains."""
        return self._tracker.take_history(final=final)

    @property
    def now_ns(self) -> int:
        """Journal time: the latest time of receipt since the clock was last set back [UTC ns]."""
        return self._memory.now_ns

    @property
    def tracks(self) -> xr.Dataset:
        """Every live track at its last look, as alerts see it: without late scans that wait for their turn, and with
        classes weighed by what people saw on pictures."""
        return with_seen_in(self._tracker.tracks(provisional=True), self._seen)

    @property
    def bearings(self) -> xr.Dataset:
        """Directions in which sensors detect something that is on no track, at their newest bearing, as ``tracks``."""
        return self._tracker.bearings(provisional=True)

    @property
    def alerts(self) -> Mapping[str, Alert]:
        """All retained alerts, by id."""
        return self._alerts.alerts

    @property
    def incidents(self) -> Mapping[str, Incident]:
        """All retained incidents, by id."""
        return self._memory.incidents.incidents

    def take_incident_news(self) -> tuple[list[Incident], list[ActionOutcome]]:
        """New incident revisions and outcomes of actions since the last call, in order; take them before ``save``."""
        return self._desk.take_news()

    def take_marking_news(self) -> list[tuple[RecordKind, str, str]]:
        """Markings that changed since the last call, as (kind, id, marking); take them before ``save``."""
        return self._marking.take_news()

    def marking_of_track(self, track: str) -> str:
        """Releasability marking of a live track; empty for none."""
        return self._memory.markings.of_track(track)

    def marking_of_sensor(self, sensor: str) -> str:
        """Releasability marking of a sensor; empty for none."""
        return self._marking.of_sensor(sensor)

    def section_of(self, segment: int | None) -> str | None:
        """Name of the border section of a segment; None where there is none."""
        return self._forces.context.section_of(segment)

    def forces(self) -> dict[str, Any]:
        """Own forces as published: units with their positions, bases, sections with their posture, and coverage."""
        gone = not_detecting(self.health, self.faults)
        required = self._alert_settings.required_probability
        covered = covered_segments(self._forces.context.detection, gone, required)
        return {**self._forces.picture(self.now_ns), "coverage": covered}

    def radio_name(self, track: str) -> str | None:
        """Name of a track for radio; None before it is confirmed."""
        named = self._memory.incidents.names.get(track)
        return None if named is None else named.name

    @property
    def health(self) -> Mapping[str, HealthNow]:
        """Health state of each evaluated sensor, by id."""
        return self._sensors.health()

    @property
    def mutes(self) -> Mapping[str, Mapping[str, Any]]:
        """Muted sensors, and those whose mute has ended and that have not reported since, as published."""
        return mute_fields(self._memory.mutes, self.now_ns)

    @property
    def faults(self) -> Mapping[str, Mapping[str, Message]]:
        """Faults by sensor and fault name, of sensors that send data, are quarantined or refused."""
        return self._sensors.faults()

    @property
    def stands(self) -> Mapping[str, PoseAt]:
        """Where mobile sensors stand now, by id; those that have stated a pose."""
        return self._tracker.stands(self.now_ns)

    @property
    def viewpoints(self) -> Mapping[str, Viewpoint | None]:
        """From where mobile sensors see, by id; those that have stated a pose, None where it is not known."""
        return self._tracker.viewpoints(self.now_ns)

    @property
    def held(self) -> Mapping[str, CutOffRecord]:
        """Sources that ingest has quarantined for an excessive message rate: how often, and until when [UTC ns]."""
        return self._memory.held

    @property
    def ingest(self) -> Mapping[str, int]:
        """Reports of ingest about itself: ``disk_full`` (1 while it is full), ``clock_jumps`` (count)."""
        return self._memory.ingest

    @property
    def skipped(self) -> Mapping[str, int]:
        """Number of scans of each sensor that were skipped in overload; the journal has them."""
        return self._memory.skipped

    @property
    def revoked(self) -> Mapping[str, int]:
        """Sensors and units whose credentials are revoked, and since when [UTC ns]."""
        return self._memory.revoked

    @property
    def problem(self) -> str | None:
        """That no evaluation of the alerts has succeeded for ``FAILING_NS``, as a sentence; None otherwise."""
        since_ns = self._failing_since_ns
        if since_ns is None or self.now_ns - since_ns < FAILING_NS:
            return None
        since = utc_datetime(since_ns).isoformat(timespec="seconds")
        return f"no alerts have been evaluated since {since}, because of an error that is in the log of fusion"

    def seen_by(self, track: str) -> list[str]:
        """The sensors of a live track's newest evidence, each once, newest first."""
        return list(dict.fromkeys(sensor for sensor, _, _ in reversed(self._memory.evidence.get(track, ()))))

    def evidence_of(self, track: str, most: int) -> list[tuple[str, int, int]]:
        """(sensor, boot, seq) of a live track's newest scans, at most ``most``, newest first."""
        return list(reversed(self._memory.evidence.get(track, ())))[:most]

    def doubtful(self, track: str) -> list[str]:
        """The revoked sensors among the newest evidence of a live track."""
        sensors = {sensor for sensor, _, _ in self._memory.evidence.get(track, ())}
        return sorted(sensors & self._memory.revoked.keys())

    @property
    def tally(self) -> Mapping[str, int]:
        """Number of journaled reports that were not used, by reason: late, duplicate, without measurement, from a
        sensor that is not in the layout. Also detections with little weight, because they exceed the number of false
        alarms that the layout states for their sensor, and bearings that belong to no track."""
        tracker = self._tracker
        tracker_counts = {
            "late": tracker.late_ignored,
            "duplicate": tracker.duplicates_ignored,
            "no measurement": tracker.rows_dropped,
            "clutter burst": tracker.plots_flooded,
            "bearing only": tracker.bearings_unplaced,
        }
        return {reason: count for reason, count in {**tracker_counts, **self._memory.unusable}.items() if count}

    def _guarded(self, row: JournalRow, step: Callable[[], tuple[Alert, ...]]) -> tuple[Alert, ...]:
        """The alerts of a step; none if an error ends it. It would end every later attempt as well, so the row is
        counted as unusable and passed over: the other rows must not wait for it."""
        try:
            return step()
        except (AlertActionError, BadInput, MalformedMessage, msgspec.DecodeError) as error:
            self._count_unusable(row, error)
        except (MemoryError, OSError):
            raise  # these are of the machine, not of the row
        except Exception as error:  # noqa: BLE001 - whatever the row meets
            self._count_unusable(row, error, fault=True)
        return ()

    def _pass_time(self, row: JournalRow) -> None:
        """Advance journal time to the receipt of ``row``; go back where a tick shows that the clock was set back."""
        memory = self._memory
        if row.kind == "tick" and row.received_ns < memory.now_ns - SET_BACK_NS:
            log.warning("the clock was set back by %.1f s", (memory.now_ns - row.received_ns) / 1e9)
            self._alerts = limit_times(memory, self._alerts, row.received_ns)
            self._tracker.set_back(row.received_ns)
            if self._failing_since_ns is not None:
                self._failing_since_ns = min(self._failing_since_ns, row.received_ns)
        if row.received_ns > memory.now_ns + PAUSE_NS and memory.now_ns > memory.watched_ns:
            memory.watched_ns = row.received_ns
        memory.now_ns = max(memory.now_ns, row.received_ns)
        memory.since_ns = memory.since_ns or row.received_ns

    def _take(self, row: JournalRow) -> tuple[Alert, ...]:
        """The alerts that the row itself changes. For unusable rows, errors of the decoders and alerts propagate."""
        if row.kind == "detections":
            self._take_scan(row)
        elif row.kind == "status":
            self._take_status(row)
        elif row.kind in UNIT_CHANNELS:
            return self._take_unit_message(row)
        elif row.kind == REFUSED_CALL:
            return self._take_refused_call(row)
        else:
            self._sensors.take_event(row)
        return ()

    def _take_scan(self, row: JournalRow) -> None:
        self._sensors.heard(row)
        columns = columns_of_row(row, self._reported, self._memory.sensor_contexts.get(row.sensor))
        self._memory.faults.take_scan(self._ground.layout, columns)
        events = self._tracker.advance(columns)
        self._note_evidence(events)

    def _take_status(self, row: JournalRow) -> None:
        if row.sensor not in self._names:
            raise BadInput("not in the layout", where=f"status of {row.sensor}", expected="a sensor of the layout")
        status = status_of_row(row, self._memory.sensor_contexts)
        self._take_pose(row, status)
        if self._sensors.is_old(row, status):
            self._memory.unusable[OLD_STATUS] = self._memory.unusable.get(OLD_STATUS, 0) + 1
            return
        if self._sensors.take_status(row, status):
            self._take_heartbeat(row)

    def _take_pose(self, row: JournalRow, status: Status) -> None:
        """Process the pose in a status of a mobile sensor, whose place among the scans is that of its own time.

        A status that is old for the sensor's state is not old for this: its pose belongs to scans of its time.
        """
        try:
            pose = pose_of_status(status, self._ground.layout, row.received_ns)
        except BadInput as error:
            self._count_unusable(row, error)
            return
        if pose is None or pose.key in self._tracker.timeline.keys:  # a retained status is delivered again
            return
        if pose.received_ns - pose.observed_ns > self._tracker.timeline.horizon_ns:
            stand = self.stands.get(row.sensor)
            if stand is not None and stand.stated_ns == pose.observed_ns:
                return  # the last pose, which each heartbeat states again, is not a late report
        self._note_evidence(self._tracker.advance(pose))

    def _take_unit_message(self, row: JournalRow) -> tuple[Alert, ...]:
        """Apply a reply to its alert or incident or an order to its section; take a position, and raise distress."""
        message = decode_unit(row.body, UNIT_CHANNELS[row.kind], content_type=row.content_type)
        if isinstance(message, SectionOrder):
            self._forces.take_order(message, row.received_ns)
            return ()
        if isinstance(message, Reply):
            self._alerts, answered = self._desk.take_reply(self._alerts, message, self.now_ns)
            self._take_assessed()
            self._marking.take(answered, self.incidents)
            return answered
        if not message.distress:
            self._forces.take_position(message, row.received_ns)
            return ()
        self._alerts, changed = self._distress.take_position(self._alerts, message, row.observed_ns, self.now_ns)
        self._take_place(message, row)
        return changed

    def _take_assessed(self) -> None:
        """Let what a person saw on a picture count: for the class of its track, nuisance alarms, and the camera."""
        for one in self._desk.take_assessed():
            tracks = self._memory.pictures.take(one, self.now_ns)
            self._follow_pictures()
            for track in sorted(tracks):
                shown = [each.shown for each in self._seen.get(track, ())]
                self._alerts = take_pictures(self._alerts, track, shown)

    def _follow_pictures(self) -> None:
        """Bring up to date what follows from the remembered statements."""
        pictures = self._memory.pictures
        self._seen = pictures.by_track()
        self._reported = with_learnt_confusion(self._ground.layout, pictures.counts)

    def _take_refused_call(self, row: JournalRow) -> tuple[Alert, ...]:
        changed, position = self._distress.take_refused(self._alerts, row, self.now_ns)
        self._alerts, alerts = changed
        if position is not None:
            self._take_place(position, row)
        return alerts

    def _take_device_call(self, row: JournalRow) -> tuple[Alert, ...]:
        self._alerts, alerts = self._distress.take_scan(self._alerts, row, self.now_ns)
        return alerts

    def _take_place(self, position: Position, row: JournalRow) -> None:
        """Take the position of a unit in distress: one unit too many must not lose its call."""
        try:
            self._forces.take_position(position, row.received_ns)
        except ForcesError as error:
            self._count_unusable(row, error)

    def _evaluate(self) -> tuple[Alert, ...]:
        """Evaluate the alerts, and note since when that has failed."""
        if self._failing_since_ns is None:
            self._failing_since_ns = self.now_ns
        changed = self._judge()
        self._failing_since_ns = None
        return changed

    def _judge(self) -> tuple[Alert, ...]:
        """Evaluate the alerts of the whole picture at journal time."""
        if self._memory.pictures.forget(self.now_ns):
            self._follow_pictures()
        picture = self._picture()
        self._follow_sensors()
        self._sensors.judge()
        self._alerts, held = self._distress.settle_held(self._alerts, self.now_ns)
        live = set(picture.track)
        self._memory.evidence = {name: scans for name, scans in self._memory.evidence.items() if name in live}
        self._alerts, changed = raise_alerts(
            self._alerts,
            picture,
            now_ns=self.now_ns,
            health=self.health,
            faults=self.faults,
            settings=self._alert_settings,
            coverage=self._coverage,
            context=self._forces.context,
            weather=self._weather,
        )
        self._alerts, settled = self._desk.judge(
            self._alerts, changed, picture, self.now_ns,
            units=self._forces.fielded(self.now_ns), known=self._forces.names,
        )  # fmt: skip
        changed = held + changed + settled
        self._marking.judge(picture, changed, self._alerts.alerts, self.incidents)
        return changed

    def _follow_sensors(self) -> None:
        """Replace the coverage of mobile sensors by that from where they stand now."""
        seen_from = self._tracker.seen_from(self.now_ns)
        coverage = with_moved(self._coverage, seen_from)
        if coverage is not self._coverage:
            self._coverage = coverage
            self._forces.follow(coverage)
        if seen_from:
            self._forces.see_from({name: one.viewpoint for name, one in seen_from.items()})

    def _picture(self) -> TrackPicture:
        evidence = {name: tuple(reversed(scans)) for name, scans in self._memory.evidence.items()}
        picture = picture_of_bank(self._tracker.timeline.bank, self._tracker.model, self._correlator, evidence)
        return with_seen(picture, self._seen)

    def _take_heartbeat(self, row: JournalRow) -> None:
        """Process a heartbeat: for a ground sensor that sends only events, it reports that there was no detection."""
        if row.sensor in self._names and row.boot is not None and row.seq is not None:
            self._tracker.heartbeat(
                row.sensor, boot=row.boot, sequence=row.seq, observed_ns=row.observed_ns, received_ns=row.received_ns
            )

    def _note_evidence(self, events: tuple[TrackEvent, ...]) -> None:
        for event in events:
            if event.kind in ("started", "updated"):
                scans = self._memory.evidence.setdefault(event.track, [])
                scan = (event.sensor, event.boot, event.sequence)
                if scan not in scans:
                    scans.append(scan)
                    del scans[:-EVIDENCE_KEPT]
                self._marking.take_scan(event.track, event.sensor)

    def _count_unusable(self, row: JournalRow, error: Exception, *, fault: bool = False) -> None:
        """Count and log a row that cannot be used; ``fault``: because of a fault of Watchline, with its traceback."""
        reason = f"{row.kind}: {type(error).__name__}"
        count = self._memory.unusable[reason] = self._memory.unusable.get(reason, 0) + 1
        if count & (count - 1) == 0:  # 1, 2, 4, 8, …: a flood must not fill the log
            words = "journal row %d (%s of %s) cannot be used: %s (%d of this kind)"
            log.warning(words, row.id, row.kind, row.sensor, error, count, exc_info=fault)

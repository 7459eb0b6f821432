"""Link of a SAPIENT node: its sensor of the layout, and the spool and connection that forward its reports.

Reports of one node with the same time become one scan. A repeated report is sent again under its old number, so the
journal counts it as a duplicate.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

import msgspec

from ingest.decode import encode
from ingest.errors import MalformedMessage
from ingest.mqtt.broker_url import BrokerUrl
from ingest.security.key_register import Identity
from ingest.sending.sender import Sender, SenderSettings
from ingest.sending.spool import Spool
from ingest.standards.registry import SAPIENT
from ingest.standards.sapient.decode import Packet, detection
from ingest.standards.sapient.files import media_of
from ingest.standards.sapient.location import MOST_SD_M, Faults, GeoPosition, Stand
from ingest.standards.sapient.node import Node, location_of, pose_of
from ingest.wire import JSON, MAX_MEDIA, Kind, ReportedState, WireMedia, WirePlot, WirePose
from ops.services.sapient.database import DetectionReport, SapientMemory
from sensors.error_model import distance_m, position_sd_m
from sensors.layout import AnySensor, Layout
from sensors.scan import Plot, Scan
from sensors.timestamps import utc_datetime

log = logging.getLogger(__name__)

SITE_TOLERANCE_M: Final = 30.0
"""A node counts as moved if it reports a position farther than this from its sensor's position in the layout. Its
ranges and azimuths, which the tracker would measure from the position in the layout, are then passed on as positions
(assumption)."""
LINGER_S: Final = 0.04
"""Time for which the first report of a scan waits for others of the same time."""
MOST_IN_A_LOOK: Final = 350
"""Maximum number of reports per scan, so that it is smaller than a message may be whatever they contain."""
MOST_AT_ONCE: Final = 100
"""Maximum number of scans per disk write."""


@dataclass(frozen=True, slots=True)
class LinkContext:
    """Common context of all node links. ``identity_of`` returns the identity with which to sign as a sensor, and the
    number of seconds until it is valid: a new key is not yet in the register that ingest has read."""

    sector: str
    url: BrokerUrl
    folder: Path
    now_ns: Callable[[], int]
    memory: SapientMemory
    identity_of: Callable[[str], tuple[Identity, float]]


@dataclass(slots=True)
class PendingScan:
    """Reports of one time that will become one scan, with the pictures and clips that they refer to."""

    at: datetime
    due_s: float
    plots: list[WirePlot] = field(default_factory=list)
    reports: list[DetectionReport] = field(default_factory=list)
    media: list[WireMedia] = field(default_factory=list)


class NodeLink:
    """One node. ``take``, ``due`` and ``queue`` return at once; ``put``, ``repeat`` and ``refuse`` may wait for the
    disk."""

    def __init__(self, node: Node, sensor: str, layout: Layout, links: LinkContext) -> None:
        self.sensor = sensor
        self.placed: AnySensor | None = next((each for each in layout if each.id == sensor), None)
        self.node = node if self.placed is None else replace(node, stand=_stand_of(self.placed))
        self.heard_s = time.monotonic()
        self.silent = False
        self.report: Any = None
        """The last message with a status report, with what it left out from the one before."""
        self._links = links
        self._look: PendingScan | None = None
        self._queue: deque[PendingScan] = deque()
        self._queued_keys: set[bytes] = set()
        self._called = False
        self._looks = 0
        self._opened_interval_s = 0.0
        self._spool: Spool | None = None
        self._sender: Sender | None = None
        self._start_s: float | None = None
        self.pose: WirePose | None = None

    @property
    def kind(self) -> Kind:
        """The kind of the sensor in the layout, else of the node's type, else radar."""
        return self.placed.kind if self.placed is not None else (self.node.kind or "radar")  # type: ignore[return-value]

    @property
    def status_interval_s(self) -> float:
        """Interval between the node's status reports, as registered [s]."""
        return self.node.status_interval_s or 10.0

    def open(self) -> None:
        """Open spool and link, once, and again if the node's status interval changes; SpoolError if the spool is in
        use.

        The link sends after ``start``; until then, scans wait in the spool.
        """
        if self._sender is not None and self._opened_interval_s == self.status_interval_s:
            return
        self.close()
        identity, wait_s = self._links.identity_of(self.sensor)
        self._opened_interval_s = self.status_interval_s
        folder = self._links.folder / "spool"
        folder.mkdir(parents=True, exist_ok=True)
        self._spool = Spool(folder / f"{self.sensor}.db")
        self._sender = Sender(
            self._spool,
            sector=self._links.sector,
            sensor=self.sensor,
            url=self._links.url,
            now_ns=self._links.now_ns,
            kind=self.kind,
            settings=SenderSettings(status_interval_s=self.status_interval_s, idle_s=0.02, identity=identity),
        )
        self._start_s = time.monotonic() + wait_s
        self.tell()
        self.start(time.monotonic())

    def start(self, now_s: float) -> None:
        """Start sending, once the link's key is valid."""
        if self._sender is not None and self._start_s is not None and now_s >= self._start_s:
            self._start_s = None
            self._sender.start()

    @property
    def waits_to_start(self) -> bool:
        """Whether ``start`` still has to be called."""
        return self._start_s is not None

    def tell(self) -> None:
        """Pass the node's state on to the sensor's heartbeats."""
        if self._sender is not None:
            note = f"no status report for {2 * self.status_interval_s + 1:.0f} s" if self.silent else self.node.note
            state: ReportedState = "lost" if self.silent else self.node.state
            self._sender.set_state(state, note, power=self.node.power, obscured=self.node.obscured)

    def note_pose(self, packet: Packet) -> bool:
        """Take the pose of a status report of a mobile sensor; return whether there is a new one to ``state``."""
        if self.placed is None or not self.placed.mobile:
            return False
        report = packet.message.status_report
        pose = pose_of(report, self.node, location_of(report, self.node, []), packet.sent_at)
        if pose is None:
            return False
        at = min(packet.sent_at, utc_datetime(self._links.now_ns()))  # a clock that is ahead by less than is refused
        self.pose = msgspec.structs.replace(pose, observed_at=at)
        return True

    def state(self) -> None:
        """Pass the newest pose on to the sensor's heartbeats."""
        if self._sender is None or self.pose is None:
            return
        try:
            self._sender.set_pose(self.pose)
        except MalformedMessage as error:
            log.warning("SAPIENT node %s: its pose is not used: %s", self.node.node_id, error)

    def take(self, packet: Packet) -> tuple[PendingScan | None, Faults]:
        """Add a detection report to its scan; return (an earlier scan that is now complete or None, faults)."""
        plot, faults = detection(packet, self.node)
        if plot is not None and not faults:
            plot = self._fitted(plot, faults)
        if faults:
            return None, faults
        at, report = packet.sent_at, _report_of(packet)
        done = None
        if self._look is None or self._look.at != at or len(self._look.plots) >= MOST_IN_A_LOOK:
            done, self._look = self._look, PendingScan(at, time.monotonic() + LINGER_S)
        if plot is not None:
            self._look.plots.append(plot)
            files = packet.message.detection_report.associated_file
            self._add(self._look, media_of(files, len(self._look.plots) - 1))
        self._look.reports.append(report)
        return done, []

    def _add(self, look: PendingScan, found: Sequence[WireMedia]) -> None:
        left = MAX_MEDIA - len(look.media)
        look.media += found[:left]
        if len(found) > left:
            log.warning("SAPIENT node %s: more than %d files at one time.", self.node.node_id, MAX_MEDIA)

    def key_of(self, packet: Packet) -> bytes:
        """The key by which a repeated report is recognised."""
        return _report_of(packet).key

    def holds(self, packet: Packet) -> bool:
        """Whether this report is already waiting, for its scan or for the disk."""
        key = _report_of(packet).key
        return key in self._queued_keys or (
            self._look is not None and any(report.key == key for report in self._look.reports)
        )

    def due(self, now_s: float) -> PendingScan | None:
        """Remove and return the scan that is due; None if there is none."""
        if self._look is None or now_s < self._look.due_s:
            return None
        look, self._look = self._look, None
        return look

    def queue(self, look: PendingScan) -> bool:
        """Queue a scan for ``put``; return whether ``put`` must be called, because no call is pending."""
        self._queued_keys.update(report.key for report in look.reports)
        self._queue.append(look)
        called, self._called = self._called, True
        return not called

    @property
    def queued(self) -> int:
        """Number of scans that wait for ``put``."""
        return len(self._queue)

    def put(self) -> None:
        """Spool the waiting looks, each as a scan, in one write. They are durable when this returns, and still waiting
        if it raises. The contents of a scan are stored first. A look that cannot be encoded becomes a dead letter."""
        self._called = False
        looks = list(self._queue)[:MOST_AT_ONCE]
        if not looks:
            return
        self.open()
        try:
            self._spool_looks(looks)
        except MalformedMessage:
            self._spool_singly(looks)
        if self._queue:
            self.put()

    def _spool_looks(self, looks: Sequence[PendingScan]) -> None:
        assert self._spool is not None
        self._spool.put_many([self._builder(look, self._looks + i) for i, look in enumerate(looks, start=1)])
        self._looks += len(looks)
        self._settle(looks)

    def _spool_singly(self, looks: Sequence[PendingScan]) -> None:
        """Spool each look by itself, so that no other look waits behind one that cannot be encoded."""
        assert self._sender is not None
        for look in looks:
            try:
                self._spool_looks([look])
            except MalformedMessage as fault:
                log.warning("SAPIENT node %s: a scan is refused: %s", self.node.node_id, fault)
                self._sender.refuse(msgspec.json.encode(look.plots), fault, JSON)
                self._settle([look])

    def _settle(self, looks: Sequence[PendingScan]) -> None:
        """Remove the first looks from the queue."""
        for look in looks:
            self._queue.popleft()
            self._queued_keys.difference_update(report.key for report in look.reports)

    def _builder(self, look: PendingScan, number: int) -> Callable[[int, int], bytes]:
        scan = Scan(
            sensor=self.sensor,
            boot=0,
            sequence=0,
            scan=number,
            observed_at=look.at,
            received_at=look.at,
            kind=self.kind,
            plots=tuple(Plot(**msgspec.structs.asdict(plot)) for plot in look.plots),
        )

        def build(boot: int, seq: int) -> bytes:
            payload = encode(replace(scan, boot=boot, sequence=seq), look.media)
            self._links.memory.remember(self.sensor, boot, seq, payload, look.reports)
            return payload

        return build

    def repeat(self, packet: Packet) -> bool:
        """Send the scan that contains this report again; False if the report is new."""
        sent = self._links.memory.sent(self.sensor, _report_of(packet).key)
        if sent is None:
            return False
        self.open()
        assert self._sender is not None
        return self._sender.repeat(sent.boot, sent.seq, sent.payload)

    def refuse(self, packet: bytes, fault: MalformedMessage) -> None:
        """Spool an unusable packet as a dead letter."""
        self.open()
        assert self._sender is not None
        self._sender.refuse(packet, fault, SAPIENT)

    @property
    def problem(self) -> str | None:
        """The reason why the link does not send; None if it does."""
        return None if self._sender is None else self._sender.problem

    def close(self) -> None:
        """Close the link; scans that are not acknowledged stay in the spool."""
        if self._sender is not None:
            self._sender.stop()
        if self._spool is not None:
            self._spool.close()
        self._sender = self._spool = self._start_s = None

    def _fitted(self, plot: WirePlot, faults: Faults) -> WirePlot:
        """The detection in the form that the layout's sensor requires: every measured value has a standard deviation
        and is relative to the sensor's position."""
        sensor = self.placed
        if sensor is None:
            return plot
        polar = plot.azimuth_deg is not None
        for name, reported, known in (
            ("range_bearing.azimuth_error", plot.azimuth_sd_deg, sensor.azimuth_sd_deg),
            ("range_bearing.range_error", plot.range_sd_m, sensor.range_sd_m),
            ("range_bearing.elevation_error", plot.elevation_sd_deg, sensor.elevation_sd_deg),
        ):
            value = name.split(".")[1].removesuffix("_error")
            measured = {"azimuth": plot.azimuth_deg, "range": plot.range_m, "elevation": plot.elevation_deg}[value]
            if measured is not None and reported is None and known is None:
                reason = f"missing, and the layout gives none for {sensor.id}"
                faults.append(MalformedMessage("incomplete", f"detection_report.{name}", reason, "an error above 0"))
        if plot.lon is None or plot.lat is None:
            return plot
        sd_m = plot.position_sd_m or position_sd_m(
            plot.lon, plot.lat, sensor, range_sd_m=plot.range_sd_m, azimuth_sd_deg=plot.azimuth_sd_deg
        )
        if sd_m is None:
            if not polar:
                reason = f"missing, and the layout gives no range_sd_m for {sensor.id}"
                faults.append(
                    MalformedMessage("incomplete", "detection_report.location.x_error", reason, "an error above 0")
                )
            return msgspec.structs.replace(plot, lon=None, lat=None)
        sd_m = min(sd_m, MOST_SD_M)
        if polar and not _moved(self.node.stand.place, sensor):
            return msgspec.structs.replace(plot, position_sd_m=sd_m)
        return WirePlot(
            lon=plot.lon,
            lat=plot.lat,
            position_sd_m=sd_m,
            classes=plot.classes,
            confidence=plot.confidence,
            source_id=plot.source_id,
        )


def _stand_of(sensor: AnySensor) -> Stand:
    return Stand(GeoPosition(sensor.lon, sensor.lat), sensor.azimuth_deg % 360.0)


def _report_of(packet: Packet) -> DetectionReport:
    """The report with its key, a hash of the node id, report id, object id and time, which together identify a
    report."""
    message, report = packet.message, packet.message.detection_report
    at = f"{message.timestamp.seconds}.{message.timestamp.nanos}"
    text = "|".join((message.node_id, report.report_id, report.object_id, at))
    return DetectionReport(blake2b(text.encode(), digest_size=16).digest(), message.node_id, report.object_id)


def _moved(place: GeoPosition | None, sensor: AnySensor) -> bool:
    if place is None:
        return False
    allowed = max(SITE_TOLERANCE_M, 3.0 * (place.sd_m or 0.0))
    return distance_m(place.lon, place.lat, sensor.lon, sensor.lat) > allowed

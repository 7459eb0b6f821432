"""Input of the SAPIENT fusion node: passes packets of all connections to node links, and answers them where required.

All work that may wait for a disk runs on a separate thread (``ops.services.sapient.disk_thread``), in the order of the
packets.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import msgspec

from geo.errors import WatchlineError
from ingest.errors import MalformedMessage
from ingest.standards.sapient import outgoing
from ingest.standards.sapient.decode import Packet, read, speaker, status
from ingest.standards.sapient.files import media_of
from ingest.standards.sapient.node import Node, completed
from ingest.standards.sapient.validation import is_uuid4
from ops.services.sapient.connection import Peer
from ops.services.sapient.disk_thread import Disk
from ops.services.sapient.node_link import LinkContext, NodeLink, PendingScan
from ops.services.sapient.sensor_names import claimed, sensor_of
from sensors.layout import Layout
from sensors.timestamps import utc_datetime

log = logging.getLogger(__name__)

MOST_WAITING: Final = 200
"""Maximum number of scans of a node that may wait for the disk; beyond it, its connection is not read."""
MOST_STRANGERS: Final = 50
"""Maximum number of nodes without a sensor of the layout that are journaled at once; further registrations are
refused."""


@dataclass(frozen=True, slots=True)
class Times:
    """Plausible send times of a packet: at most this long after, or before, its receipt."""

    future_s: float = 0.5
    late_s: float = 86_400.0


class Gateway:
    """All nodes and connections. ``serve`` handles one connection; call ``tick`` periodically for time-dependent
    work."""

    def __init__(self, layout: Layout, links: LinkContext, own_id: str, times: Times | None = None) -> None:
        self.own_id = own_id
        self.peers: set[Peer] = set()
        self.node_links: dict[str, NodeLink] = {}
        self._layout, self._links, self._times = layout, links, times or Times()
        self.disk = Disk()
        for known in links.memory.nodes():
            self._recall(known.node_id, known.registration, known.status)
        if (links.folder / "spool" / f"{own_id}.db").exists():
            self._own_link()
        for link in self.node_links.values():
            self._later(link.open)  # send what an earlier run could not send

    async def serve(self, peer: Peer) -> None:
        """Handle what a connection sends until it ends."""
        self.peers.add(peer)
        try:
            async for packet in peer.packets():
                try:
                    self.handle(peer, packet)
                except WatchlineError as error:  # a disk error: the node must not assume that its report was received
                    self.disk.failed = str(error)
                    raise
                while self._is_behind(peer):
                    await asyncio.sleep(0.01)
        finally:
            self.peers.discard(peer)

    def handle(self, peer: Peer, raw: bytes) -> None:
        """Handle one packet; the connection stays open unless no further packet can be read from it."""
        if peer.patience.tried and peer.patience.muted(speaker(raw), time.monotonic()):
            return
        try:
            packet = read(raw)
        except MalformedMessage as error:
            self._refuse(peer, raw, None, [error])
            return
        node_id = packet.message.node_id
        if node_id == self.own_id:
            return
        faults = list(packet.faults) or self._time_faults(packet)
        if faults:
            self._refuse(peer, raw, packet, faults)
            if packet.content == "registration" and is_uuid4(node_id):
                peer.send(outgoing.registration_ack(self.own_id, node_id, [str(fault) for fault in faults]))
            return
        handler: Callable[[Peer, bytes, Packet], None] = {
            "registration": self._register,
            "status_report": self._take_status,
            "detection_report": self._take_detection,
            "alert": self._take_alert,
            "task": self._take_task,
            "task_ack": self._take_task_ack,
            "registration_ack": self._take_registration_ack,
            "error": self._take_error,
        }.get(packet.content, self._ignore)
        handler(peer, raw, packet)

    def tick(self) -> None:
        """Handle scans that are due, nodes that have gone offline, and peers that accept no data."""
        now_s = time.monotonic()
        self.disk.reap()
        self.tick_looks(now_s)
        for link in self.node_links.values():
            if link.waits_to_start:
                self._later(link.start, now_s)
            silent = now_s - link.heard_s > 2.0 * link.status_interval_s + 1.0
            if silent != link.silent and link.node.node_id != self.own_id:
                link.silent = silent
                self._later(link.tell)
                log.warning(
                    "SAPIENT node %s (%s) %s.",
                    link.node.node_id,
                    link.sensor,
                    "is offline" if silent else "is online again",
                )

    def tick_looks(self, now_s: float) -> None:
        """Queue the scans that are due at ``now_s``."""
        for link in self.node_links.values():
            look = link.due(now_s)
            if look is not None:
                self._put(link, look)

    def connections_of(self, node_id: str) -> Peer | None:
        """The newest connection of a node; None if there is none."""
        return next((peer for peer in self.peers if node_id in peer.nodes), None)

    def informs(self, peer: Peer) -> bool:
        """Whether a connection may receive alerts and tracks: it was dialled, or a sensor of the layout uses it."""
        links = (self.node_links.get(node) for node in peer.nodes)
        return peer.dialled or any(link is not None and link.placed is not None for link in links)

    def close(self) -> None:
        """Queue all pending scans and close every link."""
        self.tick_looks(float("inf"))
        for link in self.node_links.values():
            self._later(link.close)
        self.disk.close()

    def _register(self, peer: Peer, raw: bytes, packet: Packet) -> None:
        message = packet.message
        registration, node_id = message.registration, message.node_id
        sensor = sensor_of(node_id, self._links.folder)
        name = claimed(node_id, (registration.short_name, registration.name), self._layout, self._links.folder)
        if name is not None:
            self._refuse_claim(peer, raw, node_id, name)
            return
        if sensor not in self._layout and self._unknown_sensors(node_id) >= MOST_STRANGERS:
            reason = f"no sensor of the layout, and {MOST_STRANGERS} such nodes are known already"
            peer.send(outgoing.registration_ack(self.own_id, node_id, [reason]))
            return
        link = self.node_links.get(node_id)
        if link is not None and link.sensor != sensor:
            self._later(link.close)
        if link is None or link.sensor != sensor:
            link = self.node_links[node_id] = NodeLink(Node(node_id), sensor, self._layout, self._links)
            if link.placed is None:
                log.warning(
                    "SAPIENT node %s is not a sensor of the layout: journaled as %s, not fused.", node_id, sensor
                )
        link.node = link.node.registered(registration)
        self._own(peer, node_id)
        self._hear(link)
        self._links.memory.node_registered(node_id, sensor, raw, self._links.now_ns())
        self._later(link.open)
        peer.send(outgoing.registration_ack(self.own_id, node_id))
        log.info("SAPIENT node %s registered as %s.", node_id, sensor)

    def _refuse_claim(self, peer: Peer, raw: bytes, node_id: str, name: str) -> None:
        """Refuse a node that calls itself a sensor as which no person registered it, and keep what it sent."""
        if not peer.patience.fault(node_id, time.monotonic()):
            return
        what = f"{name} is a sensor of the layout, and this node is not registered as it"
        expected = f"`watchline sensor register SECTOR {name} --sapient-node {node_id}` by an operator first"
        log.warning("SAPIENT node %s from %s: refused: %s.", node_id, peer.name, what)
        peer.send(outgoing.registration_ack(self.own_id, node_id, [f"{what}; expected {expected}"]))
        self._later(self._own_link().refuse, raw, MalformedMessage("not_registered", "node_id", what, expected))

    def _take_status(self, peer: Peer, raw: bytes, packet: Packet) -> None:
        link = self._link_of(peer, raw, packet)
        if link is None:
            return
        before = link.node
        link.node, faults = status(packet, link.node)
        if faults:
            self._refuse(peer, raw, packet, faults)
            return
        self._hear(link)
        link.report = completed(packet.message, link.report)
        self._links.memory.node_reported(link.node.node_id, link.report.SerializeToString(), self._links.now_ns())
        self._later(link.open)
        if any(getattr(link.node, name) != getattr(before, name) for name in ("state", "note", "power", "obscured")):
            self._later(link.tell)
        if link.note_pose(packet):
            self._later(link.state)

    def _take_detection(self, peer: Peer, raw: bytes, packet: Packet) -> None:
        link = self._link_of(peer, raw, packet)
        if link is None:
            return
        if link.holds(packet):
            look = link.due(float("inf"))
            if look is not None:
                self._put(link, look)
            self._later(link.repeat, packet)
            return
        if self._links.memory.sent(link.sensor, link.key_of(packet)) is not None:
            self._later(link.repeat, packet)
            return
        done, faults = link.take(packet)
        if faults:
            self._refuse(peer, raw, packet, faults)
        if done is not None:
            self._put(link, done)

    def _take_alert(self, peer: Peer, _raw: bytes, packet: Packet) -> None:
        text = ascii(packet.message.alert.description)[:200]
        _note(peer, packet, logging.WARNING, "SAPIENT alert of node %s: %s", packet.message.node_id, text)
        peer.send(outgoing.alert_ack(self.own_id, packet.message.node_id, packet.message.alert.alert_id))

    def _take_task(self, peer: Peer, _raw: bytes, packet: Packet) -> None:
        peer.send(outgoing.task_refusal(self.own_id, packet.message.node_id, packet.message.task.task_id))

    def _take_task_ack(self, peer: Peer, raw: bytes, packet: Packet) -> None:
        """Only the connection of a node answers for it, and a node its own tasks only: ids of tasks are published."""
        if self._link_of(peer, raw, packet) is None:
            return
        ack, node_id = packet.message.task_ack, packet.message.node_id
        status_name = ack.TaskStatus.Name(ack.task_status).removeprefix("TASK_STATUS_").lower()
        found = media_of([ack.associated_file] if ack.HasField("associated_file") else [], None)
        # not a scan: without plots it would say that the camera saw nothing in all of its field of view
        file = msgspec.json.encode(msgspec.structs.replace(found[0], observed_at=packet.sent_at)) if found else b""
        reasons = "; ".join(ack.reason)[:500]
        if not self._links.memory.task_answered(ack.task_id, status_name, reasons, node_id=node_id, file=file.decode()):
            _note(peer, packet, logging.WARNING, "SAPIENT node %s answers a task that it does not have.", node_id)

    def _take_registration_ack(self, peer: Peer, _raw: bytes, packet: Packet) -> None:
        ack = packet.message.registration_ack
        if not ack.acceptance:
            reason = ascii("; ".join(ack.ack_response_reason))[:300]
            _note(peer, packet, logging.WARNING, "SAPIENT %s refuses the gateway's registration: %s", peer.name, reason)

    def _take_error(self, peer: Peer, _raw: bytes, packet: Packet) -> None:
        reason = ascii("; ".join(packet.message.error.error_message))[:300]
        _note(peer, packet, logging.WARNING, "SAPIENT %s reports an error: %s", peer.name, reason)

    def _ignore(self, peer: Peer, _raw: bytes, packet: Packet) -> None:
        node_id = packet.message.node_id
        _note(peer, packet, logging.INFO, "SAPIENT %s of node %s: no action.", packet.content, node_id)

    def _link_of(self, peer: Peer, raw: bytes, packet: Packet) -> NodeLink | None:
        """The link of a packet's node; if there is none, the packet is refused."""
        node_id = packet.message.node_id
        link = self.node_links.get(node_id)
        owner = self.connections_of(node_id)
        if link is not None and owner is None:
            self._own(peer, node_id)  # restored from an earlier run
        elif link is None or owner is not peer:
            reason = "not registered" if link is None else "registered on another connection"
            self._refuse(
                peer, raw, packet, [MalformedMessage("not_registered", "node_id", reason, "a Registration first")]
            )
            return None
        return link

    def _own(self, peer: Peer, node_id: str) -> None:
        for other in self.peers:
            other.nodes.discard(node_id)
        peer.nodes.add(node_id)

    def _hear(self, link: NodeLink) -> None:
        link.heard_s = time.monotonic()
        if link.silent:
            link.silent = False
            self._later(link.tell)

    def _time_faults(self, packet: Packet) -> list[MalformedMessage]:
        if packet.content == "error":
            return []
        now = utc_datetime(self._links.now_ns())
        ahead_s = (packet.sent_at - now).total_seconds()
        if ahead_s > self._times.future_s:
            reason = f"{ahead_s:.3f} s after receipt"
            return [MalformedMessage("future", "timestamp", reason, f"at most {self._times.future_s} s")]
        if packet.content == "detection_report" and -ahead_s > self._times.late_s:
            reason = f"{-ahead_s:.0f} s before receipt"
            return [MalformedMessage("expired", "timestamp", reason, f"at most {self._times.late_s:.0f} s")]
        return []

    def _refuse(self, peer: Peer, raw: bytes, packet: Packet | None, faults: list[MalformedMessage]) -> None:
        """Answer with an Error message that lists every fault, and store the packet as a dead letter."""
        node_id = packet.message.node_id if packet is not None else ""
        if not peer.patience.fault(node_id, time.monotonic()):
            return
        link = self.node_links.get(node_id)
        log.info("SAPIENT %s: packet refused: %s", peer.name, "; ".join(str(fault) for fault in faults)[:500])
        peer.send(outgoing.error(self.own_id, raw, faults, node_id if is_uuid4(node_id) else None))
        self._later((link or self._own_link()).refuse, raw, faults[0])

    def _own_link(self) -> NodeLink:
        """The link of the gateway's own id, for packets that no registered node sent."""
        if self.own_id not in self.node_links:
            self.node_links[self.own_id] = NodeLink(Node(self.own_id), self.own_id, self._layout, self._links)
        return self.node_links[self.own_id]

    def _put(self, link: NodeLink, look: PendingScan) -> None:
        if link.queue(look):
            self._later(link.put)

    def _is_behind(self, peer: Peer) -> bool:
        node_links = (self.node_links[node] for node in peer.nodes if node in self.node_links)
        return any(link.queued > MOST_WAITING for link in node_links)

    def _unknown_sensors(self, node_id: str) -> int:
        others = (link for known, link in self.node_links.items() if known not in (node_id, self.own_id))
        return sum(link.placed is None for link in others)

    def _later(self, work: Callable[..., object], *arguments: object) -> None:
        self.disk.later(work, *arguments)

    def _recall(self, node_id: str, registration: bytes, report: bytes | None) -> None:
        """Restore a node of an earlier run; its link opens with its first message."""
        message = read(registration).message
        names = (message.registration.short_name, message.registration.name)
        if claimed(node_id, names, self._layout, self._links.folder) is not None:
            return  # of a version that did not require registration
        link = NodeLink(Node(node_id), sensor_of(node_id, self._links.folder), self._layout, self._links)
        link.node = link.node.registered(message.registration)
        if report is not None:
            packet = read(report)
            link.node, _ = status(packet, link.node)
            link.report = packet.message
        link.silent, link.heard_s = True, float("-inf")
        self.node_links[node_id] = link


def _note(peer: Peer, packet: Packet, level: int, line: str, *values: str) -> None:
    """Log what a packet states; a connection without a registration must not fill the disk by it."""
    if peer.patience.writes(packet.content):
        log.log(level, line, *values)

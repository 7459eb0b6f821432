"""Output of the SAPIENT fusion node: fused detections, alerts, tasks and its own status, to every connection.

Only the newest fused detections are sent; a connection with a full send buffer is skipped. Alerts are always written; a
connection that then accepts no data is closed. A new connection receives every open alert, and the closure of alerts
that were sent before. An alert that was sent and whose marking has risen since is closed at the receiver, without its
content. Alerts, detections and the ids of nodes go only to middleware that Watchline dialled and to connections on
which a sensor of the layout has registered: a program that only reaches the port gets none of them.
"""

from __future__ import annotations

import json
import logging
import math
import secrets
import time
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from sapient_msg.bsi_flex_335_v2_0.sapient_message_pb2 import SapientMessage

from ingest.standards.sapient import outgoing
from ingest.standards.sapient.outgoing import ContributingDetection, ulid
from ops.services.sapient.connection import Peer
from ops.services.sapient.database import SapientMemory
from ops.services.sapient.gateway import Gateway
from ops.store.connections import StoreError
from ops.store.feed_release import FeedRelease
from ops.store.reader import Reader
from ops.store.rows import OPEN

log = logging.getLogger(__name__)

ROUND_S: Final = 0.2
GREETED_AFTER_S: Final = 2.0
"""A connection that has sent nothing for this time counts as a listener."""
OLDEST_TRACK_S: Final = 30.0
"""Statuses of open alerts."""
ALERTS_A_ROUND: Final = 100
NOT_RELEASED: Final = "This alert is no longer released to this connection."


class Reports:
    """Sender of reports. ``tick`` is one round; the store is only read."""

    def __init__(
        self,
        gateway: Gateway,
        store: Reader,
        memory: SapientMemory,
        *,
        name: str,
        now_ns: Callable[[], int],
        release: FeedRelease | None = None,
    ):
        """``release`` None: records are sent whatever their marking."""
        self._release = release
        self._gateway, self._store, self._memory = gateway, store, memory
        self._name, self._now_ns = name, now_ns
        self._outbox = self._markings = 0
        self._sent_ns: dict[str, int] = {}
        self._status_due_s = 0.0

    def tick(self) -> None:
        """Greet new connections, then send new data to all greeted connections."""
        longest_s = max((link.status_interval_s for link in self._gateway.node_links.values()), default=0.0)
        for peer in list(self._gateway.peers):
            peer.check(longest_s)
        try:
            for peer in [peer for peer in self._gateway.peers if not peer.greeted and self._may_greet(peer)]:
                self._greet(peer)
            peers = [peer for peer in self._gateway.peers if peer.greeted and self._gateway.informs(peer)]
            for peer in self._gateway.peers.difference(peers):
                peer.briefed = False
            self._send_new_alerts([peer for peer in peers if peer.briefed])
            self._follow_markings([peer for peer in peers if peer.briefed])
            self._brief([peer for peer in peers if not peer.briefed])
            if peers:
                self._send_tracks(peers)
        except StoreError as error:
            log.debug("SAPIENT reports are suspended: %s", error)
        self._send_tasks()
        if time.monotonic() >= self._status_due_s:
            self._status_due_s = time.monotonic() + outgoing.STATUS_INTERVAL_S
            for peer in self._gateway.peers:
                if peer.greeted:
                    peer.send(outgoing.status_report(self._gateway.own_id, self._new_id()))

    def goodbye(self) -> None:
        """Announce the disconnection to all connections."""
        for peer in self._gateway.peers:
            if peer.greeted:
                peer.send(outgoing.status_report(self._gateway.own_id, self._new_id(), goodbye=True))

    def _may_greet(self, peer: Peer) -> bool:
        return peer.dialled or bool(peer.nodes) or time.monotonic() - peer.opened_s > GREETED_AFTER_S

    def _greet(self, peer: Peer) -> None:
        """Send the initial messages of a new connection. A node that registered with the gateway needs no registration
        in return."""
        if peer.dialled or not peer.nodes:
            children = [node for node in self._gateway.node_links if node != self._gateway.own_id]
            known = sorted(children) if self._gateway.informs(peer) else []
            peer.send(outgoing.registration(self._gateway.own_id, name=self._name, children=known))
            peer.send(outgoing.status_report(self._gateway.own_id, self._new_id()))
        peer.greeted = True

    def _brief(self, peers: list[Peer]) -> None:
        """Send the open alerts to connections that have not received them."""
        for body in self._alerts_to_send() if peers else []:
            self._send_alert(peers, body)
        for peer in peers:
            peer.briefed = True

    def _alerts_to_send(self) -> list[dict[str, Any]]:
        bodies = [json.loads(body) for status in OPEN for body in self._store.alerts(status=status)[2]]
        known = {body["id"] for body in bodies}
        sent = set(self._memory.open_alerts_sent())
        for alert in sent:
            stored = self._store.alert(alert) if alert not in known else None
            if stored is not None:
                bodies.append(json.loads(stored[2]))
        released = [body for one in bodies if (body := self._released(one, sent)) is not None]
        return sorted(released, key=lambda body: (body["raised_at"], body["id"]))

    def _released(self, body: dict[str, Any], sent: Collection[str]) -> dict[str, Any] | None:
        """The alert as it may be sent; of one that may not, its bare closure if it was ``sent`` as open, else None."""
        if self._release is None:
            return body
        if self._release.sapient_alert(body["id"]):
            return self._release.sapient_body(body)
        if body["id"] not in sent:
            return None
        kept = {name: body[name] for name in ("id", "revision", "raised_at")}
        return kept | {"status": "cleared", "rule": "", "priority": "low", "sentence": NOT_RELEASED}

    def _follow_markings(self, peers: list[Peer]) -> None:
        """After a change of markings: close the alerts that may not be sent any more, and send those that now may."""
        if self._release is None or not peers:
            return
        self._release.refresh()
        if self._release.newest == self._markings:
            return
        self._markings = self._release.newest
        sent = set(self._memory.open_alerts_sent())
        for body in self._alerts_to_send():
            if (body["id"] in sent) != (body["status"] in OPEN):
                self._send_alert(peers, body)

    def _send_new_alerts(self, peers: list[Peer]) -> None:
        """Send new outbox rows. Without connections they are skipped, because a new connection receives all open
        alerts."""
        if not peers:
            self._outbox = self._store.last_event()
            return
        rows = self._store.outbox_after(self._outbox, limit=ALERTS_A_ROUND)
        sent = set(self._memory.open_alerts_sent()) if rows else set()
        for row in rows:
            body = self._released(json.loads(row.body), sent)
            if body is not None:
                self._send_alert(peers, body)
            self._outbox = row.n

    def _send_alert(self, peers: list[Peer], body: dict[str, Any]) -> None:
        evidence = [(str(sensor), int(boot), int(seq)) for sensor, boot, seq in body.get("evidence", ())]
        sources = [ContributingDetection(node, target) for node, target in self._memory.sources(evidence)]
        if body.get("track"):
            sources.insert(0, ContributingDetection(self._gateway.own_id, self._object_id(body["track"])))
        message = outgoing.alert(self._gateway.own_id, body, sources)
        taken = [peer.send(message) for peer in peers]
        if any(taken):
            self._memory.alert_sent(body["id"], body["revision"], is_open=body["status"] in OPEN)

    def _send_tracks(self, peers: list[Peer]) -> None:
        live = self._store.live("tracks")
        if live is None:
            return
        now_ns = self._now_ns()
        tracks = json.loads(live.body)
        if self._release is not None:
            tracks = self._release.sapient_tracks(tracks)
        tracks = [track for track in tracks if self._is_new(track, now_ns)]
        if not tracks:
            return
        made = [self._fused(track, now_ns) for track in tracks]
        sent = [peer.send_detections(made) for peer in peers]
        if any(sent):
            self._sent_ns = {track: at for track, at in self._sent_ns.items() if now_ns - at < 3_600_000_000_000}
            self._sent_ns |= {track["track"]: track["updated_ns"] for track in tracks}

    def _is_new(self, track: Mapping[str, Any], now_ns: int) -> bool:
        updated_ns: int = track["updated_ns"]
        fresh = 0 <= now_ns - updated_ns < OLDEST_TRACK_S * 1e9
        return track["status"] == "confirmed" and fresh and updated_ns > self._sent_ns.get(track["track"], 0)

    def _fused(self, track: Mapping[str, Any], now_ns: int) -> Any:
        course = math.radians(track["course_deg"] or 0.0)
        speed = track["speed_mps"] if track["course_deg"] is not None else 0.0
        (major, minor), angle = track["ellipse_m"], math.radians(track["ellipse_azimuth_deg"])
        estimate = {
            **track,
            "east_rate": speed * math.sin(course),
            "north_rate": speed * math.cos(course),
            "east_sd_m": math.hypot(major * math.sin(angle), minor * math.cos(angle)),
            "north_sd_m": math.hypot(major * math.cos(angle), minor * math.sin(angle)),
        }
        ahead_s = (now_ns - track["updated_ns"]) / 1e9
        evidence = [(str(sensor), int(boot), int(seq)) for sensor, boot, seq in track.get("evidence", ())]
        sources = [ContributingDetection(node, target) for node, target in self._memory.sources(evidence)]
        return outgoing.fused_detection(
            self._gateway.own_id,
            self._new_id(),
            self._object_id(track["track"]),
            estimate,
            ahead_s=ahead_s,
            sources=sources,
        )

    def _send_tasks(self) -> None:
        for task in self._memory.tasks(unsent=True):
            peer = self._gateway.connections_of(task.node_id)
            if peer is None or not peer.ready:
                continue
            message = SapientMessage.FromString(task.body)
            message.node_id = self._gateway.own_id
            if peer.send(message):
                self._memory.task_sent(task.task_id, self._now_ns())

    def _object_id(self, track: str) -> str:
        return self._memory.object_id(track, self._new_id())

    def _new_id(self) -> str:
        return ulid(self._now_ns() // 1_000_000, secrets.token_bytes(10))

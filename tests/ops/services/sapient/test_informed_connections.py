"""Which SAPIENT connections receive alerts and the ids of nodes: never one that merely reached the port."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sapient_msg.bsi_flex_335_v2_0 import alert_pb2

from geo.frame import LocalFrame
from ingest.mqtt.broker_url import BrokerUrl
from ingest.security.key_register import Identity
from ops.releasability.settings import ReleasabilitySettings
from ops.services.fusion.live_picture import alert_dict
from ops.services.sapient import gateway as sapient_gateway
from ops.services.sapient.database import SapientMemory
from ops.services.sapient.fault_limit import FaultLimit
from ops.services.sapient.gateway import Gateway
from ops.services.sapient.node_link import LinkContext
from ops.services.sapient.outgoing import GREETED_AFTER_S, NOT_RELEASED, Reports
from ops.store.feed_release import FeedRelease
from ops.store.markings import MarkingReader
from ops.store.reader import Reader
from ops.store.writer import Store
from sensors.layout import Layout, place
from tests.ops.incidents.making import START_NS, alert

NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)
NOW_NS = int(NOW.timestamp() * 1e9)
FRAME = LocalFrame.around(-84.2, 36.6)
RADAR = place(FRAME, 0.0, 0.0, id="radar-1", kind="radar", max_range_m=5000.0, azimuth_sd_deg=0.4, range_sd_m=6.0)
SENSOR, STRANGER = (f"4b0d7c36-6f5e-4f39-8d6f-3f6f2b1d9c0{n}" for n in (2, 3))
Make = Callable[..., Any]


class Connection:
    """A connection that keeps what is sent to it."""

    def __init__(self, *, dialled: bool = False) -> None:
        self.name, self.dialled, self.nodes = "connection", dialled, set[str]()
        self.greeted = self.briefed = False
        self.patience = FaultLimit()
        self.opened_s = time.monotonic() - 2 * GREETED_AFTER_S  # longer than a listener waits for its greeting
        self.sent: list[Any] = []

    ready = True

    def send(self, message: Any) -> bool:
        self.sent.append(message)
        return True

    def check(self, longest_status_s: float) -> None: ...

    def of(self, content: str) -> list[Any]:
        return [getattr(message, content) for message in self.sent if message.WhichOneof("content") == content]

    @property
    def children(self) -> set[str]:
        """The ids of nodes that registrations to this connection name."""
        return {
            node for message in self.sent for node in (SENSOR, STRANGER) if node.encode() in message.SerializeToString()
        }


class Site:
    """The gateway's two halves over a store with one open alert, without a network."""

    def __init__(self, folder: Path, memory: SapientMemory, store: Store, node: Make) -> None:
        self._commits = 0
        links = LinkContext(
            "hills", BrokerUrl("127.0.0.1", 9), folder, lambda: NOW_NS, memory, lambda _: (Identity(), 0.0)
        )
        (folder / "adapters.json").write_text(json.dumps({"sapient": {SENSOR: "radar-1"}}))
        self.gateway, self.store, self._node = Gateway(Layout("one", FRAME, (RADAR,)), links, "own"), store, node
        self.gateway._later = lambda *_: None  # type: ignore[assignment,misc]
        release = FeedRelease(MarkingReader(store.path), ReleasabilitySettings(("restricted", "national")))
        self.reports = Reports(
            self.gateway, Reader(store.path), memory, name="hills", now_ns=lambda: NOW_NS, release=release
        )

    def connect(self, node_id: str = "", *, dialled: bool = False) -> Connection:
        connection = Connection(dialled=dialled)
        self.gateway.peers.add(connection)  # type: ignore[arg-type]
        if node_id:
            self.register(connection, node_id)
        return connection

    def register(self, connection: Connection, node_id: str) -> None:
        packet = self._node(node_id=node_id, name="some node").registration(NOW).SerializeToString()
        self.gateway.handle(connection, packet)  # type: ignore[arg-type]
        assert connection.of("registration_ack")[-1].acceptance

    def raise_alert(self, number: int, **changed: Any) -> str:
        """Commit the alert of a track, by default its first revision; return its id."""
        body = alert_dict(alert("crossing", f"T{number}"), FRAME) | changed
        self.commit(alerts=[body])
        return str(body["id"])

    def mark(self, alert_id: str, marking: str) -> None:
        """Change a marking without a new revision, as a restricted sensor or a supervisor does."""
        self.commit(markings=[("alert", alert_id, marking)])

    def commit(self, **rows: Any) -> None:
        self._commits += 1
        self.store.commit(self._commits, stamp_ns=START_NS, **rows)


@pytest.fixture
def site(tmp_path: Path, sapient_node: Make) -> Iterator[Site]:
    store = Store(tmp_path / "store.db")
    with SapientMemory(tmp_path) as memory:
        site = Site(tmp_path, memory, store, sapient_node)
        site.raise_alert(1)
        site.reports.tick()
        yield site
    store.close()


def test_a_listener_and_a_stranger_receive_no_alert_and_no_id_of_a_node(site: Site) -> None:
    sensor, stranger = site.connect(SENSOR), site.connect(STRANGER)
    silent, middleware = site.connect(), site.connect(dialled=True)
    site.reports.tick()
    site.raise_alert(2)
    site.reports.tick()
    assert [len(one.of("alert")) for one in (sensor, middleware)] == [2, 2]
    assert [len(one.of("alert")) for one in (silent, stranger)] == [0, 0]
    assert middleware.children == {SENSOR, STRANGER}
    assert silent.children == set()
    assert len(silent.of("registration")) == 1, "it is told whom it has reached"


def test_a_connection_is_informed_from_its_sensors_registration_until_another_takes_it(site: Site) -> None:
    first = site.connect()
    site.reports.tick()
    assert first.of("alert") == []
    site.register(first, SENSOR)
    site.reports.tick()
    site.reports.tick()
    assert len(first.of("alert")) == 1, "the open alert, once"
    second = site.connect(SENSOR)
    site.raise_alert(2)
    site.reports.tick()
    assert len(second.of("alert")) == 2
    assert len(first.of("alert")) == 1
    site.register(first, SENSOR)
    site.reports.tick()
    assert len(first.of("alert")) == 3, "what is open by now"


ACTIVE, CLEAR = (alert_pb2.Alert.ALERT_STATUS_ACTIVE, alert_pb2.Alert.ALERT_STATUS_CLEAR)


@pytest.mark.parametrize("reconnected", [False, True])
def test_an_alert_whose_marking_rises_is_closed_without_its_content(site: Site, reconnected: bool) -> None:
    middleware = site.connect(dialled=True)
    site.reports.tick()
    hidden = site.raise_alert(2)
    site.reports.tick()
    if reconnected:
        site.gateway.peers.discard(middleware)  # type: ignore[arg-type]
    site.mark(hidden, "national")
    site.raise_alert(2, status="cleared", revision=1, sentence="Sensor of another service")
    site.reports.tick()
    if reconnected:
        middleware.briefed = False
        site.gateway.peers.add(middleware)  # type: ignore[arg-type]
    site.reports.tick()
    site.reports.tick()
    mine = [one for one in middleware.of("alert") if one.additional_information.startswith(hidden)]
    assert [one.status for one in mine] == [ACTIVE, CLEAR]
    assert mine[0].alert_id == mine[1].alert_id
    assert mine[1].description == NOT_RELEASED
    assert not mine[1].HasField("location")
    assert not mine[1].associated_detection
    site.raise_alert(2, status="cleared", revision=2)
    site.reports.tick()
    assert mine[-1] == [one for one in middleware.of("alert") if one.additional_information.startswith(hidden)][-1]


def test_an_alert_that_a_supervisor_releases_is_sent_without_a_new_revision(site: Site) -> None:
    middleware = site.connect(dialled=True)
    site.reports.tick()
    body = alert_dict(alert("crossing", "T2"), FRAME)
    site.commit(alerts=[body], markings=[("alert", body["id"], "national")])
    site.reports.tick()
    assert len(middleware.of("alert")) == 1, "the open one without a marking"
    site.mark(body["id"], "")
    site.reports.tick()
    site.reports.tick()
    assert [one.status for one in middleware.of("alert")] == [ACTIVE, ACTIVE]
    assert middleware.of("alert")[1].additional_information.startswith(body["id"])


@pytest.mark.parametrize("own_name", ["radar-1", "Radar-1 by another name"])
def test_a_node_that_claims_a_sensor_is_refused_with_the_reason_and_what_it_sent_is_kept(
    site: Site, sapient_node: Make, own_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without TLS a name proves nothing: only the node that a person registered is the sensor."""
    kept: list[tuple[Any, ...]] = []
    site.gateway._later = lambda work, *more: kept.append((work.__name__, *more))  # type: ignore[assignment,misc]
    claims = own_name == "radar-1"
    connection = site.connect()
    raw = sapient_node(node_id=STRANGER, name=own_name).registration(NOW).SerializeToString()
    site.gateway.handle(connection, raw)  # type: ignore[arg-type]
    (ack,) = connection.of("registration_ack")
    assert ack.acceptance is not claims
    assert (STRANGER in site.gateway.node_links) is not claims
    if not claims:
        return
    (reason,) = ack.ack_response_reason
    assert reason.startswith("radar-1 is a sensor of the layout, and this node is not registered as it; expected")
    ((work, packet, fault),) = kept
    assert (work, packet, fault.code) == ("refuse", raw, "not_registered")
    now_s = time.monotonic()
    monkeypatch.setattr(sapient_gateway, "time", SimpleNamespace(monotonic=lambda: now_s))  # all within a moment
    for _ in range(500):
        site.gateway.handle(connection, raw)  # type: ignore[arg-type]
    assert len(kept) < 100, "a flood of claims fills neither the journal nor the link"
    site.raise_alert(2)
    site.reports.tick()
    assert connection.of("alert") == []

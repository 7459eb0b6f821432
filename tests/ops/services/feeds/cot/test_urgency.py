"""The most urgent comes first in TAK: after an outage, and before tracks and shapes on a slow link."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ops.sector.setting_tables.cot import CotServer
from ops.services.feeds.cot import encode, link
from ops.services.feeds.cot.event import CotEvent
from ops.services.feeds.dispatch import Dispatcher
from ops.services.feeds.feed import RANKS, OutboxDelivery
from ops.services.feeds.ledger import DeliveryLedger
from ops.store.reader import OutboxRow
from tests.ops.services.feeds.cot.rig import Rig, incident, track
from tests.ops.services.feeds.cot.taky_server import Observer, Taky
from tests.ops.services.feeds.cot.test_link import PlainOutbox, Server, Unmarked, pong
from tests.patience import PATIENT_S

MANY = 90
"""More than the dispatcher has in flight, so that what it chooses next matters."""


@pytest.fixture
def taky(tmp_path: Path) -> Iterator[Taky]:
    server = Taky(tmp_path / "taky")
    yield server
    server.close()


class MixedOutbox(PlainOutbox):
    """Incidents of every priority, the least urgent first."""

    def __init__(self) -> None:
        super().__init__(0)
        self.priority: dict[str, str] = {}
        for number in range(1, MANY + 1):
            body = incident(number, priority=RANKS[-1 - number % len(RANKS)])
            self.priority[f"watchline.cumberland.{body['id']}"] = body["priority"]
            raw = json.dumps(body).encode()
            self.rows.append(OutboxRow(number, body["id"], 0, body["priority"], raw, "incident"))
        self.published = MANY


def test_after_an_outage_a_tak_server_gets_the_most_urgent_first(tmp_path: Path, taky: Taky) -> None:
    rig = Rig(tmp_path, CotServer("tak", f"tcp://127.0.0.1:{taky.port}", tracks=False, shapes=False, chat=False))
    outbox, ledger, now_s = MixedOutbox(), DeliveryLedger(tmp_path / "feeds.db"), [0.0]
    dispatcher = Dispatcher(
        outbox, ledger, [rig.feed], now_ns=lambda: 1, monotonic_s=lambda: now_s[0], release=Unmarked()
    )

    def fails_for_long() -> bool:
        now_s[0] += 61.0  # later than any pause after a failure
        dispatcher.pump()
        return dispatcher._lines["cot/tak"].catching_up

    rig.wait_until(fails_for_long, "the server cannot be reached for a while")
    taky.start()
    observer = Observer(f"tcp://127.0.0.1:{taky.port}")
    rig.wait_until(lambda: rig.feed._servers["tak"].link.connected, "the connection")
    now_s[0] += 61.0
    rig.wait_until(lambda: dispatcher.pump() == 0 and dispatcher.waiting == 0, "everything is delivered")
    last = min(outbox.priority, key=lambda uid: (-RANKS.index(outbox.priority[uid]), int(uid[-16:], 16)))
    observer.wait_for(lambda event: event.get("uid") == last, "the oldest of the least urgent")
    ranks = [
        RANKS.index(outbox.priority[uid])
        for event in observer.events
        if (uid := event.get("uid", "")) in outbox.priority
    ]
    assert len(ranks) == MANY
    assert ranks == sorted(ranks)
    observer.close()
    rig.feed.close()
    ledger.close()


def test_an_incident_waits_for_no_more_than_a_little_of_the_tracks_and_shapes(tmp_path: Path) -> None:
    go_on, asked = threading.Event(), threading.Event()

    def answer(event: CotEvent) -> bytes | None:
        if event.type == encode.PING:
            asked.set()
            assert go_on.wait(PATIENT_S)
        return pong(event)

    server = Server(answer)
    rig = Rig(tmp_path, CotServer("tak", f"tcp://127.0.0.1:{server.port}"))
    now_ns = int(datetime.now(UTC).timestamp() * 1e9)
    rig.store.parts["tracks"] = [track(now_ns, track=f"T{number}", name=f"Oak {number}") for number in range(60)]
    assert asked.wait(PATIENT_S), "the first tracks or shapes are on the way"
    body = incident(17, priority="distress")
    row = OutboxRow(1, body["id"], 0, "distress", json.dumps(body).encode(), "incident")
    done = rig.feed.send(OutboxDelivery("tak", 1, row))
    go_on.set()
    assert done.exception(PATIENT_S) is None
    rig.wait_until(
        lambda: sum(one.uid.startswith("watchline.cumberland.T") for one in list(server.events)) >= 60, "all tracks"
    )
    uids = [one.uid for one in server.events]
    before = server.raw[: uids.index(f"watchline.cumberland.{body['id']}")]
    assert len(b"".join(before)) <= link.LEAST_BEHIND + 2 * max(map(len, before)) + 1_000, "presence, and two pings"
    rig.feed.close()
    server.close()

"""A unit names the last number that it has and gets what it missed: against a model, and with forged requests."""

from __future__ import annotations

import json
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.envelope import Delivery
from ingest.security.signature import Signer
from ingest.unit_messages import ResendRequest
from ops.broker.identities import IdentityFolder, Name
from ops.services.feeds.dispatch import Dispatcher
from ops.services.feeds.feed import RANKS, FeedReceiver
from ops.services.feeds.from_units.requests import ResendDesk
from ops.services.feeds.ledger import FILE, DeliveryLedger
from ops.services.feeds.mqtt import MqttFeed
from ops.store.reader import Reader
from ops.store.writer import Store
from tests.ops.services.feeds.test_dispatch import Unmarked, alert

NOW_NS = 1_700_000_000_000_000_000


class Link:
    """A broker that acknowledges at once, and a unit that notes what it hears while its radio works."""

    def __init__(self) -> None:
        self.works = True
        self.heard: list[tuple[str, dict[str, Any]]] = []

    def __call__(self, topic: str, payload: bytes, *, content_type: str, signed: bool = True) -> Future[None]:
        answer: Future[None] = Future()
        answer.set_result(None)
        if self.works:
            self.heard.append((topic.rsplit("/", 1)[1], json.loads(payload)))
        return answer


def dispatcher_of(store: Store, link: Link) -> Dispatcher:
    return Dispatcher(
        Reader(store.path),
        DeliveryLedger(store.path.with_name(FILE)),
        [MqttFeed("x", [FeedReceiver("u1", kinds=("alert", "incident"))], link)],
        now_ns=lambda: 1,
        monotonic_s=lambda: 0.0,
        release=Unmarked(),
    )


Published = tuple[int, str]
published = st.tuples(st.integers(1, 6), st.sampled_from(RANKS))


@settings(max_examples=40, deadline=None)
@given(before=st.lists(published, max_size=8), missed=st.lists(published, max_size=30), restarted=st.booleans())
def test_the_unit_gets_the_newest_revision_of_each_missed_alert_most_urgent_and_newest_first(
    tmp_path_factory: pytest.TempPathFactory, before: list[Published], missed: list[Published], restarted: bool
) -> None:
    store, link = Store(tmp_path_factory.mktemp("gap") / "s.db"), Link()
    dispatcher = dispatcher_of(store, link)
    revisions: dict[int, int] = {}
    sent: list[tuple[int, int, str]] = []  # (alert, revision, priority), by number
    for works, part in ((True, before), (False, missed)):
        link.works = works
        for one, priority in part:
            revisions[one] = revisions.get(one, -1) + 1
            sent.append((one, revisions[one], priority))
            store.commit(len(sent), stamp_ns=1, alerts=[alert(one, revisions[one], priority)])
            dispatcher.pump()
    dispatcher.pump()
    heard = len(link.heard)
    assert [body["number"] for _, body in link.heard] == list(range(1, len(before) + 1))
    if restarted:
        dispatcher = dispatcher_of(store, link)
        dispatcher.pump()
    link.works = True
    dispatcher.request("mqtt", "u1", len(before))
    for _ in range(len(missed) + 2):
        dispatcher.pump()

    newest = {one: (number, revision, priority) for number, (one, revision, priority) in enumerate(sent, 1)
              if number > len(before)}  # fmt: skip
    expected = sorted(newest.values(), key=lambda one: (RANKS.index(one[2]), -one[0]))
    got = link.heard[heard:]
    assert [(body["number"], body["revision"], body["priority"]) for channel, body in got if channel == "alerts"] == (
        expected
    )
    assert got[-1] == (
        "updates",
        {"kind": "gap_filled", "after": len(before), "last": len(sent), "sent": len(expected)},
    )
    store.close()


def request_of(folder: IdentityFolder | None, unit: str, key: Signer | None = None, **more: Any) -> Delivery:
    body = ResendRequest(unit, 7, 1, datetime(2026, 3, 1, tzinfo=UTC), 3)
    payload = msgspec.json.encode(msgspec.structs.replace(body, **more))
    topic = "watchline/1/x/unit/u1/resend"
    signer = key or (None if folder is None else folder.identity(unit).signer)
    properties: Any = [("boot", "7"), ("seq", "1"), ("by_boot", "7"), ("sent", str(NOW_NS))]
    if signer is not None:
        properties = signer.sign(topic, "application/json", properties, payload)
    return Delivery(topic, payload, "application/json", tuple(properties), NOW_NS)


def test_only_the_units_own_requests_are_heard_and_each_once(tmp_path: Path) -> None:
    asked: list[tuple[str, int]] = []
    folder = IdentityFolder(tmp_path)
    folder.prepare([Name("unit", "u1"), Name("unit", "u2")])
    desk = ResendDesk(
        folder.register_path, required=True, now_ns=lambda: 2 * NOW_NS, ask=lambda *one: asked.append(one)
    )
    for forged in (
        request_of(None, "u1"),
        request_of(folder, "u1", Signer.generate()),
        request_of(folder, "u2"),
        request_of(folder, "u1", folder.identity("u2").signer),
        Delivery("watchline/1/x/unit/u1/resend", b"\xff" * 2000, None, (), NOW_NS),
        Delivery("nonsense", b"", None, (), NOW_NS),
    ):
        desk.hear(forged)
    assert asked == []
    assert sum(desk.refused.values()) == 6
    for _ in range(2):
        desk.hear(request_of(folder, "u1"))
    desk.hear(request_of(folder, "u1", last=-1))
    assert asked == [("u1", 3)]
    folder.revoke("u1")
    desk.hear(request_of(folder, "u1", seq=2))
    assert asked == [("u1", 3)]
    assert desk.refused["key_revoked"] == 1


def test_without_keys_requests_are_heard_unsigned_where_signatures_are_optional() -> None:
    asked: list[tuple[str, int]] = []
    desk = ResendDesk(None, required=False, now_ns=lambda: NOW_NS, ask=lambda *one: asked.append(one))
    desk.hear(request_of(None, "u1"))
    desk.hear(request_of(None, "u2"))
    assert asked == [("u1", 3)]
    assert desk.refused["unit_mismatch"] == 1

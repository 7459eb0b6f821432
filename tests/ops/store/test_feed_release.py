"""Goods found at an incident leave by a feed only where the operations centre has released them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from geo.frame import LocalFrame
from ops.incidents.tracing import Tracing
from ops.releasability.settings import ReleasabilitySettings
from ops.services.feeds.feed import OutboxDelivery
from ops.services.feeds.mqtt import numbered
from ops.services.feeds.unit_messages import UnitTracing, encoded, unit_incident
from ops.services.fusion.incident_view import incident_dict
from ops.store.feed_release import FeedRelease
from ops.store.markings import MarkingReader
from ops.store.reader import OutboxRow
from ops.store.rows import to_json
from ops.store.writer import Store
from tests.ops.incidents.making import at, incident

CANARIES = ("930190", "CANARY-SERIAL", "CANARY-AUTHORITY", "CANARY-REFERENCE", "arms")
FRAME = LocalFrame.from_crs("EPSG:32632")


def row_of(released: bool | None) -> OutboxRow:
    """The row of an incident without a record of goods (None), or with one."""
    tracing = None
    if released is not None:
        tracing = Tracing(
            "arms", hs_code="930190", item_marking="CANARY-SERIAL", authority="CANARY-AUTHORITY", sent_at=at(0),
            reference="CANARY-REFERENCE", status="requested", released=released, by="Ana", at=at(1), revision=1,
        )  # fmt: skip
    body = to_json(incident_dict(incident(tracing=tracing, easting=1.0, northing=2.0), FRAME), where="incident")
    return OutboxRow(7, "I1", 1, "medium", body, "incident")


@pytest.fixture
def release(tmp_path: Path) -> FeedRelease:
    """Two receivers: one of every level of the settings, and one of none."""
    Store(tmp_path / "store.db").close()
    settings = ReleasabilitySettings(levels=("national",), units={"all": "national"})
    return FeedRelease(MarkingReader(tmp_path / "store.db"), settings, each_time=False)


@pytest.mark.parametrize("unit", ["all", "patrol-1"])
def test_goods_reach_no_receiver_of_a_feed_before_they_are_released(release: FeedRelease, unit: str) -> None:
    row = release.as_received(unit, row_of(False))
    delivery = OutboxDelivery(unit, 1, row)
    for sent in (row.body, numbered(delivery), encoded(unit_incident(delivery))):
        assert not [one for one in CANARIES if one.encode() in sent]


def test_released_goods_reach_units_without_the_request(release: FeedRelease) -> None:
    row = release.as_received("patrol-1", row_of(True))
    stated = unit_incident(OutboxDelivery("patrol-1", 1, row))
    assert stated.tracing == UnitTracing("arms", hs_code="930190", item_marking="CANARY-SERIAL", status="requested")
    assert b"CANARY-AUTHORITY" not in encoded(stated)


def test_an_incident_without_goods_is_published_and_sent_as_before(release: FeedRelease) -> None:
    row = row_of(None)
    body: dict[str, Any] = msgspec.json.decode(row.body)
    assert "tracing" not in body
    assert release.as_received("patrol-1", row).body == row.body


def test_a_row_that_waits_while_the_release_is_taken_back_leaves_without_goods(
    release: FeedRelease, tmp_path: Path
) -> None:
    waiting = row_of(True)
    waiting = replace(waiting, alert=msgspec.json.decode(waiting.body)["id"])
    store = Store(tmp_path / "store.db")
    bodies = [msgspec.json.decode(waiting.body), msgspec.json.decode(row_of(False).body) | {"revision": 2}]
    store.commit(1, stamp_ns=1, incident_revisions=bodies[:1])
    assert b"CANARY-SERIAL" in release.as_received("patrol-1", waiting).body
    store.commit(2, stamp_ns=2, incident_revisions=bodies[1:])
    store.close()
    assert not [one for one in CANARIES if one.encode() in release.as_received("patrol-1", waiting).body]

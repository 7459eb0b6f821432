"""What units send: accepted as written, refused by field name, journaled under the unit's own key."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ingest.envelope import Delivery
from ingest.errors import MalformedMessage
from ingest.receiving.receiver import Receiver
from ingest.topics import unit_topic
from ingest.unit_messages import Position, Reply, SectionOrder, UnitMessage, decode_unit, encode_unit
from ops.journal.writer import Journal

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
REPLY = Reply("patrol-1", 7, 1, AT, "reject", "A0123456789abcdef", by="Sgt Ay", reason="cattle")
POSITION = Position("patrol-1", 7, 1, AT, 33.5, 35.1, 15.0)
ON_FOOT = Position("patrol-1", 7, 2, AT, 33.5, 35.1, duty="patrol", moves="foot", base="Fork base")
ORDER = SectionOrder(
    "ops-centre", 7, 1, AT, "decision-1", "Côte: Nord / 2", "critical", "Ana", "two boats", "decision-0"
)


@pytest.mark.parametrize(
    ("message", "channel"), [(REPLY, "reply"), (POSITION, "position"), (ON_FOOT, "position"), (ORDER, "reply")]
)
def test_what_is_encoded_decodes_to_the_same(message: UnitMessage, channel: str) -> None:
    assert decode_unit(encode_unit(message), channel) == message


@pytest.mark.parametrize(
    ("channel", "message", "change", "field"),
    [
        ("reply", REPLY, {"action": "shoot"}, "action"),
        ("reply", REPLY, {"by": ""}, "by"),
        ("reply", REPLY, {"reason": "two\nlines"}, "reason"),
        ("reply", REPLY, {"alert": "a/b"}, "alert"),
        ("reply", REPLY, {"boot": -1}, "boot"),
        ("reply", REPLY, {"extra": 1}, "extra"),
        ("position", POSITION, {"lat": 91}, "lat"),
        ("position", POSITION, {"lon": "east"}, "lon"),
        ("position", POSITION, {"position_sd_m": 0}, "position_sd_m"),
        ("position", POSITION, {"observed_at": "2026-01-02T03:04:05"}, "observed_at"),
        ("position", POSITION, {"unit": "+"}, "unit"),
        ("position", ON_FOOT, {"duty": "asleep"}, "duty"),
        ("position", ON_FOOT, {"moves": "boat"}, "moves"),
        ("position", ON_FOOT, {"base": "two\nlines"}, "base"),
        ("reply", ORDER, {"impact_level": "extreme"}, "impact_level"),
        ("reply", ORDER, {"reason": ""}, "reason"),
        ("reply", ORDER, {"section": ""}, "section"),
        ("reply", ORDER, {"section": 7}, "section"),
        ("reply", ORDER, {"action": "clear"}, "action"),
    ],
)
def test_a_changed_field_is_refused_by_its_name(
    channel: str, message: UnitMessage, change: dict[str, object], field: str
) -> None:
    body = json.loads(encode_unit(message)) | change
    with pytest.raises(MalformedMessage) as refused:
        decode_unit(json.dumps(body).encode(), channel)
    assert refused.value.field == field


@pytest.mark.parametrize("missing", ["unit", "boot", "seq", "observed_at", "action", "alert", "by"])
def test_a_missing_mandatory_field_is_refused_by_its_name(missing: str) -> None:
    body = json.loads(encode_unit(REPLY))
    del body[missing]
    with pytest.raises(MalformedMessage) as refused:
        decode_unit(json.dumps(body).encode(), "reply")
    assert refused.value.field == missing


def test_one_unit_cannot_speak_for_another() -> None:
    with pytest.raises(MalformedMessage, match="unit"):
        decode_unit(encode_unit(REPLY), "reply", topic=unit_topic("s", "patrol-2", "reply"))


def test_replies_and_positions_are_journaled_once_each_and_counted(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.db")
    receiver = Receiver("s", commit=journal.commit, acknowledge=lambda _: True, recall=journal.recall)
    now_ns = int(AT.timestamp()) * 1_000_000_000
    sent = [
        Delivery(unit_topic("s", "patrol-1", channel), encode_unit(message), "application/json", (), now_ns)
        for channel, message in (("reply", REPLY), ("position", POSITION), ("reply", REPLY))
    ]
    receiver.handle(sent)
    rows = journal.read()
    assert [(row.kind, row.sensor, row.boot, row.seq) for row in rows] == [
        ("action", "patrol-1", 7, 1),
        ("position", "patrol-1", 7, 1),
    ]
    counts = journal.counts(None)["patrol-1"]
    assert (counts.received, counts.journaled, counts.duplicate, counts.dead_lettered) == (3, 2, 1, 0)
    assert receiver.take_marks() == ()  # units keep no spool, so nobody waits for a mark
    journal.close()

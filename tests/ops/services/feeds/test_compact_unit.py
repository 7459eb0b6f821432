"""A unit that chose the compact form gets every message in it, with the numbers of the JSON form."""

from __future__ import annotations

from concurrent.futures import Future
from pathlib import Path
from typing import Any

import msgspec
import pytest

from fusion.alerts import Alert
from geo.errors import BadInput
from ingest.compact import MOST_BYTES, decode
from ingest.compact_messages import CBOR, decode_all, unseal
from ingest.errors import BrokerError
from ingest.security.signature import Signer
from ops.journal.reader import JournalReader
from ops.sector.open_sector import OpenSector
from ops.sector.setting_tables.feeds import UnitFeedSettings
from ops.services.feeds.feed import OutboxDelivery
from ops.services.feeds.mqtt import MqttFeed, receiver_of
from ops.services.feeds.unit_messages import Digest, GapFilled
from ops.services.fusion.incident_view import incident_dict
from ops.services.fusion.live_picture import alert_dict
from ops.services.fusion.pipeline import Pipeline
from ops.store.reader import OutboxRow
from ops.store.rows import to_json
from sensors.timestamps import utc_datetime
from tests.drills.field import feeds_rig

SIGNER = Signer.generate()


class Heard:
    """Notes what is published: (topic, content type, payload)."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, str, bytes]] = []

    def __call__(self, topic: str, payload: bytes, *, content_type: str, signed: bool = True) -> Future[None]:
        assert not signed, "the signature is in the payload"
        self.messages.append((topic, content_type, payload))
        answer: Future[None] = Future()
        answer.set_result(None)
        return answer


def rows_of_a_night(ground: OpenSector, journal_path: Path) -> list[OutboxRow]:
    """The outbox of a night: alerts and incidents, as fusion makes them."""
    pipeline, sent = Pipeline(ground), list[OutboxRow]()
    with JournalReader(journal_path) as journal:
        rows = journal.read(0, 10_000)
    for row in rows:
        found: list[Alert] = pipeline.take(row)
        for alert in found:
            body = to_json(alert_dict(alert, ground.frame), where="alert")
            sent.append(OutboxRow(len(sent) + 1, alert.id, alert.revision, alert.priority, body))
        for incident in pipeline.take_incident_news()[0]:
            body = to_json(incident_dict(incident, ground.frame), where="incident")
            sent.append(OutboxRow(len(sent) + 1, incident.id, incident.revision, incident.priority, body, "incident"))
    return sent


def test_alerts_and_incidents_of_a_night_fit_and_say_what_their_json_says(
    hill_ground: OpenSector, hill_journal: Path
) -> None:
    heard, sent = Heard(), rows_of_a_night(hill_ground, hill_journal)
    feed = MqttFeed("x", [receiver_of("u1", UnitFeedSettings())], heard, in_compact=["u1"], signer=SIGNER)
    for number, one in enumerate(sent, 1):
        assert feed.send(OutboxDelivery("u1", number, one)).done()
    whole = 0
    for number, (one, (topic, content_type, payload)) in enumerate(zip(sent, heard.messages, strict=True), 1):
        assert topic.endswith("/alerts" if one.kind == "alert" else "/updates")
        assert content_type == CBOR
        assert len(payload) <= MOST_BYTES
        kind, got = decode(unseal(payload, topic, [SIGNER.public]))
        said = msgspec.json.decode(one.body)
        assert (kind, got["number"], got["id"], got["revision"]) == (one.kind, number, one.alert, one.revision)
        assert got["priority"] == said["priority"]
        whole += one.kind == "alert" and got.get("sentence") == said["sentence"]
        assert said["sentence"].startswith(got["sentence"].removesuffix("…"))
    alerts = [one for one in sent if one.kind == "alert"]
    assert whole >= 0.9 * len(alerts) > 5, "the sentences of alerts are seldom shortened"


def test_notices_are_compact_too() -> None:
    heard = Heard()
    feed = MqttFeed("x", [receiver_of("u1", UnitFeedSettings())], heard, in_compact=["u1"], signer=SIGNER)
    feed.notify("u1", GapFilled(3, 9, 2))
    feed.notify("u1", Digest(utc_datetime(1_700_000_000 * 10**9), 3, 9, {"low": 5}))
    read = [decode(unseal(payload, topic, [SIGNER.public])) for topic, _, payload in heard.messages]
    assert read[0] == ("gap_filled", {"after": 3, "last": 9, "sent": 2})
    assert read[1] == (
        "digest",
        {"at": "2023-11-14T22:13:20Z", "first": 3, "last": 9, "counts": {"low": 5}, "ids": []},
    )


@pytest.mark.parametrize(("compressed", "most_of_alone"), [((), 0.8), (("u1",), 0.4)])
def test_rows_that_are_due_at_once_share_a_signature_and_are_answered_together(
    hill_ground: OpenSector, hill_journal: Path, compressed: tuple[str, ...], most_of_alone: float
) -> None:
    heard, sent = Heard(), rows_of_a_night(hill_ground, hill_journal)[:40]
    receiver = receiver_of("u1", UnitFeedSettings())
    alone, form = Heard(), {"in_compact": ["u1"], "signer": SIGNER}
    together = MqttFeed("x", [receiver], heard, together={"u1": 600}, compressed=compressed, **form)
    single = MqttFeed("x", [receiver], alone, **form)
    answers = []
    for number, one in enumerate(sent, 1):
        single.send(OutboxDelivery("u1", number, one))
        answers.append(together.send(OutboxDelivery("u1", number, one)))
    assert not answers[-1].done(), "it waits for the rest of its message"
    together.flush("u1")
    assert all(answer.done() and answer.exception() is None for answer in answers)
    read = []
    for topic, _, payload in heard.messages:
        assert len(payload) <= 600
        found = decode_all(unseal(payload, topic, [SIGNER.public]))
        assert topic.endswith("/alerts" if [kind for kind, _ in found] == ["alert"] else "/updates")
        read += found
    assert read == [decode(unseal(payload, topic, [SIGNER.public])) for topic, _, payload in alone.messages]
    assert len(heard.messages) < len(alone.messages) / 2
    bytes_alone = sum(len(payload) for _, _, payload in alone.messages)
    assert sum(len(payload) for _, _, payload in heard.messages) < most_of_alone * bytes_alone
    heard.messages.clear()
    together.flush("u1")
    assert heard.messages == [], "nothing is published twice"
    assert together.send(OutboxDelivery("u1", 1, sent[0])).done() is False
    together.flush("u1")
    assert heard.messages == alone.messages[:1], "one alone goes as it always did"


def test_a_distress_call_waits_for_no_others_and_overtakes_none() -> None:
    heard, form = Heard(), {"in_compact": ["u1"], "together": {"u1": 1200}, "compressed": ["u1"], "signer": SIGNER}
    feed = MqttFeed("x", [receiver_of("u1", UnitFeedSettings())], heard, **form)
    for number, priority in enumerate(("high", "high", "distress", "low"), 1):
        body = feeds_rig.incident(number, priority=priority)
        row = OutboxRow(number, body["id"], 0, priority, to_json(body, where="incident"), "incident")
        answer = feed.send(OutboxDelivery("u1", number, row))
        assert answer.done() == (priority == "distress")
    feed.flush("u1")
    read = [decode_all(unseal(payload, topic, [SIGNER.public])) for topic, _, payload in heard.messages]
    assert [[values["number"] for _, values in one] for one in read] == [[1, 2], [3], [4]]


def test_every_row_of_a_message_that_fails_is_answered_with_the_failure(
    hill_ground: OpenSector, hill_journal: Path
) -> None:
    def refuse(topic: str, payload: bytes, *, content_type: str, signed: bool = True) -> Future[None]:
        raise BrokerError("no connection", where="broker", expected="one")

    rows = rows_of_a_night(hill_ground, hill_journal)[:3]
    receiver = receiver_of("u1", UnitFeedSettings())
    feed = MqttFeed("x", [receiver], refuse, in_compact=["u1"], together={"u1": 1200}, signer=SIGNER)
    answers = [feed.send(OutboxDelivery("u1", number, row)) for number, row in enumerate(rows, 1)]
    feed.flush("u1")
    assert [type(answer.exception()) for answer in answers] == [BrokerError] * 3


@pytest.mark.parametrize(
    ("wrong", "name"),
    [({"together_bytes": 299}, "together_bytes"), ({"together_bytes": 1201}, "together_bytes"),
     ({"compressed": True}, "compressed")],
)  # fmt: skip
def test_sizes_out_of_range_and_compression_of_single_messages_are_refused(wrong: dict[str, Any], name: str) -> None:
    with pytest.raises(BadInput, match=name):
        UnitFeedSettings(format="compact", **wrong)
    assert UnitFeedSettings(format="compact", together_bytes=1200, compressed=True).compressed


@pytest.mark.parametrize("wrong", [{"together_bytes": 600}, {"together_bytes": 600, "compressed": True}])
def test_what_only_compact_messages_have_is_refused_with_json(wrong: dict[str, Any]) -> None:
    for form in ({}, {"format": "json"}):
        with pytest.raises(BadInput, match=r'format: "json"; expected "compact", which together_bytes needs'):
            UnitFeedSettings(**form, **wrong)

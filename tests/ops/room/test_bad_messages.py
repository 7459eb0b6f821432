"""Bad messages in a running chain: each is a dead letter that names its field, the rest goes on, the counts exact."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from ingest.mqtt.broker_url import BrokerUrl
from ingest.sending.send_window import SendWindowSettings
from ingest.sending.sender import Sender, SenderSettings
from ingest.sending.spool import Spool
from ingest.topics import sensor_topic
from ingest.wire import MAX_PAYLOAD_BYTES
from ops.broker.broker import EmbeddedBroker, MosquittoBroker
from ops.journal.reader import JournalReader
from ops.room.room import Room, RoomOptions
from ops.store.reader import Reader
from sensors.scan import Plot, Scan
from tests.patience import PATIENT_S

pytestmark = [pytest.mark.chain, pytest.mark.broker]

GOOD = 12
JSON = "application/json"
Case = tuple[str, bytes, str, str, str]  # topic's sensor, payload, content type, and the dead letter's code and field


def message(seq: int, **changes: Any) -> dict[str, Any]:
    """A radar's message that would be good, but for ``changes``."""
    plot = {"range_m": 900.0, "azimuth_deg": 10.0}
    return {
        "sensor": "radar-mid",
        "boot": 900,
        "seq": seq,
        "scan": seq,
        "observed_at": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
        "kind": "radar",
        "plots": [plot],
        **changes,
    }


def cases() -> list[Case]:
    """Every kind of bad message, each once; no more than three of a sensor, or it would be cut off."""
    now = datetime.now(UTC)
    hour = timedelta(hours=1)
    huge = json.dumps(message(1, sensor="faulty-1", note="x" * MAX_PAYLOAD_BYTES)).encode()
    assert MAX_PAYLOAD_BYTES < len(huge) < MAX_PAYLOAD_BYTES + 2000, "more than we take, less than a broker refuses"

    def bad(number: int, code: str, field: str, **changes: Any) -> Case:
        sensor = f"faulty-{number // 3}"
        return sensor, json.dumps(message(number, **{"sensor": sensor, **changes})).encode(), JSON, code, field

    foreign = json.dumps(message(2, sensor="faulty-6")).encode()
    return [
        ("radar-mid", b"", JSON, "not_json", "payload"),
        ("faulty-0", b"\xff\xfe\x00", JSON, "not_json", "payload"),
        ("radar-mid", b'{"sensor": "radar-mid", "boot": 1', JSON, "not_json", "payload"),
        ("faulty-6", b"[" * 50_000, JSON, "wrong_type", "payload"),
        ("faulty-7", b"[]", JSON, "wrong_type", "payload"),
        ("faulty-1", huge, JSON, "too_large", "payload"),
        ("faulty-6", foreign, "application/x-protobuf", "unsupported_content_type", "content_type"),
        ("faulty-7", json.dumps({**message(3, sensor="faulty-7"), "kind": None}).encode(), JSON, "wrong_type", "kind"),
        bad(4, "not_finite", "plots[0].range_m", plots=[{"range_m": float("nan"), "azimuth_deg": 1.0}]),
        bad(5, "not_finite", "plots[1].azimuth_deg", plots=[{}, {"azimuth_deg": float("inf")}]),
        bad(6, "future", "observed_at", observed_at=(now + hour).isoformat()),
        bad(7, "expired", "observed_at", observed_at=(now - 48 * hour).isoformat()),
        bad(8, "bad_time", "observed_at", observed_at="yesterday"),
        bad(9, "out_of_range", "plots[0].azimuth_deg", plots=[{"azimuth_deg": 360.0}]),
        bad(10, "incomplete", "plots[0].azimuth_deg", plots=[{"range_m": 5.0}]),
        bad(11, "unknown_field", "colour", colour="red"),
        bad(12, "unknown_value", "kind", kind="sonar"),
        bad(13, "sensor_mismatch", "sensor", sensor="camera-west"),
        ("nobody", json.dumps(message(14)).encode(), JSON, "sensor_mismatch", "sensor"),
    ]


class Raw:
    """A client without manners: it publishes what it is given and waits until the broker has taken it."""

    def __init__(self, url: BrokerUrl) -> None:
        self.client = Client(CallbackAPIVersion.VERSION2, client_id="without-manners", protocol=MQTTv5)
        self.client.username_pw_set(url.username, url.password)
        self.client.connect(url.host, url.port)
        self.client.loop_start()

    def publish(self, topic: str, payload: bytes, content_type: str = JSON) -> None:
        properties = Properties(PacketTypes.PUBLISH)
        properties.ContentType = content_type
        self.client.publish(topic, payload, qos=1, properties=properties).wait_for_publish(PATIENT_S)

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


def walker(number: int) -> Scan:
    """A radar's look at somebody who walks toward it at 1.5 m/s, seen every 0.2 s."""
    now = datetime.now(UTC)
    return Scan("radar-mid", 0, 0, number, now, now, "radar", (Plot(range_m=900.0 - 0.3 * number, azimuth_deg=10.0),))


@pytest.fixture(scope="module")
def room(broker: EmbeddedBroker | MosquittoBroker, hill_sector: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a room that took good messages, bad ones between them, and some that are none of its business."""
    folder = tmp_path_factory.mktemp("bad")
    (folder / "spool").mkdir()
    settings = folder / "settings.toml"
    settings.write_text("[tracker]\nhorizon_s = 3600\n")  # a pause of a minute makes no scan too late
    options = RoomOptions(
        str(hill_sector.sector), "hills", str(hill_sector.layout), folder, broker.url, settings=settings
    )
    with Room(options) as room, Spool(folder / "spool" / "radar-mid.db") as spool:
        room.listen()
        raw = Raw(broker.url)
        patient = SenderSettings(window=SendWindowSettings(stall_s=600.0))  # duplicates are counted: nothing is resent
        sender = Sender(
            spool, sector="hills", sensor="radar-mid", url=broker.url, now_ns=time.time_ns, kind="radar",
            settings=patient,
        )  # fmt: skip
        sender.start()
        awaiting = cases()
        for number in range(GOOD):
            sender.put(walker(number))
            for sensor, payload, content_type, _, _ in awaiting[2 * number : 2 * number + 2]:
                raw.publish(sensor_topic("hills", sensor, "detections"), payload, content_type)
            time.sleep(0.2)
        raw.publish(sensor_topic("hills", "radar-mid", "detections"), awaiting[2][1])  # the very same bytes again
        raw.publish(sensor_topic("elsewhere", "radar-mid", "detections"), json.dumps(message(50)).encode())
        raw.publish(sensor_topic("hills", "stranger", "detections"), stranger())
        raw.publish(sensor_topic("hills", "radar-mid", "status"), b"no status")
        assert sender.drain(PATIENT_S)
        deadline = time.monotonic() + PATIENT_S
        while settled(room.journal_path) < GOOD + len(awaiting) + 3 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert room.drain(PATIENT_S), room.failed()
        assert room.failed() is None
        sender.stop()
        raw.close()
        assert room.ingest.stop(timeout_s=PATIENT_S) == 0
        assert room.fusion.stop(timeout_s=PATIENT_S) == 0
        (folder / "tally.json").write_text(json.dumps(room.fusion.last("tally")))
    return folder


def stranger() -> bytes:
    """A good message of a sensor that the layout does not hold: ingest takes it, fusion cannot place it."""
    return json.dumps(message(1, sensor="stranger")).encode()


def settled(journal: Path) -> int:
    """How many detections, of whomever, have arrived; bad status messages too."""
    with JournalReader(journal) as reader:
        scans = sum(count.received for count in reader.counts("detections").values())
        return scans + sum(count.dead_lettered for count in reader.counts("status").values())


def test_each_bad_message_is_a_dead_letter_that_names_its_field(room: Path):
    with JournalReader(room / "journal.db") as journal:
        dead = [letter for _, letter in journal.dead_letters() if letter.kind == "detections"]
    expected = [(sensor, code, field) for sensor, _, _, code, field in cases()]
    assert [(letter.sensor, letter.code, letter.field) for letter in dead] == expected
    for letter in dead:
        assert letter.field in letter.message
        assert "expected" in letter.message
        assert "\n" not in letter.message


def test_a_bad_status_is_a_dead_letter_too(room: Path):
    with JournalReader(room / "journal.db") as journal:
        dead = [letter for _, letter in journal.dead_letters() if letter.kind == "status"]
    assert [(letter.sensor, letter.code, letter.field) for letter in dead] == [("radar-mid", "not_json", "payload")]


def test_the_counts_stay_exact(room: Path, ledger: Callable[[Path], Any]):
    found = ledger(room)
    bad = [case for case in cases() if case[0] == "radar-mid"]
    radar = found.counts["radar-mid"]
    assert found.published == {"radar-mid": GOOD}
    assert found.waiting == 0
    assert (radar.journaled, radar.dead_lettered, radar.shed) == (GOOD, len(bad), 0)
    assert radar.duplicate >= 1, "the bad message that came twice; a broker may deliver any message again"
    assert radar.received == GOOD + len(bad) + radar.duplicate
    assert (found.recount["radar-mid"].journaled, found.recount["radar-mid"].dead_lettered) == (GOOD, len(bad))
    others = Counter(case[0] for case in cases() if case[0] != "radar-mid")
    for name, count in others.items():
        counts = found.counts[name]
        assert (counts.received - counts.duplicate, counts.dead_lettered) == (count, count), name
    assert found.counts.keys() == {"radar-mid", "stranger", *others}, "nothing of another sector"


def test_the_rest_goes_on_and_a_stranger_is_counted(room: Path):
    assert json.loads((room / "tally.json").read_text()) == {"detections: UnknownSensor": 1}
    history = Reader(room / "store.db").history_dataset()
    times = np.unique(history["time"].values)
    assert len(times) >= GOOD - 1, "every good look but perhaps the first gave a row"
    assert len(np.unique(history["track"].values)) >= 1

"""Acknowledgements state when they were sent, with and without a key, so that a sender can compare its clock."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ingest.mqtt.broker_url import BrokerUrl
from ingest.security.key_register import Identity
from ingest.security.signature import Signer
from ops.journal.writer import Journal
from ops.runtime.clock import ScenarioClock
from ops.services.ingest import process

AT_NS = 1_773_522_000_500_000_000


@pytest.mark.parametrize("signer", [None, Signer.generate()], ids=["no key", "a key"])
def test_an_acknowledgement_states_when_it_was_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, signer: Signer | None
) -> None:
    sent: list[tuple[str, dict[str, str]]] = []

    def publish(topic: str, payload: bytes, *, user_properties: Any, retain: bool) -> None:
        sent.append((topic, dict(user_properties)))

    with Journal(tmp_path / "journal.db") as journal:
        ingest = process.Ingest(
            BrokerUrl.parse("mqtt://127.0.0.1:1"), journal, tmp_path / "journal.db", ScenarioClock(AT_NS, AT_NS),
            process.IngestOptions("hills", identity=Identity(signer=signer)),
        )  # fmt: skip
        mark = SimpleNamespace(sensor="r1", boot=1, seq=7, newest=7)
        monkeypatch.setattr(ingest._receiver, "take_marks", lambda: [mark])
        monkeypatch.setattr(ingest, "_clock", SimpleNamespace(now_ns=lambda: AT_NS))
        monkeypatch.setattr(ingest._subscriber, "publish", publish)
        assert ingest._publish_marks()
    ((topic, properties),) = sent
    assert topic == "watchline/1/hills/sensor/r1/ack"
    assert properties["sent"] == str(AT_NS)
    assert ("sig" in properties) == (signer is not None)

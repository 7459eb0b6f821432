"""A sender states pose, power and view as it was given them in its heartbeats, and not in its last will."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ingest.decode import decode_status
from ingest.errors import MalformedMessage
from ingest.mqtt.broker_url import BrokerUrl
from ingest.sending.sender import Sender
from ingest.sending.spool import Spool
from ingest.wire import WirePose
from sensors.timestamps import nanoseconds

NOW = datetime(2026, 3, 14, 21, 0, tzinfo=UTC)
POSE = WirePose(lon=8.0, lat=47.0, position_sd_m=3.0, observed_at=NOW - timedelta(seconds=1))


def test_heartbeats_state_the_pose_and_a_will_does_not(tmp_path: Path) -> None:
    with Spool(tmp_path / "spool.db", first_boot=1) as spool:
        sender = Sender(
            spool, sector="hills", sensor="car", url=BrokerUrl.parse("mqtt://127.0.0.1:1"),
            now_ns=lambda: nanoseconds(NOW), kind="radar",
        )  # fmt: skip

        def stated(state: str) -> WirePose | None:
            payload, _ = sender._status(state)  # type: ignore[arg-type]
            return decode_status(payload, received_at=NOW).pose

        assert stated("ok") is None
        sender.set_pose(POSE)
        assert stated("ok") == POSE
        assert stated("lost") is None
        with pytest.raises(MalformedMessage, match="observed_at"):
            sender.set_pose(WirePose(lon=8.0, lat=47.0, observed_at=NOW + timedelta(seconds=1)))
        assert stated("ok") == POSE
        sender.set_pose(None)
        assert stated("ok") is None


def test_heartbeats_state_power_and_view_and_a_will_does_not(tmp_path: Path) -> None:
    with Spool(tmp_path / "spool.db", first_boot=1) as spool:
        sender = Sender(
            spool, sector="hills", sensor="car", url=BrokerUrl.parse("mqtt://127.0.0.1:1"),
            now_ns=lambda: nanoseconds(NOW), kind="radar",
        )  # fmt: skip

        def stated(state: str) -> tuple[float | None, bool, str]:
            payload, _ = sender._status(state)  # type: ignore[arg-type]
            status = decode_status(payload, received_at=NOW)
            return status.power, status.obscured, status.note

        sender.set_state("degraded", "lens covered", power=0.03, obscured=True)
        assert stated("degraded") == (0.03, True, "lens covered")
        assert stated("lost") == (None, False, "lens covered")
        with pytest.raises(MalformedMessage, match="power"):
            sender.set_state("ok", power=1.5)
        assert stated("degraded") == (0.03, True, "lens covered")
        sender.set_state("ok")
        assert stated("ok") == (None, False, "")

"""What drills share: the ingest process, senders that say what they put, and the two laws counted from the rows."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from ingest.mqtt.broker_url import BrokerUrl
from ingest.mqtt.connection import ConnectionSettings
from ingest.sending.send_window import SendWindowSettings
from ingest.sending.sender import Sender, SenderSettings
from ingest.sending.spool import Spool, SpoolLimits
from ops.broker.broker import URL_VARIABLE
from ops.journal.reader import JournalReader
from ops.runtime.processes.child_process import Child
from sensors.scan import Plot, Scan
from tests.patience import PATIENT_S

SECTOR = "drill"
QUICK = ConnectionSettings(keepalive_s=2, session_expiry_s=300)
"""A link that notices a dead peer within seconds."""
STEADY = ConnectionSettings(keepalive_s=600)
"""A link that does not end, and fail what was sent, because a machine stands still."""


def look(sensor: str, number: int, plots: int) -> Scan:
    """One scan; its number tells it from all others of the sensor."""
    now = datetime.now(UTC)
    seen = tuple(Plot(range_m=900.5 + n, azimuth_deg=10.25 + n, range_sd_m=5.0) for n in range(plots))
    return Scan(sensor, 0, 0, number, now, now, "radar", seen)


OF_TESTS: Final = {"PYTHONPATH": str(Path(__file__).resolve().parents[2])}
"""For processes from ``tests``: another package of that name may be installed."""


class Ingest(Child):
    """The ingest process on a journal. ``module``: what stands in for it, with the same arguments."""

    def __init__(
        self, folder: Path, url: BrokerUrl, *more: str, module: str = "ops.services.ingest.process", **given: str
    ) -> None:
        self.journal = folder / "journal.db"
        arguments = [
            f"--sector={SECTOR}",
            f"--journal={self.journal}",
            "--keepalive-s=2",
            f"--wait-s={PATIENT_S}",
            *more,
        ]
        secrets = {URL_VARIABLE: url.text, **OF_TESTS, **given}
        super().__init__("ingest", module, arguments, log=folder / "ingest.log", secrets=secrets)

    def ready(self) -> Ingest:
        self.wait_for("ready", timeout_s=PATIENT_S)
        return self

    def until(self, key: str, holds: Callable[[Any], bool], *, timeout_s: float = PATIENT_S) -> float:
        """Seconds until what it says under ``key`` is as wished."""
        return wait_until(lambda: holds(self.last(key)), timeout_s=timeout_s, what=lambda: self.messages)


class Link:
    """One sensor's spool and sender."""

    def __init__(self, folder: Path, sensor: str, url: BrokerUrl, *, limits: SpoolLimits | None = None) -> None:
        self.sensor, self.spool, self.scans = sensor, Spool(folder / f"{sensor}.spool", limits=limits), 0
        settings = SenderSettings(window=SendWindowSettings(stall_s=1.0), connection=QUICK, status_interval_s=1.0)
        self.sender = Sender(
            self.spool, sector=SECTOR, sensor=sensor, url=url, now_ns=time.time_ns, kind="radar", settings=settings
        )
        self.sender.start()

    def put(self, count: int, plots: int = 1) -> None:
        self.sender.put_many([look(self.sensor, self.scans + n, plots) for n in range(count)])
        self.scans += count

    def close(self) -> None:
        self.sender.stop()
        self.spool.close()


def through(url: BrokerUrl, port: int) -> BrokerUrl:
    """The same broker by another door."""
    return replace(url, port=port)


def wait_until(
    holds: Callable[[], bool], *, timeout_s: float = PATIENT_S, what: Callable[[], object] = lambda: ""
) -> float:
    """Seconds until it holds; AssertionError with what there was instead."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < timeout_s, what()
        time.sleep(0.01)
    return time.monotonic() - began


def check_laws(journal: Path, put: dict[str, int], scans: dict[str, int] | None = None) -> dict[str, Any]:
    """Both laws, exact, from the rows: nothing lost, nothing twice, an intact file. Returns the counts.

    ``put``: sensor → messages ever put into its spool. ``scans``: sensor → how many of them are good scans, numbered
    from 0; None = all.
    """
    with JournalReader(journal) as reader:
        counts, recount, marks = reader.counts(), reader.recount(), reader.marks()
        assert reader._db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        numbers = reader._db.execute(
            "SELECT sensor, json_extract(body, '$.scan') FROM journal WHERE kind = 'detections' ORDER BY 1, 2"
        ).fetchall()
    for sensor, published in put.items():
        count, again = counts[sensor], recount[sensor, "detections"]
        assert count.received == count.journaled + count.duplicate + count.dead_lettered + count.shed, sensor
        assert (again.journaled, again.dead_lettered) == (count.journaled, count.dead_lettered), sensor
        assert published == again.journaled + again.dead_keys + count.shed, sensor
        assert sum(mark for (name, _), mark in marks.items() if name == sensor) == published, sensor
        expected = published if scans is None else scans[sensor]
        assert [number for name, number in numbers if name == sensor] == list(range(expected)), sensor
    return counts

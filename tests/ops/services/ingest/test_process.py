"""The whole way in, in real processes: spool → broker → ingest → journal, while processes are killed. Both laws exact.

Receipts: received = journaled + duplicate + dead_lettered + shed. Messages: put into spools = unique journaled + unique
dead-lettered. The rows are counted anew, apart from the counters.
"""

from __future__ import annotations

import json
import random
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import psutil
import pytest

from ingest.decode import encode
from ingest.mqtt.connection import ConnectionSettings
from ingest.sending.send_window import SendWindowSettings
from ingest.sending.sender import Sender, SenderSettings
from ingest.sending.spool import Spool
from ops.broker.broker import URL_VARIABLE, EmbeddedBroker, MosquittoBroker
from ops.journal.reader import JournalReader
from ops.journal.writer import Journal
from ops.runtime.clock import ScenarioClock
from ops.runtime.processes.child_process import Child, proportional_set_size_mb
from ops.services.ingest import process
from sensors.errors import LayoutError
from sensors.scan import Plot, Scan
from tests.drills.sizes import IS_LONG
from tests.machine import Slowdown
from tests.patience import PATIENT_S

pytestmark = pytest.mark.broker
Broker = EmbeddedBroker | MosquittoBroker
SENSORS = ("radar-west", "camera-crest", "trail-05")
KILLED = ("nothing", "ingest", "broker", "both") if IS_LONG else ("nothing", "both")
"""With "both", ingest dies as often as with "ingest" and the broker as often as with "broker"."""
READ_WITHIN_NS = 150_000_000
"""How far a steady clock at three times the rate may be behind: it reads two clocks within 50 ms (``steady_clock``)."""
EITHER_BROKER = pytest.mark.parametrize("broker", [EmbeddedBroker], indirect=True)
"""For what is ingest's own doing, with whichever broker."""


@pytest.fixture(params=[EmbeddedBroker, MosquittoBroker])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Broker]:
    with request.param(folder=tmp_path / "broker") as started:
        yield started


class Ingest(Child):
    """The ingest process on a journal."""

    def __init__(self, folder: Path, url: str, *more: str) -> None:
        self.journal = folder / "journal.sqlite"
        arguments = ["--sector=x", f"--journal={self.journal}", f"--wait-s={PATIENT_S}", *more]
        super().__init__(
            "ingest", "ops.services.ingest.process", arguments, log=folder / "ingest.log", secrets={URL_VARIABLE: url}
        )

    def ready(self) -> Ingest:
        self.wait_for("ready", timeout_s=PATIENT_S)
        return self


class Adapter:
    """One sensor's spool and sender, which mixes bad messages in: a dead letter must neither block nor be lost."""

    def __init__(self, folder: Path, sensor: str, broker: Broker, stall_s: float = 1.0, keepalive_s: int = 10) -> None:
        self.sensor, self.spool, self.scans, self.bad = sensor, Spool(folder / f"{sensor}.sqlite", first_boot=1), 0, 0
        self.sender = Sender(
            self.spool,
            sector="x",
            sensor=sensor,
            url=broker.url,
            now_ns=time.time_ns,
            settings=SenderSettings(
                window=SendWindowSettings(stall_s=stall_s),
                connection=ConnectionSettings(keepalive_s=keepalive_s, session_expiry_s=300),
            ),
        )
        self.sender.start()

    def put(self, count: int) -> None:
        now = datetime.now(UTC)
        look = Scan(self.sensor, 0, 0, 0, now, now, "radar", (Plot(azimuth_deg=12.5, range_m=900.0),))
        self.sender.put_many([replace(look, scan=n) for n in range(count)])
        self.spool.put(lambda boot, seq: b'{"sensor": "nonsense"}')
        late = replace(look, observed_at=now - timedelta(days=2))
        self.spool.put(lambda boot, seq: encode(replace(late, boot=boot, sequence=seq)))
        self.scans += count
        self.bad += 2

    def close(self) -> None:
        self.sender.stop()
        self.spool.close()


def check_both_laws(path: Path, adapters: list[Adapter]) -> None:
    with JournalReader(path) as journal:
        counts, recount, marks = journal.counts(), journal.recount(), journal.marks()
        rows = [row for row in journal.read(limit=10**6) if row.kind == "detections"]
        assert journal._db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    for adapter in adapters:
        count, again = counts[adapter.sensor], recount[adapter.sensor, "detections"]
        assert count.balanced
        assert (again.journaled, again.dead_lettered) == (count.journaled, count.dead_lettered)
        assert adapter.spool.put_total == again.journaled + again.dead_keys + count.shed
        assert (again.journaled, again.dead_keys) == (adapter.scans, adapter.bad)
        keys = [(row.boot, row.seq) for row in rows if row.sensor == adapter.sensor]
        assert len(keys) == len(set(keys)) == adapter.scans
        assert marks[adapter.sensor, adapter.spool.boot] == adapter.scans + adapter.bad
        assert adapter.spool.waiting == 0


def strike(killed: str, ingest: Ingest, broker: Broker, n: int) -> None:
    """SIGKILL and start again: ingest every time, the broker every third time."""
    if killed in ("ingest", "both"):
        ingest.kill()
        ingest.restart()
    if killed in ("broker", "both") and n % 3 == 0:
        broker.kill()
        broker.start()


@pytest.mark.parametrize("killed", KILLED)
def test_both_laws_hold_exactly_whatever_is_killed(broker: Broker, tmp_path: Path, killed: str) -> None:
    chance = random.Random(f"{killed}")
    # a slow machine is no reason to send again
    stall_s, keepalive_s = (600.0, 600) if killed == "nothing" else (1.0, 10)
    ingest = Ingest(tmp_path, broker.url.text, f"--keepalive-s={keepalive_s}").ready()
    adapters = [Adapter(tmp_path, sensor, broker, stall_s=stall_s, keepalive_s=keepalive_s) for sensor in SENSORS]
    for n in range(9):
        for adapter in adapters:
            adapter.put(chance.randrange(20, 120))
        time.sleep(chance.uniform(0.0, 0.25))
        strike(killed, ingest, broker, n)
    problems = [adapter.sender.problem for adapter in adapters if not adapter.sender.drain(PATIENT_S)]
    assert not problems, (problems, ingest.alive, ingest.messages, [a.spool.waiting for a in adapters])
    for adapter in adapters:
        adapter.sender.stop()
    assert ingest.ready().stop(timeout_s=PATIENT_S) == 0  # it may have been started again just now
    check_both_laws(ingest.journal, adapters)
    if killed == "nothing":
        with JournalReader(ingest.journal) as journal:
            assert all(count.duplicate == 0 for count in journal.counts().values())
    for adapter in adapters:
        adapter.spool.close()


def test_a_sender_killed_and_restarted_continues_with_its_old_boot(broker: Broker, tmp_path: Path) -> None:
    ingest = Ingest(tmp_path, broker.url.text).ready()
    first = Adapter(tmp_path, "radar-west", broker)
    first.put(50)
    assert first.sender.drain(PATIENT_S)
    first.sender.stop()
    first.put(50)  # nobody is there to send it
    first.spool.close()
    second = Adapter(tmp_path, "radar-west", broker)
    assert second.spool.boot == 2
    second.put(10)
    assert second.sender.drain(PATIENT_S)
    second.close()
    ingest.stop(timeout_s=PATIENT_S)
    with JournalReader(ingest.journal) as journal:
        keys = [(row.boot, row.seq) for row in journal.read(limit=10**6) if row.kind == "detections"]
        assert journal.marks() == {("radar-west", 1): 104, ("radar-west", 2): 12}
    assert len(keys) == 110
    assert keys == sorted(keys), "the old boot was sent first"


def ticks_of(path: Path) -> int:
    with JournalReader(path) as journal:
        return sum(row.kind == "tick" for row in journal.read())


@EITHER_BROKER
def test_ticks_come_every_second_of_the_scenario_clock_and_all_times_are_its(broker: Broker, tmp_path: Path) -> None:
    origin_ns = 1_900_000_000_000_000_000
    clock = ScenarioClock(time.time_ns(), origin_ns, rate=3.0)
    ingest = Ingest(tmp_path, broker.url.text, *clock.arguments()).ready()
    with Spool(tmp_path / "s.sqlite") as spool, Slowdown() as slowdown:
        sender = Sender(spool, sector="x", sensor="r1", url=broker.url, now_ns=clock.now_ns)
        sender.start()
        at = datetime.fromtimestamp(clock.now_ns() / 1e9, UTC)
        sender.put(Scan("r1", 0, 0, 1, at, at, "radar"))
        assert sender.drain(PATIENT_S)
        deadline = time.monotonic() + PATIENT_S
        while ticks_of(ingest.journal) < 9 and time.monotonic() < deadline:
            time.sleep(0.05)
        sender.stop()
    ingest.stop(timeout_s=PATIENT_S)
    with JournalReader(ingest.journal) as journal:
        rows = journal.read()
        assert journal.counts()["r1"].journaled == 1
    ticks = [row.observed_ns for row in rows if row.kind == "tick"]
    assert len(ticks) >= 8
    steps = [later - earlier for earlier, later in pairwise(ticks)]
    assert min(steps) >= 1e9
    assert min(steps) < 2e9 * slowdown.worst, "one of so many, for the disk may hold up the others"
    assert all(origin_ns <= row.received_ns < origin_ns + 3600e9 for row in rows)
    (row,) = [row for row in rows if row.kind == "detections"]
    assert row.sent_ns is not None
    assert row.observed_ns <= row.sent_ns <= row.received_ns + READ_WITHIN_NS


@EITHER_BROKER
def test_ingest_is_small(broker: Broker, tmp_path: Path) -> None:
    ingest = Ingest(tmp_path, broker.url.text).ready()
    adapter = Adapter(tmp_path, "radar-west", broker)
    adapter.put(1500)
    assert adapter.sender.drain(PATIENT_S)
    assert proportional_set_size_mb([ingest.process.pid]) <= 45
    adapter.close()
    ingest.stop(timeout_s=PATIENT_S)


def test_ingest_imports_nothing_heavy() -> None:
    heavy = [
        "numpy",
        "pandas",
        "xarray",
        "numba",
        "scipy",
        "shapely",
        "pyproj",
        "rasterio",
        "matplotlib",
        "psutil",
        "fastapi",
        "rich",
    ]
    code = f"import sys, ops.services.ingest.process; print([name for name in {heavy} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("", "broker: unknown scheme ''; expected mqtt://user:password@host:port."),
        ("mqtt://127.0.0.1:1", "broker: no answer from mqtt://127.0.0.1:1; expected a connection within 3 s."),
    ],
)
def test_what_stops_ingest_at_the_start_is_one_sentence(tmp_path: Path, url: str, sentence: str) -> None:
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "ops.services.ingest.process",
            "--sector=x",
            f"--journal={tmp_path / 'j.sqlite'}",
            "--wait-s=3",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={URL_VARIABLE: url},
    )
    assert process.wait(PATIENT_S) == 1
    assert process.stderr is not None
    assert process.stdout is not None
    (said,) = process.stderr.read().splitlines()
    silent = sentence.replace("no answer from mqtt://127.0.0.1:1", "mqtt://127.0.0.1:1 does not answer")
    assert said in (sentence, silent), "the second where a busy machine did not even try within the time"
    assert json.loads(process.stdout.read().splitlines()[-1]) == {"problem": said}


def test_a_journal_in_use_or_newer_stops_ingest_with_one_sentence(tmp_path: Path) -> None:
    with Journal(tmp_path / "journal.sqlite"):
        done = Ingest(tmp_path, "mqtt://127.0.0.1:1")
        assert done.process.wait(PATIENT_S) == 1
        assert "in use by another ingest; expected one ingest per journal." in done.last_words()


@EITHER_BROKER
def test_ingest_ends_with_its_parent(broker: Broker, tmp_path: Path) -> None:
    ingest = Ingest(tmp_path, broker.url.text).ready()
    assert ingest.process.stdin is not None
    ingest.process.stdin.close()
    assert ingest.process.wait(PATIENT_S) == 0


def test_a_full_disk_ends_ingest_and_loses_nothing(broker: Broker, tmp_path: Path) -> None:
    """The disk is a limit on file size, which the kernel enforces; with room again ingest goes on where it was."""
    adapter = Adapter(tmp_path, "radar-west", broker)
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "ops.services.ingest.process",
            "--sector=x",
            f"--journal={tmp_path / 'journal.sqlite'}",
            f"--wait-s={PATIENT_S}",
        ],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        env={URL_VARIABLE: broker.url.text},
    )
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (400_000, 400_000))  # Python ignores the signal
    for _ in range(4):
        adapter.put(500)
    assert process.wait(PATIENT_S) == 1
    assert process.stderr is not None
    assert "journal.sqlite: the disk" in process.stderr.read()
    waiting = adapter.spool.waiting
    assert waiting > 0, "what was not committed was not acknowledged"
    ingest = Ingest(tmp_path, broker.url.text).ready()
    assert adapter.sender.drain(PATIENT_S)
    adapter.sender.stop()
    ingest.stop(timeout_s=PATIENT_S)
    check_both_laws(ingest.journal, [adapter])
    adapter.spool.close()


def test_a_broker_that_goes_away_is_reported_and_found_again(broker: Broker, tmp_path: Path) -> None:
    ingest = Ingest(tmp_path, broker.url.text).ready()
    broker.kill()
    deadline = time.monotonic() + PATIENT_S
    while not ingest.last("problem") and time.monotonic() < deadline:
        time.sleep(0.05)
    assert "127.0.0.1" in ingest.last("problem")
    broker.start()
    while ingest.last("problem") and time.monotonic() < deadline + PATIENT_S:
        time.sleep(0.05)
    assert ingest.messages["problem"] is None
    assert psutil.pid_exists(ingest.process.pid)
    ingest.stop(timeout_s=PATIENT_S)


def test_a_layout_without_sensors_is_refused_at_ingest(tmp_path: Path):
    layout = tmp_path / "layout.geojson"
    layout.write_text('{"type": "FeatureCollection", "features": []}')
    with pytest.raises(LayoutError, match=r"layout\.geojson.*a layout with sensors"):
        process._plausibility(layout)

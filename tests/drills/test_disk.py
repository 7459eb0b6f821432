"""A disk that fills, and one that fails: what was acknowledged is there, what was not comes again, alerts go on."""

from __future__ import annotations

import errno
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from ingest.mqtt.publisher import Publisher
from ingest.topics import unit_topic
from ingest.unit_messages import Position
from ops.broker.broker import MosquittoBroker
from ops.journal.events import DISK, DiskState
from ops.journal.reader import Counts, JournalReader
from ops.services.ingest.disk_reserve import LEAST_BYTES, DiskSettings, DiskWatch
from tests.drills.rig import SECTOR, STEADY, Ingest, Link, check_laws, wait_until
from tests.drills.sizes import SIZES
from tests.patience import PATIENT_S

pytestmark = pytest.mark.broker
MEGABYTE = 1024 * 1024


class SmallDisk:
    """A tmpfs of a size that can be changed while it is in use."""

    def __init__(self, path: Path, megabytes: int) -> None:
        self.path = path
        path.mkdir()
        self._mount("-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs")

    def resize(self, megabytes: int) -> None:
        self._mount("-o", f"remount,size={megabytes}m")

    def _mount(self, *arguments: str) -> None:
        subprocess.run(["mount", *arguments, str(self.path)], check=True, capture_output=True)

    def gone(self) -> None:
        subprocess.run(["umount", "-l", str(self.path)], check=True)


@pytest.fixture(params=[2, 16, 64])
def small_disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SmallDisk]:
    try:
        disk = SmallDisk(tmp_path / "disk", request.param)
    except (subprocess.CalledProcessError, OSError) as error:
        pytest.skip(f"a small disk needs the right to mount one ({error}); run as root")
    disk.megabytes = request.param  # type: ignore[attr-defined]
    yield disk
    disk.gone()


def test_the_reserve_is_held_let_go_and_taken_again(small_disk: SmallDisk) -> None:
    total = small_disk.megabytes * MEGABYTE  # type: ignore[attr-defined]
    watch = DiskWatch(small_disk.path)
    assert not watch.full
    assert watch.reserve_bytes == total // 8
    assert abs(watch.free_bytes - (total - watch.reserve_bytes)) < 0.05 * total
    ballast = small_disk.path / "ballast"
    ballast.write_bytes(bytes(watch.free_bytes - 16 * 1024))
    assert watch.check()
    assert watch.full
    assert watch.free_bytes > 0.9 * watch.reserve_bytes, "what was held back can be used"
    assert not watch.check(), "with a little room it stays full"
    ballast.unlink()
    assert watch.check()
    assert not watch.full
    watch.release()


def test_a_reserve_is_never_larger_than_asked_for(tmp_path: Path) -> None:
    watch = DiskWatch(tmp_path, DiskSettings(reserve_bytes=3 * MEGABYTE))
    assert watch.reserve_bytes == 3 * MEGABYTE
    watch.release()


def test_on_a_full_disk_sensors_wait_and_calls_for_help_do_not(small_disk: SmallDisk, tmp_path: Path) -> None:
    with MosquittoBroker(folder=tmp_path / "b") as broker:
        ingest = Ingest(small_disk.path, broker.url).ready()
        link = Link(tmp_path, "r1", broker.url)
        ballast = small_disk.path / "ballast"
        ballast.write_bytes(bytes(max(0, shutil.disk_usage(small_disk.path).free - MEGABYTE)))

        def with_room(holds: Callable[[], bool]) -> bool:
            """What the smallest disk keeps back is used up by the ticks of half a minute; a test may be held up."""
            if shutil.disk_usage(small_disk.path).free < LEAST_BYTES:
                os.truncate(ballast, max(0, ballast.stat().st_size - LEAST_BYTES))
            return holds()

        deadline = time.monotonic() + PATIENT_S
        while not str(ingest.last("problem")).startswith("DISK_FULL"):
            link.put(10, plots=50)
            assert time.monotonic() < deadline, ingest.messages
            time.sleep(0.02)
        link.put(100, plots=50)
        time.sleep(0.5)
        with JournalReader(ingest.journal) as journal:
            before = journal.counts().get("r1", Counts()).journaled  # none where it was full before the first commit
            unit = Publisher(broker.url, client_id="u1", now_ns=time.time_ns, settings=STEADY)
            unit.start(timeout_s=PATIENT_S)
            call = Position("u1", 1, 1, datetime.now(UTC), 8.0, 47.0, distress=True, note="one hurt")
            unit(unit_topic(SECTOR, "u1", "position"), msgspec.json.encode(call)).result(timeout=PATIENT_S)
            wait_until(lambda: with_room(lambda: "u1" in journal.counts("position")), what=lambda: ingest.messages)
            unit.stop()
            ticks = journal.last_id()
            wait_until(lambda: with_room(lambda: journal.last_id() > ticks))  # time goes on, too
            assert journal.counts().get("r1", Counts()).journaled == before
            said = [msgspec.json.decode(row.body, type=DiskState) for row in journal.read(limit=10**6)
                    if row.kind == DISK]  # fmt: skip
            assert [state.full for state in said] == [False, True] or [state.full for state in said] == [True]
        assert link.spool.waiting >= 100
        assert ingest.alive
        ballast.unlink()
        small_disk.resize(256)
        ingest.until("problem", lambda problem: problem is None)
        assert link.sender.drain(PATIENT_S), link.sender.problem
        link.close()
        assert ingest.stop(timeout_s=PATIENT_S) == 0
    check_laws(ingest.journal, {"r1": link.spool.put_total})


def failing(fault: str, probability: float) -> dict[str, str]:
    """The environment in which this POSIX call fails with EIO so often, as fiu-run makes it."""
    found = shutil.which("fiu-run")
    if found is None:
        if os.geteuid() == 0:
            pytest.fail("fiu-run is not installed; expected apt-get install fiu-utils")
        pytest.skip("fiu-run is not installed; expected apt-get install fiu-utils")
    shown = subprocess.run([found, "-n", "-x", "true"], capture_output=True, text=True, check=True).stdout
    libraries = re.search(r'LD_PRELOAD="([^"]*)"', shown)
    assert libraries is not None, shown
    order = f"enable_random name={fault},probability={probability},failinfo={errno.EIO}"
    return {"LD_PRELOAD": libraries[1], "FIU_ENABLE": order}


@pytest.mark.parametrize("fault", ["posix/io/sync/fdatasync", "posix/io/rw/pwrite"])
def test_a_failing_disk_ends_ingest_each_time_and_loses_nothing(tmp_path: Path, fault: str) -> None:
    """Exit and recover, never try again: after a failed fsync nobody knows what is on the disk."""
    with MosquittoBroker(folder=tmp_path / "b") as broker:
        link = Link(tmp_path, "r1", broker.url)
        ended = 0
        for _ in range(SIZES.faults // 4):
            ingest = Ingest(tmp_path, broker.url, **failing(fault, 0.05))
            deadline = time.monotonic() + PATIENT_S / 2
            while ingest.alive and time.monotonic() < deadline:
                link.put(5, plots=5)
                time.sleep(0.02)
            ended += ingest.process.poll() == 1
            assert ingest.process.poll() in (1, None), ingest.exit_report()
            if ingest.alive:
                ingest.kill()
        ingest = Ingest(tmp_path, broker.url).ready()
        waiting = link.spool.waiting  # hundreds of failures long nearly nothing came through
        assert link.sender.drain(PATIENT_S), (waiting, link.spool.waiting, link.sender.problem)
        link.close()
        ingest.stop(timeout_s=PATIENT_S)
    assert ended >= 1, "the fault was felt"
    check_laws(ingest.journal, {"r1": link.spool.put_total})

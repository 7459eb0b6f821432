"""A spool on a new disk: its messages are never lost without a word, at the sender or in the operations centre."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ingest.sending.send_window import SendWindowSettings
from ingest.sending.sender import Sender, SenderSettings
from ingest.sending.spool import Spool, first_boot_at
from ops.broker.broker import URL_VARIABLE, EmbeddedBroker, MosquittoBroker
from ops.broker.identities import IDENTITY_VARIABLE, SIGNATURES_VARIABLE, IdentityFolder, Name
from ops.journal.events import REFUSAL, Refusal
from ops.journal.reader import JournalReader
from ops.runtime.processes.child_process import Child
from sensors.scan import Plot, Scan
from tests.patience import PATIENT_S

pytestmark = [pytest.mark.broker, pytest.mark.chain]
Broker = EmbeddedBroker | MosquittoBroker
COUNT = 20


@pytest.fixture(params=[EmbeddedBroker, MosquittoBroker])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Broker]:
    with request.param(folder=tmp_path / "broker") as started:
        yield started


@contextmanager
def ingest(folder: Path, broker: Broker, keys: IdentityFolder | None = None) -> Iterator[Path]:
    """Ingest, with signatures required where there are keys; gives the journal."""
    secrets = {URL_VARIABLE: broker.url.text}
    if keys is not None:
        secrets |= {IDENTITY_VARIABLE: str(keys.path), SIGNATURES_VARIABLE: "required"}
    journal = folder / "journal.db"
    arguments = ["--sector=x", f"--journal={journal}", f"--wait-s={PATIENT_S}"]
    child = Child("ingest", "ops.services.ingest.process", arguments, log=folder / "ingest.log", secrets=secrets)
    child.wait_for("ready", timeout_s=PATIENT_S)
    yield journal
    assert child.stop(timeout_s=PATIENT_S) == 0


@contextmanager
def sender(
    spool: Spool, broker: Broker, keys: IdentityFolder | None = None, now_ns: Callable[[], int] = time.time_ns
) -> Iterator[Sender]:
    settings = SenderSettings(window=SendWindowSettings(stall_s=1.0))
    if keys is not None:
        settings = SenderSettings(window=SendWindowSettings(stall_s=1.0), identity=keys.identity("r1"))
    link = Sender(spool, sector="x", sensor="r1", url=broker.url, now_ns=now_ns, kind="radar", settings=settings)
    yield link
    link.stop()


def put(link: Sender) -> None:
    now = datetime.now(UTC)
    link.put_many([Scan("r1", 0, 0, n, now, now, "radar", (Plot(azimuth_deg=1.0 + n),)) for n in range(COUNT)])


def until(true: Callable[[], Any], within_s: float = PATIENT_S) -> bool:
    deadline = time.monotonic() + within_s
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def refusals(journal: Path) -> list[tuple[str, str]]:
    with JournalReader(journal) as opened:
        rows = [row for row in opened.read(limit=10**6) if row.kind == REFUSAL]
    return [(row.sensor, msgspec.json.decode(row.body, type=Refusal).code) for row in rows]


def journaled(journal: Path) -> int:
    with JournalReader(journal) as opened:
        return opened.counts()["r1"].journaled


def test_a_new_spool_on_a_new_disk_reuses_no_number(broker: Broker, tmp_path: Path) -> None:
    """The kit as it is: nobody chose a boot. The second disk comes at once, and the third by a clock a minute later."""
    now_ns = time.time_ns()
    with ingest(tmp_path, broker) as journal:
        for name, later_s in (("first.db", -60), ("second.db", -60), ("third.db", 0)):
            with Spool(tmp_path / name) as spool:
                link = Sender(
                    spool, sector="x", sensor="r1", url=broker.url, now_ns=lambda s=later_s: time.time_ns() + s * 10**9
                )
                assert spool.boot >= first_boot_at(now_ns + later_s * 10**9)
                put(link)
                link.start()
                assert link.drain(PATIENT_S), link.problem
                assert link.problem is None
                link.stop()
        assert journaled(journal) == 3 * COUNT
        assert refusals(journal) == []


@pytest.mark.parametrize("broker_restarts", [False, True], ids=["retained", "forgotten"])
def test_numbers_that_were_used_before_are_told_at_the_sender_and_journaled(
    broker: Broker, tmp_path: Path, broker_restarts: bool
) -> None:
    """A new spool whose clock did not help: 20 of 20 scans are refused, and both sides say so."""
    with ingest(tmp_path, broker) as journal:
        with Spool(tmp_path / "first.db", first_boot=1) as spool, sender(spool, broker) as link:
            put(link)
            link.start()
            assert link.drain(PATIENT_S), link.problem
            assert link.problem is None
        if broker_restarts:  # it forgets the retained acknowledgement, so only ingest can know
            broker.kill()
            broker.start()
        with Spool(tmp_path / "second.db", first_boot=1) as spool, sender(spool, broker) as link:
            put(link)
            link.start()
            assert until(lambda: "ingest has other messages of r1" in (link.problem or "")), link.problem
            assert link.drain(PATIENT_S)
            assert "expected boots that rise" in (link.problem or "")
        assert journaled(journal) == COUNT
        with JournalReader(journal) as opened:
            codes = [dead.code for _, dead in opened.dead_letters() if dead.kind == "detections"]
        assert codes == ["conflict"] * COUNT, "not one vanished: each can be read among the dead letters"
        assert ("r1", "conflict") in refusals(journal)


def test_a_boot_that_fell_is_told_although_the_broker_forgot_the_acknowledgement(
    broker: Broker, tmp_path: Path
) -> None:
    keys = IdentityFolder(tmp_path / "identity")
    keys.prepare([Name("sensor", "r1")])
    with ingest(tmp_path, broker, keys) as journal:
        with Spool(tmp_path / "first.db", first_boot=5) as spool, sender(spool, broker, keys) as link:
            put(link)
            link.start()
            assert link.drain(PATIENT_S), link.problem
        broker.kill()
        broker.start()
        with Spool(tmp_path / "second.db", first_boot=1) as spool, sender(spool, broker, keys) as link:
            put(link)
            link.start()
            assert until(lambda: "ingest knows boot 5 of r1, this spool is at 1" in (link.problem or "")), link.problem
            assert spool.waiting == COUNT, "kept, and sent once the boot is above the old one"
        assert ("r1", "rollback") in refusals(journal)
        with Spool(tmp_path / "second.db", first_boot=6) as spool, sender(spool, broker, keys) as link:
            link.start()
            assert link.drain(PATIENT_S), link.problem
        assert journaled(journal) == 2 * COUNT


def test_a_wrong_clock_at_the_first_start_ends_with_that_start(broker: Broker, tmp_path: Path) -> None:
    """Signed, on a new disk; what was put with the wrong clock waits, and is journaled after the restart."""
    keys = IdentityFolder(tmp_path / "identity")
    keys.prepare([Name("sensor", "r1")])
    with ingest(tmp_path, broker, keys) as journal:
        with Spool(tmp_path / "first.db") as spool, sender(spool, broker, keys) as link:
            put(link)
            link.start()
            assert link.drain(PATIENT_S), link.problem
        with Spool(tmp_path / "second.db") as spool, sender(spool, broker, keys, now_ns=lambda: 0) as link:
            put(link)
            link.start()
            assert until(lambda: ("r1", "rollback") in refusals(journal))
            assert (spool.boot, spool.waiting) == (1, COUNT)
        with Spool(tmp_path / "second.db") as spool, sender(spool, broker, keys) as link:
            put(link)
            link.start()
            assert link.drain(PATIENT_S), link.problem
            assert link.problem is None
        assert journaled(journal) == 3 * COUNT

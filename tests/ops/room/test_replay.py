"""Replay: the same journal gives the same tracks and alerts to the bit, however it is cut; and record before it."""

from __future__ import annotations

import hashlib
import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import psutil
import pytest
from rich.console import Console

import ops.room.offline
from geo.errors import BadInput
from ops.broker.broker import URL_VARIABLE, EmbeddedBroker
from ops.journal.reader import JournalReader
from ops.journal.stores.postgres_reader import PostgresReader
from ops.journal.stores.transfer import copy
from ops.journal.writer import Journal
from ops.postgres.address import StoreAddress
from ops.room.offline import replay_journal, track_log_hash
from ops.runtime.clock import ScenarioClock
from ops.runtime.processes.child_process import Child
from ops.sector.open_sector import OpenSector
from ops.sector.settings import Settings
from ops.services.fusion.process import Fusion
from ops.store.writer import Store
from tests.patience import PATIENT_S

QUIET = Console(stderr=True, quiet=True)
Outcome = tuple[str, list[tuple[str, int, bytes]]]


@pytest.fixture(scope="module")
def reference(hill_journal: Path, hill_sector: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return replay(hill_journal, hill_sector, tmp_path_factory.mktemp("reference"))


def replay(
    journal: Path, sector: Any, out: Path, settings: Path | None = None, *, ground: OpenSector | None = None
) -> dict[str, Any]:
    """``ground``: the sector, already open; opening it anew takes longer than the replay of a short night."""
    with pytest.MonkeyPatch.context() as patch:
        if ground is not None:
            patch.setattr(ops.room.offline, "open_sector", lambda *_: ground)
        figures = replay_journal(journal, str(sector.sector), None, out, settings=settings, screen=QUIET)
    return {name: value for name, value in figures.items() if name != "files"}


def test_the_same_journal_gives_the_same_bytes(hill_journal, hill_sector, hill_ground, reference, tmp_path):
    before = hashlib.sha256(hill_journal.read_bytes()).digest()
    assert replay(hill_journal, hill_sector, tmp_path) == reference
    again = replay(hill_journal, hill_sector, tmp_path, ground=hill_ground)
    assert again == reference, "into the same folder again"
    assert hashlib.sha256(hill_journal.read_bytes()).digest() == before
    assert reference["tracks_confirmed"] > 5
    assert reference["alerts"] > 2
    assert reference["unusable"] == {"bearing only": 8}  # of the camera, to targets that it alone detects


def test_the_alert_workload_is_that_of_the_alerts_written(reference):
    workload = reference["alert_workload"]
    assert workload["raised"] == sum(workload["by_rule"].values()) == reference["alerts"]
    assert workload["revisions"] >= workload["raised"]
    assert workload["in_ten_minutes"] == pytest.approx(workload["raised"] / (6.0 * workload["hours"]))
    assert (workload["hours"] < 1.0 / 6.0, workload["verdict"]) == (True, None), "no verdict on less than ten minutes"


@pytest.mark.parametrize("rows", [1, 7])  # the reference takes all in one
def test_how_many_rows_a_step_takes_changes_nothing(
    rows, hill_journal, hill_sector, hill_ground, reference, tmp_path, monkeypatch
):
    monkeypatch.setattr(ops.room.offline, "ROWS_A_STEP", rows)
    assert replay(hill_journal, hill_sector, tmp_path, ground=hill_ground) == reference


@pytest.mark.parametrize("seconds", [0.5, 7.0, 10_000.0])
def test_how_often_there_are_checkpoints_changes_nothing(
    seconds, hill_journal, hill_sector, hill_ground, reference, tmp_path
):
    settings = tmp_path / "settings.toml"
    settings.write_text(f"checkpoint_s = {seconds}\n")
    assert replay(hill_journal, hill_sector, tmp_path, settings, ground=hill_ground) == reference


def test_other_settings_do_change_something(hill_journal, hill_sector, hill_ground, reference, tmp_path):
    settings = tmp_path / "settings.toml"
    settings.write_text("[alerts]\ncrossing_looks = 4\n[tracker]\nconfirm_existence = 0.999\n")
    other = replay(hill_journal, hill_sector, tmp_path, settings, ground=hill_ground)
    assert other["tracks_sha256"] != reference["tracks_sha256"]
    assert other["alerts_sha256"] != reference["alerts_sha256"]


def test_alerts_that_fusion_has_forgotten_are_counted_all_the_same(
    hill_journal, hill_sector, hill_ground, reference, tmp_path
):
    settings = tmp_path / "settings.toml"
    settings.write_text("[alerts]\napproach_clear_s = 1.0\nkeep_s = 1.0\n")
    figures = replay(hill_journal, hill_sector, tmp_path, settings, ground=hill_ground)
    written = json.loads((tmp_path / "alerts.geojson").read_text())["features"]
    assert figures["alerts"] == len(written) >= reference["alerts"]
    assert any(alert["properties"]["status"] == "cleared" for alert in written)


def fuse(journal: Path, ground: OpenSector, store_path: Path, stops: Sequence[int], *, orderly: bool) -> Outcome:
    """Fuse a journal with a new process's worth of objects after each row of ``stops``; ``orderly``: as on SIGTERM."""
    settings = Settings(checkpoint_s=4.0)
    with JournalReader(journal) as reader:
        ends = [*stops, reader.last_id()]
        for end in ends:
            store = Store(store_path)
            fusion = Fusion(reader, store, ground, settings, ScenarioClock.live())
            while fusion.cursor < end:
                fusion.step(min(5, end - fusion.cursor))
            if orderly or end == ends[-1]:
                fusion.finish()
            outcome = (
                track_log_hash(store.history_dataset()),
                sorted((row.alert, row.revision, row.body) for row in store.outbox_after(0, limit=10_000, kind=None)),
            )
            assert store.progress().diverged == 0
            store.close()
    return outcome


@pytest.fixture(scope="module")
def never_stopped(hill_journal, hill_ground, tmp_path_factory) -> Outcome:
    return fuse(hill_journal, hill_ground, tmp_path_factory.mktemp("whole") / "whole.db", [], orderly=False)


@pytest.mark.parametrize("orderly", [False, True], ids=["killed", "stopped"])
@pytest.mark.parametrize("stops", [[60], [20, 55, 90, 120], [33, 34, 35]], ids=str)
def test_going_on_from_a_checkpoint_equals_never_stopping(
    orderly, stops, hill_journal, hill_ground, never_stopped, tmp_path
):
    outcome = fuse(hill_journal, hill_ground, tmp_path / "cut.db", stops, orderly=orderly)
    assert outcome == never_stopped
    assert outcome[1]


def test_a_replay_replaces_neither_its_journal_nor_the_files_of_others(hill_journal, hill_sector, tmp_path):
    journal = tmp_path / "replay.db"
    shutil.copy(hill_journal, journal)
    before = journal.read_bytes()
    with pytest.raises(BadInput, match="is where the store of the replay is written"):
        replay_journal(journal, str(hill_sector.sector), None, tmp_path, settings=None, screen=QUIET)
    assert journal.read_bytes() == before
    journal.unlink()
    kept = [tmp_path / "tracks.parquet", tmp_path / "replay.db.bak"]
    for path in kept:
        path.write_bytes(b"of others")
    with pytest.raises(BadInput, match=r"holds a file 'tracks\.parquet' that this command did not write"):
        replay_journal(hill_journal, str(hill_sector.sector), None, tmp_path, settings=None, screen=QUIET)
    assert [path.read_bytes() for path in kept] == [b"of others"] * 2
    kept[0].unlink()
    for _ in range(2):
        replay_journal(hill_journal, str(hill_sector.sector), None, tmp_path, settings=None, screen=QUIET)
    assert kept[1].read_bytes() == b"of others"


def test_a_journal_without_rows_is_refused(hill_sector, tmp_path):
    Journal(tmp_path / "empty.db").close()
    with pytest.raises(BadInput, match=r"empty\.db: no rows; expected a journal with messages in it\."):
        replay(tmp_path / "empty.db", hill_sector, tmp_path / "out")


def test_a_journal_in_postgresql_replays_to_the_same_bits(
    hill_sector: Any,
    hill_ground: OpenSector,
    hill_journal: Path,
    postgres_store: StoreAddress,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    """The outcome, and the files that it writes, are those of the file from which the journal was copied."""
    copy(str(hill_journal), postgres_store.text, "replayed", Console(stderr=True))
    expected = replay(hill_journal, hill_sector, tmp_path / "file", ground=hill_ground)
    monkeypatch.setattr(ops.room.offline, "read_journal", lambda _: PostgresReader(postgres_store, "replayed"))
    assert replay(hill_journal, hill_sector, tmp_path / "store", ground=hill_ground) == expected
    assert expected["estimates"] > 0


@pytest.mark.chain
@pytest.mark.broker
@pytest.mark.parametrize("place", ["file", "postgresql"])
def test_what_was_recorded_can_be_replayed(
    place: str,
    hill_sector: Any,
    hill_ground: OpenSector,
    copy_night: Callable[[Path], Path],
    postgres_store: StoreAddress,
    tmp_path: Path,
):
    folder, journal = copy_night(tmp_path / "night"), tmp_path / "recorded.db"
    where = f"--out={journal}" if place == "file" else f"--store={postgres_store.text}"
    with EmbeddedBroker(folder=tmp_path, sector="hills") as broker:
        command = [sys.executable, "-m", "ops.cli", "record", "hills", f"--broker={broker.url.text}"]
        command += [where, "--json"]
        recording = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path)
        assert recording.stdout is not None
        assert recording.stderr is not None
        said = recording.stderr.readline()
        assert said.startswith("Recording sector hills from mqtt://127.0.0.1"), said
        assert broker.url.password not in said
        assert "correct horse" not in said
        for child in psutil.Process(recording.pid).children():
            child.kill()  # it is started again, and misses nothing
        simulator = Child(
            "simulator",
            "ops.room.simulator",
            ["--sector-id=hills", f"--folder={folder}", "--duration=3", f"--stalled={PATIENT_S}"],
            log=tmp_path / "simulator.log",
            secrets={URL_VARIABLE: broker.url.text},
        )
        published = simulator.wait_for("published", timeout_s=PATIENT_S)
        assert simulator.last("drained") is True
        recording.send_signal(signal.SIGTERM)  # what is drained is in the journal
        out, err = recording.communicate(timeout=PATIENT_S)
        simulator.stop(timeout_s=PATIENT_S)
    assert recording.returncode == 0, err
    assert "ingest ended with code -9" in err
    assert out.count("\n") == 1
    if place == "postgresql":
        with PostgresReader(postgres_store, "hills") as store:
            assert json.loads(out)["rows"] == store.last_id()
        copy(postgres_store.text, str(journal), "hills", Console(stderr=True))
    with JournalReader(journal) as reader:
        counts, timings = reader.counts("detections"), reader.timings()
        scans = [row for row in reader.read(0, 1000) if row.kind == "detections"]
    assert {sensor: count.journaled for sensor, count in counts.items()} == {s: n for s, n in published.items() if n}
    assert len(scans) == sum(published.values()) > 0
    first, second = (replay(journal, hill_sector, tmp_path / name, ground=hill_ground) for name in ("first", "second"))
    assert first == second
    assert set(first["unusable"]) <= {"late"}
    tracked = sum(timing.get("live", 0) + timing.get("late", 0) for timing in timings.values())
    assert first["estimates"] > 0 or tracked < len(scans), "what ingest gets within a minute is tracked"
    assert time.time_ns() > scans[-1].received_ns > scans[0].sent_ns

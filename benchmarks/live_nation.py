"""The sectors of a generated nation live on one machine: their real tasks, fed with what their sensors report.

``--sectors`` sectors of ``--sensors`` sensors each (``generated_nation.py``) run on a cluster of ``--workers`` workers.
A process of its own sends the detections that ``nation_journals.py`` makes up, over MQTT, each at its time. All clocks
run at ``--rate`` scenario seconds per second, so that a machine that is too small for the nation in real time carries
it more slowly; what a sector costs per second of the clock on the wall does not shrink with the rate. The sectors are
started one after the other, ``--apart`` seconds apart.

Stated: the share of each part in CPU time, at rest and under detections; memory by part (PSS); how long fusion took
after the last message until it had processed all. Messages that a journal lacks end the run with an error.

A table to stderr, one JSON line to stdout: ``python benchmarks/live_nation.py [--sectors N] [--rate R] [--seconds S]``.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
HERE = Path(__file__).resolve().parent
sys.path[:] = [str(ROOT), *(entry for entry in sys.path if Path(entry).resolve() != HERE), str(HERE)]

from bare_subscriber import connect  # noqa: E402 - this folder has a file named ingest
from cluster_parts import PARTS, SENDERS, cpu_during, memory_mb, wait_until  # noqa: E402
from generated_nation import GeneratedNation, write_nation  # noqa: E402
from machine import report, table  # noqa: E402
from nation_journals import START, walkers  # noqa: E402
from paho.mqtt.packettypes import PacketTypes  # noqa: E402
from paho.mqtt.properties import Properties  # noqa: E402

from ingest.decode import encode  # noqa: E402
from ingest.mqtt.broker_url import BrokerUrl  # noqa: E402
from ingest.wire import JSON  # noqa: E402
from ops.broker.broker import URL_VARIABLE, EmbeddedBroker  # noqa: E402
from ops.cluster.supervisor.cluster import Cluster  # noqa: E402
from ops.cluster.workers.sector_task import SectorTask  # noqa: E402
from ops.journal.reader import JournalReader  # noqa: E402
from ops.room.room import RoomOptions  # noqa: E402
from ops.runtime.clock import ScenarioClock  # noqa: E402
from ops.sector.open_sector import open_sector  # noqa: E402
from ops.sector.sector_file import load_sector  # noqa: E402
from ops.store.reader import Reader  # noqa: E402
from sensors.detections import to_scans  # noqa: E402
from sensors.scan import Scan  # noqa: E402
from sensors.simulate import simulate  # noqa: E402
from sensors.simulate.movers import Scenario  # noqa: E402
from sensors.timestamps import utc_datetime  # noqa: E402

REST_S = 20.0
HOUR_S = 3_600.0


@dataclass(frozen=True, slots=True)
class ScaledTask(SectorTask):
    """A sector's task whose processes have a clock that runs at another rate."""

    rate: float = 1.0
    wall0_ns: int = 0

    def options(self, fence: int) -> RoomOptions:
        """Return the options of the room, with the clock."""
        return replace(super(ScaledTask, self).options(fence), clock=clock_of(self.rate, self.wall0_ns))


def clock_of(rate: float, wall0_ns: int) -> ScenarioClock:
    """Return a clock that shows the time of the wall at ``wall0_ns``."""
    return ScenarioClock(wall0_ns, wall0_ns, rate)


def main() -> None:
    """Measure, and print a table and one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_options(parser)
    parser.add_argument(SENDERS, nargs=4, metavar=("FOLDER", "RATE", "WALL0_NS", "SECONDS"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.senders:
        folder, rate, wall0_ns, seconds = options.senders
        send(Path(folder), clock_of(float(rate), int(wall0_ns)), float(seconds))
        return
    figures = measured(options)
    show(figures)
    report("live_nation", figures)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the measurement."""
    parser.add_argument("--live-sectors", type=int, default=60, metavar="N")
    parser.add_argument("--sensors", type=int, default=33, metavar="N", help="of each sector (default 33)")
    parser.add_argument("--live-workers", type=int, default=2, metavar="N")
    parser.add_argument("--rate", type=float, default=1.0, metavar="R", help="scenario seconds per second (default 1)")
    parser.add_argument("--seconds", type=float, default=120.0, metavar="S", help="of detections (default 120)")
    parser.add_argument("--apart", type=float, default=6.0, metavar="S", help="between two starts (default 6)")


def show(figures: dict[str, Any]) -> None:
    """Print the figures by part."""
    parts = sorted({*figures["cores_at_rest"], *figures["cores"]})
    columns = ("cores_at_rest", "cores", "memory_mb")
    rows = [(part, *(float(figures[name].get(part, 0.0)) for name in columns)) for part in parts]
    table(["all sectors, by part", "cores at rest", "cores", "memory [MB]"], rows)


def measured(options: argparse.Namespace) -> dict[str, Any]:
    """Run the nation in a temporary folder; return the figures."""
    root = Path(tempfile.mkdtemp(prefix="watchline-live-"))
    try:
        return measure(root, options)
    finally:
        shutil.rmtree(root, ignore_errors=True)


def measure(root: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Start the sectors, measure at rest and under detections; return the figures."""
    count = options.live_sectors
    write_nation(GeneratedNation(count, count * options.sensors, 90.0), root)
    os.environ["PYTHONPATH"] = os.pathsep.join((str(ROOT), str(HERE)))  # the workers read ``ScaledTask`` from here
    task_class = __import__("live_nation").ScaledTask  # by the name under which they find it
    began_s, wall0_ns = time.monotonic(), time.time_ns()
    with EmbeddedBroker(folder=root / "broker") as broker:
        tasks = [
            task_class(
                root / name / "sector.toml", name, root / name / "full.geojson", root / "data", broker.url.text,
                signatures="optional", rate=options.rate, wall0_ns=wall0_ns,
            )
            for name in (f"sector-{number:02d}" for number in range(count))
        ]  # fmt: skip
        with Cluster(tasks, options.live_workers) as cluster, ExitStack() as stack:
            for number, task in enumerate(tasks):
                cluster._sectors[task.name].due_s = time.monotonic() + number * options.apart
            wait_until(cluster, lambda: cluster.live, HOUR_S)
            start_s = time.monotonic() - began_s
            at_rest = cpu_during(cluster, REST_S)
            senders = subprocess.Popen(
                [
                    *(sys.executable, "-P", __file__, SENDERS, str(root)),
                    *(repr(options.rate), str(wall0_ns), str(options.seconds)),
                ],
                env={**os.environ, URL_VARIABLE: broker.url.text},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            stack.callback(senders.kill)
            assert senders.stdin is not None
            made = _line(cluster, senders)
            senders.stdin.write("begin\n")
            senders.stdin.flush()
            during = cpu_during(cluster, options.seconds)
            memory = memory_mb()
            sent, late_s = map(float, _line(cluster, senders).split())
            ended_s = time.monotonic()
            wait_until(cluster, lambda: _journaled(root, tasks) >= sent, HOUR_S)
            last = _last_rows(root, tasks)
            wait_until(cluster, lambda: _taken(root, last), HOUR_S)
            behind_s = time.monotonic() - ended_s
            senders.wait()
            kept = _journaled(root, tasks)
            left = cluster.stop()
    if kept != sent or left:
        raise SystemExit(f"{sent:.0f} messages sent, {kept} in the journals; not stopped: {left}.")
    return {
        "live_sectors": count, "sensors": count * options.sensors, "workers": options.live_workers,
        "rate": options.rate, "seconds": options.seconds, "start_s": round(start_s, 1), "messages_made": int(made),
        "messages": int(sent), "messages_per_s": round(sent / options.seconds, 1), "senders_late_s": round(late_s, 1),
        "behind_s": round(behind_s, 1), "cores_at_rest": _rounded(at_rest, 4), "cores": _rounded(during, 4),
        "memory_mb": _rounded(memory, 0), "load": round(os.getloadavg()[0], 1),
        "mb_per_sector": round(sum(memory[part] for part in PARTS) / count, 1),
    }  # fmt: skip


def _line(cluster: Cluster, process: subprocess.Popen[str]) -> str:
    """Wait for a line of a process, while the cluster is looked after."""
    found: list[str] = []
    assert process.stdout is not None
    waiting = threading.Thread(target=lambda: found.append(process.stdout.readline()), daemon=True)  # type: ignore[union-attr]
    waiting.start()
    wait_until(cluster, lambda: not waiting.is_alive(), HOUR_S)
    if not found[0]:
        raise SystemExit("The senders ended with an error.")
    return found[0]


def _journaled(root: Path, tasks: list[SectorTask]) -> int:
    """Return the number of messages with detections in the journals."""
    total = 0
    for task in tasks:
        with JournalReader(root / "data" / task.name / "journal.db") as journal:
            total += sum(one.journaled for one in journal.counts().values())
    return total


def _last_rows(root: Path, tasks: list[SectorTask]) -> dict[str, int]:
    """Return the number of the last row of each sector's journal."""
    found = {}
    for task in tasks:
        with JournalReader(root / "data" / task.name / "journal.db") as journal:
            found[task.name] = journal.last_id()
    return found


def _taken(root: Path, rows: dict[str, int]) -> bool:
    """Whether fusion of every sector has processed its journal up to a row."""
    for name, last in rows.items():
        reader = Reader(root / "data" / name / "store.db")
        try:
            if reader.progress().cursor < last:
                return False
        finally:
            reader.close()
    return True


def _rounded(figures: Any, digits: int) -> dict[str, float]:
    return {name: round(float(value), digits) for name, value in sorted(figures.items())}


def scans_of(sectors: list[Path], seconds: float) -> list[tuple[float, str, Scan]]:
    """Return the scans of sectors in order of sending: second of the scenario, sector, scan."""
    found = []
    for path in sectors:
        number = int(path.name.removeprefix("sector-"))
        ground = open_sector(load_sector(path / "sector.toml"))
        scenario = Scenario(walkers(ground, number, seconds), START, seconds, border=ground.border)
        detections, _ = simulate(ground.layout, scenario, None, seed=number)
        for scan in to_scans(detections, ground.layout):
            found.append(((scan.received_at - START).total_seconds(), path.name, scan))
    return sorted((one for one in found if one[0] < seconds), key=lambda one: (one[0], one[1], one[2].key))


def send(folder: Path, clock: ScenarioClock, seconds: float) -> None:
    """Send the scans of ``seconds`` of the wall's clock; print how many, and how late the last was sent [s]."""
    scans = scans_of(sorted(folder.glob("sector-*")), seconds * clock.rate)
    print(len(scans), flush=True)
    client, connected = connect(BrokerUrl.parse(os.environ[URL_VARIABLE]), "bench-senders", manual_ack=False)
    client.loop_start()
    assert connected.wait(60)
    sys.stdin.readline()
    began_s, offset = time.monotonic(), utc_datetime(clock.now_ns()) - START
    numbers: dict[tuple[str, str], int] = {}
    sent = []
    late_s = 0.0
    for at_s, sector, scan in scans:
        late_s = time.monotonic() - began_s - at_s / clock.rate
        if late_s < 0.0:
            time.sleep(-late_s)
        key = (sector, scan.sensor)
        number = numbers[key] = numbers.get(key, 0) + 1
        now = replace(
            scan, boot=1, sequence=number,
            observed_at=scan.observed_at + offset, received_at=scan.received_at + offset,
        )  # fmt: skip
        properties = Properties(PacketTypes.PUBLISH)
        properties.ContentType = JSON
        properties.UserProperty = [
            ("boot", "1"), ("seq", str(number)), ("low", "1"), ("by_boot", "1"), ("sent", str(clock.now_ns())),
        ]  # fmt: skip
        topic = f"watchline/1/{sector}/sensor/{scan.sensor}/detections"
        sent.append(client.publish(topic, encode(now), qos=1, properties=properties))
    for one in sent:
        one.wait_for_publish(HOUR_S)
    client.disconnect()
    client.loop_stop()
    print(len(sent), max(late_s, 0.0), flush=True)


if __name__ == "__main__":
    main()

"""At which rate two cores take a nation: the code of ingest and fusion of all its sectors in a few processes.

``--live-sectors`` sectors of ``--sensors`` sensors each (``generated_nation.py``), divided between ``--live-workers``
processes. Each goes through the seconds of the scenario: for each of its sectors the messages of that second are
decoded, checked and made durable by ingest's receiver, then fused and committed, each sector with a journal and a store
of its own. Nothing waits for a clock, so the rate is what the machine takes.

It leaves out what a process per part adds (``live_nation.py`` has it): the broker, polling, feeds, and the libraries in
the memory of each process.

Stated: scenario seconds per second; cores that real time would need, by part, from CPU time; memory per process.

A table to stderr, one JSON line to stdout: ``python benchmarks/nation_rate.py [--live-sectors N] [--seconds S]``.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
HERE = Path(__file__).resolve().parent
sys.path[:] = [str(ROOT), *(entry for entry in sys.path if Path(entry).resolve() != HERE), str(HERE)]

import psutil  # noqa: E402 - this folder has a file named ingest
from generated_nation import GeneratedNation, write_nation  # noqa: E402
from live_nation import add_options, scans_of  # noqa: E402
from machine import report, table  # noqa: E402

from ingest.decode import encode  # noqa: E402
from ingest.envelope import Delivery  # noqa: E402
from ingest.receiving.receiver import Receiver  # noqa: E402
from ingest.wire import JSON  # noqa: E402
from ops.journal.reader import JournalReader  # noqa: E402
from ops.journal.writer import Journal  # noqa: E402
from ops.runtime.clock import ScenarioClock  # noqa: E402
from ops.sector.open_sector import open_sector  # noqa: E402
from ops.sector.sector_file import load_sector  # noqa: E402
from ops.sector.settings import Settings  # noqa: E402
from ops.services.fusion.process import Fusion  # noqa: E402
from ops.store.writer import Store  # noqa: E402
from sensors.timestamps import nanoseconds  # noqa: E402

WARM_S = 5
"""Seconds of the scenario that are not measured: the first load the kernels."""


def main() -> None:
    """Measure, and print a table and one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_options(parser)
    parser.add_argument("--work", nargs=3, metavar=("FOLDER", "NUMBER", "SECONDS"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        folder, number, seconds = options.work
        work(Path(folder), int(number), options.live_workers, int(float(seconds)))
        return
    figures = measured(options)
    show(figures)
    report("nation_rate", figures)


def show(figures: dict[str, Any]) -> None:
    """Print the figures by part."""
    cores = figures["cores_in_real_time"]
    whole = sum(cores.values())
    table(["part", "cores in real time", "share"], [(name, one, round(one / whole, 3)) for name, one in cores.items()])
    table(["", "value"], [(name, one) for name, one in figures.items() if isinstance(one, int | float)])


def measured(options: argparse.Namespace) -> dict[str, Any]:
    """Run the nation in a temporary folder; return the figures."""
    count = options.live_sectors
    with tempfile.TemporaryDirectory(prefix="watchline-rate-") as name:
        write_nation(GeneratedNation(count, count * options.sensors, 90.0), Path(name))
        command = [sys.executable, "-P", __file__, f"--live-workers={options.live_workers}", "--work", name]
        workers = [
            subprocess.Popen(
                [*command, str(number), str(options.seconds)],
                env={**os.environ, "PYTHONPATH": str(ROOT)}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            )
            for number in range(options.live_workers)
        ]  # fmt: skip
        try:
            for worker in workers:
                assert worker.stdout is not None
                if worker.stdout.readline() != "ready\n":
                    raise SystemExit("A worker ended with an error.")
            for worker in workers:
                assert worker.stdin is not None
                worker.stdin.write("begin\n")
                worker.stdin.flush()
            found = [json.loads(worker.communicate()[0]) for worker in workers]
        finally:
            for worker in workers:
                worker.kill()
    seconds = int(options.seconds) - WARM_S
    spent: Counter[str] = Counter()
    for one in found:
        spent.update(one["cpu_s"])
    wall_s = max(one["wall_s"] for one in found)
    messages = sum(one["messages"] for one in found)
    return {
        "live_sectors": count, "sensors": count * options.sensors, "workers": options.live_workers, "seconds": seconds,
        "messages": messages, "messages_per_scenario_s": round(messages / seconds, 1), "wall_s": round(wall_s, 1),
        "rate": round(seconds / wall_s, 3), "messages_per_s": round(messages / wall_s, 1),
        "cores_in_real_time": {name: round(value / seconds, 3) for name, value in sorted(spent.items())},
        "cores_in_real_time_per_sector": round(sum(spent.values()) / seconds / count, 4),
        "worker_mb": round(max(one["mb"] for one in found)), "load": round(os.getloadavg()[0], 1),
    }  # fmt: skip


def work(folder: Path, number: int, workers: int, seconds: int) -> None:
    """Go through the scenario for every ``workers``-th sector; print what was spent. For a process of its own."""
    paths = sorted(folder.glob("sector-*"))[number::workers]
    messages: list[dict[str, list[Delivery]]] = [{} for _ in range(seconds)]
    numbers: Counter[tuple[str, str]] = Counter()
    for at_s, sector, scan in scans_of(paths, seconds):
        numbers[sector, scan.sensor] += 1
        sequence = numbers[sector, scan.sensor]
        told = (("boot", "1"), ("seq", str(sequence)), ("low", "1"), ("by_boot", "1"))
        topic = f"watchline/1/{sector}/sensor/{scan.sensor}/detections"
        payload = encode(replace(scan, boot=1, sequence=sequence))
        delivery = Delivery(topic, payload, JSON, told, nanoseconds(scan.received_at))
        messages[int(at_s)].setdefault(sector, []).append(delivery)
    spent: Counter[str] = Counter()
    with ExitStack() as stack:
        rooms = {path.name: opened(stack, path) for path in paths}
        print("ready", flush=True)
        sys.stdin.readline()
        began_s = 0.0
        for second, given in enumerate(messages):
            if second == WARM_S:
                spent.clear()
                began_s = time.monotonic()
            for sector, deliveries in given.items():
                receiver, fusion = rooms[sector]
                with _timed(spent, "ingest"):
                    receiver.handle(deliveries)
                with _timed(spent, "fusion"):
                    while fusion.step():
                        pass
        wall_s = time.monotonic() - began_s
        counted = sum(len(each) for given in messages[WARM_S:] for each in given.values())
        mb = psutil.Process().memory_info().rss / 1e6
        print(json.dumps({"cpu_s": dict(spent), "wall_s": wall_s, "messages": counted, "mb": mb}), flush=True)


def opened(stack: ExitStack, path: Path) -> tuple[Receiver, Fusion]:
    """Open ingest's receiver and the fusion of a sector, which commit to files beside its own."""
    ground = open_sector(load_sector(path / "sector.toml"))
    journal = stack.enter_context(Journal(path / "journal.db", encrypted=True))
    receiver = Receiver(path.name, commit=journal.commit, acknowledge=lambda _: True, recall=journal.recall)
    reader = JournalReader(path / "journal.db")
    stack.callback(reader.close)
    store = Store(path / "store.db", encrypted=True, frame=ground.frame)
    stack.callback(store.close)
    return receiver, Fusion(reader, store, ground, Settings(), ScenarioClock.live())


@contextmanager
def _timed(spent: Counter[str], part: str) -> Iterator[None]:
    began_s = time.process_time()
    yield
    spent[part] += time.process_time() - began_s  # type: ignore[assignment]


if __name__ == "__main__":
    main()

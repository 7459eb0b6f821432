"""The drill: the command on a simulated nation, one fault after the other, and the laws at the end."""

from __future__ import annotations

import json
import signal
import socket
import struct
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass, replace
from math import isnan
from pathlib import Path
from statistics import median
from typing import Any, Final

import psutil

from ops.broker.broker import URL_VARIABLE, EmbeddedBroker
from ops.postgres.address import StoreAddress
from ops.postgres.migration import migrate
from ops.postgres.note import remember
from tests.drills.cluster.faults import Fault, scheduled
from tests.drills.cluster.laws import broken_laws
from tests.drills.cluster.nation import DrillNation, write_nation
from tests.drills.cluster.running import Senders, Service, wait_for
from tests.drills.cluster.slope import pooled_slope
from tests.drills.cluster.watch import Failovers, Seen, Use
from tests.drills.fault_proxy import BOTH, FaultProxy
from tests.drills.light_clients import packet, text_field
from tests.drills.test_clock import FakeTime
from tests.drills.test_disk import MEGABYTE, SmallDisk
from tests.ops.postgres_server import PostgresServer

PATIENT_S: Final = 300.0
SAMPLE_EVERY_S: Final = 5.0
WARM_UP_S: Final = 120.0
DISK_MB: Final = 1024


@dataclass(frozen=True)
class Options:
    """``faults``: ``workers`` for kills of workers, ``kills`` for kills of every kind of process, or ``all`` for
    freezes, disk, network, clock, subscriber and database too."""

    seed: int = 0
    minutes: float = 30.0
    every_s: float = 60.0
    faults: str = "kills"
    sectors: int = 3
    workers: int = 3
    store: bool = False


class Drill:
    """One drill in a folder of its own. ``say`` takes each thing that happens."""

    def __init__(self, options: Options, folder: Path, say: Callable[[str], None]) -> None:
        self._options, self._folder, self._say = options, folder, say
        self._data = folder / "data"
        self._stack = ExitStack()
        self._undo: list[tuple[float, str, Callable[[], None]]] = []
        self._use, self._failovers = Use(), Failovers(self._data)
        self._seen: dict[str, Seen] = {}
        self._done: Counter[str] = Counter()
        self._next_sample_s = 0.0
        self._clock: FakeTime | None = None
        self._disk: SmallDisk | None = None
        self._database: PostgresServer | None = None

    def run(self) -> dict[str, Any]:
        """Run it; return the figures. ``broken`` in them has a sentence for each law that was broken."""
        with self._stack:
            return self._run()

    def _run(self) -> dict[str, Any]:
        options = self._options
        duration_s = options.minutes * 60.0 + options.every_s  # the last fault is followed by an undisturbed time
        nation = write_nation(self._folder / "nation", options.sectors, seed=options.seed, duration_s=duration_s)
        self._say(f"nation of {options.sectors} sectors is written")
        self._open(nation, duration_s)
        faults = scheduled(
            options.seed, options.minutes * 60.0, every_s=options.every_s, faults=options.faults,
            store=options.store,
        )  # fmt: skip
        began_s = time.monotonic()
        for fault in faults:
            while time.monotonic() < began_s + fault.at_s:
                self._look()
            self._strike(fault)
        published = self._ended(nation)
        self._say("every message was acknowledged and every sector is live")
        answer = self._service.stop()
        self._senders.close()
        self._failovers.look(time.monotonic())
        return self._judged(nation, published, answer)

    def _open(self, nation: DrillNation, duration_s: float) -> None:
        options, logs = self._options, self._folder / "logs"
        logs.mkdir()
        environment: dict[str, str] = {}
        store = None
        if options.faults == "all":
            self._disk = SmallDisk(self._data, DISK_MB)
            self._stack.callback(self._disk.gone)
            self._clock = FakeTime(self._folder / "time", 0)
            environment |= self._clock.environment
        if options.store:
            self._database = PostgresServer()
            self._stack.callback(self._database.remove)
            store = _migrated(self._database)
        self._broker = self._stack.enter_context(EmbeddedBroker(folder=logs))
        url = self._broker.url
        self._proxy = self._stack.enter_context(FaultProxy(url.host, url.port))
        self._service = Service(
            nation, self._data, logs / "command.log", workers=options.workers, store=store,
            environment=environment | {URL_VARIABLE: url.text},
        )  # fmt: skip
        self._stack.callback(self._service.kill)
        self._stack.callback(self._failovers.close)
        wait_for(
            lambda: self._failovers.all_live(nation.sectors), patient_s=PATIENT_S, what="sectors live", look=self._look
        )
        self._say("every sector is live")
        through = replace(url, port=self._proxy.port).text
        self._senders = Senders(nation, logs, through, duration_s=duration_s, stalled_s=PATIENT_S)
        self._stack.callback(self._senders.close)
        self._seen = {name: Seen(self._data / name) for name in nation.sectors}

    def _look(self) -> None:
        now_s = time.monotonic()
        for undo in [one for one in self._undo if one[0] <= now_s]:
            self._undo.remove(undo)
            self._say(f"end of {undo[1]}")
            undo[2]()
        self._service.look(now_s)
        if self._seen:
            self._senders.look()
        self._failovers.look(now_s)
        if now_s >= self._next_sample_s:
            self._next_sample_s = now_s + SAMPLE_EVERY_S
            self._use.look(self._service.processes(), self._data, now_s)
            for seen in self._seen.values():
                seen.look()
        if self._broker.pid is None and not any(what.startswith("broker") for _, what, _ in self._undo):
            self._broker.start()
        time.sleep(0.1)

    def _strike(self, fault: Fault) -> None:
        self._done[f"{fault.kind} {fault.what}".strip()] += 1
        self._say(str(fault))
        now_s = time.monotonic()
        if fault.kind in ("kill", "freeze"):
            self._strike_process(fault, now_s)
        elif fault.kind == "disk full":
            assert self._disk is not None
            ballast = self._data / "ballast"
            self._fill(ballast)
            self._later(fault, ballast.unlink)
        elif fault.kind == "network cut":
            self._proxy.set(dropped=BOTH)
            self._later(fault, self._proxy.heal)
        elif fault.kind == "clock jump":
            assert self._clock is not None
            self._clock.set(fault.step_s)
            self._later(fault, lambda clock=self._clock: clock.set(0))  # type: ignore[misc]
        elif fault.kind == "slow subscriber":
            link = self._deaf_subscriber()
            self._later(fault, link.close)
        else:
            assert self._database is not None
            self._database.stop(signal.SIGQUIT)
            self._database.start()

    def _strike_process(self, fault: Fault, now_s: float) -> None:
        if fault.what == "broker":
            pid = self._broker.pid
            found = [] if pid is None else [psutil.Process(pid)]
        elif fault.what == "sender":
            child = self._senders.children[fault.chosen(list(self._senders.children))]
            found = [psutil.Process(child.process.pid)]
        else:
            running = self._service.processes()
            names = [name for part, name in running if part == fault.what]
            found = [running[fault.what, fault.chosen(names)]] if names else []
        if not found:
            self._say(f"no {fault.what} runs now")
            return
        [process] = found
        if fault.what in ("worker", "supervisor"):
            held = self._failovers.leases()
            theirs = [name for name, lease in held.items() if any(one.pid == process.pid for one in lease.processes)]
            struck = list(held) if fault.what == "supervisor" else theirs
            if fault.kind == "kill" or fault.what == "worker":
                self._failovers.struck(struck, f"{fault.kind} {fault.what}", now_s)
        if fault.kind == "kill":
            self._service.killed |= fault.what == "supervisor"
            with suppress(psutil.NoSuchProcess):
                process.kill()
            return
        with suppress(psutil.NoSuchProcess):
            process.suspend()
        self._later(fault, lambda: _resume(process))

    def _later(self, fault: Fault, undo: Callable[[], None]) -> None:
        self._undo.append((time.monotonic() + fault.length_s, str(fault), undo))

    def _fill(self, ballast: Path) -> None:
        free = psutil.disk_usage(str(self._data)).free
        with suppress(OSError), ballast.open("wb") as file:
            for _ in range(free // MEGABYTE + 2):
                file.write(bytes(MEGABYTE))

    def _deaf_subscriber(self) -> socket.socket:
        """A client that subscribes to all and reads nothing."""
        url = self._broker.url
        link = socket.create_connection((url.host, url.port))
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        credentials = text_field(url.username or "") + text_field(url.password or "")
        connect = text_field("MQTT") + bytes([5, 0xC2]) + struct.pack(">H", 0) + b"\0" + text_field("deaf")
        link.sendall(packet(0x10, connect + credentials))
        link.sendall(packet(0x82, struct.pack(">H", 1) + b"\0" + text_field("watchline/#") + b"\x01"))
        return link

    def _ended(self, nation: DrillNation) -> dict[str, dict[str, int]]:
        """Wait until all faults are over, everything was acknowledged and fused, and every sector is live."""
        wait_for(lambda: not self._undo, patient_s=PATIENT_S, what="the last fault to end", look=self._look)
        patient_s = self._options.minutes * 60.0 + 2 * PATIENT_S
        wait_for(
            lambda: all(one is not None for one in self._senders.published.values()),
            patient_s=patient_s, what="acknowledgements", look=self._look,
        )  # fmt: skip
        wait_for(
            lambda: self._failovers.all_live(nation.sectors), patient_s=PATIENT_S, what="sectors live", look=self._look
        )
        return {name: one for name, one in self._senders.published.items() if one is not None}

    def _judged(self, nation: DrillNation, published: dict[str, dict[str, int]], answer: Any) -> dict[str, Any]:
        broken = [*self._failovers.violations, *(f"the command ended: {one}" for one in self._service.ended_by_itself)]
        sectors = {}
        leases = self._failovers.leases()
        for name, files in nation.sectors.items():
            spools = nation.nights[name] / "spool"
            found, sectors[name] = broken_laws(
                self._data / name, files.sector, spools=spools, published=published[name],
                token=leases[name].token, seen=self._seen[name],
            )  # fmt: skip
            broken += found
            sectors[name] |= {"leases": leases[name].token, "seen_rows": len(self._seen[name].rows)}
        return {
            **asdict(self._options),
            "broken": broken,
            "faults": dict(sorted(self._done.items())),
            "live_again": {how: spread(times) for how, times in sorted(self._failovers.times_s.items())},
            "of_the_command": {key: answer[key] for key in answer if key.startswith(("failover", "moves"))},
            "sectors": sectors,
            **figures(self._use),
        }


def _migrated(database: PostgresServer) -> str:
    address = StoreAddress(database.address(database.new_database()))
    migrate(address)
    remember(address)  # to read the sectors, whose notes have no password
    return address.text


def _resume(process: psutil.Process) -> None:
    with suppress(psutil.NoSuchProcess):
        process.resume()


def spread(times_s: list[float]) -> dict[str, Any]:
    """Return number, median and longest, and all of them in order."""
    ordered = sorted(round(one, 1) for one in times_s)
    return {"n": len(ordered), "median_s": median(ordered), "longest_s": ordered[-1], "all_s": ordered}


def figures(use: Use) -> dict[str, Any]:
    """Return slopes of memory [MB/h] and descriptors [1/h] by part, the largest write-ahead log, and the load."""
    grown: dict[str, Any] = {}
    for unit, of in (("memory_mb_per_h", use.memory), ("descriptors_per_h", use.descriptors)):
        found = {part: pooled_slope(lives, warm_up_s=WARM_UP_S) for part, lives in sorted(of.items())}
        grown[unit] = {part: None if one is None else _rounded(asdict(one)) for part, one in found.items()}
    largest = {part: max(v for life in lives.values() for _, v in life) for part, lives in sorted(use.memory.items())}
    load = sorted(use.load)
    return {
        **grown,
        "largest_mb": {part: round(one, 1) for part, one in largest.items()},
        "largest_wal_mb": round(max(size for _, size in use.wal), 2),
        "load": {"median": round(median(load), 1), "longest": round(load[-1], 1)},
    }


def _rounded(values: dict[str, Any]) -> dict[str, Any]:
    """As JSON can state them: what is not known is None."""
    known = {name: None if isinstance(value, float) and isnan(value) else value for name, value in values.items()}
    return {name: round(value, 2) if isinstance(value, float) else value for name, value in known.items()}


def report(line: str) -> None:
    """Write what happens, with its time, to stderr."""
    print(f"{time.strftime('%H:%M:%S', time.gmtime())} {line}", file=sys.stderr, flush=True)


def as_json(found: dict[str, Any]) -> str:
    return json.dumps(found, indent=1)

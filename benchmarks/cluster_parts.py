"""What a cluster of sectors on this machine uses, by part: CPU time and memory of all processes below this one.

A module for ``scale.py`` and ``live_nation.py``; not run by itself.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable

import psutil

from ops.cluster.supervisor.cluster import Cluster

PATIENT_S = 300.0
PARTS = ("ingest", "fusion", "feeds")
"""Processes of a sector. Others are its spare processes, the broker, the senders, and the cluster's own: supervisor,
scheduler, workers."""
SENDERS = "--senders"


def part_of(process: psutil.Process) -> str:
    """Return the part of the cluster to which a process belongs."""
    line = " ".join(process.cmdline())
    if SENDERS in line:
        return "senders"
    part = next((name for name in PARTS if f"services.{name}.process" in line), "cluster")
    if part != "cluster" and os.readlink(f"/proc/{process.pid}/fd/2") == os.devnull:
        return "spare processes"
    return "broker" if "ops.broker" in line else part


def family() -> list[psutil.Process]:
    """Return this process and all below it."""
    return [psutil.Process(), *psutil.Process().children(recursive=True)]


def cpu_s() -> Counter[str]:
    """Return the CPU time so far of the living processes, by part."""
    used: Counter[str] = Counter()
    for process in family():
        try:
            used[part_of(process)] += sum(process.cpu_times()[:2])
        except (psutil.NoSuchProcess, FileNotFoundError):
            continue
    return used


def memory_mb() -> Counter[str]:
    """Return the memory by part; what several processes share is divided between them (PSS)."""
    used: Counter[str] = Counter()
    for process in family():
        try:
            used[part_of(process)] += process.memory_full_info().pss / 1e6
        except (psutil.NoSuchProcess, FileNotFoundError):
            continue
    return used


def cpu_during(cluster: Cluster, seconds: float) -> dict[str, float]:
    """Return the CPU time by part as a number of cores, while the cluster is looked after for some seconds."""
    before, began_s = cpu_s(), time.monotonic()
    while time.monotonic() - began_s < seconds:
        cluster.look()
        time.sleep(0.5)
    after, passed_s = cpu_s(), time.monotonic() - began_s
    return {name: (after[name] - before[name]) / passed_s for name in after}


def wait_until(cluster: Cluster, true: Callable[[], bool], patient_s: float = PATIENT_S) -> None:
    """Look after the cluster until something is true. Raises SystemExit if it never is."""
    deadline = time.monotonic() + patient_s
    while True:
        cluster.look()
        if true():
            return
        if time.monotonic() > deadline:
            raise SystemExit("A sector is not live; see the logs.")
        time.sleep(0.1)

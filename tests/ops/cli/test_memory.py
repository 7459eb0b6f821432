"""Too little memory is one sentence, before the work where a limit is known, and no file is left incomplete."""

from __future__ import annotations

import errno
import os
import re
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pyarrow
import pytest
import typer.main
from rasterio._err import CPLE_OutOfMemoryError

from geo.errors import TerrainError
from ops.cli import app as cli
from ops.cli import needs
from ops.runtime import memory
from ops.runtime.memory import MB, MemoryNeed, free_bytes, memory_limits, ran_out_of_memory
from ops.runtime.output import UNFINISHED
from tests.ops.cli.test_examples import leaves
from tests.ops.conftest import Ending
from tests.patience import PATIENT_S

ROOT = Path(__file__).resolve().parents[3]

LEAVES = [path for path, _ in leaves(typer.main.get_command(cli.app))]
SENTENCE = re.compile(
    r"watchline: memory: the limit of address space \(ulimit -v\) is [\d,]+ MB; "
    r"expected at least [\d,]+ MB for `.+`\.\n"
)
LONG = {
    "demo": ["{sector}", "--out", "out", "--duration", "5"],
    "run": ["{sector}", "--data", "out"],
    "serve": ["{sector}", "{data}"],
    "replay": ["{sector}", "{data}", "--out", "out"],
    "coverage": ["{sector}", "--out", "out"],
    "challenge": ["{sector}", "--out", "out"],
    "sites": ["{sector}", "{sites}", "--out", "out"],
    "score": ["{sector}", "--store", "{data}", "--out", "out"],
    "handover": ["{sector}", "{data}", "--out", "out.html"],
    "export": ["{sector}", "{data}", "--out", "out.gpkg"],
    "plan": ["{sector}", "--budget", "1000000", "--out", "out"],
    "compare": ["{sector}", "three", "three", "--out", "out"],
    "patrols": ["{sector}", "--out", "out"],
    "simulate": ["{sector}", "--out", "out"],
    "record": ["hills", "--broker", "mqtt://127.0.0.1:1", "--out", "out"],
    "archive detections": ["{sector}", "{data}", "--out", "out"],
    "archive track": ["{sector}", "{folder}", "--out", "out"],
    "sector init": ["north", "--terrain", "{sites}", "--border", "{sites}"],
    "sector check": ["{sector}"],
    "sector preview": ["{sector}", "--out", "out"],
    "terrain import": ["{sites}", "--out", "out.tif"],
    "journal import": ["hills", "{data}", "--out", "out"],
    "store copy": ["{folder}", "out"],
    "store migrate": ["postgresql://someone@127.0.0.1:1/none"],
    "store grant": ["postgresql://someone@127.0.0.1:1/none", "inspector", "--sector=north"],
}
"""The commands that work for long or on much, with arguments that can be parsed."""


def limited(command: list[str], folder: Path, limit_mb: int) -> subprocess.CompletedProcess[str]:
    """Run the command in a process with this limit of address space, as after ``ulimit -v``."""
    return limited_python(["-m", "ops.cli", *command], folder, limit_mb)


def limited_python(arguments: list[str], folder: Path, limit_mb: int) -> subprocess.CompletedProcess[str]:
    of_the_suite = ("OPENBLAS_NUM_THREADS", memory.MALLOC_ARENAS)
    environment = {name: value for name, value in os.environ.items() if name not in of_the_suite}
    return subprocess.run(
        [sys.executable, "-P", *arguments],
        cwd=folder,
        env=environment,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit_mb * MB, limit_mb * MB)),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENT_S,
        check=False,
    )


def test_the_table_of_needs_names_commands_and_counts_the_heavy_ones_as_heavy() -> None:
    assert needs.NEEDS.keys() <= set(LEAVES)
    assert LONG.keys() <= set(LEAVES)
    for path in LEAVES:
        need = needs.need_of(f"watchline {path}")
        assert needs.LIGHT.resident_mb <= need.resident_mb <= need.address_mb, path


@pytest.mark.parametrize("path", LONG)
def test_half_of_its_need_is_one_sentence_and_nothing_is_written(path: str, hill_sector: Any, tmp_path: Path) -> None:
    folder, data = tmp_path / "folder", tmp_path / "folder" / "data.db"
    folder.mkdir()
    data.touch()
    (folder / "sites.json").touch()
    names = {"sector": hill_sector.sector, "data": data, "folder": folder, "sites": folder / "sites.json"}
    before = sorted(folder.rglob("*"))
    need = needs.need_of(f"watchline {path}")
    done = limited([*path.split(), *(word.format(**names) for word in LONG[path])], folder, need.address_mb // 2)
    assert SENTENCE.fullmatch(done.stderr), done.stderr
    assert f"`watchline {path}`" in done.stderr
    assert (done.returncode, done.stdout) == (1, "")
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize(
    "command",
    [
        ["score", "cumberland"],
        ["score", "cumberland", "--out", "out", "--pdf", "--docx"],
        ["catalogue", "list"],
        ["indicators", "list"],
        ["broker", "config", "cumberland", "--out", "broker", "--host", "broker.example"],
        ["completion", "bash"],
    ],
    ids=" ".join,
)
def test_its_need_is_enough_for_a_command(tmp_path: Path, command: list[str]) -> None:
    path = " ".join(command[:1] if command[0] in LEAVES else command[:2])
    done = limited(command, tmp_path, needs.need_of(f"watchline {path}").address_mb)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out/scorecard.pdf").exists() == ("--pdf" in command)


THREADS = 12
RESERVED = f"""
import re, sys, threading
from ops.runtime.memory import save_addresses
if sys.argv[1] == "saving":
    save_addresses()
def size_mb():
    return int(re.search(r"VmSize:\\s+(\\d+)", open("/proc/self/status").read())[1]) * 1024 / 1e6
threading.stack_size(1 << 18)
ready, end = threading.Barrier({THREADS + 1}), threading.Event()
def work():
    mine = [bytes(1000) for _ in range(100)]
    ready.wait()
    end.wait()
before = size_mb()
threads = [threading.Thread(target=work) for _ in range({THREADS})]
for thread in threads:
    thread.start()
ready.wait()
print(size_mb() - before)
end.set()
"""


@pytest.mark.parametrize("how", ["saving", "plain"])
def test_threads_reserve_no_arenas_where_addresses_are_saved(how: str) -> None:
    """Without it each may reserve 64 MB (glibc, HEAP_MAX_SIZE), so what a command needs would be a matter of chance."""
    environment = {name: value for name, value in os.environ.items() if name != memory.MALLOC_ARENAS}
    done = subprocess.run(
        [sys.executable, "-c", RESERVED, how],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENT_S,
        check=True,
    )
    reserved_mb = float(done.stdout)
    assert reserved_mb < 2**26 / MB if how == "saving" else reserved_mb > 2 * 2**26 / MB


def test_a_chosen_number_of_arenas_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(memory.MALLOC_ARENAS, "3")
    memory.save_addresses()
    assert os.environ[memory.MALLOC_ARENAS] == "3"


@pytest.mark.parametrize("limit_mb", [310, 330, 353, 420, 600])
def test_too_little_memory_for_score_is_never_taken_for_ctrl_c(tmp_path: Path, limit_mb: int) -> None:
    """OpenBLAS sends SIGINT to its own process where it cannot start a thread."""
    work = (
        "import sys; from ops.cli import main, needs; from ops.runtime.memory import MemoryNeed; "
        "needs.NEEDS['score'] = MemoryNeed(1, 1); sys.argv = ['watchline', 'score', 'cumberland']; main()"
    )
    done = limited_python(["-c", work], tmp_path, limit_mb)
    assert "stopped" not in done.stderr
    assert done.returncode != 130


@pytest.mark.parametrize(
    "error",
    [
        MemoryError("std::bad_alloc"),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
        RuntimeError("can't start new thread"),
        ImportError("rasterio/_features.so: failed to map segment from shared object"),
        pyarrow.ArrowException("Unknown error: Failed to launch worker thread: Resource temporarily unavailable"),
        pyarrow.ArrowMemoryError("malloc of size 64 failed"),
        CPLE_OutOfMemoryError(2, 2, "cannot allocate 600 bytes"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_libraries_raise_without_memory_is_one_sentence(
    watchline: Callable[..., Ending],
    hill_sector: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
) -> None:
    """Each was raised by the library of that name in ``watchline coverage`` under one limit or another."""
    import sensors.coverage

    def exhausted(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(sensors.coverage, "coverage_rasters", exhausted)
    out = tmp_path / "out"
    ending = watchline("coverage", hill_sector.sector, "--out", out)
    assert ending.code == 1
    assert re.fullmatch(
        r"watchline: memory: `watchline coverage` ran out of it, .*; expected more for this work than the least, "
        r"[\d,]+ MB in memory and [\d,]+ MB of address space\.",
        ending.err.strip(),
    )
    assert [path.name for path in out.iterdir()] == [UNFINISHED]


def test_memory_that_numpy_does_not_get_is_recognised_as_a_cause() -> None:
    import numpy as np

    with pytest.raises(MemoryError) as refused:
        np.zeros(2**56)
    error = ValueError("the array cannot be made")
    error.__cause__ = refused.value
    assert ran_out_of_memory(error)


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("memory of the crosser"),
        OSError(errno.ENOSPC, "No space left"),
        TerrainError("out of memory.tif", where="x", expected="y"),
        KeyError("x"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_other_errors_are_not_called_a_lack_of_memory(error: Exception) -> None:
    assert not ran_out_of_memory(error)


@pytest.mark.parametrize(
    ("groups", "files", "expected"),
    [
        ("0::/work\n", {"memory.max": "max", "work/memory.max": "300000000"}, [300_000_000]),
        ("0::/work\n", {"memory.max": "200000000", "work/memory.max": "300000000"}, [300_000_000, 200_000_000]),
        ("0::/elsewhere\n", {"memory.max": "200000000"}, [200_000_000]),
        (
            "4:cpu,memory:/work\n1:cpu:/\n0::/\n",
            {"memory/memory.limit_in_bytes": str(2**63 - 4096), "memory/work/memory.limit_in_bytes": "300000000"},
            [300_000_000],
        ),
        ("", {}, []),
        ("0::/work\n", {"work/memory.max": "300000000", "work/memory.swap.max": "500000000"}, [800_000_000]),
        ("0::/work\n", {"work/memory.max": "300000000", "work/memory.swap.max": "max"}, []),
        ("0::/work\n", {"work/memory.max": "300000000", "work/memory.swap.max": "0"}, [300_000_000]),
        (
            "4:memory:/work\n",
            {
                "memory/work/memory.limit_in_bytes": "300000000",
                "memory/work/memory.memsw.limit_in_bytes": "700000000",
            },
            [700_000_000],
        ),
    ],
    ids=[
        *("version 2", "a group above it", "a container", "version 1", "none"),
        *("swap", "any swap", "no swap", "swap of version 1"),
    ],
)
def test_the_limits_of_control_groups_are_those_of_the_group_and_all_above_it(
    tmp_path: Path, groups: str, files: dict[str, str], expected: list[int]
) -> None:
    """cgroups(7): a limit holds for a group and all below it; "max", and 2^63 less a page, are no limit."""
    write_control_groups(tmp_path, groups, files)
    assert [limit.value for limit in memory_limits(tmp_path) if not limit.is_of_addresses] == expected


def write_control_groups(system: Path, groups: str, files: dict[str, str]) -> None:
    """A machine with swap, the control groups of this process, and their files."""
    (system / "proc/self").mkdir(parents=True)
    (system / "proc/self/cgroup").write_text(groups, encoding="utf-8")
    for name, text in files.items():
        file = system / "sys/fs/cgroup" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text + "\n", encoding="utf-8")
    (system / "proc/swaps").write_text("Filename Type Size Used Priority\n/dev/sda2 partition 4 0 -2\n")


HELD_2 = "anon 700000000\nfile 90000000\nshmem 50000000\nslab 9"
HELD_1 = "cache 90000000\nrss 1\ntotal_cache 90000000\ntotal_rss 700000000\ntotal_shmem 50000000\ntotal_swap 20000000"


@pytest.mark.parametrize(
    ("groups", "files", "expected_mb"),
    [
        ("", {}, 5_000 + 300),
        ("0::/work\n", {"work/memory.max": "9000000000"}, 5_000 + 300),
        ("0::/work\n", {"work/memory.max": "1000000000"}, 1_000),
        ("0::/work\n", {"work/memory.max": "1000000000", "work/memory.stat": HELD_2}, 1_000 - 750 + 300),
        (
            "0::/work\n",
            {
                "work/memory.max": "1000000000",
                "work/memory.swap.max": "100000000",
                "work/memory.stat": HELD_2,
                "work/memory.swap.current": "30000000",
            },
            1_100 - 780 + 300,
        ),
        (
            "0::/pod/work\n",
            {
                "pod/memory.max": "1000000000",
                "pod/memory.stat": HELD_2,
                "pod/work/memory.max": "900000000",
                "pod/work/memory.stat": "anon 300000000",
            },
            1_000 - 750 + 300,
        ),
        ("0::/work\n", {"work/memory.max": "600000000", "work/memory.stat": HELD_2}, 300),
        (
            "4:memory:/work\n",
            {
                "memory/work/memory.limit_in_bytes": "1000000000",
                "memory/work/memory.memsw.limit_in_bytes": "1200000000",
                "memory/work/memory.stat": HELD_1,
            },
            1_200 - 770 + 300,
        ),
    ],
    ids=[
        *("none", "above the machine", "version 2, held not stated", "version 2", "swap", "others in the group above"),
        *("exhausted", "version 1"),
    ],
)
def test_memory_below_the_limits_of_control_groups_is_what_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, groups: str, files: dict[str, str], expected_mb: int
) -> None:
    """5,000 MB are free on the machine, and this process holds 300. Files that are cached can be given up."""
    own = SimpleNamespace(rss=300 * MB, vms=2_000 * MB)
    monkeypatch.setattr(psutil, "Process", lambda: SimpleNamespace(memory_info=lambda: own))
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=5_000 * MB))
    write_control_groups(tmp_path, groups, files)
    assert free_bytes(tmp_path) == expected_mb * MB
    monkeypatch.setattr(resource, "getrlimit", lambda _: (2_100 * MB, resource.RLIM_INFINITY))
    assert free_bytes(tmp_path) == min(expected_mb, 2_100 - 2_000 + 300) * MB, "ulimit -v"


def test_a_limit_of_swap_counts_for_nothing_on_a_machine_without_swap(tmp_path: Path) -> None:
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/cgroup").write_text("0::/\n")
    (tmp_path / "proc/swaps").write_text("Filename Type Size Used Priority\n")
    group = tmp_path / "sys/fs/cgroup"
    group.mkdir(parents=True)
    (group / "memory.max").write_text("300000000\n")
    (group / "memory.swap.max").write_text("max\n")
    assert [limit.value for limit in memory_limits(tmp_path) if not limit.is_of_addresses] == [300_000_000]


def test_a_control_group_with_too_little_is_refused_before_the_work(
    watchline: Callable[..., Ending], hill_sector: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit = memory.MemoryLimit("the limit of memory (control group)", False, 100 * MB)
    monkeypatch.setattr(memory, "memory_limits", lambda: iter([limit]))
    monkeypatch.setitem(needs.NEEDS, "coverage", MemoryNeed(600, 1500))
    ending = watchline("coverage", hill_sector.sector, "--out", tmp_path / "out")
    sentence = (
        "memory: the limit of memory (control group) is 100 MB; expected at least 600 MB for `watchline coverage`."
    )
    assert (ending.code, ending.err) == (1, f"watchline: {sentence}\n")
    assert not (tmp_path / "out").exists()

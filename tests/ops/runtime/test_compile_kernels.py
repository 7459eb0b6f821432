"""Kernels are compiled once: not again while no source changed, and again when one that they inline did."""

from __future__ import annotations

import io
import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from rich.console import Console

from ops.runtime import compile_kernels
from ops.runtime.compile_kernels import GROUPS, forget_stale, source_digests
from tests.patience import PATIENT_S

SOURCES = {
    "geo/__init__.py": "",
    "geo/near.py": "def near(): ...\n",
    "geo/paths/__init__.py": "from geo.paths.search import search\n",
    "geo/paths/search.py": "from geo.near import near\n",
    "geo/shade.py": "",
    "sensors/__init__.py": "",
    "sensors/watch.py": "from geo.paths import (\n    search,\n)\n",
    "fusion/__init__.py": "",
    "fusion/track.py": "import sensors.watch\n",
    "fusion/plain.py": "from geo import shade\n",
}
KERNELS = ("geo/paths/search.py", "geo/shade.py", "sensors/watch.py", "fusion/track.py", "fusion/plain.py")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Packages with kernels on three floors, each with an index and its code in the cache."""
    for name, text in SOURCES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    for name in KERNELS:
        cache = tmp_path / Path(name).parent / "__pycache__"
        cache.mkdir(exist_ok=True)
        for ending in ("run-3.py311.nbi", "run-3.py311.1.nbc"):
            (cache / f"{Path(name).stem}.{ending}").write_text("")
    return tmp_path


@pytest.fixture
def forgotten(tree: Path) -> Callable[[dict[str, str]], set[str]]:
    """Forgets what is stale since these digests; says of which sources something went."""

    def forget(before: dict[str, str]) -> set[str]:
        cached = set(tree.rglob("*.nb[ic]"))
        removed = forget_stale([tree], source_digests(tree), before)
        gone = cached - set(tree.rglob("*.nb[ic]"))
        assert removed == len(gone) == 2 * len({file.name.partition(".")[0] for file in gone})
        return {file.name.partition(".")[0] for file in gone}

    return forget


def test_nothing_is_forgotten_while_no_source_changed(tree: Path, forgotten: Callable[..., set[str]]) -> None:
    before = source_digests(tree)
    for file in tree.rglob("*.py"):
        file.touch()
    assert forgotten(before) == set()


def test_without_a_stamp_everything_is_forgotten(forgotten: Callable[..., set[str]]) -> None:
    assert forgotten({}) == {Path(name).stem for name in KERNELS}


@pytest.mark.parametrize(
    ("changed", "stale"),
    [
        ("geo/near.py", {"search", "watch", "track"}),
        ("geo/paths/__init__.py", {"watch", "track"}),
        ("geo/shade.py", {"shade", "plain"}),
        ("sensors/watch.py", {"watch", "track"}),
        ("fusion/track.py", {"track"}),
    ],
)
def test_a_changed_source_makes_stale_what_imports_it_on_every_floor(
    changed: str, stale: set[str], tree: Path, forgotten: Callable[..., set[str]]
) -> None:
    before = source_digests(tree)
    (tree / changed).write_text(SOURCES[changed] + "# changed\n")
    assert forgotten(before) == stale


def test_a_second_run_compiles_nothing_and_a_lost_kernel_is_compiled_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache, runs = tmp_path / "cache", list[int]()

    def compile_all(_: Console) -> float:
        runs.append(len(runs))
        cache.mkdir(exist_ok=True)
        (cache / "kernel.search-3.py311.nbi").write_text("")
        return 1.0

    monkeypatch.setenv("NUMBA_CACHE_DIR", str(cache))
    monkeypatch.setattr(compile_kernels, "compile_all", compile_all)
    assert compile_kernels.main() == compile_kernels.main() == 0
    assert runs == [0]
    (cache / "kernel.search-3.py311.nbi").unlink()
    assert compile_kernels.main() == 0
    assert runs == [0, 1]


def test_outdated_kernels_go_before_numba_reads_them_and_the_others_stay(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An upgrade changes sources: what was compiled of them is removed without compiling anything."""
    monkeypatch.setattr(compile_kernels, "ROOT", tree)
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tree))
    assert compile_kernels.forget_outdated() == 2 * len(KERNELS), "of unknown sources"
    for name in KERNELS:
        (tree / Path(name).parent / "__pycache__" / f"{Path(name).stem}.run-3.py311.nbi").write_text("")
    assert compile_kernels.forget_outdated() == 0
    changed = tree / "geo/shade.py"
    changed.write_text("# changed\n")
    later = (tree / compile_kernels.STAMP).stat().st_mtime + 5
    os.utime(changed, (later, later))
    assert compile_kernels.forget_outdated() == 2
    assert {file.name.partition(".")[0] for file in tree.rglob("*.nbi")} == {"search", "watch", "track"}
    assert compile_kernels.forget_outdated() == 0


def test_every_group_is_compiled_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two groups, one after the other; without a terminal there are lines, too."""
    few = {name: GROUPS[name] for name in ("paths", "openness")}
    monkeypatch.setattr(compile_kernels, "GROUPS", few)
    screen = Console(file=io.StringIO())
    compile_kernels.compile_all(screen, processes=1)
    said = screen.file.getvalue()  # type: ignore[attr-defined]
    assert "0 of 2 groups done" in said
    assert "1 of 2 groups done" in said


def test_no_kernel_stands_outside_the_groups() -> None:
    """Every module that has kernels of its own to compile is in one group, or is called by one that is."""
    named = [module for modules in GROUPS.values() for module in modules]
    assert len(named) == len(set(named))
    with_kernels = {
        source.removesuffix(".py").replace("/", ".")
        for source in source_digests(compile_kernels.ROOT)
        if "\ndef compile_kernels(" in (compile_kernels.ROOT / source).read_text(encoding="utf-8")
    }
    called = {f"sensors.planning.solver.{name}" for name in ("coverage_objective", "local_search")}
    assert with_kernels == set(named) | called


def test_missing_kernels_are_compiled_with_progress_and_not_a_second_time(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What `watchline demo` does after an update that was installed without `make`."""
    compiled = tree / "search.run-3.py311.nbi"
    groups: list[str] = []

    def compile_all(screen: Console) -> float:
        screen.print("progress")
        groups.append("all")
        compiled.write_text("")
        return 1.0

    monkeypatch.setattr(compile_kernels, "ROOT", tree)
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tree))
    monkeypatch.setattr(compile_kernels, "compile_all", compile_all)
    screen = Console(record=True, quiet=False, width=200, file=io.StringIO())
    compile_kernels.forget_outdated()
    (tree / "near.run-3.py311.nbi").write_text("")
    assert not compile_kernels.are_compiled(), "during the first compilation some kernels are there, not all"
    compile_kernels.compile_missing(screen)
    assert compile_kernels.are_compiled()
    assert "Kernels compiled in 1 s" in screen.export_text()
    compile_kernels.compile_missing(screen)
    assert groups == ["all"]
    compiled.unlink()
    assert not compile_kernels.are_compiled()
    compile_kernels.compile_missing(screen)
    assert groups == ["all", "all"]


def test_ctrl_c_ends_the_compilation_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A group takes minutes; here it would take an hour."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(compile_kernels, "GROUPS", {3600.0: ()})
    monkeypatch.setattr(compile_kernels, "compile_group", time.sleep)
    monkeypatch.setattr(compile_kernels, "_watch", interrupted)
    before = set(multiprocessing.active_children())
    with pytest.raises(KeyboardInterrupt):
        compile_kernels.compile_all(Console(quiet=True))
    # Not joined: the pool's own thread waits for the same processes, and whichever is second learns nothing.
    end_s = time.monotonic() + PATIENT_S
    while set(multiprocessing.active_children()) - before:
        assert time.monotonic() < end_s
        time.sleep(0.05)


COMPILING = """
import time
from rich.console import Console
from ops.runtime import compile_kernels

if __name__ == "__main__":
    compile_kernels.GROUPS, compile_kernels.compile_group = {3600.0: (), 3601.0: ()}, time.sleep
    compile_kernels.compile_all(Console(quiet=True), processes=2)
"""


def test_no_process_of_the_compilation_outlives_a_parent_that_is_killed(tmp_path: Path) -> None:
    """Each would keep up to 0.9 GB of memory."""
    program = tmp_path / "compiling.py"
    program.write_text(COMPILING)
    path = {**os.environ, "PYTHONPATH": str(compile_kernels.ROOT)}
    with subprocess.Popen([sys.executable, str(program)], env=path) as compiling:
        started = psutil.Process(compiling.pid)
        end_s = time.monotonic() + PATIENT_S
        while len(workers := started.children(recursive=True)) < 3:  # two, and the tracker of multiprocessing
            assert compiling.poll() is None
            assert time.monotonic() < end_s
            time.sleep(0.05)
        compiling.kill()
    assert psutil.wait_procs(workers, timeout=PATIENT_S)[1] == []

"""Compile every numba kernel once, several at a time: ``python -m ops.runtime.compile_kernels``.

The compiled code is cached on disk beside its source (or in ``NUMBA_CACHE_DIR``); later starts only load it. A stamp
beside the cache holds a digest of every source and all its imports. While the stamp is valid, nothing is compiled or
even imported; where a digest differs, the compiled code of that source is removed first.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib import import_module
from importlib.metadata import version
from multiprocessing import active_children, get_context, parent_process
from pathlib import Path
from typing import Final

import msgspec
from rich.console import Console

from ops.runtime.output import atomic_write, show

ROOT: Final = Path(__file__).resolve().parents[2]
PACKAGES: Final = ("geo", "sensors", "fusion")
"""The packages with kernels."""
STAMP: Final = "kernels.json"
GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "tracker": ("fusion.warm_up",),
    "lines of sight, viewsheds and coverage": (
        "geo.visibility.single_site",
        "geo.visibility.many_sites.viewsheds",
        "geo.visibility.many_sites.footprints",
        "geo.visibility.many_sites.greedy_cover",
        "sensors.coverage.accumulator",
    ),
    "paths": ("geo.paths.kernel",),
    "planning": ("sensors.planning.solver.lagrangian_bound",),
    "border and situation": ("geo.border.edge_tree", "fusion.situation.correlate", "fusion.situation.forecast"),
    "openness": ("geo.terrain.openness",),
}
"""Maps the name of a group to the modules whose ``compile_kernels`` run in one process, in sequence. No kernel is
compiled in two groups. The longest groups come first.
"""

_IMPORT = re.compile(r"^\s*(?:from\s+([\w.]+)\s+import\s+(\([^)]*\)|[^\n]+)|import\s+([\w.]+))", re.MULTILINE)
_REPORT_EVERY_S = 10.0


@dataclass(frozen=True)
class Stamp:
    """The state that the cache was compiled from: machine, digest of every source, and number of kernels."""

    machine: str
    sources: dict[str, str]
    kernels: int = 0


def compile_group(name: str) -> float:
    """Compile or load the kernels of one group; return the seconds taken."""
    began = time.perf_counter()
    for module in GROUPS[name]:
        import_module(module).compile_kernels()
    return time.perf_counter() - began


def compile_all(screen: Console, *, processes: int | None = None) -> float:
    """Compile or load all kernels in ``processes`` processes, by default one per core; return the seconds taken.

    When it is interrupted or killed, the processes end at once: a group takes minutes.
    """
    began, others = time.perf_counter(), active_children()
    count = min(processes or os.cpu_count() or 1, len(GROUPS))
    with ProcessPoolExecutor(count, mp_context=get_context("spawn"), initializer=_end_with_parent) as pool:
        running = {pool.submit(compile_group, name) for name in GROUPS}
        try:
            _watch(running, screen, began)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for worker in set(active_children()) - set(others):
                worker.terminate()
            raise
    return time.perf_counter() - began


def _end_with_parent() -> None:
    """End this process once the one that started it has ended: a killed one cannot end its workers."""
    parent = parent_process()
    assert parent is not None

    def wait_for_end() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait_for_end, name="parent", daemon=True).start()


def _watch(running: set[Future[float]], screen: Console, began: float) -> None:
    """Report the progress, at every change and every ten seconds, until all groups are compiled; raise errors."""
    while running:
        seconds, done = round(time.perf_counter() - began), len(GROUPS) - len(running)
        show(screen, "console-compiling", seconds=seconds, done=done, total=len(GROUPS))
        for group in wait(running, timeout=_REPORT_EVERY_S, return_when=FIRST_COMPLETED).done:
            running.remove(group)
            group.result()


def source_digests(root: Path) -> dict[str, str]:
    """Map the path below ``root`` of every source with kernels to a digest of it and all its imports.

    numba checks only the file that defines a kernel; it would miss a change in another file whose code was inlined.
    """
    files = [file for package in PACKAGES for file in (root / package).rglob("*.py")]
    sources = {file: file.read_text(encoding="utf-8") for file in files}
    imported = {file: {other for other in _imports(root, text) if other in sources} for file, text in sources.items()}
    digests = {file: hashlib.sha256(text.encode()).hexdigest() for file, text in sources.items()}
    return {file.relative_to(root).as_posix(): _digest_of(file, imported, digests) for file in files}


def _imports(root: Path, text: str) -> Iterator[Path]:
    """Yield the files that a source may import: per name the module, the package, and that name's module in it."""
    for module, names, plain in _IMPORT.findall(text):
        name = module or plain
        for dotted in (name, *(f"{name}.{part}" for part in re.findall(r"\w+", names))):
            folder = root.joinpath(*dotted.split("."))
            yield folder.with_suffix(".py")
            yield folder / "__init__.py"


def _digest_of(file: Path, imported: Mapping[Path, set[Path]], digests: Mapping[Path, str]) -> str:
    reached, waiting = {file}, [file]
    while waiting:
        fresh = imported[waiting.pop()] - reached
        reached |= fresh
        waiting += fresh
    return hashlib.sha256("\n".join(sorted(digests[each] for each in reached)).encode()).hexdigest()


def forget_stale(folders: Iterable[Path], current: Mapping[str, str], before: Mapping[str, str]) -> int:
    """Remove the compiled code of sources whose digest has changed; return the number of files removed."""
    stale = {Path(source).stem for source, digest in current.items() if digest != before.get(source)}
    files = [file for folder in folders for file in folder.rglob("*.nb[ic]") if file.name.partition(".")[0] in stale]
    for file in files:
        file.unlink(missing_ok=True)
    return len(files)


def _kernels_in(folders: Iterable[Path]) -> int:
    return sum(1 for folder in folders for _ in folder.rglob("*.nbi"))


def _machine() -> str:
    """Identify what compiled code is valid for: this Python, this numba and this processor."""
    from llvmlite import binding

    return f"{platform.python_version()} {version('numba')} {binding.get_host_cpu_name()}"


def _read_stamp(file: Path) -> Stamp:
    with suppress(OSError, msgspec.MsgspecError):
        return msgspec.json.decode(file.read_bytes(), type=Stamp)
    return Stamp("", {})


def _write_stamp(file: Path, stamp: Stamp) -> None:
    with suppress(OSError):  # a read-only installation stores its kernels elsewhere
        file.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(file) as partial:
            partial.write_bytes(msgspec.json.encode(stamp))


def _cache() -> tuple[list[Path], Path]:
    """Return the folders with compiled code, and the file of the stamp."""
    given = os.environ.get("NUMBA_CACHE_DIR")
    folders = [Path(given)] if given else [ROOT / package for package in PACKAGES]
    return folders, (Path(given) if given else Path(__file__).parent / "__pycache__") / STAMP


def are_compiled() -> bool:
    """Whether the cache holds every kernel; False during the first compilation and after an upgrade."""
    folders, file = _cache()
    return _kernels_in(folders) >= _read_stamp(file).kernels > 0


def forget_outdated() -> int:
    """Remove the compiled code of sources that have changed since the stamp, and compile nothing.

    numba cannot read its own index of a kernel whose argument types have been renamed, so every program that may run
    after an upgrade calls this first. While no source is newer than the stamp, it only checks modification times.

    Returns
    -------
    int
        Number of files removed.
    """
    folders, file = _cache()
    sources = [source for package in PACKAGES for source in (ROOT / package).rglob("*.py")]
    with suppress(OSError):
        if file.stat().st_mtime >= max(source.stat().st_mtime for source in sources):
            return 0
    before, current = _read_stamp(file), source_digests(ROOT)
    removed = forget_stale(folders, current, before.sources)
    _write_stamp(file, replace(before, sources=current))
    return removed


def compile_missing(screen: Console) -> None:
    """Compile all kernels, with progress on the screen, where some are missing: on the first start and after an update.

    Call ``forget_outdated`` before. A read-only installation is left to numba, which stores its kernels elsewhere.
    """
    folders, file = _cache()
    stamp = _read_stamp(file)
    folder = file.parent if file.parent.is_dir() else file.parent.parent
    if are_compiled() or not os.access(folder, os.W_OK):
        return
    seconds = compile_all(screen)
    _write_stamp(file, replace(stamp, machine=_machine(), kernels=_kernels_in(folders)))
    show(screen, "console-compiled", seconds=round(seconds))


def main() -> int:
    """Entry point of ``python -m ops.runtime.compile_kernels``."""
    folders, file = _cache()
    current, before = Stamp(_machine(), source_digests(ROOT)), _read_stamp(file)
    if replace(before, kernels=0) == current and _kernels_in(folders) >= before.kernels > 0:
        return 0
    forget_stale(folders, current.sources, before.sources)
    screen = Console(stderr=True)
    total = compile_all(screen)
    _write_stamp(file, replace(current, kernels=_kernels_in(folders)))
    show(screen, "console-compiled", seconds=round(total))
    return 0


if __name__ == "__main__":
    sys.exit(main())

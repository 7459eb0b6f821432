"""Memory that a process may use: refusal before the work where a limit is too low, and one sentence where it runs out.

Libraries end the process, or raise errors of many kinds, where they get no memory while they are loaded or start
threads. A command therefore compares the limits with its need before it imports them (decision 0064).
"""

from __future__ import annotations

import errno
import os
import re
import resource
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from geo.errors import BadInput, WatchlineError

MB: Final = 10**6


@dataclass(frozen=True, slots=True)
class MemoryNeed:
    """The least that a command needs, whatever it works on [MB]: in memory, and of address space."""

    resident_mb: int
    address_mb: int

    def __str__(self) -> str:
        return f"{self.resident_mb:,} MB in memory and {self.address_mb:,} MB of address space"


@dataclass(frozen=True, slots=True)
class MemoryLimit:
    """A limit of this process, as people know it, in bytes."""

    name: str
    is_of_addresses: bool
    value: int

    def __str__(self) -> str:
        return f"{self.name} is {self.value / MB:,.0f} MB"


MALLOC_ARENAS: Final = "MALLOC_ARENA_MAX"
"""What the C library of GNU reads when a process starts: the most arenas; mallopt(3)."""
_M_ARENA_MAX: Final = -8
_CLUES: Final = re.compile(
    r"can't start new thread|failed to map segment|cannot allocate|out of memory|unable to allocate"
    r"|failed to launch worker thread|bad_alloc|allocation failed",
    re.IGNORECASE,
)
"""How libraries say that the system refused memory, in errors that are no MemoryError."""


def has_address_limit() -> bool:
    """Whether the address space of this process is limited, as after ``ulimit -v``."""
    return resource.getrlimit(resource.RLIMIT_AS)[0] != resource.RLIM_INFINITY


def save_addresses() -> None:
    """Let the threads of this process, and of those that it starts, share one arena of memory.

    The C library of GNU otherwise reserves 64 MB of addresses for a thread that finds the arenas of the others in use,
    so that the need of a command depends on how busy the machine is. MALLOC_ARENA_MAX, where it is set, is kept.
    """
    if MALLOC_ARENAS in os.environ:
        return
    import ctypes  # slow to import, and only needed here

    os.environ[MALLOC_ARENAS] = "1"
    with suppress(AttributeError):  # other C libraries have no such setting
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)


def memory_limits(system: Path = Path("/")) -> Iterator[MemoryLimit]:
    """Yield the limits of this process: those of ``ulimit -v``, and of its control group where one can be read.

    That of a control group is the sum of memory and swap; without a limit of its swap it holds no command back.
    """
    allowed = resource.getrlimit(resource.RLIMIT_AS)[0]
    if allowed != resource.RLIM_INFINITY:
        yield MemoryLimit("the limit of address space (ulimit -v)", True, allowed)
    for _, allowed in _control_group_limits(system):
        yield MemoryLimit("the limit of memory (control group)", False, allowed)


def _control_group_limits(system: Path) -> Iterator[tuple[Path, int]]:
    """Yield the files with limits of the control group of this process and of those above it, and memory with swap."""
    swap = _has_swap(system)
    for file in _control_group_files(system):
        with suppress(OSError, ValueError):  # "max" where there is none
            allowed = _read_bytes(file) + (_swap_of(file) if swap else 0)
            if allowed < 2**60:
                yield file, allowed


def _has_swap(system: Path) -> bool:
    """Whether the machine has any swap; its first line in proc(5) is a heading."""
    with suppress(OSError):
        return len((system / "proc/swaps").read_text(encoding="utf-8").splitlines()) > 1
    return False


def _swap_of(file: Path) -> int:
    """Return what a group may swap beyond its memory; version 1 states the sum of both. ValueError for no limit."""
    if file.name == "memory.max":
        with suppress(FileNotFoundError):
            return _read_bytes(file.with_name("memory.swap.max"))
        return 0
    with suppress(FileNotFoundError):
        return max(0, _read_bytes(file.with_name("memory.memsw.limit_in_bytes")) - _read_bytes(file))
    return 0


def _read_bytes(file: Path) -> int:
    return int(file.read_text(encoding="ascii"))


def _control_group_files(system: Path) -> Iterator[Path]:
    root, lines = system / "sys/fs/cgroup", ""
    with suppress(OSError):
        lines = (system / "proc/self/cgroup").read_text(encoding="utf-8", errors="replace")
    for line in lines.splitlines():
        _, controllers, path = line.split(":", 2)
        if "memory" in controllers.split(","):
            folder, name = root / "memory", "memory.limit_in_bytes"
        elif not controllers:
            folder, name = root, "memory.max"
        else:
            continue
        own = folder / path.lstrip("/")
        yield from (above / name for above in (own, *own.parents) if above.is_relative_to(folder))


def free_bytes(system: Path = Path("/")) -> int:
    """Memory that this process may have: what it holds, and what is free on the machine and below its limits."""
    import psutil

    own = psutil.Process().memory_info()
    free = [psutil.virtual_memory().available]
    allowed = resource.getrlimit(resource.RLIMIT_AS)[0]
    if allowed != resource.RLIM_INFINITY:
        free.append(allowed - own.vms)
    for file, allowed in _control_group_limits(system):
        free.append(allowed - max(own.rss, _held_by_group(file)))
    return int(own.rss + max(min(free), 0))


def _held_by_group(limit: Path) -> int:
    """Bytes that the group of this limit holds and cannot give up, as the cache of files; 0 where it is not stated."""
    held = 0
    with suppress(OSError, ValueError):
        lines = limit.with_name("memory.stat").read_text(encoding="ascii").splitlines()
        stated = {name: int(value) for name, value in (line.split() for line in lines)}
        version_2 = limit.name == "memory.max"
        held = sum(stated.get(name, 0) for name in (("anon", "shmem") if version_2 else ("total_rss", "total_shmem")))
        held += _read_bytes(limit.with_name("memory.swap.current")) if version_2 else stated.get("total_swap", 0)
    return held


def refuse_low_limit(command: str, need: MemoryNeed) -> None:
    """Raise BadInput where a limit of this process is below the need of the ``command``."""
    for limit in memory_limits():
        least_mb = need.address_mb if limit.is_of_addresses else need.resident_mb
        if limit.value < least_mb * MB:
            raise BadInput(str(limit), where="memory", expected=f"at least {least_mb:,} MB for `{command}`")


def ran_out_of_memory(error: BaseException | None) -> bool:
    """Whether an error, or what it was raised from, says that the system refused memory or a thread."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM):
            return True
        if not isinstance(error, WatchlineError) and _CLUES.search(str(error)):
            return True
        error = error.__cause__ or error.__context__
    return False


def out_of_memory(who: str, least: str = "") -> WatchlineError:
    """Return the error of a command or process that ran out of memory; ``least`` says what it needs in any case."""
    limits = "; ".join(map(str, memory_limits())) or "no limit is set"
    return BadInput(f"{who} ran out of it, {limits}", where="memory", expected=f"more for this work{least}")

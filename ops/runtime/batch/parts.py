"""Finished parts of a long run: marks with a key of all input and a digest of every file, so that the run is resumed.

A part is kept only if its key is that of the same input and every file still has its digest; otherwise it is computed
again, and whether that is because a file was changed or damaged is stated.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from glob import glob, has_magic
from pathlib import Path
from typing import Any, Final, Literal
from xml.sax.saxutils import unescape

from geo.errors import BadInput
from geo.vector_files import file_and_layer
from ops.runtime.files.lock import lock_file
from ops.runtime.output import atomic_write

LOCK: Final = "lock"
WAIT_S: Final = 600.0
"""Longest wait for a process that works on the same part."""
REFERENCE: Final = re.compile(r"<(?:SourceFilename|SourceDataset|OverviewFile)\b[^>]*>([^<]+)<")
"""A file to which a virtual raster (VRT) refers."""
FoundAs = Literal["new", "kept", "again"]
"""How a part came about: computed, kept from a run before, or computed again because its files were not as marked."""


@dataclass(frozen=True, slots=True)
class FinishedPart:
    """A finished part: the figures that it returned, and how it came about."""

    name: str
    figures: dict[str, Any]
    state: FoundAs


@dataclass(frozen=True, slots=True)
class PartMarks:
    """Marks of finished parts, one file each in ``marks``; the files of part N are in ``out``/N.

    Several processes may work on different parts at a time, and one on each: a worker that was taken for lost may
    continue with a part that another one was given. That one waits, and keeps what the first one finished.
    """

    marks: Path
    out: Path

    def part(
        self,
        name: str,
        key: str,
        work: Callable[[], dict[str, Any]],
        *,
        whole: bool = False,
        check: Callable[[], None] = lambda: None,
    ) -> FinishedPart:
        """Return the part as it was finished under ``key``, or compute it: ``work`` writes its files.

        Parameters
        ----------
        name : str
            The part.
        key : str
            Of all input, as from ``key_of``.
        work : callable
            Writes the files and returns the figures. They are read back from the mark, so that those of a kept part
            are equal.
        whole : bool
            Whether ``work`` needs an empty folder: what an interrupted run left there is removed.
        check : callable
            Called before anything is removed, if the part is not kept; may raise WatchlineError.

        Raises
        ------
        BadInput
            With ``whole``, for a folder with files that are not those of a part; for a part on which another process
            still works after ``WAIT_S``.
        """
        with self._held_part(name):
            return self._part(name, key, work, whole, check)

    def _part(
        self, name: str, key: str, work: Callable[[], dict[str, Any]], whole: bool, check: Callable[[], None]
    ) -> FinishedPart:
        mark, begun, folder = self.marks / f"{name}.json", self.marks / f"{name}.begun", self.out / name
        found = _read(mark)
        held = {} if found is None else found["files"]
        if found is not None and found["key"] == key and self._digests(name) == held:
            return FinishedPart(name, found["figures"], "kept")
        state: FoundAs = "again" if mark.exists() and (found is None or found["key"] == key) else "new"
        if whole and not begun.exists() and not mark.exists() and folder.exists() and any(folder.iterdir()):
            raise BadInput("holds other files", where=str(folder), expected="a folder without this sector")
        check()
        begun.touch()
        for file in held:  # before their mark, which names them: killed here, the next run removes the rest
            (folder / file).unlink(missing_ok=True)
        mark.unlink(missing_ok=True)
        if whole:
            shutil.rmtree(folder, ignore_errors=True)
        figures = work()
        content = {"key": key, "figures": figures, "files": self._digests(name)}
        with atomic_write(mark) as partial:
            partial.write_text(json.dumps(content, allow_nan=False) + "\n", encoding="utf-8")
        begun.unlink()
        return FinishedPart(name, json.loads(json.dumps(figures)), state)

    def _digests(self, name: str) -> dict[str, str]:
        folder = self.out / name
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        return {path.relative_to(folder).as_posix(): file_digest(path) for path in files}

    @contextmanager
    def _held_part(self, name: str) -> Iterator[None]:
        """Keep other processes from the files of a part; the lock ends with the process, whatever ends it."""
        self.marks.mkdir(parents=True, exist_ok=True)
        deadline_s = time.monotonic() + WAIT_S
        while (lock := lock_file(self.marks / f"{name}.lock")) is None:
            if time.monotonic() > deadline_s:
                raise BadInput(
                    f"another worker still writes the part {name}",
                    where=str(self.out),
                    expected="that worker to end; then start the command again",
                )
            time.sleep(0.1)
        try:
            yield
        finally:
            os.close(lock)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep other runs out of the folder. Raises BadInput while one works there."""
        self.marks.mkdir(parents=True, exist_ok=True)
        lock = lock_file(self.marks / LOCK)
        if lock is None:
            raise BadInput("is in use by another run", where=str(self.marks.parent), expected="another folder")
        try:
            yield
        finally:
            os.close(lock)


def _read(mark: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(mark.read_text(encoding="utf-8"))
        files = {str(name): str(digest) for name, digest in found["files"].items()}
        if any(Path(name).is_absolute() or ".." in Path(name).parts for name in files):
            return None  # a mark that is not ours removes no file elsewhere
        return {"key": str(found["key"]), "files": files, "figures": dict(found["figures"])}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def key_of(*values: object, files: Iterable[str | Path] = ()) -> str:
    """A hash of values, by their representation, and of the content of files, in this order.

    A file stands with the others of its name (``border.shp``, ``border.dbf``), and a virtual raster with those to which
    it refers; a folder or pattern for all its files; an address or a name without a file for itself only.
    """
    digest = hashlib.sha256(repr(values).encode())
    for file in files:
        found = _found(file)
        digest.update(f"{file}".encode() if not found else b"")
        for path in found:
            about = path.stat()
            digest.update(f"{path.name}{_digest_once(path, about.st_size, about.st_mtime_ns)}".encode())
    return digest.hexdigest()


def _found(file: str | Path) -> list[Path]:
    """Return the files that a name stands for, with those of the same name beside them, and those behind a VRT."""
    path = file_and_layer(file)[0]
    if path.is_dir():
        return _with_sources(sorted(one for one in path.rglob("*") if one.is_file()))
    if path.is_file():
        found = [path]
    elif has_magic(str(path)):
        found = [one for one in map(Path, glob(str(path), recursive=True)) if one.is_file()]
    else:
        return []
    stems: dict[Path, set[str]] = {}
    for one in found:
        stems.setdefault(one.parent, set()).add(one.stem)
    beside = (one for folder in stems for one in folder.iterdir() if one.is_file())
    return _with_sources(sorted(one for one in beside if not stems[one.parent].isdisjoint(_stems(one.name))))


def _stems(name: str) -> Iterator[str]:
    """Yield what is before each dot."""
    parts = name.split(".")
    return (".".join(parts[:number]) for number in range(1, len(parts)))


def _with_sources(files: list[Path]) -> list[Path]:
    """Return files, and after them those to which virtual rasters among them refer, through others of their kind."""
    found = dict.fromkeys(files)
    left = list(files)
    while left:
        path = left.pop()
        for name in _references(path):
            source = next((one for one in (path.parent / name, Path(name)) if one.is_file()), None)
            if source is not None and source.resolve() not in {one.resolve() for one in found}:
                found[source] = None
                left.append(source)
    return [*files, *sorted(one for one in found if one not in files)]


def _references(path: Path) -> list[str]:
    with path.open("rb") as file:
        if b"<VRTDataset" not in file.read(1024):
            return []
        file.seek(0)
        return [unescape(name).strip() for name in REFERENCE.findall(file.read().decode(errors="replace"))]


@lru_cache(maxsize=10_000)
def _digest_once(path: Path, *_as_it_is: int) -> str:
    """Digest of an input file of this size and time, once per process: all sectors may have one terrain."""
    return file_digest(path)


def file_digest(path: Path) -> str:
    """SHA-256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

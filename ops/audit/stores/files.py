"""An audit log in a folder: a file for each day, which several processes write behind one lock."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path

from ops.audit.files import (
    LogLock,
    day_files,
    day_of,
    end_of_heads,
    has_writer,
    lines_backwards,
    lines_of,
    lock_log,
    lock_to_read,
    next_file,
    note_writer,
    sync_folder,
)
from ops.audit.stores.protocol import LogDay
from ops.runtime.account import give_to_owner
from ops.runtime.output import atomic_write

_HEAD = b'{"head":'


@dataclass(frozen=True, slots=True)
class FileDay:
    """The file of a day."""

    path: Path

    @property
    def name(self) -> str:
        """Name of the file."""
        return self.path.name

    @property
    def day(self) -> str:
        """The day (UTC)."""
        return day_of(self.path)

    def lines(self, size: int | None = None) -> Iterator[bytes]:
        """Yield the lines of the first ``size`` bytes."""
        return lines_of(self.path, size)

    def backwards(self) -> Iterator[bytes]:
        """Yield the complete lines, the last first."""
        return lines_backwards(self.path)

    def signed_size(self, size: int) -> int:
        """Return the position after the last head."""
        return end_of_heads(self.path, size)


class FileReading:
    """The files of a log, for reading and erasure."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def days(self) -> list[FileDay]:
        """Return the days, oldest first."""
        return [FileDay(path) for path in day_files(self._folder)]

    def sizes(self) -> list[tuple[LogDay, int]]:
        """Return the days with the sizes of their files [bytes]."""
        with lock_to_read(self._folder):
            return [(day, day.path.stat().st_size) for day in self.days()]

    def has_writer(self) -> bool:
        """Return whether a process writes the log."""
        return has_writer(self._folder)

    def erase(self, day: LogDay) -> None:
        """Write the file again without the entries that a head in it covers."""
        assert isinstance(day, FileDay)
        lock = lock_log(self._folder)
        try:
            lines = day.path.read_bytes().splitlines(keepends=True)
            covered = max((number for number, line in enumerate(lines) if line.startswith(_HEAD)), default=0)
            kept = [line for number, line in enumerate(lines) if number >= covered or line.startswith(_HEAD)]
            with atomic_write(day.path, private=True) as partial, partial.open("wb") as file:
                file.writelines(kept)
                file.flush()
                os.fsync(file.fileno())
                give_to_owner(partial)
        finally:
            os.close(lock)


class FileWriting:
    """The files of a log, for one of its writers."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = LogLock(folder)
        self._noted = note_writer(folder)
        self._path: Path | None = None
        self._position = self._seen_ns = 0
        self._file = -1

    def lock(self) -> AbstractContextManager[None]:
        """Wait for the lock of the folder."""
        return self._lock

    def unread(self) -> tuple[bool, Iterator[tuple[str, bytes]]]:
        """Return what others have appended; part of a line, of an interrupted write, is removed at the end."""
        changed_ns = os.stat(self._folder).st_mtime_ns  # another writer may have begun a new file
        if self._file >= 0 and os.fstat(self._file).st_size == self._position and changed_ns == self._seen_ns:
            return False, iter(())
        replaced = self._file >= 0 and not os.fstat(self._file).st_nlink  # its entries were erased
        if replaced:
            os.close(self._file)
            self._file, self._path, self._position = -1, None, 0
        return replaced, self._appended(changed_ns)

    def _appended(self, changed_ns: int) -> Iterator[tuple[str, bytes]]:
        for path in day_files(self._folder):
            if self._path is not None and path.name < self._path.name:
                continue
            if path != self._path:
                self._go_to(path)
            with path.open("rb") as file:
                file.seek(self._position)
                for line in file:
                    if not line.endswith(b"\n"):
                        break
                    yield str(path), line[:-1]
                    self._position += len(line)
        if self._path is not None:
            self._open(self._path)
            if os.fstat(self._file).st_size > self._position:
                os.ftruncate(self._file, self._position)
        self._seen_ns = changed_ns

    def is_on(self, day: str) -> bool:
        """Return whether the newest file is of that day."""
        return self._path is not None and day_of(self._path) == day

    def turn_to(self, day: str) -> None:
        """Write to the file of that day from now on."""
        self._open(next_file(self._folder, self._path, day))

    def write(self, lines: Sequence[bytes]) -> None:
        """Append lines and wait until they are on disk; on an error the file is as before."""
        text = b"".join(line + b"\n" for line in lines)
        try:
            written = 0
            while written < len(text):
                written += os.pwrite(self._file, text[written:], self._position + written)
            os.fdatasync(self._file)
        except OSError:
            with suppress(OSError):
                os.ftruncate(self._file, self._position)
            raise
        self._position += len(text)

    def close(self) -> None:
        """Close the files."""
        self._lock.close()
        os.close(self._noted)
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _open(self, path: Path) -> None:
        if path != self._path:
            self._go_to(path)
        if self._file >= 0:
            return
        is_new = not path.exists()
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        give_to_owner(path)
        if is_new:
            sync_folder(self._folder)

    def _go_to(self, path: Path) -> None:
        """Read and write the file from its beginning from now on."""
        if self._file >= 0:
            os.close(self._file)
        self._file, self._path, self._position = -1, path, 0

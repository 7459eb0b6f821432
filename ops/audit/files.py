"""The files of the log: one for each day, numbered in their order, with entries and signed heads as lines."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from geo.errors import BadInput
from ingest.security.key_bundle import SIGNING_KEY, open_bundle
from ingest.security.signature import Signer
from ops.audit.entry import AuditError
from ops.runtime.account import give_to_owner
from ops.runtime.files.lock import is_locked, lock_file
from ops.runtime.output import write_private

FOLDER: Final = "audit"
"""Name of the log's folder in a data folder."""
_LOCK: Final = ".lock"
_WRITERS: Final = ".writers"
_BLOCK_BYTES: Final = 65_536


def log_folder(path: Path) -> Path:
    """Return the log's folder for a data folder, a file in it, or the log's folder itself."""
    folder = path if path.is_dir() else path.parent
    return folder if folder.name == FOLDER else folder / FOLDER


def day_files(folder: Path) -> list[Path]:
    """Return the log's files, oldest first."""
    return sorted(folder.glob("[0-9]*.log"))


def day_of(path: Path) -> str:
    """Return the day of a file, as ``2026-03-14``."""
    return path.stem.partition("-")[2]


def next_file(folder: Path, newest: Path | None, day: str) -> Path:
    """Return the file to write on that day: the newest if it is of that day, else a new one after it."""
    if newest is not None and day_of(newest) == day:
        return newest
    number = 1 if newest is None else int(newest.stem.partition("-")[0]) + 1
    return folder / f"{number:06d}-{day}.log"


def lines_of(path: Path, size: int | None = None) -> Iterator[bytes]:
    """Yield the lines of a file up to ``size`` bytes, with their line breaks; the last may lack it."""
    left = size
    with path.open("rb") as file:
        for line in file:
            part = line if left is None else line[:left]
            if not part:
                return
            if left is not None:
                left -= len(part)
            yield part


def lines_backwards(path: Path) -> Iterator[bytes]:
    """Yield the complete lines of a file without their line breaks, the last first; the file may grow meanwhile."""
    with path.open("rb") as file:
        position = file.seek(0, os.SEEK_END)
        rest, whole = b"", False
        while position:
            size = min(_BLOCK_BYTES, position)
            position -= size
            file.seek(position)
            parts = (file.read(size) + rest).split(b"\n")
            rest = parts[0]
            for line in reversed(parts[1:]):
                if whole:
                    yield line
                whole = True  # what stands after the last line break is not a line yet
        if whole and rest:
            yield rest


@contextmanager
def lock_to_read(folder: Path) -> Iterator[None]:
    """Keep writers out for a moment; a copy that is read-only, or lacks the lock, has none, and is not changed."""
    try:
        descriptor = os.open(folder / _LOCK, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        yield
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield
    finally:
        os.close(descriptor)


class LogLock:
    """The same lock for a writer that takes it often."""

    def __init__(self, folder: Path) -> None:
        self._descriptor = lock_log(folder)
        fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def __enter__(self) -> None:
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def close(self) -> None:
        """Close it; it cannot be taken again."""
        os.close(self._descriptor)


def note_writer(folder: Path) -> int:
    """Note that a process writes the log, for ``has_writer``; return the descriptor to close."""
    descriptor = os.open(folder / _WRITERS, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    give_to_owner(folder / _WRITERS)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    return descriptor


def has_writer(folder: Path) -> bool:
    """Return whether a process writes the log, so that entries without a head get one soon."""
    return is_locked(folder / _WRITERS)


def end_of_heads(path: Path, size: int) -> int:
    """Return the position after the last whole line of the first ``size`` bytes that is a head; 0 without one."""
    with path.open("rb") as file:
        position, tail = size, b""
        while position:
            step = min(_BLOCK_BYTES, position)
            position -= step
            file.seek(position)
            tail = file.read(step) + tail
            end = tail.rfind(b"\n")
            while end >= 0:
                start = tail.rfind(b"\n", 0, end) + 1
                if (start or not position) and tail.startswith(b'{"head":', start):
                    return position + end + 1
                if not start:
                    break
                end = start - 1
            tail = tail[: tail.find(b"\n") + 1] if b"\n" in tail else tail
    return 0


def lock_log(folder: Path) -> int:
    """Lock the log against other writers, waiting for them; return the descriptor to close."""
    while True:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        give_to_owner(folder)
        try:
            lock = lock_file(folder / _LOCK, wait=True)
        except FileNotFoundError:
            continue  # a copy is putting its folder in the place of this one
        assert lock is not None
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(lock), os.stat(folder / _LOCK)):
                return lock
        os.close(lock)  # meanwhile a copy has taken the place of the folder: this is the lock of no one else


def signer_of(folder: Path) -> Signer:
    """Return the log's signing key, created with mode 0600 at first. AuditError when it cannot be read or written."""
    try:
        if not (folder / SIGNING_KEY).exists():
            signer = Signer.generate()
            pem = signer.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            write_private(folder / SIGNING_KEY, pem, to_owner=True)
            return signer
        signer_or_none = open_bundle(folder).signer
    except (OSError, BadInput) as error:
        raise AuditError(f"{folder}: the key of the audit log cannot be used ({error}).") from error
    assert signer_or_none is not None
    return signer_or_none


def sync_folder(folder: Path) -> None:
    """Make the names of new files durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

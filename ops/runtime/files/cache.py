"""Results that are costly to compute and can be computed again, kept as files between starts.

Several processes may share a folder: a file appears whole, under a name that follows from its key, and every process
would write the same content. A file is preceded by its digest, so that a damaged one counts as missing and is replaced.
Nothing depends on the cache: where it cannot be read or written, results are computed.
"""

from __future__ import annotations

import errno
import logging
import os
import shutil
import tempfile
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Final

log = logging.getLogger(__name__)

DIGEST_BYTES: Final = 16
SWEPT_TO: Final = 0.75
"""Fraction of the limit that remains when the cache has been full."""
LEAST_FREE_BYTES: Final = 2_000_000_000
"""Nothing is kept on a disk with less space than this: it belongs to detections and the journal."""


class FileCache:
    """Bytes by key, at most about ``limit_bytes`` in ``folder``; the files used least recently are removed first.

    Parameters
    ----------
    folder : Path
        Is created with the first result, for this user alone. One of another user, or that others may write, is not
        used: its digests protect against damage, not against forgery.
    limit_bytes : int
        Above it, files are removed; each further process that writes at the same time may exceed it by a quarter.
    least_free_bytes : int
        With less free space on the disk nothing is written.
    """

    def __init__(self, folder: Path, limit_bytes: int, *, least_free_bytes: int = LEAST_FREE_BYTES) -> None:
        self._folder, self._limit, self._least_free = folder, limit_bytes, least_free_bytes
        self._room = 0
        self._usable = self._trusted = is_own(folder)
        if not self._trusted:
            log.warning("Nothing is kept in %s: it belongs to another user, or others may write in it", folder)

    def get(self, key: str) -> bytes | None:
        """Return what was kept under a key; None if there is nothing, or not what was written."""
        if not self._trusted:
            return None
        path = self._path(key)
        try:
            content = path.read_bytes()
        except OSError:
            return None
        digest, body = content[:DIGEST_BYTES], content[DIGEST_BYTES:]
        if digest != _digest(key, body):
            return None
        with suppress(OSError):  # another process has just removed it, or it is of a folder that cannot be written
            os.utime(path)
        return body

    def put(self, key: str, body: bytes) -> None:
        """Keep ``body`` under a key. Failures are logged once, and then nothing more is kept."""
        if not self._usable:
            return
        path = self._path(key)
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.parent.mkdir(mode=0o700, exist_ok=True)
            if self._room < len(body):
                self._sweep()
            if self._room >= len(body):
                self._write(path, _digest(key, body) + body)
                self._room -= len(body) + DIGEST_BYTES
        except FileNotFoundError:
            return  # another process has just removed the file, to stay below the limit
        except OSError as error:
            self._usable = False
            log.warning("Nothing more is kept in %s: %s", self._folder, error)

    def _path(self, key: str) -> Path:
        name = blake2b(key.encode(), digest_size=DIGEST_BYTES).hexdigest()
        return self._folder / name[:2] / name

    def _write(self, path: Path, content: bytes) -> None:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix="new-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            os.replace(name, path)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise

    def _sweep(self) -> None:
        """Count the files of all processes, remove the oldest above the limit, and allow a quarter to be added."""
        known = []
        for path in self._folder.glob("*/*"):
            try:
                found = path.stat()
            except OSError:
                continue  # another process has just removed it
            known.append((found.st_mtime_ns, found.st_size, path))
        total = sum(size for _, size, _ in known)
        if total > self._limit * SWEPT_TO:
            for _, size, path in sorted(known):
                if total <= self._limit * SWEPT_TO:
                    break
                path.unlink(missing_ok=True)
                total -= size
        free = shutil.disk_usage(self._folder).free - self._least_free
        if free <= 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._room = min(int(self._limit * (1.0 - SWEPT_TO)), free)


def _digest(key: str, body: bytes) -> bytes:
    return blake2b(
        body, key=blake2b(key.encode(), digest_size=DIGEST_BYTES).digest(), digest_size=DIGEST_BYTES
    ).digest()


def is_own(folder: Path) -> bool:
    """Whether only this user can have written in a folder; one that does not exist is created so."""
    try:
        found = folder.stat()
    except OSError:
        return True
    return found.st_uid == os.geteuid() and not found.st_mode & 0o022

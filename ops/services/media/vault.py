"""Files by the SHA-256 of their content, in a folder for each day: written whole and durably, or not at all.

``media/2026-03-14/ab/abcd…``. A name states what the file must contain, so that writing it again changes nothing.
With ``keys`` the content is encrypted under the key of its day, as detections are.
"""

from __future__ import annotations

import os
import shutil
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Final

from geo.errors import WatchlineError
from ops.audit.day_keys import ChangedRecord, DayKeys

FOLDER: Final = "media"
KIND: Final = "media"
_PARTIAL: Final = ".partial"


class VaultError(WatchlineError):
    """A file that cannot be read or written."""


class Vault:
    """The files below one data folder, for any number of threads and processes. OSError where the disk fails."""

    def __init__(self, data: Path, *, encrypted: bool = False) -> None:
        self.folder = data / FOLDER
        self.keys = DayKeys(data / "keys")
        self._encrypted = encrypted

    def put(self, data: bytes, at_ns: int) -> str:
        """Store a file of the day of ``at_ns`` [UTC ns] and return its name; it is on disk when this returns.

        Raises OSError (ENOSPC for a full disk) and DayKeyError; nothing is then left under the name.
        """
        name = sha256(data).hexdigest()
        path = self.path(name, at_ns)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        content = self.keys.seal(KIND, at_ns, data, name.encode()) if self._encrypted else data
        partial = path.with_name(f".{name}.{os.getpid()}.{os.urandom(4).hex()}{_PARTIAL}")
        try:
            descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with open(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
        for folder in (path.parent, path.parent.parent, self.folder):
            _sync(folder)
        return name

    def get(self, name: str, at_ns: int) -> bytes | None:
        """Return a file of the day of ``at_ns``; None if it is erased or not there. VaultError for a changed one."""
        try:
            content = self.path(name, at_ns).read_bytes()
        except FileNotFoundError:
            return None
        try:
            data = self.keys.open(content, name.encode())
        except ChangedRecord as error:
            raise VaultError(str(error)) from None
        if data is not None and sha256(data).hexdigest() != name:
            raise VaultError(f"{name[:12]}…: the stored picture was changed.")
        return data

    def days(self) -> list[date]:
        """Return the days that have files, oldest first."""
        found = []
        for folder in self.folder.glob("????-??-??"):
            try:
                found.append(date.fromisoformat(folder.name))
            except ValueError:
                continue
        return sorted(found)

    def erase(self, day: date) -> int:
        """Erase a day's key and overwrite and remove its files; return their number."""
        self.keys.erase(KIND, day)
        folder, count = self.folder / day.isoformat(), 0
        if folder.is_symlink() or not folder.is_dir():
            return 0
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.is_symlink():
                _overwrite(path)
                count += not path.name.endswith(_PARTIAL)
        shutil.rmtree(folder)
        return count

    def clean(self) -> None:
        """Remove what a killed process left half written; call it before anything is stored."""
        for path in self.folder.glob(f"*/*/.*{_PARTIAL}"):
            path.unlink(missing_ok=True)

    def path(self, name: str, at_ns: int) -> Path:
        """Return the place of a file."""
        day = datetime.fromtimestamp(at_ns // 10**9, UTC).date()
        return self.folder / day.isoformat() / name[:2] / name


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _overwrite(path: Path) -> None:
    with path.open("rb+") as file:
        left = path.stat().st_size
        while left > 0:
            left -= file.write(bytes(min(left, 1 << 20)))
        file.flush()
        os.fsync(file.fileno())

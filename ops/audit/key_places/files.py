"""Day keys as files of a folder: one of mode 0600 per day and kind, empty once it is erased."""

from __future__ import annotations

import errno
import os
import threading
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ops.audit.key_places.protocol import KEY_BYTES, DayKeyError, KeyKind, KeysFull
from ops.runtime.account import give_to_owner


class FileKeys:
    """The keys in a folder, which is made with the first of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self, kind: KeyKind, day: date, *, make: bool) -> bytes | None:
        """Return a key, empty if it is erased; without one a new one with ``make``, otherwise None."""
        path = self._path(kind, day)
        try:
            if make and not path.exists():
                self._make(path)
            raw = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            kind_of_error = KeysFull if error.errno in (errno.ENOSPC, errno.EDQUOT) else DayKeyError
            raise kind_of_error(f"{path}: the key cannot be used ({error.strerror}).") from error
        return raw if len(raw) == KEY_BYTES else b""

    def days(self, kind: KeyKind) -> list[date]:
        """Return the days that have a key, oldest first."""
        if not self.folder.is_dir():
            return []
        paths = self.folder.glob(f"????-??-??.{kind}")
        return sorted(date.fromisoformat(path.name[:10]) for path in paths if path.stat().st_size)

    def erased_at(self, kind: KeyKind, day: date) -> datetime | None:
        """Return when the key of a day was erased; None if it was not."""
        path = self._path(kind, day)
        try:
            status = path.stat()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise DayKeyError(f"{path}: the key cannot be used ({error.strerror}).") from error
        return None if status.st_size else datetime.fromtimestamp(status.st_mtime, UTC)

    def erase(self, kind: KeyKind, day: date) -> bool:
        """Overwrite a day's key and leave an empty mark; DayKeyError if it cannot be overwritten."""
        path = self._path(kind, day)
        try:
            with path.open("rb+") as file:
                if not os.fstat(file.fileno()).st_size:
                    return False
                file.write(os.urandom(KEY_BYTES))
                file.flush()
                os.fsync(file.fileno())
                file.truncate(0)
                os.fsync(file.fileno())
        except FileNotFoundError:
            return False
        except OSError as error:
            raise DayKeyError(f"{path}: the key cannot be erased ({error.strerror}).") from error
        return True

    def erased_days(self, kind: KeyKind) -> list[date]:
        """Return the days whose key is erased, oldest first."""
        paths = self.folder.glob(f"????-??-??.{kind}")
        return sorted(date.fromisoformat(path.name[:10]) for path in paths if not path.stat().st_size)

    def remove(self, kind: KeyKind, day: date) -> None:
        """Remove a key, and its mark, that is in another place now."""
        self.erase(kind, day)
        self._path(kind, day).unlink(missing_ok=True)

    def named(self, kind: KeyKind, day: date) -> str:
        """Return how messages name a key."""
        return str(self._path(kind, day))

    def _path(self, kind: KeyKind, day: date) -> Path:
        return self.folder / f"{day.isoformat()}.{kind}"

    def _make(self, path: Path) -> None:
        """Create a key that is on disk, or leave the one that another process has just created."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        partial = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        give_to_owner(self.folder, partial)
        try:
            os.write(descriptor, AESGCM.generate_key(8 * KEY_BYTES))
            os.fsync(descriptor)
            with suppress(FileExistsError):
                os.link(partial, path)
            folder = os.open(self.folder, os.O_RDONLY)
            os.fsync(folder)
            os.close(folder)
        finally:
            os.close(descriptor)
            partial.unlink()

"""The key of a cluster's machines: gives the wrapping key of each sector, kind and day, until that is erased.

A tree of seeds (Goldreich, Goldwasser and Micali, "How to construct random functions", 1986): a seed gives those of its
two halves, a leaf is the wrapping key of one sector, kind and day. To erase a leaf, the seed above it is replaced by
those of all other branches, so that neither this file nor a copy of the database gives that key again, while all others
remain (a puncturable function: Boneh and Waters, 2013). Days that are erased in order cost a few seeds per sector.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Iterable
from contextlib import closing
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Final, Self

import msgspec

from ops.audit.key_places.protocol import KEY_BYTES, KEY_KINDS, DayKeyError, KeyKind
from ops.runtime.files.lock import lock_file
from ops.runtime.output import write_private

FILE: Final = "day-keys.key"
_EPOCH: Final = date(1970, 1, 1)
_SECTOR_BITS = 64
_KIND_BITS = 8
_DAY_BITS = 16
_FILES: Final = b"\x02 files of sectors"
_CHECK: Final = b"\x03 which key this is"

Leaf = tuple[str, KeyKind, date]
"""Sector, kind and day."""


class _Seeds(msgspec.Struct, forbid_unknown_fields=True):
    """The content of the file: the key's name, the key of files, and seeds by the path to their branch, as bits."""

    name: str
    files: bytes
    seeds: dict[str, bytes]


class MachineKey:
    """The key in a file of mode 0600, for any number of processes of a machine. DayKeyError where it cannot be used."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._read()

    @classmethod
    def made(cls, path: Path) -> Self:
        """Create a key, or use the one that is there."""
        if not path.exists():
            root = os.urandom(KEY_BYTES)
            name = hmac.digest(root, _CHECK, "sha256").hex()[:32]
            seeds = _Seeds(name, hmac.digest(root, _FILES, "sha256"), {"": root})
            write_private(path, msgspec.json.encode(seeds), to_owner=True)
        return cls(path)

    @property
    def name(self) -> str:
        """A name that another key does not have; it gives nothing of the key away, and stays when days are erased."""
        return self._content.name

    @property
    def of_files(self) -> bytes:
        """The key for files of sectors that go from one machine to another."""
        return self._content.files

    def wrapping(self, sector: str, kind: KeyKind, day: date) -> bytes | None:
        """Return the wrapping key of a sector, kind and day; None once it is erased."""
        self._refresh()
        path = _path_of((sector, kind, day))
        begin = _branch(self._content.seeds, path)
        return None if begin is None else _derived(self._content.seeds[begin], path[len(begin) :])

    def erase(self, leaves: Iterable[Leaf]) -> int:
        """Forget the wrapping keys of some days for good; return how many were there."""
        paths = [_path_of(leaf) for leaf in leaves]
        self._refresh()
        if all(_branch(self._content.seeds, path) is None for path in paths):
            return 0
        try:
            lock = lock_file(self.path.with_suffix(".lock"), wait=True)
        except OSError as error:
            raise self._cannot(error.strerror or str(error)) from error
        assert lock is not None
        with closing(os.fdopen(lock)):
            self._read()
            seeds, erased = dict(self._content.seeds), 0
            for path in paths:
                erased += _puncture(seeds, path)
            if erased:
                self._replace(msgspec.structs.replace(self._content, seeds=seeds))
        return erased

    def _replace(self, content: _Seeds) -> None:
        """Put other content in the place of the file, and overwrite the bytes that were there."""
        try:
            with self.path.open("rb+") as old:
                write_private(self.path, msgspec.json.encode(content), to_owner=True)
                old.write(os.urandom(os.fstat(old.fileno()).st_size))
                old.flush()
                os.fsync(old.fileno())
        except OSError as error:
            raise self._cannot(error.strerror or str(error)) from error
        self._read()

    def _refresh(self) -> None:
        """Read the file again if another process has erased a day in it."""
        try:
            found = self.path.stat()
        except OSError as error:
            raise self._cannot(error.strerror or str(error)) from error
        if (found.st_ino, found.st_mtime_ns, found.st_size) != self._version:
            self._read()

    def _read(self) -> None:
        """Read the file; again if it was replaced and overwritten between its opening and its reading."""
        while True:
            try:
                with self.path.open("rb") as file:
                    found, raw = os.fstat(file.fileno()), file.read()
                    replaced = self.path.stat().st_ino != found.st_ino
                if not replaced:
                    self._content = msgspec.json.decode(raw, type=_Seeds)
                    break
            except OSError as error:
                raise self._cannot(error.strerror or str(error)) from error
            except msgspec.MsgspecError as error:
                raise self._cannot(str(error)) from error
        self._version = found.st_ino, found.st_mtime_ns, found.st_size

    def _cannot(self, why: str) -> DayKeyError:
        return DayKeyError(f"{self.path}: the key of the cluster's machines cannot be used ({why}).")


def _path_of(leaf: Leaf) -> str:
    sector, kind, day = leaf
    number = int.from_bytes(sha256(sector.encode("utf-8", "surrogatepass")).digest()[: _SECTOR_BITS // 8], "big")
    days = (day - _EPOCH).days
    return f"{number:0{_SECTOR_BITS}b}{KEY_KINDS.index(kind):0{_KIND_BITS}b}{days:0{_DAY_BITS}b}"


def _branch(seeds: dict[str, bytes], path: str) -> str | None:
    """Return the branch with a seed on the way to a leaf; None if its seed is gone."""
    return next((path[:n] for n in range(len(path) + 1) if path[:n] in seeds), None)


def _derived(seed: bytes, bits: str) -> bytes:
    for bit in bits:
        seed = hmac.digest(seed, bit.encode(), "sha256")
    return seed


def _puncture(seeds: dict[str, bytes], path: str) -> bool:
    begin = _branch(seeds, path)
    if begin is None:
        return False
    seed = seeds.pop(begin)
    for n in range(len(begin), len(path)):
        other = "1" if path[n] == "0" else "0"
        seeds[path[:n] + other] = _derived(seed, other)
        seed = _derived(seed, path[n])
    return True

"""The witness copy: the signed heads in a folder elsewhere, out of reach of a person who changes the log."""

from __future__ import annotations

import os
import threading
from base64 import b64decode, b64encode
from collections.abc import Container, Iterator
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from geo.errors import BadInput
from ingest.security.signature import Signer, key_id
from ops.audit.entry import AuditError, Head, read_line
from ops.audit.files import lines_backwards, lines_of
from ops.audit.merkle import leaf_hash
from ops.audit.stores.place import reading

FORM: Final = "watchline/1/witness"
_HEAD: Final = b'{"head":'
RETRY_S: Final = 5.0
MOST_WAITING: Final = 1_000
"""Heads that wait in memory; beyond them the copy is brought up to date from the files of the log."""
CLOSE_S: Final = 3.0
"""Longest time for which the end of a process waits for the witness."""


class _First(Struct, frozen=True, forbid_unknown_fields=True):
    form: str
    public: str


class WitnessCopy:
    """Appends heads to ``KEY.heads`` in a folder, in a thread, so that a slow or missing disk delays no request.

    A copy whose newest head is not in the log is left as it is, and ``problem`` says so: the log is an older copy of
    itself, or was changed. A copy with lines that are not heads of the log, or beside copies of other logs, is
    continued, and ``problem`` says that, too.
    """

    def __init__(self, folder: Path, signer: Signer, log: Path) -> None:
        self.path, self._log, self._public = folder / f"{signer.key}.heads", log, signer.public
        self.problem: str | None = None
        self._first = msgspec.json.encode(_First(FORM, b64encode(signer.public).decode())) + b"\n"
        self._pending: list[tuple[int, bytes]] = []
        self._latest, self._missed = 0, False
        self._lock, self._wake = threading.Lock(), threading.Event()
        self._stop = False
        self._thread = threading.Thread(target=self._run, name="witness", daemon=True)
        self._newest, self._newest_line = 0, b""
        self._differs, self._torn = False, False
        self._doubt: str | None = None
        try:
            others = other_copies(self.path)
            if others:
                self._doubt = f"the folder of the witness copy has copies of other logs ({others[0]})"
            self._read_newest()
            self.problem = self._doubt
        except OSError as error:
            self.problem = f"the witness copy cannot be read ({error.strerror})"

    def follow(self, number: int, head: bytes) -> None:
        """Copy this head soon, unless the copy has it."""
        if number == self._newest and head != self._newest_line:
            self._refuse(number)
        if number > self._newest and not self._differs:
            with self._lock:
                self._latest = number
                self._missed = self._missed or len(self._pending) >= MOST_WAITING
                if not self._missed:
                    self._pending.append((number, head))
            self._wake.set()

    def start(self, newest: int) -> None:
        """Begin to copy; ``newest`` is the number of the log's newest head."""
        if newest < self._newest:
            self._refuse(self._newest)
        self._thread.start()

    def stop(self) -> None:
        """Copy what waits and end, after at most ``CLOSE_S``."""
        self._stop = True
        self._wake.set()
        self._thread.join(CLOSE_S)

    def _refuse(self, number: int) -> None:
        self._differs = True
        self.problem = f"the witness copy has a head {number} that the audit log lacks ({self.path})"

    def _run(self) -> None:
        ending = False
        while not ending:
            ending = self._stop  # read before the last copy, which then has every head
            if not ending:
                self._wake.wait(RETRY_S if self._pending or self._missed else None)
                self._wake.clear()
            try:
                self._copy()
            except OSError as error:
                self.problem = f"the witness copy cannot be written ({error.strerror})"
            except AuditError as error:
                self.problem = f"the witness copy cannot be brought up to date ({error})"

    def _copy(self) -> None:
        while (self._pending or self._missed) and not self._differs:
            with self._lock:
                pending, missed, latest = list(self._pending), self._missed, self._latest
                self._missed = False  # later heads wait in memory again
            try:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self._read_newest()
                gap = bool(pending) and pending[0][0] > self._newest + 1  # the file was moved away, or is another one
                self._write(self._heads_of_log(latest) if missed or gap else iter(pending))
            except (OSError, AuditError):
                self._missed = self._missed or missed
                raise
            with self._lock:
                del self._pending[: len(pending)]
            self.problem = self._doubt

    def _write(self, heads: Iterator[tuple[int, bytes]]) -> None:
        """Append those that the copy lacks, and wait until they are on disk."""
        with self.path.open("ab") as file:
            if not file.tell():
                file.write(self._first)
            elif self._torn:
                file.write(b"\n")
            file.writelines(head + b"\n" for number, head in heads if number > self._newest)
            file.flush()
            os.fsync(file.fileno())

    def _heads_of_log(self, latest: int) -> Iterator[tuple[int, bytes]]:
        """Yield the heads of the log up to number ``latest``, which are on disk."""
        with reading(self._log) as log:
            for raw in (raw for day in log.days() for raw in day.lines()):
                line = raw.removesuffix(b"\n")
                head = read_line(line) if line.startswith(_HEAD) else None
                if isinstance(head, Head):
                    if head.head > latest:
                        return
                    yield head.head, line

    def _read_newest(self) -> None:
        """Read which head the file has last; part of a line, of an interrupted write, is removed.

        Where the file can only be appended to, the part stays, and the next head begins a new line.
        """
        self._newest, self._newest_line, self._torn = 0, b"", False
        if not self.path.exists():
            return
        for line in lines_backwards(self.path):
            head = read_line(line)
            if isinstance(head, Head) and head.is_signed_by(self._public):
                self._newest, self._newest_line = head.head, line
                break
            if line + b"\n" != self._first and (head is not None or not _is_part(line)):
                self._doubt = f"the witness copy has a line that is not a head of the log ({self.path})"
        with self.path.open("rb") as file:
            end = start = file.seek(0, os.SEEK_END)
            tail = b""
            while start and b"\n" not in tail:
                start = max(start - 65_536, 0)
                file.seek(start)
                tail = file.read(end - start)
        part = tail.rpartition(b"\n")[2]
        if part:
            try:
                os.truncate(self.path, end - len(part))
            except PermissionError:
                self._torn = True


class Witness:
    """A witness copy as read: the public key of the log and the heads, as exact lines."""

    def __init__(self, path: Path) -> None:
        """Open ``path``, a file of heads; BadInput where it is not one."""
        self.path = path
        try:
            first = msgspec.json.decode(next(lines_of(path), b""), type=_First)
            self.public = b64decode(first.public, validate=True)
            if first.form != FORM or len(self.public) != 32:
                raise ValueError(first.form)
        except OSError as error:
            raise BadInput(f"cannot be read ({error.strerror})", where=str(path), expected="a witness copy") from None
        except (msgspec.MsgspecError, ValueError):
            raise BadInput("is not a witness copy", where=str(path), expected="a file KEY.heads") from None

    @classmethod
    def of_folder(cls, folder: Path, keys: set[str]) -> Witness:
        """Return the copy in a folder that belongs to one of the keys, or the only one there; BadInput without it."""
        files = sorted(folder.glob("*.heads")) if folder.is_dir() else [folder]
        chosen = [path for path in files if path.stem in keys] or files
        if len(chosen) != 1:
            raise BadInput(f"has {len(chosen)} witness copies", where=str(folder), expected="one, or name its file")
        return cls(chosen[0])

    @property
    def key(self) -> str:
        """The id of the log's key."""
        return key_id(self.public)

    def heads(self) -> list[Head]:
        """Return the heads in order."""
        return self.read()[0]

    def read(
        self, authentic: Container[bytes] = (), end: int | None = None
    ) -> tuple[list[Head], list[tuple[int, int]]]:
        """Return the heads in order, each once, and the lines that do not belong to a copy of the log.

        Of such a line its number, from 1, and the number of entries under the heads before it. Part of a line is passed
        over: at the end, where one is being written, and before the head that was written again after it.
        ``authentic``: hashes of lines that are known to be signed by the log's key. ``end``: bytes to read.
        """
        heads: dict[int, Head] = {}
        foreign: list[tuple[int, int]] = []
        parts: list[tuple[int, bytes]] = []
        size = 0
        for number, raw in enumerate(lines_of(self.path, end), 1):
            line = raw.removesuffix(b"\n")
            head = read_line(line)
            if not isinstance(head, Head):
                parts += [(number, line)] if number > 1 and raw.endswith(b"\n") else []
                continue
            foreign += [(at, size) for at, part in parts if not line.startswith(part)]
            parts = []
            signed = leaf_hash(line) in authentic or head.is_signed_by(self.public)
            if not signed or heads.setdefault(head.head, head) != head:
                foreign.append((number, size))
                continue
            size = max(size, head.size)
        foreign += [(at, size) for at, part in parts if not _is_part(part)]
        return [heads[number] for number in sorted(heads)], foreign


def other_copies(path: Path) -> list[Path]:
    """Return the witness copies beside one, which are of other logs."""
    return sorted(other for other in path.parent.glob("*.heads") if other.name != path.name)


def newest_head(path: Path) -> int:
    """Return the number of the last head of a copy; 0 without one."""
    found = (read_line(line) for line in lines_backwards(path))
    return next((head.head for head in found if isinstance(head, Head)), 0)


def _is_part(line: bytes) -> bool:
    """Return whether an interrupted write may have left this of a head."""
    return line.startswith(_HEAD) or _HEAD.startswith(line)

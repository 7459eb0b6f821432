"""The append-only log: entries are on disk before ``AuditLog.add`` returns, and soon after under a signed tree head."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from ops.audit.day_keys import day_at
from ops.audit.entry import (
    SALT_BYTES,
    AuditEntry,
    AuditError,
    EntryLine,
    Head,
    body_of,
    line_of,
    read_line,
    signed_head,
)
from ops.audit.files import LogLock, day_files, next_file, note_writer, signer_of, sync_folder
from ops.audit.merkle import Tree, leaf_hash
from ops.audit.old_access import OLD_ACCESS, entries_of
from ops.audit.witness import WitnessCopy

SIGN_EVERY_S: Final = 0.2
"""Longest time for which an entry is on disk without a signed head."""
IMPORTED: Final = ".imported"
"""Suffix of an access.db whose entries are in this log."""


class _Waiting:
    """Entries of one caller that wait for the disk."""

    def __init__(self, bodies: list[bytes]) -> None:
        self.bodies, self.done = bodies, False
        self.error: AuditError | None = None


class AuditLog:
    """The log in a folder, for any number of threads and processes that add to it.

    Entries of callers that wait at the same time share one write. A head is signed at the first entry and then at most
    every ``sign_every_s`` seconds for the entries since the last one; when the log is closed, every entry is under a
    head. ``witness``: a folder elsewhere to which the heads are copied within about a second; ``now_ns``: the time of
    the heads.
    """

    def __init__(
        self,
        folder: Path,
        *,
        witness: Path | None = None,
        now_ns: Callable[[], int] = time.time_ns,
        sign_every_s: float = SIGN_EVERY_S,
    ) -> None:
        self.folder, self.witness = folder, witness
        self._now_ns = now_ns
        self._queue: list[_Waiting] = []
        self._queue_lock, self._commit_lock = threading.Lock(), threading.Lock()
        self._tree, self._heads, self._uncovered = Tree(), 0, list[bytes]()
        self._path: Path | None = None
        self._position = self._seen_ns = 0
        self._file = -1
        self._witness: WitnessCopy | None = None
        self._closed = False
        self._sign_every_s, self._signed_s = sign_every_s, -sign_every_s
        self._unsigned, self._ended = threading.Event(), threading.Event()
        self._signing: threading.Thread | None = None
        try:
            self._lock = LogLock(folder)
            self._writing = note_writer(folder)
            with self._lock:
                self.signer = signer_of(folder)
                if witness is not None:
                    self._witness = WitnessCopy(witness, self.signer, folder)
                self._catch_up()
                self._sign_rest()  # of a writer that was killed
                self._import_old()
        except OSError as error:
            raise self._cannot("opened", error) from error
        if self._witness is not None:
            self._witness.start(self._heads)

    @property
    def size(self) -> int:
        """Number of entries that this process knows of."""
        return self._tree.size

    @property
    def problem(self) -> str | None:
        """Why the witness copy does not follow; None while it does, or without one."""
        return None if self._witness is None else self._witness.problem

    def add(self, *entries: AuditEntry) -> None:
        """Write the entries; they are on disk when this returns. AuditError if they cannot be stored."""
        waiting = _Waiting([body_of(entry, os.urandom(SALT_BYTES)) for entry in entries])
        with self._queue_lock:
            self._queue.append(waiting)
        with self._commit_lock:
            if not waiting.done:
                self._commit()
        if waiting.error is not None:
            raise waiting.error

    def entries(self) -> list[AuditEntry]:
        """Return every entry that has not been erased, oldest first."""
        return [
            found.entry
            for path in day_files(self.folder)
            for line in path.read_bytes().splitlines()
            if isinstance(found := read_line(line), EntryLine)
        ]

    def close(self) -> None:
        """Copy the last heads to the witness and close the files; further entries are refused."""
        self._ended.set()
        self._unsigned.set()
        with self._commit_lock:
            if not self._closed:
                with suppress(OSError, AuditError), self._lock:
                    self._catch_up()
                    self._sign_rest()
                self._lock.close()
                os.close(self._writing)
            self._closed = True
            if self._file >= 0:
                os.close(self._file)
                self._file = -1
        if self._witness is not None:
            self._witness.stop()

    def _commit(self) -> None:
        """Write everything that waits, in one transaction."""
        with self._queue_lock:
            group, self._queue = self._queue, []
        error: AuditError | None = None
        try:
            if self._closed:
                raise AuditError(f"{self.folder}: the audit log cannot be written (it is closed).")
            with self._lock:
                self._catch_up()
                self._append([body for waiting in group for body in waiting.bodies])
        except OSError as failed:
            error = self._cannot("written", failed)
        except AuditError as failed:
            error = failed
        for waiting in group:
            waiting.done, waiting.error = True, error

    def _append(self, bodies: Iterable[bytes]) -> None:
        """Write entries, with a head if one is due; on an error the file is as before, and so is the tree."""
        at_ns = self._now_ns()
        path = next_file(self.folder, self._path, day_at(at_ns).isoformat())
        if path != self._path:
            self._sign_rest()  # the head of a day's last entries stands in the file of that day
        self._open(path)
        tree, lines, leaves = self._tree.copy(), bytearray(), list(self._uncovered)
        for body in bodies:
            line = line_of(tree.size, body)
            leaves.append(leaf_hash(line))
            tree.append(leaves[-1])
            lines += line + b"\n"
        head = None
        if time.monotonic() - self._signed_s >= self._sign_every_s:
            head = signed_head(self.signer, self._heads + 1, tree.size, at_ns, tree.root(), leaves)
            lines += head + b"\n"
        self._write(lines)
        self._tree, self._uncovered = tree, leaves
        if head is not None:
            self._covered(head)
            return
        if self._signing is None:
            self._signing = threading.Thread(target=self._sign_late, name="audit-heads", daemon=True)
            self._signing.start()
        self._unsigned.set()

    def _write(self, lines: bytes | bytearray) -> None:
        """Append lines and wait until they are on disk; on an error the file is as before."""
        try:
            written = 0
            while written < len(lines):
                written += os.pwrite(self._file, lines[written:], self._position + written)
            os.fdatasync(self._file)
        except OSError:
            with suppress(OSError):
                os.ftruncate(self._file, self._position)
            raise
        self._position += len(lines)

    def _covered(self, head: bytes) -> None:
        """Note that a head that has been written covers every entry."""
        self._heads, self._uncovered, self._signed_s = self._heads + 1, [], time.monotonic()
        if self._witness is not None:
            self._witness.follow(self._heads, head)

    def _sign_rest(self) -> None:
        """Write a head for the entries without one; call it with the log locked and read to its end."""
        if self._uncovered and self._file >= 0:
            head = signed_head(
                self.signer, self._heads + 1, self._tree.size, self._now_ns(), self._tree.root(), self._uncovered
            )
            self._write(head + b"\n")
            self._covered(head)

    def _sign_late(self) -> None:
        """Sign what was written without a head, until the log is closed; a full disk is tried again."""
        while not self._ended.is_set():
            self._unsigned.wait()
            self._unsigned.clear()
            while self._uncovered and not self._ended.wait(self._sign_every_s):
                with suppress(OSError, AuditError), self._commit_lock:
                    if not self._closed:
                        with self._lock:
                            self._catch_up()
                            self._sign_rest()

    def _open(self, path: Path) -> None:
        if path != self._path:
            self._go_to(path)
        if self._file >= 0:
            return
        is_new = not path.exists()
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if is_new:
            sync_folder(self.folder)

    def _go_to(self, path: Path) -> None:
        """Read and write the file from its beginning from now on."""
        if self._file >= 0:
            os.close(self._file)
        self._file, self._path, self._position = -1, path, 0

    def _start_over(self) -> None:
        """Forget what was read of the log."""
        os.close(self._file)
        self._file, self._path, self._position = -1, None, 0
        self._tree, self._heads, self._uncovered = Tree(), 0, []

    def _catch_up(self) -> None:
        """Take in what other processes have appended; call it with the log locked.

        An interrupted write is completed: whole entries get a head with the next commit, and part of a
        line, which was never acknowledged, is removed. AuditError for files that are not a continuation.
        """
        changed_ns = os.stat(self.folder).st_mtime_ns  # another writer may have begun a new file
        if self._file >= 0 and os.fstat(self._file).st_size == self._position and changed_ns == self._seen_ns:
            return
        if self._file >= 0 and not os.fstat(self._file).st_nlink:  # replaced: its entries were erased
            self._start_over()
        for path in day_files(self.folder):
            if self._path is not None and path.name < self._path.name:
                continue
            if path != self._path:
                self._go_to(path)
            self._read_on(path)
        if self._path is not None:
            self._open(self._path)
            if os.fstat(self._file).st_size > self._position:
                os.ftruncate(self._file, self._position)
        self._seen_ns = changed_ns

    def _read_on(self, path: Path) -> None:
        with path.open("rb") as file:
            file.seek(self._position)
            for line in file:
                if not line.endswith(b"\n"):
                    return
                self._take(line[:-1], path)
                self._position += len(line)

    def _take(self, line: bytes, path: Path) -> None:
        if not line.startswith(b'{"head":'):
            leaf = leaf_hash(line)
            self._uncovered.append(leaf)
            self._tree.append(leaf)
            return
        head = read_line(line)
        covered = isinstance(head, Head) and head.leaf_hashes
        if isinstance(head, Head) and not self._uncovered:  # a day whose entries are erased
            for leaf in head.leaf_hashes:
                self._tree.append(leaf)
            self._uncovered = head.leaf_hashes
        if (
            not isinstance(head, Head)
            or covered != self._uncovered
            or (head.head, head.size, head.root_hash) != (self._heads + 1, self._tree.size, self._tree.root())
        ):
            raise AuditError(
                f"{path}: the audit log was changed near entry {self._tree.size}; `watchline audit verify` says where."
                " To continue with a new log, move its folder away."
            )
        self._heads, self._uncovered = head.head, []
        if self._witness is not None:
            self._witness.follow(head.head, line)

    def _import_old(self) -> None:
        """Take over the entries of the access.db of earlier versions, once."""
        old = self.folder.parent / OLD_ACCESS
        if not old.exists():
            return
        if not self._tree.size:
            found = entries_of(old)
            note = AuditEntry(
                self._now_ns(), "watchline", "system", "collection", f"import of {OLD_ACCESS}",
                "continuation of the access log", f"{len(found)} entries of the earlier access log",
            )  # fmt: skip
            self._append([body_of(entry, os.urandom(SALT_BYTES)) for entry in (note, *found)])
        old.rename(old.with_name(old.name + IMPORTED))
        for suffix in ("-wal", "-shm"):
            old.with_name(old.name + suffix).unlink(missing_ok=True)

    def _cannot(self, what: str, error: OSError) -> AuditError:
        return AuditError(f"{self.folder}: the audit log cannot be {what} ({error.strerror or error}).")

"""The append-only log: entries are on disk before ``AuditLog.add`` returns, and soon after under a signed tree head."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Sequence
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
from ops.audit.files import signer_of
from ops.audit.merkle import Tree, leaf_hash
from ops.audit.old_access import OLD_ACCESS, entries_of
from ops.audit.stores.place import open_writing, reading
from ops.audit.stores.protocol import LogMoved
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
    """The log of a folder, for any number of threads and processes that add to it.

    Its lines are in files of the folder, or in PostgreSQL; its key is in the folder (``ops.audit.stores.place``).

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
        self._witness: WitnessCopy | None = None
        self._closed = False
        self._sign_every_s, self._signed_s = sign_every_s, -sign_every_s
        self._unsigned, self._ended = threading.Event(), threading.Event()
        self._signing: threading.Thread | None = None
        try:
            self._lines = open_writing(folder)
            try:
                self._begin()
            except BaseException:
                self._lines.close()
                raise
        except OSError as error:
            raise self._cannot("opened", error) from error
        if self._witness is not None:
            self._witness.start(self._heads)

    def _begin(self) -> None:
        with self._lines.lock():
            self.signer = signer_of(self.folder)
            if self.witness is not None:
                self._witness = WitnessCopy(self.witness, self.signer, self.folder)
            self._catch_up()
            self._sign_rest()  # of a writer that was killed
            self._import_old()

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
        with reading(self.folder) as log:
            lines = [line.removesuffix(b"\n") for day in log.days() for line in day.lines()]
        return [found.entry for found in map(read_line, lines) if isinstance(found, EntryLine)]

    def close(self) -> None:
        """Copy the last heads to the witness and close the files; further entries are refused."""
        self._ended.set()
        self._unsigned.set()
        with self._commit_lock:
            if not self._closed:
                with suppress(OSError, AuditError), self._lines.lock():
                    self._catch_up()
                    self._sign_rest()
                self._lines.close()
            self._closed = True
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
            self._write_all([body for waiting in group for body in waiting.bodies])
        except OSError as failed:
            error = self._cannot("written", failed)
        except AuditError as failed:
            error = failed
        for waiting in group:
            waiting.done, waiting.error = True, error

    def _write_all(self, bodies: Sequence[bytes]) -> None:
        """Write entries after all that others have written."""
        while True:
            with suppress(LogMoved), self._lines.lock():  # which another process can only cause by writing
                self._catch_up()
                self._append(bodies)
                return

    def _append(self, bodies: Iterable[bytes]) -> None:
        """Write entries, with a head if one is due; on an error the log is as before, and so is the tree."""
        at_ns = self._now_ns()
        day = day_at(at_ns).isoformat()
        if not self._lines.is_on(day):
            self._sign_rest()  # the head of a day's last entries is among the lines of that day
        self._lines.turn_to(day)
        tree, lines, leaves = self._tree.copy(), list[bytes](), list(self._uncovered)
        for body in bodies:
            line = line_of(tree.size, body)
            leaves.append(leaf_hash(line))
            tree.append(leaves[-1])
            lines.append(line)
        head = None
        if time.monotonic() - self._signed_s >= self._sign_every_s:
            head = signed_head(self.signer, self._heads + 1, tree.size, at_ns, tree.root(), leaves)
            lines.append(head)
        self._lines.write(lines)
        self._tree, self._uncovered = tree, leaves
        if head is not None:
            self._covered(head)
            return
        if self._signing is None:
            self._signing = threading.Thread(target=self._sign_late, name="audit-heads", daemon=True)
            self._signing.start()
        self._unsigned.set()

    def _covered(self, head: bytes) -> None:
        """Note that a head that has been written covers every entry."""
        self._heads, self._uncovered, self._signed_s = self._heads + 1, [], time.monotonic()
        if self._witness is not None:
            self._witness.follow(self._heads, head)

    def _sign_rest(self) -> None:
        """Write a head for the entries without one; call it with the log locked and read to its end."""
        if self._uncovered:
            head = signed_head(
                self.signer, self._heads + 1, self._tree.size, self._now_ns(), self._tree.root(), self._uncovered
            )
            self._lines.write([head])
            self._covered(head)

    def _sign_late(self) -> None:
        """Sign what was written without a head, until the log is closed; a full disk is tried again."""
        while not self._ended.is_set():
            self._unsigned.wait()
            self._unsigned.clear()
            while self._uncovered and not self._ended.wait(self._sign_every_s):
                with suppress(OSError, AuditError), self._commit_lock:
                    if not self._closed:
                        with self._lines.lock():
                            self._catch_up()
                            self._sign_rest()

    def _catch_up(self) -> None:
        """Take in what other processes have appended; call it with the log locked.

        An interrupted write is completed: whole entries get a head with the next commit, and part of a
        line, which was never acknowledged, is removed. AuditError for files that are not a continuation.
        """
        from_start, lines = self._lines.unread()
        if from_start:
            self._tree, self._heads, self._uncovered = Tree(), 0, []
        for where, line in lines:
            self._take(line, where)

    def _take(self, line: bytes, where: str) -> None:
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
                f"{where}: the audit log was changed near entry {self._tree.size}; `watchline audit verify` says where."
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

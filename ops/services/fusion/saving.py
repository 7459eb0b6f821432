"""Writes fusion's checkpoint in parts, between the steps in which it processes rows.

Written at once, a checkpoint of a busy sector (tens of megabytes) would delay the alerts of the next batch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from ops.services.fusion.pipeline import Pipeline
from ops.store.writer import Store

BYTES_A_S: Final = 1e6
"""A large checkpoint is written less often, to limit disk writes: on average this much per second of journal time."""
ROWS_A_PART: Final = 25
"""A step of more rows, as in a backlog, is followed by a part for each of these, so that the checkpoint keeps up."""


class CheckpointWriter:
    """The checkpoint that is due, begun or written.

    ``persist`` carries out a write to the store and repeats it while the disk is full. A checkpoint that was not ended
    when fusion is killed is lost; the one before it is valid.
    """

    def __init__(
        self, store: Store, pipeline: Pipeline, every_s: float, persist: Callable[[Callable[[], object]], None]
    ) -> None:
        self._store, self._pipeline, self._every_s, self._persist = store, pipeline, every_s, persist
        self._parts: Iterator[bytes] | None = None
        self._size = 0
        self._wait_s(every_s)

    def after_step(self, rows: int) -> None:
        """Begin a checkpoint if it is due after a step of ``rows``, or the clock was set back; write some parts of the
        one that is begun."""
        if self._parts is None and rows and not self._since_ns <= self._pipeline.now_ns < self._due_ns:
            self.begin()
        for _ in range(1 + rows // ROWS_A_PART):
            if self._parts is None:
                return
            self.write_part()

    def write_whole(self) -> None:
        """Write a checkpoint of the present state at once; one that was begun is given up."""
        self._parts = None
        saved, now_ns = self._pipeline.save(), self._pipeline.now_ns
        self._persist(lambda: self._store.commit(self._store.cursor, stamp_ns=now_ns, checkpoint=saved))
        self._wait_s(max(self._every_s, len(saved) / BYTES_A_S))

    def begin(self) -> None:
        """Begin a checkpoint of the present state."""
        self._persist(self._store.begin_checkpoint)
        self._parts, self._size = self._pipeline.save_in_parts(), 0

    def write_part(self) -> None:
        """Make and write the next part, or end the checkpoint that has no more."""
        assert self._parts is not None
        part, now_ns = next(self._parts, None), self._pipeline.now_ns
        if part is None:
            self.end()
            return
        self._size += len(part)
        try:
            self._persist(lambda: self._store.add_to_checkpoint(part, stamp_ns=now_ns))
        except BaseException:
            self._parts = None  # this part is missing: the checkpoint must not be ended
            raise

    def end(self) -> None:
        """Make the checkpoint whose parts are written the one from which fusion resumes."""
        self._persist(self._store.end_checkpoint)
        self._parts = None
        self._wait_s(max(self._every_s, self._size / BYTES_A_S))

    def _wait_s(self, seconds: float) -> None:
        """Let the next checkpoint be due after ``seconds`` of journal time."""
        self._since_ns = self._pipeline.now_ns
        self._due_ns = self._since_ns + round(seconds * 1e9)

"""A checkpoint in parts: each is written in a transaction of its own, and all become valid with the last one.

The newest valid checkpoint stays until then, so the parts have two places (``half`` 0 and 1), which take turns. A crash
in between leaves the older checkpoint, and parts that the next one overwrites.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from ops.store.encryption import about

TABLES: Final = """
CREATE TABLE IF NOT EXISTS checkpoint_parts (
    half INTEGER NOT NULL,
    n INTEGER NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (half, n)
);
CREATE TABLE IF NOT EXISTS checkpoint_half (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    half INTEGER NOT NULL,
    count INTEGER NOT NULL
)
"""
"""``checkpoint_half`` has a row while the valid checkpoint is one in parts: where they are, and how many."""
_VALID_PARTS: Final = "SELECT body FROM checkpoint_parts JOIN checkpoint_half USING (half) WHERE n < count ORDER BY n"
IN_PARTS: Final = b"in parts"
"""In the place of a whole checkpoint, so that a program that knows no parts refuses the store."""
Run = Callable[..., Any]


@dataclass(slots=True)
class CheckpointBegun:
    """A checkpoint of which some parts are written: fusion's state after journal row ``cursor``, when the newest row of
    the history was ``history``."""

    cursor: int
    history: int
    half: int
    count: int = 0


def begin(run: Run, cursor: int) -> CheckpointBegun:
    """Begin a checkpoint in the half that is not valid."""
    (history,) = run("SELECT coalesce(max(id), 0) FROM history").fetchone()
    valid = run("SELECT half FROM checkpoint_half").fetchone()
    return CheckpointBegun(cursor, history, 0 if valid is None else 1 - valid[0])


def write_part(run: Run, begun: CheckpointBegun, record: bytes) -> None:
    """Write the next part, already encrypted where needed; ``begun`` counts it once it is committed."""
    run(
        "INSERT INTO checkpoint_parts VALUES (?, ?, ?) ON CONFLICT (half, n) DO UPDATE SET body = excluded.body",
        (begun.half, begun.count, record),
    )


def validate(run: Run, begun: CheckpointBegun) -> None:
    """Make the checkpoint whose parts are all written the valid one."""
    run("DELETE FROM checkpoint_parts WHERE half = ? AND n >= ?", (begun.half, begun.count))
    run(
        "INSERT INTO checkpoint_half VALUES (1, ?, ?)"
        " ON CONFLICT (one) DO UPDATE SET half = excluded.half, count = excluded.count",
        (begun.half, begun.count),
    )
    run("UPDATE checkpoint SET body = ?", (IN_PARTS,))
    mark(run, begun.cursor, begun.history)


def write_whole(run: Run, checkpoint: bytes, cursor: int) -> None:
    """Replace whatever there is by a whole checkpoint after journal row ``cursor``, already encrypted where needed."""
    # a separate table: in the cursor's row its megabytes would be rewritten at every step
    run("UPDATE checkpoint SET body = ?", (checkpoint,))
    run("DELETE FROM checkpoint_half")
    run("DELETE FROM checkpoint_parts")
    (history,) = run("SELECT coalesce(max(id), 0) FROM history").fetchone()
    mark(run, cursor, history)


def mark(run: Run, cursor: int, history: int) -> None:
    """Note up to which rows of journal and history the valid checkpoint goes; earlier skips are in it."""
    run("UPDATE meta SET checkpoint_cursor = ?, checkpoint_history = ?", (cursor, history))
    run("DELETE FROM skips WHERE id <= ?", (cursor,))


def read(run: Run, opened: Callable[[bytes, bytes], bytes | None]) -> tuple[bytes | None, str | None]:
    """Return the valid checkpoint, or None, and what is wrong with it, if anything.

    ``opened`` decrypts a record, given what binds it to its row; None where the key is erased.
    """
    (body,) = run("SELECT body FROM checkpoint").fetchone()
    count = run("SELECT count FROM checkpoint_half").fetchone()
    if count is None:
        stored = [] if body is None else [(body, about("live", "checkpoint"))]
    else:
        stored = [
            (part, about("live", "checkpoint", n)) for n, (part,) in enumerate(run(_VALID_PARTS).fetchall(), start=1)
        ]
        if len(stored) != count[0]:
            return None, "a part of its checkpoint is missing"
    records = [opened(*record) for record in stored]
    whole = [record for record in records if record is not None]
    if len(whole) < len(records):
        return None, "the key of its checkpoint is erased"
    return (b"".join(whole) if whole else None), None

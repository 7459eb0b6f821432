"""What must be true of the files of a sector at the end of a drill, however often its processes were killed."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any

from rich.console import Console

from ops.journal.stores.place import note_of, read_journal
from ops.journal.stores.transfer import copy
from ops.postgres.fence import stored_fence as fence_in_database
from ops.room.offline import replay_journal, track_log_hash
from ops.runtime.files.fence import stored_fence
from ops.store.reader import Reader
from tests.drills.cluster.watch import Seen
from tests.ops.conftest import Ledger, read_ledger

QUIET = Console(stderr=True, quiet=True)
ROWS = 100_000


def broken_laws(
    data: Path, sector: Path, *, spools: Path, published: dict[str, int], token: int, seen: Seen
) -> tuple[list[str], dict[str, Any]]:
    """Return a sentence for each law that a sector breaks, and figures.

    ``published``: sensor → messages ever put into its spool. ``token``: the number of its last lease. ``seen``: what
    was seen while it ran. The sector must have stopped.
    """
    ledger = read_ledger(data, spools=spools)
    found = [f"{data.name}: {what}" for what in [*_counts(ledger, published), *_keys(data), *_fences(data, token)]]
    found += [f"{data.name}: {what}" for what in _stays(data, seen)]
    equal, figures = _replay(data, sector)
    return found + [f"{data.name}: {what}" for what in equal], figures


def _counts(ledger: Ledger, published: dict[str, int]) -> list[str]:
    """Nothing acknowledged is lost, and nothing is counted twice."""
    try:
        ledger.check()
    except AssertionError as error:
        return [f"the counts do not balance ({error})"]
    return [] if ledger.published == published else [f"spools {ledger.published}, senders {published}"]


def _keys(data: Path) -> list[str]:
    """Every message is in the journal once, and every revision of an alert or incident in the outbox once."""
    with closing(read_journal(data / "journal.db")) as journal:
        rows = [(one.sensor, one.kind, one.boot, one.seq) for one in _all_rows(journal) if one.seq]
    with closing(Reader(data / "store.db")) as store:
        outbox = store.outbox_after(0, limit=ROWS, kind=None)
        diverged = store.progress().diverged
    revisions = [(one.kind, one.alert, one.revision) for one in outbox]
    found = [] if len(set(rows)) == len(rows) else ["a message is in the journal twice"]
    found += [] if len(set(revisions)) == len(revisions) else ["a revision was published twice"]
    last: dict[tuple[str, str], int] = {}
    for kind, alert, revision in revisions:
        before = last.get((kind, alert), -1)
        if revision <= before or (kind == "alert" and revision != before + 1):  # of incidents not all are published
            found.append(f"{kind} {alert}: revision {revision} after {before}")
        last[kind, alert] = revision
    return found + ([] if diverged == 0 else [f"{diverged} revisions came out differently when computed again"])


def _all_rows(journal: Any) -> list[Any]:
    found: list[Any] = []
    while rows := journal.read(found[-1].id if found else 0, ROWS):
        found += rows
    return found


def _fences(data: Path, token: int) -> list[str]:
    """Journal and store were last written under the last lease."""
    note = note_of(data / "journal.db")
    if note is not None:
        found = {"the database": fence_in_database(note.address(), note.sector)}
    else:
        found = {name: stored_fence(data / name) for name in ("journal.db", "store.db")}
    return [f"{name}: written under lease {one}, of {token}" for name, one in found.items() if one != token]


def _stays(data: Path, seen: Seen) -> list[str]:
    """What was seen once is there, as it was."""
    later = Seen(data)
    size = -1
    while size != (size := len(later.rows) + len(later.revisions)):
        later.look()
    found = [f"was seen, and is gone or different: {what}" for what in seen.lost(later)[:3]]
    return found or ([] if seen.rows and seen.revisions else ["nothing was seen while it ran"])


def _replay(data: Path, sector: Path) -> tuple[list[str], dict[str, Any]]:
    """Tracks with their ids, alerts and incidents are to the bit those of one undisturbed run over the journal."""
    journal = data / "journal.db"
    if note_of(journal) is not None:
        journal = data / "copy.db"
        copy(str(data), str(journal), None, QUIET)
    again = replay_journal(journal, str(sector), None, data / "replay", settings=None, screen=QUIET)
    found = []
    with closing(Reader(data / "store.db")) as live, closing(Reader(data / "replay" / "replay.db")) as replayed:
        history = live.history_dataset()
        if track_log_hash(history) != again["tracks_sha256"]:
            found.append(f"tracks differ from those of a replay ({history.sizes['estimate']}, {again['estimates']})")
        if live.progress().cursor != again["rows"]:
            found.append(f"fused {live.progress().cursor} of {again['rows']} rows")
        many = {}
        for kind in ("alert", "incident"):  # how the two alternate depends on how many rows fusion read at once
            one, other = (_published(reader, kind) for reader in (live, replayed))
            many[f"{kind}_revisions"] = len(one)
            if one != other:
                differing = [key for key in {**one, **other} if one.get(key) != other.get(key)]
                found.append(f"{kind}s differ from those of a replay: {len(differing)}, first {differing[0]}")
    figures = {"rows": again["rows"], "estimates": again["estimates"], "tracks": again["tracks_confirmed"]}
    return found, figures | {"alerts": again["alerts"], **many}


def _published(store: Reader, kind: str) -> dict[tuple[str, int], Any]:
    return {(one.alert, one.revision): json.loads(one.body) for one in store.outbox_after(0, limit=ROWS, kind=kind)}

"""Resubmission of dead letters, requested in a folder beside the journal and carried out by ingest, its only writer.

Resubmitted messages pass the same checks as all others (signature, form, time and plausibility) in the transaction
that counts them. The one exception: a boot number below their sender's current one is accepted, because they were
received earlier.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

import msgspec

from geo.errors import BadInput
from ingest.envelope import Delivery
from ingest.receiving.batch import DeadLetter
from ops.journal.reader import JournalReader
from ops.journal.stores.place import read_journal
from ops.journal.stores.protocol import ReadableJournal
from ops.runtime.files.lock import is_locked
from ops.runtime.output import write_private

AT_ONCE: Final = 1000
"""Maximum number of dead letters per request."""
ANSWER_WITHIN_S: Final = 15.0


class ReplayError(BadInput):
    """A dead letter that cannot be resubmitted, or no ingest process to handle it."""


class _Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    ids: tuple[int, ...]


class ReplayFolder:
    """The folder of requests beside a journal."""

    def __init__(self, journal: Path) -> None:
        self.path = journal.with_name(f"replays-{journal.name}")

    def ask(self, ids: Sequence[int]) -> Path:
        """Write a request and return its file; ingest removes the file after carrying out the request."""
        path = self.path / f"{time.time_ns()}-{secrets.token_hex(4)}.json"
        write_private(path, msgspec.json.encode(_Request(tuple(ids))), to_owner=True)
        return path

    def take(self) -> list[tuple[Path, tuple[int, ...]]]:
        """Return waiting requests, oldest first. A corrupt request is returned without ids, so that it gets removed."""
        if not self.path.is_dir():
            return []
        requests = []
        for path in sorted(self.path.glob("*.json")):
            try:
                requests.append((path, msgspec.json.decode(path.read_bytes(), type=_Request).ids[:AT_ONCE]))
            except (OSError, msgspec.DecodeError):
                requests.append((path, ()))
        return requests


def delivery_of(identity: int, dead: DeadLetter, now_ns: int) -> Delivery | None:
    """Rebuild the original message of a dead letter; None when not all of its bytes were stored."""
    if dead.size != len(dead.body):
        return None
    properties = msgspec.json.decode(dead.user_properties, type=dict[str, str]) if dead.user_properties else {}
    pairs = tuple(properties.items())
    return Delivery(dead.topic, dead.body, dead.content_type, pairs, now_ns, qos=0, replay_of=identity)


def carry_out(
    folder: ReplayFolder, journal: ReadableJournal, handle: Callable[[Sequence[Delivery]], object], now_ns: int
) -> int:
    """Carry out the waiting requests in ingest; return the number of messages submitted."""
    submitted = 0
    for path, ids in folder.take():
        letters = {identity: letter for identity in ids for identity, letter in journal.dead_letters(identity - 1, 1)}
        deliveries = [
            delivery
            for identity in ids
            if identity in letters and (delivery := delivery_of(identity, letters[identity], now_ns)) is not None
        ]
        if deliveries:
            handle(deliveries)
            submitted += len(deliveries)
        path.unlink(missing_ok=True)  # after the commit: a crash before it repeats the request (duplicates)
    return submitted


def submit(journal: Path, ids: Iterable[int], *, within_s: float = ANSWER_WITHIN_S) -> dict[int, str]:
    """Resubmit these dead letters; map each id to its outcome. Raises ReplayError when this is not possible."""
    wanted = list(dict.fromkeys(ids))
    with read_journal(journal) as reader:
        for identity in wanted:
            letters = reader.dead_letters(identity - 1, 1)
            if not letters or letters[0][0] != identity:
                raise ReplayError(
                    f"no dead letter {identity}", where=journal.name, expected="an ID shown by `dead-letters list`"
                )
            if delivery_of(identity, letters[0][1], 0) is None:
                size = letters[0][1].size
                raise ReplayError(
                    f"dead letter {identity} ({size} bytes) was not kept in full",
                    where=journal.name,
                    expected="a dead letter that was kept in full",
                )
        if not (is_locked(Path(f"{journal}-lock")) if isinstance(reader, JournalReader) else reader.is_written()):
            raise ReplayError(
                "no ingest is running on it", where=journal.name, expected="a running `watchline run` or `record`"
            )
        before = reader.replayed()
        outcomes: dict[int, str] = {}
        for start in range(0, len(wanted), AT_ONCE):
            outcomes |= _submit(journal, reader, wanted[start : start + AT_ONCE], before, within_s)
    return outcomes


def _submit(
    journal: Path, reader: ReadableJournal, ids: Sequence[int], before: dict[int, tuple[int, str]], within_s: float
) -> dict[int, str]:
    path, deadline = ReplayFolder(journal).ask(ids), time.monotonic() + within_s
    while path.exists():
        if time.monotonic() > deadline:
            path.unlink(missing_ok=True)
            raise ReplayError(
                f"ingest did not answer within {within_s:g} s", where=journal.name, expected="a running ingest"
            )
        time.sleep(0.05)
    after = reader.replayed()
    return {identity: after[identity][1] for identity in ids if after.get(identity) != before.get(identity)}

"""Entries on collection: which sensors' detections the room collected, from when until when, and how many messages."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Final

import msgspec

from ops.audit.entry import AuditEntry, AuditError
from ops.audit.log import AuditLog
from ops.audit.purposes import DEFAULT_PURPOSES
from ops.store.connections import StoreError
from ops.store.reader import Reader

log = logging.getLogger(__name__)

EVERY_NS: Final = 3600 * 10**9
AGAIN_NS: Final = 2 * 10**9
"""Time after which a look that found nothing is repeated."""
MOST_NAMED: Final = 50
"""Sensors of an entry that are named; the others are counted."""


class CollectionRecord:
    """Writes an entry when collection is first seen, every hour, and at the end. Call ``look`` now and then.

    The first one counts what was journaled before, also while no one recorded it.
    """

    def __init__(self, audit: AuditLog, reader: Reader, now_ns: Callable[[], int]) -> None:
        self._audit, self._reader, self._now_ns = audit, reader, now_ns
        self._known: Mapping[str, int] | None = None
        self._due_ns = 0

    def look(self, *, ending: bool = False) -> None:
        """Write an entry if one is due; at the end, if messages were collected since the last one."""
        now_ns = self._now_ns()
        if now_ns < self._due_ns and not ending:
            return
        self._due_ns = now_ns + AGAIN_NS
        try:
            counts = self._counts()
            if not counts:
                return
            known = self._known
            new = {name: count - (known or {}).get(name, 0) for name, count in counts.items()}
            new = {name: count for name, count in new.items() if count > 0}
            if known is None:
                before = sum(counts.values())
                self._write(now_ns, f"detections of {_named(counts)}: collection begins, {before} messages before")
            elif new:
                self._write(now_ns, f"detections of {_named(new)}: {sum(new.values())} messages")
            self._known, self._due_ns = counts, now_ns + EVERY_NS
        except (StoreError, AuditError) as error:
            log.warning("Collection is not recorded yet: %s", error)

    def _write(self, now_ns: int, subject: str) -> None:
        purpose = DEFAULT_PURPOSES["operator"]
        self._audit.add(AuditEntry(now_ns, "watchline", "system", "collection", "journal", purpose, subject))

    def _counts(self) -> dict[str, int]:
        """Messages that were journaled so far, by sensor; empty before fusion has counted any."""
        live = self._reader.live("counts")
        found = {} if live is None else msgspec.json.decode(live.body)
        return {name: int(one.get("journaled", 0)) for name, one in found.items()}


def _named(sensors: Iterable[str]) -> str:
    names = sorted(sensors)
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more

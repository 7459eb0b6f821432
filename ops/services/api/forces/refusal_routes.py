"""What was refused of the messages of units: a route of own forces, and the entries of the audit log."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from ops.audit.entry import AuditEntry, AuditError
from ops.audit.log import AuditLog
from ops.audit.purposes import DEFAULT_PURPOSES
from ops.field.refusal_file import RefusalBookError
from ops.field.refusals import RefusalBook, RefusalEntry
from ops.services.api.forces.models import RefusalRecords
from ops.services.api.recorder import Recorder
from ops.store.rows import rfc3339, to_json

if TYPE_CHECKING:
    from ops.words import MessageCatalogue

log = logging.getLogger(__name__)

RECORD_EVERY_S: Final = 60.0
"""Time between two entries of the audit log for one unit; the first is written at once."""
LOOK_EVERY_S: Final = 2.0
MOST_NAMED: Final = 10
"""Reasons that an entry names."""


class RefusalRoutes:
    """The handler. ``book`` None: the server takes no messages of units."""

    def __init__(self, book: RefusalBook | None, *, language: str, recorder: Recorder) -> None:
        self._book, self._language, self._recorder = book, language, recorder

    @property
    def _words(self) -> MessageCatalogue:
        from ops.words import MessageCatalogue  # Babel is slow to import

        return MessageCatalogue.of(self._language)

    def add_to(self, app: FastAPI) -> None:
        """Add the route."""
        app.add_api_route(
            "/v1/units/refused",
            self.refused,
            methods=["GET"],
            response_model=RefusalRecords,
            response_class=JSONResponse,
        )

    def refused(self, request: Request) -> Response:
        """Messages of units, or in their name, that were refused in the last week: how often, and why."""
        self._recorder.note(request, "refused messages of units")
        entries = [] if self._book is None else self._book.entries()
        body = {"refused": [self._record(entry) for entry in entries]}
        return Response(to_json(body, where="refused messages"), media_type="application/json")

    def _record(self, entry: RefusalEntry) -> dict[str, Any]:
        return {
            "unit": entry.unit,
            "way": entry.way,
            "channel": entry.channel,
            "code": entry.code,
            "answer": entry.reference,
            "count": entry.count,
            "first_at": rfc3339(entry.first_ns),
            "last_at": rfc3339(entry.last_ns),
            "message": entry.message.as_dict(),
            "sentence": self._words.say(entry.message),
        }


class RefusalAudit:
    """Writes what was refused of units into the audit log, of each unit at once, then once a minute. Call ``look`` now
    and then; what could not be written is written later."""

    def __init__(
        self, audit: AuditLog, book: RefusalBook, now_ns: Callable[[], int], monotonic_s: Callable[[], float]
    ) -> None:
        self._audit, self._book, self._now_ns, self._monotonic_s = audit, book, now_ns, monotonic_s
        self._due_s: dict[str, float] = {}
        self._look_s = float("-inf")

    def look(self, *, ending: bool = False) -> None:
        """Write the entries that are due; at the end, all."""
        now_s = self._monotonic_s()
        if now_s - self._look_s < LOOK_EVERY_S and not ending:
            return
        self._look_s = now_s
        try:
            grown: dict[str, list[tuple[RefusalEntry, int]]] = {}
            for entry, more in self._book.outstanding("audit"):
                grown.setdefault(entry.unit, []).append((entry, more))
            for unit, entries in grown.items():
                if ending or now_s >= self._due_s.get(unit, now_s):
                    self._due_s[unit] = now_s + RECORD_EVERY_S
                    self._write(unit, entries)
            self._due_s = {unit: due_s for unit, due_s in self._due_s.items() if due_s > now_s}
        except RefusalBookError as error:
            log.debug("%s", error)  # the book has logged it once
        except AuditError as error:
            log.warning("Refused messages are not recorded yet: %s", error)

    def _write(self, unit: str, entries: list[tuple[RefusalEntry, int]]) -> None:
        reasons = [
            f"{more} × {entry.channel} by {entry.way} ({entry.code}{' ' + entry.reference if entry.reference else ''})"
            for entry, more in entries[:MOST_NAMED]
        ]
        rest = sum(more for _, more in entries[MOST_NAMED:])
        subject = f"messages refused of unit {unit}: " + ", ".join(reasons) + (f", {rest} more" if rest else "")
        purpose = DEFAULT_PURPOSES["operator"]
        self._audit.add(AuditEntry(self._now_ns(), f"unit {unit}", "system", "collection", "refused", purpose, subject))
        self._book.confirm("audit", [entry for entry, _ in entries])

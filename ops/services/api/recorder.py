"""Writes who read or changed which personal data, and for what purpose, into the audit log before it is served."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import Request
from starlette.exceptions import HTTPException

from geo.errors import BadInput
from ops.audit.entry import AuditEntry, Operation
from ops.audit.log import AuditLog
from ops.audit.purposes import purpose_of


class Recorder:
    """Records requests. Without a log, requests that state a purpose are refused and others served unrecorded."""

    def __init__(self, log: AuditLog | None, now_ns: Callable[[], int], *, sector: str, operator: str) -> None:
        self._log, self._now_ns, self._sector, self._operator = log, now_ns, sector, operator

    def note(
        self, request: Request, subject: str, *, purpose: str | None = None, operation: Operation = "consultation"
    ) -> None:
        """Record that the person of ``request`` did ``operation`` on the records ``subject``; it is then on disk.

        ``purpose`` None: that of the header ``Purpose``, of the login, or the default of the person's role. Raises
        HTTPException for a purpose that cannot be logged, and AuditError if the log cannot be written: nothing may then
        be served.
        """
        self._add(self._entry(request, subject, purpose, operation))

    def of_stream(self, request: Request, purpose: str | None) -> Callable[[str], None]:
        """Return a function that records a stream's opening, hours and end with what was sent."""
        opened = self._entry(request, "stream", purpose, "consultation")

        def record(event: str) -> None:
            if opened is not None:
                fields = {name: getattr(opened, name) for name in opened.__struct_fields__}
                self._add(
                    AuditEntry(**fields | {"at_ns": self._now_ns(), "subject": f"stream of alerts and tracks: {event}"})
                )

        return record

    def _entry(self, request: Request, subject: str, purpose: str | None, operation: Operation) -> AuditEntry | None:
        stated = purpose if purpose is not None else request.headers.get("purpose")
        person, role = self._person(request)
        try:
            chosen = purpose_of(role, stated)
            if stated is None:
                chosen = _of_session(request) or chosen
        except BadInput:
            raise HTTPException(422, "The header Purpose takes 3 to 200 printable ASCII characters.") from None
        if self._log is None:
            if stated is not None:
                raise HTTPException(503, "This server keeps no audit log, so a read with a purpose cannot be answered.")
            return None
        line = f"{request.method} {request.url.path}" + (f"?{request.url.query}" if request.url.query else "")
        return AuditEntry(self._now_ns(), person, role, operation, line[:1000], chosen, subject)

    def _person(self, request: Request) -> tuple[str, str]:
        """Return name with id, and role, of the person; without accounts, those of this machine's operator."""
        person: Any = getattr(request.state, "person", None)
        if person is None or person.session.kind == "local":
            return self._operator, "operator"
        return f"{person.name} [{person.id}]", str(person.role_in(self._sector) or "")

    def _add(self, entry: AuditEntry | None) -> None:
        if self._log is not None and entry is not None:
            self._log.add(entry)


def _of_session(request: Request) -> str:
    """The purpose that the person set for this login; empty for none."""
    person: Any = getattr(request.state, "person", None)
    return "" if person is None else str(person.session.purpose)
